"""Learning: which products the same companies own more often than chance would have it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Any, Final, cast

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.labels import Label, as_label
from mpfunnel.records import Id
from mpfunnel.records.checks import Fault, a_day, a_key, a_number_of, an_id, one_of
from mpfunnel.situation import Rejected
from mpfunnel.statistics import benjamini_hochberg, fisher_greater, holm, sign_test
from mpfunnel.synergy.acquiring import Acquired
from mpfunnel.synergy.learned import Base, Correction, Learned, Learning, Measure, Population

__all__ = ["learn"]

_CORRECTIONS: Final[Mapping[Correction, Callable[[Sequence[float]], tuple[float, ...]]]] = {
    "holm": holm,
    "benjamini_hochberg": benjamini_hochberg,
}
_KINDS: Final[Mapping[type, str]] = {str: "a text", int: "an integer"}


def learn(
    acquired: Iterable[Acquired],
    *,
    as_of: date,
    companies: Iterable[Id] | None = None,
    called: str | Label | None = None,
    base: Base = "buyers",
    correction: Correction = "holm",
    error_rate: float = 0.05,
    min_both: int = 5,
) -> Learning:
    """Return which products the same companies own more often than chance would have it.

    Each pair of products that anybody owns is one test, whatever `min_both` is: to leave out pairs
    by what is seen of them would let chance through. The order of rows does not matter (law 4).

    Args:
        acquired: What companies own, and since when. Of several days for one company and product
            the earliest counts; days after `as_of` do not (law 5).
        as_of: The day.
        companies: The ids of all companies that count; rows about others are rejects. `None` takes
            those that own something.
        called: What kind of companies these are, where they are not all that there are: every text
            says so. For example ``"enterprise"``.
        base: Among whom is counted. Where products have nothing to do with each other, buyers own
            two of them less often than chance would have it, for each of them was seen because it
            owns something. Among all companies it is enough for a lift that some buy much and
            others nothing.
        correction: How so many tests at once are allowed for.
        error_rate: How much may be due to chance, between 0 and 1: see `Measure`.
        min_both: How many companies must own both for a suggestion; at least 1.

    Raises:
        InvalidDataError: Something is of another type or out of range; ids of one kind are texts
            here and integers there (S18); or all companies are the base and `companies` is not
            given. All faults at once.
    """
    rows: tuple[Acquired, ...] = series(acquired)
    known: tuple[Id, ...] | None = None if companies is None else series(companies)
    company_ids, product_ids = _Ids(), _Ids()
    problems = [
        *_faults_of_settings(as_of, called, base, correction, error_rate, min_both),
        *_faults_of_companies(known, base, company_ids),
        *(misfits("acquired", rows, Acquired) or _faults_of_rows(rows, company_ids, product_ids)),
    ]
    if problems:
        raise InvalidDataError(problems)

    among = None if known is None else frozenset(known)
    products = product_ids.in_order()
    held, rejects = _held(rows, as_of, among, {one: i for i, one in enumerate(products)})
    size = len(held) if among is None or base == "buyers" else len(among)
    counts = _Counts(held.values(), len(products))
    pairs = [(i, j) for i, j in combinations(range(len(products)), 2) if counts.owned(i, j)]

    correct = _CORRECTIONS[correction]
    ps = [fisher_greater(size, counts.of[i], counts.of[j], counts.both(i, j)) for i, j in pairs]
    order_ps = [sign_test(counts.ahead[i][j], counts.ahead[j][i]) for i, j in pairs]
    population = Population(base, size, as_of, None if called is None else as_label(called))
    measure = Measure(correction, error_rate, len(pairs), min_both)
    relations = [
        Learned(
            source=products[source],
            target=products[target],
            population=population,
            source_owners=counts.of[source],
            target_owners=counts.of[target],
            both=counts.both(source, target),
            source_first=counts.ahead[source][target],
            target_first=counts.ahead[target][source],
            same_day=counts.same_day(source, target),
            p=p,
            adjusted_p=adjusted_p,
            order_p=order_p,
            adjusted_order_p=adjusted_order_p,
            measure=measure,
        )
        for (i, j), p, adjusted_p, order_p, adjusted_order_p in zip(
            pairs, ps, correct(ps), order_ps, correct(order_ps), strict=True
        )
        for source, target in ((i, j), (j, i))
    ]
    # Products are in order already, and so are both directions of a pair.
    relations.sort(key=lambda one: (one.p, -one.exact_lift))
    return Learning(population, measure, tuple(relations), rejects)


class _Ids:
    """Tells sound ids of one kind of record, which are all texts or all integers (S18)."""

    __slots__ = ("_kind", "_known")

    def __init__(self) -> None:
        self._kind: type | None = None
        self._known: set[Id] = set()

    def met(self, value: object) -> bool:
        """Whether that id was met before, and is sound."""
        # The type goes first: True equals 1, and not every value can be looked for.
        return type(value) is self._kind and value in self._known

    def fault(self, value: Any) -> Fault | None:
        """Return what is wrong with an id that was not met before."""
        if fault := an_id(value):
            return fault
        kind = str if isinstance(value, str) else int
        self._kind = self._kind or kind
        if kind is not self._kind:
            wanted = _KINDS[self._kind]
            return "type", f"must be {wanted}, as the first one is: one type of id for all (S18)"
        self._known.add(value)
        return None

    def in_order(self) -> list[Id]:
        """Return the sound ids, sorted."""
        return sorted(cast("set[Any]", self._known))


def _faults_of_settings(
    as_of: date,
    called: str | Label | None,
    base: Base,
    correction: Correction,
    error_rate: float,
    min_both: int,
) -> Iterator[Problem]:
    faults = {
        "as_of": a_day(as_of),
        "called": None if called is None or isinstance(called, Label) else a_key(called),
        "base": one_of(Base)(base),
        "correction": one_of(Correction)(correction),
        "error_rate": _a_rate(error_rate),
        "min_both": a_number_of(1)(min_both),
    }
    yield from (Problem(fault[0], path, fault[1]) for path, fault in faults.items() if fault)


def _a_rate(value: object) -> Fault | None:
    if not isinstance(value, float):
        return "type", f"must be a float, not {type(value).__name__} {brief(value)}"
    return None if 0 < value < 1 else ("range", "must be between 0 and 1")


def _faults_of_companies(known: tuple[Id, ...] | None, base: Base, ids: _Ids) -> Iterator[Problem]:
    if known is None:
        if base == "companies":
            message = "is needed where all companies are the base"
            yield Problem("missing", "companies", message)
    elif not isinstance(known, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"must be a collection, not {type(known).__name__} {brief(known)}"
        yield Problem("type", "companies", message)
    else:
        for index, company_id in enumerate(known):
            if not ids.met(company_id) and (fault := ids.fault(company_id)):
                yield Problem(fault[0], f"companies[{index}]", fault[1])


def _faults_of_rows(
    rows: tuple[Acquired, ...], company_ids: _Ids, product_ids: _Ids
) -> list[Problem]:
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        if type(row.since) is not date and (fault := a_day(row.since)):
            problems.append(Problem(fault[0], f"acquired[{index}].since", fault[1]))
        for name, ids, value in (
            ("company_id", company_ids, row.company_id),
            ("product_id", product_ids, row.product_id),
        ):
            if not ids.met(value) and (fault := ids.fault(value)):
                problems.append(Problem(fault[0], f"acquired[{index}].{name}", fault[1]))
    return problems


def _held(
    rows: Iterable[Acquired],
    as_of: date,
    among: Collection[Id] | None,
    place: Mapping[Id, int],
) -> tuple[dict[Id, dict[int, date]], tuple[Rejected, ...]]:
    """Return since when each company holds what, by the place of the product; and the rejects."""
    held: dict[Id, dict[int, date]] = {}
    strangers: list[Acquired] = []
    for row in rows:
        if row.since > as_of:
            continue
        if among is not None and row.company_id not in among:
            strangers.append(row)
            continue
        product = place[row.product_id]
        mine = held.setdefault(row.company_id, {})
        if row.since <= mine.get(product, as_of):
            mine[product] = row.since
    strangers.sort(key=lambda row: (cast("Any", row.company_id), place[row.product_id], row.since))
    return held, tuple(map(_rejected, strangers))


def _rejected(row: Acquired) -> Rejected:
    message = f"is about company {brief(row.company_id)}, which is not among those given"
    return Rejected("acquired", row.company_id, "unknown-company", message, row)


class _Counts:
    """How many companies own each product, and which of two they had first."""

    __slots__ = ("_together", "ahead", "of")

    def __init__(self, held: Iterable[Mapping[int, date]], products: int) -> None:
        self.of = [0] * products
        self.ahead = [[0] * products for _ in range(products)]
        self._together = [[0] * products for _ in range(products)]
        for mine in held:
            for product in mine:
                self.of[product] += 1
            for (one, day), (other, other_day) in combinations(mine.items(), 2):
                if day < other_day:
                    self.ahead[one][other] += 1
                elif other_day < day:
                    self.ahead[other][one] += 1
                else:
                    self._together[one][other] += 1

    def owned(self, one: int, other: int) -> bool:
        """Whether anybody owns the one product, and anybody the other."""
        return bool(self.of[one] and self.of[other])

    def same_day(self, one: int, other: int) -> int:
        """How many own both since the same day."""
        return self._together[one][other] + self._together[other][one]

    def both(self, one: int, other: int) -> int:
        """How many own both."""
        return self.ahead[one][other] + self.ahead[other][one] + self.same_day(one, other)
