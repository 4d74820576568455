"""Measures: a figure with what it is of, how sure it is, and whether it says anything at all.

No figure of the flow is a bare number. Nothing out of nothing is undefined and never 0, what is
still under way is called immature, and what nobody could price is counted and not added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from attrs import field, frozen

from mpfunnel.labels import Label, Lang, as_label
from mpfunnel.statistics import wilson

__all__ = ["MIN_N", "STATUSES", "Measure", "Status", "Unit", "count", "days", "missing", "share"]

Unit = Literal["share", "count", "days", "money", "ratio"]
Status = Literal["ok", "undefined", "immature", "small_n", "unpriced", "not_additive", "missing"]

MIN_N: Final = 30
"""Of fewer than so many, a share is called small, unless somebody asks for another number."""

STATUSES: Final[Mapping[Status, Label]] = {
    "ok": Label("ok", "有効"),
    "undefined": Label("undefined: nothing to divide by", "算出不可（母数なし）"),
    "immature": Label("some are still within their time", "観測期間中のものを含む"),
    "small_n": Label("too few to judge", "件数不足"),
    "unpriced": Label("some have no price", "金額不明を含む"),
    "not_additive": Label("must not be added up", "合算不可"),
    "missing": Label("no data", "データなし"),
}
"""What a status says, as people read it."""

_PENDING: Final = Label("{:,} pending", "観測期間中{:,}件")


@frozen
class Measure:
    """One figure of the flow.

    Attributes:
        value: The figure; `None` where there is none to give.
        unit: ``"share"`` (0 to 1), ``"count"``, ``"days"``, ``"money"`` (whole units of the
            currency that the basis names) or ``"ratio"``.
        basis: Of what it is a figure: of which units, by which day, within which time.
        num: What was counted or added up; of an unpriced sum, how many have a price.
        den: Of how many, or of how much; of an unpriced sum, how many there are.
        interval: The interval of 95 % in which the true share lies; `None` where it has none.
        status: Whether it may be read as it stands. ``"undefined"``: nothing to divide by.
            ``"small_n"``: of too few, whether or not some are pending. ``"immature"``: some were
            left out whose time is not over.
            ``"unpriced"``: some have no amount, or one in a currency without rate, and were left
            out. ``"not_additive"``: units would count twice. ``"missing"``: no data at all.
        pending: How many were left out because their time is not over.
    """

    value: float | Decimal | None
    unit: Unit
    basis: Label = field(converter=as_label)
    num: int | Decimal | None = None
    den: int | Decimal | None = None
    interval: tuple[float, float] | None = None
    status: Status = "ok"
    pending: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether a verdict may rest on it."""
        return self.status in ("ok", "immature") and self.value is not None

    def text(self, lang: Lang = "en") -> str:
        """Return the figure as people read it, with what is wrong with it, and who is pending."""
        sound = self.status == "ok" and self.value is not None
        said = [] if sound else [STATUSES[self.status].text(lang)]
        # That a figure is immature says so itself.
        if self.pending and self.status != "immature":
            said.append(_PENDING.text(lang).format(self.pending))
        told = ("、" if lang == "ja" else "; ").join(said)
        if self.value is None:
            return told
        shown = self.figure(lang)
        if not said:
            return shown
        return f"{shown}（{told}）" if lang == "ja" else f"{shown} ({told})"

    def figure(self, lang: Lang = "en") -> str:
        """Return the figure alone as people read it; a dash where there is none."""
        if self.value is None:
            return "–"
        if self.unit == "share":
            return f"{self.value:.1%}"
        if self.unit == "days":
            return f"{self.value:g}日" if lang == "ja" else f"{self.value:g} days"
        return f"{self.value:,.2f}" if self.unit == "ratio" else f"{self.value:,}"


def share(
    hits: int, of: int, basis: Label | str, *, min_n: int = MIN_N, pending: int = 0
) -> Measure:
    """Return a share with its interval of 95 % (`mpfunnel.statistics.wilson`).

    Of none at all it is undefined, or immature where some are still within their time. Of too few
    it is small, and not immature: nothing rests on it even so, and `pending` tells the rest.

    Args:
        hits: How many; from 0 to `of`.
        of: Of how many.
        basis: Of what it is a share.
        min_n: Of fewer than so many, it is called small.
        pending: How many were left out because their time is not over.
    """
    if of == 0:
        none: Status = "immature" if pending else "undefined"
        return Measure(None, "share", basis, 0, 0, status=none, pending=pending)
    status: Status = "small_n" if of < min_n else "immature" if pending else "ok"
    return Measure(hits / of, "share", basis, hits, of, wilson(hits, of), status, pending)


def count(number: int, basis: Label | str) -> Measure:
    """Return a plain count."""
    return Measure(number, "count", basis, number)


def days(value: float | None, of: int, basis: Label | str, *, pending: int = 0) -> Measure:
    """Return a number of days, for example a median; undefined where there is none.

    Args:
        value: The days.
        of: Of how many it was told.
        basis: Of what.
        pending: How many were left out because their time is not over.
    """
    status: Status = "undefined" if value is None else "immature" if pending else "ok"
    return Measure(value, "days", basis, den=of, status=status, pending=pending)


def missing(unit: Unit, basis: Label | str) -> Measure:
    """Return a measure for which there is no data."""
    return Measure(None, unit, basis, status="missing")
