"""Cells in playbook files, and the formats of files."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.codec.formats import upgraded
from mpfunnel.errors import DecodeError, InvalidDataError
from mpfunnel.facts import company, product
from mpfunnel.rules.conditions import All, Condition, Not
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier
from tests.malformed import check_grammar

FORMATS = Path(__file__).parent / "formats"
since = company.attribute("since", date)
size = company.attribute("size", str)


def tiers_when(condition: Any) -> dict[str, Any]:
    """The starter with one rule of tiers, as plain data, and two attributes."""
    data = to_data(starter(["crm"]))
    data.setdefault("attributes", {}).setdefault("company", {}).update(
        since={"type": "date"}, size={"type": "text"}, student={"type": "bool", "closed": True}
    )
    data["tiers"] = {"*": {"otherwise": 2, "rules": [{"tier": 1, "when": condition}]}}
    return data


def read_as(condition: Any) -> Condition:
    """The condition that plain data is read as."""
    policy = from_data(tiers_when(condition)).tiers["crm"]
    assert isinstance(policy, mf.TierTable)
    return policy.rules[0].when


def test_a_person_may_write_cells_in_a_file(tmp_path: Path) -> None:
    """A text beside a fact is a cell, in the notation of DMN and as people type it."""
    sample = """
        [[tiers."*".rules]]
        tier = 1
        when = { employees = "300以上", industry = "製造業、情報通信業" }
        because = { ja = "大手製造・IT", en = "large maker or IT" }
        [[tiers."*".rules]]
        tier = 2
        when = { employees = ">= 300", industry = '"製造業","情報通信業"' }
    """
    path = tmp_path / "book.toml"
    text = dump(starter(["crm"]))
    start, end = text.index('\n[[tiers."*".rules]]'), text.index("\n[engagement")
    path.write_text(text[:start] + sample + text[end:], encoding="utf-8")
    policy = load(path).tiers["crm"]
    assert isinstance(policy, mf.TierTable)
    large = (company.employees >= 300) & company.industry.is_in("製造業", "情報通信業")
    assert [rule.when for rule in policy.rules] == [large, large]


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        ({"employees": "300以上"}, company.employees >= 300),
        ({"employees": "[100..300)"}, (company.employees >= 100) & (company.employees < 300)),
        ({"employees": "空欄"}, company.employees.is_missing()),
        ({"annual_revenue": "1億円未満"}, company.annual_revenue < Decimal(10**8)),
        ({"growth_rate": "> 0.1"}, company.growth_rate > 0.1),
        ({"industry": "製造業"}, company.industry == "製造業"),
        ({"industry": {"==": "製造業、小売業"}}, company.industry == "製造業、小売業"),
        ({"industry": '"製造業、小売業"'}, company.industry == "製造業、小売業"),
        ({"student": "いいえ"}, company.flag("student").is_false()),
        ({"since": "2026年4月1日以降"}, since >= date(2026, 4, 1)),
        ({"since": "2026-04-01"}, since == date(2026, 4, 1)),
        ({"relationships": "顧客、x"}, company.relationships.contains_any("customer", "x")),
        ({"not": {"employees": "1〜9"}}, Not(company.employees.between(1, 9))),
        (
            {"employees": "1〜9", "industry": "製造業"},
            company.employees.between(1, 9) & (company.industry == "製造業"),
        ),
        ({"employees": "-", "industry": "製造業"}, company.industry == "製造業"),
        ({"employees": "-"}, All(())),
    ],
)
def test_a_cell_in_a_file_is_the_condition_that_python_builds(
    condition: dict[str, Any], meant: Condition
) -> None:
    """Law 8: Round trip. What is read is the same value, and is written as before."""
    read = read_as(condition)
    assert read == meant
    book = from_data(tiers_when(condition))
    assert from_data(to_data(book)) == book


def test_levels_are_cells_too() -> None:
    """A tier goes by its number, a state by its key or its label."""
    data = to_data(starter(["crm"]))
    states = data["engagement"]["*"]["states"]
    cells = [
        ({"product.tier": "1"}, product.tier == Tier(1)),
        ({"product.tier": "Tier 2以上"}, product.tier.at_least(Tier(2))),
        ({"product.interest": "関心あり以上"}, product.interest.at_least("interested")),
    ]
    states["rules"] = [{"state": "customer", "when": when} for when, _ in cells]
    model = from_data(data).engagement["crm"]
    assert [rule.when for rule in model.states.rules] == [meant for _, meant in cells]


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            {"employees": "300くらい"},
            (
                "cell | employees: '300くらい' is no test of a number; write for example >= 300, "
                "[100..300) or 300以上"
            ),
        ),
        (
            {"employees": "100,200"},
            (
                "ambiguous | employees: '100,200' can mean the number 100200, or the list "
                "100, 200; write 100200, or 100, 200"
            ),
        ),
        (
            {"industry": ""},
            "blank | industry: is blank; write '-' for any value, or missing = true",
        ),
        ({"lists": "空欄"}, "closed | lists: is closed: a blank means no, so it is never missing"),
        (
            {"any": [{"industry": "=A1"}]},
            (
                "cell | any[0].industry: '=A1' looks like a formula, which is never run; write the "
                "text in quotes"
            ),
        ),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_where_it_stands(
    condition: Any, problem: str
) -> None:
    """The problem has the code of the cell and the path of the fact."""
    with pytest.raises(DecodeError) as caught:
        read_as(condition)
    check_grammar(caught.value)
    code, _, rest = problem.partition(" | ")
    assert [(one.code, str(one)) for one in caught.value.problems] == [
        (code, f"tiers.*.rules[0].when.{rest}")
    ]


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("製造業", True),
        ("卸売業・小売業", True),
        ("(株)A", True),
        ("300", True),
        ("A、B", False),
        ("-", False),
        ("空欄", False),
        ("なし", False),
        ('"A"', False),
        (" A", False),
        ("=1", False),
        ("300以上", False),
    ],
)
def test_a_text_stands_bare_only_where_its_cell_means_the_same(text: str, bare: bool) -> None:
    """Law 8: Round trip. A text that is another cell is written with its operator."""
    rules = [mf.Rule(Tier(1), company.industry == text)]
    book = mf.Playbook(
        **{
            name: getattr(starter(["crm"]), name)
            for name in ("products", "segments", "engagement", "funnel")
        },
        tiers=mf.TierTable(rules, Tier(2)),
    )
    (rule,) = to_data(book)["tiers"]["*"]["rules"]
    assert rule["when"] == {"industry": text if bare else {"==": text}}


# -- formats --


class TestFormats:
    def test_a_text_of_format_1_is_the_text_itself(self, tmp_path: Path) -> None:
        """Law 8: Round trip. A file of format 1 means what it meant, also of texts like cells."""
        book = load(FORMATS / "playbook-1-texts.toml")
        industry = company.industry
        policy = book.tiers["crm"]
        assert isinstance(policy, mf.TierTable)
        assert book.segments.rules[0].when == (
            (industry == "製造業、小売業")
            | (industry == "-")
            | (industry == "空欄")
            | (industry == "卸売業, 小売業")
            | (industry == "製造業以外")
            | (industry == '"製造業"')
            | (size == "300以上")
            | (size == "100〜299名")
            | (size == "not(小)")
            | Not(company.region == "関東または近畿")
            | ((company.name == "=1+1") & (company.country == "JP"))
            | (since == date(2014, 4, 1))
        )
        assert policy.rules[0].when == (
            (company.name == "A;B") & industry.is_in("a", "b") & (size == "1、2")
        )
        assert book.version == "49f8adb356fac453"
        # Written in the newest format, it is the same still.
        for name in ("book.toml", "book.json"):
            assert "2" in dump(book, tmp_path / name)
            assert load(tmp_path / name) == book

    def test_a_cell_of_format_2_means_what_it_meant(self, tmp_path: Path) -> None:
        """Law 8: Round trip. Format 2 is pinned, too."""
        book = load(FORMATS / "playbook-2-cells.toml")
        large = (company.employees >= 300) & (company.annual_revenue >= 10**8)
        assert [rule.when for rule in book.segments.rules] == [
            large & company.industry.is_in("製造業", "情報通信業"),
            (company.employees >= 100)
            & (company.employees < 300)
            & ~(company.industry == "農業")
            & (since >= date(2014, 4, 1)),
            company.employees.is_missing()
            | (company.name == "A、B")
            | company.flag("listed").is_false(),
        ]
        assert book.version == "13352ac3488444b2"
        dump(book, tmp_path / "book.json")
        assert load(tmp_path / "book.json") == book

    def test_a_file_without_format_is_of_the_newest(self) -> None:
        """Who states no format gets cells."""
        data = tiers_when({"employees": "300以上"})
        del data["format"]
        assert from_data(data) == from_data(tiers_when({"employees": {">=": 300}}))
        with pytest.raises(InvalidDataError, match=r"employees\.==: must be an integer"):
            from_data(data | {"format": 1})

    def test_the_same_rules_load_in_either_format(self) -> None:
        """What dump wrote in format 1 means the same in format 2."""
        data = to_data(starter(["crm", "sfa"]))
        assert data["format"] == 2
        assert from_data(data | {"format": 1}) == from_data(data)

    @pytest.mark.parametrize(
        "data",
        [
            {"segments": 3, "tiers": [], "engagement": None, "funnel": "x"},
            {"tiers": {"*": 3}, "engagement": {"*": {"interest": 1}}},
            {"segments": {"rules": 3}, "tiers": {"*": {"rules": [3, [], {}, {"when": "x"}]}}},
            {"funnel": {"rules": [{"when": {"any": 3, "all": [4], "not": 5, "any_product": []}}]}},
        ],
    )
    def test_what_is_no_playbook_stays_for_the_reader(self, data: dict[str, Any]) -> None:
        """What does not have the form of an older file is left as it is, and refused by name."""
        before = deepcopy(data)
        assert upgraded(data, 1) == upgraded(data, 2) == before
        with pytest.raises(DecodeError) as caught:
            from_data(data | {"format": 1})
        check_grammar(caught.value)

    def test_an_older_file_is_not_changed_itself(self) -> None:
        """Plain data is read, and stays the caller's."""
        data = tiers_when({"any": [{"not": {"industry": "a"}}]}) | {"format": 1}
        before = deepcopy(data)
        from_data(data)
        assert data == before


@pytest.mark.parametrize("text", ["不明", "300以上", "全て", "=1", "#N/A"])
def test_a_hint_of_a_cell_in_a_file_works_there(text: str) -> None:
    """In a file a text stands in quotes already: what says it as it is, is the operator."""
    with pytest.raises(DecodeError) as caught:
        read_as({"industry": text})
    (problem,) = caught.value.problems
    hint = f'{{ "==" = "{text}" }}'
    assert hint in problem.message or problem.message.endswith("write the text in quotes")
    assert read_as({"industry": {"==": text}}) == (company.industry == text)
