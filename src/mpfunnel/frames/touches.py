"""What activities add up to: for each lead and product the score, its measures and its responses.

An activity that names no product counts for every product with its weight, and with its full weight
for the whole firm. Everything is a sum, a count or a least of integers, so that no order and no
engine makes a difference (S15).
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw

from mpfunnel.case import Compiled
from mpfunnel.engagement import MICRO, EngagementModel, Measure, decay_per_mille
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.situation import FIRM

__all__ = ["add_up", "every_product", "for_every_product", "models_of"]


def worths(book: Compiled, workshop: Workshop) -> Frame:
    """Return what each kind is worth: about, kind, wide, milli, half_life, slot and hand_days.

    ``wide`` is 1 for activities that name no product, as they count for a product; ``slot`` is the
    place of the cap among all caps, -1 where there is none; ``hand_days`` is null for what is no
    response.
    """
    columns: dict[str, list[int | str | None]] = {
        name: [] for name in ("about", "kind", "wide", "milli", "half_life", "slot", "hand_days")
    }
    slots = capped_kinds(book)
    models = models_of(book)
    for about, wide, model in (
        *((about, 0, model) for about, model in models.items()),
        *((about, 1, model) for about, model in models.items() if about != FIRM),
    ):
        for signal in model.signals:
            weight = model.company_wide_per_mille if wide else 1_000
            slot = -1 if signal.cap is None else slots.index(signal.kind)
            hand = model.responses.get(signal.kind)
            row = (about, signal.kind, wide, signal.points * weight, model.half_life_days, slot)
            for name, value in zip(columns, (*row, None if wide else hand), strict=True):
                columns[name].append(value)
    return workshop.small("worths", columns, texts=("kind",))


def capped_kinds(book: Compiled) -> list[str]:
    """Return the kinds that some model puts a cap on."""
    return list(
        dict.fromkeys(
            signal.kind
            for compiled in book.models.values()
            for signal in compiled.model.signals
            if signal.cap is not None
        )
    )


def models_of(book: Compiled) -> dict[int, EngagementModel]:
    """Return the model of each product by its place; for the whole firm, that of the first."""
    models = [compiled.model for compiled in book.models.values()]
    return {**dict(enumerate(models)), FIRM: models[0]}


def every_product(book: Compiled, workshop: Workshop) -> Frame:
    """Return the places of all products, in the column about."""
    return workshop.small("products", {"about": list(range(len(book.products)))})


def for_every_product(frame: Frame, book: Compiled, workshop: Workshop) -> Frame:
    """Return the rows of the whole firm, once for every product."""
    of_firm = frame.filter(nw.col("about") == FIRM).drop("about")
    return of_firm.join(every_product(book, workshop), how="cross")


def spread(activities: Frame, book: Compiled, workshop: Workshop) -> Frame:
    """Return the activities, and those of the whole firm once more for every product."""
    own = activities.with_columns(wide=whole(0))
    wide = for_every_product(activities, book, workshop).with_columns(wide=whole(1))
    columns = own.collect_schema().names()
    return nw.concat([own.select(*columns), wide.select(*columns)])


def add_up(
    activities: Frame, measures: Sequence[Measure], book: Compiled, workshop: Workshop
) -> Frame:
    """Return one row per lead and product (or the whole firm) that an activity reached.

    Columns: lead_id, about, score, active_days, touched, ``measure_<n>`` for each measure, and of
    the responses: ``last``, the age of the latest one; ``hand``, for how many days a hand is still
    up, at most 0 if it is down; ``last_hand``, the age of the latest raised hand.
    """
    valued = spread(activities, book, workshop).join(
        worths(book, workshop), on=["about", "kind", "wide"], how="left"
    )
    shares: dict[str, list[int | str | None]] = {"half_life": [], "age": [], "share": []}
    for half_life in sorted({one.model.half_life_days for one in book.models.values()}):
        for age, share in enumerate(decay_per_mille(half_life)):
            for name, value in zip(shares, (half_life, age, share), strict=True):
                shares[name].append(value)
    valued = valued.join(workshop.small("decay", shares), on=["half_life", "age"], how="left")
    milli = nw.col("milli").fill_null(0)
    valued = valued.with_columns(milli=milli, micro=milli * nw.col("share").fill_null(0))
    earns = nw.col("micro") > 0
    at, hand = nw.col("age"), nw.col("hand_days")
    kinds = capped_kinds(book)
    valued = valued.with_columns(
        free=_if((nw.col("slot") == -1).fill_null(True), nw.col("micro")),
        **{
            f"cap_{n}": _if((nw.col("slot") == n).fill_null(False), nw.col("micro"))
            for n in range(len(kinds))
        },
        active=nw.when(earns).then(at),
        idle=flag(~earns),
        own=1 - nw.col("wide"),
        last=nw.when(~hand.is_null()).then(at),
        hand=hand - at,
        last_hand=nw.when((hand > 0).fill_null(False)).then(at),
        **{f"measure_{n}": _asked(measure) for n, measure in enumerate(measures)},
    )
    found = valued.group_by("lead_id", "about").agg(
        nw.col("free").sum(),
        *(nw.col(f"cap_{n}").sum() for n in range(len(kinds))),
        nw.col("active").n_unique(),
        nw.col("idle").max(),
        nw.col("own").max().alias("touched"),
        nw.col("last").min(),
        nw.col("hand").max(),
        nw.col("last_hand").min(),
        *(
            getattr(nw.col(f"measure_{n}"), "max" if measure.head == "active" else "sum")()
            for n, measure in enumerate(measures)
        ),
    )
    capped = [_capped(book, n, kind) for n, kind in enumerate(kinds)]
    score = nw.col("free").cast(nw.Int64())
    for one in capped:
        score = score + one
    return found.select(
        "lead_id",
        "about",
        "touched",
        "last",
        "hand",
        "last_hand",
        score=score,
        # Days are told apart by age; where some activity earns nothing, null is one of them.
        active_days=nw.col("active").cast(nw.Int64()) - nw.col("idle"),
        **{f"measure_{n}": nw.col(f"measure_{n}").cast(nw.Int64()) for n in range(len(measures))},
    )


def _if(holds: nw.Expr, value: nw.Expr) -> nw.Expr:
    return nw.when(holds).then(value).otherwise(whole(0))


def _asked(measure: Measure) -> nw.Expr:
    """Return what one activity adds to a measure (S13)."""
    recent = nw.col("age") < measure.within_days
    match measure.head:
        case "count":
            own = (nw.col("kind") == measure.kind) & (nw.col("wide") == 0)
            return flag(recent & own)
        case "points":
            return _if(recent, nw.col("milli") * 1_000)
        case _:
            return flag(recent & (nw.col("milli") > 0))


def _capped(book: Compiled, slot: int, kind: str) -> nw.Expr:
    """Return the micro-points of a kind, at most the cap that the product's model states."""
    caps = {
        about: signal.cap * MICRO
        for about, model in models_of(book).items()
        for signal in model.signals
        if signal.kind == kind and signal.cap is not None
    }
    total = nw.col(f"cap_{slot}").cast(nw.Int64())
    cap = looked_up(nw.col("about"), list(caps), list(caps.values()))
    return nw.when(total > cap).then(cap).otherwise(total)
