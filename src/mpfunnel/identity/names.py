"""Company names (社名), as far as they can be compared without guessing.

Ways to write one name get the same key; different names never do. Where nobody can be sure, names
stay apart: other evidence finds a match that was missed, while a false one tells of another firm.

Folded: width, case, white space and punctuation; small and large kana (キヤノン = キャノン); what
stands for ー after a kana; old forms of kanji as the list of kanji for general use (常用漢字表) of
2010 has them in brackets, and the printed variants 髙, 﨑, 濵 and 𠮷. Set apart: the legal form
(法人格) before or after the name, also as banks abbreviate it (カ）; a branch or department behind
it; and what makes it the name of an agent (代理店). Not folded: & and アンド, hiragana and
katakana, digits and their kanji, translations, ホールディングス and HD. Not set apart, because it
tells one firm from another: Holdings, Group, Japan; 税理士法人 and the like; 健康保険組合 and other
unions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import frozen

__all__ = ["JAPANESE_FORMS", "CompanyName", "company_name", "region_key"]


@frozen
class CompanyName:
    """A company's name, taken apart.

    Attributes:
        key: What is compared; blank where nothing is left that tells a company.
        legal_form: What kind of body it is, in one way of writing: ``"株式会社"``, ``"Co., Ltd."``.
            Blank where none is stated.
        unit: The branch, plant or department that was named with it, folded: ``"大阪支店"``.
        agency: Whether it is an agent or dealer of the company: another firm.
    """

    key: str = ""
    legal_form: str = ""
    unit: str = ""
    agency: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing in it hints at a company."""
        return not (self.key or self.legal_form or self.unit)


def company_name(text: str | None) -> CompanyName:
    """Take the name of a company apart.

    The key of a key is the key itself.

    >>> company_name("ﾄﾖﾀ自動車㈱ 大阪支店")
    CompanyName(key='トヨタ自動車', legal_form='株式会社', unit='大阪支店', agency=False)
    >>> company_name("Acme-Widgets Co.,Ltd.").key == company_name("ACME WIDGETS").key
    True
    """
    rest = _folded(text or "")
    if rest in _NOT_APPLICABLE:
        return CompanyName()
    form, units, agency = "", list[str](), False
    while True:
        key = _joined(rest)
        if len(rest) > _LONGEST:
            if len(key) > _LONGEST:
                break
        elif match := _AGENT_LAST.search(rest):
            rest, agency = rest[: match.start()], True
            continue
        elif found := _without_form(rest):
            rest, form = found[0], form or found[1]
            continue
        elif found := _without_unit(rest):
            rest = found[0]
            units.insert(0, found[1])
            continue
        # Without its white space, a name may end in what is set apart.
        again = _folded(key)
        if again in ("", rest):
            break
        rest = again
    return CompanyName("" if key in _NOTHING else key, form, " ".join(units), agency)


def region_key(text: str | None) -> str:
    """Return what is compared of a region: a prefecture's name goes without 都, 府 or 県.

    >>> region_key("東京都"), region_key("京都"), region_key("甲府"), region_key(None)
    ('東京', '京都', '甲府', '')
    """
    folded = unicodedata.normalize("NFKC", text or "").strip()
    shorter = folded.removesuffix("都").removesuffix("府").removesuffix("県")
    return shorter if shorter in _PREFECTURES else folded


# -- what is folded --

_SMALL: Final = "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
_LARGE: Final = "あいうえおつやゆよわかけアイウエオツヤユヨワカケ"
_OLD: Final = (
    "髙﨑濵𠮷齋齊濱澤櫻廣國學會藏瀧圓榮鐵眞壽豐實寶德惠關縣驛醫藝應總經濟發傳來萬與團鹽獨黑靜彌黃"
    "綠戶內壓亞惡爲壹稻飮隱衞圍緣奧橫假價畫擴覺樂勸歡觀氣戲舊據擧峽狹曉勳勵輕繼螢劍險檢顯驗嚴恆鑛"
    "號濕兒辭雜參棧蠶贊絲齒寫釋收從澁獸縱肅處敍將稱燒證乘淨剩疊條狀讓釀觸寢愼盡圖粹醉穗隨髓數樞聲攝"
    "竊專戰淺潛纖錢禪曾雙壯搜插巢爭莊裝騷增臟屬續體對帶滯臺單擔膽彈遲晝蟲鑄廳聽敕鎭遞轉點黨盜燈當鬪"
    "讀屆貳腦霸廢拜賣麥拔蠻祕甁拂佛竝變邊辯舖沒滿默藥譯豫餘搖樣謠覽龍兩獵壘淚禮靈齡戀爐勞樓灣"
)
_NEW: Final = (
    "高崎浜吉斎斉浜沢桜広国学会蔵滝円栄鉄真寿豊実宝徳恵関県駅医芸応総経済発伝来万与団塩独黒静弥黄"
    "緑戸内圧亜悪為壱稲飲隠衛囲縁奥横仮価画拡覚楽勧歓観気戯旧拠挙峡狭暁勲励軽継蛍剣険検顕験厳恒鉱"
    "号湿児辞雑参桟蚕賛糸歯写釈収従渋獣縦粛処叙将称焼証乗浄剰畳条状譲醸触寝慎尽図粋酔穂随髄数枢声摂"
    "窃専戦浅潜繊銭禅曽双壮捜挿巣争荘装騒増臓属続体対帯滞台単担胆弾遅昼虫鋳庁聴勅鎮逓転点党盗灯当闘"
    "読届弐脳覇廃拝売麦抜蛮秘瓶払仏並変辺弁舗没満黙薬訳予余揺様謡覧竜両猟塁涙礼霊齢恋炉労楼湾"
)
_DASHES: Final = "-‐‑‒–—―−─━"
_FOLD: Final = str.maketrans(
    _SMALL + _OLD + "〔〕[]【】" + _DASHES,
    _LARGE + _NEW + "()()()" + "-" * len(_DASHES),
)
_LONGEST: Final = 300
"""Longer texts are folded, but not taken apart: no company is called so."""
_KEPT: Final = frozenset("&@#%*")
"""Punctuation that belongs to names."""
_DRAWN_OUT: Final = "ぁ-みむ-をァ-ミム-ヲヴ"
"""Kana that ー may follow: all but ん."""
_LONG: Final = re.compile(f"(?<=[{_DRAWN_OUT}])-+")
_NOT_LONG: Final = re.compile(f"(?<![{_DRAWN_OUT}])ー+|(?<=ー)ー+")


def _folded(text: str) -> str:
    """Return a text in which only white space, punctuation and words are left to tell apart."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Format characters and variation selectors are not seen.
    seen = (char for char in plain if unicodedata.category(char) != "Cf" and not _selects(char))
    return " ".join(_LONG.sub("ー", "".join(seen).translate(_FOLD)).split())


def _selects(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _joined(text: str) -> str:
    """Return what is compared of a folded text."""
    joined = "".join(
        char for char in text if char in _KEPT or unicodedata.category(char)[0] not in "PZC"
    )
    return _NOT_LONG.sub("", joined)


# -- legal forms: facts of the company registers, the Zengin bank codes and the forms abroad --

_FORMS_JA: Final = {
    "株式会社": ("(株)",),
    "有限会社": ("(有)", "特例有限会社"),
    "合同会社": ("(同)", "(合同)"),
    "合名会社": ("(名)", "(合名)"),
    "合資会社": ("(資)", "(合資)"),
    "相互会社": ("(相)",),
    "一般社団法人": ("(一社)", "(一般社団)"),
    "公益社団法人": ("(公社)", "(公益社団)"),
    "社団法人": ("(社)",),
    "一般財団法人": ("(一財)", "(一般財団)"),
    "公益財団法人": ("(公財)", "(公益財団)"),
    "財団法人": ("(財)",),
    "医療法人社団": ("(医社)", "医療法人 社団", "(医)社団"),
    "医療法人財団": ("(医財)", "医療法人 財団", "(医)財団"),
    "社会医療法人": ("社会医療法人社団", "社会医療法人財団"),
    "特定医療法人": ("特定医療法人社団", "特定医療法人財団"),
    "医療法人": ("(医)",),
    "学校法人": ("(学)",),
    "準学校法人": (),
    "社会福祉法人": ("(福)", "(社福)"),
    "宗教法人": ("(宗)",),
    "特定非営利活動法人": ("(特非)", "(特)", "npo法人", "(npo)"),
    "独立行政法人": ("(独)",),
    "地方独立行政法人": ("(地独)",),
    "国立研究開発法人": (),
    "国立大学法人": ("(大)",),
    "公立大学法人": (),
    "更生保護法人": (),
    "農事組合法人": (),
    "有限責任中間法人": (),
    "無限責任中間法人": (),
}
JAPANESE_FORMS: Final = frozenset(_FORMS_JA)
"""The legal forms of Japan, as `CompanyName.legal_form` has them."""
_BANKS: Final = {
    "カ": "株式会社",
    "ユ": "有限会社",
    "ド": "合同会社",
    "メ": "合名会社",
    "シ": "合資会社",
    "ソ": "相互会社",
    "イ": "医療法人",
    "ザイ": "財団法人",
    "シヤ": "社団法人",
    "ガク": "学校法人",
    "フク": "社会福祉法人",
    "シユウ": "宗教法人",
    "トクヒ": "特定非営利活動法人",
    "ドク": "独立行政法人",
    "株": "株式会社",
    "有": "有限会社",
}
"""Before a closing parenthesis at the beginning, or behind an opening one at the end."""

_DOTTED: Final = {
    "GmbH": "gmbh",
    "LLC": "llc",
    "LLP": "llp",
    "PLC": "plc",
    "S.r.l.": "srl",
    "S.à r.l.": "sarl",
}
"""A dot or white space may follow each letter of these."""
_FORMS: Final = {
    "Public Co., Ltd.": r"public\s(?:company|co\.?)[,\s]*(?:limited|ltd)|pcl",
    "Co., Ltd.": r"(?:co|company)[.,\s]+(?:ltd|limited)",
    "K.K.": r"kabushiki[\s-]?[kg]aisha",
    "Y.K.": r"yugen[\s-]?[kg]aisha",
    "G.K.": r"godo[\s-]?[kg]aisha",
    "Pty Ltd": r"(?:pty|proprietary)[.,\s)]+(?:ltd|limited)",
    "Pte Ltd": r"pte[.,\s)]+(?:ltd|limited)",
    "Pvt Ltd": r"(?:pvt|private)[.,\s)]+(?:ltd|limited)",
    "Sdn Bhd": r"sdn[.\s]+bhd",
    "Sp. z o.o.": r"sp[.\s]+z[.\s]+o\.?\s?o",
    "S.A. de C.V.": r"s\.?\s?a\.?\sde\sc\.?\s?v",
    "GmbH & Co. KG": r"gmbh\s?&\s?co\.?\s?kg",
    "Inc.": r"inc|incorporated",
    "Corp.": r"corp|corporation",
    "Ltd.": r"ltd|limited",
    **{form: r"\.?\s?".join(letters) for form, letters in _DOTTED.items()},
    "KGaA": r"kgaa",
    "S.p.A.": r"s\.\s?p\.\s?a",
    "SAS": r"s\.\s?a\.\s?s",
    "s.r.o.": r"s\.\s?r\.\s?o",
    "d.o.o.": r"d\.\s?o\.\s?o",
    "A/S": r"a/s",
    "ApS": r"aps",
    "Ltda": r"ltda",
    "Pty": r"pty",
    "Pte": r"pte",
    "Bhd": r"bhd",
    "Tbk": r"tbk",
    "Oyj": r"oyj",
    "Kft": r"kft",
    "Zrt": r"zrt",
}
_SHORT_FORMS: Final = {
    # Tiffany & Co. is no Tiffany.
    "Co.": r"(?<!&)(?<!&.)(?<!\band.)(?:co|company)",
    "AG": r"a\.?g",
    "KG": r"k\.?g",
    "SE": r"se",
    "S.A.": r"s\.?a",
    "S.L.": r"s\.?l",
    "B.V.": r"b\.?\s?v",
    "N.V.": r"n\.?\s?v",
    "AB": r"ab",
    "ASA": r"asa",
    "AS": r"as",
    "Oy": r"oy",
    "K.K.": r"k\.?\s?k",
    "Y.K.": r"y\.\s?k",
    "G.K.": r"g\.?\s?k",
}
"""Letters that mean other things, too: looked for only behind a name in Latin letters."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


_CANONICAL: Final = {
    _folded(written): form for form, others in _FORMS_JA.items() for written in (form, *others)
}
_JA: Final = _any(_CANONICAL)
_BANK: Final = _any(_BANKS)
_FIRST: Final = re.compile(rf"(?:(?P<form>{_JA})|\(?(?P<bank>{_BANK})\))\s*")
_LAST: Final = re.compile(rf"\s*(?:(?P<form>{_JA})|\((?P<bank>{_BANK})\)?)$")
_BREAK: Final = r"[\s,.;:_/()\-]"
_JAPANESE: Final = re.compile("[ぁ-んァ-ヺ一-鿿々]")
_KK_FIRST: Final = re.compile(r"(?:k\.\s?k\.|kabushiki[\s-]?[kg]aisha\s)\s*(?=\S)")


def _behind(
    words: Mapping[str, str], letters: Mapping[str, str]
) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Return a pattern with a group for each form, and what each group is."""
    groups = ["|".join(f"({pattern})" for pattern in forms.values()) for forms in (words, letters)]
    # A name that looks like a domain ends in no legal form: brand.ag.
    pattern = rf"(?:(?<=[\s,.;:_/()])(?:{groups[0]})|(?<=[\s,;:_/()])(?:{groups[1] or '$^'}))"
    return re.compile(rf"{pattern}{_BREAK}*$"), (*words, *letters)


_ABROAD: Final = _behind(_FORMS, {})
_ABROAD_SHORT: Final = _behind(_FORMS, _SHORT_FORMS)


def _without_form(text: str) -> tuple[str, str] | None:
    """Return a folded text without the legal form at one of its ends, and that form."""
    if match := _FIRST.match(text):
        return text[match.end() :], _form_of(match)
    if match := _LAST.search(text):
        return text[: match.start()], _form_of(match)
    pattern, names = _ABROAD if _JAPANESE.search(text) else _ABROAD_SHORT
    match = pattern.search(text)
    # Such letters alone are a name: SAS, AG.
    if match and match.lastindex and _joined(text[: match.start()]):
        return text[: match.start()], names[match.lastindex - 1]
    if match := _KK_FIRST.match(text):
        return text[match.end() :], "K.K."
    return None


def _form_of(match: re.Match[str]) -> str:
    return _CANONICAL[match["form"]] if match["form"] else _BANKS[match["bank"]]


# -- branches and departments --

_PREFECTURES: Final = _words(
    "北海道 青森 岩手 宮城 秋田 山形 福島 茨城 栃木 群馬 埼玉 千葉 東京 神奈川 新潟 富山 石川 福井 "
    "山梨 長野 岐阜 静岡 愛知 三重 滋賀 京都 大阪 兵庫 奈良 和歌山 鳥取 島根 岡山 広島 山口 徳島 "
    "香川 愛媛 高知 福岡 佐賀 長崎 熊本 大分 宮崎 鹿児島 沖縄"
)
_TOWNS: Final = _any(
    _PREFECTURES - {"北海道"}
    | _words(
        "東京中央 西東京 札幌 仙台 盛岡 水戸 宇都宮 前橋 高崎 さいたま 大宮 横浜 新横浜 川崎 "
        "相模原 甲府 金沢 名古屋 浜松 四日市 大津 神戸 姫路 北大阪 南大阪 東大阪 新大阪 松江 "
        "東広島 福山 高松 松山 北九州 那覇 丸の内 大手町 日本橋 新宿 渋谷 池袋 品川 立川 八王子 "
        "多摩 梅田 難波"
    )
)
_REGIONS: Final = _any(
    _words(
        "北海道 東日本 西日本 中日本 北日本 東北 北東北 南東北 関東 北関東 南関東 首都圏 信越 "
        "甲信越 北信越 北陸 東海 中部 中京 近畿 関西 中国 四国 中四国 九州 南九州"
    )
)
"""Many a company is called after one (JR東日本): told from its branch by white space alone."""


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, patterns))


_NUMBER: Final = "第[一二三四五六七八九十0-9]+"
_TOWN: Final = rf"(?:{_TOWNS})(?:都|府|県|市)?(?:{_NUMBER})?"
_REGION: Final = rf"(?:{_REGIONS})(?:{_NUMBER})?"
_BRANCH: Final = "支店|支社|支局|支所|営業所|出張所|事業所"
_SITE: Final = f"{_BRANCH}|支部|事務所|工場"
_DEPARTMENT: Final = (
    "(?:営業|総務|人事|労務|経理|財務|開発|技術|製造|情報システム|購買|調達|資材|品質保証|品質管理|生産管理|"
    "生産技術|マーケテイング|広報|法務|研究開発|販売|経営企画|事業開発)(?:第?[一二三四五六七八九十0-9]+)?"
    "(?:本部|部|課)"
)
_HEAD: Final = "本社|本店"
_UNITS: Final = _compiled(
    # Behind a legal form in the middle, any word in which units end and names do not.
    rf"(?P<name>.*\S\s?(?:{_JA}))\s*\(?(?P<unit>[^()]*(?:{_SITE}|{_HEAD}|本部|研究所|センター|"
    r"(?<!楽)部|課|係|(?<![商書])店|グループ|チーム))\)?",
    rf"(?P<name>.*\S)\s*\((?P<unit>[^()]*(?:{_SITE}|{_HEAD}|事業部|本部|{_DEPARTMENT}))\)",
    # Behind white space, only what is sure to be no part of the name, as in 日立 建機工場 it is.
    rf"(?P<name>.*?\S)\s(?P<unit>{_TOWN}\s(?:{_SITE})|(?:{_TOWN}|{_REGION})?(?:{_SITE})|本社|"
    rf"(?:{_NUMBER})?{_DEPARTMENT})",
    # Without any break, only behind a town or a number.
    rf"(?P<name>.*?)(?P<unit>(?<![新東西南北中上下大小]){_TOWN}(?:{_BRANCH})|{_NUMBER}{_DEPARTMENT})",
    rf"(?P<name>(?!.*(?:{_TOWNS}|{_REGIONS})本社).*)(?P<unit>本社)",
    r"(?P<name>.*(?:銀行|信用金庫|信用組合|証券))\s?(?P<unit>本店)",
    # Alone, it tells no company.
    rf"(?P<name>)(?P<unit>(?:{_TOWN}|{_REGION})?(?:{_SITE}|{_HEAD})|本部|{_DEPARTMENT})",
)
_CITIES: Final = (
    "tokyo|osaka|nagoya|yokohama|kobe|kyoto|fukuoka|sapporo|sendai|hiroshima|london|paris|berlin|"
    r"singapore|seoul|shanghai|beijing|taipei|hong\skong|new\syork|sydney|bangkok|dubai"
)
_OFFICE: Final = r"head\soffice|headquarters|hq"
_UNITS_ABROAD: Final = _compiled(
    rf"(?P<name>.*{_BREAK}(?:inc|corp|corporation|ltd|limited|llc|plc|gmbh|k\.?k)\b[.,]*){_BREAK}+"
    rf"(?P<unit>(?:\S[^()]*\s)?(?:branch|office|plant|factory|division|department|{_OFFICE}))\)?",
    rf"(?P<name>.*[^\s,(\-])(?<!\sof){_BREAK}+"
    rf"(?P<unit>(?:{_CITIES})\sbranch(?:\soffice)?|{_OFFICE})\)?",
)
_GENERIC: Final = re.compile("銀行|信用金庫|信用組合|証券|会社|法人|大学|病院|学校|協会|組合")
"""Who is called so and no more is not told apart by it: 銀行本店."""


def _without_unit(text: str) -> tuple[str, str] | None:
    """Return a folded text without the unit at its end, and that unit."""
    for pattern in _UNITS if _JAPANESE.search(text) else _UNITS_ABROAD:
        match = pattern.fullmatch(text)
        if match and not _GENERIC.fullmatch(_joined(match["name"])):
            return match["name"], match["unit"]
    return None


# -- agents --

_AGENT_LAST: Final = re.compile(
    r"(?:[\s_\-(]*(?:正規|総|一次|二次|認定|公認|指定|地区|販売)*"
    r"(?:(?<!保険)(?<!旅行)(?<!広告)代理店|販売店|特約店|取次店|取扱店)\)?"
    r"|(?:\s|[_(]\s*)authori[sz]ed\s(?:dealer|distributor|reseller)\)?"
    r"|[_(]\s*(?:dealer|distributor|reseller)\)?)$"
)
_NOT_APPLICABLE: Final = frozenset({"n/a", "(n/a)"})
_NOTHING: Final = frozenset({"個人", "なし", "無し", "無", "該当なし", "未入力", "未記入", "不明"})
"""What people write where they have no company."""
