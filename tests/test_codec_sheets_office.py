"""A workbook that LibreOffice has saved again still holds the same playbook."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mpfunnel.codec import dump, load, loaded, to_data
from tests.test_codec_round_trip import labels_of
from tests.test_codec_sheets_round_trip import BOOK

pytestmark = [
    pytest.mark.office,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]


def saved_again(book: Path, home: Path, kind: str) -> Path:
    """What LibreOffice saves after it has opened a workbook."""
    profile = (home / "profile").as_uri()
    command: list[Any] = ["soffice", "--headless", f"-env:UserInstallation={profile}"]
    # Who opens a CSV file by hand is asked for these: commas, quotes, UTF-8, from the first line.
    command += ["--infilter=CSV:44,34,76,1"] if book.suffix == ".csv" else []
    command += ["--convert-to", kind, "--outdir", home, book]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return home / f"{book.stem}.{kind}"


def test_a_workbook_saved_again_is_the_same_playbook(tmp_path: Path) -> None:
    """Law 8: Round trip. LibreOffice changes how the file is written, and nothing that it says."""
    dump(BOOK, tmp_path / "ours", sheets="xlsx")
    home = tmp_path / "theirs"
    home.mkdir()
    again = saved_again(tmp_path / "ours" / "tables.xlsx", home, "xlsx")
    assert again.read_bytes() != (tmp_path / "ours" / "tables.xlsx").read_bytes()
    shutil.copy(tmp_path / "ours" / "playbook.toml", home)
    found = loaded(home)
    assert found.playbook == BOOK
    assert labels_of(found.playbook) == labels_of(BOOK)
    assert repr(to_data(found.playbook)) == repr(to_data(BOOK))
    assert found.notes == ()


def test_a_csv_file_opened_as_a_workbook_is_the_same_playbook(tmp_path: Path) -> None:
    """Law 8: Round trip. Nothing in a CSV file is taken for a formula or a day by LibreOffice."""
    dump(BOOK, tmp_path / "ours", sheets="csv")
    again = saved_again(tmp_path / "ours" / "tiers-all.csv", tmp_path, "xlsx")
    home = tmp_path / "theirs"
    home.mkdir()
    shutil.copy(again, home / "tiers.xlsx")
    text = (tmp_path / "ours" / "playbook.toml").read_text(encoding="utf-8")
    text = text.replace('file = "tiers-all.csv"', 'file = "tiers.xlsx"')
    (home / "playbook.toml").write_text(text, encoding="utf-8")
    assert load(home) == BOOK
