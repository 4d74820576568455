"""A playbook survives a file: random playbooks, nasty keys, every form of condition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import combinations
from operator import and_
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from mpfunnel import facts
from mpfunnel.calendars import BusinessCalendar
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import company, product
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.plays import CRITERIA, NO_PLAY, Motion, Play, PlayRule, Plays
from mpfunnel.records import Channel, Company, Product
from mpfunnel.rules.conditions import All, AnyOf, Condition, Exists, Not
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, ScoreItem
from mpfunnel.rules.terms import Term
from mpfunnel.segments import UNMATCHED, Segment, SegmentTable
from mpfunnel.stages import Funnel, FunnelStage, Transition
from mpfunnel.starters import starter
from mpfunnel.synergy import (
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
    rules_of,
)
from tests.leads import BOOKS, book_of, draw_account, draw_as_of

FORMATS = Path(__file__).parent / "formats"


@frozen
class Told:
    """A policy in Python with options, which decides nothing here."""

    kind: str
    options: dict[str, Any]
    tiers = (Tier(1), Tier(3))

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        raise NotImplementedError


def told(kind: str) -> Any:
    """What makes such a policy of the options in a file."""

    def make(**options: Any) -> Told:
        return Told(kind, options)

    vars(make)["kind"] = kind
    return make


KINDS_OF_TIERS = [told("acme/told/1"), told("acme/told/2")]

# -- random playbooks --

WORDS = (
    *("all", "any", "not", "any_product", "*", "1001", "_", "__", "rules", "labels", "count(x)"),
    *(
        "company",
        "company.x",
        "lead.title",
        "a.b",
        "a-b",
        'say "hi"',
        "it's",
        "\\",
        "#",
        "=",
        "[x]",
    ),
    *(
        "営業.部",
        "製造業",
        "😀",
        "é",
        "e\u0301",
        "\x00",
        "\x1b[0m",
        "\x7f",
        "\n",
        "a\r\nb",
        "\t.",
        "\u2028",
    ),
)
ONLY_OFFERS = ("quantity", "people", "best_interest")
OF_OFFERS = ("sold", "lifecycle", "position", *ONLY_OFFERS)
"""What only rules about offers and plays may ask of a product."""
KEYS = (st.sampled_from(WORDS) | st.text(max_size=8)).filter(str.strip)
TEXTS = st.sampled_from(WORDS).filter(str.strip) | KEYS
LABELS = st.builds(Label, TEXTS, TEXTS) | st.builds(Label, TEXTS)
# What options may hold; a float comes back as the decimal of its digits.
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers(1 - 2**63, 2**63 - 1)
    | TEXTS
    | st.sampled_from((Decimal("1.50"), Decimal("-0.1"))),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
INTS = st.sampled_from((-1, 0, 300, 10_000, 2**53 + 1, 2**63 - 1, 1 - 2**63))
DAYS = st.dates()
FLOATS = st.sampled_from((0.1, -0.0, 30.0, 5e-324, 9e18, -1.5)) | st.floats(-1e18, 1e18)


def decimals(places: int) -> st.SearchStrategy[int | Decimal]:
    """Numbers that a decimal of so many places holds."""
    most = 2**63 // 10**places - 1
    whole = st.integers(-most, most)
    return whole | st.decimals(-most, most, places=places)


def literals(fact: Fact, segments: list[str]) -> st.SearchStrategy[Any]:
    """Values that a rule may compare `fact` with."""
    match fact.kind:
        case "int":
            return INTS | st.integers(1 - 2**63, 2**63 - 1)
        case "decimal":
            return decimals(fact.places)
        case "float":
            return FLOATS | st.integers(-9, 9)
        case "bool":
            return st.booleans()
        case "date":
            return DAYS
        case "level":
            assert fact.scale is not None
            return st.sampled_from(fact.scale.keys or segments)
        case _:
            return KEYS


def leaves(term: Any, segments: list[str]) -> st.SearchStrategy[Condition]:
    """Every condition that the operators of a term build."""
    fact: Fact = term.fact
    value = literals(fact, segments)
    several = st.lists(value, min_size=1, max_size=3)
    equal = value.map(lambda one: term == one) | value.map(lambda one: term != one)
    ways: list[st.SearchStrategy[Condition]] = []
    if fact.kind in ("int", "decimal", "float", "date"):
        ways += [
            value.map(lambda one: term >= one),
            value.map(lambda one: term > one),
            value.map(lambda one: term <= one),
            value.map(lambda one: term < one),
            st.tuples(value, value).map(lambda two: (term >= two[0]) & (term < two[1])),
        ]
    if fact.kind not in ("float", "set"):
        ways.append(equal)
    if fact.kind not in ("float", "set", "bool"):
        ways.append(several.map(lambda many: term.is_in(*many)))
    if fact.kind == "text":
        ways.append(several.map(lambda many: term.starts_with(*many)))
    if fact.kind == "set":
        ways.append(several.map(lambda many: term.contains_any(*many)))
    if fact.scale is not None and fact.scale.ladder:
        rung = st.sampled_from(fact.scale.ladder)
        ways += [rung.map(term.at_least), rung.map(term.at_most)]
    if fact.open and fact.kind != "level":
        ways.append(st.just(term.is_missing()))
    return st.one_of(ways)


def conditions(
    terms: list[Term], segments: list[str], *, products: bool
) -> st.SearchStrategy[Condition]:
    """Trees over the facts, whatever their shape."""

    def wider(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, max_size=3)
        ways: st.SearchStrategy[Condition] = parts.map(All) | parts.map(AnyOf) | inner.map(Not)
        ways |= st.tuples(inner, inner).map(lambda two: two[0] & two[1])
        return ways | inner.map(lambda one: Exists("product", one)) if products else ways

    leaf = st.sampled_from(terms).flatmap(lambda term: leaves(term, segments))
    return st.recursive(leaf, wider, max_leaves=6)


def rows(
    terms: list[Term],
    segments: list[str],
    *,
    products: bool,  # noqa: ARG001 - as `conditions`
) -> st.SearchStrategy[Condition]:
    """What the cells of one row can ask: conditions about a fact each, joined by "and"."""
    leaf = st.sampled_from(terms).flatmap(lambda term: leaves(term, segments))
    # Two bounds are two cells, unless they make a range.
    cell = leaf | leaf.filter(lambda one: not isinstance(one, All)).map(Not)
    several = st.lists(cell, min_size=2, max_size=4)
    return st.just(All(())) | cell | several.map(lambda parts: reduce(and_, parts))


@st.composite
def attributes(draw: st.DrawFn, group: facts.CompanyFacts | facts.LeadFacts) -> list[Term]:
    """Custom attributes of any type, under any key."""
    names = draw(st.lists(KEYS, max_size=3, unique=True))
    made: list[Term] = []
    for name in names:
        if name in group.names():
            continue
        kind: Any = draw(st.sampled_from((int, Decimal, float, bool, str, date, frozenset)))
        label = draw(LABELS)
        if kind is bool:
            made.append(group.flag(name, closed=draw(st.booleans()), label=label))
        else:
            closed = kind in (int, frozenset) and draw(st.booleans())
            made.append(group.attribute(name, kind, closed=closed, label=label))
    return made


def terms_of(group: facts.Facts, *, but: tuple[str, ...] = ()) -> list[Term]:
    """The facts of a group, some left out."""
    return [group.named(name) for name in group.names() if name not in but]


@st.composite
def tables(draw: st.DrawFn, kind: Any, outcomes: Any, when: st.SearchStrategy[Condition]) -> Any:
    """A table of some kind over the outcomes."""
    keys = draw(st.lists(KEYS.filter(lambda key: key != "otherwise"), max_size=4, unique=True))
    rules = [Rule(draw(outcomes), draw(when), key, draw(st.none() | LABELS)) for key in keys]
    because = draw(st.none() | LABELS)
    given = {} if because is None else {"otherwise_because": because}
    return kind(rules, draw(outcomes), **given)


KINDS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    (
        {},
        {"kind": "gate"},
        {"kind": "sla", "within_days": 3},
        {"kind": "sla", "within_business_days": 3_650},
        {"kind": "sla", "within_days": 3, "warn_days": 1},
        {"warn_days": 5},
    )
)
CALENDARS = st.builds(
    BusinessCalendar,
    st.sampled_from(("JP", "US", None)),
    weekend=st.sampled_from((("sat", "sun"), ("fri",), ())),
    days_off=st.lists(st.dates(max_value=date(2026, 6, 1)), max_size=2),
    working_days=st.lists(st.dates(min_value=date(2026, 6, 2)), max_size=2),
    fiscal_year_start_month=st.integers(1, 12),
)


@st.composite
def lifecycles(
    draw: st.DrawFn, start: FunnelStage, stages: list[FunnelStage], cut: int
) -> dict[str, Any]:
    """What a funnel may say about moves: any sound graph, ends, and calendar."""
    final = [one for one in stages[cut:] if one != start and draw(st.booleans())]
    given: dict[str, Any] = {
        "overrules_people": draw(st.booleans()),
        "calendar": draw(st.just(BusinessCalendar()) | CALENDARS),
        "final": final,
    }
    if draw(st.booleans()):
        given["ends"] = [one for one in stages if draw(st.booleans())]
    if draw(st.booleans()):
        ladder, ends = stages[:cut], given.setdefault("ends", [])
        given["transitions"] = [
            Transition(one, other, draw(st.sampled_from(kinds)), draw(st.booleans()))
            for one in stages
            for other in stages
            if one != other and one not in final
            for kinds in (sound_kinds(one, other, ladder, ends),)
        ]
    return given


def sound_kinds(one: Any, other: Any, ladder: list[Any], ends: Any) -> list[Any]:
    """Of which kinds a move from one stage to another can be."""
    if other not in ladder:
        return ["recycle"]
    if one not in ladder:
        return ["re-entry"]
    steps = ladder.index(other) - ladder.index(one)
    if one in ends:
        return ["re-entry"] if steps > 0 else ["re-entry", "back"]
    return ["back", "recycle"] if steps < 0 else ["forward" if steps == 1 else "skip"]


@st.composite
def scorecards(draw: st.DrawFn, outcomes: Any, when: st.SearchStrategy[Condition]) -> Any:
    """A scorecard of Tiers."""
    keys = draw(st.lists(KEYS.filter(lambda key: key != "otherwise"), max_size=3, unique=True))
    items = [
        ScoreItem(points, draw(when), key, draw(st.sampled_from((0, points))), draw(LABELS))
        for key in keys
        for points in (draw(st.integers(-1_000_000, 1_000_000)),)
    ]
    starts = draw(st.lists(INTS, max_size=3, unique=True))
    return TierScorecard(items, [Band(one, draw(outcomes)) for one in starts], draw(outcomes))


@st.composite
def tier_policies(draw: st.DrawFn, when: st.SearchStrategy[Condition]) -> TierPolicy:
    """Any tier policy that a file can hold, with and without limits."""
    outcomes = st.integers(1, 9).map(Tier)
    options = st.dictionaries(KEYS, PLAIN, max_size=3)
    policy = draw(
        tables(TierTable, outcomes, when)
        | scorecards(outcomes, when)
        | st.builds(Told, st.sampled_from(("acme/told/1", "acme/told/2")), options)
    )
    if draw(st.booleans()):
        return policy
    taken = {way.key for way in rules.ways} if (rules := rules_of(policy)) else set[str]()
    keys = [key for key in ("limit-1", "a.b", "") if key not in taken]
    limits = [
        draw(
            st.builds(TierLimit, best=outcomes, when=when, key=st.just(key), because=LABELS)
            | st.builds(TierLimit, worst=outcomes, when=when, key=st.just(key))
        )
        for key in keys[: draw(st.integers(1, 3))]
    ]
    return TierLimits(policy, limits)


@st.composite
def synergies(
    draw: st.DrawFn, products: list[Product], when: st.SearchStrategy[Condition]
) -> Synergy:
    """Relations that go in one direction, and rules by which products are not offered."""
    when |= st.sampled_from([facts.account.owns(one) for one in products])
    kinds: Any = st.sampled_from(get_args(RelationKind))
    relations = [
        Relation(
            draw(kinds),
            source.id,
            target.id,
            draw(st.none() | when),
            draw(st.sampled_from(("", f"鍵 {place}"))),
            draw(st.none() | LABELS),
        )
        for place, (source, target) in enumerate(combinations(products, 2))
        if draw(st.booleans())
    ]
    about = ["*", *(one.id for one in products)]
    about += [f"family:{one.family}" for one in products if one.family is not None]
    rules = [
        Ineligible(draw(when), draw(st.sampled_from(about)), because=draw(st.none() | LABELS))
        for _ in range(draw(st.integers(0, 2)))
    ]
    given: Any = {
        "offers": draw(st.lists(offer_rules(products, when), max_size=3)),
        "cool_down_days": draw(st.sampled_from((0, 1, 90))),
    }
    try:
        return Synergy(relations, rules, **given)
    except InvalidDataError:
        return Synergy(relations[:1], rules, **given)


@st.composite
def offer_rules(
    draw: st.DrawFn, products: list[Product], when: st.SearchStrategy[Condition]
) -> OfferRule:
    """Rules by which products are offered, with what only they may ask."""
    source = draw(st.sampled_from((None, *(one.id for one in products))))
    about = ["*", *(one.id for one in products if one.id != source)]
    about += [f"family:{one.family}" for one in products if one.family is not None]
    days = 0 if source is None or str(source) != str(source).strip() else draw(st.integers(0, 3))
    asked = [
        facts.product.quantity >= 3,
        ~facts.product.ends(within_days=90).is_true(),
        facts.account.existing_customer.is_true(),
        *(
            facts.account.owned_for(one, days=180).is_true()
            for one in products
            if str(one.id) == str(one.id).strip()
        ),
    ]
    offer = draw(st.sampled_from([o for o in OFFERS if source is not None or o != SUCCESSOR]))
    because = draw(st.none() | LABELS)
    condition = draw(st.none() | when | st.sampled_from(asked))
    return OfferRule(offer, condition, draw(st.sampled_from(about)), source, days, because=because)


CHANNELS: Any = get_args(Channel)
DUE: st.SearchStrategy[int] = st.integers(0, 36_500)


@st.composite
def plays_of(
    draw: st.DrawFn,
    products: list[Product],
    when: st.SearchStrategy[Condition],
    when_firm: st.SearchStrategy[Condition],
) -> Plays:
    """Plays with every field given or left out, and rules that give each of them, or none."""
    owned = st.sampled_from([facts.account.owns(one) for one in products])
    when, when_firm = when | owned, when_firm | owned
    motions: Any = st.sampled_from(get_args(Motion))
    keys = draw(st.lists(KEYS.filter(lambda key: key != NO_PLAY.key), max_size=3, unique=True))
    plays = [
        Play(
            key,
            draw(LABELS),
            message=draw(st.just("") | KEYS),
            channels=draw(st.permutations(CHANNELS))[: draw(st.integers(0, 5))],
            owner=draw(st.just("") | KEYS),
            due_in_days=draw(DUE),
            cadence_days=draw(st.none() | st.integers(1, 36_500)),
            before_end_days=draw(st.none() | DUE),
            motion=draw(motions),
            within_sla=draw(st.booleans()),
        )
        for key in keys
    ]
    about = ["*", *(one.id for one in products)]
    about += [f"family:{one.family}" for one in products if one.family is not None]
    rules: dict[str, list[PlayRule]] = {
        name: [
            PlayRule(
                draw(st.sampled_from((None, *plays))),
                draw(condition),
                draw(st.sampled_from(ids)),
                draw(st.sampled_from(("", f"鍵 {place}"))),
                draw(st.none() | LABELS),
            )
            for place in range(draw(st.integers(0, 2)))
        ]
        for name, condition, ids in (("products", when, about), ("firm", when_firm, ["*"]))
    }
    return Plays(
        plays,
        rules["products"],
        rules["firm"],
        contacts=draw(st.lists(KEYS, max_size=2)),
        need_consent=draw(st.just(("email",)) | st.lists(st.sampled_from(CHANNELS), max_size=2)),
        order=draw(st.permutations(CRITERIA))[: draw(st.integers(0, 5))],
        at_once=draw(st.just(1) | st.integers(1, 2**63 - 1)),
        quiet_days=draw(st.just(0) | DUE),
    )


@st.composite
def playbooks(draw: st.DrawFn, conditions: Any = conditions) -> Playbook:
    """Any playbook that can be built from facts, with nasty keys, labels and numbers."""
    ids: Any = draw(
        st.lists(KEYS.filter(lambda key: key != "*"), min_size=1, max_size=3, unique=True)
        | st.lists(INTS, min_size=1, max_size=3, unique=True)
    )
    days = sorted(draw(st.lists(DAYS, min_size=2, max_size=2)))
    products = [
        Product(
            one,
            draw(st.none() | LABELS),
            family=draw(st.none() | st.just("a.b") | KEYS),
            grade=draw(st.none() | st.integers(0, 2**63 - 1)),
            lifecycle=draw(st.sampled_from((None, "growth", "maturity"))),
            sold_from=draw(st.sampled_from((None, days[0]))),
            sold_until=draw(st.sampled_from((None, days[1]))),
        )
        for one in ids
    ]
    states = [
        EngagementState(key, draw(LABELS))
        for key in draw(st.lists(KEYS, min_size=2, max_size=5, unique=True))
    ]
    cut = draw(st.integers(1, len(states)))
    ladder, detours = states[:cut], states[cut:]
    scale = Scale(tuple(one.key for one in ladder), tuple(one.key for one in detours))
    about = facts.ProductFacts(scale)
    own = draw(attributes(facts.company))
    both = own + draw(attributes(facts.lead))
    segments = [Segment(key, draw(LABELS)) for key in draw(st.lists(KEYS, min_size=1, max_size=3))]
    keys = [UNMATCHED.key]
    of_company = conditions(terms_of(company, but=("segment",)) + own, keys, products=False)
    segment_table = draw(tables(SegmentTable, st.sampled_from(segments), of_company))
    keys = [one.key for one in segment_table.outcomes]
    of_company = conditions(terms_of(company, but=("segment",)) + own, keys, products=False)
    tiers = [draw(tier_policies(of_company)) for _ in range(draw(st.integers(1, 2)))]
    measures: list[Term] = [
        about.active(within_days=90),
        about.count("料金.ページ", within_days=30),
        about.points(within_days=36_500),
    ]
    shared = terms_of(company) + terms_of(facts.lead) + both + measures
    when_interest = shared + terms_of(about, but=("interest", "engagement", *OF_OFFERS))
    when_state = shared + terms_of(about, but=("engagement", *OF_OFFERS))
    models = [
        EngagementModel(
            signals=[
                Signal(
                    kind,
                    points,
                    cap=draw(st.none() | st.just(5)),
                    label=draw(LABELS),
                    cool_down_days=draw(st.just(0) | st.integers(0, 3_650)),
                )
                for kind in draw(st.lists(KEYS, max_size=3, unique=True))
                for points in (draw(st.integers(1, 10_000)),)
            ]
            + [
                Signal("bounce", -10_000, fades=draw(st.booleans())),
                Signal("hand", raises_hand_days=90),
            ],
            interest=draw(
                tables(
                    DecisionTable,
                    st.sampled_from(ladder),
                    conditions(when_interest, keys, products=False),
                )
            ),
            states=draw(
                tables(
                    DecisionTable,
                    st.sampled_from(states),
                    conditions(when_state, keys, products=False),
                )
            ),
            ladder=ladder,
            detours=detours,
            half_life_days=draw(st.integers(1, 3_650)),
            company_wide_per_mille=draw(st.integers(0, 1_000)),
            cap=draw(st.none() | st.integers(1, 10_000_000)),
            floor=draw(st.none() | st.integers(-10_000_000, 0)),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    stages = [
        FunnelStage(key, draw(LABELS), **draw(KINDS))
        for key in draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    ]
    cut = draw(st.integers(1, len(stages)))
    rungs, aside = (tuple(one.key for one in part) for part in (stages[:cut], stages[cut:]))
    about_stages = facts.PursuitFacts(Scale(rungs, aside))
    when_stage = shared + terms_of(about, but=OF_OFFERS) + terms_of(about_stages)
    table = draw(
        tables(
            DecisionTable,
            st.sampled_from(stages),
            conditions(when_stage, keys, products=True),
        )
    )
    funnel = Funnel(
        table,
        stages[:cut],
        stages[cut:],
        quiet_days=draw(st.integers(1, 3_650)),
        deals_without_lead=draw(st.booleans()),
        **draw(lifecycles(table.otherwise, stages, cut)),
    )
    every: Any = {}
    for name, policies in (("tiers", tiers), ("engagement", models)):
        every[name] = {one: draw(st.sampled_from(policies)) for one in ids}
    of_product = [about.named(name) for name in ("tier", "owned", "open_deal", "sold", "lifecycle")]
    when_offered = conditions(terms_of(company) + own + of_product, keys, products=False)
    about_firm = facts.FunnelFacts(Scale(rungs, aside))
    of_firm = terms_of(company) + terms_of(facts.lead) + both
    of_firm += terms_of(about_firm) + terms_of(facts.contact)
    when_firm = conditions(of_firm, keys, products=False)
    of_product = terms_of(about, but=ONLY_OFFERS)
    when_played = conditions(of_firm + measures + of_product, keys, products=False)
    return Playbook(
        products,
        segment_table,
        plays=draw(plays_of(products, when_played, when_firm)),
        synergy=draw(synergies(products, when_offered)),
        funnel=funnel,
        zone=draw(st.sampled_from(("UTC", "Asia/Tokyo"))),
        currency=draw(st.sampled_from(("JPY", "EUR"))),
        lang=draw(st.sampled_from(("en", "ja"))),
        name=draw(st.none() | LABELS),
        tier_review_dates=draw(st.lists(st.sampled_from(((4, 1), (2, 28), (12, 31))), max_size=2)),
        **every,
    )


def labels_of(book: Playbook) -> list[Any]:
    """All that people read, which equality leaves out."""
    found: list[Any] = [book.name, book.lang, [one.name for one in book.products]]
    policies: Any = [book.segments, book.funnel.rules]
    for tiers in book.tiers.values():
        limits = tiers.limits if isinstance(tiers, TierLimits) else ()
        found += [limit.because for limit in limits]
        one = tiers.policy if isinstance(tiers, TierLimits) else tiers
        found += [item.because for item in one.items] if isinstance(one, TierScorecard) else []
        policies += [one] if isinstance(one, TierTable) else []
    for model in book.engagement.values():
        policies += [model.interest, model.states]
        found += [signal.label for signal in model.signals]
        found += [state.label for state in (*model.ladder, *model.detours)]
    stages = (*book.funnel.ladder, *book.funnel.detours)
    found += [(stage.label, stage.kind, stage.within_days) for stage in stages]
    found += [play.label for play in book.plays.plays]
    found += [one.because for one in (*book.plays.products, *book.plays.firm)]
    found += [one.because for one in book.synergy.relations]
    found += [one.because for one in book.synergy.not_eligible]
    found += [one.because for one in book.synergy.offers]
    for table in policies:
        found += [table.otherwise_because, *(rule.because for rule in table.rules)]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a test."""
    return tmp_path_factory.mktemp("playbooks")


class TestRoundTrip:
    @settings(max_examples=40)
    @given(book=playbooks())
    def test_a_playbook_is_the_same_after_a_file(self, folder: Path, book: Playbook) -> None:
        """Law 8: Round trip. A playbook, its version, reasons and labels survive a file."""
        for path in (folder / "playbook.toml", folder / "playbook.json"):
            text = dump(book, path)
            assert path.read_bytes() == text.encode()
            again = load(path, kinds=KINDS_OF_TIERS)
            assert again == book
            assert again.version == book.version
            assert labels_of(again) == labels_of(book)
            assert dump(again, path) == text

    @pytest.mark.parametrize("seed", range(20))
    def test_it_decides_equally(self, folder: Path, seed: int) -> None:
        """Law 8: Round trip. An engine of the file gives the same answers and reasons."""
        random = Random(seed)
        book = book_of(seed % BOOKS)
        dump(book, folder / "book.toml")
        engines = [Engine(book), Engine(load(folder / "book.toml"))]
        as_of = draw_as_of(random)
        for _ in range(10):
            account = draw_account(random, book, as_of)
            here, there = (engine.assess(account, as_of=as_of) for engine in engines)
            assert here == there
            assert here.rows() == there.rows()


def book_with(*whens: Condition, about: str = "funnel") -> Playbook:
    """The starter with other conditions."""
    book = starter(["crm", "sfa"])
    if about == "tiers":
        table = TierTable([Rule(Tier(1), when) for when in whens], Tier(2))
        return evolve(book, tiers=table)
    stage = FunnelStage("mql", "MQL")
    rules = DecisionTable([Rule(stage, when) for when in whens], stage)
    return evolve(book, funnel=Funnel(rules, [stage]), plays=Plays())


def nested(depth: int) -> Condition:
    """A condition that nests as deeply as may be, in the form that takes most room in a file."""
    when = company.industry.is_in("製造業")
    for level in range(depth - 1):
        when = All((when,)) if level % 2 else AnyOf((when,))
    return when


class TestForms:
    @pytest.mark.parametrize(
        ("when", "data"),
        [
            (company.employees >= 300, {"employees": {">=": 300}}),
            (company.employees == 300, {"employees": 300}),
            (company.employees != 300, {"employees": {"!=": 300}}),
            (company.employees.between(50, 99), {"employees": {">=": 50, "<=": 99}}),
            (company.employees.is_in(3, 1), {"employees": {"in": [1, 3]}}),
            (company.employees.is_missing(), {"employees": {"missing": True}}),
            (company.annual_revenue > Decimal("0.50"), {"annual_revenue": {">": Decimal("0.5")}}),
            (company.growth_rate < 0.1, {"growth_rate": {"<": Decimal("0.1")}}),
            (company.industry == "製造業", {"industry": "製造業"}),
            (company.name.starts_with("b", "a"), {"name": {"starts_with": ["a", "b"]}}),
            (company.on_list("top"), {"lists": {"contains_any": ["top"]}}),
            (company.flag("x").is_true(), {"x": True}),
            (company.flag("x").is_false(), {"x": False}),
            (company.flag("x") != True, {"x": {"!=": True}}),  # noqa: E712
            (~company.flag("x"), {"not": {"x": True}}),
            (company.flag("all").is_true(), {"company.all": True}),
            (company.flag("lead.x").is_true(), {"company.lead.x": True}),
            (company.flag("a.b").is_true(), {"a.b": True}),
            (
                company.attribute("since", date) >= date(2020, 4, 1),
                {"since": {">=": date(2020, 4, 1)}},
            ),
            (All(()), {"all": []}),
            (AnyOf(()), {"any": []}),
            (All((company.employees > 1,)), {"all": [{"employees": {">": 1}}]}),
            (Not(Not(company.employees > 1)), {"not": {"not": {"employees": {">": 1}}}}),
            (
                (company.employees > 1) & (company.region == "近畿"),
                {"employees": {">": 1}, "region": "近畿"},
            ),
            (
                All((company.employees > 1, company.region == "近畿", company.employees < 9)),
                {"all": [{"employees": {">": 1}}, {"region": "近畿"}, {"employees": {"<": 9}}]},
            ),
            (
                All((company.employees > 1, company.employees > 2)),
                {"all": [{"employees": {">": 1}}, {"employees": {">": 2}}]},
            ),
            (All((All(()), All(()))), {"all": [{"all": []}, {"all": []}]}),
            (All((All(()), AnyOf(()))), {"all": [], "any": []}),
            (
                All((company.employees > 1, All((company.employees > 2, AnyOf(()))))),
                {"employees": {">": 1}, "all": [{"employees": {">": 2}}, {"any": []}]},
            ),
            (
                All((company.employees == 1, company.employees > 0)),
                {"employees": {"==": 1, ">": 0}},
            ),
        ],
    )  # fmt: skip
    def test_each_condition_has_one_form(self, when: Condition, data: dict[str, Any]) -> None:
        """What the terms build is written in one canonical form, which reads back as it was."""
        book = book_with(when, about="tiers")
        written = to_data(book)["tiers"]["*"]["rules"][0]["when"]
        assert repr(written) == repr(data)
        assert from_data(to_data(book)).tiers == book.tiers

    @pytest.mark.parametrize(
        ("when", "data"),
        [
            (product.tier.at_least(Tier(2)), {"product.tier": {"at_least": 2}}),
            (product.tier.at_most(Tier(9)), {"product.tier": {"at_most": 9}}),
            (product.tier == "no_tier", {"product.tier": "no_tier"}),
            (product.tier.is_in(Tier(1), "no_tier"), {"product.tier": {"in": ["no_tier", 1]}}),
            (company.segment == "small", {"company.segment": "small"}),
            (product.interest != "none", {"product.interest": {"!=": "none"}}),
            (product.count("a b", within_days=7) > 0, {"product.count(a b, 7)": {">": 0}}),
            (~product.active(within_days=90), {"not": {"product.active(90)": True}}),
            (
                facts.any_product(product.tier.at_least(Tier(2)) & product.open_deal),
                {"any_product": {"product.tier": {"at_least": 2}, "product.open_deal": True}},
            ),
        ],
    )  # fmt: skip
    def test_facts_about_leads_are_named_in_full(
        self, when: Condition, data: dict[str, Any]
    ) -> None:
        """Outside segments and tiers a fact names whose it is; a tier is its number."""
        book = book_with(when)
        assert repr(to_data(book)["funnel"]["rules"][0]["when"]) == repr(data)
        assert from_data(to_data(book)) == book

    def test_the_deepest_condition_can_be_written(self, tmp_path: Path) -> None:
        """Conditions nest 32 deep, and so they do in a file."""
        book = book_with(nested(32))
        for name in ("deep.toml", "deep.json"):
            dump(book, tmp_path / name)
            assert load(tmp_path / name) == book

    def test_plain_data_holds_the_same(self) -> None:
        """Law 8: Round trip. Plain data holds the same playbook as a file."""
        for number in range(BOOKS):
            book = book_of(number)
            assert from_data(to_data(book)) == book

    def test_floats_keep_every_digit(self, tmp_path: Path) -> None:
        """A float is written with the fewest digits that read back as the same float."""
        values = (0.1, 1 / 3, 5e-324, -0.0, 1e15, 9e18)
        book = book_with(*(company.growth_rate >= value for value in values), about="tiers")
        dump(book, tmp_path / "book.json")
        for again in (load(tmp_path / "book.json"), from_data(to_data(book))):
            assert again.version == book.version

    def test_plain_data_may_hold_floats(self) -> None:
        """A float is taken as it is where the fact is one, and refused elsewhere."""
        data = to_data(book_with(company.growth_rate >= 0.1, about="tiers"))
        book = from_data(data)
        data["tiers"]["*"]["rules"][0]["when"] = {"growth_rate": {">=": 0.1}}
        assert from_data(data) == book


class TestText:
    def test_one_policy_for_all_products_stands_once(self) -> None:
        """What is the same for every product is written under ``*``."""
        data = to_data(starter(["crm", "sfa"]))
        assert [*data["tiers"]] == [*data["engagement"]] == ["*"]

    def test_the_policy_of_most_products_stands_for_the_others(self) -> None:
        """A product with a policy of its own keeps it; all others share one."""
        book = starter(["crm", "sfa", "ma"])
        other = TierTable([], Tier(3))
        book = evolve(book, tiers={**book.tiers, "crm": other})
        assert [*to_data(book)["tiers"]] == ["*", "crm"]
        assert from_data(to_data(book)) == book

    def test_policies_that_differ_stand_by_product(self) -> None:
        """Where no two products share a policy, there is no ``*``."""
        tiers = {"crm": TierTable([], Tier(3)), "sfa": TierTable([], Tier(4))}
        book = evolve(starter(["crm", "sfa"]), tiers=tiers)
        assert [*to_data(book)["tiers"]] == ["crm", "sfa"]

    def test_a_family_that_shares_a_policy_stands_once(self) -> None:
        """What most of a family share stands by its name, unless it is that of most products."""
        one, other = TierTable([], Tier(3)), TierTable([], Tier(4))
        products = [Product(key, family="f") for key in "abc"] + [Product(key) for key in "xyzuvw"]
        products += [Product("g", family="alone")]
        tiers = {"*": one, "family:f": other, "b": one, "g": other, "x": other}
        book = evolve(starter(products), tiers=tiers)
        assert [*to_data(book)["tiers"]] == ["*", "family:f", "b", "x", "g"]
        assert [*to_data(book)["engagement"]] == ["*"]
        assert from_data(to_data(book)) == book
        assert (
            from_data(to_data(evolve(book, tiers={**book.tiers, "b": other}))).tiers["b"] == other
        )

    def test_policies_that_differ_by_the_order_of_conditions_differ(self) -> None:
        """The order of conditions is kept: two policies that differ by it alone stay two."""
        big, near = company.employees > 9, company.region == "近畿"
        tiers = {
            "crm": TierTable([Rule(Tier(1), big & near)], Tier(3)),
            "sfa": TierTable([Rule(Tier(1), near & big)], Tier(3)),
        }
        book = evolve(starter(["crm", "sfa"]), tiers=tiers)
        assert from_data(to_data(book)) == book

    def test_ids_that_are_integers_stay_integers(self) -> None:
        """The key of a table is text, so that an integer id stands inside it too."""
        data = to_data(starter([1001, -2]))
        assert data["products"] == {"1001": {"id": 1001}, "-2": {"id": -2}}
        assert [one.id for one in from_data(data).products] == [1001, -2]

    def test_the_text_can_be_edited(self) -> None:
        """The file says what each number is, writes long ones in groups, and breaks long lines."""
        text = dump(starter(["crm", "sfa"], lang="ja"))
        large = '{any = [{employees = {">=" = 1000}}, {annual_revenue = {">=" = 100_000_000_000}}]}'
        for line in (
            "# half_life_days: after how many days half of a point is left.",
            f"when = {large}",
            '    {kind = "email_click", points = 3, label = {en = "click in a mail", ja = "メール内クリック"}},',  # noqa: E501
            'when = {"product.tier" = {at_least = 2}, any = [',
            '    {"product.points(365)" = {">=" = 10}},',
        ):
            assert line in text.splitlines()

    def test_reasons_are_written_only_where_they_say_more(self) -> None:
        """A reason that is the condition in words is left out, and comes back in those words."""
        when = company.employees >= 300
        rules = [Rule(Tier(1), when), Rule(Tier(2), when, because="large")]
        book = evolve(starter(["crm"]), tiers=TierTable(rules, Tier(3)))
        first, second = to_data(book)["tiers"]["*"]["rules"]
        assert "because" not in first
        assert second["because"] == "large"
        assert labels_of(from_data(to_data(book))) == labels_of(book)

    def test_words_of_another_scale_are_written(self) -> None:
        """A reason in words that the file would not give is kept, so that no reason changes."""
        book = starter(["crm"])
        model = book.engagement["crm"]
        ladder = [evolve(state, label=f"Stufe {state.key}") for state in model.ladder]
        book = evolve(book, engagement=evolve(model, ladder=ladder))
        again = from_data(to_data(book))
        assert labels_of(again) == labels_of(book)

    def test_what_a_score_is_bounded_by_is_written_where_it_is_stated(self) -> None:
        """What is not stated is not written: who uses none of it has the text as before."""
        book = starter(["crm"])
        model = book.engagement["crm"]
        signals = [
            Signal("page_view", 1, cool_down_days=7),
            Signal("unsubscribed", -30, fades=False),
        ]
        data = to_data(evolve(book, engagement=evolve(model, signals=signals, cap=100, floor=0)))[
            "engagement"
        ]["*"]
        assert data["signals"] == [
            {"kind": "page_view", "points": 1, "cool_down_days": 7},
            {"kind": "unsubscribed", "points": -30, "fades": False},
        ]
        assert (data["cap"], data["floor"]) == (100, 0)
        plain = to_data(book)["engagement"]["*"]
        assert not {"cap", "floor"} & plain.keys()
        assert not {"cool_down_days", "fades"} & {key for one in plain["signals"] for key in one}

    def test_released_formats_load_for_ever(self) -> None:
        """Law 8: Round trip. A file of format 1 still means what it meant."""
        book = load(FORMATS / "playbook-1.toml")
        assert book.version == "00f6092dbc4350fc"
        assert [one.id for one in book.products] == ["crm", "sfa"]
