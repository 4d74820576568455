"""Plain data → a checked playbook; every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from mpfunnel import facts
from mpfunnel.codec.checks import is_list, is_table, located, no_such, shown, under
from mpfunnel.codec.conditions import ConditionCheck, Vocabulary, day_of
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import DecodeError, InvalidDataError, PlaybookError, Problem, did_you_mean
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

__all__ = ["ATTRIBUTE_TYPES", "CLOSABLE", "EVERY", "FORMAT", "default_label", "read"]

FORMAT: Final = 1
EVERY: Final = "*"
"""Stands for every product without a table of its own."""

_SECTIONS: Final = ("products", "segments", "tiers", "engagement", "funnel")
_TOP: Final = ("format", "name", "lang", "zone", "currency", "attributes", *_SECTIONS)
_PRODUCT: Final = ("id", "name", "family", "grade", "lifecycle", "sold_from", "sold_until")
_TABLE: Final = ("rules", "otherwise", "otherwise_because")
_SCALE: Final = ("ladder", "detours", "labels")
_SIGNAL: Final = ("kind", "points", "cap", "raises_hand_days", "label")
_NUMBERS_OF_MODEL: Final = ("half_life_days", "company_wide_per_mille")

ATTRIBUTE_TYPES: Final[Mapping[str, type]] = {
    "int": int,
    "decimal": Decimal,
    "float": float,
    "bool": bool,
    "text": str,
    "date": date,
    "set": frozenset,
}
"""What a custom attribute may hold, by the word for it."""
CLOSABLE: Final = ("int", "bool", "set")

T = TypeVar("T")
_Keyed = TypeVar("_Keyed", Segment, EngagementState, FunnelStage)


def default_label(key: str) -> Label:
    """Return the label of a key that is given none: the key itself, in words."""
    words = key.replace("_", " ")
    return Label(words if words.strip() else key)


def read(data: dict[str, Any], origin: str) -> Playbook:
    """Return the playbook that plain data describes.

    Args:
        data: The data, within the bounds of `mpfunnel.codec.plain`.
        origin: How messages name the file that it came from; empty where it came from none.

    Raises:
        DecodeError: It does not have the documented form.
        PlaybookError: It contradicts itself or names what does not exist.
    """
    check = _PlaybookCheck()
    playbook, contradictions = check.playbook(data)
    problems = [
        Problem(problem.code, located(origin, problem.path), problem.message)
        for problem in (*check.problems, *contradictions)
    ]
    if check.problems:
        raise DecodeError(problems)
    if playbook is None:
        raise PlaybookError(problems)
    return playbook


class _PlaybookCheck(ConditionCheck):
    """Reads a whole playbook."""

    def playbook(self, data: dict[str, Any]) -> tuple[Playbook | None, list[Problem]]:
        """Return the playbook, or `None` and what it contradicts, as far as that can be told."""
        self.keys(data, "", _TOP)
        if type(data.get("format", FORMAT)) is not int or data.get("format", FORMAT) != FORMAT:
            self.fault("format", "format", f"must be {FORMAT}; another needs another mpfunnel")
        for section in _SECTIONS:
            if section not in data:
                self.fault("missing", "", f"has no {section}")
        head: dict[str, Any] = {
            key: self.text(data, key, "") for key in ("lang", "zone", "currency") if key in data
        }
        head["name"] = self._label(data, "name", "", None)
        products = self._products(self.table(data, "products", ""))
        attributes = self._attributes(self.table(data, "attributes", ""))

        def words(own: str, scale: Scale) -> Vocabulary:
            return Vocabulary.of(own, scale, attributes)

        models = self._of_products(
            self.table(data, "engagement", ""),
            "engagement",
            products,
            lambda raw, path: self._model(raw, path, words),
        )
        scale = next((model.scale for model in models.values() if model), facts.ENGAGEMENT)
        tiers = self._of_products(
            self.table(data, "tiers", ""),
            "tiers",
            products,
            lambda raw, path: self._tiers(raw, path, words("company", scale)),
        )
        segments = self._segments(self.table(data, "segments", ""), words("company", scale))
        funnel = self._funnel(self.table(data, "funnel", ""), words("", scale))
        parts = (segments, funnel, *products.values(), *tiers.values(), *models.values())
        if any(part is None for part in parts) or not all(key in data for key in _SECTIONS):
            return None, []
        try:
            book = Playbook(
                products=cast("list[Product]", [*products.values()]),
                segments=segments,
                tiers=tiers,
                engagement=models,
                funnel=funnel,
                **head,
            )
        except PlaybookError as error:
            return None, _as_written(error, data, products)
        return book, []

    # -- what all parts share --

    def _label(
        self, data: dict[str, Any], key: str, path: str, default: Label | None
    ) -> Label | None:
        if key not in data:
            return default
        value, at = data[key], under(path, key)
        texts = {"en": value, "ja": ""} if isinstance(value, str) else value
        if not is_table(texts):
            self.fault("type", at, "must be text, or a table of 'en' and 'ja'")
            return default
        self.keys(texts, at, ("en", "ja"))
        known = len(self.problems)
        label = {lang: self.text(texts, lang, at) for lang in ("en", "ja")}
        made = self._made_of(lambda: Label(**label), at) if len(self.problems) == known else None
        return made or default

    def _made_of(self, make: Callable[[], T], path: str) -> T | None:
        """Return what `make` makes; `None` and its problems under `path` where it refuses."""
        try:
            return make()
        except InvalidDataError as error:
            for problem in error.problems:
                # What it calls itself is not how the file names it.
                name, _, rest = problem.path.partition(".")
                own = rest if name in _NAMES else problem.path
                self.problems.append(Problem(problem.code, own, problem.message).under(path))
            return None

    def _given(self, data: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
        """Return the values that are given, as they are, for the constructor to check."""
        return {key: data[key] for key in keys if key in data}

    def _tables_in(self, data: dict[str, Any], key: str, path: str) -> list[tuple[str, Any]]:
        """Return the list of tables under `key`, each with its path."""
        value, at = data.get(key, []), under(path, key)
        if not is_list(value):
            self.fault("type", at, "must be a list of tables")
            return []
        entries: list[tuple[str, Any]] = []
        for index, item in enumerate(value):
            if is_table(item):
                entries.append((f"{at}[{index}]", item))
            else:
                self.fault("type", f"{at}[{index}]", "must be a table")
        return entries

    # -- products and attributes --

    def _products(self, data: dict[str, Any]) -> dict[Id, Product | None]:
        products: dict[Id, Product | None] = {}
        for key in data:
            at = f"products.{shown(key)}"
            raw = self.table(data, key, "products")
            self.keys(raw, at, _PRODUCT)
            product_id = self._id(raw, key, at)
            given = self._given(raw, ("family", "grade", "lifecycle"))
            for name in ("sold_from", "sold_until"):
                if name in raw:
                    given[name] = self._day(raw[name], f"{at}.{name}")
            given["name"] = self._label(raw, "name", at, None)
            products[product_id] = self._made_of(lambda: Product(product_id, **given), at)  # noqa: B023
        return products

    def _id(self, raw: dict[str, Any], key: str, path: str) -> Id:
        value = raw.get("id")
        if "id" in raw and (type(value) is not int or str(value) != key):
            message = "must be the integer that names the table; leave it out where ids are text"
            self.fault("type", f"{path}.id", message)
        return value if type(value) is int else key

    def _day(self, value: Any, path: str) -> date | None:
        day = day_of(value)
        if day is None:
            self.fault("type", path, "must be a date, for example 2014-04-01")
        return day

    def _attributes(self, data: dict[str, Any]) -> dict[str, Term]:
        self.keys(data, "attributes", ("company", "lead"))
        declared: dict[str, Term] = {}
        for group in (facts.company, facts.lead):
            within = f"attributes.{group.root}"
            table = self.table(data, group.root, "attributes")
            for key in table:
                at = f"{within}.{shown(key)}"
                if key in group.names():
                    message = "is a fact already; name the attribute otherwise"
                    self.fault("conflict", at, message)
                raw = self.table(table, key, within)
                self.keys(raw, at, ("type", "closed", "label"))
                term = self._attribute(group, key, raw, at)
                if term is not None:
                    declared[f"{group.root}.{key}"] = term
        return declared

    def _attribute(
        self, group: facts.CompanyFacts | facts.LeadFacts, key: str, raw: dict[str, Any], path: str
    ) -> Term | None:
        kind = self.text(raw, "type", path)
        if kind not in ATTRIBUTE_TYPES:
            known = f"is one of {', '.join(ATTRIBUTE_TYPES)}"
            message = f"{kind!r:.60}: {no_such('type', kind, ATTRIBUTE_TYPES)}" if kind else known
            self.fault("choice", f"{path}.type", message)
            return None
        closed = self.flag(raw, "closed", path) if "closed" in raw else kind == "bool"
        if closed and kind not in CLOSABLE:
            message = f"only attributes of type {', '.join(CLOSABLE)} may be closed"
            self.fault("closed", f"{path}.closed", message)
            return None
        label = self._label(raw, "label", path, default_label(key))
        if kind == "bool":
            return self._made_of(lambda: group.flag(key, closed=closed, label=label), path)
        made = ATTRIBUTE_TYPES[kind]
        return self._made_of(
            lambda: group.attribute(key, cast("type[int]", made), closed=closed, label=label), path
        )

    def _of_products(
        self,
        data: dict[str, Any],
        what: str,
        products: Mapping[Id, Product | None],
        read_one: Callable[[dict[str, Any], str], T | None],
    ) -> dict[Id, T | None]:
        """Return the policy of each product; those without one of their own have that of ``*``."""
        by_text = {str(product_id): product_id for product_id in products}
        read_by_text: dict[str, T | None] = {}
        for key in data:
            at = f"{what}.{shown(key)}"
            if key not in by_text and key != EVERY:
                hint = did_you_mean(key, by_text)
                self.fault("unknown-product", at, f"no such product{hint}")
            read_by_text[key] = read_one(self.table(data, key, what), at)
        found = {
            product_id: read_by_text[key if key in read_by_text else EVERY]
            for key, product_id in by_text.items()
            if key in read_by_text or EVERY in read_by_text
        }
        return found

    # -- tables of rules --

    def _rules(
        self,
        data: dict[str, Any],
        path: str,
        words: Vocabulary,
        outcome_key: str,
        outcome_of: Callable[[Any, str], T | None],
    ) -> dict[str, Any] | None:
        """Return what makes a table; `None` where an outcome is missing."""
        rules: list[Any] = []
        for at, raw in self._tables_in(data, "rules", path):
            self.keys(raw, at, (outcome_key, "key", "when", "because"))
            outcome = self._outcome(raw, outcome_key, at, outcome_of)
            if "when" in raw:
                when = self.condition(raw["when"], f"{at}.when", words)
            else:
                self.fault("missing", at, "has no when")
                when = All(())
            key = self.text(raw, "key", at)
            because = self._label(raw, "because", at, None)
            made = self._made_of(
                lambda: Rule(cast("str", outcome), when, key, cast("Label", because)),  # noqa: B023
                at,
            )
            rules.append(made if outcome is not None else None)
        otherwise = self._outcome(data, "otherwise", path, outcome_of)
        if otherwise is None or None in rules:
            return None
        made_of: dict[str, Any] = {"rules": rules, "otherwise": otherwise}
        because = self._label(data, "otherwise_because", path, None)
        return made_of if because is None else {**made_of, "otherwise_because": because}

    def _outcome(
        self, raw: dict[str, Any], key: str, path: str, outcome_of: Callable[[Any, str], T | None]
    ) -> T | None:
        if key not in raw:
            self.fault("missing", path, f"has no {key}")
            return None
        return outcome_of(raw[key], under(path, key))

    def _key(self, value: Any, path: str) -> str | None:
        if isinstance(value, str) and value.strip():
            return value
        self.fault("type", path, "must be a key: text that is not blank")
        return None

    def _segments(self, data: dict[str, Any], words: Vocabulary) -> SegmentTable | None:
        self.keys(data, "segments", (*_TABLE, "labels"))
        labels = self._labels(data, "segments")

        def segment(value: Any, path: str) -> Segment | None:
            key = self._key(value, path)
            return key and Segment(key, labels.get(key) or default_label(key))

        made_of = self._rules(data, "segments", words, "segment", segment)
        table = made_of and self._made_of(lambda: SegmentTable(**made_of), "segments")
        if table:
            self._label_keys(labels, "segments", [each.key for each in table.outcomes])
        return table

    def _tiers(self, data: dict[str, Any], path: str, words: Vocabulary) -> TierTable | None:
        self.keys(data, path, _TABLE)

        def tier(value: Any, at: str) -> Tier | None:
            return self._made_of(lambda: Tier(value), at)

        made_of = self._rules(data, path, words, "tier", tier)
        return made_of and self._made_of(lambda: TierTable(**made_of), path)

    def _model(
        self, data: dict[str, Any], path: str, words: Callable[[str, Scale], Vocabulary]
    ) -> EngagementModel | None:
        parts = ("signals", "interest", "states")
        self.keys(data, path, (*_NUMBERS_OF_MODEL, *_SCALE, *parts))
        ladder, detours = self._scale(data, path, EngagementState)
        scale = Scale(tuple(one.key for one in ladder), tuple(one.key for one in detours))
        known = words("", scale)
        signals = [self._signal(raw, at) for at, raw in self._tables_in(data, "signals", path)]
        interest = self._states(data, "interest", path, known, ladder)
        states = self._states(data, "states", path, known, (*ladder, *detours))
        if interest is None or states is None or None in signals:
            return None
        return self._made_of(
            lambda: EngagementModel(
                signals=cast("list[Signal]", signals),
                interest=interest,
                states=states,
                ladder=ladder,
                detours=detours,
                **self._given(data, _NUMBERS_OF_MODEL),
            ),
            path,
        )

    def _states(
        self,
        data: dict[str, Any],
        key: str,
        path: str,
        words: Vocabulary,
        known: Collection[EngagementState],
    ) -> DecisionTable[EngagementState] | None:
        at = under(path, key)
        if key not in data:
            self.fault("missing", path, f"has no {key}")
            return None
        raw = self.table(data, key, path)
        self.keys(raw, at, _TABLE)
        what = "level" if key == "interest" else "state"
        made_of = self._rules(raw, at, words, "state", self._one_of(known, what))
        return made_of and self._made_of(lambda: DecisionTable(**made_of), at)

    def _signal(self, raw: dict[str, Any], path: str) -> Signal | None:
        self.keys(raw, path, _SIGNAL)
        if "kind" not in raw:
            self.fault("missing", path, "has no kind")
            return None
        given = self._given(raw, ("kind", "points", "cap", "raises_hand_days"))
        given["label"] = self._label(raw, "label", path, None)
        return self._made_of(lambda: Signal(**given), path)

    def _funnel(self, data: dict[str, Any], words: Vocabulary) -> Funnel | None:
        numbers = ("quiet_days",)
        self.keys(data, "funnel", (*_TABLE, *_SCALE, *numbers, "deals_without_lead"))
        ladder, detours = self._scale(data, "funnel", FunnelStage)
        given = self._given(data, numbers)
        if "deals_without_lead" in data:
            given["deals_without_lead"] = self.flag(data, "deals_without_lead", "funnel")
        stage = self._one_of((*ladder, *detours), "stage")
        made_of = self._rules(data, "funnel", words, "stage", stage)
        rules = made_of and self._made_of(lambda: DecisionTable[Any](**made_of), "funnel")
        return rules and self._made_of(
            lambda: Funnel(rules=rules, ladder=ladder, detours=detours, **given), "funnel"
        )

    # -- keys with their labels --

    def _labels(self, data: dict[str, Any], path: str) -> dict[str, Label]:
        raw, at = self.table(data, "labels", path), under(path, "labels")
        read = {key: self._label(raw, key, at, None) for key in raw}
        return {key: label for key, label in read.items() if label is not None}

    def _label_keys(self, labels: Collection[str], path: str, known: Collection[str]) -> None:
        self.keys(labels, under(path, "labels"), known)

    def _scale(
        self, data: dict[str, Any], path: str, kind: Callable[[str, Label], _Keyed]
    ) -> tuple[tuple[_Keyed, ...], tuple[_Keyed, ...]]:
        if "ladder" not in data:
            self.fault("missing", path, "has no ladder")
        labels = self._labels(data, path)
        read: list[tuple[str, ...]] = []
        for name in ("ladder", "detours"):
            value, at = data.get(name, []), under(path, name)
            if not is_list(value):
                self.fault("type", at, "must be a list of keys")
                value = []
            keys = [self._key(item, f"{at}[{index}]") for index, item in enumerate(value)]
            read.append(tuple(key for key in keys if key is not None))
        ladder, detours = read
        self._label_keys(labels, path, (*ladder, *detours))

        def made(keys: tuple[str, ...]) -> tuple[_Keyed, ...]:
            return tuple(kind(key, labels.get(key) or default_label(key)) for key in keys)

        return made(ladder), made(detours)

    def _one_of(self, known: Collection[_Keyed], what: str) -> Callable[[Any, str], _Keyed | None]:
        by_key = {one.key: one for one in known}

        def find(value: Any, path: str) -> _Keyed | None:
            key = self._key(value, path)
            if key is not None and key not in by_key:
                self.fault("unknown-level", path, f"'{shown(key)}': {no_such(what, key, by_key)}")
            return by_key.get(key) if key else None

        return find


_NAMES: Final = ("label", "product", "signal", "tier", "rule")
"""What constructors call themselves in the paths of their problems."""


def _as_written(
    error: PlaybookError, data: dict[str, Any], products: Mapping[Id, object]
) -> list[Problem]:
    """Return the problems with the paths by which the data names their places."""
    inherited = {
        f"{what}.{product_id}": f"{what}.{EVERY}"
        for what in ("tiers", "engagement")
        for product_id in products
        if str(product_id) not in data[what]
    }
    places = {f"products[{at}]": f"products.{key}" for at, key in enumerate(data["products"])}
    found: list[Problem] = []
    for problem in error.problems:
        path = problem.path
        for old, new in (*inherited.items(), *places.items()):
            if path == old or path.startswith((f"{old}.", f"{old}[")):
                path = new + path[len(old) :]
                break
        found.append(Problem(problem.code, path, problem.message))
    # A policy that stands for several products is at fault once.
    return list(dict.fromkeys(found))
