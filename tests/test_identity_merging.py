"""Merging: several records of one person or company as one, and all that refers to them."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel.account import Account, Relative
from mpfunnel.errors import InvalidDataError
from mpfunnel.following import LeadMove
from mpfunnel.identity import (
    Choice,
    Followed,
    Merged,
    merge_companies,
    merge_leads,
)
from mpfunnel.records import (
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    Id,
    Lead,
    Override,
    SalesEvent,
)
from mpfunnel.stages import Move, StageHistory
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, draw_company, engine_of
from tests.policies import randoms

FEWER = settings(max_examples=min(60, settings().max_examples))
AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = date(2026, 3, 31)
BOOK = mf.starter(["crm", "ma"], zone="UTC")
ENGINE = mf.Engine(BOOK)
FUNNEL = BOOK.funnel


def ago(days: int) -> datetime:
    """Noon, so many days before the day asked about."""
    return AT - timedelta(days)


# -- records, and what they come to by hand --


def draw_lead(random: Random, lead_id: Id, *, agreeing: bool) -> Lead:
    """A lead, much of it blank; agreeing ones never say two things about one field."""
    texts = ("one",) if agreeing else ("one", "two", "three")

    def some(values: Any) -> Any:
        return None if random.randrange(3) == 0 else random.choice(values)

    consents = [
        Consent(random.choice(("email", "phone")), random.random() < 0.5, ago(random.randrange(2)))
        for _ in range(random.randrange(3))
    ]
    return Lead(
        lead_id,
        some(("c",) if agreeing else ("c", "d")),
        email=some(texts),
        name=some(texts),
        title=some(texts),
        phone=some(texts),
        source=some(texts),
        created_at=some((ago(1), ago(2), ago(3))),
        interests=random.sample(("x", "y", "z"), random.randrange(3)),
        consents=consents,
        attributes={
            "plan": some(texts),
            "score": some((1,) if agreeing else (1, 2)),
            "fairs": some((("a",), ("b",), ("a", "c"))),
        },
        company_name=some(texts),
    )


def draw_leads(random: Random, *, agreeing: bool) -> list[Lead]:
    """Two to four leads."""
    return [
        draw_lead(random, lead_id, agreeing=agreeing)
        for lead_id in ("a", "b", "c", "d")[: random.choice((2, 3, 4))]
    ]


def draw_twin(random: Random, company_id: Id, parents: list[Id]) -> Company:
    """A company, much of it blank, perhaps with a parent."""
    drawn = draw_company(random)
    return evolve(
        drawn,
        id=company_id,
        name=random.choice((None, "one", "two")),
        domains=random.sample(("a.example", "b.example"), random.randrange(3)),
        parent_id=random.choice((None, *parents)),
    )


def first_said(values: list[Any]) -> Any:
    """The oracle of a field: the first that says something."""
    for value in values:
        if value is not None:
            return value
    return None


def by_hand(leads: list[Lead]) -> Lead:
    """The oracle of a merged lead: written out, field by field."""
    kept = leads[0]
    born = [one.created_at for one in leads if one.created_at is not None]
    interests: set[str] = set()
    consents: list[Consent] = []
    fairs: set[str] | None = None
    for one in leads:
        interests |= set(one.interests)
        for consent in one.consents:
            if consent not in consents:
                consents.append(consent)
        stated = one.attributes.get("fairs")
        if isinstance(stated, frozenset):
            fairs = (fairs or set()) | set(stated)
    return Lead(
        kept.id,
        first_said([one.company_id for one in leads]),
        email=first_said([one.email for one in leads]),
        name=first_said([one.name for one in leads]),
        title=first_said([one.title for one in leads]),
        phone=first_said([one.phone for one in leads]),
        source=first_said([one.source for one in leads]),
        created_at=sorted(born)[0] if born else None,
        interests=interests,
        consents=sorted(consents, key=lambda one: (one.at, one.channel, one.granted)),
        attributes={
            "plan": first_said([one.attributes["plan"] for one in leads]),
            "score": first_said([one.attributes["score"] for one in leads]),
            "fairs": None if fairs is None else frozenset(fairs),
        },
        company_name=first_said([one.company_name for one in leads]),
    )


class TestRecords:
    """What the record says."""

    @given(randoms())
    def test_it_says_what_is_said_first(self, random: Random) -> None:
        """A field of the kept record wins, a blank one is filled from the others, sets are united,
        consents are all kept, and the earliest creation counts: as written out by hand.
        """
        leads = draw_leads(random, agreeing=False)
        merged = merge_leads(leads)
        assert merged.record == by_hand(leads)
        assert merged.ids == tuple(one.id for one in leads)
        keep = random.choice(leads)
        others = [one for one in leads if one is not keep]
        assert merge_leads(leads, keep=keep.id) == merge_leads([keep, *others])

    @given(randoms())
    def test_order_does_not_matter(self, random: Random) -> None:
        """Law 4: Order does not matter. Where no two disagree, those that go may come in any order,
        be merged at once or one after the other, and more than once.
        """
        leads = draw_leads(random, agreeing=True)
        whole = merge_leads(leads)
        for others in permutations(leads[1:]):
            assert merge_leads([leads[0], *others]).record == whole.record
        one, *rest = leads
        for other in rest:
            one = merge_leads([one, other]).record
        assert one == whole.record
        assert merge_leads([leads[0], merge_leads(leads[1:]).record]).record == whole.record
        assert merge_leads([whole.record, *leads[1:]]).record == whole.record
        assert merge_leads([*leads, *leads]) == whole

    @given(randoms())
    def test_one_after_the_other_gives_the_same_even_where_they_disagree(
        self, random: Random
    ) -> None:
        """What is said first is said first, however the steps are grouped."""
        leads = draw_leads(random, agreeing=False)
        grouped = merge_leads([leads[0], merge_leads(leads[1:]).record])
        assert grouped.record == merge_leads(leads).record

    @given(randoms())
    def test_a_choice_is_told_where_two_disagree_and_nowhere_else(self, random: Random) -> None:
        """Each choice names its field, the value, who said it, and who said what else."""
        leads = draw_leads(random, agreeing=False)
        merged = merge_leads(leads)
        told = {one.field: one for one in merged.chosen}
        assert len(told) == len(merged.chosen)
        for name in ("company_id", "title", "source", "created_at", "company_name"):
            said = {one.id: getattr(one, name) for one in leads}
            said = {of: value for of, value in said.items() if value is not None}
            assert (name in told) == (len(set(said.values())) > 1)
            if name in told:
                choice = told[name]
                assert choice.value == said[choice.of] == getattr(merged.record, name)
                others = {of: value for of, value in said.items() if value != choice.value}
                assert dict(choice.others) == others
        assert not {"interests", "consents", "attributes.fairs", "attributes"} & told.keys()

    def test_personal_texts_are_masked(self) -> None:
        """A choice shows nothing that names or reaches a person; the record has it."""
        one = Lead(
            1,
            email="taro.yamada@acme.example",
            name="山田太郎",
            phone="03-0000-0000",
            title="部長",
            attributes={"second": "taro@home.example", "mails": frozenset({"a@b.example"}), "n": 1},
        )
        other = Lead(
            2,
            email="yamada@acme.example",
            name="ヤマダタロウ",
            phone="090-0000-0000",
            title="課長",
            attributes={"second": "yamada@home.example", "mails": "hanako@x.example", "n": 2},
        )
        merged = merge_leads([one, other])
        assert merged.chosen == (
            Choice("email", "t…@….example", 1, ((2, "y…@….example"),)),
            Choice("name", "山…", 1, ((2, "ヤ…"),)),
            Choice("title", "部長", 1, ((2, "課長"),)),
            Choice("phone", "0…", 1, ((2, "0…"),)),
            Choice("attributes.second", "t…@….example", 1, ((2, "y…@….example"),)),
            Choice("attributes.mails", frozenset({"a…@….example"}), 1, ((2, "h…@….example"),)),
            Choice("attributes.n", 1, 1, ((2, 2),)),
        )
        assert merged.record.email == "taro.yamada@acme.example"
        assert pickle.loads(pickle.dumps(merged)) == merged

    def test_a_company_keeps_what_it_says(self) -> None:
        """A field of the kept company wins; domains, relationships and lists are united."""
        one = Company(
            7,
            "ACME",
            domains=["acme.example"],
            employees=300,
            relationships=["customer"],
            attributes={"plants": 2},
        )
        other = Company(
            3,
            "Acme Ltd",
            domains=["acme.test"],
            industry="製造業",
            employees=280,
            relationships=["partner"],
            lists=["fair"],
            attributes={"plants": 2, "public_body": False},
        )
        merged = merge_companies([other, one], keep=7)
        assert merged.record == Company(
            7,
            "ACME",
            domains=["acme.example", "acme.test"],
            industry="製造業",
            employees=300,
            relationships=["customer", "partner"],
            lists=["fair"],
            attributes={"plants": 2, "public_body": False},
        )
        assert merged.ids == (7, 3)
        assert merged.chosen == (
            Choice("name", "ACME", 7, ((3, "Acme Ltd"),)),
            Choice("employees", 300, 7, ((3, 280),)),
        )

    def test_a_company_is_no_parent_of_itself(self) -> None:
        """A parent among the companies that were merged says nothing; another one counts."""
        one, other = Company(1, parent_id=2), Company(2, parent_id=9)
        assert merge_companies([one, other]).record.parent_id == 9
        assert merge_companies([one, other]).chosen == ()
        assert merge_companies([one, Company(2)]).record.parent_id is None

    @given(randoms())
    def test_histories_are_merged_day_by_day(self, random: Random) -> None:
        """The company of a day is that which the companies of that day come to."""
        days = [DAY + timedelta(n) for n in range(4)]
        given: list[Company | CompanyHistory] = []
        for number in range(3):
            company = draw_twin(random, number, [one for one in (0, 1, 2, 9) if one != number])
            changes = [
                CompanyChange(random.choice(days), fact, value)
                for fact, value in (
                    ("employees", random.choice((None, 10))),
                    ("parent_id", random.choice((None, 9, (number + 1) % 3))),
                    ("plants", random.choice((None, 3))),
                    ("lists", random.choice((["a"], ["b"]))),
                )
                if random.randrange(2)
            ]
            given.append(company if random.randrange(3) == 0 else CompanyHistory(company, changes))
        merged = merge_companies(given)
        for day in (DAY - timedelta(1), *days):
            of_day = [one.on(day) if isinstance(one, CompanyHistory) else one for one in given]
            by_day = merge_companies(of_day)
            record = merged.record
            there = record.on(day) if isinstance(record, CompanyHistory) else record
            assert without_blanks(there) == without_blanks(by_day.record)
            if day == days[-1]:
                assert merged.chosen == by_day.chosen
        some = any(isinstance(one, CompanyHistory) for one in given)
        assert isinstance(merged.record, CompanyHistory) == some
        if isinstance(merged.record, CompanyHistory):
            since = [change.since for change in merged.record.changes]
            assert since == sorted(since), "Law 9: Same input, same bytes"

    def test_all_faults_come_at_once(self) -> None:
        """What is no record is named with its place; what contradicts itself with its id."""
        wrong: Any = [Lead(1), Company(1), "Lead"]
        lead: Any = Lead(1)
        for call, faults in (
            (lambda: merge_leads([]), ["empty leads"]),
            (lambda: merge_leads(lead), ["type leads"]),
            (lambda: merge_leads(wrong), ["type leads[1]", "type leads[2]"]),
            (lambda: merge_companies([lead]), ["type companies[0]"]),
            (
                lambda: merge_leads([Lead(1), Lead(1, "c"), Lead(2)], keep=3),
                ["conflict leads[1].id", "choice keep"],
            ),
            (lambda: merge_leads([Lead(1)], keep=True), ["type keep"]),
        ):
            with pytest.raises(InvalidDataError) as raised:
                call()
            assert [f"{one.code} {one.path}" for one in raised.value.problems] == faults
        with pytest.raises(InvalidDataError, match="'kept' is none of them; did you mean 'keep'"):
            merge_leads([Lead("keep"), Lead("go")], keep="kept")

    def test_one_lead_alone_is_itself(self) -> None:
        """Nothing is lost or made up where there is nothing to merge."""
        lead = Lead(1, "c", email="a@b.example", attributes={"plan": "x"})
        assert merge_leads([lead, lead]) == Merged(lead, (1,), ())


def without_blanks(company: Company) -> Company:
    """A blank attribute is as good as none."""
    known = {key: value for key, value in company.attributes.items() if value is not None}
    return evolve(company, attributes=known)


# -- what refers to them --


def renamed(record: Any, ids: tuple[Id, ...], names: tuple[str, ...]) -> Any:
    """The oracle of `repoint`: every field of these names, one by one."""
    for one in fields(type(record)):
        if one.name in names and getattr(record, one.name) in ids:
            record = evolve(record, **{one.name: ids[0]})
    return record


def without(records: Any, leads: tuple[Id, ...]) -> list[Any]:
    """The leads that are none of these."""
    return [one for one in records if one.id not in leads]


def once(records: list[Any]) -> list[Any]:
    """Each record once."""
    found: list[Any] = []
    for one in records:
        if one not in found:
            found.append(one)
    return found


REFERRING = ("activities", "deals", "contracts", "sales_events", "overrides")


class TestFollowing:
    """What refers to the records that go."""

    @FEWER
    @given(randoms())
    def test_an_account_answers_as_if_there_had_been_one_lead(self, random: Random) -> None:
        """Law 1: Engines agree: what follows a merge answers as the account written out by hand."""
        number = random.randrange(BOOKS)
        as_of = draw_as_of(random)
        account = draw_account(random, book_of(number), as_of)
        account = evolve(account, leads=dict.fromkeys(account.leads))
        merged = merge_leads(account.leads)
        followed = merged.follow(account)
        ids = merged.ids
        plain = Account(
            account.company,
            leads=[merged.record, *without(account.leads, ids)],
            **{
                name: once([renamed(one, ids, ("lead_id",)) for one in getattr(account, name)])
                for name in REFERRING
            },
        )
        engine = engine_of(number)
        assert len(followed.accounts) == 1
        answer = engine.assess(followed.accounts[0], as_of=as_of)
        expected = engine.assess(plain, as_of=as_of)
        assert answer.rows() == expected.rows()

    @FEWER
    @given(randoms())
    def test_nothing_is_lost(self, random: Random) -> None:
        """Law 7: Nothing is lost. Each record is there in its new form, or has collapsed into one
        that is equal.
        """
        number = random.randrange(BOOKS)
        account = draw_account(random, book_of(number), draw_as_of(random))
        merged = merge_leads(list(dict.fromkeys(account.leads)))
        (after,), collapsed, _ = fields_of(merged.follow(account))
        for name in REFERRING:
            before = set(getattr(account, name))
            there = set(getattr(after, name))
            assert {merged.repoint(one) for one in before} == there
            lost = [one for one in collapsed if one in before]
            assert len(before) == len(there) + len(lost)
        assert set(after.leads) == {merged.record}
        # Once all refers to the record that is kept, there is nothing more to do.
        assert merged.follow(after) == Followed((after,), (), merged.follow(account).conflicts)

    @FEWER
    @given(randoms())
    def test_merges_follow_each_other(self, random: Random) -> None:
        """Law 4: Order does not matter. One merge after the other comes to the same as all at once,
        histories of stages included.
        """
        leads = draw_leads(random, agreeing=True)
        histories = [drawn_history(random, one.id) for one in leads if random.randrange(3)]
        activities = [
            Activity(random.randrange(4), one.id, "inquiry", ago(random.randrange(2)))
            for one in leads
            for _ in range(random.randrange(4))
        ]
        account = Account(None, leads=leads, activities=activities, histories=histories)
        whole = merge_leads(leads).follow(account, funnel=FUNNEL, at=AT).accounts[0]
        shuffled = leads[1:]
        random.shuffle(shuffled)
        kept, steps = leads[0], account
        for other in shuffled:
            step = merge_leads([kept, other])
            kept, steps = step.record, step.follow(steps, funnel=FUNNEL, at=AT).accounts[0]
        assert steps.leads == whole.leads
        assert set(steps.activities) == set(whole.activities)
        assert steps.histories == whole.histories

    def test_points_never_double(self) -> None:
        """An activity that both leads have counts once; the sum is that of the different ones."""
        click, visit, demo = (
            Activity(n, 1, kind, ago(3), ["crm"])
            for n, kind in enumerate(("page_view", "pricing_page", "webinar_attended"))
        )
        account = Account(
            Company("c"),
            leads=[Lead(1, "c"), Lead(2, "c")],
            activities=[click, visit, evolve(visit, lead_id=2), evolve(demo, lead_id=2)],
        )
        one = Account(Company("c"), leads=[Lead(1, "c")], activities=[click, visit, demo])
        followed = merge_leads(account.leads).follow(account)
        assert followed == Followed((one,), (evolve(visit, lead_id=2),), ())
        engagement = ENGINE.assess(followed.accounts[0], as_of=DAY).leads[1].engagement["crm"]
        apart = [ENGINE.assess(account, as_of=DAY).leads[n].engagement["crm"] for n in (1, 2)]
        alone = ENGINE.assess(evolve(one, activities=[visit]), as_of=DAY).leads[1].engagement["crm"]
        assert (
            engagement.score.micro
            == apart[0].score.micro + apart[1].score.micro - alone.score.micro
            > 0
        )

    def test_ids_that_differ_in_content_are_told(self) -> None:
        """Activities that share an id but differ all stay and are told: the engine rejects them."""
        activities = [
            Activity(1, "a", "page_view", ago(3), ["crm"]),
            Activity(1, "b", "pricing_page", ago(3), ["crm"]),
            Activity(1, "b", "pricing_page", ago(4), ["crm"]),
            Activity(2, "b", "pricing_page", ago(3), ["crm"]),
        ]
        account = Account(None, leads=[Lead("a"), Lead("b")], activities=activities)
        (after,), collapsed, conflicts = fields_of(merge_leads(account.leads).follow(account))
        assert after.activities == tuple(evolve(one, lead_id="a") for one in activities)
        assert collapsed == ()
        assert [str(one) for one in conflicts] == [
            "activities[1].id: is used 3 times, by records that differ"
        ]
        rejects = ENGINE.assess(after, as_of=DAY).rejects
        assert [(one.table, one.id, one.code) for one in rejects] == [
            ("activities", 1, "conflict")
        ] * 3

    def test_a_history_goes_by_the_kept_id(self) -> None:
        """Wherever the lead goes on from, its history is that of the kept id, and the entries still
        say as whom they happened.
        """
        known = FUNNEL.move(StageHistory("a"), "known", at=ago(9), cause="import")
        further = FUNNEL.move(StageHistory("b"), "mql", at=ago(5), cause="import")
        leads = [Lead("a"), Lead("b")]
        account = Account(None, leads=leads, histories=[known, further])
        merged = merge_leads(leads)
        (after,) = merged.follow(account, funnel=FUNNEL, at=AT).accounts
        (history,) = after.histories
        assert history == StageHistory("a", FUNNEL.merge(known, further, at=AT).entries)
        assert history.current is not None
        assert (history.current.of_lead, history.current.stage) == ("b", "mql")
        assert merged.follow(after) == Followed((after,))
        moved = FUNNEL.move(history, "sal", at=AT, cause="api")
        assert moved.lead_id == "a"
        # One history alone needs no gate.
        (after,) = merged.follow(evolve(account, histories=[further])).accounts
        assert after.histories == (StageHistory("a", further.entries),)

    def test_histories_need_a_funnel_and_an_instant(self) -> None:
        """Whoever has histories to merge says by which funnel, and when; all faults at once."""
        leads = [Lead("a"), Lead("b")]
        histories = [
            FUNNEL.move(StageHistory(one.id), "known", at=ago(9), cause="import") for one in leads
        ]
        account = Account(None, leads=leads, histories=histories)
        merged = merge_leads(leads)
        wrong: Any = "account"
        for call, faults in (
            (lambda: merged.follow(account), ["missing funnel", "missing at"]),
            (lambda: merged.follow(account, funnel=FUNNEL), ["missing at"]),
            (lambda: merged.follow(account, at=AT), ["missing funnel"]),
            (lambda: merged.follow(account, funnel=FUNNEL, at=ago(10)), ["order at"]),
            (lambda: merged.follow(wrong, funnel=wrong), ["type accounts[0]", "type funnel"]),
            (lambda: merged.repoint(wrong), ["type record"]),
        ):
            with pytest.raises(InvalidDataError) as raised:
                call()
            assert [f"{one.code} {one.path}" for one in raised.value.problems] == faults

    def test_a_lead_goes_to_the_account_of_its_company(self) -> None:
        """All that is about it goes along; a deal also stays with its company."""
        deal = Deal("d", "c", ago(5), [DealLine("crm")], lead_id=2)
        foreign = Deal("e", "x", ago(5), lead_id=1)
        people = Account(
            None,
            leads=[Lead(1), Lead(5)],
            activities=[Activity(1, 1, "inquiry", ago(2)), Activity(1, 5, "inquiry", ago(2))],
            deals=[foreign],
            overrides=[
                Override(
                    "engagement", "aware", "Sato", "met", DAY, None, lead_id=1, product_id="crm"
                )
            ],
        )
        owner = Account(Company("c"), leads=[Lead(7, "c")], deals=[deal])
        of_company = Account(
            Company("d"), leads=[Lead(2, "d")], deals=[deal], sales_events=[event(2), event(1)]
        )
        aside = Account(Company("y"), leads=[Lead(8, "y"), Lead(8, "y")])
        merged = merge_leads([Lead(1), Lead(2, "d")])
        followed = merged.follow(people, owner, aside, of_company)
        lead = Lead(1, "d")
        assert followed.accounts == (
            Account(None, leads=[Lead(5)], activities=[Activity(1, 5, "inquiry", ago(2))]),
            evolve(owner, deals=[evolve(deal, lead_id=1)]),
            aside,
            Account(
                Company("d"),
                leads=[lead],
                activities=[Activity(1, 1, "inquiry", ago(2))],
                deals=[evolve(deal, lead_id=1), foreign],
                sales_events=[event(1)],
                overrides=people.overrides,
            ),
        )
        assert followed.collapsed == (event(1),)

    def test_without_the_account_of_the_company_the_kept_lead_stays(self) -> None:
        """It stays where it was; where it was nowhere, what is about it stays with the others."""
        first = Account(None, leads=[Lead(2)], activities=[Activity(1, 2, "inquiry", ago(2))])
        second = Account(None, leads=[Lead(1, "z")])
        merged = merge_leads([Lead(1, "z"), Lead(2)])
        left, came = merged.follow(first, second).accounts
        assert left == Account()
        assert came.leads == (Lead(1, "z"),)
        assert came.activities == (Activity(1, 1, "inquiry", ago(2)),)
        stray = Account(Company("q"), sales_events=[event(2)])
        assert merged.follow(stray).accounts == (Account(Company("q"), sales_events=[event(1)]),)
        assert merged.follow(Account(), Account(Company("q"))) == Followed(
            (Account(), Account(Company("q")))
        )
        assert merged.follow() == Followed(())

    def test_companies_become_one_account(self) -> None:
        """Leads, deals, contracts and what was set by hand refer to the kept company."""
        deal = Deal("d", "a", ago(5), lead_id=2, via_company_id="b")
        contract = Contract("a", "crm", DAY)
        by_hand = Override("segment", "partner", "Sato", "met", DAY, None, company_id="b")
        one = Account(
            Company("a", "ACME"), leads=[Lead(1, "a")], deals=[deal], contracts=[contract]
        )
        other = Account(
            Company("b", parent_id="a"),
            leads=[Lead(2, "b")],
            deals=[deal],
            contracts=[evolve(contract, company_id="b")],
            activities=[Activity(1, 2, "inquiry", ago(2)), Activity(1, 2, "demo_request", ago(2))],
            overrides=[by_hand],
            histories=[StageHistory(2)],
        )
        sold = Deal("s", "z", ago(5), via_company_id="b")
        aside = Account(Company("z", parent_id="b"), deals=[sold, sold])
        people = Account(None, leads=[Lead(9, "b")])
        merged = merge_companies([one.company, other.company])  # type: ignore[type-var]
        followed = merged.follow(people, aside, other, one)
        assert followed.accounts == (
            Account(None, leads=[Lead(9, "a")]),
            Account(Company("z", parent_id="a"), deals=[evolve(sold, via_company_id="a")] * 2),
            Account(
                Company("a", "ACME"),
                leads=[Lead(2, "a"), Lead(1, "a")],
                deals=[evolve(deal, via_company_id="a")],
                contracts=[contract],
                activities=other.activities,
                overrides=[evolve(by_hand, company_id="a")],
                histories=other.histories,
            ),
        )
        assert followed.collapsed == (contract,)
        assert [one.path for one in followed.conflicts] == ["activities[1].id"]
        ENGINE.assess(followed.accounts[2], as_of=DAY)

    def test_what_relatives_own_is_kept(self) -> None:
        """Law 7: Nothing is lost: a group has one company less, and owns what it owned."""
        parent = Company(1, "Head")
        twins = Company(2, "Twin", parent_id=1), Company(3, "Twin", parent_id=1)
        deals = [
            Deal(n, one.id, ago(9), status="won", closed_at=ago(8)) for n, one in enumerate(twins)
        ]
        contracts = [Contract(one.id, "crm", DAY) for one in twins]
        every = mf.accounts(companies=[parent, *twins], deals=deals, contracts=contracts)
        merged = merge_companies(twins)
        head, twin = merged.follow(*every).accounts
        assert head.relatives == (
            Relative(
                merged.record,
                [evolve(one, company_id=2) for one in deals],
                [Contract(2, "crm", DAY)],
            ),
        )
        assert twin.relatives == (Relative(parent),)
        # Where only the kept one is given, its relatives tell what the other has.
        (alone,) = merged.follow(every[1]).accounts
        assert alone.relatives == (Relative(parent),)
        assert {one.id for one in alone.deals} == {0, 1}
        assert alone.contracts == (Contract(2, "crm", DAY),)

    def test_an_owner_of_oneself_is_told(self) -> None:
        """A merge may close a circle of parents through a company that was not merged."""
        one, other, between = Company(1, parent_id=3), Company(2), Company(3, parent_id=2)
        merged = merge_companies([one, other])
        history = CompanyHistory(between)
        followed = merged.follow(Account(one), Account(other), Account(history))
        assert [str(problem) for problem in followed.conflicts] == [
            "companies[1].parent_id: is its own ancestor: 1 > 3 > 1",
            "companies[3].parent_id: is its own ancestor: 3 > 1 > 3",
        ]

    def test_late_events_go_by_the_kept_id(self) -> None:
        """Any record that refers to an id that is gone can be pointed to the kept one."""
        leads = merge_leads([Lead("a", "c"), Lead("b")])
        move = LeadMove("b", Move("mql", AT, "api"))
        assert leads.repoint(move) == LeadMove("a", move.move)
        assert leads.repoint(Lead("b", "newer")) == Lead("a", "c")
        assert leads.repoint(Lead("a", "newer")) == Lead("a", "newer")
        company = Company("c", parent_id="b")
        assert leads.repoint(company) is company
        history = CompanyHistory(company, [CompanyChange(DAY, "parent_id", "b")])
        assert leads.repoint(history) == history
        companies = merge_companies([Company("a"), Company("b")])
        assert companies.repoint(Company("b")) == Company("a")
        assert companies.repoint(Company("a", parent_id="b")) == Company("a")
        assert companies.repoint(Lead("b", "b")) == Lead("b", "a")
        changes = [
            CompanyChange(DAY, "parent_id", "b"),
            CompanyChange(DAY + timedelta(1), "parent_id", "x"),
            CompanyChange(DAY, "name", "b"),
        ]
        given = CompanyHistory(Company("z", parent_id="b"), changes)
        after = CompanyHistory(
            Company("z", parent_id="a"), [evolve(changes[0], value="a"), *changes[1:]]
        )
        assert companies.repoint(given) == after


def event(lead_id: Id) -> SalesEvent:
    """What sales said of a lead."""
    return SalesEvent(lead_id, "accepted", ago(1))


def fields_of(followed: Followed) -> tuple[Any, Any, Any]:
    """The accounts, what collapsed, and the conflicts."""
    return followed.accounts, followed.collapsed, followed.conflicts


def drawn_history(random: Random, lead_id: Id) -> StageHistory:
    """A history of some moves, of which the latest may be a person's."""
    history = StageHistory(lead_id)
    for days in range(random.randrange(4), 0, -1):
        to = random.choice(("known", "inquiry", "mql", "sal"))
        if history.current is None or history.current.stage != to:
            cause: Any = random.choice(("import", "person"))
            history = FUNNEL.move(
                history, to, at=ago(days), cause=cause, reason="timing", by="Sato"
            )
    return history
