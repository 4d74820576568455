"""What sheets say: headers, units, labels, notes, and what is left out of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.codec import beyond_sheets, dump, from_data, load, loaded, to_data
from mpfunnel.errors import DecodeError, MissingExtraError, PlaybookError
from mpfunnel.facts import company, product, pursuit
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.records import Product
from mpfunnel.rules.conditions import All, Condition
from mpfunnel.rules.tables import Band, DecisionTable, Rule, ScoreItem
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.starters import starter
from mpfunnel.synergy import Synergy
from mpfunnel.tiers import Tier, TierScorecard, TierTable
from tests.sheets import csv, folder, raw_book, sheet, with_part, workbook
from tests.test_codec_sheets_round_trip import BOOK

Make = Callable[[Path], Path]


def rules(make: Make, home: Path) -> tuple[Rule[Tier], ...]:
    """The rules of Tiers that a folder holds."""
    policy = load(make(home)).tiers["crm"]
    assert isinstance(policy, TierTable)
    return policy.rules


def one_rule(header: str, cell: str, more: str = "") -> Make:
    """A CSV file with one condition."""
    name, text = (f'"{one}"' if "," in one else one for one in (header, cell))
    entry = f'[sheets]\n"tiers.*" = {{ file = "t.csv" }}\n{more}'
    return folder(entry, t_csv=f"key,{name},tier\na,{text},1\notherwise,,2\n")


revenue = company.annual_revenue
PLANTS = (
    '[attributes.company.plants]\ntype = "int"\nlabel = { en = "plants (all)", ja = "工場数" }\n'
)
plants = company.attribute("plants", int)


class TestHeaders:
    @pytest.mark.parametrize(
        ("header", "cell", "when"),
        [
            ("employees", "300", company.employees == 300),
            ("company.employees", "300以上", company.employees >= 300),
            ("従業員数", "１００〜２９９", company.employees.between(100, 299)),
            ("ＥＭＰＬＯＹＥＥＳ", "300", company.employees == 300),
            ("従業員数（人）", "300人以上", company.employees >= 300),
            ("従業員数（千人）", "1以上", company.employees >= 1000),
            ("employees (thousand people)", ">= 1.5", company.employees >= 1500),
            ("売上高（百万円）", "300以上", revenue >= 300_000_000),
            ("売上高 (億円)", "[1..10)", (revenue >= 10**8) & (revenue < 10**9)),
            ("annual revenue (million yen)", "< 0.5", revenue < 500_000),
            ("Annual_Revenue （JPY million）", "1", revenue == 1_000_000),
            ("annual revenue (billion JPY)", "1", revenue == 10**9),
            ("whatever / 売上高（千円）/ (x) [annual_revenue]", "1", revenue == 1_000),
            ("成長率（%）", ">= 10", company.growth_rate >= 0.1),
            ("growth rate [company.growth_rate]", ">= 10", company.growth_rate >= 10),
            ("業種", "製造業、小売業", company.industry.is_in("製造業", "小売業")),
            ("業種", "空欄", company.industry.is_missing()),
            ("業種", "-", All(())),
        ],
    )  # fmt: skip
    def test_a_column_is_named_as_people_name_it(
        self, tmp_path: Path, header: str, cell: str, when: Condition
    ) -> None:
        """By key or label, in either language and width, with the unit in which it counts."""
        if "(x)" in header:
            header = header.replace("/ (x) ", "")
        (rule,) = rules(one_rule(header, cell), tmp_path)
        assert rule.when == when

    @pytest.mark.parametrize(
        "header", ["plants", "工場数", "plants (all)", "工場数 / plants (all) [plants]"]
    )
    def test_a_label_may_end_in_parentheses(self, tmp_path: Path, header: str) -> None:
        """What stands in parentheses is a unit only where it is no part of the label."""
        (rule,) = rules(one_rule(header, "3", PLANTS), tmp_path)
        assert rule.when == (plants == 3)

    @pytest.mark.parametrize(
        ("unit", "times"), [("百万円", 10**6), ("千人", 1000), ("thousand", 1000), ("万", 10**4)]
    )
    def test_an_attribute_may_count_anything(self, tmp_path: Path, unit: str, times: int) -> None:
        """Nobody declares the unit of an attribute, so that any that is known will do."""
        (rule,) = rules(one_rule(f"工場数（{unit}）", "3", PLANTS), tmp_path)
        assert rule.when == (plants == 3 * times)

    def test_money_is_in_the_currency_of_the_playbook(self, tmp_path: Path) -> None:
        """Another currency has other names, or its code where it has none."""
        for currency, unit in (("USD", "million dollars"), ("CHF", "CHF million")):
            make = one_rule(f"annual revenue ({unit})", "3")
            text = (make(tmp_path) / "playbook.toml").read_text(encoding="utf-8")
            text = text.replace('currency = "JPY"', f'currency = "{currency}"')
            (tmp_path / "playbook.toml").write_text(text, encoding="utf-8")
            policy: Any = load(tmp_path).tiers["crm"]
            assert policy.rules[0].when == (revenue == 3_000_000)
            dump(load(tmp_path), tmp_path / currency, sheets="csv")
            header = (tmp_path / currency / "tiers-all.csv").read_text(encoding="utf-8-sig")
            assert f"annual revenue (million {unit.replace('million', '').strip()})" in header

    def test_a_column_may_stand_there_twice(self, tmp_path: Path) -> None:
        """Both conditions hold, in the order of their columns."""
        make = csv("key,employees,業種,employees,tier\na,>= 300,製造業,< 500,1\notherwise,,,,2\n")
        (rule,) = rules(make, tmp_path)
        expected = (company.employees >= 300, company.industry == "製造業", company.employees < 500)
        assert rule.when == All(expected)

    def test_reasons_stand_in_one_language_or_in_both(self, tmp_path: Path) -> None:
        """One column for both, or one for each; a blank reason is the condition in words."""
        both = csv('key,employees,tier,理由\na,1,1,"""大"" と ""小"""\nb,2,1,\notherwise,,2,他\n')
        first, second = rules(both, tmp_path)
        assert first.because == Label('"大" と "小"')
        assert second.because == Label("employees 2 people", "従業員数 2人")
        each = csv("key,tier,because (en),理由（日本語）\na,1,large,大手\nb,1,,小\notherwise,2,,\n")
        first, second = rules(each, tmp_path)
        assert first.because == Label("large", "大手")
        assert second.because == Label("小")


class TestRows:
    def test_the_only_sheet_need_not_be_named(self, tmp_path: Path) -> None:
        """Where there are several, it has to be."""
        raw = raw_book(
            [("tier", "key"), (2, "otherwise")],
            lambda page: page.parent.remove(page.parent["other"]),
        )
        make = folder('[sheets]\n"tiers.*" = { file = "t.xlsx" }\n', t_xlsx=raw)
        assert rules(make, tmp_path) == ()

    def test_files_of_every_encoding_are_read(self, tmp_path: Path) -> None:
        """UTF-8 with and without its mark, UTF-16 as Excel writes it with tabs, and cp932."""
        text = "key,業種,tier\na,製造業,1\notherwise,,2\n"
        for make in (
            csv(text),
            csv(text.encode("utf-8-sig")),
            csv(text.replace("\n", "\r\n")),
            csv(text.replace(",", "\t").encode("utf-16")),
            csv(b"\xfe\xff" + text.encode("utf-16-be")),
            csv(text.encode("cp932"), 'encoding = "cp932"'),
            csv(text.encode("utf-8-sig"), 'encoding = "cp932"'),
        ):
            (rule,) = rules(make, tmp_path)
            assert rule.when == (company.industry == "製造業")

    def test_blank_rows_and_columns_are_skipped(self, tmp_path: Path) -> None:
        """Blank rows above, between and below, and blank cells past the header."""
        make = csv(",,,\nkey,employees,tier\n\na,3,1,,\n , ,\notherwise,,2\n\n")
        (rule,) = rules(make, tmp_path)
        assert (rule.key, rule.when) == ("a", company.employees == 3)

    def test_a_table_may_share_a_sheet_and_leave_its_otherwise_to_the_file(
        self, tmp_path: Path
    ) -> None:
        """Each sheet is read once, and what it does not hold stands in the file."""
        make = folder(
            '[sheets]\n"tiers.crm" = { file = "t.csv" }\n"tiers.sfa" = { file = "t.csv" }\n'
            "[tiers.crm]\notherwise = 3\n[tiers.sfa]\notherwise = 4\n",
            t_csv="employees,tier\n300,1\n",
        )
        crm, sfa = (load(make(tmp_path)).tiers[key] for key in ("crm", "sfa"))
        assert isinstance(crm, TierTable)
        assert isinstance(sfa, TierTable)
        assert crm.rules == sfa.rules
        assert (crm.otherwise, sfa.otherwise) == (Tier(3), Tier(4))

    def test_outcomes_are_keys_or_what_people_call_them(self, tmp_path: Path) -> None:
        """Tier 1 is 1, and 商談中 the state that is called so; a key goes before a label."""
        make = csv("key,employees,Tier\na,1,Tier 1\nb,2,１\nc,3,tier_2\notherwise,,３\n")
        assert [str(rule.outcome) for rule in rules(make, tmp_path)] == [
            "Tier 1",
            "Tier 1",
            "Tier 2",
        ]
        book = with_tables(
            funnel=[Rule(stage, pursuit.started.is_true()) for stage in BOOK.funnel.ladder]
        )
        dump(book, tmp_path, sheets="csv")
        path = tmp_path / "stages.csv"
        text = path.read_text(encoding="utf-8").replace(",customer,", ",受注,")
        path.write_text(text.replace(",known,", ",保有リード,"), encoding="utf-8")
        assert load(tmp_path) == book

    def test_a_label_of_two_outcomes_is_refused(self, tmp_path: Path) -> None:
        """Whose it is cannot be known."""
        book = with_tables(segments=[("a", "big"), ("b", "big"), ("big one", "other")])
        dump(book, tmp_path, sheets="csv")
        assert load(tmp_path) == book
        path = tmp_path / "segments.csv"
        text = path.read_text(encoding="utf-8").replace(",a,", ",Big,")
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DecodeError) as caught:
            load(tmp_path)
        line = "segments.csv!C2: 'Big' can mean 'a' or 'b'; write one of them"
        assert str(caught.value).split("\n")[0] == line

    def test_a_key_that_is_called_like_another_is_told_apart(self, tmp_path: Path) -> None:
        """Law 8: Round trip. A key that is the label of another stands in quotes."""
        book = with_tables(segments=[("a", "large"), ("large", "a"), ("large", "")])
        dump(book, tmp_path, sheets="csv")
        assert load(tmp_path) == book
        undeclared = with_tables(segments=[("a", "large"), ("large", "")])
        dump(undeclared, tmp_path, sheets="csv")
        assert load(tmp_path) == undeclared

    def test_what_is_hidden_counts_and_is_noted(self, tmp_path: Path) -> None:
        """A filter must not change who is Tier 1; so hidden rows count, and it is said."""

        def hide(page: Any) -> None:
            page.row_dimensions[2].hidden = True
            page.row_dimensions[99].hidden = True
            page.column_dimensions["A"].hidden = True

        rows = (("employees", "tier", "key"), ("300以上", 1, "a"), (None, 2, "otherwise"))
        found = loaded(sheet(*rows, change=hide)(tmp_path))
        assert [str(note) for note in found.notes] == [
            "t.xlsx!crm!2: is a hidden row, and counts all the same",
            "t.xlsx!crm!A: is a hidden column, and counts all the same",
            "t.xlsx!crm!A2: read as >= 300",
        ]
        assert len(found.playbook.tiers) == 2

    def test_cells_of_excel_are_read_by_their_type(self, tmp_path: Path) -> None:
        """Numbers, yes and no, and days of Excel are values; so is a percentage."""
        more = "".join(
            f'[attributes.company.{name}]\ntype = "{kind}"\n'
            for name, kind in (("since", "date"), ("listed", "bool"), ("ratio", "decimal"))
        )

        def formats(page: Any) -> None:
            page["A2"].number_format = "yyyy-mm-dd hh:mm"
            page["C2"].number_format = "0%"

        raw = raw_book(
            [
                ("since", "listed", "ratio", "growth rate", "tier", "key"),
                (date(2026, 4, 1), True, 0.25, ">= 0.5", 1, "a"),
                (None, None, None, None, 2, "otherwise"),
            ],
            formats,
        )
        (rule,) = rules(
            folder(
                f'[sheets]\n"tiers.*" = {{ file = "t.xlsx", sheet = "crm" }}\n{more}', t_xlsx=raw
            ),
            tmp_path,
        )
        assert rule.when == All(
            (
                company.attribute("since", date) == date(2026, 4, 1),
                company.flag("listed").is_true(),
                company.attribute("ratio", Decimal) == Decimal("0.25"),
                company.growth_rate >= 0.5,
            )
        )

    def test_macros_and_links_to_other_files_are_never_looked_at(self, tmp_path: Path) -> None:
        """What is no table of values in a workbook stays where it is."""
        raw = raw_book([("tier", "key"), (2, "otherwise")])
        raw = with_part(raw, "xl/vbaProject.bin", b"Sub Auto_Open()")
        raw = with_part(raw, "xl/externalLinks/externalLink1.xml", b"<!DOCTYPE x>")
        assert rules(workbook(raw), tmp_path) == ()

    def test_cells_that_do_not_say_where_they_are_follow_each_other(self, tmp_path: Path) -> None:
        """As the format has it; formulas are found there, too."""
        raw = raw_book([("employees", "tier", "key"), (300, 1, "a"), (None, 2, "otherwise")])

        def without_places(content: bytes) -> bytes:
            for place in (b"A2", b"B2", b"C2"):
                content = content.replace(b' r="%s"' % place, b"")
            return content.replace(b'<row r="2"', b"<row")

        plain = with_part(raw, "xl/worksheets/sheet1.xml", without_places)
        assert [rule.key for rule in rules(workbook(plain), tmp_path)] == ["a"]
        again = with_part(
            plain,
            "xl/worksheets/sheet1.xml",
            lambda content: content.replace(b"<v>300</v>", b"<f>1</f><v>300</v>"),
        )
        with pytest.raises(DecodeError, match=r"t\.xlsx!crm!A2: is a formula"):
            load(workbook(again)(tmp_path))


def with_tables(
    segments: list[tuple[str, str]] | None = None, funnel: list[Rule[Any]] | None = None
) -> Playbook:
    """The starter with other segments, by key and label, or rules of stages."""
    book = starter(["crm"])
    if segments is not None:
        made = [Segment(key, Label(label or key)) for key, label in segments]
        table = SegmentTable(
            [Rule(one, company.employees == at) for at, one in enumerate(made)], made[0]
        )
        # What no rule names any more, none may ask for.
        always = DecisionTable([], book.funnel.ladder[0])
        (model,) = {*book.engagement.values()}
        never = evolve(model, states=DecisionTable([], model.ladder[0]))
        funnel_of = evolve(book.funnel, rules=always)
        return evolve(book, segments=table, engagement=never, funnel=funnel_of, synergy=Synergy())
    stages = DecisionTable(funnel or [], book.funnel.ladder[0])
    return evolve(book, funnel=evolve(book.funnel, rules=stages))


CARD = '[sheets]\n"tiers.*" = { file = "t.csv" }\n[tiers."*"]\nkind = "scorecard"\n'


class TestScorecards:
    def test_a_scorecard_is_a_table_of_points(self, tmp_path: Path) -> None:
        """Items have points, also for what is unknown; bands begin at a total."""
        text = "key,従業員数,業種,点数,不明のときの点数,合計点（以上）,Tier,理由\n"
        text += "big,300以上,,+30,10,,,大手\nmaker,,製造業,20,,,,\nsmall,10未満,,'-5,,,,\n"
        text += ",,,,,40,1,\n,,,,,２０,Tier 2,\notherwise,,,,,,3,\n"
        policy = load(folder(CARD, t_csv=text)(tmp_path)).tiers["crm"]
        assert policy == TierScorecard(
            [
                ScoreItem(30, company.employees >= 300, "big", if_unknown=10),
                ScoreItem(20, company.industry == "製造業", "maker"),
                ScoreItem(-5, company.employees < 10, "small"),
            ],
            [Band(40, Tier(1)), Band(20, Tier(2))],
            Tier(3),
        )

    def test_its_faults_are_told_by_their_cells(self, tmp_path: Path) -> None:
        """Columns that it needs, and cells that say two things at once."""
        make = folder(CARD, t_csv="key,points,tier\na,1,\n")
        with pytest.raises(DecodeError, match=r"t\.csv!1: has no column 'at_least'"):
            load(make(tmp_path))
        text = "key,employees,points,at_least,tier\na,1,many,,1\nb,2,,,\nc,3,4,5,\n,,,x,2\n"
        make = folder(CARD, t_csv=f"{text}otherwise,,9,,3\n")
        with pytest.raises(DecodeError) as caught:
            load(make(tmp_path))
        assert str(caught.value).split("\n") == [
            "t.csv!E2: must be blank: the bands say which Tier points give",
            "t.csv!B4: must be blank: a band has a total and an outcome alone",
            "t.csv!A4: must be blank: a band has a total and an outcome alone",
            "t.csv!C4: must be blank: a band has a total and an outcome alone",
            "t.csv!C6: must be blank: 'otherwise' is what holds where nothing else does",
            "t.csv!C2: must be an integer within ±1,000,000, not 'many'",
            "t.csv!C3: has no points",
            "t.csv!E4: has no tier",
            "t.csv!D5: must be an integer, not str 'x'",
        ]


class TestWriting:
    def test_columns_stand_in_the_order_in_which_rules_ask(self, tmp_path: Path) -> None:
        """A fact has one column, unless rules ask in different orders."""
        big, near, grows = (
            company.employees > 9,
            company.region == "近畿",
            company.growth_rate > 0.1,
        )
        wide = [Rule(Tier(1), big & near), Rule(Tier(1), grows & near), Rule(Tier(1), big & grows)]
        book = evolve(BOOK, tiers=TierTable([*wide, Rule(Tier(1), near & big)], Tier(2)))
        dump(book, tmp_path, sheets="csv")
        header = (tmp_path / "tiers-all.csv").read_text(encoding="utf-8-sig").split("\n")[0]
        names = [cell.rpartition("[")[2].rstrip("]\r") for cell in header.split(",")]
        assert names[1:-3] == ["employees", "growth_rate", "region", "employees"]
        assert load(tmp_path) == book

    def test_a_label_that_looks_like_something_else_is_left_out(self, tmp_path: Path) -> None:
        """Law 8: Round trip. Its column is named by the key alone."""
        size = company.attribute("size", int, label=Label("size / m (x)", "大きさ"))
        book = evolve(BOOK, tiers=TierTable([Rule(Tier(1), size > 1)], Tier(2)))
        dump(book, tmp_path, sheets="csv")
        assert ",[size]," in (tmp_path / "tiers-all.csv").read_text(encoding="utf-8")
        assert load(tmp_path) == book

    def test_money_is_in_millions_where_it_can_be(self, tmp_path: Path) -> None:
        """All amounts of a column have one unit, in which they are exact."""
        for amount, unit in ((3_000_000, "百万円"), (3_000_001, "円")):
            when = revenue.is_in(amount, 10**9) & ~revenue.is_missing()
            book = evolve(BOOK, tiers=TierTable([Rule(Tier(1), when)], Tier(2)))
            dump(book, tmp_path, sheets="csv")
            assert f"売上高（{unit}）" in (tmp_path / "tiers-all.csv").read_text(encoding="utf-8")
            assert load(tmp_path) == book

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_products_may_be_called_anything(self, tmp_path: Path, kind: Any) -> None:
        """Law 8: Round trip. Names of sheets and files are made so that none is another's."""
        names = ["a/b", "a:b", "A*B", "x" * 80, "x" * 81, "😀" * 40, "con", "\x01", "a.states"]
        tiers = {
            name: TierTable([Rule(Tier(1), company.employees > at)], Tier(2))
            for at, name in enumerate(names)
        }
        book = evolve(starter(names), tiers=tiers)
        dump(book, tmp_path, sheets=kind)
        assert load(tmp_path) == book

    def test_families_share_a_sheet(self, tmp_path: Path) -> None:
        """A policy of a family of products stands in one sheet."""
        products = [Product(key, family="sales") for key in ("crm", "sfa")] + [Product("bi")]
        tables = [TierTable([Rule(Tier(1), company.employees > at)], Tier(2)) for at in (1, 2)]
        keyed = dict(zip(("family:sales", "bi"), tables, strict=True))
        book = evolve(starter(products), tiers=keyed)
        text = dump(book, tmp_path, sheets="csv")
        assert load(tmp_path) == book
        assert '"tiers.' in text

    def test_nothing_but_rows_can_be_a_sheet(self, tmp_path: Path) -> None:
        """Where no table is one, the folder holds the file alone, and it is said why."""
        book = starter(["crm"])
        text = dump(book, tmp_path, sheets="xlsx")
        assert "[sheets]" not in text
        assert [path.name for path in tmp_path.iterdir()] == ["playbook.toml"]
        assert load(tmp_path) == book
        told = beyond_sheets(book)
        assert {one.code for one in told} == {"cell"}
        assert "company.employees and company.annual_revenue" in str(told[0])

    def test_what_is_larger_than_a_sheet_stays_in_the_file(self, tmp_path: Path) -> None:
        """Too many rows, and too much in one cell, are told by name."""
        long = TierTable([Rule(Tier(1), company.employees > 1, "a", "x" * 33_000)], Tier(2))
        told = beyond_sheets(evolve(starter(["crm"]), tiers=long))
        assert [str(one) for one in told if one.path == "tiers.*"] == [
            "tiers.*: fills D2 with over 32,767 letters",
            "tiers.*: fills E2 with over 32,767 letters",
        ]
        many = TierTable([Rule(Tier(1), company.employees > 1)] * 10_000, Tier(2))
        told = beyond_sheets(evolve(starter(["crm"]), tiers=many))
        message = "tiers.*: is larger than a sheet of 10,000 rows and 256 columns"
        assert message in [str(one) for one in told]
        assert dump(evolve(starter(["crm"]), tiers=long), tmp_path, sheets="csv")

    @pytest.mark.parametrize(
        ("target", "kind", "message"),
        [
            (None, "csv", "None: must be a folder, which holds the sheets"),
            ("a.toml", "csv", "a.toml: must be a folder, which holds the sheets"),
            ("a", "ods", "sheets: must be xlsx or csv, not 'ods'"),
        ],
    )
    def test_a_folder_and_a_kind_are_needed(
        self, target: str | None, kind: Any, message: str
    ) -> None:
        """Whatever else is asked for is refused, and nothing is written."""
        with pytest.raises(DecodeError) as caught:
            dump(BOOK, target, sheets=kind)
        assert str(caught.value) == message


class TestFolders:
    def test_a_folder_needs_one_playbook(self, tmp_path: Path) -> None:
        """None, and two, are refused."""
        with pytest.raises(DecodeError, match=r"holds no playbook\.toml"):
            load(tmp_path)
        for name in ("playbook.toml", "playbook.json"):
            dump(BOOK, tmp_path / name)
        with pytest.raises(DecodeError, match=r"holds playbook\.toml and playbook\.json; keep one"):
            load(tmp_path)

    def test_a_json_file_names_sheets_too(self, tmp_path: Path) -> None:
        """The file of a folder may be JSON."""
        dump(BOOK, tmp_path, sheets="csv")
        plain = to_data(BOOK)
        del plain["tiers"]
        dump(BOOK, tmp_path / "whole.json")
        import json

        data = json.loads((tmp_path / "whole.json").read_text(encoding="utf-8"))
        del data["tiers"]
        data["sheets"] = {"tiers.*": {"file": "tiers-all.csv"}}
        (tmp_path / "playbook.toml").unlink()
        (tmp_path / "playbook.json").write_text(json.dumps(data), encoding="utf-8")
        assert load(tmp_path) == BOOK

    def test_plain_data_has_no_folder(self) -> None:
        """Only a file has files beside it."""
        data = {**to_data(BOOK), "sheets": {"funnel": {"file": "t.csv"}}}
        with pytest.raises(DecodeError) as caught:
            from_data(data)
        line = "sheets: are files in the folder of the playbook; load it from there"
        assert str(caught.value) == line

    def test_there_may_not_be_too_many(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither sheets nor cells."""
        many = "".join(f'"tiers.{number}" = {{ file = "t.csv" }}\n' for number in range(501))
        with pytest.raises(DecodeError, match="names more than 500 sheets"):
            load(folder(f"[sheets]\n{many}")(tmp_path))
        monkeypatch.setattr("mpfunnel.codec.sheets.joining.MAX_CELLS", 5)
        with pytest.raises(DecodeError, match="have more than 5 cells in all"):
            load(csv("key,tier\na,1\notherwise,2\n")(tmp_path))

    def test_what_contradicts_itself_is_told_by_its_cell(self, tmp_path: Path) -> None:
        """Also what is found out once all parts are read."""
        when = company.segment.is_in("enterprise") & product.owned
        stage = BOOK.funnel.ladder[0]
        dump(with_tables(funnel=[Rule(stage, when)]), tmp_path, sheets="csv")
        path = tmp_path / "stages.csv"
        text = path.read_text(encoding="utf-8").replace("enterprise", "enterprize")
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PlaybookError) as caught:
            load(tmp_path)
        (problem,) = caught.value.problems
        assert (problem.code, problem.path) == ("unknown-level", "stages.csv!B2")

    @pytest.mark.parametrize("module", ["openpyxl", "python_calamine"])
    def test_a_workbook_needs_its_extra(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
    ) -> None:
        """It is said which, and CSV files need none."""
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[excel\]'"):
            dump(BOOK, tmp_path, sheets="xlsx")
        dump(BOOK, tmp_path, sheets="csv")
        assert load(tmp_path) == BOOK
