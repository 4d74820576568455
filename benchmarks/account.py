"""How fast a whole account is answered, beside a function written by hand for one playbook.

    pip install -e .
    python benchmarks/account.py

An account has 10 leads, 5 products and 200 activities, some deals, contracts and sales events, and
the faults that real files have: rows that stand there twice, rows that contradict each other, rows
of the future, and such as name unknown leads and products. `Engine.assess` answers it with the
starter's playbook. The hand-written function knows that one playbook and nothing else: its numbers
stand in the code, and every product has the same tiers. It returns the same answers with the same
reasons, possible values, missing facts, parts of scores, and rejects; that is checked for every
account, field by field, before anything is timed. It takes accounts that have a company.

All of it runs in one process and interleaved. A figure is the median of the rounds, as a ratio to
the hand-written function. What is measured is the time of the processor, because other work that
runs on the machine disturbs it less than the time of the clock.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from attrs import evolve

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.engagement import Score
from mpfunnel.records import (
    Activity,
    Channel,
    Company,
    Consent,
    Contract,
    Deal,
    DealLine,
    DealStatus,
    Id,
    Lead,
    SalesEvent,
    SalesEventKind,
)
from mpfunnel.rules.tables import Decision, DecisionTable

ACCOUNTS = 200
LEADS = 10
ACTIVITIES = 200
ROUNDS = 9
AS_OF = date(2026, 6, 30)
PRODUCTS = ("crm", "analytics", "portal", "billing", "archive")
STARTER = mf.starter(products=PRODUCTS)
# The four answers and white space alone.
BOOK = evolve(
    STARTER,
    plays=mf.Plays(),
    synergy=evolve(STARTER.synergy, offers=(), cool_down_days=0),
)

# --- the function written by hand ---------------------------------------------------------------
#
# Its values are keys, a tier is its number, and a reason is a pair of texts.

TOKYO = ZoneInfo("Asia/Tokyo")
OKU = 100_000_000
SEGMENT_BANDS = (
    ("enterprise", "enterprise", 1_000, 1_000 * OKU),
    ("mid_market", "mid_market", 300, 100 * OKU),
    ("small", "small", 50, 10 * OKU),
)
TIER_BANDS = (
    (1, "enterprise", 1_000, 1_000 * OKU),
    (2, "mid-market", 300, 100 * OKU),
    (3, "small", 50, 10 * OKU),
)
POINTS = {
    "inquiry": 30,
    "quotation_request": 30,
    "demo_request": 30,
    "webinar_attended": 15,
    "seminar_attended": 15,
    "pricing_page": 10,
    "asset_downloaded": 8,
    "business_card": 5,
    "email_click": 3,
    "page_view": 1,
    "careers_page": -20,
}
HANDS = frozenset({"inquiry", "quotation_request", "demo_request"})
HAND_DAYS = 90
HALF_LIFE_DAYS = 30
QUIET_DAYS = 180
PAGE_VIEW_CAP = 10
MILLION = 1_000_000
# After 120 days 62.5 are left: `round` takes the even number, as the contract has it.
DECAY = [round(1_000 * 2 ** (-age / HALF_LIFE_DAYS)) for age in range(330)]
EXCLUDED = frozenset({"own_group", "do_not_trade", "competitor", "student"})
LEVELS = ("none", "aware", "interested", "high_interest")
LADDER = ("known", "inquiry", "mql", "sal", "sql", "opportunity", "customer")
DETOURS = ("recycled", "disqualified", "lost", "dormant")
CHANNELS: tuple[Channel, ...] = ("email", "phone", "post", "visit", "web")
BASES = {
    "consent": ("consent", "同意"),
    "business_relation": ("business relation", "取引関係"),
    "business_card": ("business card", "名刺"),
    "published_address": ("published address", "公表アドレス"),
}

Reason = tuple[str, str]


def reasons_of(table: DecisionTable[Any]) -> dict[str, Reason]:
    """The reasons of a table by the key of the rule, copied from it rather than typed again."""
    found = {rule.key: (rule.because.en, rule.because.ja) for rule in table.rules}
    return found | {"otherwise": (table.otherwise_because.en, table.otherwise_because.ja)}


MODEL = BOOK.engagement["crm"]
TIER_TABLE = BOOK.tiers["crm"]
assert isinstance(TIER_TABLE, mf.TierTable)
SEGMENT_REASONS = reasons_of(BOOK.segments)
TIER_REASONS = reasons_of(TIER_TABLE)
INTEREST_REASONS = reasons_of(MODEL.interest)
STATE_REASONS = reasons_of(MODEL.states)
STAGE_REASONS = reasons_of(BOOK.funnel.rules)


class Said(NamedTuple):
    """One answer."""

    value: Any
    rule: str
    because: Reason
    possible: tuple[Any, ...]
    missing: tuple[str, ...] = ()


class Part(NamedTuple):
    """What one kind of activity adds."""

    kind: str
    times: int
    micro: int
    over_cap: int


class Points(NamedTuple):
    """A score."""

    micro: int
    parts: tuple[Part, ...]
    active_days: int
    days_since_active: int | None


class Recent(NamedTuple):
    """What the rules ask about the last days, in micro-points where it is a sum."""

    points_365: int
    points_730: int
    active_90: bool
    asked_30: bool


class Engaged(NamedTuple):
    """Where a lead stands with a product."""

    state: Said
    interest: Said
    score: Points


class Staged(NamedTuple):
    """Where a lead stands with the firm."""

    stage: Said
    for_products: tuple[Id, ...]
    existing_customer: bool
    pursuits: dict[Id | None, Said]


class Contact(NamedTuple):
    """Whether a lead may be contacted."""

    allowed: bool | None
    because: Reason
    basis: str | None
    since: date | None


class Person(NamedTuple):
    """All answers about a lead."""

    stage: Staged
    engagement: dict[Id, Engaged]
    contact: dict[str, Contact]


class Reject(NamedTuple):
    """A record that cannot be used."""

    table: str
    id: Id
    code: str
    reason: str
    record: Any


class Answers(NamedTuple):
    """All answers about an account."""

    company_id: Id
    segment: Said
    tiers: dict[Id, Said]
    leads: dict[Id, Person]
    owned: tuple[Id, ...]
    rejects: list[Reject]


class Place(NamedTuple):
    """Where a company stands with a product."""

    owned: bool
    buying: bool
    lost_for: frozenset[str]


NOWHERE = Place(owned=False, buying=False, lost_for=frozenset())
SILENCE = Contact(None, ("no consent or opt-out on record", "同意・拒否の記録なし"), None, None)


class Sign(NamedTuple):
    """One thing that moves a pursuit."""

    at: datetime
    what: str
    about: str
    day: date
    raises_hand: bool = False
    opens: bool = True


class Pursued:
    """A pursuit."""

    __slots__ = ("ended", "hand", "open_deal", "said", "started")

    def __init__(self, *, started: bool) -> None:
        self.started = started
        self.ended: str | None = None
        self.said: str | None = None
        self.open_deal = False
        self.hand = False


Touches = list[tuple[str, int]]


def day_of(at: datetime) -> date:
    return at.astimezone(TOKYO).date()


class Sorted(NamedTuple):
    """What counts of an account on a day, and what cannot be used."""

    leads: dict[Id, Lead]
    activities: dict[Id, list[tuple[Activity, date]]]
    deals: list[Deal]
    deals_of: dict[Id | None, list[Deal]]
    contracts: list[Contract]
    events: dict[Id, list[tuple[SalesEvent, date]]]
    rejects: list[Reject]


def assess_by_hand(account: Account, as_of: date) -> Answers:
    """The four answers about an account that has a company."""
    company = account.company
    assert isinstance(company, Company)
    given = sorted_out(account, as_of)
    segment = segment_of(company)
    tier = tier_of(company)
    places = places_of(given.deals, given.contracts, as_of)
    people = {
        lead_id: person_of(
            lead,
            given.activities[lead_id],
            given.events[lead_id],
            given.deals_of.get(lead_id, []),
            segment=segment,
            tier=tier,
            places=places,
            as_of=as_of,
        )
        for lead_id, lead in given.leads.items()
    }
    owned = tuple(product for product in PRODUCTS if places.get(product, NOWHERE).owned)
    tiers: dict[Id, Said] = dict.fromkeys(PRODUCTS, tier)
    return Answers(company.id, segment, tiers, people, owned, given.rejects)


def sorted_out(account: Account, as_of: date) -> Sorted:
    """The records of an account that has a company, each once, and by lead."""
    company = account.company
    assert isinstance(company, Company)
    rejects: list[Reject] = []

    leads: dict[Id, Lead] = {}
    for lead in once("leads", account.leads, lambda lead: lead.id, rejects):
        if lead.company_id is not None and lead.company_id != company.id:
            reason = f"belongs to company {lead.company_id!r}, not to {company.id!r}"
            rejects.append(Reject("leads", lead.id, "other-company", reason, lead))
        else:
            leads[lead.id] = lead

    activities: dict[Id, list[tuple[Activity, date]]] = {lead_id: [] for lead_id in leads}
    days = {id(one): day_of(one.at) for one in account.activities}
    past = [one for one in account.activities if days[id(one)] <= as_of]
    for one in once("activities", past, lambda one: (one.lead_id, one.id), rejects):
        if one.lead_id not in leads:
            reason = f"no such lead {one.lead_id!r}"
            rejects.append(Reject("activities", one.id, "unknown-lead", reason, one))
        elif sells("activities", one.id, one.product_ids, one, rejects):
            activities[one.lead_id].append((one, days[id(one)]))

    deals: list[Deal] = []
    deals_of: dict[Id | None, list[Deal]] = {}
    past_deals = [deal for deal in account.deals if day_of(deal.opened_at) <= as_of]
    for deal in once("deals", past_deals, lambda deal: deal.id, rejects):
        own = deal.company_id == company.id
        if not own and deal.lead_id not in leads:
            reason = f"belongs to company {deal.company_id!r}, not to {company.id!r}"
            rejects.append(Reject("deals", deal.id, "other-company", reason, deal))
        elif sells("deals", deal.id, [line.product_id for line in deal.lines], deal, rejects):
            deals_of.setdefault(deal.lead_id, []).append(deal)
            if own:
                deals.append(deal)

    contracts: list[Contract] = []
    for contract in dict.fromkeys(account.contracts):
        if contract.start > as_of:
            continue
        if contract.company_id != company.id:
            reason = f"belongs to company {contract.company_id!r}, which is not given"
            rejects.append(
                Reject("contracts", contract.company_id, "other-company", reason, contract)
            )
        elif sells("contracts", company.id, [contract.product_id], contract, rejects):
            contracts.append(contract)

    events: dict[Id, list[tuple[SalesEvent, date]]] = {lead_id: [] for lead_id in leads}
    told = [event for event in dict.fromkeys(account.sales_events) if day_of(event.at) <= as_of]
    for event in sorted(told, key=order_of_event):
        if event.lead_id not in leads:
            reason = f"no such lead {event.lead_id!r}"
            rejects.append(Reject("sales_events", event.lead_id, "unknown-lead", reason, event))
        elif event.product_id is None or sells(
            "sales_events", event.lead_id, [event.product_id], event, rejects
        ):
            events[event.lead_id].append((event, day_of(event.at)))
    return Sorted(leads, activities, deals, deals_of, contracts, events, rejects)


def once(
    table: str, given: Iterable[Any], identity: Callable[[Any], Any], rejects: list[Reject]
) -> list[Any]:
    """Each record once, without those that share an identity but differ."""
    found: dict[Any, Any] = {}
    differing: dict[Any, list[Any]] = {}
    for one in given:
        key = identity(one)
        known = found.setdefault(key, one)
        if known is not one and known != one:
            same = differing.setdefault(key, [known])
            if one not in same:
                same.append(one)
    for key, same in differing.items():
        del found[key]
        for one in same:
            reason = "shares its id with a record that differs"
            rejects.append(Reject(table, one.id, "conflict", reason, one))
    return list(found.values())


def sells(
    table: str, about: Id, product_ids: Iterable[Id], record: object, rejects: list[Reject]
) -> bool:
    """Whether the firm sells all the products; the record is rejected if not."""
    unknown = [product for product in product_ids if product not in PRODUCTS]
    if not unknown:
        return True
    first = min(unknown, key=str)
    near = get_close_matches(str(first), PRODUCTS, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    reason = f"no such product {first!r}{hint}"
    rejects.append(Reject(table, about, "unknown-product", reason, record))
    return False


def order_of_event(event: SalesEvent) -> tuple[Any, ...]:
    return (
        event.at,
        event.kind,
        str(event.product_id),
        event.reason or "",
        event.by or "",
        str(event.follow_up_on),
    )


def settled(value: Any, rule: str, reasons: dict[str, Reason]) -> Said:
    return Said(value, rule, reasons[rule], (value,))


def segment_of(company: Company) -> Said:
    for key in ("own_group", "do_not_trade", "competitor"):
        if key in company.relationships:
            return settled(key, key, SEGMENT_REASONS)
    for key in ("student", "individual", "public_body"):
        if company.attributes.get(key):
            return settled(key, key, SEGMENT_REASONS)
    if "partner" in company.relationships:
        return settled("partner", "partner", SEGMENT_REASONS)
    return banded(company, SEGMENT_BANDS, "micro", SEGMENT_REASONS)


def tier_of(company: Company) -> Said:
    if (
        any(key in company.relationships for key in ("own_group", "do_not_trade", "competitor"))
        or company.attributes.get("student")
        or company.attributes.get("individual")
    ):
        return settled(4, "not-a-target", TIER_REASONS)
    if "target" in company.lists:
        return settled(1, "target-list", TIER_REASONS)
    return banded(company, TIER_BANDS, 4, TIER_REASONS)


def banded(
    company: Company,
    bands: Sequence[tuple[Any, str, int, int]],
    lowest: Any,
    reasons: dict[str, Reason],
) -> Said:
    """The first band that employees or revenue reach, with the care for what is missing."""
    employees, revenue = company.employees, company.annual_revenue
    unknown = employees is None or revenue is None
    possible: list[Any] = []
    missing: list[str] = []
    for value, rule, people, yen in bands:
        if (employees is not None and employees >= people) or (
            revenue is not None and revenue >= yen
        ):
            return Said(value, rule, reasons[rule], (*possible, value), tuple(missing))
        if unknown:
            possible.append(value)
            if not missing and employees is None:
                missing.append("company.employees")
            if revenue is None and "company.annual_revenue" not in missing:
                missing.append("company.annual_revenue")
    return Said(lowest, "otherwise", reasons["otherwise"], (*possible, lowest), tuple(missing))


def places_of(deals: list[Deal], contracts: list[Contract], as_of: date) -> dict[Id, Place]:
    """What the company owns and is buying."""
    running: set[Id] = set()
    lapsed: dict[Id, date] = {}
    for contract in contracts:
        if contract.end is None or contract.end >= as_of:
            running.add(contract.product_id)
        else:
            last = lapsed.get(contract.product_id, contract.end)
            lapsed[contract.product_id] = max(last, contract.end)
    buying: set[Id] = set()
    won: dict[Id, date] = {}
    lost: dict[Id, tuple[date, set[str]]] = {}
    for deal in deals:
        closed = None if deal.closed_at is None else day_of(deal.closed_at)
        for product in {line.product_id for line in deal.lines}:
            if closed is None or closed > as_of:
                buying.add(product)
            elif deal.status == "won":
                won[product] = max(won.get(product, closed), closed)
            else:
                reasons = {deal.reason} if deal.reason else set()
                latest = lost.get(product)
                if latest is None or closed > latest[0]:
                    lost[product] = closed, reasons
                elif closed == latest[0]:
                    latest[1].update(reasons)
    return {
        product: Place(
            owned=product in running
            or (product in won and (product not in lapsed or lapsed[product] < won[product])),
            buying=product in buying,
            lost_for=frozenset(lost[product][1]) if product in lost else frozenset(),
        )
        for product in {*running, *lapsed, *buying, *won, *lost}
    }


def person_of(
    lead: Lead,
    activities: list[tuple[Activity, date]],
    events: list[tuple[SalesEvent, date]],
    deals: list[Deal],
    *,
    segment: Said,
    tier: Said,
    places: dict[Id, Place],
    as_of: date,
) -> Person:
    """All answers about a lead."""
    about: dict[Id | None, list[tuple[Activity, date]]] = {}
    touches: dict[Id | None, Touches] = {}
    for one, day in activities:
        for product in one.product_ids or (None,):
            about.setdefault(product, []).append((one, day))
            touches.setdefault(product, []).append((one.kind, (as_of - day).days))

    engagement: dict[Id, Engaged] = {}
    wide = touches.get(None, [])
    for product in PRODUCTS:
        said = [event for event, _ in events if event.product_id in (None, product)]
        engagement[product] = engaged(
            touches.get(product, []),
            wide,
            said,
            segment=segment,
            tier=tier,
            place=places.get(product, NOWHERE),
        )
    pursuits = pursuits_of(about, events, deals, as_of)
    existing = any(place.owned for place in places.values())
    return Person(
        staged(pursuits, engagement, segment, tier, existing=existing),
        {
            product: one
            for product, one in engagement.items()
            if one.state.value != "none" or len(one.state.possible) > 1
        },
        {channel: contact_of(lead, channel, as_of) for channel in CHANNELS},
    )


def engaged(
    own: Touches,
    wide: Touches,
    said: list[SalesEvent],
    *,
    segment: Said,
    tier: Said,
    place: Place,
) -> Engaged:
    """Score, interest and state."""
    score, recent = score_of(own, wide)
    return standing(score, recent, said, touched=bool(own), segment=segment, tier=tier, place=place)


def standing(
    score: Points,
    recent: Recent,
    said: list[SalesEvent],
    *,
    touched: bool,
    segment: Said,
    tier: Said,
    place: Place,
) -> Engaged:
    """Interest and state by a score, and by what the rules ask about the last days."""
    if (score.micro >= 30 * MILLION and score.active_days >= 2) or recent.asked_30:
        interest = settled("high_interest", "high-interest", INTEREST_REASONS)
    elif score.micro >= 5 * MILLION:
        interest = settled("interested", "interested", INTEREST_REASONS)
    elif touched:
        interest = settled("aware", "aware", INTEREST_REASONS)
    else:
        interest = settled("none", "otherwise", INTEREST_REASONS)

    if segment.value in EXCLUDED:
        return Engaged(settled("excluded", "excluded", STATE_REASONS), interest, score)
    if place.buying:
        state = settled("in_opportunity", "in-opportunity", STATE_REASONS)
        return Engaged(state, interest, score)
    if place.owned:
        return Engaged(settled("customer", "customer", STATE_REASONS), interest, score)
    level = interest.value
    if level == "high_interest":
        return Engaged(settled(level, "high-interest", STATE_REASONS), interest, score)
    if level == "interested":
        state = settled(level, "interested", STATE_REASONS)
    elif recent.points_730 >= 10 * MILLION and not recent.active_90:
        state = settled("dormant", "dormant", STATE_REASONS)
    elif level == "aware":
        state = settled(level, "aware", STATE_REASONS)
    else:
        state = settled("none", "otherwise", STATE_REASONS)

    back = [event for event in said if event.kind in ("recycled", "rejected")]
    reasons = place.lost_for | {back[-1].reason} if back else place.lost_for
    worth_it = (
        recent.points_365 >= 10 * MILLION
        or "timing" in reasons
        or "budget" in reasons
        or (said and said[-1].kind == "follow_up")
    )
    if worth_it and any(number <= 2 for number in tier.possible):
        if all(number <= 2 for number in tier.possible):
            state = settled("priority_follow_up", "priority-follow-up", STATE_REASONS)
        else:
            possible = "priority_follow_up", state.value
            rule, value = state.rule, state.value
            if tier.value <= 2:
                rule, value = "priority-follow-up", "priority_follow_up"
            state = Said(value, rule, STATE_REASONS[rule], possible, tier.missing)
    return Engaged(state, interest, score)


def score_of(own: Touches, wide: Touches) -> tuple[Points, Recent]:
    """The score with its parts, and what the rules ask about the last days."""
    times: dict[str, int] = {}
    sums: dict[str, int] = {}
    active: set[int] = set()
    points_365 = points_730 = 0
    active_90 = False
    for weight, touches in ((1_000, own), (250, wide)):
        for kind, age in touches:
            points = POINTS.get(kind)
            if points is None:
                continue
            micro = points * weight * DECAY[age] if age < len(DECAY) else 0
            times[kind] = times.get(kind, 0) + 1
            sums[kind] = sums.get(kind, 0) + micro
            if micro > 0:
                active.add(age)
            if age < 730:
                points_730 += points * weight * 1_000
                if age < 365:
                    points_365 += points * weight * 1_000
                    active_90 = active_90 or (age < 90 and points > 0)
    parts: list[Part] = []
    for kind in POINTS:
        if kind in times:
            over = max(0, sums[kind] - PAGE_VIEW_CAP * MILLION) if kind == "page_view" else 0
            parts.append(Part(kind, times[kind], sums[kind] - over, over))
    score = Points(
        sum(part.micro for part in parts),
        tuple(parts),
        len(active),
        min(active) if active else None,
    )
    asked_30 = any(age < 30 and kind in HANDS for kind, age in own)
    return score, Recent(points_365, points_730, active_90, asked_30)


def pursuits_of(
    about: dict[Id | None, list[tuple[Activity, date]]],
    events: list[tuple[SalesEvent, date]],
    deals: list[Deal],
    as_of: date,
) -> dict[Id | None, Pursued]:
    """The current pursuit of each product that the lead has given a sign for."""
    signs: dict[Id | None, list[Sign]] = {}
    for product, done in about.items():
        for one, day in done:
            if POINTS.get(one.kind, 0) > 0:
                sign = Sign(one.at, "responded", str(one.id), day, one.kind in HANDS)
                signs.setdefault(product, []).append(sign)
    general: list[Sign] = []
    for event, day in events:
        sign = Sign(event.at, event.kind, "", day)
        signs.setdefault(event.product_id, []).append(sign)
        if event.product_id is None:
            general.append(sign._replace(opens=False))
    sold: list[Sign] = []
    for deal in deals:
        opened = Sign(deal.opened_at, "deal", str(deal.id), day_of(deal.opened_at))
        of_deal = [opened]
        if deal.closed_at is not None and (closed := day_of(deal.closed_at)) <= as_of:
            end = Sign(deal.closed_at, deal.status, str(deal.id), closed)
            # Some are recorded as closed before they were opened.
            of_deal = [min(opened, end._replace(what="deal")), end]
        concerned: set[Id | None] = {line.product_id for line in deal.lines}
        for product in concerned or {None}:
            signs.setdefault(product, []).extend(of_deal)
        if concerned:
            sold += [sign._replace(opens=False) for sign in of_deal]

    found: dict[Id | None, Pursued] = {}
    for product in PRODUCTS:
        if product in signs:
            found[product] = pursued(signs[product] + general, as_of)
    of_firm = signs.get(None, [])
    if any(not one.ended for one in found.values()):
        of_firm = [sign for sign in of_firm if sign.raises_hand or sign.what != "responded"]
    if of_firm or not found:
        found[None] = pursued(of_firm + sold, as_of)
    return found


LATER = {"responded": 0, "deal": 2, "won": 3, "lost": 3}


def in_time(sign: Sign) -> tuple[datetime, int, str, str]:
    """The place of a sign in the order of time: ends come last within an instant."""
    return sign.at, LATER.get(sign.what, 1), sign.about, sign.what


def pursued(signs: list[Sign], as_of: date) -> Pursued:
    """The current pursuit after all signs."""
    current = Pursued(started=False)
    running = False
    deals: set[str] = set()
    last = hand = date.min
    for sign in sorted(signs, key=in_time):
        if running and not deals and (sign.day - last).days >= QUIET_DAYS:
            current.ended = "quiet"
            running = False
        if sign.what == "deal":
            deals.add(sign.about)
        elif sign.what in ("won", "lost"):
            deals.discard(sign.about)
        if not running:
            if not sign.opens:
                continue
            current = Pursued(started=True)
            running = True
            hand = date.min
        last = sign.day
        if sign.raises_hand:
            hand = last
        elif sign.what in ("won", "lost"):
            if not deals:
                current.ended = sign.what
                running = False
            elif sign.what == "won":
                # Another deal goes on where one was won.
                current = Pursued(started=True)
                hand = date.min
        elif sign.what in ("recycled", "rejected"):
            current.said = "recycled"
            hand = date.min
        elif sign.what in ("accepted", "qualified", "disqualified"):
            current.said = sign.what
    if running and not deals:
        current.ended = "quiet" if (as_of - last).days >= QUIET_DAYS else None
    current.open_deal = running and bool(deals)
    current.hand = not current.ended and (as_of - hand).days < HAND_DAYS
    return current


def staged(
    pursuits: dict[Id | None, Pursued],
    engagement: dict[Id, Engaged],
    segment: Said,
    tier: Said,
    *,
    existing: bool,
) -> Staged:
    """The stage that each pursuit warrants, and that of the one that has come furthest."""
    found = {
        product: stage_of(one, engagement[product] if product else None, segment, tier)
        for product, one in pursuits.items()
    }
    best = max(found, key=lambda product: rank(found[product].value, pursuits[product]))
    furthest = found[best]
    top = rank(furthest.value, pursuits[best])
    products = tuple(
        product
        for product, said in found.items()
        if product is not None
        and pursuits[product].started
        and rank(said.value, pursuits[product]) == top
    )
    if any(len(said.possible) > 1 for said in found.values()):
        least = max(
            min(rank(value, pursuits[product]) for value in said.possible)
            for product, said in found.items()
        )
        possible = dict.fromkeys(
            value
            for product, said in found.items()
            for value in said.possible
            if rank(value, pursuits[product]) >= least
        )
        missing = dict.fromkeys(
            name
            for product, said in found.items()
            if len(said.possible) > 1
            and any(rank(value, pursuits[product]) >= least for value in said.possible)
            for name in said.missing
        )
        furthest = furthest._replace(possible=tuple(possible), missing=tuple(missing))
    return Staged(furthest, products, existing, found)


def rank(stage: str, pursuit: Pursued) -> tuple[int, int]:
    """How far a stage is: open pursuits go before those that ended, and these before detours."""
    if not pursuit.started:
        return 0, 0
    if stage in DETOURS:
        return 1, -DETOURS.index(stage)
    return 2 if pursuit.ended else 3, LADDER.index(stage)


def stage_of(pursuit: Pursued, one: Engaged | None, segment: Said, tier: Said) -> Said:
    """The stage that the facts of one pursuit warrant; `one` is None for the whole firm."""
    if pursuit.said == "disqualified":
        return settled("disqualified", "disqualified", STAGE_REASONS)
    if segment.value in EXCLUDED:
        return settled("disqualified", "not-a-target", STAGE_REASONS)
    if pursuit.open_deal:
        return settled("opportunity", "opportunity", STAGE_REASONS)
    if pursuit.ended == "won":
        return settled("customer", "won", STAGE_REASONS)
    if pursuit.ended == "lost":
        return settled("lost", "lost", STAGE_REASONS)
    if pursuit.ended == "quiet":
        return settled("dormant", "quiet", STAGE_REASONS)
    if pursuit.said == "qualified":
        return settled("sql", "qualified", STAGE_REASONS)
    if pursuit.said == "accepted":
        return settled("sal", "accepted", STAGE_REASONS)
    if pursuit.said == "recycled" and not pursuit.hand:
        return settled("recycled", "recycled", STAGE_REASONS)
    if pursuit.hand:
        return settled("mql", "mql", STAGE_REASONS)
    stage = settled("known", "otherwise", STAGE_REASONS)
    if pursuit.started:
        stage = settled("inquiry", "inquiry", STAGE_REASONS)
    if one is not None and one.interest.value == "high_interest":
        if all(number <= 2 for number in tier.possible):
            return settled("mql", "mql", STAGE_REASONS)
        if any(number <= 2 for number in tier.possible):
            rule, value = ("mql", "mql") if tier.value <= 2 else (stage.rule, stage.value)
            return Said(value, rule, STAGE_REASONS[rule], ("mql", stage.value), tier.missing)
    return stage


def contact_of(lead: Lead, channel: str, as_of: date) -> Contact:
    """Whether a lead may be contacted through a channel."""
    said = [one for one in lead.consents if one.channel == channel and day_of(one.at) <= as_of]
    if not said:
        return SILENCE
    latest = max(one.at for one in said)
    said = [one for one in said if one.at == latest]
    first = min(said, key=lambda one: (one.granted, *basis_rank(one.basis)))
    since = day_of(latest)
    if first.granted:
        en, ja = f"allowed on {since}", f"{since}に許可"
    else:
        en, ja = f"opted out on {since}", f"{since}に拒否の申し出"
        if any(one.granted for one in said):
            en += ", which wins over a consent of the same time"
            ja += "(同時刻の同意より優先)"
    if first.basis is not None:
        basis = BASES.get(first.basis, (first.basis, first.basis))
        en, ja = f"{en}: {basis[0]}", f"{ja}：{basis[1]}"
    return Contact(first.granted, (en, ja), first.basis, since)


def basis_rank(basis: str | None) -> tuple[int, bool, str]:
    known = [*BASES, basis]
    return known.index(basis), basis is None, basis or ""


# --- the same from the library, as plain values -------------------------------------------------


def plain(answer: Assessment) -> Answers:
    """Put an assessment into the form of the hand-written answers, to compare the two."""
    assert answer.company_id is not None
    return Answers(
        answer.company_id,
        said_by(answer.segment),
        {product: said_by(tier) for product, tier in answer.tiers.items()},
        {
            lead_id: Person(
                Staged(
                    said_by(lead.stage.decision),
                    lead.stage.for_products,
                    lead.stage.existing_customer,
                    {product: said_by(one) for product, one in lead.stage.pursuits.items()},
                ),
                {product: plain_engaged(one) for product, one in lead.engagement.items()},
                {
                    channel: Contact(
                        one.allowed, (one.because.en, one.because.ja), one.basis, one.since
                    )
                    for channel, one in lead.contactable.items()
                },
            )
            for lead_id, lead in answer.leads.items()
        },
        answer.owned,
        [Reject(one.table, one.id, one.code, one.reason, one.record) for one in answer.rejects],
    )


def plain_engaged(one: mf.Engagement) -> Engaged:
    return Engaged(said_by(one.decision), said_by(one.interest), plain_score(one.score))


def plain_score(score: Score) -> Points:
    parts = tuple(Part(one.kind, one.times, one.micro, one.over_cap) for one in score.parts)
    return Points(score.micro, parts, score.active_days, score.days_since_active)


def said_by(decision: Decision[Any]) -> Said:
    def value(one: Any) -> Any:
        return one.number if isinstance(one, mf.Tier) else one.key

    return Said(
        value(decision.value),
        decision.rule,
        (decision.because.en, decision.because.ja),
        tuple(value(one) for one in decision.possible),
        decision.missing,
    )


# --- the accounts -------------------------------------------------------------------------------

# Openings of mails and page views make most of the noise; calls earn nothing.
KINDS = {
    **dict.fromkeys(POINTS, 4),
    **{"inquiry": 1, "quotation_request": 1, "demo_request": 1, "careers_page": 1},
    **{"page_view": 40, "email_open": 40, "email_click": 20, "call": 5},
}
STATUSES: tuple[DealStatus, ...] = ("open", "won", "lost")
EVENT_KINDS: tuple[SalesEventKind, ...] = (
    "accepted",
    "rejected",
    "qualified",
    "disqualified",
    "recycled",
    "follow_up",
)
FLAGS = ("student", "individual", "public_body")
PARTING = ("timing", "budget", "function", None)
MIDNIGHT = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)


def draw(dice: Random, number: int) -> Account:
    """Return a random account, with the faults of real files."""
    company_id = f"company-{number}"
    lead_ids = [f"{company_id}-{index}" for index in range(LEADS)]

    def known(value: Any) -> Any:
        return None if dice.random() < 0.2 else value

    def moment() -> datetime:
        # One in fifty lies in the future, the others rather in the last months.
        ago = -20 * dice.random() if dice.random() < 0.02 else 600 * dice.random() ** 3
        return MIDNIGHT - timedelta(minutes=int(ago * 1_440))

    def somebody() -> str:
        # Some leads do far more than others; one row in two hundred names nobody.
        return "nobody" if dice.random() < 0.005 else lead_ids[int(LEADS * dice.random() ** 2)]

    def something() -> str | None:
        return None if dice.random() < 0.2 else dice.choice(PRODUCTS)

    def products() -> list[str]:
        if dice.random() < 0.005:
            return ["printer"]
        return dice.sample(PRODUCTS, dice.choices((0, 1, 2), (20, 70, 10))[0])

    activities = [
        Activity(index, somebody(), kind, moment(), products())
        for index, kind in enumerate(dice.choices(list(KINDS), list(KINDS.values()), k=ACTIVITIES))
    ]
    # Two stand there twice, and one of a third of the accounts contradicts another one.
    activities[1], activities[3] = evolve(activities[0]), evolve(activities[2])
    if dice.random() < 0.3:
        activities[5] = evolve(activities[4], kind="inquiry", at=activities[4].at)
    dice.shuffle(activities)
    deals: list[Deal] = []
    for index in range(dice.randrange(5)):
        opened, status = moment(), dice.choice(STATUSES)
        deals.append(
            Deal(
                f"{company_id}-{index}",
                company_id if dice.random() < 0.95 else "another",
                opened,
                [DealLine(product) for product in dice.sample(PRODUCTS, dice.choice((1, 1, 2)))],
                status,
                opened + timedelta(days=dice.randrange(-2, 120)) if status != "open" else None,
                known(dice.choice(lead_ids)),
                reason=dice.choice(PARTING) if status == "lost" else None,
            )
        )
    contracts: list[Contract] = []
    for _ in range(dice.randrange(3)):
        start = moment().date()
        end = dice.choice((None, start + timedelta(days=365)))
        contracts.append(Contract(company_id, dice.choice(PRODUCTS), start, end))
    events = [
        SalesEvent(somebody(), kind, moment(), something(), reason=dice.choice(PARTING))
        for kind in dice.choices(EVENT_KINDS, k=dice.randrange(10))
    ]
    company = Company(
        company_id,
        employees=known(int(10 ** (dice.random() * 4))),
        annual_revenue=known(int(10 ** (dice.random() * 4)) * 10_000_000),
        relationships=dice.choices(
            ([], ["partner"], ["competitor"], ["own_group"], ["do_not_trade"]), (80, 8, 8, 2, 2)
        )[0],
        lists=["target"] if dice.random() < 0.1 else [],
        attributes={dice.choice(FLAGS): True} if dice.random() < 0.1 else {},
    )
    leads = [
        Lead(
            lead_id,
            # The first one is asked about alone, so it is always of the company.
            "another" if lead_id != lead_ids[0] and dice.random() < 0.02 else company_id,
            consents=[
                Consent(channel, dice.random() < 0.7, moment(), dice.choice((*BASES, None)))
                for channel in dice.choices(CHANNELS, k=dice.randrange(3))
            ],
        )
        for lead_id in lead_ids
    ]
    return Account(company, leads, activities, deals, contracts, events)


# --- the contest --------------------------------------------------------------------------------


def differences(ours: object, by_hand: object, path: str = "answer") -> Iterator[str]:
    """Yield every field that is not the same, with its path."""
    if as_dict := getattr(by_hand, "_asdict", None):
        by_hand, ours = as_dict(), getattr(ours, "_asdict", dict)()
    if isinstance(by_hand, dict) and isinstance(ours, dict) and list(ours) == list(by_hand):
        for key, value in by_hand.items():
            yield from differences(ours[key], value, f"{path}.{key}")
    elif ours != by_hand:
        yield f"{path}: {ours} is not {by_hand}"


def check(engine: mf.Engine, accounts: Sequence[Account]) -> None:
    """Refuse to time what does not give equal answers."""
    for account in accounts:
        ours, by_hand = plain(engine.assess(account, as_of=AS_OF)), assess_by_hand(account, AS_OF)
        for answer in (ours, by_hand):
            # In which order rejects come is no part of the answer.
            answer.rejects.sort(key=repr)
        found = list(differences(ours, by_hand))
        assert not found, "\n".join(found)


def seconds(ask: Callable[[Account], object], accounts: Sequence[Account]) -> float:
    """Return how long one account takes."""
    gc.collect()
    started = time.process_time()
    for account in accounts:
        ask(account)
    return (time.process_time() - started) / len(accounts)


def main() -> None:
    """Print the ratios."""
    dice = Random(11)
    accounts = [draw(dice, number) for number in range(ACCOUNTS)]
    engine = mf.Engine(BOOK)
    check(engine, accounts)
    timed: dict[str, Callable[[Account], object]] = {
        "hand-written": lambda account: assess_by_hand(account, AS_OF),
        "Engine.assess": lambda account: engine.assess(account, as_of=AS_OF),
        "Engine.stage_for one lead": lambda account: engine.stage_for(
            account, account.leads[0].id, as_of=AS_OF
        ),
        "Engine.engagement_for one lead": lambda account: engine.engagement_for(
            account, account.leads[0].id, "crm", as_of=AS_OF
        ),
    }
    rounds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(ROUNDS):
        for name, ask in timed.items():
            rounds[name].append(seconds(ask, accounts))
    base = statistics.median(rounds["hand-written"])
    print(
        f"{ACCOUNTS} accounts of {LEADS} leads, {len(PRODUCTS)} products, {ACTIVITIES} activities;"
    )
    print(f"median of {ROUNDS} rounds, time per account")
    for name, times in rounds.items():
        print(f"  {name:<32} {statistics.median(times) / base:6.2f} × hand-written")


if __name__ == "__main__":
    main()
