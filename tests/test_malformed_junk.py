"""Junk, and files made to be slow: whatever comes in is read or refused, and soon."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

import copy
import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, fields

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.codec import from_data, load, to_data
from mpfunnel.errors import InvalidDataError, MpfunnelError
from mpfunnel.facts import company
from mpfunnel.records import Company, CompanyChange, CompanyHistory, Lead
from mpfunnel.rules.conditions import AnyOf
from mpfunnel.rules.tables import Band, Rule, Scorecard, ScoreItem
from mpfunnel.tiers import Tier, TierTable
from tests.cli import run
from tests.malformed import (
    AT,
    BOOK,
    DATA,
    DAY,
    HUGE,
    TOML,
    Number,
    TwoLines,
    Unwritable,
    Word,
    check_grammar,
    nested,
    nots,
    tiers,
)

SECONDS: Final = 180
"""Within these every input is answered, also on a slow machine that traces lines: most take
milliseconds, and two thousand of them about ten seconds."""


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """Whatever hangs is stopped, where the system can."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"took more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# What could take long is loaded by a process that can be stopped.
LOAD: Final = """\
import json, sys
from mpfunnel.codec import load
from mpfunnel.errors import InvalidDataError
try:
    load(sys.argv[1])
except InvalidDataError as error:
    print(json.dumps([f"{problem.code} | {problem}" for problem in error.problems]))
"""
UNKNOWN: Final = "unknown-key | slow.{}: a: no such key; known are format, name, lang, zone, currency, tier_review_dates, attributes, products, segments, tiers, engagement, funnel, synergy, plays, cases"
LONG: Final = [
    "".join(random.Random(seed).sample([chr(0x3400 + code) for code in range(1_000)], 1_000))
    for seed in range(301)
]
"""Long names of the same letters, each in another order."""
SLOW: Final[dict[str, tuple[str, str, str]]] = {
    "one key of 20,000 dots": (
        "toml", ".".join("a" * 20_000) + " = 1", "depth | slow.toml: has a key with more than 8 dots",
    ),
    "one header of 20,000 dots": (
        "toml", f"[{' . '.join('a' * 20_000)}]", "depth | slow.toml: has a key with more than 8 dots",
    ),
    "40,000 keys of 8 dots": (
        "toml", "\n".join(f"a.a.a.a.a.a.a.a.k{n} = 1" for n in range(40_000)), UNKNOWN.format("toml"),
    ),
    "40,000 keys in one line": (
        "toml", f"a = {{{','.join(f'b.c.d.k{n} = 1' for n in range(40_000))}}}", UNKNOWN.format("toml"),
    ),
    "100,000 brackets": ("toml", "a = " + "[" * 100_000, "depth | slow.toml: nests deeper than 80"),
    "100,000 tables": ("json", '{"a":' * 100_000, "depth | slow.json: nests deeper than 80"),
    "a list of 300,000": ("toml", f"a = [{'1,' * 300_000}]", "size | slow.toml: holds more than 100,000 values"),
    "300,000 comments in a list": ("toml", "a = [" + "#\n" * 300_000 + "]", UNKNOWN.format("toml")),
    "990,000 escapes": ("toml", 'a = "' + "\\n" * 990_000 + '"', UNKNOWN.format("toml")),
    "quotes without end": (
        "toml", 'a = """' + '""\n' * 600_000, "",
    ),
    "2,000,000 digits": (
        "toml", "a = " + "1" * 2_000_000, "syntax | slow.toml: is not TOML: a number is written with more than 64 characters",
    ),
    "1,900,000 hexadecimal digits": ("toml", "a = 0x" + "f" * 1_900_000, "range | slow.toml: a: must fit in 64 bits"),
    "2,000,000 digits in JSON": ("json", '{"a":' + "1" * 2_000_000 + "}", "range | slow.json: a: must fit in 64 bits"),
    "the last of 45,000 keys twice": (
        "json",
        "{" + ",".join(f'"k{min(n, 44_998)}": 1' for n in range(45_000)) + "}",
        "syntax | slow.json: is not JSON: the key 'k44998' stands there twice",
    ),
    "20,000 signals": (
        "toml",
        TOML.replace("signals = [", "signals = [" + ",".join(f"{{kind = 'k{n}'}}" for n in range(20_000)) + ",", 1),
        "size | slow.toml: engagement.*.signals: has more than 1,000 of them",
    ),
    "100,000 rules": ("toml", TOML + "[[funnel.rules]]\n" * 100_000, "size | slow.toml: holds more than 100,000 values"),
    "30,000 rules": (
        "toml", TOML + "[[funnel.rules]]\n" * 30_000, "more | slow.toml: has more; these are the first 200",
    ),
    "long names that are much alike": (
        "toml",
        TOML.replace('ladder = ["none"', f'ladder = {json.dumps(LONG[:300], ensure_ascii=False)[:-1]}, "none"', 1)
        + "".join(f'[[funnel.rules]]\nstage = "known"\nwhen = {{ "product.interest" = "{LONG[300]}{n}" }}\n' for n in range(150)),
        "",
    ),
}  # fmt: skip
"""Ending and content of a file that was made to be slow, and its first or last problem."""


@pytest.mark.parametrize(("ending", "content", "said"), [*SLOW.values()], ids=[*SLOW])
def test_what_was_made_to_be_slow_is_answered(
    ending: str, content: str, said: str, tmp_path: Path
) -> None:
    """No file makes the parsers, the checks or the search for the nearest name hang."""
    path = tmp_path / f"slow.{ending}"
    path.write_text(content, encoding="utf-8", newline="")
    command = [sys.executable, "-c", LOAD, str(path)]
    ran = subprocess.run(
        command, capture_output=True, check=False, timeout=SECONDS, encoding="utf-8", cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    problems = json.loads(ran.stdout)
    assert not said or said.replace("{}", ending) in (problems[0], problems[-1])


def test_100_000_rules_compile() -> None:
    """A table of 100,000 rules is no fault: it is built, compiled and asked."""
    rules = [Rule(Tier(1 + n % 9), company.employees == n) for n in range(100_000)]
    decide = TierTable(rules, Tier(9)).compile()
    assert decide(Company(1, employees=99_999)).rule == "rule-100000"


@pytest.mark.parametrize("depth", [31, 32])
def test_a_condition_may_nest_32_deep(depth: int) -> None:
    """One level less than what is refused is built, compiled, asked and written to a file."""
    book = tiers(nots(depth))
    decision = mf.Engine(book).tier_for(Company(1, employees=4), "crm", as_of=DAY)
    assert decision.value == Tier(1 if depth % 2 else 2)
    assert from_data(to_data(book)) == book


ODD_NAMES: Final = (
    "class", "None", "__class__", "__import__('os').abort()", "KNOWN", "cell", "rows", "fill", "self",
    "two\nlines", "a'b\"c", "\\", "\0", "{x}", "%s", "日本", "ﬁ", "fi", "caf\u00e9", "cafe\u0301",
    "\u200b", "x" * 5_000, "a.b", " a ", "company", "fact__0", "read__x",
)  # fmt: skip


def test_an_attribute_may_have_any_name() -> None:
    """Names that would break generated source, and names that only look the same, are kept apart.

    Each attribute is asked about as a number, as a yes or no and as a text.
    """
    asked = [
        term
        for name in ODD_NAMES
        for term in (
            company.attribute(name, int) >= 5,
            company.flag(f"{name}?").is_true(),
            company.attribute(f"{name}!", str) == "x",
        )
    ]
    book = tiers(AnyOf(asked))
    again = from_data(to_data(book))
    assert again == book
    for engine in (mf.Engine(book), mf.Engine(again)):
        for name in ODD_NAMES:
            for attributes in ({name: 5}, {f"{name}?": True}, {f"{name}!": "x"}):
                known: Any = {f"{other}!": "y" for other in ODD_NAMES} | attributes
                answer = engine.tier_for(Company(1, attributes=known), "crm", as_of=DAY)
                assert answer.value == Tier(1), (name, attributes)


@pytest.mark.parametrize("raw", ["\ufeff" + TOML, TOML.replace("\n", "\r\n")], ids=["BOM", "CRLF"])
def test_a_mark_and_other_line_ends_are_no_fault(raw: str, tmp_path: Path) -> None:
    """Windows writes byte order marks and two letters a line end: the playbook is the same."""
    path = tmp_path / "book.toml"
    path.write_text(raw, encoding="utf-8", newline="")
    assert load(path) == BOOK


# -- the command line: one line per problem, no traceback --


def broken(folder: Path, name: str, content: str) -> Path:
    """A file of this content."""
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


CHECKED: Final[dict[str, tuple[str, str, int]]] = {
    "an empty file": ("book.toml", "", 5),
    "no JSON": ("book.json", "{", 1),
    "too deep": ("book.toml", "a = " + "[" * 1_000, 1),
    "unknown names": ("book.toml", TOML.replace("employees =", '"employ\u0435es" ='), 6),
    "a key of two lines": ("book.toml", TOML + '\n[funnel.more]\n"two\\nLines" = 1\n', 1),
    "a file of two lines": ("two\nlines.toml", "a = ", 1),
    "a zone that does not exist": ("book.toml", TOML.replace("Asia/Tokyo", "Asia/Tokio"), 1),
    "300 empty rules": ("book.toml", TOML + "[[funnel.rules]]\n" * 300, 201),
}
"""Name and content of a playbook, and how many problems it has."""


@pytest.mark.parametrize(("name", "content", "count"), [*CHECKED.values()], ids=[*CHECKED])
def test_check_writes_one_line_per_problem(
    name: str, content: str, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`mpfunnel check` ends with 1 and writes each problem in a line on stderr, nothing else."""
    path = broken(tmp_path, name, content)
    with pytest.raises(InvalidDataError) as caught:
        load(path)
    ran = run(capsys, "check", path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [str(problem) for problem in caught.value.problems]
    assert len(ran.err.splitlines()) == count


ASSESSED: Final[dict[str, tuple[str, str, str, list[str]]]] = {
    "a mapping with two faults": (
        TOML,
        '[files]\nt = "../t.csv"\n[companies]\nfile = "t"\nfields = { id = "id", nmae = "n" }\n',
        "id\n1\n",
        [
            "map.toml: files.t: '../t.csv': must lie within the folder that is read",
            "map.toml: companies.fields.nmae: no such key; did you mean 'name'?",
        ],
    ),
    "a file without the column": (
        TOML,
        '[files]\nt = "t.csv"\n[companies]\nfile = "t"\nfields = { id = "id" }\n',
        "\u0456d\n1\n",
        [
            "map.toml: companies.fields.id: t.csv has no column 'id'; did you mean '\u0456d'? its letter 1 is CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I (U+0456)"
        ],
    ),
    "a playbook that contradicts itself": (
        TOML.replace("Asia/Tokyo", "Asia/Tokio"),
        "",
        "",
        ["book.toml: zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?"],
    ),
}
"""A playbook, a mapping and a file, and what is wrong with them."""


@pytest.mark.parametrize(("book", "how", "rows", "said"), [*ASSESSED.values()], ids=[*ASSESSED])
def test_assess_writes_one_line_per_problem(
    book: str, how: str, rows: str, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """`mpfunnel assess` ends with 1, says what is wrong on stderr, and writes no answers."""
    broken(tmp_path, "t.csv", rows)
    ran = run(
        capsys,
        "assess", "-p", broken(tmp_path, "book.toml", book), "-s", broken(tmp_path, "map.toml", how),
        "--as-of", DAY, "--out", tmp_path / "out", tmp_path,
    )  # fmt: skip
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == said
    assert [*(tmp_path / "out").glob("*")] == []


# -- junk: whatever is done to a sound file, it is read or refused --

ROUNDS: Final = (150, pytest.param(500, marks=pytest.mark.bulk))
JUNK: Final = (
    "", "\0", "\ufeff", "\r", "\n", "\t", '"', "'", '"""', "[", "]", "[[", "{", "}", "=", ".", ",", "#",
    "-", "*", "\\", "\\u0000", "\\ud800", "e\u0301", "\u200b", "\u0430", "３", "😀", "1e999", "-0", "nan",
    "inf", "0x", "9" * 30, "1_0", "true", "2026-02-29", "2026-01-01T00:00:00", "07:32:00", "null",
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 2**63, HUGE, 0.5, float("nan"), Decimal("sNaN"), Decimal("1e999"), "", " ", "x", "*",
    "\ud800", "two\nlines", "company.employees", [], [[]], {}, {"": {}}, {"not": {}}, {1: 2}, (), DAY, AT,
    Word.A, Number.ONE, TwoLines(), Unwritable(), b"x",
)  # fmt: skip


def mutated_text(text: str, dice: random.Random) -> str:
    """The text with one to three things done to it: cut, doubled, moved, or junk put in."""
    for _ in range(dice.randint(1, 3)):
        lines = text.split("\n")
        at = dice.randrange(len(lines))
        spot = dice.randrange(len(text) + 1)
        match dice.randrange(7):
            case 0:
                del lines[at]
                text = "\n".join(lines)
            case 1:
                lines.insert(dice.randrange(len(lines)), lines[at])
                text = "\n".join(lines)
            case 2:
                head, equals, _ = lines[at].partition("=")
                lines[at] = f"{head}{equals}{dice.choice(JUNK)}"
                text = "\n".join(lines)
            case 3:
                text = text[:spot]
            case 4:
                text = text[:spot] + text[spot + dice.randint(1, 20) :]
            case _:
                text = text[:spot] + dice.choice(JUNK) + text[spot:]
    return text


def mutated_data(data: Any, dice: random.Random) -> Any:
    """A copy of plain data with one to three of its parts deleted, doubled or replaced by junk."""
    data = copy.deepcopy(data)
    for _ in range(dice.randint(1, 3)):
        at = data
        while True:
            parts = at.values() if isinstance(at, dict) else at
            inner = [one for one in parts if one and isinstance(one, dict | list)]
            if not inner or dice.random() < 0.2:
                break
            at = dice.choice(inner)
        key: Any = dice.choice([*at]) if isinstance(at, dict) else dice.randrange(len(at))
        match dice.randrange(4):
            case 0:
                del at[key]
            case 1:
                at[key] = dice.choice(VALUES)
            case 2 if isinstance(at, dict):
                at[
                    dice.choice(("", "x", "\u0430", "two\nlines", "\ud800", 1, HUGE, "not", "*"))
                ] = at.pop(key)
            case _:
                other = dice.choice([*at]) if isinstance(at, dict) else dice.randrange(len(at))
                at[other] = copy.deepcopy(at[key])
        if not data:
            break
    return data


def read_or_refused(make: Callable[[], object], case: object) -> bool:
    """Whether `make` works; where it does not, it is refused in the house grammar."""
    try:
        make()
    except MpfunnelError as error:
        try:
            check_grammar(error)
        except AssertionError as fault:
            raise AssertionError(f"{case}: {fault}") from error
        return False
    except Exception as error:
        raise AssertionError(f"{case}: {error!r}") from error
    return True


def mapping_text(name: str) -> str:
    """The text of a shipped mapping."""
    return (files("mpfunnel.sources") / "mappings" / f"{name}.toml").read_text(encoding="utf-8")


JSON: Final = json.dumps(DATA, default=str, indent=1)
TEXTS: Final[dict[str, tuple[str, Callable[[Path], object], str]]] = {
    "playbook.toml": (TOML, load, "junk.toml"),
    "playbook.json": (JSON, load, "junk.json"),
    **{
        f"{name}.toml": (mapping_text(name), sources.load, "junk.toml")
        for name in sources.shipped()
    },
}


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("name", TEXTS)
def test_whatever_is_typed_into_a_file(name: str, rounds: int, tmp_path: Path) -> None:
    """A file in which lines are cut, doubled, moved or filled with junk is read or refused."""
    text, read, file_name = TEXTS[name]
    path = tmp_path / file_name
    sound = 0
    for number in range(rounds):
        case = f"{name} {number}"
        path.write_bytes(mutated_text(text, random.Random(case)).encode())
        sound += read_or_refused(partial(read, path), case)
    # Neither all sound nor all lost: else nothing much is tried.
    assert rounds // 50 < sound < rounds // 2


PLAIN: Final[dict[str, tuple[Any, Callable[[Any], object]]]] = {
    "playbook": (DATA, from_data),
    **{name: (sources.load(name).to_data(), sources.load) for name in sources.shipped()},
}


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("name", PLAIN)
def test_whatever_is_put_into_plain_data(name: str, rounds: int) -> None:
    """Plain data whose parts are deleted, doubled or replaced by anything is read or refused."""
    data, read = PLAIN[name]
    sound = 0
    for number in range(rounds):
        case = f"{name} {number}"
        sound += read_or_refused(partial(read, mutated_data(data, random.Random(case))), case)
    assert rounds // 50 < sound < rounds // 2


SOUND: Final = (
    Company(1), Lead(1), mf.Product("crm"), mf.Activity(1, 1, "click", AT), mf.Deal(1, 1, AT),
    mf.DealLine("crm"), mf.Contract(1, "crm", DAY), mf.SalesEvent(1, "accepted", AT),
    mf.Consent("email", True, AT), CompanyChange(DAY, "employees", 3), CompanyHistory(Company(1)),
    mf.Account(), mf.Label("x"), Tier(1), BOOK.segments.rules[0].outcome, BOOK.funnel.ladder[0],
    BOOK.engagement["crm"].ladder[0], BOOK.engagement["crm"].signals[0], BOOK.engagement["crm"],
    BOOK.engagement["crm"].interest, BOOK.funnel, BOOK.segments, BOOK.segments.rules[0], BOOK,
    ScoreItem(3, company.employees > 3), Scorecard([], [Band(3, "a")], "b"), Band(3, "a"),
)  # fmt: skip
ARGUMENTS: Final = (
    *VALUES, nested(100_000), {HUGE}, object(), int, 1e999, -0.0, 1j, "x" * 100_000, frozenset({1}),
    datetime.max.replace(tzinfo=UTC), AT.replace(tzinfo=None), date.max, {"x": nested(1_000)}, [None], ["a"],
    ({},), company.employees, mf.Label("x"), Tier(1), BOOK,
)  # fmt: skip


@pytest.mark.parametrize("sound", SOUND, ids=lambda one: type(one).__name__)
def test_whatever_is_put_into_a_field(sound: Any) -> None:
    """Every field of every record, rule, table and model takes a value or refuses it.

    Only what should be a condition and is none is a `TypeError`, as in other libraries with
    operators.
    """
    for one in fields(type(sound)):
        for value in ARGUMENTS if one.init and one.name != "when" else ():
            make = partial(evolve, sound, **{one.alias or one.name: value})
            read_or_refused(make, f"{one.name} = {type(value).__name__}")
