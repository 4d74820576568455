"""Parts of records from files of their own: consents of leads, and lines of deals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

import mpfunnel as mf
from mpfunnel import frames, sources
from tests.frames import RECORDS, differences
from tests.reading import problems_of, read_files, write

LEADS = "id,mail,phone\nL1,true,\nL2,,true\nL3,,\n"
SAID = """\
who,how,ok,when,why
L1,EM,y,2026-10-01T09:00:00Z,card
L1,EM,y,2026-10-01T09:00:00Z,card
L1,TEL,n,2026-10-02T09:00:00Z,
L2,FAX,y,2026-10-02T09:00:00Z,
L9,EM,y,2026-10-02T09:00:00Z,
L2,EM,maybe,2026-10-02T09:00:00Z,
L2,EM,,2026-10-02T09:00:00Z,
L2,EM, ,soon,
"""


def of_leads(**more: Any) -> dict[str, Any]:
    """What leads said, in words of a CRM."""
    return {
        "files": {"leads": "leads.csv", "said": "said.csv"},
        "defaults": {"zone": "UTC"},
        "leads": {"file": "leads", "fields": {"id": "id"}},
        "consents": {
            "file": "said",
            "fields": {
                "lead_id": "who",
                "channel": {"column": "how", "values": {"EM": "email", "TEL": "phone"}},
                "granted": {"column": "ok", "true": ["y"], "false": ["n"]},
                "at": "when",
                "basis": "why",
            },
        },
        **more,
    }


def test_leads_have_what_they_said(tmp_path: Path) -> None:
    """Law 7: equal rows count once, what cannot be read is rejected, what says nothing left out."""
    write(tmp_path, "leads.csv", LEADS)
    write(tmp_path, "said.csv", SAID)
    records = read_files(of_leads(), tmp_path)
    first = mf.Consent("email", True, datetime(2026, 10, 1, 9, tzinfo=UTC), "card")
    second = mf.Consent("phone", False, datetime(2026, 10, 2, 9, tzinfo=UTC))
    assert [one.consents for one in records.leads] == [(first, second), (), ()]
    assert [(r.line, r.column, r.code) for r in records.rejects] == [
        (5, "how", "choice"),
        (6, "who", "unknown-lead"),
        (7, "ok", "choice"),
    ]
    assert records.counts[1] == sources.Count("consents", "said.csv", 6, 2, 1, 3)


def test_columns_of_leads_tell_of_consents_too(tmp_path: Path) -> None:
    """A table for each column; where it is blank, nobody said anything."""
    data = of_leads()
    del data["files"]["said"]
    data["consents"] = [
        {
            "file": "leads",
            "fields": {
                "lead_id": "id",
                "channel": {"constant": channel},
                # The column tells of an opt-out.
                "granted": {"column": column, "true": ["false"], "false": ["true"]},
                "at": {"constant": "2026-10-01"},
            },
        }
        for column, channel in (("mail", "email"), ("phone", "phone"))
    ]
    write(tmp_path, "leads.csv", LEADS)
    records = read_files(data, tmp_path)
    assert [[(c.channel, c.granted) for c in one.consents] for one in records.leads] == [
        [("email", False)],
        [("phone", False)],
        [],
    ]
    assert [(one.rows, one.used) for one in records.counts[1:]] == [(1, 1), (1, 1)]
    # A word for the blank cell makes it say something; a word for blank takes it back.
    granted = data["consents"][0]["fields"]["granted"]
    data["consents"][0]["fields"]["granted"] = {**granted, "values": {"": "false"}}
    records = read_files(data, tmp_path)
    assert [one.rows for one in records.counts[1:]] == [3, 1]
    assert [len(one.consents) for one in records.leads] == [1, 2, 1]
    data["consents"][0]["fields"]["granted"] = {**granted, "blank": ["true"]}
    assert [one.rows for one in read_files(data, tmp_path).counts[1:]] == [0, 1]


def test_tables_of_consents_are_those_that_assess_takes() -> None:
    """What may be said to a lead follows from them."""
    leads = pl.DataFrame({"id": ["L1", "L2"], "mail": [True, None]})
    granted = {"column": "mail", "true": ["true"], "false": ["false"]}
    fields = {"lead_id": "id", "channel": {"constant": "email"}, "granted": granted}
    data = of_leads(files={"leads": "l"})
    data["consents"] = {"file": "leads", "fields": {**fields, "at": {"constant": "2026-10-01"}}}
    tables = sources.tables(data, leads=leads)
    assert tables["consents"].rows() == [
        ("L1", "email", True, datetime(2026, 10, 1, tzinfo=UTC), None)
    ]
    engine = mf.Engine(mf.starter(["crm"]))
    out = frames.assess(engine, **tables, as_of=datetime(2026, 10, 31, tzinfo=UTC))
    assert out.rejects.height == 0


DEALS = "id,company,opened\nD1,C1,2026-10-01\nD2,C1,2026-10-02\n"
LINES = """\
no,deal,product,n,price
1,D1,crm,2,100
2,D1,sfa,,
3,D1,crm,2,100
3,D1,crm,2,100
4,D2,erp,1,
5,D9,crm,1,
6,D2,,1,
7,D2,crm,-1,
"""


def of_deals(**fields: Any) -> dict[str, Any]:
    """Deals, and what they are about."""
    return {
        "files": {"deals": "deals.csv", "lines": "lines.csv"},
        "defaults": {"zone": "UTC"},
        "deals": {
            "file": "deals",
            "fields": {"id": "id", "company_id": "company", "opened_at": "opened"},
        },
        "deal_lines": {
            "file": "lines",
            "fields": {
                "deal_id": "deal",
                "product_id": "product",
                "quantity": "n",
                "amount": "price",
                **fields,
            },
        },
    }


def test_deals_have_their_lines(tmp_path: Path) -> None:
    """Several products of one deal, each with its quantity and amount."""
    write(tmp_path, "deals.csv", DEALS)
    write(tmp_path, "lines.csv", LINES)
    records = read_files(of_deals(), tmp_path, products=["crm", "sfa"])
    assert [one.lines for one in records.deals] == [
        (mf.DealLine("crm", 2, 100), mf.DealLine("sfa")),
        (),
    ]
    assert [(r.line, r.column, r.code) for r in records.rejects] == [
        (6, "product", "unknown-product"),
        (7, "deal", "unknown-deal"),
        (8, "product", "missing"),
        (9, "n", "range"),
    ]
    assert records.counts[1] == sources.Count("deal_lines", "lines.csv", 8, 2, 2, 4)


def test_lines_that_have_ids_are_told_apart_by_them(tmp_path: Path) -> None:
    """Two equal lines are two; two that share an id and differ are none (S17)."""
    write(tmp_path, "deals.csv", DEALS)
    write(tmp_path, "lines.csv", LINES + "2,D1,sfa,7,\n,D1,sfa,7,\n")
    records = read_files(of_deals(id="no"), tmp_path, products=["crm", "sfa"])
    assert [one.lines for one in records.deals] == [(mf.DealLine("crm", 2, 100),) * 2, ()]
    assert [(r.line, r.column, r.code) for r in records.rejects] == [
        (3, "no", "conflict"),
        (6, "product", "unknown-product"),
        (7, "deal", "unknown-deal"),
        (8, "product", "missing"),
        (9, "n", "range"),
        (10, "no", "conflict"),
        (11, "no", "missing"),
    ]


def test_lines_go_by_ids_only_where_all_have_them(tmp_path: Path) -> None:
    """Where one of two tables has none, equal lines count once."""
    write(tmp_path, "deals.csv", DEALS)
    write(tmp_path, "lines.csv", "no,deal,product,n,price\n1,D1,crm,1,\n2,D1,crm,1,\n1,D1,sfa,1,\n")
    data = of_deals(id="no")
    data["deal_lines"] = [data["deal_lines"], of_deals()["deal_lines"]]
    records = read_files(data, tmp_path)
    # Beside the two with their ids stand those without.
    assert [len(one.lines) for one in records.deals] == [5, 0]
    assert [(one.used, one.collapsed) for one in records.counts[1:]] == [(3, 0), (2, 1)]


def test_parts_need_their_whole() -> None:
    """Nothing has consents without leads; and a deal's product is said in one place."""
    data = of_deals()
    data["consents"] = of_leads()["consents"]
    data["files"]["said"] = "said.csv"
    data["deals"]["fields"] |= {"product_id": "p", "quantity": "q"}
    assert problems_of(data) == [
        "consents: needs leads, which have them",
        "deals.fields.product_id: says what deal_lines say; give one of them",
    ]
    del data["deals"], data["consents"]
    assert problems_of(data) == ["deal_lines: needs deals, which have them"]
    loaded = sources.load(of_deals(id="no"))
    assert sources.load(loaded.to_data()) == loaded


def test_tables_of_lines_are_those_that_assess_takes(tmp_path: Path) -> None:
    """Laws 1 and 7: tables answer what the accounts answer, of every product of a deal."""
    deals = DEALS.replace("opened\n", "opened,closed\n").replace("-01\n", "-01,2026-10-03\n")
    write(tmp_path, "deals.csv", deals.replace("-02\n", "-02,2026-10-03\n"))
    write(tmp_path, "lines.csv", "deal,product,n,price\nD1,crm,2,100\nD1,sfa,1,\n")
    write(tmp_path, "companies.csv", "id\nC1\n")
    data = of_deals()
    data["files"]["companies"] = "companies.csv"
    data["companies"] = {"file": "companies", "fields": {"id": "id"}}
    data["deals"]["fields"] |= {"status": {"constant": "won"}, "closed_at": "closed"}
    engine = mf.Engine(mf.starter(["crm", "sfa", "ma"]))
    day = datetime(2026, 10, 31, tzinfo=UTC)
    out = frames.assess(engine, **sources.read_tables(data, tmp_path), as_of=day)
    assert out.rejects.height == 0
    records = sources.read(data, tmp_path)
    given = {kind: getattr(records, kind) for kind in RECORDS}
    assert differences(out, engine, given, day.date(), possible=False) == []
    rows = dict(out.company_products.select("product_id", "position").rows())
    assert {product for product, where in rows.items() if where == "owned"} == {"crm", "sfa"}
