"""Plays of all leads: what to do next with each, by which channel, until when and in which turn.

The same as `mpfunnel.planning.plan`, for whole tables.
"""

from __future__ import annotations

from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.answers import joined, possible_of, settled
from mpfunnel.frames.days import with_date
from mpfunnel.frames.diaries import DAYS, LATEST
from mpfunnel.frames.due import LIMIT, with_due
from mpfunnel.frames.expressions import whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.limits import told_of, within
from mpfunnel.frames.plays_of_companies import OFFERED
from mpfunnel.frames.plays_of_leads import in_use, of_lead
from mpfunnel.frames.situation import FIRM
from mpfunnel.frames.task import Task
from mpfunnel.frames.turns import LOWEST, in_turn, product_numbers, with_not_before
from mpfunnel.frames.white_space import grouped
from mpfunnel.plays import NO_PLAY, Play
from mpfunnel.rules.columns import decide_columns
from mpfunnel.rules.tables import DecisionTable

__all__ = ["planned"]

_MAYBE: Final = ("message", "owner", "left_out")
"""Texts that may be empty."""
_SPENT: Final = (
    *("about", "product_no", "play_no", "level", "tier_number", "by_channel", "reach", "due_on"),
    *("due_in_days", "cadence_days", "before_end_days", "free_on", "ends_on", *DAYS, LATEST),
)
_KEPT: Final = (
    *("lead_no", "company_no", "about", "level", "open_deal", "reach"),
    *(*OFFERED, *DAYS, LATEST),
)


def planned(products: Frame, leads: Frame, task: Task) -> Frame:
    """Return the plays that leads get: lead_no, company_no and the columns of the answer.

    Args:
        products: Leads with the products for which plays are asked, as `Standings` tells them.
        leads: All leads: reach, `DAYS` and `LATEST` of the whole firm, and all facts that rules
            about plays ask of leads and companies.
        task: What is asked.
    """
    # Of who gave no sign, what is told of products is that of everybody else of the company.
    own = of_lead(task)
    products = products.drop(*own, strict=False)
    known = leads.select("lead_no", "reach", LATEST, *own, *told_of(leads, task))
    products = within(products.join(known, on="lead_no", how="inner"), task)
    products = products.with_columns(level=nw.col("interest"))
    leads = leads.with_columns(
        about=whole(FIRM),
        level=whole(-1),
        open_deal=nw.lit(False),
        tier_number=whole(LOWEST),
        ends_on=whole(0),
    )
    groups = grouped(task.book.play_tables.values())
    if len(groups) > 1:
        products = task.workshop.keep("asked_about_plays", products)
    asked = [
        (
            products if len(groups) == 1 else products.filter(nw.col("about").is_in(abouts)),
            table,
        )
        for table, abouts in groups
    ]
    asked.append((leads, task.book.firm_table))
    parts: list[Frame] = []
    ways: list[Any] = []
    for number, (rows, table) in enumerate(asked):
        parts.append(_decided(rows, table, f"play_{number}", len(ways), task))
        ways += table.ways
    frame = nw.concat(parts).join(_words(ways, task), on="code").drop("code")
    frame = frame.with_columns(product_no=product_numbers(task))
    frame = with_due(task.workshop.cut("plays_decided", frame), task)
    frame = with_not_before(in_turn(frame, task), task)
    return _told(task.workshop.cut("plays_in_turn", frame), task)


def _decided(rows: Frame, table: DecisionTable[Play], name: str, codes: int, task: Task) -> Frame:
    """Return the rows that one table gives a play, with its ``code`` and what is possible."""
    rows, one = decide_columns(rows, table, task.places, name=name, possible=task.possible)
    gives = [code for code, value in enumerate(one.values) if value != NO_PLAY]
    code = nw.col(one.code)
    rows = rows.filter(code.is_in(gives) if gives else code < 0)
    told: dict[str, nw.Expr] = {}
    if task.possible:
        told = {"settled": settled(one.possible), "possible": joined(possible_of(one))}
    limited = [name for name in LIMIT if name in rows.collect_schema().names()]
    return rows.select(*_KEPT, *limited, code=code.cast(nw.Int64()) + codes, **told)


def _words(ways: list[Any], task: Task) -> Frame:
    """Return what people read of each code, and what its play states."""
    plays = task.book.playbook.plays.plays
    given: list[Play] = [way.value for way in ways]
    words: dict[str, list[Any]] = {
        "code": [*range(len(ways))],
        "play": [one.key for one in given],
        # The last place is that of no play.
        "play_no": [[*plays, NO_PLAY].index(one) for one in given],
        "rule": [way.key for way in ways],
        "because": [way.because.text(task.lang) for way in ways],
        # Who reads seeds may take an empty text for none.
        **{name: [getattr(one, name) or None for one in given] for name in _MAYBE[:2]},
        **{
            name: [getattr(one, name) for one in given]
            for name in ("motion", "due_in_days", "cadence_days")
        },
        "before_end_days": [one.before_end_days for one in given],
    }
    if task.book.limits:
        words["within_sla"] = [int(one.within_sla) for one in given]
    return task.workshop.small("play_codes", words, texts=_MAYBE[:2])


def _told(frame: Frame, task: Task) -> Frame:
    """Return plays as they are answered."""
    book, small = task.book, task.workshop.small
    channels = in_use(task)
    ways = 2 ** len(channels)
    found: dict[str, list[Any]] = {"by_channel": [], "channel": [], "left_out": []}
    for place, play in enumerate(book.playbook.plays.plays):
        for bits in range(ways):
            free = [one for bit, one in enumerate(channels) if bits >> bit & 1]
            first = next((n for n, one in enumerate(play.channels) if one in free), None)
            found["by_channel"].append(place * ways + bits)
            found["channel"].append(None if first is None else play.channels[first])
            found["left_out"].append(";".join(play.channels[:first]) or None)
    frame = frame.with_columns(by_channel=nw.col("play_no") * ways + nw.col("reach"))
    texts = ("channel", "left_out")
    frame = frame.join(small("play_channels", found, texts=texts), on="by_channel", how="inner")
    frame = frame.with_columns(nw.col(name).fill_null("") for name in _MAYBE)
    ids: dict[str, list[Any]] = {
        "about": [FIRM, *range(len(book.products))],
        "product_id": [None, *book.products],
    }
    frame = frame.join(small("play_products", ids), on="about", how="inner")
    ladder = book.playbook.scale.ladder
    levels: dict[str, list[Any]] = {
        "level": [-1, *range(len(ladder))],
        "interest": [None, *ladder],
    }
    frame = frame.join(small("play_levels", levels), on="level", how="inner")
    keys = {one.number: one.key for p in book.playbook.tiers.values() for one in p.tiers}
    tiers: dict[str, list[Any]] = {
        "tier_number": [LOWEST, *keys],
        "tier": [None, *keys.values()],
    }
    frame = frame.join(small("play_tiers", tiers), on="tier_number", how="inner")
    contact = nw.col("own_contact_on")
    frame = frame.with_columns(own_contact_on=nw.when(contact > 0).then(contact))
    for name, column in (
        ("due", "due_on"),
        ("not_before", "free_on"),
        ("contacted_on", "own_contact_on"),
    ):
        frame = with_date(frame, column, name=name)
    return frame.drop(*_SPENT).drop("within_sla", *LIMIT, strict=False)
