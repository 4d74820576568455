"""What companies own and are buying, per product: `mpfunnel.ownership` for whole tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import narwhals.stable.v2 as nw
from attrs import evolve

from mpfunnel.frames.expressions import flag, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM, Situation

__all__ = ["as_of_earlier", "positions"]


def positions(facts: Situation, holder: str, reasons: Sequence[str], as_of: date) -> Frame | None:
    """Return one row per holder and product that a deal or contract names; `None` without any.

    Columns: that of the holder, ``about``, ``owned``, ``open_deal``, and for each reason
    ``lost_for_<n>``: whether it is one of the latest lost deals; integers 0 and 1.

    Args:
        facts: What counts on the day.
        holder: The column of `facts.deals` that says whose a deal is: ``"company_no"``, to which
            contracts count too; or ``"lead_no"``.
        reasons: The reason codes that rules ask about.
        as_of: The day.
    """
    today = as_of.toordinal()
    parts: list[Frame] = []
    columns = ["running", "lapsed", "buying", "won", "lost", *_lost(reasons)]
    if facts.deals is not None and facts.deal_lines is not None:
        lines = facts.deal_lines.select(id="deal_id", about="about")
        deals = facts.deals.filter(~nw.col(holder).is_null()).join(lines, on="id", how="inner")
        closed = nw.col("closed")
        lost = nw.when(nw.col("status") == "lost").then(closed)
        parts.append(
            deals.select(
                holder,
                "about",
                running=whole(None),
                lapsed=whole(None),
                buying=nw.when(closed.is_null()).then(whole(1)),
                won=nw.when(nw.col("status") == "won").then(closed),
                lost=lost,
                **{
                    name: nw.when((nw.col("reason") == reason) & (nw.col("status") == "lost")).then(
                        closed
                    )
                    for name, reason in zip(_lost(reasons), reasons, strict=True)
                },
            )
        )
    if holder == "company_no" and facts.contracts is not None:
        end = nw.col("end")
        runs = end.is_null() | (end >= today)
        parts.append(
            facts.contracts.filter(nw.col("about") != FIRM).select(
                "company_no",
                "about",
                running=nw.when(runs).then(whole(1)),
                lapsed=nw.when(~runs).then(end),
                buying=whole(None),
                won=whole(None),
                lost=whole(None),
                **{name: whole(None) for name in _lost(reasons)},
            )
        )
    if not parts:
        return None
    wanted = [holder, "about", *columns]
    each = nw.concat([part.select(*wanted) for part in parts])
    each = each.group_by(holder, "about").agg(*(nw.col(name).max() for name in columns))
    # What was won is owned until a contract that ended on the day of the deal or later has lapsed.
    kept = ~nw.col("won").is_null() & (
        nw.col("lapsed").is_null() | (nw.col("lapsed") < nw.col("won")).fill_null(False)
    )
    return each.select(
        holder,
        "about",
        owned=flag(~nw.col("running").is_null() | kept),
        open_deal=flag(~nw.col("buying").is_null()),
        **{
            # Of several deals lost on the latest day, every reason counts.
            name: flag((nw.col(name) == nw.col("lost")).fill_null(False))
            for name in _lost(reasons)
        },
    )


def as_of_earlier(facts: Situation, day: date) -> Situation:
    """Return what counts with deals and contracts as they were on a day before."""
    then = day.toordinal()
    deals, contracts = facts.deals, facts.contracts
    if deals is not None:
        closed = nw.when(nw.col("closed") <= then).then(nw.col("closed"))
        deals = deals.filter(nw.col("opened") <= then).with_columns(closed=closed)
    if contracts is not None:
        contracts = contracts.filter(nw.col("start") <= then)
    return evolve(facts, deals=deals, contracts=contracts)


def _lost(reasons: Sequence[str]) -> list[str]:
    return [f"lost_for_{place}" for place in range(len(reasons))]
