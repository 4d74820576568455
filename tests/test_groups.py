"""Parents and subsidiaries: what a group is, and that rules see it the same way everywhere."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from jsonschema import Draft202012Validator

import mpfunnel as mf
from mpfunnel.account import Account, Relative, accounts
from mpfunnel.calendars import day_began
from mpfunnel.codec import schema, to_data
from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.sheets.headers import Headers, fact_header
from mpfunnel.errors import DecodeError, InvalidDataError, PlaybookError
from mpfunnel.facts import ENGAGEMENT, any_product, company, group, product
from mpfunnel.following import AccountState
from mpfunnel.following.news import news_of
from mpfunnel.following.taking import Taken
from mpfunnel.groups import Group, Member, families, in_group
from mpfunnel.history import next_stage_change, replay
from mpfunnel.kin import Kin
from mpfunnel.records import (
    Company,
    CompanyChange,
    CompanyHistory,
    Contract,
    Deal,
    DealLine,
    Lead,
)
from mpfunnel.rules.compiled import compile_policy
from mpfunnel.rules.explain import decide
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.terms import NumberTerm
from mpfunnel.situation import situation
from mpfunnel.testing import check_tier_policy
from tests.groups import ASKING, asking, engine_asking, with_groups
from tests.leads import draw_as_of
from tests.oracle_groups import told_of_groups
from tests.oracle_leads import differences
from tests.policies import randoms
from tests.test_history import compare
from tests.test_tiers import Regional

DAY = date(2026, 10, 31)
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)
T = [mf.Tier(number) for number in range(1, 6)]
TABLE = mf.TierTable(
    rules=[
        mf.Rule(T[0], group.owns("crm"), key="owns"),
        mf.Rule(T[1], group.relationships.contains_any("competitor"), key="rival"),
        mf.Rule(T[2], group.employees >= 300, key="large"),
    ],
    otherwise=T[3],
)
BOOK = evolve(mf.starter(["crm", "sfa"]), tiers=TABLE)
ENGINE = mf.Engine(BOOK)


def test_relatives_that_have_bought_nothing_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large group, only those with deals or contracts are looked at for what it owns."""
    looked: list[Any] = []

    def seen(account: Any, **more: Any) -> Any:
        looked.append(account.company.id)
        return situation(account, **more)

    monkeypatch.setattr("mpfunnel.kin.situation", seen)
    others = [Relative(mf.Company(n, parent_id=1)) for n in range(2, 40)]
    owner = Relative(
        mf.Company(40, parent_id=1), contracts=[mf.Contract(40, "sfa", date(2026, 1, 1))]
    )
    rules = [Rule(mf.Tier(1), group.owns("sfa"), key="owns")]
    book = mf.starter(["crm", "sfa"])
    book = evolve(book, tiers={**book.tiers, "crm": mf.TierTable(rules, otherwise=mf.Tier(3))})
    account = Account(mf.Company(1), relatives=[*others, owner])
    found = mf.Engine(book).tier_for(account, "crm", as_of=date(2026, 6, 1))
    assert (found.rule, set(looked)) == ("owns", {40})


def rule_for(account: Any, day: date = DAY, engine: mf.Engine = ENGINE) -> str:
    """The rule that gives the Tier for a product."""
    return engine.tier_for(account, "crm", as_of=day).rule


def family(*companies: Any, **records: Any) -> dict[Any, Account]:
    """The accounts of companies, by id."""
    found = accounts(companies=companies, **records)
    return {one.company.id if isinstance(one.company, Company) else 0: one for one in found}


# -- what a group is --


def drawn(number: int, seed: object, count: int = 14) -> tuple[mf.Engine, date, dict[str, Any]]:
    """An engine that asks about groups, a day, and records of companies with parents."""
    random = Random(f"groups of {number} {seed}")
    engine, as_of = engine_asking(number), draw_as_of(random)
    return engine, as_of, with_groups(random, engine.playbook, as_of, count)


def groups_in(engine: mf.Engine, given: Any, as_of: date) -> dict[Any, Any]:
    """What is known of the group of each account's company."""
    found: dict[Any, Any] = {}
    for account in given:
        if account.company is not None:
            member = engine.compiled.kin(account, as_of)
            assert isinstance(member, Kin)
            one = member.on(as_of)
            found[one.id] = one.group.employees, one.group.relationships, one.group.owned
    return found


@given(randoms())
@settings(max_examples=40)
def test_groups_are_those_of_the_second_model(random: Random) -> None:
    """Whoever has the same topmost parent is one group, on every day, known or not."""
    engine, as_of, records = drawn(random.choice(ASKING), random.random())
    told = groups_in(engine, accounts(**records), as_of)
    assert told == told_of_groups(records, engine.playbook, as_of)


@pytest.mark.parametrize("number", ASKING)
def test_the_second_model_says_the_same_of_whole_accounts(number: int) -> None:
    """Law 1: segments, Tiers, held ones too, states and stages of companies in groups."""
    engine, as_of, records = drawn(number, "whole", 12)
    del records["histories"]
    for account in accounts(**records):
        told = engine.assess(account, as_of=as_of)
        assert differences(engine.playbook, account, as_of, told) == []


@pytest.mark.parametrize("own", [True, False])
def test_deals_that_are_rejected_make_nobody_an_owner(own: bool) -> None:
    """S17: two that share an id and differ count in neither model, whoever of the group has them.

    That which begins after the day asked about is no rival of the other one.
    """
    won = Deal(1, 1, NOON - timedelta(9), [DealLine("crm")], "won", NOON - timedelta(1))
    rules: list[str] = []
    tomorrow = NOON + timedelta(1)
    late = evolve(won, opened_at=tomorrow, closed_at=tomorrow)
    for rival in (evolve(won, status="lost"), late):
        holder, other = Company(1, employees=10), Company(2, employees=10, parent_id=1)
        account = Account(holder, deals=[won, rival], relatives=[Relative(other)])
        if not own:
            account = Account(other, relatives=[Relative(holder, [won, rival])])
        told = ENGINE.assess(account, as_of=DAY)
        assert differences(BOOK, account, DAY, told) == []
        rules.append(told.tiers["crm"].rule)
    assert rules == ["otherwise", "owns"]


def test_a_company_without_relatives_is_its_own_group() -> None:
    """Its facts are those of the group; a blank is unknown of people, and none of ties."""
    assert rule_for(Company(1, employees=300)) == "large"
    assert rule_for(Company(1, relationships=["competitor"])) == "rival"
    answer = ENGINE.tier_for(Company(1), "crm", as_of=DAY)
    assert (answer.rule, answer.missing) == ("otherwise", ("group.employees",))
    assert answer.possible == (T[2], T[3])


def test_an_unknown_parent_joins_those_who_name_it() -> None:
    """It ends the chain, and its number of people is no part of the sum."""
    both = family(Company(1, employees=200, parent_id=9), Company(2, employees=100, parent_id=9))
    assert {rule_for(one) for one in both.values()} == {"large"}
    assert [one.company for one in both[1].relatives] == [both[2].company]


def test_a_group_is_as_of_the_day() -> None:
    """Law 5: who belongs to whom, what they are and what they own holds from its day on."""
    parent = Company(1, employees=10)
    child = CompanyHistory(
        Company(2, employees=10),
        [
            CompanyChange(DAY, "parent_id", 1),
            CompanyChange(DAY + timedelta(1), "employees", 400),
            CompanyChange(DAY + timedelta(2), "relationships", frozenset({"competitor"})),
        ],
    )
    contract = Contract(2, "crm", DAY + timedelta(3), DAY + timedelta(4))
    (account, _) = accounts(companies=[parent, child], contracts=[contract])
    days = [DAY + timedelta(n) for n in range(-1, 6)]
    assert [rule_for(account, day) for day in days] == [
        *("otherwise", "otherwise", "large", "rival", "owns", "owns", "rival")
    ]
    told = replay(account, ENGINE, start=days[0], end=days[-1])
    assert [(one.first_day, one.rule, one.cause) for one in told.tiers["crm"]] == [
        (days[0], "otherwise", "start"),
        (days[2], "large", "record"),
        (days[3], "rival", "record"),
        (days[4], "owns", "record"),
        (days[6], "rival", "time"),
    ]


def test_a_replay_without_what_is_owned() -> None:
    """Where no rule asks for that, contracts of the group are no days of its answers."""
    rules = [mf.Rule(T[0], group.relationships.contains_any("competitor"), key="rival")]
    engine = mf.Engine(evolve(BOOK, tiers=mf.TierTable(rules=rules, otherwise=T[1])))
    child = CompanyHistory(
        Company(2, parent_id=1),
        [CompanyChange(DAY, "relationships", frozenset({"competitor"}))],
    )
    (account, _) = accounts(companies=[Company(1), child], contracts=[Contract(2, "crm", DAY)])
    told = replay(account, engine, start=DAY - timedelta(1), end=DAY)
    assert [(one.rule, one.cause) for one in told.tiers["crm"]] == [
        ("otherwise", "start"),
        ("rival", "record"),
    ]
    assert rule_for(account, DAY - timedelta(1), engine) == "otherwise"


def test_what_a_relative_won_is_owned_from_that_day_on() -> None:
    """As of one company: by contract, or by a deal that was won."""
    deal = Deal(
        *(1, 2, NOON - timedelta(9), [DealLine("crm")]), status="won", closed_at=NOON, lead_id=7
    )
    found = family(Company(1), Company(2, parent_id=1), deals=[deal])
    assert [rule_for(found[1], day) for day in (DAY - timedelta(1), DAY)] == ["otherwise", "owns"]
    # Its people are no concern of this account.
    assert found[1].relatives[0].deals == (evolve(deal, lead_id=None),)
    assert found[2].deals == (deal,)


def test_the_sum_is_as_large_as_tables_can_hold() -> None:
    """Beyond 64 bits it stays at their end."""
    most = 2**63 - 1
    two = Group.of([Company(1, employees=most), Company(2, employees=1)])
    assert two.employees == most
    assert Group.of([]) == Group(0)


def test_families_are_who_is_linked() -> None:
    """Also in a circle, and by parents that are no companies."""
    links: Any = [(1, 2), (2, 1), (3, "x"), (4, None), (5, "x"), (4, 5), ("1", None)]
    found = families(links)
    assert {found[1]} == {found[2]}
    assert {found[3]} == {found[4]} == {found[5]}
    assert len({found[1], found[3], found["1"]}) == 3


# -- accounts --


def test_accounts_refuse_circles() -> None:
    """Every company that is its own ancestor is named; what changes later may pass through one."""
    around: list[Any] = [Company(1, parent_id=2), Company(2, parent_id=1), Company(3, parent_id=1)]
    with pytest.raises(InvalidDataError) as caught:
        accounts(companies=around)
    assert [str(one) for one in caught.value.problems] == [
        "companies[1].parent_id: is its own ancestor: 1 > 2 > 1",
        "companies[2].parent_id: is its own ancestor: 2 > 1 > 2",
    ]
    turned: list[Any] = [
        CompanyHistory(Company(1, employees=200), [CompanyChange(DAY, "parent_id", 2)]),
        Company(2, employees=200, parent_id=1),
    ]
    assert {rule_for(one) for one in accounts(companies=turned)} == {"large"}


@pytest.mark.parametrize(
    ("relatives", "told"),
    [
        ([Relative(Company(1))], "account.relatives[0].company: is the company itself, or"),
        ([Relative(Company(2))] * 2, "account.relatives[1].company: is the company itself, or"),
        ([Company(2)], "account.relatives[0]: must be a Relative, not Company"),
        (7, "account.relatives: must be a collection of Relative, not 7"),
    ],
)
def test_an_account_names_what_is_no_relative(relatives: Any, told: str) -> None:
    """All of them, by their places."""
    with pytest.raises(InvalidDataError) as caught:
        Account(Company(1), relatives=relatives)
    assert str(caught.value.problems[0]).startswith(told)


def test_a_relative_names_its_faults() -> None:
    """All at once."""
    with pytest.raises(InvalidDataError) as caught:
        Relative(1, deals=[1], contracts=7)  # type: ignore[arg-type]
    assert [one.path for one in caught.value.problems] == [
        *("relative.company", "relative.deals[0]", "relative.contracts")
    ]


def test_people_without_company_may_have_relatives_of_nobody() -> None:
    """Of whose company nothing is known, nothing is known of a group."""
    account = Account(None, leads=[Lead(1)], relatives=[Relative(Company(2))])
    assert ENGINE.assess(account, as_of=DAY).segment.value.key == "unmatched"


def test_what_is_wrong_with_a_relative_its_own_account_says() -> None:
    """Here, its record does not count; there, it is a reject."""
    strange = Contract(2, "crn", DAY)
    found = family(Company(1), Company(2, parent_id=1), contracts=[strange])
    one, other = (ENGINE.assess(found[n], as_of=DAY) for n in (1, 2))
    assert (one.rejects, [reject.code for reject in other.rejects]) == ((), ["unknown-product"])


# -- laws --


@given(randoms())
@settings(max_examples=40)
def test_rules_compiled_and_explained_agree(random: Random) -> None:
    """Law 1: of any company in any group, with all that may be unknown."""
    known = Group(
        random.choice((None, 0, 299, 300, 2**53 + 1)),
        frozenset(random.sample(("competitor", "customer"), random.randrange(3))),
        frozenset(random.sample(("crm", "sfa"), random.randrange(3))),
    )
    member: Any = Member(Company(1, employees=random.choice((None, 300))), known)
    policies: list[Any] = [TABLE, *asking(1).tiers.values(), asking(1).segments]
    for policy in policies:
        rules: Any = policy.rules if isinstance(policy, mf.TierLimits) else policy
        assert policy.compile()(member) == decide(rules, {"company": member})


@given(randoms())
@settings(max_examples=30)
def test_a_bare_company_answers_like_its_account(random: Random) -> None:
    """Nothing more is known of its group in either."""
    engine, as_of, records = drawn(random.choice(ASKING), random.random(), 3)
    for company_of in records["companies"]:
        told = engine.assess(Account(company_of), as_of=as_of)
        assert engine.segment_for(company_of, as_of=as_of) == told.segment
        for product_id, tier in told.tiers.items():
            assert engine.tier_for(company_of, product_id, as_of=as_of) == tier


@given(randoms())
@settings(max_examples=40)
def test_the_people_of_a_relative_settle_only_what_was_possible(random: Random) -> None:
    """Law 2: filling in a missing number moves no answer out of what was possible."""
    engine, as_of, records = drawn(random.choice(ASKING), random.random())
    vague = [
        one
        for one in records["companies"]
        if one.company.employees is None and not any(c.fact == "employees" for c in one.changes)
    ]
    if not vague:
        return
    filled = random.choice(vague)
    people = random.choice((0, 9, 10, 300, 600, 2**63 - 1))
    now = evolve(filled, company=evolve(filled.company, employees=people))
    others = [now if one is filled else one for one in records["companies"]]
    before = assessed(engine, records, as_of)
    for key, answer in assessed(engine, {**records, "companies": others}, as_of).items():
        assert set(answer.possible) <= set(before[key].possible)


@given(randoms())
@settings(max_examples=20)
def test_the_order_of_records_does_not_matter(random: Random) -> None:
    """Law 4: in whatever order companies, deals and contracts come."""
    engine, as_of, records = drawn(random.choice(ASKING), random.random())
    mixed = {name: random.sample(rows, len(rows)) for name, rows in records.items()}
    # Facts that change on one day hold in the order given.
    assert assessed(engine, records, as_of) == assessed(engine, mixed, as_of)


@given(randoms())
@settings(max_examples=20)
def test_the_future_of_relatives_changes_nothing(random: Random) -> None:
    """Law 5: what becomes of the group later is not known yet."""
    engine, as_of, records = drawn(random.choice(ASKING), random.random())
    later = as_of + timedelta(random.choice((1, 30)))
    rows = records["companies"]
    change = CompanyChange(later, "parent_id", "else")
    turned = [evolve(one, changes=[*one.changes, change]) for one in rows]
    first = engine.playbook.products[0].id
    bought = [Contract(one.company.id, first, later) for one in rows]
    future = {**records, "companies": turned, "contracts": [*records["contracts"], *bought]}
    assert assessed(engine, records, as_of) == assessed(engine, future, as_of)


def assessed(engine: mf.Engine, records: Any, as_of: date) -> dict[Any, Any]:
    """Segment, Tiers and stages of all accounts."""
    found: dict[Any, Any] = {}
    for account in accounts(**records):
        told = engine.assess(account, as_of=as_of)
        found["segment", told.company_id] = told.segment
        found |= {("tier", told.company_id, p): one for p, one in told.tiers.items()}
        for lead_id, lead in told.leads.items():
            found["stage", lead_id] = lead.stage.warranted.decision
    return found


# -- time --


@pytest.mark.parametrize("number", [0, 1, 4, 7, 10])
def test_a_replay_is_what_asking_on_every_day_gives(number: int) -> None:
    """Also where the group of the company changes, or what it owns, and at reviews."""
    engine, as_of, records = drawn(number, "replayed", 8)
    timeline = mf.PlaybookTimeline([(None, engine)])
    del records["histories"]
    related = [one for one in accounts(**records) if one.relatives]
    for account in related[:4]:
        compare(account, timeline, as_of - timedelta(45), as_of + timedelta(20))


def test_a_held_tier_is_that_of_the_group_on_the_day_of_review() -> None:
    """Contracts say since when they are owned; nobody says since when companies are one group."""
    engine = mf.Engine(evolve(BOOK, tier_review_dates=[(4, 1)]))
    contract = Contract(2, "crm", date(2026, 5, 1))
    found = family(
        Company(1, employees=300), Company(2, employees=1, parent_id=1), contracts=[contract]
    )
    told = engine.assess(found[1], as_of=DAY)
    assert (told.tiers["crm"].rule, told.tiers["crm"].proposed.rule) == ("large", "owns")  # type: ignore[union-attr]
    assert told.undated["crm"] == ("group.relationships", "group.employees")
    assert "held since the review" in engine.explain("tier", found[1], "crm", as_of=DAY)
    spans = replay(found[1], engine, start=date(2027, 3, 31), end=date(2027, 4, 1)).tiers["crm"]
    assert [one.rule for one in spans] == ["large", "owns"]
    assert spans[0].undated == ("group.relationships", "group.employees")
    assert spans[1].undated == ()


def test_the_next_change_of_a_stage_knows_the_group() -> None:
    """A contract of a relative that ends changes a stage by time alone; one to come does not."""
    known, inquiry = mf.FunnelStage("known", "known"), mf.FunnelStage("inquiry", "inquiry")
    rules = DecisionTable([Rule(inquiry, group.owns("crm"), key="owns")], known)
    own = mf.Funnel(rules, (known, inquiry), ())
    engine = mf.Engine(evolve(BOOK, funnel=own, plays=mf.Plays()))
    ends = DAY + timedelta(5)
    child = CompanyHistory(
        Company(2, parent_id=1), [CompanyChange(DAY + timedelta(1), "parent_id", None)]
    )
    contracts = [Contract(2, "crm", DAY, ends), Contract(2, "crm", ends, None)]
    (account, _) = accounts(companies=[Company(1), child], leads=[Lead(5, 1)], contracts=contracts)
    change = next_stage_change(account, engine, 5, as_of=DAY)
    assert change is not None
    assert (change.day, change.after.key) == (ends + timedelta(1), "known")


# -- events --


def test_an_event_may_tell_of_a_relative() -> None:
    """It takes the place of the one before, and what follows is news to the account."""
    state = AccountState(Account(Company(1), leads=[Lead(5, 1)]))
    began = ENGINE.on(state, None, as_of=NOON)
    rival = Relative(Company(2, parent_id=1, relationships=["competitor"]))
    told = ENGINE.on(began.state, rival, as_of=NOON, changed_at=NOON)
    assert [one.after for one in told.changes if one.what == "tier"] == ["tier_2", "tier_2"]
    late = ENGINE.on(told.state, Relative(Company(2)), as_of=NOON, changed_at=NOON - timedelta(1))
    assert [one.code for one in late.refused] == ["outdated"]
    again = ENGINE.on(told.state, rival, as_of=NOON)
    assert (again.changes, again.state.account) == ((), told.state.account)
    calm = ENGINE.on(told.state, Relative(Company(2, parent_id=1)), as_of=NOON)
    assert calm.answer.tiers["crm"].rule == "otherwise"
    assert len(calm.state.account.relatives) == 1


def test_news_of_a_relative_reach_what_a_person_decided() -> None:
    """A contract of another company of the group is a newer record, if rules ask for groups."""
    relative = Relative(Company(2, parent_id=1), contracts=[Contract(2, "crm", DAY)])
    account = Account(Company(1), leads=[Lead(5, 1)], relatives=[relative])
    began = day_began(DAY, ENGINE.compiled.zone)
    for engine, known in ((ENGINE, {None: began}), (mf.Engine(mf.starter(["crm"])), {})):
        news = news_of(engine.compiled, AccountState(), Taken(account, {}), NOON)
        assert (news.new, news.known) == (known, known)


STATE = AccountState(
    Account(
        Company(1),
        leads=[Lead(7, 1)],
        relatives=[
            Relative(
                CompanyHistory(Company("x", parent_id=1), [CompanyChange(DAY, "employees", 3)]),
                [Deal(1, "x", NOON, [DealLine("crm")], lead_id=7)],
                [Contract("x", "crm", DAY)],
            ),
            Relative(Company(3)),
        ],
    )
)


def test_a_stored_state_has_its_relatives() -> None:
    """Stored and read again, it is the same; what was stored without any still loads."""
    assert AccountState.from_bytes(STATE.to_bytes()) == STATE
    alone = evolve(STATE, account=evolve(STATE.account, relatives=()))
    assert b"relatives" not in alone.to_bytes()
    assert AccountState.from_bytes(alone.to_bytes()) == alone


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[None]], "state.relatives[0].company"),
        ([[["Lead", [1]]]], "state.relatives[0].company"),
        ([[["Company", [1]]]], "state.relatives[0].company"),
        ([[["Company", [2]], [1]]], "state.relatives[0].deals[0]"),
        (7, "state.relatives"),
    ],
)
def test_a_stored_relative_names_its_faults(rows: Any, told: str) -> None:
    """By their places, whatever stands there."""
    data = json.loads(STATE.to_bytes())
    data["relatives"] = rows
    with pytest.raises(DecodeError) as caught:
        AccountState.from_bytes(json.dumps(data).encode())
    assert caught.value.problems[0].path == told


def test_forgetting_a_lead_reaches_the_deals_of_relatives() -> None:
    """Nothing that stays leads back to the person."""
    kept = ENGINE.forget(STATE, 7)
    assert [deal.lead_id for one in kept.account.relatives for deal in one.deals] == [None]


# -- playbooks and files --


@pytest.mark.parametrize("number", ASKING)
def test_a_playbook_that_asks_comes_back_from_its_file(number: int) -> None:
    """Law 8: equal, and of the same version; and editors accept it."""
    book = asking(number)
    data = to_data(book)
    assert mf.load(data) == book
    assert mf.load(data).version == book.version
    assert not [
        *Draft202012Validator(schema()).iter_errors(json.loads(json.dumps(data, default=str)))
    ]


def test_who_does_not_ask_has_the_version_of_before() -> None:
    """The facts of companies mean what they meant."""
    book = evolve(mf.starter(["crm"]), synergy=mf.Synergy(), plays=mf.Plays())
    assert book.version == "04e1db586e4aef7d"


def test_files_name_facts_of_the_group_in_full() -> None:
    """In rules about companies as in those about leads; texts are cells."""
    data = to_data(BOOK)
    whens = [rule["when"] for rule in data["tiers"]["*"]["rules"]]
    assert whens == [
        {"group.owned": {"contains_any": ["crm"]}},
        {"group.relationships": {"contains_any": ["competitor"]}},
        {"group.employees": {">=": 300}},
    ]
    cells = {"group.owned": "crm", "group.relationships": "競合", "group.employees": "300以上"}
    for rule, (name, cell) in zip(data["tiers"]["*"]["rules"], cells.items(), strict=True):
        rule["when"] = {name: cell}
    assert mf.load(data) == BOOK


@pytest.mark.parametrize(
    ("term", "label"),
    [
        (group.employees, "グループ従業員数（人）"),
        (group.relationships, "グループの取引関係"),
        (group.owned, "グループの導入済み商材"),
    ],
)
def test_sheets_name_facts_of_the_group_in_both_languages(term: Any, label: str) -> None:
    """A column is found by its key and by its label, apart from that of the company."""
    headers = Headers(Vocabulary.of("company", ENGAGEMENT, {}), "tier", "JPY", card=False)
    header = fact_header(headers, term.fact, 1, "\n")
    assert header.startswith(label)
    assert headers.column(header).fact == term.fact
    assert headers.column(term.fact.label.ja).fact == term.fact
    assert headers.column(term.fact.label.en).fact == term.fact
    assert headers.column("従業員数").fact == company.employees.fact


def test_a_product_that_is_not_sold_is_no_product_to_own() -> None:
    """The playbook names it, and the one that was meant."""
    table = mf.TierTable(rules=[mf.Rule(T[0], group.owns("crn"))], otherwise=T[1])
    with pytest.raises(PlaybookError) as caught:
        evolve(BOOK, tiers=table)
    assert str(caught.value.problems[0]) == (
        "tiers.crm.rules[0].when.group.owned: no such product 'crn'; did you mean 'crm'?"
    )


def test_products_are_owned_by_their_ids() -> None:
    """Integers as text; a product stands for its id."""
    assert group.owns(7) == group.owns(mf.Product(7)) == group.owned.contains_any("7")
    engine = mf.Engine(
        evolve(
            mf.starter([7, 8]),
            tiers=mf.TierTable(rules=[mf.Rule(T[0], group.owns(7), key="owns")], otherwise=T[1]),
        )
    )
    found = family(Company(1), Company(2, parent_id=1), contracts=[Contract(2, 7, DAY)])
    assert engine.tier_for(found[1], 8, as_of=DAY).rule == "owns"


CASE = """
[[cases]]
name = "the subsidiary of a customer"
as_of = 2026-10-31
expect = { tiers = { crm = 1 } }

[cases.given]
company = { parent_id = 2 }

[[cases.given.relatives]]
company = { id = 2, changes = [{ since = 2026-10-01, fact = "employees", value = 9 }] }
contracts = [{ product_id = "crm", start = 2026-01-01 }]
deals = [{ opened_at = 2026-01-01, lines = ["sfa"] }]
"""


def test_cases_may_have_relatives(tmp_path: Any) -> None:
    """They are read, asked and written like all else that is given."""
    path = tmp_path / "book.toml"
    path.write_text(mf.dump(BOOK) + CASE, encoding="utf-8")
    book = mf.load(path)
    assert [one.holds for one in mf.Engine(book).check_cases()] == [True]
    again = mf.load(to_data(book))
    assert again.cases == book.cases
    assert again.cases[0].given.relatives[0].contracts[0].company_id == 2
    seen = json.loads(json.dumps(to_data(book), default=str))
    assert not [*Draft202012Validator(schema()).iter_errors(seen)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("id = 2, changes", "changes", "relatives[0].company: has no id"),
        ("id = 2, changes", "id = 1, changes", "relatives[0].company: is the company itself"),
        ("company = { id", "compani = { id", "relatives[0].compani: no such key"),
        ('"crm", start', '"crn", start', "relatives[0].contracts[2]: no such product 'crn'"),
        ('lines = ["sfa"]', "lines = 7", "relatives[0].deals[0].lines: must be a list"),
        ("[[cases.given.relatives]]", "[cases.given.relatives]", "relatives: must be a list"),
    ],
)
def test_faults_of_relatives_have_their_path(tmp_path: Any, old: str, new: str, told: str) -> None:
    """Where they stand in the file."""
    path = tmp_path / "book.toml"
    assert old in CASE
    path.write_text(mf.dump(BOOK) + CASE.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidDataError) as caught:
        mf.load(path)
    assert any(f"cases[0].given.{told}" in str(one) for one in caught.value.problems)


def test_what_is_unknown_of_a_relative_is_not_there() -> None:
    """A case has one form for one meaning."""
    cases = [
        mf.WorkedCase(
            "one", Account(Company(1), relatives=[Relative(one)]),
            [mf.Expectation("segment", "enterprise")], as_of=DAY,
        )
        for one in (
            Company(2, attributes={"plants": None}),
            Company(2),
        )
    ]  # fmt: skip
    assert cases[0] == cases[1]


# -- facts that a record leads to --


def test_a_fact_may_be_held_by_what_a_record_leads_to() -> None:
    """Whatever it is called, no name of it comes into the source that is not a plain word."""
    odd = NumberTerm(Fact("no word.people", "int", of="company"))
    table = mf.TierTable(rules=[mf.Rule(T[0], odd >= 1, key="some")], otherwise=T[1])
    decided = compile_policy(table, ("company",))

    class Holder:
        pass

    holder, held = Holder(), Holder()
    setattr(holder, "no word", held)
    held.people = 1  # type: ignore[attr-defined]
    assert decided(holder).rule == decide(table, {"company": holder}).rule == "some"
    assert odd.fact.given == "company"


def test_a_company_alone_does_not_lead_to_its_group() -> None:
    """Whoever asks without an engine hears whom to ask."""
    with pytest.raises(InvalidDataError) as caught:
        mf.explain(TABLE, {"company": Company(1)})
    assert str(caught.value.problems[0]) == (
        "group.owned: is not known of a Company alone; ask an Engine, or what compile() returns"
    )


def test_a_fact_of_the_group_needs_a_company() -> None:
    """Where no company is known, nothing is known of its group."""
    with pytest.raises(InvalidDataError) as caught:
        compile_policy(TABLE, ("lead",))
    assert caught.value.problems[0].code == "scope"


def test_in_group_leaves_a_member_as_it_is() -> None:
    """And makes a company its own group."""
    member = in_group(Company(1, employees=5))
    assert in_group(member) is member
    assert (member.employees, member.group.employees) == (5, 5)


# -- policies in Python --


def test_limits_of_a_policy_in_python_see_the_group() -> None:
    """The policy itself is asked about the company alone."""
    limit = mf.TierLimit(worst=T[0], when=group.employees >= 300, key="large")
    policy = mf.TierLimits(Regional(), [limit])
    engine = mf.Engine(evolve(BOOK, tiers=policy))
    found = family(Company(1, region="関東", employees=1), Company(2, parent_id=1, employees=300))
    assert rule_for(found[1], engine=engine) == "large"
    assert rule_for(Company(1, region="関東", employees=1), engine=engine) == "policy"
    plain = mf.TierLimits(Regional(), [evolve(limit, when=company.employees >= 300)])
    assert plain.tier_for(Company(1, employees=300), BOOK.products[0], as_of=DAY).rule == "large"
    assert "group" in engine.explain("tier", found[1], "crm", as_of=DAY)


def test_the_kit_knows_what_a_table_asks_of_a_group() -> None:
    """A policy is asked about companies alone: they are their own groups."""
    check_tier_policy(TABLE, products=["crm"])


def test_any_product_may_stand_beside_the_group() -> None:
    """Facts of the group are the same, whichever product is looked at."""
    when = any_product(product.tier.at_least(T[0]) & group.owns("sfa"))
    stages = {one.key: one for one in (*BOOK.funnel.ladder, *BOOK.funnel.detours)}
    rules = BOOK.funnel.rules
    ruled = DecisionTable(
        [Rule(stages["disqualified"], when, key="any"), *rules.rules], rules.otherwise
    )
    engine = mf.Engine(evolve(BOOK, funnel=evolve(BOOK.funnel, rules=ruled)))
    bought = [Contract(2, one, DAY) for one in ("crm", "sfa")]
    found = family(Company(1), Company(2, parent_id=1), leads=[Lead(5, 1)], contracts=bought)
    assert engine.stage_for(found[1], 5, as_of=DAY).rule == "any"
    assert "products owned in the group" in engine.explain("stage", found[1], 5, as_of=DAY)
