"""The flow report: of a period, as of a day, by product and over all of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError, UnknownNameError
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.periods import Period
from mpfunnel.flow.reporting.report import FlowReport, flow_report
from mpfunnel.flow.reporting.terms import RE_ENTRIES
from mpfunnel.flow.reporting.winning import Amounts
from tests.flow_journeys import DAY, PERIOD, after, going_on, journey, journeys, shifted

NONE_SUCH = "no step that leads to another one is called so"
NOT_SAID = "is not said; give the days within which it is to lead to the next step"
STAMP = ("first", "last", "as_of")


def report(given: Any, as_of: int = 90, **others: Any) -> FlowReport:
    """Return the report of the period."""
    asked: dict[str, Any] = {"period": PERIOD, "within_days": 10, **others}
    return flow_report(given, as_of=after(as_of), **asked)


@given(given=journeys(), as_of=st.integers(0, 90), data=st.data())
def test_a_future_event_never_changes_an_earlier_as_of(
    given: tuple[Journey, ...], as_of: int, data: st.DataObject
) -> None:
    """Law 5: the future does not change the past, whatever becomes of what is under way."""
    today = after(as_of)
    past = [one for journey in given if (one := journey.on(today)) is not None]
    future = [data.draw(going_on(one, today)) for one in past]
    begun = [shifted(evolve(one, pursuit=one.pursuit + 2), as_of + 100) for one in given]
    added = [
        shifted(evolve(one, unit_id=place, product_id="erp"), as_of + 100)
        for place, one in enumerate(given)
    ]
    for policy in RE_ENTRIES:
        told = report([*future, *begun, *added], as_of, re_entry=policy)
        assert told == report(past, as_of, re_entry=policy)


@given(given=journeys(), data=st.data())
def test_the_order_of_journeys_does_not_matter(
    given: tuple[Journey, ...], data: st.DataObject
) -> None:
    """Law 4: order does not matter; and Law 9: the same journeys give the same rows."""
    told, shuffled = report(given), report(data.draw(st.permutations(given)))
    assert told == shuffled
    assert repr(told.rows()) == repr(shuffled.rows())
    assert told.text() == shuffled.text()


@given(given=journeys(), as_of=st.integers(0, 90), days=st.integers(-400, 400))
def test_figures_are_the_same_so_many_days_later(
    given: tuple[Journey, ...], as_of: int, days: int
) -> None:
    """Time-shift invariance: what depends on is how many days lie between, and not which."""
    by = timedelta(days)
    moved = Period(PERIOD.first + by, PERIOD.last + by, PERIOD.label)
    told = report(given, as_of).rows()
    later = report([shifted(one, days) for one in given], as_of + days, period=moved).rows()
    for table, rows in told.items():
        for row, moved_row in zip(rows, later[table], strict=True):
            assert {key: moved_row[key] - row[key] for key in STAMP} == dict.fromkeys(STAMP, by)
            assert {**moved_row, **{key: row[key] for key in STAMP}} == row


@given(given=journeys(), first=st.integers(-30, 30), days=st.integers(0, 30))
def test_what_is_there_at_the_end_is_there_before_the_next_period(
    given: tuple[Journey, ...], first: int, days: int
) -> None:
    """Periods in a row tell one story: each begins with what the last one ended with."""
    one = Period(after(first), after(first + days))
    following = Period(after(first + days + 1), after(first + 2 * days + 1))
    both = Period(one.first, following.last)
    reports = [report(given, 200, period=period) for period in (one, following, both)]
    for its in zip(*(told.products for told in reports), strict=True):
        for before, then, whole in zip(*(product.steps for product in its), strict=True):
            assert before.closing == then.opening
            assert (whole.opening, whole.closing) == (before.opening, then.closing)
            assert whole.came_in == before.came_in + then.came_in
            assert whole.went_out == before.went_out + then.went_out


@given(given=journeys(), as_of=st.integers(0, 90))
def test_units_of_all_products_are_counted_once(given: tuple[Journey, ...], as_of: int) -> None:
    """The sum over the products is as large, or must not be added up; the firm is not in it."""
    told = report(given, as_of)
    known = [one for each in given if (one := each.on(after(as_of))) and one.product_id is not None]
    until = min(PERIOD.last, after(as_of))
    assert bool(told.totals) == bool(known)
    for place, total in enumerate(told.totals):
        entries = [
            (one.unit_id, one.product_id)
            for one in known
            if len(one.entered) > place and PERIOD.first <= one.entered[place] <= until
        ]
        units = {unit for unit, _ in entries}
        overlap = [unit for unit in units if len({p for u, p in entries if u == unit}) > 1]
        came_in = total.came_in
        assert total.step == COURSE.keys[place]
        assert (came_in.units.value, came_in.overlap.value) == (len(units), len(overlap))
        assert came_in.summed.value == len(entries)
        assert (came_in.summed.status == "ok") == (len(entries) == len(units))
        its = [one.steps[place] for one in told.products if one.product_id is not None]
        assert came_in.summed.value == sum(one.came_in for one in its)
        assert total.closing.summed.value == sum(one.closing for one in its)


def test_a_unit_that_counts_for_two_products_is_one_unit() -> None:
    """The sum is not additive; that of each product is."""
    told = report(
        [journey(0), journey(1, product="sfa"), journey(2, unit="v"), journey(3, product=None)]
    )
    assert [one.product_id for one in told.products] == [None, "crm", "sfa"]
    first = told.totals[0].came_in
    assert (first.units.value, first.overlap.value) == (2, 1)
    assert (first.summed.value, first.summed.status) == (3, "not_additive")
    assert told.totals[0].closing == first
    assert report([journey(0, product=None)]).totals == ()


def test_products_stand_in_the_order_of_their_ids() -> None:
    """The whole firm first; whole numbers are not put in order as texts are."""
    given = [evolve(journey(0), product_id=one) for one in (10, "b", None, 9, "a")]
    told = report(given)
    assert [one.product_id for one in told.products] == [None, 9, 10, "a", "b"]
    assert told.product(9) is told.products[1]
    with pytest.raises(UnknownNameError, match="no journey is for the product 'erp'"):
        told.product("erp")


def test_defect_a_re_entry_is_never_counted_twice_unsaid() -> None:
    """Either each pursuit is an entry of its own, or the first alone counts; the basis says which.

    The unit is one unit in the totals all the same.
    """
    again = [
        journey(0, 1, 2, 3, exit="recycled", exited_on=5),
        journey(8, 8, 8, 9, 10, pursuit=2, imputed={0, 1}),
    ]
    each, first = report(again), report(again, re_entry="first")
    steps = [told.product("crm").steps[3] for told in (each, first)]
    assert [(one.came_in, one.went_on, one.closing) for one in steps] == [(2, 1, 0), (1, 0, 0)]
    for one, policy in zip(steps, RE_ENTRIES, strict=True):
        assert one.conversion is not None
        assert one.conversion.basis.en.endswith(RE_ENTRIES[policy].en)
        assert RE_ENTRIES[policy].ja in one.conversion.basis.ja
    assert [told.product("crm").re_entries for told in (each, first)] == [1, 1]
    assert each.totals[3].came_in.units.value == 1
    assert each.totals[3].came_in.overlap.value == 0
    assert each.totals[3].came_in.summed.status == "not_additive"
    assert (each.re_entry, first.re_entry) == ("each", "first")


def test_a_period_that_is_not_over_ends_on_the_day() -> None:
    """The report says so, and counts what there is so far."""
    given = [journey(day, unit=day) for day in (0, 12, 13)]
    running, over = report(given, 12), report(given, 29)
    assert (running.complete, over.complete) == (False, True)
    assert [told.product("crm").steps[0].closing for told in (running, over)] == [2, 3]
    velocity = running.product("crm").steps[0].velocity
    assert velocity is not None
    assert velocity.den == 13


def test_a_firm_may_have_steps_of_its_own() -> None:
    """Days may be said of each of them."""
    course = Course((FlowStep("lead", "lead"), FlowStep("deal", "deal"), FlowStep("paid", "paid")))
    told = report(
        [journey(0, 6), journey(0, 4, 9, unit="v")],
        course=course,
        within_days={"lead": 5, "deal": 4},
        min_n=1,
    ).product("crm")
    assert [one.step for one in told.steps] == ["lead", "deal", "paid"]
    found = [one.conversion for one in told.steps if one.conversion is not None]
    assert [(one.num, one.den) for one in found] == [(1, 2), (0, 2)]
    assert told.winning.selling == "deal"


def test_rows_hold_plain_values() -> None:
    """One row for each figure, with keys and no labels, and a key of its own."""
    amounts = Amounts("JPY", {("u", "crm", 1): 100})
    given = [journey(0, 0, 0, 1, 2, 3), journey(0, product=None, exit="lost", exited_on=2)]
    rows = report(given, amounts=amounts).rows()
    key = ("first", "last", "as_of", "re_entry", "product_id", "step", "figure")
    assert len({tuple(row[one] for one in key) for row in rows["flow"]}) == len(rows["flow"])
    totals = rows["flow_totals"]
    assert len({(row["step"], row["figure"]) for row in totals}) == len(totals) == 36
    found = {(row["product_id"], row["step"], row["figure"]): row for row in rows["flow"]}
    assert found["crm", "sal", "conversion"] == {
        "first": DAY,
        "last": after(29),
        "as_of": after(90),
        "re_entry": "each",
        "product_id": "crm",
        "step": "sal",
        "figure": "conversion",
        "value": 1.0,
        "unit": "share",
        "num": 1,
        "den": 1,
        "low": pytest.approx(0.2065, abs=1e-4),
        "high": 1.0,
        "status": "small_n",
        "pending": 0,
    }
    assert found["crm", None, "win_rate_by_count"]["value"] == 1.0
    assert found[None, "target", "went_off.lost"]["value"] == 1
    plain = (str, int, float, Decimal, date, type(None))
    values = [value for row in (*rows["flow"], *totals) for value in row.values()]
    assert all(isinstance(value, plain) for value in values)


def test_text_reads_as_a_table_of_lines() -> None:
    """With the identity in each line, the sum that must not be added up, and what is missing."""
    given = [
        journey(0, 0, 0, 2, 5, imputed={0, 1}),
        journey(-3, 1, product="sfa"),
        journey(0, product=None, unit="v"),
    ]
    told = report(given, 20)
    lines = told.text().splitlines()
    policy = "each pursuit is an entry of its own"
    assert lines[0] == f"April (as of 2026-04-21; not over yet; {policy})"
    assert [line for line in lines if not line.startswith(" ")][2:5] == ["whole firm", "crm", "sfa"]
    passed = (
        "0 + 1 - 1 = 0; never seen there 1; 100.0% (too few to judge); "
        "undefined: nothing to divide by"
    )
    crm = lines[lines.index("crm") + 1 : lines.index("sfa")]
    assert crm == [
        f"  target: {passed}",
        f"  reached: {passed}",
        "  engaged: 0 + 1 - 1 = 0; 100.0% (too few to judge); 2 days (too few to judge)",
        "  MQL: 0 + 1 - 1 = 0; 100.0% (too few to judge); 3 days (too few to judge)",
        "  SAL: 0 + 1 - 0 = 1; 0.0% (too few to judge); some are still within their time",
        "  won: 0 + 0 - 0 = 0",
        "  win rate by count: undefined: nothing to divide by",
        "  win rate by cohort: 0.0% (too few to judge)",
        "  win rate by value: no data",
    ]
    assert "  reached: 1; 0; 1" not in lines
    assert "  reached: 1; 1; 2 (must not be added up)" in lines
    japanese = evolve(told, complete=True).text("ja").splitlines()
    assert japanese[0] == "April (基準日 2026-04-21; 再エントリーも1件と数える)"
    assert "  到達: 1; 1; 2（合算不可）" in japanese
    assert "全社" in japanese
    with pytest.raises(InvalidDataError, match="lang: must be 'en' or 'ja', not 'fr'"):
        told.text("fr")  # type: ignore[arg-type] # refused on purpose
    assert report([]).text().count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        ({"course": "x"}, ["course: must be a Course, not str 'x'"]),
        (
            {
                "as_of": "today",
                "period": 7,
                "within_days": -1,
                "min_n": 0,
                "re_entry": "last",
                "amounts": {},
                "journeys": ["x"],
            },
            [
                "as_of: must be a date, not str 'today'",
                "period: must be a Period, not int 7",
                "within_days: must be at least 0",
                "min_n: must be at least 1",
                "re_entry: must be one of each, first, not 'last'",
                "amounts: must be an Amounts, not dict {}",
                "journeys[0]: must be a Journey, not str",
            ],
        ),
        ({"as_of": after(-1)}, ["period: begins on 2026-04-01, after as_of"]),
        (
            {"within_days": {"target": 1, "reached": True, "mq": 2, 3: 4, "engaged": 5, "sal": 6}},
            [
                f"within_days.mq: {NONE_SUCH}; did you mean 'mql'?",
                f"within_days.3: {NONE_SUCH}; there are target, reached, engaged, mql, sal",
                "within_days.reached: must be an integer, not bool True",
                f"within_days.mql: {NOT_SAID}",
            ],
        ),
    ],
)
def test_a_report_names_every_fault_of_what_it_is_asked(
    asked: dict[str, Any], problems: list[str]
) -> None:
    """All at once, each with its path."""
    terms: dict[str, Any] = {
        "journeys": [],
        "period": PERIOD,
        "as_of": after(90),
        "within_days": 10,
        **asked,
    }
    with pytest.raises(InvalidDataError) as told:
        flow_report(terms.pop("journeys"), **terms)
    assert [str(one) for one in told.value.problems] == problems
