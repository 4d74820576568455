"""A test of the tests: each planted bug in the logic of leads is caught by the second model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis.errors import UnsatisfiedAssumption

from mpfunnel import by_hand, case, compiled, situation
from mpfunnel.engagement import EngagementModel, model
from mpfunnel.playbook import Playbook
from mpfunnel.stages import pursuits
from tests import test_laws_of_leads as laws
from tests.leads import book_of, disagreement, engine_of

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

ACCOUNTS = 400
DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _fresh_playbooks() -> Iterator[None]:
    """Models keep what they have worked out, so that a bug planted later would stay unseen."""
    for cached in (book_of, engine_of):
        cached.cache_clear()
    yield
    for cached in (book_of, engine_of):
        cached.cache_clear()


Plant = Callable[[pytest.MonkeyPatch], None]


def _wrapped(patch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]) -> None:
    """Put `wrong` in place of a function, which it gets as its first argument."""
    right = getattr(where, name)
    patch.setattr(where, name, lambda *given, **named: wrong(right, *given, **named))


def _quiet_only_after_its_boundary(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        case,
        "pursue",
        lambda right, signs, *, quiet_days, as_of: right(
            signs, quiet_days=quiet_days + 1, as_of=as_of
        ),
    )


def _hand_up_a_day_longer(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, signs: list[Any], **named: Any) -> Any:
        longer = [s._replace(hand_days=s.hand_days and s.hand_days + 1) for s in signs]
        return right(longer, **named)

    _wrapped(patch, case, "pursue", wrong)


def _hand_not_lowered_by_recycling(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, signs: list[Any], *, quiet_days: int, as_of: Any) -> Any:
        found = right(signs, quiet_days=quiet_days, as_of=as_of)
        up = any((as_of - sign.day).days < sign.hand_days for sign in signs)
        found.raised_hand = found.raised_hand or (found.recycled and not found.ended and up)
        return found

    _wrapped(patch, case, "pursue", wrong)


def _general_events_open_pursuits(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, signs: list[Any], **named: Any) -> Any:
        return right([sign._replace(opens=True) for sign in signs], **named)

    _wrapped(patch, case, "pursue", wrong)


def _product_deals(patch: pytest.MonkeyPatch, wrong: Callable[[list[Any]], list[Any]]) -> None:
    """Show the pursuit of the whole firm other signs of the deals about products."""

    def shown(right: Any, signs: list[Any], **named: Any) -> Any:
        deals = [s for s in signs if not s.opens and s.what in ("deal", "won", "lost")]
        return right([*(s for s in signs if s not in deals), *wrong(deals)], **named)

    _wrapped(patch, case, "pursue", shown)


def _deals_count_only_from_the_first_sign(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, signs: list[Any], **named: Any) -> Any:
        first = min((s.at for s in signs if s.opens), default=None)
        late = [s for s in signs if s.opens or s.what != "deal" or (first and s.at >= first)]
        return right(late, **named)

    _wrapped(patch, case, "pursue", wrong)


def _product_deals_open_the_pursuit_of_the_firm(patch: pytest.MonkeyPatch) -> None:
    _product_deals(patch, lambda deals: [sign._replace(opens=True) for sign in deals])


def _product_deals_keep_nothing_going(patch: pytest.MonkeyPatch) -> None:
    _product_deals(patch, lambda deals: [sign for sign in deals if sign.what != "deal"])


def _product_deals_end_nothing(patch: pytest.MonkeyPatch) -> None:
    _product_deals(patch, lambda deals: [sign for sign in deals if sign.what == "deal"])


def _product_deals_are_none_of_the_firm(patch: pytest.MonkeyPatch) -> None:
    _product_deals(patch, lambda _: [])


def _any_product_deal_lost_ends_the_pursuit_of_the_firm(patch: pytest.MonkeyPatch) -> None:
    _product_deals(patch, lambda deals: [sign._replace(about="one") for sign in deals])


def _rejected_is_nothing(patch: pytest.MonkeyPatch) -> None:
    said = {word: fact for word, fact in pursuits._SAID.items() if word != "rejected"}
    patch.setattr(pursuits, "_SAID", said)


def _ended_as_good_as_open(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, funnel: Any, found: Any) -> Any:
        open_ones = {
            about: (evolve(own, won=False, lost=False, quiet=False), decision)
            for about, (own, decision) in found.items()
        }
        return right(funnel, open_ones)

    _wrapped(patch, case, "furthest", wrong)


def _stage_settled_by_its_value(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, funnel: Any, found: Any) -> Any:
        decision, products = right(funnel, found)
        return evolve(decision, possible=(decision.value,), missing=()), products

    _wrapped(patch, case, "furthest", wrong)


def _cap_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EngagementModel, "_caps", property(lambda model: dict.fromkeys(model.points)))


def _cool_down_keeps_the_last(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, model, "_comes_before", lambda right, one, other: right(other, one))


def _cool_down_keeps_the_lighter_one_of_a_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        model,
        "_comes_before",
        lambda one, other: (one[1], -abs(one[2])) > (other[1], -abs(other[2])),
    )


def _cool_downs_counted_back_from_the_day(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        EngagementModel,
        "_set_right",
        lambda right, model, sums, worths, _as_of: right(model, sums, worths, date.min),
    )


def _days_in_a_cool_down_are_not_active(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, model: Any, worths: Any, *, as_of: date) -> Any:
        days = {signal.kind: signal.cool_down_days for signal in model.signals}
        seen: set[tuple[str, int]] = set()
        active: set[int] = set()
        for kind, age, milli, _ in sorted(worths, key=lambda one: -one[1]):
            bucket = kind, (as_of.toordinal() - age) // (days[kind] or 1)
            if milli > 0 and age < len(model._shares) and bucket not in seen:
                active.add(age)
            seen |= {bucket} if days[kind] else set()
        return evolve(right(model, worths, as_of=as_of), active_days=len(active))

    _wrapped(patch, EngagementModel, "score", wrong)


def _lasting_penalties_fade(patch: pytest.MonkeyPatch) -> None:
    def wrong(model: Any) -> Any:
        return {one.kind: evolve(one, fades=True) for one in model.signals if one.cool_down_days}

    patch.setattr(EngagementModel, "special", property(wrong))


def _cap_in_all_before_penalties(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, model: Any, worths: Any, **named: Any) -> Any:
        found = right(model, worths, **named)
        earned = sum(part.micro for part in found.parts if part.of == "kind" and part.micro > 0)
        over = 0 if model.cap is None else max(0, earned - model.cap * 1_000_000)
        lost = sum(part.micro for part in found.parts if part.of == "kind" and part.micro < 0)
        return evolve(found, micro=earned - over + lost) if over else found

    _wrapped(patch, EngagementModel, "score", wrong)


def _floor_below_each_kind(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, model: Any, worths: Any, **named: Any) -> Any:
        found = right(model, worths, **named)
        if model.floor is None:
            return found
        micros = [part.micro for part in found.parts if part.of == "kind"]
        total = sum(max(micro, model.floor * 1_000_000) for micro in micros)
        return evolve(found, micro=min(total, (model.cap or 10**9) * 1_000_000))

    _wrapped(patch, EngagementModel, "score", wrong)


def _weight_ignored(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        EngagementModel,
        "worths",
        lambda right, model, touches, **_company_wide: right(model, touches),
    )


def _counts_of_the_whole_firm_too(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, model: Any, asked: Any, touches: Any, worths: Any) -> Any:
        counts = [one for one in asked if one.head == "count"]
        everything = [(kind, age, times) for kind, age, _, times in worths]
        return right(model, asked, touches, worths) | right(model, counts, everything, worths)

    _wrapped(patch, EngagementModel, "measures", wrong)


def _within_includes_its_last_day(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, model: Any, asked: Any, *touches: Any) -> Any:
        longer = [evolve(one, within_days=one.within_days + 1) for one in asked]
        return right(model, longer, *touches)

    _wrapped(patch, EngagementModel, "measures", wrong)


def _decay_cut_off_instead_of_rounded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        model,
        "decay_per_mille",
        lambda half_life_days: tuple(
            int(1_000 * 2 ** (-age / half_life_days)) for age in range(half_life_days * 10)
        ),
    )


def _tomorrow_counts_for_deals(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        case,
        "positions",
        lambda right, *records, as_of, day_of: right(
            *records, as_of=as_of + timedelta(1), day_of=day_of
        ),
    )


def _lapsed_contract_still_owned(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        case,
        "positions",
        lambda right, deals, contracts, **named: right(
            deals, [evolve(contract, end=None) for contract in contracts], **named
        ),
    )


def _future_records_count(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, account: Any, *, as_of: Any, **named: Any) -> Any:
        return evolve(right(account, as_of=as_of + timedelta(1), **named), as_of=as_of)

    _wrapped(patch, case, "situation", wrong)


def _days_of_utc(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(compiled, "local_day", lambda at, zone: at.astimezone(UTC).date())  # noqa: ARG005


def _duplicates_count_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(situation._Sorter, "unique", lambda _, table, given, identity: list(given))  # noqa: ARG005


def _first_of_a_conflict_wins(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Any, table: str, given: Any, identity: Any) -> list[Any]:  # noqa: ARG001
        found: dict[Any, Any] = {}
        for item in given:
            found.setdefault(identity(item), item)
        return list(found.values())

    patch.setattr(situation._Sorter, "unique", wrong)


def _oldest_word_of_sales_decides(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, case, "hear_sales", lambda right, standing, said: right(standing, said[::-1]))


def _leads_without_sign_all_alike(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, *given: Any) -> None:
        right(self, *given)
        self.asks_lead = False

    _wrapped(patch, compiled.CompiledModel, "__init__", wrong)


def _interest_grows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(model, "decay_per_mille", lambda half_life_days: range(half_life_days * 9))


def _last_rule_named(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, *asked: Any) -> Any:
        return evolve(right(self, *asked), rule="mql")

    _wrapped(patch, case.Case, "warranted", wrong)


def _held_by_hand_a_day_longer(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, overrides: Any, **named: Any) -> Any:
        longer = [evolve(o, until=o.until + DAY) if o.until else o for o in overrides]
        return right(longer, **named)

    _wrapped(patch, case, "by_hand", wrong)


def _held_by_hand_from_the_day_after(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, overrides: Any, **named: Any) -> Any:
        return right([one for one in overrides if one.since < named["as_of"]], **named)

    _wrapped(patch, case, "by_hand", wrong)


def _first_one_by_hand_wins(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, overrides: Any, **named: Any) -> Any:
        firsts: dict[Any, Any] = {}
        for one in overrides:
            firsts.setdefault(by_hand.question_of(one), one)
        return right(firsts.values(), **named)

    _wrapped(patch, case, "by_hand", wrong)


def _possible_by_hand_is_that_of_the_rules(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, hands: Any, decision: Any, *about: Any, **named: Any) -> Any:
        one = right(hands, decision, *about, **named)
        both = dict.fromkeys((*one.possible, *decision.possible))
        return evolve(one, possible=tuple(both))

    _wrapped(patch, by_hand.ByHand, "instead", wrong)


def _nothing_by_hand_where_no_sign_was_given(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case, "is_silent", lambda one, no_sign: one.settled and one.value.key == no_sign)


def _reviewed_a_day_later(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, Playbook, "reviewed_on", lambda right, book, day: right(book, day - DAY))


def _reviews_ignored(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, Playbook, "reviewed_on", lambda *_: None)


PLANTS: list[Plant] = [
    _held_by_hand_a_day_longer,
    _held_by_hand_from_the_day_after,
    _first_one_by_hand_wins,
    _possible_by_hand_is_that_of_the_rules,
    _nothing_by_hand_where_no_sign_was_given,
    _reviewed_a_day_later,
    _reviews_ignored,
    _quiet_only_after_its_boundary,
    _hand_up_a_day_longer,
    _hand_not_lowered_by_recycling,
    _general_events_open_pursuits,
    _deals_count_only_from_the_first_sign,
    _product_deals_open_the_pursuit_of_the_firm,
    _product_deals_keep_nothing_going,
    _product_deals_end_nothing,
    _product_deals_are_none_of_the_firm,
    _any_product_deal_lost_ends_the_pursuit_of_the_firm,
    _rejected_is_nothing,
    _ended_as_good_as_open,
    _stage_settled_by_its_value,
    _cap_ignored,
    _cool_down_keeps_the_last,
    _cool_down_keeps_the_lighter_one_of_a_day,
    _cool_downs_counted_back_from_the_day,
    _days_in_a_cool_down_are_not_active,
    _lasting_penalties_fade,
    _cap_in_all_before_penalties,
    _floor_below_each_kind,
    _weight_ignored,
    _counts_of_the_whole_firm_too,
    _within_includes_its_last_day,
    _decay_cut_off_instead_of_rounded,
    _tomorrow_counts_for_deals,
    _lapsed_contract_still_owned,
    _future_records_count,
    _days_of_utc,
    _duplicates_count_twice,
    _first_of_a_conflict_wins,
    _oldest_word_of_sales_decides,
    _leads_without_sign_all_alike,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: Engines agree, or the second model says so: it finds every planted bug."""
    plant(monkeypatch)
    assert disagreement(11, ACCOUNTS)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(
    ("law", "plant"),
    [
        (laws.test_unknown_is_not_no, _stage_settled_by_its_value),
        (laws.test_reasons_add_up, _weight_ignored),
        (laws.test_the_rule_named_is_the_rule_that_fired, _last_rule_named),
        (laws.test_order_and_duplicates_do_not_matter, _first_of_a_conflict_wins),
        (laws.test_order_and_duplicates_do_not_matter, _duplicates_count_twice),
        (laws.test_in_bulk_as_one_at_a_time, _first_of_a_conflict_wins),
        (laws.test_the_future_does_not_change_the_past, _future_records_count),
        (laws.test_interest_only_fades, _interest_grows),
        (laws.test_interest_only_fades, _cool_downs_counted_back_from_the_day),
        (laws.test_reasons_add_up, _cap_in_all_before_penalties),
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_a_law_is_seen_to_be_broken(
    law: Any, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laws 2 to 6: each of their tests fails where the engine breaks the law."""
    plant(monkeypatch)

    def fails(seed: int) -> bool:
        try:
            law.hypothesis.inner_test(Random(seed))
        except UnsatisfiedAssumption:
            return False
        except AssertionError:
            return True
        return False

    assert any(fails(seed) for seed in range(2_000))


def test_a_sound_engine_is_not_accused() -> None:
    """Without a planted bug the same comparison finds nothing."""
    assert disagreement(11, ACCOUNTS) is None
