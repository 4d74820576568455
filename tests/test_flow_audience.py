"""Audiences: who is in, who is out, of whom it is not known; and whether audiences fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given, settings

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.codec.plain import parse_toml
from mpfunnel.engine import Engine
from mpfunnel.errors import DecodeError, InvalidDataError, UnknownNameError
from mpfunnel.facts import account as held
from mpfunnel.facts import any_product, company, contact, funnel, group, lead, product
from mpfunnel.flow.audience import (
    IN,
    OUT,
    Audience,
    AudienceAnswer,
    ContactCount,
    Inside,
    check_audiences,
    dump_audiences,
    explain,
    lint,
    load_audiences,
    members,
    target_market,
)
from mpfunnel.flow.audience import files as files_module
from mpfunnel.flow.audience.model import asked_by
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.records import Activity, Company, Consent, Id, Lead
from mpfunnel.rules.conditions import All, Condition, IsIn
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, draw_company, draw_plays
from tests.oracle import oracle
from tests.oracle_leads import Oracle
from tests.oracle_plays import _Lead  # pyright: ignore[reportPrivateUsage]
from tests.oracle_synergy import positions_of
from tests.policies import randoms
from tests.test_laws_of_leads import TABLES, _renamed, _until  # pyright: ignore[reportPrivateUsage]

DAY = date(2026, 10, 31)
# Several accounts, or several questions, take as long as several examples.
FEWER = settings(max_examples=settings().max_examples // 2)
VARIANTS = 3
"""How many sets of audiences are drawn for each playbook of `tests.leads`."""


@cache
def drawn_audiences(number: int, variant: int) -> tuple[Engine, tuple[Audience, ...]]:
    """A playbook with products that have a life cycle, and audiences that ask what plays can."""
    random = Random(f"audiences {number} {variant}")
    book = book_of(number)
    book = evolve(
        book,
        products=[evolve(one, lifecycle=random.choice((None, "growth"))) for one in book.products],
    )
    plays = draw_plays(random, book)
    ids = [one.id for one in book.products]
    whens: list[tuple[Id | None, Condition]] = [
        *((random.choice(ids), one.when) for one in plays.products),
        *((None, one.when) for one in plays.firm),
        (random.choice(ids), product.tier.at_least(mf.Tier(2)) & (company.employees >= 50)),
        (random.choice(ids), product.position.is_in("untapped")),
        (None, company.segment.is_in("partner", "micro") | held.owns(ids[0])),
    ]
    audiences = tuple(
        Audience(
            f"a{place}",
            f"audience {place}",
            product_id,
            random.choice(("upstream", "downstream")),
            when,
            random.choice((None, "lead")),
        )
        for place, (product_id, when) in enumerate(whens)
    )
    return Engine(book), audiences


def drawn(random: Random) -> tuple[Engine, tuple[Audience, ...], Account, date]:
    """An engine, its audiences, an account and a day to ask about."""
    engine, audiences = drawn_audiences(random.randrange(BOOKS), random.randrange(VARIANTS))
    as_of = draw_as_of(random)
    return engine, audiences, draw_account(random, engine.playbook, as_of), as_of


def standings(answers: Iterable[AudienceAnswer]) -> dict[str, dict[Id, str]]:
    """Where everybody stands, by the key of the audience."""
    return {
        one.audience.key: {member.id: member.standing for member in one.told} for one in answers
    }


# -- the second model --


def by_the_second_model(
    book: Playbook, audiences: list[Audience], account: Account, as_of: date
) -> dict[str, dict[Id, tuple[str, frozenset[str]]]]:
    """Where each lead stands, and what is missing, by the model of plays that was written apart."""
    # It works out of groups and activities only what some rule asks.
    book = asked_by(book, audiences)
    model = Oracle(book, account, as_of)
    spaces = positions_of(book, account, as_of)
    found: dict[str, dict[Id, tuple[str, frozenset[str]]]] = {}
    for one in audiences:
        rule = SimpleNamespace(outcome="in", when=one.when, key="in", because=Label("-"))
        table: Any = SimpleNamespace(
            rules=[rule], otherwise="out", otherwise_because=SimpleNamespace(en="-")
        )
        found[one.key] = {}
        for lead_id, person in model.leads.items():
            seen = _Lead(book, account, model, person, spaces)
            records: dict[str, Any] = dict(seen.records)
            if one.product_id is not None:
                sold = next(p for p in book.products if p.id == one.product_id)
                records["product"] = SimpleNamespace(
                    **vars(seen.answer.standings[sold.id]),
                    lifecycle=sold.lifecycle,
                    position=seen.position(sold),
                    sold=(sold.sold_from or as_of) <= as_of <= (sold.sold_until or as_of),
                )
            said = oracle(table, records, {})
            possible = {*said.possible}
            standing = "unknown" if len(possible) == 2 else possible.pop()
            found[one.key][lead_id] = standing, frozenset(said.missing)
    return found


@given(randoms())
def test_members_agree_with_the_second_model(random: Random) -> None:
    """Law 1: Engines agree: each lead stands where a model written apart puts it, and why."""
    engine, audiences, account, as_of = drawn(random)
    of_leads = [evolve(one, unit="lead") for one in audiences]

    told = {
        one.audience.key: {
            member.id: (member.standing, frozenset(member.decision.missing)) for member in one.told
        }
        for one in members(engine, of_leads, [account], as_of=as_of)
    }

    assert told == by_the_second_model(engine.playbook, of_leads, account, as_of)


@FEWER
@given(randoms())
def test_a_lead_stands_where_its_company_does(random: Random) -> None:
    """Where nothing is asked of people, companies and their leads are answered alike."""
    engine, audiences, account, as_of = drawn(random)
    asked = [evolve(one, unit=None) for one in audiences]
    asked = [one for one in asked if one.unit == "company"]
    assume(account.company is not None)

    whole = members(engine, asked, [account], as_of=as_of)
    alone = members(engine, [evolve(one, unit="lead") for one in asked], [account], as_of=as_of)

    for of_company, of_leads in zip(whole, alone, strict=True):
        (one,) = of_company.told
        assert {member.decision for member in of_leads.told} <= {one.decision}
        assert of_company.contactable == of_leads.contactable


# -- the laws --


@FEWER
@given(randoms())
def test_nothing_is_lost(random: Random) -> None:
    """Law 7: Nothing is lost: whoever counts is in, out or unknown, or one without company."""
    engine, audiences, account, as_of = drawn(random)
    whole = engine.assess(account, as_of=as_of)

    for one in members(engine, audiences, [account], as_of=as_of):
        parts = (*one.members, *one.unknown, *one.out)
        assert Counter(parts) == Counter(one.told)
        told = [member.id for member in one.told]
        if one.audience.unit == "lead":
            assert told == sorted(whole.leads)
            assert one.without_company == 0
        elif whole.company_id is None:
            assert told == []
            assert one.without_company == len(whole.leads)
        else:
            assert told == [whole.company_id]
        assert one.rejects == whole.rejects
        assert one.version == engine.version
        assert len(one.rows()) == len(told)


@FEWER
@given(randoms())
def test_unknown_is_not_no(random: Random) -> None:
    """Law 2: Unknown is not no: learning a fact moves nobody but who was unknown."""
    engine, audiences, account, as_of = drawn(random)
    hidden = ("employees", "annual_revenue")
    blank: dict[str, Any] = {name: None for name in hidden if random.randrange(2)}
    unknown = evolve(draw_company(random), **blank)
    learned = evolve(
        unknown,
        employees=_learned(random, unknown.employees, (0, 50, 300, 1_000)),
        annual_revenue=_learned(random, unknown.annual_revenue, (0, 10**9, 10**11)),
        attributes={
            **unknown.attributes,
            "plants": _learned(random, unknown.attributes.get("plants"), (0, 2)),
        },
    )
    titles = [evolve(one, title=one.title or "部長") for one in account.leads]

    before = members(engine, audiences, [evolve(account, company=unknown)], as_of=as_of)
    after = members(
        engine, audiences, [evolve(account, company=learned, leads=titles)], as_of=as_of
    )

    for then, now in zip(before, after, strict=True):
        later = {member.id: member.standing for member in now.told}
        for member in then.told:
            if member.standing != "unknown" and member.id in later:
                assert later[member.id] == member.standing


def _learned(random: Random, known: Any, values: tuple[Any, ...]) -> Any:
    return random.choice(values) if known is None else known


@FEWER
@given(randoms())
def test_order_does_not_matter(random: Random) -> None:
    """Law 4: Order does not matter: of accounts, of their records, and of audiences."""
    engine, audiences, _, as_of = drawn(random)
    audiences = tuple(random.sample(audiences, 4))
    book = engine.playbook
    several = [
        _renamed(draw_account(random, book, as_of, busy=4), mark) for mark in ("x", "y", "z")
    ]
    turned = [_shuffled(random, one) for one in random.sample(several, 3)]

    told = members(engine, audiences, several, as_of=as_of)
    again = members(engine, audiences[::-1], iter(turned), as_of=as_of)

    assert _without_records(told) == _without_records(again[::-1])
    lone = random.choice(several)
    for key, mine in standings(members(engine, audiences, [lone], as_of=as_of)).items():
        assert mine.items() <= standings(told)[key].items()


def _shuffled(random: Random, account: Account) -> Account:
    drawn: dict[str, Any] = {
        name: random.sample(getattr(account, name), len(getattr(account, name))) for name in TABLES
    }
    return evolve(account, **drawn)


def _without_records(told: Iterable[AudienceAnswer]) -> list[Any]:
    # A record that is rejected may itself tell of later days.
    return [
        evolve(one, rejects=tuple(evolve(reject, record=None) for reject in one.rejects))
        for one in told
    ]


@FEWER
@given(randoms())
def test_the_future_does_not_change_the_past(random: Random) -> None:
    """Law 5: The future does not change the past: of an earlier day, later records tell nothing."""
    engine, audiences, account, as_of = drawn(random)
    earlier = as_of - timedelta(random.randrange(41))

    told = members(engine, audiences, [account], as_of=earlier)

    until = _until(account, earlier, engine.playbook.zone)
    again = members(engine, audiences, [until], as_of=earlier)
    assert _without_records(told) == _without_records(again)


@given(randoms())
def test_audiences_come_back_from_a_file_as_they_were(random: Random) -> None:
    """Law 8: Round trip, by TOML and by plain data; what is written again is the same text."""
    engine, audiences = drawn_audiences(random.randrange(BOOKS), random.randrange(VARIANTS))
    chosen = tuple(random.sample(audiences, random.randrange(len(audiences) + 1)))

    text = dump_audiences(chosen, engine.playbook)

    again = load_audiences(parse_toml(text.encode(), ""), engine.playbook)
    assert again == chosen
    assert [one.label for one in again] == [one.label for one in chosen]
    assert dump_audiences(again, engine.playbook) == text


# -- who counts --


def at(month: int, day: int) -> datetime:
    """Noon in Tokyo."""
    return datetime(2026, month, day, 3, tzinfo=UTC)


BOOK = mf.starter(["crm", "ma"], zone="Asia/Tokyo")
ENGINE = Engine(BOOK)
KEEN = Audience(
    "keen",
    Label("keen on CRM", "CRMに関心あり"),
    "crm",
    "downstream",
    product.interest.at_least("interested"),
)
SILENT = Audience("silent", "silent", "crm", "upstream", product.interest.at_most("none"))
MAKERS = Audience("makers", "makers", "crm", "upstream", company.industry == "製造業")
LARGE = Audience("large", "large", None, "upstream", company.employees >= 300)


def firm(
    company_id: int,
    *people: int,
    keen: bool = False,
    consents: Iterable[Consent] = (),
    **known: Any,
) -> Account:
    """A company with some people, each keen on the CRM or silent."""
    return Account(
        Company(company_id, **known),
        leads=[Lead(one, company_id, consents=tuple(consents)) for one in people],
        activities=[
            Activity(1, one, "demo_request", at(10, 30), ["crm"]) for one in people if keen
        ],
    )


NOBODYS = Account(None, leads=[Lead(99)])
FIRMS = (
    firm(1, 11, 12, keen=True, industry="製造業", employees=400),
    firm(2, 21, industry="製造業", employees=30),
    firm(3, 31, keen=True, industry="小売業", employees=400),
    firm(4, 41, employees=400),
    firm(5),
    NOBODYS,
)


def ids(told: Iterable[Any]) -> list[Id]:
    """Who they are."""
    return [one.id for one in told]


def test_a_lead_without_any_sign_counts_where_the_condition_holds() -> None:
    """S7, S23: who gave no sign for the product is told of, though engagement leaves them out."""
    told = members(ENGINE, [KEEN, SILENT], FIRMS, as_of=DAY)

    assert [ids(one.members) for one in told] == [[11, 12, 31], [21, 41, 99]]
    assert [ids(one.out) for one in told] == [[21, 41, 99], [11, 12, 31]]
    assert "crm" not in ENGINE.assess(FIRMS[1], as_of=DAY).leads[21].engagement


def test_what_is_missing_leaves_a_company_open() -> None:
    """An industry that nobody knows is neither in nor out, and is what to ask for."""
    told = members(ENGINE, MAKERS, FIRMS, as_of=DAY)

    assert [ids(part) for part in (told.members, told.out, told.unknown)] == [[1, 2], [3], [4, 5]]
    assert told.missing == {"company.industry": 2}
    assert told.companies == {1: "in", 2: "in", 3: "out", 4: "unknown", 5: "unknown"}
    assert told.without_company == 1
    assert told.unknown[0].decision.text("ja") == "未判定: オーディエンス内・オーディエンス外"


def test_missing_facts_are_counted_the_most_first() -> None:
    """Ties stand in the order of their names; only the unknown are counted."""
    both = Audience(
        "both",
        "both",
        None,
        "upstream",
        (company.employees >= 300) & (company.industry == "製造業"),
    )
    told = members(ENGINE, both, FIRMS, as_of=DAY)

    assert [*told.missing.items()] == [("company.industry", 2), ("company.employees", 1)]
    one = members(ENGINE, both, [FIRMS[4]], as_of=DAY)
    assert [*one.missing.items()] == [("company.employees", 1), ("company.industry", 1)]


def test_who_asks_what_is_missing_is_told_that_it_may_still_be_learned() -> None:
    """S3: an audience of the unknown is open, with the value of now beside it."""
    blank = Audience("blank", "blank", None, "upstream", company.industry.is_missing())
    told = members(ENGINE, blank, [FIRMS[3]], as_of=DAY)

    (one,) = told.unknown
    assert (one.decision.value, one.standing) == (IN, "unknown")
    assert one.decision.possible == (IN, OUT)


def test_an_undecided_tier_leaves_an_audience_open() -> None:
    """S5: what another decision is missing is missing here."""
    first = Audience("first", "first", "crm", "downstream", product.tier.at_least(mf.Tier(2)))
    told = members(ENGINE, first, FIRMS, as_of=DAY)

    (one,) = [member for member in told.unknown if member.id == 5]
    assert one.decision.missing == ("company.employees", "company.annual_revenue")


def test_members_are_companies_where_nothing_is_asked_of_people() -> None:
    """Else they are leads; who wants people of certain companies says so."""
    of_companies: list[Any] = [
        company.employees >= 300,
        company.segment.is_in("partner"),
        group.relationships.contains_any("partner"),
        held.owns("crm"),
        product.tier.at_least(mf.Tier(2)),
        product.owned & ~product.open_deal,
        product.sold & product.position.is_in("untapped"),
        product.lifecycle.is_in("growth"),
        All(()),
    ]
    of_leads: list[Any] = [
        lead.title == "部長",
        contact.email,
        product.touched,
        product.count("demo_request", within_days=30) >= 1,
        (company.employees >= 300) & product.engagement.is_in("customer"),
    ]
    for when in of_companies:
        one = Audience("one", "one", "crm", "upstream", when)
        assert one.unit == "company"
        (told,) = members(ENGINE, one, [FIRMS[0]], as_of=DAY).told
        (person, _) = members(ENGINE, evolve(one, unit="lead"), [FIRMS[0]], as_of=DAY).told
        assert told.decision == person.decision
    assert [Audience("a", "a", "crm", "upstream", one).unit for one in of_leads] == ["lead"] * 5
    assert Audience("a", "a", None, "upstream", funnel.stage.is_in("mql")).unit == "lead"


def test_consent_filters_actions_and_never_membership() -> None:
    """Who opted out is in all the same, and is counted as refused."""
    said = [
        Consent("email", granted=True, at=at(10, 1)),
        Consent("phone", granted=False, at=at(10, 1)),
    ]
    some = [firm(1, 11, 12, keen=True, employees=400, consents=said), FIRMS[2], FIRMS[1]]
    # Of this one it is not known whether it is large.
    some.append(firm(6, 61, consents=said))
    for one in (KEEN, LARGE):
        told = members(ENGINE, one, some, as_of=DAY)
        assert told.contactable["email"] == ContactCount(allowed=2, unknown=1)
        assert told.contactable["phone"] == ContactCount(refused=2, unknown=1)
        assert told.contactable["visit"] == ContactCount(unknown=3)


def test_rows_say_where_everybody_stands_and_why() -> None:
    """One row for each company or lead, with what it is missing."""
    told = members(ENGINE, MAKERS, [FIRMS[3], FIRMS[0]], as_of=DAY)

    assert told.rows("ja")[1] == {
        "audience": "makers",
        "product_id": "crm",
        "unit": "company",
        "id": 4,
        "company_id": 4,
        "standing": "unknown",
        "missing": "company.industry",
        "because": "分かっている範囲では条件を満たさない",
        "as_of": DAY,
        "playbook_version": ENGINE.version,
    }
    assert told.rows()[0]["because"] == "industry 製造業"
    assert told.rows()[0]["standing"] == "in"


# -- why --


def test_a_membership_is_explained_with_every_fact_that_was_seen() -> None:
    """By the interpreter of all other rules, in both languages."""
    told = explain(ENGINE, KEEN, FIRMS[0], 11, as_of=DAY)
    assert told.splitlines()[0].startswith("in the audience — ")
    assert "interest at least interested (high interest)" in told

    told = explain(ENGINE, MAKERS, FIRMS[3], as_of=DAY, lang="ja")
    first, second, *_ = told.splitlines()
    assert first.startswith("未判定: オーディエンス内・オーディエンス外 — 分かっている範囲では")
    assert second == "不足項目: company.industry"
    stage = Audience("stage", "stage", None, "upstream", funnel.stage.is_in("known"))
    assert "stage" in explain(ENGINE, stage, NOBODYS, 99, as_of=at(10, 31))
    assert "yes" in explain(ENGINE, LARGE, FIRMS[0], as_of=DAY)


def test_what_is_explained_must_be_a_member_of_that_kind() -> None:
    """A lead for audiences of leads, none for those of companies."""
    with pytest.raises(InvalidDataError, match=r"^lead_id: is missing: leads are the members$"):
        explain(ENGINE, KEEN, FIRMS[0], as_of=DAY)
    with pytest.raises(InvalidDataError) as caught:
        explain(ENGINE, MAKERS, "x", 11, as_of=DAY, lang="fr")  # type: ignore[arg-type]
    assert [one.path for one in caught.value.problems] == ["lang", "account", "lead_id"]
    with pytest.raises(InvalidDataError, match="companies are the members"):
        explain(ENGINE, MAKERS, NOBODYS, as_of=DAY)
    with pytest.raises(UnknownNameError, match="no such lead 77"):
        explain(ENGINE, KEEN, FIRMS[0], 77, as_of=DAY)


# -- what is refused --


def test_the_faults_of_an_audience_are_told_at_once() -> None:
    """Each with its path, in the words of the playbook."""
    with pytest.raises(InvalidDataError) as caught:
        Audience(" ", "a", True, "midstream", company.employees >= 1, "group")  # type: ignore[arg-type]
    assert [str(one) for one in caught.value.problems] == [
        "audience.key: must not be blank",
        "audience.product_id: must be the id of a product, not bool True",
        "audience.motion: must be upstream or downstream, not 'midstream'",
        "audience.unit: must be company or lead, not 'group'",
    ]
    with pytest.raises(InvalidDataError) as caught:
        Audience("a", "a", "crm", "upstream", lead.title.is_missing() | product.touched, "company")
    assert str(caught.value) == (
        "audience.unit: must be lead: the condition asks lead.title, product.touched, "
        "which is about people"
    )
    deep: Any = company.employees >= 1
    for _ in range(40):
        deep = All((deep,))
    for unit in (None, "company"):
        with pytest.raises(InvalidDataError) as caught:
            Audience("a", "a", "crm", "upstream", deep, unit)
        assert [one.path for one in caught.value.problems] == ["audience.when"]
    with pytest.raises(TypeError, match="a condition is needed"):
        Audience("a", "a", "crm", "upstream", True)


def test_audiences_are_checked_against_the_playbook_all_at_once() -> None:
    """Unknown products and segments, what lies out of scope, and keys that are used twice."""
    wrong = [
        Audience("a", "a", "crmm", "upstream", company.segment.is_in("smal")),
        Audience("a", "a", None, "upstream", product.tier.at_least(mf.Tier(1))),
        Audience("b", "b", "crm", "upstream", product.best_interest.at_least("aware")),
        Audience("c", "c", None, "upstream", held.owns("x") | company.segment.is_in("partner")),
        Audience("d", "d", "ma", "upstream", any_product(product.touched)),
    ]
    with pytest.raises(InvalidDataError) as caught:
        check_audiences(BOOK, wrong)
    assert [(one.code, one.path) for one in caught.value.problems] == [
        ("unknown-product", "audiences[0].product_id"),
        ("duplicate", "audiences[1].key"),
        ("unknown-level", "audiences[0].when.company.segment"),
        ("scope", "audiences[2].when.product.best_interest"),
        ("scope", "audiences[4].when.any_product"),
        ("scope", "audiences[1].when.product.tier"),
        ("unknown-product", "audiences[3].when.account.owned"),
    ]
    assert "did you mean 'crm'?" in str(caught.value)
    with pytest.raises(InvalidDataError, match=r"^audiences\[1\]: must be an Audience, not str$"):
        check_audiences(BOOK, [KEEN, "x"])  # type: ignore[list-item]


def test_what_is_asked_must_be_what_it_says() -> None:
    """An engine, accounts, each company and lead once, and a day."""
    with pytest.raises(InvalidDataError, match=r"^engine: must be an Engine"):
        members(BOOK, KEEN, FIRMS, as_of=DAY)  # type: ignore[call-overload]
    with pytest.raises(InvalidDataError, match=r"^as_of: "):
        members(ENGINE, KEEN, FIRMS, as_of="today")  # type: ignore[call-overload]
    with pytest.raises(InvalidDataError) as caught:
        members(ENGINE, KEEN, [*FIRMS, firm(1, 21), "x"], as_of=DAY)  # type: ignore[list-item]
    assert [str(one) for one in caught.value.problems] == [
        "accounts[6]: company 1 is in accounts[0], too; give it once",
        "accounts[6]: lead 21 is in accounts[1], too; give it once",
        "accounts[7]: must be an Account, not str 'x'",
    ]


def test_measures_that_no_rule_asks_for_are_told_of_audiences() -> None:
    """An audience may count activities that the playbook does not."""
    asked = product.count("demo_request", within_days=7)
    assert asked.fact.name not in BOOK.asked
    lately = Audience("lately", "lately", "crm", "downstream", asked >= 1)
    assert ids(members(ENGINE, lately, FIRMS, as_of=DAY).members) == [11, 12, 31]
    assert ids(members(ENGINE, lately, FIRMS, as_of=date(2026, 11, 6)).members) == []


# -- whether they fit together --


def test_members_in_no_upstream_audience_are_listed() -> None:
    """In any one of them suffices, and one of the whole firm prepares for every product."""
    told = lint(ENGINE, [KEEN, MAKERS], FIRMS, as_of=DAY)
    assert told.inside == (Inside("keen", "makers", 2, 0, 1),)
    (one,) = told.findings
    assert (one.code, one.audience, one.number, one.ids) == ("outside", "keen", 1, (31,))
    assert one.text("ja") == (
        "keen：リード3件中1件が、同じ商材の上流オーディエンスのどれにも含まれない（31）"
    )
    assert one.text() == "keen: 1 of 3 leads are in no upstream audience of the product (31)"

    told = lint(ENGINE, [KEEN, MAKERS, LARGE], FIRMS, as_of=DAY)
    assert told.inside == (Inside("keen", "makers", 2, 0, 1), Inside("keen", "large", 3, 0, 0))
    assert told.findings == ()


def test_no_more_examples_than_are_asked_for() -> None:
    """The first by their ids; how many there are is told all the same."""
    other = evolve(MAKERS, key="nobody", when=company.industry == "農業")
    firms = [*FIRMS[:3], firm(6, 61, keen=True, industry="製造業")]
    for examples, listed, text in (
        (2, (11, 12), " (11, 12, …)"),
        (0, (), ""),
        (9, (11, 12, 31, 61), " (11, 12, 31, 61)"),
    ):
        told = lint(ENGINE, [KEEN, other], firms, as_of=DAY, examples=examples)
        one = next(one for one in told.findings if one.code == "outside")
        assert (one.number, one.ids) == (4, listed)
        assert one.text().endswith("of the product" + text)


def test_an_address_that_is_an_id_is_never_shown_in_full() -> None:
    """Some systems name people by their mail; `ids` hold them for who has to act."""
    address = "taro.yamada@example.co.jp"
    whose = evolve(FIRMS[2], leads=[Lead(address, 3)], activities=[])
    silent = evolve(SILENT, motion="downstream")
    (one,) = lint(ENGINE, [silent, MAKERS], [whose], as_of=DAY).findings[:1]
    assert one.ids == (address,)
    assert address not in one.text()
    with pytest.raises(InvalidDataError) as caught:
        members(ENGINE, KEEN, [whose, Account(Company(9), leads=[Lead(address, 9)])], as_of=DAY)
    assert address not in str(caught.value)


def test_who_may_be_in_an_upstream_audience_is_no_counter_example() -> None:
    """Unknown is not no; of a lead without company, its company may still become known."""
    silent = evolve(SILENT, key="quiet", motion="downstream")
    told = lint(ENGINE, [silent, MAKERS], [FIRMS[3], NOBODYS], as_of=DAY)
    assert told.inside == (Inside("quiet", "makers", 0, 2, 0),)
    assert [one.code for one in told.findings] == ["mostly_unknown"]


def test_an_upstream_audience_of_leads_holds_a_company_that_has_one_in_it() -> None:
    """A company without people is in none: nobody there is reached."""
    target = evolve(LARGE, key="target", motion="downstream", product_id="crm")
    reached = evolve(KEEN, key="reached", motion="upstream")
    told = lint(ENGINE, [target, reached], [*FIRMS, firm(7, employees=500)], as_of=DAY)
    assert told.inside == (Inside("target", "reached", 2, 0, 2),)
    assert [(one.code, one.ids) for one in told.findings] == [
        ("outside", (4, 7)),
        ("narrower", ()),
    ]


def test_a_company_stands_as_the_lead_who_is_in_most_surely() -> None:
    """One who is in suffices, wherever it stands among the others."""
    mixed = evolve(FIRMS[0], activities=FIRMS[0].activities[:1])
    for audience, standings_of in ((KEEN, ["in", "out"]), (SILENT, ["out", "in"])):
        told = members(ENGINE, audience, [mixed], as_of=DAY)
        assert [one.standing for one in told.told] == standings_of
        assert told.companies == {1: "in"}


def test_a_downstream_audience_needs_an_upstream_one_of_its_product() -> None:
    """One of another product prepares for nothing here; nor does one product for the whole firm."""
    of_firm = Audience("firm", "firm", None, "downstream", funnel.stage.is_in("mql", "inquiry"))
    told = lint(ENGINE, [KEEN, evolve(MAKERS, product_id="ma"), of_firm], FIRMS, as_of=DAY)
    assert told.inside == ()
    assert [(one.code, one.audience) for one in told.findings] == [
        ("no_upstream", "keen"),
        ("no_upstream", "firm"),
    ]
    assert told.findings[0].text("ja") == "keen：同じ商材の上流オーディエンスがない"


def test_an_upstream_audience_must_not_be_surely_narrower() -> None:
    """It is counted in leads if both are of leads, else in companies; who may be in counts."""
    wide = Audience("wide", "wide", "crm", "downstream", company.employees >= 1)
    told = lint(ENGINE, [wide, SILENT, MAKERS], FIRMS, as_of=DAY)
    (one,) = [one for one in told.findings if one.code == "narrower"]
    assert (one.audience, one.number) == ("silent", 2)
    assert one.text() == ("silent: has fewer companies (2) than the downstream audience wide (4)")
    few = Audience("few", "few", "crm", "upstream", product.interest.at_least("interested"))
    many = Audience("many", "many", "crm", "downstream", product.score >= 0)
    told = lint(ENGINE, [many, few], FIRMS, as_of=DAY)
    (one,) = [one for one in told.findings if one.code == "narrower"]
    assert one.text("ja") == "few：リードが3件で、下流オーディエンスmanyの6件より少ない"


def test_nobody_and_mostly_unknown() -> None:
    """Nobody is in: said only where nobody may be; else it is told what to ask for."""
    none = Audience(
        "none", "none", "crm", "upstream", product.lifecycle.is_in("decline") & product.owned
    )
    told = lint(ENGINE, [none, MAKERS], [FIRMS[0], FIRMS[2], FIRMS[3], FIRMS[4]], as_of=DAY)
    assert [one.text() for one in told.findings] == [
        "none: nobody is in it",
        "makers: 1 companies are known to be in it, and 2 may be; missing: company.industry (4, 5)",
    ]
    assert lint(ENGINE, [MAKERS], [FIRMS[0], FIRMS[3]], as_of=DAY).findings == ()


def test_the_reach_is_a_share_of_the_target_market() -> None:
    """Companies of the Tier that may be offered the product; of some that is not known."""
    partner = firm(8, 81, keen=True, employees=400, relationships=["own_group"])
    told = lint(ENGINE, [KEEN, MAKERS, LARGE], [*FIRMS, partner], as_of=DAY, at_least=mf.Tier(3))
    market = members(ENGINE, target_market("crm", mf.Tier(3)), [*FIRMS, partner], as_of=DAY)
    assert ids(market.members) == [1, 3, 4]
    keen, makers, large = (told.reach[key] for key in ("keen", "makers", "large"))
    assert (keen.share.num, keen.share.den, keen.share.status) == (2, 3, "small_n")
    assert (keen.unknown, keen.market_unknown) == (0, 2)
    assert (makers.share.num, makers.unknown) == (1, 1)
    assert large.share.value == 1
    assert large.share.basis.ja.startswith("いずれかの商材のターゲット市場（Tier 3以上")
    assert keen.share.basis.en == (
        "of the companies in the target market of crm: Tier 3 or higher, eligible, on 2026-10-31"
    )
    nothing = lint(ENGINE, [KEEN], [], as_of=DAY).reach["keen"]
    assert nothing.share.status == "undefined"


@FEWER
@given(randoms())
def test_lint_agrees_with_counting_by_hand(random: Random) -> None:
    """Inside and reach are told again, from the answers alone, by plain loops."""
    engine, audiences = drawn_audiences(random.randrange(BOOKS), random.randrange(VARIANTS))
    audiences = tuple(random.sample(audiences, 4))
    as_of = draw_as_of(random)
    several = [
        _renamed(draw_account(random, engine.playbook, as_of, busy=4), mark) for mark in "xyz"
    ]
    answers = members(engine, audiences, several, as_of=as_of)
    whole = {one.company_id: one for one in (engine.assess(a, as_of=as_of) for a in several)}
    whole.pop(None, None)
    told = lint(engine, audiences, several, as_of=as_of, at_least=mf.Tier(3))

    assert told.answers == answers
    assert told.inside == tuple(
        Inside(one.audience.key, broad.audience.key, *_placed(one, broad))
        for one in answers
        if one.audience.motion == "downstream"
        for broad in answers
        if broad.audience.motion == "upstream"
        and broad.audience.product_id in (one.audience.product_id, None)
    )
    for one in answers:
        about = one.audience.product_id
        products = [p.id for p in engine.playbook.products] if about is None else [about]
        market = {c: {_is_target(answer, p) for p in products} for c, answer in whole.items()}
        targets = [c for c, said in market.items() if True in said]
        standing = [_best(m.standing for m in one.told if m.company_id == c) for c in targets]
        reach = told.reach[one.audience.key]
        assert (reach.share.num, reach.share.den) == (standing.count("in"), len(targets))
        assert reach.unknown == standing.count("unknown")
        open_ones = [c for c, said in market.items() if True not in said and None in said]
        assert reach.market_unknown == len(open_ones)


def _best(standings: Iterable[str]) -> str:
    return min(standings, key=("in", "unknown", "out").index, default="out")


def _placed(specific: AudienceAnswer, broad: AudienceAnswer) -> tuple[int, int, int]:
    counts = {"in": 0, "unknown": 0, "out": 0}
    for one in specific.members:
        if broad.audience.unit == specific.audience.unit:
            counts[next(m.standing for m in broad.told if m.id == one.id)] += 1
        elif one.company_id is None:
            counts["unknown"] += 1
        else:
            counts[_best(m.standing for m in broad.told if m.company_id == one.company_id)] += 1
    return counts["in"], counts["unknown"], counts["out"]


def _is_target(answer: mf.Assessment, product_id: Id) -> bool | None:
    """Whether a company surely is in the target market of Tier 3, or surely is not."""
    tiers = {tier.number <= 3 for tier in answer.tiers[product_id].possible}
    spaces = {one.key != "not_eligible" for one in answer.white_space[product_id].possible}
    if tiers == {False} or spaces == {False}:
        return False
    return True if tiers == spaces == {True} else None


def test_what_lint_is_asked_must_be_sound() -> None:
    """All of it at once."""
    with pytest.raises(InvalidDataError) as caught:
        lint("x", [], [], as_of=DAY, at_least=2, examples=-1)  # type: ignore[arg-type]
    assert [one.path for one in caught.value.problems] == ["engine", "at_least", "examples"]
    with pytest.raises(InvalidDataError, match="keys are unique"):
        lint(ENGINE, [KEEN, KEEN], [], as_of=DAY)


# -- files --

FILE = """
[attributes.company.plants]
type = "int"
label = { en = "plants", ja = "工場数" }

[[audiences]]
key = "makers"
label = { en = "makers", ja = "製造業" }
product = "crm"
motion = "upstream"
when = { "company.industry" = "製造業、建設業", "company.plants" = "2以上" }

[[audiences]]
key = "all_leads"
motion = "upstream"
unit = "lead"
when = { all = [] }
"""


def test_a_file_holds_audiences_beside_the_playbook(tmp_path: Path) -> None:
    """As a marketer writes it, with cells, a custom attribute and the unit."""
    (tmp_path / "audiences.toml").write_text(FILE, encoding="utf-8")
    makers, everybody = load_audiences(tmp_path / "audiences.toml", BOOK)

    plants = company.attribute("plants", int)
    assert makers == Audience(
        "makers",
        "-",
        "crm",
        "upstream",
        company.industry.is_in("製造業", "建設業") & (plants >= 2),
    )
    assert makers.label == Label("makers", "製造業")
    assert (everybody.unit, everybody.label, everybody.product_id) == (
        "lead",
        Label("all leads"),
        None,
    )
    for name in ("again.toml", "again.json"):
        text = dump_audiences([makers, everybody], BOOK, tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == text
        assert load_audiences(str(tmp_path / name), BOOK) == (makers, everybody)
        assert "工場数" in text
    assert load_audiences({}, BOOK) == ()


def test_products_with_numbers_are_named_by_them() -> None:
    """As they are in the playbook, or as text."""
    book = mf.starter([1, 2])
    one = Audience("one", "one", 1, "upstream", product.owned)
    assert load_audiences(parse_toml(dump_audiences([one], book).encode(), ""), book) == (one,)
    (again,) = load_audiences(
        {
            "audiences": [
                {
                    "key": "one",
                    "product": "1",
                    "motion": "upstream",
                    "when": {"product.owned": True},
                }
            ]
        },
        book,
    )
    assert again == one


def test_all_faults_of_a_file_are_told_at_once() -> None:
    """Each with its path; those that a playbook tells are told once the form is right."""
    wrong: dict[str, Any] = {
        "audience": [],
        "audiences": [
            {"key": "a", "motion": "up", "when": {"company.employes": 3}},
            {"motion": "upstream", "mtion": 1},
            {"key": "c", "motion": "upstream", "when": {}, "product": 1.5, "unit": "x"},
        ],
    }
    with pytest.raises(DecodeError) as caught:
        load_audiences(wrong, BOOK)
    assert [(one.code, one.path) for one in caught.value.problems] == [
        ("unknown-key", "audience"),
        ("unknown-fact", "audiences[0].when.company.employes"),
        ("choice", "audiences[0].motion"),
        ("unknown-key", "audiences[1].mtion"),
        ("missing", "audiences[1]"),
        ("missing", "audiences[1]"),
        ("empty", "audiences[2].when"),
        ("type", "audiences[2].product"),
        ("choice", "audiences[2].unit"),
    ]
    of_stranger = {
        "audiences": [{"key": "a", "motion": "upstream", "product": "x", "when": {"all": []}}]
    }
    with pytest.raises(InvalidDataError, match=r"^audiences\[0\]\.product: no such product 'x'$"):
        load_audiences(of_stranger, BOOK)


def test_what_is_no_file_of_audiences_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ending, what is no table, what is too long, and what is no playbook."""
    with pytest.raises(DecodeError, match=r"must end in \.toml or \.json"):
        load_audiences(tmp_path / "audiences.yaml", BOOK)
    with pytest.raises(DecodeError, match=r"must end in \.toml or \.json"):
        dump_audiences([], BOOK, tmp_path / "audiences.csv")
    with pytest.raises(DecodeError, match="no such file"):
        load_audiences(tmp_path / "audiences.toml", BOOK)
    with pytest.raises(DecodeError, match="must be a Mapping, not list"):
        load_audiences([], BOOK)  # type: ignore[arg-type]
    calls: tuple[Any, ...] = (load_audiences, dump_audiences)
    for call in calls:
        with pytest.raises(InvalidDataError, match=r"^playbook: must be a Playbook"):
            call({}, "x")
    monkeypatch.setattr(files_module, "MAX_AUDIENCES", 1)
    with pytest.raises(DecodeError, match=r"^audiences: has more than 1 of them$"):
        load_audiences(parse_toml(FILE.encode(), ""), BOOK)


def test_what_no_file_can_hold_is_not_written() -> None:
    """A condition that no fact of `mpfunnel.facts` makes would come back as another one."""
    odd = evolve(LARGE, when=IsIn(company.industry.fact, ("b", "a")))
    with pytest.raises(InvalidDataError, match=r"^audiences: hold what no file can hold"):
        dump_audiences([odd], BOOK)
