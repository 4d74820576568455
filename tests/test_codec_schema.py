"""The JSON Schema of playbook files: it accepts what loads, and what it accepts nearly loads."""

from __future__ import annotations

import json
import re
import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from mpfunnel.codec import dump, from_data, load, schema
from mpfunnel.codec.plain import MAX_BYTES, parse_json
from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import playbook, playbook_names
from mpfunnel.playbook import Playbook
from tests.test_codec_round_trip import playbooks
from tests.test_codec_sheets_round_trip import BOOK

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "docs" / "reference" / "playbook.schema.json"
PAGE = ROOT / "docs" / "reference" / "playbook-format.md"

SEMANTIC: Final = frozenset(
    {
        *("ambiguous", "blank", "cell", "closed", "conflict", "contradiction", "custom", "depth"),
        *(
            "detour",
            "cycle",
            "duplicate",
            "empty",
            "float",
            "format",
            "history",
            "level",
            "missing",
            "order",
        ),
        *("range", "scale", "scope", "transition", "unknown-fact", "unknown-family"),
        *("unknown-kind", "unknown-level", "unknown-play", "unknown-product", "value", "zone"),
        "choice",
    }
)
"""What is wrong with a file that the schema accepts: it hangs on what else the file says."""
DECLARED: Final = (
    ("type", r"\.when(\.|\[|$)"),
    ("unknown-key", r"\.labels\.|^segments\.labels|^funnel\.kinds\."),
    ("type", r"^products\..+\.id$"),
    ("", r"^cases\["),
    ("", r"^tiers\..+\.options"),
)
"""Codes and places where the form itself hangs on what the file declares; ``""`` is any code."""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """What an editor does with the schema."""
    return Draft202012Validator(schema(), format_checker=FormatChecker(["date"]))


def seen(text: str, suffix: str) -> Any:
    """A file as an editor sees it: numbers of JSON, days as text."""
    data = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    return json.loads(json.dumps(data, default=date.isoformat))


def test_the_published_schema_is_current() -> None:
    """The file that editors read is what `schema` returns, and a schema."""
    Draft202012Validator.check_schema(schema())
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema()


def test_the_page_lists_what_the_schema_leaves_to_load() -> None:
    """The reference names each semantic code."""
    page = PAGE.read_text(encoding="utf-8")
    (told,) = re.findall(r"<!-- semantic codes -->\n(.+?)\n\n", page, re.DOTALL)
    assert set(re.findall(r"`([a-z-]+)`", told)) == SEMANTIC


FILES = [*ROOT.glob("examples/*.toml"), *ROOT.glob("tests/formats/playbook-*.toml")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_accepts_the_files_of_this_project(path: Path, validator: Draft202012Validator) -> None:
    """Files of every format."""
    load(path)
    validator.validate(seen(path.read_text(encoding="utf-8"), ".toml"))


@pytest.mark.parametrize("name", playbook_names())
def test_it_accepts_what_is_shipped(name: str, validator: Draft202012Validator) -> None:
    """The shipped playbooks, with their cases."""
    validator.validate(seen(dump(playbook(name)), ".toml"))


@settings(max_examples=8)
@given(book=playbooks())
def test_it_accepts_every_playbook(validator: Draft202012Validator, book: Playbook) -> None:
    """What is written is accepted, as TOML."""
    validator.validate(seen(dump(book), ".toml"))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_it_accepts_a_file_that_names_sheets(
    tmp_path: Path, validator: Draft202012Validator, kind: Any
) -> None:
    """What a sheet holds need not stand in the file; without sheets, it must."""
    data = seen(dump(BOOK, tmp_path, sheets=kind), ".toml")
    assert "tiers" not in data
    validator.validate(data)
    del data["sheets"]
    assert [error.message for error in validator.iter_errors(data)] == [
        "'tiers' is a required property"
    ]


# A playbook with every key of the format.
WHOLE: Final[Any] = json.loads(
    """{
    "format": 2, "name": {"en": "whole", "ja": "全部"}, "lang": "ja", "zone": "Asia/Tokyo",
    "currency": "JPY", "tier_review_dates": ["04-01"],
    "products": {"crm": {"name": "CRM", "family": "f", "grade": 1, "lifecycle": "growth",
                         "sold_from": "2014-04-01", "sold_until": "2030-04-01"},
                 "sfa": {}},
    "attributes": {"company": {"plants": {"type": "int", "closed": true, "label": "plants"}},
                   "lead": {"since": {"type": "date"}}},
    "segments": {"otherwise": "small", "labels": {"large": "large"}, "rules": [
        {"segment": "large", "key": "l", "because": {"ja": "大"}, "when": {"any": [
            {"employees": "300以上"}, {"annual_revenue": {">=": 0.5, "<": 9}},
            {"not": {"industry": {"starts_with": ["a"], "==": "x"}}}, {"plants": 3},
            {"growth_rate": "> 0.1"}, {"all": [{"lists": "fy26"}, {"country": "JP"}]},
            {"employees": {"missing": true}}]}}]},
    "tiers": {
        "*": {"otherwise": 3, "otherwise_because": "x",
              "rules": [{"tier": 1, "when": {"employees": 3}}],
              "limits": [{"best": 2, "key": "k", "when": {"corporate_number": "missing"},
                          "because": "no number"}]},
        "family:f": {"kind": "scorecard", "otherwise": 3,
                     "items": [{"points": 3, "if_unknown": 1, "key": "i",
                                "when": {"employees": ">= 3"}}],
                     "bands": [{"at_least": 2, "tier": 1}]}},
    "engagement": {"*": {
        "half_life_days": 30, "company_wide_per_mille": 250, "cap": 100, "floor": -10,
        "ladder": ["none", "warm"], "detours": ["customer"], "labels": {"warm": {"en": "warm"}},
        "signals": [{"kind": "page_view", "points": 1, "cap": 5, "cool_down_days": 7,
                     "raises_hand_days": 9, "label": "page"},
                    {"kind": "bounce", "points": -3, "fades": false}],
        "interest": {"otherwise": "none", "rules": [
            {"state": "warm", "when": {"product.score": {">=": 3},
                                       "product.tier": {"in": [1, 2]}}}]},
        "states": {"otherwise": "none", "rules": [
            {"state": "customer", "when": {"product.owned": true}},
            {"state": "warm", "when": {"product.interest": {"at_least": "warm"},
                                       "product.count(page_view, 30)": {">": 1},
                                       "lead.since": {"<=": "2026-04-01"}}}]}}},
    "funnel": {"otherwise": "known", "ladder": ["known", "mql"], "detours": ["dormant"],
               "labels": {"mql": "MQL"}, "quiet_days": 90, "deals_without_lead": true,
               "overrules_people": false, "final": [], "ends": ["dormant"],
               "kinds": {"mql": {"kind": "sla", "within_business_days": 3, "warn_days": 1}},
               "transitions": [{"start": "known", "to": "mql", "kind": "forward"},
                               {"start": "mql", "to": "known", "kind": "recycle",
                                "needs_reason": true},
                               {"start": "known", "to": "dormant", "kind": "recycle"},
                               {"start": "mql", "to": "dormant", "kind": "recycle"},
                               {"start": "dormant", "to": "known", "kind": "re-entry"},
                               {"start": "dormant", "to": "mql", "kind": "re-entry"}],
               "calendar": {"country": "JP", "weekend": ["sat"], "days_off": ["2026-12-29"],
                            "working_days": [], "fiscal_year_start_month": 4},
               "rules": [{"stage": "mql", "when": {"any_product": {"pursuit.raised_hand": true}}},
                         {"stage": "dormant", "when": {"pursuit.quiet": true}}]},
    "plays": {"order": ["tier", "play"], "need_consent": ["email", "web"], "contacts": ["call"],
              "at_once": 2, "quiet_days": 7,
              "list": [{"key": "propose", "label": {"ja": "提案"}, "message": "proposal",
                        "channels": ["phone", "email"], "owner": "field_sales", "due_in_days": 2,
                        "cadence_days": 30, "before_end_days": 90, "motion": "upstream",
                        "within_sla": true},
                       {"key": "newsletter"}],
              "products": [{"play": "propose", "product": "family:f", "key": "p",
                            "because": {"en": "keen"},
                            "when": {"product.engagement": "warm", "product.tier": "Tier 2以上",
                                     "product.position": {"in": ["untapped"]},
                                     "product.lifecycle": "成長期", "contact.email": true,
                                     "account.owned": "sfa", "lead.title": "部長"}},
                           {"play": "none", "when": {"all": []}}],
              "firm": [{"play": "newsletter", "key": "n", "because": "x",
                        "when": {"funnel.stage": {"at_least": "mql"},
                                 "group.employees": {">=": 300}}}]},
    "cases": [{"name": "large", "as_of": "2026-04-01",
               "given": {"company": {"employees": 400, "plants": 3}, "leads": [{"title": "x"}]},
               "expect": {"segment": "large", "tiers": {"crm": {"value": 1, "possible": [1]}},
                          "white_space": {"crm": "untapped", "sfa": {"value": "untapped"}},
                          "leads": [{"id": 1, "stage": "known", "engagement": {"crm": "none"}}]}}]
    }"""
)
VALUES: Final[tuple[Any, ...]] = (
    *(0, 1, 3, -1, 9, 10, 0.5, 3_651, 2**63, True, False, "", " ", "x", "-", "製造業", "=1", "7"),
    *({"product.count(x)": 3}, {"lead.title": "x"}, {"employees": "300くらい"}, {"plants": "x"}),
    *("2026-04-01", "2026-02-30", "04-01", "crm", "none", "warm", "mql", "large", "scorecard"),
    *("propose", "phone", "tier", "upstream", ["phone"], ["phone", "phone"], 36_501),
    *([], {}, [1], ["x"], [{}], [["x"]], {"x": 1}, {"en": "x"}, {"==": 1}, {">=": 3}, {"in": []}),
    *({"missing": True}, {"employees": 3}, {"all": []}, {"nobody": "x"}, {"value": 1}),
)
KEYS: Final = ("format", "key", "when", "label", "kind", "labels", "cap", "x", "all", "employees")


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of plain data."""
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


PLACES: Final = places(WHOLE)[1:]


@st.composite
def nearly(draw: st.DrawFn) -> Any:
    """A playbook of which something was changed, left out, or added."""
    data = deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(PLACES))
        inner = data
        try:
            for key in path:
                inner = inner[key]
            match draw(st.sampled_from(("change", "leave", "add"))):
                case "change":
                    inner[last] = draw(st.sampled_from(VALUES))
                case "leave":
                    del inner[last]
                case _:
                    inner[last][draw(st.sampled_from(KEYS))] = draw(st.sampled_from(VALUES))
        except (KeyError, IndexError, TypeError):
            # What was changed before is no longer there.
            continue
    return data


def problems_of(data: Any) -> list[Any]:
    """What load says of it as a file."""
    raw = json.dumps(data).encode()
    assert len(raw) < MAX_BYTES
    try:
        from_data(parse_json(raw, "", 80))
    except InvalidDataError as error:
        return [*error.problems]
    return []


def hangs_on_names(problem: Any) -> bool:
    """Whether a schema cannot know it."""
    return problem.code in SEMANTIC or any(
        code in ("", problem.code) and re.search(place, problem.path) for code, place in DECLARED
    )


def test_the_whole_format_is_covered(validator: Draft202012Validator) -> None:
    """The playbook that is changed below is sound, and holds every key of the schema."""
    validator.validate(WHOLE)
    assert problems_of(WHOLE) == []


@settings(max_examples=120)
@given(data=nearly())
def test_it_accepts_what_loads_and_leaves_only_meaning(
    validator: Draft202012Validator, data: Any
) -> None:
    """What loads is accepted; what is accepted and does not load has semantic faults alone."""
    problems = problems_of(data)
    if validator.is_valid(data):
        assert [problem for problem in problems if not hangs_on_names(problem)] == []
    else:
        assert problems


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("funnel"),
        lambda data: data.update(funel={}),
        lambda data: data.update(format=3),
        lambda data: data["products"]["crm"].update(grade="1"),
        lambda data: data["products"]["crm"].update(sold_from="1 April"),
        lambda data: data["segments"]["rules"][0].pop("when"),
        lambda data: data["segments"]["rules"][0].update(when={}),
        lambda data: data["segments"]["rules"][0].update(when={"employees": {"=>": 3}}),
        lambda data: data["segments"]["rules"][0].update(when={"employees": {"at_least": 3}}),
        lambda data: data["tiers"]["*"].update(otherwise=10),
        lambda data: data["engagement"]["*"].update(half_life_days=0),
        lambda data: data["funnel"]["kinds"]["mql"].update(kind="SLA"),
        lambda data: data["plays"].update(plays=[]),
        lambda data: data["plays"].update(at_once=0),
        lambda data: data["plays"].update(need_consent=["fax"]),
        lambda data: data["plays"]["list"][0].update(motion="sideways"),
        lambda data: data["plays"]["list"][0].update(cadence_days=0),
        lambda data: data["plays"]["list"][0].update(within_sla="yes"),
        lambda data: data["plays"]["list"][0].pop("key"),
        lambda data: data["plays"]["products"][0].pop("when"),
        lambda data: data["plays"]["firm"][0].update(product="crm"),
    ],
)  # fmt: skip
def test_it_refuses_what_has_another_form(change: Any, validator: Draft202012Validator) -> None:
    """An editor shows what is wrong while it is written."""
    data = deepcopy(WHOLE)
    change(data)
    assert not validator.is_valid(data)
    assert problems_of(data)
