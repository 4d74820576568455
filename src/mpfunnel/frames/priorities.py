"""The priority list (優先リスト) of tables, as `mpfunnel.Engine.today` gives that of answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, misfit
from mpfunnel.frames.days import with_day
from mpfunnel.frames.expressions import looked_up, whole
from mpfunnel.frames.kinds import Answer, Frame, Workshop, as_columns
from mpfunnel.frames.turns import LOWEST, weight_of
from mpfunnel.playbook import Playbook
from mpfunnel.plays import faults_of_limit

__all__ = ["today"]

_NEEDED: Final = (
    *("lead_id", "product_id", "play", "owner", "due", "due_by", "waits_for", "not_before"),
    *("tier", "interest", "open_deal", "contacted_on", "as_of"),
)
_DAYS: Final = ("due", "not_before", "contacted_on", "as_of")


def today(engine: Engine, plays: Any, *, owner: str | None = None, limit: int | None = None) -> Any:
    """Return the priority list (優先リスト): the plays that are due, the most important first.

    A play is on it from the day until which it is due on, for as long as nothing changes. Of each
    lead, only the plays whose turn it is are on it. The order is that of `mpfunnel.Engine.today`.

    Args:
        engine: The playbook by which the plays were planned.
        plays: `Tables.plays`, or rows of several of them; each is asked on its own day.
        owner: Only the plays of this role; `None` for all.
        limit: At most so many; `None` for all.

    Returns:
        The rows that are due, in a table of the kind that was given, with the same columns.

    Raises:
        InvalidDataError: The table is none of plays, or `limit` is no number of them.
    """
    problems = [*misfit("engine", engine, Engine), *faults_of_limit(limit)]
    if problems:
        raise InvalidDataError(problems)
    workshop = Workshop.of({"plays": plays})
    columns = as_columns(plays, workshop.kind)
    lacking = [
        Problem("missing", f"plays.{name}", "is needed; give the plays of assess")
        for name in _NEEDED
        if name not in columns
    ]
    if lacking:
        raise InvalidDataError(lacking)
    frame, problems = workshop.enter("plays", plays, columns)
    schema = frame.collect_schema()
    for name in _DAYS:
        known = name in schema and isinstance(schema[name], nw.Date | nw.Datetime)
        # Where it holds nothing, pandas may have any type.
        if name in schema and not known and not workshop.is_blank(frame, name):
            problems.append(Problem("type", f"plays.{name}", "must hold dates"))
    if problems:
        raise InvalidDataError(problems)
    found = _in_order(_due(frame, owner), engine.playbook)
    if limit is not None:
        found = found.head(limit)
    answer = Answer(lambda: found, dict(schema), ())
    return workshop.leave({"plays": answer})["plays"]


def _due(frame: Frame, owner: str | None) -> Frame:
    """Return the plays that are due, with their days as ordinal numbers, ``<name>_no``."""
    for name in _DAYS:
        number = f"{name}_no"
        frame = frame.with_columns(nw.col(name).cast(nw.Date()).alias(number))
        frame = with_day(frame, number, name=number)
    free = nw.col("not_before_no").fill_null(0) <= nw.col("as_of_no")
    due = (nw.col("due_no") <= nw.col("as_of_no")).fill_null(False)
    found = frame.filter(due & free & (nw.col("waits_for").fill_null("") == ""))
    return found if owner is None else found.filter(nw.col("owner") == owner)


def _in_order(frame: Frame, book: Playbook) -> Frame:
    """Return plays in the order of `mpfunnel.plays.priorities`."""
    known: list[Any] = [one.id for one in book.products]
    ids: list[Any] = sorted(known)
    plays, ladder = [one.key for one in book.plays.plays], book.scale.ladder
    tiers = {one.key: one.number for policy in book.tiers.values() for one in policy.tiers}

    def place(name: str, numbers: Mapping[Any, int], otherwise: int) -> nw.Expr:
        if not numbers:
            return whole(otherwise)
        found = looked_up(nw.col(name), [*numbers], [*numbers.values()])
        return found.fill_null(otherwise)

    frame = frame.with_columns(
        due_on=nw.col("due_no"),
        play_no=place("play", {key: n for n, key in enumerate(plays)}, len(plays)),
        level=place("interest", {key: n for n, key in enumerate(ladder)}, -1),
        tier_number=place("tier", tiers, LOWEST),
        own_contact_on=nw.col("contacted_on_no").fill_null(0),
        product_no=place("product_id", {one: n for n, one in enumerate(ids)}, len(ids)),
    )
    weight = weight_of(nw.col("as_of_no"), book.plays.order, len(plays) + 1, len(ladder))
    frame = frame.with_columns(weight=weight)
    return frame.sort("weight", "due_no", "lead_id", "product_no")
