"""The unit that a header states: ``(million yen)``, ``（百万円）``, ``(%)``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from immutabledict import immutabledict

from mpfunnel.labels import Label
from mpfunnel.rules.facts import Fact

__all__ = ["MONEY", "folded", "multiple_in", "named_unit", "unit_of"]

MONEY: Final = "company.annual_revenue"
"""The fact that counts money of the playbook's currency."""

_JAPANESE: Final[Mapping[str, int]] = immutabledict(
    {
        "": 1,
        "千": 10**3,
        "万": 10**4,
        "十万": 10**5,
        "百万": 10**6,
        "千万": 10**7,
        "億": 10**8,
        "十億": 10**9,
        "百億": 10**10,
        "千億": 10**11,
        "兆": 10**12,
    }
)
_ENGLISH: Final[Mapping[str, int]] = immutabledict(
    {"": 1, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
)
_CURRENCIES: Final[Mapping[str, tuple[str, str]]] = immutabledict(
    {"JPY": ("円", "yen"), "USD": ("ドル", "dollars"), "EUR": ("ユーロ", "euros")}
)
"""By ISO code: what a currency is called in Japanese and English."""
_PEOPLE: Final = [("人", "people"), ("名", "employees")]
_PERCENT: Final[Mapping[str, Decimal]] = immutabledict(
    {name: Decimal("0.01") for name in ("%", "percent", "パーセント")}
)


def folded(text: str) -> str:
    """Return a text as names are compared: width, case and blanks make no difference.

    >>> folded(" Ａnnual_Revenue "), folded("売上高　（百万円）")
    ('annual revenue', '売上高 (百万円)')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return " ".join(plain.split())


def _units_of(fact: Fact, currency: str) -> dict[str, int | Decimal]:
    """Return the units in which a header may give a fact, by their names as `folded`.

    Args:
        fact: A number; any other fact has no unit.
        currency: ISO 4217 code of the playbook's money.
    """
    if fact.kind == "float":
        return dict(_PERCENT)
    if fact.kind not in ("int", "decimal"):
        return {}
    money = _money(currency)
    if fact.name == MONEY:
        counted = [money]
    elif fact.unit is not None:
        counted = _PEOPLE if fact.unit.en == "people" else [(fact.unit.ja, fact.unit.en)]
    else:
        # Who declares an attribute does not say what it counts.
        counted = [money, *_PEOPLE, ("", "")]
    names = [one for ja, en in counted for one in _with_factors(ja, en)]
    if fact.name == MONEY:
        names += _with_factors("", currency)
    return {folded(name): times for name, times in names if name.strip()}


def _money(currency: str) -> tuple[str, str]:
    return _CURRENCIES.get(currency, (currency, currency))


def _with_factors(ja: str, en: str) -> Iterator[tuple[str, int]]:
    """Yield the names of a unit and its multiples: ``百万円``, ``million yen``, ``JPY million``."""
    for factor, times in _JAPANESE.items():
        yield factor + ja, times
    for factor, times in _ENGLISH.items():
        yield f"{factor} {en}", times
        yield f"{en} {factor}", times


def unit_of(text: str, fact: Fact, currency: str) -> int | Decimal | None:
    """Return how much one of the unit that `text` names is; `None` where it names none."""
    return _units_of(fact, currency).get(folded(text))


def multiple_in(text: str, fact: Fact, currency: str) -> str | None:
    """Return a multiple of the unit of a fact that `text` names anywhere, such as ``百万円``."""
    plain = folded(text)
    # A multiple alone is a part of many words.
    named = (
        name
        for name, times in _units_of(fact, currency).items()
        if times != 1 and name not in _JAPANESE and name not in _ENGLISH and name in plain
    )
    return max(named, key=len, default=None)


def named_unit(unit: int, fact: Fact, currency: str) -> Label | None:
    """Return the name of a unit, as a header that we write has it.

    Args:
        unit: 1, or for money also 1,000,000.
        fact: The fact.
        currency: ISO 4217 code of the playbook's money.
    """
    if fact.name == MONEY:
        ja, en = _money(currency)
        factors = {1: ("", ""), 10**6: ("百万", "million ")}
        return Label(factors[unit][1] + en, factors[unit][0] + ja)
    return fact.unit
