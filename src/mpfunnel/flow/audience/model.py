"""Audience: whom a motion is aimed at, as a condition over the four answers.

Upstream audiences are broad, downstream ones specific. A condition asks what rules about plays ask,
and is checked as theirs is: against the playbook whose products, segments and stages it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final, Literal, get_args

from attrs import evolve, field, frozen

from mpfunnel.errors import (
    InvalidDataError,
    PlaybookError,
    Problem,
    brief,
    did_you_mean,
    misfits,
    series,
)
from mpfunnel.labels import Keyed, Label
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Motion, Play, PlayRule, Plays
from mpfunnel.records import Id
from mpfunnel.rules.conditions import Condition, Leaf, as_condition, check_size, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.synergy.naming import fault_of_id

__all__ = ["IN", "OUT", "Audience", "Side", "Unit", "asked_by", "check_audiences", "unit_of"]

Unit = Literal["company", "lead"]

_OF_PEOPLE: Final = ("lead", "funnel", "contact", "pursuit")
_OF_COMPANIES: Final = frozenset(
    f"product.{key}" for key in ("tier", "owned", "open_deal", "sold", "position", "lifecycle")
)
"""What is known of a product without a person."""


@frozen
class Side(Keyed):
    """Whether somebody is in an audience."""

    called = "side"


IN: Final = Side("in", Label("in the audience", "オーディエンス内"))
OUT: Final = Side("out", Label("not in the audience", "オーディエンス外"))
_NOT_SO: Final = Label("does not hold as far as is known", "分かっている範囲では条件を満たさない")


def _about_people(fact: Fact) -> bool:
    return fact.given in _OF_PEOPLE or (fact.root == "product" and fact.name not in _OF_COMPANIES)


def _people_asked(when: Condition) -> Iterator[str]:
    """Yield the facts of people that a condition asks about."""
    for node in walk(when):
        if isinstance(node, Leaf) and _about_people(node.fact):
            yield node.fact.name


def unit_of(when: Condition) -> Unit:
    """Return whom a condition is about: companies, where it asks nothing of people, else leads."""
    return "lead" if any(_people_asked(when)) else "company"


def _unit(value: Unit | None) -> Any:
    # None until the condition is known to be sound; then it follows from it.
    return value


@frozen
class Audience(Keyed):
    """Whom a motion is aimed at (ターゲットオーディエンス).

    Attributes:
        key: A stable name.
        label: What people call it.
        product_id: The product; `None` for the whole firm.
        motion: ``"upstream"`` (上流: broad) or ``"downstream"`` (下流: specific).
        when: The condition; it may ask what rules about plays ask: of a product where there is
            one, and of the whole firm in any case.
        unit: Who its members are, ``"company"`` or ``"lead"``. Where it is `None`: companies, if
            the condition asks nothing of people, else leads.

    Raises:
        InvalidDataError: A value is of another kind, the condition is too large, or it asks about
            people where companies are members; all of it at once.
    """

    called = "audience"

    product_id: Id | None
    motion: Motion
    when: Condition = field(converter=as_condition)
    unit: Unit = field(default=None, converter=_unit)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        try:
            super().__attrs_post_init__()
        except InvalidDataError as error:
            problems += error.problems
        if self.product_id is not None:
            problems += fault_of_id("audience.product_id", self.product_id)
        if self.motion not in get_args(Motion):
            message = f"must be upstream or downstream, not {brief(self.motion)}"
            problems.append(Problem("choice", "audience.motion", message))
        size = check_size(self.when)
        problems += [one.under("audience.when") for one in size]
        if self.unit is None:  # pyright: ignore[reportUnnecessaryComparison]
            object.__setattr__(self, "unit", "lead" if size else unit_of(self.when))
        elif self.unit not in get_args(Unit):
            message = f"must be company or lead, not {brief(self.unit)}"
            problems.append(Problem("choice", "audience.unit", message))
        elif self.unit == "company" and not size:
            names = ", ".join(dict.fromkeys(_people_asked(self.when)))
            if names:
                message = f"must be lead: the condition asks {names}, which is about people"
                problems.append(Problem("scope", "audience.unit", message))
        if problems:
            raise InvalidDataError(problems)

    @cached_property
    def table(self) -> DecisionTable[Side]:
        """The condition as a table of one rule, which decides `IN` or `OUT`."""
        return DecisionTable([Rule(IN, self.when, IN.key)], OUT, _NOT_SO)


_ASKED: Final = Play("asked", Label("asked", "判定"))


def asked_by(playbook: Playbook, audiences: Iterable[Audience]) -> Playbook:
    """Return a playbook whose rules about plays are the conditions of audiences.

    What these ask is thereby told of leads and companies as what other rules ask is, for example
    measures of activities.

    Raises:
        PlaybookError: A condition asks what cannot be asked there.
    """
    rules: dict[bool, list[PlayRule]] = {True: [], False: []}
    for place, one in enumerate(audiences):
        rules[one.product_id is None].append(PlayRule(_ASKED, one.when, key=f"at {place}"))
    plays = Plays([_ASKED], products=rules[False], firm=rules[True])
    return evolve(playbook, plays=plays, cases=())


def check_audiences(playbook: Playbook, audiences: Iterable[Audience]) -> tuple[Audience, ...]:
    """Return audiences as a tuple, after a look at whether a playbook knows what they ask.

    Raises:
        InvalidDataError: Something is no audience, a key is used twice, there is no such product,
            or a condition asks what no rule about plays may ask; all of it at once.
    """
    given = series(audiences)
    problems = misfits("audiences", given, Audience)
    if problems:
        raise InvalidDataError(problems)
    products = [product.id for product in playbook.products]
    keys: set[str] = set()
    for place, one in enumerate(given):
        at = f"audiences[{place}]"
        if one.key in keys:
            message = f"{brief(one.key)} is used twice; keys are unique"
            problems.append(Problem("duplicate", f"{at}.key", message))
        keys.add(one.key)
        if one.product_id is not None and one.product_id not in products:
            hint = did_you_mean(one.product_id, map(str, products))
            message = f"no such product {brief(one.product_id)}{hint}"
            problems.append(Problem("unknown-product", f"{at}.product_id", message))
    try:
        asked_by(playbook, given)
    except PlaybookError as error:
        problems += _as_given(error, given)
    if problems:
        raise InvalidDataError(problems)
    return given


def _as_given(error: PlaybookError, audiences: Iterable[Audience]) -> Iterator[Problem]:
    """Yield the problems of rules about plays as those of the audiences that they stand for."""
    places: dict[bool, list[int]] = {True: [], False: []}
    for place, one in enumerate(audiences):
        places[one.product_id is None].append(place)
    heads = {
        f"plays.{name}[{number}]": f"audiences[{place}]"
        for name, of_firm in (("products", False), ("firm", True))
        for number, place in enumerate(places[of_firm])
    }
    for problem in error.problems:
        head, bracket, rest = problem.path.partition("]")
        yield Problem(problem.code, heads[head + bracket] + rest, problem.message)
