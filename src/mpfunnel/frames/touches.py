"""What activities add up to: for each lead and product the score, its measures and its responses.

An activity that names no product counts for every product with its weight, and with its full weight
for the whole firm. Everything is a sum, a count or a least of integers, so that no order and no
engine makes a difference (S15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.compiled import Compiled
from mpfunnel.engagement import (
    FULL_WEIGHT,
    MICRO,
    EngagementModel,
    Measure,
    Signal,
    decay_per_mille,
)
from mpfunnel.frames.diaries import heard
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.pairs import pair_of, taken_apart
from mpfunnel.frames.situation import FIRM, kinds_of

__all__ = ["add_up", "every_product", "for_every_product", "models_of"]


class Listed(NamedTuple):
    """What a kind is to a model, either of those that name a product or of those that name none."""

    model: EngagementModel
    signal: Signal | None
    weight: int
    hand_days: int | None
    """For how many days it counts as a raised hand; `None` for what is no response."""


def listed(book: Compiled) -> list[Listed]:
    """Return every kind of each model, also those that are worth nothing to it, by `worth_no`."""
    # The last stands for all others; no kind has this name.
    kinds = (*kinds_of(book.playbook), "")
    found: list[Listed] = []
    for model in distinct_models(book):
        signals = {signal.kind: signal for signal in model.signals}
        responses = model.responses
        found += [Listed(model, signals.get(k), FULL_WEIGHT, responses.get(k)) for k in kinds]
        weight = model.company_wide_per_mille
        found += [Listed(model, signals.get(k), weight, None) for k in kinds]
    return found


def worths(book: Compiled, workshop: Workshop) -> Frame:
    """Return what each kind is worth to each model, also those that are worth nothing to it.

    Columns: worth_no, numbered from 0 (`spread`); milli; ``decay_no`` and ``oldest``, where the
    decay of its half-life begins in `decays` and the age from which on nothing more is lost;
    ``slot``, the place of the cap among all caps, -1 where there is none; ``hand_days``, null for
    what is no response; and if any kind has a cool-down, ``cooled``, 1 for those that have.
    """
    columns: dict[str, list[int | None]] = {
        name: [] for name in ("worth_no", "milli", "decay_no", "oldest", "slot", "hand_days")
    }
    cooling = cool_downs(book)
    if cooling:
        columns["cooled"] = []
    slots = capped_kinds(book)
    lives = half_lives(book)
    for number, (model, signal, weight, hand_days) in enumerate(listed(book)):
        decay_no, shares = lives[model.half_life_days]
        lasts = signal is not None and not signal.fades
        row = (
            number,
            0 if signal is None else signal.points * weight,
            decay_no,
            # Of a point that lasts, at every age as much is left as on its day.
            0 if lasts else len(shares) - 1,
            -1 if signal is None or signal.cap is None else slots.index(signal.kind),
            hand_days,
            int(number in cooling),
        )
        for name, value in zip(columns, row, strict=False):
            columns[name].append(value)
    return workshop.small("worths", columns)


def cool_downs(book: Compiled) -> dict[int, int]:
    """Return the days of the cool-down by `worth_no`, of those that have one, and any weight."""
    return {
        number: signal.cool_down_days
        for number, (_, signal, weight, _) in enumerate(listed(book))
        if signal is not None and signal.cool_down_days and signal.points * weight
    }


def decays(book: Compiled, workshop: Workshop) -> Frame:
    """Return how much is left of a point by half-life and age: decay_no and share, in 1/1000."""
    shares = [share for _, shares in half_lives(book).values() for share in shares]
    return workshop.small("decay", {"decay_no": list(range(len(shares))), "share": shares})


def half_lives(book: Compiled) -> dict[int, tuple[int, tuple[int, ...]]]:
    """Return where the decay of each half-life begins among all, and the shares by age to 0."""
    found: dict[int, tuple[int, tuple[int, ...]]] = {}
    begin = 0
    for days in sorted({model.half_life_days for model in distinct_models(book)}):
        found[days] = begin, (*decay_per_mille(days), 0)
        begin += len(found[days][1])
    return found


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


def distinct_models(book: Compiled) -> tuple[EngagementModel, ...]:
    """Return each model once, however many products share it; that of the whole firm first."""
    return tuple({id(model): model for model in models_of(book).values()}.values())


def every_product(book: Compiled, workshop: Workshop) -> Frame:
    """Return the places of all products, in the column about."""
    return workshop.small("products", {"about": list(range(len(book.products)))})


def for_every_product(frame: Frame, book: Compiled, workshop: Workshop) -> Frame:
    """Return the rows of the whole firm, once for every product."""
    of_firm = frame.filter(nw.col("about") == FIRM).drop("about")
    return of_firm.join(every_product(book, workshop), how="cross")


def spread(activities: Frame, book: Compiled, workshop: Workshop) -> Frame:
    """Return the activities, and those of the whole firm once more for every product.

    Columns: lead_no, about, age, kind_no, wide, which is 1 for those that name no product as they
    count for one, and worth_no.
    """
    columns = ["lead_no", "about", "age", "kind_no"]
    own = activities.select(*columns, wide=whole(0))
    wide = for_every_product(activities.select(*columns), book, workshop)
    return with_worth_no(nw.concat([own, wide.select(*columns, wide=whole(1))]), book)


def with_worth_no(found: Frame, book: Compiled) -> Frame:
    """Return activities of `spread` with the number of what they are worth."""
    distinct = distinct_models(book)
    of_about = {about: distinct.index(model) for about, model in models_of(book).items()}
    place = (
        looked_up(nw.col("about"), list(of_about), list(of_about.values()))
        if len(distinct) > 1
        else whole(0)
    )
    kinds = len(kinds_of(book.playbook)) + 1
    return found.with_columns(worth_no=(place * 2 + nw.col("wide")) * kinds + nw.col("kind_no"))


def with_firsts(
    spread_out: Frame, cooling: Mapping[int, int], book: Compiled, workshop: Workshop, as_of: date
) -> Frame:
    """Return activities of `spread`, and the first of each cool-down once more (S16).

    The first is of the earliest day, and on that day the one that names the product. As it is like
    one that is there, no least, greatest or different value is another with it.

    Args:
        spread_out: The activities.
        cooling: What `cool_downs` returned.
        book: The playbook.
        workshop: Where the frames are worked on.
        as_of: The day.
    """
    days = {"worth_no": list(cooling), "cool_down": list(cooling.values())}
    firsts = spread_out.join(workshop.small("cool_downs", days), on="worth_no", how="inner")
    day = whole(as_of.toordinal()) - nw.col("age")
    firsts = firsts.with_columns(
        pair=pair_of("lead_no", book),
        bucket=day // nw.col("cool_down"),
        foremost=nw.col("age") * 2 + 1 - nw.col("wide"),
    )
    firsts = firsts.group_by("pair", "kind_no", "bucket").agg(nw.col("foremost").max())
    firsts = taken_apart(firsts, book)
    firsts = firsts.with_columns(
        age=nw.col("foremost") // 2, wide=1 - nw.col("foremost") % 2, first=whole(1)
    )
    firsts = with_worth_no(firsts, book)
    found = spread_out.with_columns(first=whole(0))
    columns = ("lead_no", "about", "age", "kind_no", "wide", "worth_no", "first")
    return nw.concat([found.select(*columns), firsts.select(*columns)])


def add_up(
    activities: Frame,
    measures: Sequence[Measure],
    book: Compiled,
    workshop: Workshop,
    as_of: date,
) -> Frame:
    """Return one row per lead and product (or the whole firm) that an activity reached.

    Columns: pair, lead_no, about, score, active_days, touched, ``measure_<n>`` for each measure,
    and of the responses: ``last``, the age of the latest one; ``hand``, for how many days a hand is
    still up, at most 0 if it is down; ``last_hand``, the age of the latest raised hand. Where plays
    are asked for, those of `mpfunnel.frames.diaries.heard`, too.
    """
    valued = spread(activities, book, workshop)
    cooling = cool_downs(book)
    if cooling:
        valued = with_firsts(valued, cooling, book, workshop, as_of)
    # Every number is found, so that nothing is lost here; engines are faster if they may lose it.
    valued = valued.join(worths(book, workshop), on="worth_no", how="inner")
    at, hand, oldest = nw.col("age"), nw.col("hand_days"), nw.col("oldest")
    counted_age = nw.when(at < oldest).then(at).otherwise(oldest)
    valued = valued.with_columns(decay_no=nw.col("decay_no") + counted_age)
    valued = valued.join(decays(book, workshop), on="decay_no", how="inner")
    valued = valued.with_columns(micro=nw.col("milli") * nw.col("share"))
    earns = nw.col("micro") > 0
    kinds = capped_kinds(book)
    counted = kinds_of(book.playbook)
    adds = nw.col("micro")
    asked = {f"measure_{n}": _asked(one, counted) for n, one in enumerate(measures)}
    if cooling:
        # Of what has a cool-down, only the firsts add to the score, and they are in no measure.
        adds = _if(nw.col("first") == nw.col("cooled"), adds)
        asked = {name: _if(nw.col("first") == 0, value) for name, value in asked.items()}
    days = heard(book, as_of)
    valued = valued.with_columns(
        free=_if(nw.col("slot") == -1, adds),
        **{f"cap_{n}": _if(nw.col("slot") == n, adds) for n in range(len(kinds))},
        active=nw.when(earns).then(at),
        idle=flag(~earns),
        own=1 - nw.col("wide"),
        last=nw.when(~hand.is_null()).then(at),
        hand=hand - at,
        last_hand=nw.when((hand > 0).fill_null(False)).then(at),
        **asked,
        **days,
        pair=pair_of("lead_no", book),
    )
    found = valued.group_by("pair").agg(
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
        *(nw.col(name).max() for name in days),
    )
    found = taken_apart(found, book)
    capped = [_capped(book, n, kind) for n, kind in enumerate(kinds)]
    score = nw.col("free").cast(nw.Int64())
    for one in capped:
        score = score + one
    models = models_of(book)
    score = _at_most(score, {about: model.cap for about, model in models.items()})
    score = _at_least(score, {about: model.floor for about, model in models.items()})
    return found.select(
        "pair",
        "lead_no",
        "about",
        "touched",
        "last",
        "hand",
        "last_hand",
        *days,
        score=score,
        # Days are told apart by age; where some activity earns nothing, null is one of them.
        active_days=nw.col("active").cast(nw.Int64()) - nw.col("idle"),
        **{f"measure_{n}": nw.col(f"measure_{n}").cast(nw.Int64()) for n in range(len(measures))},
    )


def _if(holds: nw.Expr, value: nw.Expr) -> nw.Expr:
    return nw.when(holds).then(value).otherwise(whole(0))


def _asked(measure: Measure, kinds: Sequence[str]) -> nw.Expr:
    """Return what one activity adds to a measure (S13)."""
    recent = nw.col("age") < measure.within_days
    match measure.head:
        case "count":
            own = (nw.col("kind_no") == kinds.index(measure.kind)) & (nw.col("wide") == 0)
            return flag(recent & own)
        case "points":
            return _if(recent, nw.col("milli") * 1_000)
        case _:
            return flag(recent & (nw.col("milli") > 0))


def _capped(book: Compiled, slot: int, kind: str) -> nw.Expr:
    """Return the micro-points of a kind, at most the cap that the product's model states."""
    caps = {
        about: signal.cap
        for about, model in models_of(book).items()
        for signal in model.signals
        if signal.kind == kind
    }
    return _at_most(nw.col(f"cap_{slot}").cast(nw.Int64()), caps)


def _at_most(micro: nw.Expr, caps: Mapping[int, int | None]) -> nw.Expr:
    """Return micro-points, at most the points that are stated for the product, if any are."""
    cap = _stated(caps)
    return micro if cap is None else nw.when(micro > cap).then(cap).otherwise(micro)


def _at_least(micro: nw.Expr, floors: Mapping[int, int | None]) -> nw.Expr:
    """Return micro-points, at least the points that are stated for the product, if any are."""
    floor = _stated(floors)
    return micro if floor is None else nw.when(micro < floor).then(floor).otherwise(micro)


def _stated(points: Mapping[int, int | None]) -> nw.Expr | None:
    stated = {about: one * MICRO for about, one in points.items() if one is not None}
    return looked_up(nw.col("about"), list(stated), list(stated.values())) if stated else None
