"""The market of the invented firm: industries, regions, and the parts that names are made of.

Industries are large divisions of the Japan Standard Industrial Classification (日本標準産業分類),
two of them by their short form. They are written with `，` as in revision 13, not with the `、` of
revision 14, so that a cell such as `製造業、医療，福祉` lists two industries and not three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from mpfunnel.examples.dice import Dice

__all__ = [
    "INDUSTRIES",
    "IT",
    "REGIONS",
    "Industry",
    "check_digit",
    "corporate_number",
    "person_name",
    "personal_mail",
    "stem",
]


@frozen(eq=False)
class Industry:
    """What companies of one industry are like."""

    name: str
    share: int
    """Of all companies in the CRM, in per cent."""
    employees: int
    """Median."""
    revenue_per_head: int
    """Median, in yen a year."""
    trades: tuple[str, ...]
    """What a company's name ends in."""
    appetite: Mapping[str, int]
    """How many of a thousand middling companies buy each product unprompted."""
    form: str = ""
    """How the whole name is put together; a 株式会社 where blank."""


def _wants(crm: int, sfa: int, ma: int, bi: int) -> dict[str, int]:
    return {"crm": crm, "sfa": sfa, "ma": ma, "bi": bi}


INDUSTRIES: Final = (
    Industry(
        "製造業",
        28,
        160,
        24_000_000,
        ("製作所", "精機", "工業", "化学", "電機"),
        _wants(130, 90, 60, 60),
    ),
    Industry(
        "情報通信業",
        14,
        90,
        16_000_000,
        ("システムズ", "ソフト", "データ", "ネットワークス"),
        _wants(130, 90, 90, 60),
    ),
    Industry(
        "卸売業，小売業",
        16,
        80,
        42_000_000,
        ("商事", "物産", "ストア", "商店"),
        _wants(110, 70, 80, 40),
    ),
    Industry("建設業", 8, 70, 26_000_000, ("建設", "工務店", "設備"), _wants(70, 60, 20, 10)),
    Industry(
        "運輸業，郵便業", 6, 120, 15_000_000, ("運輸", "物流", "倉庫"), _wants(60, 40, 20, 30)
    ),
    Industry(
        "金融業，保険業",
        5,
        220,
        40_000_000,
        ("リース", "ファイナンス", "損害保険"),
        _wants(80, 40, 10, 90),
    ),
    Industry(
        "不動産業，物品賃貸業",
        4,
        40,
        48_000_000,
        ("不動産", "地所", "レンタル"),
        _wants(80, 60, 40, 20),
    ),
    Industry(
        "学術研究，専門・技術サービス業",
        5,
        40,
        14_000_000,
        ("設計", "総合研究所", "測量"),
        _wants(60, 30, 30, 30),
    ),
    Industry(
        "宿泊業，飲食サービス業",
        3,
        90,
        8_000_000,
        ("ホテルズ", "フーズ"),
        _wants(40, 10, 50, 20),
    ),
    Industry(
        "教育，学習支援業",
        3,
        80,
        9_000_000,
        ("学園", "学院"),
        _wants(40, 10, 40, 20),
        "学校法人{}",
    ),
    Industry("医療，福祉", 4, 140, 9_000_000, ("会",), _wants(30, 10, 10, 50), "医療法人{}"),
    Industry("サービス業", 2, 90, 10_000_000, ("サービス", "警備", "人材"), _wants(80, 60, 40, 20)),
    Industry("公務", 2, 350, 0, ("市役所", "町役場"), _wants(20, 0, 0, 30), "{}"),
)

IT: Final = INDUSTRIES[1]

REGIONS: Final[Mapping[str, int]] = {
    "関東": 42,
    "近畿": 18,
    "中部": 16,
    "九州・沖縄": 9,
    "東北": 5,
    "中国": 5,
    "北海道": 3,
    "四国": 2,
}
"""Region → per cent of all companies."""

_FIRST: Final = (
    *(("凪", "nagi"), ("霞", "kasumi"), ("汐", "shio"), ("椿", "tsubaki"), ("楓", "kaede")),
    *(("樫", "kashi"), ("雲", "kumo"), ("虹", "niji"), ("苔", "koke"), ("茜", "akane")),
    *(("蓬", "yomogi"), ("澪", "mio"), ("篝", "kagari"), ("朧", "oboro"), ("珀", "haku")),
    *(("菫", "sumire"), ("柊", "hiiragi"), ("梢", "kozue"), ("漣", "sazanami"), ("暁", "akatsuki")),
)
_SECOND: Final = (
    *(("瀬", "se"), ("峰", "mine"), ("浜", "hama"), ("沢", "sawa"), ("岬", "misaki")),
    *(("崎", "saki"), ("原", "hara"), ("野", "no"), ("坂", "saka"), ("丘", "oka")),
    *(("森", "mori"), ("島", "shima"), ("里", "sato"), ("根", "ne"), ("井", "i")),
)
_SURNAMES: Final = (
    *(("佐藤", "sato"), ("鈴木", "suzuki"), ("高橋", "takahashi"), ("田中", "tanaka")),
    *(("伊藤", "ito"), ("渡辺", "watanabe"), ("山本", "yamamoto"), ("中村", "nakamura")),
    *(("小林", "kobayashi"), ("加藤", "kato"), ("吉田", "yoshida"), ("山田", "yamada")),
    *(("佐々木", "sasaki"), ("松本", "matsumoto"), ("井上", "inoue"), ("木村", "kimura")),
    *(("林", "hayashi"), ("清水", "shimizu"), ("斎藤", "saito"), ("森", "mori")),
)
_GIVEN: Final = (
    *(("翔太", "shota"), ("美咲", "misaki"), ("健一", "kenichi"), ("陽子", "yoko")),
    *(("大輔", "daisuke"), ("彩", "aya"), ("拓也", "takuya"), ("直美", "naomi")),
    *(("誠", "makoto"), ("由美", "yumi"), ("和也", "kazuya"), ("恵", "megumi")),
    *(("浩", "hiroshi"), ("真由", "mayu"), ("亮", "ryo"), ("香織", "kaori")),
    *(("修", "osamu"), ("智子", "tomoko"), ("隆", "takashi"), ("麻衣", "mai")),
)


def stem(dice: Dice) -> tuple[str, str]:
    """Return the made-up core of a company's name, and how it is read in Latin letters."""
    (first, reads), (second, ends) = dice.pick(_FIRST), dice.pick(_SECOND)
    return first + second, reads + ends


def person_name(dice: Dice) -> tuple[str, str]:
    """Return a person's name, and its reading as `surname.given`."""
    (surname, reads), (given, ends) = dice.pick(_SURNAMES), dice.pick(_GIVEN)
    return f"{surname} {given}", f"{reads}.{ends}"


def personal_mail(reading: str, number: int) -> str:
    """Return a personal mail address that nobody can own: Gmail allows no underscore."""
    return f"{reading.replace('.', '_')}_{number}@gmail.com"


def corporate_number(number: int) -> str:
    """Return a made-up 法人番号 with a correct check digit.

    No number that was ever given out has 99 after its check digit: those of registered companies
    go on with 0 to 5, all others with 00 or 7.

    Args:
        number: What makes it unique, from 0 to 9,999,999,999.
    """
    body = f"99{number:010d}"
    return check_digit(body) + body


def check_digit(body: str) -> str:
    """Return the first digit of the 法人番号 whose other twelve are `body`.

    It is 9 - (Σ Pn × Qn mod 9), where Pn is the n-th digit of `body` from the right, and Qn is 1
    for odd n and 2 for even n (法人番号の指定等に関する省令, 平成26年財務省令第70号, 第2条).
    """
    total = sum(int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(body)))
    return str(9 - total % 9)
