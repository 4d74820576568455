"""The market of the invented firm at any size, made up from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from attrs import Factory, define

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.examples.accounts import Role, add_company, add_person, add_stray
from mpfunnel.examples.dice import Dice
from mpfunnel.examples.ledger import Ledger
from mpfunnel.examples.sample import Sample

__all__ = ["EARLIEST", "generate", "stream"]

EARLIEST: Final = date(2025, 4, 1)
"""The first day for which a sample can be made: all four products have been on sale for long."""

_ROLES: Final[Mapping[Role, int]] = {
    "plain": 930,
    "partner": 40,
    "competitor": 15,
    "own_group": 7,
    "do_not_trade": 8,
}
"""Share, per mille, of those that are companies."""


def generate(companies: int = 200, *, seed: int = 7, as_of: date) -> Sample:
    """Make up what the CRM of the invented firm holds about `companies` companies.

    The same arguments give equal records on every Python and machine, and the sample of fewer
    companies is contained in that of more.

    What a marketer will recognise:

    - Employees and revenue are log-normal and go together; makers are larger than others. Large
      makers, IT firms and traders are who most products are made for.
    - For a tenth of the companies each of industry, employees, revenue and region is unknown.
    - Owners want what fits to what they own: `LIFTS` says which product pulls which.
    - A tenth of the leads makes more than half of the activities, within six weeks each.
    - Partners (some of them customers), competitors who read everything, own group, companies not
      to trade with, public bodies, people who are no company, students, leads that no company
      was found for, opt-outs, lapsed contracts, deals lost for timing.

    Records reach back about 18 months, contracts four years; the last day is the one before
    `as_of`, except for future ends of contracts and follow-ups.

    Args:
        companies: How many; time and memory grow in proportion.
        seed: Another seed, another market.
        as_of: The day on which the CRM is looked at, in Japan.

    Raises:
        InvalidDataError: `companies` is below 0, or `as_of` before `EARLIEST`.
    """
    return Sample.merge(stream(companies, seed=seed, as_of=as_of))


def stream(companies: int, *, seed: int = 7, as_of: date) -> Iterator[Sample]:
    """Make up the same records as `generate`, one company at a time.

    Each piece holds one company with everything that belongs to it, and at times a lead without
    company, in order of time within the piece. Pieces refer back: to a parent, or to a partner who
    sold a deal.

    Args:
        companies: How many; memory does not grow with it but for the ids of partners and parents.
        seed: As for `generate`.
        as_of: As for `generate`.

    Raises:
        InvalidDataError: As for `generate`, at once.
    """
    problems: list[Problem] = []
    if companies < 0:
        problems.append(Problem("range", "companies", "must be at least 0"))
    if as_of < EARLIEST:
        message = f"must be {EARLIEST} or later; the firm did not sell all its products before"
        problems.append(Problem("range", "as_of", message))
    if problems:
        raise InvalidDataError(problems)
    return map(_Market(seed, as_of).account, range(1, companies + 1))


@define
class _Market:
    """What companies have in common: the ids that later ones may refer to."""

    seed: int
    as_of: date
    partners: list[int] = Factory(list[int])
    parents: list[int] = Factory(list[int])

    def account(self, number: int) -> Sample:
        """Return the records of one company; `number` is its id."""
        dice = Dice(self.seed, number)
        ledger = Ledger(number, self.as_of, dice, partners=self.partners)
        if dice.chance(30):
            company = add_person(ledger)
        else:
            role = dice.among(_ROLES)
            company = add_company(ledger, role, parents=self.parents)
            # Only now, so that no company is its own partner or parent.
            if role == "partner":
                self.partners.append(number)
            elif role == "plain" and ledger.employees >= 1000:
                self.parents.append(number)
        if dice.chance(120):
            add_stray(ledger)
        return ledger.closed(company)
