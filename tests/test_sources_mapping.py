"""Mappings are checked before anything is read: every problem at once, each with its path."""

from __future__ import annotations

import pickle
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.codec.plain import MAX_BYTES
from mpfunnel.errors import UnknownNameError
from mpfunnel.sources.kinds import KINDS
from tests.reading import MINIMAL, mapping_of, problems_of

WHICH = "needs either is or not: a text, or a list of texts"
PLAIN = "must be text, a number, a bool, a list or a table"


def field_problems(kind: str, name: str, raw: Any, **parts: Any) -> list[str]:
    """The problems of a mapping whose one field says `raw`."""
    return problems_of(mapping_of(kind, {name: raw}, **parts))


def attribute_problems(raw: Any) -> list[str]:
    """The problems of a mapping whose one custom attribute says `raw`."""
    return problems_of(mapping_of("companies", attributes={"a": raw}))


class TestLoading:
    def test_shipped_mappings_load_by_name(self) -> None:
        """Each shipped mapping is sound, and equal to its own plain data."""
        assert sources.shipped() == (
            *("hubspot", "hubspot_screen_en", "hubspot_screen_ja", "marketo", "mautic", "maven"),
            *("pardot", "retentioneering"),
            *("salesforce", "salesforce_screen_en", "salesforce_screen_ja"),
        )
        for name in sources.shipped():
            mapping = sources.load(name)
            assert mapping.origin == f"{name}.toml"
            assert sources.load(mapping.to_data()) == mapping
            assert pickle.loads(pickle.dumps(mapping)) == mapping

    def test_plain_data_is_a_copy(self) -> None:
        """Changing the plain data of a mapping changes nothing but that data."""
        data = sources.load("maven").to_data()
        data["deals"].clear()
        assert sources.load("maven").to_data()["deals"]
        mapping = sources.load("maven")
        mapping.to_data()["deals"].clear()
        assert mapping.to_data()["deals"]

    def test_an_unknown_name_gets_the_nearest(self) -> None:
        """A name that is not shipped is refused with the nearest one, or all."""
        with pytest.raises(
            UnknownNameError, match="'mavne': no such mapping; did you mean 'maven'"
        ):
            sources.load("mavne")
        with pytest.raises(UnknownNameError, match="shipped are hubspot, hubspot_screen_en, "):
            sources.load("x")

    def test_a_file_is_named_in_its_problems(self, tmp_path: Path) -> None:
        """The path of a problem begins with the name of the file, without its folder."""
        path = tmp_path / "my.toml"
        path.write_text("[deals.fields]\nid = 3\nstart = 2024-01-01\n", encoding="utf-8")
        assert problems_of(str(path)) == [f"my.toml: deals.fields.start: {PLAIN}, not date"]
        path.write_text("deals.fields.amount.scale = 'x'", encoding="utf-8")
        assert "my.toml: deals.fields.amount.scale: must be a number or its text" in " ".join(
            problems_of(path)
        )

    def test_all_problems_come_at_once(self) -> None:
        """One fault does not hide the next."""
        data = mapping_of("deals", {"amount": {"column": "a", "scale": "x"}, "staus": "s"})
        data["defaults"]["zone"] = "Asia/Tokio"
        data["defualts"] = {}
        data["files"]["table"]["encoding"] = "cp923"
        del data["deals"]["fields"]["id"]
        assert problems_of(data) == [
            "defualts: no such key; did you mean 'defaults'?",
            "defaults.zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?",
            "files.table.encoding: 'cp923': no such encoding; did you mean 'cp932'?",
            "deals.fields.staus: no such key; did you mean 'status'?",
            "deals.fields: has no id; deals need it",
            f"deals.fields.amount.scale: {SCALE}",
        ]

    def test_a_short_mapping_is_enough(self, tmp_path: Path) -> None:
        """A file is short for its path, a field for its column."""
        path = tmp_path / "my.toml"
        path.write_text(
            "files.accounts = 'a.csv'\n"
            "[companies]\nfile = 'accounts'\nfields = { id = 'account', employees = 'staff' }\n",
            encoding="utf-8-sig",
        )
        (tmp_path / "a.csv").write_text("account,staff\nA,3\n", encoding="utf-8")
        read = sources.read(path, tmp_path)
        assert [(c.id, c.employees) for c in read.companies] == [("A", 3)]

    @pytest.mark.parametrize("kind", MINIMAL)
    def test_what_a_record_needs_must_be_mapped(self, kind: str) -> None:
        """The least mapping of each kind is sound, and each of its fields is needed."""
        assert problems_of(mapping_of(kind)) == []
        for name in MINIMAL[kind]:
            data = mapping_of(kind)
            del data[kind]["fields"][name]
            assert problems_of(data) == [f"{kind}.fields: has no {name}; {kind} need it"]


class TestBounds:
    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"#" * (MAX_BYTES + 1), "is larger than 2,097,152 bytes"),
            (b"x = " + b"[" * 20_000, "nests deeper than 32"),
            (b"x = " + b"{a=" * 20_000, "nests deeper than 32"),
            (b".".join([b"a"] * 20_000) + b" = 1", "has a key with more than 8 dots"),
            (b"[" + b".".join([b"a"] * 20_000) + b"]", "has a key with more than 8 dots"),
            (b"x = " + b"9" * 20_000, "is not TOML: "),
            (b"x = [", "is not TOML: "),
            (b"x = 1\nx = 2", "is not TOML: "),
            (b"a = 1\nb = '\xff'", "line 2 is not utf-8"),
            (b"x = 99999999999999999999", "x: must fit in 64 bits"),
            (b"x = nan", "x: must be a finite number"),
            (b"x = [" + b"0," * 100_001 + b"]", "holds more than 100,000 values"),
            (b"x = '''[[[[" + b"[" * 40 + b"''''\ny = 0]", "is not TOML: "),
        ],
    )
    def test_a_hostile_file_is_refused_at_once(
        self, tmp_path: Path, content: bytes, problem: str
    ) -> None:
        """Size, depth, dots and counts are capped before or while parsing, within seconds."""
        path = tmp_path / "my.toml"
        path.write_bytes(content)
        start = time.perf_counter()
        (found,) = problems_of(path)
        assert found.startswith(f"my.toml: {problem}")
        assert time.perf_counter() - start < 5

    @pytest.mark.parametrize(
        "strings",
        [
            "title = 'a.b.c.d.e.f.g.h.i.j.k [[[['",
            'title = "\\"a.b.c.d.e.f.g.h.i.j.k \\\\"',
            'title = """\na.b.c.d.e.f.g.h.i.j.k "" \\""""""',
            "title = '''\na.b.c.d.e.f.g.h.i.j.k '' '''''",
            "# " + "[" * 50 + " a.b.c.d.e.f.g.h.i.j.k\ntitle = ''",
            "title = ''#" + "[" * 50,
        ],
    )
    def test_text_and_comments_have_no_depth(self, tmp_path: Path, strings: str) -> None:
        """Brackets and dots within texts and comments are only text."""
        path = tmp_path / "my.toml"
        path.write_text(strings, encoding="utf-8")
        assert problems_of(path) == [f"my.toml: fills no record kind; known are {', '.join(KINDS)}"]

    def test_an_open_string_ends_with_the_file(self, tmp_path: Path) -> None:
        """A text that is never closed is a fault of the file."""
        path = tmp_path / "my.toml"
        path.write_text('title = "' + "\\", encoding="utf-8")
        assert problems_of(path)[0].startswith("my.toml: is not TOML: ")

    def test_data_that_holds_itself_is_refused(self) -> None:
        """Plain data has the same bounds as a file."""
        data: dict[str, Any] = {}
        data["x"] = data
        assert problems_of(data) == ["nests deeper than 32"]
        data["y"] = [data, data]
        assert problems_of(data)[0] in ("holds more than 100,000 values", "nests deeper than 32")

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            ({"x": 1.5}, f"x: {PLAIN}, not float; write it as text, for example '0.01'"),
            ({"x": [None]}, f"x[0]: {PLAIN}, not NoneType"),
            ({"x": ("a",)}, f"x: {PLAIN}, not tuple"),
            ({1: "x"}, "key 1: must be text, not int"),
            ({"x": 2**63}, "x: must fit in 64 bits"),
            ({"x": Decimal("Infinity")}, "x: must be a finite number"),
        ],
    )  # fmt: skip
    def test_plain_data_holds_plain_values(self, data: dict[Any, Any], problem: str) -> None:
        """No float, no None, no number beyond 64 bits."""
        assert problems_of(data) == [problem]

    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        """An absent file, a folder and an impossible name are problems, no tracebacks."""
        assert problems_of(tmp_path / "no.toml") == [f"{tmp_path / 'no.toml'}: no such file"]
        assert problems_of(tmp_path) == [f"{tmp_path}: cannot be read as a file"]
        assert problems_of("a\0b.toml")[0].endswith("cannot be read as a file")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["files", "deals", "fields", "column", "id", "values", "scale"])
                    | st.text(max_size=3),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_no_data_gives_anything_but_problems(self, data: Any) -> None:
        """Whatever stands where a mapping belongs, the answer is a `DecodeError` with problems."""
        whole = mapping_of("deals", {"amount": data})
        for source in (whole, {**whole, "deals": data}, {**whole, "files": data}):
            assert all(problems_of(source))


class TestParts:
    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"format": 2}, "format: must be 1; another format needs another mpfunnel"),
            ({"format": True}, "format: must be 1; another format needs another mpfunnel"),
            ({"title": 3}, "title: must be text, not int"),
            ({"defaults": 3}, "defaults: must be a table"),
            ({"defaults": {"zon": "UTC"}}, "defaults.zon: no such key; did you mean 'zone'?"),
            ({"companies": 3}, "companies: must be a table or a list of tables"),
            ({"companies": [3]}, "companies: must be a table or a list of tables"),
            ({"companies": {"fields": {"id": "id"}}}, "companies: has no file"),
            (
                {"companies": {"file": "tabel", "fields": {"id": "id"}}},
                "companies.file: 'tabel': no such file; did you mean 'table'?",
            ),
            (
                {"companies": {"file": "table", "fields": {"id": "id"}, "feilds": {}}},
                "companies.feilds: no such key; did you mean 'fields'?",
            ),
            (
                {"companies": [{"file": "table", "fields": {"id": 3}}]},
                "companies[0].fields.id: must be the name of a column, or a table",
            ),
            ({"files": {"table": 3}}, "files.table: must be a list of texts"),
            ({"files": {"table": []}}, "files.table: is empty"),
            ({"files": {"table": {}}}, "files.table: has no path"),
            (
                {"files": {"table": ["a.csv", "a.csv"]}},
                "files.table: names a file twice; its rows would count twice",
            ),
            (
                {"files": {"table": {"path": "t.csv", "encoding": "idna"}}},
                "files.table.encoding: 'idna': no such encoding; known are ",
            ),
            (
                {"files": {"table": {"path": "t.csv", "encoding": "a\0b"}}},
                "files.table.encoding: 'a\\x00b': no such encoding; known are ",
            ),
            (
                {"files": {"table": {"path": "t.csv", "separator": "||"}}},
                "files.table.separator: must be one character",
            ),
            (
                {"files": {"table": {"path": "t.csv", "seperator": ";"}}},
                "files.table.seperator: no such key; did you mean 'separator'?",
            ),
        ],
    )  # fmt: skip
    def test_a_wrong_part_is_named(self, change: dict[str, Any], problem: str) -> None:
        """Each part of a mapping has its path and what would have worked."""
        found = problems_of({**mapping_of("companies"), **change})
        assert [line[: len(problem)] for line in found] == [problem]

    @pytest.mark.parametrize(
        "path",
        ["/etc/passwd", "../x.csv", "a/../../x.csv", "C:\\x.csv", "..\\x.csv", " ", "a\0.csv"],
    )
    def test_a_path_stays_within_the_folder(self, path: str) -> None:
        """A mapping from elsewhere cannot read other files of this machine."""
        (problem,) = problems_of(mapping_of("companies", file={"path": path}))
        assert problem.endswith("must lie within the folder that is read")

    @pytest.mark.parametrize("kind", sorted(set(MINIMAL) - {"companies", "leads"}))
    def test_only_companies_and_leads_have_attributes(self, kind: str) -> None:
        """Custom attributes elsewhere are refused, not ignored."""
        data = mapping_of(kind, attributes={"a": {"column": "a", "type": "text"}})
        assert problems_of(data) == [f"{kind}.attributes: {kind} have no attributes"]

    def test_a_line_needs_a_product(self) -> None:
        """Quantity and amount of a line mean nothing without the product of the line."""
        assert field_problems("deals", "quantity", "q") == [
            "deals.fields.quantity: needs product_id beside it"
        ]
        assert field_problems("contracts", "quantity", "q") == []

    def test_ids_of_one_kind_have_one_type(self) -> None:
        """S18: an id that is text here and an integer there would never be found."""
        data = mapping_of("companies", {"id": {"column": "id", "type": "int"}})
        data["leads"] = {"file": "table", "fields": {"id": "id", "company_id": "company"}}
        assert problems_of(data) == [
            (
                "leads.fields.company_id.type: is text where companies.fields.id is int; "
                "ids of one kind share a type"
            )
        ]
        data["leads"]["fields"]["company_id"] = {"column": "company", "type": "int"}
        assert problems_of(data) == []
        data["leads"]["fields"]["id"] = {"column": "id", "type": "text"}
        assert problems_of(data) == []


ORIGINS = "needs one of column, columns, constant, row_number; it has"
SCALE = "must be a number or its text, for example 1000000 or '0.01'"
SCALE_RANGE = "must be from 10^-18 to 10^18"
MARK = "must be one character, and no digit or sign"
DIRECTIVES = (
    "depends on the locale or is unknown; usable are %Y, %y, %m, %d, %j, %H, %M, %S, %f, %z"
)
NO_DAY = "states no full day; write 'iso', or for example '%Y/%m/%d'"
NO_ZONE = "no such IANA zone; write for example 'Asia/Tokyo'"
VALUE = "must be the text of the value; '' means unknown"
NO_STEP = "no such step; did you mean 'nfkc'?"
STATUS = "must be one of open, won, lost; did you mean 'lost'?"
CELL = "must be the text that a cell would have"


def column(**parts: Any) -> dict[str, Any]:
    """A field that is read from a column and says something more."""
    return {"column": "c", **parts}


class TestFields:
    @pytest.mark.parametrize(
        ("raw", "problems"),
        [
            ({}, [f": {ORIGINS} none"]),
            (column(constant=1), [f": {ORIGINS} column and constant"]),
            ({"column": 3}, [".column: must be text, not int"]),
            ({"column": " "}, [": names a blank column"]),
            (column(colum="b"), [".colum: no such key; did you mean 'column'?"]),
            (column(split=";"), [".split: does not apply: the field is of type money"]),
            (column(zone="UTC"), [".zone: does not apply: the field is of type money"]),
            (column(scale=True), [f".scale: {SCALE}"]),
            (column(scale="1,000"), [f".scale: {SCALE}"]),
            (column(scale=0), [f".scale: {SCALE_RANGE}"]),
            (column(scale=-1), [f".scale: {SCALE_RANGE}"]),
            (column(scale="1" + "0" * 50), [f".scale: {SCALE_RANGE}"]),
            (column(scale="1." + "0" * 50), [f".scale: {SCALE_RANGE}"]),
            (column(scale=10, unit="million"), [".unit: must not be given beside scale"]),
            (column(unit="milion"), [".unit: 'milion': no such unit; did you mean 'million'?"]),
            (column(thousands="."), [": has the same thousands and decimal_mark"]),
            (column(thousands="5"), [f".thousands: {MARK}"]),
            (column(decimal_mark=""), [f".decimal_mark: {MARK}"]),
            ({"constant": "x"}, [".constant: is not a number"]),
        ],
    )
    def test_a_wrong_number_is_named(self, raw: Any, problems: list[str]) -> None:
        """Each fault of a field has its path and what would have worked."""
        expected = [f"deals.fields.amount{problem}" for problem in problems]
        assert field_problems("deals", "amount", raw) == expected

    @pytest.mark.parametrize(
        ("raw", "problems"),
        [
            (column(values={"x": True}), [f".values.x: {VALUE}"]),
            (column(values=3), [".values: must be a table"]),
            (column(strict=True), [".strict: needs values or patterns"]),
            (column(strict="yes", values={"a": "won"}), [".strict: must be true or false"]),
            (column(when=3), [".when: must be a table"]),
            (
                column(when={"column": " ", "is": "a"}),
                [".when.column: names a blank column"],
            ),
            (column(when={}), [".when: has no column", f".when: {WHICH}"]),
            (column(when={"column": "x", "is": "a", "not": "b"}), [f".when: {WHICH}"]),
            (column(when={"column": "x", "is": []}), [".when.is: is empty"]),
            (
                column(when={"column": "x", "is": "y", "are": "z"}),
                [".when.are: no such key; known are column, is, not"],
            ),
            (column(normalise=["nfck"]), [f".normalise: 'nfck': {NO_STEP}"]),
            (column(normalise="nfkc"), [".normalise: must be a list of texts"]),
            (column(blank=[]), [".blank: is empty"]),
            ({"row_number": True}, [".row_number: does not apply: the field is of type text"]),
            ({"constant": ""}, [".constant: is blank"]),
            ({"constant": ["won"]}, [f".constant: {CELL}"]),
            ({"constant": True}, [f".constant: {CELL}"]),
            ({"constant": "closed"}, [f".constant: {STATUS}"]),
        ],
    )  # fmt: skip
    def test_a_wrong_text_is_named(self, raw: Any, problems: list[str]) -> None:
        """Each fault of a field has its path and what would have worked."""
        expected = [f"deals.fields.status{problem}" for problem in problems]
        assert field_problems("deals", "status", raw) == expected

    @pytest.mark.parametrize(
        ("raw", "problems"),
        [
            ({"columns": ["a"]}, [".columns: names one column; write column for that"]),
            (
                {"columns": ["a", "b"], "strict": True, "values": {"a": "b"}, "type": "int"},
                [f".{key}: does not apply beside columns" for key in ("strict", "type", "values")],
            ),
            (column(type="number"), [".type: must be text or int: the field is an id"]),
            (column(split=";"), [".split: does not apply: the field is an id"]),
        ],
    )
    def test_a_wrong_id_is_named(self, raw: Any, problems: list[str]) -> None:
        """An id may be composed of columns or be an integer, not both."""
        expected = [f"deals.fields.id{problem}" for problem in problems]
        assert field_problems("deals", "id", raw) == expected

    @pytest.mark.parametrize(
        ("raw", "problems"),
        [
            (column(row_number=True), [".row_number: does not apply: the field is a set",
                                       f": {ORIGINS} column and row_number"]),
            ({"columns": ["a", "b"]}, [".columns: does not apply: the field is a set"]),
            ({"constant": []}, [".constant: is blank"]),
            ({"constant": ["a", 3, " "]}, [".constant: is blank"]),
            ({"constant": [["a"]]}, [f".constant: {CELL}"]),
        ],
    )  # fmt: skip
    def test_a_wrong_set_is_named(self, raw: Any, problems: list[str]) -> None:
        """A set comes from one column or a list of constants."""
        expected = [f"companies.fields.lists{problem}" for problem in problems]
        assert field_problems("companies", "lists", raw) == expected

    @pytest.mark.parametrize(
        ("form", "problem"),
        [
            ("%d %b %Y", f"%b {DIRECTIVES}"),
            ("%Y-%m-%d%", f"% {DIRECTIVES}"),
            ("%Y-%m-%d %I %p", f"%I {DIRECTIVES}"),
            ("%Y/%Y/%m/%d", "states one thing twice"),
            ("%y/%Y/%m/%d", "states one thing twice"),
            ("%Y/%m", NO_DAY),
            ("%m/%d", NO_DAY),
            ("%%Y/%m/%d", NO_DAY),
            ("", NO_DAY),
        ],
    )
    def test_a_date_format_states_a_day_in_any_locale(self, form: str, problem: str) -> None:
        """Law 9: names of months and days are not read, for they depend on the locale."""
        raw = column(date_formats=["iso", form, "%y年%j"])
        expected = [f"deals.fields.closed_at.date_formats: {form!r}: {problem}"]
        assert field_problems("deals", "closed_at", raw) == expected

    @pytest.mark.parametrize("zone", ["localtime", "JST", "../x", "", "a\0b", "x" * 5000])
    def test_a_zone_is_one_of_the_iana(self, zone: str) -> None:
        """Law 9: the zone of the machine is none that a mapping may state."""
        expected = [f"deals.fields.closed_at.zone: {zone!r:.60}: {NO_ZONE}"]
        assert field_problems("deals", "closed_at", column(zone=zone)) == expected

    @pytest.mark.parametrize("zone", ["posix/Asia/Tokyo", "right/Asia/Tokyo", "asia/tokyo"])
    def test_a_zone_that_only_this_machine_knows_is_refused(self, zone: str) -> None:
        """S12: the names are those of the playbook's zone, the same on every machine."""
        (problem,) = field_problems("deals", "closed_at", column(zone=zone))
        assert problem == (
            f"deals.fields.closed_at.zone: '{zone}': no such IANA zone; did you mean 'Asia/Tokyo'?"
        )

    def test_names_of_two_lines_are_told_on_one(self) -> None:
        """Whatever a key, a file or a word is called, a problem is one line and not too long."""
        odd = "a\nb" * 99
        data = mapping_of("companies", {odd: "x"}, attributes={odd: {"type": odd}})
        data["files"][odd] = {"path": "../x"}
        data["companies"]["fields"]["name"] = {"column": "name", "values": {odd: []}}
        data["companies"]["file"] = odd[1:]
        problems = problems_of(data)
        assert len(problems) == 5
        assert all(problem.isprintable() and len(problem) < 500 for problem in problems)

    def test_where_nothing_is_known_nothing_is_listed(self) -> None:
        """A mapping without files knows none that it could name."""
        data = {**mapping_of("companies"), "files": {}}
        assert problems_of(data) == ["companies.file: 'table': no such file"]

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ("column", ".type: is one of text, int, decimal, float, bool, date, set"),
            (column(), ".type: is one of text, int, decimal, float, bool, date, set"),
            (column(type="integer"), ".type: 'integer': no such type; did you mean 'int'?"),
            (column(type="bool"), ": needs words for both true and false"),
            ({"type": "bool", "constant": "yes"}, ".constant: needs words for both true and false"),
            (
                column(type="bool", true=["1", "x"], false=["x"]),
                ": has 'x' for both true and false",
            ),
            (
                column(type="text", true=["1"]),
                ".true: does not apply: the field is of type text",
            ),
        ],
    )
    def test_an_attribute_states_its_type(self, raw: Any, problem: str) -> None:
        """A custom attribute says what its cells are; nothing is guessed."""
        assert attribute_problems(raw) == [f"companies.attributes.a{problem}"]

    def test_an_attribute_has_a_name(self) -> None:
        """A blank name could not be asked for."""
        blank = mapping_of("companies", attributes={" ": column(type="text")})
        assert problems_of(blank) == ["companies.attributes. : has a blank name"]
        typed = attribute_problems(column(type=3))
        assert typed[0] == "companies.attributes.a.type: must be text, not int"

    def test_a_format_without_zone_needs_one(self) -> None:
        """S12: that naive times need a zone is seen before a file is read, where it can be."""
        data = mapping_of("deals", {"opened_at": {"column": "o", "date_formats": ["%Y/%m/%d"]}})
        assert problems_of(data) == []
        del data["defaults"]["zone"]
        assert problems_of(data) == [
            "deals.fields.opened_at: '%Y/%m/%d' states no zone; give a zone here or in defaults"
        ]
        data["deals"]["fields"]["opened_at"]["date_formats"] = ["iso", "%Y/%m/%d %z"]
        assert problems_of(data) == []

    def test_defaults_hold_for_every_field_that_says_nothing(self) -> None:
        """A field's own setting replaces the default."""
        data = mapping_of(
            "companies",
            {"employees": "e", "annual_revenue": {"column": "r", "thousands": " "}},
            defaults={"thousands": ",", "blank": ["-"], "normalise": ["strip"]},
        )
        fields = {field.name: field for field in sources.load(data).tables[0].fields}
        assert fields["employees"].settings.thousands == ","
        assert fields["annual_revenue"].settings.thousands == " "
        assert fields["annual_revenue"].settings.blank == frozenset({"-"})
