"""Where the facts that a playbook asks about stand in the frames, under short names of their own.

Names are numbered, because some engines know no upper and lower case, and what a firm calls its
attributes is any text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from mpfunnel.case import NO_TIER
from mpfunnel.compiled import Compiled
from mpfunnel.facts import WHITE_SPACE
from mpfunnel.rules.conditions import ContainsAny, Exists, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.segments import UNMATCHED

__all__ = ["GONE", "IN_FORCE", "POSITION", "STAGE", "TIER", "Places"]

STAGE: Final = "pursuit.stage"
"""The fact that asks for the stage in which the lead is, for rules of the funnel."""
IN_FORCE: Final = "funnel.stage"
"""The same, for rules about plays."""
TIER: Final = "product.tier"
"""The fact that asks for the Tier."""
POSITION: Final = "product.position"
"""The fact that asks for white space."""
GONE: Final = ""
"""What stands among the keys of stages for one that the funnel no longer has: none of them."""


@frozen
class Places:
    """The places of all facts that a playbook asks about (`mpfunnel.rules.columns.Layout`).

    Attributes:
        facts: The facts, in the order of their names.
        asked: Of each set, which of its values are asked about.
        keys: Of each level, the keys that it can take, in the order of their places.
        exists: The conditions that range over products.
    """

    facts: tuple[Fact, ...]
    asked: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, tuple[str, ...]]
    exists: tuple[Exists, ...]

    @classmethod
    def of(cls, compiled: Compiled) -> Places:
        """Return the places for a playbook."""
        book = compiled.playbook
        asked: dict[str, dict[str, None]] = {}
        exists: dict[Exists, None] = {}
        for node in (node for when in book.conditions for node in walk(when)):
            if isinstance(node, ContainsAny):
                asked.setdefault(node.fact.name, {}).update(dict.fromkeys(node.values))
            elif isinstance(node, Exists):
                exists[node] = None
        tiers = [tier.key for policy in book.tiers.values() for tier in policy.tiers]
        stages = (*compiled.stages, GONE)
        return cls(
            tuple(book.asked[name] for name in sorted(book.asked)),
            {name: tuple(sorted(values)) for name, values in asked.items()},
            {
                "company.segment": _each((*book.segments.outcomes, UNMATCHED)),
                TIER: tuple(dict.fromkeys((*sorted(tiers), NO_TIER.value.key))),
                "product.interest": book.scale.keys,
                "product.best_interest": book.scale.keys,
                "product.engagement": book.scale.keys,
                POSITION: WHITE_SPACE.keys,
                STAGE: stages,
                IN_FORCE: stages,
            },
            tuple(exists),
        )

    def about(self, root: str) -> tuple[Fact, ...]:
        """Return the facts of that root."""
        return tuple(fact for fact in self.facts if fact.root == root)

    def named(self, name: str) -> Fact | None:
        """Return the fact of that name, if it is asked about."""
        return next((fact for fact in self.facts if fact.name == name), None)

    def value(self, fact: Fact) -> str:
        """Return the column of a fact; of a level it holds the place among its keys."""
        return f"fact_{self.facts.index(fact)}"

    def member(self, fact: Fact, value: str) -> str:
        """Return the column that says whether a set has a value."""
        return f"{self.value(fact)}_has_{self.asked[fact.name].index(value)}"

    def possible(self, fact: Fact) -> Mapping[str, str]:
        """Return, for each key of a level, the column that says whether it is still possible."""
        name = self.value(fact)
        return {key: f"{name}_may_{place}" for place, key in enumerate(self.keys[fact.name])}

    def some(self, exists: Exists, *, later: bool) -> tuple[str, str]:
        """Return the columns that say whether it is known true, and known false, of a product."""
        name = f"some_{self.exists.index(exists)}_{'later' if later else 'now'}"
        return f"{name}_true", f"{name}_false"

    def columns(self, fact: Fact, *, possible: bool = True) -> list[str]:
        """Return all columns of a fact; of a level, those of what is possible only if wanted."""
        if fact.kind == "set":
            own = [self.member(fact, value) for value in self.asked.get(fact.name, ())]
            return [self.value(fact), *own] if fact.open else own
        if fact.kind == "level" and possible:
            return [self.value(fact), *self.possible(fact).values()]
        return [self.value(fact)]


def _each(outcomes: Sequence[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(getattr(one, "key", one)) for one in outcomes))
