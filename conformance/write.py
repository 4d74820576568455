"""Write the conformance cases: playbooks and facts as JSON, with the answers that they must get.

Run it from the top of the repository after a change of what an answer is; review what moves:

    python conformance/write.py

Most answers are worked out by the library; those of `by_hand.json` are written down here, and the
library must agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product as combinations
from pathlib import Path
from typing import Any, Final

from attrs import evolve

import mpfunnel as mf
from mpfunnel.codec import to_data
from mpfunnel.codec.text import json_text
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.examples import PLAYBOOK, STORY_DAY, story
from mpfunnel.facts import ProductFacts, any_product, company, group, product
from mpfunnel.rules.conditions import All, AnyOf, Condition
from mpfunnel.rules.facts import Scale
from mpfunnel.tiers import TierLimit, TierLimits, TierPolicy, TierScorecard

HERE: Final = Path(__file__).parent
DAY: Final = date(2026, 10, 31)
YES, NO = mf.Tier(1), mf.Tier(2)


def _facts_of(ladder: Iterable[EngagementState], detours: Iterable[EngagementState]) -> Any:
    """Return the facts of products with these states."""
    rungs, aside = ({one.key: one.label for one in given} for given in (ladder, detours))
    return ProductFacts(Scale((*rungs,), (*aside,), rungs | aside))


# -- a playbook with nothing in it but what is asked --


def _book(tiers: Mapping[str, TierPolicy], **parts: Any) -> mf.Playbook:
    none = EngagementState("none", "none")
    nothing: mf.DecisionTable[Any] = mf.DecisionTable((), none)
    known = mf.FunnelStage("known", "known")
    given: dict[str, Any] = {
        "products": [*tiers],
        "segments": mf.SegmentTable((), mf.Segment("any", "any")),
        "tiers": tiers,
        "engagement": EngagementModel((), nothing, nothing, (none,), ()),
        "funnel": mf.Funnel(mf.DecisionTable((), known), (known,), ()),
    }
    return mf.Playbook(**{**given, **parts})


def _if(condition: Condition) -> mf.TierTable:
    """Tier 1 where the condition is known to hold, else Tier 2: a product for each condition."""
    return mf.TierTable([mf.Rule(YES, condition, key="holds")], NO)


def _company(held: Mapping[str, Any]) -> mf.Company:
    return mf.Company(1, **held)


def _answered(
    book: mf.Playbook, name: str, account: mf.Account, as_of: date, about: Iterable[str] = ()
) -> mf.WorkedCase:
    """Return a case that expects what the library answers.

    Args:
        book: The playbook.
        name: What the case shows.
        account: The facts.
        as_of: The day.
        about: The products whose Tiers are expected; none for those of all, segment and leads.
    """
    found = mf.Engine(book).assess(account, as_of=as_of)

    def said(question: Any, answer: Any, **of: Any) -> mf.Expectation:
        return mf.Expectation(
            question, answer.value, answer.possible, answer.missing, answer.rule, **of
        )

    if about:
        expect = [said("tier", found.tiers[one], product_id=one) for one in about]
    else:
        expect = [said("segment", found.segment)]
        expect += [said("tier", one, product_id=p) for p, one in found.tiers.items()]
    for lead in found.leads.values():
        expect.append(said("stage", lead.stage, lead_id=lead.id))
        expect += [
            said("engagement", mf.Engine(book).engagement_for(account, lead.id, p, as_of=as_of),
                 lead_id=lead.id, product_id=p)
            for p in (one.id for one in book.products)
        ]  # fmt: skip
    return mf.WorkedCase(name, account, expect, as_of=as_of)


# -- conditions: every operator of every type, with values around it and without any --


def _operators() -> mf.Playbook:
    number: Any = company.attribute("n", int)
    count: Any = company.attribute("c", int, closed=True)
    amount: Any = company.attribute("d", Decimal)
    share: Any = company.attribute("f", float)
    day: Any = company.attribute("day", date)
    text: Any = company.attribute("t", str)
    known: Any = company.flag("b", closed=False)
    ticked: Any = company.flag("y")
    marks: Any = company.attribute("s", frozenset)
    lists: Any = company.attribute("l", frozenset, closed=True)
    cent = Decimal("0.01")
    groups: list[tuple[str, dict[str, Condition], list[Any]]] = [
        (
            "n",
            _ordered("n", number, 300) | {"n-missing": number.is_missing()},
            [None, -1, 0, 299, 300, 301, 2**53 + 1],
        ),
        ("c", _ordered("c", count, 1), [None, 0, 1, 2]),
        (
            "d",
            _ordered("d", amount, Decimal("2.50")) | {"d-missing": amount.is_missing()},
            [None, Decimal("2.50") - cent, Decimal("2.50"), Decimal("2.50") + cent],
        ),
        (
            "f",
            {"f-ge": share >= 0.1, "f-gt": share > 0.1, "f-le": share <= 0.1, "f-lt": share < 0.1,
             "f-missing": share.is_missing()},
            [None, 0.1, 0.30000000000000004, -0.5],
        ),
        (
            "day",
            _ordered("day", day, DAY) | {"day-missing": day.is_missing()},
            [None, DAY - timedelta(1), DAY, DAY + timedelta(1)],
        ),
        (
            "t",
            {"t-eq": text == "製造業", "t-ne": text != "製造業",
             "t-in": text.is_in("製造業", "情報通信業"), "t-starts": text.starts_with("製造", "卸"),
             "t-missing": text.is_missing()},
            [None, "製造業", "情報通信業", "製造", "製", "SEIZO"],
        ),
        (
            "b",
            {"b-true": known, "b-false": ~known, "b-eq": known == False,  # noqa: E712 - a fact
             "b-ne": known != True, "b-missing": known.is_missing()},  # noqa: E712
            [None, True, False],
        ),
        ("y", {"y-true": ticked, "y-false": ~ticked}, [None, True, False]),
        (
            "s",
            {"s-any": marks.contains_any("x", "y"), "s-not": ~marks.contains_any("x"),
             "s-missing": marks.is_missing()},
            [None, [], ["x"], ["z"], ["y", "z"]],
        ),
        (
            "l",
            {"l-any": lists.contains_any("x", "y"), "l-not": ~lists.contains_any("x")},
            [None, [], ["x"], ["z"]],
        ),
    ]  # fmt: skip
    book = _book({name: _if(when) for _, asked, _ in groups for name, when in asked.items()})
    cases = [
        _answered(
            book,
            f"{key} is {'missing' if value is None else value}",
            mf.Account(_company({"attributes": {} if value is None else {key: value}})),
            DAY,
            asked,
        )
        for key, asked, values in groups
        for value in values
    ]
    return evolve(book, cases=cases)


def _ordered(key: str, term: Any, at: Any) -> dict[str, Condition]:
    return {
        f"{key}-ge": term >= at,
        f"{key}-gt": term > at,
        f"{key}-le": term <= at,
        f"{key}-lt": term < at,
        f"{key}-eq": term == at,
        f"{key}-ne": term != at,
        f"{key}-in": term.is_in(at),
        f"{key}-not": ~(term >= at),
    }


# -- by hand: the three truth values, and what a table makes of them --


def _by_hand() -> mf.Playbook:
    a: Any = company.flag("a", closed=False)
    b: Any = company.flag("b", closed=False)
    # Per condition, for a and b in the order TT, TF, TU, FT, FF, FU, UT, UF, UU (U: unknown):
    # whether it is true (T), false (F) or unknown (U).
    truths: dict[str, tuple[Condition, str]] = {
        "and": (a & b, "TFUFFFUFU"),
        "or": (a | b, "TTTTFUTUU"),
        "not-and": (~(a & b), "FTUTTTUTU"),
        "not-or": (~(a | b), "FFFFTUFUU"),
        "a-and-not-a": (a & ~a, "FFFFFFUUU"),
        "all-of-none": (All(()), "TTTTTTTTT"),
        "any-of-none": (AnyOf(()), "FFFFFFFFF"),
        "nested": ((a | b) & ~(a & b), "FTUTFUUUU"),
    }
    large: Any = company.employees >= 300
    rich: Any = company.annual_revenue >= 1_000
    first, second, third = mf.Tier(1), mf.Tier(2), mf.Tier(3)
    in_order = mf.TierTable(
        [
            mf.Rule(first, large, key="large"),
            mf.Rule(second, rich, key="rich"),
            mf.Rule(first, company.region.is_missing(), key="nowhere"),
        ],
        third,
    )
    book = _book({**{name: _if(when) for name, (when, _) in truths.items()}, "in-order": in_order})
    ways = {"T": {"value": True}, "F": {"value": False}, "U": {}}
    cases = []
    for place, (one, two) in enumerate(combinations("TFU", repeat=2)):
        held = {key: way["value"] for key, way in (("a", ways[one]), ("b", ways[two])) if way}
        unknown = [key for key, way in (("a", one), ("b", two)) if way == "U"]
        expect = []
        for name, (_, truth) in truths.items():
            now = truth[place]
            expect.append(
                mf.Expectation(
                    "tier",
                    YES if now == "T" else NO,
                    [YES, NO] if now == "U" else [YES if now == "T" else NO],
                    # Of a & ~a, only a is asked.
                    [one for one in unknown if one == "a" or name != "a-and-not-a"]
                    if now == "U"
                    else [],
                    "holds" if now == "T" else "otherwise",
                    product_id=name,
                )
            )
        account = mf.Account(_company({"attributes": held}))
        cases.append(mf.WorkedCase(f"a is {one}, b is {two}", account, expect, as_of=DAY))
    near = {"region": "近畿"}
    told: list[tuple[str, dict[str, Any], tuple[Any, list[Any], list[str], str]]] = [
        ("the first rule that is true decides",
         {"employees": 300, "annual_revenue": 1_000, **near}, (first, [first], [], "large")),
        ("a rule further down decides where those before are false",
         {"employees": 299, "annual_revenue": 1_000, **near}, (second, [second], [], "rich")),
        ("nothing holds", {"employees": 0, "annual_revenue": 0, **near},
         (third, [third], [], "otherwise")),
        ("an unknown rule before the true one leaves its outcome possible",
         {"annual_revenue": 1_000, **near}, (second, [first, second], ["employees"], "rich")),
        ("what comes after the first true rule is not asked",
         {"employees": 300}, (first, [first], [], "large")),
        ("that a fact is missing holds now, and perhaps no more once it is known",
         {"employees": 0, "annual_revenue": 0}, (first, [first, third], ["region"], "nowhere")),
        ("nothing is known",
         {}, (first, [first, second, third], ["employees", "annual_revenue", "region"], "nowhere")),
    ]  # fmt: skip
    cases += [
        mf.WorkedCase(
            name,
            mf.Account(_company(held)),
            [mf.Expectation("tier", *answer, product_id="in-order")],
            as_of=DAY,
        )
        for name, held, answer in told
    ]
    return evolve(book, cases=cases)


# -- scorecards and limits --


def _scorecards() -> mf.Playbook:
    first, second, third = mf.Tier(1), mf.Tier(2), mf.Tier(3)
    card = TierScorecard(
        items=[
            mf.ScoreItem(40, company.employees >= 300, key="large"),
            mf.ScoreItem(20, company.region.is_in("近畿"), key="near", if_unknown=10),
            mf.ScoreItem(-30, company.flag("risk", closed=False), key="risk"),
        ],
        bands=[mf.Band(50, first), mf.Band(20, second)],
        otherwise=third,
    )
    limited = TierLimits(
        card,
        [
            TierLimit(best=second, when=company.corporate_number.is_missing(), key="no-number"),
            TierLimit(worst=second, when=company.on_list("target"), key="target"),
        ],
    )
    tiers: dict[str, Any] = {"card": card, "limited": limited}
    book = _book(tiers)
    number = {"corporate_number": "1234567890123"}
    target = {"lists": ["target"]}
    values: list[dict[str, Any]] = [
        ({} if size is None else {"employees": size})
        | ({} if region is None else {"region": region})
        | {"attributes": {} if risk is None else {"risk": risk}}
        for size, region, risk in combinations((None, 299, 300), (None, "関東", "近畿"),
                                               (None, True, False))
    ]  # fmt: skip
    cases = [
        _answered(book, f"{place} {held}", mf.Account(_company(held)), DAY, ["card", "limited"])
        for place, held in enumerate(
            [
                *values,
                {"employees": 300, "region": "近畿", "attributes": {"risk": False}, **number},
                {"employees": 0, "region": "関東", "attributes": {"risk": False},
                 **number, **target},
                {**number, **target},
                target,
            ]
        )
    ]  # fmt: skip
    return evolve(book, cases=cases)


# -- groups: who belongs to whom, and what they are and own together --


def _groups() -> mf.Playbook:
    ties = group.relationships.contains_any("competitor", "own_group")
    book = _book(
        {
            "owns": _if(group.owns("owns")),
            "ties": _if(ties),
            "people": _if(group.employees >= 300),
            "vague": _if(group.employees.is_missing()),
        }
    )
    alone = mf.Company(1, employees=200)
    below, above = evolve(alone, parent_id=2), mf.Company(2, employees=100)
    rival = evolve(above, relationships=["competitor"])
    runs, ended = (
        mf.Contract(2, "owns", date(2026, 1, 1), end) for end in (DAY, DAY - timedelta(1))
    )
    moved = mf.CompanyHistory(alone, [mf.CompanyChange(DAY, "parent_id", 2)])
    to_move = mf.CompanyHistory(alone, [mf.CompanyChange(DAY + timedelta(1), "parent_id", 2)])
    noon = datetime(2026, 10, 31, 3, tzinfo=UTC)
    opened = noon - timedelta(30)
    line = [mf.DealLine("owns")]
    won = mf.Deal(1, 2, opened, line, status="won", closed_at=noon)
    lost = evolve(won, status="lost")
    given: list[tuple[str, mf.Account]] = [
        ("without relatives", mf.Account(alone)),
        ("a parent that nobody knows more about", mf.Account(evolve(alone, parent_id=9))),
        *(
            (f"{name}: {what}", mf.Account(one, relatives=relatives))
            for name, one, relatives in (
                ("nobody's child", alone, [mf.Relative(rival)]),
                ("a child", below, [mf.Relative(rival)]),
                ("a child", below, [mf.Relative(evolve(above, employees=None))]),
                ("a child of one that owns", below, [mf.Relative(above, contracts=[runs])]),
                ("a child of one that owned", below, [mf.Relative(above, contracts=[ended])]),
                ("a child of one that bought", below, [mf.Relative(above, [won])]),
                ("a child of one that did not", below, [mf.Relative(above, [lost])]),
                ("a parent", above, [mf.Relative(evolve(below, relationships=["own_group"]))]),
                ("since today", moved, [mf.Relative(rival)]),
                ("from tomorrow on", to_move, [mf.Relative(rival)]),
                (
                    "two of one unknown parent",
                    evolve(alone, parent_id=9),
                    [mf.Relative(mf.Company(3, employees=100, parent_id=9))],
                ),
                (
                    "the child of a child",
                    below,
                    [
                        mf.Relative(evolve(above, employees=0, parent_id=3)),
                        mf.Relative(mf.Company(3, employees=99)),
                    ],
                ),
            )
            for what in (", ".join(_shown(relative) for relative in relatives),)
        ),
    ]
    products = [one.id for one in book.products]
    cases = [
        _answered(book, f"{place} {name}", account, DAY, [str(one) for one in products])
        for place, (name, account) in enumerate(given)
    ]
    return evolve(book, cases=cases)


def _shown(relative: mf.Relative) -> str:
    one: Any = relative.company
    return f"{one.employees} people, {' '.join(sorted(one.relationships)) or 'no ties'}"


# -- scores: decay, caps, cool-downs, penalties, floor, activities of the whole firm --

_LADDER: Final = (0, 1, 2, 3, 5, 7, 10, 14, 15, 17, 20, 25, 29, 30, 35, 40)


def _scores() -> mf.Playbook:
    none, *rungs = (EngagementState(f"from-{points}", str(points)) for points in _LADDER)
    often, lately = EngagementState("often", "often"), EngagementState("lately", "lately")
    below = EngagementState("below", "below")
    states = _facts_of([none, *rungs], [often, lately, below])

    def model(**given: Any) -> EngagementModel:
        by_score = [
            mf.Rule(state, product.score >= points)
            for state, points in reversed([*zip(rungs, _LADDER[1:], strict=True)])
        ]
        return EngagementModel(
            signals=[
                Signal("demo", 30, raises_hand_days=90),
                Signal("view", 2, cap=5),
                Signal("visit", 10, cool_down_days=7),
                Signal("fades", -10),
                Signal("stays", -10, fades=False),
                Signal("nothing", 0),
            ],
            interest=mf.DecisionTable(by_score, none),
            states=mf.DecisionTable(
                [
                    mf.Rule(below, product.score < 0, key="below"),
                    mf.Rule(often, product.active_days >= 4, key="often"),
                    mf.Rule(lately, product.count("nothing", within_days=7) >= 1, key="lately"),
                    *(mf.Rule(state, states.interest.is_in(state.key), key=state.key)
                      for state in rungs),
                ],
                none,
            ),
            ladder=(none, *rungs),
            detours=(often, lately, below),
            **given,
        )  # fmt: skip

    book = _book(
        {"plain": mf.TierTable((), NO), "bounded": mf.TierTable((), NO)},
        engagement={
            "plain": model(half_life_days=30, company_wide_per_mille=250),
            "bounded": model(half_life_days=10, company_wide_per_mille=0, cap=20, floor=0),
        },
        zone="Asia/Tokyo",
    )
    both = ["plain", "bounded"]
    told: dict[str, list[tuple[str, int, list[str]]]] = {
        "nothing at all": [],
        "a demo on the day itself": [("demo", 0, both)],
        "a demo a day ago": [("demo", 1, both)],
        "a demo one half-life ago": [("demo", 30, ["plain"]), ("demo", 10, ["bounded"])],
        "a demo two years ago": [("demo", 730, both)],
        "a demo tomorrow does not count yet": [("demo", -1, both)],
        "a demo for the whole firm": [("demo", 0, [])],
        "views up to their cap": [("view", 0, both)] * 4,
        "views up to their cap, decayed first": [("view", 20, both)] * 5,
        "visits in one cool-down count once": [("visit", 0, both), ("visit", 1, both)],
        "visits in two cool-downs count twice": [("visit", 0, both), ("visit", 7, both)],
        "a cool-down begins on days that are its multiples": [
            ("visit", 2, both), ("visit", 3, both), ("visit", 4, both), ("visit", 5, both)
        ],
        "a penalty that fades": [("fades", 30, both)],
        "a penalty that stays": [("stays", 700, both)],
        "points and penalties": [("demo", 0, both), ("fades", 0, both), ("stays", 3, both)],
        "three days of activity": [("view", age, both) for age in (1, 2, 3)],
        "four days of activity": [("view", age, both) for age in (1, 2, 3, 4)],
        "no points, and yet a sign": [("nothing", 6, both)],
        "within seven days is less than seven": [("nothing", 7, both)],
        "what nobody scores": [("stranger", 0, both)],
    }  # fmt: skip
    cases = [_answered(book, name, _account(signs), DAY, ["plain"]) for name, signs in told.items()]
    return evolve(book, cases=cases)


def _account(signs: Iterable[tuple[str, int, list[str]]]) -> mf.Account:
    # At nine in the morning in Tokyo, which is the day's beginning in UTC.
    return mf.Account(
        mf.Company(1),
        leads=[mf.Lead(1)],
        activities=[
            mf.Activity(
                number,
                1,
                kind,
                datetime.combine(DAY - timedelta(ago), datetime.min.time(), UTC),
                products,
            )
            for number, (kind, ago, products) in enumerate(signs, 1)
        ],
    )


# -- levels, products and stages --


def _products() -> mf.Playbook:
    none, keen = EngagementState("none", "none"), EngagementState("keen", "keen")
    aside = EngagementState("aside", "aside")
    size: Any = company.employees
    tiers = mf.TierTable(
        [mf.Rule(mf.Tier(1), size >= 300, key="large"), mf.Rule(mf.Tier(2), size >= 30, key="mid")],
        mf.Tier(3),
    )
    other = mf.TierTable([mf.Rule(mf.Tier(1), company.region == "近畿", key="near")], mf.Tier(3))
    states = _facts_of([none, keen], [aside])
    model = EngagementModel(
        signals=[Signal("click", 10)],
        interest=mf.DecisionTable([mf.Rule(keen, product.score >= 10)], none),
        states=mf.DecisionTable(
            [
                mf.Rule(aside, states.tier.at_most(mf.Tier(3)), key="low"),
                mf.Rule(keen, states.interest.at_least("keen"), key="keen"),
            ],
            none,
        ),
        ladder=(none, keen),
        detours=(aside,),
    )
    known, same, split, mixed = (
        mf.FunnelStage(key, key) for key in ("known", "same", "split", "mixed")
    )
    funnel = mf.Funnel(
        mf.DecisionTable(
            [
                mf.Rule(
                    same,
                    any_product(
                        states.tier.at_least(mf.Tier(1)) & states.engagement.at_least("keen")
                    ),
                    key="same-product",
                ),
                mf.Rule(
                    mixed,
                    any_product(states.tier.at_least(mf.Tier(1)))
                    & any_product(states.engagement.is_in("keen", "aside")),
                    key="two-products",
                ),
                mf.Rule(split, ~any_product(states.tier.at_least(mf.Tier(2))), key="none-of-them"),
            ],
            known,
        ),
        (known, split, mixed, same),
        (),
    )
    book = _book({"a": tiers, "b": other}, engagement=model, funnel=funnel)
    clicks = {"a": [("click", 0, ["a"])], "b": [("click", 0, ["b"])], "none": []}
    cases = []
    told: list[dict[str, Any]] = [
        {},
        {"employees": 300, "region": "関東"},
        {"employees": 300},
        {"employees": 30, "region": "近畿"},
        {"employees": 29, "region": "関東"},
        {"region": "近畿"},
    ]
    for (sign, signs), held in combinations(clicks.items(), told):
        account = evolve(_account(signs), company=_company(held))
        cases.append(_answered(book, f"clicked on {sign}, {held}", account, DAY))
    return evolve(book, cases=cases)


def _stages() -> mf.Playbook:
    """The invented firm and its story, one case after the other, with what sales decided."""
    cases = []
    for one in story():
        for number, account in enumerate(one.sample.accounts(), 1):
            # Only what rules ask about: no names, numbers and addresses.
            leads = [mf.Lead(lead.id, lead.company_id) for lead in account.leads]
            cases.append(
                _answered(
                    PLAYBOOK, f"{one.title.en} ({number})", evolve(account, leads=leads), STORY_DAY
                )
            )
    at = datetime(2026, 10, 1, tzinfo=UTC)
    asked = mf.Activity(1, 1, "demo_request", at, ["crm"])
    said = {
        "accepted": [mf.SalesEvent(1, "accepted", at, "crm")],
        "qualified": [mf.SalesEvent(1, "accepted", at, "crm"),
                      mf.SalesEvent(1, "qualified", at, "crm")],
        "recycled": [mf.SalesEvent(1, "recycled", at + timedelta(9), "crm", reason="timing")],
        "disqualified": [mf.SalesEvent(1, "disqualified", at, "crm")],
    }  # fmt: skip
    base = mf.Account(mf.Company(1, employees=320), leads=[mf.Lead(1)], activities=[asked])
    cases += [
        _answered(PLAYBOOK, f"a demo, then {name}", evolve(base, sales_events=events), STORY_DAY)
        for name, events in said.items()
    ]
    deal = mf.Deal(1, 1, at, [mf.DealLine("crm")], lead_id=1)
    deals = {
        "open": deal,
        "won": evolve(deal, status="won", closed_at=at + timedelta(9)),
        "lost": evolve(deal, status="lost", closed_at=at + timedelta(9), reason="budget"),
    }
    cases += [
        _answered(PLAYBOOK, f"a deal that is {name}", evolve(base, deals=[one]), STORY_DAY)
        for name, one in deals.items()
    ]
    quiet = date(2027, 3, 29)
    for days in (0, 1):
        name = f"quiet for {179 + days} days"
        cases.append(_answered(PLAYBOOK, name, base, quiet + timedelta(days)))
    held = [
        mf.Override("tier", mf.Tier(1), "sales", "key account", date(2026, 10, 1),
                    date(2026, 10, 31), 1, product_id="bi"),
        mf.Override("engagement", "excluded", "sales", "asked to", date(2026, 10, 1), None,
                    lead_id=1, product_id="crm"),
    ]  # fmt: skip
    for day in (date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 1)):
        account = evolve(base, overrides=held)
        cases.append(_answered(PLAYBOOK, f"set by hand, as of {day}", account, day))
    return evolve(PLAYBOOK, cases=cases)


# -- white space: what is owned, and what speaks against a product --


def _white_space() -> mf.Playbook:
    products = [
        mf.Product("crm"),
        mf.Product("sfa", family="sales"),
        mf.Product("sheets", family="sales"),
        mf.Product("bi", sold_from=DAY, sold_until=DAY + timedelta(1)),
    ]
    large, small = company.employees >= 100, company.employees < 10
    synergy = mf.Synergy(
        relations=[
            mf.Relation("prerequisite", "crm", "sfa"),
            mf.Relation("prerequisite", "crm", "bi", product.tier.at_least(mf.Tier(1))),
            mf.Relation("substitute", "sfa", "sheets", large, key="grown"),
            mf.Relation("complement", "crm", "sheets"),
        ],
        not_eligible=[
            mf.Ineligible(company.segment.is_in("rival"), key="rival"),
            mf.Ineligible(small, "family:sales", key="too-small"),
            mf.Ineligible(company.region.is_missing(), "sheets", key="nowhere"),
            mf.Ineligible(group.owns("bi"), "crm", key="group-has-bi"),
        ],
    )
    rival = company.relationships.contains_any("competitor")
    book = _book(
        {str(one.id): _if(company.employees >= 300) for one in products},
        products=products,
        segments=mf.SegmentTable(
            [mf.Rule(mf.Segment("rival", "rival"), rival)], mf.Segment("any", "any")
        ),
        synergy=synergy,
    )
    companies: dict[str, mf.Company] = {
        "nothing is known": mf.Company(1),
        "a rival": mf.Company(1, employees=50, relationships=["competitor"]),
        **{
            f"{size} people": mf.Company(1, employees=size, region="関東")
            for size in (9, 10, 99, 100, 299, 300)
        },
    }
    opened = datetime(2026, 10, 1, tzinfo=UTC)
    deal = mf.Deal(1, 1, opened, [mf.DealLine("sfa")])
    crm, sfa = mf.Contract(1, "crm", DAY), mf.Contract(1, "sfa", DAY)
    held: dict[str, dict[str, Any]] = {
        "owns nothing": {},
        "owns crm": {"contracts": [crm]},
        "owns sfa": {"contracts": [sfa]},
        "buys sfa": {"deals": [deal]},
        "bought sfa": {"deals": [evolve(deal, status="won", closed_at=opened)]},
        "owned crm": {"contracts": [evolve(crm, start=date(2026, 1, 1), end=date(2026, 10, 30))]},
    }
    cases = [
        _placed(book, f"{name}, {what}", mf.Account(one, **records), DAY)
        for (name, one), (what, records) in combinations(companies.items(), held.items())
    ]
    middling = companies["99 people"]
    cases += [
        _placed(book, f"{shift} days later", mf.Account(middling), DAY + timedelta(shift))
        for shift in (-1, 1, 2)
    ]
    relative = mf.Relative(
        mf.Company(2), contracts=[mf.Contract(2, "bi", DAY), mf.Contract(2, "crm", DAY)]
    )
    below = evolve(middling, parent_id=2)
    cases.append(_placed(book, "the group owns", mf.Account(below, relatives=[relative]), DAY))
    return evolve(book, cases=cases)


def _placed(book: mf.Playbook, name: str, account: mf.Account, as_of: date) -> mf.WorkedCase:
    """Return a case that expects where the library says that the company stands."""
    found = mf.Engine(book).assess(account, as_of=as_of).white_space
    expect = [
        mf.Expectation(
            "white_space", one.value, one.possible, one.missing, one.rule, product_id=product_id
        )
        for product_id, one in found.items()
    ]
    return mf.WorkedCase(name, account, expect, as_of=as_of)


# -- files --


def _explicit(data: dict[str, Any]) -> dict[str, Any]:
    """Return a playbook whose cases say what a playbook file may leave out."""
    for case in data["cases"]:
        case["given"] = _explicit_facts(case.get("given", {}))
        (*leads,) = case["given"].get("leads", ())
        expect: dict[str, Any] = case["expect"]
        if len(leads) == 1:
            about = {key: expect.pop(key) for key in ("stage", "engagement") if key in expect}
            expect["leads"] = [{"id": leads[0]["id"], **about}]
        if "segment" in expect:
            expect["segment"] = _whole(expect["segment"])
        for question in ("tiers", "white_space"):
            if question in expect:
                expect[question] = {key: _whole(one) for key, one in expect[question].items()}
        for lead in expect.get("leads", ()):
            lead["stage"] = _whole(lead["stage"])
            lead["engagement"] = {key: _whole(one) for key, one in lead["engagement"].items()}
    return data


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    return {"value": answer["value"], "possible": [answer["value"]], **answer}


def _explicit_facts(given: dict[str, Any]) -> dict[str, Any]:
    found = dict(given)
    company_id = None
    if "company" in found:
        found["company"] = {"id": 1, **found["company"]}
        company_id = found["company"]["id"]
    rows = found.get("leads", [])
    only = rows[0].get("id", 1) if len(rows) == 1 else None
    usual = {
        "leads": ("id", "company_id"),
        "activities": ("id", "lead_id"),
        "deals": ("id", "company_id"),
        "contracts": ("company_id",),
        "sales_events": ("lead_id",),
    }
    for kind, keys in usual.items():
        for number, row in enumerate(found.get(kind, []), 1):
            implied = {"id": number, "lead_id": only, "company_id": company_id}
            said = {key: implied[key] for key in keys if implied[key] is not None}
            whole = {**said, **row}
            row.clear()
            row.update(whole)
    for relative in found.get("relatives", []):
        relative.update(_explicit_facts({**relative, "leads": []}))
        relative.pop("leads")
    for row in found.get("overrides", []):
        about = {"engagement": ("lead_id", only)}.get(row["what"], ("company_id", company_id))
        row.setdefault(*about)
    return found


BOOKS: Final = {
    "operators": _operators,
    "by_hand": _by_hand,
    "scorecards": _scorecards,
    "scores": _scores,
    "products": _products,
    "groups": _groups,
    "stages": _stages,
    "white_space": _white_space,
}
"""What makes each file."""


def text_of(name: str) -> str:
    """Return the text of a file: each case is a line, so that a change shows which ones move."""
    data = _explicit(to_data(BOOKS[name]()))
    cases = [json.dumps(case, ensure_ascii=False, default=_plain) for case in data.pop("cases")]
    head = json_text(data).removesuffix("\n}\n")
    return f'{head},\n    "cases": [\n        {f",{chr(10)}        ".join(cases)}\n    ]\n}}\n'


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value.isoformat()


def main() -> None:
    """Write every file."""
    for name in BOOKS:
        (HERE / f"{name}.json").write_text(text_of(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
