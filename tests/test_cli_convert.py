"""The command that writes a playbook in another form."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpfunnel.codec import dump, load
from tests.cli import run
from tests.test_codec_sheets_round_trip import BOOK


@pytest.mark.parametrize("target", ["book.json", "book.toml", "folder"])
def test_a_playbook_is_converted_and_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    """Law 8: Round trip. TOML, JSON and a folder with spreadsheets hold the same playbook."""
    dump(BOOK, tmp_path / "first.toml")
    ran = run(capsys, "convert", tmp_path / "first.toml", tmp_path / target)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"written to: {tmp_path / target}")
    assert load(tmp_path / target) == BOOK
    assert run(capsys, "convert", tmp_path / target, tmp_path / "last.toml").code == 0
    assert (tmp_path / "last.toml").read_bytes() == (tmp_path / "first.toml").read_bytes()


def test_it_says_what_no_sheet_can_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that asks for either of two facts keeps its table in the file, and is named."""
    dump(BOOK, tmp_path / "first.toml")
    out = run(
        capsys, "convert", tmp_path / "first.toml", tmp_path / "folder", "--sheets", "csv"
    ).out
    assert (tmp_path / "folder" / "tiers-all.csv").exists()
    line = "stays in playbook.toml: segments.rules[7].when: a cell asks about one fact, not about"
    assert line in out


def test_a_playbook_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder cannot replace a file, nor a JSON playbook of the same folder."""
    (tmp_path / "playbook.json").write_text("{}", encoding="utf-8")
    ran = run(capsys, "convert", "invented", tmp_path)
    assert ran.code == 1
    assert "holds playbook.json; remove it, so that only playbook.toml is the playbook" in ran.err


def test_a_target_named_like_a_spreadsheet_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A playbook is more than one spreadsheet, and no folder is made that looks like one."""
    ran = run(capsys, "convert", "invented", tmp_path / "book.xlsx")
    assert ran.code == 1
    assert "spreadsheets stand in a folder; name it without '.xlsx'" in ran.err
    assert not (tmp_path / "book.xlsx").exists()
