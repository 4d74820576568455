"""Leads, companies and policies drawn from so few values that these often meet."""

from __future__ import annotations

from random import Random
from typing import Any

from mpfunnel.identity import IdentityPolicy
from mpfunnel.records import Company, Lead

_NUMBERS = ("7000012050002", "2010401000001")
_WRITTEN = (
    *(None, None, None, "7000012050002", "T2010401000001", "２０１０−４０１０−００００１"),
    *("7000012050003", "１２３"),
)
_STATED = (
    *("nagimine.co.jp", "https://www.nagimine.co.jp/", "sales.nagimine.co.jp", "Tsubaki.example"),
    *("shiohama.example", "blue.ocn.ne.jp", "gmail.com", "kasumi-u.ac.jp", "city.kasumi.lg.jp"),
    "no domain",
)
_HOSTS = (
    *("nagimine.co.jp", "sales.nagimine.co.jp", "a.sales.nagimine.co.jp", "b.nagimine.co.jp"),
    *("tsubaki.example", "shiohama.example", "blue.ocn.ne.jp", "gmail.com", "kasumi-u.ac.jp"),
    *("stu.kasumi-u.ac.jp", "city.kasumi.lg.jp", "biz.ezweb.ne.jp", "unknown.example"),
)
_NAMES = (
    *(None, "株式会社凪峰", "凪峰㈱ 大阪支店", "凪峰", "凪峰_代理店", "椿沢精機", "(有)椿澤精機"),
    *("(有)凪峰", "本社", "株式会社", "なし"),
)
_REGIONS = (None, "東京都", "東京", "大阪府", "　大阪府", "近畿")
_TITLES = (None, None, None, None, "部長", "大学院生", "student", "学生支援課")
_POLICY_DOMAINS = ("nagimine.co.jp", "sales.nagimine.co.jp", "shiohama.example", "kasumi-u.ac.jp")


def _some(dice: Random, values: tuple[str, ...], most: int) -> list[str]:
    return dice.sample(values, dice.randrange(most + 1))


def draw_companies(dice: Random, most: int = 5) -> list[Company]:
    """Some companies, all with texts for ids or all with integers."""
    ids: list[Any] = list(range(1, most + 1))
    if dice.randrange(2):
        ids = [f"c{one}" for one in ids]
    dice.shuffle(ids)
    return [
        Company(
            ids[place],
            dice.choice(_NAMES),
            domains=_some(dice, _STATED, 2),
            corporate_number=dice.choice((None, None, *_NUMBERS, "7000012050003")),
            region=dice.choice(_REGIONS),
            # Nobody is above oneself.
            parent_id=dice.choice(
                (None, None, *ids[:place], ids[-1] if place < most - 1 else None)
            ),
        )
        for place in range(dice.randrange(most + 1))
    ]


def draw_lead(dice: Random, companies: list[Company], lead_id: Any = 1) -> Lead:
    """A lead, sometimes linked to one of the companies, or to one that is not there."""
    links: list[Any] = [None, None, None, *(one.id for one in companies[:2]), "gone"]
    return Lead(
        lead_id,
        dice.choice(links),
        dice.choice((None, *(f"taro@{host}" for host in _HOSTS))),
        title=dice.choice(_TITLES),
        department=dice.choice(_TITLES),
        company_name=dice.choice(_NAMES),
        corporate_number=dice.choice(_WRITTEN),
        region=dice.choice(_REGIONS),
    )


def draw_policy(dice: Random) -> IdentityPolicy:
    """A policy: often the plain one, else any order of any evidence, and domains of its own."""
    if dice.randrange(2):
        return IdentityPolicy()
    evidence = ["link", "corporate_number", "domain", "name_region"]
    domains = list(_POLICY_DOMAINS)
    dice.shuffle(domains)
    cut = dice.randrange(3)
    given: dict[str, Any] = {
        "order": dice.sample(evidence, dice.randrange(5)),
        "own_domains": domains[: cut // 2],
        "vendor_domains": domains[cut // 2 : cut],
        "subdomains": dice.choice(("joined", "joined", "apart")),
        "namesakes": dice.choice(("listed", "by_region")),
        "apart_under": dice.choice(([], ["nagimine.co.jp"])),
        "personal_domains": dice.choice(([], ["tsubaki.example"])),
        "business_domains": dice.choice(([], ["blue.ocn.ne.jp"])),
    }
    return IdentityPolicy(**given)
