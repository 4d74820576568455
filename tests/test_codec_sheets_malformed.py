"""Spreadsheets that cannot be read: each is refused at once, with a code and a cell."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from datetime import time as clock
from io import BytesIO
from pathlib import Path

import pytest

from mpfunnel.codec import load
from tests.malformed import refused
from tests.sheets import csv, folder, raw_book, sheet, with_part, workbook

Make = Callable[[Path], Path]
HEAD = ("employees", "tier")
GOOD = raw_book([HEAD, (300, 1), ("", 3)])
PAGE = "xl/worksheets/sheet1.xml"
BOMB = (
    b"<!DOCTYPE x ["
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>"
)


def zip_of(method: int = zipfile.ZIP_DEFLATED, /, **parts: bytes) -> bytes:
    """An archive of these files."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def doctored(old: bytes, new: bytes) -> bytes:
    """The sound workbook with a part of its sheet replaced."""
    return with_part(GOOD, PAGE, lambda content: content.replace(old, new, 1))


def lying(raw: bytes) -> bytes:
    """The same archive, whose largest part says that it is small."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        info = max(archive.infolist(), key=lambda one: one.file_size)
    true, small = (size.to_bytes(4, "little") for size in (info.file_size, 1000))
    return raw.replace(true, small)


def locked(raw: bytes) -> bytes:
    """The same archive, whose parts say that they are encrypted."""
    places = [found.start() + 8 for found in re.finditer(rb"PK\x01\x02", raw)]
    changed = bytearray(raw)
    for place in places:
        changed[place] |= 1
    return bytes(changed)


def many(count: int) -> bytes:
    """An archive of so many files."""
    return zip_of(**{"[Content_Types].xml": b"<x/>"}, **{f"{n}.bin": b"" for n in range(count)})


def with_folder(home: Path) -> Path:
    """Make a folder that is called like a file."""
    (home / "t.csv").mkdir()
    return folder('[sheets]\n"tiers.*" = { file = "t.csv" }\n')(home)


def with_circle(home: Path) -> Path:
    """Make a file that is a link to itself."""
    (home / "t.csv").symlink_to(home / "t.csv")
    return folder('[sheets]\n"tiers.*" = { file = "t.csv" }\n')(home)


SHEETS: dict[str, tuple[Make, list[str]]] = {
    # -- text --
    "empty": (csv(""), ["empty | t.csv: is empty; the first row must name the columns"]),
    "blank rows only": (csv(",,\n \n"), ["empty | t.csv: is empty; the first row must name the columns"]),
    "not utf-8": (
        csv("業種,tier\n製造業,1\n".encode("cp932")),
        ["""encoding | t.csv: line 1 is not utf-8; save it as 'CSV UTF-8', or say encoding = "cp932" in the playbook"""],
    ),
    "not cp932": (
        csv(b"tier\n\x81 \n", 'encoding = "cp932"'),
        ["encoding | t.csv: line 2 is not cp932; save it as 'CSV UTF-8'"],
    ),
    "another encoding": (
        csv("tier\n1\n", 'encoding = "latin-1"'),
        ["choice | playbook.toml: sheets.tiers.*.encoding: 'latin-1': no such encoding; known are utf-8, cp932"],
    ),
    "half a character of utf-16": (
        csv(b"\xff\xfet\0i\0e\0r"),
        ["encoding | t.csv: line 1 is not utf-16-le; save it as 'CSV UTF-8'"],
    ),
    "utf-16 without its mark": (
        csv("tier\n1\n".encode("utf-16-le")),
        ["encoding | t.csv: holds the character of code 0; save it as 'CSV UTF-8'"],
    ),
    "an open quote": (csv('tier,key\n1,"a\n'), ["syntax | t.csv: line 2 is not CSV: unexpected end of data"]),
    "a cell too few": (csv("employees,tier\n300\n"), ["ragged | t.csv!2: has 1 cell where the header has 2"]),
    "a cell too many": (csv("employees,tier\n300,1,2\n"), ["ragged | t.csv!2: has 3 cells where the header has 2"]),
    "too large": (csv(b"tier\n" + b"1\n" * 2**20), ["size | t.csv: is larger than 2,097,152 bytes"]),
    "too many rows": (csv("tier\n" + "1\n" * 10_001), ["size | t.csv: has more than 10,000 rows"]),
    "too many columns": (csv("," * 300 + "tier\n"), ["size | t.csv: has more than 256 columns"]),
    "too long a cell": (csv(f"industry,tier\n{'x' * 40_000},1\n"), ["size | t.csv!A2: has more than 32,767 characters"]),
    "a whole file in one cell": (
        csv('"' + "x" * 200_000 + '"'),
        ["syntax | t.csv: line 1 is not CSV: field larger than field limit (131072)"],
    ),
    # -- the header --
    "no outcome": (csv("employees\n300\n"), ["missing | t.csv!1: has no column 'tier'"]),
    "an unknown fact": (
        csv("employes,tier\n300,1\n"),
        ["unknown-fact | t.csv!A1: 'employes': no such fact; did you mean 'employees'?"],
    ),
    "an unknown fact beside faulty cells": (
        csv("key,employes,industry,tier\na,300,=x,1\nb,300,,10\notherwise,,,3\n"),
        [
            "unknown-fact | t.csv!B1: 'employes': no such fact; did you mean 'employees'?",
            "cell | t.csv!C2: '=x' looks like a formula, which is never run; write the text in quotes",
            "range | t.csv!D3: must be an integer from 1 to 9, not 10",
        ],
    ),
    "a column twice beside a faulty cell": (
        csv("key,key,tier\na,b,10\notherwise,,3\n"),
        [
            "duplicate | t.csv!B1: names the column 'key' again, as t.csv!A1 does",
            "range | t.csv!C2: must be an integer from 1 to 9, not 10",
        ],
    ),
    "a look-alike letter": (
        csv("employe\u0435s,tier\n300,1\n"),
        ["unknown-fact | t.csv!A1: 'employe\u0435s': no such fact; did you mean 'employees'?"],
    ),
    "a header of a mail address": (
        csv("taro.yamada@example.co.jp,tier\n300,1\n"),
        ["unknown-fact | t.csv!A1: 't…@….jp': no such fact; name a column by the key or the label of a fact"],
    ),
    "a label of two facts": (
        folder(
            '[sheets]\n"tiers.*" = { file = "t.csv" }\n[attributes.company.size]\ntype = "int"\nlabel = { ja = "従業員数", en = "size" }\n',
            t_csv="従業員数,tier\n300,1\n",
        ),
        ["ambiguous | t.csv!A1: '従業員数' can mean 'company.employees' or 'company.size'; write one of them"],
    ),
    "a unit of something else": (
        csv("従業員数（百万円）,tier\n300,1\n"),
        ["choice | t.csv!A1: '百万円': no such unit of company.employees; it counts people (人)"],
    ),
    "a unit of another currency": (
        csv("annual revenue (million dollars),tier\n300,1\n"),
        ["choice | t.csv!A1: 'million dollars': no such unit of company.annual_revenue; it counts yen (円)"],
    ),
    "two units": (
        csv("売上高（百万円） / annual revenue (yen) [annual_revenue],tier\n300,1\n"),
        ["ambiguous | t.csv!A1: states two units of company.annual_revenue; state one"],
    ),
    "a unit without parentheses": (
        csv("売上高 単位:百万円 [annual_revenue],tier\n300,1\n"),
        ["ambiguous | t.csv!A1: names '百万円' outside of parentheses; write (百万円) if it counts so"],
    ),
    "an attribute that is called like a column of every table": (
        folder(
            '[sheets]\n"tiers.*" = { file = "t.csv" }\n[attributes.company.why]\ntype = "text"\nlabel = { ja = "理由", en = "why" }\n',
            t_csv="理由,tier\nx,1\n",
        ),
        ["ambiguous | t.csv!A1: '理由' can mean 'because' or 'company.why'; write one of them"],
    ),
    "a unit of a text": (csv("業種（社）,tier\n300,1\n"), ["choice | t.csv!A1: '社': no such unit of company.industry"]),
    "an outcome twice": (
        csv("Tier,tier\n1,1\n"),
        ["duplicate | t.csv!B1: names the column 'tier' again, as t.csv!A1 does"],
    ),
    "reasons in one and two languages": (
        csv("tier,because,because (en)\n1,a,b\n"),
        ["conflict | t.csv!B1: is for both languages; name 'because (en)' and 'because (ja)' only"],
    ),
    "a key in brackets that is none": (
        csv("従業員数 [employes],tier\n300,1\n"),
        ["unknown-fact | t.csv!A1: 'employes': no such fact; did you mean 'employees'?"],
    ),
    "a measure written wrongly": (
        csv('"product.count(pricing_page)",tier\n300,1\n'),
        ["unknown-fact | t.csv!A1: must be written count(kind, days), with plain names"],
    ),
    "a column without a name": (
        csv("employees,,tier\n300,9,1\n,,otherwise\n"),
        [
            "unknown-key | t.csv!B2: stands in a column without a name; name it in the header",
            "range | t.csv!C3: must be an integer from 1 to 9, not 'otherwise'",
            "missing | t.csv: has no otherwise",
        ],
    ),
    # -- the rows --
    "several faults": (
        csv("key,employees,annual_revenue,lead.title,tier\na,xyz,1..2..3,,1\nb,,,部長,10\nc,300,,,\notherwise,3,,,\nd,,,,1\n"),
        [
            "cell | t.csv!B2: 'xyz' is no test of a number; write for example >= 300, [100..300) or 300以上",
            "cell | t.csv!C2: '1..2..3' is no test of a number; write for example >= 300, [100..300) or 300以上",
            "contradiction | t.csv!B5: must be blank: 'otherwise' is what holds where nothing else does",
            "missing | t.csv!E5: is blank",
            "contradiction | t.csv!6: stands below 'otherwise' in row 5, so that it is never asked",
            "range | t.csv!E3: must be an integer from 1 to 9, not 10",
            "missing | t.csv!E4: has no tier",
            "missing | t.csv: has no otherwise",
        ],
    ),
    "two readings": (
        csv('employees,key,tier\n"100,200",,1\n,otherwise,2\n'),
        ["ambiguous | t.csv!A2: '100,200' can mean the number 100200, or the list 100, 200; write 100200, or 100, 200"],
    ),
    "a formula in a text": (
        csv("employees,key,tier\n=1+1,,1\n,otherwise,2\n"),
        ["cell | t.csv!A2: '=1+1' looks like a formula, which is never run; write the value"],
    ),
    "an unseen character": (
        csv("employees,key,tier\n3\u200b00,,1\n,otherwise,2\n"),
        ["cell | t.csv!A2: holds the character u+200b, which nobody sees; delete it"],
    ),
    "one key twice": (
        csv("key,employees,tier\na,1,1\na,2,1\notherwise,,2\n"),
        ["duplicate | t.csv!A3: 'a' is used twice; keys are unique"],
    ),
    # -- archives --
    "no archive": (workbook(b"tier\n1\n"), ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"]),
    "nothing": (workbook(b""), ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"]),
    "an old workbook": (
        workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ["file | t.xlsx: is an old .xls, or has a password; save it as .xlsx without one"],
    ),
    "half an archive": (workbook(GOOD[:3000]), ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"]),
    "another archive": (workbook(zip_of(a=b"b")), ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"]),
    "an archive of other XML": (
        workbook(zip_of(**{"[Content_Types].xml": b"<x/>"})),
        ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"],
    ),
    "parts that are packed otherwise": (
        workbook(zip_of(zipfile.ZIP_LZMA, **{"[Content_Types].xml": b"<x/>"})),
        ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"],
    ),
    "a part with a password": (
        workbook(locked(GOOD)),
        ["file | t.xlsx: has a password; save it without one"],
    ),
    "two parts of one name": (
        workbook(GOOD.replace(b"xl/worksheets/sheet2.xml", b"xl/worksheets/sheet1.xml")),
        ["duplicate | t.xlsx: holds two files of one name"],
    ),
    "no relations": (
        workbook(with_part(GOOD, "_rels/.rels", b"<x/>")),
        ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"],
    ),
    "a broken part": (
        workbook(GOOD.replace(b"PK\x03\x04", b"PK\x03\x05", 3)),
        ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"],
    ),
    "a large file": (workbook(b"PK\x03\x04" + bytes(2**21)), ["size | t.xlsx: is larger than 2,097,152 bytes"]),
    "a zip bomb": (
        workbook(with_part(GOOD, PAGE, b" " * (15 * 2**20))),
        ["size | t.xlsx: xl/worksheets/sheet1.xml unpacks into 200 times its size"],
    ),
    "a larger zip bomb": (
        workbook(with_part(GOOD, PAGE, b" " * (30 * 2**20))),
        ["size | t.xlsx: unpacks into more than 16,777,216 bytes"],
    ),
    "a zip bomb that lies": (
        workbook(lying(with_part(GOOD, PAGE, b" " * (30 * 2**20)))),
        ["file | t.xlsx: cannot be read as an Excel workbook (.xlsx)"],
    ),
    "too many parts": (workbook(many(1_001)), ["size | t.xlsx: holds more than 1,000 files"]),
    "no such sheet": (workbook(GOOD, "cmr"), ["unknown-table | t.xlsx: has no sheet 'cmr'; did you mean 'crm'?"]),
    "an unlike sheet": (workbook(GOOD, "x"), ["unknown-table | t.xlsx: has no sheet 'x'; it has crm, other"]),
    "which sheet": (
        folder('[sheets]\n"tiers.*" = { file = "t.xlsx" }\n', t_xlsx=GOOD),
        ["missing | t.xlsx: say which sheet; it has 'crm', 'other'"],
    ),
    # -- the XML inside --
    "entities": (
        workbook(doctored(b"<worksheet", BOMB + b"<worksheet")),
        ["syntax | t.xlsx: xl/worksheets/sheet1.xml declares a document type, which no sheet needs"],
    ),
    "an entity of a file": (
        workbook(doctored(b"<worksheet", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet')),
        ["syntax | t.xlsx: xl/worksheets/sheet1.xml declares a document type, which no sheet needs"],
    ),
    "XML in utf-16": (
        workbook(with_part(GOOD, PAGE, lambda content: content.decode().encode("utf-16"))),
        ["encoding | t.xlsx: xl/worksheets/sheet1.xml is not utf-8"],
    ),
    "no XML": (
        workbook(doctored(b"</row>", b"</raw>")),
        ["syntax | t.xlsx!crm: line 1 is not XML: mismatched tag"],
    ),
    "a cell of no address": (
        workbook(doctored(b'r="A1"', b'r="1A"')),
        ["syntax | t.xlsx!crm: has a cell of no address: '1A'"],
    ),
    "a row of no number": (
        workbook(doctored(b'row r="1"', b'row r="one"')),
        ["syntax | t.xlsx!crm: has a row or column of no number: 'one'"],
    ),
    "a far corner": (
        workbook(doctored(b'<c r="B3"', b'<c r="XFD1048576"')),
        ["size | t.xlsx!crm: has more than 10,000 rows"],
    ),
    "far away in both directions": (
        workbook(doctored(b'<c r="B3"', b'<c r="GR9999"')),
        ["size | t.xlsx!crm: has more than 400,000 cells"],
    ),
    "a far column": (
        workbook(doctored(b'<c r="B3"', b'<c r="XFD3"')),
        ["size | t.xlsx!crm: has more than 256 columns"],
    ),
    "too many elements": (
        workbook(doctored(b"<sheetData>", b"<sheetData>" + b"".join(b'<row r="%d"/>' % n for n in range(100_001)))),
        ["size | t.xlsx!crm: has more than 100,000 elements"],
    ),
    "an empty sheet": (sheet(), ["empty | t.xlsx!crm: is empty; the first row must name the columns"]),
    # -- the cells of a workbook --
    "formulas": (
        sheet(HEAD, ("=100*3", 1), ("", "=1+1")),
        [
            "formula | t.xlsx!crm!A2: is a formula; copy it and paste its value in its place",
            "formula | t.xlsx!crm!B3: is a formula; copy it and paste its value in its place",
        ],
    ),
    "a formula of another file": (
        sheet(HEAD, ("=[prices.xlsx]Sheet1!A1", 1)),
        ["formula | t.xlsx!crm!A2: is a formula; copy it and paste its value in its place"],
    ),
    "a formula with its value": (
        workbook(doctored(b'<c r="A2" t="n"><v>300</v></c>', b'<c r="A2"><f>100*3</f><v>300</v></c>')),
        ["formula | t.xlsx!crm!A2: is a formula; copy it and paste its value in its place"],
    ),
    "an error": (sheet(HEAD, ("#N/A", 1)), ["formula | t.xlsx!crm!A2: is an error of Excel; write a value"]),
    "merged cells": (
        sheet(HEAD, (300, 1), ("", 2), change=lambda page: page.merge_cells("A2:A3")),
        ["merged | t.xlsx!crm!A2: is merged down to A3; unmerge the cells"],
    ),
    "a time of day": (
        sheet(HEAD, (datetime(2026, 4, 1, 9, 30), 1), (clock(9, 30), 2)),  # noqa: DTZ001 - as a sheet has it
        [
            "format | t.xlsx!crm!A2: is a time of day, '2026-04-01 09:30:00'; write a day, or text",
            "format | t.xlsx!crm!A3: is a time of day, '09:30:00'; write a day, or text",
        ],
    ),
    "a number that Excel has rounded": (
        sheet(HEAD, (2**53 + 2, 1)),
        ["range | t.xlsx!crm!A2: is too large for Excel to keep every digit of; write it as text"],
    ),
    "infinity": (
        workbook(doctored(b"<v>300</v>", b"<v>1e400</v>")),
        ["nan | t.xlsx!crm!A2: must be a finite number"],
    ),
    "percent under percent": (
        sheet(
            ("成長率（%）", "tier", "key"), (0.1, 1, "a"), ("", 2, "otherwise"),
            change=lambda page: setattr(page["A2"], "number_format", "0.0%"),
        ),
        ["ambiguous | t.xlsx!crm!A2: is shown in percent under a header in percent: '0.1' can mean that, or a hundredth of it; format the cell as a number"],
    ),
    # -- what the playbook says of them --
    "no file": (
        folder('[sheets]\n"tiers.*" = { sheet = "crm" }\n'),
        ["missing | playbook.toml: sheets.tiers.*: has no file"],
    ),
    "an absent file": (folder('[sheets]\n"tiers.*" = { file = "t.csv" }\n'), ["file | t.csv: no such file"]),
    "a folder": (
        with_folder,
        ["file | t.csv: cannot be read as a file"],
    ),
    "another ending": (
        folder('[sheets]\n"tiers.*" = { file = "t.xlsm" }\n', t_xlsm=GOOD),
        ["file | playbook.toml: sheets.tiers.*.file: 't.xlsm': must end in .csv or .xlsx"],
    ),
    "a link to itself": (
        with_circle,
        ["file | t.csv: cannot be read as a file"],
    ),
    "a model without its ladder": (
        folder('[sheets]\n"engagement.sfa.states" = { file = "t.csv" }\n[tiers."*"]\notherwise = 1\n', t_csv="key,state\notherwise,none\n"),
        [
            "missing | playbook.toml: engagement.sfa: has no ladder",
            "missing | playbook.toml: engagement.sfa: has no interest",
        ],
    ),
    "no table": (
        folder('[sheets]\n"tiers.*" = "t.csv"\n'),
        ['type | playbook.toml: sheets.tiers.*: must be a table, for example { file = "rules.xlsx", sheet = "crm" }'],
    ),
    "another table": (
        folder('[sheets]\n"tier.crm" = { file = "t.csv" }\n[tiers."*"]\notherwise = 1\n'),
        ["unknown-table | playbook.toml: sheets.tier.crm: no such table; did you mean 'tiers.*'?"],
    ),
    "another key": (
        folder('[sheets]\n"tiers.*" = { file = "t.csv", sheet = "a", shet = "b" }\n'),
        [
            "unknown-key | playbook.toml: sheets.tiers.*.sheet: no such key; known are file, encoding",
            "unknown-key | playbook.toml: sheets.tiers.*.shet: no such key; known are file, encoding",
        ],
    ),
    "in both places": (
        folder(
            '[sheets]\n"tiers.*" = { file = "t.csv" }\n[tiers."*"]\notherwise = 1\n',
            t_csv="key,tier\notherwise,2\n",
        ),
        ["conflict | playbook.toml: tiers.*.otherwise: stands in t.csv too; keep one of them"],
    ),
    "something else in its place": (
        folder('tiers = 3\nsheets = { "tiers.*" = { file = "t.csv" } }\n', t_csv="tier\n"),
        ["type | playbook.toml: tiers: must be a table"],
    ),
    "an unknown product": (
        folder('[sheets]\n"tiers.*" = { file = "t.csv" }\n"tiers.smf" = { file = "t.csv" }\n', t_csv="key,tier\notherwise,2\n"),
        ["unknown-product | playbook.toml: sheets.tiers.smf: no such product; did you mean 'sfa'?"],
    ),
}  # fmt: skip
OUTSIDE = (
    "../t.csv",
    "/t.csv",
    "C:t.csv",
    "C:/t.csv",
    "a/../../t.csv",
    "..\\\\t.csv",
    "\\\\\\\\s\\\\t.csv",
    "t\\u0000.csv",
)


@pytest.mark.parametrize(("make", "lines"), SHEETS.values(), ids=SHEETS)
def test_it_is_refused_by_its_cell(tmp_path: Path, make: Make, lines: list[str]) -> None:
    """What no sheet should hold is refused with its code and its cell, all of it at once."""
    assert refused(load, make(tmp_path)) == lines


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_file_outside_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    """A path that leads out of the folder is refused, wherever it is read."""
    home = tmp_path / "inner"
    home.mkdir()
    (tmp_path / "t.csv").write_text("key,tier\notherwise,2\n", encoding="utf-8")
    folder(f'[sheets]\n"tiers.*" = {{ file = "{name}" }}\n')(home)
    (line,) = refused(load, home)
    assert line.startswith("path | playbook.toml: sheets.tiers.*.file: ")
    assert line.endswith(": must lie within the folder of the playbook")


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    """A link within the folder to a file outside of it is refused too."""
    home = tmp_path / "inner"
    home.mkdir()
    (tmp_path / "t.csv").write_text("key,tier\notherwise,2\n", encoding="utf-8")
    (home / "t.csv").symlink_to(tmp_path / "t.csv")
    folder('[sheets]\n"tiers.*" = { file = "t.csv" }\n')(home)
    (line,) = refused(load, home)
    assert line.startswith("path | ")
