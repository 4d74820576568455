"""Ownership: what a company owns and is buying, from contracts and deals."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.calendars import local_day
from mpfunnel.ownership import NOTHING, Position, owned_since, positions
from mpfunnel.records import Contract, Deal, DealLine, Id

TODAY = date(2024, 6, 30)
TOKYO = ZoneInfo("Asia/Tokyo")


def on(day: date) -> datetime:
    """Noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def ago(days: int) -> date:
    """The day so many days before today."""
    return TODAY - timedelta(days)


def deal(
    status: str, opened: int, closed: int | None = None, *, reason: str | None = None, n: Id = 1
) -> Deal:
    """A deal about product A, with its days as ages."""
    return Deal(
        n,
        "c",
        on(ago(opened)),
        [DealLine("A")],
        status=status,  # type: ignore[arg-type]
        closed_at=None if closed is None else on(ago(closed)),
        reason=reason,
    )


def contract(start: int, end: int | None = None) -> Contract:
    """A contract about product A, with its days as ages."""
    return Contract("c", "A", ago(start), None if end is None else ago(end))


def position(*records: Deal | Contract, as_of: date = TODAY) -> Position:
    """Where the company stands with A, whatever the order of the records."""
    found = {
        positions(
            [one for one in order if isinstance(one, Deal)],
            [one for one in order if isinstance(one, Contract)],
            as_of=as_of,
            day_of=lambda at: local_day(at, ZoneInfo("UTC")),
        ).get("A", NOTHING)
        for order in permutations(records)
    }
    assert len(found) == 1, "Law 4: Order does not matter"
    return found.pop()


def test_nothing_is_known_of_what_no_record_names() -> None:
    """A product without deal or contract is neither owned nor being bought."""
    assert positions([], [], as_of=TODAY, day_of=lambda at: at.date()) == {}
    assert Position(owned=False, open_deal=False, lost_for=frozenset()) == NOTHING


@pytest.mark.parametrize(
    ("start", "end", "owned"),
    [
        (10, None, True),
        (10, 0, True),  # its last day is today
        (10, 1, False),  # it lapsed yesterday
        (0, None, True),  # it starts today
        (-1, None, False),  # it starts tomorrow
        (0, 0, True),
        (10, -5, True),
    ],
)
def test_a_contract_is_owned_from_its_start_to_its_end(
    start: int, end: int | None, owned: bool
) -> None:
    """Both days of a contract are included; a lapsed contract is not owned."""
    assert position(contract(start, end)) == Position(owned=owned)


def test_a_contract_that_runs_is_owned_beside_one_that_lapsed() -> None:
    """A renewal counts, whatever came before it and whatever will start later."""
    assert position(contract(30, 10), contract(9)).owned
    assert position(contract(30, 10), contract(-3)) == Position(owned=False)


@pytest.mark.parametrize(
    ("won", "end", "owned"),
    [
        (20, 10, False),  # won, then the contract lapsed
        (10, 20, True),  # a contract lapsed, then it was won again
        (10, 10, False),  # the contract for it lapsed on the day of the deal
        (9, 10, True),
        (20, 0, True),  # the contract for it runs
    ],
)
def test_what_was_won_is_owned_until_its_contract_lapses(won: int, end: int, owned: bool) -> None:
    """A contract that ended on the day of the deal or later is the one that was won."""
    assert position(deal("won", 40, won), contract(40, end)).owned is owned


def test_the_latest_win_and_the_latest_end_decide() -> None:
    """Of several deals and contracts, the latest of each are compared."""
    assert position(deal("won", 50, 40), deal("won", 20, 5, n=2), contract(60, 10)).owned
    assert not position(deal("won", 50, 40), contract(60, 50), contract(45, 10)).owned


def test_a_contract_of_the_future_takes_nothing_away() -> None:
    """Law 5: a contract that starts after the day asked about is as if it did not exist."""
    later = Contract("c", "A", ago(-1), ago(-2))
    assert position(deal("won", 9, 5), later) == position(deal("won", 9, 5))
    assert position(contract(5), contract(-1)) == position(contract(5))


def test_a_deal_that_closes_later_is_open() -> None:
    """S11: a deal closed after the day asked about is open as of it, won or lost."""
    for status in ("won", "lost"):
        as_of_today = position(deal(status, 5, -1, reason="price"))
        assert as_of_today == Position(open_deal=True)
    assert position(deal("won", 5, 0)) == Position(owned=True)
    assert position(deal("lost", 5, 0, reason="price")) == Position(lost_for=frozenset({"price"}))


def test_a_deal_that_opens_later_does_not_exist() -> None:
    """Law 5: a deal opened after the day asked about counts for nothing, even if closed before."""
    assert position(deal("open", -1)) == NOTHING
    assert position(deal("won", -1, 3)) == NOTHING
    assert position(deal("open", 0)) == Position(open_deal=True)
    assert position(deal("open", -1, n=1), deal("won", 3, 2, n=2)) == Position(owned=True)


def test_a_deal_may_be_closed_before_it_was_opened() -> None:
    """Real exports hold deals that close before they open: they are closed."""
    assert position(deal("won", 2, 8)) == Position(owned=True)
    assert position(deal("lost", 2, 8, reason="timing")).lost_for == {"timing"}


def test_the_days_are_those_of_the_zone() -> None:
    """S12: just after midnight in Tokyo it is still yesterday in UTC."""
    at = datetime(2024, 6, 30, 15, 30, tzinfo=UTC)
    late = Deal(1, "c", at, [DealLine("A")])

    def found(zone: str) -> bool:
        return "A" in positions(
            [late], [], as_of=TODAY, day_of=lambda at: local_day(at, ZoneInfo(zone))
        )

    assert found("UTC")
    assert not found("Asia/Tokyo")


def test_reasons_are_those_of_the_latest_loss() -> None:
    """Only the latest lost deals say why; of several on that day, every reason counts."""
    old = deal("lost", 30, 20, reason="budget", n=1)
    new = deal("lost", 30, 10, reason="timing", n=2)
    same_day = deal("lost", 30, 10, reason="price", n=3)
    silent = deal("lost", 30, 5, n=4)
    assert position(old, new).lost_for == {"timing"}
    assert position(old, new, same_day).lost_for == {"timing", "price"}
    assert position(old, new, same_day, silent).lost_for == frozenset()
    assert position(deal("lost", 30, 10, n=5), new).lost_for == {"timing"}


def test_one_product_may_be_owned_bought_and_lost_at_once() -> None:
    """The three say different things, and none hides another."""
    assert position(
        contract(50), deal("open", 3, n=1), deal("lost", 9, 8, reason="price", n=2)
    ) == Position(owned=True, open_deal=True, lost_for=frozenset({"price"}))


def test_a_deal_concerns_every_product_of_its_lines() -> None:
    """Each line of a deal stands for itself; a deal without lines concerns no product."""
    both = Deal(1, "c", on(ago(3)), [DealLine("A"), DealLine("B"), DealLine("A")])
    empty = Deal(2, "c", on(ago(3)))
    found = positions([both, empty], [], as_of=TODAY, day_of=lambda at: at.date())
    assert found == {"A": Position(open_deal=True), "B": Position(open_deal=True)}


# -- since when --

records = st.lists(
    st.one_of(
        st.builds(
            lambda start, days: contract(start, None if days is None else start - days),
            st.integers(-3, 12),
            st.none() | st.integers(0, 6),
        ),
        st.builds(
            deal,
            st.sampled_from(["won", "won", "lost"]),
            st.integers(-3, 12),
            st.integers(-3, 12),
            n=st.integers(0, 99),
        ),
        st.builds(deal, st.just("open"), st.integers(-3, 12)),
    ),
    max_size=6,
)


def since(*given_records: Deal | Contract) -> date | None:
    """Since when the company owns A."""
    found = owned_since(
        [one for one in given_records if isinstance(one, Deal)],
        [one for one in given_records if isinstance(one, Contract)],
        as_of=TODAY,
        day_of=lambda at: at.date(),
    )
    assert found.keys() <= {"A"}
    return found.get("A")


def owns(given_records: Sequence[Deal | Contract], day: date) -> bool:
    """Whether the company owns A on a day."""
    found = positions(
        [one for one in given_records if isinstance(one, Deal)],
        [one for one in given_records if isinstance(one, Contract)],
        as_of=day,
        day_of=lambda at: at.date(),
    )
    return found.get("A", NOTHING).owned


@given(records, st.randoms(use_true_random=False))
def test_owned_since_is_the_first_day_without_a_gap(
    given_records: list[Deal | Contract], dice: Random
) -> None:
    """Every day from then on is owned, and the one before is not, whatever the order (law 4)."""
    expected, day = None, TODAY
    while owns(given_records, day):
        expected, day = day, day - timedelta(1)
    dice.shuffle(given_records)
    assert since(*given_records) == expected


def test_a_renewal_does_not_begin_anew() -> None:
    """A contract that starts on the day after another ends goes on; a day later, it begins anew."""
    assert since(contract(30, 11), contract(10)) == ago(30)
    assert since(contract(30, 12), contract(10)) == ago(10)
    assert since(deal("won", 40, 35), contract(30, 11), contract(10)) == ago(35)
    assert since(deal("won", 40, 35), contract(30, 1)) is None
    assert since(deal("won", 9, 20)) == ago(9)


def test_what_is_owned_since_the_first_day_of_all_is_owned() -> None:
    """The calendar's first day is a day like any other."""
    first = datetime(1, 1, 1, tzinfo=UTC)
    won = Deal(1, "c", first, [DealLine("A")], status="won", closed_at=first)
    assert since(won) == date.min
