"""The reference of tables says what the code takes and gives, column by column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from mpfunnel.frames import assign, by_hand, dated, door, histories, population, situation, values
from mpfunnel.frames.contract import TABLES

REFERENCE: Final = Path(__file__).parents[1] / "docs" / "reference" / "tables.md"
WORDS: Final = {
    "id": "id",
    "int": "whole number",
    "decimal": "decimal",
    "float": "number",
    "bool": "yes or no",
    "text": "text",
    "date": "date",
    "instant": "instant",
}
"""How the reference calls what a column of a table that is given holds."""
ANSWERS: Final = {"company": "id", "lead": "id", "product": "id"}
"""How it calls what a column of an answer holds, where it does not say it in the same word."""


def tables(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    """The rows of the first table under each heading of the third level whose name is code."""
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title = re.match(r"`([\w.]+)`\n", part)
        assert title is not None, part[:40]
        table = re.search(r"^\| column .*\n\|[-|]+\|\n((?:\|.*\|\n)+)", part, re.MULTILINE)
        assert table is not None, title[1]
        lines = table[1].splitlines()
        yield title[1], [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


DOCUMENTED: Final[Mapping[str, list[list[str]]]] = dict(
    tables(REFERENCE.read_text(encoding="utf-8"))
)


def test_every_table_is_documented() -> None:
    """The reference has the tables that are taken, in their order, and those that are given."""
    given = [name for name in DOCUMENTED if not name.startswith(("out.", "found."))]
    got = [name.removeprefix("out.") for name in DOCUMENTED if name.startswith("out.")]
    assert sorted(given) == sorted(TABLES)
    assert got == list(population.SHAPES)


@pytest.mark.parametrize("name", TABLES)
def test_columns_that_are_taken(name: str) -> None:
    """Each column of a table stands there with what it holds, and whether it is needed."""
    assert [tuple(row[:3]) for row in DOCUMENTED[name]] == [
        (
            f"`{one.name}`",
            WORDS[one.holds],
            "yes" if one.required else "its column" if one.stated else "no",
        )
        for one in TABLES[name]
    ]


@pytest.mark.parametrize("name", TABLES)
def test_words_that_are_taken(name: str) -> None:
    """Where only certain words are taken, the reference lists them all."""
    said = {row[0].strip("`"): row[3] for row in DOCUMENTED[name]}
    for one in TABLES[name]:
        words = re.split(r"[^\w-]+", said[one.name])
        assert [word for word in one.choices if word not in words] == []


@pytest.mark.parametrize("name", population.SHAPES)
def test_columns_that_are_given(name: str) -> None:
    """Each column of an answer stands there with what it holds, in the order of the answer."""
    shape = {**population.SHAPES[name], **population.STAMP}
    wanted = [(f"`{column}`", ANSWERS.get(what, what)) for column, what in shape.items()]
    assert [tuple(row[:2]) for row in DOCUMENTED[f"out.{name}"]] == wanted


@pytest.mark.parametrize("name", ["matches", "match_candidates"])
def test_columns_of_assigned_leads(name: str) -> None:
    """Each column that says which company a lead belongs to stands there with what it holds."""
    leads = pl.DataFrame({"id": ["a"], "email": ["taro@gmail.com"]})
    found = assign(leads=leads, companies=leads.select("id"))
    types = {pl.String(): "text", pl.Boolean(): "flag"}
    columns = getattr(found, name).schema.items()
    assert [tuple(row[:2]) for row in DOCUMENTED[f"found.{name}"]] == [
        (f"`{column}`", "id" if column.endswith("_id") else types[kind]) for column, kind in columns
    ]


def test_codes_of_rejects() -> None:
    """Every code that a row can be rejected with stands in the list, in order."""
    text = REFERENCE.read_text(encoding="utf-8").partition("what is wrong with the row")[2]
    text = text.partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert listed == sorted(set(codes()))


ELSEWHERE: Final = {"closed", "domain", "expired", "float", "id", "value"}
"""Codes that only other parts of the library make: here they are the names of something else."""


def codes() -> Iterator[str]:
    """The codes in the source of what turns rows away; those of whole tables make a Problem."""
    errors = REFERENCE.with_name("errors.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `([a-z-]+)` \|", errors, re.MULTILINE)) - ELSEWHERE
    for module in (by_hand, dated, door, histories, population, situation, values):
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        of_tables = {
            inner
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Problem"
            for inner in ast.walk(call)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Constant(str(code)) if node not in of_tables:
                    if code in known or re.fullmatch("unknown-[a-z]+", code):
                        yield code
                case _:
                    pass
