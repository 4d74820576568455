"""What is learned of two products: how many companies own both, how sure it is, which came first.

A learned relation is a suggestion. A person may make a relation of it in the playbook; nothing is
ever applied by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from attrs import field, frozen

from mpfunnel.labels import Label, Lang
from mpfunnel.records import Id
from mpfunnel.situation import Rejected
from mpfunnel.statistics import wilson

__all__ = ["Base", "Correction", "Learned", "Learning", "Measure", "Order", "Population"]

Base = Literal["buyers", "companies"]
"""Among whom is counted: companies that own at least one product, or all companies."""
Correction = Literal["holm", "benjamini_hochberg"]
"""How many tests at once are allowed for."""
Order = Literal["source_first", "target_first", "unclear"]
"""Which of two products came first, where those that own both say so clearly enough."""

_NAMES: Final[Mapping[Correction, str]] = {
    "holm": "Holm",
    "benjamini_hochberg": "Benjamini-Hochberg",
}
_BASES: Final[Mapping[Base, Label]] = {
    "buyers": Label("buyers", "導入企業"),
    "companies": Label("companies", "全企業"),
}


@frozen
class Population:
    """Among whom was counted: every figure is one of these companies on this day.

    Attributes:
        base: ``"buyers"``, which own at least one product, or ``"companies"``: all.
        size: How many they are.
        as_of: The day.
        called: What kind of companies were given, where not all of them were.
    """

    base: Base
    size: int
    as_of: date
    called: Label | None = None

    def text(self, lang: Lang = "en") -> str:
        """Return it in words, for example ``85 buyers as of 2017-06-30``."""
        base = _BASES[self.base].text(lang)
        only = "" if self.called is None else self.called.text(lang)
        if lang == "ja":
            return f"{self.as_of}時点の{base}{only and f'（{only}）'}{self.size}社"
        return f"{self.size} {base}{only and f' ({only})'} as of {self.as_of}"


@frozen
class Measure:
    """What is asked of a relation before it is suggested.

    Attributes:
        correction: How many tests at once are allowed for.
        error_rate: By Holm, how often anything at all may be suggested where there is nothing; by
            Benjamini and Hochberg, which share of the suggestions may be due to chance.
        pairs: How many pairs of products were tested; two products in either order are one pair.
        min_both: How many companies must own both at least.
    """

    correction: Correction
    error_rate: float
    pairs: int
    min_both: int


@frozen
class Learned:
    """What ownership says of one product, the target, among those that own another, the source.

    Attributes:
        source: The product that a company owns.
        target: The product that may be offered to it.
        population: Among whom was counted.
        source_owners: How many own the source.
        target_owners: How many own the target.
        both: How many own both; each of them is one of the next three.
        source_first: How many own the source since an earlier day than the target.
        target_first: How many own the target since an earlier day.
        same_day: How many own both since the same day: these say nothing of the order.
        p: How often chance alone gives as many that own both, or more (Fisher's exact test,
            one-sided); the same for both directions.
        adjusted_p: The same after the correction for all pairs.
        order_p: How often chance alone sets the two first days apart as clearly, in whichever
            direction (sign test, two-sided, without those of the same day).
        adjusted_order_p: The same after the correction for all pairs.
        measure: By what measure it is suggested.
    """

    source: Id
    target: Id
    population: Population
    source_owners: int
    target_owners: int
    both: int
    source_first: int
    target_first: int
    same_day: int
    p: float
    adjusted_p: float
    order_p: float
    adjusted_order_p: float
    measure: Measure

    @property
    def support(self) -> float:
        """The share of the population that owns both."""
        return self.both / self.population.size

    @property
    def confidence(self) -> float:
        """The share of the source's owners that own the target."""
        return self.both / self.source_owners

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of 95 % for `confidence`, by Wilson (1927)."""
        return wilson(self.both, self.source_owners)

    @property
    def expected(self) -> float:
        """The share of the population that owns the target: `confidence`, were there nothing."""
        return self.target_owners / self.population.size

    @property
    def exact_lift(self) -> Fraction:
        """`confidence` divided by `expected`, exactly; the same for both directions.

        S. Brin, R. Motwani, J. D. Ullman and S. Tsur, "Dynamic itemset counting and implication
        rules for market basket data", SIGMOD 1997, where it is called interest.
        """
        return Fraction(self.both * self.population.size, self.source_owners * self.target_owners)

    @property
    def lift(self) -> float:
        """`exact_lift` as a float: above 1, more own both than chance would have it."""
        return float(self.exact_lift)

    @property
    def waiting(self) -> int:
        """How many had the source alone at first; some took the target later, others lack it."""
        return self.source_owners - self.target_first - self.same_day

    @property
    def followed(self) -> float | None:
        """The share of those `waiting` that took the target later; `None` where there are none.

        Who has only just taken the source had little time to follow, and counts as the others do.
        """
        return self.source_first / self.waiting if self.waiting else None

    @property
    def order(self) -> Order:
        """Which of the two came first, where `adjusted_order_p` is at most the error rate."""
        if self.adjusted_order_p > self.measure.error_rate:
            return "unclear"
        return "source_first" if self.source_first > self.target_first else "target_first"

    @property
    def suggested(self) -> bool:
        """Whether more own both than chance would have it: `adjusted_p` at most the error rate."""
        return (
            self.adjusted_p <= self.measure.error_rate
            and self.exact_lift > 1
            and self.both >= self.measure.min_both
        )

    @property
    def suggested_in_order(self) -> bool:
        """Whether it is suggested, and those that own both took the source first."""
        return self.suggested and self.order == "source_first"

    def text(self, lang: Lang = "en") -> str:
        """Return the figures in words: among whom, how many, how sure, and which came first."""
        one, other, by = self.source, self.target, _NAMES[self.measure.correction]
        p, after = _written(self.p), _written(self.adjusted_p)
        pairs, order = self.measure.pairs, _written(self.adjusted_order_p)
        if lang == "ja":
            return (
                f"{self._counts(lang)}、p={p}（{by}法で{pairs}組を補正後{after}）。先に導入："
                f"{one} {self.source_first}社、{other} {self.target_first}社、"
                f"同日{self.same_day}社（補正後p={order}）"
            )
        return (
            f"{self._counts(lang)}, p {p} ({after} by {by} for {pairs} pairs); came first: "
            f"{one} {self.source_first}, {other} {self.target_first}, "
            f"same day {self.same_day} (p {order})"
        )

    def _counts(self, lang: Lang) -> str:
        one, other, among = self.source, self.target, self.population.text(lang)
        low, high = (f"{100 * rate:.1f}" for rate in self.interval)
        share, usual = f"{100 * self.confidence:.1f}", f"{100 * self.expected:.1f}"
        if lang == "ja":
            return (
                f"{among}のうち{one}を導入済みは{self.source_owners}社、その{self.both}社"
                f"（{share}%、95%信頼区間{low}～{high}%）が{other}も導入済み。"
                f"全体では{usual}%、リフト{self.lift:.2f}"
            )
        return (
            f"of {among}, {self.source_owners} own {one}; {self.both} of them own {other} "
            f"({share} %, {low}–{high} %), against {usual} % of all: lift {self.lift:.2f}"
        )

    def as_relation(self) -> dict[str, Any]:
        """Return the plain data of a relation, for a person to put into the playbook.

        It is an entry of ``[[synergy.relations]]`` of the kind complement, with the counts as its
        reason: the target is to be offered to owners of the source.
        """
        because = {"en": self._counts("en"), "ja": self._counts("ja")}
        return {
            "kind": "complement",
            "source": self.source,
            "target": self.target,
            "because": because,
        }

    def row(self) -> dict[str, Any]:
        """Return everything as one flat row; the population stands in each."""
        low, high = self.interval
        return {
            "source": self.source,
            "target": self.target,
            "base": self.population.base,
            "called": None if self.population.called is None else self.population.called.en,
            "base_size": self.population.size,
            "as_of": self.population.as_of,
            "source_owners": self.source_owners,
            "target_owners": self.target_owners,
            "both": self.both,
            "support": self.support,
            "confidence": self.confidence,
            "confidence_low": low,
            "confidence_high": high,
            "expected": self.expected,
            "lift": self.lift,
            "p": self.p,
            "adjusted_p": self.adjusted_p,
            "source_first": self.source_first,
            "target_first": self.target_first,
            "same_day": self.same_day,
            "waiting": self.waiting,
            "followed": self.followed,
            "order_p": self.order_p,
            "adjusted_order_p": self.adjusted_order_p,
            "order": self.order,
            "correction": self.measure.correction,
            "error_rate": self.measure.error_rate,
            "pairs": self.measure.pairs,
            "suggested": self.suggested,
            "suggested_in_order": self.suggested_in_order,
        }


@frozen
class Learning:
    """What was learned of all pairs of products that anybody owns.

    Attributes:
        population: Among whom was counted.
        measure: By what measure a relation is suggested.
        relations: Each pair in both directions: first what chance explains least, by `p`; then the
            greater lift; then by id.
        rejects: Rows about companies that are not among those given.
    """

    population: Population
    measure: Measure
    relations: tuple[Learned, ...]
    rejects: tuple[Rejected, ...] = field(repr=False)

    @property
    def suggestions(self) -> tuple[Learned, ...]:
        """The relations that are suggested, in the same order."""
        return tuple(one for one in self.relations if one.suggested)

    def rows(self) -> list[dict[str, Any]]:
        """Return the relations as flat rows, for a table."""
        return [one.row() for one in self.relations]


def _written(p: float) -> str:
    return f"{p:.2g}" if p else "below 1e-300"
