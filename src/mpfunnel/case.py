"""Case: one account on one day, and how each of its answers follows from the playbook.

The order of the questions is fixed: segment and tiers from the company; interest, then state, from
the lead's activities and the tier; the stage from all of them. Each answer is worked out when it is
asked for, so that one tier costs no more than one tier.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from functools import cached_property, partial
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.account import Account
from mpfunnel.answers import (
    Assessment,
    Engagement,
    Involvement,
    LeadAnswer,
    NextProduct,
    Stage,
    WarrantedStage,
)
from mpfunnel.by_hand import NOTHING_BY_HAND, ByHand, by_hand
from mpfunnel.calendars import day_began
from mpfunnel.compiled import Compiled, CompiledModel, company_on, may_be_id, undated
from mpfunnel.contact import contactability
from mpfunnel.engagement import (
    NO_SCORE,
    EngagementState,
    Score,
    Standing,
    Tally,
    Touch,
    Worth,
)
from mpfunnel.engagement.waiting import first_change, hear
from mpfunnel.errors import PolicyError, UnknownNameError, brief
from mpfunnel.groups import Member, in_group
from mpfunnel.kin import Given
from mpfunnel.labels import Label
from mpfunnel.ownership import (
    NO_DEALINGS,
    NOTHING,
    Dealings,
    Position,
    contract_ends,
    dealings,
    owned_since,
    positions,
)
from mpfunnel.planning import Diary, Held, Moment, Planned, plan
from mpfunnel.plays import Limit, PlannedPlay
from mpfunnel.prospects import Customer, Prospect, best_of, is_discontinued, ranked
from mpfunnel.records import Activity, Company, Id, Lead, Product, SalesEvent
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.situation import Situation, situation
from mpfunnel.stages import (
    Entry,
    FunnelStage,
    Pursuit,
    Sign,
    Step,
    Stood,
    Win,
    furthest,
    limit_of,
    pursue,
    sign_of_event,
    signs_of_deal,
    stepped,
)
from mpfunnel.synergy import Offer as Offered
from mpfunnel.synergy import WhiteSpace, position_alone
from mpfunnel.tiers import Tier, rules_of

__all__ = [
    "NOBODY",
    "NO_TIER",
    "Case",
    "Offer",
    "Person",
    "Seen",
    "hear_sales",
    "is_silent",
]

NOBODY: Final = Company(0)
"""What is known of the company of people without company: nothing."""


@frozen
class _NoTier:
    key: str
    label: Label


_FIRM: Final = _NoTier("no_tier", Label("no Tier", "Tierなし"))
NO_TIER: Final[Decision[Any]] = Decision(
    _FIRM, "firm", Label("the whole firm is no product", "商材ではなく全社"), (_FIRM,)
)
_FIRM_WIDE: Final = (None,)


class Seen:
    """A company together with its segment: what rules about leads see of it."""

    __slots__ = ("_company", "segment")

    def __init__(self, company: Company | Member, segment: Decision[Segment]) -> None:
        self._company = company
        self.segment = segment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._company, name)


class Offer:
    """How a company stands with one product, as rules about white space see it."""

    __slots__ = ("_case", "_product", "lifecycle", "open_deal", "owned", "sold")

    def __init__(self, case: Case, product: Product, position: Position) -> None:
        self._case = case
        self._product = product
        self.owned = position.owned
        self.open_deal = position.open_deal
        self.sold = product.is_sold_on(case.day)
        self.lifecycle = product.lifecycle

    @property
    def tier(self) -> Decision[Tier]:
        """The Tier, worked out where a rule asks for it."""
        return self._case.tier(self._product)


@frozen(eq=False)
class Person:
    """What is known of one lead of a case.

    Attributes:
        lead: The lead.
        about: Its activities by product, with their days; `None` stands for the whole firm.
        touches: The same as a score sees them.
        events: What sales decided, in the order of time, with the days.
        standings: Where it stands with each product asked about so far.
        company_wide: What its activities for the whole firm are worth, by model.
    """

    lead: Lead
    about: Mapping[Id | None, list[tuple[Activity, date]]]
    touches: Mapping[Id | None, list[Touch]]
    events: list[tuple[SalesEvent, date]]
    standings: dict[Id | None, tuple[Standing, Score]] = field(
        factory=dict[Id | None, tuple[Standing, Score]]
    )

    company_wide: dict[CompiledModel, list[Worth]] = field(factory=dict[CompiledModel, list[Worth]])

    def said_of(self, product_id: Id | None) -> list[tuple[SalesEvent, date]]:
        """Return the sales events about a product; one that names none is about every product."""
        return [(e, day) for e, day in self.events if e.product_id in (None, product_id)]


class Case:
    """One account on one day.

    Args:
        book: The compiled playbook.
        account: The records.
        day: The day.
    """

    def __init__(self, book: Compiled, account: Account, day: date) -> None:
        self.book = book
        self.day = day
        self.facts: Situation = situation(
            account, as_of=day, day_of=book.day_of, products=book.products
        )
        self.company = NOBODY if self.facts.company is None else self.facts.company
        self.given: Given = NOBODY if account.company is None else book.kin(account, day)
        self.by_hand: ByHand = NOTHING_BY_HAND
        if account.overrides:
            self.by_hand = by_hand(
                account.overrides,
                as_of=day,
                company_id=None if self.facts.company is None else self.company.id,
                leads=self.facts.leads,
                levels=book.levels,
            )
        self._unsigned: dict[Id | None, tuple[Standing, Score]] = {}
        self._people: dict[Id, Person] = {}

    # -- the company --

    @cached_property
    def segment(self) -> Decision[Segment]:
        """Which kind of company it is."""
        if self.facts.company is None:
            return self.book.unmatched
        return self.by_hand.instead(self.book.segment(self.in_group), "segment")

    @cached_property
    def in_group(self) -> Company | Member:
        """The company, with its group if rules ask about that."""
        if not self.book.asked_of_group:
            return self.company
        return in_group(company_on(self.given, self.day))

    @cached_property
    def tiers(self) -> Mapping[Id, Decision[Tier]]:
        """The tier for each product; of people without company, nothing is known."""
        return {product.id: self.tier(product) for product in self.book.products.values()}

    def tier(self, product: Product) -> Decision[Tier]:
        """Return the tier for one product."""
        held = self.book.held_tier(self.given, product, self.day)
        return self.by_hand.instead(held, "tier", product_id=product.id)

    @cached_property
    def undated(self) -> Mapping[Id, tuple[str, ...]]:
        """What the Tiers that are held rest on without a record that says since when it holds."""
        book = self.book
        if book.playbook.reviewed_on(self.day) is None:
            return {}
        policies = book.playbook.tiers
        return {
            p: undated(
                rules_of(policies[p]),
                one,
                self.given,
                book.dated_tier(self.given, book.products[p], self.day)[1],
            )
            for p, one in self.tiers.items()
        }

    @cached_property
    def seen(self) -> Any:
        """The company as rules about leads see it."""
        return Seen(self.in_group, self.segment)

    @cached_property
    def company_positions(self) -> Mapping[Id, Position]:
        """What the company owns and is buying."""
        return positions(
            self.facts.deals, self.facts.contracts, as_of=self.day, day_of=self.book.day_of
        )

    def white_space(self, product: Product) -> Decision[WhiteSpace]:
        """Return where the company stands with a product."""
        records = self.about_offer(product)
        return self.book.white_space[product.id](*records.values())

    @cached_property
    def _white_space(self) -> Mapping[Id, Decision[WhiteSpace]]:
        return {p: self.white_space(one) for p, one in self.book.products.items()}

    def about_offer(self, product: Product) -> Mapping[str, Any]:
        """Return what rules about white space are given, by root, in the order of `Compiled`."""
        position = self.company_positions.get(product.id, NOTHING)
        return {
            "company": self.seen,
            "product": Offer(self, product, position),
            "account": self._held,
        }

    @cached_property
    def _held(self) -> Held:
        return _held(self.company_positions)

    # -- what to offer next --

    def next_products(self) -> tuple[NextProduct, ...]:
        """Return what to offer the company next, ranked; nothing where no rules of offers are."""
        found = (
            (p, self.offer(one), self._white_space[p], self.tiers[p], self.involved[p])
            for p, one in self.book.products.items()
            if p in self.book.offers
        )
        return ranked(found, self.book.playbook.scale.ladder)

    def offer(self, product: Product) -> Decision[Offered]:
        """Return what the company is offered of a product."""
        return self.book.offers[product.id](*self.about_next(product).values())

    def about_next(self, product: Product) -> Mapping[str, Any]:
        """Return what rules about offers are given, by root, in the order of `Compiled`."""
        return {
            "company": self.seen,
            "product": self._prospect(product),
            "account": self._customer,
        }

    def _prospect(self, product: Product) -> Prospect:
        book, position = self.book, self.company_positions.get(product.id, NOTHING)
        known = self._dealings.get(product.id, NO_DEALINGS)
        return Prospect(
            position=self._white_space[product.id],
            owned=position.owned,
            open_deal=position.open_deal,
            sold=product.is_sold_on(self.day),
            lifecycle=product.lifecycle,
            quantity=known.quantity,
            people=self.involved[product.id].people,
            dated={
                one.key: one.so(known, self.day, owned=position.owned)
                for one in book.dated_of_products
            },
            ask_tier=lambda: self.tiers[product.id],
            ask_interest=lambda: best_of(self._interests(product.id), book.best_interests),
        )

    @cached_property
    def _dealings(self) -> Mapping[Id, Dealings]:
        return dealings(
            self.facts.deals, self.facts.contracts, as_of=self.day, day_of=self.book.day_of
        )

    @cached_property
    def _customer(self) -> Customer:
        """What the company has of us."""
        gone = (str(p) for p, one in self.book.products.items() if is_discontinued(one, self.day))
        asked = self.book.dated_of_accounts
        since: Mapping[str, date] = {}
        if asked:
            found = owned_since(
                self.facts.deals, self.facts.contracts, as_of=self.day, day_of=self.book.day_of
            )
            since = {str(product_id): day for product_id, day in found.items()}
        owned = self._held.owned
        return Customer(
            owned,
            owned.intersection(gone),
            {
                one.key: one.product in since and (self.day - since[one.product]).days >= one.days
                for one in asked
            },
        )

    def positions(self, lead: Lead) -> Mapping[Id, Position]:
        """Return what a lead's company owns and is buying; without company, the lead itself."""
        if self.facts.company is not None:
            return self.company_positions
        deals = [deal for deal, _, _ in self.facts.deals_of.get(lead.id, ())]
        return positions(deals, (), as_of=self.day, day_of=self.book.day_of)

    # -- a lead --

    def person(self, lead_id: Id) -> Person:
        """Return what is known of a lead.

        Raises:
            UnknownNameError: The account has no such lead.
        """
        lead = self.facts.leads.get(lead_id) if may_be_id(lead_id) else None
        if lead is None:
            raise UnknownNameError(f"no such lead {brief(lead_id)} in the account")
        about: dict[Id | None, list[tuple[Activity, date]]] = {}
        touches: dict[Id | None, list[Touch]] = {}
        for pair in self.facts.activities.get(lead_id, ()):
            activity, day = pair
            touch = (activity.kind, (self.day - day).days, 1)
            for product_id in activity.product_ids or _FIRM_WIDE:
                if product_id in about:
                    about[product_id].append(pair)
                    touches[product_id].append(touch)
                else:
                    about[product_id] = [pair]
                    touches[product_id] = [touch]
        return Person(lead, about, touches, self.facts.sales_events.get(lead_id, []))

    def standing(self, person: Person, product_id: Id | None) -> tuple[Standing, Score]:
        """Return how a lead stands with a product, interest and state included, and its score."""
        found = person.standings.get(product_id)
        if found is None:
            found = self._stand(person, product_id)
            person.standings[product_id] = found
        return found

    def _stand(self, person: Person, product_id: Id | None) -> tuple[Standing, Score]:
        model = self.model(product_id)
        signed = product_id in person.about or None in person.about or person.events
        # Where the lead has given no sign, all leads of the company stand alike.
        alike = (
            not signed
            and not model.asks_lead
            and self.facts.company is not None
            and ("engagement", person.lead.id, product_id) not in self.by_hand.held
        )
        if alike and (known := self._unsigned.get(product_id)) is not None:
            return known
        tier = NO_TIER if product_id is None else self.tiers[product_id]
        standing = self._before_acting(person, product_id, tier)
        score = NO_SCORE
        own = person.touches.get(product_id, ())
        worths = model.model.worths(own)
        if product_id is not None:
            worths += self._company_wide(person, model)
        if signed:
            standing.touched = product_id in person.about
            score = model.model.score(worths, as_of=self.day)
            standing.score = score.micro
            standing.active_days = score.active_days
        standing.measures = model.model.measures(model.measures, own, worths)
        standing.interest = model.interest(self.seen, person.lead, standing)
        standing.engagement = self._state(model, person, product_id, standing)
        if alike:
            self._unsigned[product_id] = standing, score
        return standing, score

    def _before_acting(
        self, person: Person, product_id: Id | None, tier: Decision[Any]
    ) -> Standing:
        """Return how a lead stands with a product by all but its activities."""
        standing = Standing(tier)
        if product_id is not None:
            position = self.positions(person.lead).get(product_id, NOTHING)
            standing.open_deal = position.open_deal
            standing.owned = position.owned
            standing.parting_reasons = position.lost_for
        if person.events:
            hear_sales(standing, person.said_of(product_id))
        return standing

    def _state(
        self,
        model: CompiledModel,
        person: Person,
        product_id: Id | None,
        standing: Standing,
        day: date | None = None,
    ) -> Decision[EngagementState]:
        """Return the state in force of a lead that stands so, on this day or a later one."""
        found = model.state(self.seen, person.lead, standing)
        hands = self.by_hand if day is None else self.by_hand.on(day)
        return hands.instead(found, "engagement", lead_id=person.lead.id, product_id=product_id)

    def _company_wide(self, person: Person, model: CompiledModel) -> list[Worth]:
        """Return what activities that name no product are worth, once for all products."""
        found = person.company_wide.get(model)
        if found is None:
            touches = person.touches.get(None, ())
            found = person.company_wide[model] = model.model.worths(touches, company_wide=True)
        return found

    def model(self, product_id: Id | None) -> CompiledModel:
        """Return the model of a product; for the whole firm, that of the first product."""
        models = self.book.models
        return next(iter(models.values())) if product_id is None else models[product_id]

    def engagement(self, person: Person, product_id: Id) -> Engagement:
        """Return where a lead stands with one product."""
        standing, score = self.standing(person, product_id)
        return Engagement(standing.engagement, standing.interest, score)

    # -- a tally in place of the activities --

    def running(
        self, person: Person, product_id: Id, tally: Tally, day: date | None = None
    ) -> Engagement:
        """Return where a lead stands with a product by a tally, on this day or another one.

        Only what follows from activities is that of another day.
        """
        compiled = self.model(product_id)
        # Of the other products, nothing is asked.
        tier = self.tier(self.book.products[product_id])
        standing = self._before_acting(person, product_id, tier)
        score = hear(standing, tally, compiled.model, compiled.measures, day or self.day)
        standing.interest = compiled.interest(self.seen, person.lead, standing)
        decision = self._state(compiled, person, product_id, standing, day)
        return Engagement(decision, standing.interest, score)

    def next_change(self, person: Person, product_id: Id, tally: Tally) -> date | None:
        """Return the day on which time alone will next change interest or state by a tally."""
        model = self.model(product_id).model
        conditions = (*model.interest.conditions, *model.states.conditions)

        def ask(tally: Tally, day: date) -> Hashable:
            found = self.running(person, product_id, tally, day)
            return tuple((one.value, one.settled) for one in (found.interest, found.decision))

        found = first_change(tally, model, conditions, ask, self.day)
        # What was set by hand holds no more on some day: the state may change on it, too.
        apart = copy(tally)
        before = ask(apart, self.day)
        asked = "engagement", person.lead.id, product_id
        for day in self.by_hand.ends(asked, self.day):
            if found is not None and found <= day:
                break
            if ask(apart, day) != before:
                return day
        return found

    # -- the stage --

    def pursuits(self, person: Person) -> Mapping[Id | None, Pursuit]:
        """Return the current pursuit of each product that the lead has given a sign for.

        What names no product is a sign of the pursuit of the whole firm; a sales event that names
        none also moves the pursuits that are open. While a product is being pursued, a mere
        response to the whole firm opens nothing: it would hide that the lead is recycled there.
        Deals about products never open the pursuit of the whole firm; while it runs, an open one
        keeps it from going quiet, and winning one, or losing the last one, ends it. For a product
        with a state set by hand and no sign, none runs, and the rules are asked all the same.
        """
        signs = self._signs(person)
        general = [
            sign_of_event(event, day)._replace(opens=False)
            for event, day in person.events
            if event.product_id is None
        ]
        found: dict[Id | None, Pursuit] = {
            product_id: self._pursue(signs[product_id] + general)
            for product_id in self.book.products
            if product_id in signs
        }
        of_firm = signs[None]
        if any(not pursuit.ended for pursuit in found.values()):
            of_firm = [sign for sign in of_firm if sign.hand_days or sign.what != "responded"]
        if of_firm or not found:
            # A deal about several products is a sign of each, and one of the firm.
            sold = dict.fromkeys(
                sign._replace(opens=False)
                for about, given in signs.items()
                for sign in given
                if about is not None and sign.what in ("deal", "won", "lost")
            )
            found[None] = self._pursue([*of_firm, *sold])
        # Of what somebody says of a lead, the funnel hears without a sign, too.
        for what, lead_id, product_id in self.by_hand.held:
            if (what, lead_id) == ("engagement", person.lead.id):
                found.setdefault(product_id, Pursuit())
        return {about: found[about] for about in (*self.book.products, None) if about in found}

    def _pursue(self, signs: list[Sign]) -> Pursuit:
        return pursue(signs, quiet_days=self.book.playbook.funnel.quiet_days, as_of=self.day)

    def _signs(self, person: Person) -> dict[Id | None, list[Sign]]:
        signs: dict[Id | None, list[Sign]] = {None: []}
        for product_id in person.about:
            if responses := self._responses(person, product_id):
                signs[product_id] = responses
        for event, day in person.events:
            signs.setdefault(event.product_id, []).append(sign_of_event(event, day))
        deals = self.facts.deals_of.get(person.lead.id, [])
        if self.book.playbook.funnel.deals_without_lead:
            deals = deals + self.facts.deals_of.get(None, [])
        for deal, opened, closed in deals:
            of_deal = signs_of_deal(deal, opened, closed, self.day)
            for product_id in {line.product_id for line in deal.lines} or _FIRM_WIDE:
                signs.setdefault(product_id, []).extend(of_deal)
        return signs

    def _responses(self, person: Person, product_id: Id | None) -> list[Sign]:
        hand_days = self.model(product_id).model.responses
        return [
            Sign(one.at, "responded", str(one.id), day, hand_days[one.kind])
            for one, day in person.about[product_id]
            if one.kind in hand_days
        ]

    def warranted(
        self, person: Person, product_id: Id | None, pursuit: Pursuit
    ) -> Decision[FunnelStage]:
        """Return the stage that the facts of one pursuit warrant."""
        standing, _ = self.standing(person, product_id)
        rows = ({"product": self.rows(person)},) if self.book.ranges else ()
        return self.book.stage(self.seen, person.lead, standing, pursuit, *rows)

    def rows(self, person: Person) -> Mapping[Id, Standing]:
        """Return how a lead stands with every product: what `any_product` ranges over (S7)."""
        return {
            product_id: self.standing(person, product_id)[0] for product_id in self.book.products
        }

    def stage(self, person: Person) -> Stage:
        """Return where a lead stands with the whole firm."""
        entry = self.facts.entries.get(person.lead.id)
        return self.stage_of(person, self.pursuits(person), entry)

    def stage_of(
        self, person: Person, pursuits: Mapping[Id | None, Pursuit], entry: Entry | None
    ) -> Stage:
        """Return where a lead with these pursuits stands with the whole firm.

        Args:
            person: The lead.
            pursuits: Its current pursuits.
            entry: The entry of its history that it is in; `None` where none is kept.
        """
        found: Mapping[Id | None, tuple[Pursuit, Decision[FunnelStage]]]
        at = self.book.stood(entry)
        if self.book.asks_stage:
            found, warranted = self._stepped(person, pursuits, at)
        else:
            found = {
                product_id: (pursuit, self.warranted(person, product_id, pursuit))
                for product_id, pursuit in pursuits.items()
            }
            decision, products = furthest(self.book.playbook.funnel, found)
            step = Step(at, {}, found, decision, products)
            warranted = WarrantedStage(decision, products, tuple(self._wins(person, [step])))
        decision, products = warranted.decision, warranted.for_products
        if entry is not None:
            decision, products = self.book.recorded(entry), entry.for_products
        return Stage(
            decision,
            products,
            any(position.owned for position in self.positions(person.lead).values()),
            immutabledict({about: one for about, (_, one) in found.items()}),
            entry,
            warranted,
            None if entry is None else self.book.day_of(entry.entered),
        )

    def _stepped(
        self, person: Person, pursuits: Mapping[Id | None, Pursuit], at: Stood
    ) -> tuple[Mapping[Id | None, tuple[Pursuit, Decision[FunnelStage]]], WarrantedStage]:
        """Return what is warranted where rules see in which stage a lead is."""
        funnel, ask = self.book.playbook.funnel, partial(self.warranted, person)
        found, decision, products, steps = stepped(funnel, person.lead.id, pursuits, ask, at)
        wins = tuple(self._wins(person, steps))
        after: WarrantedStage | None = None
        if wins and len(steps) == 1 and products != at.for_products:
            # A win leads the lead away and back, to an entry that names these products.
            after = self._after_wins(person, pursuits, steps[0])
            for product_id, pursuit in pursuits.items():
                pursuit.stage = steps[0].so_far[product_id]
        return found, WarrantedStage(decision, products, wins, after)

    def _after_wins(
        self, person: Person, pursuits: Mapping[Id | None, Pursuit], step: Step
    ) -> WarrantedStage | None:
        """Return what is warranted of a lead that is back in its stage for the products of a step.

        `None` where rules lead it round in a circle from there: they are refused when it is there.
        """
        funnel, ask = self.book.playbook.funnel, partial(self.warranted, person)
        back = Stood(step.decision.value, step.products)
        try:
            _, then, products, steps = stepped(funnel, person.lead.id, pursuits, ask, back)
        except PolicyError:
            return None
        if then.value == back.stage:
            then, products = step.decision, step.products
        return WarrantedStage(then, products, tuple(self._wins(person, [step, *steps])))

    def _wins(self, person: Person, steps: Sequence[Step]) -> Iterator[Win]:
        """Yield the latest win of each product, as told where the lead is in the end.

        A win that rules hide there is told as they did on the way.
        """
        graph = self.book.playbook.funnel.graph
        for about, (pursuit, _) in steps[-1].found.items():
            if (day := pursuit.won_on) is None:
                continue
            said = [self._of_win(person, about, step) for step in reversed(steps)]
            passing = (one for one in said if one.value.key in graph.wins)
            one = next(passing, said[0])
            yield Win(about, day, day_began(day, self.book.zone), one.value, one.rule)

    def _of_win(self, person: Person, about: Id | None, step: Step) -> Decision[FunnelStage]:
        pursuit, now = step.found[about]
        if pursuit.won:
            return now
        # The next pursuit of the same product may run already.
        won = Pursuit(started=True, won=True)
        won.stage = step.so_far.get(about)
        return self.warranted(person, about, won)

    # -- everything --

    def assessment(self) -> Assessment:
        """Return the four answers about the company and each of its leads."""
        book = self.book
        matched = self.facts.company is not None
        leads = {lead_id: self.answer(lead_id) for lead_id in self.facts.leads}
        return Assessment(
            as_of=self.day,
            version=book.playbook.version,
            company_id=self.company.id if matched else None,
            segment=self.segment,
            tiers=immutabledict(self.tiers if matched else {}),
            leads=immutabledict(leads),
            owned=tuple(p for p in book.products if self.company_positions.get(p, NOTHING).owned)
            if matched
            else (),
            undated=immutabledict(self.undated if matched else {}),
            rejects=(*self.facts.rejects, *self.by_hand.rejects),
            by_hand=self.by_hand.told,
            white_space=immutabledict(self._white_space if matched else {}),
            involved=immutabledict(self.involved if matched else {}),
            next_products=self.next_products() if matched else (),
            plays=tuple(self._every_play(leads)) if book.asks_plays else (),
        )

    @cached_property
    def involved(self) -> Mapping[Id, Involvement]:
        """How far the company's people are involved with each product."""
        return dict(self._involved())

    def _involved(self) -> Iterator[tuple[Id, Involvement]]:
        people = [self._person(lead_id) for lead_id in self.facts.leads]
        ladder = self.book.playbook.scale.ladder
        for product_id in self.book.products:
            standings = [self.standing(person, product_id)[0] for person in people]
            best = max((ladder.index(one.interest.value.key) for one in standings), default=0)
            touched = sum(1 for one in standings if one.touched)
            yield product_id, Involvement(ladder[best], touched)

    def _interests(self, product_id: Id) -> Iterator[Decision[EngagementState]]:
        """Yield how interested each of the company's people is in a product."""
        for lead_id in self.facts.leads:
            yield self.standing(self._person(lead_id), product_id)[0].interest

    def _person(self, lead_id: Id) -> Person:
        """Return what is known of a lead of the account, put together once."""
        if lead_id not in self._people:
            self._people[lead_id] = self.person(lead_id)
        return self._people[lead_id]

    # -- what to do next --

    def plays(self, answer: LeadAnswer) -> tuple[PlannedPlay, ...]:
        """Return the plays for a lead, in the order in which their turns come."""
        return plan(self.book, self.planned(answer, answer.engagement), as_of=self.day)

    def _every_play(self, leads: Mapping[Id, LeadAnswer]) -> Iterator[PlannedPlay]:
        # Not in the order in which the leads were given: it must not show (law 4).
        for lead_id in sorted(leads, key=lambda one: (isinstance(one, str), one)):
            yield from self.plays(leads[lead_id])

    def planned(self, answer: LeadAnswer, products: Iterable[Id]) -> Planned:
        """Return what is known of a lead for whom plays are asked, about some products."""
        person = self._person(answer.id)
        held = self.by_hand.held
        asked = tuple(products)
        entry = answer.stage.entry
        set_days: dict[Id | None, date | None] = {
            None: None if entry is None else entry.follow_up_on
        }
        for product_id in asked:
            one = held.get(("engagement", answer.id, product_id))
            set_days[product_id] = None if one is None else one.follow_up_on
        ours = self.facts.company is not None
        return Planned(
            self.company.id if ours else None,
            person.lead,
            self.seen,
            self._held if ours else _held(self.positions(person.lead)),
            answer.stage.decision,
            answer.contactable,
            {p: self._moment(person, self.book.products[p]) for p in asked},
            Diary(person.about, person.events, self.book.playbook.plays.contacts),
            set_days,
            self._contract_ends,
            self._limit(entry),
        )

    def _limit(self, entry: Entry | None) -> Limit | None:
        """Return the time limit of the stage of an entry, if plays ask for it."""
        self.book.check_limits(self.day)
        stage = None if entry is None else self.book.limits.get(entry.stage)
        if entry is None or stage is None:
            return None
        entered = self.book.day_of(entry.entered)
        calendar = self.book.playbook.funnel.calendar
        due = limit_of(stage, entered, calendar, as_of=self.day)
        return Limit(entered, due, entry.for_products)

    @cached_property
    def _contract_ends(self) -> Mapping[Id, date]:
        return contract_ends(self.facts.contracts, as_of=self.day)

    def _moment(self, person: Person, product: Product) -> Moment:
        standing, _ = self.standing(person, product.id)
        if self.facts.company is not None:
            position = self._white_space[product.id]
        else:
            own = self.positions(person.lead).get(product.id, NOTHING)
            position = position_alone(product, own, self.day)
        return Moment(standing, product, position, self.day)

    def answer(self, lead_id: Id) -> LeadAnswer:
        """Return the two answers about one lead."""
        person = self._person(lead_id)
        engagement: dict[Id, Engagement] = {}
        for product_id in self.book.products:
            one = self.engagement(person, product_id)
            if not is_silent(one.decision, self.book.no_sign):
                engagement[product_id] = one
        return LeadAnswer(
            lead_id,
            self.stage(person),
            immutabledict(engagement),
            contactability(person.lead, as_of=self.day, zone=self.book.zone),
        )


def _held(positions: Mapping[Id, Position]) -> Held:
    return Held(frozenset(str(p) for p, one in positions.items() if one.owned))


def is_silent(decision: Decision[EngagementState], no_sign: str) -> bool:
    """Return whether a state is surely that of no sign, and nobody has set it (S23)."""
    return decision.settled and decision.value.key == no_sign and decision.instead_of is None


def hear_sales(standing: Standing, said: list[tuple[SalesEvent, date]]) -> None:
    """Put into a standing what sales said: its latest word, and why it last gave the lead back."""
    if not said:
        return
    standing.marked_for_follow_up = said[-1][0].kind == "follow_up"
    back = [event for event, _ in said if event.kind in ("recycled", "rejected")]
    if back and back[-1].reason is not None:
        standing.parting_reasons = standing.parting_reasons | {back[-1].reason}
