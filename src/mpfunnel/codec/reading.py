"""Plain data → a checked playbook; every problem at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from typing import Any, Final, TypeVar, cast

from attrs import evolve

from mpfunnel import facts
from mpfunnel.calendars import zone_for
from mpfunnel.codec.attributes import default_label
from mpfunnel.codec.cases import WorkedCaseCheck, attributes_asked
from mpfunnel.codec.checks import is_list, lies_in, no_such, under
from mpfunnel.codec.conditions import Vocabulary, day_of
from mpfunnel.codec.formats import FORMAT, fault_of_format, upgraded
from mpfunnel.codec.lifecycle import LIFECYCLE, LifecycleCheck
from mpfunnel.codec.plays import PlaysCheck
from mpfunnel.codec.synergy import SynergyCheck
from mpfunnel.codec.tables import TABLE
from mpfunnel.codec.tiers import Kinds, TierCheck
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    PlaybookError,
    Problem,
    brief,
    did_you_mean,
    shown,
)
from mpfunnel.labels import Label
from mpfunnel.playbook import EVERY, FAMILY, Playbook, key_of
from mpfunnel.records import Id, Product
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import DecisionTable
from mpfunnel.rules.terms import Term
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.stages import Funnel, FunnelStage
from mpfunnel.tiers import TierPolicy
from mpfunnel.worked_cases import WorkedCase

__all__ = [
    "DAYS",
    "DAY_OF_YEAR",
    "FUNNEL",
    "MAX_KEYS",
    "MODEL",
    "PRODUCT",
    "SCALE",
    "SIGNAL",
    "TOP",
    "read",
]

MAX_PROBLEMS: Final = 200
"""How many problems are looked for."""
MAX_KEYS: Final = 1_000
"""How many products and signals there may be, and how many states and stages."""

DAY_OF_YEAR: Final = re.compile("[0-9]{2}-[0-9]{2}")
_SECTIONS: Final = ("products", "segments", "tiers", "engagement", "funnel")
_HEAD: Final = ("lang", "zone", "currency")
_OPTIONAL: Final = ("synergy", "plays", "cases")
TOP: Final = (
    *("format", "name", *_HEAD, "tier_review_dates", "attributes"),
    *(*_SECTIONS, *_OPTIONAL),
)
PRODUCT: Final = ("family", "grade", "lifecycle")
DAYS: Final = ("sold_from", "sold_until")
SCALE: Final = ("ladder", "detours", "labels")
SIGNAL: Final = ("kind", "points", "cap", "cool_down_days", "fades", "raises_hand_days")
MODEL: Final = ("half_life_days", "company_wide_per_mille", "cap", "floor")
FUNNEL: Final = ("quiet_days",)

T = TypeVar("T")
_Keyed = TypeVar("_Keyed", EngagementState, FunnelStage)


def read(data: dict[str, Any], kinds: Kinds) -> Playbook:
    """Return the playbook that plain data describes.

    Args:
        data: The data, within the bounds of `mpfunnel.codec.plain`.
        kinds: What makes the policies in Python that it may name, by their kind.

    Raises:
        DecodeError: It does not have the documented form.
        PlaybookError: It contradicts itself or names what does not exist.
    """
    check = _PlaybookCheck(kinds)
    try:
        book = check.playbook(data)
    except _Enough:
        book = None
    if book is not None and not check.problems:
        return book
    # What contradicts itself in what is well formed is only told apart where all of it is.
    error = DecodeError if check.problems else PlaybookError
    raise error([*check.problems, *check.contradictions])


class _Enough(Exception):  # noqa: N818 - no error, only the end of looking for more
    """There are as many problems as anybody reads."""


class _PlaybookCheck(TierCheck, LifecycleCheck, SynergyCheck, PlaysCheck, WorkedCaseCheck):
    """Reads a whole playbook."""

    def __init__(self, kinds: Kinds) -> None:
        super().__init__(kinds)
        self.contradictions: list[Problem] = []
        self._attributes: dict[str, Term] = {}
        self._scale_of_firm: Scale | None = None
        self._stages_of_firm: Scale | None = None

    def fault(self, code: str, path: str, message: str) -> None:
        """Add a problem; after `MAX_PROBLEMS` of them, stop."""
        super().fault(code, path, message)
        if len(self.problems) == MAX_PROBLEMS:
            super().fault("more", "", f"has more; these are the first {MAX_PROBLEMS}")
            raise _Enough

    def playbook(self, data: dict[str, Any]) -> Playbook | None:
        """Return the playbook that `data` describes; `None` where a part of it is faulty."""
        number = data.get("format", FORMAT)
        if message := fault_of_format(number):
            self.fault("format", "format", message)
            return None
        data = upgraded(data, number)
        self.keys(data, "", TOP)
        head: dict[str, Any] = {key: self.text(data, key, "") for key in _HEAD if key in data}
        head["name"] = self.label(data, "name", "")
        head["tier_review_dates"] = self._days_of_year(data, "tier_review_dates")
        self._attributes = self.attributes(self.table(data, "attributes", ""))
        given = {name: self._part(data, name, "") for name in _SECTIONS}
        if len(given["products"] or ()) > MAX_KEYS:
            self.fault("size", "products", f"has more than {MAX_KEYS:,} of them")
            given["products"] = None
        products = self._products(given["products"] or {})
        models = self._of_products("engagement", given["engagement"], products, self._model)
        if (first := next(iter(models.values()), None)) is not None:
            self._scale_of_firm = first.scale
        if products and given["engagement"] is not None and not models:
            # Without any, nobody knows the states that the other rules ask about.
            self.fault("missing", "engagement", f"has no table for a product, nor for '{EVERY}'")
            given["engagement"] = None
        words = self._words("company", self._scale_of_firm)
        tiers = self._of_products(
            "tiers", given["tiers"], products, lambda raw, at: self.tier_policy(raw, at, words)
        )
        segments = self._segments(given["segments"])
        funnel = self._funnel(given["funnel"])
        by_text = {str(product_id): product_id for product_id in products}
        if "synergy" in data:
            head["synergy"] = self.synergy(self.table(data, "synergy", ""), words, by_text)
        if "plays" in data:
            head["plays"] = self.plays(
                self.table(data, "plays", ""), self._words_of_plays(), by_text
            )
        optional = (head.get(name, ()) for name in ("synergy", "plays"))
        parts = (*given.values(), segments, funnel, *optional)
        book = None
        if None not in (*parts, *products.values(), *tiers.values(), *models.values()):
            try:
                book = Playbook(
                    products=cast("list[Product]", [*products.values()]),
                    segments=cast("SegmentTable", segments),
                    tiers=cast("dict[Id, TierPolicy]", tiers),
                    engagement=cast("dict[Id, EngagementModel]", models),
                    funnel=cast("Funnel", funnel),
                    **head,
                )
            except PlaybookError as error:
                self.contradictions = _as_written(error, data, products)
        return self._with_cases(book, data, products, head) if "cases" in data else book

    def _with_cases(
        self,
        book: Playbook | None,
        data: dict[str, Any],
        products: Collection[Id],
        head: dict[str, Any],
    ) -> Playbook | None:
        """Return the playbook with its cases; where it is `None`, only look at their form."""
        try:
            zone = zone_for(head.get("zone", "UTC"))
        except InvalidDataError:
            zone = zone_for("UTC")
        asked = (
            {name: term.fact for name, term in self._attributes.items()}
            if book is None
            else attributes_asked(book)
        )
        cases = self.cases(data, zone, {str(one): one for one in products}, asked)
        if book is None or None in cases:
            return None
        try:
            return evolve(book, cases=cast("list[WorkedCase]", cases))
        except PlaybookError as error:
            self.contradictions = [*error.problems]
            return None

    def _words(self, own: str, scale: Scale | None, stages: Scale | None = None) -> Vocabulary:
        states = scale or facts.ENGAGEMENT
        return Vocabulary.of(own, states, self._attributes, stages or facts.STAGES)

    def _words_of_plays(self) -> Vocabulary:
        words = self._words("", self._scale_of_firm, self._stages_of_firm)
        # Who writes "stage" means that of the firm, which therefore comes first.
        return evolve(words, groups={"funnel": words.groups["funnel"], **words.groups})

    # -- products, and what each of them has --

    def _days_of_year(self, data: dict[str, Any], key: str) -> list[tuple[int, int]]:
        """Return the days of the year under `key`, each as month and day."""
        found: list[tuple[int, int]] = []
        for index, day in enumerate(self.texts(data, key, "")):
            if DAY_OF_YEAR.fullmatch(day):
                found.append((int(day[:2]), int(day[3:])))
            else:
                message = f"must be a month and a day of it, such as '04-01', not {brief(day)}"
                self.fault("format", f"{key}[{index}]", message)
        return found

    def _products(self, data: dict[str, Any]) -> dict[Id, Product | None]:
        products: dict[Id, Product | None] = {}
        for key in data:
            raw, at = self._part(data, key, "products"), under("products", shown(key))
            product_id = self._id(raw or {}, key, at)
            products[product_id] = None if raw is None else self._product(raw, product_id, at)
        return products

    def _id(self, raw: dict[str, Any], key: str, path: str) -> Id:
        value = raw.get("id", key)
        if "id" in raw and not (type(value) is int and str(value) == key):
            message = "must be the integer that names the table; leave it out where ids are text"
            self.fault("type", f"{path}.id", message)
            return key
        return cast("Id", value)

    def _product(self, raw: dict[str, Any], product_id: Id, path: str) -> Product | None:
        self.keys(raw, path, ("id", "name", *PRODUCT, *DAYS))
        given: dict[str, Any] = {key: raw[key] for key in PRODUCT if key in raw}
        for key in DAYS:
            if key in raw:
                given[key] = day_of(raw[key])
                if given[key] is None:
                    message = "must be a date, for example 2014-04-01"
                    self.fault("type", under(path, key), message)
        name = self.label(raw, "name", path)
        return self.built(lambda: Product(product_id, name, **given), path)

    def _of_products(
        self,
        what: str,
        data: dict[str, Any] | None,
        products: Mapping[Id, Product | None],
        read_one: Callable[[dict[str, Any], str], T | None],
    ) -> dict[Id, T | None]:
        """Return the policy of each product: its own, that of its family, or that of ``*``."""
        by_text = {str(product_id): product_id for product_id in products}
        families = [one.family for one in products.values() if one and one.family is not None]
        policies: dict[str, T | None] = {}
        for key in data or {}:
            at = under(what, shown(key))
            if key.startswith(FAMILY):
                family = key.removeprefix(FAMILY)
                # The family of a faulty product is not known.
                if family not in families and None not in products.values():
                    hint = did_you_mean(family, families)
                    self.fault("unknown-family", at, f"no such family{hint}")
            elif key not in by_text and key != EVERY:
                hint = did_you_mean(key, by_text)
                self.fault("unknown-product", at, f"no such product{hint}")
            raw = self._part(data or {}, key, what)
            policies[key] = None if raw is None else read_one(raw, at)
        return {
            product_id: policies[own]
            for product_id, product in products.items()
            if (own := _key_of(product_id, product, policies)) is not None
        }

    def _segments(self, data: dict[str, Any] | None) -> SegmentTable | None:
        if data is None:
            return None
        self.keys(data, "segments", (*TABLE, "labels"))
        labels = self._labels(data, "segments")
        named: dict[str, None] = {}

        def segment(value: Any, path: str) -> Segment | None:
            key = self._key(value, path)
            if key is None:
                return None
            named[key] = None
            return Segment(key, labels.get(key) or default_label(key))

        words = self._words("company", self._scale_of_firm)
        table = self._rules(data, "segments", words, "segment", segment, SegmentTable)
        self.keys(labels, "segments.labels", named)
        return table

    def _model(self, data: dict[str, Any], path: str) -> EngagementModel | None:
        self.keys(data, path, (*MODEL, *SCALE, "signals", "interest", "states"))
        ladder, detours = self._scale(data, path, EngagementState)
        scale = _in_order(ladder, detours)
        self._scale_of_firm = self._scale_of_firm or scale
        words = self._words("", scale)
        rows = self._rows(data, "signals", path)
        if len(rows) > MAX_KEYS:
            self.fault("size", f"{path}.signals", f"has more than {MAX_KEYS:,} of them")
            return None
        signals = [self._signal(raw, at) for at, raw in rows]
        tables: list[DecisionTable[EngagementState] | None] = []
        for key, known in (("interest", ladder), ("states", (*ladder, *detours))):
            raw, at = self._part(data, key, path), under(path, key)
            if raw is not None:
                self.keys(raw, at, TABLE)
                state = self._one_of(known, "level" if key == "interest" else "state")
                table = self._rules(raw, at, words, "state", state, DecisionTable[Any])
                tables.append(table)
        given = {key: data[key] for key in MODEL if key in data}
        interest, states = tables if len(tables) == 2 else (None, None)
        if interest is None or states is None or None in signals or "ladder" not in data:
            return None
        made = cast("list[Signal]", signals)
        return self.built(
            lambda: EngagementModel(made, interest, states, ladder, detours, **given), path
        )

    def _signal(self, raw: dict[str, Any], path: str) -> Signal | None:
        self.keys(raw, path, (*SIGNAL, "label"))
        if "kind" not in raw:
            self.fault("missing", path, "has no kind")
            return None
        given = {key: raw[key] for key in SIGNAL if key in raw}
        label = self.label(raw, "label", path)
        if label is None and self._key(raw["kind"], f"{path}.kind") is not None:
            label = default_label(raw["kind"])
        return self.built(lambda: Signal(**given, label=cast("Label", label)), path)

    def _funnel(self, data: dict[str, Any] | None) -> Funnel | None:
        if data is None:
            return None
        self.keys(data, "funnel", (*TABLE, *SCALE, *FUNNEL, *LIFECYCLE))
        kinds = self.table(data, "kinds", "funnel")
        ladder, detours = self._scale(
            data, "funnel", lambda key, label: self.stage(key, label, kinds)
        )
        self.keys(kinds, "funnel.kinds", [one.key for one in (*ladder, *detours)])
        given: dict[str, Any] = {key: data[key] for key in FUNNEL if key in data}
        stage = self._one_of((*ladder, *detours), "stage")
        moves = self.lifecycle(data, self._rows(data, "transitions", "funnel"), stage)
        self._stages_of_firm = _in_order(ladder, detours)
        words = self._words("", self._scale_of_firm, self._stages_of_firm)
        rules = self._rules(data, "funnel", words, "stage", stage, DecisionTable[Any])
        if rules is None or moves is None or "ladder" not in data:
            return None
        return self.built(lambda: Funnel(rules, ladder, detours, **given, **moves), "funnel")

    # -- keys with their labels --

    def _labels(self, data: dict[str, Any], path: str) -> dict[str, Label | None]:
        raw, at = self.table(data, "labels", path), under(path, "labels")
        return {key: self.label(raw, key, at) for key in raw}

    def _scale(
        self, data: dict[str, Any], path: str, make: Callable[[str, Label], _Keyed]
    ) -> tuple[tuple[_Keyed, ...], tuple[_Keyed, ...]]:
        """Return the ladder and the detours of `data`, each key once."""
        if "ladder" not in data:
            self.fault("missing", path, "has no ladder")
            return (), ()
        labels = self._labels(data, path)
        made: dict[str, dict[str, _Keyed]] = {"ladder": {}, "detours": {}}
        for name, found in made.items():
            value, at = data.get(name, []), under(path, name)
            if not is_list(value):
                self.fault("type", at, "must be a list of keys")
                value = []
            elif len(value) > MAX_KEYS:
                self.fault("size", at, f"has more than {MAX_KEYS:,} keys")
                value = []
            for index, item in enumerate(value):
                key = self._key(item, f"{at}[{index}]")
                if key is not None and (key in made["ladder"] or key in found):
                    message = f"'{shown(key)}' stands there twice"
                    self.fault("duplicate", f"{at}[{index}]", message)
                elif key is not None:
                    found[key] = make(key, labels.get(key) or default_label(key))
        ladder, detours = (tuple(found.values()) for found in made.values())
        self.keys(labels, under(path, "labels"), [*made["ladder"], *made["detours"]])
        return ladder, detours

    def _one_of(self, known: Collection[_Keyed], what: str) -> Callable[[Any, str], _Keyed | None]:
        by_key = {one.key: one for one in known}

        def find(value: Any, path: str) -> _Keyed | None:
            key = self._key(value, path)
            # Where no ladder is given, that alone is the fault.
            if key is not None and by_key and key not in by_key:
                self.fault("unknown-level", path, f"'{shown(key)}': {no_such(what, key, by_key)}")
            return by_key.get(key or "")

        return find


def _in_order(ladder: Iterable[_Keyed], detours: Iterable[_Keyed]) -> Scale:
    """Return states or stages as a scale, for rules that ask about them."""
    rungs, aside = ({one.key: one.label for one in given} for given in (ladder, detours))
    return Scale(tuple(rungs), tuple(aside), rungs | aside)


def _key_of(product_id: Id, product: Product | None, keys: Container[str]) -> str | None:
    """Return which of the keys in a file stands for a product; `None` where none does."""
    family = None if product is None else product.family
    found: str | None = key_of(str(product_id), family, keys)
    return found


def _as_written(
    error: PlaybookError, data: dict[str, Any], products: Mapping[Id, Product | None]
) -> list[Problem]:
    """Return the problems with the paths by which the data names their places."""
    places = {
        f"products[{index}]": f"products.{shown(key)}" for index, key in enumerate(data["products"])
    }
    for what in ("tiers", "engagement"):
        for product_id, product in products.items():
            key = _key_of(product_id, product, data[what])
            if key is not None:
                places[f"{what}.{shown(product_id)}"] = f"{what}.{shown(key)}"
    found: dict[Problem, None] = {}
    for problem in error.problems:
        # The longest, because ids may have dots.
        place = max((one for one in places if lies_in(problem.path, one)), key=len, default="")
        path = places.get(place, "") + problem.path[len(place) :]
        # A policy that stands for several products is at fault once.
        found[Problem(problem.code, path, problem.message)] = None
    return [*found]
