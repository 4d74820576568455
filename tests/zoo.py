"""Tier policies with one fault each, and sound ones: what the conformance kit has to tell apart."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from secrets import randbelow
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from attrs import field, frozen

import mpfunnel as mf
from mpfunnel.facts import company as facts
from mpfunnel.records import Company, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.testing import Options
from mpfunnel.tiers import Tier

__all__ = ["BROKEN", "SOUND", "Broken", "Plants"]

LEAST = 79
FIRST, SECOND, THIRD = Tier(1), Tier(2), Tier(3)


class Policy:
    """What most of them share: three Tiers, and the answer by region."""

    tiers: Any = (FIRST, SECOND, THIRD)

    kind: Any = property(lambda self: f"zoo/{type(self).__name__}/1")

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return by_region(company)


def by_region(company: Company) -> Decision[Tier]:
    if company.region is None:
        return mf.undecided(THIRD, possible=Policy.tiers, missing=["region"], because="no region")
    return mf.decided({"近畿": FIRST, "中部": SECOND}.get(company.region, THIRD), because="region")


# -- sound ones --


@frozen
class Plants:
    """Asks for several facts, custom ones among them, and has options."""

    regions: tuple[str, ...] = ("近畿", "中部")
    plants: int = 2
    kind: str = field(default="zoo/plants/1", init=False)
    tiers: tuple[Tier, ...] = field(default=(FIRST, SECOND, THIRD), init=False)

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        if "competitor" in company.relationships or company.attributes.get("student", False):
            return mf.decided(THIRD, because="none of ours")
        known = cast("Mapping[str, int]", company.attributes).get("plants")
        missing = [] if known is not None else ["plants"]
        if company.region is None:
            return mf.undecided(
                THIRD, possible=self.tiers, missing=["region", *missing], because="no region"
            )
        if company.region not in self.regions:
            return mf.decided(THIRD, because="far away")
        if known is None:
            return mf.undecided(
                SECOND, possible=(FIRST, SECOND), missing=missing, because="no plants"
            )
        return mf.decided(FIRST if known >= self.plants else SECOND, because="near")


class Guarded(Policy):
    """Shares what it is asked with itself, and holds a lock meanwhile."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._company: Company | None = None

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        with self._lock:
            self._company = company
            return by_region(self._company)

    def __reduce__(self) -> tuple[type[Guarded], tuple[()]]:
        return Guarded, ()


class ReadsOnce(Policy):
    """Reads its table when it is first asked, and looks at no file again."""

    def __init__(self) -> None:
        self._table: Mapping[str, Tier] | None = None

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if self._table is None:
            os.getcwd()  # noqa: PTH109 - where the table lies
            self._table = {"近畿": FIRST}
        if company.region is None:
            return by_region(company)
        return mf.decided(self._table.get(company.region, THIRD), because="table")


class OwnDice(Policy):
    """Throws dice of its own, which fall alike for the same company."""

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(Random(str(company.id)).choice(self.tiers), because="a sample")


Random = random.Random


# -- broken ones --


class NoVersion(Policy):
    @property
    def kind(self) -> str:
        return "zoo/plants"


class KindMoves(Policy):
    def __init__(self) -> None:
        self.asked = 0

    @property
    def kind(self) -> str:
        return f"zoo/{min(self.asked, 1)}/1"

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        self.asked += 1
        return by_region(company)


class KindRaises(Policy):
    @property
    def kind(self) -> str:
        raise NotImplementedError

    def __reduce__(self) -> Any:
        raise TypeError("not pickled")


class TiersAreNone(Policy):
    tiers = (1, 2, 3)


class NoTiers(Policy):
    tiers = ()


class TiersMove(Policy):
    times = 0

    @property
    def tiers(self) -> tuple[Tier, ...]:
        self.times += 1
        return Policy.tiers if self.times % 2 else tuple(reversed(Policy.tiers))


class TiersRaise(Policy):
    @property
    def tiers(self) -> tuple[Tier, ...]:
        raise NotImplementedError


class Raises(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        employees: Any = company.employees
        return mf.decided(FIRST if employees >= 300 else THIRD, because="size")


class RaisesDeepDown(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region == "近畿" and "partner" in company.relationships:
            return mf.decided(FIRST, because=str(company.name).splitlines()[7])
        return by_region(company)


class AnswersATier(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return FIRST


class PossibleIsAList(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "policy", mf.Label("x"), cast("Any", [FIRST]))


class MissingIsNoText(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "policy", mf.Label("x"), (FIRST,), cast("Any", (facts.region,)))


class NoRule(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "", mf.Label("x"), (FIRST,))


class Undeclared(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(Tier(4) if "partner" in company.relationships else FIRST, because="x")


class NoReason(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "policy", cast("Any", ""), (FIRST,))


class NotPossible(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "policy", mf.Label("x"), (SECOND,))


class NothingPossible(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(FIRST, "policy", mf.Label("x"), ())


class MissingIsKnown(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.employees is None or company.region is None:
            missing = ["region", "employees"]
            return mf.undecided(THIRD, possible=(FIRST, THIRD), missing=missing, because="x")
        return mf.decided(FIRST if company.region == "近畿" else THIRD, because="x")


class MissingIsMisspelt(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region is None:
            return mf.undecided(THIRD, possible=self.tiers, missing=["regoin"], because="x")
        return by_region(company)


class MissingIsClosed(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if not company.relationships:
            missing = ["relationships"]
            return mf.undecided(THIRD, possible=(FIRST, THIRD), missing=missing, because="x")
        return mf.decided(FIRST, because="x")


class MissingFlag(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if "student" not in company.attributes:
            return mf.undecided(THIRD, possible=(FIRST, THIRD), missing=["student"], because="x")
        return mf.decided(FIRST, because="x")


class NeverDecides(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return Decision(THIRD, "policy", mf.Label("x"), (FIRST, THIRD))


class Changes(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        object.__setattr__(company, "region", company.region and company.region.strip("x"))
        return by_region(company)


class MissingIsZero(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(FIRST if (company.employees or 0) >= 300 else THIRD, because="size")


class MissingFlagIsNo(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        student = company.attributes.get("student", False) is True
        return mf.decided(THIRD if student else FIRST, because="x")


class PromisesTooMuch(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region is None:
            return mf.undecided(SECOND, possible=(FIRST, SECOND), missing=["region"], because="x")
        return by_region(company)


class SaysItOnce(Policy):
    def __init__(self) -> None:
        self.said: set[Any] = set()

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        asked = (company, product, as_of)
        if asked in self.said:
            return mf.decided(THIRD, because="as I said")
        self.said.add(asked)
        return by_region(company)


class Quota(Policy):
    def __init__(self) -> None:
        self.left = 11

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        self.left -= 1
        return mf.decided(FIRST if self.left > 0 else THIRD, because="a quota")


class Remembers(Policy):
    def __init__(self) -> None:
        self.known: dict[Any, Decision[Tier]] = {}

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.id not in self.known:
            self.known[company.id] = by_region(company)
        return self.known[company.id]


class SaysItOtherwise(Policy):
    """Gives the same Tier again, for another reason."""

    def __init__(self) -> None:
        self.times: dict[Any, int] = {}

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        asked = (company, product, as_of)
        self.times[asked] = self.times.get(asked, 0) + 1
        return mf.decided(FIRST, because=f"asked {self.times[asked]}")


class Shares(Policy):
    def __init__(self) -> None:
        self.company = Company(0)

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        self.company = company
        return by_region(self.company)


class HoldsAFunction(Policy):
    def __init__(self) -> None:
        # No pickle takes a function without a name.
        self.rule: Callable[[Company], Any] = lambda company: by_region(company)  # noqa: PLW0108

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return self.rule(company)


class LosesItsOptions(Policy):
    def __init__(self, first: str = "関東") -> None:
        self.first = first

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region == self.first:
            return mf.decided(FIRST, because="first")
        return by_region(company)

    def __reduce__(self) -> tuple[type[LosesItsOptions], tuple[()]]:
        return LosesItsOptions, ()


class BecomesAnother(Policy):
    def __init__(self, version: int = 1) -> None:
        self.version = version

    @property
    def kind(self) -> str:
        return f"zoo/becomes-another/{self.version}"

    def __reduce__(self) -> tuple[type[BecomesAnother], tuple[()]]:
        return BecomesAnother, ()


class WorseInAFile(Policy):
    """Throws dice that are not those of the kit, and can be named in a file."""

    kind = "zoo/worse/1"

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(FIRST, because=str(Random().random()))


class ForgetsItsOptions(Policy):
    """Is made with a region that no file and no version of a playbook tells of."""

    kind = "zoo/forgets/1"

    def __init__(self, first: str = "関東") -> None:
        self.first = first

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region == self.first:
            return mf.decided(FIRST, because="first")
        return by_region(company)


class OptionsAreNoData(ForgetsItsOptions):
    @property
    def options(self) -> Any:
        return {"first": {self.first}}


class FloatInAFile(Policy):
    """Compares a float with an option, which a file holds as a decimal."""

    kind = "zoo/float/1"

    def __init__(self, growth: float) -> None:
        self.options = {"growth": growth}

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.growth_rate is None:
            possible = (FIRST, THIRD)
            return mf.undecided(THIRD, possible=possible, missing=["growth_rate"], because="x")
        grows = company.growth_rate >= self.options["growth"]
        return mf.decided(FIRST if grows else THIRD, because="growth")


class TiersByOptions(Policy):
    """Declares Tiers that no file tells of."""

    kind = "zoo/tiers-by-options/1"

    def __init__(self, last: int = 3) -> None:
        self.tiers = (FIRST, SECOND, THIRD, Tier(last)) if last > 3 else Policy.tiers


class HasOptions(ForgetsItsOptions):
    """Is made again from its options."""

    kind = "zoo/options/1"

    @property
    def options(self) -> Any:
        return {"first": self.first}


class ByHash(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        regions: Sequence[str] = list({"近畿", "中部", "関東", "東北", "九州", "北海道"})
        return mf.decided(FIRST, because=regions[0])


class Today(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if date.today() > date(9998, 1, 1):  # noqa: DTZ011
            return mf.decided(THIRD, because="the end")
        return by_region(company)


class Environment(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(FIRST if os.environ.get("ZOO") else THIRD, because="x")


class OpensAFile(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region == "近畿":
            with open(os.devnull) as file:  # noqa: PTH123
                return mf.decided(SECOND, because=file.read() or "nothing")
        return by_region(company)


class LocalZone(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        seconds = datetime(as_of.year, as_of.month, as_of.day).timestamp()  # noqa: DTZ001
        return mf.decided(FIRST, because=str(seconds))


class Dice(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(random.choice(self.tiers), because="a sample")


class NewDice(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(Random().choice(self.tiers), because="a sample")


class Secret(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        return mf.decided(FIRST if randbelow(2) else THIRD, because="a sample")


class LargeIsLow(Policy):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.employees is None:
            missing = ["employees"]
            return mf.undecided(THIRD, possible=self.tiers, missing=missing, because="x")
        near = company.employees >= 300 and company.employees != 5_000
        return mf.decided(FIRST if near else THIRD, because="size")


class LargeIsLowInKansai(LargeIsLow):
    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Any:
        if company.region == "近畿" and company.lists:
            return super().tier_for(company, product, as_of=as_of)
        return by_region(company)


def defined_in_a_function() -> Any:
    """A policy of a class that no other process can find."""

    class Local(Policy):
        pass

    return Local()


class Broken(NamedTuple):
    """A policy with a fault.

    Attributes:
        policy: The policy.
        checks: The checks that find it, and no others.
        says: What the first of them says.
        facts: How many facts its smallest company has.
        options: What the kit is told.
    """

    policy: Any
    checks: str
    says: str
    facts: int = 0
    options: Options = cast("Options", MappingProxyType({}))


KANSAI = Company("k", region="近畿", lists=["target"], industry="製造業")
BROKEN: Sequence[Broken] = (
    Broken(NoVersion(), "kind", "kind is str 'zoo/plants'; it must be a name and a version"),
    Broken(KindMoves(), "kind", "kind was 'zoo/0/1', and then 'zoo/1/1'"),
    Broken(KindRaises(), "kind pickling", "kind raised NotImplementedError"),
    Broken(TiersAreNone(), "tiers declared", "tiers holds int 1, which is no mpfunnel.Tier"),
    Broken(NoTiers(), "tiers declared", "tiers is tuple (); it must list at least one Tier"),
    Broken(TiersMove(), "tiers", "tiers was Tier 1, Tier 2, Tier 3, and then (Tier(number=3)"),
    Broken(TiersRaise(), "tiers declared pickling", "tiers raised NotImplementedError"),
    Broken(Raises(), "raises", "raised TypeError: '>=' not supported between"),
    Broken(RaisesDeepDown(), "raises", "raised IndexError: list index out of range", 2),
    Broken(AnswersATier(), "decision", "Tier Tier(number=1) is no decision; return mpfunnel"),
    Broken(PossibleIsAList(), "decision", "possible is list [Tier(number=1)]; it must be a tuple"),
    Broken(MissingIsNoText(), "decision", "missing holds TextTerm"),
    Broken(NoRule(), "decision", "rule is str ''; it must be a text that is not blank"),
    Broken(Undeclared(), "declared", "gave Tier 4, which is not among its tiers", 1),
    Broken(NoReason(), "reason", "because is str ''; it must be a text or an mpfunnel.Label"),
    Broken(NotPossible(), "possible", "gave Tier 1, and called possible only Tier 2"),
    Broken(NothingPossible(), "possible", "gave Tier 1, and called possible only nothing"),
    Broken(MissingIsKnown(), "missing", "names 'company.employees', which is known", 1),
    Broken(MissingIsMisspelt(), "missing", "names 'company.regoin', which it never reads, and"),
    Broken(MissingIsClosed(), "missing", "names 'company.relationships', of which blank means"),
    Broken(
        MissingFlag(),
        "missing",
        "names 'company.student', of which blank means no",
        options={"closed": ["student"]},
    ),
    Broken(NeverDecides(), "missing", "is undecided, and names nothing that would settle it"),
    Broken(Changes(), "unchanged", "changed the company or product that it got", 1),
    Broken(MissingIsZero(), "settled", "decided Tier 3 without company.employees; with 300 it is"),
    Broken(MissingFlagIsNo(), "settled", "decided Tier 1 without company.student; with True it is"),
    Broken(PromisesTooMuch(), "narrows", "said undecided: Tier 1 or Tier 2 without company.region"),
    Broken(SaysItOnce(), "twice", "answered undecided: Tier 1 or Tier 2 or Tier 3, and"),
    Broken(SaysItOtherwise(), "twice", "answered Tier 1 (because Label(en='asked 1'"),
    Broken(Quota(), "order", "answered Tier 1, and in another order of companies Tier 3"),
    Broken(Remembers(), "order", "answered ", 0),
    Broken(Shares(), "threads", "answered "),
    Broken(HoldsAFunction(), "pickling", "cannot be pickled: "),
    Broken(LosesItsOptions("四国"), "pickling", "answered Tier 1, and after pickling Tier 3", 1),
    Broken(BecomesAnother(2), "pickling", "kind was 'zoo/becomes-another/2', and then"),
    Broken(ForgetsItsOptions("四国"), "file", "answered Tier 1, and when read from a file Tier", 1),
    Broken(OptionsAreNoData("四国"), "file", "cannot be read from a file: PlaybookError: tiers."),
    Broken(FloatInAFile(0.3), "file", "answered Tier 1, and when read from a file Tier 3", 1),
    Broken(TiersByOptions(4), "file", "kind or tiers were others after a file: 'zoo/tiers-by"),
    Broken(ByHash(), "processes", "answered otherwise in a process with another hash seed"),
    Broken(Today(), "clock", "looked at the clock: date.today(); as_of is the day that counts"),
    Broken(Environment(), "environment", "looked around: os.environ; an answer rests on"),
    Broken(OpensAFile(), "environment", "looked around: io.open()", 1),
    Broken(LocalZone(), "environment", "answered otherwise in another folder, time zone"),
    Broken(Dice(), "randomness", "threw dice: random."),
    Broken(NewDice(), "twice order randomness", "answered "),
    Broken(WorseInAFile(), "twice order randomness", "answered Tier 1 (because "),
    Broken(Secret(), "twice order randomness", "answered "),
    Broken(
        LargeIsLow(),
        "monotone",
        "gave Tier 1 with company.employees=",
        options={"monotone": ["employees"]},
    ),
    Broken(
        LargeIsLowInKansai(),
        "monotone",
        "gave Tier 1 with company.employees=",
        2,
        options={"monotone": ["employees"], "companies": [KANSAI]},
    ),
    Broken(defined_in_a_function(), "pickling processes", "cannot be pickled: "),
)

SOUND: Sequence[tuple[Any, Options]] = (
    (Plants(), {"closed": ["student"], "monotone": ["plants"]}),
    (Guarded(), {}),
    (ReadsOnce(), {}),
    (OwnDice(), {}),
    (LargeIsLow(), {}),
    (HasOptions("四国"), {}),
    (MissingFlagIsNo(), {"closed": ["student"]}),
    (
        mf.TierTable(
            [
                mf.Rule(FIRST, (facts.employees >= 300) & facts.industry.is_in("製造業")),
                mf.Rule(SECOND, facts.flag("partner") | (facts.attribute("plants", int) > 2)),
            ],
            THIRD,
        ),
        {"monotone": ["company.employees", "plants"]},
    ),
)
