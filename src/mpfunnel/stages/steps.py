"""Steps: what rules warrant that ask for the stage in which the lead is.

Such rules say where a lead goes from where it stands: to evident from latent, to latent from
evident. From one stage they may lead on through several on the same facts, so that they are asked
again until they leave the lead where it is. Then a move changes nothing about what they say of the
facts, and asking them twice is asking them once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import evolve, frozen

from mpfunnel.errors import PolicyError, brief
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.rules.tables import Decision
from mpfunnel.stages.funnel import Funnel
from mpfunnel.stages.graph import FunnelStage
from mpfunnel.stages.pursuits import Pursuit, furthest

__all__ = ["Step", "Stood", "stage_so_far", "stepped"]

STAGE_SO_FAR: Final = "pursuit.stage"
"""The fact in which the lead's stage is put."""

_Found = Mapping[Id | None, tuple[Pursuit, Decision[FunnelStage]]]
_Ask = Callable[[Id | None, Pursuit], Decision[FunnelStage]]


@frozen
class Stood:
    """Where a lead stands, and for which products; for none means for all, and the whole firm."""

    stage: FunnelStage
    for_products: tuple[Id, ...] = ()


@frozen
class Step:
    """What the rules say of a lead that stands somewhere.

    Attributes:
        at: Where it stands.
        so_far: The stage of each pursuit there, as rules ask for it.
        found: What each pursuit warrants.
        decision: What the lead does.
        products: For which products.
    """

    at: Stood
    so_far: Mapping[Id | None, Decision[FunnelStage] | None]
    found: _Found
    decision: Decision[FunnelStage]
    products: tuple[Id, ...]


def stepped(
    funnel: Funnel, lead_id: Id, pursuits: Mapping[Id | None, Pursuit], ask: _Ask, at: Stood
) -> tuple[_Found, Decision[FunnelStage], tuple[Id, ...], tuple[Step, ...]]:
    """Return what each pursuit warrants, what the lead does, for which products, and all steps.

    The first three are those of the last step that takes the lead to another stage, if there is
    one; the pursuits keep the stage from which it was taken. What is possible takes in where the
    lead would be led by way of every stage that is possible on the way (S5).

    Args:
        funnel: The funnel.
        lead_id: The lead.
        pursuits: Its current pursuits; `stage` is put into them.
        ask: Asks the rules about one of them.
        at: Where the lead stands.

    Raises:
        PolicyError: The rules lead the lead round in a circle.
    """
    rules = _Rules(funnel, pursuits, ask)
    way: dict[Stood, Step] = {}
    while at not in way:
        way[at] = step = rules.step(at)
        if step.decision.value == at.stage:
            # What led there says why. What keeps it there does so from the next time on.
            steps = [*way.values()]
            last = steps[-2 if len(steps) > 1 else -1]
            found, decision = last.found, last.decision
            if not all(one.decision.settled for one in steps):
                found, decision = rules.unsettled(steps, last)
            rules.put(last.at)
            return found, decision, last.products, tuple(steps)
        at = Stood(step.decision.value, step.products)
    keys = " to ".join(one.stage.key for one in (*way, at))
    message = f"lead {brief(lead_id)} goes round in a circle on the same facts, from {keys}"
    raise PolicyError(f"funnel.rules: {message}; let one rule stop where the other begins")


class _Rules:
    """The rules of a funnel, and the pursuits of a lead about which they are asked."""

    def __init__(self, funnel: Funnel, pursuits: Mapping[Id | None, Pursuit], ask: _Ask) -> None:
        self.funnel = funnel
        self.start = funnel.rules.otherwise
        self.pursuits = pursuits
        self.ask = ask

    def put(self, at: Stood, *others: FunnelStage) -> None:
        """Let the lead stand somewhere; it may also stand in other stages."""
        for about, pursuit in self.pursuits.items():
            here = not at.for_products or about in at.for_products
            pursuit.stage = stage_so_far(at.stage if here else self.start, *others)

    def step(self, at: Stood, *others: FunnelStage) -> Step:
        """Ask the rules about all pursuits of a lead that stands somewhere."""
        self.put(at, *others)
        found = {
            about: (pursuit, self.ask(about, pursuit)) for about, pursuit in self.pursuits.items()
        }
        so_far = {about: pursuit.stage for about, pursuit in self.pursuits.items()}
        return Step(at, so_far, found, *furthest(self.funnel, found))

    def unsettled(self, steps: list[Step], last: Step) -> tuple[_Found, Decision[FunnelStage]]:
        """Return the answers of the last step, with all that is possible at the end of any way."""
        every = [*steps]
        todo = [*dict.fromkeys(stage for one in steps for stage in one.decision.possible)]
        for stage in todo:
            # For which products it would stand there is not known.
            every.append(self.step(Stood(stage), self.start))
            todo += [one for one in every[-1].decision.possible if one not in todo]
        stays = [one.at.stage for one in every if one.at.stage in one.decision.possible]
        possible = tuple(dict.fromkeys((last.decision.value, *stays)))
        # What is missing to know the stage so far is named by the answers that led there.
        missing = dict.fromkeys(name for one in every for name in one.decision.missing)
        missing.pop(STAGE_SO_FAR, None)
        found = {
            about: (
                pursuit,
                evolve(
                    said,
                    possible=tuple(
                        dict.fromkeys(
                            stage
                            for answer in (said, *(one.found[about][1] for one in every))
                            for stage in answer.possible
                        )
                    ),
                ),
            )
            for about, (pursuit, said) in last.found.items()
        }
        return found, evolve(last.decision, possible=possible, missing=tuple(missing))


def stage_so_far(*stages: FunnelStage) -> Decision[FunnelStage]:
    """Return the stage in which a lead is as rules ask for it; further ones are possible."""
    possible = tuple(dict.fromkeys(stages))
    return Decision(stages[0], "history", Label(stages[0].key), possible)
