"""The facts that rules may ask about."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mpfunnel.errors import InvalidDataError, UnknownNameError
from mpfunnel.facts import ProductFacts, any_product, company, lead, measure, product, pursuit
from mpfunnel.labels import Label
from mpfunnel.records import Company
from mpfunnel.rules.conditions import Exists
from mpfunnel.rules.explain import examine
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.terms import DateTerm, NumberTerm, SetTerm, TextTerm
from mpfunnel.tiers import Tier


def test_every_fact_can_be_read_from_a_company() -> None:
    """Each fact of `company` names a field of the record, so that no rule asks in vain."""
    record = Company(1, industry="製造業", employees=300, relationships=["partner"])
    # The segment is no field of the record: it is decided, and then given with the company.
    facts = [company.named(name).fact for name in company.names() if name != "segment"]

    assert len(facts) == 10
    for fact in facts:
        assert fact.read(record) == getattr(record, fact.key)


def test_an_unknown_fact_is_refused_with_the_nearest_name() -> None:
    """A misspelt fact never makes a rule; the message says which fact was near."""
    with pytest.raises(
        AttributeError, match=r"^company.employes: no such fact; did you mean 'employees'\?$"
    ):
        company.employes  # noqa: B018


def test_custom_attributes_behave_as_facts() -> None:
    """An attribute declared with its type has the operators of that type."""
    assert isinstance(company.attribute("plants", int), NumberTerm)
    assert isinstance(company.attribute("margin", float), NumberTerm)
    assert isinstance(company.attribute("rank", str), TextTerm)
    assert isinstance(company.attribute("founded", date), DateTerm)
    assert isinstance(company.attribute("tags", frozenset, closed=True), SetTerm)
    capital = company.attribute("capital", Decimal, label=Label("capital", "資本金"))
    rich = capital >= Decimal("1.5")
    record = Company(1, attributes={"capital": Decimal("1.50")})

    assert examine(rich, {"company": record}, {}).now is True
    assert capital.fact.label.ja == "資本金"


def test_a_flag_is_closed_unless_said_otherwise() -> None:
    """S2: a blank flag is no; an open one is unknown."""
    nobody = {"company": Company(1)}

    assert examine(company.flag("listed").is_true(), nobody, {}).now is False
    assert examine(company.flag("listed", closed=False).is_true(), nobody, {}).now is None


def test_an_attribute_of_another_type_is_refused() -> None:
    """Only types that every engine can hold may be declared, and text is never closed."""
    with pytest.raises(
        InvalidDataError, match=r"company.x: no facts of type <class 'list'>; use one"
    ):
        company.attribute("x", list)  # type: ignore[arg-type]
    with pytest.raises(InvalidDataError, match="only bool, set, int facts may be closed"):
        company.attribute("x", str, closed=True)


def test_a_target_list_is_closed() -> None:
    """S2: a company that is not on the list is not on it."""
    on_it = company.on_list("fy26")

    assert examine(on_it, {"company": Company(1, lists=["fy26"])}, {}).now is True
    assert examine(on_it, {"company": Company(1)}, {}).now is False


GROUPS = (company, lead, product, pursuit)


def test_every_fact_has_a_label_in_both_languages_and_is_found_by_its_name() -> None:
    """Files and spreadsheets name facts; each name leads to the fact of that name."""
    for group in GROUPS:
        for name in group.names():
            fact = group.named(name).fact
            assert fact.name == f"{group.root}.{name}"
            assert fact.label.ja
    assert len({name for group in GROUPS for name in group.names()}) > 30


def test_a_name_that_is_no_fact_is_refused() -> None:
    """`named` finds facts alone: neither methods nor misspelt names."""
    for name in ("employes", "attribute", "root", "named", ""):
        with pytest.raises(UnknownNameError):
            company.named(name)
    with pytest.raises(UnknownNameError, match=r"no such fact; did you mean 'score'\?"):
        product.named("scores")


def test_a_measure_is_a_fact_by_its_written_form() -> None:
    """What Python writes as a call, a file writes as text: both are one fact."""
    assert product.named("count(pricing_page, 30)").fact == (
        product.count("pricing_page", within_days=30).fact
    )
    assert product.named("points( 0365 )").fact == product.points(within_days=365).fact
    assert product.named("active(90)").fact == product.active(within_days=90).fact
    assert product.count("click", within_days=7).fact.label.ja == "直近7日のclick"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "count(30)",
            "must be written count(kind, days), with plain names",
        ),
        (
            "active(a, 30)",
            "must be written active(days), with plain names",
        ),
        (
            "active((3), 30)",
            "must be written active(days), with plain names",
        ),
        ("points()", "must be written points(days), with plain names"),
        ("points(0)", "must be a number of days from 1 to 36,500, not '0'"),
        ("points(36501)", "must be a number of days from 1 to 36,500, not '36501'"),
        ("points(9999999999999)", "must be a number of days from 1 to 36,500"),
        ("points(３０)", "must be a number of days from 1 to 36,500, not '３０'"),
        ("points(-1)", "must be a number of days from 1 to 36,500, not '-1'"),
    ],
)
def test_a_measure_written_wrongly_is_refused(written: str, message: str) -> None:
    """The message says how the measure is written, or which days it takes."""
    with pytest.raises(InvalidDataError) as caught:
        product.named(written)
    assert message in str(caught.value)


def test_a_kind_with_blanks_around_it_is_refused() -> None:
    """No file could tell it from the kind without them."""
    with pytest.raises(InvalidDataError, match="with plain names"):
        product.count(" x", within_days=3)


def test_an_unknown_measure_is_refused_with_the_nearest_name() -> None:
    """There are three measures."""
    with pytest.raises(UnknownNameError, match=r"no such measure; did you mean 'count'\?"):
        product.named("counts(click, 30)")


def test_levels_know_their_scale() -> None:
    """A tier is compared as a rung: Tier 1 is higher than Tier 2 (S8)."""
    assert product.tier.at_least(Tier(2)) == product.tier.at_least("tier_2")
    with pytest.raises(InvalidDataError, match="no such level 'hot'"):
        product.interest.at_least("hot")
    own = ProductFacts(Scale(("cold", "hot")))
    assert own.interest.at_least("hot") == own.interest.at_least("hot")


def test_a_segment_is_named_by_any_key_until_the_playbook_knows_better() -> None:
    """Segments are the firm's own: the playbook checks their keys."""
    assert company.segment.is_in("a", "b") == company.segment.is_in("b", "a")
    with pytest.raises(InvalidDataError, match="must be a level"):
        company.segment.is_in(3)  # type: ignore[arg-type]


def test_any_product_is_about_one_product_at_a_time() -> None:
    """S7: the facts of the product inside the quantifier are those of the same product."""
    condition = any_product(product.tier.at_least(Tier(2)) & (product.score >= 30))
    assert condition == Exists("product", product.tier.at_least(Tier(2)) & (product.score >= 30))
    assert any_product(product.owned) == Exists("product", product.owned.is_true())


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: company.attribute("x", []), "company.x: no facts of type []; use one of int,"),  # type: ignore[call-overload]
        (
            lambda: company.attribute("x", company.employees),  # type: ignore[call-overload]
            "company.x: no facts of type company.e",
        ),
        (lambda: company.attribute(3, int), "company.3: must be text, not int 3"),  # type: ignore[call-overload]
        (lambda: lead.flag(None), "lead.None: must be text, not NoneType None"),  # type: ignore[arg-type]
        (
            lambda: company.attribute("x", int, label=3),  # type: ignore[call-overload]
            "company.x.label: must be a Label, not int 3",
        ),
        (
            lambda: company.flag("x", closed="false"),  # type: ignore[arg-type]
            "company.x.closed: must be true or false, not str 'false'",
        ),
        (lambda: measure("count", ()), "product.count: must be written count(kind, days)"),
        (lambda: measure("count", ("a", 3)), "product.count[1]: must be text, not int"),  # type: ignore[arg-type]
        (lambda: measure("count", "a3"), "product.count: must be a list, not str 'a3'"),  # type: ignore[arg-type]
    ],
)
def test_a_declaration_of_another_type_is_refused(build: Any, said: str) -> None:
    """Names are texts, types are types, a yes or no is one, and labels are labels."""
    with pytest.raises(InvalidDataError) as caught:
        build()
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: company.named(3),  # type: ignore[arg-type]
        lambda: product.named([]),  # type: ignore[arg-type]
        lambda: measure([], ("3",)),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_text_names_no_fact(ask: Any) -> None:
    """It is unknown, like every other name that there is not."""
    with pytest.raises(UnknownNameError, match=r"^no such (fact|measure)$"):
        ask()
