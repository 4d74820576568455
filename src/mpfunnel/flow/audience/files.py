"""Audiences ⇄ a TOML or JSON file of their own, or plain data.

Its conditions are written as those of a playbook file are. Audiences change from campaign to
campaign, and decide no answer: they stand beside the playbook, and do not change its version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

from attrs import evolve

from mpfunnel.codec.attributes import attribute_data, default_label, label_data, without_none
from mpfunnel.codec.conditions import Vocabulary, condition_data
from mpfunnel.codec.plain import VALUES_AND_DAYS, parse_json, parse_toml, plain, start_of
from mpfunnel.codec.tables import TableCheck
from mpfunnel.errors import DecodeError, InvalidDataError, Problem, misfit
from mpfunnel.flow.audience.model import Audience, check_audiences, unit_of
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.rules.conditions import facts_of
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import Term, term_for

__all__ = ["dump_audiences", "load_audiences"]

MAX_DEPTH: Final = 80
"""How deep a file may nest, as a playbook may."""
MAX_AUDIENCES: Final = 1_000
"""How many audiences there may be."""
_TOP: Final = ("attributes", "audiences")
_KEYS: Final = ("key", "label", "product", "motion", "unit", "when")
_ID: Final = ".product_id"
_PARSERS: Final[Mapping[str, Callable[[bytes, str, int], dict[str, Any]]]] = {
    ".toml": parse_toml,
    ".json": parse_json,
}


def load_audiences(
    source: str | PathLike[str] | Mapping[str, Any], playbook: Playbook
) -> tuple[Audience, ...]:
    """Return the audiences of a file, or of plain data.

    Args:
        source: The path of a file that ends in ``.toml`` or ``.json``, or what it holds. Under
            ``audiences`` stands a list, each with key, motion, when and, where they are wanted,
            label, product and unit; under ``attributes`` the custom attributes that no rule of the
            playbook asks about.
        playbook: The playbook whose products, segments, states and stages the conditions name.

    Raises:
        DecodeError: There is no such file, or it does not have that form; all its faults at once.
        InvalidDataError: It is well formed, but an audience does not go with the playbook (see
            `check_audiences`).
    """
    if problems := misfit("playbook", playbook, Playbook):
        raise InvalidDataError(problems)
    if isinstance(source, str | PathLike):
        path = Path(source)
        data = _parser(path)(start_of(path), path.name, MAX_DEPTH)
        return _read(data, path.name, playbook)
    if problems := misfit("", source, Mapping):
        raise DecodeError(problems)
    return _read(dict(source), "", playbook)


def _parser(path: Path) -> Callable[[bytes, str, int], dict[str, Any]]:
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        raise DecodeError([Problem("file", str(path), "must end in .toml or .json")])
    return parse


def _read(data: dict[str, Any], origin: str, playbook: Playbook) -> tuple[Audience, ...]:
    check = _AudienceCheck()
    given = plain(data, origin, depth=MAX_DEPTH, values=VALUES_AND_DAYS)
    found = check.audiences(given, playbook)
    if check.problems:
        raise DecodeError(map(_as_written, check.problems))
    try:
        return check_audiences(playbook, cast("list[Audience]", found))
    except InvalidDataError as error:
        raise InvalidDataError(map(_as_written, error.problems)) from None


def _as_written(problem: Problem) -> Problem:
    """Return a problem with its path in the words of the file."""
    path = problem.path
    return evolve(problem, path=path.removesuffix("_id") if path.endswith(_ID) else path)


class _AudienceCheck(TableCheck):
    """Reads audiences."""

    def audiences(self, data: dict[str, Any], playbook: Playbook) -> list[Audience | None]:
        """Return the audiences that `data` describes; `None` for each that is faulty."""
        self.keys(data, "", _TOP)
        declared = self.attributes(self.table(data, "attributes", ""))
        words = _words(playbook, declared)
        products: dict[str, Id] = {str(one.id): one.id for one in playbook.products}
        rows = self._rows(data, "audiences", "")
        if len(rows) > MAX_AUDIENCES:
            self.fault("size", "audiences", f"has more than {MAX_AUDIENCES:,} of them")
            rows = []
        return [self._audience(raw, at, words, products) for at, raw in rows]

    def _audience(
        self, raw: dict[str, Any], path: str, words: Vocabulary, products: Mapping[str, Id]
    ) -> Audience | None:
        self.keys(raw, path, _KEYS)
        key = self._outcome(raw, "key", path, self._key)
        motion = self._outcome(raw, "motion", path, lambda value, _: value)
        label = self.label(raw, "label", path)
        when = self._outcome(raw, "when", path, lambda value, at: self.condition(value, at, words))
        product: Any = raw.get("product")
        about = products.get(product, product) if isinstance(product, str) else product
        if key is None or motion is None or when is None:
            return None
        return self.built(
            lambda: Audience(
                key, label or default_label(key), about, motion, when, raw.get("unit")
            ),
            path,
            own="audience.",
        )


def _words(playbook: Playbook, declared: Mapping[str, Term]) -> Vocabulary:
    """Return what conditions may name: what rules about plays may."""
    used = {name: term_for(fact) for name, fact in _attributes(playbook).items()}
    words = Vocabulary.of("", playbook.scale, {**used, **declared}, playbook.funnel.scale)
    # Who writes "stage" means that of the firm, which therefore comes first.
    return evolve(words, groups={"funnel": words.groups["funnel"], **words.groups})


def _attributes(playbook: Playbook) -> dict[str, Fact]:
    return {name: fact for name, fact in playbook.asked.items() if fact.within == "attributes"}


# -- audiences → data --


def dump_audiences(
    audiences: Iterable[Audience],
    playbook: Playbook,
    target: str | PathLike[str] | None = None,
) -> str:
    """Return audiences as the canonical text of a file, and write it where a path is given.

    Args:
        audiences: The audiences.
        playbook: The playbook whose products, segments, states and stages the conditions name.
        target: The path of a file that ends in ``.toml`` or ``.json``; the text is TOML where it
            is `None`.

    Raises:
        InvalidDataError: An audience does not go with the playbook, or holds what no file can hold.
        DecodeError: The path has another ending.
        OSError: The file cannot be written.
    """
    # Only what writes needs a library to write with.
    from mpfunnel.codec.text import audiences_text, json_text

    if problems := misfit("playbook", playbook, Playbook):
        raise InvalidDataError(problems)
    given = check_audiences(playbook, audiences)
    path = Path("audiences.toml" if target is None else target)
    parse = _parser(path)
    write = audiences_text if parse is parse_toml else json_text
    raw = write(_data(given, playbook)).encode()
    if _read(parse(raw, "", MAX_DEPTH), "", playbook) != given:
        message = "hold what no file can hold; build their conditions from mpfunnel.facts"
        raise InvalidDataError([Problem("custom", "audiences", message)])
    if target is not None:
        # The same bytes on every machine.
        path.write_bytes(raw)
    return raw.decode()


def _data(audiences: Iterable[Audience], playbook: Playbook) -> dict[str, Any]:
    known = _attributes(playbook)
    used = {
        fact.name: fact
        for one in audiences
        for fact in facts_of(one.when)
        if fact.within == "attributes"
    }
    words = _words(playbook, {name: term_for(fact) for name, fact in used.items()})
    own = [fact for name, fact in used.items() if name not in known]
    return without_none(
        {
            "attributes": attribute_data(own) or None,
            "audiences": [_audience_data(one, words) for one in audiences],
        }
    )


def _audience_data(one: Audience, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            "key": one.key,
            "label": None if one.label == default_label(one.key) else label_data(one.label),
            "product": one.product_id,
            "motion": one.motion,
            "unit": None if one.unit == unit_of(one.when) else one.unit,
            "when": condition_data(one.when, words),
        }
    )
