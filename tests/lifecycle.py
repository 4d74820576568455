"""A second model of the funnel's gate, written separately, and both driven side by side.

The model knows nothing of graphs: it writes every pair of stages out beforehand, keeps what it
needs to know of a pursuit while it goes along, and finds ways by trying them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from random import Random
from typing import Any

import pytest
from attrs import define, field

from mpfunnel.errors import TransitionError
from mpfunnel.facts import pursuit
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.stages import Funnel, FunnelStage, MoveKind, StageHistory, Transition, Win

START = datetime(2026, 4, 1, tzinfo=UTC)
CAUSES = ("rule", "time", "person", "import", "api")
KEYS = ("known", "inquiry", "mql", "sal", "won")
ASIDE = ("recycled", "lost", "gone")


def hour(number: int) -> datetime:
    """An instant, by the hours since the start."""
    return START + timedelta(hours=number)


Pairs = dict[tuple[str, str], tuple[MoveKind, bool]]
Wins = Sequence[tuple[Any, int, str]]
"""The product or the whole firm, the hour at which the day of the win began, and the stage."""


@define
class Plan:
    """What a funnel is made of, as plain data; what the model reads."""

    ladder: list[str]
    aside: list[str]
    final: list[str]
    ends: list[str]
    stated: Pairs | None
    overrules: bool = False

    def pairs(self) -> Pairs:
        """Every move, with its kind and whether it needs a reason."""
        if self.stated is not None:
            return self.stated
        found: Pairs = {}
        for one in self.ladder + self.aside:
            for other in self.ladder + self.aside:
                if one == other or one in self.final:
                    continue
                if other in self.aside:
                    found[one, other] = ("recycle", True)
                elif one in self.aside or one in self.ends:
                    found[one, other] = ("re-entry", False)
                elif self.ladder.index(other) < self.ladder.index(one):
                    found[one, other] = ("back", False)
                elif self.ladder.index(other) == self.ladder.index(one) + 1:
                    found[one, other] = ("forward", False)
                else:
                    found[one, other] = ("skip", False)
        return found

    def funnel(self) -> Funnel:
        """The funnel itself."""
        stage = {key: FunnelStage(key, key) for key in self.ladder + self.aside}
        table = DecisionTable(
            [Rule(stage[self.ladder[-1]], pursuit.won)], otherwise=stage[self.ladder[0]]
        )
        stated = self.stated
        return Funnel(
            table,
            [stage[key] for key in self.ladder],
            [stage[key] for key in self.aside],
            transitions=None
            if stated is None
            else [Transition(*pair, *how) for pair, how in stated.items()],
            final=[stage[key] for key in self.final],
            ends=[stage[key] for key in self.ends],
            overrules_people=self.overrules,
        )


def draw_plan(random: Random) -> Plan:
    """A sound funnel of any shape, with a graph of its own or without."""
    ladder: list[str] = [*KEYS[: random.randint(2, 5)]]
    aside: list[str] = [*ASIDE[: random.randint(0, 3)]]
    final = [key for key in aside[:1] if random.random() < 0.3]
    ends = [ladder[-1]] if random.random() < 0.8 else []
    ends += [key for key in aside if random.random() < 0.4]
    plan = Plan(ladder, aside, final, ends, None, random.random() < 0.3)
    if random.random() < 0.5:
        every = plan.pairs()
        needed = {*pairwise(ladder), *((ladder[0], key) for key in aside)}
        needed |= {(key, ladder[0]) for key in aside if key not in final}
        kept = [pair for pair in every if pair in needed or random.random() < 0.4]
        stated = {pair: every[pair] for pair in kept}
        for pair, (kind, _) in stated.items():
            # Going down may be recycling, and what has ended may be taken back.
            if kind == "back" and random.random() < 0.3:
                stated[pair] = ("recycle", True)
            elif pair[0] == ladder[-1] and kind == "re-entry" and random.random() < 0.8:
                stated[pair] = ("back", False)
            elif random.random() < 0.1:
                stated[pair] = (kind, True)
        plan.stated = stated
    return plan


def share(one: Any, one_cause: str, other: Any, other_cause: str) -> bool:
    """Whether two moves are about the same product, or both about the whole firm."""
    rules = ("rule", "time")
    if one and other:
        return any(product in other for product in one)
    return not one and not other and one_cause in rules and other_cause in rules


@define
class Naive:
    """One lead in the model: what happened to it, under the id as which it happened."""

    lead: int
    plan: Plan
    logs: dict[int, list[dict[str, Any]]] = field(factory=dict)
    over: dict[int, bool] = field(factory=dict)
    reached: dict[int, int] = field(factory=dict)
    left: dict[int, int] = field(factory=dict)

    @property
    def log(self) -> list[dict[str, Any]]:
        """What happened to the lead that goes on."""
        return self.logs.setdefault(self.lead, [])

    @property
    def here(self) -> str | None:
        """Where it is."""
        return self.log[-1]["stage"] if self.log else None

    def last(self) -> int:
        """The hour of the last thing that happened."""
        rows = [row for log in self.logs.values() for row in log]
        return max((row["left"] or row["entered"] for row in rows), default=-(10**6))

    def open_to(self) -> dict[str, tuple[MoveKind, bool]]:
        """Where it may go, how, and whether a reason is needed."""
        pairs = self.plan.pairs()
        first = self.plan.ladder[0]
        found = {to: how for (one, to), how in pairs.items() if one == (self.here or first)}
        return found if self.here else {first: ("forward", False), **found}

    def refuses(self, to: str, at: int, reason: str | None) -> bool:
        """Whether the gate is shut."""
        how = self.open_to().get(to)
        return how is None or at < self.last() or (how[1] and not reason)

    def goes_home(self, to: str, cause: str, about: Any) -> bool:
        """Whether it is only taken to where something else had been won before."""
        by_rules = ("rule", "time")
        if to not in self.plan.ladder or to not in self.plan.ends:
            return False
        won = [row for log in self.logs.values() for row in log if row["stage"] == to]
        running = [
            row
            for row in self.log
            if row["pursuit"] == self.log[-1]["pursuit"] and row["stage"] not in self.plan.ends
        ]
        if not won or not running or (not about and cause not in by_rules):
            return False
        if any(not row["about"] and row["cause"] not in by_rules for row in running):
            return False
        if not about:
            return all(row["about"] for row in running)
        return all(
            any(product in row["about"] for row in won)
            and not any(product in row["about"] for row in running)
            for product in about
        )

    def move(
        self, to: str, at: int, cause: str, reason: str | None, about: Any, *, won: bool = False
    ) -> None:
        """Move it; the gate must be open."""
        kind, _ = self.open_to()[to]
        if not won and self.goes_home(to, cause, about):
            kind = "back"
        ladder, log, lead = self.plan.ladder, self.log, self.lead
        number = log[-1]["pursuit"] if log else 1
        low = self.reached.get(lead, 0)
        between: list[str] = []
        if not log:
            self.reached[lead], self.over[lead] = 0, False
            if to != ladder[0]:
                between.append(ladder[0])
        else:
            log[-1]["left"] = at
        if kind == "re-entry" and self.over[lead]:
            low, self.reached[lead], self.over[lead] = 0, 0, False
            if self.here in ladder and log[-1]["entered"] == at:
                # Something else was won this very hour.
                before = [row for row in log if row["pursuit"] == number]
                low = max(
                    ladder.index(row["stage"])
                    for row in (log[0] | {"stage": ladder[0]}, *before)
                    if row["stage"] == ladder[0]
                    or (
                        row["stage"] in ladder
                        and row["stage"] not in self.plan.ends
                        and share(row["about"], row["cause"], about, cause)
                    )
                )
            number += 1
        if kind in ("skip", "re-entry"):
            between += [key for place, key in enumerate(ladder) if low < place < ladder.index(to)]
        for stage in [*between, to]:
            row = {"stage": stage, "entered": at, "left": at, "kind": kind, "cause": cause}
            row |= {"reason": reason, "about": about, "imputed": stage != to, "pursuit": number}
            if not log:
                row["kind"] = "forward"
            log.append(row)
            if stage in ladder:
                self.reached[lead] = max(self.reached[lead], ladder.index(stage))
        log[-1]["left"] = None
        if kind == "back":
            self.over[lead] = False
        self.over[lead] |= to in self.plan.ends

    def unknown(self, wins: Wins, at: int) -> dict[str, list[int | None]]:
        """What was won, by stage, and did not come to this lead yet."""
        rows = [row for log in self.logs.values() for row in log]
        began = min((row["entered"] for row in rows), default=at)
        found: dict[str, list[int | None]] = {}
        for about, since, stage in sorted(wins, key=lambda win: hour(win[1]).date()):
            if stage not in self.plan.ends or stage not in self.plan.ladder or since + 24 <= began:
                continue
            for row in rows:
                told = (
                    row["about"] if row["about"] or row["cause"] in ("rule", "time") else (about,)
                )
                same = about is None or about in told
                told_of = row["stage"] == stage and row["kind"] != "back"
                if told_of and row["entered"] >= since and same:
                    break
            else:
                found.setdefault(stage, []).append(about)
        return found

    def wanted(
        self, to: str, about: tuple[int, ...], wins: dict[str, list[int | None]]
    ) -> list[tuple[str, tuple[int, ...], bool]]:
        """The moves that take the lead through what was won to where the facts want it."""
        goals = [
            (stage, tuple(one for one in won if one is not None), True)
            for stage, won in wins.items()
            if stage != to
        ]
        end = (to, about, to in wins)
        if goals:
            if goals[0][0] == self.here:
                goals.insert(0, end)
            legs = [*goals, end]
            here, found = self.here, []
            for goal in legs:
                way = self.way(goal[0], here)
                if not way:
                    break
                found += [(one, goal[1], goal[2] and one == goal[0]) for one in way]
                here = goal[0]
            else:
                return found
        if self.here == to:
            return []
        way = self.way(to, self.here)
        if len(way) > 1 and not end[2] and self.goes_home(to, "rule", about):
            way = []
        return [(one, about, end[2] and one == to) for one in way]

    def way(self, to: str, start: str | None) -> list[str]:
        """The shortest way to somewhere; empty where there is none."""
        pairs, ladder = self.plan.pairs(), self.plan.ladder
        if start is None:
            if to == ladder[0]:
                return [to]
            start = ladder[0]
        below = ladder[: ladder.index(to)] if to in ladder else []
        for length in range(len(below) + 1):
            for through in product(below, repeat=length):
                way = [start, *through, to]
                steps = list(pairwise(way))
                upward = all(
                    pairs[step][0] in ("forward", "skip", "re-entry")
                    for step in steps[:-1]
                    if step in pairs
                )
                if upward and all(step in pairs for step in steps):
                    return way[1:]
        return []

    def join(self, other: Naive, at: int) -> None:
        """Take another lead in."""
        ladder, ends = self.plan.ladder, self.plan.ends
        order = [key for key in ladder if key not in ends][::-1]
        order += [key for key in ladder if key in ends][::-1] + self.plan.aside
        heads = [one.lead for one in (self, other) if one.log]
        logs = self.logs | other.logs
        for one in (self, other):
            if one.log and one.log[-1]["entered"] < at:
                # Whom a merge of this hour has left may go on after all.
                heads += [lead for lead, hour in one.left.items() if hour == at]
        heads = [
            lead
            for lead in dict.fromkeys(heads)
            if logs[lead] and not any(one.left.get(lead, at) < at for one in (self, other))
        ]
        heads.sort(key=lambda lead: (logs[lead][-1]["entered"], lead))
        heads.sort(key=lambda lead: order.index(logs[lead][-1]["stage"]))
        newest = max((logs[lead][-1]["entered"] for lead in heads), default=0)
        # A person who decided last goes before what has come furthest.
        heads.sort(
            key=lambda lead: (
                logs[lead][-1]["cause"] != "person" or logs[lead][-1]["entered"] != newest
            )
        )
        self.left |= other.left
        for lead in heads:
            logs[lead][-1]["left"] = at
            self.left[lead] = at
        lead = heads[0] if heads else min(self.lead, other.lead)
        if heads:
            logs[lead][-1]["left"] = None
            del self.left[lead]
        for one in (self, other):
            if not one.log:
                del one.logs[one.lead]
        self.logs |= other.logs
        self.over |= other.over
        self.reached |= other.reached
        self.lead = lead


class Pair:
    """A lead at the gate and in the model; every step checks that they agree."""

    def __init__(self, lead: int, plan: Plan, funnel: Funnel) -> None:
        self.funnel = funnel
        self.model = Naive(lead, plan)
        self.history = StageHistory(lead)

    def move(
        self, to: str, at: int, cause: Any, reason: str | None, about: tuple[int, ...] = ()
    ) -> None:
        """Ask the gate for a move."""
        before = self.history
        asked = {"at": hour(at), "cause": cause, "reason": reason, "for_products": about}
        if self.model.refuses(to, at, reason):
            with pytest.raises(TransitionError) as caught:
                self.funnel.move(before, to, **asked)
            assert caught.value.allowed == self.funnel.allowed(before)
        else:
            self.history = self.funnel.move(before, to, **asked)
            self.model.move(to, at, cause, reason, about)
        self.agree()

    def reconcile(
        self, to: str, at: int, fact: int | None, version: str, wins: Wins = (), late: int = 0
    ) -> None:
        """Let drawn facts propose, and do what they propose; `late` is the hour of older facts."""
        won = tuple(
            Win(about, hour(since).date(), hour(since), FunnelStage(stage, stage), "won")
            for about, since, stage in wins
        )
        said = Said(FunnelStage(to, to), version=version, wins=won)
        self.settle(said, wins, at, fact, late)

    def settle(self, said: Any, wins: Wins, at: int, fact: int | None, late: int) -> None:
        """Let an answer about the facts propose, and do what it proposes.

        Args:
            said: The answer.
            wins: What it should say of wins.
            at: The hour.
            fact: The hour of the newest record that came in since it was settled before.
            late: That of the newest record of all.
        """
        model, to, version = self.model, said.value.key, said.version
        asked: dict[str, Any] = {"as_of": hour(at), "latest_fact_at": hour(late)}
        asked["new_fact_at"] = None if fact is None else hour(fact)
        proposal = self.funnel.reconcile(self.history, said, **asked)
        last = model.log[-1] if model.log else None
        decided = last is not None and last["cause"] == "person"
        older = all(one is None or (last and one <= last["entered"]) for one in (fact, late))
        wanted = model.wanted(to, said.for_products, model.unknown(wins, at))
        if (decided and older and not model.plan.overrules) or not wanted:
            held = None if model.here == to else "person" if wanted else "graph"
            if decided and older and not model.plan.overrules and model.here != to:
                held = "person"
            assert (proposal.moves, proposal.held_by) == ((), held)
        else:
            assert proposal.held_by is None
            assert [(one.to, one.for_products, one.won) for one in proposal.moves] == wanted
            by_rules = last is not None and last["cause"] in ("rule", "time")
            current = self.history.current
            waited = by_rules and fact is None and not any(won for _, _, won in wanted)
            waited &= current is not None and current.playbook_version == version
            for move in proposal.moves:
                assert not model.refuses(move.to, at, move.reason)
                assert move.cause == ("time" if waited else "rule")
                model.move(move.to, at, move.cause, move.reason, move.for_products, won=move.won)
            assert model.here == to
            self.history = self.funnel.apply(self.history, proposal.moves)
            again = self.funnel.reconcile(self.history, said, **asked)
            assert again.moves == (), "reconciling twice is reconciling once"
        self.agree()

    def merge(self, other: Pair, at: int) -> None:
        """Find out that two leads are one person."""
        merged = self.funnel.merge(self.history, other.history, at=hour(at))
        assert merged == self.funnel.merge(other.history, self.history, at=hour(at))
        self.history = merged
        assert self.funnel.merge(merged, other.history, at=hour(at)) == merged
        self.model.join(other.model, at)
        self.agree()

    def store(self, random: Random) -> None:
        """Write the history away and read it again."""
        rows = self.history.rows()
        random.shuffle(rows)
        for row in rows:
            if random.random() < 0.5:
                row["entered"] = row["entered"].isoformat()
        self.history = StageHistory.from_rows(self.history.lead_id, rows)
        self.agree()

    def agree(self) -> None:
        """Compare all that can be asked."""
        model, history = self.model, self.history
        seen = [
            {
                "of": entry.of_lead,
                "stage": entry.stage,
                "entered": entry.entered,
                "left": entry.left,
                "kind": entry.kind,
                "cause": entry.cause,
                "reason": entry.reason,
                "about": entry.for_products,
                "imputed": entry.imputed,
                "pursuit": entry.pursuit,
            }
            for entry in history.entries
        ]
        expected = [
            {
                "of": lead,
                **row,
                "entered": hour(row["entered"]),
                "left": None if row["left"] is None else hour(row["left"]),
            }
            for lead, log in sorted(model.logs.items())
            for row in log
        ]
        expected.sort(key=lambda row: row["entered"])
        assert seen == expected
        assert history.lead_id == model.lead
        current = history.current
        assert (None if current is None else current.stage) == model.here
        allowed = {one.to: (one.kind, one.needs_reason) for one in self.funnel.allowed(history)}
        assert allowed == model.open_to()
        now = model.last() + 3
        for stage in model.plan.ladder + model.plan.aside:
            times = [row for row in expected if row["stage"] == stage]
            for n, row in enumerate(times, 1):
                found = history.nth(stage, n)
                assert found is not None
                assert found.entered == row["entered"]
                assert found == history.nth(stage, n - 1 - len(times))
            assert history.nth(stage, len(times) + 1) is None
            hours = {
                number
                for log in model.logs.values()
                for row in log
                if row["stage"] == stage
                for number in range(row["entered"], now if row["left"] is None else row["left"])
            }
            assert history.time_in(stage, as_of=hour(now)) == timedelta(hours=len(hours))


class Said:
    """What facts warrant, as the engine says it."""

    def __init__(
        self, value: FunnelStage, rule: str = "rule", version: str = "v1", wins: Any = ()
    ) -> None:
        self.value = value
        self.rule = rule
        self.version = version
        self.for_products: tuple[int, ...] = (1,)
        self.wins: tuple[Win, ...] = wins


def draw_wins(random: Random, stages: Sequence[str], now: int) -> Wins:
    """What was won so far."""
    many = random.choice((0, 0, 1, 2))
    return [
        (about, now - random.choice((0, 1, 3, 23, 24, 30)), random.choice(stages))
        for about in random.sample((None, 1, 2, 3), many)
    ]


def drive(seed: int, steps: int = 30) -> None:
    """Take some leads through random steps.

    Raises:
        AssertionError: The gate and the model disagree.
    """
    random = Random(seed)
    plan = draw_plan(random)
    funnel = plan.funnel()
    pairs = [Pair(lead, plan, funnel) for lead in (1, 2, 3)]
    stages = [*plan.ladder, *plan.aside]
    now = 0
    for _ in range(steps):
        pair = random.choice(pairs)
        now += random.choice((0, 0, 1, 5))
        match random.randrange(10):
            case 0 if len(pairs) > 1:
                other = random.choice([one for one in pairs if one is not pair])
                pairs.remove(other)
                pair.merge(other, now)
            case 1:
                pair.store(random)
            case 2 | 3:
                fact = random.choice((None, now, max(0, now - random.randint(0, 6))))
                wins = draw_wins(random, stages, now)
                late = random.choice((0, now))
                pair.reconcile(random.choice(stages), now, fact, "v1", wins, late)
            case _:
                at = now - random.choice((0, 0, 0, 0, 2))
                reason = random.choice((None, "timing"))
                about = random.choice(((), (1,), (2,), (2, 1)))
                pair.move(random.choice(stages), at, random.choice(CAUSES), reason, about)


def disagreement(seeds: range) -> str | None:
    """What the gate does otherwise than the model, in any of many runs."""
    for seed in seeds:
        try:
            drive(seed)
        except (Exception, pytest.fail.Exception) as error:
            return f"seed {seed}: {error!r}"
    return None
