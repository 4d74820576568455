"""The engine: one question at a time, or everything about one account."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.facts import company, lead
from mpfunnel.rules.tables import Decision

DAY = date(2026, 10, 31)
BOOK = mf.starter(["crm", "sfa"])
ENGINE = mf.Engine(BOOK)
NOON = datetime(2026, 10, 30, 3, tzinfo=UTC)

MAKER = mf.Company(1, employees=400, industry="製造業", annual_revenue=1)
KEEN = tuple(
    mf.Activity(i, 7, "webinar_attended", NOON - timedelta(days=i), ["sfa"]) for i in range(4)
)
ACCOUNT = mf.Account(
    MAKER,
    leads=[mf.Lead(7, company_id=1)],
    activities=KEEN,
    contracts=[mf.Contract(1, "crm", date(2024, 1, 1))],
)


class Region:
    """A policy of a firm's own."""

    kind = "acme/plants-in-kansai/1"
    tiers = (mf.Tier(1), mf.Tier(3))

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def tier_for(
        self, company: mf.Company, product: mf.Product, /, *, as_of: date
    ) -> Decision[mf.Tier]:
        """Say what it was told to say, or ask for the region."""
        assert (product.id, as_of) == ("crm", DAY)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer  # type: ignore[no-any-return]
        if company.region is None:
            return mf.undecided(
                mf.Tier(3), possible=self.tiers, missing=["region"], because="地域が不明"
            )
        return mf.decided(mf.Tier(1 if company.region == "近畿" else 3), because="近畿に工場")


def engine_with(policy: Any) -> mf.Engine:
    """An engine whose first product has a policy of the firm's own."""
    return mf.Engine(evolve(BOOK, tiers={"crm": policy, "sfa": BOOK.tiers["sfa"]}))


def test_one_question_is_answered_like_all_of_them() -> None:
    """What `assess` says of an account, the single questions say too."""
    answer = ENGINE.assess(ACCOUNT, as_of=DAY)
    assert answer.segment == ENGINE.segment_for(MAKER, as_of=DAY)
    assert answer.tiers["crm"] == ENGINE.tier_for(MAKER, "crm", as_of=DAY)
    assert answer.leads[7].stage == ENGINE.stage_for(ACCOUNT, 7, as_of=DAY)
    assert answer.leads[7].engagement["sfa"] == ENGINE.engagement_for(ACCOUNT, 7, "sfa", as_of=DAY)
    assert answer.leads[7].stage.value.key == "mql"
    assert answer.leads[7].stage.for_products == ("sfa",)
    assert answer.leads[7].stage.existing_customer
    assert answer.owned == ("crm",)
    assert answer.rejects == ()


def test_every_answer_carries_the_version_of_the_playbook() -> None:
    """A stored answer says by which playbook it was given."""
    answer = ENGINE.assess(ACCOUNT, as_of=DAY)
    person = answer.leads[7]
    versions = {
        answer.version,
        answer.segment.version,
        *(tier.version for tier in answer.tiers.values()),
        person.stage.version,
        *(one.version for one in person.engagement.values()),
        *(one.interest.version for one in person.engagement.values()),
        engine_with(Region()).tier_for(MAKER, "sfa", as_of=DAY).version,
    }
    assert versions == {BOOK.version, engine_with(Region()).version}
    alone = ENGINE.assess(mf.Account(None, leads=[mf.Lead(1)]), as_of=DAY)
    assert alone.segment.version == alone.leads[1].stage.version == BOOK.version


def test_a_company_history_gives_the_company_of_the_day() -> None:
    """Last quarter's answer uses last quarter's employees."""
    history = mf.CompanyHistory(
        mf.Company(1, employees=40, annual_revenue=1),
        [mf.CompanyChange(date(2026, 7, 1), "employees", 400)],
    )
    june, july = date(2026, 6, 30), date(2026, 7, 1)
    assert ENGINE.tier_for(history, "crm", as_of=june).value == mf.Tier(4)
    assert ENGINE.tier_for(history, "crm", as_of=july).value == mf.Tier(2)
    assert ENGINE.segment_for(history, as_of=july).value.key == "mid_market"
    assert ENGINE.assess(mf.Account(history), as_of=june).tiers["crm"].value == mf.Tier(4)


def test_as_of_may_be_an_instant() -> None:
    """S11: an aware datetime means its day in the playbook's zone."""
    midnight = datetime(2026, 10, 30, 15, tzinfo=UTC)
    assert ENGINE.assess(ACCOUNT, as_of=midnight).as_of == DAY
    assert ENGINE.tier_for(MAKER, "crm", as_of=midnight).value == mf.Tier(2)


def test_people_without_company_keep_their_answers() -> None:
    """A lead without company is unmatched, and is never dropped."""
    account = mf.Account(None, leads=[mf.Lead(7)], activities=KEEN)
    answer = ENGINE.assess(account, as_of=DAY)
    assert answer.company_id is None
    assert answer.segment.value.key == "unmatched"
    assert dict(answer.tiers) == {}
    person = answer.leads[7]
    assert person.engagement["sfa"].value.key == "high_interest"
    assert person.stage.text() == "undecided: MQL or inquiry"
    assert "company.employees" in person.stage.missing


def test_a_deal_of_a_lead_without_company_is_its_own() -> None:
    """S20: where no company is known, the deals in which the lead takes part are all there is."""
    deal = mf.Deal(1, 99, NOON - timedelta(days=9), [mf.DealLine("crm")], "won", NOON, lead_id=7)
    other = mf.Deal(2, 99, NOON, [mf.DealLine("sfa")])
    account = mf.Account(None, leads=[mf.Lead(7), mf.Lead(8)], deals=[deal, other])
    answer = ENGINE.assess(account, as_of=DAY)
    assert answer.leads[7].engagement["crm"].value.key == "customer"
    assert answer.leads[7].stage.value.key == "customer"
    assert not answer.leads[8].engagement
    assert [one.code for one in answer.rejects] == ["unknown-company"]


def test_a_deal_without_lead_concerns_the_leads_only_if_the_funnel_says_so() -> None:
    """S20: by default, none."""
    deal = mf.Deal(1, 1, NOON, [mf.DealLine("crm")])
    account = mf.Account(MAKER, leads=[mf.Lead(7)], deals=[deal])
    assert ENGINE.stage_for(account, 7, as_of=DAY).value.key == "known"
    told = mf.Engine(evolve(BOOK, funnel=evolve(BOOK.funnel, deals_without_lead=True)))
    assert told.stage_for(account, 7, as_of=DAY).value.key == "opportunity"
    # The state speaks of the company's deals in either case.
    assert ENGINE.engagement_for(account, 7, "crm", as_of=DAY).value.key == "in_opportunity"


def test_a_rule_about_the_person_is_asked_of_each_person() -> None:
    """Leads who have given no sign share an answer only where no rule asks about them."""
    model = BOOK.engagement["crm"]
    chiefs = mf.DecisionTable(
        [mf.Rule(model.ladder[1], lead.title.is_in("部長"), key="chief")], model.ladder[0]
    )
    engine = mf.Engine(evolve(BOOK, engagement=evolve(model, states=chiefs)))
    people = [mf.Lead(1, company_id=1, title="部長"), mf.Lead(2, company_id=1, title="担当")]
    answer = engine.assess(mf.Account(MAKER, leads=people), as_of=DAY)
    assert set(answer.leads[1].engagement) == {"crm", "sfa"}
    assert not answer.leads[2].engagement


def test_a_rule_about_a_lead_may_ask_about_its_company() -> None:
    """The company's own facts stand beside its segment; without company they are unknown."""
    model = BOOK.engagement["crm"]
    made = (company.industry == "製造業") & (company.segment == "mid_market")
    states = mf.DecisionTable([mf.Rule(model.ladder[1], made, key="maker")], model.ladder[0])
    engine = mf.Engine(evolve(BOOK, engagement=evolve(model, states=states)))
    answer = engine.assess(mf.Account(MAKER, leads=[mf.Lead(1)]), as_of=DAY)
    assert answer.leads[1].engagement["crm"].rule == "maker"
    alone = engine.engagement_for(mf.Account(None, leads=[mf.Lead(1)]), 1, "crm", as_of=DAY)
    assert (alone.value.key, alone.missing) == ("none", ())


def test_a_lead_without_a_sign_is_known() -> None:
    """S23: where no product shows a sign, engagement is empty and the stage the lowest."""
    account = mf.Account(MAKER, leads=[mf.Lead(7)])
    answer = ENGINE.assess(account, as_of=DAY)
    assert not answer.leads[7].engagement
    assert answer.leads[7].stage.value.key == "known"
    assert answer.leads[7].stage.for_products == ()
    assert ENGINE.engagement_for(account, 7, "crm", as_of=DAY).value.key == "none"


def test_a_custom_policy_is_asked_with_company_product_and_day() -> None:
    """Any object with the members of the protocol decides, and what is missing is passed on."""
    engine = engine_with(Region())
    answer = engine.tier_for(MAKER, "crm", as_of=DAY)
    assert answer.text() == "undecided: Tier 1 or Tier 3"
    assert answer.missing == ("company.region",)
    near = evolve(MAKER, region="近畿")
    assert engine.assess(mf.Account(near), as_of=DAY).tiers["crm"].value == mf.Tier(1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (KeyError("x"), "raised KeyError('x')"),
        (
            "Tier 1",
            "str 'Tier 1' is no decision; return mpfunnel.decided(…) or mpfunnel.undecided(…)",
        ),
        (
            mf.decided(mf.Tier(2), because="x"),
            "gave Tier 2, which is not among its tiers",
        ),
        (
            Decision(mf.Tier(1), "policy", mf.Label("x"), (mf.Tier(3),)),
            "gave Tier 1, and called possible only Tier 3",
        ),
        (
            Decision(mf.Tier(1), "policy", None, (mf.Tier(1),)),  # type: ignore[arg-type]
            "because is NoneType None; it must be a text or an mpfunnel.Label",
        ),
    ],
)
def test_a_policy_that_breaks_its_contract_is_named(answer: Any, message: str) -> None:
    """The error says which policy, on which company, and keeps what it raised as its cause."""
    with pytest.raises(mf.PolicyError) as caught:
        engine_with(Region(answer)).tier_for(MAKER, "crm", as_of=DAY)
    error = caught.value
    assert str(error) == f"tiers.crm: acme/plants-in-kansai/1 on company 1: {message}"
    assert (error.policy, error.company_id, error.product_id) == (Region.kind, MAKER.id, "crm")
    assert error.__cause__ is (answer if isinstance(answer, Exception) else None)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.product_id) == (str(error), "crm")


def test_what_is_no_company_account_or_day_is_refused() -> None:
    """A wrong argument gives one clear line."""
    cases: list[tuple[Any, str]] = [
        (lambda: ENGINE.tier_for(None, "crm", as_of=DAY), "company: must be a Company, a"),  # type: ignore[arg-type]
        (lambda: ENGINE.segment_for("x", as_of=DAY), "company: must be a Company, a"),  # type: ignore[arg-type]
        (lambda: ENGINE.assess(MAKER, as_of=DAY), "account: must be an Account, not Company"),  # type: ignore[arg-type]
        (lambda: ENGINE.tier_for(MAKER, "crm", as_of="2026-10-31"), "as_of: must be a date"),  # type: ignore[arg-type]
        (lambda: ENGINE.assess(ACCOUNT, as_of=datetime(2026, 1, 1)), "as_of: has no time zone"),  # noqa: DTZ001
    ]
    for call, message in cases:
        with pytest.raises(mf.InvalidDataError) as caught:
            call()
        assert str(caught.value).startswith(message)


def test_an_id_that_is_none_is_refused() -> None:
    """A list is no id, and finds nothing."""
    odd: Any = []
    for call in (
        lambda: ENGINE.tier_for(MAKER, odd, as_of=DAY),
        lambda: ENGINE.stage_for(ACCOUNT, odd, as_of=DAY),
        lambda: ENGINE.engagement_for(ACCOUNT, 7, odd, as_of=DAY),
    ):
        with pytest.raises(mf.UnknownNameError, match=r"^no such (product|lead) \[\]"):
            call()


def test_true_is_not_the_id_1() -> None:
    """S18: a bool is no id, though Python finds 1 by it."""
    engine = mf.Engine(mf.starter([mf.Product(1)]))
    account = mf.Account(mf.Company(1), leads=[mf.Lead(1, company_id=1)])
    for ask, message in (
        (lambda: engine.tier_for(mf.Company(1), True, as_of=DAY), "no such product True"),
        (lambda: engine.stage_for(account, True, as_of=DAY), "no such lead True"),
        (lambda: engine.engagement_for(account, 1, True, as_of=DAY), "no such product True"),
        (
            lambda: engine.next_change(mf.Tally(), account, True, 1, as_of=DAY),
            "no such lead True",
        ),
    ):
        with pytest.raises(mf.UnknownNameError, match=message):
            ask()


def test_an_engine_is_made_of_a_playbook() -> None:
    """The path of a file is no playbook; the message says how to read one."""
    odd: Any = "playbook.toml"
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.Engine(odd)
    assert str(caught.value) == (
        "playbook: must be a Playbook, not str 'playbook.toml'; read files by mpfunnel.load"
    )


def test_there_are_two_languages() -> None:
    """Another one is refused, rather than answered in one of them."""
    odd: Any = "fr"
    with pytest.raises(mf.InvalidDataError, match="lang: must be 'en' or 'ja', not 'fr'"):
        ENGINE.explain("segment", MAKER, as_of=DAY, lang=odd)


def test_names_that_do_not_exist_are_refused_with_the_nearest() -> None:
    """A product or lead that does not exist is no silent default."""
    for call, message in (
        (lambda: ENGINE.tier_for(MAKER, "crn", as_of=DAY), "no such product 'crn'; did you mean"),
        (lambda: ENGINE.stage_for(ACCOUNT, 8, as_of=DAY), "no such lead 8 in the account"),
        (lambda: ENGINE.engagement_for(ACCOUNT, 8, "crm", as_of=DAY), "no such lead 8"),
        (lambda: ENGINE.engagement_for(ACCOUNT, 7, "crn", as_of=DAY), "no such product 'crn'"),
    ):
        with pytest.raises(mf.UnknownNameError) as caught:
            call()
        assert str(caught.value).startswith(message)


def test_engines_pickle_by_their_playbook() -> None:
    """An engine sent to another process is compiled again there, and answers alike."""
    again = pickle.loads(pickle.dumps(ENGINE))
    assert again.playbook == BOOK
    assert again.assess(ACCOUNT, as_of=DAY) == ENGINE.assess(ACCOUNT, as_of=DAY)
    assert repr(again) == f"Engine({BOOK.version})"
    answer = ENGINE.assess(ACCOUNT, as_of=DAY)
    assert pickle.loads(pickle.dumps(answer)) == answer


def test_threads_share_an_engine() -> None:
    """Law 1: Engines agree, also with themselves when many threads ask a new one at once."""
    engine = mf.Engine(BOOK)
    companies = [
        mf.Company(n, employees=n * 7 % 1500, industry="x", annual_revenue=n) for n in range(300)
    ]
    alone = [ENGINE.assess(mf.Account(one), as_of=DAY) for one in companies]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: engine.assess(mf.Account(one), as_of=DAY), companies))
    assert together == alone


def test_a_custom_attribute_of_another_type_is_named() -> None:
    """A rule about `plants` cannot read a text where it was promised a number."""
    plants = company.attribute("plants", int) >= 3
    table = mf.TierTable([mf.Rule(mf.Tier(1), plants)], mf.Tier(2))
    engine = mf.Engine(evolve(BOOK, tiers=table))
    odd = mf.Company(1, attributes={"plants": "many"})
    with pytest.raises(mf.InvalidDataError, match=r"^company.plants: must be an integer, not str"):
        engine.tier_for(odd, "crm", as_of=DAY)


def test_importing_the_library_loads_nothing_heavy() -> None:
    """`import mpfunnel` stands on attrs alone; what files need is loaded on first use."""
    heavy = [
        "cattrs",
        "narwhals",
        "polars",
        "hypothesis",
        "rich",
        "cyclopts",
        "pyarrow",
        "tomlkit",
        "tomli_w",
    ]
    found = f"[name for name in {heavy!r} if name in sys.modules]"
    code = f"import sys, mpfunnel; print({found})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_recommended_name_is_there() -> None:
    """What is loaded on first use is as much a part of the library as the rest."""
    for name in mf.__all__:
        assert getattr(mf, name) is not None
    assert set(mf.__all__) <= set(dir(mf))
    with pytest.raises(AttributeError, match="has no attribute 'Engin'; did you mean 'Engine'"):
        mf.Engin  # type: ignore[attr-defined] # noqa: B018
