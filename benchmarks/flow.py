"""What it costs to tell the flow from whole tables, beside the four answers.

    python -m benchmarks.flow --companies 10000       # 100,000 leads
    python -m benchmarks.flow                         # 1M leads and 10M touches

The tables are those of `benchmarks.market`, of Polars, with more: most kinds of activity are
touches of campaigns, every deal has an amount, and a fifth of the leads have a stage history. The
four answers are what `mpfunnel.frames.assess` says with the playbook of the starter, but for offers
and plays.
The flow is what `FlowTables.look` tells: journeys, the report of a quarter, the gap map, cohorts,
campaign results and the balance, with who is out of the market. Both get the same tables. The runs
are interleaved in one process; a figure is the median of the rounds, and a ratio is that of two
medians.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl
from attrs import evolve

import mpfunnel as mf
from benchmarks.by_hand_polars import PRODUCTS
from benchmarks.costs import compare
from benchmarks.market import AS_OF, DAYS, SINCE, Dice, ids
from benchmarks.market import draw as draw_market
from mpfunnel import frames
from mpfunnel.flow import Campaign, CampaignBook, FlowPlan, Period, Spend, TouchStatus
from mpfunnel.flow.tables import FlowTables

WANTED: Final = 3
"""So many times the time of the four answers at most."""

TOUCHED: Final[Mapping[str, tuple[str, TouchStatus]]] = {
    "page_view": ("educational_content", "delivered"),
    "email_open": ("email", "interacted"),
    "email_click": ("email", "engaged"),
    "asset_downloaded": ("educational_content", "engaged"),
    "webinar_attended": ("educational_content", "attended"),
    "seminar_attended": ("personal_selling", "attended"),
    "business_card": ("personal_selling", "delivered"),
}
"""The tactic of a touch by the kind of activity, and how far the touch has come."""
OF_EACH: Final = 12
"""So many campaigns are there of each tactic; the last has no product."""

YEAR: Final = date(2025, 7, 1)
QUARTER: Final = Period(date(2026, 4, 1), AS_OF)

PATH: Final = ("known", "inquiry", "mql", "sal", "sql", "opportunity", "customer")
REACHED: Final = (0.1, 0.4, 0.2, 0.12, 0.08, 0.06, 0.04)
"""Of those with a history, the share that came to each stage and no further."""


def campaigns() -> list[Campaign]:
    """Some campaigns of each tactic."""
    tactics = dict.fromkeys(tactic for tactic, _ in TOUCHED.values())
    products = (*PRODUCTS, *PRODUCTS, None, None)
    return [
        Campaign(f"{tactic}-{number}", tactic, YEAR, product_id=product_id)
        for tactic in tactics
        for number, product_id in enumerate(products)
    ]


def plan() -> FlowPlan:
    """What is asked of the flow."""
    known = campaigns()
    spends = [Spend(QUARTER.first, 1_000, campaign_id=one.id) for one in known]
    others = ("pricing_page", "inquiry", "quotation_request", "demo_request")
    statuses: dict[str, TouchStatus | None] = {
        kind: status for kind, (_, status) in TOUCHED.items()
    }
    statuses |= dict.fromkeys(others, "engaged")
    statuses |= {"careers_page": None, "unsubscribed": None}
    return FlowPlan(
        since=YEAR,
        within_days=60,
        interest=None,
        stages="kept",
        statuses=statuses,
        meetings={"seminar_attended"},
        campaigns=CampaignBook(known, spends=spends),
    )


_STARTER: Final = mf.starter(products=PRODUCTS)
FOUR: Final = mf.Engine(evolve(_STARTER, synergy=mf.Synergy(), plays=mf.Plays()))
PLAN: Final = plan()


def draw(companies: int) -> dict[str, pl.DataFrame]:
    """The tables."""
    found = draw_market(companies)
    dice = Dice(companies, seed=8)
    activities, deals = found["activities"], found["deals"]
    of_kind = {kind: tactic for kind, (tactic, _) in TOUCHED.items()}
    number = pl.Series(dice.rng.integers(0, OF_EACH, len(activities))).cast(pl.String)
    tactic = activities["kind"].replace_strict(of_kind, default=None)
    campaign = pl.select(pl.concat_str(tactic, pl.lit("-"), number)).to_series()
    amount = pl.Series(np.exp(dice.rng.normal(9, 1, len(deals))).astype(np.int64))
    return found | {
        "activities": activities.with_columns(campaign_id=campaign),
        "deals": deals.with_columns(amount=amount),
        "stage_history": histories(dice),
    }


def histories(dice: Dice) -> pl.DataFrame:
    """The stages that a fifth of the leads have been in, one after the other."""
    leads, stages = dice.leads // 5, len(PATH)
    reached = dice.rng.choice(stages, leads, p=list(REACHED))
    days = dice.rng.integers(0, 120, (leads, stages))
    days[:, 0] += dice.rng.integers(0, DAYS - 120, leads)
    entered = pl.Series(np.cumsum(days, axis=1).ravel() * 86_400_000_000).cast(pl.Duration("us"))
    place = pl.Series(np.tile(np.arange(stages), leads))
    lead = ids("L", np.repeat(dice.rng.permutation(dice.leads)[:leads], stages))
    come = pl.Series(np.repeat(reached, stages)) >= place
    frame = pl.DataFrame({"lead_id": lead, "number": place + 1, "entered": SINCE + entered})
    # Who has not come to the next stage by the last day is still in the one before.
    frame = frame.filter(come & (pl.col("entered").dt.date() < AS_OF))
    return frame.with_columns(
        of_lead="lead_id",
        pursuit=pl.lit(1),
        stage=pl.col("number").replace_strict(dict(enumerate(PATH, 1))),
        left=pl.col("entered").shift(-1).over("lead_id"),
        kind=pl.lit("forward"),
        cause=pl.lit("import"),
    )


def answers(tables: Mapping[str, Any]) -> dict[str, int]:
    """How many rows the four answers have."""
    found = frames.assess(FOUR, **tables, as_of=AS_OF)
    names = ("companies", "tiers", "leads", "engagement")
    return {name: len(getattr(found, name)) for name in names}


def flow(tables: Mapping[str, Any]) -> dict[str, int]:
    """How much the flow tells."""
    with FlowTables(FOUR, as_of=AS_OF, **tables) as given:
        found = given.look(PLAN, period=QUARTER)
        assert found.results is not None
        return {
            "steps of products": sum(len(one.steps) for one in found.report.products),
            "cells of the gap map": len(found.gaps.cells),
            "campaigns": len(found.results.campaigns),
        }


def main() -> None:
    """Run both, interleaved."""
    parser = argparse.ArgumentParser(description="Time the flow from whole tables.")
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    # On a first run, libraries are loaded and plans are compiled.
    small = draw(100)
    answers(small)
    flow(small)
    tables = draw(given.companies)
    print(", ".join(f"{len(table):,} {name}" for name, table in tables.items()), flush=True)
    compare(
        partial(answers, tables),
        partial(flow, tables),
        called=("four answers", "flow"),
        rounds=given.rounds,
        wanted=WANTED,
    )


if __name__ == "__main__":
    main()
