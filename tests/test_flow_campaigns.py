"""Campaigns, what was spent on them, what is told of them; and the book of all that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.labels import Label
from tests.campaign_worlds import DAY, MAIL, after, spent


def _problems(make: Any, *given: Any, **others: Any) -> list[str]:
    with pytest.raises(InvalidDataError) as told:
        make(*given, **others)
    return [str(one) for one in told.value.problems]


def test_a_campaign_has_a_tactic_and_a_period() -> None:
    """It is for one product or the whole firm; all that is wrong is said at once."""
    whole = Campaign(1, "email", DAY, after(9), Label("spring", "春"), goals={"won": 3})
    assert (whole.product_id, whole.label.text("ja"), whole.goals["won"]) == (None, "春", 3)
    assert _problems(Campaign, True, " ", DAY, budget=-1, goals={"won": 0}) == [
        "campaign.id: must be a text or an integer id, not bool True",
        "campaign.tactic: must not be blank",
        "campaign.budget: must be at least 0",
        "campaign.goals: 'won' must be more than 0",
    ]
    assert _problems(Campaign, 1, "email", DAY, after(-1)) == [
        "campaign.end: must not be before start"
    ]


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        (3, "must map figures to numbers, not 3"),
        ({"won": 1.5}, "'won' must be an integer or a Decimal, not float 1.5"),
        ({"won": Decimal("NaN")}, "'won' must be a finite number"),
        ({"won": -1}, "'won' must be at least 0"),
        ({"": 1}, "'' must not be blank"),
    ],
)
def test_a_goal_is_an_exact_number(goals: Any, message: str) -> None:
    """More than nothing, so that a part of it can be told."""
    assert _problems(Campaign, 1, "email", DAY, goals=goals) == [f"campaign.goals: {message}"]


@pytest.mark.parametrize("subject", [{}, {"campaign_id": 1, "tactic": "email"}])
def test_money_is_spent_on_a_campaign_or_a_tactic(subject: dict[str, Any]) -> None:
    """Not on both, nor on nothing; statistics likewise."""
    message = "give either the campaign or the tactic"
    assert _problems(Spend, DAY, 1, **subject) == [f"spend.campaign_id: {message}"]
    assert _problems(Statistic, "reach", DAY, 1, **subject) == [f"statistic.campaign_id: {message}"]


def test_money_is_exact() -> None:
    """No floats; money may come back."""
    assert spent(0, "-3.50").amount == Decimal("-3.50")
    assert _problems(Spend, DAY, 0.1, campaign_id=1) == [
        "spend.amount: must be an integer or a Decimal, not float 0.1"
    ]


@pytest.mark.parametrize(("value", "of"), [(3, 2), (Decimal("0.5"), 2)])
def test_what_is_of_so_many_is_at_most_so_many(value: Any, of: int) -> None:
    """And an integer."""
    assert _problems(Statistic, "survey", DAY, value, of, campaign_id=1) == [
        "statistic.value: must be an integer of at most 2, which it is of"
    ]


def test_a_book_names_only_what_exists() -> None:
    """Each fault with its path and the nearest name, all of them at once."""
    for_crm = Campaign("a", "social", DAY, product_id="crm")
    assert _problems(
        CampaignBook,
        [for_crm, Campaign("a", "emial", DAY), Campaign("b", "nothing", DAY)],
        [
            Spend(DAY, 1, campaign_id="c"),
            Spend(DAY, 1, tactic="emial"),
            Spend(DAY, 1, campaign_id="a", product_id="sfa"),
        ],
        [
            Statistic("impression", DAY, 1, campaign_id="a"),
            Statistic("impressions", DAY, 1, campaign_id="c"),
            Statistic("impressions", DAY, 1, campaign_id="b"),
        ],
    ) == [
        "campaigns[1].id: 'a' is used twice; ids are unique",
        "campaigns[1].tactic: no such tactic 'emial'; did you mean 'email'?",
        "campaigns[2].tactic: no such tactic 'nothing'",
        "spends[0].campaign_id: no such campaign 'c'",
        "spends[1].tactic: no such tactic 'emial'; did you mean 'email'?",
        "statistics[1].campaign_id: no such campaign 'c'",
    ]
    assert _problems(
        CampaignBook,
        [for_crm],
        [Spend(DAY, 1, campaign_id="a", product_id="sfa")],
        [Statistic("impression", DAY, 1, campaign_id="a")],
    ) == [
        "spends[0].product_id: its campaign is for 'crm', not for 'sfa'",
        "statistics[0].kpi: its tactic has no KPI 'impression'; did you mean 'impressions'?",
    ]


def test_a_book_holds_what_it_should() -> None:
    """What is of another kind is named before anything is looked up."""
    assert _problems(CampaignBook, [1], [2], [3], [4]) == [
        "tactics[0]: must be a Tactic, not int",
        "campaigns[0]: must be a Campaign, not int",
        "spends[0]: must be a Spend, not int",
        "statistics[0]: must be a Statistic, not int",
    ]


@pytest.mark.parametrize(
    ("kpi", "value", "of", "problem"),
    [
        ("reach", 1, None, "kpi: 'reach' is told by touches, which are about people"),
        ("impressions", 1, 2, "value: 'impressions' is a count: give an integer, and no 'of'"),
        (
            *("impressions", Decimal("1.5"), None),
            "value: 'impressions' is a count: give an integer, and no 'of'",
        ),
        ("share_of_voice", 23, None, "value: must be at most 1, or say of how many it is"),
    ],
)
def test_a_statistic_goes_with_its_kpi(kpi: str, value: Any, of: Any, problem: str) -> None:
    """A figure about people is never told as a statistic, and a share is none of 2300 percent."""
    told = Statistic(kpi, DAY, value, of, tactic="social")
    assert _problems(CampaignBook, [], statistics=[told]) == [f"statistics[0].{problem}"]


def test_shares_that_are_put_together_say_of_how_many_they_are() -> None:
    """Two percentages without that cannot be."""
    from mpfunnel.flow.campaigns.tactics import Kpi, Tactic

    poll = Tactic("poll", "poll", "upstream", [Kpi("yes", "yes", "share")])
    told = Statistic("yes", DAY, Decimal("0.4"), tactic="poll")
    assert _problems(CampaignBook, [], statistics=[told], tactics=[poll]) == [
        "statistics[0].of: is needed where shares of several days are put together"
    ]


def test_a_figure_is_told_once_a_day() -> None:
    """Of two for one subject, nobody could say which holds or whether both do."""
    told = Statistic("followers", DAY, 1, tactic="social")
    assert _problems(CampaignBook, [], statistics=[told, told]) == [
        f"statistics[1]: 'followers' is told twice for {DAY}"
    ]


def test_equal_spends_are_two() -> None:
    """Two clicks may cost the same on one day."""
    book = CampaignBook([MAIL], [spent(0, 5), spent(0, 5)])
    assert len(book.spends) == 2
    assert book.tactic_of(book.spends[0]).key == "email"
