"""Tactics, the figures by which they are watched, and how far touches come."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.tactics import MOTIONS, TACTICS, Kpi, Tactic, check_tactics
from mpfunnel.flow.campaigns.touches import TOUCH_STATUSES, TouchStatus, faults_of_statuses, rank
from mpfunnel.labels import Label
from mpfunnel.plays import Motion


def _problems(make: Any, *given: Any, **others: Any) -> list[str]:
    with pytest.raises(InvalidDataError) as told:
        make(*given, **others)
    return [str(one) for one in told.value.problems]


def test_the_catalogue_is_that_of_upstream_and_downstream_marketing() -> None:
    """Six tactics prepare demand, five turn it into sales; each has figures and both languages."""
    sides = {
        motion: [one.label.ja for one in TACTICS if one.motion == motion]
        for motion in get_args(Motion)
    }
    assert sides == {
        "upstream": [
            *("市場調査", "競合分析", "市場ギャップの発見"),
            *("ソーシャル", "教育コンテンツ", "ソートリーダーシップ"),
        ],
        "downstream": [
            *("パーソナルセリング", "メール", "セールスプロモーション"),
            *("ダイレクトキャンペーン", "対面"),
        ],
    }
    assert check_tactics(TACTICS) == TACTICS
    for tactic in TACTICS:
        assert tactic.kpis
        assert all(one.label.en != one.label.ja for one in (tactic, *tactic.kpis))
    assert MOTIONS["upstream"] == Label("upstream", "上流")


def test_a_firm_adds_its_own_tactics() -> None:
    """With figures of its own, beside those of the catalogue."""
    fair = Tactic(
        "fair",
        Label("trade fair", "展示会"),
        "downstream",
        [Kpi("cards", Label("business cards", "名刺数"), "count", "interacted")],
    )
    assert check_tactics([*TACTICS, fair])[-1] is fair


def test_a_key_means_one_thing() -> None:
    """A tactic is there once, and a KPI of one key is the same figure wherever it stands."""
    one = Tactic("a", "A", "upstream", [Kpi("reach", "reach", "count", "sent")])
    other = Tactic("b", "B", "upstream", [Kpi("reach", "another label", "count", "delivered")])
    assert _problems(check_tactics, [one, other, one]) == [
        "tactics[1].kpis[0]: 'reach' means something else in another tactic",
        "tactics[2].key: 'a' is used twice; keys are unique",
    ]
    assert _problems(check_tactics, ["a"]) == ["tactics[0]: must be a Tactic, not str"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"unit": "money"}, "kpi.unit: must be one of count, share, not 'money'"),
        ({"over": "mean"}, "kpi.over: must be one of sum, last, not 'mean'"),
        (
            {"unit": "share", "reached": "engaged"},
            "kpi.of: a share of touches says of which: give the status, for example 'delivered'",
        ),
        (
            {"unit": "share", "reached": "sent", "of": "sent"},
            "kpi.of: must come before 'sent'",
        ),
        (
            {"reached": "sent", "of": "targeted"},
            "kpi.of: is only of a share of touches; leave it blank",
        ),
        (
            {"unit": "share", "of": "sent"},
            "kpi.of: is only of a share of touches; leave it blank",
        ),
    ],
)
def test_a_figure_says_of_what_it_is(given: dict[str, Any], problem: str) -> None:
    """What nobody could compute is refused when it is made."""
    assert _problems(Kpi, "k", "K", **given) == [problem]


def test_a_tactic_has_a_motion() -> None:
    """And its figures are figures."""
    assert _problems(Tactic, "a", "A", "sideways", ["reach"]) == [
        "tactic.motion: must be 'upstream' or 'downstream', not 'sideways'",
        "tactic.kpis[0]: must be a Kpi, not str",
    ]


def test_statuses_go_from_targeted_to_a_meeting_requested() -> None:
    """Each includes those before it, and has both languages."""
    order = ["targeted", "sent", "delivered", "interacted"]
    order += ["registered", "attended", "engaged", "meeting_requested"]
    assert list(TOUCH_STATUSES) == order == list(get_args(TouchStatus))
    assert [rank(one) for one in TOUCH_STATUSES] == list(range(8))
    assert all(one.en != one.ja for one in TOUCH_STATUSES.values())


def test_a_kind_may_be_no_touch() -> None:
    """A mail that came back is known, and reached nobody."""
    assert faults_of_statuses({"email_bounced": None, "email_click": "interacted"}) == []
    (fault,) = faults_of_statuses({"email_click": "interactd"})
    assert fault.path == "statuses.email_click"
    assert fault.message.endswith("not 'interactd'; did you mean 'interacted'?")
