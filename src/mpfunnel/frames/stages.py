"""Funnel stage of all leads: what each pursuit warrants, and which has come furthest (S19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from mpfunnel.frames.answers import joined, possible_of, settled, words_of
from mpfunnel.frames.expressions import by_code, flag, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM
from mpfunnel.frames.task import Task
from mpfunnel.rules.columns import Decided, decide_columns, read_columns
from mpfunnel.rules.conditions import Exists, facts_of

__all__ = ["furthest", "in_words", "products_in", "with_ranges"]

_FAR = 1_000
"""More than there are stages in a funnel: a class times this, plus a height, ranks a stage."""


def with_ranges(
    rows: Frame, by: Sequence[str] = ("lead_no",), *, pairs: Frame, task: Task
) -> Frame:
    """Return rows of leads and pursuits with what is true of any product (S7).

    Args:
        rows: One row per lead and pursuit, with the facts that rules ask about.
        by: What tells the leads apart.
        pairs: How each lead stands with every product.
        task: What is asked.
    """
    of_lead: list[Exists] = []
    of_pursuit: list[Exists] = []
    for exists in task.places.exists:
        asked = {fact.root for fact in facts_of(exists.condition)}
        (of_pursuit if "pursuit" in asked else of_lead).append(exists)
    if of_lead:
        rows = _with_some(rows, pairs, of_lead, task, ["lead_no"])
    if of_pursuit:
        # What they ask of the pursuit is true of it, whichever product they range over.
        facts = task.places.about("pursuit")
        columns = [c for f in facts for c in task.places.columns(f, possible=task.possible)]
        pursuits = rows.select(*by, "about", *columns)
        pairs = pairs.drop("about").join(pursuits, on="lead_no", how="inner")
        rows = _with_some(rows, pairs, of_pursuit, task, [*by, "about"])
    return rows


def _with_some(
    rows: Frame, pairs: Frame, asked: Sequence[Exists], task: Task, by: Sequence[str]
) -> Frame:
    columns: dict[str, nw.Expr] = {}
    names: list[tuple[str, str]] = []
    for exists in asked:
        for later in (False, True) if task.possible else (False,):
            rails = read_columns(exists.condition, task.places, later=later)
            true, false = task.places.some(exists, later=later)
            columns[true] = flag(rails.true)
            columns[false] = flag(rails.false)
            names.append((true, false))
    found = (
        pairs.with_columns(**columns)
        .group_by(*by)
        .agg(
            *(nw.col(true).max() for true, _ in names), *(nw.col(false).min() for _, false in names)
        )
    )
    rows = rows.join(found, on=list(by), how="left")
    return rows.with_columns(**{name: nw.col(name) == 1 for name in columns})


def furthest(rows: Frame, task: Task, by: Sequence[str] = ("lead_no",)) -> tuple[Frame, Decided]:
    """Return the stage of each lead, and what the columns of the decision are.

    Columns: those of `by` and of the decision, and ``for_<place>``, 1 for each product that reaches
    the stage. The possible ones are those that some outcome of all pursuits together gives.

    Args:
        rows: One row per lead and pursuit, with the facts that the rules of the funnel ask about.
        task: What is asked.
        by: What tells the leads apart.
    """
    book, possible = task.book, task.possible
    funnel = book.playbook.funnel
    rows, decided = decide_columns(rows, funnel.rules, task.places, name="stage", possible=possible)
    keys = [stage.key for stage in (*funnel.ladder, *funnel.detours)]
    ranks = [
        [
            high * _FAR + low
            for high, low in (table[stage] for stage in (*funnel.ladder, *funnel.detours))
        ]
        for table in funnel.ranks
    ]
    ended = (nw.col("won") + nw.col("lost") + nw.col("quiet")) > 0
    state = (
        nw.when(nw.col("started") == 0)
        .then(whole(0))
        .otherwise(nw.when(ended).then(whole(2)).otherwise(whole(1)))
    )
    rows = rows.with_columns(state=state)
    of_code = [keys.index(one.key) for one in decided.values]
    rows = rows.with_columns(
        rank=_by_state([[table[k] for k in of_code] for table in ranks], decided.code)
    )
    count = len(decided.values)
    products = list(book.products)
    # Of several that have come equally far, the first product decides; the firm comes last.
    order = (
        nw.when(nw.col("about") == FIRM).then(whole(0)).otherwise(len(products) - nw.col("about"))
    )
    best = (nw.col("rank") + _FAR) * (len(products) + 1) + order
    rows = rows.with_columns(best=best * count + nw.col(decided.code))
    rows = rows.with_columns(top=nw.col("rank").max().over(*by))
    # What somebody set by hand may lead somewhere without a pursuit.
    elsewhere = [int(one != funnel.rules.otherwise) for one in decided.values]
    moves = (nw.col("started") == 1) | (by_code(decided.code, elsewhere) == 1)
    reaches = (nw.col("rank") == nw.col("top")) & moves
    flags = {
        f"for_{place}": flag(reaches & (nw.col("about") == place)) for place in range(len(products))
    }
    ways: dict[str, nw.Expr] = {}
    if possible:
        outcomes = [one.key for one in funnel.rules.outcomes]
        low = [
            # Without nulls: to some engines the least of a null and a number is null.
            nw.when(nw.col(column))
            .then(_by_state([[table[keys.index(key)]] for table in ranks], None))
            .otherwise(whole(_FAR * _FAR))
            for key, column in zip(outcomes, decided.possible, strict=True)
        ]
        # Never the minimum of one column, which Spark refuses.
        rows = rows.with_columns(low=nw.min_horizontal(*low, low[0]))
        # What every pursuit reaches at least bounds the lead's stage from below.
        rows = rows.with_columns(least=nw.col("low").max().over(*by))
        for place, (key, column) in enumerate(zip(outcomes, decided.possible, strict=True)):
            rank = _by_state([[table[keys.index(key)]] for table in ranks], None)
            way = nw.col(column) & (rank >= nw.col("least"))
            ways[f"way_{place}"] = flag(way)
    rows = rows.with_columns(**flags, **ways)
    found = rows.group_by(*by).agg(*(nw.col(name).max() for name in ("best", *flags, *ways)))
    found = found.with_columns((nw.col("best") % count).alias(decided.code))
    if possible:
        found = found.with_columns(
            **{column: nw.col(f"way_{place}") == 1 for place, column in enumerate(decided.possible)}
        )
    return found.select(*by, decided.code, *flags, *decided.possible), decided


def in_words(found: Frame, decided: Decided, task: Task) -> Frame:
    """Return what people read of stages: lead_no, warranted and columns that begin like it.

    Args:
        found: What `furthest` returns.
        decided: What the columns of the decision are.
        task: What is asked.
    """
    reached = products_in("for", task)
    found = found.with_columns(**{column: nw.col(column) == 1 for column in reached.values()})
    found = found.with_columns(warranted_for_products=joined(reached))
    if task.possible:
        found = found.with_columns(
            warranted_settled=settled(decided.possible),
            warranted_possible=joined(possible_of(decided)),
        )
    words = words_of(task.book.playbook.funnel.rules, "stage", task.lang)
    codes: dict[str, list[Any]] = {
        decided.code: list(range(len(decided.values))),
        "warranted": words["stage"],
        "warranted_rule": words["rule"],
        "warranted_because": words["because"],
    }
    return found.join(task.workshop.small("stage_codes", codes), on=decided.code)


def products_in(name: str, task: Task) -> dict[str, str]:
    """Return the columns of products, ``<name>_<place>``, by their ids as text."""
    return {
        str(product_id): f"{name}_{place}" for place, product_id in enumerate(task.book.products)
    }


def _by_state(values: Sequence[Sequence[int]], code: str | None) -> nw.Expr:
    """Return the value of the table for the column ``state``, at the place of a code if any."""

    def at(table: Sequence[int]) -> nw.Expr:
        return whole(table[0]) if code is None else by_code(code, table)

    none, running, ended = (at(table) for table in values)
    state = nw.col("state")
    return (
        nw.when(state == 0).then(none).otherwise(nw.when(state == 1).then(running).otherwise(ended))
    )
