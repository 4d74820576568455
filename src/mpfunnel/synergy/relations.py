"""Relations between products, and rules by which one is offered or not, as values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, get_args

from attrs import field, frozen

from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    brief,
    did_you_mean,
    misfit,
    misfits,
    series,
)
from mpfunnel.facts import MAX_WITHIN_DAYS
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.rules.conditions import Condition, as_condition, check_size
from mpfunnel.rules.tables import RESERVED, Asked, a_reason, check_keys, keyed
from mpfunnel.rules.words import reason_of
from mpfunnel.synergy.naming import EVERY, FAMILY, fault_of_id, is_about
from mpfunnel.synergy.offers import OFFER_KEYS, OfferRule

__all__ = ["EVERY", "FAMILY", "OWN_KEYS", "Ineligible", "Relation", "RelationKind", "Synergy"]

OWN_KEYS: Final = ("owned", "in-pipeline", "not-sold")
"""Keys of the rules that stand before all others in every table of white space."""

RelationKind = Literal["complement", "upgrade", "prerequisite", "substitute", "bundle"]
_SYMMETRIC: Final = ("substitute", "bundle")
_ONE_WAY: Final = ("prerequisite", "upgrade")


def _a_condition(value: object) -> Condition | None:
    return None if value is None else as_condition(value)


@frozen
class Relation:
    """How two products go together: the target complements the source, and so on.

    Attributes:
        kind: ``complement``: the target complements the source (補完). ``upgrade``: the target is
            the upgrade of the source (上位移行). ``prerequisite``: the source is a prerequisite of
            the target (前提). ``substitute``: each takes the place of the other (代替).
            ``bundle``: they are sold together (セット). The last two have no direction.
        source: Id of a product.
        target: Id of another one.
        when: For which companies it holds; `None` for all.
        key: A stable name; where it is blank, reasons name the relation by its kind and product.
        because: The reason; by default made from the kind and the name of the product.
    """

    kind: RelationKind
    source: Id
    target: Id
    when: Condition | None = field(default=None, converter=_a_condition)
    key: str = ""
    because: Label | None = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        kinds = get_args(RelationKind)
        if self.kind not in kinds:
            hint = did_you_mean(self.kind, kinds) or f"; there are {', '.join(kinds)}"
            message = f"no such kind {brief(self.kind)}{hint}"
            problems.append(Problem("choice", "relation.kind", message))
        problems += fault_of_id("relation.source", self.source)
        problems += fault_of_id("relation.target", self.target)
        problems += misfit("relation.key", self.key, str)
        if self.when is not None:
            problems += [one.under("relation.when") for one in check_size(self.when)]
        if not problems and self.source == self.target:
            message = f"{brief(self.source)} cannot be related to itself"
            problems.append(Problem("contradiction", "relation.target", message))
        if problems:
            raise InvalidDataError(problems)

    @property
    def pair(self) -> frozenset[Id]:
        """The two products."""
        return frozenset((self.source, self.target))

    @property
    def said(self) -> Hashable:
        """What it says, whatever it is called: equal for those that say the same."""
        ends = self.pair if self.kind in _SYMMETRIC else (self.source, self.target)
        return self.kind, ends, self.when


@frozen
class Ineligible:
    """For which companies a product is not offered.

    Attributes:
        when: The condition.
        product: Id of a product, ``"family:NAME"`` for those of a family, ``"*"`` for all.
        key: A stable name, unique in the playbook; named by its position where it is blank (S10).
        because: The reason; the condition in words where it is blank.
    """

    when: Condition = field(converter=as_condition)
    product: Id = EVERY
    key: str = ""
    because: Label = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = [one.under("not_eligible.when") for one in check_size(self.when)]
        problems += fault_of_id("not_eligible.product", self.product)
        problems += misfit("not_eligible.key", self.key, str)
        if problems:
            raise InvalidDataError(problems)
        if self.because is None:  # pyright: ignore[reportUnnecessaryComparison] # not in words yet
            object.__setattr__(self, "because", reason_of(self.when))

    def is_about(self, product_id: Id, family: str | None) -> bool:
        """Return whether it is about a product of that id and family."""
        return is_about(self.product, product_id, family)


def _relations(value: Iterable[Relation]) -> tuple[Relation, ...]:
    return series(value)


def _rules(value: Iterable[Ineligible]) -> tuple[Any, ...]:
    return keyed(value, Ineligible, "not-eligible")


def _offers(value: Iterable[OfferRule]) -> tuple[Any, ...]:
    return keyed(value, OfferRule, "offer")


@frozen
class Synergy:
    """All relations between a firm's products, and all rules by which one is offered or not.

    Attributes:
        relations: The relations.
        not_eligible: The rules by which one is not offered, in the order in which they are asked.
        offers: The rules by which one is offered, likewise. Without any, nobody asks what to offer
            next, and nothing is answered.
        cool_down_days: For how many days after a deal about a product was opened or closed the
            product is not offered to the company again; 0 for none.

    Raises:
        InvalidDataError: Relations go in a circle, contradict each other or stand there twice, or
            keys do; all of it at once.
    """

    relations: tuple[Relation, ...] = field(default=(), converter=_relations)
    not_eligible: tuple[Ineligible, ...] = field(default=(), converter=_rules)
    offers: tuple[OfferRule, ...] = field(default=(), converter=_offers, kw_only=True)
    cool_down_days: int = field(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        reserved = RESERVED.union(OWN_KEYS)
        problems = misfits("relations", self.relations, Relation)
        problems += check_keys(self.not_eligible, Ineligible, "not_eligible", reserved)
        of_offers = RESERVED.union(OFFER_KEYS)
        problems += check_keys(self.offers, OfferRule, "offers", of_offers)
        days: Any = self.cool_down_days
        if type(days) is not int or not 0 <= days <= MAX_WITHIN_DAYS:
            most = f"{MAX_WITHIN_DAYS:,}"
            message = f"must be a number of days from 0 to {most}, not {brief(days)}"
            problems.append(Problem("range", "cool_down_days", message))
        problems = problems or [
            *_check_relation_keys(self, reserved),
            *_check_repeated(self.relations),
            *_check_circles(self.relations),
            *_check_contradictions(self.relations),
        ]
        if problems:
            raise InvalidDataError(problems)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every condition of relations and of `not_eligible`, with its path."""
        relations = [
            Asked(f"relations[{place}].when", one.when, 0)
            for place, one in enumerate(self.relations)
            if one.when is not None
        ]
        rules = [
            Asked(f"not_eligible[{place}].when", one.when, 0)
            for place, one in enumerate(self.not_eligible)
        ]
        return (*relations, *rules)

    @property
    def asked_of_offers(self) -> tuple[Asked, ...]:
        """Every condition of `offers`, with its path."""
        return tuple(
            Asked(f"offers[{place}].when", one.when, 0)
            for place, one in enumerate(self.offers)
            if one.when is not None
        )


def _check_relation_keys(synergy: Synergy, reserved: Iterable[str]) -> Iterator[Problem]:
    taken = {*reserved, *(one.key for one in synergy.not_eligible)}
    for place, one in enumerate(synergy.relations):
        if one.key in taken:
            message = f"{brief(one.key)} is reserved or used twice; keys are unique"
            yield Problem("duplicate", f"relations[{place}].key", message)
        elif one.key:
            taken.add(one.key)


def _check_repeated(relations: tuple[Relation, ...]) -> Iterator[Problem]:
    first: dict[Hashable, int] = {}
    for place, one in enumerate(relations):
        known = first.setdefault(one.said, place)
        if known != place:
            message = f"says the same as relations[{known}]"
            yield Problem("duplicate", f"relations[{place}]", message)


def _leading(relations: Iterable[Relation], kind: str) -> Mapping[Id, Mapping[Id, None]]:
    """Return the targets of each source of one kind."""
    found: dict[Id, dict[Id, None]] = {}
    for one in relations:
        if one.kind == kind:
            found.setdefault(one.source, {})[one.target] = None
    return found


def _way(links: Mapping[Id, Iterable[Id]], start: Id, end: Id) -> tuple[Id, ...]:
    """Return the products on a shortest way along links, both ends among them; none is empty."""
    before: dict[Id, Id] = {}
    ahead = [start]
    for at in ahead:
        for further in links.get(at, ()):
            if further in before:
                continue
            before[further] = at
            if further == end:
                way = [end]
                while len(way) == 1 or way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            ahead.append(further)
    return ()


def _check_circles(relations: tuple[Relation, ...]) -> Iterator[Problem]:
    leading = {kind: _leading(relations, kind) for kind in _ONE_WAY}
    told: set[Hashable] = set()
    for place, one in enumerate(relations):
        way = _way(leading.get(one.kind, {}), one.target, one.source)
        circle = one.kind, frozenset(way)
        # A circle is told once, by the first of its relations.
        if way and circle not in told:
            told.add(circle)
            products = " → ".join(str(product) for product in (one.source, *way))
            message = f"goes in a circle of {one.kind}: {products}"
            yield Problem("cycle", f"relations[{place}]", message)


def _check_contradictions(relations: tuple[Relation, ...]) -> Iterator[Problem]:
    needed = _leading(relations, "prerequisite")
    instead: dict[frozenset[Id], int] = {}
    for place, one in enumerate(relations):
        if one.kind == "substitute":
            instead.setdefault(one.pair, place)
            for source, target in ((one.source, one.target), (one.target, one.source)):
                if len(way := _way(needed, source, target)) > 2:
                    # Who owns what is needed would never be offered what needs it.
                    message = (
                        f"{brief(target)} needs {brief(source)} (by "
                        f"{' → '.join(map(str, way))}), so it cannot be its substitute"
                    )
                    yield Problem("contradiction", f"relations[{place}]", message)
    for place, one in enumerate(relations):
        other = instead.get(one.pair)
        if one.kind != "substitute" and other is not None:
            message = (
                f"{brief(one.source)} and {brief(one.target)} are substitutes by "
                f"relations[{other}], so they cannot be related by {one.kind}"
            )
            yield Problem("contradiction", f"relations[{place}]", message)
        elif one.kind == "upgrade" and _way(needed, one.target, one.source):
            message = (
                f"{brief(one.source)} needs {brief(one.target)}, so who owns it has the upgrade"
            )
            yield Problem("contradiction", f"relations[{place}]", message)
