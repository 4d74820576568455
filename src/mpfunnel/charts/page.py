"""The flow as one page of HTML: everything is inside, so that it opens without a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mpfunnel.charts.drawing import NAMES, Names, lacking, svg
from mpfunnel.charts.funnels import funnel
from mpfunnel.charts.gaps import gap_heat
from mpfunnel.charts.over_time import cohort_lines
from mpfunnel.charts.spending import balance_bars, campaign_bars
from mpfunnel.errors import InvalidDataError, series
from mpfunnel.flow.balances import Balance
from mpfunnel.flow.campaigns.outcomes import CampaignResults
from mpfunnel.flow.gaps.insights import Insight
from mpfunnel.flow.gaps.maps import GapMap
from mpfunnel.flow.measures import STATUSES
from mpfunnel.flow.reporting.followed import Cohort
from mpfunnel.flow.reporting.report import FlowReport
from mpfunnel.flow.reporting.terms import RE_ENTRIES
from mpfunnel.labels import Label, Lang, faults_of_lang

__all__ = ["page"]

_WORDS: Final[Mapping[str, Label]] = {
    "flow": Label("Flow", "フロー"),
    "flow_note": Label(
        "Before + in - on - off = after, for each step. Point at a figure to read what it is of;"
        " grey ones do not stand alone.",
        "各ステップで「期首＋流入－前進－離脱＝期末」が成り立ちます。"
        "数値にカーソルを合わせると算出根拠を表示します。灰色の数値は単独で判断できません。",
    ),
    "step": Label("step", "ステップ"),
    "opening": Label("before", "期首"),
    "came_in": Label("in", "流入"),
    "went_on": Label("on", "前進"),
    "went_off": Label("off", "離脱"),
    "closing": Label("after", "期末"),
    "imputed": Label("never seen there", "通過を補完"),
    "conversion": Label("went on in time", "期限内転換率"),
    "incidence": Label("the same, of all (estimate)", "同・全件（推定）"),
    "median": Label("median days there", "滞留日数の中央値"),
    "win_rate": Label("win rate", "受注率"),
    "by_count": Label("by count", "件数ベース"),
    "by_cohort": Label("by cohort", "コホートベース"),
    "by_value": Label("by value", "金額ベース"),
    "totals": Label("All products, what came in", "全商材の流入"),
    "units": Label("each once", "ユニーク数"),
    "overlap": Label("of them for several products", "うち複数商材に重複"),
    "summed": Label("sum over the products", "商材別の合計"),
    "gaps": Label("Gap map", "ギャップマップ"),
    "gaps_note": Label(
        "It shows where the flow is lost. What the market lacks is what research says: it stands"
        " beside.",
        "フローがどこで失われているかを示します。満たされていないニーズは調査結果が示すもので、"
        "右の列に併記しています。",
    ),
    "cell": Label("product × segment", "商材×セグメント"),
    "verdict": Label("where it is lost", "損失箇所の判定"),
    "insights": Label("what research says", "調査結果"),
    "expired": Label("expired", "期限切れ"),
    "cohorts": Label("Cohorts", "コホート"),
    "cohorts_note": Label(
        "Each line follows those who came in together. Hollow points will still move, or rest on"
        " few.",
        "同じ時期に入った集団を追跡しています。白抜きの点は観測期間中か、件数が少ないものです。",
    ),
    "campaigns": Label("Campaigns", "キャンペーン"),
    "campaign": Label("campaign", "キャンペーン"),
    "tactic": Label("tactic", "施策"),
    "motion": Label("side", "区分"),
    "spend": Label("spend", "費用"),
    "reached": Label("reached", "到達企業"),
    "engaged": Label("engaged", "反応企業"),
    "response": Label("response", "反応率"),
    "meetings": Label("meetings", "商談・面談"),
    "won": Label("won", "受注"),
    "balance": Label("Balance", "上流と下流の配分"),
    "balance_note": Label(
        "The bands are the firm's own; without one there is no judgement.",
        "目安は自社で定めたものです。目安がないものは判定しません。",
    ),
}
_TITLE: Final = Label("The flow of {}", "{}のフローレポート")
_HEAD: Final = Label("{}, as of {}{}; {}", "{}（基準日：{}{}、{}）")
_RUNNING: Final = Label(" (not over yet)", "、期間の途中")


def page(
    report: FlowReport,
    *,
    firm: str,
    gaps: GapMap | None = None,
    insights: Iterable[Insight] = (),
    cohorts: Iterable[Cohort] = (),
    results: CampaignResults | None = None,
    balances: Iterable[Balance] = (),
    names: Names = NAMES,
    lang: Lang = "en",
) -> str:
    """Return the flow of a period as one page of HTML, with charts and tables.

    What is not given is left out. Nothing is loaded from elsewhere when it is opened.

    Args:
        report: The flow of the period.
        firm: What the firm is called, for the title.
        gaps: Where the flow is lost.
        insights: What research says; stands beside the gap that it speaks of.
        cohorts: Cohorts of one step.
        results: What campaigns came to.
        balances: How money, touches or hours are divided.
        names: What products and segments are called.
        lang: The language of the labels.

    Raises:
        InvalidDataError: The language is none of ``"en"`` and ``"ja"``.
        MissingExtraError: The extra `charts` is not installed.
    """
    if problems := faults_of_lang(lang):
        raise InvalidDataError(problems)
    followed, divided = series(cohorts), series(balances)
    drawn: dict[str, Any] = dict.fromkeys(("gaps", "cohorts", "campaigns", "balance"), None)
    drawn["funnel"] = funnel(report, names=names, lang=lang)
    if gaps is not None and gaps.cells:
        drawn["gaps"] = gap_heat(gaps, names=names, lang=lang)
    if followed:
        drawn["cohorts"] = cohort_lines(followed, course=report.course, names=names, lang=lang)
    if results is not None and results.campaigns:
        drawn["campaigns"] = campaign_bars(results.campaigns, lang=lang)
    if divided:
        drawn["balance"] = balance_bars(divided, lang=lang)
    environment, markup = _templates()
    over = "" if report.complete else _RUNNING.text(lang)
    period, policy = report.period.label.text(lang), RE_ENTRIES[report.re_entry].text(lang)
    return str(
        environment.get_template("flow.html").render(
            title=_TITLE.text(lang).format(firm),
            head=_HEAD.text(lang).format(period, report.as_of, over, policy),
            lang=lang,
            say={key: one.text(lang) for key, one in _WORDS.items()},
            names=names,
            statuses=STATUSES,
            report=report,
            paired=zip,
            gaps=None if gaps is None else gaps.beside(insights),
            results=results,
            charts={key: chart and markup(svg(chart)) for key, chart in drawn.items()},
        )
    )


def _templates() -> tuple[Any, Any]:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise lacking("jinja2") from error
    loader = PackageLoader("mpfunnel.charts")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined), Markup
