"""The parts of an XLSX file, within bounds that are checked before anything is unpacked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mpfunnel.codec.plain import MAX_BYTES
from mpfunnel.codec.sheets.grid import refusal
from mpfunnel.errors import DecodeError

__all__ = ["packed", "parts_of"]

MAX_PARTS: Final = 1_000
"""How many files an archive may hold."""
MAX_UNPACKED: Final = 16 * 1024 * 1024
"""How many bytes the parts that are read may have, unpacked."""
MAX_RATIO: Final = 200
"""How many times larger than packed a part may be that has more than a mebibyte."""
_LARGE: Final = 1024 * 1024
_ENCRYPTED: Final = 0x1
_NO_WORKBOOK: Final = "cannot be read as an Excel workbook (.xlsx)"
# A document type brings entities; comments and sections of plain text are all that may begin so.
_DECLARATION: Final = re.compile(rb"<!(?!--|\[CDATA\[)")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MIME: Final = "[Content_Types].xml"


def parts_of(raw: bytes, name: str) -> dict[str, bytes]:
    """Return the XML parts of an XLSX file by their names; macros and pictures are left out.

    Args:
        raw: The bytes of the file.
        name: How messages name it.

    Raises:
        DecodeError: It is no such file, is protected by a password, unpacks into too much, or its
            XML is not UTF-8 or declares a document type.
    """
    if len(raw) > MAX_BYTES:
        raise refusal("size", name, f"is larger than {MAX_BYTES:,} bytes")
    if raw.startswith(_OLE):
        message = "is an old .xls, or has a password; save it as .xlsx without one"
        raise refusal("file", name, message)
    try:
        with ZipFile(BytesIO(raw)) as archive:
            wanted = _wanted(archive, name)
            parts = {info.filename: archive.read(info) for info in wanted}
    except DecodeError:
        raise
    except (BadZipFile, zlib.error, EOFError, ValueError, OverflowError, NotImplementedError):
        raise refusal("file", name, _NO_WORKBOOK) from None
    for part, content in parts.items():
        if b"\0" in content:
            raise refusal("encoding", name, f"{part} is not utf-8")
        if _DECLARATION.search(content):
            raise refusal("syntax", name, f"{part} declares a document type, which no sheet needs")
    return parts


def _wanted(archive: ZipFile, name: str) -> list[ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_PARTS:
        raise refusal("size", name, f"holds more than {MAX_PARTS:,} files")
    if len({info.filename for info in infos}) < len(infos):
        raise refusal("duplicate", name, "holds two files of one name")
    wanted = [
        info
        for info in infos
        if info.filename.endswith((".xml", ".rels"))
        # What another file holds is never looked up.
        and not info.filename.startswith("xl/externalLinks/")
    ]
    if _MIME not in {info.filename for info in wanted}:
        raise refusal("file", name, _NO_WORKBOOK)
    # The sizes that are stated bound what `ZipFile` unpacks, whatever the truth is.
    if sum(info.file_size for info in wanted) > MAX_UNPACKED:
        raise refusal("size", name, f"unpacks into more than {MAX_UNPACKED:,} bytes")
    for info in wanted:
        if info.flag_bits & _ENCRYPTED:
            raise refusal("file", name, "has a password; save it without one")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise refusal("file", name, _NO_WORKBOOK)
        if info.file_size > max(_LARGE, MAX_RATIO * info.compress_size):
            raise refusal("size", name, f"{info.filename} unpacks into {MAX_RATIO} times its size")
    return wanted


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of just these parts, the same bytes for the same parts."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            # The oldest day that a ZIP archive can state: no clock.
            info = ZipInfo(part)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
    return target.getvalue()
