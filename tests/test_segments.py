"""Segments: company × firm."""

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import SEGMENTS
from mpfunnel.facts import company
from mpfunnel.records import Company
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Rule
from mpfunnel.rules.terms import TextTerm
from mpfunnel.segments import Segment, SegmentTable


def test_blank_relationships_settle_every_segment() -> None:
    """S2: a relationship that nobody ticked does not hold, so nothing stays undecided for it."""
    decide = SEGMENTS.compile()

    found = {decide(Company(1, employees=n, annual_revenue=0)) for n in (3, 60, 400, 2_000)}

    assert {decision.value.key for decision in found} == {
        "micro",
        "small",
        "mid_market",
        "enterprise",
    }
    assert all(decision.settled for decision in found)


def test_a_partner_who_is_also_a_customer_is_a_partner() -> None:
    """Relationships are a set, and the order of the rules decides."""
    both = Company(1, relationships=["customer", "partner"], employees=400)

    decision = SEGMENTS.compile()(both)

    assert (decision.value.key, decision.rule) == ("partner", "partner")


def test_missing_size_leaves_the_bands_open_and_names_what_to_ask() -> None:
    """S4: a competitor is settled without its size; others wait for employees and revenue."""
    decide = SEGMENTS.compile()

    assert decide(Company(1, relationships=["competitor"])).settled
    waiting = decide(Company(1))
    assert waiting.value.key == "micro"
    assert [segment.key for segment in waiting.possible] == [
        "enterprise",
        "mid_market",
        "small",
        "micro",
    ]
    assert waiting.missing == ("company.employees", "company.annual_revenue")
    assert waiting.text("ja") == "未判定: 大企業・中堅企業・中小企業・小規模事業者"


def test_segments_are_equal_by_key() -> None:
    """S8: labels do not matter."""
    assert Segment("small", "Small") == Segment("small", "中小企業")
    assert str(Segment("small", "Small")) == "small"


def test_a_segment_needs_a_key() -> None:
    """A blank key names nothing."""
    with pytest.raises(InvalidDataError, match=r"^segment.key: must not be blank$"):
        Segment(" ", "nothing")


def test_a_segment_rule_asks_about_the_company_alone() -> None:
    """A rule about a lead could not be answered for a company."""
    title = TextTerm(Fact("lead.title", "text"))
    table = SegmentTable((Rule(Segment("a", "A"), title == "CEO"),), Segment("b", "B"))

    with pytest.raises(
        InvalidDataError, match=r"lead\.title: cannot be asked here, where only company"
    ):
        table.compile()


def test_a_segment_table_takes_the_facts_of_the_firm() -> None:
    """A firm sorts by whatever it declares."""
    listed = company.flag("listed")
    table = SegmentTable((Rule(Segment("listed", "Listed"), listed),), Segment("other", "Other"))

    assert table.compile()(Company(1, attributes={"listed": True})).value.key == "listed"


def test_a_segment_needs_a_key_of_text() -> None:
    """What is no text names nothing."""
    with pytest.raises(InvalidDataError, match=r"^segment\.key: must be text, not int 3$"):
        Segment(3, "x")  # type: ignore[arg-type]
