"""Plays: what a firm does next, under which conditions, and which of several comes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Literal, cast, get_args

from attrs import field, frozen

from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    brief,
    did_you_mean,
    misfit,
    misfits,
    not_a_key,
    series,
)
from mpfunnel.labels import Keyed, Label
from mpfunnel.records import Channel, Id
from mpfunnel.rules.conditions import Condition, as_condition, check_size
from mpfunnel.rules.tables import Asked, a_reason, check_keys, keyed
from mpfunnel.rules.words import reason_of
from mpfunnel.synergy.naming import EVERY, fault_of_id, is_about

__all__ = ["CRITERIA", "NO_PLAY", "Criterion", "Motion", "Play", "PlayRule", "Plays"]

Motion = Literal["upstream", "downstream"]
Criterion = Literal["open_deal", "due", "play", "interest", "tier", "last_contact"]

CRITERIA: Final[tuple[Criterion, ...]] = get_args(Criterion)
_CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
MAX_DAYS: Final = 36_500


def _channels(value: Iterable[Channel]) -> tuple[Channel, ...]:
    return series(value)


def _days(path: str, value: object, least: int) -> list[Problem]:
    if type(value) is not int:
        message = f"must be an integer, not {type(value).__name__} {brief(value)}"
        return [Problem("type", path, message)]
    if least <= value <= MAX_DAYS:
        return []
    message = f"must be a number of days from {least} to {MAX_DAYS:,}, not {brief(value)}"
    return [Problem("range", path, message)]


def _choices(path: str, values: object, known: tuple[str, ...]) -> list[Problem]:
    """Return the problems of a series of words that should be among those known, each once."""
    if not isinstance(values, tuple | frozenset):
        return [Problem("type", path, f"must be a list, not {type(values).__name__}")]
    given = cast("Collection[object]", values)
    problems: list[Problem] = []
    # What cannot be hashed may stand among them, too.
    seen: list[object] = []
    ordered = sorted(given, key=brief) if isinstance(values, frozenset) else given
    for place, one in enumerate(ordered):
        if one not in known:
            hint = did_you_mean(one, known) or f"; there are {', '.join(known)}"
            problems.append(Problem("choice", f"{path}[{place}]", f"no such {brief(one)}{hint}"))
        elif one in seen:
            problems.append(Problem("duplicate", f"{path}[{place}]", f"{brief(one)} is used twice"))
        seen.append(one)
    return problems


@frozen
class Play(Keyed):
    """What to do next (次の一手): the action, the message, the channel, by whom and by when.

    Attributes:
        key: A stable name, which stored answers hold.
        label: The action, as people read it.
        message: Key of the message or content that it sends; blank where it has none.
        channels: Through what, in the order of preference; none for what reaches nobody outside.
        owner: The role that does it, for example ``"field_sales"``.
        due_in_days: Until how many days after what called for it.
        cadence_days: How many days after a contact it is due again; `None` for what is done once.
        before_end_days: Where it is about a contract: how many days before its end it is due.
        within_sla: Whether it is due by the time limit of the stage in which the lead is, until the
            lead is contacted there, and not `due_in_days` after what called for it.
        motion: ``"upstream"`` (上流: awareness, content; long term) or ``"downstream"`` (下流:
            selling; short term).
    """

    called = "play"

    message: str = ""
    channels: tuple[Channel, ...] = field(default=(), converter=_channels)
    owner: str = ""
    due_in_days: int = 0
    cadence_days: int | None = None
    before_end_days: int | None = None
    motion: Motion = "downstream"
    within_sla: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        try:
            super().__attrs_post_init__()
        except InvalidDataError as error:
            problems += error.problems
        problems += misfit("play.message", self.message, str)
        problems += _choices("play.channels", self.channels, _CHANNELS)
        problems += misfit("play.owner", self.owner, str)
        problems += _days("play.due_in_days", self.due_in_days, 0)
        if self.cadence_days is not None:
            problems += _days("play.cadence_days", self.cadence_days, 1)
        if self.before_end_days is not None:
            problems += _days("play.before_end_days", self.before_end_days, 0)
        if self.motion not in get_args(Motion):
            message = f"must be upstream or downstream, not {brief(self.motion)}"
            problems.append(Problem("choice", "play.motion", message))
        problems += misfit("play.within_sla", self.within_sla, bool)
        if problems:
            raise InvalidDataError(problems)


NO_PLAY: Final = Play("none", Label("nothing to do", "対応なし"))


def _key_of(value: Any) -> Any:
    return NO_PLAY.key if value is None else getattr(value, "key", value)


@frozen
class PlayRule:
    """Which play a lead gets, and under which condition.

    Attributes:
        play: Key of the play; the play itself will do. `None`: deliberately none.
        when: The condition.
        product: Id of the product that it is about, ``"family:NAME"`` for those of a family,
            ``"*"`` for all; rules about the whole firm leave it.
        key: A stable name, unique in its list; named by its position where it is blank (S10).
        because: The reason; the condition in words where it is blank.
    """

    play: str = field(converter=_key_of)
    when: Condition = field(converter=as_condition)
    product: Id = EVERY
    key: str = ""
    because: Label = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = misfit("rule.play", self.play, str)
        problems += [one.under("rule.when") for one in check_size(self.when)]
        problems += fault_of_id("rule.product", self.product)
        problems += misfit("rule.key", self.key, str)
        if problems:
            raise InvalidDataError(problems)
        if self.because is None:  # pyright: ignore[reportUnnecessaryComparison] # not in words yet
            object.__setattr__(self, "because", reason_of(self.when))

    def is_about(self, product_id: Id, family: str | None) -> bool:
        """Return whether it is about a product of that id and family."""
        return is_about(self.product, product_id, family)


def _plays(value: Iterable[Play]) -> tuple[Play, ...]:
    return series(value)


def _rules(value: Iterable[PlayRule]) -> tuple[Any, ...]:
    return keyed(value, PlayRule, "play")


def _words(value: Iterable[str]) -> Any:
    given: Any = series(value)
    # What is no collection of words is left for the checks to name; a lone text is none.
    if not isinstance(given, tuple):
        return given
    words = cast("tuple[object, ...]", given)
    try:
        return frozenset(words)
    except TypeError:
        return words


def _criteria(value: Iterable[Criterion]) -> tuple[Criterion, ...]:
    return series(value)


@frozen
class Plays:
    """A firm's plays, the rules that give them, and who gets a lead that several products claim.

    Attributes:
        plays: All plays, the most important first.
        products: The rules per product, in the order in which they are asked.
        firm: The rules for the whole firm.
        contacts: Kinds of activities by which we contact a lead (a call, a mail that we sent); all
            other kinds are signs that it gives.
        need_consent: Channels that need a consent on record (特定電子メール法 asks for it in mail);
            through the others, a lead may be contacted unless it has opted out.
        order: What decides which of several plays for one lead comes first.
            ``"open_deal"``: products with an open deal of the company. ``"due"``: plays whose day
            has come. ``"play"``: the order of `plays`. ``"interest"``: the highest level of
            interest. ``"tier"``: the highest Tier. ``"last_contact"``: the product about which the
            lead was contacted last. What ties is told apart by the id of the product, the whole
            firm last. Whatever the order, a day that a person has set goes before all once it has
            come, and a play that is done claims nothing.
        at_once: For how many products a lead is worked at one time; the others wait.
        quiet_days: How long a product waits after a contact about another one.

    Raises:
        InvalidDataError: A rule names no play, a key stands there twice, or a value is out of
            bounds; all of it at once.
    """

    plays: tuple[Play, ...] = field(default=(), converter=_plays)
    products: tuple[PlayRule, ...] = field(default=(), converter=_rules)
    firm: tuple[PlayRule, ...] = field(default=(), converter=_rules)
    contacts: frozenset[str] = field(default=frozenset(), converter=_words)
    need_consent: frozenset[Channel] = field(default=frozenset({"email"}), converter=_words)
    order: tuple[Criterion, ...] = field(default=CRITERIA, converter=_criteria)
    at_once: int = 1
    quiet_days: int = 0

    def __attrs_post_init__(self) -> None:
        problems = list(_check_plays(self.plays))
        for name in ("products", "firm"):
            problems += check_keys(getattr(self, name), PlayRule, name)
        problems = problems or list(_check_rules(self))
        problems += _check_contacts(self.contacts)
        problems += _choices("need_consent", self.need_consent, _CHANNELS)
        problems += _choices("order", self.order, CRITERIA)
        if type(self.at_once) is not int or self.at_once < 1:
            message = f"must be an integer of 1 or more, not {brief(self.at_once)}"
            problems.append(Problem("range", "at_once", message))
        problems += _days("quiet_days", self.quiet_days, 0)
        if problems:
            raise InvalidDataError(problems)

    def play(self, key: str) -> Play:
        """Return the play of a key that stands in a rule."""
        return NO_PLAY if key == NO_PLAY.key else self.plays[self.places[key]]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each play among all by its key, from 0 for the most important."""
        return {one.key: place for place, one in enumerate(self.plays)}

    @property
    def asked(self) -> tuple[tuple[str, tuple[Asked, ...]], ...]:
        """Every condition with its path, of the rules per product and of those for the firm."""
        return tuple(
            (
                name,
                tuple(
                    Asked(f"{name}[{place}].when", one.when, place)
                    for place, one in enumerate(rules)
                ),
            )
            for name, rules in (("products", self.products), ("firm", self.firm))
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of every rule."""
        return tuple(one.when for one in (*self.products, *self.firm))


def _check_plays(plays: tuple[Play, ...]) -> Iterator[Problem]:
    wrong = misfits("plays", plays, Play)
    yield from wrong
    if wrong:
        return
    seen = {NO_PLAY.key}
    for place, one in enumerate(plays):
        if one.key in seen:
            taken = "is reserved" if one.key == NO_PLAY.key else "is used twice; keys are unique"
            yield Problem("duplicate", f"plays[{place}].key", f"{brief(one.key)} {taken}")
        seen.add(one.key)


def _check_rules(plays: Plays) -> Iterator[Problem]:
    known = [NO_PLAY.key, *(one.key for one in plays.plays)]
    for name, rules in (("products", plays.products), ("firm", plays.firm)):
        for place, rule in enumerate(rules):
            if rule.play not in known:
                message = f"no such play {brief(rule.play)}{did_you_mean(rule.play, known)}"
                yield Problem("unknown-play", f"{name}[{place}].play", message)
    for place, rule in enumerate(plays.firm):
        if rule.product != EVERY:
            message = "must be left out: the rule is about the whole firm"
            yield Problem("scope", f"firm[{place}].product", message)


def _check_contacts(contacts: object) -> Iterator[Problem]:
    if not isinstance(contacts, frozenset):
        kind = type(contacts).__name__
        yield Problem("type", "contacts", f"must be a list of kinds of activities, not {kind}")
    elif any(not_a_key("", one) for one in cast("frozenset[object]", contacts)):
        yield Problem("type", "contacts", "must hold kinds of activities, which are text")
