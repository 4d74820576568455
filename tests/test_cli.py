"""The command line, run as a person runs it: demo, check, explain, errors."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import cli
from mpfunnel.cli import commands
from mpfunnel.cli.terminal import printable
from mpfunnel.examples import STORY_DAY, generate, write_csv
from mpfunnel.facts import company, product
from mpfunnel.rules.tables import Rule
from tests.cli import INVENTED, Ran, run

SCRIPT = Path(sys.executable).with_name("mpfunnel")


# -- demo --


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        (
            "en",
            [
                "Hayaseria, Inc. · 2026-10-31",
                "Companies by segment",
                "Tier × product (companies)",
                "White space (companies)",
                "not eligible",
                "Funnel (leads by stage)",
                "Engagement by product (leads)",
                "株式会社凪峰製作所",
                "for Marketing ",
                "existing customer",
                "Tier 1 · owned",
                "Why: ",
                "yes employees at least 300 people (2,400 people)",
                "undecided: Tier 1 or Tier 2 or Tier 3 → ask for: employees",
            ],
        ),
        (
            "ja",
            [
                "ハヤセリア株式会社 · 2026-10-31",
                "全社共通セグメント別の企業",
                "Tier × 商材（企業数）",
                "ホワイトスペース（企業数）",
                "提案対象外",
                "全社共通ファネル（リード数）",
                "商材ごとのエンゲージメント（リード数）",
                "重点フォロー",
                "既存顧客",
                "Tier 1 · 導入済み",
                "○ 従業員数 300人以上 (2,400人)",
                "未判定: Tier 1・Tier 2・Tier 3 → 確認する項目: 従業員数",
            ],
        ),
    ],
)
@pytest.mark.parametrize("width", [80, 100])
def test_the_demo_shows_the_four_answers_in_either_language(
    lang: str,
    shown: list[str],
    width: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five summaries, one company as a filled 2×2, one why, and one undecided answer."""
    monkeypatch.setenv("COLUMNS", str(width))

    ran = run(capsys, "demo", "--lang", lang)

    assert (ran.code, ran.err) == (0, "")
    assert [words for words in shown if words not in ran.out] == []


def test_every_summary_of_the_demo_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Law 7: nothing is lost: undecided and none have their rows, so that each column is whole."""
    ran = run(capsys, "demo", "--companies", 60)
    lines = [line.split() for line in ran.out.split("\n")]

    def sums(title: str, columns: int) -> list[int]:
        start = next(i for i, line in enumerate(lines) if line[:1] == [title])
        total, taken = [0] * columns, False
        for line in lines[start + 1 :]:
            numbers = [int(cell) for cell in line if cell.isdecimal()]
            if line[:1] == ["Tier"]:
                numbers = numbers[1:]
            if len(numbers) == columns:
                taken = True
                total = [a + b for a, b in zip(total, numbers, strict=True)]
            if taken and line[:1] == ["undecided"]:
                break
        return total

    leads = len(generate(60, as_of=STORY_DAY).leads)
    assert sums("Companies", 2) == [60, leads]
    assert sums("Tier", 4) == [60] * 4
    assert sums("White", 4) == [60] * 4
    assert sums("Funnel", 1) == [leads]
    assert sums("Engagement", 4) == [leads] * 4


def test_the_demo_of_an_empty_market_says_that_there_is_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No table of zeros, and the story is told all the same."""
    ran = run(capsys, "demo", "--companies", 0)

    assert ran.code == 0
    assert "no companies: no tiers and no white space" in ran.out
    assert "no leads: no funnel and no engagement" in ran.out
    assert "ask for: employees" in ran.out


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_progress_is_shown_on_a_terminal_and_only_there() -> None:
    """It goes to stderr, so that stdout can be kept."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"}
    command = [str(SCRIPT), "demo", "--companies", "5"]
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=theirs, env=environment
    )
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
    assert b"assessing" in shown
    assert b"assessing" not in done.stdout
    quiet = subprocess.run(command, check=False, capture_output=True, env=environment)
    assert quiet.stderr == b""


# -- check --


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["maven"], ["ok: maven", "products: 7 (GTX Basic, GTX Pro, "]),
        (["invented", "--lang", "en"], ["ok: invented", "products: 4 (crm, sfa, ma, bi)"]),
        (["invented"], ["問題なし: invented", "商材: 4 (crm, sfa, ma, bi)", "セグメント "]),
    ],
)
def test_a_sound_playbook_is_said_to_be_so(
    arguments: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With its version, its products and the number of its rules, all tables together."""
    ran = run(capsys, "check", *arguments)

    assert (ran.code, ran.err) == (0, "")
    assert [words for words in shown if words not in ran.out] == []
    total, *parts = (
        int(word.strip("(),"))
        for word in ran.out.split("\n")[3].split()
        if word.strip("(),").isdecimal()
    )
    assert total == sum(parts) > 10


def test_a_level_that_nobody_can_reach_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cap in all below what a level asks for is sound, and hardly meant: it is told, once."""
    book = mf.starter(["crm", "ma"], lang="en")
    path = tmp_path / "playbook.toml"
    model = book.engagement["crm"]
    high = Rule(model.ladder[-1], product.score >= 30, key="high")
    capped = evolve(model, cap=20, interest=evolve(model.interest, rules=[high]))
    mf.dump(evolve(book, engagement=capped), path)

    ran = run(capsys, "check", path)

    assert ran.code == 0
    notes = [line for line in ran.out.splitlines() if line.startswith("note: ")]
    at = "engagement.crm.interest.rules[0].when.product.score"
    assert notes == [
        f"note: playbook.toml: {at}: never holds: a score is at most 20, its cap in all"
    ]


def test_items_and_limits_are_rules_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every condition of a Tier counts once, however many products share the policy."""
    large = mf.ScoreItem(3, company.employees >= 300)
    card = mf.TierScorecard([large, large], [mf.Band(3, mf.Tier(1))], mf.Tier(3))
    limit = mf.TierLimit(best=mf.Tier(2), when=company.corporate_number.is_missing())
    tiers: dict[str, mf.TierPolicy] = {"crm": card, "*": mf.TierLimits(card, [limit])}
    path = tmp_path / "playbook.toml"
    mf.dump(evolve(mf.starter(["crm", "ma", "sfa"], lang="en"), tiers=tiers), path)

    ran = run(capsys, "check", path)

    assert ran.code == 0
    assert ", tier 5, " in ran.out


def test_every_problem_of_a_playbook_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with its path, and the command ends with 1."""
    path = tmp_path / "playbook.toml"
    path.write_text('format = 1\nlang = "fr"\n[products]\n[tiers]\nx = 1\n', encoding="utf-8")

    ran = run(capsys, "check", path)

    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) > 3
    assert all(line.startswith("playbook.toml: ") for line in ran.err.splitlines())


# -- explain --


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a small market of the invented firm."""
    folder = tmp_path_factory.mktemp("export")
    write_csv(generate(40, as_of=STORY_DAY), folder)
    return folder


def explained(capsys: pytest.CaptureFixture[str], export: Path, *arguments: object) -> Ran:
    """Explain an answer about the invented market."""
    options = ("--playbook", "invented", "--source", INVENTED, "--as-of", STORY_DAY)
    return run(capsys, "explain", *arguments, export, *options)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (("segment", "7"), ["7 · 2026-10-31 · プレイブック ", "× own_group → 自社・グループ"]),
        (("tier", "7", "crm"), ["7 × CRMクラウド · ", "not-a-target → Tier 4"]),
        (("white-space", "7", "crm"), ["7 × CRMクラウド · ", "excluded → 提案対象外"]),
        (("offer", "7", "crm"), ["7 × CRMクラウド · ", "renewal → "]),
    ],
)
def test_an_answer_about_a_company_is_explained(
    question: tuple[str, ...],
    wanted: list[str],
    export: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its id is typed as text and found among integers; the playbook's language is the default."""
    ran = explained(capsys, export, *question)

    assert (ran.code, ran.err) == (0, "")
    assert [words for words in wanted if words not in ran.out] == []


@pytest.mark.parametrize("question", ["stage", "engagement"])
def test_an_answer_about_a_lead_is_explained(
    question: str, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a lead the id is enough: its company is found."""
    lead = generate(40, as_of=STORY_DAY).leads[0].id
    product = ["ma"] if question == "engagement" else []

    ran = explained(capsys, export, question, lead, *product, "--lang", "en")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{lead} ")
    assert " → disqualified" in ran.out or "engagement score: " in ran.out


@pytest.mark.parametrize("product", [(), ("--product", "ma")])
def test_what_to_do_next_with_a_lead_is_explained(
    product: tuple[str, ...], export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """About one product, or about the whole firm."""
    about = (one for one in generate(40, as_of=STORY_DAY).activities if "ma" in one.product_ids)
    lead = next(about).lead_id

    ran = explained(capsys, export, "play", lead, *product, "--lang", "en")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{lead} × Marketing Automation · " if product else f"{lead} · ")
    assert " → " in ran.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("segment", "4O"), "'4O': no such company; did you mean '4'?"),
        (("tier", "7", "crn"), "'crn': no such product; did you mean 'crm'?"),
        (("tier", "7", "x"), "'x': no such product; known are crm, sfa, ma, bi"),
        (("stage", "nobody@example.com"), "'n…@….com': no such lead"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_nearest_name(
    arguments: tuple[str, ...], line: str, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or with all names where they are few; a mail address is never printed in full."""
    ran = explained(capsys, export, *arguments)

    assert (ran.code, ran.out, ran.err) == (1, "", f"{line}\n")


# -- errors --


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nope"], 'unknown command "nope". Available commands: '),
        (["demo", "--companies", "x"], 'invalid value for --companies: unable to convert "x"'),
        (["demo", "--lang", "fr"], 'invalid value "fr" for --lang. Choose from: "en", "ja"'),
        (["assess"], 'command "assess" parameter --playbook requires an argument'),
        (["check"], 'command "check" parameter PLAYBOOK requires an argument'),
    ],
)
def test_wrong_use_is_one_line_and_ends_with_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In our grammar: lower case, no full stop."""
    ran = run(capsys, *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(line)
    assert ran.err.count("\n") == 1
    assert not ran.err.endswith(".\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "mavn"], "'mavn': no such playbook; did you mean 'maven'?"),
        (["check", "nope.toml"], "nope.toml: no such file"),
        (["demo", "--companies", "-1"], "companies: must be at least 0"),
    ],
)
def test_a_fault_of_the_input_is_one_line_and_ends_with_1(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was given, what is wrong with it, and what would have worked."""
    ran = run(capsys, *arguments)

    assert (ran.code, ran.out, ran.err) == (1, "", f"{line}\n")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 1, "no space left on device"),
        (PermissionError(13, "Permission denied", "a"), 1, "a: permission denied"),
        (IsADirectoryError(21, "Is a directory", "a.part", None, "a"), 1, "a: is a directory"),
        (OSError("it fell off"), 1, "it fell off"),
    ],
)
def test_what_the_system_refuses_is_one_line(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interrupt is no traceback either, and ends as shells expect it."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr(commands, "generate", fail)

    ran = run(capsys, "demo")

    assert (ran.code, ran.err) == (code, f"{line}\n")


def test_a_reader_who_has_seen_enough_ends_the_command_quietly(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`mpfunnel demo | head -1` ends with 141, as shells report a closed pipe."""
    with (tmp_path / "nothing").open("wb") as nothing:

        class Closed(io.StringIO):
            def write(self, _text: str, /) -> int:
                raise BrokenPipeError

            def fileno(self) -> int:
                return nothing.fileno()

        monkeypatch.setattr(sys, "stdout", Closed())
        code = cli.main(["demo", "--companies", "1"])

    assert code == 141
    assert capfd.readouterr().err == ""


def test_a_terminal_without_our_letters_is_no_reason_to_stop() -> None:
    """What it cannot show becomes a question mark."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [str(SCRIPT), "demo", "--companies", "3", "--lang", "ja"]

    done = subprocess.run(command, check=False, capture_output=True, env=environment)

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Tier 1" in done.stdout


def test_what_is_printed_cannot_steer_a_terminal() -> None:
    """Escapes, line ends and signs that turn the direction of writing are shown as one mark."""
    assert printable("a\x1b[31mb\nc\u202ed\u2028e　f") == "a�[31mb�c�d�e　f"


# -- the program --


def test_the_command_is_installed_under_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments of ours it takes those of the process."""
    monkeypatch.setattr(sys, "argv", ["mpfunnel", "--version"])

    assert cli.main() == 0
    assert capsys.readouterr().out == f"{version('mpfunnel')}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """It is what one gets who types no command."""
    for arguments in ([], ["--help"]):
        ran = run(capsys, *arguments)

        assert ran.code == 0
        assert [one for one in ("demo", "assess", "explain", "check") if one not in ran.out] == []


@pytest.mark.parametrize("missing", ["cyclopts", "rich.console"])
def test_without_its_extra_the_command_line_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The base install is light; one line names the extra."""
    ours: list[str] = [name for name in sys.modules if name.startswith("mpfunnel.cli.")]
    held: dict[str, Any] = {name.rpartition(".")[2]: sys.modules[name] for name in ours}
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    for name, module in held.items():
        # Put back afterwards: importing a module anew also rebinds it in its package.
        monkeypatch.setattr(cli, name, module, raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)

    ran = run(capsys, "demo")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "pip install 'mpfunnel[cli]'" in ran.err
