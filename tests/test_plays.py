"""Plays: what to do next with each lead, by when, through what, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given

import mpfunnel as mf
from mpfunnel import contact
from mpfunnel.account import Account
from mpfunnel.case import Case
from mpfunnel.errors import InvalidDataError
from mpfunnel.plays import (
    DUE_BY,
    NO_PLAY,
    PlannedPlay,
    PlayRule,
)
from mpfunnel.records import (
    Activity,
    Consent,
    Id,
    Lead,
    Product,
    SalesEvent,
)
from mpfunnel.rules.conditions import facts_of
from mpfunnel.stages import Entry, StageHistory
from tests.leads import (
    BOOKS,
    CHANNELS,
    book_of,
    draw_account,
    draw_ages,
    draw_as_of,
    draw_company,
    draw_follow_ups,
    with_plays,
)
from tests.oracle_leads import day_in
from tests.oracle_plays import Told, plays_of, today_of
from tests.policies import randoms
from tests.test_laws_of_leads import TABLES, _renamed, _until, told_by

DAY = date(2026, 10, 30)
A_DAY = timedelta(1)
VARIANTS = 4
"""How many sets of plays are drawn for each playbook of `tests.leads`."""


@cache
def engine_of(number: int, variant: int = 0) -> mf.Engine:
    """The engine of a playbook with drawn plays, of products that may be of one family."""
    random = Random(f"plays {number} {variant}")
    book = with_plays(random, book_of(number))
    products = [evolve(one, family=random.choice((None, "office"))) for one in book.products]
    plays = book.plays
    if any(one.family for one in products):
        rules = [
            evolve(one, product="family:office") if random.randrange(4) == 0 else one
            for one in plays.products
        ]
        plays = evolve(plays, products=rules)
    return mf.Engine(evolve(book, products=products, plays=plays))


def draw_lived(random: Random, engine: mf.Engine, as_of: date) -> Account:
    """An account with contacts, days for coming back, words on all channels, and histories."""
    book = engine.playbook
    account = draw_account(random, book, as_of)
    contacts = sorted(book.plays.contacts)
    # Equal leads stay equal, so that none of them is a conflict.
    heard = {one: _heard(random, one, as_of) for one in dict.fromkeys(account.leads)}
    account = evolve(
        account,
        leads=[heard[one] for one in account.leads],
        activities=_contacted(random, account.activities, contacts),
        sales_events=draw_follow_ups(random, account.sales_events, as_of),
    )
    if random.randrange(3):
        return account
    ids = dict.fromkeys(one.id for one in account.leads)
    histories = [_history(random, book, one, as_of) for one in ids]
    products = [(), (), *((one.id,) for one in book.products)]
    histories = [
        StageHistory(
            one.lead_id,
            [evolve(entry, for_products=random.choice(products)) for entry in one.entries],
        )
        for one in histories
    ]
    return evolve(account, histories=[draw_ages(random, one, as_of) for one in histories])


def _heard(random: Random, one: Lead, as_of: date) -> Lead:
    at = datetime.combine(as_of, time(12), UTC)
    more = [
        Consent(
            random.choice(CHANNELS),
            random.random() < 0.5,
            at + timedelta(random.choice((-40, -1, 0, 0, 1))),
        )
        for _ in range(random.randrange(5))
    ]
    return evolve(one, consents=[*one.consents, *more])


def _contacted(random: Random, given_: Any, contacts: list[str]) -> list[Activity]:
    drawn = {
        one: evolve(one, kind=random.choice(contacts)) if contacts and random.randrange(3) else one
        for one in dict.fromkeys(given_)
    }
    return [drawn[one] for one in given_]


def _history(random: Random, book: mf.Playbook, lead_id: Id, as_of: date) -> StageHistory:
    """A lead moved by a person from stage to stage, the last time maybe in the future."""
    days = sorted(random.sample((-60, -30, -2, -1, 0, 1), random.choice((1, 2, 3))))
    ats = [datetime.combine(as_of, time(12), UTC) + timedelta(by) for by in days]
    stages = random.choices(book.funnel.scale.keys, k=len(ats))
    entries = [
        Entry(
            lead_id,
            number,
            1,
            stage,
            at,
            left,
            "forward",
            "person",
            follow_up_on=random.choice((None, as_of - A_DAY, as_of, as_of + 5 * A_DAY)),
        )
        for number, (stage, at, left) in enumerate(
            zip(stages, ats, (*ats[1:], None), strict=True), 1
        )
    ]
    return StageHistory(lead_id, entries)


def drawn(random: Random) -> tuple[mf.Engine, Account, date]:
    """An engine, an account and a day to ask about."""
    engine = engine_of(random.randrange(BOOKS), random.randrange(VARIANTS))
    as_of = draw_as_of(random)
    return engine, draw_lived(random, engine, as_of), as_of


# -- the second model --


def said_of(one: PlannedPlay) -> Told:
    """A play in the words of the second model."""
    decision = one.decision
    return Told(
        lead_id=one.lead_id,
        company_id=one.company_id,
        product_id=one.product_id,
        play=one.play.key,
        possible=frozenset(play.key for play in decision.possible),
        missing=frozenset(decision.missing),
        rule=decision.rule,
        because=decision.because.en,
        channel=one.channel,
        left_out=one.left_out,
        due=one.due,
        due_by=one.due_by,
        turn=one.turn,
        waits_for=one.waits_for,
        not_before=one.not_before,
        tier=one.tier,
        interest=one.interest,
        open_deal=one.claim.open_deal,
        contacted_on=one.claim.contact,
    )


def differences(engine: mf.Engine, account: Account, as_of: date) -> list[str]:
    """What the engine says otherwise than the second model, one line each."""
    told = engine.assess(account, as_of=as_of)
    found_by = plays_of(engine.playbook, account, as_of)
    wanted = [one for lead_id in sorted(found_by) for one in found_by[lead_id]]
    said = [said_of(one) for one in told.plays]
    found = [] if len(said) == len(wanted) else [f"{len(said)} plays, not {len(wanted)}"]
    for mine, yours in zip(wanted, said, strict=False):
        found += [
            f"{yours.lead_id} {yours.product_id} {name}: {getattr(yours, name)} "
            f"but {getattr(mine, name)}"
            for name in Told._fields
            if getattr(mine, name) != getattr(yours, name)
        ]
    return found


@given(randoms())
def test_the_engine_agrees_with_the_second_model(random: Random) -> None:
    """Law 1: Engines agree: a model written apart plans the same, in the same turns."""
    engine, account, as_of = drawn(random)

    assert differences(engine, account, as_of) == []


@pytest.mark.bulk
def test_seeded_accounts_agree_with_the_second_model() -> None:
    """Law 1: Engines agree, on seeded accounts; each kind of due day and of wait occurs."""
    seen: set[str] = set()
    for seed in range(2_000):
        engine, account, as_of = drawn(Random(seed))
        assert differences(engine, account, as_of) == [], seed
        for one in engine.assess(account, as_of=as_of).plays:
            seen.add(one.due_by)
            seen |= {"waits"} if one.waits_for else set()
            seen |= {"not before"} if one.not_before else set()
            seen |= {"no channel"} if one.play.channels and not one.channel else set()
    assert seen == {*DUE_BY, "waits", "not before", "no channel"}


# -- arbitration --


def by_lead(told: mf.Assessment) -> dict[Id, list[PlannedPlay]]:
    """The plays of each lead."""
    found: dict[Id, list[PlannedPlay]] = {lead_id: [] for lead_id in told.leads}
    for one in told.plays:
        found[one.lead_id].append(one)
    return found


@given(randoms())
def test_no_lead_has_two_owners(random: Random) -> None:
    """Arbitration: at most `at_once` plays of a lead have their turn; all others wait for them."""
    engine, account, as_of = drawn(random)
    at_once = engine.playbook.plays.at_once
    for plays in by_lead(engine.assess(account, as_of=as_of)).values():
        assert [one.turn for one in plays] == [*range(1, len(plays) + 1)]
        first = tuple(one.product_id for one in plays[:at_once])
        for one in plays:
            assert one.waits_for == (first if one.turn > at_once else ())
            assert not (one.waits_for and one.is_due_on(date.max))
        # What a person has set for a day that has come goes first; what is done claims nothing.
        ranks = [(not one.claim.promised, one.due is None) for one in plays]
        assert ranks == sorted(ranks)
        # One play for one product.
        assert len({one.product_id for one in plays}) == len(plays)


@given(randoms())
def test_a_product_more_changes_no_turn_of_who_has_no_claim_for_it(random: Random) -> None:
    """Arbitration: adding a product never changes a lead that has no claim for it."""
    engine, account, as_of = drawn(random)
    book = engine.playbook
    first, new = book.products[0].id, "Z" if isinstance(book.products[0].id, str) else 26
    more = mf.Engine(
        evolve(
            book,
            # The model of the first product is that of the whole firm.
            products=(*book.products, Product(new)),
            tiers={**book.tiers, new: book.tiers[first]},
            engagement={**book.engagement, new: book.engagement[first]},
        )
    )

    before, after = (one.assess(account, as_of=as_of) for one in (engine, more))

    then = by_lead(after)
    for lead_id, plays in by_lead(before).items():
        # Rules may ask for any product; then the stage may be another one.
        if before.leads[lead_id].stage.decision == after.leads[lead_id].stage.decision:
            if new not in [one.product_id for one in then[lead_id]]:
                assert then[lead_id] == plays
            else:
                assert [one.product_id for one in then[lead_id] if one.product_id != new] == [
                    one.product_id for one in plays
                ]


@given(randoms())
def test_the_order_of_products_changes_nothing(random: Random) -> None:
    """Arbitration: permuting the products of a playbook changes no play and no turn."""
    engine, account, as_of = drawn(random)
    book = engine.playbook
    turned = mf.Engine(evolve(book, products=random.sample(book.products, len(book.products))))

    told, again = (one.assess(account, as_of=as_of) for one in (engine, turned))

    then = by_lead(again)
    for lead_id, plays in by_lead(told).items():
        # What names no product is weighed by the model of the first one.
        if told.leads[lead_id].stage.decision == again.leads[lead_id].stage.decision:
            assert [said_of(one) for one in then[lead_id]] == [said_of(one) for one in plays]


# -- laws of the whole account --


@given(randoms())
def test_order_of_records_does_not_matter(random: Random) -> None:
    """Law 4: Order does not matter. Permuted and merged with a part of itself: same plays."""
    engine, account, as_of = drawn(random)
    mixed: dict[str, Any] = {}
    for name in (*TABLES, "histories"):
        records = list(getattr(account, name))
        records += random.sample(records, random.randrange(len(records) + 1))
        random.shuffle(records)
        mixed[name] = records

    told, again = (engine.assess(one, as_of=as_of) for one in (account, evolve(account, **mixed)))

    assert told.plays == again.plays
    assert engine.today([told]) == engine.today([again])


def until(account: Account, last: date, zone: str) -> Account:
    """The account as it was known on a day."""
    histories = []
    for one in account.histories:
        entries = [entry for entry in one.entries if day_in(zone, entry.entered) <= last]
        if entries:
            histories.append(
                StageHistory(one.lead_id, [*entries[:-1], evolve(entries[-1], left=None)])
            )
    return evolve(_until(account, last, zone), histories=histories)


@given(randoms())
def test_the_future_does_not_change_the_past(random: Random) -> None:
    """Law 5: The future does not change the past: not what was to be done on a day, nor when."""
    engine, account, as_of = drawn(random)
    earlier = as_of - timedelta(random.randrange(41))

    told = engine.assess(account, as_of=earlier)
    again = engine.assess(until(account, earlier, engine.playbook.zone), as_of=earlier)

    assert told.plays == again.plays


def decisions_of(engine: mf.Engine, account: Account, as_of: date) -> dict[Any, Any]:
    """Every decision on a play, by lead and product, also those for nothing."""
    case, book = Case(engine.compiled, account, as_of), engine.compiled
    found: dict[Any, Any] = {}
    for lead_id in case.facts.leads:
        answer = case.answer(lead_id)
        seen = case.planned(answer, answer.engagement)
        for product_id in (*answer.engagement, None):
            decide = book.firm_play if product_id is None else book.play[product_id]
            found[lead_id, product_id] = decide(*seen.records(product_id).values())
    return found


@given(randoms())
def test_unknown_is_not_no(random: Random) -> None:
    """Law 2: Unknown is not no: what becomes known moves a play inside what was possible."""
    engine, account, as_of = drawn(random)
    unknown = evolve(draw_company(random), employees=None)
    learned = evolve(
        unknown,
        employees=random.choice((0, 49, 50, 300, 1_000)),
        annual_revenue=random.choice((None, 0, 10**9))
        if unknown.annual_revenue is None
        else unknown.annual_revenue,
        attributes={**unknown.attributes, "plants": unknown.attributes.get("plants") or 2},
    )
    title, at = random.choice(("部長", "課長")), datetime.combine(as_of, time(), UTC) - A_DAY
    people = [
        evolve(
            one,
            title=one.title or title,
            consents=one.consents or [Consent(random.choice(CHANNELS), True, at)],
        )
        for one in account.leads
    ]

    before = decisions_of(engine, evolve(account, company=unknown), as_of)
    after = decisions_of(engine, evolve(account, company=learned, leads=people), as_of)

    for about, now in after.items():
        then = before[about]
        assert now.value in then.possible
        assert set(now.possible) <= set(then.possible)
        assert not then.settled or now.settled
        assert then.settled or then.missing


@given(randoms())
def test_opting_out_changes_the_channel_alone(random: Random) -> None:
    """Plays: opting out changes the channel, never the play, the state or the stage."""
    engine, account, as_of = drawn(random)
    plays = engine.playbook.plays

    def silent(rules: Iterable[PlayRule]) -> list[PlayRule]:
        return [one for one in rules if not any(f.root == "contact" for f in facts_of(one.when))]

    unasked = evolve(plays, products=silent(plays.products), firm=silent(plays.firm))
    engine = mf.Engine(evolve(engine.playbook, plays=unasked))
    channel = random.choice(CHANNELS)
    # The last instant of the day is no later than any other word of it.
    last = datetime.combine(as_of, time(23, 59, 59), ZoneInfo(engine.playbook.zone))
    out = Consent(channel, False, last)
    people = [evolve(one, consents=[*one.consents, out]) for one in account.leads]

    told, again = (
        engine.assess(one, as_of=as_of) for one in (account, evolve(account, leads=people))
    )

    assert [(one.stage, one.engagement) for one in told.leads.values()] == [
        (one.stage, one.engagement) for one in again.leads.values()
    ]
    assert len(told.plays) == len(again.plays)
    for one, other in zip(told.plays, again.plays, strict=True):
        assert other.channel != channel
        assert evolve(other, channel=one.channel, left_out=one.left_out) == one
        if one.channel != channel:
            assert other.channel == one.channel
        if channel in one.play.channels and one.channel == channel:
            assert channel in other.left_out


@given(randoms())
def test_the_day_of_a_person_wins_until_it_passes(random: Random) -> None:
    """Plays: a person's follow-up date wins over a computed one until it passes."""
    engine, account, as_of = drawn(random)
    by = random.choice((-1, 0, 1, 400))
    last = datetime.combine(as_of, time(23, 59, 59), ZoneInfo(engine.playbook.zone))
    lead_id, product_id = account.leads[0].id, random.choice((None, engine.playbook.products[0].id))
    said = SalesEvent(lead_id, "follow_up", last, product_id, follow_up_on=as_of + by * A_DAY)
    # No other person has said anything.
    account = evolve(account, overrides=(), histories=())
    account = evolve(account, sales_events=[*account.sales_events, said])

    told = engine.assess(account, as_of=as_of)

    for one in told.plays:
        if one.lead_id == lead_id and (one.product_id in (None, product_id) or product_id is None):
            assert (one.due_by == "person") is (by >= 0)
            assert by < 0 or one.due == said.follow_up_on


# -- the priority list --


@given(randoms())
def test_the_list_of_today_is_that_of_the_second_model(random: Random) -> None:
    """Law 9: Same input, same bytes: only what is due, in one order, however answers are given."""
    engine, account, as_of = drawn(random)
    book = engine.playbook
    answers, wanted = [], []
    for mark in ("p", "q"):
        own = _renamed(account if mark == "p" else draw_lived(random, engine, as_of), mark)
        day = as_of + random.randrange(3) * A_DAY
        answers.append(engine.assess(own, as_of=day))
        wanted += [(day, plays) for plays in plays_of(book, own, day).values()]
    owner = random.choice((None, "", "inside_sales", "nobody"))
    limit = random.choice((None, 0, 1, 100))

    listed = engine.today(answers, owner=owner, limit=limit)

    assert [said_of(one) for one in listed] == today_of(book, wanted, owner)[:limit]
    assert engine.today(answers[::-1], owner=owner, limit=limit) == listed


def test_what_is_no_answer_and_no_limit_is_refused() -> None:
    """All that is wrong is told at once."""
    engine = engine_of(0)
    for limit in (-1, True, 1.0, "all"):
        with pytest.raises(InvalidDataError) as caught:
            engine.today([None], owner=3, limit=limit)  # type: ignore[list-item, arg-type]
        assert [one.path for one in caught.value.problems] == ["answers[0]", "owner", "limit"]
    with pytest.raises(InvalidDataError, match="answers: must be a list, not Assessment"):
        engine.today(engine.assess(Account(), as_of=DAY))  # type: ignore[arg-type]
    assert engine.today([]) == ()


_SCRIPT = """
import sys
from random import Random
from tests.test_plays import drawn
for seed in range(40):
    engine, account, as_of = drawn(Random(seed))
    told = engine.assess(account, as_of=as_of)
    lines = [engine.version, repr(told.plays), repr(engine.today([told]))]
    for one in told.plays:
        about = (one.lead_id,) if one.product_id is None else (one.lead_id, one.product_id)
        lines += [engine.explain("play", account, *about, as_of=as_of, lang=lang)
                  for lang in ("en", "ja")]
    lines += [repr(told.rows(lang)["plays"]) for lang in ("en", "ja")]
    sys.stdout.buffer.write("\\n".join(lines).encode())
"""


def test_same_input_same_bytes() -> None:
    """Law 9: Same input, same bytes, whatever the hash seed, the machine's zone and its locale."""
    (told,) = told_by(_SCRIPT)
    assert len(told) > 50_000


# -- explained --


@given(randoms())
def test_what_is_explained_is_what_is_planned(random: Random) -> None:
    """Law 1: Engines agree: the specification says what the compiled rules decide, and the day."""
    engine, account, as_of = drawn(random)
    told = engine.assess(account, as_of=as_of)
    planned = {(one.lead_id, one.product_id): one for one in told.plays}
    for (lead_id, product_id), decision in decisions_of(engine, account, as_of).items():
        about = (lead_id,) if product_id is None else (lead_id, product_id)
        text = engine.explain("play", account, *about, as_of=as_of)
        first = f"{decision.text()} — {decision.because.text()} [{decision.rule}]"
        assert text.splitlines()[0] == first
        one = planned.get((lead_id, product_id))
        if one is None:
            assert decision.value == NO_PLAY
            assert "\ndue: " not in text
            continue
        assert one.decision == decision
        assert one.text() == first.rpartition(" [")[0]
        assert f"\ndue: {one.due or 'none'} ({DUE_BY[one.due_by]})\n" in text
        channel = "none" if one.channel is None else contact.CHANNELS[one.channel].en
        assert f"\nchannel: {channel}" in text
        assert all(f"\n  {contact.CHANNELS[left].en}: left out — " in text for left in one.left_out)
        assert ("\nwaits for: " in text) is bool(one.waits_for)
        assert (f"\nnot before: {one.not_before}" in text) is bool(one.not_before)
