"""Contact: which consent decides, and that nothing else does."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.contact import BASES, Contactable, contactability, contactable
from mpfunnel.contact import CHANNELS as LABELS
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.records import Channel, Consent, Lead

TOKYO = zone_for("Asia/Tokyo")
PARIS = zone_for("Europe/Paris")
DAY = date(2026, 4, 1)
CHANNELS: tuple[Channel, ...] = get_args(Channel)


def at(day: int, hour: int = 12) -> datetime:
    """An instant of April 2026, in UTC."""
    return datetime(2026, 4, day, hour, tzinfo=UTC)


def answer(*consents: Consent, as_of: date = DAY, channel: Channel = "email") -> Contactable:
    """What is said of a lead with these consents."""
    return contactable(Lead(1, consents=consents), channel, as_of=as_of, zone=TOKYO)


# Few instants, so that many consents share one; some of them hours apart on one day of Tokyo,
# one of them written in two zones, one that a clock in Paris showed twice.
_TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
INSTANTS = [
    at(1),
    at(1).astimezone(TOKYO),
    at(1, 14),
    at(1, 15),
    at(2),
    at(9),
    _TWICE,
    _TWICE.replace(fold=1),
    _TWICE.astimezone(UTC),
]
CONSENTS = st.builds(
    Consent,
    channel=st.sampled_from(CHANNELS[:2]),
    granted=st.booleans(),
    at=st.sampled_from(INSTANTS),
    basis=st.sampled_from([None, "consent", "business_card", "seminar", "list"]),
)
DAYS = st.sampled_from(
    [DAY + timedelta(days) for days in (-1, 0, 1, 8)] + [date(2026, 10, 25), date(2027, 1, 1)]
)


class TestWhatDecides:
    def test_nothing_said_is_unknown(self) -> None:
        """Unknown is not no: a lead of whom nothing is known may not be presumed to refuse."""
        unknown = answer()
        assert (unknown.allowed, unknown.basis, unknown.since) == (None, None, None)
        assert (unknown.text(), unknown.text("ja")) == ("unknown", "不明")
        assert unknown.because.en == "no consent or opt-out on record"
        assert unknown.because.ja == "同意・拒否の記録なし"

    def test_a_consent_allows(self) -> None:
        """A consent allows its channel from its day on, and says what it rests on."""
        allowed = answer(Consent("email", True, at(1), "business_card"))
        assert allowed == Contactable(
            "email", True, allowed.because, basis="business_card", since=DAY
        )
        assert (allowed.text(), allowed.text("ja")) == ("allowed", "可")
        assert allowed.because.en == "allowed on 2026-04-01: business card"
        assert allowed.because.ja == "2026-04-01に許可：名刺"

    def test_an_opt_out_forbids(self) -> None:
        """An opt-out that is later than a consent forbids; a later consent allows again."""
        first, no, again = (
            Consent("email", granted, at(1, hour))
            for granted, hour in ((True, 1), (False, 2), (True, 3))
        )
        refused = answer(first, no)
        assert (refused.allowed, refused.since) == (False, DAY)
        assert (refused.text(), refused.text("ja")) == ("not allowed", "不可")
        assert refused.because.en == "opted out on 2026-04-01"
        assert refused.because.ja == "2026-04-01に拒否の申し出"
        assert answer(first, no, again).allowed is True

    def test_of_one_instant_the_opt_out_decides(self) -> None:
        """A consent and an opt-out of one instant, in whatever zones: it stays at the opt-out."""
        yes, no = (
            Consent("email", True, at(1), "consent"),
            Consent("email", False, at(1).astimezone(PARIS)),
        )
        for consents in ((yes, no), (no, yes)):
            refused = answer(*consents)
            assert (refused.allowed, refused.basis) == (False, None)
            assert refused.because.en == (
                "opted out on 2026-04-01, which wins over a consent of the same time"
            )
            assert refused.because.ja == "2026-04-01に拒否の申し出(同時刻の同意より優先)"
        assert answer(no, no).because.en == "opted out on 2026-04-01"
        assert answer(yes, yes).because.en == "allowed on 2026-04-01: consent"

    def test_of_one_instant_the_firmest_basis_is_named(self) -> None:
        """Bases of one instant: those of the glossary in its order, then others, then none."""
        bases = [*BASES, "list", "seminar", None]
        for index, basis in enumerate(bases):
            consents = [Consent("email", True, at(1), basis) for basis in bases[index:]]
            assert answer(*consents).basis == answer(*reversed(consents)).basis == basis

    def test_times_of_one_zone_are_told_apart(self) -> None:
        """S12: of two times that a clock shows alike, the second is the later one."""
        yes = Consent("email", True, _TWICE)
        no = Consent("email", False, _TWICE.replace(fold=1))
        for consents in ((yes, no), (no, yes)):
            assert answer(*consents, as_of=date(2027, 1, 1)).because.en == "opted out on 2026-10-25"

    def test_a_basis_of_the_firm_is_shown_as_it_is(self) -> None:
        """A basis that the glossary does not know is shown as the CRM has it."""
        shown = answer(Consent("email", False, at(1), "QRコード")).because
        assert shown.en == "opted out on 2026-04-01: QRコード"
        assert shown.ja == "2026-04-01に拒否の申し出：QRコード"

    def test_every_basis_of_the_glossary_has_its_words(self) -> None:
        """The four bases of the glossary are shown in both languages."""
        assert [basis.ja for basis in BASES.values()] == [
            "同意",
            "取引関係",
            "名刺",
            "公表アドレス",
        ]
        assert all(basis.en == key.replace("_", " ") for key, basis in BASES.items())


class TestDays:
    def test_the_day_is_that_of_the_zone(self) -> None:
        """S11: what was said late on 1 April in UTC was said on 2 April in Tokyo."""
        late = Consent("email", True, at(1, 15))
        assert answer(late).allowed is None
        assert answer(late, as_of=date(2026, 4, 2)).since == date(2026, 4, 2)
        lead = Lead(1, consents=[late])
        assert contactable(lead, "email", as_of=DAY, zone=PARIS).allowed is True

    def test_an_instant_asks_for_its_day(self) -> None:
        """S11: `as_of` as an aware datetime means its local day, of which all counts."""
        noon = Consent("email", True, at(1))
        assert answer(noon, as_of=at(1, 1)).allowed is True
        assert answer(noon, as_of=at(1, 1) - timedelta(hours=12)).allowed is None

    @pytest.mark.parametrize("consents", [(), (Consent("email", True, at(1)),)])
    def test_no_day_is_refused(self, consents: tuple[Consent, ...]) -> None:
        """S11: what is no day is refused, even where nothing was said."""
        wrong: Any = "2026-04-01"
        lead = Lead(1, consents=consents)
        for ask in (
            lambda: contactable(lead, "email", as_of=wrong, zone=TOKYO),
            lambda: contactability(lead, as_of=wrong, zone=TOKYO),
        ):
            with pytest.raises(
                InvalidDataError, match=r"^as_of: must be a date or an aware datetime"
            ):
                ask()

    def test_a_consent_without_day_is_named(self) -> None:
        """An instant that falls on no day of the zone is refused, with its place."""
        last = Consent("email", True, datetime(9999, 12, 31, 23, tzinfo=UTC))
        with pytest.raises(InvalidDataError, match=r"^lead\.consents\.at: '9999-12-31T23"):
            answer(last)


class TestChannels:
    def test_all_channels_are_answered_in_their_order(self) -> None:
        """Every channel has its answer, the same as if it were asked alone."""
        lead = Lead(1, consents=[Consent("phone", True, at(1)), Consent("email", False, at(1))])
        found = contactability(lead, as_of=DAY, zone=TOKYO)
        assert tuple(found) == CHANNELS
        assert [one.channel for one in found.values()] == list(CHANNELS)
        assert [one.text() for one in found.values()] == [
            "not allowed",
            "allowed",
            "unknown",
            "unknown",
            "unknown",
        ]
        for channel in CHANNELS:
            assert found[channel] == contactable(lead, channel, as_of=DAY, zone=TOKYO)

    def test_those_of_whom_nothing_is_known_share_one_answer(self) -> None:
        """Leads without consents cost no objects: one answer serves all of them."""
        one = contactability(Lead(1), as_of=DAY, zone=TOKYO)
        assert one is contactability(Lead(2), as_of=date(2020, 1, 1), zone=PARIS)
        assert tuple(one) == CHANNELS
        assert {answer.allowed for answer in one.values()} == {None}

    @pytest.mark.parametrize(
        ("channel", "given"),
        [
            ("e-mail", "'e-mail'; did you mean 'email'?"),
            ("fax", "'fax'"),
            (["email"], "['email']"),
            (None, "None"),
        ],
    )
    def test_another_channel_is_refused(self, channel: Any, given: str) -> None:
        """A channel that does not exist is refused as a consent for it would be."""
        with pytest.raises(InvalidDataError) as caught:
            answer(channel=channel)
        message = f"must be one of email, phone, post, visit, web, not {given}"
        assert caught.value.problems == (Problem("choice", "channel", message),)

    def test_an_answer_is_a_value(self) -> None:
        """An answer hashes and pickles; its words do not matter to equality."""
        found = contactability(
            Lead(1, consents=[Consent("email", True, at(1))]), as_of=DAY, zone=TOKYO
        )
        assert pickle.loads(pickle.dumps(found)) == found
        assert hash(found["email"]) == hash(evolve(found["email"], because=BASES["consent"]))
        assert found["email"] == evolve(found["email"], because=BASES["consent"])


class TestLaws:
    @given(st.lists(CONSENTS, max_size=6), DAYS, st.data())
    def test_the_order_of_consents_does_not_matter(
        self, consents: list[Consent], as_of: date, data: st.DataObject
    ) -> None:
        """Law 4: Order does not matter, and an equal duplicate counts once."""
        expected = contactability(Lead(1, consents=consents), as_of=as_of, zone=TOKYO)
        shuffled = data.draw(st.permutations([*consents, *consents[:2]]))
        found = contactability(Lead(1, consents=shuffled), as_of=as_of, zone=TOKYO)
        assert found == expected
        assert [one.because for one in found.values()] == [one.because for one in expected.values()]

    @given(st.lists(CONSENTS, max_size=6), DAYS, st.sampled_from([TOKYO, PARIS]))
    def test_later_consents_change_nothing(
        self, consents: list[Consent], as_of: date, zone: Any
    ) -> None:
        """Law 5: The future does not change the past."""
        until = [consent for consent in consents if local_day(consent.at, zone) <= as_of]
        known = contactability(Lead(1, consents=until), as_of=as_of, zone=zone)
        found = contactability(Lead(1, consents=consents), as_of=as_of, zone=zone)
        assert found == known
        assert [one.because for one in found.values()] == [one.because for one in known.values()]

    @given(st.lists(CONSENTS, max_size=6), DAYS, st.sampled_from(CHANNELS))
    def test_an_opt_out_changes_its_channel_alone(
        self, consents: list[Consent], as_of: date, channel: Channel
    ) -> None:
        """An opt-out of the day itself forbids its channel, and leaves the others as they were."""
        before = contactability(Lead(1, consents=consents), as_of=as_of, zone=TOKYO)
        end_of_day = datetime(as_of.year, as_of.month, as_of.day, 23, 59, tzinfo=TOKYO)
        lead = Lead(1, consents=[*consents, Consent(channel, False, end_of_day)])
        after = contactability(lead, as_of=as_of, zone=TOKYO)
        assert after[channel].allowed is False
        assert after[channel].since == as_of
        assert {**after, channel: before[channel]} == before

    @given(st.lists(CONSENTS, max_size=6), DAYS)
    def test_the_last_word_decides(self, consents: list[Consent], as_of: date) -> None:
        """What was said last, in the order of instants and with opt-outs last, is the answer."""
        expected: dict[str, bool | None] = dict.fromkeys(CHANNELS)
        for said in sorted(consents, key=lambda said: (said.at.timestamp(), not said.granted)):
            if local_day(said.at, TOKYO) <= as_of:
                expected[said.channel] = said.granted
        found = contactability(Lead(1, consents=consents), as_of=as_of, zone=TOKYO)
        assert {channel: one.allowed for channel, one in found.items()} == expected


def test_every_channel_has_a_name_in_both_languages() -> None:
    """In the order in which records name them."""
    assert tuple(LABELS) == CHANNELS
    assert [label.ja for label in LABELS.values()] == ["メール", "電話", "郵送", "訪問", "Web"]
