"""Facts: what they read from a record, and which literals they take."""

# ruff: noqa: DTZ001 - a time without zone is one of the wrong types

from __future__ import annotations

from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.records import Company
from mpfunnel.rules.facts import Fact, Kind, Scale

TIERS = Scale(("tier_3", "tier_2", "tier_1"), ("excluded",))
REVENUE = Fact("company.annual_revenue", "decimal", places=2, minor=True)


def fact_of(kind: Kind, **parts: Any) -> Fact:
    """A fact of that kind, with a scale where it needs one."""
    return Fact("company.x", kind, scale=TIERS if kind == "level" else None, **parts)


def fault(fact: Fact, value: object) -> str:
    """What is said of a literal that the fact refuses."""
    with pytest.raises(InvalidDataError) as caught:
        fact.literal(value)
    return str(caught.value)


class TestDeclaring:
    def test_a_name_says_whose_fact_it_is(self) -> None:
        """A name has two parts, and the second one is the label where none is given."""
        fact = Fact("company.annual_revenue", "decimal")
        assert (fact.root, fact.key, fact.label) == (
            "company",
            "annual_revenue",
            Label("annual revenue"),
        )

    def test_a_given_label_is_kept_and_is_no_part_of_identity(self) -> None:
        """S8: labels do not matter; facts that differ in label and unit only are equal."""
        named = Fact("company.x", "int", label=Label("Staff", "社員"), unit=Label("people"))
        assert named.label == Label("Staff", "社員")
        assert named == Fact("company.x", "int")
        assert hash(named) == hash(Fact("company.x", "int"))

    @pytest.mark.parametrize("name", ["employees", "company.", ".employees", ""])
    def test_a_name_of_one_part_is_refused(self, name: str) -> None:
        """A name without a part before or behind the dot is refused."""
        with pytest.raises(InvalidDataError, match=r"must be named as 'whose\.which'$"):
            Fact(name, "int")

    def test_all_faults_of_a_fact_are_named_at_once(self) -> None:
        """S2: only booleans, sets and counts may be closed; all other faults are named with it."""
        with pytest.raises(InvalidDataError) as caught:
            Fact("x", "text", open=False, scale=TIERS)
        assert [str(problem) for problem in caught.value.problems] == [
            "x: must be named as 'whose.which'",
            "x: only bool, set, int facts may be closed",
            "x: a level needs a scale, and only a level",
        ]

    def test_a_level_needs_a_scale(self) -> None:
        """S8: a decision is ordered by its scale, so a level without one is refused."""
        with pytest.raises(InvalidDataError, match="a level needs a scale"):
            Fact("decided.tier", "level")
        assert TIERS.keys == ("tier_3", "tier_2", "tier_1", "excluded")


class TestReading:
    def test_a_field_and_an_attribute_are_read(self) -> None:
        """A fact reads a field of its record, or an entry of the mapping that it lies within."""
        company = Company("a", employees=5, attributes={"seats": 7})
        assert Fact("company.employees", "int").read(company) == 5
        assert Fact("company.seats", "int", within="attributes").read(company) == 7

    @pytest.mark.parametrize(
        ("kind", "blank"), [("bool", False), ("set", frozenset[str]()), ("int", 0)]
    )
    def test_a_blank_closed_fact_means_no(self, kind: Kind, blank: object) -> None:
        """S2: a blank closed fact is false, empty or 0, and a blank open one unknown."""
        company = Company("a")
        read = Fact("company.x", kind, open=False, within="attributes").read(company)
        assert read == blank
        assert type(read) is type(blank)
        assert Fact("company.x", kind, within="attributes").read(company) is None

    @pytest.mark.parametrize(
        ("kind", "held", "wrong"),
        [
            ("int", 1, True),
            ("int", 1, 1.0),
            ("decimal", Decimal("1.5"), 1.5),
            ("decimal", 1, True),
            ("float", 1.5, Decimal("1.5")),
            ("float", 1, True),
            ("bool", True, 1),
            ("text", "a", 1),
            ("date", date(2026, 4, 1), "2026-04-01"),
            ("set", frozenset({"a"}), "a"),
        ],
    )
    def test_an_attribute_of_another_type_is_refused(
        self, kind: Kind, held: Any, wrong: Any
    ) -> None:
        """S1: facts are typed; an attribute of another type than declared is refused by name."""
        fact = Fact("company.x", kind, within="attributes")
        assert fact.read(Company("a", attributes={"x": held})) == held
        with pytest.raises(InvalidDataError) as caught:
            fact.read(Company("a", attributes={"x": wrong}))
        assert str(caught.value).startswith("company.x: must be ")
        assert f"not {type(wrong).__name__} {wrong!r}" in str(caught.value)


class TestLiterals:
    @pytest.mark.parametrize(
        ("kind", "given_value", "folded"),
        [
            ("int", 3, 3),
            ("int", Decimal("3.0"), 3),
            ("float", 3, 3.0),
            ("float", Decimal("0.5"), 0.5),
            ("float", 0.5, 0.5),
            ("bool", True, True),
            ("text", " Ａ ", " Ａ "),
            ("set", "a", "a"),
            ("date", date(2026, 4, 1), date(2026, 4, 1)),
            ("level", "tier_1", "tier_1"),
            ("level", "excluded", "excluded"),
        ],
    )
    def test_a_literal_takes_the_type_of_its_fact(
        self, kind: Kind, given_value: object, folded: object
    ) -> None:
        """S1: a literal is coerced to the fact's type when the rule is built."""
        literal = fact_of(kind).literal(given_value)
        assert literal == folded
        assert type(literal) is type(folded)

    @pytest.mark.parametrize(
        ("kind", "value", "reason"),
        [
            ("int", True, "must be an integer, not bool True"),
            ("int", 1.0, "must be an integer, not float 1.0"),
            ("int", None, "must be an integer, not NoneType None"),
            ("int", "1", "must be an integer, not str '1'"),
            (
                "decimal",
                1.5,
                "must be an integer or a Decimal, not float 1.5; write Decimal('1.5')",
            ),
            ("decimal", False, "must be an integer or a Decimal, not bool False"),
            ("float", True, "must be a number, not bool True"),
            ("bool", 1, "must be true or false, not int 1"),
            ("text", 1, "must be text, not int 1"),
            ("set", ["a"], "must be text, not list ['a']"),
            (
                "date",
                datetime(2026, 4, 1),
                "must be a date, not datetime datetime.datetime(2026, 4, 1, 0, 0)",
            ),
            ("level", 1, "must be a level, not int 1"),
        ],
    )
    def test_another_type_is_refused_with_the_name(
        self, kind: Kind, value: object, reason: str
    ) -> None:
        """S1: a literal of another type is refused with the fact's name; a bool is no number."""
        assert fault(fact_of(kind), value) == f"company.x: {reason}"

    @pytest.mark.parametrize("kind", ["text", "set"])
    def test_blank_text_is_refused(self, kind: Kind) -> None:
        """S1: blank text is missing, so nothing can be compared with it."""
        assert fault(fact_of(kind), "\u3000") == (
            "company.x: blank text is missing, so nothing equals it; use is_missing()"
        )

    def test_an_unknown_level_proposes_the_nearest(self) -> None:
        """S8: a level is a key of its scale; another is refused, with the nearest one proposed."""
        assert fault(fact_of("level"), "teir_1") == (
            "company.x: no such level 'teir_1'; did you mean 'tier_1'?"
        )
        assert fault(fact_of("level"), "zzz") == "company.x: no such level 'zzz'"

    @pytest.mark.parametrize("kind", ["int", "decimal", "float"])
    @pytest.mark.parametrize(
        "value",
        [
            *map(Decimal, ("NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "-1e9999999")),
            2**63,
            -(2**63),
            pytest.param(10**5000, id="huge"),
        ],
    )
    def test_what_64_bits_cannot_hold_is_refused(self, kind: Kind, value: object) -> None:
        """S1: NaN, infinities and numbers beyond 64 bits are refused, however large, at once."""
        assert fault(fact_of(kind), value) == "company.x: must be a finite number within 64 bits"

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300, 2**63 - 1])
    def test_floats_without_a_finite_value_are_refused(self, value: float) -> None:
        """S1: NaN and the infinities are no literals of a float fact."""
        assert fault(fact_of("float"), value) == "company.x: must be a finite number within 64 bits"

    @pytest.mark.parametrize("value", ["0.5", "1e-999999"])
    def test_a_part_of_a_whole_number_is_refused(self, value: str) -> None:
        """S1: an integer fact takes whole numbers only, however small the rest."""
        assert fault(fact_of("int"), Decimal(value)).startswith("company.x: must be whole, not ")

    @pytest.mark.parametrize("value", ["0.005", "1e-999999", "100.001"])
    def test_too_many_decimal_places_are_refused(self, value: str) -> None:
        """S1: a decimal fact takes the decimal places of its scale, and no more."""
        assert fault(REVENUE, Decimal(value)).startswith(
            "company.annual_revenue: must have at most 2 decimal places, not "
        )

    @pytest.mark.parametrize("value", ["92233720368547758.08", "92233720368547758.079999"])
    def test_a_literal_that_overflows_in_its_smallest_unit_is_refused(self, value: str) -> None:
        """S1: a literal is refused where its smallest units do not fit in 64 bits."""
        assert fault(REVENUE, Decimal(value))
        assert REVENUE.stored(REVENUE.literal(Decimal("92233720368547758.07"))) == 2**63 - 1

    @given(st.integers(1 - 2**63, 2**63 - 1), st.integers(1, 40))
    def test_a_decimal_is_exact_in_every_context(self, units: int, precision: int) -> None:
        """S1: a decimal literal is the exact number, whatever the precision of the thread."""
        sign, digits, _ = Decimal(units).as_tuple()
        value = Decimal((sign, digits, -2))
        with localcontext(Context(prec=precision)):
            literal = REVENUE.literal(value)
            stored = REVENUE.stored(literal)
            shown = REVENUE.shown(units)
        assert stored == units
        assert literal == shown == value

    @pytest.mark.parametrize(
        ("value", "literal"), [("1.50", Decimal("1.5")), ("100.00", 100), ("1e2", 100)]
    )
    def test_equal_numbers_have_one_form(self, value: str, literal: object) -> None:
        """S9: conditions compare as values, so equal numbers fold into one form."""
        folded = REVENUE.literal(Decimal(value))
        assert repr(folded) == repr(literal)

    def test_a_fact_without_a_smaller_unit_stores_what_it_shows(self) -> None:
        """Only a fact held in its smallest unit is converted; unknown stays unknown."""
        plain = fact_of("decimal", places=2)
        assert plain.stored(Decimal("1.5")) == plain.shown(Decimal("1.5")) == Decimal("1.5")
        assert REVENUE.shown(None) is None
        assert REVENUE.shown(150) == Decimal("1.5")
