"""Playbook: one firm's products and policies, checked as a whole.

A playbook is a value: two that mean the same are equal and have the same version, whatever their
labels say.
"""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, Final, cast

from attrs import field, fields, frozen
from immutabledict import immutabledict

from mpfunnel import facts
from mpfunnel.by_hand import Levels, by_hand
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.engagement import EngagementModel
from mpfunnel.errors import (
    InvalidDataError,
    PlaybookError,
    Problem,
    brief,
    did_you_mean,
    misfit,
    misfits,
    series,
    shown,
)
from mpfunnel.labels import Label, Lang, as_label, faults_of_lang
from mpfunnel.plays import Cell, Plays, cells
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import (
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsIn,
    Leaf,
    facts_of,
    walk,
)
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.tables import Asked
from mpfunnel.segments import UNMATCHED, Segment, SegmentTable
from mpfunnel.situation import Rejected, situation
from mpfunnel.stages import Funnel
from mpfunnel.synergy import EVERY, FAMILY, POSITIONS, Synergy
from mpfunnel.tiers import Tier, TierPolicy, asked_of, custom_of, is_tier_policy
from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = ["EVERY", "FAMILY", "Playbook", "key_of", "meaning_of", "options_of"]

MAX_DEPTH: Final = 32
"""How deep the options of a policy may nest."""

_SEGMENT: Final = "company.segment"
_OWNED: Final = ("group.owned", "account.owned", "account.discontinued")
_POSITION: Final = "product.position"
_OF_OFFERS: Final = ("product.sold", "product.lifecycle", _POSITION)
"""What only rules about offers and plays may ask of a product."""
_OF_COMPANY: Final = ("product.tier", "product.owned", "product.open_deal", *_OF_OFFERS)
"""What is known of a product without a lead."""
_OFFERS: Final = "offers"
"""Stands among the roots that rules of offers know: these may ask what no others may."""
_ONLY_OFFERS: Final = (
    *(f"product.{name}" for name in ("quantity", "people", "best_interest")),
    *(f"product.{name}" for name in ("offered", "ends", "lapsed")),
    *(f"account.{name}" for name in ("discontinued", "existing_customer", "owned_for")),
)
"""That, without days."""
_INTEREST: Final = "product.interest"
_ENGAGEMENT: Final = "product.engagement"


def _products(value: Iterable[Product | Id]) -> Any:
    given = series(value)
    if not isinstance(given, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        return given
    return tuple(Product(item) if isinstance(item, str | int) else item for item in given)


def _a_label(value: str | Label | None) -> Label | None:
    return None if value is None else as_label(value)


def _days_of_year(value: Iterable[Iterable[int]]) -> Any:
    given = series(value)
    if not isinstance(given, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        return given
    days = tuple(series(one) for one in given)
    # What is no day of the year is left as it is, for the checks to name.
    return days if any(_fault_of_day(one) for one in days) else tuple(sorted(set(days)))


def _fault_of_day(given: Any) -> tuple[str, str] | None:
    if not isinstance(given, tuple) or [type(n) for n in cast("tuple[Any]", given)] != [int, int]:
        given_as = brief(cast(object, given))
        return "type", f"must be a month and a day of it, such as (4, 1), not {given_as}"
    month, day = cast("tuple[int, int]", given)
    if month == 2 and day == 29:
        return "range", "must be a day of every year; take 28 February or 1 March"
    # In 2001, February had 28 days, as in most years.
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(2001, month)[1]:
        return "range", f"must be a month and a day of it, such as (4, 1), not {given}"
    return None


def _cases(value: Iterable[WorkedCase]) -> Any:
    # The type checkers cannot follow a generic converter.
    return series(value)


def key_of(own: Any, family: str | None, keys: Container[Any]) -> Any:
    """Return which of the keys of `tiers` or `engagement` stands for a product.

    Args:
        own: The product's own key.
        family: Its family, where it has any.
        keys: The keys that are there.

    Returns:
        Its own key, that of its family, or that of every product; `None` where none is there.
    """
    of_family = () if family is None else (FAMILY + family,)
    return next((key for key in (own, *of_family, EVERY) if key in keys), None)


# What is given once stands for several products; it is spread once the products are known.


def _policies(value: TierPolicy | Mapping[Any, TierPolicy]) -> Any:
    return value


def _models(value: EngagementModel | Mapping[Any, EngagementModel]) -> Any:
    return value


@frozen
class Playbook:
    """One firm's products and policies; every fault is reported at once when it is made.

    Attributes:
        products: What the firm sells, at least one product, in the order in which it is listed.
        segments: The table of firm-wide segments.
        tiers: The tier policy of each product by its id; ``"family:NAME"`` stands for the products
            of a family without one of their own, ``"*"`` for all others, one policy for all.
        engagement: The model of each product, by the same keys.
        funnel: The firm-wide funnel.
        zone: Name of the time zone whose days count (S11), for example ``"Asia/Tokyo"``.
        currency: ISO 4217 code of the money in company facts.
        lang: The language in which reasons are written unless another one is asked for.
        name: What people call the playbook.
        tier_review_dates: The days of the year, each as month and day, on which Tiers are reviewed:
            between two of them, the Tier of the last one is held. None at all: Tiers follow the
            facts of every day.
        cases: What it must answer about given facts, for `Engine.check_cases`. Like labels, they do
            not count in what it means.
        synergy: How its products go together, and to whom they are offered or not.
        plays: What to do next with whom, and who gets a lead that several products claim.

    Raises:
        PlaybookError: It contradicts itself or names what does not exist.
    """

    products: tuple[Product, ...] = field(converter=_products)
    segments: SegmentTable
    tiers: immutabledict[Id, TierPolicy] = field(converter=_policies)
    engagement: immutabledict[Id, EngagementModel] = field(converter=_models)
    funnel: Funnel
    zone: str = "UTC"
    currency: str = "JPY"
    lang: Lang = field(default="en", eq=False)
    name: Label | None = field(default=None, converter=_a_label, eq=False)
    tier_review_dates: tuple[tuple[int, int], ...] = field(
        default=(), converter=_days_of_year, kw_only=True
    )
    cases: tuple[WorkedCase, ...] = field(default=(), converter=_cases, kw_only=True, eq=False)
    synergy: Synergy = field(default=Synergy(), kw_only=True)
    plays: Plays = field(default=Plays(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        problems = list(_shape(self))
        if problems:
            raise PlaybookError(problems)
        for what in ("tiers", "engagement"):
            given: Any = getattr(self, what)
            if not isinstance(given, Mapping):
                given = {EVERY: given}
            spread = _spread(cast("Mapping[Any, object]", given), self.products)
            object.__setattr__(self, what, immutabledict(spread))
        problems = list(_check(self))
        # Cases are asked of what is sound.
        problems = problems or list(_check_cases(self))
        if problems:
            raise PlaybookError(problems)

    @cached_property
    def version(self) -> str:
        """The hash of its meaning: 16 hexadecimal digits; labels and reasons do not count."""
        text = json.dumps(meaning_of(self), ensure_ascii=False, separators=(",", ":"))
        # Half a surrogate pair in a key is no reason to fail here.
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]

    @cached_property
    def asked(self) -> Mapping[str, Fact]:
        """Every fact that some rule asks about, by its name."""
        return {fact.name: fact for when in self.conditions for fact in facts_of(when)}

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of every rule, of all tables in their order."""
        return tuple(one.condition for _, asked, _, _ in _conditions(self) for one in asked)

    def reviewed_on(self, day: date) -> date | None:
        """Return the last day up to `day` on which Tiers were reviewed; `None` where none was."""
        if not self.tier_review_dates:
            return None
        days = (
            date(year, month, of_month)
            for year in (day.year, day.year - 1)
            if year
            for month, of_month in reversed(self.tier_review_dates)
        )
        return next((one for one in days if one <= day), None)

    @cached_property
    def levels(self) -> Levels:
        """What may be set by hand, by its key; by question and product, `None` for segments."""
        of_products = {product.id: product for product in self.products}
        return {
            ("segment", None): _by_key(self.segments.outcomes),
            **{("tier", p): _by_key(self.tiers[p].tiers) for p in of_products},
            **{
                ("engagement", p): _by_key((*model.ladder, *model.detours))
                for p, model in self.engagement.items()
            },
        }

    def uncovered(self) -> tuple[Cell, ...]:
        """Return for which Tiers and states of a product no rule surely says what to do next.

        First those for which none ever does, then those for which some rule does for some leads.
        For a lead without any sign, nothing is asked (S23), unless somebody set that state.
        """
        found = cells(
            self.plays,
            self.products,
            {product_id: policy.tiers for product_id, policy in self.tiers.items()},
            {p: (*model.ladder, *model.detours) for p, model in self.engagement.items()},
        )
        lacking = [one for one in found if one.covered != "always"]
        return tuple(sorted(lacking, key=lambda one: one.covered != "never"))

    @property
    def scale(self) -> Scale:
        """The engagement states of every product."""
        return next((model.scale for model in self.engagement.values()), facts.ENGAGEMENT)


def _by_key(values: Iterable[Any]) -> dict[str, Any]:
    return {one.key: one for one in values}


def _spread(given: Mapping[Any, object], products: Iterable[Product]) -> dict[Id, object]:
    """Return policies by product; what names no product is left for the checks to name."""
    spread: dict[Id, object] = {}
    families: set[Any] = {EVERY}
    for product in products:
        key = key_of(product.id, product.family, given)
        if key is not None:
            spread[product.id] = given[key]
        families.add(None if product.family is None else FAMILY + product.family)
    return {**spread, **{key: one for key, one in given.items() if key not in families}}


def options_of(policy: TierPolicy) -> Mapping[str, Any]:
    """Return what a policy in Python was made with: its attribute `options`, if it has any."""
    options: Any = getattr(policy, "options", {})
    return cast("Mapping[str, Any]", options)


def _check_options(value: Any, path: str, depth: int = 0) -> Iterator[Problem]:
    """Yield what of the options of a policy is no plain data, which every file could hold."""
    if depth > MAX_DEPTH:
        yield Problem("depth", path, f"nests deeper than {MAX_DEPTH}")
    elif isinstance(value, Mapping):
        for key, one in cast("Mapping[object, object]", value).items():
            if isinstance(key, str):
                yield from _check_options(one, f"{path}.{shown(key)}", depth + 1)
            else:
                message = f"must be text, not {type(key).__name__}"
                yield Problem("type", f"{path}: key {brief(key)}", message)
    elif depth and isinstance(value, list | tuple):
        for place, one in enumerate(cast("Iterable[object]", value)):
            yield from _check_options(one, f"{path}[{place}]", depth + 1)
    elif not depth or type(value) not in (str, bool, int, float, Decimal):
        wanted = "text, a number, a bool, a list or a mapping" if depth else "a mapping"
        yield Problem("type", path, f"must be {wanted}, not {type(value).__name__} {brief(value)}")


def _exact(value: Any) -> Any:
    """Return options as plain values that are equal where what a file holds of them is."""
    if isinstance(value, Mapping):
        return {key: _exact(one) for key, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return tuple(_exact(one) for one in cast("Iterable[Any]", value))
    # A file gives back the digits of a float, exactly.
    return Decimal(str(value)) if isinstance(value, float) else value


def meaning_of(value: Any) -> Any:
    """Return `value` as plain lists that are equal exactly where the values are."""
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return ["mapping", sorted(([meaning_of(k), meaning_of(v)] for k, v in items), key=repr)]
    custom = custom_of(value) if is_tier_policy(value) else None
    if custom is not None and custom is value:
        # A policy of the firm's own names its version itself.
        options = _exact(options_of(custom))
        made_with = [meaning_of(options)] if options else []
        return ["policy", custom.kind, meaning_of(tuple(custom.tiers)), *made_with]
    if isinstance(value, tuple):
        return [meaning_of(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, frozenset):
        return ["set", sorted(map(meaning_of, cast("frozenset[object]", value)), key=repr)]
    if isinstance(value, Decimal | date | float):
        # As text, because JSON would write 1.0 like a float that is meant.
        return [type(value).__name__, str(value)]
    if value is None or isinstance(value, str | int):
        return value
    kind: type[Any] = type(cast(object, value))
    held: list[Any] = [kind.__name__]
    for one in fields(kind):
        said = getattr(value, one.name)
        if one.eq and not one.kw_only:
            held.append(meaning_of(said))
        elif one.eq and said != one.default:
            # What came later is only named by keyword; who does not use it has the hash as before.
            held.append([one.name, meaning_of(said)])
    return held


# -- checks: what can be told before anything is decided --


def _shape(book: Playbook) -> Iterator[Problem]:
    """Yield what is wrong with the types: the other checks need them to be right."""
    wrong = misfit("segments", book.segments, SegmentTable)
    yield from wrong or misfits("segments.outcomes", book.segments.outcomes, Segment)
    yield from misfit("funnel", book.funnel, Funnel)
    yield from misfit("synergy", book.synergy, Synergy)
    yield from misfit("plays", book.plays, Plays)
    products: Any = book.products
    if not isinstance(products, tuple) or not products:
        yield Problem("empty", "products", "must list at least one product")
        return
    for index, product in enumerate(cast("tuple[object, ...]", products)):
        if not isinstance(product, Product):
            message = f"must be a product or an id, not {type(product).__name__} {brief(product)}"
            yield Problem("type", f"products[{index}]", message)
    checks: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
        ("tiers", is_tier_policy, "a tier policy"),
        ("engagement", lambda value: isinstance(value, EngagementModel), "an EngagementModel"),
    )
    for path, is_one, wanted in checks:
        given: Any = getattr(book, path)
        one_by_one: dict[Any, Any] = {"": given}
        if isinstance(given, Mapping):
            one_by_one = dict(cast("Mapping[object, object]", given))
        for key, value in one_by_one.items():
            if not is_one(value):
                at = f"{path}.{shown(key)}" if key != "" else path
                message = f"must be {wanted}, not {type(value).__name__} {brief(value)}"
                yield Problem("type", at, message)


def _check(book: Playbook) -> Iterator[Problem]:
    yield from _check_products(book)
    try:
        zone_for(book.zone)
    except InvalidDataError as error:
        yield from error.problems
    currency: Any = book.currency
    if not (
        isinstance(currency, str)
        and len(currency) == 3
        and currency.isascii()
        and currency.isalpha()
        and currency.isupper()
    ):
        message = f"must be a code of three letters such as 'JPY', not {brief(currency)}"
        yield Problem("format", "currency", message)
    yield from faults_of_lang(book.lang)
    yield from _check_days(book.tier_review_dates)
    for product_id, model in book.engagement.items():
        if model.scale != book.scale:
            message = "must have the same states in the same order for every product"
            yield Problem("scale", f"engagement.{shown(product_id)}", message)
    yield from _check_synergy(book)
    yield from _check_plays(book)
    yield from _check_rules(book)
    yield from misfits("cases", book.cases, WorkedCase)


def _check_days(given: Any) -> Iterator[Problem]:
    if not isinstance(given, tuple):
        message = f"must list days of the year, such as [(4, 1)], not {brief(given)}"
        yield Problem("type", "tier_review_dates", message)
        return
    for index, one in enumerate(cast("tuple[object, ...]", given)):
        if fault := _fault_of_day(one):
            yield Problem(fault[0], f"tier_review_dates[{index}]", fault[1])


def _check_products(book: Playbook) -> Iterator[Problem]:
    ids: dict[Id, None] = {}
    first = book.products[0].id
    for index, product in enumerate(book.products):
        if product.id in ids:
            message = f"{brief(product.id)} is used twice"
            yield Problem("duplicate", f"products[{index}].id", message)
        ids[product.id] = None
        if product.id == EVERY or (isinstance(product.id, str) and product.id.startswith(FAMILY)):
            message = f"{brief(product.id)} stands for several products; name this one otherwise"
            yield Problem("conflict", f"products[{index}].id", message)
        if type(product.id) is not type(first):
            message = "must be of one type for all products, text or integer (S18)"
            yield Problem("type", f"products[{index}].id", message)
    for what in ("tiers", "engagement"):
        given: Mapping[Id, Any] = getattr(book, what)
        for key in given:
            yield from _check_key(book, ids, key, f"{what}.{shown(key)}")
        for product_id in ids:
            if product_id not in given:
                message = "has no policy; give one for every product"
                yield Problem("missing", f"{what}.{shown(product_id)}", message)
    for product_id, policy in book.tiers.items():
        at = f"tiers.{shown(product_id)}"
        wrong = misfit(f"{at}.kind", policy.kind, str) + misfits(f"{at}.tiers", policy.tiers, Tier)
        yield from wrong
        if not wrong and not policy.tiers:
            message = "must give at least one Tier, and nothing else"
            yield Problem("type", f"{at}.tiers", message)
        if (custom := custom_of(policy)) is not None:
            yield from _check_options(options_of(custom), f"{at}.options")


def _check_key(book: Playbook, ids: Container[Id], key: Id, path: str) -> Iterator[Problem]:
    """Yield the problem of a key that stands for no product and no family."""
    if isinstance(key, str) and key.startswith(FAMILY) and key not in ids:
        families = [one.family for one in book.products if one.family is not None]
        if key.removeprefix(FAMILY) not in families:
            hint = did_you_mean(key.removeprefix(FAMILY), families)
            yield Problem("unknown-family", path, f"no such family{hint}")
    elif key not in ids:
        hint = did_you_mean(shown(key), [str(product.id) for product in book.products])
        yield Problem("unknown-product", path, f"no such product{hint}")


def _check_synergy(book: Playbook) -> Iterator[Problem]:
    ids = [product.id for product in book.products]
    for place, relation in enumerate(book.synergy.relations):
        for name in ("source", "target"):
            product_id: Id = getattr(relation, name)
            if product_id not in ids:
                hint = did_you_mean(shown(product_id), [str(one) for one in ids])
                at = f"synergy.relations[{place}].{name}"
                yield Problem("unknown-product", at, f"no such product{hint}")
    for place, rule in enumerate(book.synergy.not_eligible):
        if rule.product != EVERY:
            at = f"synergy.not_eligible[{place}].product"
            yield from _check_key(book, ids, rule.product, at)
    for place, offer in enumerate(book.synergy.offers):
        at = f"synergy.offers[{place}]"
        if offer.product != EVERY:
            yield from _check_key(book, ids, offer.product, f"{at}.product")
        if offer.source is not None and offer.source not in ids:
            hint = did_you_mean(shown(offer.source), [str(one) for one in ids])
            yield Problem("unknown-product", f"{at}.source", f"no such product{hint}")


def _check_plays(book: Playbook) -> Iterator[Problem]:
    ids = [product.id for product in book.products]
    for place, rule in enumerate(book.plays.products):
        if rule.product != EVERY:
            yield from _check_key(book, ids, rule.product, f"plays.products[{place}].product")


def _conditions(book: Playbook) -> Iterator[tuple[str, tuple[Asked, ...], str, frozenset[str]]]:
    """Yield the conditions by path, with their roots, and the decisions that they cannot read."""
    deciding = frozenset({_SEGMENT})
    yield "segments", book.segments.asked, "company", deciding
    for product_id, policy in book.tiers.items():
        yield f"tiers.{shown(product_id)}", asked_of(policy), "company", deciding
    about_leads = "company lead product"
    for product_id, model in book.engagement.items():
        at = f"engagement.{shown(product_id)}"
        deciding = frozenset({_INTEREST, _ENGAGEMENT})
        yield f"{at}.interest", model.interest.asked, about_leads, deciding
        yield f"{at}.states", model.states.asked, about_leads, frozenset({_ENGAGEMENT})
    yield "funnel", book.funnel.rules.asked, f"{about_leads} pursuit", frozenset()
    of_account = "company product account"
    yield "synergy", book.synergy.asked, of_account, frozenset({_POSITION})
    yield "synergy", book.synergy.asked_of_offers, f"{of_account} {_OFFERS}", frozenset()
    of_firm = "company lead account funnel contact"
    for name, asked in book.plays.asked:
        roots = of_firm if name == "firm" else f"{of_firm} product"
        yield "plays", asked, roots, frozenset()


def _check_rules(book: Playbook) -> Iterator[Problem]:
    known = _known_facts(book.scale, book.funnel.scale)
    products = [str(product.id) for product in book.products]
    keys = {
        _SEGMENT: [segment.key for segment in (*book.segments.outcomes, UNMATCHED)],
        **dict.fromkeys(_OWNED, products),
    }
    attributes: dict[str, Fact] = {}
    for path, asked, roots, deciding in _conditions(book):
        for one in asked:
            at = f"{path}.{one.path}"
            for node in walk(one.condition):
                for problem in _check_node(node, roots.split(), deciding, known, keys):
                    yield problem.under(at)
                if isinstance(node, Leaf) and node.fact.within == "attributes":
                    fact = attributes.setdefault(node.fact.name, node.fact)
                    if fact != node.fact:
                        message = "is declared with another type elsewhere; declare it once"
                        yield Problem("conflict", f"{at}.{node.fact.name}", message)


def _known_facts(scale: Scale, stages: Scale) -> Mapping[str, Fact]:
    of_firm = (facts.company, facts.group, facts.account, facts.lead, facts.contact)
    of_leads = (facts.ProductFacts(scale), facts.PursuitFacts(stages), facts.FunnelFacts(stages))
    groups = (*of_firm, *of_leads)
    terms = [group.named(name) for group in groups for name in group.names()]
    return {term.fact.name: term.fact for term in terms}


def _check_node(
    node: Condition,
    roots: list[str],
    deciding: frozenset[str],
    known: Mapping[str, Fact],
    keys: Mapping[str, list[str]],
) -> Iterator[Problem]:
    if isinstance(node, Exists) and (node.over != "product" or "pursuit" not in roots):
        message = "ranges over products, which only the rules of the funnel can"
        yield Problem("scope", f"any_{shown(node.over)}", message)
    if not isinstance(node, Leaf):
        return
    fact = node.fact
    plain = fact.name.partition("(")[0]
    offers, roots = _OFFERS in roots, [root for root in roots if root != _OFFERS]
    if fact.given not in roots or fact.name in deciding:
        message = f"cannot be asked here, where only {', '.join(roots)} is known"
        if fact.name in deciding:
            message = "cannot be asked here: it is decided later"
        yield Problem("scope", fact.name, message)
    elif plain in _ONLY_OFFERS:
        if not offers:
            message = "cannot be asked here: it is for rules of offers"
            yield Problem("scope", fact.name, message)
        else:
            yield from _check_known(node, known, keys)
    elif fact.root == "product" and "lead" not in roots and fact.name not in _OF_COMPANY:
        names = ", ".join(name for name in _OF_COMPANY if name not in deciding)
        message = f"cannot be asked here, where only {names} are known of it"
        yield Problem("scope", fact.name, message)
    elif fact.name in _OF_OFFERS and "account" not in roots:
        message = "cannot be asked here: it is for rules of synergy and plays"
        yield Problem("scope", fact.name, message)
    elif fact.within == "attributes" and fact.root in ("company", "lead"):
        if fact.name in known:
            yield Problem("conflict", fact.name, "is a fact already; name the attribute otherwise")
    else:
        yield from _check_known(node, known, keys)


def _check_known(
    node: Leaf, known: Mapping[str, Fact], keys: Mapping[str, list[str]]
) -> Iterator[Problem]:
    """Yield what is wrong with a question that may be asked where it stands."""
    fact = node.fact
    if fact.within not in ("measures", "dated") and known.get(fact.name) != fact:
        wrong = "has other levels than the playbook" if fact.name in known else "no such fact"
        hint = "" if fact.name in known else did_you_mean(fact.name, known)
        yield Problem("unknown-fact", fact.name, wrong + hint)
    elif fact.kind == "level" and not isinstance(node, _LevelLeaf):
        yield Problem("level", fact.name, "is a decision and never missing")
    elif fact.name == _SEGMENT and isinstance(node, _LevelLeaf):
        yield from _strange(_levels(node), keys[_SEGMENT], fact, "unknown-level", "segment")
    elif fact.name in _OWNED and isinstance(node, ContainsAny):
        yield from _strange(node.values, keys[fact.name], fact, "unknown-product", "product")
    elif fact.root == "account" and fact.within == "dated":
        about = fact.key.partition("(")[2].rpartition(",")[0]
        yield from _strange([about], keys[_OWNED[0]], fact, "unknown-product", "product")


def _strange(
    asked: Iterable[str], known: list[str], fact: Fact, code: str, what: str
) -> Iterator[Problem]:
    for key in asked:
        if key not in known:
            message = f"no such {what} {brief(key)}{did_you_mean(key, known)}"
            yield Problem(code, fact.name, message)


_LevelLeaf = Compare | IsIn | AtLeast | AtMost


def _levels(leaf: _LevelLeaf) -> tuple[str, ...]:
    if isinstance(leaf, IsIn):
        return leaf.values
    return (leaf.value if isinstance(leaf, Compare) else leaf.level,)


def _check_cases(book: Playbook) -> Iterator[Problem]:
    """Yield what is wrong with cases: a case whose records do not count shows nothing."""
    products = {product.id: product for product in book.products}
    day_of = partial(local_day, zone=zone_for(book.zone))
    names: set[str] = set()
    for index, case in enumerate(book.cases):
        at = f"cases[{index}]"
        if case.name in names:
            yield Problem("duplicate", f"{at}.name", f"{brief(case.name)} is used twice")
        names.add(case.name)
        try:
            facts_of_case = situation(
                case.given, as_of=case.as_of, day_of=day_of, products=products
            )
        except InvalidDataError as error:
            # An instant that falls outside the calendar of the zone.
            for problem in error.problems:
                yield problem.under(f"{at}.given")
            continue
        company = facts_of_case.company
        for place, relative in enumerate(case.given.relatives):
            known = situation(relative.account, as_of=case.as_of, day_of=day_of, products=products)
            for one in known.rejects:
                yield _as_problem(one).under(f"{at}.given.relatives[{place}]")
        hands = by_hand(
            case.given.overrides,
            as_of=case.as_of,
            company_id=None if company is None else company.id,
            leads=facts_of_case.leads,
            levels=book.levels,
        )
        for one in (*facts_of_case.rejects, *hands.rejects):
            yield _as_problem(one).under(f"{at}.given")
        for expected in case.expect:
            for problem in _check_expected(book, expected):
                yield problem.under(f"{at}.expect")


def _as_problem(reject: Rejected) -> Problem:
    return Problem(reject.code, f"{reject.table}[{brief(reject.id)}]", reject.reason)


def _check_expected(book: Playbook, expected: Expectation) -> Iterator[Problem]:
    product_id = expected.product_id
    known: Iterable[str] | None = book.levels.get((expected.question, product_id))
    what = {"engagement": "state", "white_space": "position"}.get(
        expected.question, expected.question
    )
    if expected.question == "segment":
        known = (*book.levels["segment", None], UNMATCHED.key)
    elif expected.question == "stage":
        known = book.funnel.scale.keys
    elif expected.question == "white_space" and product_id in book.tiers:
        known = [one.key for one in POSITIONS]
    if known is None:
        hint = did_you_mean(shown(product_id), [str(product.id) for product in book.products])
        message = f"no such product {brief(product_id)}{hint}"
        yield Problem("unknown-product", expected.place, message)
        return
    for key in dict.fromkeys((expected.value, *expected.possible)):
        if key is not None and key not in known:
            message = f"no such {what} {brief(key)}{did_you_mean(key, known)}"
            yield Problem("unknown-level", expected.place, message)
