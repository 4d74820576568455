"""Why: every answer in full."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.labels import Lang
from mpfunnel.rules.tables import Decision

DAY = date(2026, 10, 31)
BOOK = mf.starter([mf.Product("crm", mf.Label("CRM Cloud", "CRMクラウド")), "sfa"])
ENGINE = mf.Engine(BOOK)
NOON = datetime(2026, 10, 30, 3, tzinfo=UTC)


def did(number: int, kind: str, ago: int, *products: str) -> mf.Activity:
    """One activity of the lead, so many days before the day asked about."""
    return mf.Activity(number, 7, kind, NOON - timedelta(days=ago - 1), products)


ACCOUNT = mf.Account(
    mf.Company(1, employees=400, annual_revenue=1),
    leads=[mf.Lead(7, company_id=1)],
    activities=[
        did(1, "webinar_attended", 1, "crm"),
        did(2, "webinar_attended", 30, "crm"),
        did(3, "business_card", 30),
        did(4, "careers_page", 400, "crm"),
        did(5, "something_else", 3, "crm"),
        *(did(10 + n, "page_view", 1, "crm") for n in range(20)),
    ],
)


def test_a_score_adds_up_by_hand() -> None:
    """Law 3: Reasons add up: each activity with its factors, each kind with its sum."""
    text = ENGINE.explain("engagement", ACCOUNT, 7, "crm", as_of=DAY)
    lines = text[text.index("engagement score:") :].splitlines()
    assert lines[0] == "engagement score: 32.78 points"
    assert lines[1:8] == [
        "  webinar attended: 22.155 points",
        "    2026-10-30 (1 day ago): 15 × 0.977 = 14.655",
        "    2026-10-01 (30 days ago): 15 × 0.500 = 7.5",
        "  business card: 0.625 points",
        "    2026-10-01 (30 days ago): 5 × 0.500 × 0.250 (whole firm) = 0.625",
        "  page view: 10 points (20 activities, decayed 19.54, capped at 10)",
        "    2026-10-30 (1 day ago): 1 × 0.977 = 0.977",
    ]
    assert lines[-2:] == [
        "  careers page: 0 points",
        "    2025-09-26 (400 days ago): -20 × 0.000 = 0",
    ]
    total = Decimal("22.155") + Decimal("0.625") + 10
    assert ENGINE.engagement_for(ACCOUNT, 7, "crm", as_of=DAY).score.points == total


def bounded(lang: Lang) -> list[str]:
    """The lines of a score with cool-downs, a lasting penalty and a floor."""
    model = BOOK.engagement["crm"]
    signals = [
        mf.Signal("page_view", 10, cap=15, cool_down_days=7, label=mf.Label("view", "閲覧")),
        mf.Signal("business_card", 1, cool_down_days=1),
        mf.Signal("careers_page", -20, fades=False, label=mf.Label("careers", "採用")),
    ]
    engine = mf.Engine(evolve(BOOK, engagement=evolve(model, signals=signals, floor=-3)))
    done = [
        did(1, "page_view", 1, "crm"),
        did(2, "page_view", 2),
        did(3, "page_view", 2, "crm", "sfa"),
        did(4, "page_view", 8, "crm"),
        did(5, "careers_page", 400, "crm"),
        did(6, "business_card", 3, "crm"),
        did(7, "business_card", 3, "crm"),
    ]
    account = evolve(ACCOUNT, activities=done)
    text = engine.explain("engagement", account, 7, "crm", as_of=DAY, lang=lang)
    return text.splitlines()[-12:]


def test_what_does_not_simply_add_up_is_explained() -> None:
    """Law 3: Reasons add up: what a cool-down, a cap and a floor do is said, with its numbers."""
    assert bounded("en") == [
        "engagement score: -3 points",
        "  view: 15 points (4 activities, 2 in a cool-down of 7 days, decayed 17.86, capped at 15)",
        "    2026-10-30 (1 day ago): in a cool-down of 7 days = 0",
        "    2026-10-29 (2 days ago): 10 × 0.955 = 9.55",
        "    2026-10-23 (8 days ago): 10 × 0.831 = 8.31",
        "    2026-10-29 (2 days ago): in a cool-down of 7 days = 0",
        "  business card: 0.933 points (2 activities, 1 in a cool-down of 1 day)",
        "    2026-10-28 (3 days ago): in a cool-down of 1 day = 0",
        "    2026-10-28 (3 days ago): 1 × 0.933 = 0.933",
        "  careers: -20 points",
        "    2025-09-26 (400 days ago): -20 × 1.000 (lasting) = -20",
        "  up to the floor of -3: 1.067 points",
    ]


def test_bounds_are_explained_in_japanese_too() -> None:
    """The same in the other language; and what the cap in all takes away."""
    told = bounded("ja")
    assert told[1] == (
        "  閲覧: 15点（4件、うち2件はクールダウン（7日間）につき不算入、減衰後17.86点、上限15点）"
    )
    assert told[2] == "    2026-10-30 (1日前): クールダウン（7日間）につき不算入 = 0"
    assert told[-2:] == [
        "    2025-09-26 (400日前): -20 × 1.000 (減衰なし) = -20",
        "  下限-3点に満たない分: 1.067点",
    ]
    model = BOOK.engagement["crm"]
    engine = mf.Engine(evolve(BOOK, engagement=evolve(model, cap=20)))
    told_by: dict[Lang, str] = {
        "en": "  over the cap of 20 in all: -12.78 points",
        "ja": "  合計の上限20点を超えた分: -12.78点",
    }
    for lang, line in told_by.items():
        text = engine.explain("engagement", ACCOUNT, 7, "crm", as_of=DAY, lang=lang)
        assert text.splitlines()[-1] == line
        total = engine.engagement_for(ACCOUNT, 7, "crm", as_of=DAY).score
        assert total.points == 20


def test_ids_that_look_alike_are_told_apart_in_a_cool_down() -> None:
    """Law 4: Order does not matter: of the ids 1 and "1" at one instant, one is the first."""
    model = BOOK.engagement["crm"]
    signals = [mf.Signal("page_view", 10, cool_down_days=7)]
    engine = mf.Engine(evolve(BOOK, engagement=evolve(model, signals=signals)))
    first = did(1, "page_view", 1, "crm")
    done = [first, evolve(first, id="1"), evolve(first, id=2)]
    one, other = (
        engine.explain("engagement", evolve(ACCOUNT, activities=these), 7, "crm", as_of=DAY)
        for these in (done, done[::-1])
    )
    assert one == other
    assert one.splitlines()[-4:] == [
        "  page view: 9.77 points (3 activities, 2 in a cool-down of 7 days)",
        "    2026-10-30 (1 day ago): in a cool-down of 7 days = 0",
        "    2026-10-30 (1 day ago): in a cool-down of 7 days = 0",
        "    2026-10-30 (1 day ago): 10 × 0.977 = 9.77",
    ]


def test_an_engagement_shows_state_interest_and_score() -> None:
    """The state first, then the level that the score gives, then the score."""
    text = ENGINE.explain("engagement", ACCOUNT, 7, "crm", as_of=DAY, lang="ja")
    first, interest, score = text.split("\n\n")
    assert first.startswith("関心度・高 — ")
    assert interest.startswith("関心度: 関心度・高 — ")
    assert score.startswith("行動スコア: 32.78点")
    assert "2026-10-01 (30日前): 5 × 0.500 × 0.250 (全社) = 0.625" in score
    assert "（20件、減衰後19.54点、上限10点）" in score


def test_a_stage_shows_each_pursuit() -> None:
    """The lead's stage, then the rules for each product and for the whole firm."""
    asked = did(50, "demo_request", 2)
    text = ENGINE.explain(
        "stage", evolve(ACCOUNT, activities=[*ACCOUNT.activities, asked]), 7, as_of=DAY
    )
    head, *pursuits = text.split("\n\n")
    assert head.startswith("MQL — ")
    assert [part.partition(":")[0] for part in pursuits] == ["CRM Cloud", "whole firm"]


def test_an_undecided_stage_names_what_is_missing() -> None:
    """The head says what could still come out, and what to ask for."""
    account = evolve(ACCOUNT, company=mf.Company(1))
    head = ENGINE.explain("stage", account, 7, as_of=DAY).split("\n\n")[0]
    assert head.splitlines()[0].startswith("undecided: MQL or inquiry — ")
    assert head.splitlines()[1] == (
        "missing: employees (company.employees), annual revenue (company.annual_revenue)"
    )


def test_segment_and_tier_are_explained_of_a_company() -> None:
    """A company, its history or its account will do."""
    company = ACCOUNT.company
    assert isinstance(company, mf.Company)
    told = [
        ENGINE.explain("tier", one, "crm", as_of=DAY)
        for one in (company, mf.CompanyHistory(company), ACCOUNT)
    ]
    assert told[0].startswith("Tier 2 — ")
    assert len(set(told)) == 1
    assert ENGINE.explain("segment", company, as_of=DAY).startswith("mid-market — ")


def test_a_custom_policy_is_explained_by_what_it_says() -> None:
    """Of a policy in Python, only its own reason is known."""

    class Region:
        kind = "acme/region/1"
        tiers = (mf.Tier(1), mf.Tier(3))

        def tier_for(
            self, company: mf.Company, product: mf.Product, /, *, as_of: date
        ) -> Decision[mf.Tier]:
            if company.region is None:
                return mf.undecided(
                    mf.Tier(3), possible=self.tiers, missing=["region"], because="ask"
                )
            return mf.decided(mf.Tier(1), because=f"{product.id} {as_of}")

    engine = mf.Engine(evolve(BOOK, tiers=Region()))
    assert engine.explain("tier", mf.Company(1), "crm", as_of=DAY) == (
        "undecided: Tier 1 or Tier 3 — ask [policy]\nmissing: company.region"
    )
    told = engine.explain("tier", mf.Company(1, region="近畿"), "crm", as_of=DAY)
    assert told == "Tier 1 — crm 2026-10-31 [policy]"


def test_the_playbook_says_in_which_language() -> None:
    """Without a language, that of the playbook is used."""
    japanese = mf.Engine(evolve(BOOK, lang="ja"))
    text = japanese.explain("tier", ACCOUNT, "crm", as_of=DAY)
    assert text == ENGINE.explain("tier", ACCOUNT, "crm", as_of=DAY, lang="ja")


@pytest.mark.parametrize(
    ("of", "question", "about", "error", "message"),
    [
        (ACCOUNT, "tiers", ("crm",), mf.UnknownNameError, "did you mean 'tier'?"),
        (ACCOUNT, "x", (), mf.UnknownNameError, "there are segment, tier, white_space"),
        (ACCOUNT, "segment", ("crm",), mf.InvalidDataError, "is asked about nothing else"),
        (ACCOUNT, "tier", (), mf.InvalidDataError, "about: 'tier' is asked about product"),
        (ACCOUNT, "engagement", (7,), mf.InvalidDataError, "is asked about lead, product"),
        (ACCOUNT, "tier", ("crn",), mf.UnknownNameError, "no such product 'crn'"),
        (ACCOUNT, "engagement", (7, "crn"), mf.UnknownNameError, "no such product 'crn'"),
        (ACCOUNT, "stage", (8,), mf.UnknownNameError, "no such lead 8 in the account"),
        (mf.Account(), "segment", (), mf.InvalidDataError, "there is none"),
        (3, "segment", (), mf.InvalidDataError, "account: must be an Account, not int"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    of: Any, question: Any, about: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    """The message says what would have worked."""
    with pytest.raises(error) as caught:
        ENGINE.explain(question, of, *about, as_of=DAY)
    assert message in str(caught.value)


def test_a_play_names_its_channels_as_people_do() -> None:
    """The one that it goes by, and those that it cannot go by, each with the reason."""
    opted_out = [mf.Consent("phone", False, NOON), mf.Consent("visit", True, NOON, "business_card")]
    account = mf.Account(
        mf.Company(1, employees=400, annual_revenue=1),
        leads=[mf.Lead(7, company_id=1, consents=opted_out)],
        activities=[did(1, "demo_request", 1, "crm")],
    )
    text = ENGINE.explain("play", account, 7, "crm", as_of=DAY, lang="ja")
    assert text.startswith("商材を提案する — 関心度が高く、Tier 3以上 [propose]\n")
    assert text.splitlines()[-4:] == [
        "期限: 2026-11-01 (直近の反応から)",
        "チャネル: 訪問",
        "  電話: 除外 — 2026-10-30に拒否の申し出",
        "順番待ち: 全社",
    ]
    never = [mf.Consent(one, False, NOON) for one in ("email", "web")]
    silent = mf.Account(None, leads=[mf.Lead(7, consents=never)])
    assert ENGINE.explain("play", silent, 7, as_of=DAY).splitlines()[-3:] == [
        "channel: none",
        "  mail: left out — opted out on 2026-10-30",
        "  web: left out — opted out on 2026-10-30",
    ]
