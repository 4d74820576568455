"""The conformance cases: the library agrees with them, and so do two readers that are not it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mpfunnel as mf
from tests import naive_reader
from tests.oracle_leads import Oracle, plain
from tests.oracle_synergy import Told, positions_of

FOLDER = Path(__file__).parents[1] / "conformance"
FILES = sorted(FOLDER.glob("*.json"))


def loaded() -> ModuleType:
    """What writes the files, which is no package."""
    spec = importlib.util.spec_from_file_location("conformance_write", FOLDER / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_library_answers_every_case(path: Path) -> None:
    """What is written down is what it says."""
    checks = mf.Engine(mf.load(path)).check_cases()
    assert len(checks) > 25
    assert [one.row() for one in checks if not one.holds] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_second_model_answers_every_case(path: Path) -> None:
    """Law 1: Engines agree. A model written apart from the library gives the same answers."""
    book = mf.load(path)
    for case in book.cases:
        model = Oracle(book, case.given, case.as_of)
        positions = positions_of(book, case.given, case.as_of)
        for expected in case.expect:
            key, rule, possible, missing, *_ = _of_model(model, positions, expected)
            told = (key, rule, tuple(sorted(possible)), tuple(sorted(missing)))
            wanted = (expected.value, expected.rule, expected.possible, expected.missing)
            assert told == wanted, f"{case.name}: {expected.place}"


def _of_model(
    model: Oracle, positions: Mapping[Any, Told], expected: mf.Expectation
) -> tuple[Any, ...]:
    if expected.question == "white_space":
        return positions[expected.product_id]
    if expected.question == "segment":
        return plain(model.segment)
    if expected.question == "tier":
        tiers: dict[Any, Any] = model.tiers
        return plain(tiers[expected.product_id])
    answer = model.answer(next(one for key, one in model.leads.items() if key == expected.lead_id))
    if expected.question == "engagement":
        standings: dict[Any, Any] = answer.standings
        return plain(standings[expected.product_id].engagement)
    lead, _, possible, missing = answer.furthest
    return lead.value.key, lead.rule, [one.key for one in possible], missing


@pytest.mark.parametrize("name", ["operators", "by_hand"])
def test_a_reader_of_the_data_alone_answers_every_case(name: str) -> None:
    """Law 1: Engines agree. Who knows the format and nothing of the library gets there, too."""
    book = naive_reader.read(FOLDER / f"{name}.json")
    told = 0
    for case in book["cases"]:
        for product, expected in case["expect"]["tiers"].items():
            assert naive_reader.answers(book, case, product) == expected, case["name"]
            told += 1
    assert told > 75


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_answer_says_everything(path: Path) -> None:
    """Another language needs no defaults: ids, owners and all parts of an answer stand there."""
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        for answer in _answers(case["expect"]):
            assert [*answer] == ["value", "possible", "missing", "rule"]
            assert answer["value"] in answer["possible"]
        given = case["given"]
        for kind in ("leads", "activities", "deals"):
            assert all("id" in one for one in given.get(kind, []))
        for kind in ("activities", "sales_events"):
            assert all("lead_id" in one for one in given.get(kind, []))
        for kind in ("deals", "contracts"):
            assert all("company_id" in one for one in given.get(kind, []))


def _answers(expect: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "segment" in expect:
        yield expect["segment"]
    yield from expect.get("tiers", {}).values()
    yield from expect.get("white_space", {}).values()
    for lead in expect.get("leads", []):
        yield lead["stage"]
        yield from lead["engagement"].values()


def test_every_operator_is_asked() -> None:
    """No operator of the file format is left out."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    operators = (">=", ">", "<=", "<", "!=", "in", "starts_with", "contains_any", "at_least")
    joints = ("at_most", "missing", "all", "any", "not", "any_product")
    assert [one for one in (*operators, *joints) if f'"{one}"' not in text] == []
    for kind in ("int", "decimal", "float", "bool", "text", "date", "set"):
        assert f'"type": "{kind}"' in text


def test_the_files_are_what_writes_them_writes() -> None:
    """Law 9: Same input, same bytes. Nobody edits them by hand, and they stay small."""
    write = loaded()
    texts = {name: write.text_of(name) for name in write.BOOKS}
    assert {path.stem for path in FILES} == set(texts)
    assert [path.stem for path in FILES
            if path.read_text(encoding="utf-8") != texts[path.stem]] == []  # fmt: skip
    assert sum(len(text.encode()) for text in texts.values()) < 300_000
