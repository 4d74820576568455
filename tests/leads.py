"""Random whole accounts and playbooks for the laws and the second model of leads.

Days are drawn from the critical ages of the playbook, times from around midnight in its zone, so
that a boundary that is off by one meets a record that tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import combinations
from random import Random
from typing import Any, get_args
from zoneinfo import ZoneInfo

from attrs import evolve

from mpfunnel.account import Account
from mpfunnel.calendars import BusinessCalendar
from mpfunnel.engagement import EngagementModel, Signal
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import (
    FunnelFacts,
    account,
    any_product,
    company,
    contact,
    group,
    lead,
    product,
    pursuit,
)
from mpfunnel.playbook import Playbook
from mpfunnel.plays import CRITERIA, Play, PlayRule, Plays
from mpfunnel.records import (
    Activity,
    Channel,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    DealStatus,
    Id,
    Lead,
    Override,
    SalesEvent,
    SalesEventKind,
)
from mpfunnel.rules.tables import Band, DecisionTable, Rule, ScoreItem
from mpfunnel.segments import SegmentTable
from mpfunnel.stages import Funnel, FunnelStage, StageHistory
from mpfunnel.starters import starter
from mpfunnel.synergy import (
    EVERY,
    OFFERS,
    SUCCESSOR,
    Ineligible,
    OfferRule,
    Relation,
    RelationKind,
    Synergy,
)
from mpfunnel.tiers import (
    Tier,
    TierLimit,
    TierLimits,
    TierPolicy,
    TierScorecard,
    TierTable,
)
from tests.books import answers_alone
from tests.oracle_leads import differences

__all__ = [
    "BOOKS",
    "book_of",
    "disagreement",
    "draw_account",
    "draw_ages",
    "draw_as_of",
    "draw_company",
    "draw_follow_ups",
    "draw_offers",
    "draw_plays",
    "draw_synergy",
    "engine_of",
    "with_plays",
]

BOOKS = 12
"""How many playbooks there are: the starter in three zones, and variations of its numbers."""
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York")
WRITTEN_IN = (UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin"))
CHANNELS: tuple[Channel, ...] = get_args(Channel)
STATUSES: tuple[DealStatus, ...] = get_args(DealStatus)
SAYINGS: tuple[SalesEventKind, ...] = get_args(SalesEventKind)
REVIEWS = ((), ((6, 28), (12, 30)), ((1, 1), (3, 30), (6, 29), (10, 27)))
# The days after the clocks change in Europe, and ordinary ones.
AS_OF = (date(2024, 4, 1), date(2024, 10, 28), date(2024, 7, 1), date(2025, 1, 1))


@cache
def book_of(number: int) -> Playbook:
    """The playbook of that number."""
    zone = ZONES[number % 3]
    if number < 3:
        book = starter(["A", "B", "C"], zone=zone)
        return answers_alone(book) if number else book
    return _varied(number, zone)


@cache
def engine_of(number: int) -> Engine:
    """The engine of the playbook of that number."""
    return Engine(book_of(number))


def _varied(number: int, zone: str) -> Playbook:
    """The starter with other numbers, and rules that ask for what the starter does not ask for."""
    random = Random(number)
    names: tuple[list[Id], ...] = (["A", "B", "C"], ["A", "B", "C"], [1, 2, 3])
    products = random.choice(names)[: random.choice((1, 2, 3))]
    base = answers_alone(starter(products, zone=zone))
    models: dict[Any, EngagementModel] = {}
    tiers: dict[Any, TierPolicy] = {}
    for product_id in products:
        varied = _varied_model(random, base.engagement[product_id])
        models[product_id] = _bounded(Random(f"{number} {product_id}"), varied)
        varied_tiers = _varied_tiers(random, base.tiers[product_id])
        tiers[product_id] = _other_kinds(Random(f"tiers {number} {product_id}"), varied_tiers)
    stages = {stage.key: stage for stage in (*base.funnel.ladder, *base.funnel.detours)}
    rules = list(base.funnel.rules.rules)
    if random.random() < 0.5:
        keen = product.interest.at_least("interested") & product.tier.at_least(Tier(3))
        rules.insert(0, Rule(stages["sql"], any_product(keen) & pursuit.raised_hand, key="any"))
    if random.random() < 0.5:
        rules.append(Rule(stages["known"], lead.title.is_missing() & product.touched, key="title"))
    return evolve(
        base,
        tiers=tiers,
        segments=SegmentTable(
            (*base.segments.rules[:7], *random.sample(base.segments.rules[7:], 2)),
            base.segments.otherwise,
        ),
        engagement=models,
        funnel=evolve(
            base.funnel,
            rules=DecisionTable(rules, base.funnel.rules.otherwise),
            quiet_days=random.choice((1, 2, 7, 30)),
            deals_without_lead=random.random() < 0.5,
        ),
        tier_review_dates=REVIEWS[number % len(REVIEWS)],
        synergy=draw_synergy(Random(f"synergy {number}"), products),
    )


def draw_synergy(random: Random, products: Sequence[Id]) -> Synergy:
    """Relations that do not contradict each other, and rules by which a product is not offered."""
    conditions: list[Any] = [
        company.employees >= random.choice((50, 300)),
        company.annual_revenue.is_missing(),
        company.segment.is_in("partner", "micro"),
        company.attribute("plants", int) < 2,
        group.owns(random.choice(products)),
        account.owns(random.choice(products)),
        product.tier.at_least(Tier(2)) & ~product.owned,
        product.sold | company.industry.is_in("製造業"),
        product.lifecycle.is_in("growth", "decline"),
    ]
    kinds: list[RelationKind] = [*get_args(RelationKind)]
    relations: list[Relation] = []
    # In one direction, so that nothing goes in a circle.
    for source, target in combinations(products, 2):
        when = random.choice((None, *random.sample(conditions, 2)))
        relations.append(Relation(random.choice(kinds), source, target, when))
    random.shuffle(relations)
    try:
        synergy = Synergy(relations)
    except InvalidDataError:
        synergy = Synergy(relations[:1])
    about = (EVERY, *products)
    rules = [
        Ineligible(random.choice((when, ~when)), random.choice(about))
        for when in random.sample(conditions, random.randrange(3))
    ]
    return evolve(synergy, not_eligible=rules)


def draw_offers(random: Random, products: Sequence[Id]) -> list[OfferRule]:
    """Rules by which products are offered; keys tell the first of them from the others."""

    def days() -> int:
        return random.choice((1, 2, 3, 30, 90, 365))

    conditions: list[Any] = [
        company.employees >= random.choice((50, 300)),
        ~company.annual_revenue.is_missing() & company.segment.is_in("partner", "micro"),
        group.owns(random.choice(products)) | ~product.sold,
        account.existing_customer & product.tier.at_least(Tier(2)),
        account.owned_for(random.choice(products), days=days()),
        ~account.discontinued.contains_any(str(random.choice(products))),
        product.best_interest.at_least("interested"),
        product.best_interest.at_most("aware") & (product.people >= random.choice((0, 1, 2))),
        product.position != random.choice(("owned", "untapped")),
        product.quantity >= random.choice((1, 2, 5)),
        product.ends(within_days=days()) | product.lapsed(within_days=days()),
        ~product.offered(within_days=days()),
    ]
    rules: list[OfferRule] = []
    for _ in range(random.choice((1, 2, 4, 6))):
        when = random.choice((None, None, *random.sample(conditions, 3)))
        source = random.choice((None, *products))
        about = random.choice([EVERY, *(one for one in products if one != source)])
        offer = random.choice([one.key for one in OFFERS if source is not None or one != SUCCESSOR])
        held = 0 if source is None else random.choice((0, 0, days()))
        rules.append(OfferRule(offer, when, about, source, held))
    return rules


def with_plays(random: Random, book: Playbook) -> Playbook:
    """The playbook with drawn plays, products that have a life cycle, and stages with limits."""
    products = [
        evolve(
            one,
            lifecycle=random.choice((None, "growth", "decline")),
            sold_until=random.choice((None, None, date(2024, 6, 30))),
        )
        for one in book.products
    ]
    plays = draw_plays(random, book)
    return evolve(book, products=products, plays=plays, funnel=_hurried(random, book.funnel))


CALENDARS = (
    BusinessCalendar(),
    BusinessCalendar(None, weekend=("sun", "mon"), days_off=[date(2024, 3, 29)]),
    BusinessCalendar("DE", region="BY", working_days=[date(2024, 10, 27)]),
    # Nobody knows its public holidays of the years before 2023.
    BusinessCalendar("GW", weekend=()),
)
LIMITS: Sequence[dict[str, Any]] = (
    {},
    {"kind": "gate"},
    *({"kind": "sla", "within_days": days} for days in (1, 2, 30, 3_650)),
    *({"kind": "sla", "within_business_days": days} for days in (1, 2, 10, 10, 400)),
)


def _hurried(random: Random, funnel: Funnel) -> Funnel:
    """The funnel with a calendar, and with time limits of most of its stages."""
    ladder, detours = (
        [FunnelStage(one.key, one.label, **random.choice(LIMITS)) for one in stages]
        for stages in (funnel.ladder, funnel.detours)
    )
    return evolve(funnel, calendar=random.choice(CALENDARS), ladder=ladder, detours=detours)


def draw_ages(random: Random, history: StageHistory, as_of: date) -> StageHistory:
    """The history, whose lead may have entered its first stage long ago."""
    if not history.entries:
        return history
    entries = list(history.entries)
    days = random.choice((0, 0, 14, 3_651, 3_652, 3_653, 3_654, 9_000))
    long_ago = datetime.combine(as_of, time(12), UTC) - timedelta(days)
    if days and long_ago < entries[0].entered:
        entries[0] = evolve(entries[0], entered=long_ago)
    return StageHistory(history.lead_id, entries)


def draw_plays(random: Random, book: Playbook) -> Plays:
    """Plays, and rules for products and the firm that ask whatever plays can ask for."""
    ids = [one.id for one in book.products]
    states, stages = book.scale.keys, book.funnel.scale.keys
    model = next(iter(book.engagement.values()))
    kinds = [*(one.kind for one in model.signals), "unknown_kind", "pricing_page", "page_view"]
    plays = [
        Play(
            f"play_{number}",
            f"play {number}",
            message=random.choice(("", "proposal")),
            channels=random.sample(CHANNELS, random.randrange(4)),
            owner=random.choice(("", "inside_sales", "field_sales")),
            due_in_days=random.choice((0, 1, 2, 30, 36_500)),
            cadence_days=random.choice((None, None, 1, 7, 30)),
            before_end_days=random.choice((None, None, 0, 1, 90)),
            motion=random.choice(("upstream", "downstream")),
            within_sla=random.choice((False, True)),
        )
        for number in range(random.choice((1, 2, 5)))
    ]
    stage = FunnelFacts(book.funnel.scale).stage
    of_firm: list[Any] = [
        company.employees >= random.choice((50, 300)),
        company.annual_revenue.is_missing(),
        company.segment.is_in("partner", "micro"),
        company.attribute("plants", int) < 2,
        group.owns(random.choice(ids)),
        account.owns(random.choice(ids)),
        lead.title == "部長",
        lead.title.is_missing(),
        stage.is_in(*random.sample(stages, 2)),
        stage.at_least(random.choice(book.funnel.scale.ladder)),
        contact.email,
        contact.phone.is_missing() | contact.web,
    ]
    of_product: list[Any] = [
        product.tier.at_least(Tier(2)) & ~product.owned,
        product.open_deal,
        product.sold | product.touched,
        product.lifecycle.is_in("growth"),
        product.lifecycle.is_missing(),
        product.position.is_in("untapped", "not_eligible"),
        product.position.is_in("owned"),
        product.parting_reasons.contains_any("timing"),
        product.marked_for_follow_up,
        product.score >= random.choice((1, 5)),
        product.count(random.choice(kinds), within_days=random.choice((1, 30))) >= 1,
        type(product)(book.scale).interest.at_least(book.scale.ladder[1]),
        type(product)(book.scale).engagement.is_in(*random.sample(states, 2)),
    ]

    def rules(conditions: list[Any], about: tuple[Id, ...]) -> list[PlayRule]:
        chosen = random.sample(conditions, random.randrange(5))
        return [
            PlayRule(
                random.choice((None, *plays, *plays)),
                random.choice((when, when, ~when, when & random.choice(conditions))),
                random.choice(about),
            )
            for when in chosen
        ]

    return Plays(
        plays=plays,
        products=[
            *rules(of_product + of_firm, (EVERY, EVERY, *ids)),
            # Seldom does nothing fit, so that most rows have a play.
            PlayRule(random.choice(plays), product.score >= 0, key="any"),
        ],
        firm=rules(of_firm, (EVERY,)),
        contacts=random.sample(kinds, random.randrange(4)),
        need_consent=random.sample(CHANNELS, random.randrange(4)),
        order=random.sample(CRITERIA, random.randrange(len(CRITERIA) + 1)),
        at_once=random.choice((1, 1, 2, 3)),
        quiet_days=random.choice((0, 1, 7, 40)),
    )


def draw_follow_ups(random: Random, events: Sequence[SalesEvent], as_of: date) -> list[SalesEvent]:
    """The sales events, some of them with a day for coming back; equal ones stay equal."""
    days = (None, *(as_of + timedelta(by) for by in (-40, -1, 0, 1, 40)))
    drawn = {one: evolve(one, follow_up_on=random.choice(days)) for one in dict.fromkeys(events)}
    return [drawn[one] for one in events]


def _varied_tiers(random: Random, base: Any) -> TierTable:
    plants = company.attribute("plants", int)
    bands = random.sample(base.rules, random.randrange(len(base.rules) + 1))
    return TierTable(
        (Rule(Tier(1), plants >= random.choice((1, 2)), key="plants"), *bands), Tier(4)
    )


def _other_kinds(random: Random, table: TierTable) -> TierPolicy:
    """The table, or a scorecard of its conditions; half of them with limits."""
    policy: TierPolicy = table
    if random.random() < 0.5:
        policy = TierScorecard(
            [
                ScoreItem(points, when, if_unknown=random.choice((0, points // 2)))
                for when in table.conditions
                for points in (random.choice((-30, 1, 10, 40)),)
            ],
            [Band(40, Tier(1)), Band(random.choice((-1, 1)), Tier(2))],
            Tier(4),
        )
    if random.random() < 0.5:
        return policy
    vague = TierLimit(best=Tier(3), when=company.annual_revenue.is_missing(), key="vague")
    large = TierLimit(worst=Tier(3), when=company.employees >= 300, because="large")
    rich = TierLimit(best=Tier(2), when=~(company.annual_revenue < 10**9) & table.conditions[0])
    return TierLimits(policy, random.sample([vague, large, rich], random.choice((1, 2, 3))))


def _varied_model(random: Random, base: EngagementModel) -> EngagementModel:
    states = {state.key: state for state in (*base.ladder, *base.detours)}
    extra = [
        Rule(
            states["dormant"],
            product.count("pricing_page", within_days=random.choice((1, 2, 30))) >= 2,
            key="counted",
        ),
        Rule(
            states["priority_follow_up"],
            product.active(within_days=random.choice((1, 7))) & (lead.title == "部長"),
            key="active",
        ),
        # Asked of every lead, whether it gave a sign or not.
        Rule(states["excluded"], lead.title == "課長", key="title"),
    ]
    extra = extra[: random.choice((2, 3))]
    return evolve(
        base,
        signals=[
            evolve(
                signal,
                points=(points := random.choice((signal.points, 4, 25))),
                cap=random.choice((None, 10, 30)) if points > 0 else None,
                raises_hand_days=random.choice((1, 2, 30)) if signal.raises_hand_days else 0,
            )
            for signal in base.signals
        ]
        + [Signal("hand_only", 0, raises_hand_days=3)],
        states=DecisionTable((*extra, *base.states.rules), base.states.otherwise),
        half_life_days=random.choice((1, 3, 7, 45)),
        company_wide_per_mille=random.choice((0, 1, 333, 500, 1_000)),
    )


def _bounded(random: Random, base: EngagementModel) -> EngagementModel:
    """The model with cool-downs, penalties that last, and now and then bounds in all."""
    signals = [*base.signals, Signal("unsubscribed", -random.choice((5, 30)))]
    return evolve(
        base,
        signals=[
            evolve(
                signal,
                cool_down_days=random.choice((0, 0, 1, 2, 7, 30)) if signal.points else 0,
                fades=signal.points >= 0 or random.random() < 0.5,
            )
            for signal in signals
        ],
        cap=random.choice((None, None, 12, 40)),
        floor=random.choice((None, None, 0, -7)),
    )


# -- records --


def _ages(book: Playbook) -> list[int]:
    hands = {s.raises_hand_days for m in book.engagement.values() for s in m.signals} - {0}
    edges = {book.funnel.quiet_days, *hands, 90, 365, 730}
    near = {0, 1, 2, 3, 5, 30, *(edge + step for edge in edges for step in (-1, 0, 1))}
    return sorted(near)


class _Draw:
    """Draws the records of one account."""

    def __init__(self, random: Random, book: Playbook, as_of: date) -> None:
        self.random = random
        self.book = book
        self.as_of = as_of
        self.zone = ZoneInfo(book.zone)
        self.sold = [one.id for one in book.products]
        ages = _ages(book)
        # Few days, so that records meet on them; one of them may lie in the future.
        self.ages = [random.choice(ages) for _ in range(4)] + [random.choice((-1, -40, 0, 1))]
        model = next(iter(book.engagement.values()))
        self.kinds = [signal.kind for signal in model.signals]
        self.kinds += ["unknown_kind", "inquiry", "pricing_page", "page_view"]
        if random.randrange(3) == 0:
            # Often the same, so that cool-downs, caps and floors are met.
            self.kinds = [*random.sample(self.kinds, random.choice((1, 2))), "unsubscribed"]

    def day(self) -> date:
        return self.as_of - timedelta(self.random.choice(self.ages))

    def at(self) -> datetime:
        clock = self.random.choice(
            (time(0, 0), time(12, 0), time(23, 59, 59), time(0, 0, 1), time(8, 59), time(9, 0))
        )
        # Written in UTC or elsewhere: what counts is the instant.
        local = datetime.combine(self.day(), clock, tzinfo=self.zone)
        return local.astimezone(UTC).astimezone(self.random.choice(WRITTEN_IN))

    def several(self, most: int, one: Callable[[int], Any]) -> list[Any]:
        return [one(number) for number in range(self.random.randrange(most + 1))]

    def product(self) -> Any:
        # Now and then one that the firm does not sell.
        stranger: Id = "X" if "A" in self.sold else 9
        return stranger if self.random.randrange(40) == 0 else self.random.choice(self.sold)

    def maybe_product(self) -> Any:
        return None if self.random.randrange(4) == 0 else self.product()

    def lead_id(self) -> str:
        return self.random.choice(("l1", "l1", "l1", "l2", "l3", "nobody"))

    def reason(self) -> Any:
        return self.random.choice((None, "timing", "price", "budget"))

    def company(self) -> Company:
        return draw_company(self.random)

    def lead(self, number: int) -> Lead:
        random = self.random
        return Lead(
            f"l{number + 1}",
            random.choice(("c", "c", "c", None, "d")) if random.randrange(6) == 0 else "c",
            title=random.choice((None, "部長", "課長")),
            consents=self.several(2, self.consent),
        )

    def consent(self, _: int) -> Consent:
        return Consent(
            self.random.choice(("email", "phone")), self.random.random() < 0.5, self.at()
        )

    def activity(self, number: int) -> Activity:
        products = {self.product() for _ in range(self.random.choice((0, 1, 1, 1, 2)))}
        # Every fourth number comes twice, for the next lead or as a conflict.
        return Activity(
            number - (number % 4 == 3),
            self.lead_id(),
            self.random.choice(self.kinds),
            self.at(),
            products,
        )

    def deal(self, number: int) -> Deal:
        random = self.random
        status = random.choice(STATUSES)
        lines = {self.product() for _ in range(random.choice((0, 1, 1, 2)))}
        return Deal(
            f"d{number}" if random.randrange(12) else "d0",
            "c" if random.randrange(6) else "e",
            self.at(),
            [DealLine(product_id) for product_id in sorted(lines)],
            status=status,
            closed_at=None if status == "open" else self.at(),
            lead_id=random.choice(("l1", "l1", "l2", None, "nobody")),
            reason=self.reason(),
        )

    def contract(self, _: int) -> Contract:
        start, end = sorted((self.day(), self.day()))
        last = self.random.choice((None, end, end))
        return Contract("c" if self.random.randrange(8) else "e", self.product(), start, last)

    def event(self, _: int) -> SalesEvent:
        return SalesEvent(
            self.lead_id(),
            self.random.choice(SAYINGS),
            self.at(),
            self.maybe_product(),
            reason=self.reason(),
        )

    def override(self, _: int) -> Override:
        """What somebody set; few values, so that some meet on a question and some are strange."""
        random, book = self.random, self.book
        since, end = sorted((self.day(), self.day()))
        said: dict[str, Any] = {
            "by": random.choice(("森", "森", "林")),
            "reason": "'",
            "since": since,
            "until": random.choice((None, end, end)),
            "follow_up_on": random.choice((None, end)),
        }
        what = random.choice(("segment", "tier", "engagement", "engagement"))
        company_id = "c" if random.randrange(10) else "e"
        if what == "segment":
            values = [one.key for one in book.segments.outcomes][:3]
            return Override("segment", self.some(values), company_id=company_id, **said)
        product_id = self.product()
        if what == "tier":
            value = self.some(["tier_1", "tier_4"])
            return Override("tier", value, company_id=company_id, product_id=product_id, **said)
        keys = [*random.sample(book.scale.keys, 2), book.scale.ladder[0]]
        lead_id = self.lead_id()
        return Override(
            "engagement", self.some(keys), lead_id=lead_id, product_id=product_id, **said
        )

    def some(self, values: list[str]) -> str:
        """One of the values, or now and then none of them."""
        return "strange" if self.random.randrange(20) == 0 else self.random.choice(values)


def draw_company(random: Random) -> Company:
    """A company, much of it often unknown."""
    return Company(
        "c",
        employees=random.choice((None, None, 49, 50, 299, 300, 1_000)),
        annual_revenue=random.choice((None, None, 0, 999_999_999, 10_000_000_000)),
        relationships=random.choice(((), (), (), ("competitor",), ("partner", "customer"))),
        lists=random.choice(((), (), ("target",))),
        attributes=random.choice(({}, {"plants": 2}, {"plants": None, "student": True})),
    )


def draw_as_of(random: Random) -> date:
    """A day to ask about."""
    return random.choice(AS_OF)


def draw_account(random: Random, book: Playbook, as_of: date, *, busy: int = 14) -> Account:
    """An account with up to `busy` activities, half as many sales events and deals."""
    draw = _Draw(random, book, as_of)
    company: Company | CompanyHistory | None = draw.company()
    kind = random.randrange(6)
    if kind == 0:
        company = None
    elif kind == 1:
        assert isinstance(company, Company)
        days = {draw.day() for _ in range(random.choice((1, 2, 3)))}
        changes = [
            CompanyChange(day, "employees", random.choice((None, 10, 300, 5_000)))
            for day in sorted(days)
        ]
        company = CompanyHistory(company, changes)
    leads = draw.several(3, draw.lead) or [draw.lead(0)]
    activities = draw.several(busy, draw.activity)
    deals = draw.several(busy // 3, draw.deal)
    events = draw.several(busy // 2, draw.event)
    contracts = draw.several(2, draw.contract)
    overrides = draw.several(6, draw.override) if random.randrange(2) else []
    for records in (leads, activities, deals, events, contracts, overrides):
        if records and random.randrange(3) == 0:
            records.append(random.choice(records))
    return Account(
        company,
        leads=leads,
        activities=activities,
        deals=deals,
        contracts=contracts,
        sales_events=events,
        overrides=overrides,
    )


def disagreement(seed: int, count: int) -> str | None:
    """The first disagreement of the engine with the second model on seeded accounts."""
    random = Random(seed)
    for _ in range(count):
        number = random.randrange(BOOKS)
        as_of = draw_as_of(random)
        account = draw_account(random, book_of(number), as_of)
        told = engine_of(number).assess(account, as_of=as_of)
        if found := differences(book_of(number), account, as_of, told):
            return f"playbook {number}, {as_of}: {found[0]}"
    return None
