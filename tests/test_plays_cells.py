"""Cells without a play: what is told of a Tier and a state, against all that can be known."""

from __future__ import annotations

from itertools import product as ways
from random import Random
from time import process_time
from typing import Any

from attrs import evolve
from hypothesis import given

import mpfunnel as mf
from mpfunnel.facts import company, contact, product
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Cell, Play, PlayRule, Plays, cells
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import All, AnyOf, AtLeast, Condition, IsIn, Leaf, Not, walk
from mpfunnel.tiers import Tier
from tests.leads import BOOKS, book_of, draw_account, draw_as_of
from tests.policies import randoms
from tests.test_plays import decisions_of

CALL = Play("call", "call")
BASE = mf.starter(["crm", Product("sfa", Label("SFA", "営業支援"), "office")])
STATES = BASE.engagement["crm"].ladder + BASE.engagement["crm"].detours


def all_cells(book: Playbook) -> list[Cell]:
    """Every cell of a playbook, covered or not."""
    return [
        *cells(
            book.plays,
            book.products,
            {p: one.tiers for p, one in book.tiers.items()},
            {p: (*one.ladder, *one.detours) for p, one in book.engagement.items()},
        )
    ]


def ruled(*rules: PlayRule) -> Playbook:
    """The starter of two products with other rules."""
    return evolve(BASE, plays=Plays(plays=[CALL], products=rules))


def test_each_cell_of_the_starter_is_covered_or_listed() -> None:
    """Every state but that of no sign has its play, or deliberately none.

    Where a lead has given no sign for a product, nothing is asked (S23): there is nothing to go by,
    and the play of the whole firm is for such leads.
    """
    cells_ = all_cells(BASE)
    assert len(cells_) == 2 * 4 * 9
    uncovered = BASE.uncovered()
    assert [one for one in cells_ if one.covered != "always"] == [*uncovered]
    assert {one.state.key for one in uncovered} == {"none"}
    # That a product is not to be offered is said of whoever comes.
    assert {one.covered for one in uncovered} == {"sometimes"}
    assert [(one.product_id, one.tier.number) for one in uncovered] == [
        (product_id, number) for product_id in ("crm", "sfa") for number in (1, 2, 3, 4)
    ]


def test_what_is_never_covered_comes_first() -> None:
    """Each by product, Tier and state; what a rule deliberately leaves is covered."""
    book = ruled(
        PlayRule("call", product.engagement.is_in("aware") & (company.employees >= 300)),
        PlayRule(None, product.tier.at_least(Tier(3)) & ~product.engagement.is_in("none", "aware")),
        PlayRule("call", ~product.tier.at_least(Tier(3)), "family:office"),
    )
    told = [
        (one.covered, one.product_id, one.tier.number, one.state.key) for one in book.uncovered()
    ]
    every = [state.key for state in STATES]
    assert told == [
        *(("never", "crm", number, "none") for number in (1, 2, 3)),
        *(("never", "crm", 4, key) for key in every if key != "aware"),
        *(("never", "sfa", number, "none") for number in (1, 2, 3)),
        *(("sometimes", "crm", number, "aware") for number in (1, 2, 3, 4)),
        *(("sometimes", "sfa", number, "aware") for number in (1, 2, 3)),
    ]


def test_a_playbook_without_rules_covers_nothing() -> None:
    """Nor does one that has rules about the whole firm alone."""
    for plays in (Plays(), Plays(plays=[CALL], firm=[PlayRule("call", company.employees >= 3)])):
        found = evolve(BASE, plays=plays).uncovered()
        assert len(found) == 2 * 4 * 9
        assert {one.covered for one in found} == {"never"}


def test_a_cell_in_words() -> None:
    """What lacks, for which Tier and state, of which product."""
    book = ruled(PlayRule("call", product.tier.at_least(Tier(1)) & contact.phone))
    by_place = {(one.product_id, one.tier.number, one.state.key): one for one in all_cells(book)}
    some, never = by_place["sfa", 1, "priority_follow_up"], by_place["crm", 2, "aware"]
    assert some.text() == "not always a play for Tier 1 × priority follow-up of product SFA"
    assert some.text("ja") == "商材「営業支援」のTier 1×重点フォロー：次の一手が一部のみ"
    assert never.text() == "no play for Tier 2 × aware of product crm"
    assert never.text("ja") == "商材「crm」のTier 2×接触あり：次の一手なし"
    always = next(one for one in all_cells(BASE) if one.covered == "always")
    assert always.text() == "a play for Tier 1 × aware of product crm"
    assert always.text("ja") == "商材「crm」のTier 1×接触あり：次の一手あり"
    # What people call it does not tell cells apart.
    assert evolve(some, product=Label("else")) == some


def test_many_products_take_no_time() -> None:
    """Twelve products by four Tiers and nine states, and three hundred, in a moment."""
    for count in (12, 300):
        book = evolve(mf.starter(range(count)), plays=Plays())
        book = evolve(book, plays=mf.starter([0]).plays)
        start = process_time()
        assert len(book.uncovered()) == 4 * count
        assert process_time() - start < 1


def test_a_product_more_with_the_rules_of_another_is_not_read_again() -> None:
    """What is told of one is told of all that share its rules, whatever their Tiers."""
    book = ruled(PlayRule("call", product.tier.at_least(Tier(2))))
    states: dict[Id, Any] = {"crm": STATES, "sfa": STATES[:1]}
    tiers: dict[Id, Any] = {"crm": (Tier(3), Tier(1), Tier(1)), "sfa": (Tier(2), Tier(3))}
    found = [
        (c.product_id, c.tier.number, c.covered)
        for c in cells(book.plays, book.products, tiers, states)
    ]
    assert found == [
        *(
            ("crm", number, covered)
            for number, covered in ((1, "always"), (3, "never"))
            for _ in STATES
        ),
        ("sfa", 2, "always"),
        ("sfa", 3, "never"),
    ]


# -- brute force --


def draw_condition(random: Random, depth: int) -> Any:
    """A condition that asks for the Tier and the state more often than for anything else."""
    kind = random.randrange(8) if depth else 9
    if kind == 0:
        return Not(draw_condition(random, depth - 1))
    if kind < 5:
        joint: Any = random.choice((All, AnyOf))
        return joint([draw_condition(random, depth - 1) for _ in range(random.randrange(4))])
    return random.choice(
        (
            product.tier.at_least(Tier(random.choice((1, 2, 3)))),
            product.tier.at_most(Tier(random.choice((1, 2, 3)))),
            product.engagement.is_in(*random.sample([one.key for one in STATES], 4)),
            product.engagement.at_least(random.choice(("aware", "interested"))),
            company.employees >= 300,
            company.employees.is_missing(),
            contact.email.is_true(),
        )
    )


def true_of(at: Condition, tier: Tier, state: str, others: dict[Condition, bool]) -> bool:
    """Whether a condition is true where all others that it asks for are so or not."""
    if isinstance(at, Not):
        return not true_of(at.condition, tier, state, others)
    if isinstance(at, All | AnyOf):
        read = [true_of(one, tier, state, others) for one in at.conditions]
        return all(read) if isinstance(at, All) else any(read)
    if at in others:
        return others[at]
    assert isinstance(at, Leaf)
    scale = at.fact.scale
    assert scale is not None
    key = tier.key if at.fact.key == "tier" else state
    if isinstance(at, IsIn):
        return key in at.values
    if key not in scale.ladder:
        return False
    level: str = at.level  # type: ignore[union-attr]
    above = scale.ladder.index(key) - scale.ladder.index(level)
    return above >= 0 if isinstance(at, AtLeast) else above <= 0


@given(randoms())
def test_what_is_told_holds_whatever_else_is_so(random: Random) -> None:
    """In a cell told "always" some rule fires in all ways, in one told "never" in none.

    What is told "sometimes" turns out either way, unless the rules hang together.
    """
    rules = [PlayRule("call", draw_condition(random, 3)) for _ in range(random.randrange(1, 4))]
    book = ruled(*rules)
    leaves = [
        one
        for one in dict.fromkeys(at for rule in rules for at in walk(rule.when))
        if isinstance(one, Leaf) and one.fact.root != "product"
    ]
    for cell in all_cells(book)[:36]:
        fired = {
            any(
                true_of(one.when, cell.tier, cell.state.key, dict(zip(leaves, truths, strict=True)))
                for one in rules
            )
            for truths in ways((True, False), repeat=len(leaves))
        }
        assert cell.covered != "always" or fired == {True}
        assert cell.covered != "never" or fired == {False}
        # Where each is asked once, each may be so or not by itself.
        if sum(at in leaves for rule in rules for at in walk(rule.when)) == len(leaves):
            assert cell.covered != "sometimes" or fired == {True, False}


@given(randoms())
def test_what_is_told_holds_of_accounts(random: Random) -> None:
    """No lead falls through the rules of a cell told "always", none gets a play in a "never"."""
    book, as_of = book_of(random.randrange(BOOKS)), draw_as_of(random)
    rules = [PlayRule("call", draw_condition(random, 2)) for _ in range(random.randrange(1, 3))]
    engine = mf.Engine(evolve(book, plays=Plays(plays=[CALL], products=rules)))
    account = draw_account(random, book, as_of)
    told = {
        (one.product_id, one.tier.key, one.state.key): one.covered
        for one in all_cells(engine.playbook)
    }
    answer = engine.assess(account, as_of=as_of)
    for (lead_id, product_id), decision in decisions_of(engine, account, as_of).items():
        # Of people without company, no Tier is told.
        if product_id is None or not answer.tiers:
            continue
        state = answer.leads[lead_id].engagement[product_id].value.key
        covered = told[product_id, answer.tiers[product_id].value.key, state]
        assert covered != "always" or decision.rule != "otherwise"
        assert covered != "never" or decision.rule == "otherwise"
