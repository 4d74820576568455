"""Frames on Spark: whole pipelines say what the engine says of one account after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import polars as pl
import pytest
from attrs import evolve, fields

from mpfunnel import Engine, examples, frames, sources
from tests.frames import RECORDS, differences, draw_records, tables_of
from tests.leads import book_of, draw_as_of, engine_of

pytestmark = pytest.mark.spark


class Case(NamedTuple):
    """A playbook of `tests.leads`, and how its tables are asked."""

    book: int
    zone: str
    possible: bool
    dense: bool = False


CASES = [
    # All that a lead without a sign is told comes from its company.
    Case(0, "UTC", possible=True),
    Case(2, "Asia/Tokyo", possible=False),
    # `any_product`, one model for each product, deals without a lead; summer time in Berlin.
    Case(4, "Asia/Tokyo", possible=True),
    # Integers as the ids of products; summer time in New York.
    Case(5, "UTC", possible=False),
    # Responses alone, without a log, and every lead with every product.
    Case(9, "Asia/Tokyo", possible=True, dense=True),
]


@pytest.fixture
def session(request: pytest.FixtureRequest, spark: Any) -> Iterator[Any]:
    """The Spark session in the time zone of the test."""
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield spark
    spark.conf.unset("spark.sql.session.timeZone")


def assessed(
    session: Any, engine: Engine, records: Mapping[str, Iterable[Any]], **asked: Any
) -> frames.Tables:
    """The answers about records that were tables of Spark, collected."""
    given = {name: session.createDataFrame(t) for name, t in tables_of(records, engine).items()}
    out = frames.assess(engine, **given, lang="en", **asked)
    names = [field.name for field in fields(frames.Tables)]
    return frames.Tables(
        **{name: None if (one := getattr(out, name)) is None else one.toArrow() for name in names}
    )


@pytest.mark.parametrize(("case", "session"), [(c, c.zone) for c in CASES], indirect=["session"])
def test_engines_agree_on_spark(case: Case, session: Any) -> None:
    """Law 1: Engines agree: whole tables on Spark, whatever the time zone of the session."""
    random = Random(f"Spark {case.book}")
    book, engine, as_of = book_of(case.book), engine_of(case.book), draw_as_of(random)
    records = draw_records(random, book, as_of, 40)
    asked = {"as_of": as_of, "possible": case.possible, "dense": case.dense}
    out = assessed(session, engine, records, **asked)
    if case.dense:
        assert len(out.engagement) == len(out.leads) * len(book.products)
        none = pl.col("state") == book.scale.ladder[0]
        told = pl.DataFrame(out.engagement).filter(
            ~none | ~pl.col("settled") | pl.col("instead_of").is_not_null()
        )
        out = evolve(out, engagement=told)
    assert differences(out, engine, records, as_of, possible=case.possible) == []


def test_the_invented_firm_on_spark(spark: Any) -> None:
    """The invented firm gets the same answers by tables of Spark."""
    engine, as_of = Engine(examples.PLAYBOOK), date(2026, 10, 31)
    sample = examples.generate(60, as_of=as_of)
    records = {name: getattr(sample, name) for name in RECORDS}
    out = assessed(spark, engine, records, as_of=as_of)
    assert differences(out, engine, records, as_of, possible=False) == []


def test_a_real_crm_on_spark(spark: Any, shared_data: Path) -> None:
    """Maven's CRM gets the same answers by tables of Spark."""
    read = sources.read("maven", shared_data / "maven_crm")
    engine, as_of = Engine(examples.playbook("maven")), date(2017, 12, 31)
    records = {name: getattr(read, name) for name in RECORDS}
    out = assessed(spark, engine, records, as_of=as_of)
    assert differences(out, engine, records, as_of, possible=False) == []


def test_the_how_to_runs(spark: Any) -> None:
    """What `docs/how-to/run-on-spark.md` shows runs as it stands; elsewhere it is only read."""
    page = Path(__file__).parents[1] / "docs" / "how-to" / "run-on-spark.md"
    blocks = re.findall(r"^```py\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["spark"] is spark
