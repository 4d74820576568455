"""Worked cases in files: short forms, round trips of whole accounts, and every fault at once."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.codec.accounts import SERIES
from mpfunnel.facts import company, lead
from mpfunnel.rules.tables import Rule
from tests.leads import book_of, draw_account, draw_as_of, engine_of
from tests.malformed import DATA, TOML, refused

DAY: Final = date(2026, 10, 31)

STARTER: Final = mf.starter(["crm", "sfa"], lang="ja")
SHORT: Final = """
[[cases]]
name = "採用ページだけを見た大手製造業"
as_of = 2026-10-31

[cases.given]
company = { employees = 2_400, industry = "製造業", lists = ["target"] }
leads = [{ title = "部長" }]
activities = [
    { kind = "demo_request", at = 2026-10-30, product_ids = ["crm"] },
    { kind = "page_view", at = 2026-10-29T09:00:00+09:00 },
    { kind = "page_view", at = "2026-10-29T00:00:00Z" },
]
deals = [{ opened_at = 2026-10-01, lines = ["sfa", { product_id = "crm", quantity = 3 }] }]
contracts = [{ product_id = "crm", start = 2023-04-01 }]
sales_events = [{ kind = "accepted", at = 2026-10-30 }]
overrides = [
    { what = "tier", product_id = "sfa", value = 2, by = "佐藤", reason = "年度計画", since = 2026-04-01 },
    { what = "engagement", product_id = "crm", value = "high_interest", by = "佐藤", reason = "面談", since = 2026-10-01, until = 2026-12-31 },
]

[cases.expect]
segment = "enterprise"
tiers = { crm = 1, sfa = { value = 2, rule = "by-hand" } }
white_space = { crm = "owned", sfa = { value = "in_pipeline", missing = [] } }
stage = "inquiry"
engagement = { crm = { possible = ["high_interest", "none"], missing = ["employees"] } }
"""


def with_cases(text: str) -> Callable[[Path], object]:
    """Loading the starter with cases."""

    def make(folder: Path) -> object:
        (folder / "book.toml").write_text(f"{TOML}\n{text}", encoding="utf-8")
        return load(folder / "book.toml")

    return make


class TestShortForms:
    def test_what_follows_from_the_rest_need_not_be_said(self, tmp_path: Path) -> None:
        """Ids are numbered from 1; whose a record is follows where there is only one to be."""
        book: Any = with_cases(SHORT)(tmp_path)
        (case,) = book.cases
        at = datetime(2026, 10, 29, tzinfo=UTC)
        assert case.given == mf.Account(
            mf.Company(1, employees=2_400, industry="製造業", lists=["target"]),
            leads=[mf.Lead(1, 1, title="部長")],
            activities=[
                # A day stands for its beginning in the playbook's zone.
                mf.Activity(1, 1, "demo_request", datetime(2026, 10, 29, 15, tzinfo=UTC), ["crm"]),
                mf.Activity(2, 1, "page_view", at),
                mf.Activity(3, 1, "page_view", at),
            ],
            deals=[
                mf.Deal(1, 1, datetime(2026, 9, 30, 15, tzinfo=UTC),
                        [mf.DealLine("sfa"), mf.DealLine("crm", 3)])
            ],
            contracts=[mf.Contract(1, "crm", date(2023, 4, 1))],
            sales_events=[mf.SalesEvent(1, "accepted", datetime(2026, 10, 29, 15, tzinfo=UTC))],
            overrides=[
                mf.Override("tier", mf.Tier(2), "佐藤", "年度計画", date(2026, 4, 1), None, 1,
                            product_id="sfa"),
                mf.Override("engagement", "high_interest", "佐藤", "面談", date(2026, 10, 1),
                            date(2026, 12, 31), lead_id=1, product_id="crm"),
            ],
        )  # fmt: skip
        assert case.expect == (
            mf.Expectation("segment", "enterprise"),
            mf.Expectation("tier", mf.Tier(1), product_id="crm"),
            mf.Expectation("tier", mf.Tier(2), rule="by-hand", product_id="sfa"),
            mf.Expectation("white_space", "owned", product_id="crm"),
            mf.Expectation("white_space", "in_pipeline", missing=[], product_id="sfa"),
            mf.Expectation("stage", "inquiry", lead_id=1),
            mf.Expectation(
                "engagement",
                possible=["none", "high_interest"],
                missing=["employees"],
                lead_id=1,
                product_id="crm",
            ),
        )

    def test_what_is_written_is_as_short(self, tmp_path: Path) -> None:
        """Law 8: Round trip. The short form comes back as it was, but for how instants look."""
        book: Any = with_cases(SHORT)(tmp_path)
        text = dump(book)
        written = text[text.index("[[cases]]") :].splitlines()
        for line in (
            'company = {industry = "製造業", employees = 2400, lists = ["target"]}',
            'leads = [{title = "部長"}]',
            '    {kind = "demo_request", at = 2026-10-30, product_ids = ["crm"]},',
            '    {kind = "page_view", at = 2026-10-29T09:00:00+09:00},',
            'contracts = [{product_id = "crm", start = 2023-04-01}]',
            'tiers = {crm = 1, sfa = {value = 2, rule = "by-hand"}}',
            'white_space = {crm = "owned", sfa = {value = "in_pipeline", missing = []}}',
            'stage = "inquiry"',
        ):
            assert line in written
        assert written.count("[[cases]]") == 1
        (tmp_path / "again.toml").write_text(text, encoding="utf-8")
        assert load(tmp_path / "again.toml").cases == book.cases

    def test_of_several_leads_each_is_named(self) -> None:
        """Where there is more than one lead, answers about them stand under its id."""
        given = {
            "leads": [{"id": "a"}, {"id": "b"}],
            "activities": [{"lead_id": "a", "kind": "page_view", "at": "2026-10-30"}],
        }
        expect = {"leads": [{"id": "b", "stage": "known", "engagement": {"crm": "none"}}]}
        data = {**DATA, "cases": [{"name": "two", "as_of": DAY, "given": given, "expect": expect}]}
        book = from_data(data)
        assert [one.lead_id for one in book.cases[0].expect] == ["b", "b"]
        assert to_data(book)["cases"][0]["expect"] == expect

    def test_a_case_may_be_about_nobody_known(self) -> None:
        """Without any record, a company of which nothing is known is no company."""
        data = {
            **DATA,
            "cases": [{"name": "x", "as_of": "2026-10-31", "expect": {"segment": "unmatched"}}],
        }
        book = from_data(data)
        assert book.cases[0].given == mf.Account()
        assert to_data(book)["cases"] == [
            {"name": "x", "as_of": DAY, "expect": {"segment": "unmatched"}}
        ]

    def test_products_may_have_integer_ids(self) -> None:
        """The key of a table is text; the id that it means is an integer."""
        book = mf.starter([1001])
        case = {
            "name": "x",
            "as_of": DAY,
            "given": {"company": {"id": "c"}},
            "expect": {"tiers": {"1001": {"possible": [1, 2, 3, 4]}}},
        }
        again = from_data({**to_data(book), "cases": [case]})
        assert again.cases[0].expect[0].product_id == 1001
        assert to_data(again)["cases"] == [case]


class TestAttributes:
    RULES = (
        Rule(mf.Tier(1), company.attribute("plants", int) > 2, key="a"),
        Rule(mf.Tier(1), company.attribute("since", date) > DAY, key="b"),
        Rule(mf.Tier(1), company.attribute("share", float) > 0.5, key="c"),
        Rule(mf.Tier(1), company.attribute("brands", frozenset).contains_any("x"), key="d"),
        Rule(mf.Tier(1), company.attribute("budget", Decimal) > 2, key="e"),
        Rule(mf.Tier(1), company.flag("changes"), key="f"),
    )
    BOOK = evolve(STARTER, tiers=mf.TierTable(RULES, mf.Tier(3)))
    HELD: Final[dict[str, Any]] = {
        "plants": 3,
        "since": DAY,
        "share": 0.25,
        "brands": {"y", "x"},
        "budget": Decimal("2.50"),
        "changes": True,
        "unasked": "text",
        "day": DAY,
    }

    def account(self) -> mf.Account:
        """A company with every type of attribute, and what becomes of two of them."""
        one = mf.Company(1, attributes=self.HELD, growth_rate=0.1)
        changes = [
            mf.CompanyChange(date(2026, 4, 1), "plants", None),
            mf.CompanyChange(date(2026, 4, 1), "share", 0.75),
            mf.CompanyChange(date(2026, 5, 1), "growth_rate", 0.5),
            mf.CompanyChange(date(2026, 5, 1), "lists", frozenset({"x", "y"})),
            mf.CompanyChange(date(2026, 6, 1), "employees", 300),
        ]
        return mf.Account(mf.CompanyHistory(one, changes), leads=[mf.Lead(1, attributes={"a": 1})])

    @pytest.mark.parametrize("ending", ["toml", "json"])
    def test_they_stand_beside_the_fields_where_rules_ask_about_them(
        self, ending: str, tmp_path: Path
    ) -> None:
        """Law 8: Round trip. Of every type, also where they change over time."""
        account = self.account()
        if ending == "json":
            # JSON has no dates: what nobody declares stays the text that it is.
            first = account.company
            assert isinstance(first, mf.CompanyHistory)
            held = {**self.HELD, "day": "2026-10-31"}
            one = evolve(first, company=evolve(first.company, attributes=held))
            account = evolve(account, company=one)
        case = mf.WorkedCase(
            "types", account, [mf.Expectation("tier", mf.Tier(1), product_id="crm")], as_of=DAY
        )
        book = evolve(self.BOOK, cases=[case])
        path = tmp_path / f"book.{ending}"
        dump(book, path)
        assert load(path).cases == book.cases
        given = to_data(book)["cases"][0]["given"]["company"] if ending == "toml" else {}
        if given:
            assert given["attributes"] == {"changes": True, "day": DAY, "unasked": "text"}
            assert (given["plants"], given["share"]) == (3, Decimal("0.25"))
            assert given["changes"][0] == {"since": date(2026, 4, 1), "fact": "plants"}

    def test_an_undeclared_one_is_named_with_a_hint(self) -> None:
        """A typo is no attribute; what only a policy in Python reads stands under attributes."""
        given = {"company": {"plnats": 3, "zzz": 1, "attributes": {"zzz": 1}}}
        case = {"name": "x", "as_of": DAY, "given": given, "expect": {"segment": "micro"}}
        with pytest.raises(mf.DecodeError) as caught:
            from_data({**to_data(self.BOOK), "cases": [case]})
        assert [str(one) for one in caught.value.problems] == [
            "cases[0].given.company.plnats: no such key; did you mean 'plants'?",
            "cases[0].given.company.zzz: no such key; write a custom attribute that no rule asks about under attributes",
        ]

    def test_an_attribute_of_a_lead_is_read_by_its_type(self) -> None:
        """A day in JSON is the text that the type tells apart."""
        funnel = STARTER.funnel
        rule = Rule(funnel.ladder[1], lead.attribute("met", date) >= DAY, key="met")
        rules = evolve(funnel.rules, rules=(rule, *funnel.rules.rules))
        book = evolve(STARTER, funnel=evolve(funnel, rules=rules))
        case = {
            "name": "x",
            "as_of": DAY,
            "given": {"leads": [{"met": "2026-10-31"}]},
            "expect": {"stage": {"value": "inquiry", "rule": "met"}},
        }
        again = from_data({**to_data(book), "cases": [case]})
        assert again.cases[0].given.leads[0].attributes == {"met": DAY}
        assert [one.holds for one in mf.Engine(again).check_cases()] == [True]

    def test_what_no_file_can_hold_is_refused(self) -> None:
        """JSON writes a day that nobody declares as text, which would come back as text."""
        given = mf.Account(mf.Company(1, attributes={"day": DAY}))
        case = mf.WorkedCase("x", given, [mf.Expectation("segment", "micro")], as_of=DAY)
        book = evolve(STARTER, cases=[case])
        assert "day = 2026-10-31" in dump(book)
        assert refused(dump, book, "x.json") == [
            "custom | cases: hold what no file can hold; declare custom attributes by asking about them in a rule"
        ]


@pytest.mark.parametrize(("ending", "number"), [("toml", 0), ("json", 7)])
def test_whole_accounts_survive_a_file(ending: str, number: int, tmp_path: Path) -> None:
    """Law 8: Round trip. Cases of random accounts are equal afterwards, and still hold."""
    random = Random(8)
    book = book_of(number)
    cases: list[mf.WorkedCase] = []
    for count in range(8):
        as_of = draw_as_of(random)
        account = draw_account(random, book, as_of)
        answer = engine_of(number).assess(account, as_of=as_of)
        # Records that do not count show nothing.
        lost = {id(one.record) for one in answer.rejects}
        counting: dict[str, Any] = {
            name: [one for one in getattr(account, name) if id(one) not in lost] for name in SERIES
        }
        account = evolve(account, **counting)
        answer = engine_of(number).assess(account, as_of=as_of)
        expected = [_expected("segment", answer.segment)]
        expected += [_expected("tier", one, product_id=p) for p, one in answer.tiers.items()]
        expected += [
            _expected("white_space", one, product_id=p) for p, one in answer.white_space.items()
        ]
        for about in answer.leads.values():
            expected.append(_expected("stage", about.stage, lead_id=about.id))
            expected += [
                _expected("engagement", one, lead_id=about.id, product_id=p)
                for p, one in about.engagement.items()
            ]
        case = mf.WorkedCase(f"case {count}", account, expected, as_of=as_of)
        # What belonged to a lead that did not count does not count either.
        cases += [case] if not answer.rejects else []
    book = evolve(book, cases=cases)
    path = tmp_path / f"book.{ending}"
    dump(book, path)
    again = load(path)
    assert again.cases == book.cases
    assert dump(again) == dump(book)
    checks = mf.Engine(again).check_cases()
    assert [one for one in checks if not one.holds] == []
    assert len(checks) > 25


def _expected(question: Any, answer: Any, **about: Any) -> mf.Expectation:
    return mf.Expectation(
        question, answer.value, answer.possible, answer.missing, answer.rule, **about
    )


def test_old_instants_keep_their_second(tmp_path: Path) -> None:
    """Clocks once went by the sun, with offsets that no file can write."""
    old = datetime(1850, 1, 1, 3, 4, 5, 678901, tzinfo=UTC)
    account = mf.Account(leads=[mf.Lead(1, created_at=old)])
    case = mf.WorkedCase("old", account, [mf.Expectation("segment", "unmatched")], as_of=DAY)
    book = evolve(mf.starter(["crm"], zone="Europe/Paris"), cases=[case])
    dump(book, tmp_path / "book.toml")
    assert load(tmp_path / "book.toml").cases == book.cases


HEAD: Final = '[[cases]]\nname = "x"\nas_of = 2026-10-31\n'
FAULTY: Final[dict[str, tuple[str, list[str]]]] = {
    "no list": ("cases = 3\n", ["type | book.toml: cases: must be a list of tables"]),
    "no tables": ("cases = [3]\n", ["type | book.toml: cases[0]: must be a table"]),
    "too many": (f"cases = [{'{},' * 1_001}]\n", ["size | book.toml: cases: has more than 1,000 of them"]),
    "nothing": ("[[cases]]\n", [
        "missing | book.toml: cases[0]: has no name",
        "missing | book.toml: cases[0]: has no as_of",
        "missing | book.toml: cases[0]: has no expect",
    ]),
    "an unknown key": (HEAD + 'given = {}\nthen = 1\nexpect = { segment = "micro" }\n', [
        "unknown-key | book.toml: cases[0].then: no such key; known are name, as_of, given, expect",
    ]),
    "nothing expected": (HEAD + "expect = {}\n", ["empty | book.toml: cases[0].expect: expects nothing"]),
    "other types": (
        '[[cases]]\nname = 3\nas_of = "31.10.2026"\ngiven = []\nexpect = 1\n', [
            "type | book.toml: cases[0].name: must be text, not int",
            "type | book.toml: cases[0].as_of: must be a date, for example 2026-10-31, not '31.10.2026'",
            "type | book.toml: cases[0].given: must be a table",
            "type | book.toml: cases[0].expect: must be a table",
        ]),
    "an instant for a day": (
        HEAD.replace("2026-10-31", "2026-10-31T00:00:00Z") + 'expect = { segment = "micro" }\n', [
            "type | book.toml: cases[0].as_of: must be a date, for example 2026-10-31, not datetime.datetime(2026, 10, 31, 0, 0, tzinfo=datetime.timezo",
        ]),
    "unknown kinds of records": (HEAD + 'given = { lead = [{}] }\nexpect = { segment = "micro" }\n', [
        "unknown-key | book.toml: cases[0].given.lead: no such key; did you mean 'leads'?",
    ]),
    "records that are none": (
        HEAD + 'given = { company = 3, leads = 3, deals = [3] }\nexpect = { segment = "micro" }\n', [
            "type | book.toml: cases[0].given.company: must be a table",
            "type | book.toml: cases[0].given.leads: must be a list of tables",
            "type | book.toml: cases[0].given.deals[0]: must be a table",
        ]),
    "too many records": (
        HEAD + f'given = {{ leads = [{"{}," * 1_001}] }}\nexpect = {{ segment = "micro" }}\n',
        ["size | book.toml: cases[0].given.leads: has more than 1,000 of them"]),
    "faulty fields": (
        HEAD
        + """\
given.company = { employes = 3, employees = "300", growth_rate = "x", attributes = 3, changes = [{ fact = "region" }, { since = 2026-01-01, fact = "employees", value = "x" }] }
given.leads = [{ emial = "x", interests = 3, attributes = { a = {} } }]
given.activities = [{ kind = "", at = 2026-10-31T00:00:00 }, { kind = "x", at = "yesterday", lead_id = 1.5 }, {}]
given.contracts = [{ product_id = "crm", start = 3, company_id = 1 }]
given.deals = [{ opened_at = 2026-10-30, company_id = 1, lines = [[], { product = "crm" }], status = "won" }]
expect = { segment = "micro" }
""",
        [
            'missing | book.toml: cases[0].given.company.changes[0]: has no since',
            "unknown-key | book.toml: cases[0].given.company.employes: no such key; did you mean 'employees'?",
            'type | book.toml: cases[0].given.company.attributes: must be a table',
            "type | book.toml: cases[0].given.company.employees: must be an integer, not str '300'",
            "type | book.toml: cases[0].given.company.growth_rate: must be a number, not str 'x'",
            "unknown-key | book.toml: cases[0].given.leads[0].emial: no such key; did you mean 'email'?",
            'type | book.toml: cases[0].given.leads[0].attributes.a: must be a value or a list of texts, not a table',
            'type | book.toml: cases[0].given.leads[0].interests: must be a collection, not int 3',
            'type | book.toml: cases[0].given.activities[0].at: must be a date such as 2026-10-31, or an instant such as 2026-10-31T09:00:00+09:00, not 2026-10-31T00:00:00',
            'blank | book.toml: cases[0].given.activities[0].kind: must not be blank',
            "type | book.toml: cases[0].given.activities[1].at: must be a date such as 2026-10-31, or an instant such as 2026-10-31T09:00:00+09:00, not 'yesterday'",
            "type | book.toml: cases[0].given.activities[1].lead_id: must be a text or an integer id, not Decimal Decimal('1.5')",
            'missing | book.toml: cases[0].given.activities[2]: has no kind',
            'missing | book.toml: cases[0].given.activities[2]: has no at',
            'type | book.toml: cases[0].given.deals[0].lines[0].product_id: must be a text or an integer id, not list []',
            "unknown-key | book.toml: cases[0].given.deals[0].lines[1].product: no such key; did you mean 'product_id'?",
            'missing | book.toml: cases[0].given.deals[0].lines[1]: has no product_id',
            'missing | book.toml: cases[0].given.deals[0].closed_at: is needed for a won deal',
            'type | book.toml: cases[0].given.contracts[0].start: must be a date, for example 2026-10-31, not 3',
        ]),
    "faulty histories and overrides": (
        HEAD
        + """\
given.company = { plants = 3, changes = [{ since = 2026-01-01, fact = "employees", value = "x" }, { since = 2026-01-01, fact = "growth_rate", value = 0.5 }] }
given.overrides = [{ what = "teir", value = 3 }, { what = "tier", value = 12, by = "a", reason = "b", since = 2026-01-01, until = "x", product_id = "crm" }]
expect = { segment = "micro" }
""",
        [
            "unknown-key | book.toml: cases[0].given.company.plants: no such key; write a custom attribute that no rule asks about under attributes",
            "missing | book.toml: cases[0].given.overrides[0]: has no by",
            "missing | book.toml: cases[0].given.overrides[0]: has no reason",
            "missing | book.toml: cases[0].given.overrides[0]: has no since",
            "type | book.toml: cases[0].given.overrides[1].until: must be a date, for example 2026-10-31, not 'x'",
            "type | book.toml: cases[0].given.overrides[1].value: must be text, not int 12",
        ]),
    "a history of what cannot be": (
        HEAD
        + """\
given.company = { changes = [{ since = 2026-01-01, fact = "employees", value = "x" }, { since = 2026-01-01, fact = "id", value = [3] }] }
expect = { segment = "micro" }
""",
        [
            "type | book.toml: cases[0].given.company.changes[0].company.employees: must be an integer, not str 'x'",
            "choice | book.toml: cases[0].given.company.changes[1].fact: 'id' does not change over time; name one attribute",
        ]),
    "faulty expectations": (
        HEAD
        + """\
given.company = {}
[cases.expect]
segments = "micro"
segment = 3
tiers = { crm = "1", sfa = { value = 12, possible = [], missing = "employees", rule = 3, until = 3 } }
white_space = { crm = 3, sfa = { possible = "owned" } }
stage = { possible = ["mql", ""] }
engagement = 3
leads = [{ stage = {} }, { id = 3 }]
""",
        [
            "unknown-key | book.toml: cases[0].expect.segments: no such key; did you mean 'segment'?",
            "type | book.toml: cases[0].expect.segment: must be the key of a segment, not 3",
            "range | book.toml: cases[0].expect.tiers.crm: must be an integer from 1 to 9, not '1'",
            "unknown-key | book.toml: cases[0].expect.tiers.sfa.until: no such key; known are value, possible, missing, rule",
            "range | book.toml: cases[0].expect.tiers.sfa.value: must be an integer from 1 to 9, not 12",
            "type | book.toml: cases[0].expect.tiers.sfa.possible: must be a list of what is possible",
            "type | book.toml: cases[0].expect.tiers.sfa.missing: must be a list of names of facts",
            "type | book.toml: cases[0].expect.tiers.sfa.rule: must be text, not int",
            "type | book.toml: cases[0].expect.white_space.crm: must be the key of a position, not 3",
            "type | book.toml: cases[0].expect.white_space.sfa.possible: must be a list of what is possible",
            "contradiction | book.toml: cases[0].expect.stage: is of one lead, and 0 are given; write it under leads",
            "type | book.toml: cases[0].expect.stage.possible[1]: must be the key of a stage, not ''",
            "type | book.toml: cases[0].expect.engagement: must be a table",
            "missing | book.toml: cases[0].expect.leads[0]: has no id",
            "empty | book.toml: cases[0].expect.leads[0].stage.value: expects nothing; give a value, possible, missing or rule",
            "empty | book.toml: cases[0].expect.leads[1]: expects nothing; give a stage or engagement",
        ]),
    "leads that are no list": (
        HEAD + 'given.leads = [{}]\nexpect.leads = [3]\n', [
            "type | book.toml: cases[0].expect.leads: must be a list of tables",
        ]),
    "names that are not there": (
        HEAD
        + """\
given.company = {}
given.leads = [{}, { id = "x" }]
given.activities = [{ lead_id = 1, kind = "page_view", at = 2026-10-30, product_ids = ["cmr"] }]
[cases.expect]
segment = "enterprize"
tiers = { crm = 7, sfo = 1 }
white_space = { crm = "untaped", sfo = "owned" }
leads = [{ id = "x", stage = "mqll", engagement = { crm = "high_interrest" } }]
""",
        [
            "unknown-product | book.toml: cases[0].given.activities[1]: no such product 'cmr'; did you mean 'crm'?",
            "unknown-level | book.toml: cases[0].expect.segment: no such segment 'enterprize'; did you mean 'enterprise'?",
            "unknown-level | book.toml: cases[0].expect.tiers.crm: no such tier 'tier_7'; did you mean 'tier_4'?",
            "unknown-product | book.toml: cases[0].expect.tiers.sfo: no such product 'sfo'; did you mean 'sfa'?",
            "unknown-level | book.toml: cases[0].expect.white_space.crm: no such position 'untaped'; did you mean 'untapped'?",
            "unknown-product | book.toml: cases[0].expect.white_space.sfo: no such product 'sfo'; did you mean 'sfa'?",
            "unknown-level | book.toml: cases[0].expect.leads['x'].stage: no such stage 'mqll'; did you mean 'mql'?",
            "unknown-level | book.toml: cases[0].expect.leads['x'].engagement.crm: no such state 'high_interrest'; did you mean 'high_interest'?",
        ]),
    "a lead that is not there": (
        HEAD + 'given.leads = [{}]\nexpect.leads = [{ id = 2, stage = "mql" }]\n', [
            "unknown-lead | book.toml: cases[0].expect.leads[2].stage: no such lead 2 is given",
        ]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [*FAULTY.values()], ids=[*FAULTY])
def test_a_faulty_case_is_refused_with_all_its_faults(
    text: str, said: list[str], tmp_path: Path
) -> None:
    """Each by its path, with what would have worked."""
    head, _, rest = TOML.partition("[products.crm]")
    whole = f"{head}{text}\n[products.crm]{rest}" if text.startswith("cases") else None
    if whole is not None:
        (tmp_path / "book.toml").write_text(whole, encoding="utf-8")
        assert refused(load, tmp_path / "book.toml") == said
    else:
        assert refused(with_cases(text), tmp_path) == said


def test_faults_of_cases_come_with_those_of_the_rules() -> None:
    """All at once, though nobody knows which attributes faulty rules ask about."""
    case = {"name": "x", "as_of": 1, "given": {"company": {"plants": 1}}, "expect": {}}
    attributes = {"company": {**DATA["attributes"]["company"], "plants": {"type": "int"}}}
    data = {**DATA, "segments": {}, "attributes": attributes, "cases": [case]}
    assert refused(from_data, data) == [
        "missing | segments: has no otherwise",
        "type | cases[0].as_of: must be a date, for example 2026-10-31, not 1",
    ]


def test_faults_of_cases_come_with_contradictions() -> None:
    """What contradicts itself does not hide a case without the documented form."""
    data = {**DATA, "zone": "Asia/Tokio", "cases": [3]}
    assert refused(from_data, data) == [
        "type | cases[0]: must be a table",
        "zone | zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?",
    ]


JSON_HEAD: Final = '{"name": "x", "as_of": "2026-10-31", '
HOSTILE: Final[dict[str, tuple[str, list[str]]]] = {
    "null": (f'{JSON_HEAD}"given": {{"company": {{"employees": null}}}}}}', [
        "type | book.json: cases[0].given.company.employees: must be text, a number, a bool, a date, a list or a table, not NoneType"]),
    "NaN": (f'{JSON_HEAD}"given": {{"company": {{"growth_rate": NaN}}}}}}', [
        "syntax | book.json: is not JSON: holds NaN, which is no number"]),
    "1e400": (f'{JSON_HEAD}"given": {{"company": {{"annual_revenue": 1e400}}}}, "expect": {{"segment": "micro"}}}}', [
        "range | book.json: cases[0].given.company.annual_revenue: must be below 92 quadrillion, so that its cents fit in 64 bits"]),
    "a number of 100 digits": (f'{JSON_HEAD}"given": {{"company": {{"employees": {"9" * 100}}}}}}}', [
        "range | book.json: cases[0].given.company.employees: must fit in 64 bits"]),
    "a key twice": (f'{JSON_HEAD}"name": "y"}}', [
        "syntax | book.json: is not JSON: the key 'name' stands there twice"]),
    "deep nesting": (f'{JSON_HEAD}"given": {"[" * 90}{"]" * 90}}}', [
        "depth | book.json: nests deeper than 80"]),
    "a nest in an attribute": (f'{JSON_HEAD}"given": {{"company": {{"attributes": {{"a": [[]]}}}}}}, "expect": {{"segment": "micro"}}}}', [
        "type | book.json: cases[0].given.company.attributes: 'a' must be text, a number, a bool, a date or a set of texts, not list [[]]"]),
    "half a character": (f'{JSON_HEAD}"given": {{"company": {{"name": "\\ud800"}}}}}}', [
        "encoding | book.json: cases[0].given.company.name: holds half of a surrogate pair, which is no character"]),
    "a look-alike key": (f'{JSON_HEAD}"given": {{"company": {{"\u0435mployees": 3}}}}, "expect": {{"segment": "micro"}}}}', [
        "unknown-key | book.json: cases[0].given.company.\u0435mployees: no such key; did you mean 'employees'?"]),
    "full-width digits": (f'{JSON_HEAD}"given": {{"leads": [{{"created_at": "２０２６-10-30"}}]}}, "expect": {{"stage": "known"}}}}', [
        "type | book.json: cases[0].given.leads[0].created_at: must be a date such as 2026-10-31, or an instant such as 2026-10-31T09:00:00+09:00, not '２０２６-10-30'"]),
    "an instant without zone": (f'{JSON_HEAD}"given": {{"leads": [{{"created_at": "2026-10-30T09:00:00"}}]}}, "expect": {{"stage": "known"}}}}', [
        "type | book.json: cases[0].given.leads[0].created_at: must be a date such as 2026-10-31, or an instant such as 2026-10-31T09:00:00+09:00, not '2026-10-30T09:00:00'"]),
    "a mail address": (f'{JSON_HEAD}"given": {{"leads": [{{"id": "taro@example.jp", "email": 3}}]}}, "expect": {{"stage": "known"}}}}', [
        "type | book.json: cases[0].given.leads[0].email: must be text, not int"]),
    "a true for an id": (f'{JSON_HEAD}"given": {{"leads": [{{"id": true}}]}}, "expect": {{"stage": "known"}}}}', [
        "type | book.json: cases[0].given.leads[0].id: must be a text or an integer id, not bool True"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [*HOSTILE.values()], ids=[*HOSTILE])
def test_a_hostile_case_is_refused(text: str, said: list[str], tmp_path: Path) -> None:
    """In JSON as in TOML: one type of error, a code, a path, and nothing that tells who it is."""
    whole = dump(STARTER, tmp_path / "book.json").rstrip()
    path = tmp_path / "book.json"
    path.write_text(f'{whole.removesuffix("}")}, "cases": [{text}]}}', encoding="utf-8")
    assert refused(load, path) == said
