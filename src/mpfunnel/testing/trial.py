"""Trial: one policy, the questions that it is asked, and what it answered."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import deepcopy
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, TypedDict, cast

from attrs import evolve, frozen

from mpfunnel.errors import InvalidDataError, Problem, did_you_mean
from mpfunnel.records import Company, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.testing.asking import Answer, asked
from mpfunnel.testing.constants import Constants, constants_of
from mpfunnel.testing.elsewhere import Elsewhere
from mpfunnel.testing.failures import Question
from mpfunnel.testing.pool import FIELDS, Axis, held, pool_of, spread
from mpfunnel.tiers import Tier, TierPolicy

__all__ = ["Filling", "Options", "Trial"]

_FILLINGS: Final = 1_500
_CORE: Final = 80
_STEPS: Final = (timedelta(1), timedelta(0))
DAYS: Final = (date(2026, 10, 31), date(2027, 4, 1))


class Options(TypedDict, total=False):
    """What the checks may be told about a policy.

    Attributes:
        monotone: Facts of which more never lowers the Tier, for example ``["employees"]``.
        closed: Custom attributes of which blank means no, not unknown (S2).
        companies: Companies of your own, to be asked about besides those made from the policy.
        products: The products to ask about; by default one with the id ``"product"``.
        days: The days to ask about; by default two, and those about one that the policy names.
    """

    monotone: Sequence[str]
    closed: Sequence[str]
    companies: Sequence[Company]
    products: Sequence[Product | str | int]
    days: Sequence[date]


@frozen
class Filling:
    """An answer, and the one after a missing fact has become known."""

    question: Question
    before: Decision[Tier]
    axis: Axis
    value: Any
    after: Decision[Tier]


class Trial:
    """One policy on trial.

    Args:
        policy: The policy.
        options: What the checks may be told about it (`Options`).

    Raises:
        InvalidDataError: An option is not what it has to be.
    """

    def __init__(self, policy: TierPolicy, options: Options) -> None:
        self.policy = policy
        strange = [name for name in options if name not in Options.__annotations__]
        if strange:
            hint = did_you_mean(strange[0], Options.__annotations__)
            raise InvalidDataError([Problem("unknown-key", strange[0], f"no such option{hint}")])
        self.monotone = tuple(one.removeprefix("company.") for one in options.get("monotone", ()))
        self.closed = tuple(options.get("closed", ()))
        self.given = tuple(options.get("companies", ()))
        self.products = tuple(
            one if isinstance(one, Product) else Product(one)
            for one in options.get("products", ("product",))
        )
        self.days = tuple(options["days"]) if "days" in options else self._days()
        # Before it is asked for the first time: who remembers what it was asked is found out.
        self._as_given = _copy_of(policy)

    def _days(self) -> tuple[date, ...]:
        """Return days to ask about, on both sides of the first one that the policy names."""
        named = [day for day in self.constants.days if date.min < day]
        return tuple(dict.fromkeys((*DAYS, *(day - one for day in named[:1] for one in _STEPS))))

    def fresh(self) -> TierPolicy:
        """Return the policy as it was before it was asked; itself where it cannot be copied."""
        return _copy_of(self._as_given)

    @cached_property
    def constants(self) -> Constants:
        """The constants of the policy."""
        return constants_of(self.policy)

    @cached_property
    def kind(self) -> str:
        """What the policy calls itself, as far as it can be shown."""
        try:
            kind: Any = self.policy.kind
        except Exception:
            # The check `kind` tells of it; here it is only shown.
            kind = None
        return kind if isinstance(kind, str) and kind.strip() else type(self.policy).__name__

    @cached_property
    def tiers(self) -> tuple[Tier, ...]:
        """The Tiers that the policy says it can give; none where it does not say so."""
        try:
            tiers: Any = self.policy.tiers
        except Exception:
            # The check `tiers` tells of it.
            return ()
        return tuple(cast("Sequence[Tier]", tiers)) if isinstance(tiers, list | tuple) else ()

    # -- what is asked --

    @cached_property
    def _pool(self) -> tuple[tuple[Axis, ...], tuple[Company, ...]]:
        explorer = self.fresh()

        def ask(company: Company) -> None:
            for product in self.products:
                for day in self.days:
                    explorer.tier_for(company, product, as_of=day)

        return pool_of(ask, self.constants, self.closed, self.given)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The facts that the policy reads."""
        return self._pool[0]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What the policy is asked."""
        each = (
            Question(company, product, day)
            for company in self._pool[1]
            for product in self.products
            for day in self.days
        )
        return tuple({question.exact: question for question in each}.values())

    @cached_property
    def core(self) -> tuple[Question, ...]:
        """A part of the questions, of all kinds."""
        return tuple(spread(self.questions, _CORE))

    # -- what is answered --

    @cached_property
    def twice(self) -> tuple[tuple[Answer, Answer], ...]:
        """The answers to the questions, each asked twice in a row."""
        policy = self.policy
        return tuple((asked(policy, one), asked(policy, one)) for one in self.questions)

    @cached_property
    def there_and_back(self) -> tuple[tuple[Answer, ...], tuple[Answer, ...]]:
        """The answers of two fresh copies: of the second, asked from the last question on."""
        forward, backward = self.fresh(), self.fresh()
        there = tuple(asked(forward, one) for one in self.questions)
        back = [asked(backward, one) for one in reversed(self.questions)]
        return there, tuple(reversed(back))

    @cached_property
    def steady(self) -> bool:
        """Whether the policy answers alike in one process, whatever it was asked before.

        Where it does not, other ways to ask again tell nothing new.
        """
        there, back = self.there_and_back
        return there == back and all(first == again for first, again in self.twice)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The answers to the questions."""
        if self.steady:
            return tuple(first for first, _ in self.twice)
        return tuple(asked(self.fresh(), question) for question in self.questions)

    @property
    def answered(self) -> Iterator[tuple[Question, Answer]]:
        """The questions with their answers."""
        return zip(self.questions, self.answers, strict=True)

    @cached_property
    def _known(self) -> dict[Hashable, Answer]:
        return {question.exact: answer for question, answer in self.answered}

    @cached_property
    def unpickled(self) -> tuple[Answer, ...]:
        """The answers of the policy after pickling; none where it cannot be pickled."""
        try:
            policy: TierPolicy = pickle.loads(pickle.dumps(self.policy))
        except Exception:
            # The check `pickling` tells of it.
            return ()
        return tuple(asked(policy, question) for question in self.questions)

    def answer(self, question: Question) -> Answer:
        """Return the answer to any question."""
        key = question.exact
        if key not in self._known:
            self._known[key] = asked(self.policy if self.steady else self.fresh(), question)
        return self._known[key]

    @cached_property
    def sound(self) -> tuple[tuple[Question, Decision[Tier]], ...]:
        """The questions with their answers, where these are sound."""
        found = ((question, one.decision) for question, one in self.answered)
        return tuple((question, one) for question, one in found if one is not None)

    @cached_property
    def fillings(self) -> tuple[Filling, ...]:
        """What becomes of answers when a missing fact becomes known (law 2)."""
        ways = [
            (question, axis, value)
            for question in self.core
            if self.answer(question).decision is not None
            for axis in self.axes
            if axis.open and axis.of(question.company) is None
            for value in axis.values
        ]
        return tuple(
            filling
            for way in spread(ways, _FILLINGS)
            if (filling := self.filling(*way)) is not None
        )

    def filling(self, question: Question, axis: Axis, value: Any) -> Filling | None:
        """Return what becomes of an answer; `None` where one of them is no sound answer."""
        filled = evolve(question, company=axis.put(question.company, value))
        before, after = self.answer(question).decision, self.answer(filled).decision
        if before is None or after is None:
            return None
        return Filling(question, before, axis, value, after)

    def monotone_axes(self) -> Iterator[Axis]:
        """Yield the facts of which more never lowers the Tier, with their values in order.

        Raises:
            InvalidDataError: There is no such fact, or it has no order.
        """
        read = {axis.name: axis for axis in self.axes}
        for name in self.monotone:
            if name not in read and name not in FIELDS:
                hint = did_you_mean(name, {*read, *FIELDS})
                message = f"the policy reads no such fact{hint}"
                raise InvalidDataError([Problem("unknown-fact", f"monotone.{name}", message)])
            if name in read:
                values = [v for v in read[name].values if not isinstance(v, str | frozenset)]
                if not values:
                    message = "has no order; name a fact that is a number or a date"
                    raise InvalidDataError([Problem("type", f"monotone.{name}", message)])
                yield evolve(read[name], values=tuple(sorted(_comparable(values))))

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """The policy in other processes, where it is being asked the same questions."""
        return Elsewhere(self.policy, self.questions)

    # -- the smallest that shows it --

    def smallest(self, question: Question, fails: Callable[[Question], bool]) -> Question:
        """Return a question with as few facts as show the same failure: one after the other goes.

        Args:
            question: A question that shows it.
            fails: Whether another one shows it, too.
        """
        again = True
        while again:
            again = False
            for axis in held(question.company):
                smaller = evolve(question, company=axis.put(question.company, None))
                if fails(smaller):
                    question, again = smaller, True
        return question


def _copy_of(policy: TierPolicy) -> TierPolicy:
    try:
        return deepcopy(policy)
    except Exception:
        # Not every policy can be copied, for example one that holds a lock.
        return policy


def _comparable(values: Sequence[Any]) -> list[Any]:
    """Return the numbers, or where there are none the days."""
    numbers = [value for value in values if not isinstance(value, date | bool)]
    return numbers or [value for value in values if isinstance(value, date)]
