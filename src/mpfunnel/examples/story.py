"""Fourteen small cases, written by hand: each shows one thing that a marketer knows.

They fit the market that the firm sees: `crm` and `ma` are made for large makers, IT firms and
traders, `bi` for banks and large makers; a bank has little use for `ma`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from attrs import frozen

from mpfunnel.examples.ledger import JST
from mpfunnel.examples.market import corporate_number, personal_mail
from mpfunnel.examples.sample import Sample
from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Company,
    Consent,
    Contract,
    Deal,
    DealLine,
    Lead,
    Relationship,
    SalesEvent,
    SalesEventKind,
)

__all__ = ["STORY_DAY", "Case", "story"]

STORY_DAY: Final = date(2026, 10, 31)
"""The day on which the story is told: give it as `as_of`."""

_OKU: Final = 100_000_000


@frozen
class Case:
    """One thing that the answers must get right, and the records that show it."""

    key: str
    title: Label
    sample: Sample
    """Ids are unique over all cases, so that `Sample.merge` can put them together."""


def story() -> tuple[Case, ...]:
    """Return the cases; their records are of 1 to 30 October 2026 and before."""
    return (
        _cross_sell(),
        _interest_elsewhere(),
        _employees_unknown(),
        _partner_and_customer(),
        _no_company(),
        _opted_out(),
        _lapsed(),
        _lost_for_timing(),
        _competitor(),
        _group(),
        _student(),
        _raised_hand(),
        _gone_quiet(),
        _marked(),
    )


def _cross_sell() -> Case:
    return Case(
        "cross-sell",
        Label(
            "A large maker owns CRM Cloud and is keen on Marketing Automation",
            "CRMクラウド導入済みの大手製造業が、マーケティングオートメーションに高い関心",
        ),
        Sample(
            companies=(
                _company(
                    1,
                    "株式会社凪峰製作所",
                    "nagimine.example",
                    "製造業",
                    2_400,
                    860 * _OKU,
                    "中部",
                    corporate_number=corporate_number(1),
                    relationships={"customer"},
                    lists={"fy26"},
                ),
            ),
            leads=(_lead(101, 1, "佐藤 美咲", "sato.misaki@nagimine.example", "課長"),),
            activities=_keen(101, "ma"),
            contracts=(Contract(1, "crm", date(2023, 4, 1), quantity=180, grade=3),),
        ),
    )


def _interest_elsewhere() -> Case:
    return Case(
        "interest-elsewhere",
        Label(
            "A bank made for Analytics ignores it and is keen on what it has little use for",
            "分析基盤の最優先企業が分析基盤に無反応、優先度の低いMAにだけ高い関心",
        ),
        Sample(
            companies=(
                _company(
                    2,
                    "汐浜ファイナンス株式会社",
                    "shiohama.example",
                    "金融業，保険業",
                    3_100,
                    2_100 * _OKU,
                    "関東",
                ),
            ),
            leads=(_lead(201, 2, "鈴木 大輔", "suzuki.daisuke@shiohama.example", "担当"),),
            activities=_keen(201, "ma"),
        ),
    )


def _employees_unknown() -> Case:
    return Case(
        "employees-unknown",
        Label(
            "An IT firm whose number of employees nobody has asked for",
            "従業員数が未入力の情報通信業",
        ),
        Sample(
            companies=(
                _company(
                    3, "椿沢システムズ株式会社", "tsubakisawa.example", "情報通信業", None, None
                ),
            ),
            leads=(_lead(301, 3, "高橋 直美", "takahashi.naomi@tsubakisawa.example", "部長"),),
            activities=(
                _did(301, 1, "webinar_attended", 5, "crm"),
                _did(301, 2, "page_view", 4, "crm"),
            ),
        ),
    )


def _partner_and_customer() -> Case:
    return Case(
        "partner-and-customer",
        Label(
            "A partner that sells our products and uses one itself",
            "販売パートナーであり、自社でも利用する顧客でもある企業",
        ),
        Sample(
            companies=(
                _company(
                    4,
                    "株式会社楓原ソフト",
                    "kaedehara.example",
                    "情報通信業",
                    420,
                    95 * _OKU,
                    "近畿",
                    relationships={"partner", "customer"},
                ),
                _company(
                    5,
                    "雲坂物産株式会社",
                    "kumosaka.example",
                    "卸売業，小売業",
                    260,
                    130 * _OKU,
                    "近畿",
                    relationships={"customer"},
                ),
            ),
            leads=(_lead(401, 4, "田中 誠", "tanaka.makoto@kaedehara.example", "部長"),),
            activities=(_did(401, 1, "seminar_attended", 12, "sfa"),),
            deals=(
                Deal(
                    id=501,
                    company_id=5,
                    opened_at=_at(150),
                    lines=(DealLine("crm", 40, 1_440_000),),
                    status="won",
                    closed_at=_at(61),
                    via_company_id=4,
                    amount=1_440_000,
                    currency="JPY",
                ),
            ),
            contracts=(
                Contract(4, "crm", date(2024, 7, 1), quantity=60, grade=2),
                Contract(5, "crm", date(2026, 9, 1), date(2027, 8, 31), quantity=40, grade=2),
            ),
        ),
    )


def _no_company() -> Case:
    return Case(
        "no-company",
        Label(
            "A keen lead whose mail belongs to no company that we know",
            "どの企業にも紐付かないが、関心の高いリード",
        ),
        Sample(
            leads=(_lead(601, None, "伊藤 拓也", "ito.takuya@mioka.example", "課長"),),
            activities=_keen(601, "sfa"),
        ),
    )


def _opted_out() -> Case:
    return Case(
        "opted-out",
        Label(
            "Keen, but wants no more mail; the phone is still allowed",
            "関心は高いがメール配信は停止、電話は可",
        ),
        Sample(
            companies=(
                _company(
                    7,
                    "虹島商事株式会社",
                    "nijishima.example",
                    "卸売業，小売業",
                    640,
                    410 * _OKU,
                    "九州・沖縄",
                ),
            ),
            leads=(
                _lead(
                    701,
                    7,
                    "渡辺 彩",
                    "watanabe.aya@nijishima.example",
                    "係長",
                    consents=(
                        Consent("email", True, _at(300), "consent"),
                        Consent("phone", True, _at(300), "business_card"),
                        Consent("email", False, _at(20)),
                    ),
                ),
            ),
            activities=_keen(701, "ma"),
        ),
    )


def _lapsed() -> Case:
    return Case(
        "lapsed",
        Label(
            "Used CRM Cloud until March; the contract was not renewed",
            "3月に契約が終了し、更新されなかった元顧客",
        ),
        Sample(
            companies=(
                _company(
                    8, "苔森建設株式会社", "kokemori.example", "建設業", 180, 72 * _OKU, "東北"
                ),
            ),
            leads=(_lead(801, 8, "山本 修", "yamamoto.osamu@kokemori.example", "部長"),),
            activities=(_did(801, 1, "email_click", 9, "crm"),),
            contracts=(
                Contract(8, "crm", date(2023, 4, 1), date(2026, 3, 31), quantity=25, grade=2),
            ),
        ),
    )


def _lost_for_timing() -> Case:
    return Case(
        "lost-for-timing",
        Label(
            "A deal lost two months ago because it came too early",
            "2か月前に時期尚早で失注した企業",
        ),
        Sample(
            companies=(
                _company(
                    9,
                    "株式会社茜里精機",
                    "akanesato.example",
                    "製造業",
                    780,
                    240 * _OKU,
                    "中国",
                    relationships={"prospect"},
                ),
            ),
            leads=(_lead(901, 9, "中村 由美", "nakamura.yumi@akanesato.example", "課長"),),
            activities=(
                _did(901, 1, "demo_request", 160, "crm"),
                _did(901, 2, "pricing_page", 150, "crm"),
                _did(901, 3, "email_open", 15, "crm"),
            ),
            deals=(
                Deal(
                    id=901,
                    company_id=9,
                    opened_at=_at(140),
                    lines=(DealLine("crm", 80, 2_880_000),),
                    status="lost",
                    closed_at=_at(61),
                    lead_id=901,
                    reason="timing",
                    amount=2_880_000,
                    currency="JPY",
                ),
            ),
            sales_events=(
                _event(901, "accepted", "crm", 158),
                _event(901, "qualified", "crm", 141),
            ),
        ),
    )


def _competitor() -> Case:
    kinds = ("page_view", "asset_downloaded", "webinar_attended", "pricing_page")
    products = ("crm", "sfa", "ma", "bi")
    return Case(
        "competitor",
        Label(
            "A competitor's employee who reads everything",
            "すべての資料を読む競合企業の社員",
        ),
        Sample(
            companies=(
                _company(
                    10,
                    "朧瀬ソフト株式会社",
                    "oborose.example",
                    "情報通信業",
                    510,
                    120 * _OKU,
                    "関東",
                    relationships={"competitor"},
                ),
            ),
            leads=(_lead(1001, 10, "小林 健一", "kobayashi.kenichi@oborose.example", "担当"),),
            activities=tuple(
                _did(1001, 1 + index, kinds[index % 4], 32 - 2 * index, products[index // 4])
                for index in range(16)
            ),
        ),
    )


def _group() -> Case:
    return Case(
        "group",
        Label(
            "A small company whose parent is a large customer",
            "大手顧客を親会社に持つ小さな子会社",
        ),
        Sample(
            companies=(
                _company(
                    11,
                    "澪崎電機株式会社",
                    "miosaki.example",
                    "製造業",
                    5_200,
                    3_400 * _OKU,
                    "近畿",
                    relationships={"customer"},
                ),
                _company(
                    12,
                    "澪崎ロジスティクス株式会社",
                    "miosaki-logistics.example",
                    "運輸業，郵便業",
                    45,
                    9 * _OKU,
                    "近畿",
                    parent_id=11,
                ),
            ),
            leads=(_lead(1201, 12, "加藤 恵", "kato.megumi@miosaki-logistics.example", "主任"),),
            activities=(
                _did(1201, 1, "asset_downloaded", 8, "sfa"),
                _did(1201, 2, "page_view", 7, "sfa"),
            ),
            contracts=(
                Contract(11, "crm", date(2021, 10, 1), quantity=900, grade=3),
                Contract(11, "sfa", date(2022, 4, 1), quantity=350, grade=3),
            ),
        ),
    )


def _student() -> Case:
    mail = personal_mail("yoshida.shota", 1301)
    student = {"individual": True, "student": True}
    return Case(
        "student",
        Label("A student who looks for a job", "採用ページを見ている学生"),
        Sample(
            companies=(Company(13, "吉田 翔太", country="JP", attributes=student),),
            leads=(Lead(1301, 13, mail, "吉田 翔太", created_at=_at(30), attributes=student),),
            activities=(
                _did(1301, 1, "careers_page", 6),
                _did(1301, 2, "page_view", 6, "crm"),
                _did(1301, 3, "careers_page", 3),
            ),
        ),
    )


def _raised_hand() -> Case:
    return Case(
        "raised-hand",
        Label("Asked for a demo yesterday, out of the blue", "昨日いきなりデモを申し込んだ企業"),
        Sample(
            companies=(
                _company(
                    14,
                    "柊丘データ株式会社",
                    "hiiragioka.example",
                    "情報通信業",
                    320,
                    64 * _OKU,
                    "北海道",
                ),
            ),
            leads=(_lead(1401, 14, "吉田 陽子", "yoshida.yoko@hiiragioka.example", "取締役"),),
            activities=(_did(1401, 1, "demo_request", 1, "sfa"),),
        ),
    )


def _gone_quiet() -> Case:
    return Case(
        "gone-quiet",
        Label(
            "A customer of long standing that nobody has heard of for a year",
            "1年以上動きのない既存顧客",
        ),
        Sample(
            companies=(
                _company(
                    15,
                    "株式会社梢野工業",
                    "kozueno.example",
                    "製造業",
                    1_150,
                    380 * _OKU,
                    "四国",
                    relationships={"customer"},
                ),
            ),
            leads=(_lead(1501, 15, "松本 隆", "matsumoto.takashi@kozueno.example", "部長"),),
            activities=(
                _did(1501, 1, "webinar_attended", 420, "ma"),
                _did(1501, 2, "email_open", 405),
            ),
            contracts=(Contract(15, "crm", date(2019, 4, 1), quantity=110, grade=3),),
        ),
    )


def _marked() -> Case:
    return Case(
        "marked",
        Label(
            "Sales marked the lead for a call after the budget round",
            "営業担当者が、予算編成後のフォロー対象に指定したリード",
        ),
        Sample(
            companies=(
                _company(
                    16,
                    "漣根運輸株式会社",
                    "sazanamine.example",
                    "運輸業，郵便業",
                    890,
                    210 * _OKU,
                    "関東",
                    relationships={"prospect"},
                ),
            ),
            leads=(_lead(1601, 16, "井上 真由", "inoue.mayu@sazanamine.example", "課長"),),
            activities=(_did(1601, 1, "business_card", 45),),
            sales_events=(
                _event(
                    1601,
                    "follow_up",
                    "bi",
                    40,
                    reason="budget",
                    follow_up_on=date(2027, 2, 1),
                ),
            ),
        ),
    )


def _at(ago: int) -> datetime:
    return datetime.combine(STORY_DAY - timedelta(days=ago), time(10, 30), JST)


def _company(
    company_id: int,
    name: str,
    domain: str,
    industry: str,
    employees: int | None,
    annual_revenue: int | None,
    region: str | None = None,
    *,
    corporate_number: str | None = None,
    parent_id: int | None = None,
    relationships: Iterable[Relationship] = (),
    lists: Iterable[str] = (),
) -> Company:
    return Company(
        id=company_id,
        name=name,
        domains=frozenset({domain}),
        corporate_number=corporate_number,
        industry=industry,
        employees=employees,
        annual_revenue=annual_revenue,
        region=region,
        country="JP",
        parent_id=parent_id,
        relationships=frozenset(relationships),
        lists=frozenset(lists),
    )


def _lead(
    lead_id: int,
    company_id: int | None,
    name: str,
    email: str,
    title: str,
    *,
    consents: tuple[Consent, ...] = (),
) -> Lead:
    return Lead(
        id=lead_id,
        company_id=company_id,
        email=email,
        name=name,
        title=title,
        phone=f"03-0000-{lead_id:04}",
        created_at=_at(450),
        consents=consents,
    )


def _did(lead_id: int, index: int, kind: str, ago: int, *products: str) -> Activity:
    return Activity(lead_id * 1000 + index, lead_id, kind, _at(ago), frozenset(products))


def _keen(lead_id: int, product: str) -> tuple[Activity, ...]:
    """High interest by any measure: many signs, on several days, all of this month."""
    return (
        _did(lead_id, 1, "webinar_attended", 9, product),
        _did(lead_id, 2, "asset_downloaded", 8, product),
        _did(lead_id, 3, "pricing_page", 4, product),
        _did(lead_id, 4, "webinar_attended", 3, product),
        _did(lead_id, 5, "pricing_page", 2, product),
    )


def _event(
    lead_id: int,
    kind: SalesEventKind,
    product: str,
    ago: int,
    *,
    reason: str | None = None,
    follow_up_on: date | None = None,
) -> SalesEvent:
    return SalesEvent(lead_id, kind, _at(ago), product, "rep-01", reason, follow_up_on)
