"""What days alone will do to a lead's stage."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel.errors import InvalidDataError, PolicyError, UnknownNameError
from mpfunnel.facts import product
from mpfunnel.history import StageChange
from mpfunnel.rules.tables import Decision
from mpfunnel.stages import Cause
from tests.leads import draw_account, draw_as_of, engine_of
from tests.policies import randoms
from tests.steps import drawn_engine

BOOK = mf.starter(["crm"], zone="UTC")
FUNNEL = BOOK.funnel
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
DAY = date(2026, 4, 1)
ASKED = mf.Activity(1, "l", "demo_request", NOON, ["crm"])
ACCOUNT = mf.Account(mf.Company("c"), leads=[mf.Lead("l", "c")], activities=[ASKED])
MQL, INQUIRY, DORMANT = (FUNNEL.stage(key) for key in ("mql", "inquiry", "dormant"))


def ahead(account: mf.Account, days: int = 0, book: Any = BOOK) -> StageChange | None:
    """The next change, asked so many days after the first one."""
    return mf.next_stage_change(account, book, "l", as_of=DAY + timedelta(days=days))


def test_the_day_is_the_first_on_which_the_answer_is_another() -> None:
    """The hand of a demo request is down after 90 days, and the pursuit over after 180."""
    first = StageChange(DAY + timedelta(days=90), MQL, INQUIRY, "inquiry", None)
    assert ahead(ACCOUNT) == ahead(ACCOUNT, 89) == first
    after = ahead(ACCOUNT, 90)
    assert after == StageChange(DAY + timedelta(days=180), INQUIRY, DORMANT, "quiet", None)
    assert ahead(ACCOUNT, 180) is None


def test_what_comes_later_is_not_known_yet() -> None:
    """Law 5: The future does not change the past, nor what was to be expected of it."""
    late = NOON + timedelta(days=30)
    later = mf.Account(
        mf.CompanyHistory(mf.Company("c"), [mf.CompanyChange(late.date(), "employees", 9_000)]),
        leads=[mf.Lead("l", "c"), mf.Lead("m", "c")],
        activities=[ASKED, mf.Activity(2, "l", "inquiry", late, ["crm"])],
        deals=[mf.Deal(1, "c", late, [mf.DealLine("crm")], lead_id="l")],
        contracts=[mf.Contract("c", "crm", late.date())],
        sales_events=[mf.SalesEvent("l", "recycled", late, "crm", reason="timing")],
        histories=[FUNNEL.move(mf.StageHistory("l"), "sal", at=late, cause="api")],
    )
    assert ahead(later) == ahead(ACCOUNT)


def test_what_a_person_has_decided_ends_with_its_last_day() -> None:
    """The decision, and what was set by hand, end as days go by; until then they hold."""
    last = DAY + timedelta(days=9)
    history = FUNNEL.move(
        mf.StageHistory("l"), "sal", at=NOON, cause="person", by="Mori", until=last
    )
    decided = evolve(ACCOUNT, histories=[history])
    found = StageChange(last + timedelta(days=1), FUNNEL.stage("sal"), MQL, "mql", None)
    assert ahead(decided) == ahead(decided, 9) == found

    excluded = mf.Override(
        "segment", "competitor", "Mori", "bought by a rival", DAY, last, company_id="c"
    )
    found = StageChange(last + timedelta(days=1), FUNNEL.stage("disqualified"), MQL, "mql", None)
    assert ahead(evolve(ACCOUNT, overrides=[excluded])) == found
    # What nobody has set yet is not known.
    assert ahead(evolve(ACCOUNT, overrides=[evolve(excluded, since=last)])) == ahead(ACCOUNT)


def test_a_deal_that_closes_later_is_open() -> None:
    """S11: it was open as of the day, so that nobody knew that it would end."""
    deal = mf.Deal(
        1,
        "c",
        NOON,
        [mf.DealLine("crm")],
        status="lost",
        closed_at=NOON + timedelta(days=9),
        lead_id="l",
    )
    assert ahead(evolve(ACCOUNT, deals=[deal])) is None


def test_a_contract_ends_on_the_day_that_it_names() -> None:
    """What is known to end is known beforehand."""
    owned = mf.Funnel(
        mf.DecisionTable([mf.Rule(MQL, product.owned, key="owned")], FUNNEL.rules.otherwise),
        FUNNEL.ladder,
    )
    account = evolve(ACCOUNT, contracts=[mf.Contract("c", "crm", DAY, date(2027, 3, 31))])
    change = ahead(account, 0, evolve(BOOK, funnel=owned, plays=mf.Plays()))
    assert change is not None
    assert (change.day, change.rule) == (date(2027, 4, 1), "otherwise")


@pytest.mark.parametrize(("cause", "held"), [("person", True), ("api", False)])
def test_what_a_person_has_decided_stays(cause: Cause, held: bool) -> None:
    """Days are no new fact: only a funnel that overrules people takes the lead on."""
    history = FUNNEL.move(mf.StageHistory("l"), "sal", at=NOON + timedelta(hours=1), cause=cause)
    kept = evolve(ACCOUNT, histories=[history])
    change = ahead(kept)
    assert (change is None) is held
    overruling = evolve(BOOK, funnel=evolve(FUNNEL, overrules_people=True))
    assert ahead(kept, 0, overruling) == ahead(ACCOUNT)
    # A newer record goes before what was decided.
    newer = mf.Activity(2, "l", "inquiry", NOON + timedelta(days=1), ["crm"])
    change = ahead(evolve(kept, activities=[ASKED, newer]), 1)
    assert change is not None
    assert (change.before, change.day) == (MQL, DAY + timedelta(days=91))


def test_a_history_that_begins_later_does_not_count() -> None:
    """Law 4: Order does not matter: which history of a lead comes first says nothing."""
    known, later = (
        FUNNEL.move(mf.StageHistory("l"), "sal", at=NOON + timedelta(days=n), cause="person")
        for n in (1, 60)
    )
    for histories in ([known, later], [later, known]):
        assert ahead(evolve(ACCOUNT, histories=histories), 2) is None


def test_of_merged_leads_the_one_that_goes_on_counts() -> None:
    """Before a merge, the other lead's history was not this one's."""
    mine = FUNNEL.move(mf.StageHistory("l"), "sal", at=NOON, cause="api")
    other = FUNNEL.move(mf.StageHistory("m"), "inquiry", at=NOON, cause="api")
    merged = FUNNEL.merge(mine, other, at=NOON + timedelta(days=9))
    for days in (0, 9):
        change = ahead(evolve(ACCOUNT, histories=[merged]), days)
        assert change is not None
        assert change.day == DAY + timedelta(days=90)


def test_a_policy_of_the_firms_own_is_asked_once() -> None:
    """Nobody knows on which day it will answer otherwise."""
    asked: list[date] = []

    class Mine:
        kind, tiers = "test/mine/1", (mf.Tier(1),)

        def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Decision[mf.Tier]:
            asked.append(as_of)
            return mf.decided(mf.Tier(1), because=f"{company.id} for {product.id}")

    change = ahead(ACCOUNT, 0, evolve(BOOK, tiers=Mine()))
    assert change is not None
    assert len(asked) < 9


@pytest.mark.parametrize("reviews", [(), [(4, 1)]])
def test_what_a_policy_will_say_later_is_not_asked(reviews: Any) -> None:
    """A Tier of a custom policy stays that of the day asked about, however far ahead one looks."""

    class ByYear:
        kind, tiers = "test/by-year/1", (mf.Tier(1), mf.Tier(4))

        def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Decision[mf.Tier]:
            del company, product
            return mf.decided(mf.Tier(1 if as_of.year == DAY.year else 4), because="year")

    rules = mf.DecisionTable(
        [mf.Rule(MQL, product.tier.at_least(mf.Tier(1)), key="first")], FUNNEL.rules.otherwise
    )
    book = evolve(
        BOOK,
        tiers=ByYear(),
        funnel=mf.Funnel(rules, FUNNEL.ladder),
        plays=mf.Plays(),
        tier_review_dates=reviews,
    )
    hands = [
        mf.Override("segment", "partner", "Mori", "r", DAY, DAY + timedelta(days=n), company_id="c")
        for n in (400, 500)
    ]
    assert ahead(evolve(ACCOUNT, overrides=hands), 0, book) is None


def test_on_the_last_days_that_there_are() -> None:
    """Nothing is beyond the year 9999, and no warning before the year 1."""
    last = evolve(ACCOUNT, activities=[evolve(ASKED, at=datetime(9999, 12, 1, tzinfo=UTC))])
    assert mf.next_stage_change(last, BOOK, "l", as_of=date.max) is None
    warned = [evolve(one, warn_days=3_650) for one in FUNNEL.ladder]
    early = evolve(ACCOUNT, activities=[evolve(ASKED, at=datetime(1, 1, 1, 9, tzinfo=UTC))])
    book = evolve(BOOK, funnel=evolve(FUNNEL, ladder=warned, rules=rules_of(warned)))
    change = mf.next_stage_change(early, book, "l", as_of=date.min)
    assert change is not None
    assert change.warn_on == date.min


def rules_of(stages: Any) -> Any:
    """The rules of the starter with these stages."""
    by_key = {one.key: one for one in (*stages, *FUNNEL.detours)}
    rules = [evolve(one, outcome=by_key[one.outcome.key]) for one in FUNNEL.rules.rules]
    return evolve(FUNNEL.rules, rules=rules, otherwise=by_key[FUNNEL.rules.otherwise.key])


def test_faults_of_a_call_are_told() -> None:
    """All at once, as everywhere."""
    wrong: Any = 3
    with pytest.raises(InvalidDataError) as raised:
        mf.next_stage_change(wrong, wrong, "l", as_of=DAY)
    assert [one.path for one in raised.value.problems] == ["account", "book"]
    with pytest.raises(UnknownNameError):
        mf.next_stage_change(ACCOUNT, BOOK, "x", as_of=DAY)


def test_a_warning_is_part_of_what_a_funnel_means() -> None:
    """Stages are equal by key, but a funnel that warns on another day is another one."""
    funnel = evolve(FUNNEL, ladder=[evolve(FUNNEL.ladder[0], warn_days=5), *FUNNEL.ladder[1:]])
    assert funnel != FUNNEL
    assert evolve(BOOK, funnel=funnel).version != BOOK.version
    for wrong in (0, 3_651, True, "5"):
        with pytest.raises(
            InvalidDataError, match=r"stage.warn_days: must be an integer from 1 to"
        ):
            mf.FunnelStage("x", "x", warn_days=wrong)  # type: ignore[arg-type]


@settings(max_examples=25)
@given(randoms())
def test_the_day_is_that_of_trying_every_day(random: Random) -> None:
    """It is the day on which asking every day, as if nothing happened, first moves the lead."""
    engine = engine_of(random.randrange(6)) if random.random() < 0.5 else drawn_engine(random)
    funnel, zone = engine.playbook.funnel, ZoneInfo(engine.playbook.zone)
    as_of = draw_as_of(random)
    account = draw_account(random, engine.playbook, as_of, busy=6)
    try:
        leads = [*engine.assess(account, as_of=as_of).leads]
        told = {one: mf.next_stage_change(account, engine, one, as_of=as_of) for one in leads}
    except PolicyError:
        return

    end = datetime.combine(as_of + timedelta(1), time(), zone).astimezone(UTC)
    past = evolve(
        account,
        company=account.company.on(as_of)
        if isinstance(account.company, mf.CompanyHistory)
        else account.company,
        activities=[one for one in account.activities if one.at < end],
        sales_events=[one for one in account.sales_events if one.at < end],
        contracts=[one for one in account.contracts if one.start <= as_of],
        overrides=[one for one in account.overrides if one.since <= as_of],
        deals=[
            evolve(one, status="open", closed_at=None)
            if one.closed_at and one.closed_at >= end
            else one
            for one in account.deals
            if one.opened_at < end
        ],
    )
    for lead in leads:
        history = mf.StageHistory(lead)
        found = None
        for days in range(200):
            day = as_of + timedelta(days=days)
            now = evolve(past, histories=[history])
            try:
                stage = engine.stage_for(now, lead, as_of=day)
            except PolicyError:
                return
            at = datetime.combine(day, time(), zone).astimezone(UTC) + timedelta(hours=12)
            was = history.current
            history = funnel.apply(history, funnel.reconcile(history, stage, as_of=at).moves)
            if days and was is not None and history.current != was:
                assert history.current is not None
                found = (day, was.stage, history.current.stage, stage.warranted.rule)
                break
        change = told[lead]
        if change is not None and change.day < as_of + timedelta(200):
            assert (change.day, change.before.key, change.after.key, change.rule) == found
        else:
            assert found is None
