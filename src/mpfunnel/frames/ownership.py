"""What companies own and are buying, per product: `mpfunnel.ownership` for whole tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import narwhals.stable.v2 as nw
from attrs import evolve

from mpfunnel.frames.expressions import flag, halves, whole, with_total
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM, Situation

__all__ = ["as_of_earlier", "dealings", "owned_throughout", "positions"]


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


def dealings(facts: Situation, as_of: date) -> Frame | None:
    """Return one row per company and product that a deal or contract names; `None` without any.

    Columns: company_no, about, and as in `mpfunnel.ownership.Dealings` the days ``dealt``, ``ends``
    and ``lapsed``, and ``quantity``.

    Args:
        facts: What counts on the day.
        as_of: The day.
    """
    today = as_of.toordinal()
    parts: list[Frame] = []
    days = ("dealt", "ends", "lapsed", "endless")
    if facts.deals is not None and facts.deal_lines is not None:
        lines = facts.deal_lines.select(id="deal_id", about="about")
        deals = facts.deals.filter(~nw.col("company_no").is_null())
        deals = deals.join(lines, on="id", how="inner")
        opened = nw.col("opened")
        parts.append(
            deals.select(
                "company_no",
                "about",
                dealt=nw.max_horizontal(opened, nw.col("closed").fill_null(opened)),
                **dict.fromkeys(days[1:], whole(None)),
                **dict.fromkeys(("high", "low"), whole(0)),
            )
        )
    if facts.contracts is not None:
        end = nw.col("end")
        runs = end.is_null() | (end >= today)
        number = nw.when(runs).then(nw.col("quantity")).otherwise(whole(0))
        parts.append(
            facts.contracts.filter(nw.col("about") != FIRM).select(
                "company_no",
                "about",
                dealt=whole(None),
                ends=nw.when(runs).then(end),
                lapsed=nw.when(~runs).then(end),
                endless=nw.when(end.is_null() | (end == date.max.toordinal())).then(whole(1)),
                **halves(number),
            )
        )
    if not parts:
        return None
    each = nw.concat([part.select("company_no", "about", *days, "high", "low") for part in parts])
    each = each.group_by("company_no", "about").agg(
        *(nw.col(name).max() for name in days),
        *(nw.col(name).sum().cast(nw.Int64()) for name in ("high", "low")),
    )
    return with_total(each).select(
        "company_no",
        "about",
        "dealt",
        "lapsed",
        ends=nw.when(nw.col("endless").is_null()).then(nw.col("ends")),
        quantity=nw.col("total"),
    )


def owned_throughout(
    facts: Situation, owned: Frame, abouts: Sequence[int], days: int, as_of: date
) -> Frame:
    """Return the companies that own products for at least so many days without a gap.

    Ownership ends on the day after a contract did, and on no other: only these days, and the first
    of all, have to be looked at. Columns: company_no, about.

    Args:
        facts: What counts on the day.
        owned: What companies own on the day, by company_no and about.
        abouts: The products.
        days: For how many days.
        as_of: The day.
    """
    # Everywhere the day itself: in SQL text a variable may stand in its place.
    today, on = whole(as_of.toordinal()), ["company_no", "about"]
    owned = owned.filter((nw.col("owned") == 1) & nw.col("about").is_in(abouts)).select(*on)
    looked_at = owned.with_columns(day=today - days)
    contracts = facts.contracts
    if contracts is not None:
        contracts = contracts.filter(nw.col("about").is_in(abouts))
        contracts = contracts.join(owned, on=on, how="semi")
        after = nw.col("end") + 1
        ended = contracts.filter((after > today - days) & (after <= today))
        looked_at = nw.concat([looked_at, ended.select(*on, day=after)]).unique()
    day, end = nw.col("day"), nw.col("end")
    by_day = [*on, "day"]
    found = looked_at
    if contracts is not None:
        begun = looked_at.join(contracts, on=on, how="inner").filter(nw.col("start") <= day)
        runs = end.is_null() | (end >= day)
        held = begun.select(*by_day, running=flag(runs), lapsed=nw.when(~runs).then(end))
        held = held.group_by(*by_day).agg(nw.col("running").max(), nw.col("lapsed").max())
        found = found.join(held, on=by_day, how="left")
    else:
        found = found.with_columns(running=whole(None), lapsed=whole(None))
    if facts.deals is not None and facts.deal_lines is not None:
        won = facts.deals.filter((nw.col("status") == "won") & ~nw.col("company_no").is_null())
        lines = facts.deal_lines.select(id="deal_id", about="about")
        won = won.join(lines.filter(nw.col("about").is_in(abouts)), on="id", how="inner")
        won = won.select(*on, "opened", "closed")
        bought = looked_at.join(won, on=on, how="inner")
        bought = bought.filter((nw.col("opened") <= day) & (nw.col("closed") <= day))
        bought = bought.group_by(*by_day).agg(won=nw.col("closed").max())
        found = found.join(bought, on=by_day, how="left")
    else:
        found = found.with_columns(won=whole(None))
    kept = ~nw.col("won").is_null() & (
        nw.col("lapsed").is_null() | (nw.col("lapsed") < nw.col("won")).fill_null(False)
    )
    so = flag((nw.col("running") == 1).fill_null(False) | kept)
    each = found.select(*on, so=so).group_by(*on).agg(nw.col("so").min())
    return each.filter(nw.col("so") == 1).select(*on)


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
