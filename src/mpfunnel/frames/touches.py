"""What activities add up to: for each lead and product the score, its measures and its responses.

An activity that names no product counts for every product with its weight, and with its full weight
for the whole firm. Everything is a sum, a count or a least of integers, so that no order and no
engine makes a difference (S15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw

from mpfunnel.case import Compiled
from mpfunnel.engagement import MICRO, EngagementModel, Measure, decay_per_mille
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.pairs import pair_of, taken_apart
from mpfunnel.frames.situation import FIRM, kinds_of

__all__ = ["add_up", "every_product", "for_every_product", "models_of"]


def worths(book: Compiled, workshop: Workshop) -> Frame:
    """Return what each kind is worth to each model, also those that are worth nothing to it.

    Columns: worth_no, numbered from 0 (`spread`); milli; ``decay_no`` and ``oldest``, where the
    decay of its half-life begins in `decays` and the age from which on nothing is left; ``slot``,
    the place of the cap among all caps, -1 where there is none; and ``hand_days``, null for what
    is no response.
    """
    columns: dict[str, list[int | None]] = {
        name: [] for name in ("worth_no", "milli", "decay_no", "oldest", "slot", "hand_days")
    }
    # The last stands for all others; no kind has this name.
    kinds = (*kinds_of(book.playbook), "")
    slots = capped_kinds(book)
    lives = half_lives(book)
    no_response: Mapping[str, int] = {}
    for model in distinct_models(book):
        decay_no, shares = lives[model.half_life_days]
        signals = {signal.kind: signal for signal in model.signals}
        for weight, responses in (
            (1_000, model.responses),
            (model.company_wide_per_mille, no_response),
        ):
            for kind in kinds:
                signal = signals.get(kind)
                row = (
                    len(columns["worth_no"]),
                    0 if signal is None else signal.points * weight,
                    decay_no,
                    len(shares) - 1,
                    -1 if signal is None or signal.cap is None else slots.index(kind),
                    responses.get(kind),
                )
                for name, value in zip(columns, row, strict=True):
                    columns[name].append(value)
    return workshop.small("worths", columns)


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
    found = nw.concat([own, wide.select(*columns, wide=whole(1))])
    distinct = distinct_models(book)
    of_about = {about: distinct.index(model) for about, model in models_of(book).items()}
    place = (
        looked_up(nw.col("about"), list(of_about), list(of_about.values()))
        if len(distinct) > 1
        else whole(0)
    )
    kinds = len(kinds_of(book.playbook)) + 1
    return found.with_columns(worth_no=(place * 2 + nw.col("wide")) * kinds + nw.col("kind_no"))


def add_up(
    activities: Frame, measures: Sequence[Measure], book: Compiled, workshop: Workshop
) -> Frame:
    """Return one row per lead and product (or the whole firm) that an activity reached.

    Columns: pair, lead_no, about, score, active_days, touched, ``measure_<n>`` for each measure,
    and of the responses: ``last``, the age of the latest one; ``hand``, for how many days a hand is
    still up, at most 0 if it is down; ``last_hand``, the age of the latest raised hand.
    """
    valued = spread(activities, book, workshop)
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
    valued = valued.with_columns(
        free=_if(nw.col("slot") == -1, nw.col("micro")),
        **{f"cap_{n}": _if(nw.col("slot") == n, nw.col("micro")) for n in range(len(kinds))},
        active=nw.when(earns).then(at),
        idle=flag(~earns),
        own=1 - nw.col("wide"),
        last=nw.when(~hand.is_null()).then(at),
        hand=hand - at,
        last_hand=nw.when((hand > 0).fill_null(False)).then(at),
        **{f"measure_{n}": _asked(one, counted) for n, one in enumerate(measures)},
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
    )
    found = taken_apart(found, book)
    capped = [_capped(book, n, kind) for n, kind in enumerate(kinds)]
    score = nw.col("free").cast(nw.Int64())
    for one in capped:
        score = score + one
    return found.select(
        "pair",
        "lead_no",
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
        about: signal.cap * MICRO
        for about, model in models_of(book).items()
        for signal in model.signals
        if signal.kind == kind and signal.cap is not None
    }
    total = nw.col(f"cap_{slot}").cast(nw.Int64())
    cap = looked_up(nw.col("about"), list(caps), list(caps.values()))
    return nw.when(total > cap).then(cap).otherwise(total)
