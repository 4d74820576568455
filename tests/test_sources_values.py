"""Cells: numbers, days, instants, words and sets."""

# ruff: noqa: DTZ001 - times without zone are what cells hold

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel.sources import values as values_module
from mpfunnel.sources.kinds import Slot
from mpfunnel.sources.mapping import FieldMapping, Settings
from mpfunnel.sources.values import CellError, converter
from tests.reading import read_table


def convert(text: str, kind: Any, **given_parts: Any) -> Any:
    """Read one cell as a field of that type."""
    slot = Slot(
        kind,
        many=given_parts.pop("many", False),
        options=given_parts.pop("options", ()),
        ids_of=given_parts.pop("ids_of", ""),
    )
    names = {"normalise", "blank", "thousands", "decimal_mark", "exponents"}
    names |= {"date_formats", "zone"}
    chosen = {name: given_parts.pop(name) for name in names & given_parts.keys()}
    field = FieldMapping("f", "f", slot, settings=Settings(**chosen), **given_parts)
    return converter(field)(text)


def fault(text: str, kind: Any, **given_parts: Any) -> str:
    """The reason why a cell cannot be read."""
    with pytest.raises(CellError) as caught:
        convert(text, kind, **given_parts)
    assert text not in caught.value.reason
    return caught.value.reason


class TestNumbers:
    @given(
        st.decimals("-1e6", "1e6", allow_nan=False, places=4),
        st.integers(-12, 12),
        st.sampled_from(["E", "e", "E+"]),
    )
    def test_powers_of_ten_are_exact(self, number: Decimal, power: int, mark: str) -> None:
        """Law 9: A number with a power of ten is exact, where the mapping lets it have one."""
        text = f"{number:f}{mark if power >= 0 else 'E'}{power}"
        read = convert(text, "decimal", exponents=True)
        assert Fraction(read) == Fraction(number) * Fraction(10) ** power
        if power:
            assert "exponents = true" in fault(text, "decimal")

    @pytest.mark.parametrize("text", ["E5", "1E", "1E5000", "1E5.0", "1Ex", "1E+", "1E5E5", "x"])
    def test_half_a_power_of_ten_is_none(self, text: str) -> None:
        """Both the number and the power are needed, and a power has at most three digits."""
        assert fault(text, "decimal", exponents=True).startswith("is not a number")

    def test_powers_of_ten_have_bounds(self) -> None:
        """What has more than 40 digits once it is written out is no number of a CRM."""
        assert convert("1.5E39", "decimal", exponents=True) == Decimal("1.5E39")
        for text in ("1E40", "1E999", "1E-40"):
            assert fault(text, "decimal", exponents=True) == "has more than 40 digits"
        assert convert("8.48E10", "money", exponents=True) == 84_800_000_000

    def test_a_mapping_lets_numbers_have_powers_of_ten(self, tmp_path: Path) -> None:
        """For one field or for all, as with the other marks of numbers."""
        content = "id,e\n1,6.0E7\n"
        fields = {"employees": {"column": "e", "exponents": True}}
        (company,) = read_table(tmp_path, content, "companies", fields).companies
        assert company.employees == 60_000_000
        defaults = {"exponents": True}
        read = read_table(tmp_path, content, "companies", {"employees": "e"}, defaults=defaults)
        assert read.companies == (company,)

    @given(
        st.decimals(-(10**15), 10**15, allow_nan=False, places=6),
        st.decimals("1e-9", "1e9", allow_nan=False, places=9).filter(bool),
    )
    def test_scaling_is_exact(self, number: Decimal, scale: Decimal) -> None:
        """Law 9: a scaled number is the exact product, whatever the context of the thread."""
        read = convert(f"{number:f}", "decimal", scale=scale)
        assert Fraction(read) == Fraction(number) * Fraction(scale)

    @pytest.mark.parametrize(
        ("text", "thousands", "mark", "value"),
        [
            ("0", "", ".", 0),
            ("-12", "", ".", -12),
            ("+12", "", ".", 12),
            ("3.0", "", ".", 3),
            ("1,200", ",", ".", 1200),
            ("1200", ",", ".", 1200),
            ("12,345,678.00", ",", ".", 12345678),
            ("1.234,0", ".", ",", 1234),
        ],
    )
    def test_a_whole_number_is_read_as_it_is_written(
        self, text: str, thousands: str, mark: str, value: int
    ) -> None:
        """An integer is a number that is whole: 3.0 is what tools write that lack a blank int."""
        read = convert(text, "int", thousands=thousands, decimal_mark=mark)
        assert type(read) is int
        assert read == value

    @pytest.mark.parametrize("text", ["1,200", "", "x", "1e3", "0x1F", "1_000", ".5", "5.", "--1"])
    def test_what_is_no_plain_number_is_refused(self, text: str) -> None:
        """No separator, exponent, base or underscore is guessed; a blank cell is unknown."""
        if not text:
            assert convert(text, "int") is None
        else:
            assert "is not a number" in fault(text, "int")

    @pytest.mark.parametrize("text", ["1,20", "1200,000", "1,,200", ",200", "1,2000"])
    def test_groups_between_separators_have_three_digits(self, text: str) -> None:
        """A stated separator must stand where it belongs: 1,20 is more likely a decimal."""
        assert "not a number" in fault(text, "int", thousands=",")

    def test_a_refused_number_says_what_would_read_it(self) -> None:
        """The reason names the setting of the mapping that reads the cell."""
        assert "thousands = ','" in fault("1,200", "int")
        assert "normalise = ['nfkc']" in fault("１２", "int")
        assert "normalise = ['strip']" in fault(" 12", "int")
        assert fault("²", "int") == "is not a number; normalise = ['nfkc'] reads full-width digits"
        assert fault("十二", "int") == "is not a number"

    def test_full_width_digits_need_a_named_step(self) -> None:
        """S14: only a named step normalises text."""
        assert convert("１，２００", "int", normalise=("nfkc",), thousands=",") == 1200
        assert convert("１２", "int", normalise=("width",)) == 12

    def test_a_number_with_decimals_is_no_integer(self) -> None:
        """3.5 is refused where an integer is due, 1.5 thousand is 1500."""
        assert fault("3.5", "int") == "is not a whole number"
        assert convert("1.5", "int", scale=Decimal(1000)) == 1500

    @pytest.mark.parametrize("kind", ["int", "decimal", "money", "float"])
    def test_a_number_is_at_most_40_characters_long(self, kind: str) -> None:
        """A cell of a million digits is refused without being computed."""
        assert fault("9" * 1_000_000, kind) == "is longer than 40 characters"

    def test_an_integer_fits_in_64_bits(self) -> None:
        """S1: the bounds are those of every engine."""
        assert convert(str(2**63 - 1), "int") == 2**63 - 1
        assert fault(str(2**63), "int") == "must fit in 64 bits"
        assert convert(str(-(2**63)), "int", ids_of="leads") == -(2**63)
        assert fault(str(-(2**63) - 1), "int", ids_of="leads") == "must fit in 64 bits"

    @pytest.mark.parametrize("text", ["007", "3.0", "+3", "1,200", "x", "-0", "9" * 41])
    def test_an_integer_id_is_never_coerced(self, text: str) -> None:
        """S18: 007 and 7 are two ids, so only the shortest form is read as an integer."""
        assert "not an integer id" in fault(text, "int", ids_of="leads")

    def test_money_is_an_int_where_it_is_whole(self) -> None:
        """1100.04 millions are 1,100,040,000 whole units; cents stay a decimal."""
        read = convert("1100.04", "money", scale=Decimal(10**6))
        assert (type(read), read) == (int, 1_100_040_000)
        read = convert("0.10", "money")
        assert (type(read), read) == (Decimal, Decimal("0.1"))

    def test_a_float_is_the_nearest_one(self) -> None:
        """12.5 per cent are 0.125."""
        assert convert("12.5", "float", scale=Decimal("0.01")) == 0.125


TOKYO, NEW_YORK = "Asia/Tokyo", "America/New_York"

_NEAR_CHANGES = st.sampled_from([datetime(2024, 3, 10), datetime(2024, 11, 3)]).flatmap(
    lambda day: st.datetimes(day, day + timedelta(hours=4))
)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2024-03-13T10:21:14", datetime(2024, 3, 13, 1, 21, 14, tzinfo=UTC)),
            ("2024-03-13 10:21", datetime(2024, 3, 13, 1, 21, tzinfo=UTC)),
            ("20240313T102114", datetime(2024, 3, 13, 1, 21, 14, tzinfo=UTC)),
            ("2024-03-13T10:21:14Z", datetime(2024, 3, 13, 10, 21, 14, tzinfo=UTC)),
            ("2024-03-13T10:21:14.5-03:00", datetime(2024, 3, 13, 13, 21, 14, 500000, tzinfo=UTC)),
            ("2024-03-13", datetime(2024, 3, 12, 15, tzinfo=UTC)),
            ("20240313", datetime(2024, 3, 12, 15, tzinfo=UTC)),
            ("2024-03-13T10", datetime(2024, 3, 13, 1, tzinfo=UTC)),
            ("2024-03-13T1021", datetime(2024, 3, 13, 1, 21, tzinfo=UTC)),
            ("20240313 10:21", datetime(2024, 3, 13, 1, 21, tzinfo=UTC)),
            ("2024-03-13T24:00", datetime(2024, 3, 13, 15, tzinfo=UTC)),
            ("2024-03-13T102114,25z", datetime(2024, 3, 13, 10, 21, 14, 250000, tzinfo=UTC)),
            ("2024-03-13T10:21:14.1234567Z", datetime(2024, 3, 13, 10, 21, 14, 123456, tzinfo=UTC)),
            ("2024-03-13T10+01", datetime(2024, 3, 13, 9, tzinfo=UTC)),
            ("2024-03-13T10:21-0330", datetime(2024, 3, 13, 13, 51, tzinfo=UTC)),
        ],
    )
    def test_iso_times_are_read(self, text: str, instant: datetime) -> None:
        """S12: a time without zone is local, a day without time its local midnight."""
        assert convert(text, "instant", zone=TOKYO) == instant

    @pytest.mark.parametrize(
        "text",
        [
            "2024",
            "2024-03",
            "2024-W10",
            "2024-W10-1",
            "2024W101",
            "2024-073",
            "24-03-13",
            "2024-3-1",
            "03/13/2024",
            "2024-02-30",
            "2024-03-13x10:00",
            "2024-03-13T25:00",
            "２０２４-03-13",
            "20240313102114",
            "2024-0313",
            "1710325274",
            "yesterday",
            "2024-03-13T",
            "2024-03-13T10:00+25:00",
        ],
    )
    def test_what_states_no_full_day_is_refused(self, text: str) -> None:
        """S25: nothing is guessed, neither a missing month or day nor their order."""
        assert "not a date in a stated format: iso" in fault(text, "instant", zone=TOKYO)

    @pytest.mark.parametrize(
        "text",
        [
            "2026-10-31T 9:30",
            "2026-10-31  9:30",
            "2026-10-31T9:30",
            "2026-10-31T+9:30",
            "2026-10-31T10:0",
            "2026-10-31T10: 0",
            "2026-10-31T10:",
            "2026-10-31T100",
            "2026-10-31T10:00:0",
            "2026-10-31T10:00:",
            "2026-10-31T10:0000",
            "2026-10-31T1000:00",
            "2026-10-31T10:00:00:00",
            "2026-10-31T10:00:00.",
            "2026-10-31T10:00:00.5.5",
            "2026-10-31T10:00:00. 5",
            "2026-10-31T10:00.5",
            "2026-10-31T10.5",
            "2026-10-31T10:00+-1:00",
            "2026-10-31T10:00+ 1:00",
            "2026-10-31T10:00+1:00",
            "2026-10-31T10:00+01:0",
            "2026-10-31T10:00+01:",
            "2026-10-31T10:00+",
            "2026-10-31T10:00 +01:00",
            "2026-10-31T10:00Z+01:00",
            "2026-10-31T10:00ZZ",
            "2026-10-31T10:00 ",
            "2026-10-31T+01:00",
            "2026-10-31TZ",
            "2026-10-31 ",
            "2026-10-3 T10:00",
            "2026-1+-31",
        ],
    )
    def test_the_shape_of_a_time_is_checked_before_it_is_read(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """S25: python-dateutil 2.9 reads more shapes than 4.0, so no other shape reaches it."""
        lenient = datetime(2026, 10, 31)
        monkeypatch.setattr(values_module, "isoparse", lambda _: lenient)
        assert "not a date in a stated format: iso" in fault(text, "instant", zone=TOKYO)

    @given(st.text(st.sampled_from("0123456789-:T .,WZ+年a"), max_size=30))
    def test_no_text_breaks_the_reading_of_dates(self, text: str) -> None:
        """Whatever a cell holds, it is read or refused with a reason."""
        for kind in ("date", "instant"):
            try:
                read = convert(text, kind, zone=TOKYO, date_formats=("iso", "%Y年%m月%d日"))
            except CellError:
                continue
            assert read is None or isinstance(read, date)

    @given(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)) | _NEAR_CHANGES)
    def test_a_local_time_is_the_earlier_of_two_and_refused_where_there_is_none(
        self, naive: datetime
    ) -> None:
        """S12: ambiguous = the earlier, non-existent = reject, as a search over offsets finds."""
        zone = ZoneInfo(NEW_YORK)
        # In these years New York was 4 or 5 hours behind: whichever instant shows this time.
        instants = [naive.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in (4, 5)]
        meant = [at for at in instants if at.astimezone(zone).replace(tzinfo=None) == naive]
        text = naive.isoformat("T")
        if meant:
            read = convert(text, "instant", zone=NEW_YORK)
            assert read == meant[0]
        else:
            assert "does not exist" in fault(text, "instant", zone=NEW_YORK)

    def test_summer_time_in_two_cases(self) -> None:
        """S12: 1:30 came twice on 3 November 2024 in New York, 2:30 never on 10 March."""
        read = convert("2024-11-03 01:30", "instant", zone=NEW_YORK)
        assert read == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)
        reason = fault("2024-03-10 02:30", "instant", zone=NEW_YORK)
        assert reason == "does not exist in America/New_York: clocks skip it"

    def test_a_day_whose_midnight_is_skipped_begins_after_it(self) -> None:
        """S12: clocks in São Paulo went from 0:00 to 1:00 on 4 November 2018; the day exists."""
        read = convert("2018-11-04", "instant", zone="America/Sao_Paulo")
        assert read == datetime(2018, 11, 4, 3, tzinfo=UTC)

    def test_a_time_without_zone_needs_one(self) -> None:
        """S12: naive times are refused unless the mapping states their zone."""
        assert fault("2024-03-13 10:00", "instant") == (
            "has no time zone; state a zone in the mapping"
        )

    def test_the_list_of_formats_is_tried_in_order(self) -> None:
        """S25: the first format that fits reads the cell."""
        forms = ("%d/%m/%Y", "%m/%d/%Y", "%Y年%m月%d日", "%d.%m.%Y %H:%M %z")
        assert convert("03/04/2024", "date", date_formats=forms) == date(2024, 4, 3)
        assert convert("04/13/2024", "date", date_formats=forms) == date(2024, 4, 13)
        assert convert("2024年4月3日", "date", date_formats=forms) == date(2024, 4, 3)
        read = convert("03.04.2024 09:00 +0900", "instant", date_formats=forms)
        assert read == datetime(2024, 4, 3, tzinfo=UTC)
        assert "%d/%m/%Y, %m/%d/%Y" in fault("2024-04-03", "date", date_formats=forms)

    def test_a_date_is_the_local_day_of_an_instant(self) -> None:
        """S12: 20:00 UTC is the next day in Tokyo; a naive time has the day that it writes."""
        assert convert("2024-03-13T20:00Z", "date", zone=TOKYO) == date(2024, 3, 14)
        assert convert("2024-03-13T20:00", "date") == date(2024, 3, 13)
        assert convert("2024-03-13", "date") == date(2024, 3, 13)
        assert "state a zone" in fault("2024-03-13T20:00Z", "date")

    @pytest.mark.parametrize("kind", ["date", "instant"])
    def test_the_end_of_time_is_refused(self, kind: str) -> None:
        """An instant whose day lies beyond the year 9999 is a reject, no crash."""
        text = "9999-12-31T23:00Z" if kind == "date" else "9999-12-31T23:00"
        zone = TOKYO if kind == "date" else NEW_YORK
        assert "is beyond the years 1 to 9999" in fault(text, kind, zone=zone)
        assert convert("9999-12-31", kind, zone=TOKYO) is not None


class TestTexts:
    @pytest.mark.parametrize(
        ("steps", "text", "result"),
        [
            ((), " Ａ b ", " Ａ b "),
            (("strip",), " Ａ b ", "Ａ b"),
            (("nfkc",), "㈱Ａｶﾞ①", "(株)Aガ1"),
            (("width",), "㈱Ａｶﾞ①　！", "㈱Aガ① !"),
            (("lower",), "ＡB", "ａb"),
            (("upper",), "ａb", "ＡB"),
            (("width", "lower", "strip"), "　ＧＴＸ　Ｐｒｏ ", "gtx pro"),
        ],
    )
    def test_text_is_changed_by_named_steps_only(
        self, steps: tuple[str, ...], text: str, result: str
    ) -> None:
        """S14: text is kept as the file has it, unless the mapping names a step."""
        assert convert(text, "text", normalise=steps) == result

    def test_blank_is_unknown(self) -> None:
        """S1: blank text is missing at every door, and so are the stated words."""
        assert convert("", "text") is None
        assert convert(" 　\t", "text") is None
        assert convert("N/A", "text", blank=frozenset({"N/A"})) is None
        assert convert("n/a", "text", blank=frozenset({"N/A"})) == "n/a"

    def test_a_value_map_replaces_what_it_lists(self) -> None:
        """A text in the map is replaced, '' as a value means unknown, as a key the blank cell."""
        values = {"GTXPro": "GTX Pro", "-": "", "": "none"}
        assert convert("GTXPro", "text", values=values) == "GTX Pro"
        assert convert("MG", "text", values=values) == "MG"
        assert convert("-", "text", values=values) is None
        assert convert(" ", "text", values=values) == "none"

    def test_a_strict_value_map_refuses_the_rest(self) -> None:
        """A value that a strict map does not list is refused with the nearest; blank is not."""
        values = {"Won": "won", "Lost": "lost"}
        assert fault("Wonn", "text", values=values, strict=True) == (
            "is not in the value map; did you mean 'Won'?"
        )
        assert convert("", "text", values=values, strict=True) is None

    def test_options_are_named_where_a_value_is_none_of_them(self) -> None:
        """The reason lists what is possible, and the nearest or the way to map it."""
        options = ("open", "won", "lost")
        assert convert("won", "text", options=options) == "won"
        assert fault("Wonn", "text", options=options).endswith("did you mean 'won'?")
        assert fault("受注", "text", options=options).endswith("; map it with 'values'")

    def test_true_and_false_are_stated_words(self) -> None:
        """Only the stated words are read, in their case."""
        words = {"truths": frozenset({"yes", "1"}), "falses": frozenset({"no"})}
        assert convert("yes", "bool", **words) is True
        assert convert("no", "bool", **words) is False
        assert convert("", "bool", **words) is None
        assert fault("Yes", "bool", **words) == "must be one of 1, no, yes; did you mean 'yes'?"

    def test_a_cell_is_split_by_a_stated_text(self) -> None:
        """Blank items are none, each item goes through the steps and the map."""
        parts = {"many": True, "split": ";", "normalise": ("strip",), "values": {"b": "B"}}
        assert convert("a; b;;a", "text", **parts) == frozenset({"a", "B"})
        assert convert(" ; ", "text", **parts) is None
        assert convert("a;b", "text", many=True) == frozenset({"a;b"})


def test_a_name_may_be_composed_of_columns(tmp_path: Path) -> None:
    """Parts are joined by one space and blank ones left out; all blank is unknown."""
    content = "id,last,first\n1,山田,太郎\n2,鈴木,\n3,,\n"
    fields = {"name": {"columns": ["last", "first"]}}
    read = read_table(tmp_path, content, "leads", fields)
    assert [lead.name for lead in read.leads] == ["山田 太郎", "鈴木", None]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.text(st.sampled_from("a|\\"), max_size=3), st.text(st.sampled_from("a|\\"))),
        unique=True,
        min_size=1,
    )
)
def test_composed_ids_are_equal_only_if_all_parts_are(
    tmp_path: Path, parts: list[tuple[str, str]]
) -> None:
    """Different cells never give the same composed id."""
    content = "x,y\n" + "".join(f"{x},{y}\n" for x, y in parts)
    read = read_table(tmp_path, content, "companies", {"id": {"columns": ["x", "y"]}})
    given_ids = [pair for pair in parts if any(pair)]
    assert len({company.id for company in read.companies}) == len(given_ids)
    assert all(reject.code == "missing" for reject in read.rejects)
