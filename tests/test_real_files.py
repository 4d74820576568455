"""The files by which Salesforce's own Data Loader is tested: each is read, or refused and why.

They are about the form of files, not about marketing: encodings and marks, separators, quotes, days
with and without zones.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from mpfunnel import sources
from mpfunnel.errors import DecodeError
from tests.reading import read_files

FOLDER: Final = "salesforce_dataloader"
THREE: Final = {"id": "column1", "name": "column2", "region": "column3"}
ROWS: Final = [("row1-1", "row1-2", "row1-3"), ("row2-1", "row2-2", "row2-3")]


def companies(shared_data: Path, file: Any, fields: Any, **more: Any) -> sources.Records:
    """Read a file as companies, as rows and as tables alike."""
    data = {"files": {"f": file}, "companies": {"file": "f", "fields": fields}, **more}
    return read_files(data, shared_data / FOLDER)


def people(shared_data: Path, file: str, **field: Any) -> sources.Records:
    """Read a file as people of whom is known when they were created."""
    fields = {"id": "Name", "created_at": {"column": "Date", **field}}
    return read_files(
        {"files": {"f": file}, "leads": {"file": "f", "fields": fields}}, shared_data / FOLDER
    )


def accounts(shared_data: Path, file: str, default: str = "", **date_field: Any) -> sources.Records:
    """Read a file of accounts with a time and a day, as people with an attribute."""
    data: dict[str, Any] = {
        "files": {"f": file},
        "leads": {
            "file": "f",
            "fields": {"id": "ACCOUNTNUMBER__C"},
            "attributes": {"day": {"column": "DATE_ONLY", "type": "date"}},
        },
    }
    if date_field:
        data["leads"]["fields"]["created_at"] = {"column": "DATE", **date_field}
    if default:
        data["defaults"] = {"zone": default}
    return read_files(data, shared_data / FOLDER)


def refusal(shared_data: Path, file: Any) -> str:
    """Why a file with the three columns is refused as a whole."""
    with pytest.raises(DecodeError) as caught:
        companies(shared_data, file, THREE)
    return str(caught.value)


def told(records: sources.Records) -> list[tuple[int, str]]:
    """The line of each reject, and why."""
    return [(reject.line, reject.reason) for reject in records.rejects]


def test_every_file_has_a_test(shared_data: Path) -> None:
    """None of them is passed over."""
    names = {path.name for path in (shared_data / FOLDER).glob("*.csv")}
    assert names == {
        *("accountData.csv", "opportunityData.csv", "insertAccountCsv.csv"),
        *("csvEscapedQuotes.csv", "csvSeparator.csv", "csvtext.csv", "csvtext_BOM_UTF8.csv"),
        *("csvtext_BOM_UTF16BE.csv", "csvtext_BOM_UTF16LE.csv"),
        *("csvtext_BOM_UTF32BE.csv", "csvtext_BOM_UTF32LE.csv"),
        *("dateEndingInZ.csv", "dateOnlyWithTimeZone.csv", "dateUsingDefaultTimeZone.csv"),
        *("dateWithTimeZone.csv", "emptyFirstRowFieldValueInCsvTemplate.csv"),
        *("timeZoneFormatTesting.csv", "timeZoneFormatTestingWithErrors.csv"),
    }


# -- encodings --


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("csvtext.csv", "utf-8"),
        ("csvtext_BOM_UTF8.csv", "utf-8"),
        ("csvtext_BOM_UTF16BE.csv", "utf-16"),
        ("csvtext_BOM_UTF16LE.csv", "utf-16"),
        ("csvtext_BOM_UTF16BE.csv", "utf-16-be"),
        ("csvtext_BOM_UTF16LE.csv", "utf-16-le"),
    ],
)
def test_marks_and_encodings(shared_data: Path, name: str, encoding: str) -> None:
    """With or without a byte order mark, in the encoding stated or found out, the same rows."""
    for given in (encoding, ["utf-8", "utf-16"]):
        found = companies(shared_data, {"path": name, "encoding": given}, THREE)
        assert [(one.id, one.name, one.region) for one in found.companies] == ROWS
        assert found.rejects == ()


@pytest.mark.parametrize("name", ["csvtext_BOM_UTF32BE.csv", "csvtext_BOM_UTF32LE.csv"])
def test_a_mark_of_another_encoding_is_refused(shared_data: Path, name: str) -> None:
    """These hold UTF-32 behind the mark of UTF-16: in no encoding are they what they say."""
    found = {
        encoding: refusal(shared_data, {"path": name, "encoding": encoding})
        for encoding in ("utf-8", "utf-16", "utf-32", "utf-32-be", "utf-32-le")
    }
    for encoding, reason in found.items():
        expected = "has no byte order mark" if encoding == "utf-32" else f"line 1 is not {encoding}"
        assert reason.startswith(f"{name}: {expected}"), (encoding, reason)


def test_letters_beyond_ascii(shared_data: Path) -> None:
    """In UTF-8 the rows with é and º are rejected, each with its line; in cp1252 all are read."""
    fields = {"id": "ID", "name": "NAME", "region": "BILLINGSTREET"}
    found = companies(shared_data, "accountData.csv", fields)
    wrong = "has bytes outside the file's encoding; state its encoding"
    assert [(one.line, one.column) for one in found.rejects] == [
        (72, "BILLINGSTREET"),
        (87, "NAME"),
        (361, "BILLINGSTREET"),
        (375, "NAME"),
    ]
    assert all(one.reason.endswith(wrong) for one in found.rejects)
    for encoding in ("cp1252", ["utf-8", "cp1252"]):
        file = {"path": "accountData.csv", "encoding": encoding}
        found = companies(shared_data, file, fields)
        assert (len(found.companies), found.rejects) == (423, ())
        assert "Pébéo of America" in {one.name for one in found.companies}


# -- separators and quotes --


def test_other_separators(shared_data: Path) -> None:
    """The same file by commas and by exclamation marks; of several the one that has the columns."""
    comma = {"id": "column1", "name": "column2!some", "region": "column3"}
    mark = {"id": "column1,column2", "name": "some,column3"}
    file: dict[str, Any] = {"path": "csvSeparator.csv", "separator": "!"}
    assert [(one.id, one.name) for one in companies(shared_data, file, mark).companies] == [
        ("col11,col12", "somev1,col13"),
        ("col21,col22", "somev2,col23"),
    ]
    for given in (",", [",", "!"]):
        file = {"path": "csvSeparator.csv", "separator": given}
        (first, _second) = companies(shared_data, file, comma).companies
        assert (first.id, first.name, first.region) == ("col11", "col12!somev1", "col13")
    file = {"path": "csvSeparator.csv", "separator": ["!", ","]}
    assert len(companies(shared_data, file, mark).companies) == 2


def test_quotes_within_quotes(shared_data: Path) -> None:
    """A quote within a cell is written twice, at its beginning too."""
    fields = {"id": "column1", "name": "column2"}
    found = companies(shared_data, "csvEscapedQuotes.csv", fields)
    assert [one.id for one in found.companies] == ['"The Best" Account', 'The "Best" Account']


def test_a_blank_cell_at_the_end(shared_data: Path) -> None:
    """A first row whose last cell is empty has it empty, and is as long as the header."""
    fields = {"id": "ID", "name": "NAME", "region": "WEBSITE"}
    found = companies(shared_data, "emptyFirstRowFieldValueInCsvTemplate.csv", fields)
    assert [one.region for one in found.companies] == [None, "updated"]


# -- days and zones --


def test_a_time_that_states_utc(shared_data: Path) -> None:
    """``Z`` is a zone; a day of it needs one in which it is a day."""
    (lead,) = accounts(shared_data, "dateEndingInZ.csv", "UTC", date_formats=["iso"]).leads
    assert lead.created_at == datetime(2010, 10, 14, 12, tzinfo=UTC)
    assert lead.attributes["day"] == date(2010, 10, 14)
    ((line, reason),) = told(accounts(shared_data, "dateEndingInZ.csv"))
    assert line == 2
    assert reason.startswith("DATE_ONLY '2010-10-14T12:00:00.000Z': is an instant; state a zone")


def test_a_day_with_and_without_zone(shared_data: Path) -> None:
    """Midnight in UTC is the day before in New York; midnight without a zone is its day."""
    found = accounts(shared_data, "dateOnlyWithTimeZone.csv", "America/New_York")
    assert [one.attributes["day"] for one in found.leads] == [
        date(2010, 10, 13),
        date(2010, 10, 14),
    ]
    assert [line for line, _why in told(accounts(shared_data, "dateOnlyWithTimeZone.csv"))] == [2]


def test_a_time_without_zone(shared_data: Path) -> None:
    """It is in the zone of the mapping; without one it is refused."""
    file = "dateUsingDefaultTimeZone.csv"
    (lead,) = accounts(shared_data, file, zone="Asia/Tokyo").leads
    assert lead.created_at == datetime(2010, 10, 14, 3, tzinfo=UTC)
    (reject,) = told(accounts(shared_data, file, date_formats=["iso"]))
    assert reject == (
        2,
        "DATE '2010-10-14T12:00:00.000': has no time zone; state a zone in the mapping",
    )


def test_a_zone_behind_a_zone(shared_data: Path) -> None:
    """``Z-0300`` is no ISO time; a stated format reads it."""
    file = "dateWithTimeZone.csv"
    (reject, _other) = told(accounts(shared_data, file, "UTC", date_formats=["iso"]))
    assert reject == (
        2,
        "DATE '2010-10-14T12:00:00.000Z-0300': is not a date in a stated format: iso",
    )
    found = accounts(shared_data, file, "UTC", date_formats=["%Y-%m-%dT%H:%M:%S.%fZ%z"])
    assert {one.created_at for one in found.leads} == {datetime(2010, 10, 14, 15, tzinfo=UTC)}


FORMATS: Final = ["iso", "%m/%d/%Y %H:%M:%S%z", "%m/%d/%YT%H:%M:%S%z"]


def test_formats_side_by_side(shared_data: Path) -> None:
    """American and ISO days, with a blank or a T: twelve rows are six instants, twice each."""
    found = people(shared_data, "timeZoneFormatTesting.csv", date_formats=FORMATS)
    assert found.rejects == ()
    at = {str(one.id): one.created_at for one in found.leads}
    assert len(at) == 12
    assert all(at[name] == at[f"{name}T"] for name in "ABCDEF")
    assert at["A"] == datetime(2009, 7, 14, 18, 14, 45, tzinfo=UTC)
    assert at["B"] == datetime(2009, 7, 14, 6, 14, 45, tzinfo=UTC)
    assert at["C"] == at["F"] == datetime(2009, 7, 14, 12, 14, 45, tzinfo=UTC)
    # Without the American formats, the six rows that have them are told.
    found = people(shared_data, "timeZoneFormatTesting.csv")
    assert [line for line, _why in told(found)] == [2, 3, 4, 8, 9, 10]


def test_days_that_are_none(shared_data: Path) -> None:
    """Backslashes, and slashes mixed with dashes: rejected with line and reason, all else read."""
    found = people(shared_data, "timeZoneFormatTestingWithErrors.csv", date_formats=FORMATS)
    wrong = f"is not a date in a stated format: {', '.join(FORMATS)}"
    assert told(found) == [
        (3, f"Date '2009\\\\7\\\\14 22:14:45+0800': {wrong}"),
        (4, f"Date '2009-07/14 02:14:45-0800': {wrong}"),
    ]
    assert [one.id for one in found.leads] == ["A", "B", "C", "F"]


# -- whole objects --

ACCOUNT: Final = {
    "id": "ID",
    "name": "NAME",
    "domains": "WEBSITE",
    "industry": "INDUSTRY",
    "employees": "NUMBEROFEMPLOYEES",
    "annual_revenue": "ANNUALREVENUE",
    "country": "BILLINGCOUNTRY",
    "parent_id": "PARENTID",
}


def test_accounts_as_data_loader_writes_them(shared_data: Path) -> None:
    """Large amounts have powers of ten; without leave to read them their rows are told."""
    file = {"path": "accountData.csv", "encoding": "cp1252"}
    found = companies(shared_data, file, ACCOUNT)
    hint = "is not a number; exponents = true reads powers of ten"
    assert [why for _line, why in told(found)] == [
        f"ANNUALREVENUE '6.0E7': {hint}",
        f"ANNUALREVENUE '8.48E10': {hint}",
    ]
    found = companies(shared_data, file, ACCOUNT, defaults={"exponents": True})
    assert (len(found.companies), found.rejects) == (423, ())
    revenues = {one.annual_revenue for one in found.companies} - {None}
    assert revenues == {60_000_000, 84_800_000_000}


def test_opportunities_join_their_accounts(shared_data: Path) -> None:
    """All 38 are of one of the 423 accounts; 8 are won, and the others have not closed yet."""
    data = {
        "files": {
            "accounts": {"path": "accountData.csv", "encoding": "cp1252"},
            "opportunities": "opportunityData.csv",
        },
        "defaults": {"zone": "UTC", "exponents": True},
        "companies": {"file": "accounts", "fields": ACCOUNT},
        "deals": {
            "file": "opportunities",
            "fields": {
                "id": "ID",
                "company_id": "ACCOUNTID",
                "opened_at": "CREATEDDATE",
                "amount": "AMOUNT",
                "closed_at": {"column": "CLOSEDATE", "when": {"column": "ISCLOSED", "is": "true"}},
                "status": {
                    "columns": ["ISCLOSED", "ISWON"],
                    "strict": True,
                    "values": {"false false": "open", "true true": "won", "true false": "lost"},
                },
            },
        },
    }
    found = read_files(data, shared_data / FOLDER)
    (_companies, count) = found.counts
    assert count.rows == 38 == count.used
    assert Counter(deal.status for deal in found.deals) == {"open": 30, "won": 8}
    assert {deal.closed_at is None for deal in found.deals if deal.status == "open"} == {True}


def test_a_hundred_accounts_to_insert(shared_data: Path) -> None:
    """Rows that have no id yet are known by a number of their own firm."""
    fields = {"id": "ACCOUNTNUMBER__C", "name": "NAME", "annual_revenue": "ANNUALREVENUE"}
    found = companies(shared_data, "insertAccountCsv.csv", fields)
    assert (len(found.companies), found.rejects) == (100, ())
    assert found.companies[99].annual_revenue == 99_000
