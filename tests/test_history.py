"""Replay: the answers of every day, and which playbook was in force on it."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings

from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.history import PlaybookTimeline, Replay, replay
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.policies import randoms

DAY = timedelta(1)


def daily(account: Account, book: PlaybookTimeline, start: date, end: date) -> dict[Any, Any]:
    """Every answer of every day, each asked for by itself."""
    found: dict[Any, Any] = {}
    day = start
    while day <= end:
        engine = book.on(day)
        for key, answer in answers_of(engine.assess(account, as_of=day)).items():
            found[(*key, day)] = (*answer, engine.version)
        day += DAY
    return found


def answers_of(told: Assessment) -> dict[Any, Any]:
    """What an assessment says, by question and what it is about."""
    found: dict[Any, Any] = {("segment",): (told.segment,)}
    found |= {("tier", p): (tier,) for p, tier in told.tiers.items()}
    for lead_id, lead in told.leads.items():
        stage = lead.stage
        found["stage", lead_id] = (stage.decision, stage.for_products, stage.existing_customer)
        for p, one in lead.engagement.items():
            found["engagement", lead_id, p] = (one.decision,)
            found["interest", lead_id, p] = (one.interest,)
    return found


def spread(told: Replay) -> dict[Any, Any]:
    """What a replay says, day by day."""
    found: dict[Any, Any] = {}

    def spread_out(key: Any, spans: Any) -> None:
        before = None
        for span in spans:
            assert span.first_day <= span.last_day
            assert before is None or before < span.first_day
            before = day = span.last_day
            content: tuple[Any, ...] = (span.decision,)
            if key[0] == "stage":
                content += (span.for_products, span.existing_customer)
            while day >= span.first_day:
                found[(*key, day)] = (*content, span.version)
                day -= DAY

    spread_out(("segment",), told.segment)
    for p, tiers in told.tiers.items():
        spread_out(("tier", p), tiers)
    for lead_id, lead in told.leads.items():
        spread_out(("stage", lead_id), lead.stage)
        for p, spans in lead.engagement.items():
            spread_out(("engagement", lead_id, p), spans)
            spread_out(("interest", lead_id, p), lead.interest[p])
    return found


def only_signed(found: dict[Any, Any], no_sign: str) -> dict[Any, Any]:
    """The answers without those about products of which the state is surely that of no sign."""

    def unsigned(key: Any) -> bool:
        if key[0] not in ("engagement", "interest"):
            return False
        state = found["engagement", *key[1:]][0]
        return bool(state.settled and state.value.key == no_sign)

    return {key: answer for key, answer in found.items() if not unsigned(key)}


def range_of(random: Random, as_of: date) -> tuple[date, date]:
    """Some days, most often before the one that the records are drawn around."""
    start = as_of - timedelta(random.choice((0, 3, 30, 90, 180, 365, 400)) + random.randrange(9))
    return start, start + timedelta(random.choice((0, 1, 20, 60, 100)))


@given(randoms())
@settings(max_examples=200)
def test_a_replay_is_what_asking_on_every_day_gives(random: Random) -> None:
    """Law: replay = brute-force daily evaluation, on random accounts and playbooks."""
    number = random.randrange(BOOKS)
    as_of = draw_as_of(random)
    account = draw_account(random, book_of(number), as_of)
    start, end = range_of(random, as_of)

    told = replay(account, engine_of(number), start=start, end=end)

    timeline = PlaybookTimeline([(None, engine_of(number))])
    found = only_signed(spread(told), "none")
    assert found == daily(account, timeline, start, end)
