"""The invented firm: its products, its market made up from a seed, and its story by hand."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import (
    FIRM,
    LIFTS,
    PRODUCTS,
    STORY_DAY,
    Sample,
    generate,
    story,
    stream,
    write_csv,
)
from mpfunnel.examples.dice import Dice
from mpfunnel.examples.generate import EARLIEST
from mpfunnel.examples.ledger import JST
from mpfunnel.examples.market import check_digit
from mpfunnel.records import Company, Contract, Id, Lead, check_parents

AS_OF = date(2026, 10, 31)
DATA = Path(os.environ.get("MPFUNNEL_DATA", Path(__file__).parents[2] / "shared" / "data"))
KINDS = {
    *("email_open", "email_click", "webinar_attended", "asset_downloaded", "business_card"),
    *("pricing_page", "page_view", "careers_page", "inquiry", "quotation_request"),
    *("demo_request", "seminar_attended"),
}
FILES = {
    *("products", "companies", "leads", "consents", "activities", "deals", "deal_lines"),
    *("contracts", "sales_events"),
}
# A change here means that every number in docs and benchmarks that quotes the sample changes.
DIGEST = "79c5332635a7ec881a6199177d7373fbc6b5bf249a77c813f168b48b60289553"


@pytest.fixture(scope="module")
def market() -> Sample:
    """Three thousand companies, enough to see the shares."""
    return generate(3000, seed=11, as_of=AS_OF)


def companies_proper(sample: Sample) -> list[Company]:
    """Return the companies that are no person."""
    return [company for company in sample.companies if "individual" not in company.attributes]


def running(contract: Contract, day: date) -> bool:
    """Whether the contract still runs on `day`."""
    return contract.end is None or contract.end >= day


def digest(folder: Path) -> str:
    """Return one hash of all files and their names."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- same input, same bytes --


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_same_seed_same_bytes(tmp_path: Path, hash_seed: str) -> None:
    """Law 9: Same input, same bytes: a sample does not depend on the order of hashes."""
    program = (
        "import sys\n"
        "from datetime import date\n"
        "from mpfunnel.examples import generate, write_csv\n"
        "write_csv(generate(150, as_of=date(2026, 10, 31)), sys.argv[1])\n"
    )
    zone = "America/New_York" if hash_seed == "1" else "Asia/Tokyo"
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=True)
    assert digest(tmp_path) == DIGEST


def test_a_sample_is_equal_to_itself_made_again() -> None:
    """Law 9: Same input, same bytes: equal arguments give equal records."""
    assert generate(60, as_of=AS_OF) == generate(60, as_of=AS_OF)


def test_another_seed_is_another_market() -> None:
    """The seed decides."""
    assert generate(20, seed=1, as_of=AS_OF) != generate(20, seed=2, as_of=AS_OF)


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    """What is known of the first companies does not depend on how many follow."""
    small, large = generate(40, as_of=AS_OF), generate(90, as_of=AS_OF)
    assert large.companies[:40] == small.companies
    assert large.leads[: len(small.leads)] == small.leads
    assert large.deals[: len(small.deals)] == small.deals
    assert set(small.activities) < set(large.activities)


def test_a_stream_holds_the_same_records() -> None:
    """`generate` is the stream put together and ordered by time."""
    pieces = list(stream(50, as_of=AS_OF))
    assert [len(piece.companies) for piece in pieces] == [1] * 50
    assert Sample.merge(pieces) == generate(50, as_of=AS_OF)


def test_a_million_companies_can_be_begun() -> None:
    """A stream makes one company at a time, whatever its length."""
    pieces = islice(stream(1_000_000, as_of=AS_OF), 3)
    assert [piece.companies[0].id for piece in pieces] == [1, 2, 3]


def test_records_grow_with_companies() -> None:
    """Eight times the companies are about eight times the records."""
    counts = [len(generate(size, as_of=AS_OF).activities) for size in (500, 4000)]
    assert 6.5 < counts[1] / counts[0] < 9.5


def test_faults_of_the_arguments_are_told_at_once() -> None:
    """A negative size and a day before the products were sold are both named."""
    with pytest.raises(InvalidDataError) as caught:
        stream(-1, as_of=EARLIEST - timedelta(days=1))
    assert [problem.path for problem in caught.value.problems] == ["companies", "as_of"]
    assert generate(0, as_of=EARLIEST) == Sample()


# -- records fit together --


def check_references(sample: Sample) -> None:
    """Check that ids are unique, and that each id named is there."""
    companies = {company.id: company for company in sample.companies}
    leads = {lead.id for lead in sample.leads}
    products = {product.id for product in sample.products}
    assert len(companies) == len(sample.companies)
    assert len(leads) == len(sample.leads)
    assert len({(a.lead_id, a.id) for a in sample.activities}) == len(sample.activities)
    assert len({deal.id for deal in sample.deals}) == len(sample.deals)
    assert check_parents(sample.companies) == ()
    assert {company.parent_id for company in sample.companies} <= companies.keys() | {None}
    assert {lead.company_id for lead in sample.leads} <= companies.keys() | {None}
    assert {activity.lead_id for activity in sample.activities} <= leads
    assert {event.lead_id for event in sample.sales_events} <= leads
    assert {contract.company_id for contract in sample.contracts} <= companies.keys()
    assert {contract.product_id for contract in sample.contracts} <= products
    assert {event.product_id for event in sample.sales_events} <= products | {None}
    for activity in sample.activities:
        assert activity.product_ids <= products
        assert activity.kind in KINDS
    for deal in sample.deals:
        assert deal.company_id in companies
        assert deal.lead_id is None or deal.lead_id in leads
        assert {line.product_id for line in deal.lines} <= products
        assert deal.amount == sum(line.amount or 0 for line in deal.lines)
        if deal.via_company_id is not None:
            assert deal.via_company_id != deal.company_id
            assert "partner" in companies[deal.via_company_id].relationships


@pytest.mark.parametrize("as_of", [EARLIEST, AS_OF, date(2030, 2, 28)])
def test_references_resolve(as_of: date) -> None:
    """Every id that a record names is the id of a record, and no id is given twice."""
    check_references(generate(400, seed=3, as_of=as_of))


@pytest.mark.parametrize("as_of", [EARLIEST, AS_OF])
def test_all_lies_before_as_of(as_of: date) -> None:
    """What the sample tells happened before `as_of`, and after each product was first sold."""
    sample = generate(600, seed=5, as_of=as_of)
    sold_from: dict[Id | None, date] = {None: date.min}
    sold_from |= {product.id: product.sold_from or as_of for product in PRODUCTS}
    moments: list[tuple[datetime | None, Id | None]] = [
        *((a.at, product) for a in sample.activities for product in (a.product_ids or {None})),
        *((event.at, event.product_id) for event in sample.sales_events),
        *((lead.created_at, None) for lead in sample.leads),
        *((consent.at, None) for lead in sample.leads for consent in lead.consents),
        *((deal.opened_at, line.product_id) for deal in sample.deals for line in deal.lines),
        *((deal.closed_at, None) for deal in sample.deals if deal.closed_at),
    ]
    for at, product in moments:
        assert at is not None
        day = at.astimezone(JST).date()
        assert sold_from[product] <= day < as_of
    for contract in sample.contracts:
        assert sold_from[contract.product_id] <= contract.start <= as_of
    for earlier, later in pairwise(sample.activities):
        assert earlier.at <= later.at
    for first, second in pairwise(sample.sales_events):
        assert first.at <= second.at


def test_nobody_can_own_an_address(market: Sample) -> None:
    """Addresses are under `.example`, or personal ones of a form that the provider refuses."""
    for lead in market.leads:
        local, _, domain = str(lead.email).partition("@")
        assert domain.endswith(".example") or (domain == "gmail.com" and "_" in local)
        assert lead.phone is None or lead.phone.startswith("03-0000-")
    assert FIRM.domain.endswith(".example")
    assert all(domain.endswith(".example") for c in market.companies for domain in c.domains)
    assert len({lead.email for lead in market.leads}) == len(market.leads)


def test_mail_leads_back_to_the_company(market: Sample) -> None:
    """No two companies share a domain, and a lead's own mail is of its company's domain."""
    domains = Counter(domain for company in market.companies for domain in company.domains)
    owner = {domain: c.id for c in market.companies for domain in c.domains}
    assert set(domains.values()) == {1}
    for lead in market.leads:
        domain = str(lead.email).partition("@")[2]
        assert domain == "gmail.com" or owner.get(domain) == lead.company_id


# -- 法人番号 --


def test_check_digits_follow_the_ordinance() -> None:
    """The check digit agrees with published vectors of 法人番号."""
    path = DATA / "jp_corporate" / "daichodo_check-digit-vectors.json"
    if not path.exists():
        pytest.skip(f"no data at {path.parent}")
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    assert len(cases) > 600
    for case in cases:
        assert check_digit(case["body"]) == str(case["digit"])


def test_made_up_corporate_numbers_are_few_and_never_given_out(market: Sample) -> None:
    """About one in twelve companies has a number; all are distinct, from a range not in use."""
    numbers = [c.corporate_number for c in market.companies if c.corporate_number]
    assert 0.05 < len(numbers) / len(market.companies) < 0.11
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert number[1:3] == "99"
        assert number[0] == check_digit(number[1:])


# -- what a marketer recognises --


@pytest.mark.parametrize("fact", ["industry", "employees", "annual_revenue", "region"])
def test_a_tenth_is_unknown(market: Sample, fact: str) -> None:
    """About a tenth of the companies lacks each open fact."""
    firms = [c for c in companies_proper(market) if "public_body" not in c.attributes]
    share = sum(getattr(company, fact) is None for company in firms) / len(firms)
    assert 0.08 < share < 0.12


def test_employees_and_revenue_go_together(market: Sample) -> None:
    """Both are log-normal: symmetric on the scale of logarithms, and strongly correlated."""
    pairs = [
        (math.log(c.employees), math.log(c.annual_revenue))
        for c in market.companies
        if c.employees and c.annual_revenue
    ]
    size, revenue = zip(*pairs, strict=True)
    count = len(pairs)
    means = sum(size) / count, sum(revenue) / count
    spreads = [
        math.sqrt(sum((value - mean) ** 2 for value in values) / count)
        for values, mean in zip((size, revenue), means, strict=True)
    ]
    together = sum((s - means[0]) * (r - means[1]) for s, r in pairs) / count
    assert together / spreads[0] / spreads[1] > 0.8
    assert abs(median(size) - means[0]) < 0.15
    assert 1.2 < spreads[0] < 1.7


def test_makers_are_many_and_large(market: Sample) -> None:
    """Makers are the largest industry, and a third of them has at least 300 employees."""
    industries = Counter(c.industry for c in market.companies if c.industry)
    assert industries.most_common(1)[0][0] == "製造業"
    assert len(industries) == 13
    makers = [c.employees for c in market.companies if c.industry == "製造業" and c.employees]
    assert 0.25 < sum(count >= 300 for count in makers) / len(makers) < 0.42


def test_regions_follow_the_economy(market: Sample) -> None:
    """All eight regions occur; 関東 leads with about 42 %."""
    regions = Counter(c.region for c in market.companies if c.region)
    assert len(regions) == 8
    assert 0.38 < regions["関東"] / regions.total() < 0.46


def test_interest_is_concentrated(market: Sample) -> None:
    """A tenth of the leads makes more than half of the activities, and some do nothing."""
    counts = Counter(activity.lead_id for activity in market.activities)
    ranked = sorted(counts.values(), reverse=True)
    assert sum(ranked[: len(market.leads) // 10]) > 0.5 * len(market.activities)
    assert len(counts) < len(market.leads)


def interest_among(sample: Sample, ids: set[Id], product: str) -> float:
    """Share of these companies with a sign of real interest in `product`."""
    company_of = {lead.id: lead.company_id for lead in sample.leads}
    strong = {"pricing_page", "webinar_attended", "asset_downloaded", "demo_request"}
    keen = {
        company_of[activity.lead_id]
        for activity in sample.activities
        if product in activity.product_ids and activity.kind in strong
    }
    return len(keen & ids) / len(ids)


def test_owners_of_crm_want_ma(market: Sample) -> None:
    """Companies that own `crm` show interest in `ma` much more often than others."""
    assert LIFTS["crm", "ma"] == 3
    reached = {lead.company_id for lead in market.leads if lead.company_id is not None}
    owners = {
        contract.company_id
        for contract in market.contracts
        if contract.product_id == "crm" and running(contract, AS_OF)
    } & reached
    lift = interest_among(market, owners, "ma") / interest_among(market, reached - owners, "ma")
    assert lift > 1.4


def test_customers_are_those_with_a_running_contract(market: Sample) -> None:
    """The relationship `customer` agrees with the contracts; lapsed ones do not make it."""
    owners = {c.company_id for c in market.contracts if running(c, AS_OF)}
    customers = {c.id for c in market.companies if "customer" in c.relationships}
    former = {c.company_id for c in market.contracts} - owners
    assert owners == customers
    assert former
    assert 0.1 < len(customers) / len(market.companies) < 0.3


def test_every_special_case_occurs(market: Sample) -> None:
    """Relationships, attributes, groups, lists, strays and opt-outs are all there, and few."""
    relationships = Counter(r for c in market.companies for r in c.relationships)
    few = 0.06 * len(market.companies)
    assert {key for key, count in relationships.items() if count < few} == {
        *("partner", "competitor", "own_group", "do_not_trade"),
    }
    assert any({"partner", "customer"} <= company.relationships for company in market.companies)
    flags = Counter(flag for company in market.companies for flag in company.attributes)
    assert set(flags) == {"individual", "student", "public_body"}
    assert any(company.parent_id for company in market.companies)
    assert {key for company in market.companies for key in company.lists} == {"fy26"}
    strays = [lead for lead in market.leads if lead.company_id is None]
    assert {flag for lead in strays for flag in lead.attributes} == {"individual", "student"}
    assert any(not lead.attributes for lead in strays)
    opted_out = [lead for lead in market.leads if any(not c.granted for c in lead.consents)]
    assert 0.08 < len(opted_out) / len(market.leads) < 0.16


def test_the_default_sample_shows_every_case() -> None:
    """200 companies of the default seed are enough to meet each kind of company and event."""
    sample = generate(as_of=AS_OF)
    assert len(sample.companies) == 200
    relationships = {key for company in sample.companies for key in company.relationships}
    assert len(relationships) == 6
    assert {flag for company in sample.companies for flag in company.attributes} == {
        *("individual", "student", "public_body"),
    }
    assert len({event.kind for event in sample.sales_events}) == 6
    assert {activity.kind for activity in sample.activities} == KINDS
    assert len({deal.reason for deal in sample.deals}) == 6


def test_requests_name_a_product_and_disqualification_names_none(market: Sample) -> None:
    """Nobody asks for a demo of nothing; who is out of profile is so for every product."""
    about = Counter((a.kind, bool(a.product_ids)) for a in market.activities)
    for kind in ("demo_request", "quotation_request"):
        assert about[kind, True] > 0 == about[kind, False]
    assert about["inquiry", False] > 0
    named = Counter((e.kind, e.product_id is not None) for e in market.sales_events)
    assert named["disqualified", False] > 0 == named["disqualified", True]


def test_competitors_read_and_never_ask(market: Sample) -> None:
    """A competitor's people read about every product and never raise a hand."""
    rivals = {c.id for c in market.companies if "competitor" in c.relationships}
    readers = {lead.id for lead in market.leads if lead.company_id in rivals}
    read = [activity for activity in market.activities if activity.lead_id in readers]
    assert not {a.kind for a in read} & {"inquiry", "demo_request", "quotation_request"}
    assert len(read) >= 18 * len(readers) > 0
    assert {product for activity in read for product in activity.product_ids} == {
        product.id for product in PRODUCTS
    }


def test_sales_did_everything_that_sales_does(market: Sample) -> None:
    """All kinds of sales events, deal outcomes and reasons occur; some deals go by partners."""
    assert {activity.kind for activity in market.activities} == KINDS
    assert {event.kind for event in market.sales_events} == {
        *("accepted", "rejected", "qualified", "disqualified", "recycled", "follow_up"),
    }
    for event in market.sales_events:
        assert (event.follow_up_on is not None) == (event.kind in {"recycled", "follow_up"})
        assert event.reason or event.kind in {"accepted", "qualified", "follow_up"}
    statuses = Counter(deal.status for deal in market.deals)
    assert set(statuses) == {"open", "won", "lost"}
    reasons = {"timing", "budget", "competitor", "no_need", "other"}
    assert {deal.reason for deal in market.deals if deal.status == "lost"} == reasons
    assert {deal.reason for deal in market.deals if deal.status != "lost"} == {None}
    by_partner = sum(deal.via_company_id is not None for deal in market.deals)
    assert 0.08 < by_partner / len(market.deals) < 0.2
    assert any(len(deal.lines) > 1 for deal in market.deals)
    assert {contract.grade for contract in market.contracts} == {1, 2, 3}


# -- dice --


def test_draws_are_pinned() -> None:
    """The stream of draws of a key is the same on every version of Python."""
    dice = Dice(7, 1)
    assert [dice.below(1000) for _ in range(5)] == [567, 26, 175, 273, 866]
    assert [dice.bell() for _ in range(3)] == [-1, 20, -18]
    assert [dice.lognormal(100, 140) for _ in range(4)] == [884, 30, 18, 6]
    assert [dice.among({"a": 1, "b": 8, "c": 1}) for _ in range(4)] == ["b", "b", "b", "b"]


def test_shares_are_kept() -> None:
    """Each key comes as often as its share says, and one without a share never."""
    dice = Dice(1)
    counts = Counter(dice.among({"a": 3, "none": 0, "b": 1}) for _ in range(4000))
    assert set(counts) == {"a", "b"}
    assert 0.72 < counts["a"] / 4000 < 0.78


# -- CSV --


def test_the_export_holds_every_record(tmp_path: Path) -> None:
    """One file per kind of record, one row per record, sets joined, unknown blank."""
    sample = generate(300, as_of=AS_OF)
    write_csv(sample, tmp_path / "made" / "here")
    tables = {path.stem: read(path) for path in (tmp_path / "made" / "here").iterdir()}
    assert set(tables) == FILES
    assert len(tables["companies"]) == 300
    assert len(tables["products"]) == 4
    assert len(tables["consents"]) == sum(len(lead.consents) for lead in sample.leads)
    assert len(tables["deal_lines"]) == sum(len(deal.lines) for deal in sample.deals)
    for name in ("leads", "activities", "deals", "contracts", "sales_events"):
        assert len(tables[name]) == len(getattr(sample, name))
    for row, company in zip(tables["companies"], sample.companies, strict=True):
        assert row["employees"] == ("" if company.employees is None else str(company.employees))
        assert set(filter(None, row["relationships"].split(";"))) == company.relationships
        assert (row["individual"] == "true") == ("individual" in company.attributes)
    for row, activity in zip(tables["activities"], sample.activities, strict=True):
        assert datetime.fromisoformat(row["at"]) == activity.at
        assert row["at"].endswith("+09:00")
        assert row["product_ids"] == ";".join(sorted(map(str, activity.product_ids)))
    assert {row["granted"] for row in tables["consents"]} == {"true", "false"}
    assert tables["products"][0]["name_ja"] == "CRMクラウド"


def test_a_stream_can_be_exported(tmp_path: Path) -> None:
    """A stream gives the same rows as the sample put together."""
    write_csv(generate(80, as_of=AS_OF), tmp_path / "whole")
    write_csv(stream(80, as_of=AS_OF), tmp_path / "pieces")
    for name in FILES:
        whole = (tmp_path / "whole" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        pieces = (tmp_path / "pieces" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert whole[0] == pieces[0]
        assert sorted(whole) == sorted(pieces)


# -- the firm and its story --


def test_four_products_in_three_families() -> None:
    """`sfa` is the higher grade of the family of `crm`; every product has a name in Japanese."""
    assert [product.id for product in PRODUCTS] == ["crm", "sfa", "ma", "bi"]
    assert [product.family for product in PRODUCTS].count("sales") == 2
    assert [product.grade for product in PRODUCTS[:2]] == [1, 2]
    assert all(product.label.ja != product.label.en for product in PRODUCTS)
    assert FIRM.products == PRODUCTS


def cases() -> dict[str, Sample]:
    """Return the story by key."""
    return {case.key: case.sample for case in story()}


def test_the_story_fits_together() -> None:
    """Each case stands alone, and all together are one sample without a clash of ids."""
    told = story()
    assert len({case.key for case in told}) == len(told) == 14
    for case in told:
        assert case.title.ja != case.title.en
        check_references(case.sample)
    whole = Sample.merge(case.sample for case in told)
    check_references(whole)
    assert story() == told
    assert max(activity.at.date() for activity in whole.activities) < STORY_DAY
    assert all(event.at.date() < STORY_DAY for event in whole.sales_events)


def lead(key: str) -> Lead:
    """Return the only lead of a case."""
    return cases()[key].leads[0]


def test_the_story_shows_what_it_says() -> None:
    """The records of each case hold what its title claims."""
    told = cases()
    assert [c.product_id for c in told["cross-sell"].contracts] == ["crm"]
    assert {p for a in told["cross-sell"].activities for p in a.product_ids} == {"ma"}
    assert {p for a in told["interest-elsewhere"].activities for p in a.product_ids} == {"ma"}
    assert told["employees-unknown"].companies[0].employees is None
    assert told["partner-and-customer"].companies[0].relationships == {"partner", "customer"}
    assert told["no-company"].companies == ()
    assert lead("no-company").company_id is None
    assert [c.granted for c in lead("opted-out").consents] == [True, True, False]
    assert not any(running(contract, STORY_DAY) for contract in told["lapsed"].contracts)
    (lost,) = told["lost-for-timing"].deals
    assert lost.closed_at is not None
    assert (lost.reason, (STORY_DAY - lost.closed_at.date()).days) == ("timing", 61)
    assert len({p for a in told["competitor"].activities for p in a.product_ids}) == 4
    assert told["group"].companies[1].parent_id == told["group"].companies[0].id
    assert lead("student").attributes["student"] is True
    (asked,) = told["raised-hand"].activities
    assert asked.at.date() == STORY_DAY - timedelta(days=1)
    assert all((STORY_DAY - a.at.date()).days > 365 for a in told["gone-quiet"].activities)
    (mark,) = told["marked"].sales_events
    assert mark.follow_up_on is not None
    assert mark.follow_up_on > STORY_DAY
