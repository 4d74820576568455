"""Proposed mappings: they load, they read the files that they were made from, and they say where
they are not sure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.errors import DecodeError
from mpfunnel.labels import Lang
from mpfunnel.sources.proposing.names import TELLING, key_of, names_of, unit_of
from mpfunnel.sources.proposing.samples import ROWS

SAMPLES = Path(__file__).parents[1] / "docs" / "samples"
SCREENS = [name for name in sources.shipped() if "screen" in name]


def written(folder: Path, texts: Mapping[str, str | bytes]) -> list[Path]:
    """Write files and return their paths."""
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return [folder / name for name in texts]


def proposed(
    folder: Path, texts: Mapping[str, str | bytes], *, lang: Lang = "en", **more: Any
) -> sources.Proposal:
    """The proposal for files: the same each time."""
    paths = written(folder, texts)
    made = sources.propose(paths, lang=lang, **more)
    assert sources.propose(paths, lang=lang, **more) == made
    assert sources.load(tomllib.loads(made.text)) == made.mapping
    return made


def columns(made: sources.Proposal, kind: str = "") -> dict[str, tuple[str, ...]]:
    """The columns of each field of a record kind; of the first where none is named."""
    table = next(one for one in made.mapping.tables if not kind or one.kind == kind)
    return {one.name: one.columns for one in table.fields}


def line(made: sources.Proposal, start: str) -> str:
    """The line of the proposal that begins so, after what must be checked of it."""
    lines = made.text.splitlines()
    place = next(place for place, one in enumerate(lines) if one.startswith(start))
    above = lines[place - 1]
    return f"{above}\n{lines[place]}" if above.startswith("# check: ") else lines[place]


def read(made: sources.Proposal, **more: Any) -> sources.Records:
    """What the proposal reads of the files that it was made from."""
    return sources.read(made.mapping, made.folder, **more)


# -- the main promise: it reads the files that it was made from --


@pytest.mark.parametrize("sample", ["crm", "crm_ja"])
def test_a_proposal_reads_what_a_person_mapped(sample: str) -> None:
    """Of the samples of the docs, it gives the records of the mapping that a person wrote."""
    folder = SAMPLES / sample
    made = sources.propose(sorted(folder.glob("*.csv")))
    assert read(made) == sources.read(folder / "mapping.toml", folder)


def test_a_proposal_of_the_maven_export_reads_as_many_rows_as_the_shipped_mapping(
    shared_data: Path,
) -> None:
    """Names that stand in for ids, a product with two spellings, and deals that are still open."""
    folder = shared_data / "maven_crm"
    made = sources.propose(sorted(folder.glob("*.csv")))
    mine, theirs = read(made), sources.read("maven", folder)
    assert [(one.file, one.used, one.rejected) for one in mine.counts] == [
        (one.file, one.used, one.rejected) for one in theirs.counts
    ]
    assert [(one.id, one.status, one.lines[0].product_id) for one in mine.deals] == [
        (one.id, one.status, one.lines[0].product_id) for one in theirs.deals
    ]
    assert line(made, "annual_revenue").startswith("# check: in units of one?")
    assert made.kinds["sales_teams.csv"] == ""


@pytest.mark.parametrize(
    ("path", "kind", "some"),
    [
        (
            "crm_exports_fivetran/dbt_hubspot/company_data.csv",
            "companies",
            {"id": "id", "name": "property_name", "annual_revenue": "property_annualrevenue"},
        ),
        (
            "crm_exports_fivetran/dbt_hubspot/contact_data.csv",
            "leads",
            {"id": "id", "email": "property_email", "title": "property_jobtitle"},
        ),
        (
            "crm_exports_fivetran/dbt_hubspot/email_event_data.csv",
            "activities",
            {"id": "id", "lead_id": "recipient", "at": "created"},
        ),
        (
            "crm_exports_fivetran/dbt_salesforce/sf_account_data.csv",
            "companies",
            {"id": "id", "employees": "number_of_employees", "domains": "website"},
        ),
        (
            "crm_exports_fivetran/dbt_salesforce/sf_contact_data.csv",
            "leads",
            {"id": "id", "company_id": "account_id", "phone": "phone"},
        ),
        (
            "crm_exports_fivetran/dbt_salesforce/sf_opportunity_data.csv",
            "deals",
            {"id": "id", "company_id": "account_id", "status": "stage_name"},
        ),
        (
            "crm_exports_fivetran/dbt_marketo/marketo_activity_click_email_data.csv",
            "activities",
            {"id": "id", "lead_id": "lead_id", "at": "activity_date"},
        ),
        (
            "crm_exports_fivetran/dbt_pardot/pardot_prospect_data.csv",
            "leads",
            {"id": "id", "email": "email", "company_name": "company"},
        ),
        (
            "crm_exports_fivetran/dbt_pardot/pardot_visitor_activity_data.csv",
            "activities",
            {"id": "id", "lead_id": "prospect_id", "at": "created_at"},
        ),
        (
            "salesforce_dataloader/accountData.csv",
            "companies",
            {"id": "ID", "name": "NAME", "employees": "NUMBEROFEMPLOYEES"},
        ),
        (
            "salesforce_dataloader/opportunityData.csv",
            "deals",
            {"id": "ID", "status": "STAGENAME", "closed_at": "CLOSEDATE", "amount": "AMOUNT"},
        ),
        (
            "retentioneering_ecom/ecom.csv.gz",
            "activities",
            {"lead_id": "user_id", "kind": "event", "at": "timestamp"},
        ),
    ],
)
def test_real_exports_are_told_by_their_headers(
    path: str, kind: str, some: dict[str, str], shared_data: Path
) -> None:
    """HubSpot, Salesforce, Marketo and Pardot: the kind, its main columns, and no row rejected."""
    made = sources.propose(shared_data / path)
    assert made.mapping.kinds == [kind]
    found = columns(made)
    assert {name: found[name] for name in some} == {name: (one,) for name, one in some.items()}
    (count,) = read(made).counts
    assert (count.table, count.rejected) == (kind, 0)
    assert count.rows == count.used + count.collapsed


@pytest.mark.parametrize(
    "path",
    [
        "dbt_hubspot/deal_data.csv",
        "dbt_hubspot/company_property_history_data.csv",
        "dbt_hubspot/contact_list_member_data.csv",
        "dbt_hubspot/team_data.csv",
        "dbt_salesforce/sf_user_role_data.csv",
        "dbt_pardot/pardot_campaign_data.csv",
    ],
)
def test_what_holds_no_records_is_not_taken_for_any(path: str, shared_data: Path) -> None:
    """Deals without a company, property histories, and tables of an id and a name."""
    with pytest.raises(DecodeError, match=r"deals need it|nothing tells what it holds"):
        sources.propose(shared_data / "crm_exports_fivetran" / path)


# -- the shipped mappings of screens --

CELLS: dict[str, Sequence[str]] = {
    "employees": ("2,400", "30", ""),
    "annual_revenue": ("86000000000", "1,200,000", ""),
    "domains": ("nagimine.example", "tsubakisawa.example", ""),
    "email": ("m.sato@nagimine.example", "n.takahashi@tsubakisawa.example", ""),
    "opened_at": ("2026-10-01 10:30", "2026-10-02 9:05:07", "2026-10-03"),
    "created_at": ("2026-10-01 10:30", "2026-10-02", ""),
    "closed_at": ("2026-10-09", "2026-10-10", "2026-12-31"),
    "amount": ("1,800,000", "900000", ""),
    "relationships": ("Prospect", "Other", ""),
    "parent_id": ("", "1", ""),
    "currency": ("JPY", "JPY", "JPY"),
}
"""Three cells of each field that is no text of its own."""
STAGES = {
    "hubspot_screen_en": ("Closed Won", "Closed Lost", "Contract Sent"),
    "hubspot_screen_ja": ("成約", "失注", "Contract Sent"),
    "salesforce_screen_en": ("Closed Won", "Closed Lost", "Negotiation/Review"),
    "salesforce_screen_ja": ("受注", "不成立", "Prospecting"),
}


def screens(name: str, folder: Path) -> dict[str, list[str]]:
    """Write an export as a shipped mapping describes it; the header of each file, by its path."""
    mapping = sources.load(name)
    headers: dict[str, list[str]] = {}
    cells: dict[tuple[str, str], Sequence[str]] = {}
    for table in mapping.tables:
        path = mapping.files[table.file].paths[0]
        header = headers.setdefault(path, [])
        for one in table.fields:
            given = STAGES[name] if one.name == "status" else CELLS.get(one.name)
            if one.slot.ids_of:
                # People of both files are people.
                given = given or (("4", "5", "6") if path == "leads.csv" else ("1", "2", "3"))
            for column in one.columns:
                if column not in header:
                    header.append(column)
                cells.setdefault((path, column), given or ("a", "b", ""))
    for path, header in headers.items():
        rows = zip(*(cells[path, column] for column in header), strict=True)
        lines = [header, *rows]
        text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in lines)
        (folder / path).write_text(text, encoding="utf-8-sig")
    return headers


@pytest.mark.parametrize("name", SCREENS)
def test_a_shipped_mapping_of_screens_reads_an_export_of_all_its_columns(
    name: str, tmp_path: Path
) -> None:
    """Companies, people, and deals won, lost and open; that of an open one is no close date."""
    screens(name, tmp_path)
    records = sources.read(name, tmp_path)
    assert records.rejects == ()
    assert [one.employees for one in records.companies] == [2400, 30, None]
    assert [(one.status, one.closed_at is None) for one in records.deals] == [
        ("won", False),
        ("lost", False),
        ("open", True),
    ]


@pytest.mark.parametrize("name", SCREENS)
def test_a_shipped_mapping_of_screens_does_with_the_columns_that_must_be_there(
    name: str, tmp_path: Path
) -> None:
    """Whoever exports the ids and names of companies alone has companies."""
    headers = screens(name, tmp_path)
    path, *others = headers
    for other in others:
        (tmp_path / other).unlink()
    (tmp_path / path).write_text(",".join(headers[path][:2]) + "\n1,x\n", encoding="utf-8")
    records = sources.read(name, tmp_path)
    assert [(one.id, one.name) for one in records.companies] == [("1", "x")]
    assert records.rejects == ()


@pytest.mark.parametrize("name", SCREENS)
def test_a_proposal_of_a_screen_is_what_is_shipped(name: str, tmp_path: Path) -> None:
    """The same names stand behind both: every column becomes the field of the shipped mapping."""
    headers = screens(name, tmp_path)
    mapping = sources.load(name)
    for path in headers:
        made = sources.propose(tmp_path / path)
        (table,) = [one for one in mapping.tables if mapping.files[one.file].paths == (path,)]
        assert made.mapping.kinds == [table.kind]
        theirs = {one.name: set(one.columns) for one in table.fields}
        mine = {field: set(found) for field, found in columns(made).items()}
        # Ids that the other file alone could confirm, and words without meaning, are left out.
        assert {field: theirs[field] for field in mine} == mine
        assert theirs.keys() - mine.keys() <= {"parent_id"}


# -- names of columns --

STYLES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "snake": lambda name: re.sub(r"[^\w/()（）・]+", "_", name).lower(),
    "camel": lambda name: "".join(part[:1].upper() + part[1:] for part in name.split()),
    "wide": lambda name: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in name
    ),
    "property": lambda name: f"property_{name}",
    "custom": lambda name: f"{name}__c",
    "spaced": lambda name: f" {name} ",
    "quoted": lambda name: f"`{name}`",
}
COMPANY_COLUMNS = {
    "id": ("企業ID", "Company ID", "取引先コード"),
    "name": ("企業名", "Account Name", "取引先名"),
    "industry": ("業種", "Industry"),
    "employees": ("従業員数", "Number of Employees"),
    "annual_revenue": ("売上高", "Annual Revenue"),
    "region": ("都道府県", "Billing State/Province"),
    "corporate_number": ("法人番号", "Corporate number"),
}
COMPANY_CELLS = {
    "id": ("A1", "A2"),
    "name": ("凪峰製作所", "Tsubakisawa"),
    "industry": ("製造業", "IT"),
    "employees": ("300", "１，２００"),
    "annual_revenue": ("5000", ""),
    "region": ("大阪府", ""),
    "corporate_number": ("7010001999999", ""),
}


@st.composite
def headers(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    """Columns of companies in any order and any style: the fields by their header, and a file."""
    fields = draw(st.permutations(list(COMPANY_COLUMNS)))
    names: dict[str, str] = {}
    for field in fields:
        style = STYLES[draw(st.sampled_from(sorted(STYLES)))]
        unit = (
            draw(st.sampled_from(["", "（百万円）", " (JPY)"])) if field == "annual_revenue" else ""
        )
        names[style(draw(st.sampled_from(COMPANY_COLUMNS[field]))) + unit] = field
    rows = [list(names), *([COMPANY_CELLS[f][n] for f in names.values()] for n in (0, 1))]
    return names, "\n".join(",".join(row) for row in rows)


@given(made=headers())
@settings(max_examples=60)
def test_a_column_is_told_by_its_name_however_it_is_written(
    made: tuple[dict[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Case, width, snake, camel, HubSpot's prefix, Salesforce's suffix, units, and any order."""
    names, text = made
    found = proposed(tmp_path_factory.mktemp("p"), {"x.csv": text})
    mine = {column: field for field, (column,) in columns(found).items()}
    assert mine == names
    first, second = read(found).companies
    assert (first.employees, second.employees) == (300, 1200)
    unit = unit_of(next(name for name, field in names.items() if field == "annual_revenue"))[1]
    assert first.annual_revenue == (5_000_000_000 if unit == "百万円" else 5000)
    # Who states no unit is asked for it.
    assert ("in units of one?" in found.text) == (unit is None)


def test_the_dictionary_has_no_name_twice_in_a_field() -> None:
    """A name that stands there again would never be looked at."""
    for kind in TELLING:
        for listed in names_of(kind).values():
            keys = [key_of(name) for name in listed]
            assert [key for key in keys if keys.count(key) > 1] == []


@pytest.mark.parametrize(
    ("name", "base", "unit"),
    [
        ("売上高（百万円）", "売上高", "百万円"),
        ("売上高（単位：千円）", "売上高", "千円"),
        ("売上高百万円", "売上高", "百万円"),
        ("年商【億円】", "年商", "億円"),
        ("従業員数(名)", "従業員数", ""),
        ("revenue_m", "revenue", "million"),
        ("revenue in million yen", "revenue", "million"),
        ("Annual Revenue (USD)", "Annual Revenue", ""),
        ("sales in JPY million", "sales", "million"),
        ("growth %", "growth", "percent"),
        ("revenue k", "revenue", "thousand"),
        ("都道府県(請求先)", "都道府県(請求先)", None),
        ("Associated Company IDs (Primary)", "Associated Company IDs (Primary)", None),
        ("Annual Revenue", "Annual Revenue", None),
        ("百万円", "百万円", None),
    ],
)
def test_units_of_headers(name: str, base: str, unit: str | None) -> None:
    """In brackets of any kind, behind a blank or a line, in either language."""
    assert unit_of(name) == (base, unit)


def test_a_name_that_only_ends_like_one_is_checked(tmp_path: Path) -> None:
    """The head of a compound tells it; what merely begins so is another thing."""
    made = proposed(
        tmp_path,
        {"c.csv": "企業ID,主要取引先名,連結従業員数,従業員満足度\n1,凪峰,300,5\n2,椿沢,20,4\n"},
    )
    assert columns(made) == {
        "id": ("企業ID",),
        "name": ("主要取引先名",),
        "employees": ("連結従業員数",),
    }
    assert line(made, "employees").endswith("# check: by a part of its name")
    assert "#   従業員満足度: whole numbers, such as 5" in made.text


def test_a_short_name_at_the_end_or_in_brackets_is_checked(tmp_path: Path) -> None:
    """契約商品 is a product, and a place (prefecture) a region."""
    made = proposed(
        tmp_path,
        {
            "contracts.csv": "顧客番号,契約商品,契約開始日,契約満了日\n1,crm,2026/4/1,\n",
            "companies.csv": "顧客番号,社員数,本社所在地（都道府県）\n1,5,大阪府\n",
        },
    )
    assert columns(made, "contracts")["product_id"] == ("契約商品",)
    assert "# check: by a part of its name; are these the ids" in made.text
    assert line(made, "region").endswith("# check: by a part of its name")


def test_columns_that_cannot_be_named_are_listed(tmp_path: Path) -> None:
    """A blank name, and one that stands there twice: a mapping could name neither."""
    made = proposed(tmp_path, {"c.csv": "company id,staff,,staff,業種\n1,3,x,4,IT\n2,3,,4,IT\n"})
    assert columns(made) == {"id": ("company id",), "industry": ("業種",)}
    assert made.text.count("its name is blank, or stands there twice") == 2


# -- cells --

FORMATS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y%m%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
]


@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2040, 12, 31)), min_size=1, max_size=6),
    form=st.sampled_from(FORMATS),
    time=st.sampled_from(["", " %H:%M", " %H:%M:%S"]),
    padded=st.booleans(),
)
@settings(max_examples=80)
def test_days_are_read_as_they_were_written_or_not_at_all(
    days: list[date],
    form: str,
    time: str,
    padded: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A format that fits every cell is taken; of two that do, neither is."""
    instants = [datetime(day.year, day.month, day.day, 9, 5, tzinfo=UTC) for day in days]
    cells = [instant.strftime(form + time) for instant in instants]
    if not padded and "年" not in form and form != "%Y%m%d":
        cells = [re.sub(r"(?<=[/.-])0(?=\d[/.-])", "", cell) for cell in cells]
    text = "行動ID,リードID,日時,行動\n" + "".join(
        f"{number},L1,{cell},ウェビナー\n" for number, cell in enumerate(cells)
    )
    folder = tmp_path_factory.mktemp("p")
    paths = written(folder, {"x.csv": text})
    # Nothing tells 3/4 from 4/3, and 5.5 is either way the same day, which proves nothing.
    open_order = form[1] != "Y" and all(day.day <= 12 for day in days)
    if open_order:
        with pytest.raises(DecodeError, match="no column of at; activities need it"):
            sources.propose(paths)
        return
    made = sources.propose(paths)
    at = timedelta(hours=9, minutes=5) if time else timedelta()
    tokyo = timedelta(hours=9)
    assert [one.at for one in read(made).activities] == [
        datetime(day.year, day.month, day.day, tzinfo=UTC) + at - tokyo for day in days
    ]


def test_a_table_that_lacks_nearly_all_is_shown_all_the_same(tmp_path: Path) -> None:
    """Its days are words: who corrects them finds the rest there."""
    made = proposed(
        tmp_path,
        {
            "touches.csv": "lead id,when\nL1,last Friday\n",
            "leads.csv": "lead id,email\nL1,a@b.example\n",
        },
    )
    assert "# [activities]" in made.text
    assert "#   when: at? 1 of 1 cells cannot be read, such as l…" in made.text


def test_of_two_orders_of_days_neither_is_guessed(tmp_path: Path) -> None:
    """The comment names both, and the column is not read; a table that needs it is only shown."""
    made = proposed(
        tmp_path,
        {
            "leads.csv": "lead id,email,created at\nL1,a@b.example,03/04/2026\n",
            "deals.csv": "deal id,company id,deal stage,amount,opened at\n1,1,open,5,03/04/2026\n",
        },
    )
    assert columns(made) == {"id": ("lead id",), "email": ("email",)}
    assert "#   created at: created_at? day first or month first is open: " in made.text
    assert "['%d/%m/%Y'] or ['%m/%d/%Y']" in made.text
    assert made.kinds == {"leads.csv": "leads", "deals.csv": ""}
    assert "# check: not read: no column of opened_at is sure\n# Name it here" in made.text
    assert "\n# [deals]\n" in made.text
    assert '\n# deals = "deals.csv"\n' in made.text
    # What is only shown is right once it is uncommented and said.
    whole = made.text.replace("# [deals", "[deals").replace("# deals =", "deals =")
    whole = re.sub(r"^# (\w+ = |\"?\w+\"? = )", r"\1", whole, flags=re.MULTILINE)
    whole = whole.replace(
        "[deals.fields]\n",
        '[deals.fields]\nopened_at = { column = "opened at", date_formats = ["%d/%m/%Y"] }\n',
    )
    assert [one.id for one in sources.read(tomllib.loads(whole), tmp_path).deals] == ["1"]


@pytest.mark.parametrize(
    ("cells", "said", "values"),
    [
        (["2,400", "80"], '{ column = "従業員数", thousands = "," }', [2400, 80]),
        (["2.400", "80"], "between thousands, and a comma before decimals?", [2400, 80]),
        (["２，４００", " 80 "], 'normalise = ["nfkc", "strip"], thousands = ","', [2400, 80]),
        (["－", "80"], 'blank = ["－"]', [None, 80]),
        (["N/A", "不明", "80"], 'blank = ["N/A", "不明"]', [None, None, 80]),
        ([" 80"], 'normalise = ["strip"]', [80]),
    ],
)
def test_numbers_as_people_write_them(
    cells: list[str], said: str, values: list[int | None], tmp_path: Path
) -> None:
    """What it takes to read them is found out with the reader itself."""
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    made = proposed(tmp_path, {"c.csv": "企業ID,従業員数\n" + rows})
    assert said in line(made, "employees")
    assert [one.employees for one in read(made).companies] == values


def test_a_few_cells_that_cannot_be_read_are_told_and_many_leave_the_column_out(
    tmp_path: Path,
) -> None:
    """One of ten is a row to be rejected; bands of employees are no numbers."""
    few = "".join(f"{number},{number}\n" for number in range(1, 10)) + "10,about 40\n"
    made = proposed(tmp_path, {"c.csv": "company id,staff\n" + few})
    assert "# check: 1 of 10 cells cannot be read, such as a…; their rows are rejected" in line(
        made, "employees"
    )
    assert [one.column for one in read(made).rejects] == ["staff"]
    made = proposed(tmp_path, {"c.csv": "company id,staff,industry\n1,100-299,IT\n2,30,IT\n"})
    assert "#   staff: employees? 1 of 2 cells cannot be read, such as 100-299" in made.text
    assert read(made).rejects == ()


def test_what_the_records_refuse_is_told_too(tmp_path: Path) -> None:
    """No number of employees, a 法人番号 that lacks a digit; and blanks around texts."""
    rows = "".join(f"{number}, 凪峰 ,{number},7010001999999\n" for number in range(1, 10))
    made = proposed(
        tmp_path, {"c.csv": f"企業ID,企業名,従業員数,法人番号\n{rows}10,x,-5,700001205000\n"}
    )
    assert "# check: 1 of 10 cells cannot be read, such as -5" in line(made, "employees")
    assert "# check: 1 of 10 cells cannot be read" in line(made, "corporate_number")
    assert 'name = { column = "企業名", normalise = ["strip"] }' in made.text
    assert [len(read(made).companies), len(read(made).rejects)] == [9, 1]


def test_times_that_state_their_zone_need_none(tmp_path: Path) -> None:
    """And those in UTC by a word behind them are in UTC."""
    rows = "id,lead id,kind,when\n1,L1,webinar,"
    made = proposed(tmp_path, {"touches.csv": rows + "2026-10-27T18:02:00+09:00\n"})
    assert "[defaults]" not in made.text
    made = proposed(tmp_path, {"touches.csv": rows + "2026-10-27 18:02:00 UTC\n"})
    assert "[defaults]\ndate_formats" in made.text
    assert read(made).activities[0].at == datetime(2026, 10, 27, 18, 2, tzinfo=UTC)


def test_only_the_first_rows_are_looked_at(tmp_path: Path) -> None:
    """Whatever is behind them, the proposal is the same."""
    head = "company id,staff\n" + "".join(f"{number},5\n" for number in range(ROWS))
    made = proposed(tmp_path, {"c.csv": head})
    assert made == proposed(tmp_path, {"c.csv": head + "x,what\n" * 10})


# -- encodings and separators --

PEOPLE = (
    "リードID,氏名,メールアドレス\n"
    "L1,佐藤 美咲,m.sato@nagimine.example\n"
    "L2,髙橋①,n@tsubakisawa.example\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp932"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found(encoding: str, separator: str, tmp_path: Path) -> None:
    """As Excel saves it, in Japan and elsewhere."""
    raw = PEOPLE.replace(",", separator).encode(encoding)
    made = proposed(tmp_path, {"people.csv": raw})
    assert [one.name for one in read(made).leads] == ["佐藤 美咲", "髙橋①"]
    assert "check" not in line(made, "leads = ")


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_zeros(mark: str, tmp_path: Path) -> None:
    """Every second byte of a plain letter is one."""
    raw = "lead id,email,title\nL1,a@b.example,Director\n".encode(mark)
    made = proposed(tmp_path, {"people.csv": raw})
    assert f'encoding = "{mark}"' in line(made, "leads = ")
    assert [one.id for one in read(made).leads] == ["L1"]


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("Straße,Müller", "cp1252", "cp1252"),
        ("Renée “the boss”,François", "cp1252", "cp1252"),
        ("Łódź,Ćwik", "iso8859-2", "cp1252"),
        ("\x81,x", "iso8859-1", "iso8859-1"),
    ],
)
def test_western_letters_are_not_taken_for_japanese_and_are_checked(
    text: str, encoding: str, said: str, tmp_path: Path
) -> None:
    """An accent is a half-width kana in cp932; and any file can be read as Latin."""
    raw = f"lead id,last name,first name,email\nL1,{text},a@b.example\n".encode(encoding)
    made = proposed(tmp_path, {"people.csv": raw})
    assert f'encoding = "{said}"' in line(made, "leads = ")
    assert f"# check: {said}? any file can be read so" in line(made, "leads = ")


def test_plain_letters_alone_leave_it_to_the_file(tmp_path: Path) -> None:
    """A megabyte of them says nothing of what comes later: both encodings are named."""
    rows = "".join(f"{number},{'x' * 200}\n" for number in range(6_000))
    raw = f"company id,name\n{rows}".encode() + "99999,凪峰\n".encode("cp932")
    made = proposed(tmp_path, {"companies.csv": raw})
    assert 'encoding = ["utf-8", "cp932"]' in made.text
    assert read(made).companies[-1].name == "凪峰"


def test_a_separator_that_another_one_could_be_is_checked(tmp_path: Path) -> None:
    """Where both make as many cells in every row."""
    made = proposed(tmp_path, {"c.csv": "会社ID;業種,従業員数\n1;IT,3\n"}, lang="ja")
    assert "# 要確認: 区切り文字は ',' でよいか（ほかの文字でも読める）" in made.text


# -- words --


def test_words_become_those_of_mpfunnel_and_the_rest_is_asked(tmp_path: Path) -> None:
    """Each word of the sample stands there; an unforeseen one rejects its row."""
    made = proposed(
        tmp_path,
        {
            "companies.csv": "会社ID,会社名,取引関係\n"
            "1,凪峰,既存顧客\n2,椿沢,見込み客;代理店\n3,雲坂,休眠\n",
            "deals.csv": "案件番号,会社ID,フェーズ,受注日,登録日\n"
            "D1,1, 受注,2026/2/1,2026/1/1\nD2,2,内示,2026/9/9,2026/1/1\n"
            "D3,2,失注 (標準),2026/2/1,2026/1/1\n",
            "touches.csv": "id,lead id,行動,日付\n"
            "1,L1,ウェビナー視聴,2026/1/1\n2,L1,展示会,2026/1/1\n",
        },
    )
    records = read(made)
    assert records.rejects == ()
    assert [one.relationships for one in records.companies] == [
        {"customer"},
        {"prospect", "partner"},
        frozenset(),
    ]
    assert '"休眠" = ""  # check: what does it mean here?' in made.text
    assert [(one.status, one.closed_at is None) for one in records.deals] == [
        ("won", False),
        ("open", True),
        ("lost", False),
    ]
    assert '"内示" = "open"  # check: what does it mean here?' in made.text
    assert [one.kind for one in records.activities] == ["webinar_attended", "展示会"]
    assert '"展示会" = "展示会"  # check: what does it mean here?' in made.text
    assert made.text.count("strict = true") == 3


def test_words_are_those_of_the_playbook(tmp_path: Path) -> None:
    """Its products by their ids and names, its activities by their labels, and its zone."""
    products: list[mf.Product | str] = [
        mf.Product("crm", mf.Label("CRM Cloud", "CRMクラウド")),
        "ma",
    ]
    book = mf.starter(products, zone="Europe/Berlin")
    texts = {
        "touches.csv": "id,lead id,行動,日付,商材\n1,L1,名刺交換,2026/1/1,crm cloud\n"
        "2,L1,business card,2026/1/1,ＭＡ\n3,L1,問い合わせ,2026/1/1,BI\n"
    }
    made = proposed(tmp_path, texts, playbook=book)
    assert 'zone = "Europe/Berlin"' in made.text
    records = read(made, products=["crm", "ma", "BI"])
    assert [sorted(one.product_ids) for one in records.activities] == [["crm"], ["ma"], ["BI"]]
    assert [one.kind for one in records.activities] == ["business_card", "business_card", "inquiry"]
    assert 'BI = "BI"  # check: what does it mean here?' in made.text
    # Without one, ids cannot be told from names.
    made = proposed(tmp_path, texts)
    assert '"crm cloud" = "crm cloud"  # check: what does it mean here?' in made.text


def test_ids_of_products_that_need_no_translation_get_none(tmp_path: Path) -> None:
    """Nothing to check where the playbook has them all."""
    texts = {"touches.csv": "id,lead id,kind,when,about\n1,L1,webinar,2026-01-01,crm;ma\n"}
    made = proposed(tmp_path, texts, playbook=mf.starter(["crm", "ma"]))
    assert 'product_ids = { column = "about", split = ";" }\n' in made.text
    made = proposed(tmp_path, texts)
    assert "are these the ids of the playbook's products?" in line(made, "product_ids")


def test_words_too_many_or_with_addresses_are_not_listed(tmp_path: Path) -> None:
    """Nobody would go through them, and an address is nobody's business."""
    rows = "".join(f"{number},L1,webinar {number},2026-01-01\n" for number in range(60))
    made = proposed(tmp_path, {"touches.csv": "id,lead id,activity,when\n" + rows})
    assert "none of its words is a kind of activity" in line(made, "kind")
    text = "id,lead id,activity,when\n1,L1,webinar,2026-01-01\n2,L1,a@b.example,2026-01-01\n"
    made = proposed(tmp_path, {"touches.csv": text})
    assert "a@b.example" not in made.text


def test_words_that_mean_nothing_leave_the_field_out(tmp_path: Path) -> None:
    """Of companies, a type of some other sort; of deals, no day on which an open one closes."""
    made = proposed(
        tmp_path,
        {
            "companies.csv": "company id,staff,type\n1,5,Gold\n2,6,Silver\n",
            "deals.csv": "deal id,company id,opened at,close date,amount\n"
            "1,1,2026-01-01,2026-02-02,5\n",
        },
    )
    assert "relationships" not in columns(made, "companies")
    assert "#   type: relationships? none of its words means prospect, customer" in made.text
    assert "closed_at" not in columns(made, "deals")
    assert "#   close date: closed_at? no column says which deals are won or lost" in made.text
    assert read(made).rejects == ()


def test_deals_that_are_over_without_a_day_are_told(tmp_path: Path) -> None:
    """They will be rejected: that is better known before."""
    made = proposed(
        tmp_path,
        {
            "deals.csv": "deal id,company id,opened at,stage\n"
            "1,1,2026-01-01,won\n2,1,2026-01-01,open\n"
        },
    )
    assert "# check: deals won or lost need closed_at, of which no column is found" in made.text
    assert [one.code for one in read(made).rejects] == ["missing"]
    made = proposed(
        tmp_path, {"deals.csv": "deal id,company id,opened at,stage\n1,1,2026-01-01,open\n"}
    )
    assert "closed_at" not in made.text


def test_a_day_that_is_called_expected_is_checked(tmp_path: Path) -> None:
    """Many a CRM has one column for both, and many has two."""
    for name, asked in (("受注予定日", True), ("受注日", False)):
        text = f"案件番号,会社ID,登録日,フェーズ,{name}\n1,1,2026/1/1,受注,2026/2/2\n"
        made = proposed(tmp_path, {"deals.csv": text})
        assert ("by its name, it is only expected" in made.text) is asked


# -- ids --


def test_what_has_no_id_gets_what_the_how_to_recommends(tmp_path: Path) -> None:
    """Activities of what tells two apart, the others by a name that does, else by the row."""
    made = proposed(
        tmp_path,
        {
            "touches.csv": "who id,kind,when\nL1,webinar,2026-01-01\nL1,webinar,2026-01-01\n",
            "leads.csv": "email,title,last name\na@b.example,CEO,x\nc@d.example,,y\n",
            "deals.csv": "opportunity name,company id,created date,amount\n"
            "X,1,2026-01-01,1\nX,1,2026-01-02,2\n",
            "products.csv": "product,family\nCRM,a\nMA,a\n",
        },
    )
    assert columns(made, "activities")["id"] == ("who id", "kind", "when")
    assert line(made, 'id = { columns = ["who id"').startswith(
        "# check: no column of ids: rows that are equal in these columns count once; 1 do;"
    )
    assert columns(made, "leads")["id"] == ("email",)
    assert "# check: no column of ids: email tells them apart" in made.text
    assert columns(made, "deals")["id"] == ()
    assert "the next export may number them otherwise" in made.text
    assert columns(made, "products")["id"] == ("product",)


def test_ids_that_are_blank_or_come_again_are_told(tmp_path: Path) -> None:
    """They are rejected, and a person should know why before."""
    rows = "".join(f"{number},5\n" for number in range(20))
    made = proposed(tmp_path, {"c.csv": "company id,staff\n" + rows + ",5\n3,6\n"}, lang="ja")
    assert 'id = "company id"  # 要確認: 22行のうち1行で空欄。1行でほかの行と重複' in made.text


def test_an_id_is_a_column_that_tells_rows_apart(tmp_path: Path) -> None:
    """Of two columns that are called so, the one whose cells differ."""
    text = "user id,id,email,title\n7,1,a@b.example,x\n7,2,c@d.example,y\n"
    made = proposed(tmp_path, {"prospects.csv": text})
    assert columns(made)["id"] == ("id",)


def test_files_find_each_other_by_a_name_or_a_mail_address(tmp_path: Path) -> None:
    """Where ids lack, by what both have: a join, which a person has to check."""
    made = proposed(
        tmp_path,
        {
            "companies.csv": "company id,company,staff\nC1,Nagimine,5\nC2,Tsubakisawa,6\n",
            "people.csv": "contact id,email,title\nL1,a@b.example,x\nL2,c@d.example,y\n",
            "deals.csv": "deal id,account,created date,amount\nD1,nagimine,2026-01-01,5\n"
            "D2,Tsubakisawa,2026-01-01,5\n",
            "touches.csv": "email,kind,when\na@b.example,webinar,2026-01-01\n",
            "contracts.csv": "company id,product,start date,end date\nC1,crm,2026-01-01,\n",
        },
    )
    records = read(made)
    assert records.rejects == ()
    assert [one.company_id for one in records.deals] == ["C1", "C2"]
    assert [one.lead_id for one in records.activities] == ["L1"]
    assert [one.company_id for one in records.contracts] == ["C1"]
    assert 'company_id = "company.company id"  # check: found by company, not by an id' in made.text
    assert 'lead_id = "lead.contact id"  # check: found by email, not by an id' in made.text


def test_references_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    """How many rows name none of the companies, or of the leads, and what becomes of them."""
    made = proposed(
        tmp_path,
        {
            "companies.csv": "company id,staff,parent company\nC1,5,Holding\nC2,6,Trust\n",
            "people.csv": "contact id,company id,email\nL1,C1,a@b.example\nL2,C9,c@d.example\n",
            "deals.csv": "deal id,company id,created date,amount\n"
            "D1,C1,2026-01-01,5\nD2,X,2026-01-01,5\n",
        },
    )
    assert line(made, 'company_id = "company id"').endswith(
        "# check: in 1 of 2 rows it names none of the companies"
    )
    assert "# check: in 1 of 2 rows it names none of the companies; they are rejected" in made.text
    assert "#   parent company: parent_id? it holds no ids of companies" in made.text
    assert len(read(made).rejects) == 1


def test_what_no_file_confirms_is_taken_by_its_name(tmp_path: Path) -> None:
    """Beyond the first rows of the other file there may be what was not found; blank names none."""
    many = "".join(f"C{number},5\n" for number in range(ROWS + 1))
    made = proposed(
        tmp_path,
        {
            "companies.csv": "company id,staff\n" + many,
            "people.csv": "contact id,company id,email\n"
            f"L1,C1,a@b.example\nL2,C{ROWS},c@d.example\n",
            "deals.csv": "deal id,company id,created date,amount\nD1,,2026-01-01,5\n",
        },
    )
    assert "names none of the companies" not in made.text
    assert columns(made, "deals")["company_id"] == ("company id",)


def test_a_reference_that_no_other_column_explains_stays(tmp_path: Path) -> None:
    """It is called so, and its rows will be rejected: that is told, and left to a person."""
    made = proposed(
        tmp_path,
        {
            "companies.csv": "company id,company\nC1,Nagimine\nC2,Tsubakisawa\n",
            "contracts.csv": "account,product,start date,end date\nX,crm,2026-01-01,\n",
        },
    )
    assert columns(made, "contracts")["company_id"] == ("account",)
    assert "# check: in 1 of 1 rows it names none of the companies; they are rejected" in made.text


def test_two_spellings_of_a_product_become_one(tmp_path: Path) -> None:
    """By the file of products, where there is one."""
    made = proposed(
        tmp_path,
        {
            "products.csv": "product code,product name,family\np1,GTX Pro,a\np2,GTX Basic,a\n",
            "contracts.csv": "company id,product,start date,end date\n"
            "C1,GTXPro,2026-01-01,\nC2,gtx basic,2026-01-01,\n",
        },
    )
    assert [one.product_id for one in read(made).contracts] == ["p1", "p2"]


def test_people_without_a_company_are_matched(tmp_path: Path) -> None:
    """By mail domain, or name and region, which a person has to agree to."""
    people = "氏名,会社名,メールアドレス\n佐藤,凪峰,a@nagimine.example\n"
    made = proposed(
        tmp_path,
        {"companies.csv": "企業ID,企業名,ドメイン\nC1,凪峰,nagimine.example\n", "p.csv": people},
    )
    assert "# check: no column says whose people they are" in line(made, "[identity]")
    assert [one.company_id for one in read(made).leads] == ["C1"]
    assert "[identity]" not in proposed(tmp_path, {"p.csv": people}).text


# -- the other fields --


def test_names_of_people_are_in_the_order_of_their_language(tmp_path: Path) -> None:
    """Family name first in Japanese, last in English; one of the two is better than none."""
    for header, name in (
        ("名,姓", ("姓", "名")),
        ("last name,first name", ("first name", "last name")),
        ("役職,姓", ("姓",)),
    ):
        made = proposed(tmp_path, {"p.csv": f"lead id,{header},email\nL1,a,b,c@d.example\n"})
        assert columns(made)["name"] == name


def test_only_the_cells_tell_mail_domains_and_days(tmp_path: Path) -> None:
    """Under a name that says nothing they are found, and checked."""
    made = proposed(
        tmp_path,
        {
            "people.csv": "lead id,title,contact point\nL1,x,a@b.example\nL2,y,c@d.example\n",
            "touches.csv": "badge,action,moment,updated\nL1,webinar,2026-01-01,2026-01-02\n",
            "companies.csv": "company id,staff,where\n1,5,nagimine.example\n2,6,https://b.example/x\n",
        },
    )
    assert line(made, "email").endswith("# check: only the cells look like mail addresses")
    assert line(made, "at").endswith("# check: the only column of days")
    assert line(made, "domains").endswith("# check: only the cells look like domains")
    assert read(made).rejects == ()


def test_flags_that_segments_ask_about_become_attributes(tmp_path: Path) -> None:
    """Public bodies and individuals, where the words mean true and false."""
    made = proposed(
        tmp_path,
        {"c.csv": "企業ID,従業員数,自治体,個人\n1,5,はい,A\n2,6,いいえ,B\n"},
    )
    assert [one.attributes for one in read(made).companies] == [
        {"public_body": True},
        {"public_body": False},
    ]
    assert "#   個人: text" in made.text


def test_sets_are_split_where_their_cells_are(tmp_path: Path) -> None:
    """By a semicolon surely, by a comma if a person says so."""
    made = proposed(
        tmp_path,
        {
            "c.csv": 'company id,staff,domain\n1,5,"a.example,b.example"\n2,5,c.example\n',
            "people.csv": "lead id,email,interests,phone\n1,a@b.example,crm; ma,06-1\n",
        },
    )
    records = read(made)
    assert records.companies[0].domains == {"a.example", "b.example"}
    assert line(made, "domains").endswith("# check: several values with , between them?")
    assert records.leads[0].interests == {"crm", "ma"}


def test_one_kind_of_activity_for_a_file_without_any(tmp_path: Path) -> None:
    """By the name of the file, where it says so."""
    text = "email,date\na@b.example,2026-01-01\n"
    made = proposed(tmp_path, {"ウェビナー参加者_行動.csv": text})
    assert {one.kind for one in read(made).activities} == {"webinar_attended"}
    made = proposed(tmp_path, {"touches.csv": text})
    assert {one.kind for one in read(made).activities} == {"activity"}
    assert "one kind of activity for all rows" in made.text


def test_decisions_of_sales_are_read(tmp_path: Path) -> None:
    """With the words of sales."""
    made = proposed(
        tmp_path,
        {
            "営業判定.csv": "リードID,判定,判定日,営業担当,理由\n"
            "L1,承認,2026/10/1,森,\nL2,差戻し,2026/10/2,森,時期\n"
        },
    )
    assert [one.kind for one in read(made).sales_events] == ["accepted", "rejected"]


# -- files --


def test_files_of_one_form_are_one(tmp_path: Path) -> None:
    """Months of the same export are read one after the other; of another form, beside them."""
    texts = {
        "2026-09.csv": "id,lead id,kind,when\n1,L1,webinar,2026-09-01\n",
        "2026-10.csv": "id,lead id,kind,when\n2,L1,webinar,2026-10-01\n",
        "fair.csv": "badge;day;action\nL1;2026-10-28;webinar\n",
    }
    made = proposed(tmp_path, texts)
    assert 'activities = ["2026-09.csv", "2026-10.csv"]' in made.text
    assert 'activities_2 = { path = "fair.csv", separator = ";" }' in made.text
    assert "[[activities]]" in made.text
    assert len(read(made).activities) == 3


def test_a_person_may_say_what_a_file_holds(tmp_path: Path) -> None:
    """Where its headers do not, or are of several kinds."""
    (path,) = written(tmp_path, {"x.csv": "key,what,thing\n1,a,b\n2,c,d\n"})
    with pytest.raises(DecodeError) as caught:
        sources.propose([path])
    assert str(caught.value) == (
        "x.csv: nothing tells what it holds; say it as kind=path: products, companies, leads, "
        "activities, deals, contracts, sales_events"
    )
    made = sources.propose({"companies": path})
    assert columns(made) == {"id": ("key",)}


def test_what_is_not_told_but_by_the_file_name_or_by_little_is_checked(tmp_path: Path) -> None:
    """The name of the file alone; two kinds that are near each other."""
    made = proposed(tmp_path, {"people.csv": "id,phone\n1,06-1\n2,06-2\n"}, lang="ja")
    assert "# 要確認: leads でよいか（ファイル名だけで判断した）" in made.text
    made = proposed(tmp_path, {"x.csv": "企業ID,会社名,電話番号\n1,a,06-1\n2,c,06-2\n"})
    assert "# check: these are" in made.text
    assert "it may also be" in made.text


def test_files_in_several_folders_have_paths_under_the_common_one(tmp_path: Path) -> None:
    """The folder to read is told beside the text."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    written(tmp_path / "a", {"c.csv": "company id,staff\n1,5\n"})
    written(tmp_path / "b", {"p.csv": "contact id,email\n1,a@b.example\n"})
    made = sources.propose([tmp_path / "a" / "c.csv", tmp_path / "b" / "p.csv"])
    assert made.folder == tmp_path
    assert 'companies = "a/c.csv"' in made.text
    assert len(read(made).leads) == 1


def test_strange_names_of_columns_and_files_are_written_so_that_toml_reads_them(
    tmp_path: Path,
) -> None:
    """Quotes, line breaks, letters that cannot be seen; and a comment is never more than a line."""
    odd = '従業員数 "a\u202e\n'
    text = f'企業ID,"{odd.replace(chr(34), chr(34) * 2)}","x\ny",業種\n1,5,q,IT\n2,6,q,IT\n'
    made = proposed(tmp_path, {"企 業.csv": text, 'd"\U000e0041.csv': PEOPLE})
    assert "\u202e" not in made.text
    assert "\U000e0041" not in made.text
    assert "#   x\\ny: text" in made.text
    assert read(made).rejects == ()


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
@settings(max_examples=60)
def test_whatever_a_column_is_called_the_proposal_loads(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Law 7: nothing is lost: each column is read, or listed."""
    quoted = name.replace('"', '""')
    made = proposed(
        tmp_path_factory.mktemp("p"), {"c.csv": f'company id,staff,"{quoted}"\n1,2,"3\n"\n'}
    )
    assert len(columns(made)) + made.text.count("\n#   ") == 3


def test_faults_of_the_files_come_at_once(tmp_path: Path) -> None:
    """Absent, empty, broken, given twice, of a kind that does not exist; and of the call."""
    paths = written(tmp_path, {"a.csv": "", "b.csv.gz": b"x", "c.csv": 'a,"b\n'})
    with pytest.raises(DecodeError) as caught:
        sources.propose([*paths, tmp_path / "d.csv", tmp_path])
    assert [str(one) for one in caught.value.problems] == [
        "a.csv: is empty; it needs a line with the names of the columns",
        "b.csv.gz: cannot be read as a file",
        "c.csv: line 1: has a quote that is never closed; the rest of the file is in its cell",
        "d.csv: no such file",
        f"{tmp_path.name}: cannot be read as a file",
    ]
    with pytest.raises(DecodeError) as caught:
        sources.propose({"compnies": paths[0], "leads": [paths[0]]})
    assert [str(one) for one in caught.value.problems] == [
        "files.compnies: no such record kind; did you mean 'companies'?",
        "a.csv: is given twice",
    ]
    with pytest.raises(DecodeError, match="files: are missing; give the path of at least one"):
        sources.propose([])
    with pytest.raises(ValueError, match="must be 'en' or 'ja'"):
        sources.propose(paths, lang="fr")  # type: ignore[arg-type]


def test_a_file_without_rows_is_mapped_by_its_names(tmp_path: Path) -> None:
    """A template with nothing but headers."""
    made = proposed(tmp_path, {"c.csv": "企業ID,企業名,従業員数,備考\n"})
    assert columns(made) == {"id": ("企業ID",), "name": ("企業名",), "employees": ("従業員数",)}
    assert "#   備考: blank" in made.text


# -- what is shown --


@given(
    name=st.sampled_from(["佐藤美咲", "Misaki Sato", "山田"]),
    mail=st.sampled_from(["m.sato@nagimine.example", "ＭＳ＠nagimine.example"]),
    phone=st.sampled_from(["06-1234-5678", "09012345678"]),
    column=st.sampled_from(["担当", "memo", "contact point", "備考", "x"]),
    kind=st.sampled_from(["companies", "leads", "deals"]),
)
@settings(max_examples=60)
def test_no_comment_names_or_reaches_a_person(
    name: str,
    mail: str,
    phone: str,
    column: str,
    kind: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What is not mapped is shown by an example only where that says nothing of anybody."""
    rows = [f"{name},{mail},{phone}", f"{name}様,{mail}x,{phone}1", ",,"]
    head = {
        "companies": ("company id,staff", "5"),
        "leads": ("lead id,title", "CEO"),
        "deals": ("deal id,amount,company id,opened at", "5,C1,2026-01-01"),
    }[kind]
    text = f"{head[0]},{column},y,z\n" + "".join(
        f"{number},{head[1]},{row}\n" for number, row in enumerate(rows)
    )
    made = proposed(tmp_path_factory.mktemp("p"), {f"{kind}.csv": text})
    assert [one for one in (name, mail, phone) if one in made.text] == []


def test_the_comments_are_in_the_language_asked(tmp_path: Path) -> None:
    """And so is the word to look for; what is counted are the lines with it."""
    texts = {"c.csv": "企業ID,年商\n1,500\n"}
    made = proposed(tmp_path, texts, lang="ja")
    assert '年商"' in line(made, "annual_revenue")
    assert "# 要確認: 単位は円でよいか" in made.text
    assert "# check" not in made.text
    assert made.checks == 1
    assert proposed(tmp_path, texts).checks == 1
