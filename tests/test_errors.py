"""Errors: what they carry, how they print, and that they survive a pickle."""

from __future__ import annotations

import pickle

import pytest

from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    MissingExtraError,
    MpfunnelError,
    PlaybookError,
    PolicyError,
    Problem,
    UnknownNameError,
    did_you_mean,
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
