"""What one activity is worth, and how much of it is left after some days."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, Final

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, not_a_key
from mpfunnel.labels import Label, as_label

__all__ = ["Signal", "decay_per_mille", "whole"]

MAX_POINTS: Final = 10_000
"""So small that the micro-points of 900 million activities still fit in 64 bits (S15)."""
MAX_HAND_DAYS: Final = 3_650
MAX_COOL_DOWN_DAYS: Final = 3_650
_EXACT: Final = Context(prec=40)
_DOUBTFUL: Final = 1e-6


def _a_label(value: str | Label | None) -> Any:
    # None until the kind is known to be sound; then it stands for the label.
    return None if value is None else as_label(value)


@frozen
class Signal:
    """What one kind of activity is worth.

    Attributes:
        kind: The kind, as activities name it.
        points: Points of one activity on its day; a penalty where negative.
        cap: The most decayed points that all activities of the kind earn together.
        raises_hand_days: For how many days it counts as a raised hand; 0 where it is none.
        label: What people call it; the kind where none is given.
        cool_down_days: Of so many days, only the first activity of the kind adds to the score
            (S16): the days of one cool-down are those whose ordinal numbers, divided by it, have
            the same quotient. 0 where every activity adds. Measures of the last days, active days
            and raised hands see every activity all the same.
        fades: Whether points fade by the half-life of the model; a penalty may last.
    """

    kind: str
    points: int = 0
    cap: int | None = None
    raises_hand_days: int = 0
    label: Label = field(default=None, converter=_a_label, eq=False)
    cool_down_days: int = field(default=0, kw_only=True)
    fades: bool = field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        problems = not_a_key("signal.kind", self.kind)
        for name, least, most in (
            ("points", -MAX_POINTS, MAX_POINTS),
            ("raises_hand_days", 0, MAX_HAND_DAYS),
            ("cool_down_days", 0, MAX_COOL_DOWN_DAYS),
        ):
            problems += whole(f"signal.{name}", getattr(self, name), least, most)
        if self.cap is not None:
            problems += whole("signal.cap", self.cap, 0, MAX_POINTS * 1_000)
            if not problems and self.points <= 0:
                message = "needs points above 0; a penalty has no cap"
                problems.append(Problem("contradiction", "signal.cap", message))
        problems += misfit("signal.fades", self.fades, bool)
        if not problems and not self.fades and self.points >= 0:
            message = "is false, which needs points below 0; only a penalty lasts"
            problems.append(Problem("contradiction", "signal.fades", message))
        if not problems and self.cool_down_days and not self.points:
            message = "needs points; without any, no activity of the kind adds to a score"
            problems.append(Problem("contradiction", "signal.cool_down_days", message))
        if problems:
            raise InvalidDataError(problems)
        if self.label is None:  # pyright: ignore[reportUnnecessaryComparison] # none was given
            words = self.kind.replace("_", " ").strip()
            object.__setattr__(self, "label", Label(words or self.kind))


def whole(path: str, value: Any, least: int, most: int) -> list[Problem]:
    """Return a problem unless `value` is an integer within the bounds."""
    if type(value) is int and least <= value <= most:
        return []
    message = f"must be an integer from {least:,} to {most:,}, not {brief(value)}"
    return [Problem("range", path, message)]


@lru_cache(maxsize=64)
def decay_per_mille(half_life_days: int) -> tuple[int, ...]:
    """Return the share that is left of a point by age in days, in thousandths, until it is 0.

    1,000 × 2^(−age ÷ half-life), each rounded once, half to even (S16).
    """
    shares: list[int] = []
    while not shares or shares[-1]:
        age = len(shares)
        share = 1_000 * 2.0 ** (-age / half_life_days)
        if abs(share % 1 - 0.5) < _DOUBTFUL:
            # Too near to a half for a float, whose last digits depend on the machine.
            exponent = _EXACT.divide(Decimal(-age), Decimal(half_life_days))
            exact = _EXACT.multiply(Decimal(1_000), _EXACT.power(Decimal(2), exponent))
            shares.append(int(exact.to_integral_value(context=_EXACT)))
        else:
            shares.append(round(share))
    return tuple(shares[:-1])
