"""Balance: how a firm divides what it spends and does, against its own bands."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.balances import STANDS, Balance, Band, Effort, balance

MOTIONS = ("upstream", "downstream", None)
STAGES = ("introduction", "growth", "maturity", "decline", None)
AXES = {"motion": "motion", "product": "product_id", "lifecycle": "lifecycle"}
AMOUNTS = st.integers(0, 10**6).map(lambda one: Decimal(one) / 100)
EFFORTS = st.lists(
    st.builds(
        Effort,
        amount=AMOUNTS | st.none(),
        unit=st.sampled_from(("JPY", "USD", "hours")),
        motion=st.sampled_from(MOTIONS),
        product_id=st.sampled_from(("crm", 7, None)),
        lifecycle=st.sampled_from(STAGES),
    ),
    max_size=12,
)
SPENT = [
    Effort(600, "JPY", "upstream", "crm", "introduction"),
    Effort(100, "JPY", "downstream", "crm", "introduction"),
    Effort(300, "JPY", "downstream", "sfa", "maturity"),
]


def shares(found: Balance) -> list[tuple[Any, Any, Any]]:
    """Return each part with its share."""
    return [(one.within, one.key, one.share.value) for one in found.parts]


def test_spend_is_divided_by_motion() -> None:
    """Without a band of the firm's own nothing is judged."""
    (found,) = balance(SPENT)
    assert shares(found) == [(None, "upstream", 0.6), (None, "downstream", 0.4)]
    assert {one.stand for one in found.parts} == {None}
    assert (found.parts[0].share.num, found.parts[0].share.den) == (600, 1_000)
    assert shares(balance(SPENT, by="product")[0]) == [(None, "crm", 0.7), (None, "sfa", 0.3)]


def test_it_is_divided_within_each_stage_of_life() -> None:
    """A product in its introduction needs more upstream than one that is mature."""
    bands = [
        Band("upstream", 0.9, 1, within="introduction"),
        Band("upstream", 0, 0.2, within="maturity"),
        Band("upstream", 0.5, 0.5, within="growth"),
    ]
    (found,) = balance(SPENT, within="lifecycle", bands=bands)
    assert [(one.within, one.key, one.stand) for one in found.parts] == [
        ("introduction", "upstream", "below"),
        ("introduction", "downstream", None),
        ("growth", "upstream", None),
        ("growth", "downstream", None),
        ("maturity", "upstream", "within"),
        ("maturity", "downstream", None),
    ]
    assert found.parts[2].share.status == "undefined"
    assert found.parts[4].share.value == 0


@pytest.mark.parametrize(
    ("low", "high", "stand"),
    [
        (0.6, 0.6, "within"),
        (0.61, 0.7, "below"),
        (0, 0.59, "above"),
        (0.1, Decimal("0.6"), "within"),
    ],
)
def test_a_band_holds_its_ends(low: float, high: float | Decimal, stand: str) -> None:
    """And is compared with the exact share."""
    (found,) = balance(SPENT, bands=[Band("upstream", low, high)])
    assert found.parts[0].stand == stand
    assert found.parts[0].band == Band("upstream", low, high)
    for tenths in (1, 3):
        (found,) = balance(
            [Effort(tenths, "hours", "upstream"), Effort(10 - tenths, "hours", "downstream")],
            bands=[Band("upstream", tenths / 10, tenths / 10)],
        )
        assert found.parts[0].stand == "within"


def test_what_nobody_did_is_below_its_band() -> None:
    """A product that has a band and no spend is there with a share of 0."""
    (found,) = balance(SPENT, by="product", bands=[Band("bi", 0.1, 0.2)])
    assert shares(found)[0] == (None, "bi", 0)
    assert found.parts[0].stand == "below"


def test_a_band_of_a_unit_goes_before_one_of_every_unit() -> None:
    """In whatever order they are given; of a unit without any there is no judgement."""
    efforts = [Effort(1, unit, "upstream") for unit in ("JPY", "hours", "touches")]
    money, general = Band("upstream", 0, 0.5, unit="JPY"), Band("upstream", 0.9, 1)
    for bands in ([money, general], [general, money]):
        told = {one.unit: one.parts[0] for one in balance(efforts, bands=bands)}
        assert {unit: one.band for unit, one in told.items()} == {
            "JPY": money,
            "hours": general,
            "touches": general,
        }
        assert {unit: one.stand for unit, one in told.items()} == {
            "JPY": "above",
            "hours": "within",
            "touches": "within",
        }
    bands_of = {one.unit: one.parts[0].band for one in balance(efforts, bands=[money])}
    assert bands_of == {"JPY": money, "hours": None, "touches": None}


BANDS = st.lists(
    st.builds(
        Band,
        key=st.sampled_from(("crm", 7, "bi")),
        low=st.sampled_from((0, 0.3)),
        high=st.sampled_from((0.3, 1)),
        unit=st.sampled_from((None, "JPY", "USD", "hours")),
    ),
    unique_by=lambda one: (one.key, one.unit),
)


@given(efforts=EFFORTS, bands=BANDS, data=st.data())
def test_each_unit_is_judged_as_if_it_were_alone(
    efforts: list[Effort], bands: list[Band], data: st.DataObject
) -> None:
    """By the bands that name it and, for what these leave out, by those that name no unit."""
    found = balance(efforts, by="product", bands=data.draw(st.permutations(bands)))
    for one in found:
        named = {band.key: band for band in bands if band.unit == one.unit}
        wanted = {band.key: band for band in bands if band.unit is None} | named
        assert {part.key: part.band for part in one.parts if part.band} == wanted
        mine = [effort for effort in efforts if effort.unit == one.unit]
        assert balance(mine, by="product", bands=wanted.values()) == (one,)
        for part in one.parts:
            if part.band is None or part.share.status != "ok":
                assert part.stand is None
                continue
            low, high = Fraction(str(part.band.low)), Fraction(str(part.band.high))
            share = Fraction(part.share.num or 0) / Fraction(part.share.den or 0)
            assert part.stand == ("below" if share < low else "above" if share > high else "within")


def test_an_unknown_amount_is_counted_and_not_added_up() -> None:
    """What is known is told, and nothing is judged."""
    bands = [Band("upstream", 0, 0.1)]
    (found,) = balance([*SPENT, Effort(None, "JPY", "upstream")], bands=bands)
    assert (found.parts[0].share.value, found.parts[0].share.status) == (0.6, "unpriced")
    assert found.parts[0].stand is None
    (found,) = balance([Effort(None, "JPY", "upstream")], bands=bands)
    assert (found.parts[0].share.value, found.parts[0].share.status) == (None, "unpriced")
    (found,) = balance([Effort(0, "JPY", "upstream")], bands=bands)
    assert (found.parts[0].share.value, found.parts[0].share.status) == (None, "undefined")
    assert balance([], bands=bands) == ()


@given(efforts=EFFORTS, by=st.sampled_from(list(AXES)), data=st.data())
def test_every_effort_is_in_one_part(efforts: list[Effort], by: Any, data: st.DataObject) -> None:
    """Units are never added up, parts of a group are all of it, in any order (laws 4, 7)."""
    within: Any = data.draw(st.sampled_from([None, *(one for one in AXES if one != by)]))
    found = balance(efforts, by=by, within=within)
    assert balance(data.draw(st.permutations(efforts)), by=by, within=within) == found
    assert [one.unit for one in found] == sorted({one.unit for one in efforts})
    for one in found:
        for part in one.parts:
            group = [
                each
                for each in efforts
                if each.unit == one.unit
                and (within is None or getattr(each, AXES[within]) == part.within)
            ]
            mine = [each for each in group if getattr(each, AXES[by]) == part.key]
            of = sum(
                (Fraction(each.amount) for each in group if each.amount is not None), Fraction(0)
            )
            num = sum(
                (Fraction(each.amount) for each in mine if each.amount is not None), Fraction(0)
            )
            assert part.share.num == num
            assert part.share.den == of
            assert part.share.value == (float(num / of) if of else None)
            assert (part.share.status == "unpriced") == any(each.amount is None for each in group)
        told = sum(Fraction(part.share.num or 0) for part in one.parts)
        known = [
            each.amount for each in efforts if each.unit == one.unit and each.amount is not None
        ]
        assert told == sum(map(Fraction, known))


def test_sums_do_not_depend_on_how_the_thread_rounds() -> None:
    """Cents of a large sum are kept (law 9)."""
    rows = [Effort(Decimal("12345678901234.05"), "JPY", "upstream"), Effort(1, "JPY", "upstream")]
    with decimal.localcontext(decimal.Context(prec=3)):
        (found,) = balance(rows)
    assert found.parts[0].share.num == Decimal("12345678901235.05")


def test_a_balance_says_where_it_stands() -> None:
    """In both languages, part by part; what has no motion or product is named so."""
    rows = [*SPENT, Effort(1_000, "JPY", None, "a@example.com")]
    (found,) = balance(rows, bands=[Band("upstream", 0.4, 0.6)])
    assert found.text() == (
        "JPY upstream: 30.0%, below the band (40%–60%)\n"
        "JPY downstream: 20.0%\n"
        "JPY motion unknown: 50.0%"
    )
    assert found.text("ja").splitlines()[0] == "JPY 上流：30.0%、配分の下限未満（40%–60%）"
    (found,) = balance(rows, by="product", within="lifecycle")
    assert found.text("ja").splitlines() == [
        "JPY 導入期 × crm：100.0%",
        "JPY 成熟期 × sfa：100.0%",
        "JPY ライフサイクル不明 × a…@….com：100.0%",
    ]
    assert all(one.en != one.ja for one in STANDS.values())


def test_units_have_names() -> None:
    """Touches and hours in both languages; a currency is its code."""
    rows = [Effort(1, unit, "upstream") for unit in ("JPY", "hours", "touches")]
    found = balance(rows)
    assert [one.text().splitlines()[0] for one in found] == [
        "JPY upstream: 100.0%",
        "hours upstream: 100.0%",
        "touches upstream: 100.0%",
    ]
    assert [one.text("ja").splitlines()[0] for one in found] == [
        "JPY 上流：100.0%",
        "工数 上流：100.0%",
        "接点 上流：100.0%",
    ]
    assert [one.label.text("ja") for one in found] == ["JPY", "工数", "接点"]


def test_an_effort_names_every_fault() -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as told:
        Effort(-1, "", "sideways", True, "youth")  # type: ignore[arg-type] # refused on purpose
    assert [str(one) for one in told.value.problems] == [
        "effort.amount: must be at least 0",
        "effort.unit: must not be blank",
        "effort.motion: must be one of upstream, downstream, not 'sideways'",
        "effort.product_id: must be a text or an integer id, not bool True",
        "effort.lifecycle: must be one of introduction, growth, maturity, decline, not 'youth'",
    ]


def test_a_band_names_every_fault() -> None:
    """The ends are shares, in order."""
    with pytest.raises(InvalidDataError) as told:
        Band("", -1, "x", within=1.5, unit=3)  # type: ignore[arg-type] # refused on purpose
    assert [str(one) for one in told.value.problems] == [
        "band.key: must not be blank",
        "band.within: must be a text or an integer id, not float 1.5",
        "band.unit: must be text, not int 3",
        "band.low: must be a share from 0 to 1, not -1",
        "band.high: must be a share from 0 to 1, not 'x'",
    ]
    with pytest.raises(InvalidDataError, match=r"band\.high: must not be below low"):
        Band("upstream", 0.5, 0.4)


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        (
            {"efforts": [3], "by": "team", "within": "month", "bands": [7]},
            [
                "efforts[0]: must be an Effort, not int",
                "by: must be one of motion, product, lifecycle, not 'team'",
                "within: must be one of motion, product, lifecycle, not 'month'",
                "bands[0]: must be a Band, not int",
            ],
        ),
        ({"by": "product", "within": "product"}, ["within: must not be 'product' again"]),
        (
            {"bands": [Band("crm", 0, 1), Band("upstream", 0, 1, within="crm")]},
            [
                "bands[0].key: must be one of upstream, downstream, not 'crm'",
                "bands[1].within: names a group; there is none",
            ],
        ),
        (
            {
                "within": "lifecycle",
                "bands": [Band("upstream", 0, 1), *[Band("upstream", 0, 1, within="old")] * 2],
            },
            [
                "bands[0].within: must name a group",
                (
                    "bands[1].within: must be one of introduction, growth, maturity, decline, "
                    "not 'old'"
                ),
                (
                    "bands[2].within: must be one of introduction, growth, maturity, decline, "
                    "not 'old'"
                ),
                "bands[2]: there is a band for the same already",
            ],
        ),
        (
            {
                "bands": [
                    Band("upstream", 0, 1),
                    Band("upstream", 0, 1, unit="JPY"),
                    Band("upstream", 0, 0.5, unit="JPY"),
                    Band("upstream", 0, 0.5),
                    Band("upstream", 0, 1, unit="touches"),
                ]
            },
            [
                "bands[2]: there is a band for the same already",
                "bands[3]: there is a band for the same already",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(asked: dict[str, Any], problems: list[str]) -> None:
    """Each with its path."""
    with pytest.raises(InvalidDataError) as told:
        balance(asked.pop("efforts", SPENT), **asked)
    assert [str(one) for one in told.value.problems] == problems
