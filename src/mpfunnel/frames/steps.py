"""Steps of all leads: what rules warrant that ask for the stage in which a lead is.

The same as `mpfunnel.stages.steps`, for all leads at once: rules are asked again about those whom
they lead on, until nobody is left but whom they lead round in a circle. Where rows cannot be looked
at, as when text is written, they are asked as often as they can tell stages apart, and twice more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.frames.answers import possible_of, settled
from mpfunnel.frames.expressions import by_code, flag, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import STAGE
from mpfunnel.frames.stages import furthest
from mpfunnel.frames.task import Task
from mpfunnel.rules.columns import Decided
from mpfunnel.rules.conditions import Leaf, walk
from mpfunnel.rules.explain import holds
from mpfunnel.rules.facts import Fact

__all__ = ["Steps", "way_of"]

_LEAD: Final = ("lead_no",)


@frozen
class Steps:
    """The rules of a funnel that ask for the stage, and the pursuits about which they are asked.

    Attributes:
        task: What is asked.
        fact: The stage in which the lead is, as rules ask for it.
        rows: One row per lead and pursuit, with all facts that the rules ask about but the stage.
        ranged: Adds to such rows what is true of any product; is told what tells leads apart.
    """

    task: Task
    fact: Fact
    rows: Frame
    ranged: Callable[[Frame, Sequence[str]], Frame]

    @property
    def marks(self) -> list[str]:
        """The columns that say for which products a lead stands somewhere."""
        return [*(f"in_{place}" for place in range(len(self.task.book.products))), "in_some"]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of stages, in the order of their places."""
        return self.task.places.keys[STAGE]

    @property
    def start(self) -> int:
        """The place of the stage in which a lead without any pursuit is."""
        return self.keys.index(self.task.book.playbook.funnel.rules.otherwise.key)

    @property
    def told_apart(self) -> int:
        """How many stages the rules can tell apart: more steps than that lead in a circle."""
        asked = [
            one
            for when in self.task.book.playbook.funnel.rules.conditions
            for one in walk(when)
            if isinstance(one, Leaf) and one.fact == self.fact
        ]
        return len({tuple(holds(one, key) for one in asked) for key in self.keys})

    def taken(self, leads: Frame, entries: Frame | None) -> tuple[Frame, Decided, Frame]:
        """Return what rules warrant of each lead, as `furthest` does, and whom they never let go.

        The latter have the columns lead_no and way, the stages that they go through.

        Args:
            leads: Columns lead_no and others.
            entries: The entries in which leads are (`mpfunnel.frames.histories.entries_of`).
        """
        workshop, stood = self.task.workshop, [*_LEAD, "stood_at", *self.marks]
        at = workshop.keep("stood", self._first(leads, entries))
        rested: list[Frame] = []
        circling: list[Frame] = []
        seen: list[Frame] = []
        most = None if workshop.looks else self.told_apart + 2
        turn = 0
        while True:
            turn += 1
            found, decided = self._asked(at, _LEAD)
            columns = [*_LEAD, *self._columns(decided)]
            found = found.join(at, on="lead_no", how="inner")
            places = [self.keys.index(one.key) for one in decided.values]
            found = found.with_columns(leads_to=by_code(decided.code, places))
            found = self._with_ways(found, decided, first=turn == 1)
            found = workshop.bare("step", found, "lead_no")
            stays = nw.col("leads_to") == nw.col("stood_at")
            here = found.filter(stays)
            if turn > 1:
                # What led there says why.
                here = here.drop(*columns[1:]).rename({_last(c): c for c in columns[1:]})
            rested.append(here.select(*columns, *self._ways(decided)))
            moving = self._moved(found.filter(~stays), decided)
            seen.append(at.select(*stood))
            again = moving.join(nw.concat(seen), on=stood, how="semi")
            circling.append(again.select("lead_no", "way"))
            at = workshop.keep("stood", moving.join(nw.concat(seen), on=stood, how="anti"))
            if turn == most or (most is None and not workshop.rows(at.head(1))):
                break
        if most is not None:
            circling.append(at.select("lead_no", "way"))
        found = workshop.keep("rested", nw.concat(rested))
        if self.task.possible:
            found = self._unsettled(found, decided)
        return found, decided, nw.concat(circling)

    def _first(self, leads: Frame, entries: Frame | None) -> Frame:
        """Return where leads stand, at the start if no history says otherwise, and their way."""
        leads = leads.select("lead_no")
        start = nw.lit(self.keys[self.start])
        if entries is None:
            nowhere = dict.fromkeys(self.marks, whole(0))
            return leads.with_columns(stood_at=whole(self.start), way=start, **nowhere)
        entries = entries.select("lead_no", "stood_at", *self.marks, way="entry_stage")
        return leads.join(entries, on="lead_no", how="left").with_columns(
            nw.col("stood_at").fill_null(self.start),
            nw.coalesce(nw.col("way"), start).alias("way"),
            *(nw.col(name).fill_null(0) for name in self.marks),
        )

    def _asked(
        self, at: Frame, by: Sequence[str], *, or_start: bool = False
    ) -> tuple[Frame, Decided]:
        """Ask the rules about all pursuits of leads that stand somewhere, or maybe at the start."""
        task, places = self.task, self.task.places
        rows = self.rows.join(at.select(*by, "stood_at", *self.marks), on="lead_no", how="inner")
        here = nw.col("in_some") == 0
        for place, name in enumerate(self.marks[:-1]):
            here = here | ((nw.col(name) == 1) & (nw.col("about") == place))
        so_far = places.value(self.fact)
        stage = nw.when(here).then(nw.col("stood_at")).otherwise(whole(self.start))
        rows = rows.with_columns(stage.alias(so_far)).drop("stood_at", *self.marks)
        if task.possible:
            rows = rows.with_columns(
                **{
                    column: (nw.col(so_far) == place) | nw.lit(or_start and place == self.start)
                    for place, column in enumerate(places.possible(self.fact).values())
                }
            )
        return furthest(self.ranged(rows, by), task, by)

    def _columns(self, decided: Decided) -> list[str]:
        """Return the columns of an answer of `furthest`."""
        reached = [f"for_{place}" for place in range(len(self.task.book.products))]
        return [decided.code, *reached, *decided.possible]

    def _moved(self, found: Frame, decided: Decided) -> Frame:
        """Return where leads stand after a step that takes them on."""
        reached = {name: nw.col(name.replace("in_", "for_")) for name in self.marks[:-1]}
        to = by_code("leads_to", self.keys)
        return found.select(
            "lead_no",
            *self._ways(decided),
            stood_at="leads_to",
            way=nw.concat_str(nw.col("way"), nw.lit(" to "), to),
            **reached,
            in_some=nw.max_horizontal(whole(0), *reached.values()),
            **{_last(name): nw.col(name) for name in self._columns(decided)},
        )

    # -- what is not settled (S5) --

    def _ways(self, decided: Decided) -> list[str]:
        """Return the columns that tell of all steps so far: see `_with_ways`."""
        places = range(len(decided.possible))
        ways = [f"{what}_{place}" for what in ("met", "stays") for place in places]
        return ["loose", *ways] if ways else []

    def _with_ways(self, found: Frame, decided: Decided, *, first: bool) -> Frame:
        """Return a step with what tells of it and all steps before it, each 0 or 1.

        ``loose``: one of them was not settled. ``met_<place>``: one of them could lead to the stage
        of that place among the outcomes; ``stays_<place>``: a lead that stood there could stay.
        """
        if not decided.possible:
            return found
        now = {"loose": ~settled(decided.possible)}
        for place, (key, column) in enumerate(possible_of(decided).items()):
            now[f"met_{place}"] = nw.col(column)
            now[f"stays_{place}"] = nw.col(column) & (nw.col("stood_at") == self.keys.index(key))
        return found.with_columns(
            **{
                name: flag(so) if first else nw.max_horizontal(nw.col(name), flag(so))
                for name, so in now.items()
            }
        )

    def _unsettled(self, found: Frame, decided: Decided) -> Frame:
        """Return the answers with all that is possible at the end of any way."""
        workshop = self.task.workshop
        keys = possible_of(decided)
        loose = workshop.keep("loose", found.filter(nw.col("loose") == 1))
        # For which products a lead would stand there is not known.
        from_each = workshop.small(
            "from_each",
            {
                "from_place": list(range(len(keys))),
                "stood_at": [self.keys.index(key) for key in keys],
            },
        ).with_columns(**dict.fromkeys(self.marks, whole(0)))
        at = loose.select("lead_no").join(from_each, how="cross")
        led, _ = self._asked(at, ("lead_no", "from_place"), or_start=True)
        led = workshop.keep("led", led.select("lead_no", "from_place", *decided.possible))
        met = [f"met_{place}" for place in range(len(keys))]
        reached = loose.select("lead_no", *met)
        for _ in range(self.told_apart):
            on = dict(zip(met, keys.values(), strict=True))
            further = _of(led, reached, met).with_columns(
                **{f"on_{name}": flag(nw.col(column)) for name, column in on.items()}
            )
            further = further.group_by("lead_no").agg(*(nw.col(f"on_{name}").max() for name in met))
            both = reached.join(further, on="lead_no", how="inner")
            reached = both.select(
                "lead_no",
                **{name: nw.max_horizontal(nw.col(name), nw.col(f"on_{name}")) for name in met},
            )
            reached = workshop.keep("met", reached)
        ends = {
            f"end_{place}": flag((nw.col("from_place") == place) & nw.col(column))
            for place, column in enumerate(keys.values())
        }
        ended = _of(led, reached, met).with_columns(**ends).group_by("lead_no")
        found = found.join(
            ended.agg(*(nw.col(name).max() for name in ends)), on="lead_no", how="left"
        )
        outcomes = [[*keys].index(one.key) for one in decided.values]
        found = found.with_columns(outcome=by_code(decided.code, outcomes))
        return found.with_columns(
            **{
                column: nw.when(nw.col("loose") == 1)
                .then(
                    (nw.col("outcome") == place)
                    | (nw.col(f"stays_{place}") == 1)
                    | (nw.col(f"end_{place}").fill_null(0) == 1)
                )
                .otherwise(nw.col(column))
                for place, column in enumerate(decided.possible)
            }
        )


def _last(name: str) -> str:
    """Return the column in which a column of the step before stands."""
    return f"last_{name}"


def _of(led: Frame, reached: Frame, met: Sequence[str]) -> Frame:
    """Return to where leads are led from those stages that they may reach."""
    is_met = nw.lit(False)
    for place, name in enumerate(met):
        is_met = is_met | ((nw.col("from_place") == place) & (nw.col(name) == 1))
    return led.join(reached, on="lead_no", how="inner").filter(is_met)


def way_of(way: nw.Expr) -> nw.Expr:
    """Return what is told of a lead that rules never let go, by the stages that it goes through."""
    round_it_goes = nw.lit("goes round in a circle on the same facts, from ")
    return nw.concat_str(round_it_goes, way, nw.lit("; let one rule stop where the other begins"))
