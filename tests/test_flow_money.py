"""Money: rates, sums of what has a price, and allocation that loses no cent."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.allocation import allocated, budget_by_day, by_day, by_product
from mpfunnel.flow.campaigns.money import FxRate, FxTable, from_cents, in_cents, total
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.measures import Measure
from mpfunnel.labels import Label
from tests.campaign_worlds import DAY, after, spent

APRIL = FxRate("USD", Decimal("150.255"), date(2026, 4, 1), date(2026, 4, 30))
MAY = FxRate("USD", 149, date(2026, 5, 1))
FX = FxTable("JPY", [MAY, APRIL])
SUM = Label("sum")

cents = st.integers(-(10**14), 10**14)


def _problems(make: Any, *given: Any, **others: Any) -> list[str]:
    with pytest.raises(InvalidDataError) as told:
        make(*given, **others)
    return [str(one) for one in told.value.problems]


@pytest.mark.parametrize(
    ("currency", "day", "expected"),
    [
        ("USD", date(2026, 4, 1), Decimal("300.51")),
        ("USD", date(2026, 4, 30), Decimal("300.51")),
        ("USD", date(2026, 5, 1), Decimal(298)),
        ("USD", date(2026, 3, 31), None),
        ("EUR", date(2026, 4, 1), None),
        ("JPY", date(2020, 1, 1), Decimal(2)),
        (None, date(2020, 1, 1), Decimal(2)),
    ],
)
def test_a_rate_holds_on_its_days(currency: str | None, day: date, expected: Any) -> None:
    """Both ends included; without a rate there is no price, and the rate is not 1."""
    assert FX.priced(2, currency, day) == expected
    assert FX.priced(None, currency, day) is None


def test_a_price_is_rounded_once_to_the_cent() -> None:
    """Halves to the even one, whatever the thread's context says."""
    half = FxTable("JPY", [FxRate("USD", Decimal("0.5"), DAY)])
    amounts = [Decimal("0.01"), Decimal("0.03"), Decimal("1000.01")]
    with localcontext(rounding=ROUND_CEILING, prec=3):
        prices = [half.priced(one, "USD", DAY) for one in amounts]
    assert prices == [Decimal("0.00"), Decimal("0.02"), Decimal("500.00")]


@given(amounts=st.lists(st.one_of(st.none(), cents), max_size=8), chance=st.randoms())
def test_a_sum_is_exact_and_says_what_has_no_price(amounts: list[int | None], chance: Any) -> None:
    """Law 4: Order does not matter, and nothing without a price is added as 0."""
    prices = [None if one is None else Decimal(one).scaleb(-2) for one in amounts]
    told = total(prices, SUM)
    known = [one for one in amounts if one is not None]
    assert (told.num, told.den) == (len(known), len(amounts))
    assert told.status == ("ok" if len(known) == len(amounts) else "unpriced")
    if known or not amounts:
        assert isinstance(told.value, Decimal)
        assert Fraction(told.value) == Fraction(sum(known), 100)
    else:
        assert told.value is None
    assert total(chance.sample(prices, len(prices)), SUM) == told


def test_a_sum_reads_without_places_that_say_nothing() -> None:
    """Yen have no cents."""
    assert total([Decimal("1500000.00")], SUM) == Measure(Decimal(1_500_000), "money", SUM, 1, 1)
    assert total([Decimal("1.50"), Decimal(1)], SUM).text() == "2.50"
    assert (from_cents(-150), in_cents(Decimal("-1.5"))) == (Decimal("-1.50"), -150)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"currency": "usd"}, "fxrate.currency: must be a code of three letters such as 'JPY'"),
        ({"currency": 1}, "fxrate.currency: must be a code of three letters such as 'JPY'"),
        ({"rate": 1.5}, "fxrate.rate: must be an integer or a Decimal, not float 1.5"),
        ({"rate": 0}, "fxrate.rate: must be a finite number of more than 0"),
        ({"rate": Decimal("Infinity")}, "fxrate.rate: must be a finite number of more than 0"),
        ({"end": after(-1)}, "fxrate.end: must not be before start"),
    ],
)
def test_a_rate_is_exact_and_more_than_nothing(given: dict[str, Any], problem: str) -> None:
    """And has a currency and days."""
    (told,) = _problems(FxRate, **{"currency": "USD", "rate": 1, "start": DAY, **given})
    assert told.startswith(problem)


def test_at_most_one_rate_holds() -> None:
    """Two on one day contradict each other; the currency of the sums has none."""
    rates = [
        FxRate("USD", 1, DAY, after(5)),
        FxRate("USD", 2, after(5), after(6)),
        FxRate("EUR", 1, DAY),
        FxRate("EUR", 2, after(9)),
        FxRate("GBP", 1, DAY, after(4)),
        FxRate("GBP", 1, after(5)),
    ]
    assert _problems(FxTable, "JPY", rates) == [
        f"fx.rates: two rates of EUR hold on {after(9)}",
        f"fx.rates: two rates of USD hold on {after(5)}",
    ]
    assert _problems(FxTable, "USD", rates[:1]) == [
        "fx.rates[0].currency: is the currency of the sums; USD needs no rate"
    ]
    assert _problems(FxTable, "yen", ["USD"]) == [
        "fx.currency: must be a code of three letters such as 'JPY', not 'yen'",
        "fx.rates[0]: must be a FxRate, not str",
    ]


# -- allocation --

weights = st.dictionaries(
    st.text(max_size=2) | st.integers(0, 9), st.integers(0, 50), min_size=1, max_size=6
).filter(lambda given: any(given.values()))


@given(amount=cents, parts=weights, chance=st.randoms(use_true_random=False))
def test_allocation_keeps_every_cent(amount: int, parts: dict[Any, int], chance: Any) -> None:
    """The parts add up, lie within a cent of the exact ones, and their order decides nothing."""
    given = Decimal(amount).scaleb(-2)
    told = allocated(given, parts)
    assert list(told) == list(parts)
    assert sum(map(Fraction, told.values())) == Fraction(amount, 100)
    for key, part in told.items():
        exact = Fraction(amount, 100) * parts[key] / sum(parts.values())
        assert abs(Fraction(part) - exact) < Fraction(1, 100)
        assert parts[key] or part == 0
    mixed = dict(chance.sample(list(parts.items()), len(parts)))
    assert allocated(given, mixed) == told
    assert allocated(-given, parts) == {key: -part for key, part in told.items()}


@given(amount=st.integers(0, 500), parts=weights)
def test_the_largest_rests_get_the_cents_that_are_left(amount: int, parts: dict[Any, int]) -> None:
    """The method of Hamilton, against one that hands out the cents one by one."""
    whole = sum(parts.values())
    by_hand = {key: amount * weight // whole for key, weight in parts.items()}
    rests = {key: amount * weight % whole for key, weight in parts.items()}
    for _ in range(amount - sum(by_hand.values())):
        largest = max(rests.values())
        texts = sorted(key for key in rests if rests[key] == largest and isinstance(key, str))
        numbers = sorted(key for key in rests if rests[key] == largest and isinstance(key, int))
        key = [*numbers, *texts][0]
        by_hand[key] += 1
        rests[key] = -1
    assert allocated(Decimal(amount).scaleb(-2), parts) == {
        key: Decimal(part).scaleb(-2) for key, part in by_hand.items()
    }


@given(amount=cents, days=st.integers(0, 40))
def test_days_share_evenly(amount: int, days: int) -> None:
    """No day gets a cent more than another, but the first ones where it does not go evenly."""
    spend = Spend(DAY, Decimal(amount).scaleb(-2), campaign_id=1, currency="USD")
    parts = by_day(spend, after(3), after(3 + days))
    assert [one.day for one in parts] == [after(3 + place) for place in range(days + 1)]
    sizes = [abs(in_cents(one.amount)) for one in parts]
    assert sum(sizes) == abs(amount)
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)
    assert all((one.campaign_id, one.currency) == (1, "USD") for one in parts)


def test_a_spend_is_divided_among_products() -> None:
    """Each bears its part of it, and remains what it was otherwise."""
    parts = by_product(spent(0, "100.00"), {"crm": 2, "sfa": 1})
    assert [(one.product_id, one.amount) for one in parts] == [
        ("crm", Decimal("66.67")),
        ("sfa", Decimal("33.33")),
    ]
    assert _problems(by_product, parts[0], {"crm": 1}) == [
        "spend.product_id: is for product 'crm' already"
    ]


def test_a_budget_is_divided_among_the_days_of_its_campaign() -> None:
    """It needs an amount and a last day."""
    parts = budget_by_day(Campaign(1, "email", DAY, after(2), budget=100))
    assert list(parts.values()) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert list(parts) == [DAY, after(1), after(2)]
    assert _problems(budget_by_day, Campaign(1, "email", DAY)) == [
        "campaign.budget: is needed to divide the budget among days",
        "campaign.end: is needed to divide the budget among days",
    ]


def test_what_cannot_be_divided_is_named() -> None:
    """All at once: no money, weights that are none, days that are none."""
    assert _problems(allocated, 0.5, {"a": -1, "b": 0.5, "c": 1}) == [
        "amount: must be an integer or a Decimal, not float 0.5",
        "weights.a: must be an integer or a Decimal of 0 or more, not -1",
        "weights.b: must be an integer or a Decimal of 0 or more, not 0.5",
    ]
    assert _problems(allocated, 1, {"a": 0}) == ["weights: at least one must be more than 0"]
    assert _problems(allocated, 1, {}) == ["weights: at least one must be more than 0"]
    assert _problems(by_day, spent(0, 1), after(1), DAY) == ["end: must not be before start"]
    assert _problems(by_day, spent(0, 1), "x", DAY) == ["start: must be a date, not str 'x'"]
