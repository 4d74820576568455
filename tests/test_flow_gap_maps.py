"""The gap map: for each product and segment, where the flow of a closed population is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError, UnknownNameError
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.gaps.gap import References, gap
from mpfunnel.flow.gaps.insights import Insight
from mpfunnel.flow.gaps.mapping import gap_map
from mpfunnel.flow.gaps.maps import Cell
from tests.flow_cases import FLOW_CASES

CASES = FLOW_CASES["gap_map"]
GOAL = CASES["reference"]
DAY = date(2026, 4, 1)
LATER = DAY + timedelta(365)
SHORT = Course(
    (FlowStep("seen", "seen"), FlowStep("mql", "MQL"), FlowStep("sold", "sold", side="downstream"))
)
SEGMENTS = ("large", "small", None)
PRODUCTS = ("crm", 7, None)


def after(days: int) -> date:
    """Return a day so many days after the first."""
    return DAY + timedelta(days)


def crowd(counts: Sequence[int], segment: str | None, first: int = 0) -> list[Journey]:
    """Return journeys of one cell of which so many reach each step, a step a day."""
    return [
        Journey(
            first + unit,
            "crm",
            [after(i) for i, one in enumerate(counts) if unit < one],
            segment=segment,
        )
        for unit in range(counts[0])
    ]


@st.composite
def lives(draw: st.DrawFn, most: int = 25) -> list[Journey]:
    """Draw journeys along the short course, some ended, some with steps that nobody saw."""
    found: list[Journey] = []
    for unit in range(draw(st.integers(0, most))):
        days = sorted(draw(st.lists(st.integers(0, 12), min_size=1, max_size=3)))
        unseen = {i for i in range(len(days) - 1) if days[i] == days[i + 1] and draw(st.booleans())}
        ended = len(days) < 3 and draw(st.booleans())
        found.append(
            Journey(
                f"u{unit}" if draw(st.booleans()) else unit,
                draw(st.sampled_from(PRODUCTS)),
                [after(one) for one in days],
                imputed=unseen,
                exit="lost" if ended else None,
                exited_on=after(days[-1] + 1) if ended else None,
                segment=draw(st.sampled_from(SEGMENTS)),
            )
        )
    return found


class Oracle:
    """The same told by asking each journey anew for each cell and step."""

    def __init__(self, journeys: list[Journey], out: set[Any], asked: dict[str, Any]) -> None:
        self.journeys, self.out = journeys, out
        self.as_of: date = asked["as_of"]
        self.since: date = asked.get("since") or date.min
        self.until: date = min(asked.get("until") or date.max, self.as_of)
        self.within: int | None = asked.get("within_days")

    def there(self, product: Any, segment: Any) -> list[Journey]:
        """Who is in a cell, mature or not."""
        return [
            one
            for one in self.journeys
            if (one.product_id, one.segment) == (product, segment)
            and self.since <= one.entered[0] <= self.until
        ]

    def mature(self, product: Any, segment: Any) -> list[Journey]:
        """Who is in it and counts."""
        everybody = self.there(product, segment)
        if self.within is None:
            return everybody
        return [one for one in everybody if one.entered[0] + timedelta(self.within) <= self.as_of]

    def at(self, one: Journey, step: int, *, in_time: bool = True) -> bool:
        """Whether it has reached a step, in time."""
        known = one.on(self.as_of)
        if known is None or known.step < step:
            return False
        late = self.within is not None and known.entered[step] - known.entered[0] > timedelta(
            self.within
        )
        return not (in_time and late)

    def stuck(self, one: Journey, step: int) -> bool:
        """Whether it stands before a step, in time or ever since."""
        return self.at(one, step - 1) and not self.at(one, step)

    def is_out(self, one: Journey, step: int) -> bool:
        """Whether it stands before a step because it is out of the market."""
        pair = (one.unit_id, one.product_id)
        return pair in self.out and self.stuck(one, step) and not self.at(one, step, in_time=False)

    def counts(self, product: Any, segment: Any) -> list[int]:
        """How many have reached each step."""
        return [sum(self.at(one, i) for one in self.mature(product, segment)) for i in range(3)]


@given(
    journeys=lives(),
    data=st.data(),
    as_of=st.integers(-1, 15),
    since=st.none() | st.integers(0, 6),
    length=st.none() | st.integers(0, 9),
    within_days=st.none() | st.integers(0, 8),
)
def test_a_map_is_what_asking_each_journey_tells(
    journeys: list[Journey],
    data: st.DataObject,
    as_of: int,
    since: int | None,
    length: int | None,
    within_days: int | None,
) -> None:
    """Counts, denominators, who is left out, who is named; and no journey is in none (law 7)."""
    asked: dict[str, Any] = {"as_of": after(max(as_of, since or 0)), "within_days": within_days}
    if since is not None:
        asked["since"] = after(since)
    if length is not None:
        asked["until"] = after((since or 0) + length)
        asked["as_of"] = max(asked["as_of"], after(0))
    pairs = [(one.unit_id, one.product_id) for one in journeys]
    out = set(data.draw(st.lists(st.sampled_from(pairs)))) if pairs else set()
    found = gap_map(
        journeys, reference=[0.9, 0.9], course=SHORT, out_of_market=out, min_n=1, **asked
    )
    oracle = Oracle(journeys, out, asked)
    for cell in found.cells:
        product, segment = cell.product_id, cell.segment
        there, mature = oracle.there(product, segment), oracle.mature(product, segment)
        assert cell.gap.counts == tuple(oracle.counts(product, segment))
        assert cell.gap.rates[0].pending == len(there) - len(mature)
        gone = [one for one in mature if oracle.is_out(one, 2)]
        assert cell.gap.rates[1].den == cell.gap.counts[1] - len(gone)
        assert cell.gap.rates[0].den == cell.gap.counts[0]
        assert sorted(map(str, cell.out_of_market)) == sorted(str(one.unit_id) for one in gone)
        if cell.gap.binding is not None:
            step = SHORT.steps.index(cell.gap.binding.step)
            stuck = [
                one for one in mature if oracle.stuck(one, step) and not (step == 2 and one in gone)
            ]
            named = [str(one.unit_id) for one in stuck]
            assert len(cell.examples) == min(5, len(stuck))
            assert {str(one) for one in cell.examples} <= set(named)
    told = sum(cell.gap.counts[0] + cell.gap.rates[0].pending for cell in found.cells)
    assert told + found.outside == sum(one.entered[0] <= asked["as_of"] for one in journeys)


@given(journeys=lives(), data=st.data())
def test_order_does_not_matter(journeys: list[Journey], data: st.DataObject) -> None:
    """Law 4: the same map, its cells, examples and names in the same order."""
    mixed = data.draw(st.permutations(journeys))
    asked: dict[str, Any] = {"reference": "others", "as_of": LATER, "course": SHORT, "min_n": 1}
    assert gap_map(journeys, **asked) == gap_map(mixed, **asked)


@given(journeys=lives(), day=st.integers(0, 14), within_days=st.none() | st.integers(0, 5))
def test_the_future_does_not_change_the_past(
    journeys: list[Journey], day: int, within_days: int | None
) -> None:
    """Law 5: what is known of later days gives the same map as what was known then."""
    known = [found for one in journeys if (found := one.on(after(day))) is not None]
    asked: dict[str, Any] = {"reference": "others", "as_of": after(day), "course": SHORT}
    asked |= {"within_days": within_days, "min_n": 1}
    assert gap_map(journeys, **asked) == gap_map(known, **asked)


@given(journeys=lives())
def test_segments_add_up_to_their_product(journeys: list[Journey]) -> None:
    """Nobody is lost between cells, those of no known segment neither."""
    split = gap_map(journeys, reference=[0.5, 0.5], as_of=LATER, course=SHORT)
    whole = [evolve(one, segment=None) for one in journeys]
    for cell in gap_map(whole, reference=[0.5, 0.5], as_of=LATER, course=SHORT).cells:
        parts = [one.gap.counts for one in split.cells if one.product_id == cell.product_id]
        assert tuple(map(sum, zip(*parts, strict=True))) == cell.gap.counts


@given(journeys=lives(most=60))
def test_others_are_never_the_cell_itself(journeys: list[Journey]) -> None:
    """The reference of a cell is what the other cells of its product have together."""
    found = gap_map(journeys, reference="others", as_of=LATER, course=SHORT)
    for cell in found.cells:
        others = [
            one
            for one in found.cells
            if one.product_id == cell.product_id and one.segment != cell.segment
        ]
        for place, one in enumerate(cell.gap.passages):
            rates = [other.gap.rates[place] for other in others]
            of = sum(int(rate.den or 0) for rate in rates)
            if not of:
                assert one.reference is None
                continue
            assert one.reference is not None
            assert (one.reference.num, one.reference.den) == (
                sum(int(rate.num or 0) for rate in rates),
                of,
            )


def test_the_worked_cells_stand_side_by_side() -> None:
    """Two verdicts and one refusal, also where all three are told at once."""
    upstream, downstream, few = (case["counts"] for case in CASES["cells"])
    journeys = [
        *crowd(upstream, "large"),
        *crowd(downstream, "mid", 1_000),
        *crowd(few, "small", 2_000),
    ]
    found = gap_map(journeys, reference=GOAL, as_of=LATER)
    assert [(one.segment, one.gap.verdict, one.gap.status) for one in found.cells] == [
        ("large", "upstream", "ok"),
        ("mid", "downstream", "ok"),
        ("small", None, "small_n"),
    ]
    assert [one.gap.counts for one in found.cells] == [
        tuple(upstream),
        tuple(downstream),
        tuple(few),
    ]
    large = found.cell("crm", "large")
    assert large.examples == (90, 91, 92, 93, 94)
    assert large.gap.text() == gap(upstream, GOAL).text()


def test_among_many_cells_chance_is_allowed_for() -> None:
    """A rate that is too low on its own may be chance among twenty of them."""
    low = crowd([100, 49, 49], "low")
    even = [one for i in range(19) for one in crowd([100, 60, 60], f"s{i:02}", 1_000 + 100 * i)]
    alone = gap_map(low, reference=[0.6, 1], as_of=LATER, course=SHORT)
    among = gap_map([*low, *even], reference=[0.6, 1], as_of=LATER, course=SHORT)
    assert alone.cell("crm", "low").gap.status == "ok"
    told = among.cell("crm", "low").gap
    assert (told.verdict, told.status) == (None, "many_tests")


def test_what_has_no_known_segment_is_a_gap_of_the_data() -> None:
    """It has a row of its own, the last of its product, whatever its rates say."""
    upstream = CASES["cells"][0]["counts"]
    found = gap_map([*crowd(upstream, None), *crowd([1], "z", 500)], reference=GOAL, as_of=LATER)
    assert [one.segment for one in found.cells] == ["z", None]
    told = found.cell("crm", None)
    assert (told.gap.verdict, told.gap.status) == ("data", "data")
    assert told.gap.counts == tuple(upstream)
    assert told.text().startswith("crm × segment unknown: data: the data do not say where; ")


def test_what_has_no_known_segment_asks_no_question() -> None:
    """So that it takes no verdict away from the others."""
    journeys = [*crowd([100, 49, 49], "low"), *crowd([100, 60, 60], None, 1_000)]
    asked: dict[str, Any] = {"reference": [0.6, 1], "as_of": LATER, "course": SHORT}
    assert gap_map(journeys, **asked).cell("crm", "low").gap.status == "ok"
    known = [evolve(one, segment=one.segment or "even") for one in journeys]
    assert gap_map(known, **asked).cell("crm", "low").gap.status == "many_tests"


def test_steps_that_nobody_saw_are_told_from_the_journeys() -> None:
    """Who asked at once was never seen as reached: what reach loses there nobody knows."""
    asked = [Journey(i, "crm", [DAY] * 3, imputed={0}, segment="large") for i in range(30)]
    silent = [Journey(100 + i, "crm", [DAY], segment="large") for i in range(20)]
    found = gap_map([*asked, *silent], reference=[0.9, 1], as_of=LATER, course=SHORT)
    assert found.cell("crm", "large").gap.verdict == "data"
    found = gap_map([*asked[1:], *silent], reference=[0.9, 1], as_of=LATER, course=SHORT)
    assert found.cell("crm", "large").gap.passages[0].imputed == 29 / 49


def test_a_segment_that_has_nobody_is_a_gap_of_the_market() -> None:
    """It is there if it is asked for, in the order in which it is."""
    found = gap_map(
        crowd([40, 20, 10], "b"),
        reference=[0.5, 0.5],
        as_of=LATER,
        course=SHORT,
        products=["sfa"],
        segments=["c", "a"],
    )
    assert [(one.product_id, one.segment, one.gap.verdict) for one in found.cells] == [
        ("sfa", "c", "market"),
        ("sfa", "a", "market"),
        ("crm", "c", "market"),
        ("crm", "a", "market"),
        ("crm", "b", None),
    ]
    assert found.cell("crm", "b").gap.status == "no_gap"


def test_who_has_not_had_the_time_is_left_out() -> None:
    """Within 30 days, the last of them included; and a map of young ones has no market to miss."""
    old = Journey("a", "crm", [DAY, after(30)], segment="x")
    late = Journey("b", "crm", [DAY, after(31)], segment="x")
    young = Journey("c", "crm", [after(1), after(2)], segment="x")
    asked: dict[str, Any] = {"reference": [0.5, 0.5], "course": SHORT, "within_days": 30}
    told = gap_map([old, late, young], as_of=after(30), **asked).cells[0].gap
    assert (told.counts, told.rates[0].pending, told.rates[0].status) == ((2, 1, 0), 1, "small_n")
    told = gap_map([young], as_of=after(30), **asked).cells[0].gap
    assert (told.counts, told.verdict, told.status) == ((0, 0, 0), None, "immature")


def test_a_period_is_closed() -> None:
    """Those who began on other days are counted outside, both ends in; the future is nowhere."""
    journeys = [Journey(i, "crm", [after(i)], segment="x") for i in range(10)]
    asked: dict[str, Any] = {"reference": [0.5, 0.5], "course": SHORT}
    found = gap_map(journeys, since=after(2), until=after(4), as_of=after(6), **asked)
    assert (found.cells[0].gap.counts[0], found.outside) == (3, 4)
    running = gap_map(journeys, since=after(2), until=after(60), as_of=after(6), **asked)
    assert (running.cells[0].gap.counts[0], running.until, running.outside) == (5, after(6), 2)
    assert found.cells[0].gap.lost.basis.text("ja") == (
        "受注見込みの損失（2026-04-03〜2026-04-05に始まったもの（seen）、各段階は2026-04-07まで）"
    )


def test_a_period_is_held_against_the_one_before() -> None:
    """Each cell against itself, both with as many days; a new cell has no reference."""
    before = crowd([100, 60, 30], "x")
    now = [
        evolve(
            one, unit_id=f"n{one.unit_id}", entered=[day + timedelta(100) for day in one.entered]
        )
        for one in [*crowd([100, 30, 15], "x"), *crowd([50, 5, 0], "new", 500)]
    ]
    asked: dict[str, Any] = {"course": SHORT, "within_days": 30}
    first = gap_map(before, reference=[0.5, 0.5], until=after(50), as_of=after(90), **asked)
    found = gap_map(
        [*before, *now],
        reference=first,
        since=after(60),
        until=after(120),
        as_of=after(180),
        **asked,
    )
    told = found.cell("crm", "x").gap
    assert (told.verdict, told.binding and told.binding.reference) == (
        "upstream",
        first.cells[0].gap.rates[0],
    )
    assert (told.lost.value, found.outside) == (15, 100)
    assert found.cell("crm", "new").gap.status == "no_reference"


def test_targets_may_be_told_product_by_product() -> None:
    """A product without targets has no reference."""
    journeys = [
        *crowd([40, 8, 2], "x"),
        *(evolve(one, product_id=7) for one in crowd([40, 8, 2], "x")),
    ]
    journeys += [evolve(one, product_id=None) for one in crowd([40, 8, 2], "x")]
    goals: dict[Any, References] = {"crm": {"mql": 0.5, "sold": 0.1}, 7: [0.1, 0.1]}
    found = gap_map(
        journeys,
        reference=goals,
        as_of=LATER,
        course=SHORT,
    )
    assert [(one.product_id, one.gap.status) for one in found.cells] == [
        (None, "no_reference"),
        (7, "no_gap"),
        ("crm", "ok"),
    ]


MQLS = [Journey(i, "crm", [DAY, after(2)], segment="x") for i in range(40)]


def test_priority_follow_up_is_not_lost_by_sales() -> None:
    """They are named and counted apart; the others are still lost."""
    asked: dict[str, Any] = {"reference": [0.5, 0.5], "as_of": LATER, "course": SHORT}
    told = gap_map(MQLS, **asked).cells[0]
    assert (told.gap.verdict, told.examples, told.out_of_market) == (
        "downstream",
        (0, 1, 2, 3, 4),
        (),
    )
    pairs: set[tuple[Any, str]] = {(i, "crm") for i in (0, 2, *range(10, 20))}
    pairs |= {(1, "sfa"), ("3", "crm")}
    told = gap_map(MQLS, out_of_market=pairs, **asked).cells[0]
    assert (told.gap.rates[1].den, told.gap.passages[1].out_of_market) == (28, 12)
    assert told.out_of_market == (0, 2, *range(10, 20))
    assert (told.gap.status, told.examples) == ("small_n", (1, 3, 4, 5, 6))
    told = gap_map(MQLS, out_of_market=lambda one: one.unit_id != 7, **asked).cells[0]
    assert (told.gap.rates[1].den, told.examples) == (1, (7,))


def test_a_pair_means_the_latest_journey() -> None:
    """What was lost a year ago stays lost, though the lead is followed up now."""
    before = Journey("a", "crm", [DAY, DAY], exit="lost", exited_on=after(9), segment="x")
    now = Journey("a", "crm", [after(300), after(301)], segment="x", pursuit=2)
    asked: dict[str, Any] = {
        "reference": [0.5, 0.5],
        "course": SHORT,
        "out_of_market": {("a", "crm")},
    }
    told = gap_map([before, now], as_of=LATER, **asked).cells[0]
    assert (told.gap.rates[1].den, told.examples, told.out_of_market) == (1, ("a",), ("a",))
    told = gap_map([before, now], as_of=after(20), **asked).cells[0]
    assert (told.gap.rates[1].den, told.out_of_market) == (0, ("a",))


def test_who_came_through_late_was_in_the_market() -> None:
    """They did not come through in time, and whoever is told to be out now was not then."""
    late = Journey("a", "crm", [DAY, after(2), after(50)], segment="x")
    asked: dict[str, Any] = {"reference": [0.5, 0.5], "course": SHORT, "within_days": 30}
    told = gap_map([late], as_of=LATER, out_of_market={("a", "crm")}, **asked).cells[0]
    assert (told.gap.rates[1].den, told.out_of_market) == (1, ())


def test_upstream_out_of_market_people_are_examples_too() -> None:
    """For they are to be reached."""
    seen = [Journey(i, "crm", [DAY], segment="x") for i in range(3)]
    told = gap_map(
        seen,
        reference=[0.5, 0.5],
        as_of=LATER,
        course=SHORT,
        out_of_market={(0, "crm")},
    ).cells[0]
    assert (told.examples, told.out_of_market) == ((0, 1, 2), ())


def test_examples_stand_in_the_order_of_their_days() -> None:
    """Then numbers before texts, each in its order; a unit that was lost twice is named once."""
    units: list[tuple[Any, int, int]] = [
        ("b", 0, 1),
        (2, 0, 1),
        ("a", 0, 1),
        (10, 0, 1),
        ("z", -1, 1),
    ]
    journeys = [
        Journey(unit, "crm", [after(-9), after(day)], segment="x", pursuit=pursuit)
        for unit, day, pursuit in [*units, ("z", 3, 2)]
    ]
    asked: dict[str, Any] = {"reference": [0.5, 0.5], "as_of": LATER, "course": SHORT}
    assert gap_map(journeys, **asked).cells[0].examples == ("z", 2, 10, "a", "b")
    assert gap_map(journeys, examples=2, **asked).cells[0].examples == ("z", 2)
    assert gap_map(journeys, examples=0, **asked).cells[0].examples == ()


@pytest.mark.parametrize(
    ("values", "amount", "status", "priced"),
    [
        ({0: 100, 1: 200}, 225, "ok", 2),
        ({0: Decimal("100.25")}, 150, "unpriced", 1),
        ({}, None, "undefined", 0),
    ],
)
def test_wins_lost_are_worth_what_wins_are(
    values: dict[Any, Any], amount: int | None, status: str, priced: int
) -> None:
    """1.5 of them, at the mean of those that have a price; the others are counted."""
    journeys = crowd([40, 7, 2], "x")
    told = gap_map(
        journeys,
        reference=[0.25, 0.5],
        as_of=LATER,
        course=SHORT,
        values=lambda one: values.get(one.unit_id),
        currency="JPY",
    ).cells[0]
    assert (told.gap.lost.value, told.gap.counts) == (3.0, (40, 7, 2))
    assert told.lost_value is not None
    worth = None if amount is None else Decimal(amount) * 2
    if priced == 1:
        worth = Decimal(301)
    assert (told.lost_value.value, told.lost_value.status) == (worth, status)
    assert (told.lost_value.num, told.lost_value.den) == (priced, 2)
    assert "JPY" in told.lost_value.basis.ja


def test_what_is_lost_is_said_in_money_where_there_is_a_verdict() -> None:
    """At the mean value of a win, in both languages; without a verdict nothing is priced."""
    asked: dict[str, Any] = {
        "reference": [0.9, 0.5],
        "as_of": LATER,
        "course": SHORT,
        "values": lambda _: 100,
        "currency": "JPY",
    }
    (lost,) = gap_map(crowd([100, 20, 10], "x"), **asked).cells
    assert lost.gap.verdict is not None
    assert lost.text().endswith("; at the mean value of a win 3,500")
    assert lost.text("ja").endswith("；受注1件の平均金額で換算すると3,500")
    (fine,) = gap_map(crowd([100, 95, 60], "x"), **asked).cells
    assert "mean value" not in fine.text()


def test_wins_lost_that_are_not_known_have_no_worth() -> None:
    """Where there is no reference, there is no amount either."""
    told = gap_map(
        crowd([40, 7, 2], "x"),
        reference={},
        as_of=LATER,
        course=SHORT,
        values=lambda _: 5,
        currency="JPY",
    ).cells[0]
    assert told.lost_value is not None
    assert (told.lost_value.value, told.lost_value.status) == (None, "missing")


def test_a_worth_is_an_amount() -> None:
    """What is none is named by its unit, and no mail address in full."""
    journeys = [Journey("a@example.com", "crm", [DAY] * 3, segment="x")]
    with pytest.raises(InvalidDataError) as told:
        gap_map(
            journeys,
            reference=[0.5, 0.5],
            as_of=LATER,
            course=SHORT,
            values=lambda _: 1.5,  # type: ignore[arg-type,return-value] # refused on purpose
            currency="JPY",
        )
    assert [str(one) for one in told.value.problems] == [
        "values['a…@….com']: must be an integer or a Decimal, not float 1.5"
    ]


def test_a_map_is_a_table_too() -> None:
    """One row for each passage of each cell."""
    rows = gap_map(MQLS, reference=[0.5, None], as_of=LATER, course=SHORT).rows()
    assert [(row["step"], row["there"], row["passed"], row["rate"]) for row in rows] == [
        ("mql", 40, 40, 1.0),
        ("sold", 40, 0, 0.0),
    ]
    assert [row["reference"] for row in rows] == [0.5, None]
    found = gap_map(MQLS, reference=[0.5, 0.5], as_of=LATER, course=SHORT).rows()
    assert [row["binding"] for row in found] == [False, True]
    assert {row["verdict"] for row in found} == {"downstream"}
    assert (found[1]["low"], found[1]["wins_lost"]) == (0.0, 20.0)
    empty = gap_map(
        [], reference=[0.5, 0.5], as_of=LATER, course=SHORT, products=[1], segments=["x"]
    )
    assert [(row["low"], row["high"], row["binding"]) for row in empty.rows()] == [
        (None, None, False)
    ] * 2


def test_a_cell_says_which_it_is() -> None:
    """In both languages; an id that is a mail address is not shown in full."""
    nothing = gap([0, 0, 0], [0.5, 0.5], course=SHORT)
    assert Cell("crm", "large", nothing, (), ()).text() == "crm × large: market: nobody to reach"
    assert Cell(None, None, nothing, (), ()).text("ja") == (
        "全社 × セグメント不明：市場：届ける相手がいない"
    )
    assert Cell("a@example.com", "x", nothing, (), ()).text().startswith("a…@….com × x")


def test_a_cell_that_is_not_there_is_named() -> None:
    """So that nobody reads it as one without gap."""
    found = gap_map(MQLS, reference=[0.5, 0.5], as_of=LATER, course=SHORT)
    with pytest.raises(UnknownNameError, match="no such cell: product 'crm', segment 'y'"):
        found.cell("crm", "y")


def test_insights_stand_beside_the_gap_they_speak_of() -> None:
    """As of the day of the map: one that has expired says so."""
    says = Insight("a", "survey", "prices scare them", ["survey 2026"], DAY, LATER, segment="x")
    old = evolve(says, key="b", expires=after(300))
    other = evolve(says, key="c", product_id="sfa")
    found = gap_map(MQLS, reference=[0.5, 0.5], as_of=LATER, course=SHORT)
    ((cell, beside),) = found.beside(iter([says, old, other]))
    assert cell == found.cells[0]
    assert (beside.current, beside.expired) == ((says,), (old,))


BEFORE = gap_map([], reference=[0.5, 0.5], as_of=LATER, course=SHORT, within_days=9)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (
            {
                "as_of": "today",
                "within_days": -1,
                "min_n": 0,
                "segments": [3],
                "products": "crm",
                "examples": -1,
                "values": len,
                "journeys": [5],
            },
            [
                "as_of: must be a date, not str 'today'",
                "within_days: must be at least 0",
                "min_n: must be at least 1",
                "products: must be a list, not str 'crm'",
                "segments[0]: must be text, not int 3",
                "examples: must be at least 0",
                "currency: must be text, not nothing",
                "journeys[0]: must be a Journey, not int",
            ],
        ),
        ({"since": after(900)}, [f"since: must not be after {LATER}"]),
        ({"since": after(9), "until": after(8)}, [f"since: must not be after {after(8)}"]),
        ({"until": 7}, ["until: must be a date, not int 7"]),
        ({"reference": "other"}, ["reference: must be 'others', rates or a GapMap, not 'other'"]),
        (
            {"out_of_market": {2, 10, ("a", "crm")}},
            ["out_of_market: must be pairs of a unit and a product, not 10"],
        ),
        ({"out_of_market": 2}, ["out_of_market: must be pairs or a function, not int 2"]),
        ({"reference": [2, 0.5]}, ["reference[0]: must be from 0 to 1, not 2"]),
        (
            {"reference": {"crm": [0.5], 7: {"mql": 3}}},
            [
                "reference['crm']: must be of 2 passages, not of 1",
                "reference[7].mql: must be from 0 to 1, not 3",
            ],
        ),
        (
            {"reference": BEFORE},
            [
                (
                    "reference.within_days: must be the same number of days in both, so that both "
                    "have had as long"
                ),
                "reference.until: must be before since",
            ],
        ),
        (
            {"reference": BEFORE, "since": DAY, "as_of": DAY, "within_days": 9, "course": COURSE},
            [
                "reference.course: must be the same course",
                "reference.until: must be before since",
                f"reference.as_of: must not be after {DAY}",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(change: dict[str, Any], problems: list[str]) -> None:
    """Each with its path."""
    asked: dict[str, Any] = {"journeys": MQLS, "reference": [0.5, 0.5], "as_of": LATER}
    asked |= {"course": SHORT, **change}
    with pytest.raises(InvalidDataError) as told:
        gap_map(asked.pop("journeys"), **asked)
    assert [str(one) for one in told.value.problems] == problems
