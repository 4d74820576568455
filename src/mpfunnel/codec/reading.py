"""Plain data → a checked playbook; every problem at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, TypeVar, cast

from mpfunnel import facts
from mpfunnel.codec.attributes import default_label
from mpfunnel.codec.checks import is_list, is_table, lies_in, no_such, under
from mpfunnel.codec.conditions import ConditionCheck, Vocabulary, day_of
from mpfunnel.codec.lifecycle import LIFECYCLE, LifecycleCheck
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import DecodeError, PlaybookError, Problem, brief, did_you_mean, shown
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import All
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.terms import Term
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.stages import Funnel, FunnelStage
from mpfunnel.tiers import Tier, TierTable

__all__ = ["EVERY", "FORMAT", "read"]

FORMAT: Final = 1
EVERY: Final = "*"
"""Stands for every product without a table of its own."""

MAX_PROBLEMS: Final = 200
"""How many problems are looked for."""
MAX_KEYS: Final = 1_000
"""How many products and signals there may be, and how many states and stages."""

_DAY_OF_YEAR: Final = re.compile("[0-9]{2}-[0-9]{2}")
_SECTIONS: Final = ("products", "segments", "tiers", "engagement", "funnel")
_HEAD: Final = ("lang", "zone", "currency")
_TOP: Final = ("format", "name", *_HEAD, "tier_review_dates", "attributes", *_SECTIONS)
_PRODUCT: Final = ("family", "grade", "lifecycle")
_DAYS: Final = ("sold_from", "sold_until")
_TABLE: Final = ("rules", "otherwise", "otherwise_because")
_SCALE: Final = ("ladder", "detours", "labels")
_SIGNAL: Final = ("kind", "points", "cap", "cool_down_days", "fades", "raises_hand_days")
_MODEL: Final = ("half_life_days", "company_wide_per_mille", "cap", "floor")
_FUNNEL: Final = ("quiet_days",)

T = TypeVar("T")
_Keyed = TypeVar("_Keyed", EngagementState, FunnelStage)


def read(data: dict[str, Any]) -> Playbook:
    """Return the playbook that plain data describes.

    Args:
        data: The data, within the bounds of `mpfunnel.codec.plain`.

    Raises:
        DecodeError: It does not have the documented form.
        PlaybookError: It contradicts itself or names what does not exist.
    """
    check = _PlaybookCheck()
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


class _PlaybookCheck(ConditionCheck, LifecycleCheck):
    """Reads a whole playbook."""

    def __init__(self) -> None:
        super().__init__()
        self.contradictions: list[Problem] = []
        self._attributes: dict[str, Term] = {}
        self._scale_of_firm: Scale | None = None

    def fault(self, code: str, path: str, message: str) -> None:
        """Add a problem; after `MAX_PROBLEMS` of them, stop."""
        super().fault(code, path, message)
        if len(self.problems) == MAX_PROBLEMS:
            super().fault("more", "", f"has more; these are the first {MAX_PROBLEMS}")
            raise _Enough

    def playbook(self, data: dict[str, Any]) -> Playbook | None:
        """Return the playbook that `data` describes; `None` where a part of it is faulty."""
        number = data.get("format", FORMAT)
        if type(number) is not int or number != FORMAT:
            message = f"must be {FORMAT}, not {brief(number)}; a later one needs a later mpfunnel"
            self.fault("format", "format", message)
            return None
        self.keys(data, "", _TOP)
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
        tiers = self._of_products("tiers", given["tiers"], products, self._tiers)
        segments = self._segments(given["segments"])
        funnel = self._funnel(given["funnel"])
        parts = (*given.values(), segments, funnel)
        if None in (*parts, *products.values(), *tiers.values(), *models.values()):
            return None
        try:
            return Playbook(
                products=cast("list[Product]", [*products.values()]),
                segments=cast("SegmentTable", segments),
                tiers=cast("dict[Id, TierTable]", tiers),
                engagement=cast("dict[Id, EngagementModel]", models),
                funnel=cast("Funnel", funnel),
                **head,
            )
        except PlaybookError as error:
            self.contradictions = _as_written(error, data, products)
            return None

    def _words(self, own: str, scale: Scale | None, stages: Scale = facts.STAGES) -> Vocabulary:
        return Vocabulary.of(own, scale or facts.ENGAGEMENT, self._attributes, stages)

    def _part(self, data: dict[str, Any], key: str, path: str) -> dict[str, Any] | None:
        """Return the table under `key`; `None` where there is none."""
        if key not in data:
            self.fault("missing", path, f"has no {key}")
            return None
        value = data[key]
        if is_table(value):
            return value
        self.fault("type", under(path, shown(key)), "must be a table")
        return None

    def _key(self, value: Any, path: str) -> str | None:
        if isinstance(value, str) and value.strip():
            return value
        self.fault("type", path, "must be a key: text that is not blank")
        return None

    def _rows(self, data: dict[str, Any], key: str, path: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables of the list under `key`, each with its path."""
        value, at = data.get(key, []), under(path, key)
        if not is_list(value):
            self.fault("type", at, "must be a list of tables")
            return []
        rows: list[tuple[str, dict[str, Any]]] = []
        for index, item in enumerate(value):
            if is_table(item):
                rows.append((f"{at}[{index}]", item))
            else:
                self.fault("type", f"{at}[{index}]", "must be a table")
        return rows

    # -- products, and what each of them has --

    def _days_of_year(self, data: dict[str, Any], key: str) -> list[tuple[int, int]]:
        """Return the days of the year under `key`, each as month and day."""
        found: list[tuple[int, int]] = []
        for index, day in enumerate(self.texts(data, key, "")):
            if _DAY_OF_YEAR.fullmatch(day):
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
        self.keys(raw, path, ("id", "name", *_PRODUCT, *_DAYS))
        given: dict[str, Any] = {key: raw[key] for key in _PRODUCT if key in raw}
        for key in _DAYS:
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
        products: Collection[Id],
        read_one: Callable[[dict[str, Any], str], T | None],
    ) -> dict[Id, T | None]:
        """Return the policy of each product; those without one of their own have that of ``*``."""
        by_text = {str(product_id): product_id for product_id in products}
        policies: dict[str, T | None] = {}
        for key in data or {}:
            at = under(what, shown(key))
            if key not in by_text and key != EVERY:
                hint = did_you_mean(key, by_text)
                self.fault("unknown-product", at, f"no such product{hint}")
            raw = self._part(data or {}, key, what)
            policies[key] = None if raw is None else read_one(raw, at)
        return {
            product_id: policies[key if key in policies else EVERY]
            for key, product_id in by_text.items()
            if key in policies or EVERY in policies
        }

    # -- tables of rules --

    def _rules(
        self,
        data: dict[str, Any],
        path: str,
        words: Vocabulary,
        outcome_key: str,
        outcome_of: Callable[[Any, str], Any],
        make: Callable[..., T],
    ) -> T | None:
        """Return the table of the rules in `data`; `None` where an outcome is faulty.

        Args:
            data: The table that holds ``rules``, ``otherwise`` and ``otherwise_because``.
            path: Where it is.
            words: What its conditions may name.
            outcome_key: By which key a rule gives its outcome.
            outcome_of: Gives the outcome of a value and its path, or `None` where it is faulty.
            make: The kind of table.
        """
        rules = [
            self._rule(raw, at, words, outcome_key, outcome_of)
            for at, raw in self._rows(data, "rules", path)
        ]
        given: dict[str, Any] = {"otherwise": self._outcome(data, "otherwise", path, outcome_of)}
        because = self.label(data, "otherwise_because", path)
        if because is not None:
            given["otherwise_because"] = because
        if None in (*rules, given["otherwise"]):
            return None
        return self.built(lambda: make(rules=rules, **given), path)

    def _rule(
        self,
        raw: dict[str, Any],
        path: str,
        words: Vocabulary,
        outcome_key: str,
        outcome_of: Callable[[Any, str], Any],
    ) -> Rule[Any] | None:
        self.keys(raw, path, (outcome_key, "key", "when", "because"))
        outcome = self._outcome(raw, outcome_key, path, outcome_of)
        if "when" in raw:
            when = self.condition(raw["when"], f"{path}.when", words)
        else:
            self.fault("missing", path, "has no when")
            when = All(())
        key = self.text(raw, "key", path)
        because = cast("Label", self.label(raw, "because", path))
        rule = self.built(lambda: Rule(outcome, when, key, because), path)
        return None if outcome is None else rule

    def _outcome(
        self, data: dict[str, Any], key: str, path: str, outcome_of: Callable[[Any, str], T | None]
    ) -> T | None:
        if key in data:
            return outcome_of(data[key], under(path, key))
        self.fault("missing", path, f"has no {key}")
        return None

    def _segments(self, data: dict[str, Any] | None) -> SegmentTable | None:
        if data is None:
            return None
        self.keys(data, "segments", (*_TABLE, "labels"))
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

    def _tiers(self, data: dict[str, Any], path: str) -> TierTable | None:
        self.keys(data, path, _TABLE)

        def tier(value: Any, at: str) -> Tier | None:
            return self.built(lambda: Tier(value), at, own="tier.number")

        words = self._words("company", self._scale_of_firm)
        return self._rules(data, path, words, "tier", tier, TierTable)

    def _model(self, data: dict[str, Any], path: str) -> EngagementModel | None:
        self.keys(data, path, (*_MODEL, *_SCALE, "signals", "interest", "states"))
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
                self.keys(raw, at, _TABLE)
                state = self._one_of(known, "level" if key == "interest" else "state")
                table = self._rules(raw, at, words, "state", state, DecisionTable[Any])
                tables.append(table)
        given = {key: data[key] for key in _MODEL if key in data}
        interest, states = tables if len(tables) == 2 else (None, None)
        if interest is None or states is None or None in signals or "ladder" not in data:
            return None
        made = cast("list[Signal]", signals)
        return self.built(
            lambda: EngagementModel(made, interest, states, ladder, detours, **given), path
        )

    def _signal(self, raw: dict[str, Any], path: str) -> Signal | None:
        self.keys(raw, path, (*_SIGNAL, "label"))
        if "kind" not in raw:
            self.fault("missing", path, "has no kind")
            return None
        given = {key: raw[key] for key in _SIGNAL if key in raw}
        label = self.label(raw, "label", path)
        if label is None and self._key(raw["kind"], f"{path}.kind") is not None:
            label = default_label(raw["kind"])
        return self.built(lambda: Signal(**given, label=cast("Label", label)), path)

    def _funnel(self, data: dict[str, Any] | None) -> Funnel | None:
        if data is None:
            return None
        self.keys(data, "funnel", (*_TABLE, *_SCALE, *_FUNNEL, *LIFECYCLE))
        kinds = self.table(data, "kinds", "funnel")
        ladder, detours = self._scale(
            data, "funnel", lambda key, label: self.stage(key, label, kinds)
        )
        self.keys(kinds, "funnel.kinds", [one.key for one in (*ladder, *detours)])
        given: dict[str, Any] = {key: data[key] for key in _FUNNEL if key in data}
        stage = self._one_of((*ladder, *detours), "stage")
        moves = self.lifecycle(data, self._rows(data, "transitions", "funnel"), stage)
        words = self._words("", self._scale_of_firm, _in_order(ladder, detours))
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


def _as_written(
    error: PlaybookError, data: dict[str, Any], products: Collection[Id]
) -> list[Problem]:
    """Return the problems with the paths by which the data names their places."""
    places = {
        f"products[{index}]": f"products.{shown(key)}" for index, key in enumerate(data["products"])
    }
    for what in ("tiers", "engagement"):
        for product_id in products:
            if str(product_id) not in data[what] and EVERY in data[what]:
                places[f"{what}.{shown(product_id)}"] = f"{what}.{EVERY}"
    found: dict[Problem, None] = {}
    for problem in error.problems:
        # The longest, because ids may have dots.
        place = max((one for one in places if lies_in(problem.path, one)), key=len, default="")
        path = places.get(place, "") + problem.path[len(place) :]
        # A policy that stands for several products is at fault once.
        found[Problem(problem.code, path, problem.message)] = None
    return [*found]
