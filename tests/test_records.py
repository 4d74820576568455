"""Records: what they fold, what they refuse, and that all faults are named at once."""

# ruff: noqa: DTZ001 - times without zone are what is refused

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    Lead,
    Product,
    SalesEvent,
    check_parents,
)

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
DAY = date(2026, 4, 1)
RECORDS: list[Any] = [
    Company("c", domains=["a.example"], attributes={"seats": 5, "tags": frozenset("xy")}),
    CompanyHistory(Company("c"), [CompanyChange(DAY, "employees", 5)]),
    Lead(1, consents=[Consent("email", True, NOW)], attributes={"vip": True}),
    Product("p", name="CRM"),
    Activity("a", 1, "visit", NOW, product_ids=["p", 1]),
    Deal("d", "c", NOW, lines=[DealLine("p", 2, Decimal("9.99"))]),
    Contract("c", "p", DAY),
    SalesEvent(1, "accepted", NOW),
]


def _type_name(value: object) -> str:
    # Python refuses to write very large integers, so values cannot name their tests.
    return type(value).__name__


def faults(kind: Callable[..., object], *args: object, **parts: object) -> list[str]:
    """The faults of a record, each as people read it."""
    with pytest.raises(InvalidDataError) as caught:
        kind(*args, **parts)
    return [str(problem) for problem in caught.value.problems]


def fault(kind: Callable[..., object], *args: object, **parts: object) -> str:
    """The only fault of a record, without the name of the record."""
    (only,) = faults(kind, *args, **parts)
    return only.partition(".")[2]


class TestValues:
    @pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
    def test_a_record_is_a_value(self, record: Any) -> None:
        """A record, with its mappings and collections, is frozen, hashes and pickles."""
        copy = pickle.loads(pickle.dumps(record))
        assert copy == record
        assert hash(copy) == hash(record)
        with pytest.raises(FrozenInstanceError):
            record.id = "other"

    def test_a_mapping_given_is_not_shared(self) -> None:
        """The attributes of a record stay as they were when the mapping given changes."""
        given_mapping: dict[str, Any] = {"seats": 5}
        company = Company("c", attributes=given_mapping)
        given_mapping["seats"] = 6
        assert company.attributes == {"seats": 5}

    def test_blank_text_is_unknown(self) -> None:
        """S1: blank text is missing, in a field and in a custom attribute."""
        company = Company("c", name=" ", region="\u3000", attributes={"memo": "", "a": "b"})
        assert (company.name, company.region) == (None, None)
        assert company.attributes == {"memo": None, "a": "b"}
        assert Product("p", name="\t").name is None

    def test_collections_are_folded(self) -> None:
        """Lists, sets and generators give the same record; no collection is an empty one."""
        assert Company("c", lists=["a", "b"]) == Company("c", lists=(key for key in "ba"))
        assert Company("c", lists=None).lists == frozenset()
        tags: Any = ["a", "a"]
        assert Company("c", attributes={"t": tags}).attributes["t"] == frozenset({"a"})

    def test_a_whole_growth_rate_is_a_float(self) -> None:
        """S1: a float fact is a 64-bit float even where an integer was given."""
        rate = Company("c", growth_rate=1).growth_rate
        assert type(rate) is float

    def test_ids_are_never_coerced(self) -> None:
        """S18: an id stays the text or integer that it is; '007', '7' and 7 are three ids."""
        ids: list[str | int] = ["007", "7", 7, " 7", -(2**63), 2**63 - 1]
        assert [Company(one).id for one in ids] == ids
        assert [type(Company(one).id) for one in ids] == [type(one) for one in ids]
        assert Activity("a", 1, "visit", NOW, product_ids=["7", 7]).product_ids == {"7", 7}

    def test_a_product_is_shown_by_its_name_or_its_id(self) -> None:
        """A product without name is labelled with its id; S8: labels do not matter to equality."""
        assert Product("p", name="CRM").label == Label("CRM")
        assert Product(7, name=None).label == Label("7")
        assert Product("p", name=Label("A", "あ")) == Product("p")


class TestFaults:
    def test_all_faults_of_a_record_are_named_at_once(self) -> None:
        """A record names every fault of its fields, in the order of the fields."""
        assert faults(
            Company,
            True,
            name=5,
            domains="a.example",
            corporate_number="123",
            employees=-1,
            growth_rate=float("nan"),
            relationships=["custmer"],
            attributes={" ": 1},
        ) == [
            "company.id: must be a text or an integer id, not bool True",
            "company.name: must be text, not int 5",
            "company.domains: must be a collection, not str 'a.example'",
            "company.corporate_number: must be 13 digits without hyphens",
            "company.employees: must be at least 0",
            "company.growth_rate: must be a finite number",
            (
                "company.relationships: must be one of prospect, customer, partner, competitor, "
                "own_group, do_not_trade, not 'custmer'; did you mean 'customer'?"
            ),
            "company.attributes: ' ' must not be blank",
        ]

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            (None, "must be a text or an integer id, not nothing"),
            (True, "must be a text or an integer id, not bool True"),
            (1.0, "must be a text or an integer id, not float 1.0"),
            ("  ", "must not be blank"),
            (2**63, "must fit in 64 bits"),
            (-(2**63) - 1, "must fit in 64 bits"),
            (10**5000, "must fit in 64 bits"),
        ],
        ids=_type_name,
    )
    def test_an_id_is_a_text_or_an_integer(self, value: object, reason: str) -> None:
        """S18: an id is a text or an integer of 64 bits; a bool is refused."""
        assert fault(Company, value) == f"id: {reason}"

    @pytest.mark.parametrize(
        ("parts", "reason"),
        [
            ({"employees": True}, "employees: must be an integer, not bool True"),
            ({"employees": 1.0}, "employees: must be an integer, not float 1.0"),
            ({"employees": 2**63}, "employees: must fit in 64 bits"),
            (
                {"annual_revenue": True},
                "annual_revenue: must be an integer or a Decimal, not bool True",
            ),
            (
                {"annual_revenue": 1.5},
                "annual_revenue: must be an integer or a Decimal, not float 1.5",
            ),
            ({"annual_revenue": -1}, "annual_revenue: must be at least 0"),
            ({"growth_rate": True}, "growth_rate: must be a number, not bool True"),
            (
                {"growth_rate": Decimal(1)},
                "growth_rate: must be a number, not Decimal Decimal('1')",
            ),
            (
                {"growth_rate": 2**53 + 1},
                "growth_rate: must be a number, not int 9007199254740993",
            ),
            ({"growth_rate": float("inf")}, "growth_rate: must be a finite number"),
            ({"growth_rate": float("-inf")}, "growth_rate: must be a finite number"),
            ({"corporate_number": 1}, "corporate_number: must be text, not int 1"),
            (
                {"corporate_number": "１２３４５６７８９０１２３"},
                "corporate_number: must be 13 digits without hyphens",
            ),
            ({"lists": 5}, "lists: must be a collection, not int 5"),
            ({"lists": ["a", 5]}, "lists: must be text, not int 5"),
            ({"lists": ["a", " "]}, "lists: must not be blank"),
            ({"lists": [["a"]]}, "lists: must be a collection, not list [['a']]"),
            ({"parent_id": "c"}, "parent_id: must not be the company's own id"),
        ],
    )
    def test_a_company_refuses(self, parts: dict[str, object], reason: str) -> None:
        """S1: facts are typed; a bool is not a number, and NaN and the infinities are refused."""
        assert fault(Company, "c", **parts) == reason

    def test_a_corporate_number_has_13_digits(self) -> None:
        """A corporate number of 13 ASCII digits is kept as text."""
        assert Company("c", corporate_number="1234567890123").corporate_number == "1234567890123"

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            *(
                (Decimal(text), "must be a finite number")
                for text in ("NaN", "sNaN", "Infinity", "-Infinity")
            ),
            *(
                (value, "must be below 92 quadrillion, so that its cents fit in 64 bits")
                for value in (Decimal("1e999999"), Decimal("-1e9999999"), 2**63 // 100, 10**5000)
            ),
            *(
                (Decimal(text), "must have at most 2 decimal places")
                for text in ("1e-999999", "0.005", "-1.001")
            ),
        ],
        ids=_type_name,
    )
    def test_money_is_bounded(self, value: object, reason: str) -> None:
        """S1: money is an exact decimal of two places; extremes are refused at once."""
        assert fault(DealLine, "p", amount=value) == f"amount: {reason}"

    @given(st.integers(-9_223_372_036_854_775_799, 9_223_372_036_854_775_799), st.integers(1, 30))
    def test_money_does_not_depend_on_the_context(self, cents: int, precision: int) -> None:
        """S1: an amount of whole cents is kept exactly, whatever the precision of the thread."""
        sign, digits, _ = Decimal(cents).as_tuple()
        amount = Decimal((sign, digits, -2))
        with localcontext(Context(prec=precision)):
            assert DealLine("p", amount=amount).amount is amount

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ("2026-04-01", "must be a datetime, not str '2026-04-01'"),
            (DAY, "must be a datetime, not date datetime.date(2026, 4, 1)"),
            (datetime(2026, 4, 1), "has no time zone; give an aware datetime"),
        ],
    )
    def test_a_time_carries_its_zone(self, value: object, reason: str) -> None:
        """S12: a naive time is refused; only a source may give it a zone."""
        assert fault(Activity, "a", 1, "visit", value) == f"at: {reason}"

    def test_a_missing_time_is_no_instant(self) -> None:
        """S12: a datetime that stands for a missing one, as that of pandas does, is refused."""

        class NotATime(datetime):
            def utcoffset(self) -> timedelta:
                raise ValueError("NaTType does not support utcoffset")

        assert fault(Activity, "a", 1, "visit", NotATime(2026, 4, 1)) == (
            "at: has no time zone; give an aware datetime"
        )

    def test_a_day_is_no_instant(self) -> None:
        """S11: the unit of time is the day; an instant in its place is refused."""
        assert fault(Contract, "c", "p", NOW).startswith("start: must be a date, not datetime ")

    @pytest.mark.parametrize(
        ("item", "reason"),
        [
            (float("nan"), "must be a finite number"),
            (Decimal("sNaN"), "must be a finite number"),
            (2**63, "must fit in 64 bits"),
            (NOW, "must be text, a number, a bool, a date or a set of texts, not datetime "),
            ({}, "must be text, a number, a bool, a date or a set of texts, not dict {}"),
            ([{}], "must be text, a number, a bool, a date or a set of texts, not list [{}]"),
            (["a", 5], "must be text, not int 5"),
        ],
    )
    def test_an_attribute_is_a_plain_value(self, item: object, reason: str) -> None:
        """S1: a custom attribute is typed; what is no plain value is refused with its key."""
        assert fault(Lead, 1, attributes={"x": item}).startswith(f"attributes: 'x' {reason}")

    @pytest.mark.parametrize("item", ["a", 1, 1.5, True, DAY, Decimal("1.5"), frozenset({"a"})])
    def test_every_plain_value_is_an_attribute(self, item: Any) -> None:
        """A custom attribute keeps every plain value as it is."""
        assert Lead(1, attributes={"x": item}).attributes["x"] is item

    def test_attributes_are_a_mapping_of_texts(self) -> None:
        """Attributes of another form, or under keys other than text, are refused."""
        assert fault(Lead, 1, attributes=5) == "attributes: must be a mapping, not int 5"
        assert fault(Lead, 1, attributes={1: 2}) == "attributes: 1 must be text, not int 1"

    def test_what_identifies_a_person_stays_out_of_messages(self) -> None:
        """A wrong name, address or number of a person is refused without being shown."""
        secret = ["taro@mail.example"]
        assert faults(Lead, 1, email=secret, name=secret, phone=secret) == [
            "lead.email: must be text, not list",
            "lead.name: must be text, not list",
            "lead.phone: must be text, not list",
        ]

    def test_a_choice_is_one_of_its_words(self) -> None:
        """A word outside a choice is refused with all choices, and the nearest where one is."""
        choices = "email, phone, post, visit, web"
        assert fault(Consent, "fax", True, NOW) == f"channel: must be one of {choices}, not 'fax'"
        assert fault(Consent, 5, True, NOW) == f"channel: must be one of {choices}, not 5"
        assert fault(Consent, "Phone", True, NOW).endswith("; did you mean 'phone'?")

    def test_a_consent_is_yes_or_no(self) -> None:
        """Whether a person agreed is a bool, not a number."""
        assert fault(Consent, "email", 1, NOW) == "granted: must be true or false, not int 1"

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            (5, "must be a collection of DealLine, not int 5"),
            ("p", "must be a collection of DealLine, not str 'p'"),
            (["p"], "must hold only DealLine, not str 'p'"),
        ],
    )
    def test_a_series_holds_records(self, lines: object, reason: str) -> None:
        """A series of other things than its records is refused."""
        assert fault(Deal, "d", "c", NOW, lines=lines) == f"lines: {reason}"

    def test_a_product_name_is_a_label(self) -> None:
        """A name that is neither text nor label is refused."""
        assert fault(Product, "p", name=5) == "name: must be a label, not int 5"


class TestContradictions:
    def test_a_deal_is_closed_exactly_when_it_is_not_open(self) -> None:
        """An open deal has no closing time, and a won or lost one has."""
        assert fault(Deal, "d", "c", NOW, closed_at=NOW) == (
            "closed_at: must be blank for an open deal"
        )
        assert fault(Deal, "d", "c", NOW, status="won") == "closed_at: is needed for a won deal"
        assert Deal("d", "c", NOW, status="lost", closed_at=NOW).closed_at == NOW

    def test_an_end_is_not_before_its_start(self) -> None:
        """A last day may be the first day, but not lie before it."""
        before = date(2026, 3, 31)
        assert fault(Contract, "c", "p", DAY, before) == "end: must not be before start"
        assert Contract("c", "p", DAY, DAY).end == DAY
        assert fault(Product, "p", sold_from=DAY, sold_until=before) == (
            "sold_until: must not be before sold_from"
        )
        assert Product("p", sold_from=DAY, sold_until=DAY).sold_until == DAY


class TestHistory:
    def test_a_change_holds_from_its_day_on(self) -> None:
        """S21: `on(day)` gives the company of that day, with every change up to it applied."""
        history = CompanyHistory(
            Company("c", employees=5, attributes={"seats": 1, "rank": "a"}),
            [
                CompanyChange(date(2026, 4, 2), "employees", 9),
                CompanyChange(date(2026, 4, 1), "employees", 7),
                CompanyChange(date(2026, 4, 1), "seats", 3),
                CompanyChange(date(2026, 4, 3), "employees", None),
            ],
        )
        days = [date(2026, 3, 31), *(date(2026, 4, day) for day in (1, 2, 3))]
        assert [history.on(day).employees for day in days] == [5, 7, 9, None]
        assert [history.on(day).attributes["seats"] for day in days] == [1, 3, 3, 3]
        assert history.on(days[-1]).attributes["rank"] == "a"

    def test_of_two_changes_on_one_day_the_later_one_holds(self) -> None:
        """S21: where two changes of one fact share a day, the later one in the list holds."""
        changes = [CompanyChange(DAY, "region", region) for region in ("Kanto", "Kansai")]
        assert CompanyHistory(Company("c"), changes).on(DAY).region == "Kansai"

    def test_it_goes_on_with_what_differs_from_a_day_on(self) -> None:
        """S21: a company as it is now becomes changes of its day; what has not changed is none."""
        history = CompanyHistory(
            Company("c", employees=5, region="Kanto", attributes={"seats": 1, "rank": "a"}),
            [CompanyChange(date(2026, 4, 1), "employees", 7)],
        )
        seen = Company("c", employees=9, region="Kanto", attributes={"rank": "a", "floor": 2})
        longer = history.went_on(seen, since=date(2026, 4, 2))
        assert longer.changes[1:] == (
            CompanyChange(date(2026, 4, 2), "employees", 9),
            CompanyChange(date(2026, 4, 2), "floor", 2),
            CompanyChange(date(2026, 4, 2), "seats", None),
        )
        assert longer.on(date(2026, 4, 1)) == history.on(date(2026, 4, 1))
        assert longer.on(date(2026, 4, 2)).employees == 9
        assert longer.went_on(seen, since=date(2026, 4, 2)) == longer
        with pytest.raises(InvalidDataError) as caught:
            history.went_on(Company("d"), since=DAY)
        assert str(caught.value) == "company.id: must be 'c', as in the history, not 'd'"

    def test_every_wrong_change_is_named(self) -> None:
        """S21: a change whose value its fact cannot hold is refused when the history is made."""
        assert faults(
            CompanyHistory,
            Company("c"),
            [
                CompanyChange(DAY, "employees", True),
                CompanyChange(DAY, "region", "Kanto"),
                CompanyChange(DAY, "seats", {}),
            ],
        ) == [
            "companyhistory.changes[0].company.employees: must be an integer, not bool True",
            (
                "companyhistory.changes[2].company.attributes: 'seats' must be text, a number, a "
                "bool, a date or a set of texts, not dict {}"
            ),
        ]

    def test_a_history_is_that_of_a_company(self) -> None:
        """A history of anything else than a company is refused."""
        assert fault(CompanyHistory, "c") == "company: must be a Company, not str 'c'"


class TestParents:
    def test_a_cycle_is_named_for_every_company_on_it(self) -> None:
        """Every company that is its own ancestor is named, and no other."""
        companies = [
            Company("x", parent_id="a"),
            Company("a", parent_id="b"),
            Company("b", parent_id="a"),
            Company("y", parent_id="x"),
        ]
        assert [str(problem) for problem in check_parents(companies)] == [
            "companies['a'].parent_id: is its own ancestor: a > b > a",
            "companies['b'].parent_id: is its own ancestor: b > a > b",
        ]

    def test_a_tree_is_no_problem(self) -> None:
        """Chains that end, at a company without parent or one that is not listed, are sound."""
        companies = [
            Company("a"),
            Company("b", parent_id="a"),
            Company("c", parent_id="b"),
            Company("d", parent_id="elsewhere"),
        ]
        assert check_parents(companies) == check_parents(reversed(companies)) == ()

    def test_a_long_way_into_a_loop_is_walked_once(self) -> None:
        """Only the two at the end of a chain of 200,000 companies are their own ancestors."""
        last = 200_000
        companies = [Company(step, parent_id=step + 1) for step in range(last)]
        companies.append(Company(last, parent_id=last - 1))
        expected = [
            "companies[199999].parent_id: is its own ancestor: 199999 > 200000 > 199999",
            "companies[200000].parent_id: is its own ancestor: 200000 > 199999 > 200000",
        ]
        assert [str(problem) for problem in check_parents(companies)] == expected
        companies.reverse()
        assert [str(problem) for problem in check_parents(companies)] == expected[::-1]

    def test_a_long_loop_is_not_written_in_full(self) -> None:
        """Of a loop of more than ten companies, each line shows ten steps and their number."""
        for length in (10, 11, 20_000):
            companies = [Company(one, parent_id=(one + 1) % length) for one in range(length)]
            problems = check_parents(companies)
            assert len(problems) == length
            left_out = f"… ({length} companies) > " if length > 10 else ""
            assert problems[1].message == (
                "is its own ancestor: 1 > 2 > 3 > 4 > 5 > 6 > 7 > 8 > 9 > "
                f"{10 if length > 10 else 0} > {left_out}1"
            )

    @given(st.dictionaries(st.integers(0, 9), st.none() | st.integers(0, 12), max_size=10))
    def test_whoever_meets_oneself_going_up_is_named(self, parents: dict[int, int | None]) -> None:
        """A company is named, with its way, exactly when going up from it leads back to it."""
        companies = [Company(one, parent_id=up) for one, up in parents.items() if up != one]
        known = {company.id: company.parent_id for company in companies}
        expected: list[str] = []
        for one in known:
            way = [one]
            # Nobody is further away from oneself than there are companies.
            while len(way) <= len(known) and (up := known.get(way[-1])) is not None:
                way.append(up)
                if up == one:
                    loop = " > ".join(map(str, way))
                    expected.append(f"companies[{one}].parent_id: is its own ancestor: {loop}")
                    break
        assert [str(problem) for problem in check_parents(companies)] == expected

    def test_ids_of_other_types_are_other_companies(self) -> None:
        """S18: '1' and 1 are two ids, so a chain between them is no cycle."""
        assert check_parents([Company("1", parent_id=1)]) == ()
        assert len(check_parents([Company("1", parent_id=1), Company(1, parent_id="1")])) == 2


@pytest.mark.parametrize("fact", ["id", "attributes"])
def test_what_makes_a_company_itself_has_no_history(fact: str) -> None:
    """A change of the id, or of all attributes at once, must not pass for a custom attribute."""
    change = CompanyChange(date(2026, 1, 1), fact, "x")

    with pytest.raises(InvalidDataError, match=rf"changes\[0\]\.fact: '{fact}' does not change"):
        CompanyHistory(Company(1), [change])


TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")


def test_instants_are_kept_in_utc() -> None:
    """S17: equal instants make equal records, and an hour that a clock shows twice is two."""
    noon = datetime(2026, 10, 31, 21, tzinfo=TOKYO)
    one = Activity(1, 2, "click", noon)
    assert one.at.tzinfo is UTC
    assert one == Activity(1, 2, "click", datetime(2026, 10, 31, 12, tzinfo=UTC))
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    again = first.replace(fold=1)
    assert first == again
    assert Activity(1, 2, "click", first) != Activity(1, 2, "click", again)
    deal = Deal(1, 2, noon, status="won", closed_at=noon)
    assert (deal.opened_at.tzinfo, cast(datetime, deal.closed_at).tzinfo) == (UTC, UTC)


def test_an_instant_outside_the_calendar_is_refused() -> None:
    """The first hours of the year 1 east of Greenwich are no instant in UTC."""
    with pytest.raises(InvalidDataError, match="at: is outside the years 1 to 9999 in UTC"):
        Activity(1, 2, "click", datetime(1, 1, 1, tzinfo=TOKYO))


def test_half_a_character_is_refused() -> None:
    """A lone surrogate is a text in Python, but in no file and no database."""
    for record in (
        lambda: Company("\ud800"),
        lambda: Company(1, name="a\udfff"),
        lambda: Lead(1, name="\ud800"),
        lambda: Company(1, lists=["\ud800"]),
    ):
        with pytest.raises(InvalidDataError, match=r"holds half a character \(a lone surrogate\)"):
            record()
