"""Files and plain data that are no playbook: each fault is named, with its path."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel import facts
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.codec.conditions import Vocabulary, condition_data
from mpfunnel.errors import DecodeError, InvalidDataError, PlaybookError
from mpfunnel.facts import company
from mpfunnel.playbook import Playbook
from mpfunnel.records import Company
from mpfunnel.rules.conditions import Condition, IsIn
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision, Rule
from mpfunnel.rules.terms import term_for
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier, TierLimit, TierLimits, TierTable, decided

BOOK = starter(["crm", "sfa"])
KNOWN = "known are format, name, lang, zone, currency, tier_review_dates, attributes, products, segments, tiers, engagement, funnel, synergy, plays, cases"
TIERS = ("tiers", "*")
RULE = (*TIERS, "rules", 1)


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The data of the starter with one value changed; removed where it is `...`."""
    data = copy.deepcopy(to_data(BOOK))
    at: Any = data
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return data


def problems_of(source: Any, kind: type[InvalidDataError] = DecodeError) -> list[str]:
    """What is wrong with a source, a line each."""
    with pytest.raises(InvalidDataError) as caught:
        load(source)
    assert type(caught.value) is kind
    assert all("\n" not in str(problem) for problem in caught.value.problems)
    return str(caught.value).split("\n")


def when(condition: Any) -> dict[str, Any]:
    """The starter whose second rule of tiers has this condition."""
    return changed(*RULE, "when", to=condition)


AT = "tiers.*.rules[1].when"


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "problem"),
        [
            ({"employes": 3}, f"{AT}.employes: no such fact; did you mean 'employees'?"),
            (
                {"employe\u0435s": 3},
                f"{AT}.employe\u0435s: no such fact; did you mean 'employees'?",
            ),
            (
                {"plants": 3},
                (f"{AT}.plants: no such fact; "
                "declare a custom attribute under 'attributes.company'"),
            ),
            ({"lead.titel": "x"}, f"{AT}.lead.titel: no such fact; did you mean 'lead.title'?"),
            ({"pursuit.qqqqqqqqqqqqqq": True}, f"{AT}.pursuit.qqqqqqqqqqqqqq: no such fact"),
            (
                {"employees": {">=": "300以上"}},
                f"{AT}.employees.>=: must be an integer, not str '300以上'",
            ),
            (
                {"employees": {">=": Decimal("3.7")}},
                f"{AT}.employees.>=: must be whole, not 3.7",
            ),
            ({"employees": True}, f"{AT}.employees: must be an integer, not bool True"),
            (
                {"employees": {"=>": 3}},
                f"{AT}.employees.=>: no such operator; this fact takes >=, >, <=, <, ==, !=, in, missing",
            ),
            (
                {"employees": {"starts_with": ["3"]}},
                (f"{AT}.employees: cannot be asked with 'starts_with': it is of type int "
                "and takes >=, >, <=, <, ==, !=, in, missing"),
            ),
            ({"employees": {"in": 3}}, f"{AT}.employees.in: must be a list, for example {{ in = [ … ] }}"),
            (
                {"employees": {"in": [1, "2"]}},
                f"{AT}.employees.in[1]: must be an integer, not str '2'",
            ),
            (
                {"employees": {"in": []}},
                f"{AT}.employees.in: in of nothing is never true; give at least one value",
            ),
            (
                {"employees": {}},
                (f"{AT}.employees: has no operator; "
                "this fact takes >=, >, <=, <, ==, !=, in, missing"),
            ),
            ({"employees": [1]}, f"{AT}.employees: must be an integer, not list [1]"),
            (
                {"employees": {"missing": False}},
                f"{AT}.employees.missing: must be true; write {{ not = {{ … }} }} for the opposite",
            ),
            (
                {"lists": {"missing": True}},
                f"{AT}.lists: is closed: a blank means no, so it is never missing",
            ),
            (
                {"lists": {"==": "target"}},
                (f"{AT}.lists: cannot be asked with '==': it is of type set "
                "and takes contains_any, missing"),
            ),
            ({"student": {"==": "false"}}, f"{AT}.student.==: must be true or false, not str 'false'"),
            (
                {"growth_rate": 1},
                (f"{AT}.growth_rate: cannot be asked with '==': it is of type float "
                "and takes >=, >, <=, <, missing"),
            ),
            (
                {"annual_revenue": {">": 0.5}},
                (f"{AT}.annual_revenue.>: must be an integer or a Decimal, not float 0.5; "
                "write Decimal('0.5')"),
            ),
            (
                {"annual_revenue": {">": 2**62}},
                f"{AT}.annual_revenue.>: must be a finite number within 64 bits",
            ),
            (
                {"industry": " "},
                f"{AT}.industry: is blank; write '-' for any value, or missing = true",
            ),
            ({}, f"{AT}: is empty; write {{ all = [] }} for what always holds"),
            (3, f'{AT}: must be a table, for example {{ employees = {{ ">=" = 300 }} }}'),
            ({"any": {"employees": 3}}, f"{AT}.any: must be a list of conditions"),
            ({"not": []}, f'{AT}.not: must be a table, for example {{ employees = {{ ">=" = 300 }} }}'),
            ({"all": [{"any": [{"x": 1}]}]}, f"{AT}.all[0].any[0].x: no such fact; declare a custom attribute under 'attributes.company'"),
            (
                {"product.count(x)": 3},
                (f"{AT}.product.count(x): "
                "must be written count(kind, days), with plain names"),
            ),
            (
                {"product.cont(x, 3)": 3},
                f"{AT}.product.cont(x, 3): no such measure; did you mean 'count'?",
            ),
            (
                {"product": {"score": 3}},
                f'{AT}.product: no such fact; write for example {{ "product.score" = … }}, in quotes',
            ),
        ],
    )  # fmt: skip
    def test_a_fault_in_a_condition_has_its_path(self, condition: Any, problem: str) -> None:
        """Each fault of a condition is one line that leads to it."""
        assert problems_of(when(condition)) == [problem]

    @pytest.mark.parametrize(
        ("condition", "problem"),
        [
            (
                {"product.interest": {"at_least": "customer"}},
                "product.interest.at_least: 'customer' lies outside the ladder; use in",
            ),
            (
                {"product.interest": "hgih_interest"},
                "product.interest: no such level 'hgih_interest'; did you mean 'high_interest'?",
            ),
            ({"product.tier": 12}, "product.tier: must be a tier from 1 to 9, not 12"),
            (
                {"product.tier": {">=": 2}},
                ("product.tier: cannot be asked with '>=': it is a level "
                "and takes ==, !=, in, at_least, at_most"),
            ),
            (
                {"employees": 3},
                "employees: no such fact; did you mean 'company.employees'?",
            ),
            ({"zzzzzz": 3}, "zzzzzz: no such fact; write it as 'company.employees'"),
        ],
    )  # fmt: skip
    def test_a_fault_in_a_condition_about_leads_has_its_path(
        self, condition: Any, problem: str
    ) -> None:
        """Levels and full names are checked as the facts of a company are."""
        data = changed("funnel", "rules", 0, "when", to=condition)
        assert problems_of(data) == [f"funnel.rules[0].when.{problem}"]

    @pytest.mark.parametrize(
        ("value", "day"),
        [(date(2024, 2, 29), True), ("2024-02-29", True), ("2024-02-30", False), ("20240229", False),
         ("2024-W09-4", False), ("２０２４-02-29", False), (20240229, False)],
    )  # fmt: skip
    def test_a_day_has_one_form_as_text(self, value: Any, day: bool) -> None:
        """JSON has no dates: a day may be text of the form 2024-02-29, and of no other."""
        data = when({"since": {">=": value}})
        data["attributes"]["company"]["since"] = {"type": "date"}
        if day:
            assert from_data(data).tiers["crm"].rules[1].when == (  # type: ignore[attr-defined]
                company.attribute("since", date) >= date(2024, 2, 29)
            )
        else:
            assert problems_of(data) == [
                f"{AT}.since.>=: must be a date, not {type(value).__name__} {value!r}"
            ]


class TestStructure:
    @pytest.mark.parametrize(
        ("path", "value", "problem"),
        [
            (("format",), 3, "format: must be 1 or 2, not 3; a later one needs a later mpfunnel"),
            (("format",), True, "format: must be 1 or 2, not True; a later one needs a later mpfunnel"),
            (("funel",), {}, "funel: no such key; did you mean 'funnel'?"),
            (("funnel",), ..., "has no funnel"),
            (("funnel",), [], "funnel: must be a table"),
            (("lang",), 3, "lang: must be text, not int"),
            (("name",), " ", "name: is blank; give a text in 'en' or 'ja'"),
            (("name",), 3, "name: must be text, or a table of texts under 'en' and 'ja'"),
            (("name",), {"jp": "x", "en": "x"}, "name.jp: no such key; known are en, ja"),
            (("products", "crm"), 3, "products.crm: must be a table"),
            (("products", "crm", "grade"), "1", "products.crm.grade: must be an integer, not str '1'"),
            (("products", "crm", "grade"), -1, "products.crm.grade: must be at least 0"),
            (("products", "crm", "famly"), "x", "products.crm.famly: no such key; did you mean 'family'?"),
            (("products", "crm", "sold_from"), "2024-13-01",
             "products.crm.sold_from: must be a date, for example 2014-04-01"),
            (("products", "crm", "id"), "crm",
             "products.crm.id: must be the integer that names the table; leave it out where ids are text"),
            (("products", "01"), {"id": 1},
             "products.01.id: must be the integer that names the table; leave it out where ids are text"),
            (("products", "1"), {"id": True},
             "products.1.id: must be the integer that names the table; leave it out where ids are text"),
            (("attributes", "product"), {}, "attributes.product: no such key; known are company, lead"),
            (("attributes", "company", "x"), {}, ("attributes.company.x.type: needs one of "
             "int, decimal, float, bool, text, date, set")),
            (("attributes", "company", "x"), "int", "attributes.company.x: must be a table"),
            (("attributes", "company", "x"), {"type": "integer"},
             "attributes.company.x.type: 'integer': no such type; did you mean 'int'?"),
            (("attributes", "company", "x"), {"type": "text", "closed": True},
             "attributes.company.x.closed: only attributes of type int, bool, set can be closed"),
            (("attributes", "company", "x"), {"type": "int", "closed": "false"},
             "attributes.company.x.closed: must be true or false"),
            (("attributes", "company", "employees"), {"type": "int"},
             "attributes.company.employees: is a fact already; name the attribute otherwise"),
            (("attributes", "company", ""), {"type": "int"},
             "attributes.company.: has no name"),
            (("segments", "labels", "smal"), "x",
             "segments.labels.smal: no such key; did you mean 'small'?"),
            (("segments", "rules", 0, "segment"), 3,
             "segments.rules[0].segment: must be a key: text that is not blank"),
            (("segments", "rules", 0, "segment"), ..., "segments.rules[0]: has no segment"),
            (("segments", "rules", 0, "when"), ..., "segments.rules[0]: has no when"),
            (("segments", "rules", 0, "tier"), 1, "segments.rules[0].tier: no such key; known are segment, key, when, because"),
            (("segments", "rules", 0), 1, "segments.rules[0]: must be a table"),
            (("segments", "rules"), {}, "segments.rules: must be a list of tables"),
            (("segments", "otherwise"), ..., "segments: has no otherwise"),
            (("segments", "rules", 1, "key"), "own_group",
             "segments.rules[1].key: 'own_group' is used twice; keys are unique"),
            (("segments", "rules", 1, "key"), "otherwise",
             "segments.rules[1].key: 'otherwise' is reserved"),
            ((*RULE, "tier"), 0, "tiers.*.rules[1].tier: must be an integer from 1 to 9, not 0"),
            ((*RULE, "tier"), "tier_1", "tiers.*.rules[1].tier: must be an integer from 1 to 9, not 'tier_1'"),
            ((*RULE, "because"), {"en": 3}, "tiers.*.rules[1].because.en: must be text, not int"),
            (("tiers", "smf"), {"otherwise": 1}, "tiers.smf: no such product; did you mean 'sfa'?"),
            (("tiers", "crm"), 1, "tiers.crm: must be a table"),
            (("engagement",), {}, "engagement: has no table for a product, nor for '*'"),
            (("engagement", "*", "half_life_days"), 0,
             "engagement.*.half_life_days: must be an integer from 1 to 3,650, not 0"),
            (("engagement", "*", "half_life_days"), Decimal("30.5"),
             "engagement.*.half_life_days: must be an integer from 1 to 3,650, not Decimal('30.5')"),
            (("engagement", "*", "cap"), "100",
             "engagement.*.cap: must be an integer from 1 to 10,000,000, not '100'"),
            (("engagement", "*", "floor"), 5,
             "engagement.*.floor: must be an integer from -10,000,000 to 0, not 5"),
            (("engagement", "*", "signals", 0, "fades"), "false",
             "engagement.*.signals[0].fades: must be true or false, not str 'false'"),
            (("engagement", "*", "signals", 0, "fades"), False,
             "engagement.*.signals[0].fades: is false, which needs points below 0; only a penalty lasts"),
            (("engagement", "*", "signals", 0, "cool_down"), 7,
             "engagement.*.signals[0].cool_down: no such key; did you mean 'cool_down_days'?"),
            (("engagement", "*", "ladder"), "none", "engagement.*.ladder: must be a list of keys"),
            (("engagement", "*", "detours", 0), "aware",
             "engagement.*.detours[0]: 'aware' stands there twice"),
            (("engagement", "*", "interest"), ..., "engagement.*: has no interest"),
            (("engagement", "*", "interest", "otherwise"), "customer",
             ("engagement.*.interest.otherwise: 'customer': no such level; "
             "known are none, aware, interested, high_interest")),
            (("engagement", "*", "states", "otherwise"), "custmer",
             "engagement.*.states.otherwise: 'custmer': no such state; did you mean 'customer'?"),
            (("engagement", "*", "signals", 0, "kind"), ..., "engagement.*.signals[0]: has no kind"),
            (("engagement", "*", "signals", 0, "points"), "30",
             "engagement.*.signals[0].points: must be an integer from -10,000 to 10,000, not '30'"),
            (("engagement", "*", "signals", 0, "cap"), -1,
             "engagement.*.signals[0].cap: must be an integer from 0 to 10,000,000, not -1"),
            (("engagement", "*", "signals", 1, "kind"), "inquiry",
             "engagement.*.signals: 'inquiry' stands there twice"),
            (("funnel", "quiet_days"), 0,
             "funnel.quiet_days: must be an integer from 1 to 3,650, not 0"),
            (("funnel", "deals_without_lead"), 1, "funnel.deals_without_lead: must be true or false"),
            (("funnel", "labels", "mpl"), "x", "funnel.labels.mpl: no such key; did you mean 'mql'?"),
            (("funnel", "rules", 0, "stage"), "mlq",
             "funnel.rules[0].stage: 'mlq': no such stage; did you mean 'mql'?"),
        ],
    )  # fmt: skip
    def test_a_fault_has_its_path(self, path: tuple[Any, ...], value: Any, problem: str) -> None:
        """Unknown keys, wrong types, unknown names and doubles are named where they stand."""
        assert problem in problems_of(changed(*path, to=value))

    @pytest.mark.parametrize(
        ("path", "value", "problem"),
        [
            (("products",), {}, "products: must list at least one product"),
            (("zone",), "Asia/Tokio", "zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?"),
            (("tier_review_dates",), ["02-29"], "tier_review_dates[0]: must be a day of every year; take 28 February or 1 March"),
            (("currency",), "yen", "currency: must be a code of three letters such as 'JPY', not 'yen'"),
            (("lang",), "jp", "lang: must be 'en' or 'ja', not 'jp'"),
            (("products", "1"), {"id": 1},
             "products.1.id: must be of one type for all products, text or integer (S18)"),
            (("tiers",), {"crm": {"otherwise": 1}},
             "tiers.sfa: has no policy; give one for every product"),
            ((*RULE, "when"), {"lead.title": "x"},
             f"{AT}.lead.title: cannot be asked here, where only company is known"),
            (("funnel", "rules", 0, "when"), {"company.segment": "smal"},
             "funnel.rules[0].when.company.segment: no such segment 'smal'; did you mean 'small'?"),
        ],
    )  # fmt: skip
    def test_a_contradiction_has_its_path(
        self, path: tuple[Any, ...], value: Any, problem: str
    ) -> None:
        """What is well formed but contradicts itself is named once, where the file has it."""
        assert problems_of(changed(*path, to=value), PlaybookError) == [problem]

    def test_all_faults_are_told_at_once(self) -> None:
        """Faults of form and contradictions come together, in the order of the file."""
        data = when({"employes": 3})
        data["zone"] = "Mars"
        data["funnel"]["quiet_days"] = "180"
        assert problems_of(data) == [
            f"{AT}.employes: no such fact; did you mean 'employees'?",
            "funnel.quiet_days: must be an integer from 1 to 3,650, not '180'",
        ]
        del data["funnel"]["quiet_days"]
        assert problems_of(data) == [
            f"{AT}.employes: no such fact; did you mean 'employees'?",
            "zone: 'Mars': no such IANA zone; write for example 'Asia/Tokyo'",
        ]

    def test_the_first_of_very_many_faults_are_told(self) -> None:
        """Nobody reads thousands of lines, and looking for them takes time."""
        data = changed("lang", to="en") | {f"key{number}": 1 for number in range(50_000)}
        start = time.perf_counter()
        found = problems_of(data)
        assert time.perf_counter() - start < 5
        assert len(found) == 201
        assert found[-1] == "has more; these are the first 200"

    def test_very_many_products_and_keys_are_refused(self) -> None:
        """A file of more than 1,000 products, signals, states or stages is none that anybody wrote."""
        many: dict[str, Any] = {f"p{number}": {} for number in range(1_001)}
        assert problems_of(changed("products", to=many)) == [
            "products: has more than 1,000 of them"
        ]
        signals = [{"kind": kind} for kind in many]
        assert problems_of(changed("engagement", "*", "signals", to=signals)) == [
            "engagement.*.signals: has more than 1,000 of them"
        ]
        assert problems_of(changed("funnel", "detours", to=[*many]))[0] == (
            "funnel.detours: has more than 1,000 keys"
        )
        many.popitem()
        data = changed("products", to=many)
        data["tiers"]["q"] = {"otherwise": 1}
        assert problems_of(data) == ["tiers.q: no such product"]
        data = changed("funnel", "detours", to=[*many])
        assert "funnel.rules[0].stage: 'disqualified': no such stage" in problems_of(data)

    def test_a_missing_ladder_is_one_fault(self) -> None:
        """Where no ladder is given, no outcome is blamed for it."""
        data = changed("funnel", "ladder", to=...)
        assert problems_of(data) == ["funnel: has no ladder"]
        data = changed("engagement", "*", "ladder", to=...)
        assert "engagement.*: has no ladder" in problems_of(data)

    def test_much_may_be_left_out(self) -> None:
        """Defaults are those of the classes; labels are the keys in words."""
        rules = [{"stage": "mql", "when": {"pursuit.started": True}}]
        table = {"otherwise": "none"}
        data: dict[str, Any] = {
            "products": {"crm": {}},
            "segments": {"otherwise": "mid_size"},
            "tiers": {"crm": {"otherwise": 2}},
            "engagement": {"*": {"ladder": ["none"], "interest": table, "states": table}},
            "funnel": {"ladder": ["lead", "mql"], "otherwise": "lead", "rules": rules},
        }
        book = from_data(data)
        assert (book.zone, book.currency, book.lang) == ("UTC", "JPY", "en")
        assert str(book.segments.otherwise.label) == "mid size"
        assert book.engagement["crm"].half_life_days == 30
        assert book.funnel.quiet_days == 180
        assert book.funnel.rules.rules[0].key == "rule-1"
        data["engagement"]["*"]["signals"] = [{"kind": "_"}, {"kind": "page_view", "points": 1}]
        assert [str(one.label) for one in from_data(data).engagement["crm"].signals] == [
            "_",
            "page view",
        ]
        data["attributes"] = {"lead": {"new": {"type": "bool"}, "many": {"type": "set"}}}
        rules[0]["when"] = {"lead.new": True, "lead.many": {"contains_any": ["a"]}}
        asked = facts.lead.flag("new") & facts.lead.attribute("many", frozenset).contains_any("a")
        assert from_data(data).funnel.rules.rules[0].when == asked


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("p.toml", b"", "p.toml: has no products"),
            ("p.toml", b"\x00\x01\x02", "p.toml: is not TOML: invalid statement (at line 1, column 1)"),
            ("p.toml", b"name = '\xff\xfe'", "p.toml: line 1 is not utf-8"),
            ("p.toml", "name = 'x'".encode("utf-16"), "p.toml: line 1 is not utf-8"),
            ("p.toml", b"#" * 3_000_000, "p.toml: is larger than 2,097,152 bytes"),
            ("p.toml", b"x = " + b"[" * 81 + b"]" * 81, "p.toml: nests deeper than 80"),
            ("p.toml", b"x = " + b"[" * 500_000, "p.toml: nests deeper than 80"),
            ("p.toml", b"x = " + b"{a=" * 90 + b"1" + b"}" * 90, "p.toml: nests deeper than 80"),
            ("p.toml", b"a." * 20_000 + b"a = 1", "p.toml: has a key with more than 8 dots"),
            ("p.toml", b"x = [" + b"0," * 100_001 + b"]", "p.toml: holds more than 100,000 values"),
            ("p.toml", b"x = " + b"9" * 5_000,
             "p.toml: is not TOML: a number is written with more than 64 characters"),
            ("p.toml", b"x = 99999999999999999999", "p.toml: x: must fit in 64 bits"),
            ("p.toml", b"x = 0x" + b"f" * 5_000, "p.toml: x: must fit in 64 bits"),
            ("p.toml", b"x = nan", "p.toml: x: must be a finite number"),
            ("p.toml", b"x = -inf", "p.toml: x: must be a finite number"),
            ("p.toml", b"x = 1e99999999999999999999", "p.toml: x: must be a finite number"),
            ("p.toml", b"x = 0." + b"1" * 70,
             "p.toml: is not TOML: a number is written with more than 64 characters"),
            ("p.toml", b"zone = 2024-01-01T00:00:00Z", "p.toml: zone: must be text, not datetime"),
            ("p.toml", b"x = 07:00:00", ("p.toml: x: must be text, a number, a bool, "
             "a date, a list or a table, not time")),
            ("p.toml", b"[tiers]\n[tiers]",
             "p.toml: is not TOML: cannot declare ('tiers',) twice (at line 2, column 7)"),
            ("p.toml", b'"a\\nb" = 1', f"p.toml: a\\nb: no such key; {KNOWN}"),
            ("p.json", b"", "p.json: is not JSON: expecting value: line 1 column 1 (char 0)"),
            ("p.json", b"[]", "p.json: must hold one table"),
            ("p.json", b'{"format": 1, "format": 1}',
             "p.json: is not JSON: the key 'format' stands there twice"),
            ("p.json", b"{" + b",".join(b'"%d":1' % n for n in (*range(45_000), 44_999)) + b"}",
             "p.json: is not JSON: the key '44999' stands there twice"),
            ("p.json", b'{"x": NaN}', "p.json: is not JSON: holds NaN, which is no number"),
            ("p.json", b'{"x": -Infinity}', "p.json: is not JSON: holds -Infinity, which is no number"),
            ("p.json", b'{"x": 1e999}', f"p.json: x: no such key; {KNOWN}"),
            ("p.json", b'{"x": ' + b"9" * 100_000 + b"}", "p.json: x: must fit in 64 bits"),
            ("p.json", b'{"x": null}', ("p.json: x: must be text, a number, a bool, a date, "
             "a list or a table, not NoneType")),
            ("p.json", b'{"x": "\\ud800"}',
             "p.json: x: holds half of a surrogate pair, which is no character"),
            ("p.json", b'{"\\udfff": 1}',
             "p.json: \\udfff: holds half of a surrogate pair, which is no character"),
            ("p.json", b"[" * 100_000, "p.json: nests deeper than 80"),
            ("p.json", b'{"a":' * 1_000, "p.json: nests deeper than 80"),
            ("p.json", b"[" + b"0," * 150_000, "p.json: holds more than 100,000 values"),
            ("p.json", b'{"x": "' + b"x" * 3_000_000, "p.json: is larger than 2,097,152 bytes"),
            ("p.yaml", b"format: 1", "must end in .toml or .json"),
            ("p", b"", "must end in .toml or .json"),
        ],
    )  # fmt: skip
    def test_a_hostile_file_is_refused_at_once(
        self, tmp_path: Path, name: str, content: bytes, problem: str
    ) -> None:
        """Whatever a file holds, it is refused by name within seconds, on one line."""
        path = tmp_path / name
        path.write_bytes(content)
        start = time.perf_counter()
        found = problems_of(path)
        assert time.perf_counter() - start < 5
        if name in ("p.yaml", "p"):
            problem = f"{path}: {problem}"
        assert found[0] == problem

    def test_plain_data_has_the_same_bounds(self) -> None:
        """Keys are texts, depth and size are capped, and data that holds itself ends."""
        assert problems_of({1: "x"}) == ["key 1: must be text, not int"]
        assert problems_of({"x": float("nan")}) == ["x: must be a finite number"]
        assert problems_of({"x": ("a",)}) == [
            "x: must be text, a number, a bool, a date, a list or a table, not tuple"
        ]
        itself: dict[str, Any] = {}
        itself["x"] = itself
        assert problems_of(itself) == ["nests deeper than 80"]
        assert problems_of({"x": [0] * 100_000}) == ["holds more than 100,000 values"]

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            (None, "must be a Mapping, not NoneType None"),
            (3, "must be a Mapping, not int 3"),
            ([], "must be a Mapping, not list []"),
            ({10**5_000: 1}, "key of 16610 bits: must be text, not int"),
        ],
    )
    def test_data_that_are_no_table_are_refused(self, given: Any, problem: str) -> None:
        """What is no mapping, or has other keys than texts, is a fault of the data."""
        assert problems_of(given) == [problem]
        with pytest.raises(DecodeError) as caught:
            from_data(given)
        assert str(caught.value) == problem

    def test_many_long_names_are_compared_with_nothing(self) -> None:
        """A ladder of long keys and as many unknown levels are refused within seconds."""
        letters = "".join(map(chr, range(0x4E00, 0x4E00 + 1_300)))
        keys = [letters[at:] + letters[:at] for at in range(200)]
        data = changed("funnel", "ladder", to=keys)
        data["funnel"]["rules"] = [{"stage": key[::-1], "when": {"all": []}} for key in keys]
        start = time.perf_counter()
        found = problems_of(data)
        assert time.perf_counter() - start < 5
        levels = [one for one in found if ".stage: " in one]
        assert len(levels) > 100
        assert max(map(len, levels)) < 200

    def test_a_proposal_works_where_it_is_written(self) -> None:
        """An attribute named like another fact is proposed by the name that finds it."""
        data = changed(*RULE, "when", to={"company.x": 3})
        data["attributes"]["company"]["company.x"] = {"type": "int"}
        at = "tiers.*.rules[1].when.company.x"
        assert problems_of(data) == [f"{at}: no such fact; did you mean 'company.company.x'?"]
        data["tiers"]["*"]["rules"][1]["when"] = {"company.company.x": 3}
        assert load(data).asked["company.company.x"].key == "company.x"

    def test_a_contradiction_of_a_long_key_is_told_where_it_is_written(self) -> None:
        """The policy for every product is named as the file names it, whatever the products."""
        data = changed(*RULE, "when", to={"company.segment": "small"})
        data["products"] = {"a\nb" * 30: {}, "c": {}}
        assert problems_of(data, PlaybookError) == [
            "tiers.*.rules[1].when.company.segment: cannot be asked here: it is decided later"
        ]

    def test_a_name_of_two_lines_is_told_on_one(self) -> None:
        """A file is named on one line that can be written, whatever its name holds."""
        assert problems_of("/nope/a\nB.toml") == ["/nope/a\\nB.toml: no such file"]
        assert problems_of("/nope/\udc80.toml") == ["/nope/\\udc80.toml: no such file"]
        with pytest.raises(DecodeError, match=r"^a\\nb\.yaml: must end in \.toml or \.json$"):
            dump(BOOK, "a\nb.yaml")

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        """An absent file, a folder and an impossible name are faults, and no tracebacks."""
        (tmp_path / "folder.toml").mkdir()
        assert problems_of(str(tmp_path / "no.toml")) == [f"{tmp_path / 'no.toml'}: no such file"]
        assert problems_of(tmp_path / "folder.toml")[0].endswith("cannot be read as a file")
        assert problems_of("a\0b.toml")[0].endswith("cannot be read as a file")

    def test_a_fault_names_its_file(self, tmp_path: Path) -> None:
        """Both faults of form and contradictions begin with the name of the file."""
        text = dump(BOOK)
        path = tmp_path / "playbook.toml"
        path.write_text(text.replace("{employees", "{employes", 1), "utf-8")
        assert problems_of(path) == [
            "playbook.toml: segments.rules[7].when.any[0].employes: no such fact; did you mean 'employees'?"
        ]
        path.write_text(text.replace("JPY", "yen"), "utf-8")
        assert problems_of(path, PlaybookError)[0].startswith("playbook.toml: currency: must be")

    def test_endings_may_be_capital_and_files_have_a_mark(self, tmp_path: Path) -> None:
        """What Windows does to a file does no harm: a mark at its start, other ends of lines."""
        path = tmp_path / "PLAYBOOK.TOML"
        path.write_bytes(b"\xef\xbb\xbf" + dump(BOOK).replace("\n", "\r\n").encode())
        assert load(path) == BOOK

    def test_a_file_tells_what_can_be_edited_in_a_model(self) -> None:
        """The comments name every number of a model and of a signal, set in the file or not."""
        text = dump(BOOK)
        comments = text[: text.index('[engagement."*"]')].rpartition("\n\n")[2]
        told = {word.strip(",:;.") for word in comments.split()}
        assert {"half_life_days", "company_wide_per_mille", "cap", "floor"} <= told
        assert {"points", "cool_down_days", "fades", "raises_hand_days"} <= told

    def test_json_is_what_other_programs_read(self, tmp_path: Path) -> None:
        """The JSON file is plain JSON, in Unicode, with dates as text and exact numbers."""
        rules = [Rule(Tier(1), (company.annual_revenue >= Decimal("0.25")) & SINCE)]
        book = evolve(BOOK, tiers=TierTable(rules, Tier(2)), name="販売")
        text = dump(book, tmp_path / "book.json")
        data = json.loads(text, parse_float=Decimal)
        assert data["name"] == "販売"
        assert data["tiers"]["*"]["rules"][0]["when"] == {
            "annual_revenue": {">=": Decimal("0.25")},
            "since": {">=": "2020-04-01"},
        }
        assert from_data(data) == book


SINCE = company.attribute("since", date) >= date(2020, 4, 1)


class NearUs:
    """A policy of one's own."""

    kind, tiers = "acme/near-us/1", (Tier(1),)

    def tier_for(self, company: Company, product: object, /, *, as_of: date) -> Decision[Tier]:
        """Return Tier 1."""
        return decided(Tier(1), because=f"{company} {product} {as_of}")


def with_condition(condition: Condition) -> Playbook:
    """The starter with another table of tiers."""
    return evolve(BOOK, tiers=TierTable([Rule(Tier(1), condition)], Tier(2)))


class TestWhatNoFileHolds:
    def test_a_policy_of_a_kind_that_means_another(self) -> None:
        """What a file would read back as something else is named, and nothing is written."""

        class Table(TierTable):
            """Might decide otherwise than its rules say."""

        class Card(NearUs):
            kind = "scorecard"

        table = Table([], Tier(3))
        limits = TierLimits(table, [TierLimit(best=Tier(2), when=company.employees < 5)])
        own = "is a Table, a kind of its own, which no file can hold"
        for policy, why in (
            (table, own),
            (limits, own),
            (Card(), "has the kind 'scorecard' of this library"),
        ):
            book = evolve(BOOK, tiers={"crm": policy, "sfa": BOOK.tiers["sfa"]})
            for write in (dump, to_data):
                with pytest.raises(PlaybookError) as caught:
                    write(book)
                assert str(caught.value) == f"tiers.crm: {why}"
                assert caught.value.problems[0].code == "custom"

    @pytest.mark.parametrize(
        ("condition", "problem"),
        [
            (
                term_for(Fact("company.x", "decimal", within="attributes", places=5)) == 1,
                "tiers: holds what no file can hold; build its rules from mpfunnel.facts",
            ),
            (
                IsIn(company.employees.fact, (2, 1)),
                "tiers: holds what no file can hold; build its rules from mpfunnel.facts",
            ),
            (
                company.name == "\ud800",
                ("tiers.*.rules[0].when.name.==: "
                "holds half of a surrogate pair, which is no character"),
            ),
        ],
    )  # fmt: skip
    def test_what_would_read_back_as_something_else(
        self, tmp_path: Path, condition: Condition, problem: str
    ) -> None:
        """What a file cannot hold is refused before it is written, never changed."""
        book = with_condition(condition)
        attempts: list[Callable[[], object]] = [
            lambda: to_data(book),
            lambda: dump(book),
            lambda: dump(book, tmp_path / "book.json"),
        ]
        for attempt in attempts:
            with pytest.raises(PlaybookError) as caught:
                attempt()
            assert str(caught.value) == problem
        assert not [*tmp_path.iterdir()]

    def test_a_text_too_large_for_a_file(self) -> None:
        """What could not be read again for its size is not written."""
        with pytest.raises(PlaybookError, match=r"^is larger than 2,097,152 bytes$"):
            dump(evolve(BOOK, name="x" * 2**21))

    def test_a_new_kind_of_condition_needs_a_form(self) -> None:
        """A leaf that nobody has given a form is no silent loss."""

        @frozen
        class Resembles(Condition):
            fact: Fact

        words = Vocabulary.of("company", facts.ENGAGEMENT, {})
        with pytest.raises(TypeError, match=r"^no form for Resembles$"):
            condition_data(Resembles(company.name.fact), words)

    def test_a_file_of_another_ending(self, tmp_path: Path) -> None:
        """A playbook is only written where it can be read again."""
        with pytest.raises(DecodeError, match=r"must end in \.toml or \.json"):
            dump(BOOK, tmp_path / "book.yaml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
def test_whatever_stands_in_a_playbook_is_refused_by_name(data: st.DataObject) -> None:
    """Any value in any place gives a playbook or a documented error, never another traceback."""
    book: Any = to_data(BOOK)
    at: Any = book
    while True:
        keys = [*at] if isinstance(at, dict) else range(len(at))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(at[key], dict | list) and at[key]) or data.draw(st.integers(0, 5)) == 0:
            break
        at = at[key]
    at[key] = data.draw(PLAIN)
    error: InvalidDataError | None = None
    try:
        from_data(book)
    except (DecodeError, PlaybookError) as caught:
        error = caught
    if error is not None:
        assert error.problems
        assert all("\n" not in str(problem) for problem in error.problems)
