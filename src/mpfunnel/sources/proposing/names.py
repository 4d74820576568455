"""What columns and words are called in exports, and how names are compared.

The names stand in ``columns.toml``, the words in cells in ``words.toml`` beside this module. Every
name is compared by its `key_of`, so that ``Number of Employees``, ``NUMBEROFEMPLOYEES`` and
``property_number_of_employees`` are one name.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = [
    "BLANKS",
    "FALSES",
    "GENERIC",
    "HEADS",
    "PERSONAL",
    "TELLING",
    "TRUTHS",
    "aside_of",
    "fields_by_key",
    "key_of",
    "names_of",
    "unit_of",
    "words_by_key",
    "words_of",
]

TELLING: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "products": {"id": 1, "name": 1, "family": 4},
        "companies": {
            "id": 2,
            "name": 2,
            "domains": 4,
            "corporate_number": 4,
            "industry": 4,
            "employees": 6,
            "annual_revenue": 6,
            "growth_rate": 4,
            "region": 2,
            "country": 2,
            "parent_id": 4,
            "relationships": 1,
            "lists": 2,
        },
        "leads": {
            "id": 2,
            "company_id": 1,
            "email": 6,
            "name": 2,
            "family_name": 4,
            "given_name": 4,
            "title": 4,
            "department": 4,
            "phone": 2,
            "source": 2,
            "created_at": 1,
            "interests": 2,
            "company_name": 1,
            "region": 1,
        },
        "activities": {
            "id": 1,
            "lead_id": 3,
            "email": 2,
            "kind": 5,
            "at": 4,
            "product_ids": 1,
            "campaign_id": 3,
        },
        "deals": {
            "id": 2,
            "deal_name": 4,
            "company_id": 2,
            "opened_at": 2,
            "product_id": 1,
            "status": 5,
            "closed_at": 5,
            "reason": 4,
            "amount": 5,
            "currency": 2,
        },
        "contracts": {"company_id": 2, "product_id": 2, "start": 5, "end": 6, "quantity": 2},
        "sales_events": {"lead_id": 2, "kind": 8, "at": 3, "by": 2, "reason": 2, "follow_up_on": 4},
    }
)
"""How much a column of a field tells of the record kind of its file."""

GENERIC: Final = frozenset(
    {
        *("id", "recordid", "レコードid", "管理番号", "管理id", "コード", "no", "番号", "key"),
        *("name", "名前", "名称", "title", "type", "種別", "区分", "status", "状態", "source"),
        *("url", "state", "value", "created", "createdat", "createddate", "createdate"),
        *("作成日", "作成日時", "登録日", "date", "日付", "time", "at"),
    }
)
"""Names that columns of any kind of record have; they tell little of it."""

HEADS: Final = frozenset(
    {
        *("商品", "製品", "商材", "業種", "業界", "役職", "部署", "氏名"),
        *("金額", "数量", "年商", "売上高"),
    }
)
"""Short names that tell a column also as the end of a longer one: 契約商品."""

PERSONAL: Final = re.compile(
    r"name|mail|phone|fax|mobile|tel\b|address|street|zip|postal|birth|linkedin|twitter|ip.?addr"
    r"|owner|agent|manager|\brep\b|created.?by|modified.?by|名前|氏名|姓|カナ|かな|フリガナ|ふりがな"
    r"|電話|携帯|住所|番地|郵便|生年|誕生|メール|アドレス|担当|所有者|作成者|更新者|備考|メモ"
)
"""Headers of columns whose cells are never shown."""

BLANKS: Final = frozenset(
    {
        "-",
        "--",
        "—",
        "―",
        "ー",
        "n/a",
        "na",
        "#n/a",
        "null",
        "none",
        "nan",
        "unknown",
        "tbd",
        "不明",
        "未定",
        "なし",
        "無し",
        "未入力",
        "非公開",
        "未登録",
    }
)
"""What people write where nothing is known; compared after NFKC, in lower case."""
TRUTHS: Final = frozenset(
    {"true", "yes", "y", "1", "t", "はい", "有", "あり", "有り", "○", "◯", "〇"}
)
FALSES: Final = frozenset({"false", "no", "n", "0", "f", "いいえ", "無", "なし", "無し", "×", "✕"})

# -- how names are compared --

_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "百万円": "百万円",
        "百万": "百万円",
        "千円": "千円",
        "万円": "万円",
        "億円": "億円",
        "億": "億円",
        "million": "million",
        "millions": "million",
        "mn": "million",
        "m": "million",
        "thousand": "thousand",
        "thousands": "thousand",
        "k": "thousand",
        "billion": "billion",
        "billions": "billion",
        "bn": "billion",
        "%": "percent",
        "percent": "percent",
        "円": "",
        "yen": "",
        "jpy": "",
        "usd": "",
        "名": "",
        "人": "",
        "people": "",
    }
)
"""The units of headers, as a mapping says them; empty for one."""
_CURRENCIES: Final = frozenset({"yen", "jpy", "usd", "円"})
_IN_BRACKETS: Final = re.compile(r"^(.+?)\s*[(\[【〔<]\s*([^()\[\]【】〔〕<>]+?)\s*[)\]】〕>]$")
_ASIDE: Final = re.compile(r"^単位\s*:?\s*")
_JAPANESE_UNIT: Final = re.compile(r"^(.*[^\d百千万億])(百万円|千円|万円|億円)$")


def key_of(name: str) -> str:
    """Return what a name is compared by: its letters and digits, without case and width.

    >>> key_of("Number of Employees"), key_of("property_numberofemployees"), key_of("取引先 ＩＤ")
    ('numberofemployees', 'numberofemployees', '取引先id')
    """
    plain = unicodedata.normalize("NFKC", name).casefold().strip().strip("`\"' ")
    plain = plain.removeprefix("property_").removesuffix("__c").removesuffix("_c")
    return "".join(letter for letter in plain if letter.isalnum())


def unit_of(name: str) -> tuple[str, str | None]:
    """Return a header without its unit, and the unit as mappings say it.

    The unit is empty where the header states that of one, and `None` where it states none.

    >>> unit_of("売上高（百万円）"), unit_of("revenue_m"), unit_of("revenue in million yen")
    (('売上高', '百万円'), ('revenue', 'million'), ('revenue', 'million'))
    >>> unit_of("従業員数［名］"), unit_of("都道府県(請求先)")
    (('従業員数', ''), ('都道府県(請求先)', None))
    """
    plain = unicodedata.normalize("NFKC", name).strip()
    if found := _IN_BRACKETS.match(plain):
        unit = _unit(_ASIDE.sub("", found[2].casefold()).split())
        return (found[1], unit) if unit is not None else (plain, None)
    if found := _JAPANESE_UNIT.match(plain):
        return found[1], _UNITS[found[2]]
    words = re.split(r"[\s_]+", plain)
    for start in range(1, len(words)):
        if (unit := _unit([word.casefold() for word in words[start:]])) is not None:
            return " ".join(words[:start]), unit
    return plain, None


def aside_of(name: str) -> str:
    """Return what a header says in brackets at its end; empty where it says nothing there.

    >>> aside_of("本社所在地（都道府県）"), aside_of("業種")
    ('都道府県', '')
    """
    found = _IN_BRACKETS.match(unicodedata.normalize("NFKC", name).strip())
    return found[2] if found else ""


def _unit(words: list[str]) -> str | None:
    """Return the unit that all these words make; `None` where they make none."""
    words = words[1:] if words[:1] == ["in"] else words
    if len(words) == 2 and (words[1] in _CURRENCIES or words[1] == "of"):
        words = words[:1]
    elif len(words) == 2 and words[0] in _CURRENCIES:
        words = words[1:]
    return _UNITS.get(words[0]) if len(words) == 1 else None


# -- what stands in the files --


@cache
def names_of(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Return what the columns of each field of a record kind are called, the preferred first.

    Beside the fields there are ``family_name`` and ``given_name``, which make the name of a lead,
    ``email`` of activities, which tells the lead, and ``deal_name``, which only tells deals.
    """
    listed = _listed("columns.toml")
    shared = listed["shared"]
    return {
        field: tuple(
            one for name in names for one in (shared[name[1:]] if name.startswith("@") else [name])
        )
        for field, names in listed[kind].items()
    }


@cache
def fields_by_key(kind: str) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Return the fields that a column of each key may be, each with its place in the preference."""
    found: dict[str, dict[str, int]] = {}
    for field, names in names_of(kind).items():
        for place, name in enumerate(names):
            found.setdefault(key_of(name), {}).setdefault(field, place)
    return {key: tuple(fields.items()) for key, fields in found.items()}


def words_of(what: str) -> Mapping[str, list[str]]:
    """Return the words of each meaning: of ``activities``, ``relationships`` and so on."""
    return _listed("words.toml").get(what, {})


@cache
def words_by_key(what: str) -> Mapping[str, str]:
    """Return what each word means, by its key."""
    return {key_of(word): meaning for meaning, words in words_of(what).items() for word in words}


@cache
def _listed(name: str) -> Mapping[str, Mapping[str, list[str]]]:
    text = (files("mpfunnel.sources.proposing") / name).read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
