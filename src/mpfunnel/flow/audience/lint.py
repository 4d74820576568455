"""Lint: whether audiences fit together, and how far they reach.

Upstream motions prepare the demand that downstream ones turn into sales. Whoever a downstream
audience holds should therefore lie in an upstream one of the same product: in any of them, because
each may have a theme of its own, and one of the whole firm prepares for every product.

Nothing is proved about conditions: counter-examples are looked for among the accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Final, Literal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.account import Account
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit
from mpfunnel.facts import product
from mpfunnel.flow.audience.members import AudienceAnswer, Member, Standing, surest, survey
from mpfunnel.flow.audience.model import Audience, Unit, check_audiences
from mpfunnel.flow.measures import Measure, share
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.tiers import Tier

__all__ = [
    "TARGET_TIER",
    "AudienceLint",
    "Finding",
    "FindingCode",
    "Inside",
    "Reach",
    "lint",
    "target_market",
]

FindingCode = Literal["outside", "no_upstream", "narrower", "empty", "mostly_unknown"]

TARGET_TIER: Final = Tier(2)
"""The lowest Tier that belongs to a target market, unless another one is asked for."""

_MARKET: Final = Label("target market", "ターゲット市場")
_NOT_SOLD_TO: Final = "not_eligible"
_UNITS: Final[Mapping[Unit, Label]] = {
    "company": Label("companies", "企業"),
    "lead": Label("leads", "リード"),
}


def target_market(product_id: Id, at_least: Tier = TARGET_TIER) -> Audience:
    """Return the target market of a product (ターゲット市場): the broadest audience that it has.

    It is the companies of a Tier for it to whom it may be offered, whether they own it or not.

    Args:
        product_id: The product.
        at_least: The lowest Tier that belongs to it.
    """
    when = product.tier.at_least(at_least) & ~product.position.is_in(_NOT_SOLD_TO)
    return Audience("target_market", _MARKET, product_id, "upstream", when)


@frozen
class Inside:
    """How much of a downstream audience lies in one upstream audience.

    Attributes:
        specific: Key of the downstream audience.
        broad: Key of the upstream one.
        inside: How many members of the one are in the other.
        unknown: Of how many that is not known.
        outside: How many are not.
    """

    specific: str
    broad: str
    inside: int
    unknown: int
    outside: int


@frozen
class Reach:
    """How much of the target market an audience covers.

    Attributes:
        share: Of the companies of the target market, those that are in, or have a lead who is.
        unknown: Of how many of these it is not known whether they are.
        market_unknown: Of how many companies it is not known whether they belong to the target
            market; they are left out.
    """

    share: Measure
    unknown: int
    market_unknown: int


@frozen
class Finding:
    """Something about an audience that somebody should look at.

    Attributes:
        code: A stable word. ``"outside"``: members of a downstream audience are in no upstream one.
            ``"no_upstream"``: there is none for its product. ``"narrower"``: an upstream audience
            is smaller than a downstream one. ``"empty"``: nobody is in it, whatever is missing.
            ``"mostly_unknown"``: more may be in it than are.
        audience: Key of the audience.
        message: What was found.
        number: How many companies or leads it is about.
        ids: The first of them, as examples, in the order of their ids.
    """

    code: FindingCode
    audience: str
    message: Label
    number: int = 0
    ids: tuple[Id, ...] = ()

    def text(self, lang: Lang = "en") -> str:
        """Return what was found, as people read it."""
        joint = "：" if lang == "ja" else ": "
        said = f"{self.audience}{joint}{self.message.text(lang)}"
        if not self.ids:
            return said
        ids = ", ".join(map(brief, self.ids))
        more = ", …" if self.number > len(self.ids) else ""
        return f"{said}（{ids}{more}）" if lang == "ja" else f"{said} ({ids}{more})"


@frozen
class AudienceLint:
    """Whether audiences fit together on one day, and how far they reach.

    Attributes:
        as_of: The day.
        answers: Who is in each audience.
        inside: How much of each downstream audience lies in each upstream one of its product.
        reach: How much of the target market each audience covers, by its key.
        findings: What somebody should look at, by audience.
    """

    as_of: date
    answers: tuple[AudienceAnswer, ...] = field(repr=False)
    inside: tuple[Inside, ...]
    reach: immutabledict[str, Reach]
    findings: tuple[Finding, ...]


def lint(
    engine: Engine,
    audiences: Iterable[Audience],
    accounts: Iterable[Account],
    *,
    as_of: date | datetime,
    at_least: Tier = TARGET_TIER,
    examples: int = 10,
) -> AudienceLint:
    """Return whether audiences fit together, and how far they reach.

    An audience of leads holds a company that has a lead in it; one of companies holds their people.
    The target market of the whole firm is that of any of its products.

    Args:
        engine: The compiled playbook.
        audiences: All audiences of the firm.
        accounts: All accounts, each company and each lead once.
        as_of: The day asked about; an aware datetime means its day in the playbook's zone.
        at_least: The lowest Tier that belongs to the target market of a product.
        examples: How many ids a finding tells at most.

    Raises:
        InvalidDataError: As `mpfunnel.flow.audience.members`; or the Tier is none, or `examples` no
            number from 0.
        PolicyError: A custom policy broke its contract.
    """
    problems = misfit("engine", engine, Engine) + misfit("at_least", at_least, Tier)
    if type(examples) is not int or examples < 0:
        message = f"must be a number from 0, not {brief(examples)}"
        problems.append(Problem("range", "examples", message))
    if problems:
        raise InvalidDataError(problems)
    given = check_audiences(engine.playbook, audiences)
    markets = [target_market(one.id, at_least) for one in engine.playbook.products]
    told = survey(engine, (*given, *markets), accounts, as_of)
    answers, by_product = told[: len(given)], told[len(given) :]
    surveyed = {one.audience.product_id: one.companies for one in by_product}
    surveyed[None] = _any_of([*surveyed.values()])
    looked = [(one, _broad(one, answers)) for one in answers]
    return AudienceLint(
        by_product[0].as_of,
        answers,
        tuple(_inside(one, other) for one, broad in looked for other in broad),
        immutabledict(
            {
                one.audience.key: _reach(one, surveyed[one.audience.product_id], engine, at_least)
                for one in answers
            }
        ),
        tuple(finding for one, broad in looked for finding in _findings(one, broad, examples)),
    )


def _any_of(markets: list[Mapping[Id, Standing]]) -> Mapping[Id, Standing]:
    """Return where companies stand to any of the markets, each of which tells of all."""
    return {one: surest(market[one] for market in markets) for one in markets[0]}


def _broad(
    specific: AudienceAnswer, answers: Iterable[AudienceAnswer]
) -> tuple[AudienceAnswer, ...]:
    """Return the upstream audiences in one of which a downstream one should lie."""
    if specific.audience.motion == "upstream":
        return ()
    about = (specific.audience.product_id, None)
    return tuple(
        one
        for one in answers
        if one.audience.motion == "upstream" and one.audience.product_id in about
    )


def _standing_in(broad: AudienceAnswer, unit: Unit) -> Callable[[Member], Standing]:
    """Return what tells where a member of another audience stands to a broad one.

    Args:
        broad: The broad audience.
        unit: Who the members of the other one are.
    """
    if broad.audience.unit == unit == "lead":
        leads: dict[Id, Standing] = {one.id: one.standing for one in broad.told}
        return lambda member: leads[member.id]
    companies = broad.companies

    def standing(member: Member) -> Standing:
        if member.company_id is None:
            # Which company somebody is of may still become known.
            return "unknown"
        return companies.get(member.company_id, "out")

    return standing


def _inside(specific: AudienceAnswer, broad: AudienceAnswer) -> Inside:
    counts = Counter(map(_standing_in(broad, specific.audience.unit), specific.members))
    keys = specific.audience.key, broad.audience.key
    return Inside(*keys, counts["in"], counts["unknown"], counts["out"])


def _reach(
    answer: AudienceAnswer, market: Mapping[Id, Standing], engine: Engine, at_least: Tier
) -> Reach:
    targets = [one for one, standing in market.items() if standing == "in"]
    covered = Counter(answer.companies.get(one, "out") for one in targets)
    whose = _named(engine.playbook, answer.audience.product_id)
    basis = Label(
        f"of the companies in the target market of {whose.en}: {at_least.label.en} or higher, "
        f"eligible, on {answer.as_of}",
        f"{whose.ja}のターゲット市場（{at_least.label.ja}以上、提案対象外を除く、"
        f"{answer.as_of}時点）の企業に占める割合",
    )
    unsure = sum(1 for standing in market.values() if standing == "unknown")
    return Reach(share(covered["in"], len(targets), basis), covered["unknown"], unsure)


def _named(book: Playbook, product_id: Id | None) -> Label:
    if product_id is None:
        return Label("any product", "いずれかの商材")
    return next(one.label for one in book.products if one.id == product_id)


def _findings(
    answer: AudienceAnswer, broad: tuple[AudienceAnswer, ...], examples: int
) -> Iterator[Finding]:
    key, unit = answer.audience.key, answer.audience.unit
    units, members = _UNITS[unit], len(answer.members)
    if answer.audience.motion == "downstream" and not broad:
        message = Label(
            "no upstream audience of the product prepares for it",
            "同じ商材の上流オーディエンスがない",
        )
        yield Finding("no_upstream", key, message)
    elif broad:
        ways = [_standing_in(one, unit) for one in broad]
        lone = [one.id for one in answer.members if surest(way(one) for way in ways) == "out"]
        if lone:
            message = Label(
                f"{len(lone)} of {members} {units.en} are in no upstream audience of the product",
                f"{units.ja}{members}件中{len(lone)}件が、同じ商材の上流オーディエンスの"
                "どれにも含まれない",
            )
            yield Finding("outside", key, message, len(lone), tuple(lone[:examples]))
    for one in broad:
        yield from _narrower(answer, one)
    unknown = answer.unknown
    if not members and not unknown:
        yield Finding("empty", key, Label("nobody is in it", "該当なし"))
    elif len(unknown) > members:
        names = ", ".join(answer.missing)
        message = Label(
            f"{members} {units.en} are known to be in it, and {len(unknown)} may be; "
            f"missing: {names}",
            f"該当する{units.ja}は{members}件、未判定が{len(unknown)}件。不足項目：{names}",
        )
        ids = tuple(one.id for one in unknown[:examples])
        yield Finding("mostly_unknown", key, message, len(unknown), ids)


def _narrower(specific: AudienceAnswer, broad: AudienceAnswer) -> Iterator[Finding]:
    """Yield that an upstream audience is surely smaller than a downstream one."""
    units = {specific.audience.unit, broad.audience.unit}
    of_leads = units == {"lead"}
    inside, most = (_counts(one, of_leads=of_leads) for one in (specific, broad))
    if inside["in"] > most["in"] + most["unknown"]:
        words = _UNITS["lead" if of_leads else "company"]
        message = Label(
            f"has fewer {words.en} ({most['in']}) than the downstream audience "
            f"{specific.audience.key} ({inside['in']})",
            f"{words.ja}が{most['in']}件で、下流オーディエンス{specific.audience.key}の"
            f"{inside['in']}件より少ない",
        )
        yield Finding("narrower", broad.audience.key, message, most["in"])


def _counts(answer: AudienceAnswer, *, of_leads: bool) -> Counter[Standing]:
    if of_leads:
        return Counter(one.standing for one in answer.told)
    return Counter(answer.companies.values())
