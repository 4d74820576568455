"""Group: companies with one topmost parent, and what rules see of them together (企業グループ).

A company without relatives is a group of its own. A parent that nobody knows more about still joins
those who name it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import frozen

from mpfunnel.records import Company, Id
from mpfunnel.rules.conditions import Condition, facts_of

if TYPE_CHECKING:
    from mpfunnel.rules.explain import Policy
    from mpfunnel.rules.tables import Decision

__all__ = ["ROOT", "Group", "Member", "asked_of_group", "compiled", "families", "in_group"]

T = TypeVar("T", bound=Hashable)

ROOT: Final = "group"
"""The root of the facts of a group."""
_MOST: Final = 2**63 - 1


@frozen
class Group:
    """What is known of all companies of a group together.

    Attributes:
        employees: How many people they have; `None` if that of any of them is unknown.
        relationships: What any of them is to us.
        owned: The products that any of them owns, as text.
    """

    employees: int | None = None
    relationships: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()

    @classmethod
    def of(cls, members: Iterable[Company], owned: Iterable[str] = ()) -> Group:
        """Return what is known of these companies.

        Args:
            members: All companies of the group.
            owned: The products that any of them owns.
        """
        members = tuple(members)
        known = [one.employees for one in members if one.employees is not None]
        # As many as 64 bits hold, for tables.
        employees = min(sum(known), _MOST) if len(known) == len(members) else None
        ties = frozenset[str]().union(*(one.relationships for one in members))
        return cls(employees, ties, frozenset(owned))


@frozen
class Member:
    """A company together with its group: what rules see of it.

    Attributes:
        company: The company, whose facts are facts of this one, too.
        group: Its group.
    """

    company: Company
    group: Group

    def __getattr__(self, name: str) -> Any:
        return getattr(self.company, name)


def in_group(company: Company | Member) -> Member:
    """Return a company with its group, which is itself alone where nothing else is said."""
    if isinstance(company, Member):
        return company
    return Member(company, Group.of([company]))


def asked_of_group(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return which facts of a group conditions ask about, by their keys."""
    return frozenset(
        fact.key for when in conditions for fact in facts_of(when) if fact.root == ROOT
    )


def compiled(policy: Policy[T], *, version: str = "") -> Callable[[Any], Decision[T]]:
    """Return rules about a company as one function, of a `Company` or a `Member`.

    Raises:
        InvalidDataError: A rule asks about something else than a company and its group.
    """
    # Imported here, because a policy is often made and sent elsewhere to decide.
    from mpfunnel.rules.compiled import compile_policy

    decide = compile_policy(policy, ("company",), version=version)
    if not asked_of_group(policy.conditions):
        return decide

    @wraps(decide)
    def decide_in_group(company: Company | Member) -> Decision[T]:
        return decide(in_group(company))

    return decide_in_group


def families(links: Iterable[tuple[Id, Id | None]]) -> Mapping[Id, Id]:
    """Return what names the group of each company, equal for those of one group alone.

    Args:
        links: Each company with its parent, or with several of them: one after the other.
    """
    above: dict[Id, Id] = {}

    def top(one: Id) -> Id:
        while (parent := above.setdefault(one, one)) != one:
            above[one] = one = above.setdefault(parent, parent)
        return one

    companies: dict[Id, None] = {}
    for company_id, parent_id in links:
        companies[company_id] = None
        one = top(company_id)
        if parent_id is not None:
            above[one] = top(parent_id)
    return {company_id: top(company_id) for company_id in companies}
