"""What a playbook says of a whole account, said a second time: from the semantics, by enumeration.

Nothing here walks a log step by step or keeps a running total: a pursuit is a stretch of the log
between two ends, a score is a sum over all activities, and what is possible is tried out in every
combination. It shares with the library only the records, the playbook as a value, and the tables,
which `tests.oracle` reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import dropwhile, pairwise, product
from types import SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from attrs import fields

from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.engagement import EngagementModel
from mpfunnel.playbook import Playbook
from mpfunnel.records import Activity, Company, CompanyHistory, Deal, Id, Lead, Override, SalesEvent
from mpfunnel.segments import UNMATCHED
from mpfunnel.stages import Funnel
from tests.oracle import Answer, oracle
from tests.oracle_groups import told_of_groups

__all__ = ["Mark", "Stretch", "current_stretch", "differences", "furthest_by_trial", "share_left"]


# -- days --


def day_in(zone: str, at: datetime) -> date:
    """The local day of an instant (S12)."""
    return at.astimezone(UTC).astimezone(ZoneInfo(zone)).date()


# -- the score --


@cache
def share_left(half_life_days: int, age: int) -> int:
    """1,000 × 2^(−age ÷ half-life) rounded half to even, by integers alone (S16).

    Of an integer n: n + 1/2 lies below the exact share where (2n + 1)^h × 2^age < 2,000^h.
    """
    exact: int = 2_000**half_life_days

    def half_above(whole: int) -> int:
        at: int = (2 * whole + 1) ** half_life_days * 2**age
        return (at > exact) - (at < exact)

    low, high = 0, 1_000
    while low < high:
        middle = (low + high) // 2
        if half_above(middle) < 0:
            low = middle + 1
        else:
            high = middle
    # `low` is the first whole number whose next half is not below the share.
    return low + 1 if half_above(low) == 0 and low % 2 else low


class Touched(NamedTuple):
    """One activity towards one product."""

    kind: str
    age: int
    whole_firm: bool


def score_of(model: EngagementModel, touches: Sequence[Touched], as_of: date) -> SimpleNamespace:
    """The score with its parts, and the days on which something was done that still counts.

    A part is what it is of, the kind, how many activities, micro-points, whether the kind's cap
    took some, what they come to without that, and how many a cool-down left out.
    """
    parts: list[tuple[str, str, int, int, bool, int, int]] = []
    for signal in model.signals:
        ones = [touch for touch in touches if touch.kind == signal.kind]
        if not ones or signal.points == 0:
            continue
        counted = _first_in_each_bucket(model, ones, signal.cool_down_days, as_of)
        earned = sum(_worth(model, one, decayed=signal.fades) for one in counted)
        most = earned if signal.cap is None else min(earned, signal.cap * 1_000_000)
        out = len(ones) - len(counted)
        parts.append(("kind", signal.kind, len(ones), most, most < earned, earned, out))
    total = sum(part[3] for part in parts)
    ages = {touch.age for touch in touches if _worth(model, touch, decayed=True) > 0}
    for name, bound, pick in (("cap", model.cap, min), ("floor", model.floor, max)):
        if bound is not None and (moved := pick(total, bound * 1_000_000) - total):
            parts.append((name, "", 0, moved, False, moved, 0))
            total += moved
    return SimpleNamespace(
        micro=total,
        parts=parts,
        active_days=len(ages),
        days_since_active=min(ages) if ages else None,
    )


def _first_in_each_bucket(
    model: EngagementModel, ones: Sequence[Touched], days: int, as_of: date
) -> list[Touched]:
    """The activities of one kind that no earlier or weightier one of their bucket leaves out (S16).

    What has no weight leaves nothing out, and is not left out: it adds nothing anyway.
    """
    if days == 0:
        return list(ones)

    def bucket(one: Touched) -> int:
        return (as_of - timedelta(one.age)).toordinal() // days

    def rank(place: int) -> tuple[int, int, int]:
        return -ones[place].age, -abs(_worth(model, ones[place], decayed=False)), place

    weighty = [p for p, one in enumerate(ones) if _worth(model, one, decayed=False)]
    return [
        one
        for place, one in enumerate(ones)
        if place not in weighty
        or not any(
            rank(other) < rank(place)
            for other in weighty
            if bucket(ones[other]) == bucket(ones[place])
        )
    ]


def _worth(model: EngagementModel, touch: Touched, *, decayed: bool) -> int:
    """Micro-points of one activity (S15)."""
    points = sum(signal.points for signal in model.signals if signal.kind == touch.kind)
    weight = model.company_wide_per_mille if touch.whole_firm else 1_000
    return points * weight * (share_left(model.half_life_days, touch.age) if decayed else 1_000)


class Measures(dict[str, Any]):
    """Numbers about the last days, worked out when they are asked for, by how they are written."""

    def __init__(self, model: EngagementModel, touches: Sequence[Touched]) -> None:
        super().__init__()
        self._model = model
        self._touches = touches

    def __missing__(self, key: str) -> Any:
        what, _, arguments = key.rstrip(")").partition("(")
        *kinds, days = (part.strip() for part in arguments.split(","))
        recent = [touch for touch in self._touches if touch.age in range(int(days))]
        if what == "count":
            return len([t for t in recent if t.kind == kinds[0] and not t.whole_firm])
        worth = [_worth(self._model, touch, decayed=False) for touch in recent]
        return sum(worth) if what == "points" else any(micro > 0 for micro in worth)


# -- the pursuit --


class Mark(NamedTuple):
    """One line of a log."""

    at: datetime
    what: str
    about: str
    day: date
    hand_days: int = 0
    general: bool = False
    """It opens nothing: it concerns the pursuit that is open, if one is."""


class Stretch(NamedTuple):
    """The current pursuit, as the rules read it."""

    started: bool = False
    raised_hand: bool = False
    accepted: bool = False
    qualified: bool = False
    recycled: bool = False
    disqualified: bool = False
    open_deal: bool = False
    won: bool = False
    lost: bool = False
    quiet: bool = False


def current_stretch(log: Iterable[Mark], quiet_days: int, as_of: date) -> Stretch:
    """Cut the log wherever all is over, and tell what the last piece that was opened says (S19).

    The cuts do not depend on what was opened: where nothing is open, there is nothing to end.
    """
    marks = sorted(log, key=lambda mark: (mark.at, _RANKS[mark.what], mark.about, mark.what))
    for_sale = [bool(_open_deals(marks[: place + 1])) for place in range(len(marks))]
    followed = [*(mark.day for mark in marks[1:]), as_of]
    ends = {
        place: mark.what if mark.what in ("won", "lost") else "quiet"
        for place, mark in enumerate(marks)
        if not for_sale[place]
        and (mark.what in ("won", "lost") or (followed[place] - mark.day).days >= quiet_days)
    }
    cuts = pairwise([0, *(place + 1 for place in ends), len(marks)])
    # A piece starts at its first mark that opens something; without any, nothing was opened.
    pieces = [[*dropwhile(lambda at: marks[at].general, range(*cut))] for cut in cuts]
    last = next(filter(None, reversed(pieces)), None)
    if last is None:
        return Stretch()
    end = ends.get(last[-1])
    # A win that leaves another deal open does not cut the log, but what led to it is over.
    won = [place for place in last if marks[place].what == "won" and for_sale[place]]
    inside = [marks[place] for place in last if not won or place > won[-1]]
    said = [m.what for m in inside if m.what in _WORDS]
    word = _WORDS[said[-1]] if said else None
    return Stretch(
        started=True,
        raised_hand=end is None
        and any(
            mark.hand_days > (as_of - mark.day).days
            and not any(later.what in ("recycled", "rejected") for later in inside[place + 1 :])
            for place, mark in enumerate(inside)
        ),
        accepted=word in ("accepted", "qualified"),
        qualified=word == "qualified",
        recycled=word == "recycled",
        disqualified=word == "disqualified",
        open_deal=end is None and for_sale[-1],
        won=end == "won",
        lost=end == "lost",
        quiet=end == "quiet",
    )


def _has_ended(own: Any) -> bool:
    return bool(own.won or own.lost or own.quiet)


_RANKS = {
    **dict.fromkeys(("accepted", "qualified", "recycled", "rejected"), 2),
    **dict.fromkeys(("disqualified", "follow_up"), 2),
    **{"responded": 1, "deal": 3, "won": 4, "lost": 4},
}
"""Within an instant: what people did, what sales said, deals, and at last how they ended."""
_WORDS = {
    "accepted": "accepted",
    "qualified": "qualified",
    "recycled": "recycled",
    "rejected": "recycled",
    "disqualified": "disqualified",
}


def _open_deals(marks: Sequence[Mark]) -> set[str]:
    opened = {mark.about for mark in marks if mark.what == "deal"}
    return opened - {mark.about for mark in marks if mark.what in ("won", "lost")}


# -- the furthest pursuit --


def furthest_by_trial(
    funnel: Funnel, found: Mapping[Id | None, tuple[Any, Any]]
) -> tuple[Any, tuple[Id, ...], set[Any], tuple[str, ...]]:
    """The decision that leads, the products that reach its stage, what is possible, what to ask.

    Args:
        funnel: The funnel.
        found: By product: the pursuit, and the decision on it.
    """

    def height(stage: Any, own: Any) -> int:
        order = [
            *((one, "detour") for one in reversed(funnel.detours)),
            *((one, "ended") for one in funnel.ladder),
            *((one, "open") for one in funnel.ladder),
        ]
        if not own.started and stage == funnel.rules.otherwise:
            return -1
        where = "detour" if stage in funnel.detours else "ended" if _has_ended(own) else "open"
        return order.index((stage, where))

    owns = [own for own, _ in found.values()]
    decisions = [decision for _, decision in found.values()]
    heights = [height(d.value, own) for own, d in zip(owns, decisions, strict=True)]
    lead = decisions[heights.index(max(heights))]
    reach = tuple(
        about
        for about, own, at in zip(found, owns, heights, strict=True)
        if about is not None and at == max(heights) and (own.started or at >= 0)
    )
    possible: set[Any] = set()
    # Which pursuits come furthest in some combination of what is possible for each.
    leading: set[int] = set()
    for ways in product(*(decision.possible for decision in decisions)):
        reached = [height(stage, own) for stage, own in zip(ways, owns, strict=True)]
        possible.add(ways[reached.index(max(reached))])
        leading |= {place for place, at in enumerate(reached) if at == max(reached)}
    unsettled = [place for place, one in enumerate(decisions) if len(one.possible) > 1]
    asked = [name for p in unsettled if p in leading for name in decisions[p].missing]
    return lead, reach, possible, tuple(dict.fromkeys(asked)) if unsettled else lead.missing


# -- the whole account --


class Blank(dict[str, Any]):
    """Attributes: what is not there is unknown."""

    def __missing__(self, key: str) -> None:
        return None


def _as_record(one: Any, **more: Any) -> SimpleNamespace:
    held = {at.name: getattr(one, at.name) for at in fields(type(one))}
    return SimpleNamespace(**{**held, "attributes": Blank(one.attributes), **more})


def _distinct(items: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


Reject = tuple[str, Id, str, Any]


class Set(NamedTuple):
    """An answer with another one beside it: all that `Answer` has, and the other one."""

    value: Any
    rule: str
    because: str
    possible: tuple[Any, ...]
    missing: tuple[str, ...]
    parts: tuple[tuple[str, int, bool], ...]
    instead_of: Any = None
    proposed: Any = None


def keys_of(values: Iterable[Any]) -> list[str]:
    """The keys of segments, tiers or states."""
    return [one.key for one in values]


class Oracle:
    """One account on one day, in the plainest way."""

    def __init__(self, book: Playbook, account: Account, as_of: date) -> None:
        self.book = book
        self.as_of = as_of
        self.sold = [one.id for one in book.products]
        self.rejects: list[Reject] = []
        company = account.company
        self.company: Company | None = (
            company.on(as_of) if isinstance(company, CompanyHistory) else company
        )
        self.company_id = self.company.id if self.company else None
        self.account = account
        self.given = account.company
        self._sort(account)
        self._hear_people(account)
        self._judge_company()

    def day(self, at: datetime) -> date:
        return day_in(self.book.zone, at)

    # -- what counts --

    def _conflicts(self, table: str, items: list[Any], identity: Callable[[Any], Any]) -> list[Any]:
        usable: list[Any] = []
        for item in (items := _distinct(items)):
            if [identity(other) for other in items].count(identity(item)) > 1:
                self.rejects.append((table, item.id, "conflict", item))
            else:
                usable.append(item)
        return usable

    def _past(self, items: Iterable[Any], when: str) -> list[Any]:
        return [item for item in items if self.day(getattr(item, when)) <= self.as_of]

    def _sort(self, account: Account) -> None:
        self.leads: dict[Id, Lead] = {}
        for lead in self._conflicts("leads", list(account.leads), lambda one: one.id):
            stranger = self.company_id is not None and lead.company_id is not None
            if stranger and lead.company_id != self.company_id:
                self.rejects.append(("leads", lead.id, "other-company", lead))
            else:
                self.leads[lead.id] = lead
        self.activities: list[Activity] = []
        past = self._past(account.activities, "at")
        for one in self._conflicts("activities", past, lambda one: (one.lead_id, one.id)):
            fault = None
            if one.lead_id not in self.leads:
                fault = "unknown-lead"
            elif not one.product_ids <= set(self.sold):
                fault = "unknown-product"
            self._keep("activities", one.id, fault, one, self.activities)
        self.events: list[SalesEvent] = []
        for event in _distinct(self._past(account.sales_events, "at")):
            fault = None
            if event.lead_id not in self.leads:
                fault = "unknown-lead"
            elif event.product_id not in (None, *self.sold):
                fault = "unknown-product"
            self._keep("sales_events", event.lead_id, fault, event, self.events)
        self.deals: list[Deal] = []
        past = self._past(account.deals, "opened_at")
        for deal in self._conflicts("deals", past, lambda one: one.id):
            fault = None
            if deal.lead_id not in self.leads and self.company_id is None:
                fault = "unknown-company"
            elif deal.lead_id not in self.leads and deal.company_id != self.company_id:
                fault = "other-company"
            elif any(line.product_id not in self.sold for line in deal.lines):
                fault = "unknown-product"
            self._keep("deals", deal.id, fault, deal, self.deals)
        self.contracts: list[Any] = []
        for contract in _distinct(account.contracts):
            fault = None
            if contract.company_id != self.company_id:
                fault = "other-company" if self.company_id else "unknown-company"
            elif contract.product_id not in self.sold:
                fault = "unknown-product"
            if contract.start <= self.as_of:
                self._keep("contracts", contract.company_id, fault, contract, self.contracts)

    def _keep(self, table: str, about: Id, fault: str | None, item: Any, into: list[Any]) -> None:
        if fault is None:
            into.append(item)
        else:
            self.rejects.append((table, about, fault, item))

    # -- what people set by hand --

    def _hear_people(self, account: Account) -> None:
        begun = [one for one in _distinct(account.overrides) if one.since <= self.as_of]
        sound = [one for one in begun if not self._stranger(one)]
        last = date.max
        self.hands = [one for one in sound if self.as_of <= (one.until or last)]
        self.told: set[tuple[Override, str]] = set()
        for one in begun:
            code = self._stranger(one)
            if one in self.hands and any(other.value != one.value for other in self._others(one)):
                code = "conflict"
            if code:
                about = one.lead_id if one.what == "engagement" else one.company_id
                assert about is not None
                self.rejects.append(("overrides", about, code, one))
            elif one not in self.hands:
                self.told.add((one, "expired"))
            else:
                last = max([one, *self._others(one)], key=self._given)
                self.told.add((one, "in_force" if one == last else "agreed"))

    @staticmethod
    def _given(one: Override) -> Any:
        return one.since, one.until or date.max, one.by, one.reason, one.follow_up_on or date.min

    def _others(self, one: Override) -> list[Override]:
        """Others that hold on the day and are about the same."""
        return [
            other
            for other in self.hands
            if other != one
            and (other.what, other.company_id, other.lead_id, other.product_id)
            == (one.what, one.company_id, one.lead_id, one.product_id)
        ]

    def _stranger(self, one: Override) -> str | None:
        """What is wrong with the names in it."""
        book = self.book
        if one.what == "engagement":
            if one.lead_id not in self.leads:
                return "unknown-lead"
        elif self.company_id is None:
            return "unknown-company"
        elif one.company_id != self.company_id:
            return "other-company"
        if one.what == "segment":
            return None if one.value in keys_of(book.segments.outcomes) else "unknown-level"
        if one.product_id not in self.sold:
            return "unknown-product"
        if one.what == "tier":
            known = keys_of(book.tiers[one.product_id].tiers)
        else:
            model = book.engagement[one.product_id]
            known = [*keys_of(model.ladder), *keys_of(model.detours)]
        return None if one.value in known else "unknown-level"

    def in_force(self, what: str, found: Answer, values: Iterable[Any], **about: Any) -> Any:
        """What somebody has set, or else what was found."""
        for one, status in self.told:
            mine = one.what == what and all(getattr(one, k) == v for k, v in about.items())
            if mine and status == "in_force":
                value = next(value for value in values if value.key == one.value)
                return Set(value, "by-hand", "", (value,), (), (), found)
        return found

    # -- the company --

    def _judge_company(self) -> None:
        self.record = _as_record(self.company or Company(0))
        self.group = self._of_company(self.as_of)["group"]
        self.segment = Answer(UNMATCHED, "unmatched", "", (UNMATCHED,), (), ())
        if self.company is not None:
            found: Any = oracle(self.book.segments, self._of_company(self.as_of), {})
            self.segment = self.in_force("segment", found, self.book.segments.outcomes)
        self.tiers = {p: self._tier(p) for p in self.sold}
        self.seen = SimpleNamespace(**vars(self.record), segment=self.segment)

    def _of_company(self, day: date) -> dict[str, Any]:
        """What rules about companies see on a day."""
        company = self.given or Company(0)
        if isinstance(company, CompanyHistory):
            company = company.on(day)
        return {"company": _as_record(company), "group": self._group(company, day)}

    def _group(self, company: Company, day: date) -> SimpleNamespace:
        asked = any(name.startswith("group.") for name in self.book.asked)
        whole: Any = (
            (self.account, *self.account.relatives) if asked and self.given is not None else ()
        )
        records = {
            "companies": [one.company for one in whole],
            "deals": [deal for one in whole for deal in self._without_rivals(one.deals)],
            "contracts": [contract for one in whole for contract in one.contracts],
        }
        nothing: Any = None, frozenset[str](), frozenset[str]()
        told: Any = told_of_groups(records, self.book, day).get(company.id, nothing)
        return SimpleNamespace(employees=told[0], relationships=told[1], owned=told[2])

    def _without_rivals(self, deals: Iterable[Deal]) -> list[Deal]:
        """Of deals that share an id and differ, none counts (S17)."""
        past = self._past(deals, "opened_at")
        return [one for one in past if not any(one.id == o.id and one != o for o in past)]

    def _tier(self, product_id: Id) -> Any:
        """That of the last day of review, else that of the day; or what somebody has set."""
        policy: Any = self.book.tiers[product_id]
        found: Any = oracle(policy, self._of_company(self.as_of), {})
        reviews = self.book.tier_review_dates
        if reviews and self.given is not None:
            day = self.as_of
            while (day.month, day.day) not in reviews and day > date.min:
                day -= timedelta(1)
            held = oracle(policy, self._of_company(day), {})
            changes = self.given.changes if isinstance(self.given, CompanyHistory) else ()
            told = [one.since for one in changes if one.since <= self.as_of]
            newcomer = bool(told) and min(told) > day
            # Other points for the same band are no other answer.
            same = (held.value, held.rule, set(held.possible), set(held.missing)) == (
                (found.value, found.rule, set(found.possible), set(found.missing))
            )
            if len(held.possible) == 1 or not newcomer:
                found = held if same else Set(*held, proposed=found)
        return self.in_force("tier", found, policy.tiers, product_id=product_id)

    def closed(self, deal: Deal) -> date | None:
        """The day on which a deal was closed, as far as is known on the day asked about (S11)."""
        if deal.closed_at is None or self.day(deal.closed_at) > self.as_of:
            return None
        return self.day(deal.closed_at)

    def deals_seen_by(self, lead: Lead | None) -> list[Deal]:
        """The deals of the company; of the lead itself where there is none."""
        if self.company_id is not None:
            return [deal for deal in self.deals if deal.company_id == self.company_id]
        return [deal for deal in self.deals if lead is not None and deal.lead_id == lead.id]

    def owned(self, lead: Lead | None, product_id: Id) -> bool:
        """By a contract that runs, or won and no later contract lapsed."""
        terms = [
            (contract.end is None or contract.end >= self.as_of, contract.end)
            for contract in self.contracts
            if contract.product_id == product_id
        ]
        won = [self.closed(d) for d in self._about(lead, product_id) if d.status == "won"]
        return any(runs for runs, _ in terms) or any(
            day is not None and all(end is not None and end < day for _, end in terms)
            for day in won
        )

    def _about(self, lead: Lead | None, product_id: Id) -> list[Deal]:
        return [
            deal
            for deal in self.deals_seen_by(lead)
            if any(line.product_id == product_id for line in deal.lines)
        ]

    # -- a lead --

    def standing(self, lead: Lead, product_id: Id | None) -> SimpleNamespace:
        """How a lead stands with a product; `None` stands for the whole firm."""
        model = self.book.engagement[self.sold[0] if product_id is None else product_id]
        touches = self.touches(lead, product_id)
        score = score_of(model, touches, self.as_of)
        events = [e for e in self.heard(lead) if e.product_id in (None, product_id)]
        back = [event.reason for event in events if event.kind in ("recycled", "rejected")]
        reasons = {back[-1]} - {None} if back else set()
        deals = [] if product_id is None else self._about(lead, product_id)
        lost = [(self.closed(d), d.reason) for d in deals if d.status == "lost" and self.closed(d)]
        latest = max((day for day, _ in lost if day), default=None)
        reasons |= {reason for day, reason in lost if day == latest and reason}
        no_tier = SimpleNamespace(key="no_tier")
        standing = SimpleNamespace(
            tier=Answer(no_tier, "", "", (no_tier,), (), ())
            if product_id is None
            else self.tiers[product_id],
            open_deal=any(self.closed(deal) is None for deal in deals),
            owned=product_id is not None and self.owned(lead, product_id),
            parting_reasons=frozenset(reasons),
            marked_for_follow_up=bool(events) and events[-1].kind == "follow_up",
            touched=any(not touch.whole_firm for touch in touches),
            score=score.micro,
            active_days=score.active_days,
            measures=Measures(model, touches),
            full=score,
        )
        records = {
            "company": self.seen,
            "group": self.group,
            "lead": _as_record(lead),
            "product": standing,
        }
        standing.interest = oracle(model.interest, records, {})
        standing.engagement = oracle(model.states, records, {})
        if product_id is not None:
            states = (*model.ladder, *model.detours)
            about = {"lead_id": lead.id, "product_id": product_id}
            found = standing.engagement
            standing.engagement = self.in_force("engagement", found, states, **about)
        return standing

    def touches(self, lead: Lead, product_id: Id | None) -> list[Touched]:
        """What the lead did about the product, and about nothing in particular.

        Seen from the whole firm, what is about nothing in particular is about the firm itself.
        """
        return [
            Touched(
                one.kind,
                (self.as_of - self.day(one.at)).days,
                whole_firm=product_id is not None and not one.product_ids,
            )
            for one in self.activities
            if one.lead_id == lead.id and (product_id in one.product_ids or not one.product_ids)
        ]

    def heard(self, lead: Lead) -> list[SalesEvent]:
        """What sales said of the lead, in the order of time."""
        own = [event for event in self.events if event.lead_id == lead.id]
        return sorted(
            own,
            key=lambda e: (
                e.at.astimezone(UTC), e.kind, str(e.product_id), e.reason or "", e.by or "",
                str(e.follow_up_on),
            ),
        )  # fmt: skip

    def log(self, lead: Lead, product_id: Id | None) -> list[Mark]:
        """Every sign of a lead for one product, or for the whole firm; none where it gave none."""
        model = self.book.engagement[self.sold[0] if product_id is None else product_id]
        worth = {s.kind: s for s in model.signals if s.points > 0 or s.raises_hand_days}
        marks: list[Mark] = []
        general: list[Mark] = []
        for one in self.activities:
            about = product_id in one.product_ids or (product_id is None and not one.product_ids)
            if one.lead_id == lead.id and about and one.kind in worth:
                hand_days = worth[one.kind].raises_hand_days
                marks.append(self._mark(one.at, "responded", one.id, hand_days))
        for deal in self.deals:
            names = {line.product_id for line in deal.lines}
            whose = deal.lead_id == lead.id or (
                deal.lead_id is None and self.book.funnel.deals_without_lead
            )
            if not whose or not (product_id in names or product_id is None):
                continue
            # A deal about a product only moves the pursuit of the whole firm.
            kept = general if product_id is None and names else marks
            opened = deal.opened_at.astimezone(UTC)
            if deal.closed_at is not None and self.closed(deal) is not None:
                end = deal.closed_at.astimezone(UTC)
                kept.append(self._mark(end, deal.status, deal.id)._replace(general=kept is general))
                opened = min(opened, end)
            kept.append(self._mark(opened, "deal", deal.id)._replace(general=kept is general))
        for event in self.heard(lead):
            mark = self._mark(event.at, event.kind, "")
            if event.product_id == product_id:
                marks.append(mark)
            elif event.product_id is None:
                general.append(mark._replace(general=True))
        return [*marks, *general] if marks else []

    def _mark(self, at: datetime, what: str, about: Id, hand_days: int = 0) -> Mark:
        return Mark(at.astimezone(UTC), what, str(about), self.day(at), hand_days)

    def answer(self, lead: Lead) -> SimpleNamespace:
        """The two answers about one lead."""
        standings = {p: self.standing(lead, p) for p in (*self.sold, None)}
        rows = {"product": {p: standings[p] for p in self.sold}}
        funnel = self.book.funnel
        found: dict[Id | None, tuple[Any, Any]] = {}
        for product_id in (*self.sold, None):
            log = self.log(lead, product_id)
            if product_id is None and any(not _has_ended(own) for own, _ in found.values()):
                # While a product is pursued, mere responses to the firm open nothing beside it.
                log = [mark for mark in log if mark.what != "responded" or mark.hand_days]
            if any(not mark.general for mark in log):
                stretch = current_stretch(log, funnel.quiet_days, self.as_of)
                found[product_id] = stretch, None
        found = found or {None: (Stretch(), None)}
        for one, status in sorted(self.told, key=repr):
            if (one.what, one.lead_id, status) == ("engagement", lead.id, "in_force"):
                found.setdefault(one.product_id, (Stretch(), None))
        found = {p: found[p] for p in (*self.sold, None) if p in found}
        for product_id, (stretch, _) in found.items():
            records = {
                "company": self.seen,
                "group": self.group,
                "lead": _as_record(lead),
                "product": standings[product_id],
                "pursuit": stretch,
            }
            found[product_id] = stretch, oracle(funnel.rules, records, rows)
        return SimpleNamespace(
            standings={p: standings[p] for p in self.sold},
            found=found,
            furthest=furthest_by_trial(funnel, found),
            existing_customer=any(self.owned(lead, p) for p in self.sold),
        )


# -- the comparison --


def plain(one: Any) -> tuple[Any, ...]:
    """A decision of either side, as far as both sides say the same words."""
    keys = tuple(value.key for value in one.possible)
    others = (getattr(one, name, None) for name in ("instead_of", "proposed"))
    beside = [None if other is None else plain(other) for other in others]
    return one.value.key, one.rule, keys, tuple(one.missing), *beside


def differences(book: Playbook, account: Account, as_of: date, told: Assessment) -> list[str]:
    """What the engine says otherwise than this model, one line each."""
    model = Oracle(book, account, as_of)
    found: list[str] = []

    def check(what: str, mine: Any, yours: Any) -> None:
        if mine != yours:
            found.append(f"{what}: {mine!r} here, {yours!r} there")

    check("company", model.company_id, told.company_id)
    check("segment", plain(model.segment), plain(told.segment))
    known = model.sold if model.company is not None else []
    check("tiers", {p: plain(model.tiers[p]) for p in known},
          {p: plain(one) for p, one in told.tiers.items()})  # fmt: skip
    check("owned", [p for p in known if model.owned(None, p)], list(told.owned))
    check(
        "rejects",
        Counter(model.rejects),
        Counter((one.table, one.id, one.code, one.record) for one in told.rejects),
    )
    check("by hand", model.told, {(one.override, one.status) for one in told.by_hand})
    check("leads", set(model.leads), set(told.leads))
    none = book.scale.ladder[0]
    for lead_id in [one for one in model.leads if one in told.leads]:
        mine, yours = model.answer(model.leads[lead_id]), told.leads[lead_id]
        shown = {
            p: one
            for p, one in mine.standings.items()
            if {state.key for state in one.engagement.possible} != {none}
            or isinstance(one.engagement, Set)
        }
        check(f"{lead_id} products", set(shown), set(yours.engagement))
        for product_id in [p for p in shown if p in yours.engagement]:
            at, one, other = (
                f"{lead_id} {product_id}",
                shown[product_id],
                yours.engagement[product_id],
            )
            check(f"{at} state", plain(one.engagement), plain(other.decision))
            check(f"{at} interest", plain(one.interest), plain(other.interest))
            score = other.score
            check(
                f"{at} score",
                (one.full.micro, one.full.active_days, one.full.days_since_active, one.full.parts),
                (score.micro, score.active_days, score.days_since_active,
                 [(part.of, part.kind, part.times, part.micro, part.capped,
                   part.micro + part.over_cap, part.cooled) for part in score.parts]),
            )  # fmt: skip
        lead, reach, possible, missing = mine.furthest
        stage = yours.stage
        check(
            f"{lead_id} pursuits",
            {p: plain(decision) for p, (_, decision) in mine.found.items()},
            {p: plain(decision) for p, decision in stage.pursuits.items()},
        )
        check(
            f"{lead_id} stage",
            (lead.value.key, lead.rule, {one.key for one in possible}, missing),
            (stage.value.key, stage.rule, {one.key for one in stage.possible}, stage.missing),
        )
        check(f"{lead_id} for", reach, stage.for_products)
        check(f"{lead_id} customer", mine.existing_customer, stage.existing_customer)
    return found
