"""Errors: what they carry, how they print, and that they survive a pickle."""

from __future__ import annotations

import pickle
import time

import pytest

from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    MissingExtraError,
    MpfunnelError,
    PlaybookError,
    PolicyError,
    Problem,
    TransitionError,
    UnknownNameError,
    did_you_mean,
    misfit,
    misfits,
    near,
    not_a_key,
    series,
    shown,
    twice,
)
from mpfunnel.facts import company
from mpfunnel.records import Company
from mpfunnel.tiers import Tier

FIRST = Problem("type", "deal.id", "must be text")
SECOND = Problem("blank", "", "is blank")


@pytest.mark.parametrize(
    ("path", "seen"),
    [("", "tiers"), ("when", "tiers.when"), ("[2].when", "tiers[2].when")],
)
def test_a_problem_is_put_under_a_prefix(path: str, seen: str) -> None:
    """A path goes behind its prefix with a dot, except where it is empty or starts at an index."""
    assert Problem("c", path, "m").under("tiers") == Problem("c", seen, "m")


def test_a_problem_prints_as_its_path_and_message() -> None:
    """A problem reads `path: message`, and only `message` where it has no path."""
    assert str(FIRST) == "deal.id: must be text"
    assert str(SECOND) == "is blank"


def test_problems_have_an_order() -> None:
    """Problems sort by code, then path, then message."""
    assert sorted([FIRST, SECOND]) == [SECOND, FIRST]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("a\nb", "a\\nb"),
        ("a\u2028b\u200b", "a\\u2028b\\u200b"),
        ("half \udc80", "half \\udc80"),
        ("株式会社", "株式会社"),
    ],
)
def test_a_problem_is_one_line_that_can_be_written(given: str, line: str) -> None:
    """What cannot be printed stands as an escape, so that every problem is one line of UTF-8."""
    problem = Problem("c", given, given)
    assert (problem.path, problem.message) == (line, line)
    assert str(problem).encode().decode() == f"{line}: {line}"
    assert problem.under(given).path == f"{line}.{line}"


@pytest.mark.parametrize("kind", [InvalidDataError, DecodeError, PlaybookError])
def test_an_error_lists_every_problem_and_pickles(kind: type[InvalidDataError]) -> None:
    """An error prints one line per problem, in order, and a pickle keeps type and problems."""
    error = kind(iter([FIRST, SECOND]))
    assert str(error) == "deal.id: must be text\nis blank"
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy.problems == (FIRST, SECOND)
    assert str(copy) == str(error)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (InvalidDataError, ValueError),
        (UnknownNameError, LookupError),
        (PolicyError, RuntimeError),
        (MissingExtraError, ImportError),
        (TransitionError, ValueError),
    ],
)
def test_an_error_is_also_the_builtin_that_people_catch(
    kind: type[Exception], builtin: type[Exception]
) -> None:
    """Every error is an `MpfunnelError` and the builtin error of its sort."""
    assert issubclass(kind, MpfunnelError)
    assert issubclass(kind, builtin)


@pytest.mark.parametrize("kind", [UnknownNameError, PolicyError, MissingExtraError])
def test_an_error_with_a_message_pickles(kind: type[Exception]) -> None:
    """A pickle keeps the type and the message of an error that carries no problems."""
    copy = pickle.loads(pickle.dumps(kind("no such product 'crn'")))
    assert type(copy) is kind
    assert str(copy) == "no such product 'crn'"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("employes", "; did you mean 'employees'?"),
        ("EMPLOYEES", "; did you mean 'employees'?"),
        ("revenu", "; did you mean 'Revenue'?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_proposed(name: str, hint: str) -> None:
    """The nearest known name is proposed as it is written, whatever the case; none where far."""
    assert did_you_mean(name, ["region", "employees", "Revenue"]) == hint


def test_the_proposal_does_not_depend_on_the_order_of_the_names() -> None:
    """Of names that differ in case only, the same one is proposed in whatever order they come."""
    assert did_you_mean("crm", ["crm", "CRM"]) == "; did you mean 'CRM'?"
    assert did_you_mean("crm", ["CRM", "crm"]) == "; did you mean 'CRM'?"


def test_nothing_is_proposed_where_nothing_is_known() -> None:
    """Without known names there is no proposal."""
    assert did_you_mean("crm", []) == ""


def test_a_huge_integer_never_breaks_the_message_that_refuses_it() -> None:
    """Python refuses to write out thousands of digits; the fault is named all the same."""
    huge = 10**5_000

    with pytest.raises(InvalidDataError, match=r"name: must be text, not int of 16610 bits"):
        Company(1, name=huge)  # type: ignore[arg-type]
    with pytest.raises(InvalidDataError, match=r"tier\.number: must be an integer from 1 to 9"):
        Tier(huge)
    with pytest.raises(InvalidDataError, match=r"company\.industry: must be text, not int of"):
        company.industry.is_in(huge)  # type: ignore[arg-type]


def test_long_names_have_no_nearest() -> None:
    """The nearest of long names is not looked for: it would take minutes where there are many."""
    assert did_you_mean("k" * 99, ["k" * 100]) == f"; did you mean '{'k' * 100}'?"
    assert did_you_mean("k" * 101, ["k" * 100]) == ""
    assert did_you_mean("k" * 100, ["k" * 101]) == ""
    start = time.perf_counter()
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    assert did_you_mean(letters, [letters[at:] + letters[:at] for at in range(900)]) == ""
    assert time.perf_counter() - start < 1


def test_many_names_have_no_nearest() -> None:
    """Among more than a thousand names the nearest is not looked for."""
    names = [f"name_{number}" for number in range(1_001)]
    assert did_you_mean("name", names[:-1]) == "; did you mean 'name_9'?"
    assert did_you_mean("name", names) == ""


def test_what_is_no_text_has_no_nearest() -> None:
    """A name that is no text at all is near to nothing."""
    assert did_you_mean(3, ["3"]) == ""
    assert near(3, [33]) == "; did you mean '33'?"


def test_a_proposal_is_one_line() -> None:
    """A known name with a line break is proposed on one line."""
    assert did_you_mean("ab\ncd", ["abc\ncd"]) == "; did you mean 'abc\\ncd'?"


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        ("crm", "crm"),
        ("a\nb", "a\\nb"),
        ("k" * 99, "k" * 60),
        (3, "3"),
        pytest.param(10**5_000, "of 16610 bits", id="huge"),
    ],
)
def test_a_key_stands_in_a_path_whatever_it_is(key: object, seen: str) -> None:
    """A path shows a key on one line of at most 60 letters."""
    assert shown(key) == seen


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (3, str, "must be text, not int 3"),
        ("false", bool, "must be true or false, not str 'false'"),
        (None, Tier, "must be a Tier, not NoneType None"),
        ("x", InvalidDataError, "must be an InvalidDataError, not str 'x'"),
    ],
)
def test_a_value_of_another_type_is_named(value: object, kind: type, message: str) -> None:
    """The message says what is wanted, and what was given."""
    assert misfit("at", value, kind) == [Problem("type", "at", message)]
    assert misfit("at", value, type(value)) == []


def test_members_of_another_type_are_all_named() -> None:
    """Each one is a problem of its own, at its place; what is no list is one problem."""
    assert misfits("names", ["a", 3, "b", None], str) == [
        Problem("type", "names[1]", "must be text, not int"),
        Problem("type", "names[3]", "must be text, not NoneType"),
    ]
    assert misfits("names", "ab", str) == [Problem("type", "names", "must be a list, not str 'ab'")]
    assert misfits("names", (), str) == []


def test_any_collection_is_a_series_but_a_text() -> None:
    """The letters of a text are never what was meant; what cannot be listed stays to be named."""
    assert series(iter([1, 2])) == (1, 2)
    given: tuple[object, ...] = ("ab", None, 3)
    assert tuple(map(series, given)) == given  # type: ignore[arg-type]


def test_a_key_is_a_text_that_is_not_blank() -> None:
    """Both faults are told apart."""
    assert [not_a_key("k", key) for key in ("a", "\u3000", 3)] == [
        [],
        [Problem("blank", "k", "must not be blank")],
        [Problem("type", "k", "must be text, not int 3")],
    ]


def test_each_key_that_stands_twice_is_named_once() -> None:
    """However often, and in the order of the keys."""
    assert [problem.message for problem in twice("at", ["b", "a", "b", "b", "a", "c"])] == [
        "'a' stands there twice",
        "'b' stands there twice",
    ]
