"""Worked cases: what they may say, what a playbook refuses of them, and how they are run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.codec import dump, from_data
from mpfunnel.facts import company
from mpfunnel.synergy import IN_PIPELINE, NOT_ELIGIBLE, OWNED, UNTAPPED
from tests.malformed import Policy, refused

DAY = date(2026, 10, 31)
BOOK = mf.starter(["crm", "sfa"])
LARGE = mf.Account(mf.Company(1, employees=2_000), leads=[mf.Lead(7)])
CRM = {"product_id": "crm"}


def case(*expected: mf.Expectation, given: mf.Account = LARGE, name: str = "large") -> Any:
    """A case about a large company with one lead."""
    return mf.WorkedCase(name, given, expected, as_of=DAY)


def with_cases(*cases: mf.WorkedCase) -> mf.Playbook:
    """The starter with these cases."""
    return evolve(BOOK, cases=cases)


class TestExpectations:
    def test_a_value_alone_means_that_the_answer_is_settled(self) -> None:
        """One form for one meaning: settled on a value, however it is said."""
        one = mf.Expectation("segment", "enterprise")
        assert one == mf.Expectation("segment", possible=["enterprise"])
        assert one.possible == ("enterprise",)

    def test_outcomes_stand_for_their_keys(self) -> None:
        """A Tier, segment or state itself will do, and the order of what is possible is none."""
        one = mf.Expectation("tier", mf.Tier(3), [mf.Tier(3), mf.Tier(1)], **CRM)
        assert one == mf.Expectation("tier", "tier_3", ("tier_1", "tier_3", "tier_1"), **CRM)

    def test_a_missing_fact_is_one_of_the_company_unless_it_names_its_root(self) -> None:
        """As in answers that a policy of one's own gives."""
        one = mf.Expectation("segment", missing=["employees", "lead.title"])
        assert one.missing == ("company.employees", "lead.title")

    def test_plain_is_what_a_file_says(self) -> None:
        """A value where that says all, a Tier by its number, and a table where there is more."""
        assert mf.Expectation("tier", mf.Tier(2), **CRM).plain == 2
        assert mf.Expectation("stage", "mql", lead_id=7).plain == "mql"
        undecided = mf.Expectation(
            "tier",
            possible=[mf.Tier(1), mf.Tier(3)],
            missing=["employees", "lead.title"],
            rule="small",
            **CRM,
        )
        assert undecided.plain == {
            "possible": [1, 3],
            "missing": ["employees", "lead.title"],
            "rule": "small",
        }


REFUSED: dict[str, tuple[Callable[[], object], list[str]]] = {
    "nothing expected": (
        lambda: mf.Expectation("segment"),
        ["empty | expectation.value: expects nothing; give a value, possible, missing or rule"],
    ),
    "no such question": (
        lambda: mf.Expectation("teir", "x"),  # type: ignore[arg-type]
        [("choice | expectation.question: must be one of segment, tier, white_space, stage, "
         "engagement, not 'teir'; did you mean 'tier'?")],
    ),
    "a tier of no product": (
        lambda: mf.Expectation("tier", mf.Tier(1)),
        ["missing | expectation.product_id: is needed where question is 'tier'"],
    ),
    "a position of no product": (
        lambda: mf.Expectation("white_space", "owned"),
        ["missing | expectation.product_id: is needed where question is 'white_space'"],
    ),
    "a segment of a lead": (
        lambda: mf.Expectation("segment", "x", lead_id=7),
        ["contradiction | expectation.lead_id: must be blank where question is 'segment'"],
    ),
    "a value that is not possible": (
        lambda: mf.Expectation("segment", "a", ["b", "c"]),
        ["value | expectation.possible: must contain the value, 'a'"],
    ),
    "possible as one text": (
        lambda: mf.Expectation("segment", possible="ab"),
        ["type | expectation.possible: must be a collection of keys, not str 'ab'"],
    ),
    "possible of what is no key": (
        lambda: mf.Expectation("segment", possible=[[1], "b"], missing="x"),
        ["type | expectation.possible: must be text, not list [1]",
         "type | expectation.missing: must be a collection of keys, not str 'x'"],
    ),
    "a case of nothing": (
        case,
        ["empty | workedcase.expect: expects nothing"],
    ),
    "a case about no account": (
        lambda: case(mf.Expectation("segment", "x"), given=mf.Company(1)),  # type: ignore[arg-type]
        [("type | workedcase.given: must be an Account, not Company Company(id=1, name=None, "
         "domains=frozenset(), corporate_numb")],
    ),
    "what nobody is given for": (
        lambda: case(
            mf.Expectation("stage", "mql", lead_id=8),
            mf.Expectation("tier", mf.Tier(1), **CRM),
            mf.Expectation("white_space", "untapped", **CRM),
            given=mf.Account(leads=[mf.Lead(7)]),
        ),
        ["unknown-lead | workedcase.expect.leads[8].stage: no such lead 8 is given",
         ("missing | workedcase.expect.tiers.crm: people without company have no Tier; "
         "give a company"),
         ("missing | workedcase.expect.white_space.crm: people without company stand nowhere "
         "with a product; give a company")],
    ),
    "an answer twice": (
        lambda: case(mf.Expectation("segment", "a"), mf.Expectation("segment", "b")),
        ["duplicate | workedcase.expect.segment: is expected twice"],
    ),
    "a history": (
        lambda: case(
            mf.Expectation("segment", "a"), given=evolve(LARGE, histories=[mf.StageHistory(7)])
        ),
        [("contradiction | workedcase.given.histories: must be empty: a case is about what the "
         "facts warrant")],
    ),
    "cases that are none": (
        lambda: with_cases("large"),  # type: ignore[arg-type]
        ["type | cases[0]: must be a WorkedCase, not str"],
    ),
    "one name for two": (
        lambda: with_cases(
            case(mf.Expectation("segment", "micro")), case(mf.Expectation("segment", "small"))
        ),
        ["duplicate | cases[1].name: 'large' is used twice"],
    ),
    "names that are not there": (
        lambda: with_cases(
            case(
                mf.Expectation("segment", "enterprize"),
                mf.Expectation("tier", mf.Tier(7), **CRM),
                mf.Expectation("tier", mf.Tier(1), product_id="cmr"),
                mf.Expectation("white_space", "untaped", **CRM),
                mf.Expectation("white_space", "owned", product_id="cmr"),
                mf.Expectation("stage", "mqll", lead_id=7),
                mf.Expectation("engagement", possible=["high", "none"], lead_id=7, **CRM),
            )
        ),
        [("unknown-level | cases[0].expect.segment: no such segment 'enterprize'; did you mean "
         "'enterprise'?"),
         ("unknown-level | cases[0].expect.tiers.crm: no such tier 'tier_7'; did you mean "
         "'tier_4'?"),
         ("unknown-product | cases[0].expect.tiers.cmr: no such product 'cmr'; did you mean "
         "'crm'?"),
         ("unknown-level | cases[0].expect.white_space.crm: no such position 'untaped'; did you "
         "mean 'untapped'?"),
         ("unknown-product | cases[0].expect.white_space.cmr: no such product 'cmr'; did you mean "
         "'crm'?"),
         ("unknown-level | cases[0].expect.leads[7].stage: no such stage 'mqll'; did you mean "
         "'mql'?"),
         "unknown-level | cases[0].expect.leads[7].engagement.crm: no such state 'high'"],
    ),
    "records that do not count": (
        lambda: with_cases(
            case(
                mf.Expectation("segment", "enterprise"),
                given=evolve(
                    LARGE,
                    contracts=[mf.Contract(2, "crm", DAY), mf.Contract(1, "cmr", DAY)],
                    overrides=[
                        mf.Override("tier", mf.Tier(8), "a", "b", DAY, None, 1, product_id="crm"),
                        mf.Override(
                            "tier", mf.Tier(1), "a", "b", date(2026, 1, 1), date(2026, 2, 1), 1,
                            product_id="crm",
                        ),
                    ],
                ),
            )
        ),
        [("unknown-product | cases[0].given.contracts[1]: no such product 'cmr'; did you mean "
         "'crm'?"),
         "other-company | cases[0].given.contracts[2]: belongs to company 2, which is not given",
         ("unknown-level | cases[0].given.overrides[1]: no such Tier 'tier_8'; did you mean "
         "'tier_4'?")],
    ),
    "an instant outside the calendar": (
        lambda: with_cases(
            case(
                mf.Expectation("segment", "enterprise"),
                given=evolve(
                    LARGE,
                    activities=[
                        mf.Activity(1, 7, "click", datetime(9999, 12, 31, 23, tzinfo=UTC))
                    ],
                ),
            )
        ),
        [("range | cases[0].given.at: '9999-12-31T23:00:00+00:00' is outside the years 1 to 9999 "
         "in UTC or Asia/Tokyo")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), [*REFUSED.values()], ids=[*REFUSED])
def test_what_contradicts_itself_is_refused(make: Callable[[], object], said: list[str]) -> None:
    """Every fault at once, with its path and what would have worked."""
    assert refused(make) == said


class TestPlaybooks:
    def test_cases_do_not_count_in_the_meaning(self) -> None:
        """They change no answer: neither the version nor equality sees them."""
        book = with_cases(case(mf.Expectation("segment", "enterprise")))
        assert book == BOOK
        assert book.version == BOOK.version

    def test_people_of_the_account_are_of_its_company(self) -> None:
        """Who names no company is one of the company that is given."""
        one = case(mf.Expectation("stage", "known", lead_id=7))
        assert [lead.company_id for lead in one.given.leads] == [1]

    def test_the_order_of_what_is_expected_is_none(self) -> None:
        """First of the company, then of each lead."""
        segment = mf.Expectation("segment", "enterprise")
        stage = mf.Expectation("stage", "known", lead_id=7)
        tier = mf.Expectation("tier", mf.Tier(1), **CRM)
        space = mf.Expectation("white_space", "untapped", **CRM)
        assert case(stage, space, tier, segment) == case(segment, tier, space, stage)


class TestRunning:
    def test_what_holds_and_what_does_not_is_told_with_the_reason(self) -> None:
        """Each answer stands there as a file would say it, beside the one expected."""
        unknown = mf.Account(mf.Company(1, relationships=["partner"]))
        book = with_cases(
            case(
                mf.Expectation("segment", "enterprise", rule="enterprise"),
                mf.Expectation("tier", mf.Tier(2), **CRM),
                mf.Expectation("engagement", "none", lead_id=7, product_id="sfa"),
                mf.Expectation("stage", rule="mql", lead_id=7),
            ),
            case(
                mf.Expectation("segment", "partner"),
                mf.Expectation("tier", mf.Tier(4), **CRM),
                mf.Expectation(
                    "tier",
                    possible=[mf.Tier(n) for n in (1, 2, 3, 4)],
                    missing=["employees", "annual_revenue"],
                    product_id="sfa",
                ),
                given=unknown,
                name="partner",
            ),
        )

        checks = mf.Engine(book).check_cases()

        assert [one.holds for one in checks] == [True, False, False, True, True, False, True]
        assert checks[1].row("ja") == {
            "case": "large",
            "question": "tier",
            "lead_id": None,
            "product_id": "crm",
            "expected": 2,
            "got": 1,
            "because": "従業員数 1,000人以上 または 売上高 1,000億以上",
            "holds": False,
        }
        assert checks[2].row()["expected"] == {"rule": "mql"}
        assert checks[2].row()["got"] == {"value": "known", "rule": "otherwise"}
        assert checks[5].row()["got"] == {"value": 4, "possible": [1, 2, 3, 4]}

    def test_a_position_may_be_expected(self) -> None:
        """As a Tier may: its value, what is possible, what would settle it, and the rule."""
        rule = mf.Ineligible(company.employees < 10, product="sfa", key="small")
        space = mf.Expectation("white_space", OWNED, rule="owned", **CRM)
        open_yet = mf.Expectation(
            "white_space",
            possible=[UNTAPPED, NOT_ELIGIBLE],
            missing=["employees"],
            product_id="sfa",
        )
        wrong = mf.Expectation("white_space", IN_PIPELINE, product_id="sfa")
        given = mf.Account(mf.Company(1), contracts=[mf.Contract(1, "crm", DAY)])
        book = evolve(
            with_cases(case(space, open_yet, given=given), case(wrong, given=given, name="x")),
            synergy=mf.Synergy(not_eligible=[rule]),
        )

        checks = mf.Engine(book).check_cases()

        assert [one.holds for one in checks] == [True, True, False]
        assert checks[0].row()["expected"] == {"value": "owned", "rule": "owned"}
        assert checks[1].row()["got"] == {
            "value": "untapped",
            "possible": ["not_eligible", "untapped"],
            "missing": ["employees"],
        }
        assert checks[2].expected.place == "white_space.sfa"

    def test_people_without_company_are_unmatched(self) -> None:
        """Their segment can be expected, too."""
        people = mf.Account(leads=[mf.Lead("x")])
        book = with_cases(
            case(
                mf.Expectation("segment", "unmatched"),
                mf.Expectation("engagement", "none", lead_id="x", **CRM),
                given=people,
            )
        )
        assert [one.holds for one in mf.Engine(book).check_cases()] == [True, True]

    def test_one_failing_policy_does_not_lose_the_other_answers(self) -> None:
        """What the firm's own code raised is told where its answer would stand."""

        def fail() -> Any:
            raise RuntimeError("no plants today")

        tiers = {"crm": Policy(fail), "sfa": BOOK.tiers["sfa"]}
        expected = [
            mf.Expectation("tier", mf.Tier(1), product_id=product) for product in ("crm", "sfa")
        ]
        book = evolve(BOOK, tiers=tiers, cases=[case(*expected)])

        first, second = mf.Engine(book).check_cases()

        assert (first.holds, second.holds) == (False, True)
        assert first.row()["got"] is None
        assert first.because.en.startswith("tiers.crm: acme/told/1 on company 1: ")

    def test_a_playbook_without_cases_has_nothing_to_check(self) -> None:
        """No case is no failure."""
        assert mf.Engine(BOOK).check_cases() == ()


def test_an_embedder_checks_a_file_in_one_line() -> None:
    """A file that holds its cases is checked wherever it is loaded."""
    data = from_data_of(with_cases(case(mf.Expectation("segment", "enterprise"))))
    assert all(one.holds for one in mf.Engine(data).check_cases())


def from_data_of(book: mf.Playbook) -> mf.Playbook:
    """The playbook after a round through plain data."""
    from mpfunnel.codec import to_data

    assert "[[cases]]" in dump(book)
    return from_data(to_data(book))
