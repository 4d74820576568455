"""Frames: leads taken in parts, one after the other, get the answers that they get all at once."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any
from weakref import WeakSet

import pyarrow as pa
import pytest

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.errors import InvalidDataError
from mpfunnel.frames.people import People
from mpfunnel.frames.population import Gathered, Population
from tests.frames import KINDS, draw_records, rows_of, tables_of
from tests.leads import BOOKS, book_of, draw_as_of, engine_of

NAMES = (
    *("companies", "tiers", "leads", "engagement", "company_products", "plays", "by_hand"),
    "rejects",
)
IN_MEMORY = ("Polars", "Polars, lazy", "pandas, NumPy", "PyArrow")
# Every part is planned anew: one case of each kind shows it, the others are for the bulk run.
CASES = [
    pytest.param(
        kind,
        number,
        marks=[] if number < 4 and (kind, number) != ("Polars", 3) else [pytest.mark.bulk],
    )
    for kind, number in (
        *(("Polars", number) for number in range(0, BOOKS, 3)),
        *((kind, place) for place, kind in enumerate(IN_MEMORY) if kind != "Polars"),
    )
]
BY_COMPANY = ("companies", "tiers", "company_products", "by_hand", "rejects")


def faulty(random: Random, number: int) -> tuple[mf.Engine, dict[str, pa.Table], Any]:
    """Tables in which rows stand twice, contradict each other, and name who is not there."""
    book, engine, as_of = book_of(number), engine_of(number), draw_as_of(random)
    records = draw_records(random, book, as_of, 40)
    tables = tables_of(records, engine)
    activities = tables["activities"]
    rows = activities.to_pylist()
    again = [{**row, "kind": random.choice((row["kind"], "other"))} for row in rows[::7]]
    ids = [row["lead_id"] for row in rows]
    lost = [{**row, "lead_id": _other(ids, place)} for place, row in enumerate(rows[::9])]
    tables["activities"] = pa.Table.from_pylist([*rows, *again, *lost], schema=activities.schema)
    return engine, tables, as_of


def _other(ids: list[Any], place: int) -> Any:
    """An id that no lead has, of the type of the others."""
    return f"nobody {place}" if isinstance(ids[0], str) else max(ids) + 1_000_000 + place


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_parts_make_no_difference(kind: str, number: int) -> None:
    """Law 4: Order does not matter, nor which leads are looked at together."""
    random = Random(f"parts {kind} {number}")
    engine, tables, as_of = faulty(random, number)
    given = KINDS[kind](tables)
    seen: list[tuple[int, int]] = []
    chunks = random.randint(2, 9)
    wanted = frames.assess(engine, **given, as_of=as_of, dense=number % 3 == 0)
    found = frames.assess(
        engine,
        **given,
        as_of=as_of,
        dense=number % 3 == 0,
        chunks=chunks,
        progress=lambda done, of: seen.append((done, of)),
    )
    for name in NAMES:
        assert rows_of(getattr(found, name)) == rows_of(getattr(wanted, name)), name
        assert type(getattr(found, name)) is type(getattr(wanted, name))
    assert rows_of(wanted.rejects)
    assert seen == [(done, chunks) for done in range(1, chunks + 1)]


@pytest.mark.parametrize(
    ("kind", "chunks"),
    [
        ("Polars", 3),
        ("Polars", 1),
        *(pytest.param(kind, 3, marks=pytest.mark.bulk) for kind in IN_MEMORY if kind != "Polars"),
    ],
)
def test_answers_come_part_by_part(kind: str, chunks: int) -> None:
    """Leads and engagement come once for each part, all else once; no row is lost or told twice."""
    engine, tables, as_of = faulty(Random("part by part"), 0)
    given = KINDS[kind](tables)
    wanted = frames.assess(engine, **given, as_of=as_of)
    parts: dict[str, list[Any]] = {name: [] for name in NAMES}
    for name, table in frames.assess_in_parts(engine, **given, as_of=as_of, chunks=chunks):
        parts[name].append(table)
        assert type(table) is type(getattr(wanted, name))
    assert {name: len(found) for name, found in parts.items()} == {
        name: 1 if name in BY_COMPANY else chunks for name in NAMES
    }
    for name, found in parts.items():
        rows = [row for table in found for row in rows_of(table)]
        assert sorted(map(str, rows)) == sorted(map(str, rows_of(getattr(wanted, name))))


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[] if kind == "Polars" else pytest.mark.bulk) for kind in IN_MEMORY],
)
def test_a_part_is_gone_before_the_next(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the people of one part need in memory is free when those of the next are looked at."""
    engine, tables, as_of = faulty(Random("gone"), 1)
    given = KINDS[kind](tables)
    alive: WeakSet[People] = WeakSet()
    counts: list[int] = []
    taken = Population.people

    def counted(population: Population, gathered: Gathered) -> People | None:
        counts.append(len(alive))
        people = taken(population, gathered)
        assert people is not None
        alive.add(people)
        return people

    monkeypatch.setattr(Population, "people", counted)
    rows_of(frames.assess(engine, **given, as_of=as_of, chunks=3).leads)
    for _ in frames.assess_in_parts(engine, **given, as_of=as_of, chunks=3):
        pass
    assert counts == [0] * 6


def test_parts_without_leads() -> None:
    """Without leads there are no answers about any, and what is said of them is told once."""
    engine, tables, as_of = faulty(Random("nobody"), 2)
    del tables["leads"]
    tables["deals"] = tables["deals"].slice(0, 0)
    wanted = frames.assess(engine, **tables, as_of=as_of)
    found = frames.assess(engine, **tables, as_of=as_of, chunks=3)
    assert (found.leads, found.engagement) == (None, None)
    assert rows_of(found.rejects) == rows_of(wanted.rejects)
    assert rows_of(found.company_products) == rows_of(wanted.company_products)


@pytest.mark.parametrize("chunks", [0, -1, True, 2.0, "8", None])
def test_parts_are_counted(chunks: Any) -> None:
    """There is at least one part."""
    engine, tables, as_of = faulty(Random("counted"), 0)
    with pytest.raises(InvalidDataError, match="chunks: must be 1 or more, not "):
        frames.assess(engine, **tables, as_of=as_of, chunks=chunks)


@pytest.mark.parametrize("kind", ["DuckDB", "Ibis on DuckDB"])
def test_engines_with_a_memory_of_their_own(kind: str) -> None:
    """Engines that are larger than memory take no parts, and say so."""
    engine, tables, as_of = faulty(Random("engines"), 0)
    given: Mapping[str, Any] = KINDS[kind](tables)
    with pytest.raises(InvalidDataError, match="chunks: is for tables in memory; "):
        frames.assess(engine, **given, as_of=as_of, chunks=2)


def test_tables_by_their_names() -> None:
    """Names of tables that there are none of are all told, with the nearest one."""
    engine, tables, as_of = faulty(Random("names"), 0)
    with pytest.raises(InvalidDataError) as caught:
        frames.assess_in_parts(engine, activity=tables["activities"], x=1, chunks=2, as_of=as_of)
    assert [str(problem) for problem in caught.value.problems] == [
        "activity: no such table; did you mean 'activities'?",
        "x: no such table",
    ]
