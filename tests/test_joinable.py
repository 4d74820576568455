"""Exports of five vendors whose keys join: every lead gets a stage, and touches reach products."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel import frames, sources
from tests.frames import differences
from tests.joinable import (
    AS_OF,
    FIRM,
    KINDS,
    PRODUCTS,
    VENDORS,
    firm,
    mapping_of,
    told,
    write_export,
)
from tests.real_exports import VENDORS as REAL
from tests.real_exports import files_of, header_of

FIVE = sorted(VENDORS)
LEADS = range(1, FIRM.people + 1)


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of each vendor in a folder of its name."""
    folder = tmp_path_factory.mktemp("exports")
    for vendor in VENDORS:
        (folder / vendor).mkdir()
        write_export(vendor, folder / vendor)
    return folder


@cache
def engine() -> mf.Engine:
    """The starter for two products."""
    return mf.Engine(mf.starter(PRODUCTS))


def read(vendor: str, exports: Path) -> sources.Records:
    """The records of an export."""
    return sources.read(mapping_of(vendor), exports / vendor, products=PRODUCTS)


def lead_id(vendor: str, person: int) -> Any:
    """The id under which a vendor has a person."""
    if vendor != "salesforce":
        return str(person)
    return f"00Q{person}" if person % 3 == 0 else f"003{person}"


@pytest.mark.parametrize("vendor", FIVE)
def test_every_touch_is_of_the_person_who_did_it(vendor: str, exports: Path) -> None:
    """Through joins and merges: what a twin did is of the person in whom the twin lives on."""
    records = read(vendor, exports)
    wanted = Counter(lead_id(vendor, one.person) for one in FIRM.touches)
    if vendor == "mautic":
        # A mail that was read has been sent, too.
        wanted.update(lead_id(vendor, one.person) for one in FIRM.touches if one.kind == "open")
    assert Counter(one.lead_id for one in records.activities) == wanted
    assert {one.id for one in records.leads} == {lead_id(vendor, one) for one in LEADS}


@pytest.mark.parametrize("vendor", FIVE)
def test_touches_reach_the_products_that_they_are_about(vendor: str, exports: Path) -> None:
    """One product, both, or none: as many of each as were drawn."""
    records = read(vendor, exports)
    wanted = Counter(frozenset(one.about) for one in FIRM.touches)
    if vendor == "mautic":
        wanted.update(frozenset(one.about) for one in FIRM.touches if one.kind == "open")
    assert Counter(one.product_ids for one in records.activities) == wanted
    assert min(wanted.values()) > 400
    products = [one for one in records.derived if one.path.endswith("product_ids")]
    assert sum(one.matched for one in products) == sum(n for about, n in wanted.items() if about)
    assert sum(one.unmatched for one in products) == wanted[frozenset()]


@pytest.mark.parametrize("vendor", FIVE)
def test_nothing_is_rejected_but_what_is_gone(vendor: str, exports: Path) -> None:
    """Law 7: Nothing is lost: only deleted and merged records have no place."""
    records = read(vendor, exports)
    found = Counter((one.table, one.code) for one in records.rejects)
    twins = {("leads", "merged"): len(FIRM.twins)}
    assert (
        found
        == {
            "hubspot": {("companies", "deleted"): 1, **twins},
            "marketo": {("leads", "deleted"): 1, **twins},
            "mautic": {},
            "pardot": {("leads", "deleted"): 1},
            "salesforce": twins,
        }[vendor]
    )
    for count in records.counts:
        assert count.rows == count.used + count.collapsed + count.rejected


@pytest.mark.parametrize("vendor", FIVE)
def test_every_lead_gets_a_stage_and_engagement(vendor: str, exports: Path) -> None:
    """Law 1: Engines agree: objects and tables say the same of each lead and product."""
    records = read(vendor, exports)
    tables = sources.read_tables(mapping_of(vendor), exports / vendor, products=PRODUCTS)
    out = frames.assess(engine(), **tables, as_of=AS_OF)
    given = {
        "companies": records.histories(),
        "leads": records.leads,
        "activities": records.activities,
        "deals": records.deals,
        "contracts": records.contracts,
        "sales_events": records.sales_events,
    }
    assert not differences(out, engine(), given, AS_OF, possible=False)
    assert out.leads.height == FIRM.people
    assert out.rejects.height == 0
    assert out.leads["stage"].null_count() == 0
    assert set(out.engagement["product_id"]) == {*PRODUCTS}
    touched = {(one.lead_id, item) for one in records.activities for item in one.product_ids}
    states = {(r["lead_id"], r["product_id"]) for r in out.engagement.iter_rows(named=True)}
    assert touched <= states


@pytest.mark.parametrize("vendor", sorted({*FIVE} - {"marketo", "mautic"}))
def test_deals_are_of_their_company_person_and_product(vendor: str, exports: Path) -> None:
    """Won, lost and open, each with its product; the day of an open deal is not one of closing."""
    records = read(vendor, exports)
    status = {True: "won", False: "lost", None: "open"}
    wanted = {(one.product, status[one.won], one.won is not None, one.opened) for one in FIRM.sales}
    assert {
        (deal.lines[0].product_id, deal.status, deal.closed_at is not None, deal.opened_at)
        for deal in records.deals
    } == wanted
    assert len(records.deals) == len(FIRM.sales)
    companies = {one.id for one in records.companies}
    assert {deal.company_id for deal in records.deals} <= companies
    of = {deal.id: deal.lead_id for deal in records.deals}
    if vendor == "pardot":
        # Of several people nobody is the one.
        assert {n for n in of if of[n] is None} == {
            str(one.number)
            for one in FIRM.sales
            if one.number % 2 and one.person != one.person % FIRM.companies + FIRM.companies
        }
    else:
        assert Counter(of.values()) == Counter(lead_id(vendor, one.person) for one in FIRM.sales)


def test_kinds_are_those_that_the_starter_knows(exports: Path) -> None:
    """Of all vendors together, every signal of mails, pages and forms is met."""
    signals = {
        signal.kind for model in engine().playbook.engagement.values() for signal in model.signals
    }
    kinds = {vendor: {one.kind for one in read(vendor, exports).activities} for vendor in FIVE}
    assert kinds["hubspot"] & signals == {"email_click", "email_open", "demo_request"}
    assert kinds["marketo"] & signals == {"email_click", "email_open", "pricing_page", "page_view"}
    assert kinds["mautic"] & signals == {
        *("email_click", "email_open", "pricing_page", "page_view", "asset_downloaded"),
    }
    assert kinds["pardot"] & signals == {
        *("email_click", "email_open", "page_view", "asset_downloaded", "webinar_attended"),
    }
    assert kinds["salesforce"] & signals == {"seminar_attended"}


def test_who_opted_out_is_not_contacted_by_that_channel(exports: Path) -> None:
    """Consents of each vendor: the first person wants no mails, or no calls."""
    found = {
        vendor: [
            (lead.id, one.channel, one.granted)
            for lead in read(vendor, exports).leads
            for one in lead.consents
        ]
        for vendor in FIVE
    }
    assert found == {
        "hubspot": [],
        "marketo": [("1", "email", False)],
        "mautic": [("1", "email", False)],
        "pardot": [("1", "email", False)],
        "salesforce": [("0031", "phone", False)],
    }


def test_companies_have_what_tiers_ask_for(exports: Path) -> None:
    """Number of employees, whatever the vendor calls it; Marketo knows no companies."""
    for vendor in sorted({*FIVE} - {"marketo"}):
        found = Counter(one.employees for one in read(vendor, exports).companies)
        assert found == {20: 10, 80: 10, 400: 10, 1_500: 10}


def test_what_happened_is_told(exports: Path) -> None:
    """The command prints for each vendor how many touches got a product."""
    about = sum(bool(one.about) for one in FIRM.touches)
    assert exports.is_dir()
    lines = [*told("salesforce")]
    assert f"  2000 touches, {about} with a product" in lines
    assert lines[0].startswith("salesforce: ")


def test_the_firm_is_the_same_for_the_same_seed() -> None:
    """Law 9: Same input, same bytes."""
    assert firm() == FIRM != firm(7)
    assert {one.kind for one in FIRM.touches} == {*KINDS}


@pytest.mark.parametrize("vendor", sorted(REAL))
def test_columns_are_those_of_the_real_exports(
    vendor: str, exports: Path, shared_data: Path
) -> None:
    """What is written beyond the real sample are columns that a mapping marks as optional."""
    mapping = sources.load(vendor)
    optional = {
        column
        for table in mapping.tables
        for one in table.fields
        if one.optional or table.optional
        for column in one.reads
    }
    optional |= {table.only.column for table in mapping.tables if table.only and table.optional}
    for key, path in files_of(vendor, shared_data).items():
        written = exports / vendor / mapping.files[key].paths[0]
        if not written.exists():
            continue
        with written.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file))
        assert {*header} <= {*header_of(path)} | optional, key
