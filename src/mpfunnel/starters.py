"""The starter: a complete playbook to begin with, whose every number is here to be changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from immutabledict import immutabledict

from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.facts import ENGAGEMENT as STATES
from mpfunnel.facts import STAGES, account, company, funnel, product, pursuit
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Play, PlayRule, Plays
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.stages import Funnel, FunnelStage
from mpfunnel.synergy import Ineligible, OfferRule, Synergy
from mpfunnel.tiers import Tier, TierTable

__all__ = ["OWNERS", "starter"]

OKU: Final = 100_000_000
"""億: revenue in Japan is thought of in hundreds of millions of yen."""


def starter(
    products: Iterable[Product | Id], *, lang: Lang = "en", zone: str = "Asia/Tokyo"
) -> Playbook:
    """Return a complete playbook for `products`, to be tuned to the firm.

    Revenue is in yen. `mpfunnel.dump` writes it to a file in which every number can be edited.

    Args:
        products: What the firm sells: products, or only their ids.
        lang: The language in which reasons are written unless another one is asked for.
        zone: Name of the time zone whose days count.

    Raises:
        PlaybookError: There is no product, one stands there twice, or the zone does not exist.
    """
    return Playbook(
        products=products,
        segments=SEGMENTS,
        tiers=TIERS,
        engagement=ENGAGEMENT,
        funnel=FUNNEL,
        zone=zone,
        currency="JPY",
        lang=lang,
        synergy=SYNERGY,
        plays=PLAYS,
    )


# -- segments: company × whole firm --

_STUDENT: Final = Label("student, job seeker", "学生・求職者")
_INDIVIDUAL: Final = Label("individual", "個人")


def _related(key: str, en: str, ja: str) -> Rule[Segment]:
    return Rule(Segment(key, Label(en, ja)), company.relationships.contains_any(key), key=key)


def _flagged(key: str, label: Label) -> Rule[Segment]:
    return Rule(Segment(key, label), company.flag(key, label=label), key=key)


def _sized(key: str, en: str, ja: str, employees: int, oku: int) -> Rule[Segment]:
    large = (company.employees >= employees) | (company.annual_revenue >= oku * OKU)
    return Rule(Segment(key, Label(en, ja)), large, key=key)


SEGMENTS: Final = SegmentTable(
    rules=(
        _related("own_group", "own group", "自社・グループ"),
        _related("do_not_trade", "do not trade", "取引禁止先"),
        _related("competitor", "competitor", "競合"),
        _flagged("student", _STUDENT),
        _flagged("individual", _INDIVIDUAL),
        _flagged("public_body", Label("public body", "官公庁・自治体")),
        # A partner who is also a customer is a partner: the order of the rules decides.
        _related("partner", "partner", "パートナー"),
        _sized("enterprise", "enterprise", "大企業", 1_000, 1_000),
        _sized("mid_market", "mid-market", "中堅企業", 300, 100),
        _sized("small", "small business", "中小企業", 50, 10),
    ),
    otherwise=Segment("micro", Label("micro business", "小規模事業者")),
)


# -- tiers: company × product --


def _tier(number: int, key: str, employees: int, oku: int) -> Rule[Tier]:
    large = (company.employees >= employees) | (company.annual_revenue >= oku * OKU)
    return Rule(Tier(number), large, key=key)


NOT_A_TARGET: Final = Rule(
    Tier(4),
    company.relationships.contains_any("own_group", "do_not_trade", "competitor")
    | company.flag("student", label=_STUDENT)
    | company.flag("individual", label=_INDIVIDUAL),
    key="not-a-target",
    because=Label("not a target of sales", "営業の対象外"),
)
"""However large they are, and whatever is unknown of them."""

TIERS: Final = TierTable(
    rules=(
        NOT_A_TARGET,
        Rule(Tier(1), company.on_list("target"), key="target-list"),
        _tier(1, "enterprise", 1_000, 1_000),
        _tier(2, "mid-market", 300, 100),
        _tier(3, "small", 50, 10),
    ),
    otherwise=Tier(4),
)


# -- engagement: lead × product --

_NONE, _AWARE, _INTERESTED, _HIGH = (
    EngagementState(key, STATES.labels[key]) for key in STATES.ladder
)
_PRIORITY, _IN_OPPORTUNITY, _CUSTOMER, _DORMANT, _EXCLUDED = (
    EngagementState(key, STATES.labels[key]) for key in STATES.detours
)

HAND_DAYS: Final = 90


def _asked(kind: str) -> Condition:
    return product.count(kind, within_days=30) >= 1


ENGAGEMENT: Final = EngagementModel(
    half_life_days=30,
    company_wide_per_mille=250,
    signals=(
        Signal("inquiry", 30, raises_hand_days=HAND_DAYS, label=Label("inquiry", "問い合わせ")),
        Signal(
            "quotation_request",
            30,
            raises_hand_days=HAND_DAYS,
            label=Label("quotation request", "見積依頼"),
        ),
        Signal(
            "demo_request",
            30,
            raises_hand_days=HAND_DAYS,
            label=Label("demo request", "デモ依頼"),
        ),
        Signal("webinar_attended", 15, label=Label("webinar attended", "ウェビナー参加")),
        Signal("seminar_attended", 15, label=Label("seminar attended", "セミナー参加")),
        Signal("pricing_page", 10, label=Label("pricing page", "料金ページ閲覧")),
        Signal("asset_downloaded", 8, label=Label("asset downloaded", "資料ダウンロード")),
        Signal("business_card", 5, label=Label("business card", "名刺交換")),
        Signal("email_click", 3, label=Label("click in a mail", "メール内クリック")),
        Signal("page_view", 1, cap=10, label=Label("page view", "ページ閲覧")),
        # Robots and mail privacy open mails too.
        Signal("email_open", 0, label=Label("mail opened", "メール開封")),
        Signal("careers_page", -20, label=Label("careers page", "採用ページ閲覧")),
    ),
    ladder=(_NONE, _AWARE, _INTERESTED, _HIGH),
    detours=(_PRIORITY, _IN_OPPORTUNITY, _CUSTOMER, _DORMANT, _EXCLUDED),
    interest=DecisionTable(
        rules=(
            Rule(
                _HIGH,
                ((product.score >= 30) & (product.active_days >= 2))
                | _asked("inquiry")
                | _asked("quotation_request")
                | _asked("demo_request"),
                key="high-interest",
                because=Label(
                    "much activity on several days, or a recent request",
                    "複数日にわたる行動、または最近の依頼・問い合わせ",
                ),
            ),
            Rule(_INTERESTED, product.score >= 5, key="interested"),
            Rule(_AWARE, product.touched, key="aware"),
        ),
        otherwise=_NONE,
        otherwise_because=Label("no sign for this product", "この商材への反応なし"),
    ),
    states=DecisionTable(
        rules=(
            Rule(
                _EXCLUDED,
                company.segment.is_in("own_group", "do_not_trade", "competitor", "student"),
                key="excluded",
                because=Label("the segment rules it out", "セグメントによりフォロー対象外"),
            ),
            Rule(_IN_OPPORTUNITY, product.open_deal, key="in-opportunity"),
            Rule(_CUSTOMER, product.owned, key="customer"),
            Rule(_HIGH, product.interest.at_least("high_interest"), key="high-interest"),
            # An open deal has been told apart above.
            Rule(
                _PRIORITY,
                product.tier.at_least(Tier(2))
                & (
                    (product.points(within_days=365) >= 10)
                    | product.parting_reasons.contains_any("timing", "budget")
                    | product.marked_for_follow_up
                ),
                key="priority-follow-up",
                because=Label(
                    "high Tier, no deal now: was interested, parted for timing or budget, "
                    "or marked by sales",
                    "Tierが高く今すぐの商談なし：過去の関心、時期・予算による失注、または営業の指定",
                ),
            ),
            Rule(_INTERESTED, product.interest.at_least("interested"), key="interested"),
            Rule(
                _DORMANT,
                (product.points(within_days=730) >= 10) & ~product.active(within_days=90),
                key="dormant",
            ),
            Rule(_AWARE, product.interest.at_least("aware"), key="aware"),
        ),
        otherwise=_NONE,
        otherwise_because=Label("no sign for this product", "この商材への反応なし"),
    ),
)


# -- funnel: lead × whole firm --

_KNOWN, _INQUIRY, _MQL, _SAL, _SQL, _OPPORTUNITY, _WON = (
    FunnelStage(key, STAGES.labels[key]) for key in STAGES.ladder
)
_RECYCLED, _DISQUALIFIED, _LOST, _QUIET = (
    FunnelStage(key, STAGES.labels[key]) for key in STAGES.detours
)

FUNNEL: Final = Funnel(
    ladder=(_KNOWN, _INQUIRY, _MQL, _SAL, _SQL, _OPPORTUNITY, _WON),
    detours=(_RECYCLED, _DISQUALIFIED, _LOST, _QUIET),
    quiet_days=180,
    rules=DecisionTable(
        rules=(
            Rule(_DISQUALIFIED, pursuit.disqualified, key="disqualified"),
            Rule(
                _DISQUALIFIED,
                product.engagement.is_in("excluded"),
                key="not-a-target",
                because=Label("out of profile by its segment", "セグメントにより対象外"),
            ),
            Rule(_OPPORTUNITY, pursuit.open_deal, key="opportunity"),
            Rule(_WON, pursuit.won, key="won"),
            Rule(_LOST, pursuit.lost, key="lost"),
            Rule(_QUIET, pursuit.quiet, key="quiet"),
            Rule(_SQL, pursuit.qualified, key="qualified"),
            Rule(_SAL, pursuit.accepted, key="accepted"),
            # A new raised hand brings a recycled lead back at once.
            Rule(_RECYCLED, pursuit.recycled & ~pursuit.raised_hand, key="recycled"),
            Rule(
                _MQL,
                # Tier and interest of one product, never of two.
                pursuit.raised_hand
                | (product.tier.at_least(Tier(2)) & product.interest.at_least("high_interest")),
                key="mql",
                because=Label(
                    "raised a hand, or Tier and interest are high for the same product",
                    "問い合わせ等の手挙げ、または同じ商材でTierと関心がともに高い",
                ),
            ),
            Rule(_INQUIRY, pursuit.started, key="inquiry"),
        ),
        otherwise=_KNOWN,
        otherwise_because=Label("no response yet", "まだ反応なし"),
    ),
)


# -- white space: company × product --

SYNERGY: Final = Synergy(
    not_eligible=(
        Ineligible(
            company.segment.is_in("own_group", "do_not_trade", "competitor", "student"),
            key="excluded",
            because=Label("the segment rules it out", "セグメントにより提案対象外"),
        ),
    ),
    offers=(
        OfferRule("renewal", product.ends(within_days=90), key="renewal"),
        OfferRule(
            "cross_sell",
            account.existing_customer
            & product.tier.at_least(Tier(2))
            & product.best_interest.at_least("interested"),
            key="keen-customer",
            because=Label(
                "existing customer, high Tier, and somebody is interested",
                "既存顧客で、Tierが高く、関心のある人がいる",
            ),
        ),
    ),
    cool_down_days=90,
)
"""How products go together is for the firm to say; these offers need no knowledge of them."""


# -- plays: what to do next --

_INSIDE, _FIELD, _MARKETING, _SUCCESS = (
    "inside_sales",
    "field_sales",
    "marketing",
    "customer_success",
)

OWNERS: Final = immutabledict(
    {
        _INSIDE: Label("inside sales", "インサイドセールス"),
        _FIELD: Label("field sales", "フィールドセールス"),
        _MARKETING: Label("marketing", "マーケティング"),
        _SUCCESS: Label("customer success", "カスタマーサクセス"),
    }
)
"""Who does the plays of the starter, as people call them."""

_ADVANCE: Final = Play(
    "advance_deal",
    Label("move the deal on", "商談を前に進める"),
    channels=("visit", "phone", "email"),
    owner=_FIELD,
    due_in_days=7,
    cadence_days=7,
)
_PROPOSE: Final = Play(
    "propose",
    Label("propose the product", "商材を提案する"),
    message="proposal",
    channels=("phone", "visit", "email"),
    owner=_FIELD,
    due_in_days=2,
    cadence_days=7,
)
_DEMO: Final = Play(
    "online_demo",
    Label("invite to an online demo", "オンラインデモに案内する"),
    message="online_demo",
    channels=("email", "phone"),
    owner=_INSIDE,
    due_in_days=2,
    cadence_days=14,
)
_CALL: Final = Play(
    "call_back",
    Label("call, and ask what is needed", "電話でニーズを確認する"),
    channels=("phone", "email"),
    owner=_INSIDE,
    due_in_days=1,
    cadence_days=3,
    within_sla=True,
)
_MEET: Final = Play(
    "meet",
    Label("meet, and agree on the next step", "面談して次のステップを決める"),
    channels=("visit", "phone"),
    owner=_FIELD,
    due_in_days=7,
    cadence_days=14,
)
_CARE: Final = Play(
    "customer_care",
    Label("see how it is used, and renew in time", "活用状況を確認し、更新につなげる"),
    message="customer_care",
    channels=("visit", "phone", "email"),
    owner=_SUCCESS,
    due_in_days=30,
    cadence_days=90,
    before_end_days=90,
)
_FOLLOW_UP: Final = Play(
    "regular_follow_up",
    Label(
        "contact every quarter, with educational content",
        "四半期ごとに連絡し、教育コンテンツを届ける",
    ),
    message="education",
    channels=("phone", "email", "post"),
    owner=_INSIDE,
    due_in_days=14,
    cadence_days=90,
    motion="upstream",
)
_CASES: Final = Play(
    "case_studies",
    Label("send case studies", "導入事例を送る"),
    message="case_studies",
    channels=("email", "post"),
    owner=_MARKETING,
    due_in_days=7,
    cadence_days=30,
)
# Who is dormant has been quiet for 90 days: due from the day on which that is so.
_WAKE: Final = Play(
    "wake_up",
    Label("ask whether the interest is back", "休眠リードを掘り起こす"),
    message="wake_up",
    channels=("email", "phone", "post"),
    owner=_INSIDE,
    due_in_days=90,
    cadence_days=180,
)
_EDUCATE: Final = Play(
    "educate",
    Label("send educational content", "教育コンテンツを届ける"),
    message="education",
    channels=("email", "web"),
    owner=_MARKETING,
    due_in_days=14,
    cadence_days=30,
    motion="upstream",
)
_NEWS: Final = Play(
    "newsletter",
    Label("send the newsletter", "ニュースレターを届ける"),
    message="newsletter",
    channels=("email", "web"),
    owner=_MARKETING,
    due_in_days=30,
    cadence_days=30,
    motion="upstream",
)


def _in_state(play: Play | None, state: EngagementState, en: str, ja: str) -> PlayRule:
    condition = product.engagement.is_in(state.key)
    return PlayRule(play, condition, key=state.key, because=Label(en, ja))


def _in_stage(play: Play | None, stages: Iterable[FunnelStage], en: str, ja: str) -> PlayRule:
    keys = [stage.key for stage in stages]
    return PlayRule(play, funnel.stage.is_in(*keys), key=keys[0], because=Label(en, ja))


PLAYS: Final = Plays(
    plays=(
        _ADVANCE,
        _PROPOSE,
        _DEMO,
        _CALL,
        _MEET,
        _CARE,
        _FOLLOW_UP,
        _CASES,
        _WAKE,
        _EDUCATE,
        _NEWS,
    ),
    products=(
        _in_state(None, _EXCLUDED, "the segment rules it out", "セグメントによりフォロー対象外"),
        _in_stage(None, [_DISQUALIFIED], "out of profile", "営業の対象外"),
        _in_state(
            _ADVANCE, _IN_OPPORTUNITY, "a deal for this product is open", "この商材の商談が進行中"
        ),
        PlayRule(
            None,
            product.position.is_in("not_eligible"),
            key="not-eligible",
            because=Label("not to be offered to this company", "この企業は提案対象外"),
        ),
        PlayRule(
            _PROPOSE,
            product.engagement.is_in("high_interest") & product.tier.at_least(Tier(3)),
            key="propose",
            because=Label("strong interest, Tier 3 or higher", "関心度が高く、Tier 3以上"),
        ),
        _in_state(_DEMO, _HIGH, "strong interest", "関心度が高い"),
        # What is less than a proposal is left while somebody calls or meets the lead.
        _in_stage(None, [_MQL], "an MQL is called before anything else", "MQLへの電話を優先する"),
        _in_state(_CARE, _CUSTOMER, "uses this product", "この商材を導入済み"),
        _in_stage(
            None,
            [_SAL, _SQL],
            "sales talks with the lead",
            "営業が対応中のため、商材ごとの案内は控える",
        ),
        _in_state(
            _FOLLOW_UP,
            _PRIORITY,
            "no deal now, but likely later",
            "今すぐの商談はないが、将来の見込みがある",
        ),
        _in_state(
            _CASES, _INTERESTED, "responds, but not strongly yet", "関心はあるが、まだ高くはない"
        ),
        _in_state(
            _WAKE,
            _DORMANT,
            "was interested, has gone quiet",
            "以前は関心があったが、反応が途絶えている",
        ),
        _in_state(_EDUCATE, _AWARE, "was touched, hardly responds", "接点はあるが、反応はまだ薄い"),
    ),
    firm=(
        _in_stage(None, [_DISQUALIFIED], "out of profile", "営業の対象外"),
        _in_stage(
            None,
            [_OPPORTUNITY],
            "a deal is open, and is worked for its product",
            "商談中のため、商材の担当が対応する",
        ),
        _in_stage(_CALL, [_MQL], "an MQL that sales has not taken up yet", "MQLで、営業の対応待ち"),
        _in_stage(_MEET, [_SAL, _SQL], "taken up by sales", "営業が対応を引き受けた"),
        _in_stage(
            _NEWS,
            [_KNOWN, _INQUIRY, _WON, _RECYCLED, _LOST, _QUIET],
            "sales is not at work on it: stay in touch",
            "営業が動いていない間も、接点を保つ",
        ),
    ),
    contacts=("call", "meeting", "visit", "email_sent"),
    quiet_days=7,
)
"""A lead is worked for one product, or for the whole firm, at a time."""
