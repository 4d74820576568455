"""Signs: what is new on a day about a company, and the days on which touches reached it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from mpfunnel.records import Id

__all__ = ["NO_TOUCHES", "Sign", "Touches", "touches_of"]

What = Literal["target", "owned", "interest", "stage", "deal"]


class Sign(NamedTuple):
    """Something about one product, or none, that is new on a day."""

    what: What
    about: Id | None
    key: Any = None
    """Which of its kind: the lead, the deal, or whose pursuit."""
    value: Any = None
    """Whether it holds now; of a stage its key, of a deal its status; `None` where it is gone."""
    kept: bool = False
    """Whether a history says so."""


class Touches(NamedTuple):
    """The days on which touches reached a company, as numbers, in order, each once."""

    delivered: Sequence[int]
    """Those of all touches that came as far as delivered."""
    responded: Sequence[int]
    """Those of them to which somebody responded."""


NO_TOUCHES: Final = Touches((), ())


def touches_of(
    by_product: Mapping[Id | None, Touches], product_id: Id | None
) -> tuple[Touches, Touches]:
    """Return the touches about a product, and those about none, which may be meant for it.

    For the whole firm, every touch is its own.
    """
    if product_id is None:
        return _together(by_product.values()), NO_TOUCHES
    return by_product.get(product_id, NO_TOUCHES), by_product.get(None, NO_TOUCHES)


def _together(given: Iterable[Touches]) -> Touches:
    delivered: set[int] = set()
    responded: set[int] = set()
    for one in given:
        delivered.update(one.delivered)
        responded.update(one.responded)
    return Touches(sorted(delivered), sorted(responded))
