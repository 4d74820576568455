"""The command line, run as a person runs it."""

import importlib
import sys

import pytest

from mpfunnel import cli
from mpfunnel.errors import MissingExtraError
from mpfunnel.labels import Lang


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("en", ["Hayaseria, Inc.", "partner", "Tier 1", "undecided", "missing: company."]),
        ("ja", ["ハヤセリア株式会社", "パートナー", "Tier 4", "未判定", "不足項目: company."]),
    ],
)
def test_the_demo_shows_the_market_and_one_answer_in_full(
    lang: Lang, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Segments, tiers, an undecided row and what to ask for, in either language."""
    cli.demo(lang=lang)

    printed = capsys.readouterr().out
    assert [words for words in shown if words not in printed] == []


def test_a_market_without_open_questions_ends_after_the_tables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where every tier is settled there is no answer to explain."""
    cli.demo(companies=1)

    assert "missing" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
def test_the_command_is_installed_under_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`mpfunnel demo` is what the README runs."""
    monkeypatch.setattr(sys, "argv", ["mpfunnel", "demo", "--companies", "5"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code in (0, None)
    assert "Companies by segment" in capsys.readouterr().out


def test_without_its_extra_the_command_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The base install is light; the error names the extra."""
    monkeypatch.setitem(sys.modules, "rich.console", None)
    try:
        with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[cli\]'"):
            importlib.reload(cli)
    finally:
        monkeypatch.undo()
        importlib.reload(cli)
