"""Company names for tests: pairs of different firms that look alike, and ways to write one name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

NEAR_MISSES: Final = (
    ("日立", "日立建機"),
    ("日立", "日立製作所"),
    ("日立製作所", "日立造船"),
    ("三井物産", "三井住友"),
    ("三井住友銀行", "三井住友信託銀行"),
    ("三菱商事", "三菱食品"),
    ("三菱電機", "三菱重工"),
    ("三菱UFJ銀行", "三菱UFJ信託銀行"),
    ("東京電力", "東京電機"),
    ("東京ガス", "東邦ガス"),
    ("NTTデータ", "NTTドコモ"),
    ("NTT東日本", "NTT西日本"),
    ("JR東日本", "JR四国"),
    ("JR東海", "JR九州"),
    ("東芝", "東芝テック"),
    ("富士通", "富士電機"),
    ("富士フイルム", "富士ゼロックス"),
    ("ソニー", "ソニー生命"),
    ("ソニー銀行", "ソニー損保"),
    ("トヨタ", "トヨタ自動車"),
    ("トヨタ自動車", "トヨタ自動車九州"),
    ("トヨタ", "トヨタ健康保険組合"),
    ("トヨタ自動車東日本", "豊田自動織機"),
    ("イオン", "イオン北海道"),
    ("イオン九州", "イオン琉球"),
    ("日本製鉄", "日本製鋼所"),
    ("日本生命", "日本生命労働組合"),
    ("野村證券", "野村総合研究所"),
    ("大阪ガス", "大阪ガス労働組合"),
    ("住友化学", "住友化学園芸"),
    ("山田電機", "ヤマダデンキ"),
    ("山田", "税理士法人山田"),
    ("虎屋", "虎屋本店"),
    ("アンド商会", "&商会"),
    ("旭化成", "旭化学"),
    ("大和証券", "大和ハウス"),
    ("明治", "明治安田生命"),
    ("丸紅", "丸紅建材リース"),
    ("キヤノン", "キヤノンマーケティングジャパン"),
    ("パナソニック", "パナソニックコネクト"),
    ("ネッツトヨタ千葉", "ネッツトヨタ東京"),
    ("千葉銀行", "千葉興業銀行"),
    ("斎藤商店", "斉藤商店"),
    ("Delta Air Lines", "Delta Electronics"),
    ("General Electric", "General Motors"),
    ("General Mills", "General Dynamics"),
    ("American Express", "American Airlines"),
    ("United Airlines", "United Rentals"),
    ("Tiffany", "Tiffany & Co"),
    ("Acme", "Acme Japan"),
    ("Acme Holdings", "Acme Group"),
    ("Bank of Tokyo", "Bank of Osaka"),
    ("SAS Institute", "SAS Airlines"),
    ("AG Spring", "Spring"),
    ("Green", "Green Spa"),
    ("Boston Scientific", "Boston Consulting"),
    ("C# Works", "C Works"),
)
"""Firms of which one is never the other, however either is written. They exist, or might."""
NAMES: Final = tuple(dict.fromkeys(name for pair in NEAR_MISSES for name in pair))

_FRONT: Final = (
    *("株式会社", "㈱", "(株)", "（株）", "（有）", "合同会社 ", "一般社団法人", "医療法人社団"),
    *("カ）", "㍿　"),
)
_BEHIND: Final = ("株式会社", "㈱", "(株)", " （株）", "㈲", "（カ", "(カ)", "　合同会社")
_FORMS_ABROAD: Final = (
    *(" Inc.", ", Inc", " Co., Ltd.", " CO.,LTD", " Co.,Ltd", " Corp.", " Corporation", " K.K."),
    *(" LLC", " L.L.C.", " GmbH", " AG", " S.A.", " B.V.", " Pty Ltd", " Pte. Ltd.", " PLC"),
    *(" Limited", " S.p.A.", " GmbH & Co. KG", " Sdn. Bhd.", " S.A. de C.V.", " s.r.o.", " A/S"),
    *(" (Pvt.) Ltd.", " Kabushiki Kaisha"),
)
_UNITS: Final = (
    *(" 大阪支店", "　東京営業所", " 本社", " 関西支社", " 営業部", "　第二営業部", " 大阪工場"),
    "（大阪支店）",
)
_BEHIND_A_FORM: Final = (
    *_UNITS,
    *("大阪支店", "本社", "豊田工場", "研究所", " 営業部第一課", "幕張センター"),
)
_UNITS_ABROAD: Final = (
    *(" Tokyo Branch", " - Head Office", ", Headquarters", " (HQ)", " HONG KONG BRANCH"),
)
_DASHES: Final = "ー-‐―−ｰ－"
_LARGE: Final = str.maketrans("ァィゥェォッャュョ", "アイウエオツヤユヨ")
_SMALL: Final = str.maketrans("アイウエオツヤユヨ", "ァィゥェォッャュョ")
_OLD: Final = str.maketrans("浜高沢証斎斉学", "濱髙澤證齋齊學")
_HALF: Final = {
    unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)
}


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def _half(text: str) -> str:
    return "".join(
        _HALF.get(char, char) for char in unicodedata.normalize("NFD", text.replace("ー", "ｰ"))
    ).translate({0x3099: "ﾞ", 0x309A: "ﾟ"})


_Way = Callable[[str], str]
_CASES: Final[tuple[_Way, ...]] = (str, str.upper, str.lower, str.title)
_WIDTHS: Final[tuple[_Way, ...]] = (str, _wide)
_LETTERS: Final[tuple[_Way, ...]] = (str, str.lower, _wide, _half)


@st.composite
def written(draw: st.DrawFn, name: str) -> str:
    """A way to write a name: with a legal form and a branch, in other letters of the same."""
    text = name
    if name.isascii():
        text = draw(st.sampled_from(_CASES))(text)
        text = text.replace(" ", draw(st.sampled_from((" ", "  ", "-", "", "・", "　"))))
        if draw(st.booleans()):
            text += draw(st.sampled_from(_FORMS_ABROAD))
        if draw(st.booleans()):
            text += draw(st.sampled_from(_UNITS_ABROAD))
        return draw(st.sampled_from(_WIDTHS))(text)
    text = text.translate(draw(st.sampled_from(({}, _LARGE, _SMALL))))
    text = text.translate(draw(st.sampled_from(({}, _OLD))))
    text = text.replace("ー", draw(st.sampled_from(_DASHES)))
    if draw(st.booleans()):
        # Behind white space, a dash is one.
        at = draw(st.sampled_from([i for i in range(1, len(text)) if text[i] not in _DASHES]))
        text = f"{text[:at]}{draw(st.sampled_from((' ', '　', '・', '')))}{text[at:]}"
    text = draw(st.sampled_from(_LETTERS))(text)
    form = draw(st.sampled_from(("none", "front", "behind")))
    if form == "front":
        text = draw(st.sampled_from(_FRONT)) + text
    if form == "behind":
        text += draw(st.sampled_from(_BEHIND))
        banks = text.endswith(("（カ", "(カ)"))
        if draw(st.booleans()) and not banks:
            text += draw(st.sampled_from(_BEHIND_A_FORM))
    elif draw(st.booleans()):
        text += draw(st.sampled_from(_UNITS))
    return text
