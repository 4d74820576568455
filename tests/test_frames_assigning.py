"""Whole tables of leads get the companies that `identity.assign` gives the same records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel import frames, identity
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.rows import taken
from mpfunnel.identity import IdentityPolicy
from mpfunnel.identity.known import roles
from mpfunnel.records import Company, Id, Lead
from tests.frames import KINDS, rows_of
from tests.identities import draw_companies, draw_lead, draw_policy
from tests.malformed import check_grammar
from tests.policies import randoms

TEXT, INT, BOOL = pa.string(), pa.int64(), pa.bool_()
READ = ("email", "title", "department", "company_name", "corporate_number", "region")
MATCH = ("lead_id", "status", "company_id", "evidence", "certainty", "mail_class", "role")
UNORDERED = ("DuckDB", "Ibis on DuckDB")

Rows = list[tuple[Any, ...]]


# -- records, and what objects say of them --


def draw(dice: Random, most: int = 6) -> tuple[list[Lead], list[Company], IdentityPolicy]:
    """Leads, companies and a policy; ids of each kind are all text or all integers (S18)."""
    companies = [
        evolve(one, attributes={"public_body": dice.choice((None, None, True, False))})
        for one in draw_companies(dice)
    ]
    texts = bool(dice.randrange(3)) and all(isinstance(one.id, str) for one in companies)
    numbers = any(isinstance(one.id, int) for one in companies)
    leads = [
        draw_lead(dice, companies, f"l{number}" if texts else number)
        for number in range(1, dice.randrange(most + 1) + 1)
    ]
    if numbers:
        leads = [evolve(one, company_id=99) if one.company_id == "gone" else one for one in leads]
    return leads, companies, draw_policy(dice)


def id_type(ids: Sequence[Id | None]) -> Any:
    """The type of a column of ids."""
    return INT if any(isinstance(one, int) for one in ids) else TEXT


def tables_of(leads: Sequence[Lead], companies: Sequence[Company]) -> dict[str, pa.Table]:
    """The records as tables of PyArrow."""
    company_id = id_type([*(one.id for one in companies), *(one.company_id for one in leads)])
    lead_id = id_type([one.id for one in leads])
    domains = [(one.id, text) for one in companies for text in sorted(one.domains)]
    texts = ("name", "region", "corporate_number")
    return {
        "companies": pa.table(
            {
                "id": pa.array([one.id for one in companies], company_id),
                **{n: pa.array([getattr(one, n) for one in companies], TEXT) for n in texts},
                "parent_id": pa.array([one.parent_id for one in companies], company_id),
                "public_body": pa.array(
                    [one.attributes.get("public_body") for one in companies], BOOL
                ),
            }
        ),
        "company_sets": pa.table(
            {
                "company_id": pa.array([one for one, _ in domains], company_id),
                "fact": pa.array(["domains"] * len(domains), TEXT),
                "value": pa.array([text for _, text in domains], TEXT),
            }
        ),
        "leads": pa.table(
            {
                "id": pa.array([one.id for one in leads], lead_id),
                "company_id": pa.array([one.company_id for one in leads], company_id),
                **{n: pa.array([getattr(one, n) for one in leads], TEXT) for n in READ},
            }
        ),
    }


def expected(
    leads: Sequence[Lead], companies: Sequence[Company], policy: IdentityPolicy
) -> dict[str, Rows]:
    """What objects say, as rows."""
    found = identity.assign(leads, companies, policy)
    candidates: Rows = []
    for one in found.matches:
        if one.status == "ambiguous":
            candidates += [(one.lead_id, which, one.evidence, True) for which in one.candidates]
        lost = one.status == "unknown_company"
        candidates += [
            (one.lead_id, which, evidence, lost)
            for evidence, ids in one.disagreeing
            for which in ids
        ]
        if lost:
            assert {which for _, ids in one.disagreeing for which in ids} == {*one.candidates}
    marks = ("public_body", "individual", "student")
    return {
        "leads": [(one.id, one.company_id) for one in found.leads],
        "companies": [
            (one.id, *(one.attributes.get(mark) for mark in marks))
            for one in found.companies
            if isinstance(one, Company)
        ],
        "matches": [
            (
                *(one.lead_id, one.status, one.company_id, one.evidence, one.certainty),
                *(one.mail.mail_class, one.mail.role),
            )
            for one in found.matches
        ],
        "match_candidates": candidates,
        "rejects": [],
    }


COLUMNS: Mapping[str, Sequence[str]] = {
    "leads": ("id", "company_id"),
    "companies": ("id", "public_body", "individual", "student"),
    "matches": MATCH,
    "match_candidates": ("lead_id", "company_id", "evidence", "candidate"),
    "rejects": ("table", "id", "lead_id", "column", "code", "reason"),
}


def said(found: frames.Assigned) -> dict[str, Rows]:
    """What tables say, as rows."""
    return {
        name: [tuple(row[column] for column in columns) for row in rows_of(getattr(found, name))]
        for name, columns in COLUMNS.items()
    }


def assigned(kind: str, tables: Mapping[str, pa.Table], policy: IdentityPolicy) -> dict[str, Rows]:
    """What tables of a kind say, as rows."""
    return said(frames.assign(**KINDS[kind](tables), policy=policy))


def in_any_order(rows: Mapping[str, Rows]) -> dict[str, Rows]:
    """The rows without their order."""
    return {name: sorted(each, key=repr) for name, each in rows.items()}


def refused_or(make: Callable[[], dict[str, Rows]]) -> dict[str, Rows] | tuple[Problem, ...]:
    """What is made, or why it is refused."""
    try:
        return make()
    except InvalidDataError as error:
        return error.problems


def check(dice: Random, kind: str) -> None:
    """Both say the same of what is drawn, or refuse it for the same reasons."""
    leads, companies, policy = draw(dice)
    tables = tables_of(leads, companies)
    wanted = refused_or(lambda: expected(leads, companies, policy))
    found = refused_or(lambda: assigned(kind, tables, policy))
    if isinstance(wanted, tuple) or isinstance(found, tuple):
        assert found == wanted
        return
    if kind in UNORDERED:
        found, wanted = in_any_order(found), in_any_order(wanted)
    assert found == wanted


# -- equal to objects --


# The long loop below is for the bulk run.
@settings(max_examples=40)
@given(randoms())
def test_tables_say_what_objects_say(dice: Random) -> None:
    """Law 1: Engines agree: status, company, evidence, certainty, candidates and who disagrees."""
    check(dice, "Polars")


@pytest.mark.bulk
def test_many_tables_say_what_objects_say() -> None:
    """Law 1: Engines agree, in a long seeded loop."""
    dice = Random(6)
    for _ in range(120):
        check(dice, "Polars")


def relatives(dice: Random) -> tuple[list[Lead], list[Company]]:
    """Leads and companies of one group, told by domain and name alone, which often disagree."""
    names = (None, "株式会社凪峰", "㈱凪峰販売", "(有)凪峰", "凪峰", "凪峰_代理店", "Nagimine K.K.")
    hosts = ("nagimine.co.jp", "sales.nagimine.co.jp", "tsubaki.example")
    numbers = (None, None, None, None, "7010001999999", "2010401000001")
    companies = [
        Company(
            place,
            dice.choice(names),
            domains=dice.sample(hosts, dice.choice((0, 0, 1, 2))),
            corporate_number=dice.choice(numbers),
            region=dice.choice((None, "東京都", "東京都")),
            # 9 is not there.
            parent_id=dice.choice((None, 9, *range(1, place))),
        )
        for place in range(1, dice.randrange(2, 7))
    ]
    leads = [
        Lead(
            place,
            dice.choice((None,) * 9 + (1, 8)),
            f"taro@{dice.choice(('', '', 'a.'))}{dice.choice((*hosts, 'gmail.com'))}",
            title=dice.choice((None, None, None, "大学院生")),
            company_name=dice.choice((*names, "椿沢精機")),
            corporate_number=dice.choice(numbers),
            region=dice.choice((None, "東京都")),
        )
        for place in range(1, 9)
    ]
    return leads, companies


@pytest.mark.parametrize("rounds", [40, pytest.param(150, marks=pytest.mark.bulk)])
def test_tables_say_of_relatives_what_objects_say(rounds: int) -> None:
    """Law 1: Engines agree on families, sub-domains, names and legal forms that speak against."""
    dice = Random(26)
    seen: set[tuple[Any, ...]] = set()
    for _ in range(rounds):
        leads, companies = relatives(dice)
        policy = IdentityPolicy(
            subdomains=dice.choice(("joined", "joined", "apart")),
            namesakes=dice.choice(("listed", "by_region")),
        )
        policy = evolve(policy, order=dice.sample(policy.order, dice.choice((2, 3, 4, 4))))
        found = assigned("Polars", tables_of(leads, companies), policy)
        assert found == expected(leads, companies, policy)
        doubted = [
            (
                one.evidence,
                len(one.candidates),
                one.because.en != "several companies are meant alike",
            )
            for one in identity.assign(leads, companies, policy).matches
            if one.status == "ambiguous"
        ]
        seen |= {(evidence, many > 1, doubt) for evidence, many, doubt in doubted}
    both = [(evidence, many) for evidence in ("domain", "name_region") for many in (True, False)]
    assert {(evidence, many, True) for evidence, many in both} <= seen
    assert {(evidence, True, False) for evidence, _ in both} <= seen


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Polars"])
def test_every_kind_of_table_says_what_objects_say(kind: str) -> None:
    """Law 1: Engines agree, whatever kind of table is given."""
    dice = Random(16)
    for _ in range(4 if kind in UNORDERED else 6):
        check(dice, kind)


@settings(max_examples=30)
@given(randoms())
def test_rows_in_any_order_get_the_same(dice: Random) -> None:
    """Law 4: Order does not matter: permuted rows change the order of answers and nothing else."""
    leads, companies, _ = draw(dice)
    policy = IdentityPolicy(individuals="unmatched")
    tables = tables_of(leads, companies)
    shuffled = {}
    for name, one in tables.items():
        order = list(range(len(one)))
        dice.shuffle(order)
        shuffled[name] = one.take(pa.array(order, pa.int64()))
    found, again = (assigned("Polars", one, policy) for one in (tables, shuffled))
    assert in_any_order(found) == in_any_order(again)
    order = [one for (one, *_) in again["leads"]]
    assert [one for (one, *_) in again["matches"]] == order


_LOCALS = st.one_of(
    st.sampled_from(sorted(roles())),
    st.text("abinfosale.-_+019", min_size=1, max_size=9),
    st.builds(
        "{}{}{}".format,
        *(st.sampled_from(("", "info", "1", "-", ".", "no", "reply", "+", "_2")),) * 3,
    ),
)
_ADDRESSES = st.one_of(
    st.builds("{}@{}".format, _LOCALS, st.sampled_from(("ACME.co.jp", "gmail.com", "x", "a..jp"))),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(("", "名 <", "ａ", " ")),
        _LOCALS,
        st.sampled_from(("@acme.co.jp", "@acme.co.jp>", "＠ａｃｍｅ．ｃｏ．ｊｐ ")),
    ),
    st.sampled_from(("@acme.co.jp", "=a@acme.co.jp", "a@@acme.co.jp", "mailto:a@acme.co.jp", "　")),
)


@settings(max_examples=60)
@given(st.lists(_ADDRESSES, min_size=4, max_size=20))
def test_addresses_are_read_as_objects_read_them(addresses: list[str]) -> None:
    """Law 1: Engines agree on class and role, though tables take addresses apart first."""
    leads = [Lead(number, email=one) for number, one in enumerate(addresses)]
    found = assigned("Polars", tables_of(leads, []), IdentityPolicy(individuals="unmatched"))
    mails = [identity.read_mail(one) for one in addresses]
    assert [row[-2:] for row in found["matches"]] == [(one.mail_class, one.role) for one in mails]


# -- what is given back --

FIRMS = {
    "id": ["a", "b"],
    "name": ["株式会社凪峰製作所", "霞市役所"],
    "staff": [10, 20],
    "listed": [True, False],
}
PEOPLE = {
    "id": [7, 8, 9],
    "email": ["taro@nagimine.example", "shiro@gmail.com", "goro@gmail.com"],
    "title": [None, None, "大学院生"],
}
SETS = {"company_id": ["a"], "fact": ["domains"], "value": ["https://www.nagimine.example/"]}


def given_as(kind: str, **tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a kind: those above, or others."""
    named: dict[str, Mapping[str, Any]] = {
        "companies": FIRMS,
        "leads": PEOPLE,
        "company_sets": SETS,
        **tables,
    }
    return KINDS[kind]({name: pa.table(dict(one)) for name, one in named.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_all_else_stays_as_it_was_given(kind: str) -> None:
    """Columns that matching does not read come back, and rows of persons are blank in them."""
    given = given_as(kind)
    found = frames.assign(**given)
    assert type(found.leads) is type(given["leads"])
    assert type(found.matches) is type(given["leads"])
    assert found.company_sets is given["company_sets"]
    rows = sorted(rows_of(found.companies), key=lambda row: row["id"])
    assert rows == [
        dict(zip(rows[0], values, strict=True))
        for values in (
            ("a", "株式会社凪峰製作所", 10, True, None, None, None),
            ("b", "霞市役所", 20, False, True, None, None),
            ("person:8", None, None, None, None, True, None),
            ("person:9", None, None, None, None, None, True),
        )
    ]
    people = sorted(rows_of(found.leads), key=lambda row: row["id"])
    assert [row["company_id"] for row in people] == ["a", "person:8", "person:9"]
    assert [row["title"] for row in people] == [None, None, "大学院生"]


def test_pandas_keeps_what_no_other_library_knows() -> None:
    """A column of lists, or of mixed types, stays; integers stay integers beside blanks."""
    leads = pd.DataFrame({**PEOPLE, "clicks": [[1], {"a": 2}, "three"]}, index=[5, 5, 6])
    companies = pd.DataFrame({**FIRMS, "seen": [1, "x"], "size": pd.Series([1, 2], dtype="uint8")})
    found = frames.assign(leads=leads, companies=companies, company_sets=pd.DataFrame(SETS))
    assert list(found.leads["clicks"]) == [[1], {"a": 2}, "three"]
    assert list(found.leads.index) == [0, 1, 2]
    assert list(found.companies["seen"][:2]) == [1, "x"]
    assert [str(found.companies[one].dtype) for one in ("staff", "listed", "size")] == [
        *("Int64", "boolean", "UInt8")
    ]
    assert list(leads.index) == [5, 5, 6]
    alone = frames.assign(leads=leads[:1], companies=companies)
    assert str(alone.companies["staff"].dtype) == "int64"


def test_ids_that_are_integers_stay_integers() -> None:
    """The company of a person has its id, negative, where companies have integers."""
    companies = {**FIRMS, "id": [1, 2]}
    found = frames.assign(
        **given_as("pandas, NumPy", companies=companies, company_sets={**SETS, "company_id": [1]})
    )
    assert list(found.leads["company_id"]) == [1, -8, -9]
    assert list(found.companies["id"]) == [1, 2, -8, -9]


def test_nobody_knows_of_links_but_companies() -> None:
    """Links that are integers keep persons' companies integers, though no company is there."""
    leads = pl.DataFrame({"id": [1, 2], "company_id": [5, None], "email": [None, "a@gmail.com"]})
    companies = pl.DataFrame(schema={"id": pl.Int64})
    found = frames.assign(leads=leads, companies=companies)
    assert found.leads["company_id"].to_list() == [5, -2]
    assert found.matches["status"].to_list() == ["unknown_company", "individual"]


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy", "PyArrow"])
def test_the_answers_follow(kind: str) -> None:
    """The starter's segments hold: individual, student, public body, and nobody is lost."""
    engine = mf.Engine(mf.starter(["crm"]))
    people = {**PEOPLE, "id": [7, 8, 9], "company_id": [None, None, None]}
    people = {**people, "company_id": pa.array(people["company_id"], TEXT)}
    found = frames.assign(**given_as(kind, leads=people))
    answers = frames.assess(engine, **found.tables, as_of=date(2026, 10, 31))
    segments = {row["company_id"]: row["segment"] for row in rows_of(answers.companies)}
    assert segments == {
        "a": "micro",
        "b": "public_body",
        "person:8": "individual",
        "person:9": "student",
    }
    assert rows_of(answers.rejects) == []
    assert len(rows_of(answers.leads)) == 3
    assert set(frames.assign(leads=found.leads, companies=found.companies).tables) == {
        "companies",
        "leads",
    }


def test_assigning_again_changes_nothing() -> None:
    """Who has a company is linked to it, and it stays."""
    once = frames.assign(**given_as("Polars"))
    again = frames.assign(**once.tables)
    assert again.leads.equals(once.leads)
    assert again.companies.equals(once.companies)
    assert set(again.matches["evidence"]) == {"link"}


def test_a_domain_of_a_company_that_is_not_there_hides_none() -> None:
    """A sub-domain that only a company states which is not there is stated by nobody."""
    sets = {
        "company_id": ["gone", "a"],
        "fact": ["domains", "domains"],
        "value": ["osaka.nagimine.example", "nagimine.example"],
    }
    leads = {"id": [1], "email": ["taro@osaka.nagimine.example"], "company_name": ["凪峰製作所"]}
    found = frames.assign(**given_as("Polars", leads=leads, company_sets=sets))
    assert found.matches["company_id"].to_list() == ["a"]
    assert found.matches["evidence"].to_list() == ["domain"]


# -- what is wrong --


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy", "PyArrow", "DuckDB"])
def test_what_cannot_be_used_is_told_and_the_rest_goes_on(kind: str) -> None:
    """Law 7: Nothing is lost: rows in are rows out and rejects."""
    leads = {
        "id": ["x", None, " ", "y", "y", "z", "z"],
        "title": [None, None, None, "部長", "課長", "部長", "部長"],
        "source": ["web", "web", "web", "web", "web", "web", "card"],
    }
    companies = {"id": ["a", "b"], "corporate_number": ["7010001999999", "12"]}
    sets = {"company_id": ["a", None], "fact": ["domains", "domains"], "value": ["a.example", "b"]}
    found = frames.assign(**given_as(kind, leads=leads, companies=companies, company_sets=sets))
    assert sorted(row["id"] for row in rows_of(found.leads)) == ["x", "z", "z"]
    assert sorted(row["lead_id"] for row in rows_of(found.matches)) == ["x", "z"]
    assert [row["id"] for row in rows_of(found.companies)] == ["a"]
    told = [(one["table"], one["id"], one["column"], one["code"]) for one in rows_of(found.rejects)]
    assert sorted(told, key=repr) == sorted(
        [
            ("companies", "b", "corporate_number", "format"),
            ("leads", None, "id", "missing"),
            ("leads", " ", "id", "blank"),
            ("leads", "y", "id", "conflict"),
            ("leads", "y", "id", "conflict"),
        ],
        key=repr,
    )
    assert len(rows_of(found.company_sets)) == 2


def test_what_is_wrong_with_columns_is_told_at_once() -> None:
    """Names, types and ids that do not fit together are one error."""
    leads = {"ident": ["x"], "compny_name": ["凪峰"], "email": [3], "company_id": ["a"]}
    companies = {"id": [1], "individual": ["yes"]}
    with pytest.raises(InvalidDataError) as raised:
        frames.assign(**given_as("Polars", leads=leads, companies=companies))
    assert [(one.code, one.path) for one in raised.value.problems] == [
        ("type", "companies.individual"),
        ("missing", "leads.id"),
        ("unknown-column", "leads.compny_name"),
        ("type", "leads.email"),
        ("type", "leads.company_id"),
        ("type", "company_sets.company_id"),
    ]
    check_grammar(raised.value)


def test_a_column_that_cannot_be_fetched_is_told() -> None:
    """What an engine has no type of Arrow for would be lost, and so is a problem."""

    class Losing(Workshop):
        def as_arrow(self, native: Any, columns: Sequence[str]) -> Any:
            return native.select([one for one in columns if one != "span"])

    table = pa.table({"id": [1], "span": [2]})
    _, problems = taken("leads", _Columns(table), Losing("pyspark", None))
    assert [(one.code, one.path) for one in problems] == [("type", "leads.span")]


class _Columns:
    """A table whose columns are names, as those of PySpark."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.columns = table.column_names

    def select(self, names: list[str]) -> pa.Table:
        return self.table.select(names)


def test_problems_of_both_are_told_together() -> None:
    """Columns that stand there twice, and others that are absent, are one error."""
    connection = duckdb.connect()
    with pytest.raises(InvalidDataError) as raised:
        frames.assign(
            leads=connection.sql("SELECT 1 AS email"),
            companies=connection.sql("SELECT 'a' AS id, true AS region"),
        )
    assert [one.path for one in raised.value.problems] == [
        *("companies.region", "leads.id", "leads.email")
    ]


def test_a_policy_is_asked_for() -> None:
    """Anything else is named."""
    other: Any = {"order": []}
    with pytest.raises(InvalidDataError, match="policy: must be an IdentityPolicy"):
        frames.assign(**given_as("Polars"), policy=other)


def test_persons_whose_company_can_have_no_id_are_problems() -> None:
    """A person is not put into a company that is somebody else's."""
    companies = {**FIRMS, "id": ["a", "person:8"]}
    with pytest.raises(InvalidDataError, match="which is taken"):
        frames.assign(**given_as("Polars", companies=companies))


def test_ibis_gives_back_its_own() -> None:
    """Tables come back where they came from, also without sets."""
    given = given_as("Ibis on DuckDB")
    found = frames.assign(leads=given["leads"], companies=given["companies"])
    assert isinstance(found.leads, ibis.Table)
    assert found.company_sets is None
