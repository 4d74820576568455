"""Learned relations: what ownership says of pairs of products, and how sure that is."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, permutations, product
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.examples import playbook
from mpfunnel.records import Id
from mpfunnel.synergy import Acquired, Learned, Learning, Measure, Population, acquired, learn

TODAY = date(2026, 10, 31)
fisher_exact: Any = stats.fisher_exact  # whose result no type checker knows
CORRECTIONS = ("holm", "benjamini_hochberg")


def ago(days: int) -> date:
    """The day so many days before today."""
    return TODAY - timedelta(days)


def learned(found: Learning, source: Id, target: Id) -> Learned:
    """What was learned of two products in one direction."""
    (one,) = (one for one in found.relations if (one.source, one.target) == (source, target))
    return one


def owning(*owners: tuple[int, str]) -> list[Acquired]:
    """Rows of companies, numbered on: so many own so many products, each since the same day."""
    ids = iter(range(10_000))
    return [
        Acquired(company, product_id, ago(9))
        for count, owned in owners
        for company in [next(ids) for _ in range(count)]
        for product_id in owned
    ]


def chance(dice: Random, companies: int, rates: Sequence[float]) -> list[Acquired]:
    """A table in which no product has to do with another."""
    return [
        Acquired(company, product_id, ago(dice.randrange(900)))
        for company in range(companies)
        for product_id, rate in enumerate(rates)
        if dice.random() < rate
    ]


rows = st.lists(
    st.builds(
        Acquired,
        st.integers(1, 9),
        st.sampled_from("ABCD"),
        st.integers(-2, 3).map(ago),
    ),
    max_size=40,
)

# -- the figures --


class Naive:
    """The counts of one pair, from sets of companies."""

    def __init__(self, given: Iterable[Acquired], source: Id, target: Id) -> None:
        past = [row for row in given if row.since <= TODAY]
        first = {
            (row.company_id, row.product_id): min(
                other.since
                for other in past
                if (other.company_id, other.product_id) == (row.company_id, row.product_id)
            )
            for row in past
        }
        self.buyers = {company for company, _ in first}
        self.source = {company for company, product_id in first if product_id == source}
        self.target = {company for company, product_id in first if product_id == target}
        self.both = self.source & self.target
        self.days = [(first[company, source], first[company, target]) for company in self.both]


@given(rows, st.integers(0, 12), st.sampled_from(["buyers", "companies"]))
def test_the_counts_are_those_of_sets(given_rows: list[Acquired], more: int, base: Any) -> None:
    """Each pair that anybody owns is counted in both directions, each row at its earliest day."""
    companies = range(1, 10 + more)
    found = learn(given_rows, as_of=TODAY, companies=companies, base=base)
    products = sorted({row.product_id for row in given_rows if row.since <= TODAY}, key=str)
    assert {(one.source, one.target) for one in found.relations} == {*permutations(products, 2)}
    assert found.measure.pairs == len(found.relations) / 2
    for one in found.relations:
        naive = Naive(given_rows, one.source, one.target)
        size = len(companies) if base == "companies" else len(naive.buyers)
        assert one.population == found.population == Population(base, size, TODAY)
        assert one.source_owners == len(naive.source)
        assert one.target_owners == len(naive.target)
        assert one.both == len(naive.both)
        assert one.source_first == sum(mine < other for mine, other in naive.days)
        assert one.target_first == sum(mine > other for mine, other in naive.days)
        assert one.same_day == sum(mine == other for mine, other in naive.days)
        assert one.both == one.source_first + one.target_first + one.same_day
        alone = len(naive.source - naive.target)
        assert one.waiting == one.source_first + alone
        assert one.followed == (one.source_first / one.waiting if one.waiting else None)


def random_table(seed: int, base: Any) -> tuple[Learning, pd.DataFrame]:
    """What is learned of a random table, and who of the base owns what."""
    dice = Random(seed)
    size = dice.choice([12, 60, 200])
    given_rows = chance(dice, size, [dice.uniform(0.05, 0.95) for _ in range(5)])
    found = learn(given_rows, as_of=TODAY, companies=range(size), base=base)
    buyers = {row.company_id for row in given_rows}
    everyone = sorted(buyers) if base == "buyers" else range(size)
    table = pd.DataFrame(False, index=everyone, columns=range(5))
    for row in given_rows:
        table.loc[row.company_id, row.product_id] = True
    return found, table


@pytest.mark.parametrize("base", ["buyers", "companies"])
@pytest.mark.parametrize("seed", range(6))
def test_the_tests_are_those_of_scipy(seed: int, base: Any) -> None:
    """On random tables, Fisher's test, Wilson's interval and the test of the order are SciPy's."""
    found, table = random_table(seed, base)
    for one in found.relations:
        cells = pd.crosstab(table[one.source], table[one.target]).reindex(
            index=[True, False], columns=[True, False], fill_value=0
        )
        exact = fisher_exact(cells.to_numpy(), alternative="greater").pvalue
        assert one.p == pytest.approx(float(exact), rel=1e-9)
        wilson = stats.binomtest(one.both, one.source_owners).proportion_ci(method="wilson")
        assert one.interval == pytest.approx((wilson.low, wilson.high), rel=1e-9, abs=1e-12)
        sides = one.source_first + one.target_first
        order = float(stats.binomtest(one.source_first, sides).pvalue) if sides else 1.0
        assert one.order_p == pytest.approx(order, rel=1e-9)


@pytest.mark.mlxtend
@pytest.mark.parametrize("base", ["buyers", "companies"])
@pytest.mark.parametrize("seed", range(6))
def test_the_figures_are_those_of_mlxtend(seed: int, base: Any) -> None:
    """On random tables, support, confidence and lift are mlxtend's."""
    from mlxtend.frequent_patterns import apriori, association_rules

    found, table = random_table(seed, base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that is only asked for figures
        frequent = apriori(table, min_support=1e-9, use_colnames=True, max_len=2)
        rules = association_rules(frequent, metric="support", min_threshold=0)
    theirs = {
        (*rule["antecedents"], *rule["consequents"]): rule for rule in rules.to_dict("records")
    }
    assert len(theirs) >= 6
    for one in found.relations:
        rule = theirs.pop((one.source, one.target), None)
        assert (rule is None) is (one.both == 0)
        if rule is not None:
            assert one.support == pytest.approx(rule["support"], rel=1e-12)
            assert one.confidence == pytest.approx(rule["confidence"], rel=1e-12)
            assert one.expected == pytest.approx(rule["consequent support"], rel=1e-12)
            assert one.lift == pytest.approx(rule["lift"], rel=1e-12)
    assert not theirs


@pytest.mark.parametrize("base", ["buyers", "companies"])
def test_many_pairs_are_corrected_for(base: Any) -> None:
    """Two products are one test in either direction, and the correction is SciPy's over these."""
    given_rows = chance(Random(5), 150, [0.1, 0.3, 0.5, 0.7])
    found = learn(
        given_rows, as_of=TODAY, companies=range(150), base=base, correction="benjamini_hochberg"
    )
    pairs = [learned(found, *pair) for pair in combinations(range(4), 2)]
    assert found.measure == Measure("benjamini_hochberg", 0.05, 6, 5)
    for raw, corrected in (("p", "adjusted_p"), ("order_p", "adjusted_order_p")):
        theirs = stats.false_discovery_control([getattr(one, raw) for one in pairs], method="bh")
        ours = [getattr(one, corrected) for one in pairs]
        assert ours == pytest.approx([float(one) for one in theirs], rel=1e-12)
        back = [getattr(learned(found, one.target, one.source), corrected) for one in pairs]
        assert back == ours


def test_both_directions_of_a_pair_share_what_is_symmetric() -> None:
    """Support, lift and both tests are those of the pair; the rate is that of the source."""
    found = learn(owning((6, "AB"), (2, "A"), (1, "B"), (9, "C")), as_of=TODAY)
    there, back = learned(found, "A", "B"), learned(found, "B", "A")
    assert there.exact_lift == back.exact_lift == Fraction(6 * 18, 8 * 7)
    assert (there.support, there.p, there.order_p) == (back.support, back.p, back.order_p)
    assert (there.confidence, back.confidence) == (6 / 8, 6 / 7)
    assert (there.expected, back.expected) == (7 / 18, 8 / 18)


# -- laws --


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(given_rows: list[Acquired], dice: Random) -> None:
    """Law 4: permuted rows and companies say the same, with the same rejects in the same order."""
    mixed, companies = [*given_rows], [1, 2, 3, 4, 5]
    dice.shuffle(mixed)
    expected = learn(given_rows, as_of=TODAY, companies=companies)
    assert learn(iter(mixed), as_of=TODAY, companies=[5, 3, 1, 2, 4]) == expected


@given(rows)
def test_a_row_that_says_nothing_new_changes_nothing(given_rows: list[Acquired]) -> None:
    """Rows of the same company and product count once, by their earliest day."""
    past = [row for row in given_rows if row.since <= TODAY]
    again = [Acquired(row.company_id, row.product_id, TODAY) for row in past]
    assert learn([*again, *past, *past], as_of=TODAY) == learn(past, as_of=TODAY)


@given(rows)
def test_later_days_change_nothing(given_rows: list[Acquired]) -> None:
    """Law 5: what is acquired after the day is as if it did not exist, rejects included."""
    past = [row for row in given_rows if row.since <= TODAY]
    for companies in (None, [1, 2, 3]):
        found = learn(given_rows, as_of=TODAY, companies=companies)
        assert found == learn(past, as_of=TODAY, companies=companies)


@given(rows, st.sets(st.integers(1, 9)))
def test_a_row_about_a_stranger_is_a_reject(given_rows: list[Acquired], ids: set[int]) -> None:
    """Law 7: rows about companies that are not given change no figure, and come back."""
    past = [row for row in given_rows if row.since <= TODAY]
    ours = [row for row in past if row.company_id in ids]
    found = learn(past, as_of=TODAY, companies=ids)
    assert found.relations == learn(ours, as_of=TODAY, companies=ids).relations
    assert [one.record for one in found.rejects] == sorted(
        (row for row in past if row.company_id not in ids),
        key=lambda row: (row.company_id, row.product_id, row.since),
    )
    for one in found.rejects:
        message = f"is about company {one.id}, which is not among those given"
        assert (one.table, one.code, one.reason) == ("acquired", "unknown-company", message)


def test_the_relations_stand_in_a_stated_order() -> None:
    """First what chance explains least, then the greater lift, then by id."""
    found = learn(chance(Random(3), 90, [0.2, 0.2, 0.4, 0.6, 0.8]), as_of=TODAY)
    assert [(one.source, one.target) for one in found.relations] == [
        (one.source, one.target)
        for one in sorted(
            found.relations, key=lambda one: (one.p, -one.exact_lift, one.source, one.target)
        )
    ]
    assert len({one.p for one in found.relations}) == 10


def test_where_chance_explains_all_the_greater_lift_stands_first() -> None:
    """What all own has a lift of 1, what nobody owns together one of 0: both have p = 1."""
    found = learn(owning((4, "ZYA"), (4, "ZYB")), as_of=TODAY)
    assert {one.p for one in found.relations} == {1.0}
    assert [(one.source + one.target, one.lift) for one in found.relations] == [  # type: ignore[operator]
        *((pair, 1) for pair in ("AY", "YA", "AZ", "ZA", "BY", "YB", "BZ", "ZB", "YZ", "ZY")),
        *((pair, 0) for pair in ("AB", "BA")),
    ]


# -- what is suggested --


def test_what_goes_together_is_suggested_in_both_directions() -> None:
    """Most owners of A own B, who else does not: owners of either may be offered the other."""
    found = learn(owning((30, "AB"), (10, "A"), (5, "B"), (55, "C")), as_of=TODAY)
    assert [(one.source, one.target) for one in found.suggestions] == [("A", "B"), ("B", "A")]
    best = found.suggestions[0]
    assert best.lift == pytest.approx((30 / 40) / (35 / 100))
    assert best.order == "unclear"
    assert not best.suggested_in_order


def test_what_excludes_each_other_is_never_suggested() -> None:
    """That fewer own both than chance would have it is no reason to offer either."""
    found = learn(owning((40, "A"), (40, "B"), (6, "AB")), as_of=TODAY)
    there = learned(found, "A", "B")
    assert there.lift < 1
    assert there.p > 0.999
    assert not found.suggestions


def test_a_lift_of_one_is_never_suggested() -> None:
    """However much error is allowed, as many as chance would have it are no reason."""
    given_rows = owning((9, "AB"), (9, "A"), (9, "B"))
    found = learn(given_rows, as_of=TODAY, companies=range(36), base="companies", error_rate=0.95)
    assert [one.lift for one in found.relations] == [1, 1]
    assert found.relations[0].adjusted_p < 0.95
    assert not found.suggestions


def test_the_order_is_told_apart_from_what_is_bought_on_one_day() -> None:
    """Where A is taken first, only that direction is suggested in order; same days say nothing."""
    given_rows = owning((30, "C"), (4, "AB"))
    for company in range(100, 120):
        given_rows += [Acquired(company, "A", ago(50)), Acquired(company, "B", ago(20))]
    given_rows += [Acquired(99, "A", ago(5)), Acquired(99, "B", ago(6)), Acquired(98, "A", ago(3))]
    found = learn(given_rows, as_of=TODAY)
    there, back = learned(found, "A", "B"), learned(found, "B", "A")
    assert (there.source_first, there.target_first, there.same_day) == (20, 1, 4)
    assert (there.order, back.order) == ("source_first", "target_first")
    assert there.suggested
    assert back.suggested
    assert there.suggested_in_order
    assert not back.suggested_in_order
    # One that had B first and four of one day never had A alone, and one still does.
    assert (there.waiting, there.followed) == (21, 20 / 21)
    assert (back.waiting, back.followed) == (1, 1.0)


def test_an_order_without_association_is_no_suggestion() -> None:
    """That one product is older than another is no reason to offer it."""
    given_rows = [Acquired(company, "A", ago(50)) for company in range(40)]
    given_rows += [Acquired(company, "B", ago(20)) for company in range(20, 60)]
    there = learned(learn(given_rows, as_of=TODAY, companies=range(80), base="companies"), "A", "B")
    assert there.order == "source_first"
    assert there.lift == 1
    assert not there.suggested
    assert not there.suggested_in_order


def test_few_owners_are_not_suggested_though_they_are_tested() -> None:
    """Below `min_both` nothing is suggested; no test is left out for it, and no figure changes."""
    given_rows = owning((4, "AB"), (200, "C"), (9, "D"))
    few = learn(given_rows, as_of=TODAY)
    assert learned(few, "A", "B").adjusted_p < 1e-6
    assert not few.suggestions
    enough = learn(given_rows, as_of=TODAY, min_both=4)
    assert len(enough.suggestions) == 2
    assert [one.adjusted_p for one in few.relations] == [one.adjusted_p for one in enough.relations]
    assert few.measure.pairs == 6


def test_one_correction_is_stricter_than_the_other() -> None:
    """Where much goes together, the false discovery rate lets more pass than Holm."""
    dice = Random(1)
    given_rows = chance(dice, 300, [0.3] * 6)
    given_rows += [
        Acquired(row.company_id, row.product_id + 6, ago(1))  # type: ignore[operator]
        for row in given_rows
        if dice.random() < 0.1 + 0.07 * row.product_id  # type: ignore[operator]
    ]
    given_rows += chance(dice, 300, [0.0] * 6 + [0.3] * 6)
    counts = [
        len(learn(given_rows, as_of=TODAY, correction=one).suggestions)  # type: ignore[arg-type]
        for one in CORRECTIONS
    ]
    assert 0 < counts[0] < counts[1]


# -- where there is nothing --


def false_alarms(tables: int, size: int, base: Any, seed: int, **measure: Any) -> int:
    """Of so many random tables, in how many anything at all is suggested."""
    dice = Random(seed)
    alarms = 0
    for _ in range(tables):
        rates = [dice.choice([0.05, 0.2, 0.5, 0.8]) for _ in range(8)]
        found = learn(
            chance(dice, size, rates), as_of=TODAY, companies=range(size), base=base, **measure
        )
        alarms += bool(found.suggestions)
    return alarms


def bound(tables: int, rate: float) -> float:
    """As many alarms as a true rate of `rate` exceeds once in a thousand times."""
    return float(stats.binom.isf(0.001, tables, rate))


@pytest.mark.parametrize("base", ["buyers", "companies"])
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_nothing_is_suggested_where_there_is_nothing(base: Any, correction: str) -> None:
    """Of random tables, no more than the error rate has any suggestion, whatever the base."""
    alarms = false_alarms(60, 120, base, 17, correction=correction, min_both=1)
    assert alarms <= bound(60, 0.05)


@pytest.mark.bulk
@pytest.mark.parametrize("error_rate", [0.05, 0.3])
@pytest.mark.parametrize("base", ["buyers", "companies"])
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_the_error_rate_holds_on_many_tables(base: Any, correction: str, error_rate: float) -> None:
    """Of 1,500 random tables of 8 products and 200 companies, the error rate holds."""
    alarms = false_alarms(
        1_500, 200, base, 23, correction=correction, min_both=1, error_rate=error_rate
    )
    print(base, correction, error_rate, alarms, bound(1_500, error_rate))  # noqa: T201
    assert alarms <= bound(1_500, error_rate)


def test_without_a_correction_there_would_be_false_alarms() -> None:
    """Of 28 pairs without anything in them, the raw tests alone would suggest some, most times."""
    dice = Random(17)
    found = [learn(chance(dice, 120, [0.5] * 8), as_of=TODAY) for _ in range(25)]
    alarms = sum(
        any(one.p <= 0.05 and one.lift > 1 for one in learning.relations) for learning in found
    )
    assert alarms > bound(25, 0.05)


def test_buyers_own_two_products_less_often_than_chance() -> None:
    """Where all combinations are equally many, the lift is 1 among all companies, exactly.

    Among buyers it is the share of companies that own anything, for whoever owns nothing is not
    seen: a base of buyers hides a little, and makes nothing up.
    """
    wholes = [
        Acquired(company, product_id, ago(5))
        for company, owned in enumerate(product([False, True], repeat=4))
        for product_id, owns in enumerate(owned)
        if owns
    ]
    everyone = learn(wholes, as_of=TODAY, companies=range(16), base="companies")
    assert {one.exact_lift for one in everyone.relations} == {Fraction(1)}
    assert everyone.population.size == 16
    buyers = learn(wholes, as_of=TODAY, companies=range(16))
    assert {one.exact_lift for one in buyers.relations} == {Fraction(15, 16)}
    assert buyers.population.size == 15


def test_companies_that_buy_nothing_make_a_lift_among_all_companies() -> None:
    """Where half of the companies buy nothing at all, every pair has a lift of 2 among all.

    Among buyers that goes away. Where some buy much and others little, it does so only where the
    two kinds are told apart.
    """
    dice = Random(4)
    halves = chance(dice, 200, [0.5] * 5)
    everyone = learn(halves, as_of=TODAY, companies=range(400), base="companies")
    assert len(everyone.suggestions) == len(everyone.relations) == 20
    assert not learn(halves, as_of=TODAY, companies=range(400)).suggestions

    large = chance(dice, 200, [0.9] * 5)
    small = [
        Acquired(row.company_id + 200, row.product_id, row.since)  # type: ignore[operator]
        for row in chance(dice, 200, [0.3] * 5)
    ]
    assert len(learn([*large, *small], as_of=TODAY).suggestions) == 20
    for kind in (large, small):
        assert not learn(kind, as_of=TODAY).suggestions


# -- little data --


@pytest.mark.parametrize("base", ["buyers", "companies"])
def test_of_nothing_nothing_is_learned(base: Any) -> None:
    """Without rows, or with one product, there is no pair."""
    nothing = learn([], as_of=TODAY, companies=[], base=base)
    assert nothing == Learning(Population(base, 0, TODAY), Measure("holm", 0.05, 0, 5), (), ())
    alone = learn(owning((3, "A")), as_of=TODAY, companies=range(3), base=base)
    assert (alone.population.size, alone.relations, alone.rows()) == (3, (), [])


@pytest.mark.parametrize("size", [1, 2, 50])
def test_what_all_own_says_nothing(size: int) -> None:
    """Where everybody owns both, the lift is 1, and chance would have it so."""
    found = learn(owning((size, "AB")), as_of=TODAY, min_both=1)
    there = learned(found, "A", "B")
    assert (there.lift, there.p, there.adjusted_p, there.confidence) == (1, 1, 1, 1)
    assert there.interval[1] == 1
    assert not found.suggestions


def test_what_nobody_owns_is_no_product() -> None:
    """A product that is acquired only later, or by strangers, is in no pair and in no test."""
    given_rows = [*owning((3, "AC")), Acquired(1, "B", ago(-1)), Acquired(77, "D", ago(1))]
    found = learn(given_rows, as_of=TODAY, companies=range(3))
    assert {(one.source, one.target) for one in found.relations} == {("A", "C"), ("C", "A")}
    assert found.measure.pairs == 1


def test_of_few_companies_nothing_is_sure() -> None:
    """Of three companies, two of which own both products, chance gives as much every third time."""
    found = learn(owning((2, "AB"), (1, "C")), as_of=TODAY, min_both=1)
    there = learned(found, "A", "B")
    assert there.p == pytest.approx(1 / 3)
    assert there.interval == pytest.approx((0.342, 1.0), abs=1e-3)
    assert not found.suggestions


# -- words --

EXAMPLE = owning((30, "AB"), (10, "A"), (5, "B"), (55, "C"))


def test_every_text_names_its_population() -> None:
    """Among whom was counted, on which day, and of what kind they are, stands in every figure."""
    there = learned(learn(EXAMPLE, as_of=TODAY), "A", "B")
    assert there.text() == (
        "of 100 buyers as of 2026-10-31, 40 own A; 30 of them own B (75.0 %, 59.8–85.8 %), "
        "against 35.0 % of all: lift 2.14, p 4.4e-12 (1.3e-11 by Holm for 3 pairs); "
        "came first: A 0, B 0, same day 30 (p 1)"
    )
    assert there.text("ja") == (
        "2026-10-31時点の導入企業100社のうちAを導入済みは40社、その30社"
        "（75.0%、95%信頼区間59.8～85.8%）がBも導入済み。全体では35.0%、リフト2.14、"
        "p=4.4e-12（Holm法で3組を補正後1.3e-11）。先に導入：A 0社、B 0社、同日30社（補正後p=1）"
    )
    large = learn(
        EXAMPLE,
        as_of=TODAY,
        companies=range(300),
        called=mf.Label("enterprise", "大企業"),
        base="companies",
        correction="benjamini_hochberg",
    )
    assert large.population.text() == "300 companies (enterprise) as of 2026-10-31"
    for one in large.relations:
        assert one.text().startswith("of 300 companies (enterprise) as of 2026-10-31, ")
        assert " by Benjamini-Hochberg for 3 pairs)" in one.text()
        assert one.text("ja").startswith("2026-10-31時点の全企業（大企業）300社のうち")
    assert learn([], as_of=TODAY, called="x").population.called == mf.Label("x")


def test_what_a_float_cannot_hold_is_said_to_be_small() -> None:
    """A probability of 0 is one below what a float holds, and is not called 0."""
    there = learned(learn(owning((900, "AB"), (900, "C")), as_of=TODAY), "A", "B")
    assert there.p == 0
    assert ", p below 1e-300 (below 1e-300 by Holm for 3 pairs);" in there.text()


def test_a_relation_to_paste_is_plain_data() -> None:
    """It is a complement, from source to target, with its counts and their population as reason."""
    assert learned(learn(EXAMPLE, as_of=TODAY), "A", "B").as_relation() == {
        "kind": "complement",
        "source": "A",
        "target": "B",
        "because": {
            "en": "of 100 buyers as of 2026-10-31, 40 own A; 30 of them own B (75.0 %, "
            "59.8–85.8 %), against 35.0 % of all: lift 2.14",
            "ja": "2026-10-31時点の導入企業100社のうちAを導入済みは40社、その30社（75.0%、"
            "95%信頼区間59.8～85.8%）がBも導入済み。全体では35.0%、リフト2.14",
        },
    }


def test_rows_are_flat_and_name_the_population() -> None:
    """Each row holds every figure, and base, size and day of its population."""
    found = learn(EXAMPLE, as_of=TODAY, companies=range(100), called="enterprise")
    assert len(found.rows()) == 6
    for one, row in zip(found.relations, found.rows(), strict=True):
        assert (row["base"], row["called"], row["base_size"]) == ("buyers", "enterprise", 100)
        assert (row["as_of"], row["correction"], row["pairs"]) == (TODAY, "holm", 3)
        assert (row["confidence_low"], row["confidence_high"]) == one.interval
        same = row.keys() - {"base", "called", "base_size", "as_of", "correction", "pairs"}
        same -= {"confidence_low", "confidence_high", "error_rate"}
        assert {key: getattr(one, key) for key in same} == {key: row[key] for key in same}
    assert learn(EXAMPLE, as_of=TODAY).rows()[0]["called"] is None


# -- bad input --


def faults(*args: Any, **settings: Any) -> list[tuple[str, str, str]]:
    """The code, path and message of everything that is wrong."""
    with pytest.raises(mf.InvalidDataError) as caught:
        learn(*args, **{"as_of": TODAY, **settings})
    return [(one.code, one.path, one.message) for one in caught.value.problems]


def test_all_faults_are_told_at_once() -> None:
    """Settings, companies and rows are all checked, each fault with its path."""
    bad_rows: list[Any] = [
        Acquired(1, "A", ago(1)),
        Acquired("2", "A", ago(1)),
        Acquired(True, " ", ago(1)),
        Acquired(3, 4, "2026-01-01"),  # type: ignore[arg-type]
        Acquired([], "B", pd.Timestamp("2026-01-01")),  # type: ignore[arg-type]
    ]
    found = faults(
        bad_rows,
        as_of="today",
        companies=[1, 2**63, "1", None],
        called=" ",
        base="buyer",
        correction=["holm"],
        error_rate=1.0,
        min_both=0,
    )
    one_type = "must be an integer, as the first one is: one type of id for all (S18)"
    assert found == [
        ("type", "as_of", "must be a date, not str 'today'"),
        ("blank", "called", "must not be blank"),
        ("choice", "base", "must be one of buyers, companies, not 'buyer'; did you mean 'buyers'?"),
        ("choice", "correction", "must be one of holm, benjamini_hochberg, not ['holm']"),
        ("range", "error_rate", "must be between 0 and 1"),
        ("range", "min_both", "must be at least 1"),
        ("range", "companies[1]", "must fit in 64 bits"),
        ("type", "companies[2]", one_type),
        ("type", "companies[3]", "must be a text or an integer id, not nothing"),
        ("type", "acquired[1].company_id", one_type),
        ("type", "acquired[2].company_id", "must be a text or an integer id, not bool True"),
        ("blank", "acquired[2].product_id", "must not be blank"),
        ("type", "acquired[3].since", "must be a date, not str '2026-01-01'"),
        ("type", "acquired[3].product_id", one_type.replace("an integer", "a text")),
        ("type", "acquired[4].since", found[-2][2]),
        ("type", "acquired[4].company_id", "must be a text or an integer id, not list []"),
    ]
    assert found[-2][2].startswith("must be a date, not Timestamp ")


@pytest.mark.parametrize(("first", "second"), [(1, "1"), ("1", 1)])
def test_ids_of_two_types_are_refused(first: Id, second: Id) -> None:
    """S18: ids of one kind are all texts or all integers, in rows and companies together."""
    mixed = [Acquired(first, "A", ago(1)), Acquired(second, "A", ago(1))]
    assert [path for _, path, _ in faults(mixed)] == ["acquired[1].company_id"]
    found = faults([Acquired(second, "A", ago(1))], companies=[first])
    assert [path for _, path, _ in found] == ["acquired[0].company_id"]
    mixed = [Acquired(1, first, ago(1)), Acquired(1, second, ago(1))]
    assert [path for _, path, _ in faults(mixed)] == ["acquired[1].product_id"]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"base": "companies"}, ("missing", "companies")),
        ({"companies": 5}, ("type", "companies")),
        ({"companies": "ab"}, ("type", "companies")),
        ({"error_rate": float("nan")}, ("range", "error_rate")),
        ({"error_rate": 0.0}, ("range", "error_rate")),
        ({"error_rate": 1}, ("type", "error_rate")),
        ({"min_both": 2.0}, ("type", "min_both")),
        ({"min_both": True}, ("type", "min_both")),
        ({"called": 3}, ("type", "called")),
        ({"as_of": None}, ("type", "as_of")),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    settings: dict[str, Any], fault: tuple[str, str]
) -> None:
    """A setting of another type or out of range is named; so is the lack of companies."""
    assert [one[:2] for one in faults([], **settings)] == [fault]


def test_rows_are_acquired() -> None:
    """What is no collection, or holds something else, is named by its place."""
    assert faults(5) == [("type", "acquired", "must be a list, not int 5")]
    assert faults([Acquired(1, "A", TODAY), (1, "A", TODAY)]) == [
        ("type", "acquired[1]", "must be an Acquired, not tuple")
    ]


def test_an_address_is_never_shown() -> None:
    """Who has mail addresses for ids sees none of them in a reject."""
    row = Acquired("taro.yamada@example.co.jp", "A", ago(1))
    (reject,) = learn([row], as_of=TODAY, companies=["x"]).rejects
    assert "yamada" not in reject.reason


# -- many companies --


@pytest.mark.bulk
def test_a_million_companies_are_learned_from() -> None:
    """A planted relation is found among a million companies and twelve products."""
    dice = Random(8)
    given_rows = chance(dice, 1_000_000, [0.2] * 11)
    given_rows += [
        Acquired(row.company_id, 11, TODAY)
        for row in given_rows
        if row.product_id == 3 and dice.random() < 0.02
    ]
    found = learn(given_rows, as_of=TODAY, companies=range(1_000_000), base="companies")
    assert [(one.source, one.target) for one in found.suggestions] == [(3, 11), (11, 3)]
    assert found.suggestions[0].lift == pytest.approx(5, abs=sqrt(0.01))


# -- real files --


@pytest.fixture(scope="module")
def maven(shared_data: Path) -> sources.Records:
    """The CRM of Maven Analytics."""
    return sources.read("maven", shared_data / "maven_crm")


@pytest.mark.parametrize("base", ["buyers", "companies"])
def test_maven_teaches_nothing(maven: sources.Records, base: Any) -> None:
    """Nearly every account owns nearly everything: nothing is suggested, and no order is clear."""
    book = playbook("maven")
    owned = acquired(
        maven.accounts(), as_of=date(2017, 6, 30), zone=book.zone, products=book.products
    )
    assert not owned.rejects
    found = learn(owned.rows, as_of=owned.as_of, companies=owned.companies, base=base)
    assert found.population == Population(base, 85, date(2017, 6, 30))
    assert found.measure.pairs == 21
    assert {one.source: one.source_owners for one in found.relations} == {
        "GTX Basic": 84,
        "GTX Plus Basic": 83,
        "GTX Pro": 82,
        "MG Advanced": 80,
        "MG Special": 80,
        "GTX Plus Pro": 73,
        "GTK 500": 8,
    }
    assert not found.suggestions
    assert {one.order for one in found.relations} == {"unclear"}
    best = found.relations[0]
    assert (best.source, best.target, best.both) == ("GTX Basic", "MG Special", 80)
    assert best.p == pytest.approx(0.0588, abs=1e-4)
