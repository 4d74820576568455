"""Answers: what a playbook says of an account, as frozen values; rows to store; what has moved."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.by_hand import SetByHand
from mpfunnel.contact import Contactable
from mpfunnel.engagement import EngagementState, Score
from mpfunnel.labels import Label, Lang
from mpfunnel.plays import PlannedPlay
from mpfunnel.records import Channel, Id, Override
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.situation import Rejected
from mpfunnel.stages import Entry, FunnelStage, Win
from mpfunnel.synergy import EVERY, NO_OFFER, Offer, WhiteSpace
from mpfunnel.tiers import Tier

__all__ = [
    "Assessment",
    "Change",
    "Decided",
    "Engagement",
    "Involvement",
    "LeadAnswer",
    "NextProduct",
    "Stage",
    "WarrantedStage",
    "changes",
]

T = TypeVar("T", bound=Hashable)
Row = dict[str, Any]


class Decided(Generic[T]):
    """Reads like the decision that it stands on."""

    __slots__ = ()
    decision: Decision[T]

    @property
    def value(self) -> T:
        """The answer as of now."""
        return self.decision.value

    @property
    def rule(self) -> str:
        """Key of the rule that gave it."""
        return self.decision.rule

    @property
    def because(self) -> Label:
        """The reason."""
        return self.decision.because

    @property
    def possible(self) -> tuple[T, ...]:
        """Every value still possible once the missing facts become known."""
        return self.decision.possible

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the facts that are missing and bear on the answer."""
        return self.decision.missing

    @property
    def settled(self) -> bool:
        """True where only one value is possible."""
        return self.decision.settled

    @property
    def version(self) -> str:
        """The version of the playbook that decided."""
        return self.decision.version

    def text(self, lang: Lang = "en") -> str:
        """Return the value, or "undecided" with what is possible, as people read it."""
        return self.decision.text(lang)


@frozen
class Engagement(Decided[EngagementState]):
    """Where a lead stands with one product; reads like its `decision`.

    Attributes:
        decision: The state.
        interest: The level that the score alone gives: readable whatever the state is.
        score: The score with its parts.
    """

    decision: Decision[EngagementState]
    interest: Decision[EngagementState]
    score: Score


@frozen
class WarrantedStage(Decided[FunnelStage]):
    """What the facts of a lead warrant (S19); reads like its `decision`.

    Attributes:
        decision: The stage of the pursuit that has come furthest.
        for_products: The products whose pursuit has come that far.
        wins: The latest win of each product, which an open pursuit may hide.
        after_wins: What the facts warrant as soon as a win has passed, where rules see the stage:
            the lead is back in it then, for other products. `None` where that changes nothing.
    """

    decision: Decision[FunnelStage]
    for_products: tuple[Id, ...]
    wins: tuple[Win, ...]
    after_wins: WarrantedStage | None = None


@frozen
class Stage(Decided[FunnelStage]):
    """Where a lead stands with the whole firm; reads like its `decision`.

    Attributes:
        decision: The stage that its history says, where the account has one that has begun; else
            the warranted one (S20).
        for_products: The products of that stage.
        existing_customer: Whether the company owns any product.
        pursuits: What each current pursuit warrants, by product; `None` stands for the whole firm.
        entry: The entry of its history that it is in; `None` where none is kept.
        warranted: What the facts warrant, for `Funnel.reconcile`.
        entered_on: The day of that entry, in the zone of the playbook.
    """

    decision: Decision[FunnelStage]
    for_products: tuple[Id, ...]
    existing_customer: bool
    pursuits: immutabledict[Id | None, Decision[FunnelStage]]
    entry: Entry | None
    warranted: WarrantedStage
    entered_on: date | None = None

    @property
    def wins(self) -> tuple[Win, ...]:
        """The latest win of each product, which an open pursuit may hide."""
        return self.warranted.wins


@frozen
class LeadAnswer:
    """The two answers about one lead, and through which channels it may be contacted.

    Attributes:
        id: The lead.
        stage: Where it stands with the whole firm.
        engagement: Where it stands with each product; a product for which the state is surely that
            of no sign is left out (S23).
        contactable: Per channel, what consents allow.
    """

    id: Id
    stage: Stage
    engagement: immutabledict[Id, Engagement]
    contactable: immutabledict[Channel, Contactable]


@frozen
class Involvement:
    """How far the people of a company are involved with a product.

    Attributes:
        best_interest: Key of the highest level of interest among them.
        people: How many of them were touched.
    """

    best_interest: str
    people: int


@frozen
class NextProduct(Decided[Offer]):
    """What to offer a company of one product, and why, or why not; reads like its `offer`.

    Attributes:
        product_id: The product.
        rank: Its place among all products, from 1; those that are offered come first.
        offer: As what it is offered, or that it is not.
        white_space: Where the company stands with it.
        tier: How much to invest in the company for it.
        involvement: How far the company's people are involved with it.
    """

    product_id: Id
    rank: int
    offer: Decision[Offer]
    white_space: Decision[WhiteSpace]
    tier: Decision[Tier]
    involvement: Involvement

    @property
    def decision(self) -> Decision[Offer]:  # type: ignore[override]  # the offer under its own name
        """The offer."""
        return self.offer

    @property
    def offered(self) -> bool:
        """Whether anything is offered."""
        return self.offer.value != NO_OFFER


@frozen
class Assessment:
    """The four answers about one account on one day.

    Attributes:
        as_of: The day.
        version: The version of the playbook.
        company_id: The company; `None` for people without company.
        segment: Which kind of company it is for the whole firm.
        tiers: How much to invest in it, per product; empty for people without company.
        leads: The answers about each of its people, by id.
        owned: The products that it owns.
        rejects: Records of the account that could not be used.
        undated: Where Tiers are held from review to review: per product, the facts up to the rule
            that decided of which no record says that they held on the day of the review;
            ``company`` where a custom policy decided. Empty for all other playbooks.
        by_hand: The overrides that have begun and are no rejects, with what became of each.
        white_space: Where the company stands with each product: owned, in the pipeline, untapped or
            not eligible; empty for people without company.
        involved: How far its people are involved with each product; empty likewise.
        next_products: What to offer it next: one for each product, ranked; empty likewise, and
            where the playbook has no rules of offers.
        plays: What to do next with its people, in the order of the leads' ids, each lead's in the
            order in which their turns come; empty where the playbook has no rules about plays.
    """

    as_of: date
    version: str
    company_id: Id | None
    segment: Decision[Segment]
    tiers: immutabledict[Id, Decision[Tier]]
    leads: immutabledict[Id, LeadAnswer]
    owned: tuple[Id, ...] = ()
    rejects: tuple[Rejected, ...] = ()
    undated: immutabledict[Id, tuple[str, ...]] = immutabledict()
    by_hand: tuple[SetByHand, ...] = ()
    white_space: immutabledict[Id, Decision[WhiteSpace]] = immutabledict()
    involved: immutabledict[Id, Involvement] = immutabledict()
    next_products: tuple[NextProduct, ...] = ()
    plays: tuple[PlannedPlay, ...] = ()

    @property
    def expired(self) -> tuple[Override, ...]:
        """The overrides whose last day has passed: they hold no more."""
        return tuple(one.override for one in self.by_hand if one.status == "expired")

    def rows(self, lang: Lang = "en") -> dict[str, list[Row]]:
        """Return flat rows to store, by table.

        The tables are companies, tiers, company_products, leads, engagement, plays, rejects and
        by_hand.
        Keys, not labels, stand in every column but ``because``; several keys are joined by ``;``.
        The key of a row is (company_id), (company_id, product_id) of two tables, (lead_id),
        (lead_id, product_id) and, of plays, (lead_id, turn); those of the last two have none.
        In ``position`` stands the white space of a company with a product, in ``offer`` what to
        offer it of that, and in ``rank`` its place among the products of the company; in all that
        begins like these, nothing where the playbook has no rules of offers. In ``instead_of``
        stands what the rules say where somebody set another value by hand; in ``proposed`` of tiers
        what today's facts give where a Tier is held. In ``warranted`` and what begins like it
        stands the stage that the facts of a lead warrant, and in ``entered_on`` since when it is in
        that of its history, if it has one.
        Days of by_hand are ISO 8601 text.

        Args:
            lang: The language of the reasons.
        """
        stamp = {"as_of": self.as_of, "playbook_version": self.version}
        company = {"company_id": self.company_id}
        offers = {one.product_id: one for one in self.next_products}
        found: dict[str, list[Row]] = {
            "companies": [],
            "tiers": [
                {**company, "product_id": product_id, **_in_force("tier", tier, lang)}
                | {"proposed": proposed_of(tier)}
                | {"undated": _joined(self.undated.get(product_id, ()))}
                | {"owned": product_id in self.owned, **stamp}
                for product_id, tier in self.tiers.items()
            ],
            "company_products": [
                {**company, "product_id": product_id, "tier": self.tiers[product_id].value.key}
                | _columns("position", decision, lang)
                | {"best_interest": self.involved[product_id].best_interest}
                | {"people": self.involved[product_id].people}
                | {**_offer(offers.get(product_id), lang), **stamp}
                for product_id, decision in self.white_space.items()
            ],
            "plays": [{**_planned(one, lang), **stamp} for one in self.plays],
            "by_hand": [{**_set(one), **stamp} for one in self.by_hand],
            "leads": [],
            "engagement": [],
            "rejects": [
                {**company, "table": one.table, "id": one.id, "code": one.code}
                | {"reason": one.reason, **stamp}
                for one in self.rejects
            ],
        }
        if self.company_id is not None:
            found["companies"].append(
                {**company, **_in_force("segment", self.segment, lang), **stamp}
            )
        for lead in self.leads.values():
            about = {"lead_id": lead.id, **company}
            found["leads"].append(
                {
                    **about,
                    **_columns("stage", lead.stage.decision, lang),
                    "for_products": _joined(lead.stage.for_products),
                    **_of_history(lead.stage),
                    "existing_customer": lead.stage.existing_customer,
                    **{f"contact_{key}": one.allowed for key, one in lead.contactable.items()},
                    **stamp,
                }
            )
            found["engagement"] += [
                {
                    **about,
                    "product_id": product_id,
                    **_in_force("state", one.decision, lang),
                    "interest": one.interest.value.key,
                    "score_micro": one.score.micro,
                    "active_days": one.score.active_days,
                    **stamp,
                }
                for product_id, one in lead.engagement.items()
            ]
        return found


def _in_force(name: str, decision: Decision[Any], lang: Lang) -> Row:
    return {**_columns(name, decision, lang), "instead_of": key_beside(decision.instead_of)}


def key_beside(decision: Decision[Any] | None) -> str | None:
    """Return the key of the value of a decision; `None` where there is none."""
    return None if decision is None else decision.value.key


def proposed_of(decision: Decision[Any]) -> str | None:
    """Return the key of what the facts of the day give, where another decision is held."""
    # What was set by hand stands before what is held.
    held = decision if decision.proposed or not decision.instead_of else decision.instead_of
    return key_beside(held.proposed)


def _set(one: SetByHand) -> Row:
    given = one.override
    days = ("since", "until", "follow_up_on")
    texts = ("company_id", "lead_id", "product_id", "what", "value")
    found = {name: getattr(given, name) for name in texts}
    found |= {"status": one.status, "by": given.by, "reason": given.reason}
    return found | {
        name: day and day.isoformat() for name in days for day in [getattr(given, name)]
    }


def _planned(one: PlannedPlay, lang: Lang) -> Row:
    return {
        "lead_id": one.lead_id,
        "company_id": one.company_id,
        "product_id": one.product_id,
        **_columns("play", one.decision, lang),
        "message": one.play.message,
        "motion": one.play.motion,
        "owner": one.play.owner,
        "channel": one.channel,
        "left_out": _joined(one.left_out),
        "due": one.due,
        "due_by": one.due_by,
        "turn": one.turn,
        "waits_for": _joined(EVERY if p is None else p for p in one.waits_for),
        "not_before": one.not_before,
        "tier": one.tier,
        "interest": one.interest,
        "open_deal": one.claim.open_deal,
        "contacted_on": one.claim.contact,
    }


def _columns(name: str, decision: Decision[Any], lang: Lang) -> Row:
    return {
        name: decision.value.key,
        "settled": decision.settled,
        "possible": _joined(value.key for value in decision.possible),
        "missing": _joined(decision.missing),
        "rule": decision.rule,
        "because": decision.because.text(lang),
    }


def _offer(one: NextProduct | None, lang: Lang) -> Row:
    """Return what is offered of a product; blanks where nobody asks for it."""
    names = ("settled", "possible", "rule", "because")
    columns = {} if one is None else _columns("offer", one.offer, lang)
    return {
        "offer": columns.get("offer"),
        **{f"offer_{name}": columns.get(name) for name in names},
        "rank": one and one.rank,
    }


def _of_history(stage: Stage) -> Row:
    """Return since when a lead is in the stage of its history, and what its facts warrant."""
    warranted = {
        f"warranted_{name}": value
        for name, value in _columns("stage", stage.warranted.decision, "en").items()
        if name in ("settled", "possible", "rule")
    }
    return {
        "entered_on": stage.entered_on,
        "warranted": stage.warranted.value.key,
        **warranted,
        "warranted_for_products": _joined(stage.warranted.for_products),
    }


def _joined(values: Any) -> str:
    return ";".join(str(value) for value in values)


What = Literal["segment", "tier", "white_space", "offer", "stage", "engagement", "play"]


@frozen
class Change:
    """One answer that is not what it was.

    Attributes:
        what: Which of the four questions, white space, an offer, or a play.
        company_id: The company; `None` for people without company.
        lead_id: The lead, for stage, engagement and plays.
        product_id: The product, for tier, white space, offer, engagement and plays; `None` for the
            play of the whole firm.
        before: Key of the value; `None` where there was no answer.
        after: Key of the value; `None` where there is no answer any more.
        settled: Whether the new answer is settled.
        because: The reason of the new answer, or of the old one where there is none any more.
    """

    what: What
    company_id: Id | None
    lead_id: Id | None
    product_id: Id | None
    before: str | None
    after: str | None
    settled: bool
    because: Label = field(eq=False)


def changes(old: Assessment | None, new: Assessment) -> tuple[Change, ...]:
    """Return what has moved from `old` to `new`: each answer whose value or settledness differs.

    Args:
        old: The earlier answers about the same account; `None` where there were none.
        new: The answers now.
    """
    before: _Answers = {} if old is None else _answers(old)
    after = _answers(new)
    moved: list[Change] = []
    for about in dict.fromkeys((*after, *before)):
        was, now = before.get(about), after.get(about)
        if was is not None and now is not None and _same(was, now):
            continue
        what, company_id, lead_id, product_id = about
        shown = now or was
        assert shown is not None
        moved.append(
            Change(
                what,
                company_id,
                lead_id,
                product_id,
                None if was is None else was.value.key,
                None if now is None else now.value.key,
                now is None or now.settled,
                shown.because,
            )
        )
    return tuple(moved)


def _same(was: Decision[Any], now: Decision[Any]) -> bool:
    return was.value == now.value and was.settled == now.settled


_Answers = dict[tuple[What, Id | None, Id | None, Id | None], Decision[Any]]


def _answers(answer: Assessment) -> _Answers:
    company_id = answer.company_id
    found: _Answers = {}
    if company_id is not None:
        found["segment", company_id, None, None] = answer.segment
    for product_id, tier in answer.tiers.items():
        found["tier", company_id, None, product_id] = tier
    for product_id, one in answer.white_space.items():
        found["white_space", company_id, None, product_id] = one
    for following in answer.next_products:
        found["offer", company_id, None, following.product_id] = following.offer
    for lead in answer.leads.values():
        found["stage", company_id, lead.id, None] = lead.stage.decision
        for product_id, state in lead.engagement.items():
            found["engagement", company_id, lead.id, product_id] = state.decision
    for planned in answer.plays:
        found["play", company_id, planned.lead_id, planned.product_id] = planned.decision
    return found
