"""Small exports of one invented firm in the shapes of five vendors, whose keys join.

``python -m tests.joinable`` writes them, reads each by its shipped mapping and the patterns of two
products, and prints what became of the rows and how many touches reached a product. Only the names
of the columns are those of the vendors; every value is drawn.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import frozen

import mpfunnel as mf
from mpfunnel import sources

__all__ = [
    "AS_OF",
    "FIRM",
    "PRODUCTS",
    "VENDORS",
    "Firm",
    "Sale",
    "Touch",
    "firm",
    "mapping_of",
    "told",
    "write_export",
]

AS_OF: Final = date(2026, 10, 31)
PRODUCTS: Final = ("crm", "sfa")
TITLES: Final = {
    ("crm",): ("CRM Cloud guide", "https://tsubakisawa.example/crm/features"),
    ("sfa",): ("SFA Pro seminar", "https://tsubakisawa.example/sfa/price"),
    ("crm", "sfa"): ("CRM and SFA together", "https://tsubakisawa.example/crm/sfa/bundle"),
    (): ("Company news", "https://tsubakisawa.example/news"),
}
"""What stands on what people saw, by the products it is about, and its link."""
KINDS: Final = ("sent", "open", "click", "page", "form", "download", "meeting", "list")
TWINS: Final = 1_000
"""How far the id of a record that was merged away lies from that of the kept one."""

Rows = list[dict[str, object]]
Export = dict[str, Rows]


@frozen
class Touch:
    """Something that one person did or got."""

    number: int
    person: int
    kind: str
    about: tuple[str, ...]
    at: datetime
    by_twin: bool

    @property
    def who(self) -> int:
        """The number under which the vendor has the person: that of a twin that is gone, or not."""
        return self.person + TWINS if self.by_twin else self.person


@frozen
class Sale:
    """A deal with one person for one product; `won` is `None` while it is open."""

    number: int
    person: int
    product: str
    opened: datetime
    closed: datetime
    won: bool | None


@frozen
class Firm:
    """The people, touches and deals of a firm; of a person the company is `person % companies`."""

    companies: int
    people: int
    twins: frozenset[int]
    touches: tuple[Touch, ...]
    sales: tuple[Sale, ...]

    def employees(self, company: int) -> int:
        """How many people work at a company."""
        return (20, 80, 400, 1_500)[company % 4]


def firm(
    seed: int = 6, *, companies: int = 40, people: int = 120, touches: int = 2_000, sales: int = 30
) -> Firm:
    """Draw a firm; the same for the same seed."""
    random = Random(seed)
    twins = frozenset(random.sample(range(1, people + 1), 4))
    start = datetime(2026, 6, 1, tzinfo=UTC)

    def moment() -> datetime:
        return start + timedelta(minutes=random.randrange(150 * 24 * 60))

    def touch(number: int) -> Touch:
        # Everybody does something.
        person = number if number <= people else random.randint(1, people)
        about = random.choice(list(TITLES))
        by_twin = person in twins and random.random() < 0.4
        return Touch(number, person, random.choice(KINDS), about, moment(), by_twin)

    def sale(number: int) -> Sale:
        opened = moment()
        closed = opened + timedelta(days=random.randint(0, 30))
        won = random.choice([True, False, None])
        return Sale(number, random.randint(1, people), random.choice(PRODUCTS), opened, closed, won)

    return Firm(
        companies,
        people,
        twins,
        tuple(map(touch, range(1, touches + 1))),
        tuple(map(sale, range(1, sales + 1))),
    )


FIRM: Final = firm()


# -- what the vendors write --


def _written(at: datetime) -> str:
    # As the tables of Fivetran: no zone, and an hour of one digit.
    return f"{at:%Y-%m-%d} {at.hour}:{at:%M:%S}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _company(number: int) -> tuple[str, str]:
    return f"Nagimine {number}", f"nagimine{number}.example"


def _mail(given: Firm, who: int) -> str:
    person = who - TWINS if who > TWINS else who
    return f"{'old.' if who > TWINS else ''}p{person}@{_company(person % given.companies)[1]}"


def _persons(given: Firm) -> list[int]:
    return [*range(1, given.people + 1), *(one + TWINS for one in sorted(given.twins))]


def _of(given: Firm, *kinds: str) -> Iterable[tuple[Touch, str, str]]:
    for one in given.touches:
        if one.kind in kinds:
            yield one, *TITLES[one.about]


def hubspot(given: Firm) -> Export:
    """The tables that Fivetran writes of HubSpot."""
    audited = sorted(given.twins)[:2]
    found: Export = {
        "company": [
            {
                "id": 5_000 + n,
                "is_deleted": "true" if n == given.companies else "false",
                "property_name": _company(n)[0],
                "property_domain": _company(n)[1],
                "property_industry": "MACHINERY",
                "property_numberofemployees": given.employees(n),
                "property_annualrevenue": 10_000_000,
                "property_state": "Osaka",
                "property_country": "Japan",
            }
            for n in range(given.companies + 1)
        ],
        "company_property_history": [
            {
                "company_id": 5_000 + n,
                "timestamp": "2026-01-10 08:15:30.250",
                "name": "numberofemployees",
                "value": given.employees(n) // 2,
            }
            for n in range(given.companies)
        ],
        "contact": [
            {
                "_fivetran_deleted": "FALSE",
                "property_email": _mail(given, who),
                "id": who,
                "property_company": _company(who % TWINS % given.companies)[0],
                "property_firstname": f"First{who}",
                "property_lastname": f"Last{who}",
                "property_createdate": "2026-05-01 9:00:00",
                "property_jobtitle": "manager",
                "property_hs_merged_object_ids": f"{who + TWINS};{who + 7 * TWINS}"
                if who in given.twins and who not in audited
                else "",
                "property_associatedcompanyid": 5_000 + who % TWINS % given.companies,
            }
            for who in _persons(given)
        ],
        "contact_merge_audit": [{"canonical_vid": n, "vid_to_merge": n + TWINS} for n in audited],
        "email_campaign": [
            {"id": n, "name": title, "subject": "News from us"}
            for n, (title, _link) in enumerate(TITLES.values())
        ],
        "form": [
            {"guid": f"f{n}", "name": f"Demo: {title}" if n == 1 else title}
            for n, (title, _link) in enumerate(TITLES.values())
        ],
        "contact_list": [
            {"id": n, "name": title} for n, (title, _link) in enumerate(TITLES.values())
        ],
        "deal_pipeline_stage": [
            {"stage_id": "open", "is_closed": "FALSE", "closed_won": "FALSE"},
            {"stage_id": "True", "is_closed": "TRUE", "closed_won": "TRUE"},
            {"stage_id": "False", "is_closed": "TRUE", "closed_won": "FALSE"},
        ],
        "merged_deal": [{"deal_id": 1, "merged_deal_id": 1 + TWINS}],
        "deal": [
            {
                "deal_id": one.number,
                "is_deleted": "false",
                "deal_pipeline_stage_id": "open" if one.won is None else str(one.won),
                "property_dealname": f"{one.product.upper()} for {one.person}",
                "property_amount": 1_000_000,
                "property_closedate": _written(one.closed),
                "property_createdate": _written(one.opened),
            }
            for one in given.sales
        ],
        "deal_company": [
            {"deal_id": one.number, "company_id": 5_000 + one.person % given.companies}
            for one in given.sales
        ],
        "deal_contact": [{"deal_id": one.number, "contact_id": one.person} for one in given.sales],
    }
    found["email_event"] = []
    for kind in ("sent", "open", "click"):
        found[f"email_event_{kind}"] = []
        for one, _title, link in _of(given, kind):
            row: dict[str, object] = {"id": f"e-{one.number}"}
            found[f"email_event_{kind}"].append(row | ({"url": link} if kind == "click" else {}))
            found["email_event"].append(
                {
                    **row,
                    "created": _written(one.at),
                    "email_campaign_id": list(TITLES).index(one.about),
                    "recipient": _mail(given, one.who).upper(),
                }
            )
    found["contact_form_submission"] = [
        {
            "timestamp": _written(one.at),
            "form_id": f"f{list(TITLES).index(one.about)}",
            "contact_id": one.who,
            "conversion_id": one.number,
            "page_url": link,
            "title": title,
        }
        for one, title, link in _of(given, "form", "page", "download")
    ]
    found["contact_list_member"] = [
        {
            "contact_id": one.who,
            # Nobody is put on one list twice.
            "contact_list_id": list(TITLES).index(one.about) + 10 * one.number,
            "_fivetran_deleted": "false",
            "added_at": _written(one.at),
        }
        for one, _title, _link in _of(given, "list")
    ]
    found["contact_list"] += [
        {"id": row["contact_list_id"], "name": TITLES[one.about][0]}
        for row, (one, _title, _link) in zip(
            found["contact_list_member"], _of(given, "list"), strict=True
        )
    ]
    met = list(_of(given, "meeting"))
    found["engagement_meeting"] = [
        {"engagement_id": one.number, "start_time": _written(one.at), "title": title, "body": ""}
        for one, title, _link in met
    ]
    found["engagement_contact"] = [
        {"engagement_id": one.number, "contact_id": one.who, "engagement_type": "MEETING"}
        for one, _title, _link in met
    ]
    return found


def salesforce(given: Firm) -> Export:
    """The objects of Salesforce as Fivetran writes them: every third person is a lead still."""

    def person(who: int) -> str:
        return f"00Q{who}" if who > TWINS or who % 3 == 0 else f"003{who}"

    def account(number: int) -> str:
        return f"001{number}"

    plain = range(1, given.people + 1)
    times = {"created_date": "2026-05-01 9:00:00", "last_modified_date": "2026-05-02 9:00:00"}
    no_more = {"has_opted_out_of_email": "FALSE", "is_deleted": "FALSE", "master_record_id": ""}
    campaigned = list(_of(given, "page", "form", "download", "list"))
    return {
        "account": [
            {
                "id": account(n),
                "is_deleted": "false",
                "master_record_id": "",
                "name": _company(n)[0],
                "website": _company(n)[1],
                "industry": "Machinery",
                "number_of_employees": given.employees(n),
                "annual_revenue": "",
                "billing_state": "Osaka",
                "billing_country": "Japan",
                "parent_id": "",
            }
            for n in range(given.companies)
        ],
        "contact": [
            {
                "id": person(who),
                "account_id": account(who % given.companies),
                "email": _mail(given, who),
                "name": f"Name {who}",
                "title": "manager",
                "do_not_call": "TRUE" if who == 1 else "FALSE",
                **no_more,
                **times,
            }
            for who in plain
            if who % 3
        ],
        "lead": [
            {
                "id": person(who),
                "email": _mail(given, who),
                "name": f"Name {who}",
                "company": _company(who % TWINS % given.companies)[0],
                "is_converted": "TRUE" if who > TWINS else "FALSE",
                "converted_contact_id": person(who - TWINS) if who > TWINS else "",
                "converted_date": "2026-06-01" if who > TWINS else "",
                **no_more,
                **times,
            }
            for who in _persons(given)
            if who > TWINS or who % 3 == 0
        ],
        "opportunity": [
            {
                "id": f"006{one.number}",
                "account_id": account(one.person % given.companies),
                "is_closed": "false" if one.won is None else "true",
                "is_won": "true" if one.won else "false",
                "is_deleted": "false",
                "amount": "1000000",
                "created_date": _written(one.opened),
                "close_date": f"{one.closed:%Y-%m-%d} 00:00:00",
            }
            for one in given.sales
        ],
        "opportunity_contact_role": [
            {"opportunity_id": f"006{one.number}", "contact_id": person(one.person)}
            for one in given.sales
        ],
        "product_2": [
            {"id": f"01t{name}", "name": name.upper(), "is_deleted": "FALSE"} for name in PRODUCTS
        ],
        "opportunity_line_item": [
            {
                "opportunity_id": f"006{one.number}",
                "product_2_id": f"01t{one.product}",
                "quantity": "1.0",
                "total_price": "1000000",
                "is_deleted": "FALSE",
            }
            for one in given.sales
        ],
        "campaign": [
            {"id": f"701{one.number}", "name": title, "type": "Seminar"}
            for one, title, _link in campaigned
        ],
        "campaign_member": [
            {
                "id": f"00v{one.number}",
                "campaign_id": f"701{one.number}",
                "lead_or_contact_id": person(one.who),
                "created_date": _written(one.at),
                "is_deleted": "FALSE",
            }
            for one, _title, _link in campaigned
        ],
        "task": [
            {
                "id": f"00T{one.number}",
                "who_id": person(one.who),
                "subject": title,
                "description": "",
                "task_subtype": "Email",
                "is_closed": "TRUE",
                "is_deleted": "FALSE",
                "activity_date": _written(one.at),
            }
            for one, title, _link in _of(given, "sent", "open", "click")
        ],
        "event": [
            {
                "id": f"00U{one.number}",
                "who_id": person(one.who),
                "subject": title,
                "description": "",
                "type": "Meeting",
                "is_deleted": "FALSE",
                "start_date_time": _written(one.at),
            }
            for one, title, _link in _of(given, "meeting")
        ],
    }


def marketo(given: Firm) -> Export:
    """The tables that Fivetran writes of Marketo, which knows no companies."""
    programs = list(TITLES)
    tables = {
        "send_email": ("sent", "list"),
        "open_email": ("open",),
        "click_email": ("click",),
        "visit_webpage": ("page", "download"),
        "fill_out_form": ("form", "meeting"),
    }
    found: Export = {
        "lead": [
            {
                "id": who,
                "email": _mail(given, who),
                "first_name": f"First{who}",
                "last_name": f"Last{who}",
                "company": _company(who % TWINS % given.companies)[0],
                "created_at": "2026-05-01 09:00:00.000",
                "updated_at": "2026-05-02 09:00:00.000",
                "unsubscribed": "TRUE" if who == 1 else "FALSE",
            }
            for who in [*_persons(given), given.people + 1]
        ],
        "activity_delete_lead": [
            {"lead_id": given.people + 1, "activity_type_id": 29, "primary_attribute_value": ""}
        ],
        "activity_merge_leads": [
            {"lead_id": n, "merge_ids": f"[{n + TWINS},{n + 7 * TWINS}]"} for n in given.twins
        ],
        "campaign": [{"id": n, "name": "batch", "program_id": 100 + n} for n in range(4)],
        "program": [{"id": 100 + n, "name": TITLES[about][0]} for n, about in enumerate(programs)],
    }
    for name, kinds in tables.items():
        found[f"activity_{name}"] = [
            {
                "id": one.number,
                "lead_id": one.who,
                "activity_date": f"{one.at:%Y-%m-%d %H:%M:%S}.000",
                "campaign_id": programs.index(one.about),
                "primary_attribute_value": "2026-06",
                **({"link": link} if name == "click_email" else {}),
                **({"webpage_url": link} if name in ("visit_webpage", "fill_out_form") else {}),
            }
            for one, _title, link in _of(given, *kinds)
        ]
    return found


def pardot(given: Firm) -> Export:
    """The tables that Fivetran writes of Pardot, which knows companies by their people."""
    types = {
        **{"sent": (6, "Email"), "open": (11, "Email"), "click": (1, "Email")},
        **{"page": (2, "Page View"), "form": (4, "Form"), "download": (1, "File")},
        "meeting": (24, "Webinar"),
    }
    return {
        "prospect": [
            {
                "id": who,
                "_fivetran_deleted": "true" if who > given.people else "false",
                "email": _mail(given, who),
                "first_name": f"First{who}",
                "last_name": f"Last{who}",
                "company": _company(who % given.companies)[0],
                "prospect_account_id": 5_000 + who % given.companies,
                "industry": "Machinery",
                "employees": given.employees(who % given.companies),
                "opted_out": "true" if who == 1 else "",
                "is_do_not_email": "",
                "is_do_not_call": "",
                "created_at": "2026-05-01 09:00:00 UTC",
                "updated_at": "2026-05-02 09:00:00 UTC",
            }
            for who in range(1, given.people + 2)
        ],
        "campaign": [{"id": n, "name": title} for n, (title, _) in enumerate(TITLES.values())],
        "list": [{"id": n, "name": title} for n, (title, _) in enumerate(TITLES.values())],
        "list_membership": [
            {
                "id": one.number,
                "list_id": list(TITLES).index(one.about),
                "prospect_id": one.person,
                "created_at": _utc(one.at),
            }
            for one, _title, _link in _of(given, "list")
        ],
        "visitor_activity": [
            {
                "id": one.number,
                "prospect_id": one.person,
                "type": types[one.kind][0],
                "type_name": types[one.kind][1],
                "created_at": _utc(one.at),
                "campaign_id": list(TITLES).index(one.about),
                "details": link,
            }
            for one, _title, link in _of(given, *types)
        ],
        "opportunity": [
            {
                "id": one.number,
                "name": f"{one.product.upper()} for {one.person}",
                "type": "New Business",
                "status": {True: "Won", False: "Lost", None: "Open"}[one.won],
                "value": "1000000.0",
                "created_at": _utc(one.opened),
                "closed_at": _utc(one.closed),
            }
            for one in given.sales
        ],
        # Several people of one account.
        "opportunity_prospect": [
            {"opportunity_id": one.number, "prospect_id": who}
            for one in given.sales
            for who in (one.person, one.person % given.companies + given.companies)[
                : 1 + one.number % 2
            ]
        ],
    }


def mautic(given: Firm) -> Export:
    """The tables of Mautic's database."""
    abouts = list(TITLES)

    def at(one: Touch) -> str:
        return f"{one.at:%Y-%m-%d %H:%M:%S}"

    def named(*names: str) -> Rows:
        return [
            {"id": n, **dict.fromkeys(names, TITLES[about][0])} for n, about in enumerate(abouts)
        ]

    mailed = list(_of(given, "sent", "open"))
    return {
        "companies": [
            {
                "id": n,
                "companyname": _company(n)[0],
                "companywebsite": f"https://www.{_company(n)[1]}/",
                "companyindustry": "Machinery",
                "companynumber_of_employees": given.employees(n),
                "companyannual_revenue": "NULL",
                "companystate": "Osaka",
                "companycountry": "Japan",
            }
            for n in range(given.companies)
        ],
        "companies_leads": [
            {"company_id": (who + other) % given.companies, "lead_id": who, "is_primary": 1 - other}
            for who in range(1, given.people + 1)
            for other in (0, 1)
        ],
        "leads": [
            {
                "id": who,
                "date_added": "2026-05-01 09:00:00",
                "date_identified": "NULL" if who > given.people else "2026-05-01 09:00:00",
                "email": "NULL" if who > given.people else _mail(given, who),
                "firstname": f"First{who}",
                "lastname": f"Last{who}",
                "position": "manager",
                "company": _company(who % given.companies)[0],
            }
            for who in range(1, given.people + 2)
        ],
        "emails": named("name", "subject"),
        "pages": named("title"),
        "forms": named("name"),
        "assets": named("title", "alias"),
        "lead_lists": [
            {"id": one.number, "name": title, "alias": "a"}
            for one, title, _link in _of(given, "list")
        ],
        "email_stats": [
            {
                "id": one.number,
                "email_id": abouts.index(one.about),
                "lead_id": one.person,
                "date_sent": at(one),
                "is_read": int(one.kind == "open"),
                "date_read": at(one) if one.kind == "open" else "NULL",
            }
            for one, _title, _link in mailed
        ],
        "page_hits": [
            {
                "id": one.number,
                "page_id": "NULL" if one.kind == "click" else abouts.index(one.about),
                "email_id": abouts.index(one.about) if one.kind == "click" else "NULL",
                "lead_id": one.person,
                "date_hit": at(one),
                "code": 200,
                "url": link,
                "url_title": "NULL",
            }
            for one, _title, link in _of(given, "click", "page")
        ],
        "form_submissions": [
            {
                "id": one.number,
                "form_id": abouts.index(one.about),
                "lead_id": one.person,
                "date_submitted": at(one),
                "referer": link,
            }
            for one, _title, link in _of(given, "form", "meeting")
        ],
        "asset_downloads": [
            {
                "id": one.number,
                "asset_id": abouts.index(one.about),
                "lead_id": one.person,
                "date_download": at(one),
                "referer": "",
            }
            for one, _title, _link in _of(given, "download")
        ],
        "lead_lists_leads": [
            {"leadlist_id": one.number, "lead_id": one.person, "date_added": at(one)}
            for one, _title, _link in _of(given, "list")
        ],
        "lead_donotcontact": [
            {
                "id": 1,
                "lead_id": 1,
                "date_added": "2026-06-01 00:00:00",
                "reason": 1,
                "channel": "email",
            }
        ],
    }


VENDORS: Final[Mapping[str, Callable[[Firm], Export]]] = {
    "hubspot": hubspot,
    "marketo": marketo,
    "mautic": mautic,
    "pardot": pardot,
    "salesforce": salesforce,
}


def write_export(vendor: str, folder: Path, given: Firm = FIRM) -> None:
    """Write the export of a vendor into a folder, under the paths of its shipped mapping."""
    files = sources.load(vendor).files
    for key, rows in VENDORS[vendor](given).items():
        # As some of them do: a byte order mark, and the line ends of Windows.
        with (folder / files[key].paths[0]).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


# -- what is the firm's own to say --

_LIKE: Final = (("*CRM*", "crm"), ("*/crm/*", "crm"), ("*SFA*", "sfa"), ("*/sfa/*", "sfa"))
_OWN: Final[Mapping[str, dict[str, Any]]] = {
    "hubspot": {"forms": [{"like": "Demo*", "is": "demo_request"}]},
    "marketo": {"pages": [{"like": "*/price", "is": "pricing_page"}]},
    "mautic": {"pages": [{"like": "*/price", "is": "pricing_page"}]},
    "pardot": {},
    "salesforce": {"campaigns": [{"like": "*seminar*", "is": "seminar_attended"}]},
}


def mapping_of(vendor: str) -> dict[str, Any]:
    """The shipped mapping of a vendor with the patterns of two products."""
    products = [{"like": like, "is": product} for like, product in _LIKE]
    own: dict[str, Any] = {
        "extends": vendor,
        "patterns": {"products": products, **_OWN[vendor]},
    }
    if vendor == "salesforce":
        values = {f"01t{name}": name for name in PRODUCTS}
        own["deal_lines"] = {"fields": {"product_id": {"column": "product_2_id", "values": values}}}
    return own


def told(vendor: str) -> Iterator[str]:
    """Yield, line by line, what becomes of the export of a vendor."""
    engine = mf.Engine(mf.starter(PRODUCTS))
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_export(vendor, folder)
        records = sources.read(mapping_of(vendor), folder, products=PRODUCTS)
    rows = Counter[str]()
    for count in records.counts:
        rows.update(used=count.used, collapsed=count.collapsed, rejected=count.rejected)
    yield f"{vendor}: {rows.total()} rows: " + ", ".join(f"{n} {what}" for what, n in rows.items())
    for (table, code), many in Counter((r.table, r.code) for r in records.rejects).items():
        yield f"  {many} of {table} rejected: {code}"
    reached = sum(bool(one.product_ids) for one in records.activities)
    yield f"  {len(records.activities)} touches, {reached} with a product"
    stages, states = Counter[str](), Counter[str]()
    for account in records.accounts():
        for lead in engine.assess(account, as_of=AS_OF).leads.values():
            stages[lead.stage.value.key] += 1
            states.update(f"{product} {one.value.key}" for product, one in lead.engagement.items())
    yield f"  {stages.total()} leads: " + ", ".join(f"{n} {key}" for key, n in stages.most_common())
    yield "  engagement: " + ", ".join(f"{n} {key}" for key, n in sorted(states.items()))


def main() -> None:
    """Write what becomes of the export of each vendor."""
    sys.stdout.writelines(f"{line}\n" for vendor in VENDORS for line in told(vendor))


if __name__ == "__main__":
    main()
