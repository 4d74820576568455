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

from mpfunnel.errors import PolicyError
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.rules.tables import Decision
from mpfunnel.stages.funnel import Funnel
from mpfunnel.stages.graph import FunnelStage
from mpfunnel.stages.pursuits import Pursuit, furthest

__all__ = ["Stood", "stage_so_far", "stepped"]

STAGE_SO_FAR: Final = "pursuit.stage"
"""The fact in which the lead's stage is put."""

_Found = Mapping[Id | None, tuple[Pursuit, Decision[FunnelStage]]]
_Ask = Callable[[Id | None, Pursuit], Decision[FunnelStage]]


@frozen
class Stood:
    """Where a lead stands, and for which products; for none means for all, and the whole firm."""

    stage: FunnelStage
    for_products: tuple[Id, ...] = ()


def stepped(
    funnel: Funnel, pursuits: Mapping[Id | None, Pursuit], ask: _Ask, at: Stood
) -> tuple[_Found, Decision[FunnelStage], tuple[Id, ...]]:
    """Return what each pursuit warrants, what the lead does, and for which products.

    The decision on the lead is that of the last step; each pursuit keeps the stage from which it
    was asked last. What is possible takes in where the lead would be led by way of every stage that
    is possible on the way (S5).

    Args:
        funnel: The funnel.
        pursuits: The current pursuits; `stage` is put into them.
        ask: Asks the rules about one of them.
        at: Where the lead stands.

    Raises:
        PolicyError: The rules lead the lead round in a circle.
    """
    start = funnel.rules.otherwise

    def asked(
        stage: FunnelStage, for_products: tuple[Id | None, ...], *others: FunnelStage
    ) -> _Found:
        found: dict[Id | None, tuple[Pursuit, Decision[FunnelStage]]] = {}
        for about, pursuit in pursuits.items():
            here = not for_products or about in for_products
            pursuit.stage = stage_so_far(stage if here else start, *others)
            found[about] = pursuit, ask(about, pursuit)
        return found

    way: dict[Stood, tuple[Decision[FunnelStage], tuple[Id, ...]]] = {}
    while True:
        found = asked(at.stage, at.for_products)
        way[at] = decision, products = furthest(funnel, found)
        if decision.value == at.stage:
            break
        at = Stood(decision.value, products)
        if at in way:
            keys = " to ".join(one.stage.key for one in (*way, at))
            message = f"lead round in a circle on the same facts, from {keys}"
            raise PolicyError(f"funnel.rules: {message}; let one rule stop where the other begins")
    # What led there says why. That it stays there is another rule, from the next time on.
    decision, products = [*way.values()][-2 if len(way) > 1 else -1]
    if all(one.settled for one, _ in way.values()):
        return found, decision, products

    last = {about: pursuit.stage for about, pursuit in pursuits.items()}
    stays = [one.stage for one, (said, _) in way.items() if one.stage in said.possible]
    possible = dict.fromkeys((decision.value, *stays))
    missing = dict.fromkeys(name for said, _ in way.values() for name in said.missing)
    reached = dict.fromkeys(stage for said, _ in way.values() for stage in said.possible)
    everywhere = [found]
    for stage in (todo := [*reached]):
        # For which products it would stand there is not known.
        everywhere.append(asked(stage, (), start))
        said, _ = furthest(funnel, everywhere[-1])
        if stage in said.possible:
            possible[stage] = None
        # What is missing to know the stage so far is named by the answers that led there.
        missing.update(dict.fromkeys(name for name in said.missing if name != STAGE_SO_FAR))
        todo += [one for one in said.possible if one not in reached]
        reached.update(dict.fromkeys(said.possible))
    for about, pursuit in pursuits.items():
        pursuit.stage = last[about]
    wide = {
        about: (
            pursuit,
            evolve(
                one,
                possible=tuple(
                    dict.fromkeys(stage for each in everywhere for stage in each[about][1].possible)
                ),
            ),
        )
        for about, (pursuit, one) in found.items()
    }
    decision = evolve(decision, possible=tuple(possible), missing=tuple(missing))
    return wide, decision, products


def stage_so_far(*stages: FunnelStage) -> Decision[FunnelStage]:
    """Return the stage in which a lead is as rules ask for it; further ones are possible."""
    possible = tuple(dict.fromkeys(stages))
    return Decision(stages[0], "history", Label(stages[0].key), possible)
