"""`mpfunnel new`: a starter folder that is sound from its first day."""

from __future__ import annotations

from pathlib import Path

import pytest

import mpfunnel as mf
from mpfunnel.codec import load
from mpfunnel.examples import STORY_DAY, generate
from tests.cli import run


@pytest.mark.parametrize(
    ("lang", "sheets", "words"),
    [
        ("en", "xlsx", ["# Our playbook", "Change it", "| `tables.xlsx` |"]),
        ("ja", "csv", ["# 当社のプレイブック", "変更の手順", "| `*.csv` |"]),
    ],
)
def test_a_new_folder_is_sound(
    lang: str, sheets: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds tables, a playbook whose cases hold, a README in the language, and a workflow."""
    folder = tmp_path / "deep" / "acme"
    arguments = ("--products", "crm, sfa,ma", "--lang", lang, "--sheets", sheets)
    ran = run(capsys, "new", folder, *arguments)
    assert (ran.code, ran.err) == (0, "")

    book = load(folder)
    assert [product.id for product in book.products] == ["crm", "sfa", "ma"]
    assert book.lang == lang
    assert len(book.cases) == 4
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert [one for one in words if one not in readme] == []
    workflow = (folder / ".github" / "workflows" / "playbook.yml").read_text(encoding="utf-8")
    assert "mpfunnel check . --format github" in workflow
    # Every rule is a row: nothing has to stay in the file.
    assert "rules]]" not in (folder / "playbook.toml").read_text(encoding="utf-8")
    # Each command that it shows is one that works.
    command = ran.out.splitlines()[-1].partition("mpfunnel ")[2].split()
    assert run(capsys, *command).code == 0


def test_the_products_may_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty folder is as good as none, and two products are there to be renamed."""
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "new", ".").code == 0
    book = mf.load(".")
    assert book.lang == "en"
    assert [product.id for product in book.products] == ["crm", "sfa"]


def test_rules_in_rows_decide_as_the_starter_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 1: Engines agree. An *or* that takes a row each gives the same values, also possible."""
    assert run(capsys, "new", tmp_path / "new", "--products", "crm,sfa,ma,bi").code == 0
    rows = mf.Engine(mf.load(tmp_path / "new"))
    whole = mf.Engine(mf.starter(["crm", "sfa", "ma", "bi"]))
    for account in generate(30, seed=5, as_of=STORY_DAY).accounts():
        mine, theirs = (one.assess(account, as_of=STORY_DAY) for one in (rows, whole))
        assert _said(mine) == _said(theirs)


def _said(answer: mf.Assessment) -> list[object]:
    found: list[object] = [(answer.segment.value, set(answer.segment.possible))]
    found += [(p, one.value, set(one.possible)) for p, one in answer.tiers.items()]
    for lead in answer.leads.values():
        found.append((lead.id, lead.stage.value, set(lead.stage.possible)))
        found += [(p, one.value, set(one.possible)) for p, one in lead.engagement.items()]
    return found


@pytest.mark.parametrize("name", ["held", "held/file.txt"])
def test_nothing_is_written_over(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that holds something, or a file, is left as it is: a wrong command ends with 2."""
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "file.txt").write_text("mine", encoding="utf-8")
    ran = run(capsys, "new", tmp_path / name)
    assert ran.code == 2
    assert ran.err.endswith("is there already; name a folder that is absent or empty\n")
    assert [one.name for one in (tmp_path / "held").iterdir()] == ["file.txt"]


@pytest.mark.parametrize(
    ("products", "said"),
    [
        ("crm,crm", "products[1].id: 'crm' is used twice\n"),
        ("crm,", "product.id: must not be blank\n"),
    ],
)
def test_products_that_cannot_be_are_named(
    products: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written."""
    ran = run(capsys, "new", tmp_path / "new", "--products", products)
    assert (ran.code, ran.err) == (1, said)
    assert not (tmp_path / "new").exists()
