"""Plays, the rules that give them, and what comes first ⇄ plain data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, get_args

from mpfunnel.codec.attributes import default_label, label_data, without_none
from mpfunnel.codec.checks import is_list, no_such, under
from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.tables import TableCheck, because_data
from mpfunnel.errors import InvalidDataError, shown
from mpfunnel.plays import CRITERIA, NO_PLAY, Play, PlayRule, Plays
from mpfunnel.records import Channel, Id
from mpfunnel.synergy import EVERY

__all__ = ["CHANNELS", "MAX_PLAYS", "PLAY", "PLAYS", "PLAY_RULE", "PlaysCheck", "plays_data"]

MAX_PLAYS: Final = 1_000
"""How many plays there may be."""
CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
_NUMBERS: Final = ("at_once", "quiet_days")
_WORDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "order": ("criterion", CRITERIA),
    "need_consent": ("channel", CHANNELS),
    "contacts": ("kind", ()),
}
"""What the words of each list are, and which of them there are; none where all may be."""
PLAYS: Final = (*_WORDS, *_NUMBERS, "list", "products", "firm")
_SAID: Final = (
    *("message", "owner", "due_in_days", "cadence_days", "before_end_days", "motion"),
    "within_sla",
)
PLAY: Final = ("key", "label", "channels", *_SAID)
PLAY_RULE: Final = ("play", "when", "key", "because")
"""The keys of a rule for the whole firm; one about products may say which ones, too."""


class PlaysCheck(TableCheck):
    """Reads plays and their rules."""

    def plays(
        self, data: dict[str, Any], words: Vocabulary, products: Mapping[str, Id]
    ) -> Plays | None:
        """Return what `data` says of plays; `None` where they cannot stand together.

        Args:
            data: The table.
            words: What its conditions may name.
            products: The ids of products by their text.
        """
        self.keys(data, "plays", PLAYS)
        given: dict[str, Any] = {name: data[name] for name in _NUMBERS if name in data}
        for name, (what, choice) in _WORDS.items():
            if name in data:
                given[name] = self._listed_words(data, name, "plays", what, choice)
        rows = self._rows(data, "list", "plays")
        if len(rows) > MAX_PLAYS:
            self.fault("size", "plays.list", f"has more than {MAX_PLAYS:,} of them")
            return None
        plays = _sound((at, self._play(raw, at)) for at, raw in rows)
        keys = dict.fromkeys((NO_PLAY.key, *(play.key for play in plays.values())))
        # Where a play has no key, nobody knows which one a rule means.
        asked = keys if len(plays) == len(rows) else None
        made: dict[str, dict[str, Any]] = {"plays": plays}
        for name, own in (("products", (*PLAY_RULE, "product")), ("firm", PLAY_RULE)):
            rules: list[tuple[str, PlayRule | None]] = []
            for at, raw in self._rows(data, name, "plays"):
                self.keys(raw, at, own)
                play = self._play_named(raw, at, asked)
                rules.append((at, self._play_rule(raw, at, play, words, products)))
            made[name] = _sound(rules)
        return self._whole(made, given)

    def _whole(
        self, made: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
    ) -> Plays | None:
        """Return plays and rules, each given under its path, as a whole."""
        parts: dict[str, Any] = {name: [*found.values()] for name, found in made.items()}
        try:
            return Plays(**parts, **given)
        except InvalidDataError as error:
            places = {
                f"{name}[{index}]": at
                for name, found in made.items()
                for index, at in enumerate(found)
            }
            for problem in error.problems:
                place, dot, rest = problem.path.partition(".")
                at = places.get(place, f"plays.{place}")
                self.fault(problem.code, at + dot + rest, problem.message)
            return None

    def _play(self, raw: dict[str, Any], path: str) -> Play | None:
        """Return a play; `None` where it has no key, a plain one where all else is faulty."""
        self.keys(raw, path, PLAY)
        given: dict[str, Any] = {name: raw[name] for name in _SAID if name in raw}
        given["channels"] = self._listed_words(raw, "channels", path, "channel", CHANNELS)
        label = self.label(raw, "label", path)
        key = self._outcome(raw, "key", path, self._key)
        if key is None:
            self.built(lambda: Play("-", "-", **given), path, own="play.")
            return None
        usual = default_label(key)
        made = self.built(lambda: Play(key, label or usual, **given), path, own="play.")
        return made or Play(key, usual)

    def _play_named(
        self, raw: dict[str, Any], path: str, known: Collection[str] | None
    ) -> str | None:
        """Return the key of the play that a rule names; `None` where there is no such play."""
        key = self._outcome(raw, "play", path, self._key)
        if key is not None and known is not None and key not in known:
            message = f"'{shown(key)}': {no_such('play', key, known)}"
            self.fault("unknown-play", f"{path}.play", message)
        return key if known is not None and key in known else None

    def _play_rule(
        self,
        raw: dict[str, Any],
        path: str,
        play: str | None,
        words: Vocabulary,
        products: Mapping[str, Id],
    ) -> PlayRule | None:
        product: object = raw.get("product", EVERY)
        if not isinstance(product, str | int) or isinstance(product, bool):
            self.fault("type", f"{path}.product", "must be the id of a product")
            product = EVERY
        about = products.get(str(product), product)
        said = self._reason(raw, path, words)
        return self.built(lambda: PlayRule(play, product=about, **said), path)

    def _listed_words(
        self, data: dict[str, Any], key: str, path: str, what: str, known: Collection[str]
    ) -> list[str]:
        """Return the words of the list under `key`; none where one of them is faulty."""
        value, at = data.get(key, []), under(path, key)
        if not is_list(value):
            self.fault("type", at, "must be a list of texts")
            return []
        faults = len(self.problems)
        words: list[str] = []
        for index, item in enumerate(value):
            word = self._key(item, f"{at}[{index}]") or ""
            if word and known and word not in known:
                message = f"'{shown(word)}': {no_such(what, word, known)}"
                self.fault("choice", f"{at}[{index}]", message)
            words.append(word)
        return words if len(self.problems) == faults else []


def _sound(parts: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what could be read, by its path."""
    return {at: one for at, one in parts if one is not None}


# -- plays → data --


def plays_data(plays: Plays, words: Vocabulary) -> dict[str, Any]:
    """Return plays as plain data; nothing where none are declared."""
    if plays == Plays():
        return {}
    usual = Plays()
    rules = {
        name: [_rule_data(one, words) for one in given] or None
        for name, given in (("products", plays.products), ("firm", plays.firm))
    }
    consent, contacts = sorted(plays.need_consent), sorted(plays.contacts)
    return without_none(
        {
            "order": None if plays.order == usual.order else [*plays.order],
            "need_consent": None if plays.need_consent == usual.need_consent else consent,
            "contacts": contacts or None,
            "at_once": plays.at_once,
            "quiet_days": plays.quiet_days,
            "list": [_play_data(one) for one in plays.plays] or None,
            **rules,
        }
    )


def _play_data(play: Play) -> dict[str, Any]:
    return without_none(
        {
            "key": play.key,
            "label": None if play.label == default_label(play.key) else label_data(play.label),
            "message": play.message or None,
            "channels": [*play.channels] or None,
            "owner": play.owner or None,
            "due_in_days": play.due_in_days,
            "cadence_days": play.cadence_days,
            "before_end_days": play.before_end_days,
            "motion": play.motion,
            "within_sla": play.within_sla or None,
        }
    )


def _rule_data(rule: PlayRule, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            "play": rule.play,
            "product": None if rule.product == EVERY else rule.product,
            "key": rule.key,
            **because_data(rule.when, rule.because, words),
        }
    )
