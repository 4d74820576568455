"""Compiled: a playbook with its tables as functions, ready for any account on any day."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

from attrs import evolve

from mpfunnel.account import Account
from mpfunnel.by_hand import BY_HAND
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.engagement import EngagementModel, Measure, measures_of
from mpfunnel.errors import PolicyError, UnknownNameError, brief, did_you_mean
from mpfunnel.groups import ROOT, Member, asked_of_group, in_group
from mpfunnel.groups import compiled as compiled_for_company
from mpfunnel.kin import Given, Kin, history_of
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Play, firm_table, play_tables
from mpfunnel.records import Company, CompanyHistory, Id, Product
from mpfunnel.rules.compiled import compile_policy
from mpfunnel.rules.conditions import Exists, facts_of, walk
from mpfunnel.rules.explain import Policy
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.limits import asked_since
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import UNMATCHED
from mpfunnel.stages import Cause, Entry, FunnelStage, Stood
from mpfunnel.synergy import offer_tables, white_space_tables
from mpfunnel.synergy.dated import dated_in
from mpfunnel.tiers import Tier, TierLimits, TierPolicy, custom_of, fault_of, rules_of

__all__ = [
    "AND",
    "FAILED",
    "GONE",
    "MOVED_BY",
    "RECORDED",
    "SINCE",
    "Compiled",
    "CompiledModel",
    "company_on",
    "failed",
    "is_dated",
    "may_be_id",
    "undated",
]

P = TypeVar("P")
C = TypeVar("C")
S = TypeVar("S", bound=Hashable)
_LEAD_ROOTS: Final = ("company", "lead", "product")
_STAGE_ROOTS: Final = (*_LEAD_ROOTS, "pursuit")
_ACCOUNT_ROOTS: Final = ("company", "product", "account")
_FIRM_ROOTS: Final = ("company", "lead", "account", "funnel", "contact")
_PLAY_ROOTS: Final = (*_FIRM_ROOTS, "product")
_UNMATCHED: Final = Decision(
    UNMATCHED,
    "unmatched",
    Label("no company is known for the lead", "企業に紐付いていない"),
    (UNMATCHED,),
)
_BEST: Final = Label("the highest among the people", "関係者のうち最も高い関心度")
FAILED: Final = "failed"
"""What stands for the key of a rule where a custom policy failed."""
RECORDED: Final = "history"
"""What stands for the key of a rule where the history of a lead says its stage."""
MOVED_BY: Final[Mapping[Cause, Label]] = {
    "rule": Label("moved by a rule", "ルールによる移動"),
    "time": Label("moved by time alone", "時間の経過による移動"),
    "person": Label("moved by a person", "担当者による移動"),
    "import": Label("moved by an import", "インポートによる移動"),
    "api": Label("moved by a program", "APIによる移動"),
}
"""By whom or what a lead was moved, as the reason of the stage that its history says."""
SINCE: Final = Label("in the history since |day| (|said|)", "履歴による（|day|から、|said|）")
"""That reason; ``said`` is who moved the lead, the reason of the move and by whom, where known."""
AND: Final = Label(", ", "、")
"""What stands between them."""
GONE: Final = Label("; the funnel no longer has this stage", "。今のファネルにはない段階")
"""What ends it where the funnel has no such stage any more."""


class CompiledModel:
    """An engagement model with its tables as functions."""

    def __init__(self, model: EngagementModel, asked: Iterable[Measure], version: str) -> None:
        self.model = model
        conditions = (*model.interest.conditions, *model.states.conditions)
        self.measures = tuple(dict.fromkeys((*measures_of(conditions), *asked)))
        self.interest = compile_policy(model.interest, _LEAD_ROOTS, version=version)
        self.state = compile_policy(model.states, _LEAD_ROOTS, version=version)
        self.asks_lead = any(fact.root == "lead" for when in conditions for fact in facts_of(when))


def _each_once(compiled: Callable[[P], C], policies: Mapping[Id, P]) -> dict[Id, C]:
    """Compile each policy once, however many products share it."""
    done: dict[int, C] = {}
    for policy in policies.values():
        if id(policy) not in done:
            done[id(policy)] = compiled(policy)
    return {product_id: done[id(policy)] for product_id, policy in policies.items()}


class Compiled:
    """A playbook with its tables as functions."""

    def __init__(self, playbook: Playbook) -> None:
        version = playbook.version
        self.playbook = playbook
        self.zone = zone_for(playbook.zone)
        self.day_of = partial(local_day, zone=self.zone)
        ladder = playbook.scale.ladder
        self.no_sign = ladder[0]
        self.rungs: Mapping[str, int] = {key: place for place, key in enumerate(ladder)}
        self.products: Mapping[Id, Product] = {p.id: p for p in playbook.products}
        self.segment = compiled_for_company(playbook.segments, version=version)
        self.unmatched = evolve(_UNMATCHED, version=version)
        self.levels = playbook.levels
        self.asked_of_group = asked_of_group(playbook.conditions)

        def by_rules(rules: Policy[Tier]) -> Callable[[Company | Member], Decision[Tier]]:
            return compiled_for_company(rules, version=version)

        ruled = ((p, rules_of(one)) for p, one in playbook.tiers.items())
        # Those of the products whose Tiers nothing but rules decide.
        self.ruled_tiers = _each_once(by_rules, {p: one for p, one in ruled if one is not None})
        stages = (*playbook.funnel.ladder, *playbook.funnel.detours)
        self.stages: Mapping[str, FunnelStage] = {stage.key: stage for stage in stages}
        funnel = playbook.funnel.rules
        self.stage = compile_policy(funnel, _STAGE_ROOTS, version=version)
        self.ranges = any(isinstance(at, Exists) for when in funnel.conditions for at in walk(when))
        self.asks_stage = playbook.funnel.asks_stage
        asked = measures_of((*funnel.conditions, *playbook.plays.conditions))
        self.models = _each_once(
            lambda model: CompiledModel(model, asked, version),
            {p: playbook.engagement[p] for p in self.products},
        )

        def of_accounts(rules: Policy[S]) -> Callable[..., Decision[S]]:
            return compile_policy(rules, _ACCOUNT_ROOTS, version=version)

        self.white_space_tables = white_space_tables(playbook.synergy, self.products)
        self.white_space = _each_once(of_accounts, self.white_space_tables)
        self.offer_tables = offer_tables(playbook.synergy, self.products)
        self.offers = _each_once(of_accounts, self.offer_tables)
        asked_of_offers = [w for one in self.offer_tables.values() for w in one.conditions]
        self.dated_of_products = dated_in(asked_of_offers, "product")
        self.dated_of_accounts = dated_in(asked_of_offers, "account")
        first = next(iter(playbook.engagement.values()))
        # What is surely the best interest; what is not sure is made of these.
        self.best_interests = {
            one.key: Decision(one, "best", _BEST, (one,)) for one in first.ladder
        }

        def of_leads(rules: Policy[Play]) -> Callable[..., Decision[Play]]:
            return compile_policy(rules, _PLAY_ROOTS, version=version)

        self.asks_plays = bool(playbook.plays.conditions)
        # The stages whose time limits plays go by.
        self.limits: Mapping[str, FunnelStage] = {}
        if self.asks_plays and any(play.within_sla for play in playbook.plays.plays):
            self.limits = {key: one for key, one in self.stages.items() if one.kind != "inventory"}
        self.in_business_days = any(
            one.within_business_days is not None for one in self.limits.values()
        )
        self.play_tables = play_tables(playbook.plays, self.products)
        self.play = _each_once(of_leads, self.play_tables)
        self.firm_table = firm_table(playbook.plays)
        self.firm_play = compile_policy(self.firm_table, _FIRM_ROOTS, version=version)

    def kin(self, account: Account, day: date) -> Given:
        """Return the company of an account: among its relatives, if rules ask about its group.

        Args:
            account: The account, which has a company.
            day: The day as of which records count.
        """
        assert account.company is not None
        if not self.asked_of_group:
            return account.company
        return Kin(
            account,
            self.asked_of_group,
            as_of=day,
            day_of=self.day_of,
            products=self.products,
        )

    def seen(self, company: Company | Member) -> Company | Member:
        """Return what rules see of a company: its group too, if they ask about that."""
        return in_group(company) if self.asked_of_group else company

    def check_limits(self, day: date) -> None:
        """Refuse a calendar by which no play could be due, whoever is in which stage.

        Raises:
            InvalidDataError: Plays go by a time limit in business days, and the public holidays of
                the country or region are not known at all.
            MissingExtraError: Likewise, and the extra `calendar` is not installed.
        """
        if self.in_business_days:
            self.playbook.funnel.calendar.knows(day.year)

    def recorded(self, entry: Entry) -> Decision[FunnelStage]:
        """Return the stage of an entry of a history as an answer: it is so, whatever the facts."""
        said = [text for text in (entry.reason, entry.by) if text]
        parts = {"day": str(self.day_of(entry.entered))}
        stage = self._stage(entry)
        gone = entry.stage not in self.stages

        def told(lang: Lang) -> str:
            parts["said"] = AND.text(lang).join([MOVED_BY[entry.cause].text(lang), *said])
            words = [parts.get(word, word) for word in SINCE.text(lang).split("|")]
            return "".join([*words, GONE.text(lang)] if gone else words)

        because = Label(told("en"), told("ja"))
        version = self.playbook.version
        return Decision(stage, RECORDED, because, (stage,), version=version)

    def stood(self, entry: Entry | None) -> Stood:
        """Return where a lead stands that is in an entry, or has no history."""
        if entry is None:
            return Stood(self.playbook.funnel.rules.otherwise)
        return Stood(self._stage(entry), entry.for_products)

    def _stage(self, entry: Entry) -> FunnelStage:
        known = self.stages.get(entry.stage)
        return known or FunnelStage(entry.stage, Label(entry.stage))

    def product(self, product_id: Id) -> Product:
        """Return the product of that id.

        Raises:
            UnknownNameError: There is none.
        """
        found = self.products.get(product_id) if may_be_id(product_id) else None
        if found is None:
            hint = did_you_mean(brief(product_id).strip("'"), map(str, self.products))
            raise UnknownNameError(f"no such product {brief(product_id)}{hint}")
        return found

    def tier(self, company: Company | Member, product: Product, day: date) -> Decision[Tier]:
        """Return the tier of a company for a product on a day.

        A policy in Python is asked about the company alone.
        """
        by_rules = self.ruled_tiers.get(product.id)
        if by_rules is not None:
            return by_rules(company)
        policy = self.playbook.tiers[product.id]
        alone = company.company if isinstance(company, Member) else company
        said = _ask(custom_of(policy) or policy, alone, product, day, self.playbook.version)
        return policy.within(said, company) if isinstance(policy, TierLimits) else said

    def held_tier(self, company: Given, product: Product, day: date) -> Decision[Tier]:
        """Return the tier in force on a day: that of the last review, where there are any.

        The one of the day itself stands beside it, where it is another.
        """
        return self.dated_tier(company, product, day)[0]

    def dated_tier(
        self, company: Given, product: Product, day: date
    ) -> tuple[Decision[Tier], date]:
        """Return the tier in force on a day, and the day whose facts decided it.

        Of a company that came after the last review, nothing was known on it: until the next one,
        the facts of the day decide a Tier that was not settled then.
        """
        proposed = self.tier(company_on(company, day), product, day)
        reviewed = self.playbook.reviewed_on(day)
        if reviewed is None:
            return proposed, day
        held = self.tier(company_on(company, reviewed), product, reviewed)
        if not held.settled and _came_after(history_of(company), reviewed, day):
            return proposed, day
        return held if _the_same(held, proposed) else evolve(held, proposed=proposed), reviewed


def _the_same(held: Decision[Any], proposed: Decision[Any]) -> bool:
    """Whether two answers say the same, though maybe by other points."""
    if (held.value, held.rule) != (proposed.value, proposed.rule):
        return False
    return {*held.possible} == {*proposed.possible} and {*held.missing} == {*proposed.missing}


def undated(
    rules: Policy[Any] | None, decision: Decision[Any], company: Given, day: date
) -> tuple[str, ...]:
    """Return what decided a segment or Tier without a record that says since when it holds.

    Args:
        rules: The rules that decided; `None` where a custom policy did.
        decision: What was decided.
        company: The company, its history, or both among its relatives.
        day: The day whose facts decided.

    Returns:
        The facts up to the rule that decided, all facts of a scorecard and of limits; ``company``
        where a custom policy decided, because nobody knows what it asks; nothing where a person
        decided.
    """
    if decision.rule == BY_HAND and decision.instead_of is not None:
        return ()
    if rules is None:
        return ("company",)
    given = history_of(company)
    dated = (
        {one.fact for one in given.changes if one.since <= day}
        if isinstance(given, CompanyHistory)
        else ()
    )
    code = [way.key for way in rules.ways].index(decision.rule)
    return tuple(
        fact.name
        for fact, since in asked_since(rules).items()
        if since <= code and not is_dated(fact, dated)
    )


def is_dated(fact: Fact, dated: Container[str]) -> bool:
    """Return whether records say since when a fact holds.

    Args:
        fact: The fact, of a company or its group.
        dated: The facts of the company of which anything was told by then.

    Contracts and deals have days; since when companies are one group, nobody says.
    """
    return fact.key == "owned" if fact.root == ROOT else fact.key in dated


def _came_after(company: Company | CompanyHistory, reviewed: date, day: date) -> bool:
    """Whether all that was told of a company by a day was told after an earlier one."""
    changes = company.changes if isinstance(company, CompanyHistory) else ()
    first = min((one.since for one in changes), default=date.max)
    return reviewed < first <= day


def company_on(company: Given, day: date) -> Company | Member:
    """Return the company as it was on a day, as far as known: among relatives with its group."""
    return company if isinstance(company, Company) else company.on(day)


def may_be_id(given: object) -> bool:
    """Return whether something may be an id, and so be looked up as one."""
    # A bool or a float would find the integer that it equals (S18).
    return isinstance(given, str | int) and not isinstance(given, bool)


def _ask(
    policy: TierPolicy, company: Company, product: Product, day: date, version: str
) -> Decision[Tier]:
    """Return what a custom policy says, held to its contract."""
    cause: Exception | None = None
    try:
        said = policy.tier_for(company, product, as_of=day)
        fault = fault_of(said, policy.tiers)
        if not fault:
            return evolve(said, version=version)
    except Exception as error:
        # Whatever the firm's own code raises is its breach of the contract.
        cause, fault = error, f"raised {brief(error)}"
    raise PolicyError(
        f"tiers.{product.id}: {policy.kind} on company {brief(company.id)}: {fault}",
        policy=policy.kind,
        company_id=company.id,
        product_id=product.id,
    ) from cause


def failed(policy: TierPolicy, error: PolicyError, version: str) -> Decision[Tier]:
    """Return what stands for the answer of a custom policy that failed: any of its tiers.

    Args:
        policy: The policy, with its limits where it has any.
        error: What was wrong.
        version: That of the playbook.
    """
    because = Label(f"the policy failed: {error}", f"ポリシーが失敗した: {error}")
    lowest = max(policy.tiers, key=lambda tier: tier.number)
    return Decision(lowest, FAILED, because, tuple(dict.fromkeys(policy.tiers)), version=version)
