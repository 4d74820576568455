"""The plan of a flow, its file, and a look at the flow by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.errors import DecodeError, InvalidDataError
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate
from mpfunnel.flow import (
    Amounts,
    Band,
    Campaign,
    CampaignBook,
    FlowPlan,
    Insight,
    Journey,
    Period,
    Spend,
    deal_amounts,
    flow_report,
    journeys,
    load_plan,
    look,
)
from mpfunnel.flow.looking import looked_at

TEXT: Final = """
since = 2026-01-01
within_days = { target = 180, reached = 120, engaged = 90, mql = 30, sal = 120 }
target = 1
interest = "high_interest"
out_of_market = ["priority_follow_up", "dormant"]
meetings = ["visit"]

[reference]
reached = 0.6
won = 0.25

[touches]
email_open = "delivered"
webinar_attended = "attended"
page_view = "none"

[horizons]
upstream = 200
downstream = 60

[[tactics]]
key = "fair"
label = { en = "trade fair", ja = "展示会" }
motion = "downstream"

[[campaigns]]
id = "webinar-2026-08"
tactic = "educational_content"
start = 2026-08-01
name = { en = "Webinar in August", ja = "8月のウェビナー" }
product = "ma"
budget = 600000

[[campaigns]]
id = "mail-2026-09"
tactic = "email"
start = 2026-09-01

[[spends]]
day = 2026-08-10
amount = 500000
campaign = "webinar-2026-08"

[[spends]]
day = 2026-09-10
amount = 1000
tactic = "fair"
currency = "USD"

[[statistics]]
kpi = "impressions"
day = 2026-09-30
value = 10
tactic = "social"

[[rates]]
currency = "USD"
rate = 150
start = 2026-01-01

[[bands]]
key = "upstream"
low = 0.3
high = 0.6

[[insights]]
key = "hands"
kind = "survey"
statement = "no hands"
evidence = ["survey of 2026"]
since = 2026-05-01
expires = 2026-12-31
product = "ma"
"""
QUARTER: Final = Period(date(2026, 7, 1), date(2026, 9, 30))


NOT_SAID: Final = "is not said; give the days within which it is to lead to the next step"


def refused(given: Any) -> list[str]:
    """Return the problems for which a plan is refused."""
    with pytest.raises(DecodeError) as told:
        load_plan(given, PLAYBOOK)
    return [str(one) for one in told.value.problems]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> FlowPlan:
    """The plan of the file above."""
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(TEXT, encoding="utf-8")
    return load_plan(path, PLAYBOOK)


def test_a_file_says_all_that_a_plan_holds(plan: FlowPlan) -> None:
    """In the firm's own numbers; kinds that are no touch are called none."""
    assert (plan.since, plan.target, plan.interest) == (
        date(2026, 1, 1),
        mf.Tier(1),
        "high_interest",
    )
    assert plan.statuses == {
        "email_open": "delivered",
        "webinar_attended": "attended",
        "page_view": None,
    }
    assert plan.out_of_market == {"priority_follow_up", "dormant"}
    assert plan.meetings == {"visit"}
    assert plan.horizons == {"upstream": 200, "downstream": 60}
    book = plan.campaigns
    assert [one.label.text("ja") for one in book.campaigns] == ["8月のウェビナー", "mail-2026-09"]
    assert book.campaigns[0].product_id == "ma"
    assert [one.amount for one in book.spends] == [500_000, 1_000]
    assert book.tactics[-1].label.text("ja") == "展示会"
    assert plan.fx is not None
    assert plan.fx.priced(2, "USD", date(2026, 9, 1)) == 300
    assert [one.key for one in plan.bands] == ["upstream"]
    assert plan.insights[0].statement.text("ja") == "no hands"


def test_what_a_file_leaves_out_is_as_it_begins() -> None:
    """Only the first day and the days of the steps are needed."""
    plan = load_plan({"since": date(2026, 1, 1), "within_days": 90}, PLAYBOOK)
    assert plan == FlowPlan(since=date(2026, 1, 1), within_days=90)
    touched = load_plan({"since": DAY, "within_days": 90, "interest": "none"}, PLAYBOOK)
    assert touched == evolve(plan, interest=None)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    """Each with its path, in the words of the file."""
    given: dict[str, Any] = {
        "since": 3,
        "within_days": {"target": -1, "reached": 1, "engage": 1, "engaged": 1, "mql": 1, "sal": 1},
        "target": 0,
        "interest": "nothing",
        "stages": "keep",
        "out_of_market": ["priority"],
        "x": 1,
        "touches": {"mail": "seen"},
        "reference": {"reach": 0.5},
        "campaigns": [{"id": 1, "tactic": "email"}, {"id": 2, "tactic": "emial", "start": DAY}],
        "spends": [{"day": DAY, "amount": 1, "campaign": 9, "product": "cm"}, 7],
        "rates": [
            {"currency": "yen", "rate": 1, "start": DAY},
            {"currency": "JPY", "rate": 1, "start": DAY},
        ],
        "bands": {"key": "upstream"},
        "insights": [
            {
                **{"key": "a", "kind": "survey", "statement": "x", "evidence": ["y"]},
                **{"since": DAY, "expires": DAY, "colour": "red", "segment": "enterprize"},
            }
        ],
    }
    with pytest.raises(DecodeError) as told:
        load_plan(given, PLAYBOOK)
    assert [f"{one.path}: {one.code}" for one in told.value.problems] == [
        "x: unknown-key",
        "target: range",
        "campaigns[0]: missing",
        "spends[1]: type",
        "rates[0].currency: format",
        "bands: type",
        "insights[0].colour: unknown-key",
        "campaigns[1].tactic: unknown-tactic",
        "spends[0].campaign: unknown-campaign",
        "rates[1].currency: contradiction",
        "interest: unknown-level",
        "out_of_market: unknown-level",
        "spends[0].product: unknown-product",
        "insights[0].segment: unknown-level",
        "since: type",
        "within_days.engage: unknown-step",
        "within_days.target: range",
        "stages: choice",
        "touches.mail: choice",
        "reference.reach: unknown-step",
    ]


DAY: Final = date(2026, 1, 1)


def test_a_fault_names_the_row_of_the_file() -> None:
    """Though rows before it could not be used, and the tactics that there are come first."""
    tactic = {"key": "fair", "label": "fair", "motion": "downstream"}
    row = {"day": DAY, "amount": 1, "tactic": "fair"}
    given = {
        **{"since": DAY, "within_days": 1},
        "tactics": [7, tactic, tactic],
        "spends": [{**row, "day": 3}, row, {**row, "amount": "x"}, {**row, "product": "x"}],
    }
    assert [one.split(":")[0] for one in refused(given)] == [
        "tactics[0]",
        "spends[0].day",
        "spends[2].amount",
        "tactics[2].key",
        "spends[3].product",
    ]


def test_what_names_a_faulty_row_is_no_fault_of_its_own() -> None:
    """Only the fault of the row itself is told; what else is wrong with the others is, too."""
    given: dict[str, Any] = {
        **{"since": DAY, "within_days": 1},
        "tactics": [{"key": "fair", "label": "fair", "motion": "sideways"}, 7],
        "campaigns": [
            {"id": "a", "tactic": "email"},
            {"id": "b", "tactic": "fair", "start": DAY},
            {"id": "c", "tactic": "fare", "start": DAY},
            {"id": [], "tactic": "email", "start": DAY},
        ],
        "spends": [
            7,
            {"day": DAY, "amount": 1, "campaign": "a", "product": "x"},
            {"day": DAY, "amount": 1, "campaign": "b"},
            {"day": DAY, "amount": 1, "campaign": "d"},
            {"day": DAY, "amount": 1, "tactic": "fair"},
        ],
        "statistics": [
            {"kpi": "impressions", "day": DAY, "value": 1, "campaign": "a"},
            {"kpi": "impressions", "day": DAY, "value": 1, "tactic": "fare"},
        ],
    }
    with pytest.raises(DecodeError) as told:
        load_plan(given, PLAYBOOK)
    assert [f"{one.path}: {one.code}" for one in told.value.problems] == [
        "tactics[0].motion: choice",
        "tactics[1]: type",
        "campaigns[0]: missing",
        "campaigns[3].id: type",
        "spends[0]: type",
        "campaigns[2].tactic: unknown-tactic",
        "spends[3].campaign: unknown-campaign",
        "statistics[1].tactic: unknown-tactic",
        "spends[1].product: unknown-product",
    ]


def test_a_file_may_say_that_no_state_and_no_kind_is_meant() -> None:
    """Nobody is out of the market then, and nothing is a meeting."""
    given = {"since": DAY, "within_days": 90, "out_of_market": [], "meetings": []}
    assert load_plan(given, PLAYBOOK) == FlowPlan(since=DAY, within_days=90, out_of_market=())
    assert refused({**given, "out_of_market": "dormant", "meetings": [3]}) == [
        "out_of_market: must be a list of texts",
        "meetings: must be a list of texts",
    ]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, ["has no since", "has no within_days"]),
        (
            {"within_days": {"target": 1}, "reference": {"wone": 0.1}},
            [
                "has no since",
                *(f"within_days.{one}: {NOT_SAID}" for one in ("reached", "engaged", "mql", "sal")),
                "reference.wone: no such passage; did you mean 'won'?",
            ],
        ),
        (
            {"since": DAY, "within_days": 1, "interest": "interest"},
            [
                (
                    "interest: must be a level of interest above 'none' (aware, interested, "
                    "high_interest), not 'interest'; did you mean 'interested'?"
                )
            ],
        ),
        (7, ["must be a Mapping, not int 7"]),
        ("absent.toml", ["absent.toml: no such file"]),
    ],
)
def test_what_is_no_plan_is_refused(given: Any, problems: list[str]) -> None:
    """With what is needed."""
    assert refused(given) == problems


def test_a_band_may_be_of_one_unit(plan: FlowPlan) -> None:
    """Of money it says nothing about touches; two of the same are refused."""
    band = {"key": "upstream", "low": 0.3, "high": 0.6}
    given = {"since": DAY, "within_days": 90}
    units = load_plan({**given, "bands": [{**band, "unit": "JPY"}, band]}, PLAYBOOK)
    assert [one.unit for one in units.bands] == ["JPY", None]
    assert [one.unit for one in plan.bands] == [None]
    wrong = [band, {**band, "unit": "touch"}, {**band, "high": 1}, {**band, "key": "sideways"}]
    assert refused({**given, "bands": wrong}) == [
        "bands[2]: there is a band for the same already",
        "bands[3].key: must be one of upstream, downstream, not 'sideways'",
        "bands[1].unit: must be 'touches' or a currency such as 'JPY', not 'touch'",
    ]


def test_a_plan_in_python_names_every_fault() -> None:
    """As the file does."""
    given: dict[str, Any] = {
        "since": "2026",
        "within_days": 1.5,
        "target": 2,
        "campaigns": None,
        "bands": ["upstream"],
        "insights": [3],
        "statuses": {"mail": "seen"},
        "reference": {"won": 2.0},
    }
    with pytest.raises(InvalidDataError) as told:
        FlowPlan(**given)
    assert [one.path for one in told.value.problems] == [
        "plan.since",
        "plan.within_days",
        "plan.target",
        "plan.campaigns",
        "plan.bands[0]",
        "plan.insights[0]",
        "plan.statuses.mail",
        "plan.reference.won",
    ]


def test_a_plan_may_name_the_segments_that_the_firm_sells_to() -> None:
    """None of them is everybody; a lone text, an empty list or an unknown key is refused."""
    given: dict[str, Any] = {"since": DAY, "within_days": 90}
    assert load_plan(given, PLAYBOOK).segments is None
    plan = load_plan({**given, "segments": ["small", "micro"]}, PLAYBOOK)
    assert plan == FlowPlan(**given, segments=["micro", "small"])
    for wrong, problem in (
        (["small", "mikro"], "segments: no such segment 'mikro'; did you mean 'micro'?"),
        ([], "segments: is empty"),
        ("small", "segments: must be a list of texts"),
    ):
        assert refused({**given, "segments": wrong}) == [problem]
    for value, problem in (
        ("small", "plan.segments: must be a frozenset, not str 'small'"),
        ((), "plan.segments: must name a segment, or be None for all"),
    ):
        with pytest.raises(InvalidDataError) as told:
            FlowPlan(**given, segments=value)
        assert [str(one) for one in told.value.problems] == [problem]


# -- a look by it --


@pytest.fixture(scope="module")
def accounts() -> tuple[mf.Account, ...]:
    """A small market of the invented firm, with people without company."""
    return tuple(generate(60, seed=7, as_of=STORY_DAY).accounts())


def test_a_look_shows_the_flow_from_each_side(
    plan: FlowPlan, accounts: tuple[mf.Account, ...]
) -> None:
    """All of it is of the same companies, as of the same day."""
    seen = look(mf.Engine(PLAYBOOK), accounts, plan, period=QUARTER, as_of=STORY_DAY)
    assert seen.plan is plan
    assert seen.report.complete
    assert {one.product_id for one in seen.report.products} == {None, "crm", "sfa", "ma", "bi"}
    assert None not in {one.product_id for one in seen.gaps.cells}
    assert seen.gaps.as_of == STORY_DAY
    assert seen.cohorts[0].step == "target"
    assert seen.results is not None
    assert [one.key for one in seen.results.campaigns] == ["webinar-2026-08", "mail-2026-09"]
    assert [one.unit for one in seen.balances] == ["JPY", "touches"]
    money = {part.key: part.share.num for part in seen.balances[0].parts}
    assert money == {"upstream": 500_000, "downstream": 150_000}
    touches = {part.key: part.share.num for part in seen.balances[1].parts}
    assert touches["upstream"] == _touches(accounts, "webinar_attended", "webinar-2026-08")
    assert touches["downstream"] == _touches(accounts, "email_open", "mail-2026-09")


def test_a_look_is_of_the_segments_that_the_firm_sells_to(
    plan: FlowPlan, accounts: tuple[mf.Account, ...]
) -> None:
    """Of their journeys alone; money, touches and campaigns are of everybody."""
    engine = mf.Engine(PLAYBOOK)
    whole = look(engine, accounts, plan, period=QUARTER, as_of=STORY_DAY)
    sold_to = frozenset({"small", "mid_market"})
    assert {one.segment for one in whole.gaps.cells} > sold_to
    mine = evolve(plan, segments=sold_to)
    seen = look(engine, accounts, mine, period=QUARTER, as_of=STORY_DAY)
    assert {one.segment for one in seen.gaps.cells} == sold_to
    made = [
        one
        for one in journeys(
            engine,
            accounts,
            as_of=STORY_DAY,
            since=plan.since,
            target=plan.target,
            interest=plan.interest,
            statuses=plan.statuses,
        )
        if one.segment in sold_to
    ]
    amounts = deal_amounts(PLAYBOOK, made, accounts, as_of=STORY_DAY)
    told = flow_report(
        made, period=QUARTER, as_of=STORY_DAY, within_days=plan.within_days, amounts=amounts
    )
    assert seen.report.rows() == told.rows() != whole.report.rows()
    entered = [sum(cohort.entered for cohort in one.cohorts) for one in (seen, whole)]
    assert 0 < entered[0] < entered[1]
    assert (seen.balances, seen.results) == (whole.balances, whole.results)


def test_whose_segment_is_not_known_is_looked_at() -> None:
    """Unknown is not no: the firm may well sell to it."""
    made = [
        Journey(unit, "crm", [DAY], segment=segment)
        for unit, segment in enumerate(("small", None, "competitor"))
    ]
    seen = looked_at(
        FlowPlan(since=DAY, within_days=90, segments=frozenset({"small"})),
        made,
        period=QUARTER,
        as_of=STORY_DAY,
        amounts=Amounts("JPY", {}),
        out_of_market=frozenset(),
        results=None,
        efforts=(),
    )
    assert [one.segment for one in seen.gaps.cells] == ["small", None]


def _touches(accounts: tuple[mf.Account, ...], kind: str, campaign: str) -> int:
    return sum(
        one.kind == kind and one.campaign_id == campaign
        for account in accounts
        for one in account.activities
    )


def test_a_balance_counts_the_touches_that_results_count() -> None:
    """Equal ones once; not those that contradict each other, are of nobody known, or came later."""
    given = {
        "since": DAY,
        "within_days": 90,
        "campaigns": [{"id": 1, "tactic": "email", "start": DAY}],
        "touches": {"email_open": "delivered", "reply": "engaged"},
    }
    noon = datetime(2026, 8, 3, 3, tzinfo=UTC)
    told = mf.Activity(1, 1, "email_open", noon, campaign_id=1)
    twice = [evolve(told, id=2, kind=kind) for kind in ("email_open", "reply")]
    later = evolve(told, id=4, at=noon + timedelta(60))
    activities = [told, told, *twice, evolve(told, id=3, lead_id=9), later]
    account = mf.Account(mf.Company(7), leads=[mf.Lead(1, 7)], activities=activities)
    seen = look(
        mf.Engine(PLAYBOOK),
        [account],
        load_plan(given, PLAYBOOK),
        period=QUARTER,
        as_of=STORY_DAY,
    )
    (balance,) = seen.balances
    assert {one.key: one.share.num for one in balance.parts} == {"upstream": 0, "downstream": 1}


def test_without_campaigns_there_are_no_results(accounts: tuple[mf.Account, ...]) -> None:
    """Nor is there a balance; the flow is told all the same."""
    plan = FlowPlan(since=DAY, within_days=90)
    seen = look(mf.Engine(PLAYBOOK), accounts[:20], plan, period=QUARTER, as_of=STORY_DAY)
    assert (seen.results, seen.balances) == (None, ())
    assert seen.report.products


def test_the_future_does_not_change_a_look(
    plan: FlowPlan, accounts: tuple[mf.Account, ...]
) -> None:
    """Law 5: spends and touches after the day do not count."""
    engine = mf.Engine(PLAYBOOK)
    early = QUARTER.first + timedelta(20)
    seen = look(engine, accounts[:20], plan, period=QUARTER, as_of=early)
    assert not seen.report.complete
    assert seen.balances == ()


def test_companies_in_priority_follow_up_are_out_of_the_market() -> None:
    """They are taken out of the denominators downstream, and named."""
    at = datetime(2026, 7, 3, tzinfo=UTC)
    set_by_hand = mf.Override(
        *("engagement", "priority_follow_up", "sales", "next year", DAY, None),
        lead_id=1,
        product_id="crm",
    )
    account = mf.Account(
        mf.Company(7, employees=5_000, industry="製造業"),
        leads=[mf.Lead(1, 7)],
        activities=[mf.Activity(1, 1, "inquiry", at, product_ids=["crm"])],
        overrides=[set_by_hand],
    )
    nobody = mf.Account(leads=[mf.Lead(2)], overrides=[evolve(set_by_hand, lead_id=2)])
    plan = FlowPlan(since=DAY, within_days=90)
    engine = mf.Engine(PLAYBOOK)
    seen = look(engine, [account, nobody], plan, period=QUARTER, as_of=STORY_DAY)
    gone = {(one.product_id, one.out_of_market) for one in seen.gaps.cells if one.out_of_market}
    assert gone == {("crm", (7,))}


def test_where_no_state_is_out_of_the_market_nobody_is_asked_about(
    accounts: tuple[mf.Account, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told is the same as with a state in which nobody is, and takes less time."""
    plan = FlowPlan(since=DAY, within_days=90, out_of_market={"in_opportunity"})
    engine, asked = mf.Engine(PLAYBOOK), list[Any]()
    seen = look(engine, accounts[:20], plan, period=QUARTER, as_of=STORY_DAY)

    def assess(_: Any, account: Any, **__: Any) -> Any:
        asked.append(account)

    monkeypatch.setattr(mf.Engine, "assess", assess)
    nobody = evolve(plan, out_of_market=())
    told = look(engine, accounts[:20], nobody, period=QUARTER, as_of=STORY_DAY)
    assert evolve(told, plan=plan) == seen
    assert asked == []


def test_a_plan_names_what_the_playbook_has() -> None:
    """A misspelt insight would stand beside no gap, and nobody would miss it."""
    said = Insight("a", "survey", "x", ("y",), DAY, DAY, "maa", "enterprize")
    book = CampaignBook(
        [Campaign(1, "email", DAY, product_id="cr")],
        [Spend(DAY, 1, tactic="email", product_id=7)],
    )
    plan = FlowPlan(
        since=DAY,
        within_days=90,
        interest="none",
        segments=["mikro"],
        out_of_market={"priority"},
        campaigns=book,
        insights=[said],
    )
    with pytest.raises(InvalidDataError) as told:
        look(mf.Engine(PLAYBOOK), (), plan, period=QUARTER, as_of=STORY_DAY)
    assert [f"{one.code}: {one.path}" for one in told.value.problems] == [
        "unknown-level: plan.interest",
        "unknown-level: plan.segments",
        "unknown-level: plan.out_of_market",
        "unknown-product: plan.campaigns[0].product_id",
        "unknown-product: plan.spends[0].product_id",
        "unknown-product: plan.insights[0].product_id",
        "unknown-level: plan.insights[0].segment",
    ]
    assert "did you mean 'enterprise'" in str(told.value)


def test_money_without_a_rate_stands_beside_the_rest() -> None:
    """Two currencies are never added up; what has no price keeps its own."""
    spends = [
        {"day": QUARTER.first, "amount": 10, "tactic": "email", "currency": "EUR"},
        {"day": QUARTER.first, "amount": 20, "tactic": "email", "currency": "USD"},
    ]
    rates = [{"currency": "USD", "rate": 150, "start": DAY}]
    given = {"since": DAY, "within_days": 90, "spends": spends}
    engine = mf.Engine(PLAYBOOK)
    for more, units in (({}, ["EUR", "USD"]), ({"rates": rates}, ["EUR", "JPY"])):
        plan = load_plan({**given, **more}, PLAYBOOK)
        seen = look(engine, (), plan, period=QUARTER, as_of=STORY_DAY)
        assert [one.unit for one in seen.balances] == units


def test_money_that_came_back_is_no_effort() -> None:
    """What is less than nothing has no share of anything."""
    plan = load_plan(
        {
            "since": DAY,
            "within_days": 90,
            "spends": [
                {"day": QUARTER.first, "amount": 10, "tactic": "email"},
                {"day": QUARTER.last, "amount": -30, "tactic": "email"},
                {"day": QUARTER.last, "amount": 5, "tactic": "social"},
                {"day": QUARTER.last + timedelta(1), "amount": 99, "tactic": "social"},
            ],
            "bands": [{"key": "upstream", "low": 0.1, "high": 0.2}],
        },
        PLAYBOOK,
    )
    assert plan.bands == (Band("upstream", 0.1, 0.2),)
    seen = look(mf.Engine(PLAYBOOK), (), plan, period=QUARTER, as_of=STORY_DAY)
    parts = {one.key: one.share for one in seen.balances[0].parts}
    assert (parts["upstream"].num, parts["upstream"].status) == (5, "unpriced")
    assert parts["downstream"].num == 0


def test_a_plan_is_read_from_a_path_or_its_text(tmp_path: Path) -> None:
    """Which both mean the same."""
    path = tmp_path / "plan.toml"
    path.write_text("since = 2026-01-01\nwithin_days = 90\n", encoding="utf-8")
    assert load_plan(str(path), PLAYBOOK) == load_plan(path, PLAYBOOK)
