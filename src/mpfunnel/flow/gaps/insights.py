"""Insights: what research says of a market, beside the figures of the flow, until it expires.

A gap map shows where the flow is lost. Why it is lost, and what nobody offers yet, no count can
tell: that is what research (市場調査) says, and it grows old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series, twice
from mpfunnel.labels import Label, Lang, as_label
from mpfunnel.personal import has_address
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day, a_key, an_id, one_of

__all__ = ["INSIGHT_KINDS", "Insight", "InsightKind", "Standing", "insights_for"]

InsightKind = Literal[
    "market_research", "competitor_analysis", "gap_discovery", "survey", "customer_interview"
]

INSIGHT_KINDS: Final[Mapping[InsightKind, Label]] = {
    "market_research": Label("market research", "市場調査"),
    "competitor_analysis": Label("competitor analysis", "競合分析"),
    "gap_discovery": Label("gap discovery", "市場ギャップの発見"),
    "survey": Label("survey", "アンケート"),
    "customer_interview": Label("customer interview", "顧客ヒアリング"),
}
"""What the kinds of research are called."""


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return series(value)


@frozen
class Insight:
    """What research says of a product in a segment.

    Attributes:
        key: A stable name.
        kind: The kind of research; see `INSIGHT_KINDS`.
        statement: What it says, in a sentence.
        evidence: What it rests on: reports, surveys, pages; at least one. No people: nothing in it
            or in the statement may hold a mail address.
        since: The first day on which it holds.
        expires: The last day on which it may be relied on.
        product_id: The product that it speaks of; `None` for all.
        segment: Key of the segment that it speaks of; `None` for all.

    Raises:
        InvalidDataError: Something is blank, of the wrong type, or tells of a person; all at once.
    """

    key: str
    kind: InsightKind
    statement: Label = field(converter=as_label)
    evidence: tuple[str, ...] = field(converter=_texts)
    since: date
    expires: date
    product_id: Id | None = None
    segment: str | None = None

    def __attrs_post_init__(self) -> None:
        if problems := list(_faults(self)):
            raise InvalidDataError(problems)

    def is_about(self, product_id: Id | None, segment: str | None) -> bool:
        """Return whether it speaks of a product in a segment, or of all of them."""
        of_product = self.product_id is None or self.product_id == product_id
        return of_product and (self.segment is None or self.segment == segment)

    def text(self, lang: Lang = "en") -> str:
        """Return the statement with its kind and its last day."""
        kind, said = INSIGHT_KINDS[self.kind].text(lang), self.statement.text(lang)
        if lang == "ja":
            return f"{kind}：{said}（{self.expires}まで有効）"
        return f"{kind}: {said} (until {self.expires})"


@frozen
class Standing:
    """The insights about a product in a segment, as of a day, sorted by their keys.

    Attributes:
        current: Those that hold.
        expired: Those that held once: to be asked again, and not to be relied on.
    """

    current: tuple[Insight, ...]
    expired: tuple[Insight, ...]


def insights_for(
    insights: Iterable[Insight], product_id: Id | None, segment: str | None, *, as_of: date
) -> Standing:
    """Return what research says of a product in a segment as of a day.

    One that begins later is not known yet (law 5).

    Args:
        insights: All insights; their keys differ.
        product_id: The product; of `None`, the whole firm, speak those about all products.
        segment: Key of the segment; of `None`, where it is not known, speak those about all.
        as_of: The day.

    Raises:
        InvalidDataError: Something is no insight, a key is used twice, or `as_of` is no date.
    """
    given: tuple[Insight, ...] = series(insights)
    problems = misfits("insights", given, Insight)
    problems = problems or twice("insights", (one.key for one in given))
    if fault := a_day(as_of):
        problems.append(Problem(fault[0], "as_of", fault[1]))
    if problems:
        raise InvalidDataError(problems)
    known = [one for one in given if one.since <= as_of and one.is_about(product_id, segment)]
    known.sort(key=lambda one: one.key)
    return Standing(
        tuple(one for one in known if as_of <= one.expires),
        tuple(one for one in known if one.expires < as_of),
    )


def _faults(insight: Insight) -> Iterator[Problem]:
    of: dict[str, Any] = {
        "key": a_key(insight.key),
        "kind": one_of(InsightKind)(insight.kind),
        "since": a_day(insight.since),
        "expires": a_day(insight.expires),
        "product_id": None if insight.product_id is None else an_id(insight.product_id),
        "segment": None if insight.segment is None else a_key(insight.segment),
    }
    yield from (
        Problem(fault[0], f"insight.{name}", fault[1]) for name, fault in of.items() if fault
    )
    if not of["since"] and not of["expires"] and insight.expires < insight.since:
        yield Problem("order", "insight.expires", "must not be before since")
    if has_address(insight.statement.en) or has_address(insight.statement.ja):
        yield _personal("insight.statement")
    evidence: Any = insight.evidence
    if not isinstance(evidence, tuple):
        message = f"must be a list of texts, not {type(evidence).__name__} {brief(evidence)}"
        yield Problem("type", "insight.evidence", message)
        return
    if not evidence:
        yield Problem("missing", "insight.evidence", "must name at least one source")
    for place, one in enumerate(insight.evidence):
        path = f"insight.evidence[{place}]"
        if fault := a_key(one):
            yield Problem(fault[0], path, fault[1])
        elif has_address(one):
            yield _personal(path)


def _personal(path: str) -> Problem:
    return Problem("personal", path, "holds a mail address; name the document and no person")
