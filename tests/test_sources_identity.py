"""Identity in a mapping: leads that were read have their companies, in rows as in tables."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import tomlkit
from attrs import fields
from hypothesis import HealthCheck, given, settings

import mpfunnel as mf
from mpfunnel import frames, sources
from mpfunnel.errors import DecodeError
from mpfunnel.identity import IdentityPolicy
from tests.cli import csv_rows, run
from tests.frames import KINDS
from tests.policies import randoms
from tests.reading import problems_of, rows_of, write

EVIDENCE = ("link", "corporate_number", "domain", "name_region")
DAY = date(2026, 10, 31)
ENGINE = mf.Engine(mf.starter(["crm", "ma"]))
MAPPING: Final[dict[str, Any]] = {
    "files": {"companies": "companies.csv", "contacts": "contacts.csv", "touches": "touches.csv"},
    "defaults": {"zone": "Asia/Tokyo"},
    "companies": {
        "file": "companies",
        "fields": {
            "id": "id",
            "name": "name",
            "domains": {"column": "website", "split": ";"},
            "corporate_number": "number",
            "region": "region",
            "employees": "employees",
        },
    },
    "leads": {
        "file": "contacts",
        "fields": {
            "id": "id",
            "company_id": "company",
            "email": "mail",
            "title": "title",
            "company_name": "company name",
            "corporate_number": "number",
            "region": "region",
        },
    },
    "activities": {
        "file": "touches",
        "fields": {
            "id": "id",
            "lead_id": "who",
            "kind": "kind",
            "at": "at",
            "product_ids": {"column": "product"},
        },
    },
    "identity": {"own_domains": ["example.jp"]},
}
COMPANIES: Final = """\
id,name,website,number,region,employees
C1,株式会社凪峰製作所,https://www.example.co.jp/;example1.co.jp,,東京都,2400
C2,椿沢精機株式会社,example2.co.jp,,大阪府,120
C3,汐浜市,example.lg.jp,,神奈川県,900
C4,雲坂物産,example3.co.jp,,福岡県,
C5,雲坂物産（株）,example3.co.jp,,北海道,
"""
CONTACTS: Final = """\
id,company,mail,title,company name,number,region
1,,a@sales.example.co.jp,部長,凪峰製作所,,
2,,b@gmail.com,,,,
3,,c@example.lg.jp,,,,
4,,d@example.ac.jp,大学院生,,,
5,C2,e@example.co.jp,,,,
6,,f@example3.co.jp,,,,
7,,g@docomo.ne.jp,,㈱椿沢精機,,大阪
8,,h@gmail.com,,坂上工務店,,大阪
9,,i@example.jp,,,,
10,C9,j@example2.co.jp,,,,
"""
TOUCHES: Final = """\
id,who,kind,at,product
1,1,demo_request,2026-10-20 10:00,crm
2,2,demo_request,2026-10-20 10:00,crm
3,4,demo_request,2026-10-20 10:00,crm
4,5,page_view,2026-10-20 10:00,crm
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export of companies and of contacts, of whom few name a company."""
    for name, text in (("companies", COMPANIES), ("contacts", CONTACTS), ("touches", TOUCHES)):
        write(tmp_path, f"{name}.csv", text)
    return tmp_path


MATCHED: Final = {
    "1": ("matched", "C1", "domain"),
    "2": ("individual", "person:2", None),
    "3": ("matched", "C3", "domain"),
    "4": ("student", "person:4", None),
    "5": ("matched", "C2", "link"),
    "6": ("ambiguous", None, "domain"),
    "7": ("matched", "C2", "name_region"),
    "8": ("unmatched", None, None),
    "9": ("own", None, None),
    "10": ("unknown_company", "C9", "link"),
}


class TestAnExport:
    """An export of contacts with mail addresses and hardly any company."""

    def test_every_lead_has_its_company(self, export: Path) -> None:
        """Each lead has one match, in order, and the company that it says; persons have their own.

        Law 7: Nothing is lost: as many matches as leads, and what was read is counted as before.
        """
        records = sources.read(MAPPING, export)
        found = {one.lead_id: (one.status, one.company_id, one.evidence) for one in records.matches}
        assert found == MATCHED
        assert [one.lead_id for one in records.matches] == [one.id for one in records.leads]
        assert [one.company_id for one in records.leads] == [m[1] for m in MATCHED.values()]
        assert [one.id for one in records.companies] == [
            *(f"C{n}" for n in range(1, 6)),
            "person:2",
            "person:4",
        ]
        assert records.companies[5:] == (
            mf.Company("person:2", attributes={"individual": True}),
            mf.Company("person:4", attributes={"student": True}),
        )
        assert records.companies[2].attributes == {"public_body": True}
        plain = sources.read({k: v for k, v in MAPPING.items() if k != "identity"}, export)
        assert records.counts == plain.counts
        assert records.rejects == plain.rejects
        assert plain.matches == ()
        assert [one.company_id for one in plain.leads if one.company_id] == ["C2", "C9"]

    def test_the_answers_tell_people_apart(self, export: Path) -> None:
        """Segments, Tiers and stages by the company that was found: who has free mail comes out as
        an individual, who studies as a student, and the city as a public body; nobody is dropped.
        """
        records = sources.read(MAPPING, export)
        answers = [ENGINE.assess(account, as_of=DAY) for account in records.accounts()]
        segments = {one.company_id: one.segment.value.key for one in answers}
        assert segments == {
            "C1": "enterprise",
            "C2": "small",
            "C3": "public_body",
            "C4": "micro",
            "C5": "micro",
            "person:2": "individual",
            "person:4": "student",
            None: "unmatched",
        }
        stages = {
            lead_id: lead.stage.value.key for one in answers for lead_id, lead in one.leads.items()
        }
        assert stages == {
            **dict.fromkeys(MATCHED, "known"),
            "1": "mql",
            "2": "mql",
            "4": "disqualified",
            "5": "inquiry",
        }
        tiers = {one.company_id: one.tiers["crm"].value.key for one in answers if one.tiers}
        assert (tiers["C1"], tiers["person:2"]) == ("tier_1", "tier_4")


class TestSection:
    """What `[identity]` may say."""

    def test_it_is_the_policy_as_data(self) -> None:
        """Every part of the policy may be said; what is not said is as ever."""
        said = {
            "order": ["domain", "link"],
            "own_domains": ["Example.jp"],
            "vendor_domains": ["example1.jp"],
            "subdomains": "apart",
            "apart_under": ["example2.jp"],
            "personal_domains": ["example3.jp"],
            "business_domains": ["example4.jp"],
            "public_domains": ["example5.jp"],
            "education_domains": ["example6.jp"],
            "individuals": "unmatched",
            "student_words": ["受講生"],
            "namesakes": "by_region",
        }
        mapping = sources.load({**MAPPING, "identity": said})
        assert mapping.identity == IdentityPolicy(**said)  # type: ignore[arg-type]
        assert {one.name for one in fields(IdentityPolicy)} == set(said)
        assert sources.load(mapping.to_data()) == mapping
        assert sources.load({**MAPPING, "identity": {}}).identity == IdentityPolicy()
        without = {key: value for key, value in MAPPING.items() if key != "identity"}
        assert sources.load(without).identity is None
        assert sources.load(without) != sources.load({**without, "identity": {}})

    def test_all_faults_come_at_once(self) -> None:
        """What is wrong with the policy, and with what it needs, is told with its place."""
        said = {
            "own_domain": [],
            "order": ["link", "phone"],
            "own_domains": "example.jp",
            "vendor_domains": ["co.jp"],
            "subdomains": 3,
        }
        files = {"files": {"companies": "c.csv"}, "companies": MAPPING["companies"]}
        assert problems_of({**files, "identity": said}) == [
            "identity.own_domain: no such key; did you mean 'own_domains'?",
            "identity: needs leads, whose companies it tells",
            f"identity.order[1]: must be one of {', '.join(EVIDENCE)}, not 'phone'",
            "identity.own_domains: must be a list, not str 'example.jp'",
            "identity.vendor_domains: 'co.jp' is no domain; write one as 'example.co.jp'",
            "identity.subdomains: must be 'joined' or 'apart', not 3",
        ]
        assert problems_of({**MAPPING, "identity": "on"}) == ["identity: must be a table"]

    def test_people_need_ids_among_those_of_companies(self) -> None:
        """Whether they can have any is known before the first row, and so is what is set."""
        number = {"column": "id", "type": "int"}
        link = {"column": "company", "type": "int"}
        companies = {**MAPPING["companies"], "fields": {"id": number}}
        read: dict[str, Any] = {"id": "id", "email": "mail", "company_id": link}
        leads = {"file": "contacts", "fields": read}
        files = {name: MAPPING[name] for name in ("files", "identity")}
        mapping = {**files, "companies": companies, "leads": leads}
        (problem,) = problems_of(mapping)
        assert problem.startswith("identity.individuals: must be 'unmatched', or ids of companies")
        assert problems_of({**mapping, "identity": {"individuals": "unmatched"}}) == []
        read["id"] = number
        assert problems_of(mapping) == []
        companies["attributes"] = {
            "public_body": {"column": "public", "type": "text"},
            "student": {"column": "school", "type": "bool", "true": ["1"], "false": ["0"]},
        }
        assert problems_of(mapping) == [
            "companies.attributes.public_body.type: must be bool, as identity sets it, not text"
        ]

    def test_people_without_a_free_id_are_told(self, tmp_path: Path) -> None:
        """An id that a company has, or that no integer can be made of, is told with its mapping."""
        write(tmp_path, "companies.csv", "id\n-7\n")
        write(tmp_path, "contacts.csv", "id,mail\n7,a@gmail.com\n0,b@gmail.com\n")
        number = {"column": "id", "type": "int"}
        mapping = {
            "files": {"companies": "companies.csv", "contacts": "contacts.csv"},
            "companies": {"file": "companies", "fields": {"id": number}},
            "leads": {"file": "contacts", "fields": {"id": number, "email": "mail"}},
            "identity": {},
        }
        for read in (sources.read, sources.read_tables):
            with pytest.raises(DecodeError) as raised:
                read(mapping, tmp_path)
            assert [(one.code, one.path) for one in raised.value.problems] == [
                ("conflict", "leads[7].id"),
                ("id", "leads[0].id"),
            ]


# -- rows and tables --

CELLS: Final[dict[str, list[str]]] = {
    "website": [
        "example.co.jp",
        "https://www.example.co.jp/ir",
        "sales.example.co.jp",
        "example1.co.jp;EXAMPLE2.CO.JP",
        "example.lg.jp",
        "gmail.com",
        "no domain",
    ],
    "number": ["1180301018771", "7010001999999", "1234567890123"],
    "written number": ["1180301018771", "T1-1803-0101-8771", "７０１０-００１９９９９９９", "12"],
    "name": [
        "株式会社凪峰",
        "凪峰（株）",
        "椿沢精機",
        "汐浜市役所",
        "凪峰 大阪支店",
        "凪峰_代理店",
    ],
    "region": ["東京都", "東京", "大阪府", " 大阪 "],
    "mail": [
        "a@example.co.jp",
        "a@sales.example.co.jp",
        "info@example1.co.jp",
        "a@example.lg.jp",
        "a@gmail.com",
        "a@docomo.ne.jp",
        "a@st.example.ac.jp",
        "a@example.jp",
        "nobody",
    ],
    "title": ["部長", "大学院生", "学生支援課"],
    "public": ["1", "0"],
}
"""Cells that meet each other, in companies as in leads; any may be blank."""


def drawn_files(random: Random, *, integers: bool) -> dict[str, str]:
    """Companies and contacts whose cells meet; some ids stand there twice."""

    def some(name: str) -> str:
        return "" if random.randrange(3) == 0 else random.choice(CELLS[name])

    def company_id() -> str:
        return str(random.randrange(1, 6)) if integers else f"c{random.randrange(1, 6)}"

    companies = [
        [company_id(), *map(some, ("name", "website", "number", "region", "public"))]
        for _ in range(random.randrange(7))
    ]
    contacts = [
        [
            str(random.randrange(1, 9)),
            company_id() if random.randrange(5) == 0 else "",
            some("mail"),
            some("title") if random.randrange(4) == 0 else "",
            *map(some, ("name", "written number", "region")),
        ]
        for _ in range(random.randrange(9))
    ]
    headers = {
        "companies": ["id", "name", "website", "number", "region", "public"],
        "contacts": ["id", "company", "mail", "title", "company name", "number", "region"],
    }
    files: dict[str, str] = {}
    for name, rows in (("companies", companies), ("contacts", contacts)):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([headers[name], *rows])
        files[name] = out.getvalue()
    return files


def drawn_mapping(random: Random, *, integers: bool) -> dict[str, Any]:
    """A mapping of them, with some policy, with sets of companies or without."""
    number = {"type": "int"} if integers else {}
    companies: dict[str, Any] = {
        "id": {"column": "id", **number},
        "name": "name",
        "corporate_number": "number",
        "region": "region",
    }
    if random.randrange(4):
        companies["domains"] = {"column": "website", "split": ";"}
    leads = {
        "id": {"column": "id", **number},
        "company_id": {"column": "company", **number},
        "email": "mail",
        "title": "title",
        "company_name": "company name",
        "corporate_number": "number",
        "region": "region",
    }
    order = random.sample(EVIDENCE, random.randrange(5))
    policies: list[dict[str, Any]] = [
        {},
        {"own_domains": ["example.jp"], "vendor_domains": ["example1.co.jp"]},
        {"subdomains": "apart", "individuals": "unmatched"},
        {"order": order, "personal_domains": ["example.co.jp"], "student_words": ["部長"]},
    ]
    mapping: dict[str, Any] = {
        "files": {"companies": "companies.csv", "contacts": "contacts.csv"},
        "companies": {"file": "companies", "fields": companies},
        "leads": {"file": "contacts", "fields": leads},
        "identity": random.choice(policies),
    }
    if random.randrange(2):
        flag = {"column": "public", "type": "bool", "true": ["1"], "false": ["0"]}
        mapping["companies"]["attributes"] = {"public_body": flag}
    return mapping


MARKS: Final = ("public_body", "individual", "student")


def assert_same(
    records: sources.Records, tables: sources.MappedTables, *, ordered: bool = True
) -> None:
    """Tables hold the same leads and companies, and the same was found of each lead."""
    others = [(one.lead_id, named, True) for one in records.matches for named in one.candidates]
    others += [
        (one.lead_id, named, False)
        for one in records.matches
        for _evidence, ids in one.disagreeing
        for named in ids
        if named not in one.candidates
    ]
    candidates = rows_of(tables.match_candidates)
    names = ("lead_id", "company_id", "candidate")
    assert {tuple(one[name] for name in names) for one in candidates} == {*others}
    told = ("lead_id", "status", "company_id", "evidence", "certainty")

    def compared(native: Any, columns: tuple[str, ...], wanted: list[list[Any]]) -> None:
        found = [[one[column] for column in columns] for one in rows_of(native)]
        if not ordered:
            found.sort(key=str)
            wanted.sort(key=str)
        assert found == wanted

    compared(
        tables["leads"],
        ("id", "company_id", "email", "company_name"),
        [[one.id, one.company_id, one.email, one.company_name] for one in records.leads],
    )
    compared(
        tables["companies"],
        ("id", "name", *MARKS),
        [[one.id, one.name, *map(one.attributes.get, MARKS)] for one in records.companies],
    )
    compared(
        tables.matches,
        (*told, "mail_class", "role"),
        [
            [*(getattr(one, part) for part in told), one.mail.mail_class, one.mail.role]
            for one in records.matches
        ],
    )


def assert_drawn_files_same(folder: Path, random: Random) -> None:
    """Files that are drawn give the same as tables and as records."""
    integers = random.random() < 0.5
    mapping = drawn_mapping(random, integers=integers)
    for name, text in drawn_files(random, integers=integers).items():
        write(folder, f"{name}.csv", text)
    records = sources.read(mapping, folder)
    assert len(records.matches) == len(records.leads)
    assert_same(records, sources.read_tables(mapping, folder))


class TestSameAsRows:
    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(randoms())
    def test_files_are_matched_in_tables_as_in_records(
        self, tmp_path: Path, random: Random
    ) -> None:
        """Law 1: Engines agree: the same companies, the same leads, for the same reasons."""
        assert_drawn_files_same(tmp_path, random)

    @pytest.mark.bulk
    def test_many_files_are_matched_in_tables_as_in_records(self, tmp_path: Path) -> None:
        """Law 1: Engines agree: so they do of many drawn files."""
        for number in range(150):
            assert_drawn_files_same(tmp_path, Random(f"matched {number}"))

    @pytest.mark.parametrize(
        "kind",
        [
            pytest.param(kind, marks=[pytest.mark.bulk] if kind.endswith("DuckDB") else [])
            for kind in KINDS
        ],
    )
    def test_every_kind_of_table_says_the_same(self, export: Path, kind: str) -> None:
        """What comes back is of the kind that was given, and answers as the records do."""
        records = sources.read(MAPPING, export)
        given = {
            name: pa.Table.from_pandas(pd.read_csv(export / path, dtype=str))
            for name, path in MAPPING["files"].items()
        }
        tables = sources.tables(MAPPING, KINDS[kind](given))
        assert_same(records, tables, ordered="DuckDB" not in kind)
        assert type(tables.matches) is type(tables["leads"])
        out = frames.assess(ENGINE, **tables, as_of=DAY)
        segments = {one["company_id"]: one["segment"] for one in rows_of(out.companies)}
        answers = [ENGINE.assess(account, as_of=DAY) for account in records.accounts()]
        assert segments == {
            one.company_id: one.segment.value.key for one in answers if one.company_id
        }
        stages = {one["lead_id"]: one["stage"] for one in rows_of(out.leads)}
        assert stages == {
            lead_id: lead.stage.value.key for one in answers for lead_id, lead in one.leads.items()
        }

    def test_without_a_policy_nothing_is_matched(self, export: Path) -> None:
        """Tables of a mapping without `[identity]` are as ever, and tell of no matches."""
        mapping = {key: value for key, value in MAPPING.items() if key != "identity"}
        tables = sources.read_tables(mapping, export)
        assert (tables.matches, tables.match_candidates) == (None, None)
        assert not set(MARKS) & set(tables["companies"].columns)


# -- the command line --


@pytest.fixture
def asked(export: Path) -> list[object]:
    """What the command line is asked."""
    (export / "mapping.toml").write_text(tomlkit.dumps(MAPPING), encoding="utf-8")
    mf.dump(mf.starter(["crm", "ma"]), export / "playbook.toml")
    options = {"--playbook": "playbook.toml", "--source": "mapping.toml"}
    paths = [part for name, path in options.items() for part in (name, export / path)]
    return ["assess", export, *paths, "--as-of", DAY]


class TestCommandLine:
    def test_it_tells_by_what_leads_were_matched(
        self, asked: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line has every lead once: by evidence those that are matched, by status the others;
        and the tables of matches are written beside the answers, with what was found.
        """
        ran = run(capsys, *asked, "--out", tmp_path / "out")
        assert ran.code == 0, ran.err
        (line,) = [one for one in ran.out.splitlines() if one.startswith("leads matched by")]
        assert line == (
            "leads matched by: link 1, corporate number 0, domain 2, name and region 1, "
            "ambiguous 1, individuals 1, students 1, own firm 1, "
            "linked to an unknown company 1, unmatched 1"
        )
        assert sum(map(int, re.findall(r"\d+", line))) == len(MATCHED)
        found = {
            one["lead_id"]: (one["status"], one["company_id"] or None, one["evidence"] or None)
            for one in csv_rows(tmp_path / "out", "matches")
        }
        assert found == MATCHED
        candidates = csv_rows(tmp_path / "out", "match_candidates")
        assert [(one["lead_id"], one["company_id"]) for one in candidates if one["candidate"]] == [
            ("5", "C1"),
            ("6", "C4"),
            ("6", "C5"),
            ("10", "C2"),
        ]
        ran = run(capsys, *asked, "--lang", "ja", "--out", tmp_path / "out")
        assert "リードの紐付け: 既存の紐付け 1, 法人番号 0, ドメイン 2, 社名と地域 1" in ran.out

    def test_a_database_keeps_them_too(
        self, asked: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Matches are upserted by their lead; a second run leaves each once."""
        path = tmp_path / "out.duckdb"
        for _run in range(2):
            assert run(capsys, *asked, "--out", path).code == 0
        with duckdb.connect(path, read_only=True) as connection:
            query = "SELECT lead_id, status, company_id, evidence FROM mpfunnel_matches"
            found = {lead_id: tuple(rest) for lead_id, *rest in connection.sql(query).fetchall()}
            assert found == MATCHED
            query = "SELECT count(*) FROM mpfunnel_match_candidates"
            assert connection.sql(query).fetchall() == [(4,)]
