"""Stages: pursuits from their first sign to their end, and which of them comes furthest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations, product
from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import pursuit
from mpfunnel.labels import Label
from mpfunnel.records import Deal, DealLine, SalesEvent
from mpfunnel.rules.tables import Decision, DecisionTable, Rule
from mpfunnel.stages import (
    Funnel,
    FunnelStage,
    Pursuit,
    Sign,
    furthest,
    pursue,
    sign_of_event,
    signs_of_deal,
)
from tests.oracle_leads import Mark, current_stretch, furthest_by_trial

START = date(2024, 1, 1)
QUIET = 10


def sign(day: int, what: str = "responded", about: str = "", *, hand: int = 0) -> Sign:
    """A sign at noon of a day."""
    on = START + timedelta(day)
    return Sign(datetime(on.year, on.month, on.day, 12, tzinfo=UTC), what, about, on, hand)


def now(*signs: Sign, as_of: int) -> Pursuit:
    """The current pursuit, whatever the order of the signs, but for the win before it."""
    day = START + timedelta(as_of)
    found = pursue(signs, quiet_days=QUIET, as_of=day)
    assert pursue(signs[::-1], quiet_days=QUIET, as_of=day) == found, "Law 4"
    return evolve(found, won_on=None)


class TestPursuit:
    def test_without_sign_there_is_none(self) -> None:
        """S19: a pursuit opens with its first sign."""
        assert now(as_of=0) == Pursuit()
        assert not Pursuit().ended

    def test_it_goes_quiet_after_its_days(self) -> None:
        """S13: quiet for n days means that no sign is of the last n days."""
        assert now(sign(0), as_of=QUIET - 1) == Pursuit(started=True)
        assert now(sign(0), as_of=QUIET) == Pursuit(started=True, quiet=True)
        assert now(sign(0), sign(3), as_of=QUIET + 2) == Pursuit(started=True)
        assert now(sign(0), sign(3), as_of=QUIET + 3).quiet

    def test_a_sign_after_quiet_days_opens_the_next(self) -> None:
        """S19: what sales decided in the pursuit that went quiet is over."""
        accepted = sign(0, "accepted")
        assert now(accepted, sign(QUIET - 1), as_of=QUIET).accepted
        assert now(accepted, as_of=QUIET) == Pursuit(started=True, accepted=True, quiet=True)
        assert now(accepted, sign(QUIET), as_of=QUIET) == Pursuit(started=True)

    @pytest.mark.parametrize("end", ["won", "lost"])
    def test_a_sign_after_the_end_opens_the_next(self, end: str) -> None:
        """S19: winning and losing end a pursuit; the next sign opens the next one."""
        deal = (sign(1, "qualified"), sign(2, "deal", "d"), sign(3, end, "d"))
        ended = Pursuit(started=True, accepted=True, qualified=True, **cast("Any", {end: True}))
        assert now(*deal, as_of=3) == ended
        assert now(*deal, as_of=3 + 5 * QUIET) == ended
        assert now(*deal, sign(4), as_of=4) == Pursuit(started=True)
        assert now(*deal, sign(4), as_of=4 + QUIET) == Pursuit(started=True, quiet=True)

    def test_an_open_deal_keeps_it_from_going_quiet(self) -> None:
        """While a deal is open nothing is quiet, however long it takes."""
        late = 9 * QUIET
        accepted = sign(0, "accepted")
        assert now(accepted, sign(1, "deal", "d"), as_of=late) == Pursuit(
            started=True, accepted=True, open_deal=True
        )
        assert now(accepted, sign(1, "deal", "d"), sign(late), as_of=late).accepted
        # Quiet days count from when it was lost, because that is a sign too.
        lost = (accepted, sign(1, "deal", "d"), sign(late, "lost", "d"))
        assert now(*lost, as_of=late) == Pursuit(started=True, accepted=True, lost=True)

    def test_of_two_deals_one_lost_ends_nothing(self) -> None:
        """Losing one deal ends nothing while another one is open, and then the other decides."""
        both = (sign(0, "accepted"), sign(1, "deal", "d"), sign(1, "deal", "e"))
        lost = sign(2, "lost", "d")
        assert now(*both, lost, as_of=2) == Pursuit(started=True, accepted=True, open_deal=True)
        won = now(*both, lost, sign(3, "won", "e"), as_of=3)
        assert won == Pursuit(started=True, accepted=True, won=True)
        assert now(*both, lost, sign(3, "lost", "e"), as_of=3).lost

    def test_of_two_deals_the_other_goes_on_after_one_is_won(self) -> None:
        """Winning ends a pursuit; the deal that is still open is the next one."""
        both = (
            sign(0, "accepted"),
            sign(0, hand=90),
            sign(1, "deal", "d"),
            sign(1, "deal", "e"),
            sign(2, "won", "d"),
        )
        goes_on = Pursuit(started=True, open_deal=True)
        assert now(*both, as_of=2) == goes_on
        assert now(*both, sign(3), as_of=3) == goes_on
        assert now(*both, as_of=2 + 2 * QUIET) == goes_on
        assert now(*both, sign(4, "lost", "e"), as_of=4) == Pursuit(started=True, lost=True)
        assert now(*both, sign(4, "won", "e"), as_of=4) == Pursuit(started=True, won=True)

    def test_the_order_of_deals_does_not_matter(self) -> None:
        """Law 4: Order does not matter: the log is sorted by time before it is read."""
        log = [
            sign(0, "deal", "d"),
            sign(1, "deal", "e"),
            sign(2, "lost", "e"),
            sign(4, "won", "d"),
            sign(5, hand=3),
        ]
        day = START + timedelta(6)
        found = {repr(pursue(order, quiet_days=QUIET, as_of=day)) for order in permutations(log)}
        won_on = START + timedelta(4)
        assert found == {repr(Pursuit(started=True, raised_hand=True, won_on=won_on))}

    def test_the_day_of_the_latest_win_is_kept(self) -> None:
        """S19: a win is known by its day, whatever the next pursuit of the product shows."""
        log = [sign(0, "deal", "d"), sign(1, "deal", "e"), sign(4, "won", "d")]
        for then, won in (([], 4), ([sign(6, "won", "e")], 6), ([sign(6, "lost", "e")], 4)):
            found = pursue([*log, *then], quiet_days=QUIET, as_of=START + timedelta(90))
            assert found.won_on == START + timedelta(won)
        assert pursue([sign(0)], quiet_days=QUIET, as_of=START).won_on is None

    def test_a_hand_is_up_within_its_stated_days(self) -> None:
        """S19: a raised hand counts within its stated days, its own day being the first."""
        assert now(sign(0, hand=3), as_of=2) == Pursuit(started=True, raised_hand=True)
        assert now(sign(0, hand=3), as_of=3) == Pursuit(started=True)
        # The longest one counts, whichever came last.
        assert now(sign(0, hand=8), sign(1, hand=3), as_of=7).raised_hand
        assert not now(sign(0, hand=8), sign(1, hand=3), as_of=8).raised_hand

    @pytest.mark.parametrize("back", ["recycled", "rejected"])
    def test_handing_back_lowers_the_hand(self, back: str) -> None:
        """Recycled or rejected by sales: the hand was answered; a new one brings the lead back."""
        log = (sign(0, hand=9), sign(0, "accepted"), sign(1, back))
        assert now(*log, as_of=1) == Pursuit(started=True, recycled=True)
        assert now(*log, sign(2), as_of=2) == Pursuit(started=True, recycled=True)
        again = now(*log, sign(2, hand=9), as_of=2)
        assert again == Pursuit(started=True, recycled=True, raised_hand=True)
        # Accepting it leaves the hand up, and nothing of the recycling.
        assert now(*log, sign(2, hand=9), sign(3, "accepted"), as_of=3) == Pursuit(
            started=True, accepted=True, raised_hand=True
        )

    @pytest.mark.parametrize("end", ["won", "lost"])
    def test_the_end_lowers_the_hand(self, end: str) -> None:
        """A pursuit that has ended has no raised hand, nor has the next one inherited it."""
        log = (sign(0, hand=30), sign(1, "deal", "d"), sign(2, end, "d"))
        assert not now(*log, as_of=2).raised_hand
        assert now(*log, sign(3), as_of=3) == Pursuit(started=True)
        assert now(sign(0, hand=30), as_of=QUIET) == Pursuit(started=True, quiet=True)

    def test_the_latest_word_of_sales_decides(self) -> None:
        """Qualifying includes accepting; each further decision replaces the one before."""
        words = {
            "accepted": Pursuit(started=True, accepted=True),
            "qualified": Pursuit(started=True, accepted=True, qualified=True),
            "rejected": Pursuit(started=True, recycled=True),
            "recycled": Pursuit(started=True, recycled=True),
            "disqualified": Pursuit(started=True, disqualified=True),
        }
        for first, last in product(words, words):
            assert now(sign(0, first), sign(1, last), as_of=1) == words[last]
            # What only asks for follow-up says nothing about the pursuit, but is a sign.
            assert now(sign(0, last), sign(1, "follow_up"), as_of=QUIET) == words[last]

    def test_what_opens_nothing_moves_what_is_open(self) -> None:
        """A decision about no product in particular moves a pursuit, and opens none."""
        general = sign(2, "disqualified")._replace(opens=False)
        assert now(general, as_of=2) == Pursuit()
        assert now(general, sign(3), as_of=3) == Pursuit(started=True)
        assert now(sign(1), general, as_of=3) == Pursuit(started=True, disqualified=True)
        # It is a sign of what it moves, and none of what has ended.
        assert not now(sign(1), general, as_of=QUIET + 1).quiet
        won = (sign(0, "deal", "d"), sign(1, "won", "d"))
        assert now(*won, general, as_of=2) == Pursuit(started=True, won=True)
        early = sign(2 - QUIET)
        assert now(early, general, as_of=2) == Pursuit(started=True, quiet=True)

    def test_what_opens_nothing_moves_the_deal_that_goes_on(self) -> None:
        """Where another deal goes on after a win, a pursuit is open and can be moved."""
        log = (sign(0, "deal", "d"), sign(0, "deal", "e"), sign(1, "won", "d"))
        general = sign(2, "disqualified")._replace(opens=False)
        assert now(*log, general, as_of=2) == Pursuit(
            started=True, disqualified=True, open_deal=True
        )


def moves(*signs: Sign) -> tuple[Sign, ...]:
    """Signs that open nothing, as deals about a product are for the whole firm."""
    return tuple(one._replace(opens=False) for one in signs)


class TestPursuitOfTheFirm:
    def test_deals_about_products_never_open_it(self) -> None:
        """However they end, and whichever of them goes on, nothing that concerns the firm began."""
        deals = moves(sign(0, "deal", "d"), sign(0, "deal", "e"), sign(1, "won", "d"))
        assert now(*deals, as_of=1) == Pursuit()
        assert now(*deals, *moves(sign(2, "lost", "e")), as_of=2) == Pursuit()

    def test_a_deal_counts_that_was_open_before_it(self) -> None:
        """A deal is open or not whether a pursuit runs or not: it keeps the next one going."""
        late = 9 * QUIET
        log = (*moves(sign(0, "deal", "d")), sign(1, "accepted"))
        goes_on = Pursuit(started=True, accepted=True, open_deal=True)
        assert now(*log, as_of=1) == goes_on
        assert now(*log, as_of=late) == goes_on
        lost = (*log, *moves(sign(late, "lost", "d")))
        assert now(*lost, as_of=late) == Pursuit(started=True, accepted=True, lost=True)
        # One that had ended by then is over.
        over = (*moves(sign(0, "deal", "d"), sign(0, "won", "d")), sign(1, "accepted"))
        assert now(*over, as_of=QUIET) == Pursuit(started=True, accepted=True)
        assert now(*over, as_of=QUIET + 1).quiet

    def test_of_the_deals_open_before_it_the_last_one_lost_ends_it(self) -> None:
        """Losing one deal ends nothing while another is open; winning one leaves the other."""
        log = (*moves(sign(0, "deal", "d"), sign(0, "deal", "e")), sign(1, hand=9))
        one_lost = (*log, *moves(sign(2, "lost", "d")))
        assert now(*one_lost, as_of=2) == Pursuit(started=True, raised_hand=True, open_deal=True)
        assert now(*one_lost, *moves(sign(3, "lost", "e")), as_of=3).lost
        one_won = (*log, *moves(sign(2, "won", "d")))
        assert now(*one_won, as_of=2) == Pursuit(started=True, open_deal=True)
        assert now(*one_won, *moves(sign(3, "lost", "e")), as_of=3).lost
        assert now(*one_won, *moves(sign(3, "won", "e")), as_of=3).won

    @pytest.mark.parametrize("end", ["won", "lost"])
    def test_a_deal_moves_nothing_that_has_ended(self, end: str) -> None:
        """A deal opened between two pursuits leaves the one before, and keeps up the next one."""
        late = 9 * QUIET
        log = (sign(0), *moves(sign(1, "deal", "d"), sign(2, end, "d"), sign(3, "deal", "e")))
        ended = Pursuit(started=True, **cast("Any", {end: True}))
        assert now(*log, as_of=late) == ended
        assert now(*log, *moves(sign(late, "lost", "e")), as_of=late) == ended
        assert now(*log, sign(4), as_of=late) == Pursuit(started=True, open_deal=True)
        quiet = (sign(0), *moves(sign(QUIET, "deal", "d")))
        assert now(*quiet, as_of=late) == Pursuit(started=True, quiet=True)
        assert now(*quiet, sign(QUIET), as_of=late) == Pursuit(started=True, open_deal=True)

    def test_a_sign_given_twice_is_one(self) -> None:
        """A deal about two products is one deal, however many of them tell of it."""
        deals = moves(
            sign(0, "deal", "d"), sign(1, "deal", "e"), sign(3, "won", "d"), sign(5, "lost", "e")
        )
        for as_of in range(7):
            seen = [one for one in (*deals, sign(2, hand=9)) if one.day <= sign(as_of).day]
            twice = [*seen, *(one for one in deals if one in seen)]
            assert now(*twice, as_of=as_of) == now(*seen, as_of=as_of)


class TestSigns:
    def test_a_sales_event_is_a_sign_of_its_instant(self) -> None:
        """Signs are compared in UTC, wherever their time was written down."""
        at = datetime.fromisoformat("2024-01-02T01:00:00+09:00")
        event = SalesEvent("l", "recycled", at, reason="timing")
        day = date(2024, 1, 2)
        assert sign_of_event(event, day) == Sign(
            datetime(2024, 1, 1, 16, tzinfo=UTC), "recycled", "", day
        )

    def test_a_deal_is_one_sign_or_two(self) -> None:
        """S11: a deal that closes after the day asked about is open as of it."""
        opened, closed = sign(3).at, sign(5).at
        deal = Deal(7, "c", opened, [DealLine("A")], status="lost", closed_at=closed)
        begin, end = sign(3, "deal", "7"), sign(5, "lost", "7")
        for as_of, expected in ((4, [begin]), (5, [begin, end]), (9, [begin, end])):
            day = START + timedelta(as_of)
            assert signs_of_deal(deal, begin.day, end.day, day) == expected
        still = evolve(deal, status="open", closed_at=None)
        assert signs_of_deal(still, begin.day, None, end.day) == [begin]

    def test_a_deal_closed_before_it_was_opened_was_opened_when_it_closed(self) -> None:
        """Real exports hold such deals: they end a pursuit, and stay open for nobody."""
        deal = Deal(7, "c", sign(5).at, status="won", closed_at=sign(3).at)
        signs = signs_of_deal(deal, sign(5).day, sign(3).day, sign(9).day)
        assert signs == [sign(3, "deal", "7"), sign(3, "won", "7")]
        assert now(*signs, as_of=9) == Pursuit(started=True, won=True)


# -- every log of up to five signs --

ALPHABET = [
    "responded",
    "hand",
    "accepted",
    "recycled",
    "disqualified",
    "deal",
    "won",
    "lost",
    "gap",
]


def logs(most: int) -> Iterator[tuple[str, ...]]:
    """Every log of up to `most` words."""
    for length in range(most + 1):
        yield from product(ALPHABET, repeat=length)


def told(words: Sequence[str], *, of_firm: bool = False) -> tuple[list[Sign], int]:
    """The signs of a log, one a day; and the day of the last one.

    For the whole firm deals open nothing.

    A deal that closes is the one open longest; where none is open, one that opens that instant.
    """
    day = 0
    signs: list[Sign] = []
    open_deals: list[str] = []
    for place, word in enumerate(words):
        day += QUIET - 1 if word == "gap" else 1
        if word == "deal":
            open_deals.append(str(place))
            signs.append(sign(day, "deal", str(place)))
        elif word in ("won", "lost"):
            if not open_deals:
                open_deals.append(str(place))
                signs.append(sign(day, "deal", str(place)))
            signs.append(sign(day, word, open_deals.pop(0)))
        elif word != "gap":
            hand = word == "hand"
            signs.append(sign(day, "responded" if hand else word, hand=4 if hand else 0))
    if of_firm:
        signs = [one._replace(opens=one.about == "") for one in signs]
    return signs, day


@pytest.mark.bulk
@pytest.mark.parametrize("of_firm", [False, True], ids=["product", "firm"])
def test_every_short_log_is_read_as_the_second_model_reads_it(of_firm: bool) -> None:
    """S19: all logs of up to five signs, just after the last one and around each boundary."""
    compared = 0
    for words in logs(5):
        signs, last = told(words, of_firm=of_firm)
        marks = [Mark(*one[:5], general=not one.opens) for one in signs]
        for as_of in (last, last + QUIET - 1) if len(words) == 5 else range(last, last + QUIET + 2):
            day = START + timedelta(as_of)
            got = pursue(signs, quiet_days=QUIET, as_of=day)
            expected = current_stretch(marks, QUIET, day)
            read = tuple(getattr(got, name) for name in expected._fields)
            assert read == tuple(expected), (words, as_of - last)
            compared += 1
    assert compared > 180_000


@given(st.data())
def test_random_logs_are_read_as_the_second_model_reads_them(data: st.DataObject) -> None:
    """S19: longer logs, several deals, signs that open nothing, and signs of one instant."""
    words = ["responded", "accepted", "qualified", "rejected", "recycled", "disqualified"]
    draw = data.draw
    signs = draw(
        st.lists(
            st.builds(
                lambda day, what, hand, opens: sign(day, what, hand=hand)._replace(opens=opens),
                st.integers(0, 25),
                st.sampled_from([*words, "follow_up"]),
                st.sampled_from([0, 0, 1, 5]),
                st.booleans(),
            ),
            max_size=8,
        )
    )
    # Only responses raise hands, and a response always opens.
    signs = [
        one._replace(opens=True) if one.what == "responded" else one._replace(hand_days=0)
        for one in signs
    ]
    for number in range(draw(st.integers(0, 3))):
        begin, length = draw(st.integers(0, 25)), draw(st.integers(0, 15))
        deal = [sign(begin, "deal", str(number))]
        if draw(st.booleans()):
            end = draw(st.sampled_from(["won", "lost"]))
            deal.append(sign(begin + length, end, str(number)))
        signs += deal if draw(st.booleans()) else moves(*deal)
    as_of = START + timedelta(max((s.day - START).days for s in signs) if signs else 0)
    as_of += timedelta(draw(st.sampled_from([0, 1, QUIET - 1, QUIET])))

    got = pursue(draw(st.permutations(signs)), quiet_days=QUIET, as_of=as_of)

    expected = current_stretch(
        [Mark(*one[:5], general=not one.opens) for one in signs], QUIET, as_of
    )
    assert tuple(getattr(got, name) for name in expected._fields) == tuple(expected)


# -- the furthest --


def stage(key: str) -> FunnelStage:
    """A stage."""
    return FunnelStage(key, key)


LOW, MIDDLE, HIGH, AWAY, OUT = (stage(key) for key in ("low", "middle", "high", "away", "out"))
FUNNEL = Funnel(
    rules=DecisionTable([Rule(HIGH, pursuit.won)], LOW),
    ladder=(LOW, MIDDLE, HIGH),
    detours=(AWAY, OUT),
)
OPEN = Pursuit(started=True)
ENDED = Pursuit(started=True, won=True)


def decision(
    value: FunnelStage, *others: FunnelStage, missing: Sequence[str] = ()
) -> Decision[FunnelStage]:
    """A decision on the first of the possible stages."""
    asked = tuple(missing) or (("company.employees",) if others else ())
    return Decision(value, "rule", Label("because"), (value, *others), asked)


class TestFurthest:
    def test_the_ladder_goes_before_what_ended_and_that_before_detours(self) -> None:
        """S19: an open pursuit comes first, however low; then one that has ended; then detours."""
        order = [
            (OPEN, HIGH),
            (OPEN, LOW),
            (ENDED, HIGH),
            (ENDED, LOW),
            (OPEN, AWAY),
            (ENDED, OUT),
            (Pursuit(), FUNNEL.rules.otherwise),
        ]
        for place, better in enumerate(order):
            for worse in order[place + 1 :]:
                for found in ({"A": better, "B": worse}, {"B": worse, "A": better}):
                    best, products = furthest(
                        FUNNEL,
                        {about: (own, decision(at)) for about, (own, at) in found.items()},
                    )
                    assert (best.value, products) == (better[1], ("A",))

    def test_without_a_pursuit_only_a_rule_leads_anywhere(self) -> None:
        """As an open one would: there is a rule that holds by what somebody has set."""
        known = FUNNEL.rules.otherwise
        found: dict[Any, Any] = {"A": (OPEN, decision(LOW)), "B": (Pursuit(), decision(HIGH))}
        assert furthest(FUNNEL, found) == (decision(HIGH), ("B",))
        found = {"A": (ENDED, decision(OUT)), "B": (Pursuit(), decision(known))}
        assert furthest(FUNNEL, found) == (decision(OUT), ("A",))

    def test_all_products_that_reach_it_are_named(self) -> None:
        """S19: `for_products` lists every product that reaches the stage, and the firm is none."""
        found: dict[Any, tuple[Pursuit, Decision[FunnelStage]]] = {
            "A": (OPEN, decision(MIDDLE)),
            "B": (OPEN, decision(LOW)),
            "C": (ENDED, decision(MIDDLE)),
            "D": (OPEN, decision(MIDDLE)),
            None: (OPEN, decision(MIDDLE)),
        }
        assert furthest(FUNNEL, found) == (decision(MIDDLE), ("A", "D"))
        assert furthest(FUNNEL, {None: (Pursuit(), decision(LOW))}) == (decision(LOW), ())

    def test_only_what_bears_on_it_is_asked_for(self) -> None:
        """S4: what a pursuit misses is not asked for where it cannot come furthest any more."""
        unsure = decision(LOW, MIDDLE)
        settled, products = furthest(FUNNEL, {"A": (OPEN, unsure), "B": (OPEN, decision(HIGH))})
        assert (settled.possible, settled.missing, products) == ((HIGH,), (), ("B",))
        asked, _ = furthest(FUNNEL, {"A": (OPEN, decision(MIDDLE)), "B": (OPEN, unsure)})
        # What could still reach the stage, too, bears on its products.
        assert (asked.possible, asked.missing) == ((MIDDLE,), ("company.employees",))
        asked, _ = furthest(FUNNEL, {"A": (OPEN, decision(LOW)), "B": (OPEN, unsure)})
        assert set(asked.possible) == {LOW, MIDDLE}
        assert asked.missing == ("company.employees",)

    @given(
        st.dictionaries(
            st.sampled_from(["A", "B", "C", None]),
            st.tuples(
                st.sampled_from([OPEN, ENDED, Pursuit(started=True, quiet=True)]),
                st.lists(
                    st.sampled_from([LOW, MIDDLE, HIGH, AWAY, OUT]),
                    min_size=1,
                    max_size=4,
                    unique=True,
                ),
                st.sampled_from([("x",), ("x", "y"), ("z",)]),
            ),
            min_size=1,
        )
    )
    def test_possible_is_what_some_combination_gives(self, drawn: dict[Any, Any]) -> None:
        """S5: the possible stages are those of all combinations of what is possible for each."""
        found: dict[Any, Any] = {
            about: (own, decision(*stages, missing=missing if len(stages) > 1 else ()))
            for about, (own, stages, missing) in drawn.items()
        }
        got, products = furthest(FUNNEL, found)
        lead, reach, possible, missing = furthest_by_trial(FUNNEL, found)
        assert (got.value, products) == (lead.value, reach)
        assert set(got.possible) == possible
        assert len(got.possible) == len(possible)
        assert got.missing == missing
        assert got.value in got.possible
        assert got.settled is (len(possible) == 1)


# -- the funnel as a value --


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"quiet_days": 0}, "quiet_days"),
        ({"quiet_days": 3_651}, "quiet_days"),
        ({"quiet_days": True}, "quiet_days"),
        ({"quiet_days": 1.5}, "quiet_days"),
        ({"quiet_days": 10**5_000}, "quiet_days"),
        ({"ladder": (LOW, MIDDLE, HIGH, LOW)}, "stages"),
        ({"detours": (HIGH,)}, "stages"),
        ({"ladder": (LOW, MIDDLE)}, "rules"),
    ],
)
def test_a_funnel_is_checked(given: dict[str, Any], path: str) -> None:
    """A faulty funnel is refused with the path of what is wrong."""
    with pytest.raises(InvalidDataError) as raised:
        evolve(FUNNEL, **given)
    assert {problem.path for problem in raised.value.problems} == {path}


def test_the_bounds_themselves_are_allowed() -> None:
    """A pursuit may go quiet after a single day, or after ten years."""
    assert [evolve(FUNNEL, quiet_days=days).quiet_days for days in (1, 3_650)] == [1, 3_650]


def test_a_stage_is_its_key() -> None:
    """S8: stages are equal by key, whatever their labels; a blank key names nothing."""
    assert FunnelStage("mql", "MQL") == FunnelStage("mql", Label("hot", "見込み"))
    assert str(stage("mql")) == "mql"
    with pytest.raises(InvalidDataError, match=r"stage\.key: must not be blank"):
        FunnelStage("　", "x")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ladder": 3, "detours": ["lead"]},
            ["ladder: must be a list, not int 3", "detours[0]: must be a FunnelStage, not str"],
        ),
        ({"rules": None}, ["rules: must be a DecisionTable, not NoneType None"]),
        (
            {"deals_without_lead": "false", "quiet_days": 0},
            [
                "quiet_days: must be an integer from 1 to 3,650, not 0",
                "deals_without_lead: must be true or false, not str 'false'",
            ],
        ),
    ],
)
def test_parts_of_another_type_are_all_named(given: dict[str, Any], said: list[str]) -> None:
    """A funnel is refused with the path of each part that has the wrong type."""
    with pytest.raises(InvalidDataError) as raised:
        evolve(FUNNEL, **given)
    assert [str(problem) for problem in raised.value.problems] == said


def test_a_stage_needs_a_key_of_text() -> None:
    """What is no text names nothing."""
    with pytest.raises(InvalidDataError, match=r"^stage\.key: must be text, not NoneType None$"):
        FunnelStage(None, "x")  # type: ignore[arg-type]


def test_a_funnel_has_a_way_to_success() -> None:
    """Without a rung on the ladder no lead could come any further than another."""
    with pytest.raises(InvalidDataError) as caught:
        evolve(FUNNEL, ladder=())
    assert "ladder: must have at least one stage" in [str(one) for one in caught.value.problems]
