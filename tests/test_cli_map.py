"""`mpfunnel map`: from files to a mapping that a person corrects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mpfunnel as mf
from mpfunnel import sources
from tests.cli import run

SAMPLES = Path(__file__).parents[1] / "docs" / "samples"
SCRIPT = Path(sys.executable).with_name("mpfunnel")
COMPANIES = '企業ID,企業名,従業員数,年商\n1,凪峰,"2,400",86000\n'


def test_the_mapping_is_shown_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in the output is the file as it would be written, to be piped into one."""
    (tmp_path / "企業.csv").write_text(COMPANIES, encoding="cp932")
    ran = run(capsys, "map", tmp_path / "企業.csv", "--lang", "ja")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == sources.propose(tmp_path / "企業.csv", lang="ja").text
    assert "# 要確認: 単位は円でよいか" in ran.out


@pytest.mark.parametrize(
    ("lang", "sample", "shown"),
    [
        ("en", "crm", ["What the files hold", "people.csv", "leads", "written to: ", "to look at"]),
        ("ja", "crm_ja", ["ファイルの中身", "people.csv", "リード", "出力先: ", "か所"]),
    ],
)
def test_a_written_mapping_reads_the_files(
    lang: str, sample: str, shown: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what the files are taken for, where the mapping is, and how much is to be seen to."""
    target = tmp_path / "mapping.toml"
    files = sorted((SAMPLES / sample).glob("*.csv"))
    ran = run(capsys, "map", *files, "--output", target, "--lang", lang)
    assert (ran.code, ran.err) == (0, "")
    assert [words for words in shown if words not in ran.out] == []
    assert sources.read(target, SAMPLES / sample).rejects == ()
    assert b"\r" not in target.read_bytes()


def test_words_are_those_of_the_playbook_and_so_is_the_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its products by their names: nothing is left to check, and that is not said."""
    product = mf.Product("ma", mf.Label("MA tool", "MAツール"))
    mf.dump(mf.starter([product], lang="ja"), tmp_path / "playbook.toml")
    text = "企業ID,商材,開始日,終了日\n1,MAツール,2026/4/1,\n"
    (tmp_path / "契約.csv").write_text(text, encoding="utf-8")
    target = tmp_path / "mapping.toml"
    ran = run(capsys, "map", tmp_path / "契約.csv", "-p", tmp_path / "playbook.toml", "-o", target)
    assert ran.code == 0
    assert "要確認" not in ran.out
    assert '"MAツール" = "ma"\n' in target.read_text(encoding="utf-8")


def test_a_file_may_be_told_its_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As kind=path; what is not read is said to be so."""
    (tmp_path / "x=1.csv").write_text("key,what\n1,a\n2,b\n", encoding="utf-8")
    (tmp_path / "y.csv").write_text("one,two\n1,a\n", encoding="utf-8")
    ran = run(capsys, "map", tmp_path / "x=1.csv", tmp_path / "y.csv")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("x=1.csv: nothing tells what it holds; say it as kind=path: ")
    target = tmp_path / "mapping.toml"
    ran = run(capsys, "map", f"companies={tmp_path / 'x=1.csv'}", tmp_path / "y.csv", "-o", target)
    assert ran.code == 0
    assert ran.row("x=1.csv") == ["x=1.csv", "companies"]
    assert ran.row("y.csv") == ["y.csv", "not read"]


def test_nothing_is_written_over_without_being_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A corrected mapping is work: it takes a word to replace it."""
    (tmp_path / "c.csv").write_text(COMPANIES, encoding="utf-8")
    target = tmp_path / "mapping.toml"
    target.write_text("mine", encoding="utf-8")
    ran = run(capsys, "map", tmp_path / "c.csv", "--output", target)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("is there already; name another --output, or say --replace\n")
    assert target.read_text(encoding="utf-8") == "mine"
    assert run(capsys, "map", tmp_path / "c.csv", "--output", target, "--replace").code == 0
    assert target.read_text(encoding="utf-8").startswith("# Proposed")


def test_faults_are_lines_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file at all is a wrong command; a file that is not there is a problem of the input."""
    ran = run(capsys, "map")
    assert (ran.code, ran.err) == (2, "files: are missing; name at least one\n")
    ran = run(capsys, "map", tmp_path / "a.csv", tmp_path / "b.csv")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "a.csv: no such file\nb.csv: no such file\n"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_terminal_gets_the_same_lines_without_colours_that_break_them(tmp_path: Path) -> None:
    """However narrow it is, no line of the mapping is wrapped: it can be copied from there."""
    (tmp_path / "c.csv").write_text(COMPANIES, encoding="utf-8")
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "PYTHONUTF8": "1", "COLUMNS": "40"}
    command = [str(SCRIPT), "map", str(tmp_path / "c.csv"), "--lang", "ja"]
    done = subprocess.run(command, check=False, stdout=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:
        # On Linux, the end of what a terminal was sent.
        pass
    os.close(ours)
    assert done.returncode == 0
    text = shown.decode().replace("\r\n", "\n")
    assert text == sources.propose(tmp_path / "c.csv", lang="ja").text
