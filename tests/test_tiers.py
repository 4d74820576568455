"""Tiers: company × product."""

import pickle
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import codec, sources
from mpfunnel.examples import PRODUCTS, TIERS, generate, story
from mpfunnel.facts import company
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.terms import LevelTerm

DAY = date(2026, 10, 31)


def test_the_table_of_the_design_decides_one_company() -> None:
    """The sample of the API: a rule, a fallback, and the reason."""
    large = mf.Rule(mf.Tier(1), company.employees >= 300, key="large", because="large")
    table = mf.TierTable(rules=[large], otherwise=mf.Tier(3))

    decision = table.compile()(mf.Company(1, employees=300))

    assert (decision.value, decision.rule, decision.because.en) == (mf.Tier(1), "large", "large")
    assert decision.settled
    assert table.tiers == (mf.Tier(1), mf.Tier(3))


def test_blank_employees_leave_both_candidates_open() -> None:
    """Law 2: Unknown is not no. The answer names what to ask for."""
    table = mf.TierTable([mf.Rule(mf.Tier(1), company.employees >= 300)], mf.Tier(3))

    decision = table.tier_for(mf.Company(1), PRODUCTS[0], as_of=DAY)

    assert decision.text() == "undecided: Tier 1 or Tier 3"
    assert decision.missing == ("company.employees",)
    assert decision.value == mf.Tier(3)


def test_a_table_and_its_explanation_agree_on_the_invented_market() -> None:
    """Law 1: Engines agree, on every company and product of the invented firm."""
    market = generate(150, seed=3, as_of=DAY).companies
    for table in TIERS.values():
        decide = table.compile()
        for record in market:
            assert decide(record) == mf.explain(table, {"company": record}).decision


@pytest.mark.parametrize(
    ("case", "product", "tier"),
    [("interest-elsewhere", "bi", 1), ("interest-elsewhere", "ma", 4), ("cross-sell", "ma", 1)],
)
def test_the_story_has_the_tiers_that_it_tells_of(case: str, product: str, tier: int) -> None:
    """What a case of the story says of its company is what the policies decide."""
    told = next(one for one in story() if one.key == case)

    decision = TIERS[product].compile()(told.sample.companies[0])

    assert (decision.value, decision.settled) == (mf.Tier(tier), True)


def test_tier_tables_pickle_without_their_compiled_function() -> None:
    """A table travels as its rules and decides equally on the other side."""
    table = TIERS["crm"]
    record = mf.Company(1, employees=70)
    before = table.tier_for(record, PRODUCTS[0], as_of=DAY)

    copy = pickle.loads(pickle.dumps(table))

    assert copy == table
    assert copy.tier_for(record, PRODUCTS[0], as_of=DAY) == before
    assert copy.kind == "mpfunnel/tier-table/1"


@pytest.mark.parametrize("number", [0, 10, True, 1.0, "1", None])
def test_a_tier_is_numbered_from_1_to_9(number: Any) -> None:
    """Anything else is no tier."""
    with pytest.raises(mf.InvalidDataError, match=r"tier\.number: must be an integer from 1 to 9"):
        mf.Tier(number)


def test_tiers_have_no_less_than() -> None:
    """S8: Tier 1 is higher than Tier 2, which ``<`` would not say."""
    with pytest.raises(TypeError):
        mf.Tier(1) < mf.Tier(2)  # type: ignore[operator]  # noqa: B015


def test_a_custom_policy_answers_like_a_table() -> None:
    """A policy author needs no base class: any object with the members will do."""

    class PlantsInKansai:
        kind = "acme/plants-in-kansai/1"
        tiers = (mf.Tier(1), mf.Tier(3))

        def tier_for(
            self, company: mf.Company, product: mf.Product, /, *, as_of: date
        ) -> mf.Decision[mf.Tier]:
            assert (product.id, as_of) == ("crm", DAY)
            if company.region is None:
                return mf.undecided(
                    mf.Tier(3), possible=self.tiers, missing=["region"], because="地域が不明"
                )
            near = company.region == "近畿"
            return mf.decided(mf.Tier(1 if near else 3), because="近畿" if near else "近畿以外")

    policy: mf.TierPolicy = PlantsInKansai()

    assert policy.tier_for(mf.Company(1, region="近畿"), PRODUCTS[0], as_of=DAY).value == mf.Tier(1)
    assert policy.tier_for(mf.Company(1, region="関東"), PRODUCTS[0], as_of=DAY).settled
    unknown = policy.tier_for(mf.Company(1), PRODUCTS[0], as_of=DAY)
    assert unknown.missing == ("company.region",)
    assert unknown.possible == (mf.Tier(1), mf.Tier(3))


def test_an_undecided_answer_must_hold_together() -> None:
    """The value is always possible, and something is missing; both faults are told at once."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.undecided(mf.Tier(2), possible=[mf.Tier(1)], missing=[], because="?")

    assert [str(problem) for problem in caught.value.problems] == [
        "possible: must contain the value, Tier 2",
        "missing: must name the facts that would settle it",
    ]


def test_tier_tables_count_the_large_companies_of_maven(shared_data: Path) -> None:
    """Real accounts: revenue in millions is scaled exactly, so that the threshold itself counts."""
    market = sources.read("maven", shared_data / "maven_crm").companies
    staff = company.employees >= 5_000
    revenue = company.annual_revenue >= 2_741_370_000

    def found(condition: Condition) -> int:
        decide = mf.TierTable([mf.Rule(mf.Tier(1), condition)], mf.Tier(2)).compile()
        return sum(decide(record).value == mf.Tier(1) for record in market)

    assert (len(market), found(staff), found(revenue), found(staff & revenue)) == (85, 27, 22, 21)


def test_rules_of_other_questions_ask_for_a_tier_by_its_key() -> None:
    """S8: Tier 1 is higher than Tier 2, so "at least Tier 2" holds for Tier 1."""
    scale = Scale(ladder=(mf.Tier(3).key, mf.Tier(2).key, mf.Tier(1).key))
    tier = LevelTerm(Fact("product.tier", "level", scale=scale))
    policy = mf.DecisionTable((mf.Rule("go", tier.at_least(mf.Tier(2))),), "wait")

    def answer(decision: mf.Decision[mf.Tier]) -> str:
        record = SimpleNamespace(tier=decision)
        return mf.explain(policy, {"product": record}).decision.text()

    first, third = mf.Tier(1), mf.Tier(3)
    assert answer(mf.decided(first, because="large")) == "go"
    assert answer(mf.decided(third, because="small")) == "wait"
    waiting = mf.undecided(third, possible=[first, third], missing=["employees"], because="?")
    assert answer(waiting) == "undecided: go or wait"


@pytest.mark.parametrize(
    ("possible", "missing", "said"),
    [
        (
            None,
            None,
            [
                "possible: must be a list, not NoneType None",
                "missing: must be a list, not NoneType None",
            ],
        ),
        (
            [mf.Tier(1), 3],
            [3, "region"],
            ["possible[1]: must be a Tier, not int", "missing[0]: must be text, not int"],
        ),
        ([mf.Tier(1)], "region", ["missing: must be a list, not str 'region'"]),
    ],
)
def test_what_an_undecided_answer_names_is_listed(
    possible: Any, missing: Any, said: list[str]
) -> None:
    """Tiers and names of facts stand in lists; a lone text is not taken for its letters."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.undecided(mf.Tier(1), possible=possible, missing=missing, because="?")

    assert [str(problem) for problem in caught.value.problems] == said


class Regional:
    """A policy in Python that was made with options."""

    kind = "acme/regional/1"
    tiers = (mf.Tier(1), mf.Tier(4))

    def __init__(self, *, near: str = "近畿") -> None:
        self.options: dict[str, Any] = {"near": near}

    def tier_for(
        self,
        company: mf.Company,
        product: mf.Product,  # noqa: ARG002 - the protocol passes it
        /,
        *,
        as_of: date,  # noqa: ARG002 - the protocol passes it
    ) -> mf.Decision[mf.Tier]:
        if company.region is None:
            return mf.undecided(self.tiers[1], possible=self.tiers, missing=["region"], because="?")
        near = company.region == self.options["near"]
        return mf.decided(self.tiers[not near], because="region")


CARD = mf.TierScorecard(
    items=[
        mf.ScoreItem(40, company.employees >= 300, key="large"),
        mf.ScoreItem(
            20, company.industry == "製造業", key="maker", because=mf.Label("maker", "製造")
        ),
        mf.ScoreItem(-30, company.relationships.contains_any("competitor"), key="rival"),
    ],
    bands=[mf.Band(60, mf.Tier(1)), mf.Band(20, mf.Tier(2))],
    otherwise=mf.Tier(4),
)
NAMELESS = mf.TierLimit(
    best=mf.Tier(2),
    when=company.corporate_number.is_missing(),
    key="nameless",
    because=mf.Label("no corporate number", "法人番号なし"),
)
RIVAL = mf.TierLimit(worst=mf.Tier(3), when=company.employees >= 5_000)
KNOWN: dict[str, Any] = {"industry": "製造業", "corporate_number": "7010001999999"}


class TestScorecards:
    def test_points_add_up_to_a_band(self) -> None:
        """S6: the highest band reached decides; the reason tells what each part is for."""
        decision = CARD.tier_for(mf.Company(1, employees=300, **KNOWN), PRODUCTS[0], as_of=DAY)

        assert (decision.value, decision.rule, decision.settled) == (mf.Tier(1), "60+", True)
        assert decision.because.en == "60 points: employees at least 300 people +40, maker +20"
        assert decision.because.ja == "60点：従業員数 300人以上 +40、製造 +20"
        assert (CARD.kind, CARD.tiers) == (
            "mpfunnel/tier-scorecard/1",
            (mf.Tier(1), mf.Tier(2), mf.Tier(4)),
        )

    def test_unknown_points_leave_bands_open(self) -> None:
        """S6: what is unknown is an interval, and every band that meets it is possible."""
        decision = CARD.tier_for(mf.Company(1, industry="製造業"), PRODUCTS[0], as_of=DAY)

        assert decision.text() == "undecided: Tier 1 or Tier 2"
        assert (decision.value, decision.missing) == (mf.Tier(2), ("company.employees",))
        assert decision.because.en == (
            "20 points: employees at least 300 people +0 (unknown), maker +20"
        )

    def test_a_scorecard_pickles_without_its_compiled_function(self) -> None:
        """A scorecard travels as its items and decides equally on the other side."""
        record = mf.Company(1, employees=300)
        before = CARD.tier_for(record, PRODUCTS[0], as_of=DAY)
        copy = pickle.loads(pickle.dumps(CARD))
        assert copy == CARD
        assert copy.tier_for(record, PRODUCTS[0], as_of=DAY) == before == CARD.compile()(record)


class TestLimits:
    def test_never_the_best_without_a_corporate_number(self) -> None:
        """The limit decides, with its reason; what it moved stands beside it (law 3)."""
        limits = mf.TierLimits(CARD, [NAMELESS])
        record = mf.Company(1, employees=300, industry="製造業")

        decision = limits.tier_for(record, PRODUCTS[0], as_of=DAY)

        assert (decision.value, decision.rule) == (mf.Tier(2), "nameless")
        assert decision.because.ja == "法人番号なし"
        assert decision.instead_of == CARD.tier_for(record, PRODUCTS[0], as_of=DAY)
        assert decision.text() == "undecided: Tier 1 or Tier 2"
        assert decision.missing == ("company.corporate_number",)
        known = limits.tier_for(mf.Company(1, employees=300, **KNOWN), PRODUCTS[0], as_of=DAY)
        assert (known.value, known.rule, known.settled) == (mf.Tier(1), "60+", True)
        assert known.instead_of is None
        assert [part.key for part in known.parts] == ["large", "maker"]

    def test_a_limit_that_can_move_nothing_asks_for_nothing(self) -> None:
        """Law 2: only limits that bear on what is possible leave it open."""
        decision = mf.TierLimits(CARD, [NAMELESS]).tier_for(
            mf.Company(1, employees=5, industry="小売業"), PRODUCTS[0], as_of=DAY
        )
        assert (decision.value, decision.settled, decision.missing) == (mf.Tier(4), True, ())

    def test_limits_hold_in_their_order(self) -> None:
        """Each limit sees what those before it have left; the last one that moved it is named."""
        worst = mf.TierLimit(worst=mf.Tier(1), when=company.employees >= 300, key="worst")
        record = mf.Company(1, employees=300)
        for limits, said in (
            ([NAMELESS, worst], (mf.Tier(1), "worst")),
            ([worst, NAMELESS], (mf.Tier(2), "nameless")),
        ):
            decision = mf.TierLimits(CARD, limits).compile()(record)
            assert (decision.value, decision.rule) == said
        assert mf.TierLimits(CARD, [worst]).tiers == (mf.Tier(1), mf.Tier(2), mf.Tier(4))
        assert mf.TierLimits(CARD, [RIVAL]).tiers == tuple(map(mf.Tier, (1, 2, 3, 4)))

    @pytest.mark.parametrize("policy", [CARD, TIERS["crm"], Regional()])
    def test_limits_pickle(self, policy: Any) -> None:
        """Limits travel with their policy and decide equally on the other side."""
        limits = mf.TierLimits(policy, [NAMELESS, RIVAL])
        copy = pickle.loads(pickle.dumps(limits))
        assert [one.key for one in copy.limits] == ["nameless", "limit-2"]
        assert copy.kind == "mpfunnel/tier-limits/1"
        for record in generate(40, seed=3, as_of=DAY).companies:
            told = limits.tier_for(record, PRODUCTS[0], as_of=DAY)
            assert copy.tier_for(record, PRODUCTS[0], as_of=DAY) == told

    def test_a_policy_in_python_may_have_limits(self) -> None:
        """The limits ask about the company by themselves, whatever the policy asks."""
        limits = mf.TierLimits(Regional(), [NAMELESS])
        unknown = limits.tier_for(mf.Company(1), PRODUCTS[0], as_of=DAY)
        assert unknown.text() == "undecided: Tier 1 or Tier 2 or Tier 4"
        assert unknown.missing == ("company.region", "company.corporate_number")
        near = mf.Company(1, region="近畿")
        engine = mf.Engine(evolve(mf.starter(["crm"]), tiers=limits))
        told = engine.tier_for(near, "crm", as_of=DAY)
        assert (told.value, told.rule) == (mf.Tier(2), "nameless")
        assert told.version == engine.version
        assert engine.explain("tier", near, "crm", as_of=DAY, lang="ja").splitlines() == [
            "未判定: Tier 1・Tier 2 — 法人番号なし [nameless]",
            "不足項目: 法人番号 (company.corporate_number)",
            "制限前: Tier 1 — region [policy]",
        ]
        plain = engine.explain("tier", mf.Company(1, region="関東"), "crm", as_of=DAY, lang="en")
        assert plain == "Tier 4 — region [policy]"

    def test_an_explanation_tells_what_a_limit_moved(self) -> None:
        """Law 3: the limit, what stood before it, every item and every limit."""
        engine = mf.Engine(evolve(mf.starter(["crm"]), tiers=mf.TierLimits(CARD, [NAMELESS])))
        record = mf.Company(1, employees=300, industry="製造業")
        told = engine.explain("tier", record, "crm", as_of=DAY, lang="en").splitlines()
        assert told[:3] == [
            "undecided: Tier 1 or Tier 2 — no corporate number [nameless]",
            "missing: corporate number (company.corporate_number)",
            "instead of: Tier 1 — 60 points: employees at least 300 people +40, maker +20 [60+]",
        ]
        assert told[-2] == "  yes nameless → Tier 2"

    def test_a_broken_policy_is_named_by_its_own_kind(self) -> None:
        """What a policy under limits does wrong is told of the policy, not of the limits."""

        class Broken(Regional):
            kind = "acme/broken/1"

            def tier_for(self, *_: Any, **__: Any) -> Any:
                return 3

        book = evolve(mf.starter(["crm"]), tiers=mf.TierLimits(Broken(), [NAMELESS]))
        with pytest.raises(mf.PolicyError, match="acme/broken/1 on company 1: int 3"):
            mf.Engine(book).tier_for(mf.Company(1), "crm", as_of=DAY)


OFFICE = [mf.Product(key, family="office") for key in ("docs", "mail", "calls")]


class TestFamilies:
    def test_own_before_family_before_all(self) -> None:
        """A product has its own policy, or that of its family, or that of all others."""
        book = evolve(
            mf.starter([*OFFICE, "crm"]),
            tiers={"*": TIERS["crm"], "family:office": CARD, "calls": Regional()},
        )
        assert {key: one.kind for key, one in book.tiers.items()} == {
            "docs": CARD.kind,
            "mail": CARD.kind,
            "calls": "acme/regional/1",
            "crm": TIERS["crm"].kind,
        }
        one_by_one = evolve(book, tiers={**book.tiers})
        assert (one_by_one, one_by_one.version) == (book, book.version)

    def test_engagement_takes_the_same_keys(self) -> None:
        """The models of engagement stand under the same keys."""
        book = mf.starter([*OFFICE, "crm"])
        model = book.engagement["crm"]
        other = evolve(model, half_life_days=7)
        found = evolve(book, engagement={"family:office": other, "*": model}).engagement
        assert [found[key].half_life_days for key in ("docs", "crm")] == [7, model.half_life_days]

    def test_integer_ids_have_families_too(self) -> None:
        """S18: ids that are integers stand beside the words for several products."""
        products = [mf.Product(1, family="office"), mf.Product(2)]
        book = evolve(mf.starter(products), tiers={"family:office": CARD, 2: TIERS["crm"]})
        assert book.tiers[1] is CARD


class TestFiles:
    @pytest.mark.parametrize("suffix", [".toml", ".json"])
    def test_a_policy_in_python_comes_back_from_a_file(self, suffix: str, tmp_path: Path) -> None:
        """Law 8: Round trip: kind and options stand in the file, the code is the caller's."""
        path = tmp_path / f"book{suffix}"
        limits = mf.TierLimits(Regional(near="関東"), [NAMELESS])
        book = evolve(mf.starter(["crm", "sfa"]), tiers={"crm": limits, "sfa": Regional()})
        mf.dump(book, path)

        again = mf.load(path, kinds=[Regional])

        assert again.version == book.version
        assert again.tiers["crm"].tiers == limits.tiers
        for region in (None, "関東", "近畿"):
            record = mf.Company(1, region=region)
            for product_id in ("crm", "sfa"):
                told = mf.Engine(again).tier_for(record, product_id, as_of=DAY)
                assert told == mf.Engine(book).tier_for(record, product_id, as_of=DAY)
        with pytest.raises(mf.DecodeError, match=r"no such kind 'acme/regional/1'; known are sco"):
            mf.load(path)

    def test_options_count_in_the_version(self) -> None:
        """A policy with other options may decide otherwise: the version says so."""
        one, same, other = (
            evolve(mf.starter(["crm"]), tiers=Regional(near=near)).version
            for near in ("近畿", "近畿", "関東")
        )
        assert one == same != other

    def test_a_float_among_options_keeps_the_version(self) -> None:
        """What a file gives back of a float are its digits, which mean the same."""
        policy = Regional()
        policy.options = {"share": 0.1, "of": (1, [2])}
        book = evolve(mf.starter(["crm"]), tiers=policy)

        def made(**options: Any) -> Regional:
            found = Regional()
            found.options = options
            return found

        vars(made)["kind"] = Regional.kind
        again = codec.from_data(codec.to_data(book), kinds=[made])
        assert again.version == book.version

    def test_what_a_policy_refuses_may_be_anything(self) -> None:
        """An error that cannot even be written is a problem with its path, like any other."""

        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError("cannot be written")

        def made(address: str) -> Regional:
            raise MuteError if address == "mute" else ValueError(address)

        vars(made)["kind"] = Regional.kind
        data = codec.to_data(mf.starter(["crm"]))
        said: list[str] = []
        for address in ("mute", "taro@example.jp"):
            tiers = {"*": {"kind": Regional.kind, "options": {"address": address}}}
            with pytest.raises(mf.DecodeError) as caught:
                codec.from_data({**data, "tiers": tiers}, kinds=[made])
            said.append(str(caught.value))
        refuses = "tiers.*.options: acme/regional/1 refuses them"
        assert said == [f"{refuses}: MuteError: …", f"{refuses}: ValueError: t…@….jp"]
