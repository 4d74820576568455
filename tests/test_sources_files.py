"""Files as they really come: encodings, separators, line ends, and what is broken."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.errors import DecodeError
from tests.reading import mapping_of, problems_of, read_files, read_table, write

NAMES = {"name": "name"}
NO_NAME = "table.csv has no column 'name'"


def refusal(folder: Path, content: str | bytes, **parts: Any) -> list[str]:
    """Why a file of companies with a name cannot be read at all."""
    with pytest.raises(DecodeError) as caught:
        read_table(folder, content, "companies", NAMES, **parts)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "UTF8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf_16_be"),
        ("utf-32", "utf-32"),
        ("cp932", "cp932"),
        ("euc_jp", "euc-jp"),
        ("shift_jis", "sjis"),
    ],
)
def test_the_stated_encoding_is_read(tmp_path: Path, encoding: str, stated: str) -> None:
    """A Japanese file is read in each usual encoding, with or without a byte order mark."""
    raw = "id,name\r\n1,株式会社ソニー\r\n2,表示\r\n".encode(encoding)
    read = read_table(tmp_path, raw, "companies", NAMES, file={"encoding": stated})
    assert [company.name for company in read.companies] == ["株式会社ソニー", "表示"]
    assert read.rejects == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_never_part_of_a_name(tmp_path: Path, encoding: str) -> None:
    """A mark before a quoted header is skipped, also where the byte order is stated."""
    raw = '\ufeff"id","name"\n1,a\n'.encode(encoding)
    read = read_table(tmp_path, raw, "companies", NAMES, file={"encoding": encoding})
    assert len(read.companies) == 1


def test_latin_1_is_read(tmp_path: Path) -> None:
    """An accent of one byte is read as such."""
    raw = "id;name\n1;Société Générale\n".encode("latin-1")
    form = {"encoding": "latin-1", "separator": ";"}
    read = read_table(tmp_path, raw, "companies", NAMES, file=form)
    assert read.companies[0].name == "Société Générale"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "!", ":", "、"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, line_end: str) -> None:
    """Quoted separators, quotes and line breaks are kept; lines are counted as they are seen."""
    quoted = f'"a{separator}""b""{line_end}c"'
    lines = [f"id{separator}name", f"1{separator}{quoted}", "", f"2{separator}x", f"{separator}y"]
    read = read_table(
        tmp_path, line_end.join(lines), "companies", NAMES, file={"separator": separator}
    )
    names = [f'a{separator}"b"{line_end}c', "x"]
    assert [company.name for company in read.companies] == names
    # The quoted cell spans lines 2 and 3, line 4 is empty.
    assert [(reject.line, reject.column) for reject in read.rejects] == [(6, "id")]
    assert read.counts == (sources.Count("companies", "table.csv", 3, 2, 0, 1),)


def test_a_gzip_file_is_known_by_its_name(tmp_path: Path) -> None:
    """A path that ends in .gz is decompressed."""
    read = read_table(tmp_path, "id,name\n1,a\n", "companies", NAMES, file={"path": "sub.csv.gz"})
    assert read.counts[0].file == "sub.csv.gz"
    assert len(read.companies) == 1


@pytest.mark.parametrize("keep", [5, 30, -1])
def test_a_broken_gzip_file_is_refused(tmp_path: Path, keep: int) -> None:
    """A file that was cut or is none at all is refused as a whole: its rows are not known."""
    whole = gzip.compress(b"id,name\n" + b"1,a\n2,bb\n" * 1000)
    content = b"id,name\n1,a\n" if keep == -1 else whole[:keep]
    mapping = mapping_of("companies", NAMES, file={"path": "t.csv.gz"})
    (tmp_path / "t.csv.gz").write_bytes(content)
    with pytest.raises(DecodeError, match=r"^t\.csv\.gz: is not a whole gzip file$"):
        read_files(mapping, tmp_path)


def test_a_garbled_gzip_file_is_refused(tmp_path: Path) -> None:
    """Bytes that changed within a compressed file are found out."""
    content = bytearray(gzip.compress(bytes(range(256)) * 40))
    content[40:60] = b"\xff" * 20
    mapping = mapping_of("companies", NAMES, file={"path": "t.csv.gz"})
    (tmp_path / "t.csv.gz").write_bytes(bytes(content))
    with pytest.raises(DecodeError, match=r"is not a whole gzip file|is not utf-8"):
        read_files(mapping, tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty; it needs a line with the names of the columns"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty; it needs a line with the names of the columns"),
        ("id,name\n1,a\n".encode("utf-16"), "line 1 is not utf-8; state its encoding"),
        ("id,name\n1,a\n".encode("utf-16-le"), "line 1 is not utf-8; state its encoding"),
        ("id,名前\n1,a\n".encode("cp932"), "line 1 is not utf-8; state its encoding"),
        (b'"id,name\n1,a\n', "line 1: has a quote that is never closed"),
        (b'"id"x,name\n1,a\n', "line 1: has text after a closing quote"),
    ],
)  # fmt: skip
def test_a_file_without_header_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """Where the names of the columns cannot be read, nothing can."""
    (found,) = refusal(tmp_path, content)
    assert found.startswith(f"table.csv: {problem}")


def test_a_header_alone_is_no_fault(tmp_path: Path) -> None:
    """A file without rows gives none, and is accounted for."""
    read = read_table(tmp_path, "id,name\n", "companies", NAMES)
    assert read.counts == (sources.Count("companies", "table.csv", 0, 0, 0, 0),)
    assert not read.companies
    assert not read.rejects


def test_utf_16_needs_a_mark_or_a_stated_order(tmp_path: Path) -> None:
    """Law 9: the byte order of this machine is never assumed."""
    raw = "id,name\n1,a\n".encode("utf-16-be")
    assert refusal(tmp_path, raw, file={"encoding": "utf-16"}) == [
        "table.csv: has no byte order mark; state utf-16-le or utf-16-be"
    ]


def test_a_missing_file_is_a_problem_of_the_mapping_as_a_whole(tmp_path: Path) -> None:
    """All files are looked for before one is read; a folder is no file."""
    mapping = mapping_of("companies", NAMES)
    mapping["files"]["other"] = "other.csv"
    mapping["files"]["unused"] = "unused.csv"
    mapping["leads"] = {"file": "other", "fields": {"id": "id"}}
    (tmp_path / "other.csv").mkdir()
    with pytest.raises(DecodeError) as caught:
        read_files(mapping, tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        "table.csv: no such file",
        "other.csv: cannot be read as a file",
    ]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("id,nmae", "table.csv has no column 'name'; did you mean 'nmae'?"),
        ("id,x", "table.csv has no column 'name'"),
        ("id,Name", "table.csv has no column 'name'; did you mean 'Name'?"),
        (
            "id,n\u0430me",
            (f"{NO_NAME}; did you mean 'n\u0430me'? its letter 2 is "
            "CYRILLIC SMALL LETTER A (U+0430)"),
        ),
        (
            "id,ｎame",
            (f"{NO_NAME}; did you mean 'ｎame'? its letter 1 is "
            "FULLWIDTH LATIN SMALL LETTER N (U+FF4E)"),
        ),
        ("id,n本me", "table.csv has no column 'name'; did you mean 'n本me'?"),
        ("id,taro.name@example.com", "table.csv has no column 'name'"),
        ("id,name,name", "table.csv has 2 columns 'name'; name each differently"),
        ("id,name,x,x", None),
    ],
)  # fmt: skip
def test_a_column_that_is_not_there_gets_the_nearest(
    tmp_path: Path, header: str, problem: str | None
) -> None:
    """Letters that only look the same are named; a column that nobody reads may occur twice."""
    if problem is None:
        assert read_table(tmp_path, f"{header}\n1,a,b,c\n", "companies", NAMES).companies
    else:
        assert refusal(tmp_path, f"{header}\n") == [f"companies.fields.name: {problem}"]


def test_ragged_rows_are_rejected(tmp_path: Path) -> None:
    """A row with more or fewer cells than the header cannot be told apart; the next can."""
    read = read_table(tmp_path, "id,name\n1\n2,b,c\n3,c\n", "companies", NAMES)
    assert [company.id for company in read.companies] == ["3"]
    assert [(r.line, r.column, r.code, r.reason, r.value) for r in read.rejects] == [
        (2, "", "ragged", "has 1 cell where the header has 2", ""),
        (3, "", "ragged", "has 3 cells where the header has 2", ""),
    ]


def test_rows_that_cannot_be_told_apart_keep_their_number(tmp_path: Path) -> None:
    """Whatever is rejected before it, a row has the same number, and so the same id."""
    numbered = {"id": {"row_number": True}, "name": "name"}
    read = read_table(tmp_path, 'id,name\n1,a\n2\n"3"x,c\n4,d\n', "companies", numbered)
    assert [(company.id, company.name) for company in read.companies] == [("1", "a"), ("4", "d")]
    assert [(r.line, r.code) for r in read.rejects] == [(3, "ragged"), (4, "syntax")]


def test_bytes_outside_the_encoding_reject_their_row(tmp_path: Path) -> None:
    """One wrong byte costs one row, and only if its column is read; the value shows no byte."""
    raw = b"id,name,memo\n1,a,\xff\n2,b\xffc,x\n3,c,x\n"
    read = read_table(tmp_path, raw, "companies", NAMES)
    assert [company.id for company in read.companies] == ["1", "3"]
    (reject,) = read.rejects
    assert (reject.line, reject.column, reject.code) == (3, "name", "encoding")
    assert reject.value == "b\ufffdc"
    assert reject.reason.endswith("has bytes outside the file's encoding; state its encoding")


def test_a_cut_last_character_rejects_its_row(tmp_path: Path) -> None:
    """A file that ends within a character of two bytes loses that row only."""
    raw = "id,name\n1,a\n2,b".encode("utf-16")[:-1]
    read = read_table(tmp_path, raw, "companies", NAMES, file={"encoding": "utf-16"})
    assert [company.id for company in read.companies] == ["1"]
    assert [reject.code for reject in read.rejects] == ["encoding"]


def test_nul_rejects_its_row(tmp_path: Path) -> None:
    """A NUL character is no text of a CRM."""
    read = read_table(tmp_path, "id,name,memo\n1,a\0,x\n2,b,\0\n", "companies", NAMES)
    assert [company.id for company in read.companies] == ["2"]
    assert read.rejects[0].reason == "name 'a\\x00': has a NUL character; state the file's encoding"


def test_a_huge_cell_rejects_its_row(tmp_path: Path) -> None:
    """A cell beyond the limit of the csv module is rejected, and reading goes on."""
    content = f"id,name\n1,{'x' * (csv.field_size_limit() + 1)}\n2,b\n"
    read = read_table(tmp_path, content, "companies", NAMES)
    assert [company.id for company in read.companies] == ["2"]
    assert [(r.line, r.code) for r in read.rejects] == [(2, "syntax")]
    assert "has a cell of more than 131,072 characters" in read.rejects[0].reason


def test_an_open_quote_rejects_what_it_swallowed(tmp_path: Path) -> None:
    """A quote that is never closed is said so, at the line where it began."""
    read = read_table(tmp_path, 'id,name\n1,a\n2,"b\n3,c\n', "companies", NAMES)
    assert [company.id for company in read.companies] == ["1"]
    assert [(r.line, r.code) for r in read.rejects] == [(3, "syntax")]
    read = read_table(tmp_path, 'id,name\n1,"a"b\n2,c\n', "companies", NAMES)
    assert [company.id for company in read.companies] == ["2"]
    assert "text after a closing quote" in read.rejects[0].reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.text(st.sampled_from('ab,"\n\r;é日 '), max_size=6), max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    separator=st.sampled_from([",", ";", "\t"]),
    packed=st.booleans(),
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path: Path, rows: list[str], encoding: str, separator: str, packed: bool
) -> None:
    """Any text survives any encoding, separator and packing."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([("id", "name"), *enumerate(rows)])
    read = read_table(
        tmp_path,
        out.getvalue().encode(encoding),
        "companies",
        NAMES,
        file={
            "encoding": encoding,
            "separator": separator,
            "path": "t.csv.gz" if packed else "t.csv",
        },
    )
    assert [company.name for company in read.companies] == [
        row if row.strip() else None for row in rows
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["utf-8", "utf-16", "cp932", "latin-1", "ascii"]))
def test_no_bytes_break_the_reader(tmp_path: Path, tail: bytes, encoding: str) -> None:
    """Law 7: whatever follows the header, each row is used, collapsed or rejected."""
    raw = "id,name\n".encode(encoding) + tail
    read = read_table(tmp_path, raw, "companies", NAMES, file={"encoding": encoding})
    (count,) = read.counts
    assert count.rows == count.used + count.collapsed + count.rejected
    assert (count.used, count.rejected) == (len(read.companies), len(read.rejects))


def test_files_may_be_given_by_their_key(tmp_path: Path) -> None:
    """Instead of a folder, each file key may have a path or several; names show no folder."""
    write(tmp_path, "a.csv", "id,name\n1,a\n")
    write(tmp_path, "b.csv", "name,id\nb,2\n")
    mapping = mapping_of("companies", NAMES)
    read = read_files(mapping, {"table": tmp_path / "a.csv"})
    assert [count.file for count in read.counts] == ["a.csv"]
    read = read_files(mapping, {"table": [str(tmp_path / "a.csv"), tmp_path / "b.csv"]})
    assert [company.id for company in read.companies] == ["1", "2"]
    with pytest.raises(DecodeError) as caught:
        read_files(mapping, {"tabel": tmp_path / "a.csv"})
    assert [str(problem) for problem in caught.value.problems] == [
        "files.tabel: no such file; did you mean 'table'?",
        "files.table: is not among the files given",
    ]


def test_a_path_that_cannot_exist_is_refused(tmp_path: Path) -> None:
    """A NUL in a path of the caller gives a problem, no traceback."""
    with pytest.raises(DecodeError, match="cannot be read as a file"):
        read_files(mapping_of("companies"), {"table": tmp_path / "a\0b.csv"})


# -- of several encodings and separators --

JAPANESE = "id,name\r\n1,株式会社ソニー\r\n2,表示\r\n"
USUAL = ["utf-8", "utf-16", "cp932", "latin-1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("path", ["t.csv", "t.csv.gz"])
def test_the_first_encoding_of_a_list_that_fits_is_taken(
    tmp_path: Path, encoding: str, path: str
) -> None:
    """Whichever of the usual ones a Japanese file is in, packed or not, its words are read."""
    file = {"encoding": USUAL, "path": path}
    read = read_table(tmp_path, JAPANESE.encode(encoding), "companies", NAMES, file=file)
    assert [company.name for company in read.companies] == ["株式会社ソニー", "表示"]


FAR = (b"2," + b"x" * 60_000 + b"\n") * 20
"""More than is looked at to begin with."""


@pytest.mark.parametrize(
    ("raw", "encodings", "name"),
    [
        ("id,name\n1,é\n".encode("latin-1"), USUAL, "é"),
        ("id,name\n1,é\n".encode("latin-1"), ["utf-8", "cp1252"], "é"),
        # Bytes that cp932 knows too: the order of the list is what is meant.
        ("id,name\n1,é\n".encode(), ["cp932", "utf-8"], "ﾃｩ"),
        ("id,name\n1,é\n".encode(), ["utf-8", "cp932"], "é"),
        ("id,name\n1,é\n".encode("utf-16-le"), ["utf-8", "utf-16-le"], "é"),
        ("id,name\n1,a\n".encode("utf-16-be"), ["utf-8", "utf-16-be"], "a"),
        # A mark decides, though what follows could be read otherwise.
        ("\ufeffid,name\n1,é\n".encode(), ["cp1252", "utf-8-sig"], "é"),
        ("\ufeffid,name\n1,é\n".encode("utf-16-le"), ["utf-16-be", "utf-16-le"], "é"),
        ("\ufeffid,name\n1,é\n".encode("utf-32-be"), ["utf-16", "utf-32"], "é"),
        # The one byte that does not fit may stand far behind.
        (b"id,name\n1,\xe9\n" + FAR, ["utf-8", "latin-1"], "é"),
        (b"id,name\n1,a\n" + FAR + b"3,\xe9\n", ["utf-8", "latin-1"], "a"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_the_list_is_tried_in_its_order(
    tmp_path: Path, raw: bytes, encodings: list[str], name: str
) -> None:
    """A byte order mark decides first, then the first encoding in which the whole file is."""
    read = read_table(tmp_path, raw, "companies", NAMES, file={"encoding": encodings})
    assert read.companies[0].name == name
    assert read.rejects == ()


@pytest.mark.parametrize(
    ("raw", "encodings", "problem"),
    [
        (
            "id,é\n".encode("latin-1"),
            ["utf-8", "ascii"],
            "is in none of utf-8, ascii; state the one that it is in",
        ),
        (
            "id\n".encode("utf-16-le"),
            ["utf-8", "utf-16"],
            "is in none of utf-8, utf-16; state the one that it is in",
        ),
        (
            "id\n".encode("utf-16"),
            ["utf-8", "cp932"],
            "begins with the mark of utf-16, which is none of utf-8, cp932",
        ),
        (
            "\ufeffid\n".encode("utf-16-le"),
            ["utf-8", "utf-16-be"],
            "begins with the mark of utf-16, which is none of utf-8, utf-16-be",
        ),
    ],
)
def test_no_encoding_is_guessed(
    tmp_path: Path, raw: bytes, encodings: list[str], problem: str
) -> None:
    """Where none of the list fits, the file is refused before its first row."""
    file = {"encoding": encodings}
    assert refusal(tmp_path, raw, file=file) == [f"table.csv: {problem}"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_by_the_first_line(tmp_path: Path, separator: str) -> None:
    """The one that gives the columns which the mapping reads, quoted or not."""
    content = separator.join(['"id"', '"na,me;x"']) + "\n" + separator.join(["1", '"a,b;c"'])
    file = {"separator": ["|", ",", ";", "\t"]}
    read = read_table(tmp_path, content, "companies", {"name": "na,me;x"}, file=file)
    assert [company.name for company in read.companies] == ["a,b;c"]


def test_a_separator_that_cannot_be_told_is_a_problem(tmp_path: Path) -> None:
    """One column looks the same by any of them; and where none is read, nothing tells it."""
    file = {"separator": [",", ";"]}
    both = "id;name,id\n"
    data = mapping_of("companies", file=file)
    write(tmp_path, "table.csv", both)
    with pytest.raises(DecodeError, match="line 1 has as many of the columns with ',' and ';';"):
        read_files(mapping_of("companies", {"id": "id"}, file=file), tmp_path)
    write(tmp_path, "table.csv", "id\n1\n")
    with pytest.raises(DecodeError, match=r"state one separator$"):
        read_files(data, tmp_path)
    write(tmp_path, "table.csv", "x;y\n1;2\n")
    with pytest.raises(DecodeError, match=r"state one separator$"):
        read_files(mapping_of("companies", {"id": {"constant": "a"}}, file=file), tmp_path)


def test_a_column_that_lacks_is_told_with_the_nearest_whatever_the_separator(
    tmp_path: Path,
) -> None:
    """A file that has none of the columns is read by what gives most cells, to say what it has."""
    write(tmp_path, "table.csv", "ID;nmae;z\n")
    data = mapping_of("companies", {"id": "od", "name": "name"}, file={"separator": [",", ";"]})
    with pytest.raises(DecodeError) as caught:
        read_files(data, tmp_path)
    assert "table.csv has no column 'name'; did you mean 'nmae'?" in str(caught.value)
    write(tmp_path, "table.csv", '"id"x,\n')
    with pytest.raises(DecodeError, match="line 1: has text after a closing quote"):
        read_files(data, tmp_path)
    write(tmp_path, "table.csv", '"id";"name"\n1;a\n')
    data = mapping_of("companies", NAMES, file={"separator": [",", ";"]})
    assert len(read_files(data, tmp_path).companies) == 1


def test_files_of_a_key_are_found_out_one_by_one(tmp_path: Path) -> None:
    """One export may be cp932 with tabs, the next UTF-8 with commas."""
    write(tmp_path, "a.csv", "id\tname\n1\t表示\n".encode("cp932"))
    write(tmp_path, "b.csv", "name,id\n表示,2\n")
    data = mapping_of("companies", NAMES, file={"encoding": ["utf-8", "cp932"]})
    data["files"]["table"]["separator"] = [",", "\t"]
    read = read_files(data, {"table": [tmp_path / "a.csv", tmp_path / "b.csv"]})
    assert [(one.id, one.name) for one in read.companies] == [("1", "表示"), ("2", "表示")]
    loaded = sources.load(data)
    assert sources.load(loaded.to_data()) == loaded


@pytest.mark.parametrize(
    ("form", "problems"),
    [
        ({"encoding": []}, [".encoding: is empty"]),
        ({"encoding": ["utf-8", 3]}, [".encoding: must be a list of texts"]),
        ({"encoding": ["utf-8", "utf-8"]}, [".encoding: names one twice"]),
        (
            {"encoding": ["latin-1", "utf8"]},
            [".encoding: iso8859-1 takes any file, so that utf-8 is never tried"],
        ),
        (
            {"separator": [";", "a", ";"]},
            [
                ".separator: names one twice",
                ".separator: must be one character, and no letter, digit, blank or quote",
            ],
        ),
    ],
)
def test_a_wrong_list_is_named(form: dict[str, Any], problems: list[str]) -> None:
    """Each fault has its place."""
    assert problems_of(mapping_of("companies", file=form)) == [
        f"files.table{problem}" for problem in problems
    ]


def read_back(folder: Path, rows: list[str], encoding: str, separator: str) -> None:
    """What is written in one of several forms is read back, unless its bytes are two texts."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([("id", "name"), *enumerate(rows)])
    try:
        raw = out.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return
    sound = raw.decode(errors="ignore") == raw.decode(errors="replace")
    doubtful = encoding == "cp932" and sound and not raw.isascii()
    file = {"encoding": ["utf-8", "utf-16", "cp932"], "separator": [";", ",", "\t"]}
    read = read_table(folder, raw, "companies", NAMES, file=file)
    wanted = [row if row.strip() else None for row in rows]
    assert [company.name for company in read.companies] == wanted or doubtful


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.text(st.sampled_from('ab,"\n;日本é'), max_size=6), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"]),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_what_is_written_is_read_back_unless_it_means_two_things(
    tmp_path: Path, rows: list[str], encoding: str, separator: str
) -> None:
    """Any text survives without a word about its form."""
    read_back(tmp_path, rows, encoding, separator)
