"""By hand: what a person set is in force, what the rules say stands beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.by_hand import BY_HAND, SetByHand
from mpfunnel.facts import any_product, company, product
from mpfunnel.records import OverrideOf
from mpfunnel.rules.tables import Decision

DAY = date(2026, 10, 31)
PLAYBOOK = mf.starter(products=["crm", "sfa"])
ENGINE = mf.Engine(PLAYBOOK)
SMALL = mf.Company(1, employees=60, annual_revenue=0)
AT = datetime(2026, 10, 1, tzinfo=UTC)


def set_to(what: OverrideOf, value: Any, **more: Any) -> mf.Override:
    """An override of the company, or of the lead, that holds."""
    every: dict[str, dict[str, Any]] = {
        "segment": {"company_id": 1},
        "tier": {"company_id": 1, "product_id": "crm"},
        "engagement": {"lead_id": 7, "product_id": "crm"},
    }
    said: dict[str, Any] = {"by": "Mori", "reason": "key account", "since": date(2026, 10, 1)}
    return mf.Override(what, value, **{"until": date(2026, 12, 31), **said, **every[what], **more})


def account(*overrides: mf.Override) -> mf.Account:
    """A small company with a lead that looked at prices, and a silent one."""
    return mf.Account(
        SMALL,
        leads=[mf.Lead(7, 1), mf.Lead(8, 1)],
        activities=[mf.Activity("a", 7, "pricing_page", AT, ["crm"])],
        overrides=overrides,
    )


def told(*overrides: mf.Override, as_of: date = DAY) -> mf.Assessment:
    """What is said of the account."""
    return ENGINE.assess(account(*overrides), as_of=as_of)


# -- the value in force, and the other one beside it --


def test_a_tier_set_by_hand_is_in_force_and_the_automatic_one_beside_it() -> None:
    """Nothing is lost: the decision of the rules is the one in whose place the other stands."""
    tiers = told(set_to("tier", mf.Tier(1))).tiers

    one = tiers["crm"]
    assert (one.value, one.rule, one.possible, one.settled) == (
        mf.Tier(1),
        BY_HAND,
        (mf.Tier(1),),
        True,
    )
    assert one.because.en == "set by Mori until 2026-12-31: key account"
    assert one.because.ja == "Moriが2026-12-31まで手動で設定：key account"
    assert one.instead_of == told().tiers["crm"]
    assert one.version == ENGINE.version
    assert tiers["sfa"] == told().tiers["sfa"]
    assert tiers["sfa"].instead_of is None


def test_what_holds_until_further_notice_says_no_day() -> None:
    """An override without a last day has to say so, and holds for ever."""
    one = told(set_to("tier", "tier_1", until=None), as_of=date.max).tiers["crm"]

    assert one.because.en == "set by Mori: key account"
    assert one.because.ja == "Moriが手動で設定：key account"
    with pytest.raises(TypeError, match="until"):
        mf.Override("segment", "x", "Mori", "r", DAY, company_id=1)  # type: ignore[call-arg]


def test_rules_read_what_was_set() -> None:
    """S5: a segment set by hand excludes its people; a state set by hand moves the stage."""
    excluded = told(set_to("segment", "competitor"))
    assert excluded.segment.value.key == "competitor"
    assert excluded.leads[8].engagement["crm"].value.key == "excluded"
    assert excluded.leads[7].stage.value.key == "disqualified"

    before, after = told(), told(set_to("engagement", "excluded"))
    assert after.leads[7].engagement["crm"].value.key == "excluded"
    assert after.leads[7].stage.value.key == "disqualified"
    assert before.leads[7].stage.value.key != "disqualified"


def test_interest_and_score_stay_those_of_the_activities() -> None:
    """What a person sets is the state; how keen the lead is remains readable."""
    before = told().leads[7].engagement["crm"]
    after = told(set_to("engagement", "excluded")).leads[7].engagement["crm"]

    assert (after.interest, after.score) == (before.interest, before.score)
    assert after.decision.instead_of == before.decision


def test_a_lead_set_to_no_sign_is_still_told() -> None:
    """The automatic state would be lost otherwise; a silent lead set to a state is told, too."""
    silent = set_to("engagement", "interested", lead_id=8)
    leads = told(set_to("engagement", "none"), silent).leads

    assert leads[7].engagement["crm"].value.key == "none"
    assert leads[8].engagement["crm"].value.key == "interested"
    assert set(leads[8].engagement) == {"crm"}


# -- when it holds --


def test_it_holds_from_its_first_to_its_last_day() -> None:
    """Law 5: before its first day it does not exist; after its last one it has expired."""
    one = set_to("tier", "tier_1", since=DAY, until=DAY)

    for days, rule, expired in ((-1, "small", ()), (0, BY_HAND, ()), (1, "small", (one,))):
        answer = told(one, as_of=DAY + timedelta(days))
        assert (answer.tiers["crm"].rule, answer.expired) == (rule, expired)
    after = told(one, as_of=DAY + timedelta(1))
    assert after.rejects == ()
    assert after.by_hand == (SetByHand(one, "expired"),)


def test_two_that_set_different_values_are_a_problem() -> None:
    """S17: which of them is meant cannot be told, so that neither holds; equal ones count once."""
    one, other = set_to("tier", "tier_1"), set_to("tier", "tier_2", by="Hayashi")

    assert told(one, one).tiers["crm"].rule == BY_HAND
    both = told(one, other)
    assert both.tiers["crm"].rule == "small"
    assert {(r.code, r.record) for r in both.rejects} == {("conflict", one), ("conflict", other)}
    # Nor does a third one that agrees with one of them.
    third = evolve(one, reason="again")
    assert len(told(one, third, other).rejects) == 3
    assert told(one, third, other).by_hand == ()
    # One that has expired or not begun is no rival.
    for rival in (
        evolve(other, until=DAY - timedelta(1)),
        evolve(other, since=DAY + timedelta(1)),
        evolve(other, product_id="sfa"),
    ):
        assert told(one, rival).tiers["crm"].rule == BY_HAND


def test_of_several_that_agree_the_one_given_last_is_in_force() -> None:
    """Law 4: in whatever order they come; it names author and reason, the others have agreed."""
    first = set_to("tier", "tier_1", until=None)
    second = set_to("tier", "tier_1", by="Hayashi", since=date(2026, 10, 2), until=DAY)
    for given in ((first, second), (second, first)):
        answer = told(*given)
        assert answer.tiers["crm"].because.en == "set by Hayashi until 2026-10-31: key account"
        assert answer.rejects == ()
        assert answer.by_hand == (SetByHand(first, "agreed"), SetByHand(second, "in_force"))
        assert [row["status"] for row in answer.rows()["by_hand"]] == ["agreed", "in_force"]
    after = told(first, second, as_of=DAY + timedelta(1))
    assert after.tiers["crm"].because.en == "set by Mori: key account"
    # Of those that begin on one day, the one that holds longer.
    same_day = evolve(second, since=first.since)
    assert told(first, same_day).by_hand[-1] == SetByHand(first, "in_force")
    spans = mf.replay(
        account(first, second), ENGINE, start=date(2026, 10, 1), end=DAY + timedelta(1)
    ).tiers["crm"]
    assert [(one.first_day, one.cause) for one in spans] == [
        (date(2026, 10, 1), "record"),
        (date(2026, 10, 2), "record"),
        (DAY + timedelta(1), "time"),
    ]


def test_rows_tell_of_each_what_became_of_it() -> None:
    """Law 7: begun = in force + agreed + expired + rejected; days are ISO 8601 text."""
    ended = set_to("segment", "partner", until=DAY - timedelta(1), follow_up_on=DAY)
    state = set_to("engagement", "dormant", until=None)
    rows = told(
        ended, state, set_to("tier", "x"), set_to("tier", "tier_1", since=date.max, until=None)
    )

    assert len(rows.rejects) == 1
    (segment, engagement) = sorted(rows.rows()["by_hand"], key=lambda row: str(row["lead_id"]))[
        ::-1
    ]
    assert segment == {
        "company_id": 1,
        "lead_id": None,
        "product_id": None,
        "what": "segment",
        "value": "partner",
        "status": "expired",
        "by": "Mori",
        "reason": "key account",
        "since": "2026-10-01",
        "until": "2026-10-30",
        "follow_up_on": "2026-10-31",
        "as_of": DAY,
        "playbook_version": ENGINE.version,
    }
    assert (engagement["lead_id"], engagement["status"], engagement["until"]) == (
        7,
        "in_force",
        None,
    )


def test_a_crm_that_follows_hears_once_that_one_has_expired() -> None:
    """On the first step after its last day, and never again."""
    state = mf.AccountState(account(set_to("tier", "tier_1", until=DAY)))
    heard: list[tuple[int, Any, Any, date]] = []
    for days in (-1, 0, 2, 3):
        at = datetime(2026, 10, 31, 3, tzinfo=UTC) + timedelta(days)
        done = ENGINE.on(state, None, as_of=at)
        state = mf.AccountState.from_bytes(done.state.to_bytes())
        heard += [
            (days, one.product_id, one.after, one.on)
            for one in done.changes
            if one.what == "expired"
        ]
    assert heard == [(2, "crm", "tier_1", DAY + timedelta(1))]
    # What had expired before the account was followed is no news.
    old = mf.AccountState(account(set_to("tier", "tier_1", until=DAY)))
    done = ENGINE.on(old, None, as_of=datetime(2026, 11, 30, tzinfo=UTC))
    assert "expired" not in {one.what for one in done.changes}


# -- the funnel --


def test_a_state_set_without_a_sign_reaches_the_funnel() -> None:
    """The rules of the funnel are asked about the product; where none holds, nothing is pursued."""
    before = told().leads[8].stage
    assert (before.value.key, before.for_products) == ("known", ())
    day = {"since": DAY, "until": DAY + timedelta(2)}
    one = set_to("engagement", "excluded", lead_id=8, **day)
    stage = told(one).leads[8].stage
    assert (stage.value.key, stage.rule, stage.for_products) == (
        "disqualified",
        "not-a-target",
        ("crm",),
    )
    assert list(stage.pursuits) == ["crm", None]
    nothing = told(set_to("engagement", "dormant", lead_id=8)).leads[8].stage
    assert (nothing.value.key, nothing.for_products) == ("known", ())
    # A pursuit of another product goes before it.
    other = mf.SalesEvent(8, "accepted", AT, "sfa")
    both = ENGINE.assess(evolve(account(one), sales_events=[other]), as_of=DAY).leads[8].stage
    assert (both.value.key, both.for_products) == ("sal", ("sfa",))

    spans = mf.replay(account(one), ENGINE, start=AT.date(), end=DAY + timedelta(5)).leads[8].stage
    assert [(one.first_day, one.value.key, one.cause) for one in spans] == [
        (AT.date(), "known", "start"),
        (DAY, "disqualified", "record"),
        (DAY + timedelta(3), "known", "time"),
    ]


def test_a_state_set_without_a_sign_may_be_far_on_the_ladder() -> None:
    """A rule about any product sees it, and so does a rule about the product alone."""
    mql = PLAYBOOK.funnel.stage("mql")
    high = product.engagement.at_least("high_interest")
    for when in (high, any_product(high)):
        rules = evolve(PLAYBOOK.funnel.rules, rules=[mf.Rule(mql, when, key="keen")])
        engine = mf.Engine(evolve(PLAYBOOK, funnel=evolve(PLAYBOOK.funnel, rules=rules)))
        given = account(set_to("engagement", "high_interest", lead_id=8))
        assert engine.assess(given, as_of=DAY).leads[8].stage.value == mql


# -- keys --


@pytest.mark.parametrize("key", ["by-hand", "failed", "firm", "history", "policy", "unmatched"])
def test_what_the_engine_writes_in_place_of_a_rule_is_no_key_of_one(key: str) -> None:
    """Whoever reads answers can tell what decided."""
    rule = mf.Rule(mf.Tier(1), company.employees >= 300, key=key)
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.TierTable([rule], mf.Tier(3))
    assert [str(one) for one in caught.value.problems] == [f"rules[0].key: '{key}' is reserved"]
    assert caught.value.problems[0].code == "duplicate"


class SaysByHand:
    """A policy that takes the key of what people set, and what stands beside it, for its own."""

    kind, tiers = "test/by-hand/1", (mf.Tier(1), mf.Tier(2))

    def __init__(self, **beside: Any) -> None:
        self.beside = beside

    def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Decision[mf.Tier]:
        del company, product, as_of
        said = Decision(mf.Tier(1), BY_HAND, mf.Label("told"), (mf.Tier(1),))
        return evolve(said, **self.beside)


def test_a_policy_cannot_pass_for_a_person() -> None:
    """What was set by hand is told by what stands beside it, which only the engine says."""
    engine = mf.Engine(evolve(PLAYBOOK, tiers=SaysByHand()))
    text = engine.explain("tier", SMALL, "crm", as_of=DAY)
    assert "instead of" not in text
    assert engine.assess(account(), as_of=DAY).by_hand == ()
    other = mf.decided(mf.Tier(2), because="x")
    for beside in ({"instead_of": other}, {"proposed": other}):
        cheat = mf.Engine(evolve(PLAYBOOK, tiers=SaysByHand(**beside)))
        with pytest.raises(mf.PolicyError, match=r"must return mpfunnel\.decided"):
            cheat.tier_for(SMALL, "crm", as_of=DAY)


# -- what is not there --


@pytest.mark.parametrize(
    ("one", "code", "reason"),
    [
        (
            set_to("tier", "tier_1", product_id="crn"),
            "unknown-product",
            "no such product 'crn'; did you mean 'crm'?",
        ),
        (
            set_to("tier", "tier_11"),
            "unknown-level",
            "no such Tier 'tier_11'; did you mean 'tier_1'?",
        ),
        (
            set_to("segment", "competitors"),
            "unknown-level",
            "no such segment 'competitors'; did you mean 'competitor'?",
        ),
        (
            set_to("engagement", "dormat"),
            "unknown-level",
            "no such state 'dormat'; did you mean 'dormant'?",
        ),
        (set_to("engagement", "none", lead_id=9), "unknown-lead", "no such lead 9"),
        (
            set_to("segment", "competitor", company_id=2),
            "other-company",
            "belongs to company 2, not to 1",
        ),
    ],
)
def test_what_is_not_there_is_a_reject(one: mf.Override, code: str, reason: str) -> None:
    """Law 7: Nothing is lost: an override that cannot hold is told, with the nearest name."""
    (reject,) = told(one).rejects

    assert (reject.code, reject.reason, reject.record) == (code, reason, one)
    assert told(evolve(one, since=DAY + timedelta(1))).rejects == ()


def test_people_without_company_have_no_segment_or_tier_to_set() -> None:
    """Their states can be set all the same."""
    state = set_to("engagement", "interested")
    alone = mf.Account(leads=[mf.Lead(7)], overrides=[set_to("tier", "tier_1"), state])

    answer = ENGINE.assess(alone, as_of=DAY)

    assert [(r.code, r.reason) for r in answer.rejects] == [
        ("unknown-company", "belongs to company 1, which is not given")
    ]
    assert answer.leads[7].engagement["crm"].value.key == "interested"
    with pytest.raises(mf.InvalidDataError, match="company: is not known, and people without"):
        ENGINE.tier_for(alone, "crm", as_of=DAY)


# -- asking --


def test_one_question_about_an_account_knows_what_was_set() -> None:
    """A company by itself holds no overrides; its account does."""
    given = account(set_to("tier", "tier_1"), set_to("segment", "competitor"))

    assert ENGINE.tier_for(given, "crm", as_of=DAY).rule == BY_HAND
    assert ENGINE.segment_for(given, as_of=DAY).rule == BY_HAND
    assert ENGINE.tier_for(SMALL, "crm", as_of=DAY).rule == "small"


def test_an_explanation_tells_both() -> None:
    """First what is in force, then every rule of the automatic answer."""
    given = account(
        set_to("tier", "tier_1"), set_to("segment", "competitor"), set_to("engagement", "none")
    )

    tier = ENGINE.explain("tier", given, "crm", as_of=DAY)
    assert tier.startswith(
        "Tier 1 — set by Mori until 2026-12-31: key account [by-hand]\n\ninstead of: Tier 3 — "
    )
    segment = ENGINE.explain("segment", given, as_of=DAY, lang="ja")
    assert "\n\n自動判定: 中小企業" in segment
    state = ENGINE.explain("engagement", given, 7, "crm", as_of=DAY)
    assert state.startswith("none — set by Mori")
    assert "\n\ninstead of: excluded — " in state


def test_rows_and_changes_are_of_what_is_in_force() -> None:
    """The automatic value has a column of its own."""
    before, after = told(), told(set_to("tier", "tier_1"), set_to("engagement", "excluded"))

    (row, other) = after.rows()["tiers"]
    assert (row["tier"], row["instead_of"], row["rule"]) == ("tier_1", "tier_3", BY_HAND)
    assert other["instead_of"] is None
    (state,) = after.rows()["engagement"]
    # Tier 1 makes her a lead to follow up first, had nobody excluded her.
    assert (state["state"], state["instead_of"]) == ("excluded", "priority_follow_up")
    moved = {(one.what, one.before, one.after) for one in mf.changes(before, after)}
    assert ("tier", "tier_3", "tier_1") in moved


def test_a_replay_tells_who_set_it_on_each_day() -> None:
    """Where somebody else takes over with the same value, each day has the reason of that day."""
    first = set_to("tier", "tier_1", until=date(2026, 10, 9))
    then = set_to("tier", "tier_1", by="Hayashi", since=date(2026, 10, 10))
    given = account(first, then, set_to("segment", "partner"))
    told = mf.replay(given, ENGINE, start=date(2026, 10, 1), end=DAY)

    assert [(one.first_day, one.because.en) for one in told.tiers["crm"]] == [
        (date(2026, 10, 1), "set by Mori until 2026-10-09: key account"),
        (date(2026, 10, 10), "set by Hayashi until 2026-12-31: key account"),
    ]
    assert len(told.segment) == 1


def test_time_alone_ends_what_was_set() -> None:
    """The day after the last one is a day on which the state changes."""
    ended = set_to("engagement", "excluded", lead_id=8, until=DAY + timedelta(3))
    for one, day in ((ended, DAY + timedelta(4)), (evolve(ended, until=None), None)):
        found = ENGINE.next_change(mf.Tally(), account(one), 8, "crm", as_of=DAY)
        assert found == day
    # Set to what the rules say anyway, or to what holds longer than the interest lasts.
    same = account(evolve(ended, value="none"))
    assert ENGINE.next_change(mf.Tally(), same, 8, "crm", as_of=DAY) is None
    long = account(set_to("engagement", "excluded", until=DAY + timedelta(900)))
    tally = mf.Tally.of(long.activities, "crm", zone="UTC")
    first = ENGINE.next_change(tally, long, 7, "crm", as_of=DAY)
    assert first is not None
    assert first < DAY + timedelta(900)


# -- the record --


@pytest.mark.parametrize(
    ("what", "about", "problem"),
    [
        ("segment", {}, "override.company_id: is needed where what is 'segment'"),
        (
            "segment",
            {"company_id": 1, "product_id": "crm"},
            "override.product_id: must be blank where what is 'segment'",
        ),
        ("tier", {"company_id": 1}, "override.product_id: is needed where what is 'tier'"),
        (
            "engagement",
            {"company_id": 1, "lead_id": 7, "product_id": "crm"},
            "override.company_id: must be blank where what is 'engagement'",
        ),
    ],
)
def test_each_question_has_its_own_ids(what: Any, about: dict[str, Any], problem: str) -> None:
    """A segment is of a company, a Tier of a company and product, a state of a lead and product."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.Override(what, "x", "Mori", "reason", DAY, None, **about)
    assert str(caught.value) == problem


def test_all_faults_of_an_override_are_told_at_once() -> None:
    """Who, why and until when are needed; it ends after it begins."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.Override("stage", 3, " ", None, "2026", DAY, company_id=1)  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == [
        f"override.{name}" for name in ("what", "value", "by", "reason", "since")
    ]
    with pytest.raises(mf.InvalidDataError, match="until: must not be before since"):
        set_to("segment", "x", since=DAY, until=DAY - timedelta(1))


def test_a_value_may_be_the_thing_itself() -> None:
    """A Tier, segment or state stands for its key."""
    assert set_to("tier", mf.Tier(1)) == set_to("tier", "tier_1")


def test_accounts_sort_overrides_as_all_records() -> None:
    """By company or lead; what refers to neither comes with the people without company."""
    lost = set_to("engagement", "none", lead_id=99)
    state, tier = set_to("engagement", "none"), set_to("tier", "tier_1")

    ours, others = mf.accounts(
        companies=[SMALL], leads=[mf.Lead(7, 1)], overrides=[lost, state, tier]
    )

    assert set(ours.overrides) == {state, tier}
    assert others.overrides == (lost,)


# -- replays --


def test_a_replay_says_why_what_was_set_began_and_ended() -> None:
    """A record on its first day, time alone on the day after its last one."""
    days = {"since": DAY, "until": DAY + timedelta(2)}
    given = account(
        set_to("tier", "tier_1", **days),
        set_to("segment", "competitor", **days),
        set_to("engagement", "interested", lead_id=8, **days),
    )
    replayed = mf.replay(given, ENGINE, start=DAY - timedelta(1), end=DAY + timedelta(5))

    for spans in (replayed.segment, replayed.tiers["crm"], replayed.leads[8].engagement["crm"]):
        assert [(one.first_day, one.cause) for one in spans] == [
            (DAY - timedelta(1), "start"),
            (DAY, "record"),
            (DAY + timedelta(3), "time"),
        ]
        assert [one.rule == BY_HAND for one in spans] == [False, True, False]
    assert len(replayed.tiers["sfa"]) == 1
    assert replayed.tiers["crm"][1].undated == ()
    assert replayed.tiers["crm"][0].undated != ()
    rows = [row for row in replayed.rows() if row["value"] == "tier_1"]
    assert [row["instead_of"] for row in rows] == ["tier_3"]
    assert replayed.rejects == ()
