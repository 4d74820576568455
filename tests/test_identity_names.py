"""Company names: ways to write one name are equal, names of different firms never are."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mpfunnel.identity.names import CompanyName, company_name, region_key
from tests.names import NAMES, NEAR_MISSES, written

# -- taken apart --


@pytest.mark.parametrize(
    ("text", "key", "legal_form"),
    [
        ("株式会社凪峰", "凪峰", "株式会社"),
        ("凪峰株式会社", "凪峰", "株式会社"),
        ("㈱凪峰", "凪峰", "株式会社"),
        ("凪峰㈱", "凪峰", "株式会社"),
        ("㍿凪峰", "凪峰", "株式会社"),
        ("(株)凪峰", "凪峰", "株式会社"),
        ("凪峰　（株）", "凪峰", "株式会社"),
        ("〔株〕凪峰", "凪峰", "株式会社"),
        ("株）凪峰", "凪峰", "株式会社"),
        ("凪峰(株", "凪峰", "株式会社"),
        ("カ）ナギミネ", "ナギミネ", "株式会社"),
        ("ﾅｷﾞﾐﾈ(ｶ", "ナギミネ", "株式会社"),
        ("ナギミネ(カ)", "ナギミネ", "株式会社"),
        ("ユ）ナギミネ", "ナギミネ", "有限会社"),
        ("ナギミネ（ド", "ナギミネ", "合同会社"),
        ("シャ）ナギミネ", "ナギミネ", "社団法人"),
        ("㈲凪峰", "凪峰", "有限会社"),
        ("特例有限会社凪峰", "凪峰", "有限会社"),
        ("合同会社凪峰", "凪峰", "合同会社"),
        ("合名会社凪峰", "凪峰", "合名会社"),
        ("凪峰生命保険相互会社", "凪峰生命保険", "相互会社"),
        ("一般社団法人凪峰", "凪峰", "一般社団法人"),
        ("（一社）凪峰", "凪峰", "一般社団法人"),
        ("公益財団法人 凪峰", "凪峰", "公益財団法人"),
        ("医療法人社団 凪峰会", "凪峰会", "医療法人社団"),
        ("医療法人　社団凪峰会", "凪峰会", "医療法人社団"),
        ("(医)凪峰会", "凪峰会", "医療法人"),
        ("学校法人凪峰", "凪峰", "学校法人"),
        ("ＮＰＯ法人凪峰", "凪峰", "特定非営利活動法人"),
        ("国立大学法人凪峰大学", "凪峰大学", "国立大学法人"),
        ("Nagimine Inc.", "nagimine", "Inc."),
        ("NAGIMINE CO.,LTD.", "nagimine", "Co., Ltd."),
        ("Nagimine.Co.,Ltd", "nagimine", "Co., Ltd."),
        ("Ｎａｇｉｍｉｎｅ　Ｃｏ．，Ｌｔｄ．", "nagimine", "Co., Ltd."),
        ("Nagimine Company Limited", "nagimine", "Co., Ltd."),
        ("Nagimine Public Company Limited", "nagimine", "Public Co., Ltd."),
        ("K.K. Nagimine", "nagimine", "K.K."),
        ("K.K.Nagimine", "nagimine", "K.K."),
        ("KK Inc.", "kk", "Inc."),
        ("Kabushiki Kaisha Nagimine", "nagimine", "K.K."),
        ("Nagimine Kabushiki Kaisha", "nagimine", "K.K."),
        ("Nagimine G.K.", "nagimine", "G.K."),
        ("Nagimine Corporation", "nagimine", "Corp."),
        ("Nagimine Co.", "nagimine", "Co."),
        ("Nagimine L.L.C.", "nagimine", "LLC"),
        ("Nagimine GmbH", "nagimine", "GmbH"),
        ("Nagimine G.m.b.H.", "nagimine", "GmbH"),
        ("Nagimine GmbH & Co. KG", "nagimine", "GmbH & Co. KG"),
        ("Nagimine AG", "nagimine", "AG"),
        ("Nagimine SE", "nagimine", "SE"),
        ("Nagimine S.A.", "nagimine", "S.A."),
        ("Nagimine SA", "nagimine", "S.A."),
        ("Nagimine S.A.S.", "nagimine", "SAS"),
        ("Nagimine SARL", "nagimine", "S.à r.l."),
        ("Nagimine S.p.A.", "nagimine", "S.p.A."),
        ("Nagimine S.r.l.", "nagimine", "S.r.l."),
        ("Nagimine B.V.", "nagimine", "B.V."),
        ("Nagimine N.V.", "nagimine", "N.V."),
        ("Nagimine Pty. Ltd.", "nagimine", "Pty Ltd"),
        ("Nagimine (Pte) Ltd", "nagimine", "Pte Ltd"),
        ("Nagimine Private Limited", "nagimine", "Pvt Ltd"),
        ("Nagimine Sdn Bhd", "nagimine", "Sdn Bhd"),
        ("Nagimine Sp. z o.o.", "nagimine", "Sp. z o.o."),
        ("Nagimine A/S", "nagimine", "A/S"),
        ("Nagimine Oy", "nagimine", "Oy"),
        # Several: the outermost is told.
        ("ABC Co., Ltd. 株式会社", "abc", "株式会社"),
    ],
)
def test_a_legal_form_is_set_apart(text: str, key: str, legal_form: str) -> None:
    """Before or after the name, abbreviated or not, with or without dots, in any width."""
    assert company_name(text) == CompanyName(key, legal_form)


OTHER_BODIES = frozenset(
    {
        "健康保険組合",
        "公共職業安定所",
        "共済組合",
        "共済農業協同組合連合会",
        "労働組合",
        "協同組合",
        "厚生年金基金",
        "司法書士法人",
        "国家公務員共済組合連合会",
        "国民健康保険団体連合会",
        "国民健康保険組合",
        "弁護士法人",
        "従業員組合",
        "有限責任事業組合",
        "海上火災保険",
        "漁業協同組合",
        "漁業協同組合連合会",
        "火災海上保険",
        "特別養護老人ホーム",
        "生命保険",
        "生活協同組合",
        "社会保険労務士法人",
        "社会保険診療報酬支払基金",
        "社会福祉協議会",
        "税理士法人",
        "管理組合法人",
        "経済農業協同組合連合会",
        "行政書士法人",
        "農業協同組合連合会",
        "連合会",
        "食糧販売協同組合",
    }
)
"""Words of the list that tell one body from another: 凪峰 has a 凪峰健康保険組合."""


def test_every_form_of_a_list_of_others_is_set_apart_or_kept_on_purpose(shared_data: Path) -> None:
    """Before and behind the name alike."""
    words = json.loads((shared_data / "jp_corporate" / "legal_entity.json").read_text("utf-8"))
    kept = {word for word in words if company_name(f"{word}凪峰") == CompanyName(f"{word}凪峰")}
    assert kept == OTHER_BODIES
    assert kept == {
        word for word in words if company_name(f"凪峰{word}") == CompanyName(f"凪峰{word}")
    }
    for word in set(words) - kept:
        apart = CompanyName("凪峰", word)
        assert company_name(f"{word}凪峰") == company_name(f"凪峰{word}") == apart


@pytest.mark.parametrize(
    "text",
    [
        # Another body than the one that it is called after.
        "凪峰健康保険組合",
        "凪峰労働組合",
        "凪峰農業協同組合",
        "凪峰労働組合連合会",
        "凪峰特定目的会社",
        "凪峰投資法人",
        "税理士法人凪峰",
        "有限責任監査法人凪峰",
        # Letters that are no legal form, or the whole name.
        "SAS",
        "AG",
        "日本SE",
        "LasSpa",
        "Tiffany&Co",
        "brand.ag",
        "Coca-Co",
        "KK Wind",
        # A legal form in the middle that nothing follows in which units end.
        "凪峰株式会社椿沢商店",
    ],
)
def test_what_tells_firms_apart_stays_in_the_key(text: str) -> None:
    """Unions, funds and partnerships of a company are not the company."""
    key = re.sub("[ .-]", "", text.lower())
    assert company_name(text) == CompanyName(key)


@pytest.mark.parametrize(
    ("text", "key", "unit"),
    [
        ("凪峰製作所 大阪支店", "凪峰製作所", "大阪支店"),
        ("凪峰製作所大阪支店", "凪峰製作所", "大阪支店"),
        ("凪峰製作所大阪府支店", "凪峰製作所", "大阪府支店"),
        ("凪峰製作所新大阪支店", "凪峰製作所", "新大阪支店"),
        ("凪峰製作所大阪第二営業所", "凪峰製作所", "大阪第二営業所"),
        ("凪峰製作所 大阪 支店", "凪峰製作所", "大阪 支店"),
        ("凪峰製作所 関西支社", "凪峰製作所", "関西支社"),
        ("凪峰製作所（豊田工場）", "凪峰製作所", "豊田工場"),
        ("凪峰製作所本社", "凪峰製作所", "本社"),
        ("凪峰製作所 第二営業部", "凪峰製作所", "第二営業部"),
        ("凪峰製作所第２営業部", "凪峰製作所", "第2営業部"),
        ("凪峰製作所 大阪支店 営業部", "凪峰製作所", "大阪支店 営業部"),
        ("凪峰銀行本店", "凪峰銀行", "本店"),
        ("凪峰銀行 本店", "凪峰銀行", "本店"),
        ("Nagimine Tokyo Branch", "nagimine", "tokyo branch"),
        ("Nagimine - Osaka branch office", "nagimine", "osaka branch office"),
        ("Nagimine Head Office", "nagimine", "head office"),
        # Where nobody knows where a unit begins, it stays.
        ("凪峰製作所豊田支店", "凪峰製作所豊田支店", ""),
        ("凪峰製作所北名古屋支店", "凪峰製作所北名古屋支店", ""),
        ("凪峰 建機工場", "凪峰建機工場", ""),
        ("凪峰東日本支社", "凪峰東日本支社", ""),
        ("凪峰東日本本社", "凪峰東日本本社", ""),
        ("凪峰 東日本 本社", "凪峰東日本", "本社"),
        ("凪峰本店", "凪峰本店", ""),
        ("凪峰総合研究所", "凪峰総合研究所", ""),
        ("日本支店長会", "日本支店長会", ""),
        ("四日市市役所", "四日市市役所", ""),
        ("Bank of Tokyo Branch", "bankoftokyobranch", ""),
        ("Nagimine Japan Headquarters", "nagiminejapan", "headquarters"),
        ("Olive Branch", "olivebranch", ""),
        # What is left tells no company.
        ("本社", "", "本社"),
        ("支店", "", "支店"),
        ("大阪支店", "", "大阪支店"),
        ("関西支社", "", "関西支社"),
        ("営業部", "", "営業部"),
        ("銀行本店", "銀行本店", ""),
        ("大学東京支部", "大学東京支部", ""),
    ],
)
def test_a_unit_is_set_apart_only_where_it_surely_begins(text: str, key: str, unit: str) -> None:
    """At white space, parentheses, a town or a number; a company may be called after a region."""
    assert company_name(text) == CompanyName(key, "", unit)


@pytest.mark.parametrize(
    ("text", "key", "legal_form", "unit"),
    [
        ("凪峰株式会社豊田支店", "凪峰", "株式会社", "豊田支店"),
        ("凪峰㈱ 幕張センター", "凪峰", "株式会社", "幕張センター"),
        ("凪峰（株）営業部第一課", "凪峰", "株式会社", "営業部第一課"),
        ("凪峰株式会社（中央研究所）", "凪峰", "株式会社", "中央研究所"),
        ("株式会社凪峰 東京本社", "凪峰東京本社", "株式会社", ""),
        ("Nagimine Inc. Nagoya-East Office", "nagimine", "Inc.", "nagoya-east office"),
        ("Nagimine K.K., Japan Headquarters", "nagimine", "K.K.", "japan headquarters"),
        ("Nagimine Co., Ltd. (Sales Department)", "nagimine", "Co., Ltd.", "sales department"),
        ("株式会社", "", "株式会社", ""),
        ("株式会社 本社", "", "株式会社", "本社"),
        ("株式会社大阪支店", "", "株式会社", "大阪支店"),
    ],
)
def test_behind_a_legal_form_in_the_middle_any_unit_begins(
    text: str, key: str, legal_form: str, unit: str
) -> None:
    """凪峰株式会社豊田支店 is read where 凪峰豊田支店 is not."""
    assert company_name(text) == CompanyName(key, legal_form, unit)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("凪峰株式会社_代理店", "凪峰"),
        ("凪峰㈱（代理店）", "凪峰"),
        ("凪峰 販売店", "凪峰"),
        ("凪峰正規代理店", "凪峰"),
        ("凪峰総販売代理店", "凪峰"),
        ("凪峰特約店 大阪支店", "凪峰"),
        ("Nagimine Inc. (Authorized Dealer)", "nagimine"),
        ("Nagimine Inc._reseller", "nagimine"),
        ("代理店", ""),
    ],
)
def test_an_agent_is_another_firm(text: str, key: str) -> None:
    """It is told, so that nobody takes it for the company whose name it has."""
    found = company_name(text)
    assert (found.key, found.agency) == (key, True)


@pytest.mark.parametrize(
    "text", ["凪峰保険代理店", "広告代理店凪峰", "凪峰旅行代理店", "Nagimine Agency"]
)
def test_a_trade_is_no_agent_of_a_company(text: str) -> None:
    """Insurance, travel and advertising agents are called so themselves."""
    assert not company_name(text).agency


@pytest.mark.parametrize(
    "text", [None, "", " 　", "-", "ー", "…", "N/A", "（個人）", "なし", "未入力"]
)
def test_nothing_is_blank(text: str | None) -> None:
    """What people write where they have no company is none."""
    assert company_name(text) == CompanyName()
    assert company_name(text).blank


@pytest.mark.parametrize("text", ["株式会社", "本社", "凪峰"])
def test_any_hint_at_a_company_is_not_blank(text: str) -> None:
    """Who writes 本社 works somewhere, though nobody can tell where."""
    assert not company_name(text).blank


def test_a_text_without_end_is_folded_but_not_taken_apart() -> None:
    """It costs no more than its length; white space that is folded away does not count."""
    assert company_name("ア" * 1_000 + "株式会社").key == "ア" * 1_000 + "株式会社"
    assert company_name("凪峰" + " - " * 1_000 + "株式会社") == CompanyName("凪峰", "株式会社")


# -- laws --


@settings(max_examples=500)
@given(st.data())
def test_ways_to_write_a_name_are_equal(data: st.DataObject) -> None:
    """Legal form, branch, width, case, white space, dashes and old kanji make no other name."""
    name = data.draw(st.sampled_from(NAMES))
    assert company_name(data.draw(written(name))).key == company_name(name).key


@settings(max_examples=500)
@given(st.data())
def test_different_names_are_never_equal(data: st.DataObject) -> None:
    """日立 is not 日立建機, however either of them is written."""
    pair = data.draw(st.sampled_from(NEAR_MISSES))
    one, other = (data.draw(written(name)) for name in pair)
    assert company_name(one).key != company_name(other).key


def test_no_two_names_of_the_list_are_equal() -> None:
    """Not only the pairs: each of them with every other one."""
    assert len(NEAR_MISSES) >= 40
    keys = {name: company_name(name).key for name in NAMES}
    assert [pair for pair in combinations(NAMES, 2) if keys[pair[0]] == keys[pair[1]]] == []


WORDS = (
    "株式会社 ㈱ (株) （株） （カ カ） 有限会社 医療法人 社団 大阪 東日本 支店 本社 本店 銀行 工場 "
    "第二 営業部 代理店 _ 個人 なし n/a inc. co ltd k.k. gmbh & ag s.a. branch tokyo office ー - − "
    "ヤ ャ ン ア が か ゛ ｱ ﾞ 髙 ( ) 【 Ａ é İ ß ﬁ ㌔ ・ , . / # 凪 the of"
)
UNSEEN = (" ", "　", "\u200b", "\ufe0f", "\u0301", "\u3099", "\n")
PIECES = st.sampled_from((*WORDS.split(), *UNSEEN))
TEXTS = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.text(max_size=20),
    st.sampled_from(NAMES).flatmap(written),
)


@given(TEXTS)
@example("凪峰大阪・支店")
@example("凪峰株式・会社")
def test_the_key_of_a_key_is_itself(text: str) -> None:
    """Taking a name apart again takes nothing more away."""
    key = company_name(text).key
    assert company_name(key).key == key


@given(TEXTS)
def test_a_key_is_folded_already(text: str) -> None:
    """It holds no white space, and is as NFKC and case folding leave it."""
    key = company_name(text).key
    assert not any(char.isspace() for char in key)
    assert unicodedata.normalize("NFKC", key) == key
    assert key.casefold() == key


# -- regions --


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("東京都", "東京"),
        ("東京", "東京"),
        ("京都", "京都"),
        ("京都府", "京都"),
        ("神奈川県 ", "神奈川"),
        ("北海道", "北海道"),
        ("別府", "別府"),
        ("近畿", "近畿"),
        ("Ｃａｌｉｆｏｒｎｉａ", "California"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_prefecture_is_compared_without_its_suffix(text: str | None, key: str) -> None:
    """東京都 is 東京, while 京都 and 別府 keep their last letter."""
    assert region_key(text) == key
