"""A test of the tests: each planted bug in the planning of plays is caught by the second model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from hypothesis.errors import UnsatisfiedAssumption

from mpfunnel import case, engine, planning
from mpfunnel.calendars import BusinessCalendar
from mpfunnel.plays import Claim, Limit, PlannedPlay, PlayRule, Plays, planned
from mpfunnel.stages import sla
from tests import test_plays as laws
from tests import test_plays_sla as limits
from tests.test_plays import differences, drawn, engine_of

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

ACCOUNTS = 600
DAY = timedelta(1)
Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def _fresh_engines() -> Iterator[None]:
    """Engines keep their tables, so that a bug planted later would stay unseen."""
    engine_of.cache_clear()
    yield
    engine_of.cache_clear()


def disagreement() -> str | None:
    """The first thing that the second model says otherwise of seeded accounts."""
    for seed in range(ACCOUNTS):
        if found := differences(*drawn(Random(seed))):
            return f"{seed}: {found[0]}"
    return None


def _wrapped(patch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]) -> None:
    """Put `wrong` in place of a function, which it gets as its first argument."""
    right = getattr(where, name)
    patch.setattr(where, name, lambda *given, **named: wrong(right, *given, **named))


def _contact_of_the_day_came_before(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        if timing.contact is not None and timing.contact == timing.sign:
            return right(play, evolve(timing, contact=None), **named)
        return right(play, timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _days_of_people_hold_for_ever(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning.Planned,
        "timing",
        lambda right, lead, product_id, _: right(lead, product_id, date.min),
    )


def _days_of_people_pass_a_day_early(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning.Planned,
        "timing",
        lambda right, lead, product_id, day: right(lead, product_id, day + DAY),
    )


def _contracts_before_people(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        ends = play.before_end_days is not None and timing.ends is not None
        return right(play, evolve(timing, follow_up_on=None) if ends else timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _first_contract_to_end(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Any, contracts: Any, *, as_of: date) -> Any:
        found: dict[Any, Any] = {}
        for one in contracts:
            if one.end is not None and one.end >= as_of:
                found[one.product_id] = min(one.end, found.get(one.product_id, one.end))
        return found

    _wrapped(patch, case, "contract_ends", wrong)


def _contact_of_the_day_leaves_the_limit(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        limit = timing.limit
        if limit is not None and timing.contact == limit.entered:
            timing = evolve(timing, limit=evolve(limit, entered=limit.entered + DAY))
        return right(play, timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _no_contact_ends_the_limit(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        if timing.limit is not None:
            timing = evolve(timing, limit=evolve(timing.limit, entered=date.max))
        return right(play, timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _limits_before_people(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        found = right(play, evolve(timing, follow_up_on=None), **named)
        return found if found[1] == "sla" else right(play, timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _limits_before_contracts(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        found = right(play, evolve(timing, ends=None), **named)
        return found if found[1] == "sla" else right(play, timing, **named)

    _wrapped(patch, planning, "due_of", wrong)


def _every_play_goes_by_limits(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning,
        "due_of",
        lambda right, play, *given, **named: right(evolve(play, within_sla=True), *given, **named),
    )


def _entries_about_others_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Limit, "is_about", lambda *_: True)


def _entries_about_nothing_count_for_the_firm_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Limit, "is_about", lambda one, about: about is None or about in one.for_products)


def _business_days_are_days(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        sla,
        "business_days",
        lambda right, _, after: right(BusinessCalendar(None, weekend=()), after),
    )


def _holidays_are_business_days(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        sla,
        "business_days",
        lambda right, calendar, after: right(evolve(calendar, country=None, region=None), after),
    )


def _the_day_of_entering_counts(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch, sla, "business_days", lambda right, calendar, after: right(calendar, after - DAY)
    )


def _eleven_years(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sla, "LONGEST", 11 * 365)


def _a_day_less_than_ten_years(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sla, "LONGEST", 3_652)


def _cadence_from_the_sign(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, timing: Any, **named: Any) -> Any:
        due, by = right(play, timing, **named)
        return (due and due + DAY if by == "cadence" else due), by

    _wrapped(patch, planning, "due_of", wrong)


def _contacts_are_signs(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning.Diary,
        "__init__",
        lambda right, one, about, said, _: right(one, about, said, ()),
    )


def _sales_gives_no_sign(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, one: Any, about: Any, said: Any, kinds: Any) -> None:
        right(one, about, (), kinds)
        one._events = said

    _wrapped(patch, planning.Diary, "__init__", wrong)


def _first_day_that_sales_set(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, one: Any, product_id: Any) -> Any:
        return right(SimpleNamespace(_events=list(one._events)[::-1]), product_id)

    _wrapped(patch, planning.Diary, "follow_up_on", wrong)


def _other_products_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning, "_latest", lambda days, _: max(days.values(), default=None))


def _the_firm_hears_of_no_product(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning,
        "_latest",
        lambda right, days, about: days.get(None) if about is None else right(days, about),
    )


def _a_day_too_quiet(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, own: Any, latest: Any, plays: Any, **named: Any) -> Any:
        return right(own, latest, evolve(plays, quiet_days=plays.quiet_days + 1), **named)

    _wrapped(patch, planning, "not_before", wrong)


def _quiet_about_itself_too(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planning,
        "not_before",
        lambda right, _, *given, **named: right(None, *given, **named),
    )


def _silence_is_consent(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, contact: Any, plays: Any) -> Any:
        return right(play, contact, evolve(plays, need_consent=()))

    _wrapped(patch, planning, "channel_of", wrong)


def _refusals_unheard(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, play: Any, contact: Any, plays: Any) -> Any:
        deaf = {name: SimpleNamespace(allowed=one.allowed or None) for name, one in contact.items()}
        return right(play, deaf, plays)

    _wrapped(patch, planning, "channel_of", wrong)


def _criteria_backwards(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, Claim, "weight", lambda right, one, order: right(one, [*order][::-1]))


def _least_interest_first(patch: pytest.MonkeyPatch) -> None:
    weights = {**planned._WEIGHTS, "interest": lambda one: one.interest}
    patch.setattr(planned, "_WEIGHTS", weights)


def _first_contact_first(patch: pytest.MonkeyPatch) -> None:
    def wrong(one: Any) -> int:
        return 10**7 if one.contact is None else one.contact.toordinal()

    patch.setattr(planned, "_WEIGHTS", {**planned._WEIGHTS, "last_contact": wrong})


def _done_keeps_its_turn(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Any, claims: Any, plays: Any) -> Any:
        return tuple(sorted(claims, key=lambda one: (one.weight(plays.order)[2:], one.tie)))

    _wrapped(patch, planning, "in_turn", wrong)


def _products_as_the_playbook_lists_them(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Any, claims: Any, plays: Any) -> Any:
        key: Any = lambda one: (one.product_id is None, one.weight(plays.order))  # noqa: E731
        backwards = tuple(claims)[::-1]
        return tuple(sorted(backwards, key=key))

    _wrapped(patch, planning, "in_turn", wrong)


def _families_unread(patch: pytest.MonkeyPatch) -> None:
    right = PlayRule.is_about
    patch.setattr(PlayRule, "is_about", lambda one, product_id, _: right(one, product_id, None))


def _deliberately_nothing_is_no_rule(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        planned_tables(),
        "_table",
        lambda right, plays, rules: right(plays, [one for one in rules if one.play != "none"]),
    )


def planned_tables() -> Any:
    """The module that makes the tables."""
    from mpfunnel.plays import tables

    return tables


def _last_rule_first(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch, planned_tables(), "_table", lambda right, plays, rules: right(plays, [*rules][::-1])
    )


def _history_unread(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, one: Any, answer: Any, products: Any) -> Any:
        found = right(one, answer, products)
        return evolve(found, stage=answer.stage.warranted.decision)

    _wrapped(patch, case.Case, "planned", wrong)


def _moves_set_no_day(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, one: Any, answer: Any, products: Any) -> Any:
        found = right(one, answer, products)
        return evolve(found, set_days={**found.set_days, None: None})

    _wrapped(patch, case.Case, "planned", wrong)


def _people_without_company_own_nothing(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, case, "_held", lambda right, _: right({}))


def _possible_is_what_is(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any, **named: Any) -> Any:
        found = right(*given, **named)
        return tuple(
            evolve(one, decision=evolve(one.decision, possible=(one.play,), missing=()))
            for one in found
        )

    _wrapped(patch, case, "plan", wrong)


PLANTS: list[Plant] = [
    _contact_of_the_day_came_before,
    _days_of_people_hold_for_ever,
    _days_of_people_pass_a_day_early,
    _contracts_before_people,
    _first_contract_to_end,
    _contact_of_the_day_leaves_the_limit,
    _no_contact_ends_the_limit,
    _limits_before_people,
    _limits_before_contracts,
    _every_play_goes_by_limits,
    _entries_about_others_count,
    _entries_about_nothing_count_for_the_firm_alone,
    _business_days_are_days,
    _holidays_are_business_days,
    _the_day_of_entering_counts,
    _eleven_years,
    _a_day_less_than_ten_years,
    _cadence_from_the_sign,
    _contacts_are_signs,
    _sales_gives_no_sign,
    _first_day_that_sales_set,
    _other_products_count,
    _the_firm_hears_of_no_product,
    _a_day_too_quiet,
    _quiet_about_itself_too,
    _silence_is_consent,
    _refusals_unheard,
    _criteria_backwards,
    _least_interest_first,
    _first_contact_first,
    _done_keeps_its_turn,
    _products_as_the_playbook_lists_them,
    _families_unread,
    _deliberately_nothing_is_no_rule,
    _last_rule_first,
    _history_unread,
    _moves_set_no_day,
    _people_without_company_own_nothing,
    _possible_is_what_is,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: Engines agree, or the second model says so: it finds every planted bug."""
    plant(monkeypatch)
    assert disagreement()


def _all_at_once(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        case,
        "plan",
        lambda right, *given, **named: tuple(
            evolve(one, waits_for=()) for one in right(*given, **named)
        ),
    )


def _ids_decide_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Claim, "tie", property(lambda one: one.product_id is None))


def _future_contacts(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, account: Any, *, as_of: date, **named: Any) -> Any:
        later = right(account, as_of=as_of + DAY, **named)
        return evolve(right(account, as_of=as_of, **named), sales_events=later.sales_events)

    _wrapped(patch, case, "situation", wrong)


def _opting_out_takes_the_play(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any, **named: Any) -> Any:
        return tuple(one for one in right(*given, **named) if one.channel or not one.left_out)

    _wrapped(patch, case, "plan", wrong)


def _unsettled_is_settled(patch: pytest.MonkeyPatch) -> None:
    """The value of now is taken for the only possible one."""

    def wrong(right: Any, *given: Any, **named: Any) -> Any:
        decide = right(*given, **named)

        def now(*records: Any) -> Any:
            found = decide(*records)
            return evolve(found, possible=(found.value,), missing=())

        return now

    from mpfunnel import compiled

    _wrapped(patch, compiled, "compile_policy", wrong)


def _listed_as_given(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Any, due: Any, plays: Plays, *, owner: Any, limit: Any) -> Any:  # noqa: ARG001
        return tuple(one for one in due if owner in (None, one.play.owner))[:limit]

    _wrapped(patch, engine, "priorities", wrong)


def _those_that_wait_are_due(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlannedPlay, "is_due_on", lambda one, day: one.due is not None and one.due <= day)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(
    ("law", "plant"),
    [
        (laws.test_no_lead_has_two_owners, _all_at_once),
        (laws.test_no_lead_has_two_owners, _done_keeps_its_turn),
        (laws.test_the_order_of_products_changes_nothing, _ids_decide_nothing),
        (laws.test_the_future_does_not_change_the_past, _future_contacts),
        (laws.test_opting_out_changes_the_channel_alone, _opting_out_takes_the_play),
        (laws.test_the_day_of_a_person_wins_until_it_passes, _days_of_people_pass_a_day_early),
        (laws.test_the_day_of_a_person_wins_until_it_passes, _days_of_people_hold_for_ever),
        (laws.test_the_day_of_a_person_wins_until_it_passes, _limits_before_people),
        (limits.test_a_contact_of_the_day_ends_every_limit, _no_contact_ends_the_limit),
        (limits.test_a_contact_of_the_day_ends_every_limit, _contact_of_the_day_leaves_the_limit),
        (limits.test_without_limits_all_else_is_as_before, _every_play_goes_by_limits),
        (limits.test_without_limits_all_else_is_as_before, _limits_before_people),
        (laws.test_unknown_is_not_no, _unsettled_is_settled),
        (laws.test_the_list_of_today_is_that_of_the_second_model, _listed_as_given),
        (laws.test_the_list_of_today_is_that_of_the_second_model, _those_that_wait_are_due),
        (laws.test_what_is_explained_is_what_is_planned, _unsettled_is_settled),
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_a_law_is_seen_to_be_broken(
    law: Any, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each law's test fails where the engine breaks the law."""
    plant(monkeypatch)

    def fails(seed: int) -> bool:
        try:
            law.hypothesis.inner_test(Random(seed))
        except UnsatisfiedAssumption:
            return False
        except AssertionError:
            return True
        return False

    assert any(fails(seed) for seed in range(1_000))


def test_a_sound_engine_is_not_accused() -> None:
    """Without a planted bug the same comparison finds nothing."""
    assert disagreement() is None
