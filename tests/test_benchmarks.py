"""The benchmarks compare what gives equal answers: further models, written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import polars as pl
import pytest

import mpfunnel as mf
from benchmarks import by_hand_sql, costs, identity, matching, tally
from benchmarks.account import BOOK, check, draw
from benchmarks.equal import differences
from benchmarks.market import AS_OF, Tables
from benchmarks.market import draw as draw_market
from benchmarks.market import read as read_market
from benchmarks.market import scan as scan_market
from benchmarks.market import write as write_market
from benchmarks.replay import check as check_replays
from benchmarks.truth import draw as draw_known
from benchmarks.truth import untold
from benchmarks.ways import HAND, WAYS

TINY = 300
"""So many companies show what can go wrong."""


@pytest.fixture(scope="module")
def market() -> Tables:
    """The tables."""
    return draw_market(TINY)


@pytest.fixture(scope="module")
def wanted(market: Tables) -> Mapping[str, pl.DataFrame]:
    """The answers of the pipeline by hand."""
    return answered(HAND, market)


def answered(way: str, tables: Tables) -> Mapping[str, Any]:
    """The answers of one way."""
    return WAYS[way].answer(WAYS[way].take(tables))


def test_the_hand_written_account_gives_the_same_answers() -> None:
    """Law 1: Engines agree: a function made for the starter says field by field what it says."""
    dice = Random(12)
    check(mf.Engine(BOOK), [draw(dice, number) for number in range(60)])


def test_the_hand_written_fold_gives_the_same_scores() -> None:
    """Law 1: Engines agree: dicts changed in place say after each activity what a tally says."""
    log = tally.draw(Random(12), 400, faulty=True)
    tally.check(log)
    fold = tally.folded(log)
    assert fold.torn
    assert any(len(versions) > 2 for versions in fold.torn.values())


@pytest.mark.parametrize(
    "way",
    [
        "Polars",
        "Polars from file to file",
        "Polars from file to file in 8 parts",
        "Polars tuned by hand",
        "DuckDB by hand",
    ],
)
def test_whole_tables_by_hand_give_the_same_rows(
    way: str, market: Tables, wanted: Mapping[str, pl.DataFrame]
) -> None:
    """Law 1: Engines agree: pipelines made for the starter say row for row what it says."""
    assert list(differences(wanted, answered(way, market))) == []


@pytest.mark.spark
def test_sql_by_hand_gives_the_same_rows_on_spark(
    spark: Any, market: Tables, wanted: Mapping[str, pl.DataFrame]
) -> None:
    """Law 1: Engines agree: the SQL that DuckDB runs says the same on Spark."""
    session = spark.newSession()
    for name, table in market.items():
        session.createDataFrame(table.to_arrow()).createOrReplaceTempView(name)
    assert list(differences(wanted, by_hand_sql.in_spark(session, AS_OF))) == []


def test_the_market_has_the_faults_of_real_tables(
    market: Tables, wanted: Mapping[str, pl.DataFrame]
) -> None:
    """Rows that nobody can use, rows that stand there twice, and touches of the whole firm."""
    told = wanted["rejects"].select("table", "code").unique().rows()
    assert {
        ("companies", "conflict"),
        ("company_sets", "choice"),
        ("leads", "conflict"),
        ("activities", "conflict"),
        ("activities", "missing"),
        ("activities", "unknown-lead"),
        ("activities", "unknown-product"),
        ("deals", "conflict"),
        ("sales_events", "unknown-lead"),
        ("contracts", "order"),
    } <= set(told)
    activities = market["activities"]
    assert activities.is_duplicated().any()
    assert activities["product_id"].is_null().mean() == pytest.approx(0.15, abs=0.02)
    stages = set(wanted["leads"]["stage"])
    assert stages >= {"mql", "sal", "sql", "opportunity", "customer", "recycled", "dormant"}


def test_the_same_market_comes_in_files(tmp_path: Any, market: Tables) -> None:
    """What is written to files and read again is what is drawn, however often."""
    counts = write_market(TINY, tmp_path)
    found, scanned = read_market(tmp_path), scan_market(tmp_path)
    assert counts == {name: len(table) for name, table in market.items()}
    assert list(found) == list(scanned)
    for name, table in market.items():
        assert found[name].equals(table)
        assert scanned[name].collect().equals(table)


def test_a_row_too_much_and_a_row_missing_are_told(wanted: Mapping[str, pl.DataFrame]) -> None:
    """A difference in one row of one table is found, on both sides."""
    first = pl.int_range(pl.len()) == 0
    changed = wanted["leads"].with_columns(
        stage=pl.when(first).then(pl.lit("unheard of")).otherwise("stage")
    )
    told = list(differences(wanted, {**wanted, "leads": changed}))
    count = f"{len(changed):,}"
    assert [line.partition("\n")[0] for line in told] == [
        f"leads: 1 rows of {count} missing",
        f"leads: 1 rows of {count} too much",
    ]


def test_a_cost_is_that_of_the_work_alone() -> None:
    """The peak of memory is that of the work; what was freed before does not count."""
    del [b"x" * 300_000_000][0]
    cost, length = costs.cost_of(lambda: len(b"x" * 100_000_000))
    assert length == 100_000_000
    assert 0.09 < cost.peak - cost.before < 0.2


def test_the_hand_written_replay_gives_the_same_spans() -> None:
    """Law 1: Engines agree: a loop made for the starter says span for span what a replay says."""
    dice = Random(12)
    check_replays(mf.Engine(BOOK), [draw(dice, number) for number in range(6)])


def test_the_hand_written_look_up_gives_the_same_classes() -> None:
    """Law 1: Engines agree: one dict of all lists says of these addresses what `read_mail` says."""
    addresses = identity.draw(Random(12), identity.hosts(3_000), 3_000)
    classes = {identity.ours(address) for address in addresses}
    assert [identity.ours(one) for one in addresses] == [identity.by_hand(one) for one in addresses]
    assert classes == {
        "corporate",
        "disposable",
        "education",
        "free_mail",
        "provider",
        "public_body",
    }


def test_the_join_by_hand_finds_the_same_companies(capsys: pytest.CaptureFixture[str]) -> None:
    """Law 1: Engines agree: a join by hand and objects find what tables find, of leads known."""
    drawn = draw_known(TINY)
    tables = untold(drawn)
    assert matching.differences(tables) == []
    assert matching.other_than_objects(tables, 500) == []
    told = matching.against_the_truth(drawn)
    assert len(told) == len(tables["leads"])
    matching.report_truth(told)
    assert "recall" in capsys.readouterr().out


def test_the_same_seed_draws_the_same_leads() -> None:
    """Law 9: Same input, same bytes: what matching is measured against stays the same."""
    first, again = draw_known(20), draw_known(20)
    assert all(first[name].equals(again[name]) for name in first)
    assert not first["leads"].equals(draw_known(20, seed=12)["leads"])
