"""Tactics: what marketing does, on which side of the river, and by which figures it is watched.

The catalogue is that of upstream and downstream marketing; a firm adds its own. A figure is told
either by touches, which are about people, or by statistics, which are about nobody in particular.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, get_args

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.flow.campaigns.touches import TouchStatus, rank
from mpfunnel.labels import Keyed, Label
from mpfunnel.plays import Motion
from mpfunnel.records.checks import one_of

__all__ = ["MOTIONS", "TACTICS", "Kpi", "Tactic", "check_tactics"]

MOTIONS: Final[Mapping[Motion, Label]] = {
    "upstream": Label("upstream", "上流"),
    "downstream": Label("downstream", "下流"),
}
"""Upstream prepares demand in the long term; downstream turns it into sales in the short term."""

KpiUnit = Literal["count", "share"]
Over = Literal["sum", "last"]


@frozen
class Kpi(Keyed):
    """A figure by which a tactic is watched.

    Attributes:
        key: A stable name; of one key there is one meaning.
        label: What people call it.
        unit: ``"count"`` or ``"share"``.
        reached: Of touches: people whose touches came so far, or further. `None` where touches do
            not tell it, but statistics do.
        of: Of a share of touches: of those people whose touches came so far, or further.
        over: Of statistics: whether those of several days are added up, as impressions are
            (``"sum"``), or the last one holds, as of followers (``"last"``).

    Raises:
        InvalidDataError: A share of touches does not say of whom, or of those that came further; a
            count does; or a word is unknown.
    """

    called = "kpi"

    unit: KpiUnit = "count"
    reached: TouchStatus | None = None
    of: TouchStatus | None = None
    over: Over = "sum"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        problems = list(_faults_of_words(self)) or list(_faults_of_kpi(self))
        if problems:
            raise InvalidDataError(problems)


def _faults_of_words(kpi: Kpi) -> Iterator[Problem]:
    for name, words, optional in (
        ("unit", KpiUnit, False),
        ("reached", TouchStatus, True),
        ("of", TouchStatus, True),
        ("over", Over, False),
    ):
        value = getattr(kpi, name)
        if not (optional and value is None) and (fault := one_of(words)(value)):
            yield Problem(fault[0], f"kpi.{name}", fault[1])


def _faults_of_kpi(kpi: Kpi) -> Iterator[Problem]:
    if kpi.reached is None or kpi.unit == "count":
        if kpi.of is not None:
            message = "is only of a share of touches; leave it blank"
            yield Problem("contradiction", "kpi.of", message)
    elif kpi.of is None:
        message = "a share of touches says of which: give the status, for example 'delivered'"
        yield Problem("missing", "kpi.of", message)
    elif rank(kpi.of) >= rank(kpi.reached):
        message = f"must come before {kpi.reached!r}"
        yield Problem("order", "kpi.of", message)


def _kpis(value: Iterable[Kpi]) -> tuple[Kpi, ...]:
    return series(value)


@frozen
class Tactic(Keyed):
    """One thing that marketing or sales does to reach companies.

    Attributes:
        key: A stable name.
        label: What people call it.
        motion: ``"upstream"`` (上流) or ``"downstream"`` (下流).
        kpis: The figures by which it is watched.

    Raises:
        InvalidDataError: The motion is unknown, or something among the KPIs is none.
    """

    called = "tactic"

    motion: Motion
    kpis: tuple[Kpi, ...] = field(default=(), converter=_kpis)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        problems: list[Problem] = []
        if self.motion not in get_args(Motion):
            message = f"must be 'upstream' or 'downstream', not {brief(self.motion)}"
            problems.append(Problem("choice", "tactic.motion", message))
        problems += misfits("tactic.kpis", self.kpis, Kpi)
        if problems:
            raise InvalidDataError(problems)


def check_tactics(tactics: Iterable[Tactic]) -> tuple[Tactic, ...]:
    """Return tactics as a tuple, after a look at whether each key means one thing.

    Raises:
        InvalidDataError: Something is no tactic, a tactic is there twice, or a key of a KPI has
            two meanings; all of it at once.
    """
    given = series(tactics)
    problems = misfits("tactics", given, Tactic)
    seen: set[str] = set()
    meant: dict[str, Kpi] = {}
    for place, one in enumerate(() if problems else given):
        if one.key in seen:
            message = f"{brief(one.key)} is used twice; keys are unique"
            problems.append(Problem("duplicate", f"tactics[{place}].key", message))
        seen.add(one.key)
        for index, kpi in enumerate(one.kpis):
            if meant.setdefault(kpi.key, kpi) != kpi:
                message = f"{brief(kpi.key)} means something else in another tactic"
                problems.append(Problem("conflict", f"tactics[{place}].kpis[{index}]", message))
    if problems:
        raise InvalidDataError(problems)
    return given


_REACH: Final = Kpi("reach", Label("people reached", "リーチ（人数）"), "count", "delivered")
_DELIVERY: Final = Kpi(
    "delivery_rate", Label("delivery rate", "到達率"), "share", "delivered", "sent"
)
_RESPONSE: Final = Kpi(
    "response_rate", Label("response rate", "反応率"), "share", "interacted", "delivered"
)
_ENGAGEMENT: Final = Kpi(
    "engagement_rate",
    Label("engagement rate", "エンゲージメント率"),
    "share",
    "engaged",
    "delivered",
)
_ATTENDANCE: Final = Kpi(
    "attendance_rate", Label("attendance rate", "参加率"), "share", "attended", "registered"
)
_CONVERSION: Final = Kpi(
    "conversion_rate",
    Label("conversion to a meeting", "商談希望への転換率"),
    "share",
    "meeting_requested",
    "delivered",
)
_IMPRESSIONS: Final = Kpi("impressions", Label("impressions", "インプレッション数"))
_FOLLOWERS: Final = Kpi("followers", Label("followers", "フォロワー数"), over="last")
_VOICE: Final = Kpi(
    "share_of_voice", Label("share of voice", "シェア・オブ・ボイス"), "share", over="last"
)
_AWARENESS: Final = Kpi(
    "brand_awareness", Label("brand awareness", "ブランド認知"), "share", over="last"
)
_GAPS: Final = Kpi("gaps_found", Label("market gaps found", "発見した市場ギャップ数"))
_SURVEYED: Final = Kpi("survey_answers", Label("survey answers", "調査回答数"))

TACTICS: Final = (
    Tactic("research", Label("market research", "市場調査"), "upstream", (_SURVEYED, _AWARENESS)),
    Tactic("competitor_analysis", Label("competitor analysis", "競合分析"), "upstream", (_VOICE,)),
    Tactic("gap_discovery", Label("gap discovery", "市場ギャップの発見"), "upstream", (_GAPS,)),
    Tactic(
        "social",
        Label("social media", "ソーシャル"),
        "upstream",
        (_REACH, _ENGAGEMENT, _IMPRESSIONS, _FOLLOWERS, _VOICE),
    ),
    Tactic(
        "educational_content",
        Label("educational content", "教育コンテンツ"),
        "upstream",
        (_REACH, _RESPONSE, _ENGAGEMENT, _ATTENDANCE),
    ),
    Tactic(
        "thought_leadership",
        Label("thought leadership", "ソートリーダーシップ"),
        "upstream",
        (_REACH, _ENGAGEMENT, _VOICE, _AWARENESS),
    ),
    Tactic(
        "personal_selling",
        Label("personal selling", "パーソナルセリング"),
        "downstream",
        (_RESPONSE, _CONVERSION),
    ),
    Tactic("email", Label("e-mail", "メール"), "downstream", (_DELIVERY, _RESPONSE, _CONVERSION)),
    Tactic(
        "sales_promotion",
        Label("sales promotion", "セールスプロモーション"),
        "downstream",
        (_RESPONSE, _CONVERSION),
    ),
    Tactic(
        "direct_campaign",
        Label("direct campaign", "ダイレクトキャンペーン"),
        "downstream",
        (_DELIVERY, _RESPONSE, _CONVERSION),
    ),
    Tactic("interview", Label("interview", "対面"), "downstream", (_ATTENDANCE, _CONVERSION)),
)
"""What upstream and downstream marketing does; a firm adds its own: ``(*TACTICS, Tactic(…))``."""
