"""What the generator writes about one company: what it is, what it bought, who asks about what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from mpfunnel.examples.dice import Dice
from mpfunnel.examples.ledger import DAYS_KEPT, Ledger
from mpfunnel.examples.market import INDUSTRIES, IT, REGIONS, Industry, corporate_number, stem
from mpfunnel.examples.people import MOODS, add_lead
from mpfunnel.examples.products import FIRM, LIFTS, SOLD_FROM
from mpfunnel.records import Company, Relationship, SalesEventKind

__all__ = ["Role", "add_company", "add_person", "add_stray"]

Role = Literal["plain", "partner", "competitor", "own_group", "do_not_trade"]
"""What a company is to the firm; one that is nothing special is plain."""

_SHARES: Final = {industry: industry.share for industry in INDUSTRIES}
_EVEN: Final = dict.fromkeys(SOLD_FROM, 1)
_BUYERS: Final = frozenset({"plain", "partner"})
# Partners, competitors and the own group are of the firm's own industry.
_ANY_INDUSTRY: Final = frozenset({"plain", "do_not_trade"})
_TARGET_LIST: Final = "fy26"
_FATES: Final[Mapping[SalesEventKind | None, int]] = {
    "rejected": 10,
    "recycled": 12,
    "disqualified": 6,
    None: 30,
    "qualified": 27,
    "accepted": 15,
}
"""Where sales got with a hot lead, given time → share; `None` for those it has not looked at.

In this order the default sample of 200 companies shows every stage."""


def add_person(ledger: Ledger) -> Company:
    """Write a person whom the CRM keeps as a company of one."""
    dice = ledger.dice
    attributes = {"individual": True, **({"student": True} if dice.chance(300) else {})}
    mood = "student" if "student" in attributes else dice.pick(("cold", "warm"))
    add_lead(
        ledger,
        ledger.number * 100,
        MOODS[mood],
        _EVEN,
        domain=None,
        at_company=True,
        attributes=attributes,
    )
    return Company(id=ledger.number, name=ledger.leads[0].name, country="JP", attributes=attributes)


def add_stray(ledger: Ledger) -> None:
    """Write a lead that no company was found for: a private person, a student, or an unknown."""
    dice = ledger.dice
    kind = dice.among({"individual": 50, "student": 20, "unknown": 30})
    moods = {"individual": ("cold", "warm"), "student": ("student",), "unknown": ("warm", "hot")}
    add_lead(
        ledger,
        ledger.number * 100 + 99,
        MOODS[dice.pick(moods[kind])],
        _EVEN,
        domain=f"{stem(dice)[1]}-{ledger.number}.example" if kind == "unknown" else None,
        at_company=False,
        attributes={} if kind == "unknown" else {kind: True},
    )


def add_company(ledger: Ledger, role: Role, *, parents: list[int]) -> Company:
    """Write a company, what it bought, its people and what they did."""
    dice, number = ledger.dice, ledger.number
    industry = dice.among(_SHARES) if role in _ANY_INDUSTRY else IT
    ledger.employees = employees = dice.lognormal(industry.employees, 140)
    core, reading = stem(dice)
    # Small firms often use the mail of their provider.
    domain = f"{reading}{number}.example" if employees >= 20 or dice.chance(700) else None
    sells = role in _BUYERS
    if sells:
        _buy(ledger, industry)
    if role == "partner" and "crm" not in ledger.owned() and dice.chance(500):
        ledger.sign("crm", 30 + dice.below(300), lapsed=False)
    for index in range(_headcount(ledger)):
        _lead(ledger, number * 100 + index, role, industry, domain)
    return Company(
        id=number,
        name=_name(dice, role, industry, core),
        domains=frozenset({domain} if domain else ()),
        corporate_number=corporate_number(number) if dice.chance(80) else None,
        industry=None if dice.chance(100) else industry.name,
        employees=None if dice.chance(100) else employees,
        annual_revenue=_revenue(ledger, industry),
        growth_rate=(30 + dice.bell() * 8 // 10) / 1000 if dice.chance(500) else None,
        region=None if dice.chance(100) else dice.among(REGIONS),
        country="JP",
        parent_id=dice.pick(parents) if sells and parents and dice.chance(60) else None,
        relationships=_relationships(ledger, role),
        lists=frozenset({_TARGET_LIST} if sells and employees >= 300 and dice.chance(400) else ()),
        attributes={"public_body": True} if industry.name == "公務" else {},
    )


def _buy(ledger: Ledger, industry: Industry) -> None:
    dice = ledger.dice
    for product, launch in SOLD_FROM.items():
        if dice.chance(_appetite(industry, ledger)[product]):
            ago = 1 + dice.below(min(1500, (ledger.as_of - launch).days))
            ledger.sign(product, ago, lapsed=ago > 365 and dice.chance(250))
        elif dice.chance(_appetite(industry, ledger)[product]):
            ledger.pursue((product,), 1 + dice.below(DAYS_KEPT))


def _appetite(industry: Industry, ledger: Ledger) -> dict[str, int]:
    """Return product → per mille: what the industry wants, more if larger, and `LIFTS`."""
    band = 50 + 50 * (ledger.employees >= 50) + 60 * (ledger.employees >= 300)
    owned = ledger.owned()
    appetite = {product: base * band // 100 for product, base in industry.appetite.items()}
    for (has, wanted), lift in LIFTS.items():
        if has in owned:
            appetite[wanted] *= lift
    return appetite


def _headcount(ledger: Ledger) -> int:
    """Return how many leads: none for a fifth, few for most, more for large companies."""
    dice = ledger.dice
    if dice.chance(200):
        return 0
    count = 1 + 2 * (ledger.employees >= 1000)
    while count < 12 and dice.chance(500):
        count += 1
    return count


def _lead(ledger: Ledger, lead_id: int, role: Role, industry: Industry, domain: str | None) -> None:
    dice = ledger.dice
    appetite = _appetite(industry, ledger)
    owned = ledger.owned()
    # One who has the product asks about it too, but rather about the next one.
    wants = {product: want // (1 + 2 * (product in owned)) for product, want in appetite.items()}
    hot = min(300, 30 + max(appetite.values()) // 2)
    mood = dice.among({"hot": hot, "warm": 200, "cold": 800 - hot})
    if role == "competitor":
        mood, wants = "reader", _EVEN
    elif role in ("own_group", "do_not_trade"):
        mood = "cold"
    main, last_seen = add_lead(
        ledger, lead_id, MOODS[mood], wants, domain=domain, at_company=True, attributes={}
    )
    if role in _BUYERS:
        if mood == "hot":
            _work(ledger, lead_id, main, last_seen)
        elif mood == "warm" and dice.chance(80):
            ledger.event(lead_id, "follow_up", main, last_seen, follow_up_in=90 + dice.below(90))


def _work(ledger: Ledger, lead_id: int, product: str, last_seen: int) -> None:
    """Write what sales made of a hot lead, from two days after it was last seen."""
    dice = ledger.dice
    fate = dice.among(_FATES)
    if fate is None:
        return
    if fate == "rejected":
        ledger.event(lead_id, "rejected", product, last_seen - 2, reason=ledger.lost_for())
        return
    ledger.event(lead_id, "accepted", product, last_seen - 2)
    later = last_seen - 9
    if fate == "recycled":
        wait = 60 + dice.below(120)
        reason = dice.pick(("timing", "budget"))
        ledger.event(lead_id, fate, product, later, reason=reason, follow_up_in=wait)
    elif fate == "disqualified":
        # Out of profile for one product is out of profile for all.
        ledger.event(lead_id, fate, None, later, reason=dice.pick(("competitor", "no_need")))
    elif fate == "qualified":
        ledger.event(lead_id, fate, product, later)
        also = [wanted for (has, wanted) in LIFTS if has == product and dice.chance(150)]
        ledger.pursue((product, *also), later - 10 - dice.below(40), lead_id=lead_id)


def _name(dice: Dice, role: Role, industry: Industry, core: str) -> str:
    if role == "own_group":
        # The firm's own name, then what the subsidiary does.
        return FIRM.name.ja.replace("株式会社", f"{core}株式会社")
    whole = core + dice.pick(industry.trades)
    form = industry.form or dice.pick(("株式会社{}", "{}株式会社"))
    return form.format(whole)


def _revenue(ledger: Ledger, industry: Industry) -> int | None:
    """Return yen, in whole millions; public bodies have none."""
    millions = ledger.dice.lognormal(industry.revenue_per_head, 60) * ledger.employees // 10**6
    unknown = ledger.dice.chance(100) or not industry.revenue_per_head
    return None if unknown else millions * 10**6


def _relationships(ledger: Ledger, role: Role) -> frozenset[Relationship]:
    found: set[Relationship] = set() if role == "plain" else {role}
    if ledger.owned():
        found.add("customer")
    elif not found and ledger.leads and ledger.dice.chance(500):
        found.add("prospect")
    return frozenset(found)
