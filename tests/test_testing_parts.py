"""What the conformance kit is made of: constants of code, companies, other threads, and calls."""

from __future__ import annotations

import functools
import locale
import math
import os
import random
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import mpfunnel as mf
from mpfunnel.facts import company as facts
from mpfunnel.records import Company
from mpfunnel.testing import elsewhere
from mpfunnel.testing.asking import asked
from mpfunnel.testing.constants import constants_of
from mpfunnel.testing.failures import Question
from mpfunnel.testing.interleaving import Turns, interleaved, under
from mpfunnel.testing.pool import Axis, held, pool_of, spread
from mpfunnel.testing.surroundings import heard
from tests import zoo

DAY = date(2026, 10, 31)
QUESTION = Question(Company("c0", region="近畿"), mf.Product("crm"), date(2026, 10, 31))
REGIONS = {"北陸": 71}


class Size(Enum):
    LARGE = 5_001


def threshold() -> int:
    """A docstring is no constant."""
    return 4_001


def made(least: int) -> Any:
    """An object with constants in every place."""
    later: Any = None
    del later

    class Made:
        """Holds its constants wherever code may hold them."""

        times = date(2031, 7, 1), 2031, 13, 41, "0.75"
        days = (date(2020, 2, 29), datetime(2021, 1, 1, tzinfo=UTC))
        sizes = (Size.LARGE, 0.25, math.nan, True)
        when = facts.attribute("plants", int) > 7

        def __init__(self) -> None:
            self.own = frozenset({"own"})
            self.many = {"b", "a"}
            self.bound = self.one
            self.part = functools.partial(max, 61)

        @property
        def kind(self) -> str:
            return "no constant of a fact"

        @property
        def two(self) -> Any:
            return 1_001, date(2031, 7, 2), date(2031, 13 + 0, 41)

        @functools.cached_property
        def three(self) -> int:
            return 1_002

        @staticmethod
        def four() -> int:
            return 1_003

        @classmethod
        def five(cls) -> int:
            return 1_004

        @functools.cache  # noqa: B019
        def six(self) -> int:
            return 1_005

        def one(self, other: int = 81, *, last: int = 82) -> Any:
            def inner() -> Any:
                return 91 + least + REGIONS["北陸"] + threshold() + zoo.LEAST + len(later)  # noqa: F821 # pyright: ignore[reportUnboundVariable]

            return inner() + other + last

    return Made()


def test_constants_are_found_wherever_code_holds_them() -> None:
    """Attributes, class attributes, closures, defaults, properties, globals, conditions, enums."""
    found = constants_of(made(83))
    numbers = {
        Decimal("0.75"),
        79,
        71,
        5_001,
        0.25,
        61,
        1_001,
        1_002,
        1_003,
        1_004,
        1_005,
        81,
        82,
        91,
        83,
        4_001,
        7,
    }
    assert numbers <= set(found.numbers)
    assert {"北陸", "own", "a", "b"} <= set(found.texts)
    assert {date(2020, 2, 29), date(2021, 1, 1), date(2031, 7, 2)} <= set(found.days)
    assert list(found.facts) == ["company.plants"]
    assert not any("docstring" in text or "no constant" in text for text in found.texts)
    assert not any(number != number for number in found.numbers)


def test_constants_come_in_the_same_order_in_every_process() -> None:
    """Law 9: Same input, same bytes: a set has no order of its own."""
    found = list(constants_of({"b", "a", "c"}).texts)
    assert found == ["a", "b", "c"]


def test_a_table_of_many_rows_is_looked_at_in_part() -> None:
    """What a policy holds has no bound; what is looked at has one."""
    assert len(constants_of([[one, [one]] for one in range(100_000)]).numbers) < 10_000


def axes_of(read: Any, policy: Any = None) -> dict[str, Axis]:
    """The facts that a function reads, by name."""
    found, _ = pool_of(read, constants_of(policy or read), ("closed",), ())
    return {axis.name: axis for axis in found}


def test_every_fact_that_is_read_takes_values_at_its_constants() -> None:
    """Thresholds and their neighbours, members of sets and a stranger, and days."""

    def read(company: Any) -> None:
        known = company.attributes
        _ = len(known) + len(list(known)) + (3 in known) + ("closed" in known)
        _ = company.employees, company.annual_revenue, company.growth_rate
        _ = company.corporate_number, company.domains, company.parent_id, company.relationships
        _ = "1010001000001", 300, Decimal("0.25"), "target", company.lists, company.country

    axes = axes_of(read)
    assert {299, 300, 301} <= set(axes["employees"].values)
    revenues = {300, Decimal("300.01"), Decimal("0.24"), 10**6, 10**10, 10**12}
    assert revenues <= set(axes["annual_revenue"].values)
    assert {0.25, 0.251} <= set(axes["growth_rate"].values)
    assert axes["corporate_number"].values == ("1010001000001", "1234567890123")
    assert frozenset({"target"}) in axes["lists"].values
    assert frozenset({"stranger"}) in axes["domains"].values
    assert frozenset({"competitor"}) in axes["relationships"].values
    assert {"target", "stranger"} <= set(axes["country"].values)
    assert not axes["closed"].open
    assert not axes["parent_id"].open
    assert axes["country"].open
    assert 3 not in axes  # type: ignore[comparison-overlap]


def test_an_attribute_takes_the_kinds_with_which_the_policy_can_do_something() -> None:
    """Nobody says what a custom attribute holds: not what the policy fails with."""

    def read(company: Any) -> None:
        known = company.attributes
        if company.region == "近畿" and known.get("plants") is not None:
            _ = known["plants"] > 3
        if known.get("founded") is not None:
            _ = date(2026, 4, 1) - known["founded"]
        if known.get("code") is not None:
            _ = {"A": 1}[known["code"]]
        if known.get("broken") is not None:
            raise ValueError

    axes = axes_of(read)
    assert set(axes["plants"].kinds) == {"int", "bool", "float", "decimal"}
    assert set(axes["founded"].kinds) == {"date"}
    assert date(2026, 4, 2) in axes["founded"].values
    # What fails with every kind, or for another reason, is a fault of the policy.
    assert len(axes["code"].kinds) == len(axes["broken"].kinds) == 7


def test_a_condition_says_what_its_attribute_holds() -> None:
    """Of a data policy, kind and openness of an attribute are known."""
    rules = [mf.Rule(mf.Tier(1), facts.flag("partner") | (facts.attribute("since", date) > DAY))]
    table = mf.TierTable(rules, mf.Tier(2))
    axes = axes_of(lambda one: table.tier_for(one, QUESTION.product, as_of=DAY), table)
    assert (axes["partner"].values, axes["partner"].open) == ((True, False), False)
    assert axes["since"].values[:3] == (DAY, date(2026, 10, 30), date(2026, 11, 1))


def test_a_fact_is_taken_away_and_put_back() -> None:
    """The smallest company is found by taking one fact after the other."""
    full = Company("c", "x", lists=["a"], employees=3, attributes={"plants": 2})
    for axis in held(full):
        without = axis.put(full, None)
        assert axis.of(without) is None
        assert axis.put(without, axis.of(full)) == full
        assert axis.fact == f"company.{axis.name}"
    assert [axis.name for axis in held(full)] == ["name", "employees", "lists", "plants"]


def test_a_part_of_many_begins_with_the_first() -> None:
    """Few are taken as they are; of many, the first and others at no even distances."""
    assert spread([3, 1, 2], 3) == [3, 1, 2]
    part = spread(range(100), 5)
    assert (part[0], len(set(part)), part) == (0, 5, sorted(part))


def test_a_question_about_one_is_no_question_about_true() -> None:
    """Python finds 1 by True; a policy may tell them apart."""
    one, true = (
        Question(Company("c", attributes={"plants": value}), QUESTION.product, DAY)
        for value in (1, True)
    )
    assert one == true
    assert one.exact != true.exact
    assert str(true).startswith("Company('c', attributes={'plants': True}) for product 'crm'")
    several = Company("c", lists=["b", "a"])
    assert str(Question(several, QUESTION.product, DAY)).startswith("Company('c', lists={'a',")


def test_another_thread_answers_between_any_two_lines() -> None:
    """It is asked before each line of the author's code, and of no other code."""
    between = Question(Company("c1", region="中部"), QUESTION.product, QUESTION.as_of)
    answer, others = interleaved(zoo.Shares(), QUESTION, between)
    assert answer != asked(zoo.Policy(), QUESTION)
    # Before each of its lines and each of those of by_region.
    assert len(others) > 3
    assert set(map(str, others)) == {"Tier 2"}


def test_who_waits_for_the_first_thread_is_waited_for_once() -> None:
    """A policy that holds a lock is thread-safe: the other thread waits its turn."""
    answer, others = interleaved(zoo.Guarded(), QUESTION, QUESTION)
    assert str(answer) == "Tier 1"
    assert {*map(str, others)} <= {"Tier 1"}
    turns = Turns()
    frame = sys._getframe()
    assert turns.trace(frame, "call", None) == turns.trace
    assert turns.trace(frame, "line", None) == turns.trace
    assert turns.trace(frame, "line", None) is None


def test_lines_of_others_are_not_traced() -> None:
    """The standard library and this library wait for nobody."""
    turns = Turns()
    turns.done.release()
    assert turns.trace(sys._getframe(), "line", None) == turns.trace
    outer: Any = type("Frame", (), {"f_globals": {"__name__": "logging.handlers"}})()
    assert turns.trace(outer, "line", None) is None


def test_tracing_ends_where_it_began() -> None:
    """Whoever traced before traces after."""
    before = sys.gettrace()
    assert under(before, lambda: 7) == 7
    assert sys.gettrace() is before


def test_what_an_answer_may_not_rest_on_is_heard_however_it_is_called() -> None:
    """Clock, environment and dice; not what logging looks at, and not dice with a seed."""
    frame = sys._getframe()
    for called, said in (
        (time.time, ("clock", "time.time()")),
        (date.today, ("clock", "date.today()")),
        (datetime.now, ("clock", "datetime.now()")),
        (os.getcwd, ("environment", "os.getcwd()")),
        (os.urandom, ("randomness", "os.urandom()")),
        (random.random, ("randomness", "random.random()")),
    ):
        assert heard(frame, "c_call", called) == [said]
    others: list[Any] = [random.Random(7).random, time.perf_counter, len, [].append]
    for called in others:
        assert heard(frame, "c_call", called) == []
    assert heard(frame, "call", None) == []
    assert heard(frame, "return", None) == []

    def frame_of(code: Any, **variables: Any) -> Any:
        names = {"f_code": code, "f_locals": variables, "f_globals": {}, "f_back": None}
        return type("Frame", (), names)()

    init = random.Random.__init__.__code__
    unseeded = [("randomness", "random.Random() without a seed")]
    assert heard(frame_of(init, x=None), "call", None) == unseeded
    assert heard(frame_of(init, x=7), "call", None) == []
    environ = frame_of(type(os.environ).__getitem__.__code__)
    assert heard(environ, "call", None) == [("environment", "os.environ")]
    within = frame_of(None)
    within.f_back = type("Frame", (), {"f_globals": {"__name__": "logging"}, "f_back": None})()
    assert heard(within, "c_call", time.time) == []


def test_facts_that_lead_to_other_facts_without_end_are_followed_for_a_while() -> None:
    """Each value may lead to another fact; somewhere the kit stops."""
    axes = axes_of(lambda company: company.attributes.get(f"k{len(company.attributes)}"))
    assert 4 < len(axes) < 20


def test_another_language_is_spoken_where_the_machine_knows_it() -> None:
    """Not every machine knows Turkish; each knows the language of C."""
    before = locale.setlocale(locale.LC_ALL)
    assert not elsewhere._speaks("xx_XX.nobody")
    assert elsewhere._speaks(before)


def test_processes_that_nobody_waits_for_are_ended() -> None:
    """Whoever interrupts the checks leaves nothing running."""
    running = elsewhere.Elsewhere(zoo.HasOptions(), [QUESTION])
    processes = [one for one, _, _ in running._running]
    assert len(processes) == 2
    running.stop()
    assert all(one.returncode is not None for one in processes)
