"""Insights: what research says of a market, until it expires."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.gaps.insights import INSIGHT_KINDS, Insight, insights_for
from mpfunnel.labels import Label

DAY = date(2026, 4, 1)
SAYS = Insight(
    "price-fear",
    "market_research",
    Label("half of them fear the price", "半数が価格を不安に思っている"),
    ["Market report 2026"],
    since=DAY,
    expires=DAY + timedelta(10),
    product_id="crm",
    segment="small",
)


@pytest.mark.parametrize(
    ("day", "current", "expired"),
    [(-1, 0, 0), (0, 1, 0), (10, 1, 0), (11, 0, 1)],
)
def test_an_insight_expires(day: int, current: int, expired: int) -> None:
    """Its first and its last day are both in; before, nobody knows of it (law 5)."""
    told = insights_for([SAYS], "crm", "small", as_of=DAY + timedelta(day))
    assert (len(told.current), len(told.expired)) == (current, expired)


@pytest.mark.parametrize(
    ("product_id", "segment", "about"),
    [
        ("crm", "small", "ab"),
        ("crm", "large", "a"),
        ("sfa", "small", "b"),
        ("crm", None, "a"),
        (None, "small", "b"),
        (None, None, ""),
    ],
)
def test_it_stands_where_it_speaks_of(
    product_id: str | None, segment: str | None, about: str
) -> None:
    """One about all segments stands beside each; one about small ones not beside those unknown."""
    given = [evolve(SAYS, key="b", product_id=None), evolve(SAYS, key="a", segment=None)]
    told = insights_for(given, product_id, segment, as_of=DAY)
    assert "".join(one.key for one in told.current) == about


@given(
    spans=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6),
    day=st.integers(-1, 20),
    data=st.data(),
)
def test_what_is_known_is_current_or_expired(
    spans: list[tuple[int, int]], day: int, data: st.DataObject
) -> None:
    """Each in one of both, sorted, in whatever order they come (law 4)."""
    given = [
        evolve(SAYS, key=f"k{i}", since=DAY + timedelta(a), expires=DAY + timedelta(a + b))
        for i, (a, b) in enumerate(spans)
    ]
    told = insights_for(
        data.draw(st.permutations(given)), "crm", "small", as_of=DAY + timedelta(day)
    )
    assert [one.key for one in told.current] == [
        f"k{i}" for i, (a, b) in enumerate(spans) if a <= day <= a + b
    ]
    assert [one.key for one in told.expired] == [
        f"k{i}" for i, (a, b) in enumerate(spans) if a + b < day
    ]


def test_an_insight_reads_with_its_last_day() -> None:
    """In both languages."""
    assert SAYS.text() == "market research: half of them fear the price (until 2026-04-11)"
    assert SAYS.text("ja") == "市場調査：半数が価格を不安に思っている（2026-04-11まで有効）"
    assert all(one.en != one.ja for one in INSIGHT_KINDS.values())


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (
            {"key": " ", "kind": "surwey", "since": 3, "segment": "", "product_id": True},
            [
                "insight.key: must not be blank",
                (
                    "insight.kind: must be one of market_research, competitor_analysis, "
                    "gap_discovery, survey, customer_interview, not 'surwey'; "
                    "did you mean 'survey'?"
                ),
                "insight.since: must be a date, not int 3",
                "insight.product_id: must be a text or an integer id, not bool True",
                "insight.segment: must not be blank",
            ],
        ),
        (
            {"expires": DAY - timedelta(1), "evidence": ()},
            [
                "insight.expires: must not be before since",
                "insight.evidence: must name at least one source",
            ],
        ),
        (
            {"statement": "a@example.com says so", "evidence": ["x", 3, "b@example.com", ""]},
            [
                "insight.statement: holds a mail address; name the document and no person",
                "insight.evidence[1]: must be text, not int 3",
                "insight.evidence[2]: holds a mail address; name the document and no person",
                "insight.evidence[3]: must not be blank",
            ],
        ),
        (
            {"evidence": "one report"},
            ["insight.evidence: must be a list of texts, not str 'one report'"],
        ),
    ],
)
def test_an_insight_names_every_fault(change: dict[str, Any], problems: list[str]) -> None:
    """Research without evidence is an opinion, and people have no place in it."""
    with pytest.raises(InvalidDataError) as told:
        evolve(SAYS, **change)
    assert [str(one) for one in told.value.problems] == problems


def test_insights_have_keys_of_their_own() -> None:
    """All that is wrong is said at once."""
    with pytest.raises(InvalidDataError) as told:
        insights_for([SAYS, SAYS], "crm", "small", as_of="today")  # type: ignore[arg-type] # refused
    assert [str(one) for one in told.value.problems] == [
        "insights: 'price-fear' stands there twice",
        "as_of: must be a date, not str 'today'",
    ]
    with pytest.raises(InvalidDataError, match=r"insights\[0\]: must be an Insight, not int"):
        insights_for([7], "crm", "small", as_of=DAY)  # type: ignore[list-item] # refused on purpose
