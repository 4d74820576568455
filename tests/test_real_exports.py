"""Real exports of four vendors, read by the shipped mappings: every row is accounted for.

Of these samples the keys hardly join: most of what people did is of nobody who is among the people.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from mpfunnel import sources
from tests.reading import read_files
from tests.real_exports import VENDORS, account_of, files_of, header_of

NO_EVENT: Final = "contact.id: is blank, as email_event has no such row; activities need lead_id"
NO_COMPANY: Final = "company.company_id: is blank, as deal_company has no such row;"
BLANK: Final = "prospect.prospect_account_id: is blank, as opportunity_prospect has"
ACCOUNTS: Final[dict[str, dict[tuple[str, str], dict[str, int]]]] = {
    "hubspot": {
        ("merges.leads", "contact_merge_audit"): {"rows": 4, "used": 4},
        ("merges.leads", "contact"): {"rows": 1, "used": 1},
        ("merges.deals", "merged_deal"): {"rows": 14, "used": 14},
        ("companies", "company"): {"rows": 24, "used": 24},
        ("company_facts", "company_property_history"): {},
        ("leads", "contact"): {
            "rows": 22,
            "used": 19,
            "id: is a lead that was merged into another": 3,
        },
        ("consents", "email_event_status_change"): {
            "rows": 100,
            "contact.id: is blank, as email_event has no such row; consents need lead_id": 100,
        },
        ("activities", "email_event_sent"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_delivered"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_open"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_click"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_forward"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_print"): {"rows": 5, NO_EVENT: 5},
        ("activities", "email_event_bounce"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_dropped"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_deferred"): {"rows": 100, NO_EVENT: 100},
        ("activities", "email_event_spam_report"): {"rows": 32, NO_EVENT: 32},
        ("activities", "email_event_status_change"): {"rows": 100, NO_EVENT: 100},
        ("activities", "contact_form_submission"): {"rows": 5, "contact_id: no such lead": 5},
        ("activities", "contact_list_member"): {
            "rows": 100,
            "_fivetran_deleted: says that the record was deleted": 32,
            "contact_id: no such lead": 68,
        },
        ("activities", "engagement_contact"): {"rows": 1, "contact_id: no such lead": 1},
        ("deals", "deal"): {
            "rows": 44,
            f"{NO_COMPANY} deals need company_id": 44,
        },
    },
    "marketo": {
        ("merges.leads", "activity_merge_leads"): {"rows": 99, "used": 99},
        ("leads", "lead"): {"rows": 100, "used": 100},
        ("activities", "activity_send_email"): {"rows": 100, "lead_id: no such lead": 100},
        ("activities", "activity_email_delivered"): {"rows": 100, "lead_id: no such lead": 100},
        ("activities", "activity_open_email"): {"rows": 100, "lead_id: no such lead": 100},
        ("activities", "activity_click_email"): {"rows": 100, "lead_id: no such lead": 100},
        ("activities", "activity_email_bounced"): {"rows": 100, "lead_id: no such lead": 100},
    },
    "pardot": {
        ("companies", "prospect"): {"rows": 22, "used": 7, "collapsed": 15},
        ("leads", "prospect"): {
            "rows": 100,
            "used": 22,
            "_fivetran_deleted: says that the record was deleted": 78,
        },
        ("consents", "prospect"): {"rows": 10, "id: is a lead that was deleted": 10},
        ("activities", "visitor_activity"): {"rows": 100, "prospect_id: no such lead": 100},
        ("activities", "list_membership"): {"rows": 100, "prospect_id: no such lead": 100},
        ("deals", "opportunity"): {
            "rows": 100,
            f"{BLANK} no such row; deals need company_id": 98,
            f"{BLANK} several such rows that differ in it; deals need company_id": 2,
        },
    },
    "salesforce": {
        ("merges.companies", "account"): {"rows": 1, "used": 1},
        ("merges.leads", "contact"): {},
        ("merges.leads", "lead"): {"rows": 1, "used": 1},
        ("products", "product_2"): {"rows": 2, "used": 2},
        ("companies", "account"): {
            "rows": 10,
            "used": 1,
            "id: is a company that was merged into another": 1,
            "is_deleted: says that the record was deleted": 8,
        },
        ("company_facts", "account_history"): {
            "rows": 60,
            "used": 6,
            "id: is a company that was merged into another": 6,
            "id: is a company that was deleted": 48,
        },
        ("leads", "contact"): {"rows": 4, "used": 4},
        ("leads", "lead"): {"rows": 1, "id: is a lead that was merged into another": 1},
        ("consents", "contact"): {},
        ("consents", "lead"): {},
        ("activities", "task"): {"rows": 10, "who_id: no such lead": 10},
        ("activities", "event"): {"rows": 10, "who_id: no such lead": 10},
        ("deals", "opportunity"): {"rows": 10, "is_deleted: says that the record was deleted": 10},
        ("deal_lines", "opportunity_line_item"): {"rows": 10, "opportunity_id: no such deal": 10},
        ("sales_events", "lead"): {"rows": 1, "id: no such lead": 1},
    },
}
"""What becomes of the rows of each file for each record kind."""


def read(vendor: str, data: Path) -> sources.Records:
    """Read a vendor's export; tables give the same (law 1)."""
    return read_files(sources.load(vendor), files_of(vendor, data))


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_row_is_used_collapsed_or_rejected(vendor: str, shared_data: Path) -> None:
    """Law 7: Nothing is lost: the account of each file, to the row and the reason."""
    records = read(vendor, shared_data)
    _folder, prefix = VENDORS[vendor]
    found = {
        (table, file.removeprefix(prefix).removesuffix("_data.csv")): dict(one)
        for (table, file), one in account_of(records).items()
    }
    assert found == ACCOUNTS[vendor]
    for one in found.values():
        given = one.pop("rows", 0)
        assert sum(one.values()) == given


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_read_is_all_that_a_file_has(vendor: str, shared_data: Path) -> None:
    """A count of the rows that uses nothing of mpfunnel, where a table reads all of a file."""
    files = files_of(vendor, shared_data)
    partly = {
        table.file
        for table in sources.load(vendor).tables
        if table.only is not None or table.telling
    }
    counts = Counter[str]()
    for count in read(vendor, shared_data).counts:
        counts[count.file] = max(counts[count.file], count.rows)
    checked = 0
    for key, path in files.items():
        if key in partly or path.name not in counts:
            continue
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert counts[path.name] == len([*csv.DictReader(file)])
            checked += 1
    assert checked == {"hubspot": 14, "marketo": 5, "pardot": 3, "salesforce": 5}[vendor]


def test_files_that_are_only_joined_have_no_row_of_their_own(shared_data: Path) -> None:
    """They say more of the rows of others, and those rows are counted."""
    joined: dict[str, set[str]] = {}
    for vendor in VENDORS:
        counted = {count.file for count in read(vendor, shared_data).counts}
        files = files_of(vendor, shared_data)
        joined[vendor] = {key for key, path in files.items() if path.name not in counted}
    assert joined == {
        "hubspot": {
            *("deal_company", "deal_contact", "deal_pipeline_stage"),
            *("email_campaign", "email_event", "form", "contact_list"),
            *(f"engagement_{name}" for name in ("call", "communication", "email")),
            *("engagement_meeting", "engagement_note"),
        },
        "marketo": {"campaign", "program", "activity_delete_lead"},
        "pardot": {"campaign", "list", "opportunity_prospect"},
        "salesforce": set(),
    }


def test_columns_that_these_exports_lack_are_told(shared_data: Path) -> None:
    """A firm that has a company's domain or staff in HubSpot gets them; this one has not."""
    absent = {vendor: read(vendor, shared_data).absent for vendor in VENDORS}
    assert absent["pardot"] == ()
    assert "companies.fields.employees" in absent["hubspot"]
    assert "leads.fields.company_id" in absent["hubspot"]
    assert "files.activity_fill_out_form" in absent["marketo"]
    assert "consents" in absent["marketo"]
    assert "files.campaign_member" in absent["salesforce"]


def test_the_history_of_a_property_is_read_by_its_name(shared_data: Path) -> None:
    """Names are hashed in this sample: under the hash, 45 of 100 rows are of a company there is."""
    files = files_of("hubspot", shared_data)
    with files["company_property_history"].open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    with files["company"].open(encoding="utf-8-sig", newline="") as file:
        companies = {row["id"] for row in csv.DictReader(file)}
    (name,) = {row["name"] for row in rows}
    fact = {"column": "value", "named": name, "type": "text"}
    data = {"extends": "hubspot", "company_facts": {"attributes": {"hashed": fact}}}
    records = read_files(sources.load(data), files)
    found = account_of(records)["company_facts", "company_property_history_data.csv"]
    assert found["rows"] == len(rows) == 100
    assert found["used"] == sum(row["company_id"] in companies for row in rows) == 45
    assert found["company_id: no such company"] == 55
    assert len(records.histories()) == 24


def test_merged_contacts_live_on_in_the_one_that_names_them(shared_data: Path) -> None:
    """One contact of HubSpot names three others, joined by semicolons; their rows are there too."""
    records = read("hubspot", shared_data)
    gone = {"76340251", "46897301", "76226001"}
    assert {reject.value for reject in records.rejects if reject.code == "merged"} == gone
    assert "78971951" in {lead.id for lead in records.leads}
    assert gone.isdisjoint({lead.id for lead in records.leads})


def test_accounts_of_pardot_are_those_of_its_people(shared_data: Path) -> None:
    """What is said of an account with each of its people is equal, and counts once."""
    records = read("pardot", shared_data)
    assert len(records.companies) == 7
    known = {company.id for company in records.companies}
    assert {lead.company_id for lead in records.leads} == known
    assert all(company.employees for company in records.companies)


def test_versions_of_an_account_are_facts_since_their_start(shared_data: Path) -> None:
    """Of ten versions of Salesforce one is of an account that is neither deleted nor merged."""
    records = read("salesforce", shared_data)
    (company,) = records.companies
    assert {fact.company_id for fact in records.company_facts} == {company.id}
    path = files_of("salesforce", shared_data)["account_history"]
    with path.open(encoding="utf-8-sig", newline="") as file:
        (start,) = (r["_fivetran_start"] for r in csv.DictReader(file) if r["id"] == company.id)
    assert {f"{fact.at:%Y-%m-%d %H:%M:%S}" for fact in records.company_facts} == {start}


@pytest.mark.parametrize("vendor", VENDORS)
def test_shipped_mappings_name_columns_that_exist(vendor: str, shared_data: Path) -> None:
    """Whatever a mapping needs of a file is in the real one; the rest is marked as optional."""
    mapping, files = sources.load(vendor), files_of(vendor, shared_data)
    for table in mapping.tables:
        if table.optional:
            continue
        for field in (one for one in table.fields if not one.optional):
            for column in field.reads:
                join, name = table.origin(column)
                key = table.file if join is None else join.file
                if key in files:
                    assert name in header_of(files[key]), field.path
