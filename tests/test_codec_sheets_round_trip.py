"""A playbook survives spreadsheets: random tables, nasty keys and labels, every form of cell."""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mpfunnel.codec import dump, load, loaded, to_data
from mpfunnel.engine import Engine
from mpfunnel.facts import company
from mpfunnel.files import FORMULA
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.rules.tables import Rule
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier, TierTable
from tests.leads import BOOKS, book_of, draw_account, draw_as_of
from tests.test_codec_round_trip import KINDS_OF_TIERS, labels_of, playbooks, rows

KINDS: Any = ("csv", "xlsx")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a test."""
    return tmp_path_factory.mktemp("sheets")


def cells_of(path: Path) -> list[str]:
    """All cells of a CSV file."""
    text = path.read_text(encoding="utf-8-sig")
    return [cell for row in csv.reader(StringIO(text, newline="")) for cell in row]


def check_survives(folder: Path, book: Playbook, kind: Any) -> str:
    """Write a playbook as a folder, and read it back; return the text of its file."""
    text = dump(book, folder / kind, sheets=kind)
    again = load(folder / kind, kinds=KINDS_OF_TIERS)
    assert again == book
    assert again.version == book.version
    assert labels_of(again) == labels_of(book)
    assert repr(to_data(again)) == repr(to_data(book))
    return text


class TestRoundTrip:
    @settings(max_examples=6)
    @given(book=playbooks(rows), kind=st.sampled_from(KINDS))
    def test_rows_are_the_same_after_a_spreadsheet(
        self, folder: Path, book: Playbook, kind: Any
    ) -> None:
        """Law 8: Round trip. Every table and scorecard of rows stands in a sheet, and survives."""
        text = check_survives(folder, book, kind)
        assert ".rules]]" not in text
        assert ".items]]" not in text

    @pytest.mark.bulk
    @settings(max_examples=150)
    @given(book=playbooks(rows), kind=st.sampled_from(KINDS))
    def test_many_rows_are_the_same_after_a_spreadsheet(
        self, folder: Path, book: Playbook, kind: Any
    ) -> None:
        """Law 8: Round trip. The same for many more playbooks."""
        assert ".rules]]" not in check_survives(folder, book, kind)

    @settings(max_examples=6)
    @given(book=playbooks(), kind=st.sampled_from(KINDS))
    def test_any_playbook_is_the_same_after_a_folder(
        self, folder: Path, book: Playbook, kind: Any
    ) -> None:
        """Law 8: Round trip. A table that is more than rows stays in the file; nothing is lost."""
        check_survives(folder, book, kind)

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_decides_equally(self, folder: Path, kind: Any) -> None:
        """Law 8: Round trip. An engine of the sheets gives the same answers and reasons."""
        book = evolve(book_of(3 % BOOKS), tiers=TierTable(RULES, Tier(4)))
        text = dump(book, folder / "decides", sheets=kind)
        assert '"tiers.*"' in text
        engines = [Engine(book), Engine(load(folder / "decides"))]
        random = Random(7)
        as_of = draw_as_of(random)
        for _ in range(10):
            account = draw_account(random, book, as_of)
            here, there = (engine.assess(account, as_of=as_of) for engine in engines)
            assert here == there
            assert here.rows() == there.rows()

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_playbook_gives_the_same_bytes(self, folder: Path, kind: Any) -> None:
        """Law 9: Same input, same bytes. Neither the clock nor the folder shows."""
        for name in ("one", "two"):
            dump(BOOK, folder / kind / name, sheets=kind)
        one, two = (
            {path.name: path.read_bytes() for path in (folder / kind / name).iterdir()}
            for name in ("one", "two")
        )
        assert one == two
        assert len(one) > 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_is_written_is_read_without_a_note(self, folder: Path, kind: Any) -> None:
        """What we write is canonical: nothing in it has to be folded."""
        dump(BOOK, folder / "noted", sheets=kind)
        assert loaded(folder / "noted").notes == ()


since = company.attribute("since", date, label=Label("customer since", "取引開始日"))
strange = company.attribute("[x]\n=1", int, label=Label("=cmd|x", "a / b (x)"))
RULES = [
    Rule(
        Tier(1), (company.employees >= 300) & company.industry.is_in("製造業", "小売業"), "makers"
    ),
    Rule(Tier(1), company.on_list("fy26"), "fy26", Label("on our list", "重点企業")),
    Rule(Tier(2), company.annual_revenue.between(10_000_000_000, 99_000_000_000), "middle"),
    Rule(Tier(2), (company.employees >= 100) & (since == date(2020, 4, 1)), "long"),
    Rule(Tier(3), (since < date(1899, 1, 1)) & (company.employees == 30), "old"),
    Rule(Tier(3), (since == date(1899, 1, 1)) & (strange == -5), "older"),
    *(
        Rule(Tier(3), strange.is_in(-5, number), text, Label(text, f"{text}!"))
        for number, text in enumerate(
            (
                "=1+1",
                "+1",
                "-1",
                "@SUM(A1)",
                "\t=1",
                "\r",
                "＝1",
                "'=1",
                ' k"',
                '"q"',
                "_x0041_",
                "0",
            )
        )
    ),
]
BOOK = evolve(starter(["crm"]), tiers=TierTable(RULES, Tier(4), Label("=later", "後で")))


class TestFormulas:
    def test_no_cell_of_a_csv_file_starts_a_formula(self, folder: Path) -> None:
        """Texts and negative numbers that begin as a formula does are written so that none does."""
        dump(BOOK, folder / "safe", sheets="csv")
        cells = cells_of(folder / "safe" / "tiers-all.csv")
        assert any("=1+1" in cell for cell in cells)
        assert not [cell for cell in cells if cell.startswith(FORMULA)]
        assert load(folder / "safe") == BOOK

    def test_no_cell_of_a_workbook_is_a_formula(self, folder: Path) -> None:
        """Law 8: Round trip. In a workbook such a text is a text, also once somebody edits it."""
        check_survives(folder, BOOK, "xlsx")
        with ZipFile(folder / "xlsx" / "tables.xlsx") as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
            styles = archive.read("xl/styles.xml").decode()
        assert "<f>" not in sheet
        quoted = [number for number, style in enumerate(STYLE.findall(styles)) if "quote" in style]
        for text, style in zip(TEXT.findall(sheet), PLACED.findall(sheet), strict=True):
            if text.startswith(FORMULA):
                assert int(style) in quoted, text


STYLE = re.compile(r"<xf [^>]*xfId[^>]*>")
PLACED = re.compile(r'<c r="[A-Z]+[0-9]+" s="([0-9]+)" t="inlineStr">')
TEXT = re.compile(r"<is><t[^>]*>([^<]*)</t></is>")
