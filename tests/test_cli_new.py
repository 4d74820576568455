"""`mpfunnel new`: a starter folder that is sound from its first day."""

from __future__ import annotations

from pathlib import Path

import pytest

import mpfunnel as mf
from mpfunnel.codec import load
from tests.cli import run


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ["# Our playbook", "Change it"]), ("ja", ["# 当社のプレイブック", "変更の手順"])],
)
def test_a_new_folder_is_sound(
    lang: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds a playbook whose cases hold, a README in the language, and a workflow."""
    folder = tmp_path / "deep" / "acme"
    ran = run(capsys, "new", folder, "--products", "crm, sfa,ma", "--lang", lang)
    assert (ran.code, ran.err) == (0, "")

    book = load(folder / "playbook.toml")
    assert [product.id for product in book.products] == ["crm", "sfa", "ma"]
    assert book.lang == lang
    assert len(book.cases) == 4
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert [one for one in words if one not in readme] == []
    workflow = (folder / ".github" / "workflows" / "playbook.yml").read_text(encoding="utf-8")
    assert "mpfunnel check playbook.toml --format github" in workflow
    # Each command that it shows is one that works.
    command = ran.out.splitlines()[-1].partition("mpfunnel ")[2].split()
    assert run(capsys, *command).code == 0


def test_the_products_may_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty folder is as good as none, and two products are there to be renamed."""
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "new", ".").code == 0
    assert mf.load("playbook.toml").lang == "en"
    assert [product.id for product in mf.load("playbook.toml").products] == ["crm", "sfa"]


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
