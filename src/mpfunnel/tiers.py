"""Tier: how much to invest in a company for one product (商材ごとのTier). Tier 1 goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final, Protocol, TypeGuard, cast

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, misfits
from mpfunnel.groups import Member, asked_of_group, compiled, in_group
from mpfunnel.labels import Label, as_label
from mpfunnel.records import Company, Product
from mpfunnel.rules.conditions import Condition, as_condition, check_size
from mpfunnel.rules.limits import Limit, Limited, asked_by, limited, reached
from mpfunnel.rules.tables import (
    RESERVED,
    Asked,
    Decision,
    DecisionTable,
    Scorecard,
    a_reason,
    check_keys,
    keyed,
)
from mpfunnel.rules.words import reason_of

__all__ = [
    "Tier",
    "TierLimit",
    "TierLimits",
    "TierPolicy",
    "TierScorecard",
    "TierTable",
    "asked_of",
    "custom_of",
    "decided",
    "fault_of",
    "impossible",
    "is_tier_policy",
    "rules_of",
    "undecided",
    "undeclared",
    "unreasoned",
    "unsound",
]

LOWEST: Final = 9


@frozen(order=False)
class Tier:
    """A band of investment, from 1 (go first) to 9; tiers have no ``<``, rules say `at_least`."""

    number: int

    def __attrs_post_init__(self) -> None:
        if type(self.number) is not int or not 1 <= self.number <= LOWEST:
            message = f"must be an integer from 1 to {LOWEST}, not {brief(self.number)}"
            raise InvalidDataError([Problem("range", "tier.number", message)])

    @property
    def key(self) -> str:
        """The key in data and files, for example ``"tier_1"``."""
        return f"tier_{self.number}"

    @property
    def label(self) -> Label:
        """What people read."""
        return Label(f"Tier {self.number}")

    def __str__(self) -> str:
        return f"Tier {self.number}"


class TierPolicy(Protocol):
    """What gives a company its tier for a product; any object with these members will do.

    What a policy was made with may stand in an attribute `options`: a mapping of text, numbers,
    bools, lists and mappings. It counts in the version of the playbook, and stands in its file.
    """

    @property
    def kind(self) -> str:
        """A name with a version, for example ``"acme/plants-in-kansai/1"``."""
        ...

    @property
    def tiers(self) -> Sequence[Tier]:
        """Every tier that it can give."""
        ...

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        """Return the tier of `company` for `product` on the day `as_of`."""
        ...


@frozen
class TierTable(DecisionTable[Tier]):
    """Rules that give a company its tier; they may ask about the company and its group."""

    @property
    def kind(self) -> str:
        """The name of this kind of policy."""
        return "mpfunnel/tier-table/1"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every tier that the table can give, in the order of its rules."""
        return self.outcomes

    @cached_property
    def _decide(self) -> Callable[[Company], Decision[Tier]]:
        return self.compile()

    def compile(self) -> Callable[[Company], Decision[Tier]]:
        """Return the table as one function.

        Raises:
            InvalidDataError: A rule asks about something else than the company.
        """
        return compiled(self)

    # A table decides by the company alone, whatever the product and the day.
    def tier_for(
        self,
        company: Company,
        product: Product,  # noqa: ARG002 - the protocol passes it
        /,
        *,
        as_of: date,  # noqa: ARG002 - the protocol passes it
    ) -> Decision[Tier]:
        """Return the tier of `company`; a table gives the same one on every day."""
        return self._decide(company)


@frozen
class TierScorecard(Scorecard[Tier]):
    """Points that add up to a company's tier; they may ask about the company and its group.

    The reason that it gives tells the points, and what each part of them is for.
    """

    @property
    def kind(self) -> str:
        """The name of this kind of policy."""
        return "mpfunnel/tier-scorecard/1"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every tier that the scorecard can give, the highest band first."""
        return self.outcomes

    @cached_property
    def _decide(self) -> Callable[[Company], Decision[Tier]]:
        return self.compile()

    def compile(self) -> Callable[[Company], Decision[Tier]]:
        """Return the scorecard as one function.

        Raises:
            InvalidDataError: An item asks about something else than the company.
        """
        return compiled(self)

    # As of a table.
    def tier_for(
        self,
        company: Company,
        product: Product,  # noqa: ARG002 - the protocol passes it
        /,
        *,
        as_of: date,  # noqa: ARG002 - the protocol passes it
    ) -> Decision[Tier]:
        """Return the tier of `company`; a scorecard gives the same one on every day."""
        return self._decide(company)


@frozen(kw_only=True)
class TierLimit:
    """The best or the worst tier that there can be while a condition holds.

    Attributes:
        best: No tier goes before this one.
        worst: No tier comes after this one; a limit has either.
        when: The condition.
        key: A stable name, unique among the limits and the rules that they limit; named by its
            position where it is blank (S10).
        because: The reason; the condition in words where it is blank.
    """

    best: Tier | None = None
    worst: Tier | None = None
    when: Condition = field(converter=as_condition)
    key: str = ""
    because: Label = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = misfit("limit.key", self.key, str)
        problems += [problem.under("limit.when") for problem in check_size(self.when)]
        given = [name for name in ("best", "worst") if getattr(self, name) is not None]
        for name in given:
            problems += misfit(f"limit.{name}", getattr(self, name), Tier)
        if len(given) != 1:
            message = "needs either best or worst" + (", not both" if given else "")
            problems.append(Problem("contradiction" if given else "missing", "limit", message))
        if problems:
            raise InvalidDataError(problems)
        if self.because is None:  # pyright: ignore[reportUnnecessaryComparison] # not in words yet
            object.__setattr__(self, "because", reason_of(self.when))

    @property
    def bound(self) -> Limit[Tier]:
        """The limit as the rules engine takes it: one tier in the place of others."""
        outcome = self.best or self.worst
        assert outcome is not None  # it has either
        beyond = range(1, outcome.number) if self.best else range(outcome.number + 1, LOWEST + 1)
        return Limit(outcome, frozenset(map(Tier, beyond)), self.when, self.key, self.because)


def _keyed_limits(limits: Iterable[Any]) -> tuple[Any, ...]:
    return keyed(limits, TierLimit, "limit")


@frozen
class TierLimits:
    """A tier policy within limits, for example never Tier 1 without a corporate number.

    Limits hold in their order: each sees what those before it have left. Where one moves a tier,
    the decision is that limit's, and stands in the place of the policy's own
    (`Decision.instead_of`).

    Attributes:
        policy: A table, a scorecard, or a policy written in Python.
        limits: The limits; they may ask about the company and its group.

    Raises:
        InvalidDataError: There is no limit, two share a key, or the policy is none or has limits of
            its own.
    """

    policy: TierPolicy
    limits: tuple[TierLimit, ...] = field(converter=_keyed_limits)

    def __attrs_post_init__(self) -> None:
        policy: Any = self.policy
        problems: list[Problem] = []
        reserved = [*RESERVED]
        if isinstance(policy, TierLimits):
            message = "has limits itself; list all of them in one"
            problems.append(Problem("contradiction", "policy", message))
        elif not is_tier_policy(policy):
            message = f"must be a tier policy, not {type(policy).__name__} {brief(policy)}"
            problems.append(Problem("type", "policy", message))
        else:
            problems += misfits("policy.tiers", policy.tiers, Tier)
            rules = rules_of(policy)
            reserved += [] if rules is None else [way.key for way in rules.ways]
        problems += check_keys(self.limits, TierLimit, "limits", reserved)
        if not self.limits:
            problems.append(Problem("empty", "limits", "must list at least one limit"))
        if problems:
            raise InvalidDataError(problems)

    @property
    def kind(self) -> str:
        """The name of this kind of policy."""
        return "mpfunnel/tier-limits/1"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every tier that it can give, the best first."""
        return self._tiers

    @cached_property
    def _tiers(self) -> tuple[Tier, ...]:
        return tuple(sorted(reached(self.policy.tiers, self.bounds), key=lambda one: one.number))

    @cached_property
    def bounds(self) -> tuple[Limit[Tier], ...]:
        """The limits as the rules engine takes them."""
        return tuple(limit.bound for limit in self.limits)

    @cached_property
    def rules(self) -> Limited[Tier] | None:
        """The rules that decide; `None` where the policy is written in Python."""
        inner = rules_of(self.policy)
        if inner is None or isinstance(inner, Limited):
            return None
        return Limited(inner, self.bounds, self.tiers)

    @cached_property
    def _decide(self) -> Callable[[Company], Decision[Tier]] | None:
        return None if self.rules is None else compiled(self.rules)

    def compile(self) -> Callable[[Company], Decision[Tier]]:
        """Return the policy with its limits as one function.

        Raises:
            InvalidDataError: A rule or limit asks about something else than the company, or the
                policy is written in Python.
        """
        if self.rules is None:
            message = f"{self.policy.kind} is written in Python, and decides by itself"
            raise InvalidDataError([Problem("custom", "policy", message)])
        return compiled(self.rules)

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        """Return the tier of `company` for `product` on the day `as_of`, within the limits."""
        if self._decide is not None:
            return self._decide(company)
        return self.within(self.policy.tier_for(company, product, as_of=as_of), company)

    @cached_property
    def _asks_group(self) -> bool:
        return bool(asked_of_group(limit.when for limit in self.limits))

    def within(self, decision: Decision[Tier], company: Company | Member) -> Decision[Tier]:
        """Return within the limits what the policy decided about a company."""
        from mpfunnel.rules.explain import examine

        records = {"company": in_group(company) if self._asks_group else company}
        readings = [examine(limit.when, records, {}) for limit in self.limits]
        return limited(decision, self.bounds, readings, self.tiers)


def is_tier_policy(value: object) -> TypeGuard[TierPolicy]:
    """Whether a value has the members of a `TierPolicy`."""
    return all(hasattr(value, name) for name in ("kind", "tiers", "tier_for"))


def rules_of(
    policy: TierPolicy,
) -> DecisionTable[Tier] | Scorecard[Tier] | Limited[Tier] | None:
    """Return the rules that decide, whoever asks them; `None` where Python takes part."""
    if isinstance(policy, TierTable | TierScorecard):
        return policy
    return policy.rules if isinstance(policy, TierLimits) else None


def custom_of(policy: TierPolicy) -> TierPolicy | None:
    """Return what is written in Python of a policy; `None` where rules alone decide."""
    if rules_of(policy) is not None:
        return None
    return policy.policy if isinstance(policy, TierLimits) else policy


def asked_of(policy: TierPolicy) -> tuple[Asked, ...]:
    """Return every condition of a policy; what is written in Python has none."""
    rules = rules_of(policy)
    if rules is not None:
        return rules.asked
    return tuple(asked_by(policy.bounds)) if isinstance(policy, TierLimits) else ()


def decided(value: Tier, *, because: str | Label) -> Decision[Tier]:
    """Return a settled answer of a custom policy, with its reason."""
    return Decision(value, "policy", as_label(because), (value,))


def undecided(
    value: Tier, *, possible: Sequence[Tier], missing: Sequence[str], because: str | Label
) -> Decision[Tier]:
    """Return an answer of a custom policy that missing facts could still change.

    Args:
        value: The answer as of now.
        possible: Every tier that it could still become, `value` among them.
        missing: Names of the facts that would settle it, for example ``"region"``.
        because: The reason.

    Raises:
        InvalidDataError: `value` is not possible, no fact is missing, or something has another
            type.
    """
    problems = misfits("possible", possible, Tier)
    if not problems and value not in possible:
        problems.append(Problem("value", "possible", f"must contain the value, {value}"))
    nameless = misfits("missing", missing, str)
    if not nameless and not missing:
        nameless.append(Problem("empty", "missing", "must name the facts that would settle it"))
    problems += nameless
    if problems:
        raise InvalidDataError(problems)
    names = tuple(name if "." in name else f"company.{name}" for name in missing)
    return Decision(value, "policy", as_label(because), tuple(dict.fromkeys(possible)), names)


def unsound(answer: object) -> str:
    """Return why what a custom policy answered is no decision; blank where it is one."""
    if type(answer) is not Decision:
        wanted = "return mpfunnel.decided(…) or mpfunnel.undecided(…)"
        return f"{_a(answer)} is no decision; {wanted}"
    given = cast("Any", answer)
    for name in ("instead_of", "proposed"):
        if getattr(given, name) is not None:
            return f"says what stands beside it ({name}); that is for the engine to say"
    for name in ("possible", "missing"):
        if not isinstance(getattr(given, name), tuple):
            return f"{name} is {_a(getattr(given, name))}; it must be a tuple"
    strange = [one for one in given.missing if not isinstance(one, str)]
    if strange:
        return f"missing holds {_a(strange[0])}; it must hold names of facts"
    if not isinstance(given.rule, str) or not given.rule.strip():
        return f"rule is {_a(given.rule)}; it must be a text that is not blank"
    return ""


def undeclared(decision: Decision[Tier], tiers: Sequence[Tier]) -> str:
    """Return why a decision does not keep to the tiers of its policy; blank where it does."""
    strange = [tier for tier in (decision.value, *decision.possible) if tier not in tiers]
    return f"gave {_named(strange[0])}, which is not among its tiers" if strange else ""


def impossible(decision: Decision[Tier]) -> str:
    """Return why the value of a decision cannot be; blank where it is possible."""
    if decision.value in decision.possible:
        return ""
    possible = ", ".join(map(_named, decision.possible)) or "nothing"
    return f"gave {_named(decision.value)}, and called possible only {possible}"


def unreasoned(decision: Decision[Tier]) -> str:
    """Return why a decision has no reason that people can read; blank where it has one."""
    because: Any = decision.because
    if isinstance(because, Label):
        return ""
    return f"because is {_a(because)}; it must be a text or an mpfunnel.Label"


def fault_of(answer: object, tiers: Sequence[Tier]) -> str:
    """Return how an answer breaks the contract of policies; blank where it does not."""
    if fault := unsound(answer):
        return fault
    decision = cast("Decision[Tier]", answer)
    return undeclared(decision, tiers) or impossible(decision) or unreasoned(decision)


def _named(tier: object) -> str:
    return str(tier) if isinstance(tier, Tier) else _a(tier)


def _a(value: object) -> str:
    return f"{type(value).__name__} {brief(value)}"
