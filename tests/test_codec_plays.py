"""Plays in playbook files: what a person writes, what is written, and every fault at once."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.facts import account, company, contact, funnel, lead, product
from mpfunnel.plays import Play, PlayRule, Plays
from mpfunnel.rules.conditions import Condition, Not
from mpfunnel.tiers import Tier
from tests.malformed import check_grammar

BOOK = mf.starter(["crm", "sfa"])
SHARED: Any = {key: value for key, value in to_data(BOOK).items() if key != "plays"}
TEXT = """
[plays]
order = ["tier", "play"]
need_consent = ["web", "email"]
contacts = ["meeting", "call"]
at_once = 2
quiet_days = 7

[[plays.list]]
key = "propose"
label = { en = "propose the product", ja = "商材を提案する" }
message = "proposal"
channels = ["phone", "email"]
owner = "field_sales"
due_in_days = 2
cadence_days = 30
before_end_days = 90
motion = "upstream"
within_sla = true

[[plays.list]]
key = "send_newsletter"

[[plays.products]]
play = "none"
when = { "product.position" = "提案対象外" }

[[plays.products]]
play = "propose"
product = "crm"
key = "keen"
when = { "product.engagement" = "high_interest", "product.tier" = "Tier 2以上" }
because = { en = "keen", ja = "関心あり" }

[[plays.firm]]
play = "send_newsletter"
when = { "funnel.stage" = "獲得リード" }
"""
PROPOSE = Play(
    "propose",
    mf.Label("propose the product", "商材を提案する"),
    message="proposal",
    channels=("phone", "email"),
    owner="field_sales",
    due_in_days=2,
    cadence_days=30,
    before_end_days=90,
    motion="upstream",
    within_sla=True,
)
MEANT = Plays(
    [PROPOSE, Play("send_newsletter", "send newsletter")],
    [
        PlayRule(None, product.position == "not_eligible"),
        PlayRule(
            PROPOSE,
            (product.engagement == "high_interest") & product.tier.at_least(Tier(2)),
            "crm",
            key="keen",
        ),
    ],
    [PlayRule("send_newsletter", funnel.stage == "inquiry")],
    contacts=("call", "meeting"),
    need_consent=("email", "web"),
    order=("tier", "play"),
    at_once=2,
    quiet_days=7,
)


def without_plays() -> str:
    """The file of the starter up to its plays."""
    text = dump(BOOK)
    return text[: text.index("\n# What to do next")]


def faults_of(plays: Any, **more: Any) -> list[str]:
    """What is wrong with plays in a file."""
    with pytest.raises(mf.InvalidDataError) as caught:
        from_data({**deepcopy(SHARED), **more, "plays": plays})
    check_grammar(caught.value)
    return [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems]


# -- what a file says --


def test_a_person_may_write_plays_in_a_file(tmp_path: Path) -> None:
    """Law 8: Round trip. What is read is what Python builds, with its labels and reasons."""
    path = tmp_path / "book.toml"
    path.write_text(without_plays() + TEXT, encoding="utf-8")
    plays = load(path).plays
    assert plays == MEANT
    assert [play.label for play in plays.plays] == [
        mf.Label("propose the product", "商材を提案する"),
        mf.Label("send newsletter"),
    ]
    assert [rule.because.ja for rule in plays.products] == [
        "ホワイトスペース 提案対象外",
        "関心あり",
    ]
    assert [rule.key for rule in (*plays.products, *plays.firm)] == ["play-1", "keen", "play-1"]
    for name in ("again.toml", "again.json"):
        dump(load(path), tmp_path / name)
        assert load(tmp_path / name).plays == MEANT


def test_what_is_usual_is_left_out() -> None:
    """A playbook without plays has none in its file; order and consent stand there if changed."""
    assert "plays" not in to_data(evolve(BOOK, plays=Plays()))
    assert to_data(evolve(BOOK, plays=Plays(at_once=2)))["plays"] == {"at_once": 2, "quiet_days": 0}
    said = to_data(evolve(BOOK, plays=Plays(need_consent=(), order=())))["plays"]
    assert said == {"order": [], "need_consent": [], "at_once": 1, "quiet_days": 0}
    kinds = [f"kind_{number}" for number in range(9)]
    held = evolve(BOOK, plays=Plays(contacts=kinds, need_consent=("web", "phone", "email")))
    said = to_data(held)["plays"]
    assert (said["contacts"], said["need_consent"]) == (kinds, ["email", "phone", "web"])
    newsletter = Play("send_newsletter", "send newsletter")
    said = to_data(evolve(BOOK, plays=Plays([newsletter])))["plays"]
    assert said["list"] == [{"key": "send_newsletter", "due_in_days": 0, "motion": "downstream"}]


def test_a_playbook_without_plays_has_the_version_it_had() -> None:
    """What came later counts only where it is used, and an older file reads as ever."""
    bare = evolve(BOOK, plays=Plays())
    assert from_data(SHARED) == bare
    assert from_data(SHARED).version == bare.version != BOOK.version


def test_the_starter_survives_a_file(tmp_path: Path) -> None:
    """Law 8: Round trip. The plays of the starter are planned the same after a file."""
    for name in ("book.toml", "book.json"):
        dump(BOOK, tmp_path / name)
        again = load(tmp_path / name)
        assert (again.plays, again.version) == (BOOK.plays, BOOK.version)
        asked = mf.Activity(1, 7, "demo_request", datetime(2026, 10, 30, tzinfo=UTC), ["crm"])
        given = mf.Account(
            mf.Company(1, employees=2_000), leads=[mf.Lead(7, 1)], activities=[asked]
        )
        here, there = (
            mf.Engine(book).assess(given, as_of=date(2026, 10, 31)) for book in (BOOK, again)
        )
        assert here.rows()["plays"] == there.rows()["plays"] != []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_plays_stay_in_the_file_beside_sheets(tmp_path: Path, kind: Any) -> None:
    """Tables of rules move into sheets where they can; plays are edited where they were."""
    book = evolve(BOOK, tiers=mf.TierTable([], Tier(3)))
    raw = dump(book, tmp_path, sheets=kind)
    assert dump(book).endswith(raw[raw.index("[plays]") :])
    assert "plays" not in raw[raw.index("[sheets]") : raw.index("[products")]
    assert load(tmp_path) == book


def test_products_are_named_as_the_file_lists_them() -> None:
    """Ids that are integers may be written as either; a rule without a product is about all."""
    rule: Any = {"play": "none", "when": {"all": []}}
    rules = [{**rule, "product": "1"}, {**rule, "product": 2}, {**rule, "product": "family:f"}]
    products: Any = {"1": {"id": 1, "family": "f"}, "2": {"id": 2}}
    data = {**SHARED, "products": products, "plays": {"products": [*rules, rule]}}
    book = from_data(data)
    assert [one.product for one in book.plays.products] == [1, 2, "family:f", "*"]
    assert [one.get("product") for one in to_data(book)["plays"]["products"]] == [
        1,
        2,
        "family:f",
        None,
    ]


def test_attributes_that_only_plays_ask_about_are_declared() -> None:
    """A custom attribute stands under ``attributes``, whichever rule asks for it."""
    budget = lead.attribute("budget", int, label=mf.Label("budget", "予算"))
    book = evolve(BOOK, plays=Plays(firm=[PlayRule(None, budget >= 100)]))
    data = to_data(book)
    assert data["attributes"]["lead"] == {
        "budget": {"type": "int", "closed": False, "label": {"en": "budget", "ja": "予算"}}
    }
    assert from_data(data) == book


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ({"contact.email": True}, contact.email.is_true()),
        ({"contact.phone": "いいえ"}, contact.phone.is_false()),
        ({"contact.web": "空欄"}, contact.web.is_missing()),
        ({"product.position": "untapped"}, product.position == "untapped"),
        ({"product.position": "未開拓"}, product.position == "untapped"),
        ({"product.position": "未開拓、導入済み"}, product.position.is_in("untapped", "owned")),
        ({"product.position": "商談中以外"}, product.position != "in_pipeline"),
        ({"not": {"product.position": "未開拓"}}, Not(product.position == "untapped")),
        ({"product.lifecycle": "成熟期"}, product.lifecycle == "maturity"),
        ({"funnel.stage": "MQL以上"}, funnel.stage.at_least("mql")),
        ({"funnel.stage": {"in": ["sql", "sal"]}}, funnel.stage.is_in("sal", "sql")),
        ({"account.owned": "sfa"}, account.owns("sfa")),
        ({"company.employees": "300以上"}, company.employees >= 300),
        ({"product.sold": True}, product.sold.is_true()),
        ({"product.active(30)": True}, product.active(within_days=30).is_true()),
    ],
)
def test_rules_ask_for_what_is_known_of_a_lead(when: dict[str, Any], meant: Condition) -> None:
    """A cell, a bare value and an operator are read; stages and positions by key or label."""
    rule = {"play": "none", "when": when}
    book = from_data({**SHARED, "plays": {"products": [rule]}})
    assert book.plays.products[0].when == meant
    assert from_data(to_data(book)) == book


def test_the_stages_are_those_of_the_file() -> None:
    """A firm that names its stages otherwise asks for them by its own names."""
    own: Any = {"ladder": ["lead", "hot"], "otherwise": "lead", "labels": {"hot": "熱い"}}
    rule = {"play": "none", "when": {"funnel.stage": "熱い"}}
    book = from_data({**SHARED, "funnel": own, "plays": {"firm": [rule]}})
    assert book.plays.firm[0].because.ja == "ファネル段階 熱い"
    assert "because" not in to_data(book)["plays"]["firm"][0]
    # Of a ladder that has a fault, what is sound is known.
    own["ladder"] += ["hot"]
    assert faults_of({"firm": [rule]}, funnel=own) == [
        "duplicate: funnel.ladder[2]: 'hot' stands there twice"
    ]


# -- faults --


def test_faults_of_a_file_are_told_at_once() -> None:
    """Each with the path under which the file has it, whatever else is wrong."""
    when: Any = {"all": []}
    plays: Any = {
        "order": ["tier", "Tier", "tier"],
        "need_consent": ["fax", 3],
        "contacts": "call",
        "quiet_days": "7",
        "at_once": 0,
        "lists": [],
        "list": [
            3,
            {"key": "a", "channel": ["phone"], "channels": ["fone"], "due_in_days": 1.5},
            {
                "key": "b",
                "label": {"fr": "x"},
                "motion": "up",
                "message": 3,
                "cadence_days": 0,
                "within_sla": 1,
            },
            {"key": "b", "owner": [], "before_end_days": True, "channels": {"phone": 1}},
            {"key": "c", "label": " "},
        ],
        "products": [
            {"play": "a", "product": 2.5, "when": when, "becuase": "x"},
            {"play": "d", "when": {"employees": 3}, "key": "k"},
            {"when": when, "key": "k"},
            {"play": "a"},
            {"play": 3, "when": when, "key": 3},
            {"play": "a", "product": True, "when": when},
        ],
        "firm": [{"play": "none", "product": "crm", "when": {"funnel.stage": "mqll"}}],
    }
    assert faults_of(plays) == [
        "unknown-key: plays.lists: no such key; did you mean 'list'?",
        "choice: plays.order[1]: 'Tier': no such criterion; did you mean 'tier'?",
        "choice: plays.need_consent[0]: 'fax': no such channel; known are email, phone, post, visit, web",
        "type: plays.need_consent[1]: must be a key: text that is not blank",
        "type: plays.contacts: must be a list of texts",
        "type: plays.list[0]: must be a table",
        "unknown-key: plays.list[1].channel: no such key; did you mean 'channels'?",
        "choice: plays.list[1].channels[0]: 'fone': no such channel; did you mean 'phone'?",
        "type: plays.list[1].due_in_days: must be an integer, not float 1.5",
        "unknown-key: plays.list[2].label.fr: no such key; known are en, ja",
        "blank: plays.list[2].label: is blank; give a text in 'en' or 'ja'",
        "type: plays.list[2].message: must be text, not int 3",
        "range: plays.list[2].cadence_days: must be a number of days from 1 to 36,500, not 0",
        "choice: plays.list[2].motion: must be upstream or downstream, not 'up'",
        "type: plays.list[2].within_sla: must be true or false, not int 1",
        "type: plays.list[3].channels: must be a list of texts",
        "type: plays.list[3].owner: must be text, not list []",
        "type: plays.list[3].before_end_days: must be an integer, not bool True",
        "blank: plays.list[4].label: is blank; give a text in 'en' or 'ja'",
        "unknown-key: plays.products[0].becuase: no such key; did you mean 'because'?",
        "type: plays.products[0].product: must be the id of a product",
        "unknown-play: plays.products[1].play: 'd': no such play; known are none, a, b, c",
        "unknown-fact: plays.products[1].when.employees: no such fact; did you mean 'company.employees'?",
        "missing: plays.products[2]: has no play",
        "missing: plays.products[3]: has no when",
        "type: plays.products[4].play: must be a key: text that is not blank",
        "type: plays.products[4].key: must be text, not int",
        "type: plays.products[5].product: must be the id of a product",
        "unknown-key: plays.firm[0].product: no such key; known are play, when, key, because",
        "unknown-level: plays.firm[0].when.funnel.stage: no such level 'mqll'; did you mean 'mql'?",
        "duplicate: plays.list[3].key: 'b' is used twice; keys are unique",
        "duplicate: plays.products[2].key: 'k' is used twice; keys are unique",
        "range: plays.at_once: must be an integer of 1 or more, not 0",
        "type: plays.quiet_days: must be an integer, not str '7'",
    ]
    with pytest.raises(mf.DecodeError):
        from_data({**SHARED, "plays": plays})


def test_a_play_without_a_key_is_the_only_fault() -> None:
    """Nobody knows which play a rule means while one has no key; all else of it is looked at."""
    rule = {"play": "propose", "when": {"all": []}}
    said = faults_of({"list": [{"key": " "}, {"motion": "up"}], "products": [rule]})
    assert said == [
        "type: plays.list[0].key: must be a key: text that is not blank",
        "missing: plays.list[1]: has no key",
        "choice: plays.list[1].motion: must be upstream or downstream, not 'up'",
    ]
    assert faults_of({"order": ["tier", "tier"]}) == [
        "duplicate: plays.order[1]: 'tier' is used twice"
    ]


def test_a_condition_that_is_too_deep_is_a_fault() -> None:
    """As in every other table."""
    when: Any = {"all": []}
    for _ in range(33):
        when = {"not": when}
    assert faults_of({"firm": [{"play": "none", "when": when}]}) == [
        "depth: plays.firm[0].when: is nested more than 32 deep; split the rule"
    ]


def test_what_contradicts_the_playbook_has_the_path_of_the_file() -> None:
    """An unknown product or segment, and a fact that such a rule cannot know."""
    rules: Any = [
        {"play": "none", "product": "cmr", "when": {"company.segment": "larg"}},
        {"play": "none", "product": "family:x", "when": {"account.owned": "cmr"}},
        {"play": "none", "when": {"any_product": {"pursuit.started": True}}},
    ]
    firm = [{"play": "none", "when": {"product.owned": True}}]
    known = "cannot be asked here, where only company, lead, account, funnel, contact"
    with pytest.raises(mf.PlaybookError) as caught:
        from_data({**SHARED, "plays": {"products": rules, "firm": firm}})
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == [
        "unknown-product: plays.products[0].product: no such product; did you mean 'crm'?",
        "unknown-family: plays.products[1].product: no such family",
        "unknown-level: plays.products[0].when.company.segment: no such segment 'larg'",
        "unknown-product: plays.products[1].when.account.owned: no such product 'cmr'; did you mean 'crm'?",
        "scope: plays.products[2].when.any_product: ranges over products, which only the rules of the funnel can",
        f"scope: plays.products[2].when.pursuit.started: {known}, product is known",
        f"scope: plays.firm[0].when.product.owned: {known} is known",
    ]


def test_a_flood_of_plays_is_refused_at_once() -> None:
    """Too many plays are one fault; too many faults of rules are the first 200."""
    assert faults_of({"list": [{}] * 1_001}) == ["size: plays.list: has more than 1,000 of them"]
    many = [{"key": f"p{one}"} for one in range(1_000)]
    said = faults_of({"list": many, "firm": [{"play": "x", "when": {"all": []}}] * 5_000})
    assert len(said) == 201
    assert said[-1] == "more: : has more; these are the first 200"


def test_what_no_file_can_hold_is_refused() -> None:
    """A number beyond 64 bits is told with its path when it is written."""
    with pytest.raises(mf.PlaybookError, match=r"^plays\.at_once: must fit in 64 bits$"):
        to_data(evolve(BOOK, plays=Plays(at_once=2**64)))
    with pytest.raises(mf.PlaybookError, match=r"^plays\.list: has more than 1,000 of them$"):
        to_data(evolve(BOOK, plays=Plays([Play(f"p{one}", "x") for one in range(1_001)])))
