"""Rules that ask for the stage in which the lead is: one step after the other, until it stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel import case
from mpfunnel.errors import InvalidDataError, PlaybookError, PolicyError
from mpfunnel.facts import PursuitFacts, any_product, company, product, pursuit
from mpfunnel.history import kept, replay
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import Rule
from mpfunnel.stages import Step, furthest, stage_so_far, stepped
from tests.leads import draw_account, draw_as_of
from tests.policies import randoms
from tests.steps import EVIDENT, IN, LATENT, STEPS, UNSET, drawn_engine, funnel_of

DAY = timedelta(1)
BASE = evolve(mf.starter(["crm", "sfa"], zone="UTC"), plays=mf.Plays())
TODAY = date(2026, 6, 1)


def engine_of(*rules: tuple[mf.FunnelStage, Any], **more: Any) -> mf.Engine:
    """An engine of a funnel with three stages and these rules."""
    return mf.Engine(evolve(BASE, funnel=funnel_of(*rules, **more)))


LADDER = mf.Engine(evolve(BASE, funnel=STEPS))


def account(*ages: int, products: Any = ("crm",), **more: Any) -> mf.Account:
    """A lead that asked for a demo so many days ago, about a product each."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    did = [
        mf.Activity(n, "l", "demo_request", noon - timedelta(days=age), products)
        for n, age in enumerate(ages)
    ]
    return mf.Account(mf.Company("c"), leads=[mf.Lead("l", "c")], activities=did, **more)


def entry(stage: str, *products: str, day: date = TODAY) -> mf.StageHistory:
    """The history of a lead that came to a stage."""
    at = datetime.combine(day, time(), UTC)
    return LADDER.playbook.funnel.move(
        mf.StageHistory("l"), stage, at=at, cause="api", for_products=products
    )


class TestOneAnswer:
    def test_without_a_history_a_lead_is_at_the_start(self) -> None:
        """Where no history is kept, the stage so far is that of a lead without any pursuit; rules
        are asked again from where they lead to, until they leave the lead there.
        """
        assert LADDER.stage_for(account(), "l", as_of=TODAY).value == UNSET
        once = LADDER.stage_for(account(2), "l", as_of=TODAY)
        assert (once.value, once.rule) == (LATENT, "r3")
        # To latent, and on to evident on the same facts.
        twice = LADDER.stage_for(account(2, 5), "l", as_of=TODAY)
        assert (twice.value, twice.rule, twice.for_products) == (EVIDENT, "r2", ("crm",))

    def test_from_an_entry_the_rules_say_where_it_goes(self) -> None:
        """The same facts warrant another stage from another one."""
        kept = account(2, histories=[entry("evident")])
        stage = LADDER.stage_for(kept, "l", as_of=TODAY)
        assert (stage.warranted.value, stage.warranted.rule) == (EVIDENT, "r1")
        later = LADDER.stage_for(kept, "l", as_of=TODAY + timedelta(days=28))
        assert (later.value, later.warranted.value) == (EVIDENT, LATENT)

    def test_an_entry_about_another_product_says_nothing_of_this_one(self) -> None:
        """The entry counts for the products that it names; if it names none, for all of them."""
        for products, after in ((("sfa",), LATENT), (("crm",), EVIDENT), ((), EVIDENT)):
            kept = account(2, histories=[entry("evident", *products)])
            stage = LADDER.stage_for(kept, "l", as_of=TODAY)
            assert stage.warranted.value == after
            assert stage.value == EVIDENT

    def test_a_stage_that_is_gone_is_none_of_those_that_rules_know(self) -> None:
        """Whatever is asked of it is false."""
        gone = evolve(entry("latent").entries[-1], stage="hot", number=1)
        kept = account(histories=[mf.StageHistory("l", [gone])])
        assert LADDER.stage_for(kept, "l", as_of=TODAY).warranted.value == UNSET

    def test_what_led_there_says_why_and_then_what_keeps_it_there(self) -> None:
        """The rule of a move is the reason of the move; once it is made, the one that holds it."""
        funnel, history = LADDER.playbook.funnel, entry("latent")
        stage = LADDER.stage_for(account(2, 5, histories=[history]), "l", as_of=TODAY)
        at = datetime(2026, 6, 1, 15, tzinfo=UTC)
        history = funnel.apply(history, funnel.reconcile(history, stage, as_of=at).moves)
        assert history.current is not None
        assert (history.current.stage, history.current.reason) == ("evident", "r2")
        after = LADDER.stage_for(account(2, 5, histories=[history]), "l", as_of=TODAY)
        assert (after.warranted.value, after.warranted.rule) == (EVIDENT, "r1")
        assert funnel.reconcile(history, after, as_of=at).moves == ()

    def test_every_part_of_an_answer_is_of_the_same_step(self) -> None:
        """What the pursuits warrant, the reason and the explanation are those of the last move."""
        kept = account(2, 5, histories=[entry("unset")])
        stage = LADDER.stage_for(kept, "l", as_of=TODAY)
        assert stage.pursuits["crm"].rule == stage.warranted.rule == "r2"
        text = LADDER.explain("stage", kept, "l", as_of=TODAY, lang="en")
        assert "evident — stage so far latent and active days at least 2 days [r2]" in text

    def test_a_circle_is_refused(self) -> None:
        """Rules that lead a lead from one stage to the next and back never leave it anywhere."""
        circle = engine_of((LATENT, IN.is_in("unset", "evident")), (EVIDENT, IN == LATENT))
        with pytest.raises(PolicyError) as raised:
            circle.stage_for(account(2), "l", as_of=TODAY)
        assert str(raised.value) == (
            "funnel.rules: lead 'l' goes round in a circle on the same facts, from unset to latent "
            "to evident to latent; let one rule stop where the other begins"
        )

    def test_the_explanation_shows_the_stage_so_far(self) -> None:
        """It stands among the facts that a condition saw."""
        kept = account(2, histories=[entry("latent")])
        for lang, text in (("en", "stage so far"), ("ja", "これまでの段階")):
            assert text in LADDER.explain("stage", kept, "l", as_of=TODAY, lang=lang)  # type: ignore[arg-type]

    def test_other_products_may_be_looked_at(self) -> None:
        """The stage so far is that of the pursuit, whichever product a condition ranges over."""
        engine = engine_of(
            (EVIDENT, any_product(IN.at_least("latent") & product.owned)), (LATENT, pursuit.started)
        )
        owner = account(2, contracts=[mf.Contract("c", "sfa", date(2026, 1, 1))])
        assert engine.stage_for(owner, "l", as_of=TODAY).value == EVIDENT
        assert engine.stage_for(account(2), "l", as_of=TODAY).value == LATENT


class TestUnsettled:
    def test_what_is_possible_on_the_way_is_possible_at_its_end(self) -> None:
        """S5: a stage that may be reached by way of one that is not settled is possible."""
        big = company.employees >= 300
        engine = engine_of(
            (EVIDENT, (IN == LATENT) & product.owned | (IN == EVIDENT)),
            (LATENT, (IN == LATENT) | (IN == UNSET) & pursuit.started & big),
        )
        owner = account(2, contracts=[mf.Contract("c", "crm", date(2026, 1, 1))])
        stage = engine.stage_for(owner, "l", as_of=TODAY)
        assert stage.value == UNSET
        assert set(stage.possible) >= {UNSET, EVIDENT}
        assert stage.missing == ("company.employees",)
        grown = evolve(owner, company=mf.Company("c", employees=300))
        assert engine.stage_for(grown, "l", as_of=TODAY).value == EVIDENT

    @settings(max_examples=40)
    @given(randoms())
    def test_what_becomes_known_moves_the_answer_within_what_was_possible(
        self, random: Random
    ) -> None:
        """Law 2: Unknown is not no; nor is it on the way through several stages."""
        engine = drawn_engine(random)
        as_of = draw_as_of(random)
        given = draw_account(random, engine.playbook, as_of, busy=8)
        known: dict[str, Any] = {
            "employees": random.choice((10, 49, 300)),
            "annual_revenue": random.choice((0, 10_000_000_000)),
        }
        if not isinstance(given.company, mf.Company):
            return
        open_ones = {k: v for k, v in known.items() if getattr(given.company, k) is None}
        filled = evolve(given, company=evolve(given.company, **open_ones))
        try:
            before = engine.assess(given, as_of=as_of)
            after = engine.assess(filled, as_of=as_of)
        except PolicyError:
            return
        for lead_id, one in after.leads.items():
            was = before.leads[lead_id].stage
            assert was.value in was.possible
            assert set(one.stage.possible) <= set(was.possible)
            assert one.stage.value in was.possible
            for about, warranted in one.stage.pursuits.items():
                assert warranted.value in was.pursuits[about].possible


class TestChecks:
    def test_stages_are_those_of_the_funnel(self) -> None:
        """Every level is checked where it is written, against the stages that are meant."""
        with pytest.raises(
            InvalidDataError, match=r"no such level 'latemt'; did you mean 'latent'"
        ):
            _ = IN == "latemt"
        assert (pursuit.stage.at_least("sal")) == PursuitFacts(BASE.funnel.scale).stage.at_least(
            "sal"
        )
        with pytest.raises(
            PlaybookError, match=r"pursuit.stage: has other levels than the playbook"
        ):
            engine_of((LATENT, pursuit.stage.at_least("sal")))

    def test_a_file_says_the_same(self, tmp_path: Path) -> None:
        """Law 8: Round trip; a name that is none of the funnel gets the nearest one."""
        text, file = mf.dump(LADDER.playbook), tmp_path / "playbook.toml"
        assert '"pursuit.stage" = "evident"' in text
        file.write_text(text, encoding="utf-8")
        assert mf.load(file) == LADDER.playbook
        wrong = text.replace('"pursuit.stage" = "latent"', '"pursuit.stage" = "latemt"')
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(
            InvalidDataError, match=r"no such level 'latemt'; did you mean 'latent'"
        ):
            mf.load(file)

    def test_only_the_funnel_can_ask(self) -> None:
        """Tier, interest and state come before the stage."""
        model = next(iter(BASE.engagement.values()))
        states = evolve(model.states, rules=[Rule(model.ladder[0], pursuit.stage == "sal")])
        with pytest.raises(PlaybookError, match=r"pursuit.stage: cannot be asked here"):
            evolve(BASE, engagement=evolve(model, states=states))

    def test_in_words(self) -> None:
        """A reason that nobody wrote is the condition in words, with the labels of the stages."""
        rule = Rule(1, pursuit.stage.is_in("recycled", "lost"))
        assert rule.because.en == "stage so far lost or recycled"
        assert rule.because.ja == "これまでの段階 失注、再育成"


WON = mf.FunnelStage("won", "won")
WITH_WINS = PursuitFacts(Scale(("unset", "latent", "evident", "won"))).stage


def winning(*rules: tuple[mf.FunnelStage, Any]) -> mf.Engine:
    """An engine of a funnel with these rules, in which a stage ends the pursuit."""
    made = [Rule(stage, when, key=f"r{n}") for n, (stage, when) in enumerate(rules, 1)]
    table = mf.DecisionTable(made, otherwise=UNSET)
    stages = [UNSET, LATENT, EVIDENT, WON]
    return mf.Engine(evolve(BASE, funnel=mf.Funnel(table, stages, ends=[WON, EVIDENT])))


def buyer(*products: str) -> mf.Account:
    """A lead that has bought one product, and asked for these ever since."""
    opened, closed = (datetime(2026, 5, day, tzinfo=UTC) for day in (1, 29))
    deal = mf.Deal(1, "c", opened, [mf.DealLine("crm")], "won", closed, "l")
    return account(0, products=products, deals=[deal])


def asked_once(
    engine: mf.Engine, given: mf.Account, *about: str, stage: str = "unset"
) -> list[Any]:
    """What one asking adds to a history that began before the win; the next one adds nothing."""
    funnel, at = engine.playbook.funnel, datetime(2026, 6, 1, 15, tzinfo=UTC)
    early = datetime(2026, 5, 1, tzinfo=UTC)
    history = mf.StageHistory("l")
    history = funnel.move(history, stage, at=early, cause="api", for_products=about)
    known = len(history.entries)
    for moves_on in (True, False):
        answer = engine.stage_for(evolve(given, histories=[history]), "l", as_of=TODAY)
        moves = funnel.reconcile(history, answer, as_of=at, new_fact_at=at).moves
        assert bool(moves) == moves_on
        history = funnel.apply(history, moves)
    return [(one.stage, one.for_products) for one in history.entries[known:] if not one.imputed]


def _in_latent(engine: mf.Engine) -> mf.Account:
    """A buyer whose history has led to latent for another product, before the win."""
    early = datetime(2026, 5, 1, tzinfo=UTC)
    funnel = engine.playbook.funnel
    about: dict[str, Any] = {"at": early, "cause": "api", "for_products": ("sfa",)}
    history = funnel.move(mf.StageHistory("l"), "latent", **about)
    return evolve(buyer("crm", "sfa"), histories=[history])


class TestWins:
    """What was won passes the gate at once, wherever the rules tell it."""

    touched = (LATENT, ~pursuit.won & product.touched)

    def test_a_win_that_is_told_where_the_lead_is_led(self) -> None:
        """Law 10: A move is a move: rules that tell a win of a latent lead alone tell it to the
        lead whom they make latent.
        """
        engine = winning((WON, pursuit.won & (WITH_WINS == "latent")), self.touched)
        assert asked_once(engine, buyer("crm")) == [("won", ("crm",)), ("latent", ("crm",))]

    def test_a_win_that_is_hidden_where_the_lead_is_led(self) -> None:
        """What is told on the way is not lost."""
        engine = winning((WON, pursuit.won & (WITH_WINS == "unset")), self.touched)
        assert asked_once(engine, buyer("crm")) == [("won", ("crm",)), ("latent", ("crm",))]

    def test_one_win_is_told_as_where_the_lead_ends(self) -> None:
        """Of two stages in which rules see it, the win is not passed in both."""
        engine = winning(
            (EVIDENT, pursuit.won & (WITH_WINS == "latent")), (WON, pursuit.won), self.touched
        )
        assert asked_once(engine, buyer("crm")) == [("evident", ("crm",)), ("latent", ("crm",))]

    def test_who_comes_back_from_a_win_is_led_on_from_there(self) -> None:
        """The lead comes back to its stage for the products that have come as far meanwhile, and
        rules that lead on from there for these are asked at once.
        """
        engine = winning(
            (WON, pursuit.won),
            (EVIDENT, (WITH_WINS == "evident") | (WITH_WINS == "latent") & product.owned),
            self.touched,
        )
        added = asked_once(engine, buyer("crm", "sfa"), "sfa", stage="latent")
        assert added == [("won", ("crm",)), ("evident", ("crm",))]

    def test_a_circle_behind_a_win_is_told_when_the_lead_is_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What rules make of a lead that is back in its stage is asked beforehand, and refused for
        a circle only once it is.
        """
        engine = winning(
            (WON, pursuit.won),
            (EVIDENT, (WITH_WINS == "evident") | (WITH_WINS == "latent") & product.owned),
            self.touched,
        )

        def circling(funnel: Any, lead_id: Any, pursuits: Any, ask: Any, at: Any) -> Any:
            if at.for_products != ("sfa",):
                raise PolicyError("goes round in a circle")
            return stepped(funnel, lead_id, pursuits, ask, at)

        given = _in_latent(engine)
        assert engine.stage_for(given, "l", as_of=TODAY).warranted.after_wins is not None
        monkeypatch.setattr(case, "stepped", circling)
        stage = engine.stage_for(given, "l", as_of=TODAY)
        assert (stage.warranted.wins != (), stage.warranted.after_wins) == (True, None)

    def test_who_comes_back_from_a_win_may_stay_there(self) -> None:
        """Rules that lead nowhere from there leave the lead in its stage, for all products, whether
        they see the stage or not.
        """
        seeing = (EVIDENT, (WITH_WINS == "evident") & pursuit.lost)
        for rules in ((), (seeing,)):
            engine = winning((WON, pursuit.won), *rules, self.touched)
            added = asked_once(engine, buyer("crm", "sfa"), "sfa", stage="latent")
            assert added == [("won", ("crm",)), ("latent", ("crm", "sfa"))]

    def test_a_win_does_not_take_a_lead_from_where_a_person_has_put_it(self) -> None:
        """What a person decides stands until there is a newer fact, whatever was won."""
        engine = winning(
            (WON, pursuit.won),
            (EVIDENT, (WITH_WINS == "evident") | (WITH_WINS == "latent") & product.owned),
            self.touched,
        )
        funnel, at = engine.playbook.funnel, datetime(2026, 5, 1, tzinfo=UTC)
        history = funnel.move(
            mf.StageHistory("l"), "latent", at=at, cause="person", for_products=["sfa"]
        )
        answer = engine.stage_for(
            evolve(buyer("crm", "sfa"), histories=[history]), "l", as_of=TODAY
        )
        proposal = funnel.reconcile(history, answer, as_of=at)
        assert (proposal.warranted, proposal.moves, proposal.held_by) == ("latent", (), None)

    def test_a_circle_beyond_a_win_is_refused_where_it_begins(self) -> None:
        """Rules that lead a lead round only after a win say where it is until the win passes."""
        engine = winning(
            (WON, pursuit.won), (EVIDENT, (WITH_WINS == "latent") & product.owned), self.touched
        )
        with pytest.raises(PolicyError, match="from latent to evident to latent"):
            asked_once(engine, buyer("crm", "sfa"), "sfa", stage="latent")


def check_reconcile(random: Random) -> None:
    """Apply what is proposed, and see that the same facts propose nothing more."""
    engine = drawn_engine(random)
    funnel, as_of = engine.playbook.funnel, draw_as_of(random)
    given = draw_account(random, engine.playbook, as_of, busy=8)
    at = datetime.combine(as_of, time(12), UTC)
    for lead in dict.fromkeys(one.id for one in given.leads):
        history = mf.StageHistory(lead)
        if random.random() < 0.5:
            start = random.choice([*funnel.graph])
            about = random.choice(((), (engine.playbook.products[0].id,)))
            early = at - timedelta(days=random.choice((0, 1, 50)))
            history = funnel.move(
                history, start, at=early, cause="api", reason="x", for_products=about
            )
        try:
            stage = engine.stage_for(evolve(given, histories=[history]), lead, as_of=as_of)
            moves = funnel.reconcile(history, stage, as_of=at, new_fact_at=at).moves
            history = funnel.apply(history, moves)
            again = engine.stage_for(evolve(given, histories=[history]), lead, as_of=as_of)
        except (PolicyError, mf.UnknownNameError):
            continue
        assert funnel.reconcile(history, again, as_of=at, new_fact_at=at).moves == ()


@settings(max_examples=40)
@given(randoms())
def test_reconcile_is_idempotent(random: Random) -> None:
    """Law 10: A move is a move: once what is proposed has been applied, the same facts propose
    nothing, though rules see the lead in another stage then.
    """
    check_reconcile(random)


def daily(
    timeline: mf.PlaybookTimeline, given: mf.Account, lead: Any, start: date, end: date
) -> dict[date, Any]:
    """The warranted stage of every day, each asked for by itself, and each day's move applied."""
    own = [one for one in given.histories if one.lead_id == lead]
    history = mf.StageHistory(lead)
    since = first_day(given, timeline)
    found: dict[date, Any] = {}
    day = start
    while day <= end:
        engine = timeline.on(day)
        funnel, zone = engine.playbook.funnel, ZoneInfo(engine.playbook.zone)
        account = given if own else evolve(given, histories=[history])
        stage = engine.stage_for(account, lead, as_of=day)
        said = stage.warranted
        found[day] = (said.decision, said.for_products, stage.existing_customer)
        if not own and (since is None or day >= since):
            at = datetime.combine(day, time(12), zone).astimezone(UTC)
            moves = funnel.reconcile(history, said, as_of=at).moves
            history = funnel.apply(history, moves)
        day += DAY
    return found


def first_day(given: mf.Account, timeline: mf.PlaybookTimeline) -> date | None:
    """The day of the first record, since when the gate is asked."""
    zone = ZoneInfo(timeline.entries[0][1].playbook.zone)
    instants = [one.at for one in given.activities]
    instants += [one.at for one in given.sales_events]
    instants += [at for one in given.deals for at in (one.opened_at, one.closed_at) if at]
    days = [at.astimezone(zone).date() for at in instants]
    days += [one.start for one in given.contracts]
    days += [one.since for one in given.overrides]
    if isinstance(given.company, mf.CompanyHistory):
        days += [one.since for one in given.company.changes]
    return min(days, default=None)


def test_what_was_set_by_hand_moves_a_lead_from_its_first_day() -> None:
    """An override may be the first thing that is known of an account: where it has led a lead, the
    lead is when it holds no more, whichever day a replay begins on.
    """
    engine = engine_of((LATENT, IN.at_least("latent") | (company.segment == "competitor")))
    set_to = mf.Override(
        "segment", "competitor", "Mori", "told so", TODAY, TODAY + 9 * DAY, company_id="c"
    )
    given = account(overrides=[set_to])
    for start in (TODAY, TODAY + 30 * DAY):
        told = replay(given, engine, start=start, end=TODAY + 40 * DAY)
        assert {span.value for span in told.leads["l"].stage} == {LATENT}


def since_then(of: Any, day: date) -> Any:
    """The company without what changed before the day."""
    if not isinstance(of, mf.CompanyHistory):
        return of
    return evolve(of, changes=[one for one in of.changes if one.since > day])


def check_replay(random: Random) -> bool:
    """Compare a replay with asking day by day; return whether there was anything to compare."""
    number, as_of = random.randrange(6), draw_as_of(random)
    engine = drawn_engine(random, number)
    entries: list[Any] = [(None, engine)]
    if random.random() < 0.3:
        entries.append((as_of - timedelta(days=40), drawn_engine(random, number)))
    timeline = mf.PlaybookTimeline(entries)
    given = draw_account(random, engine.playbook, as_of, busy=8)
    since = datetime.combine(as_of - timedelta(days=120), time(), UTC)
    recent = [since + timedelta(days=random.randrange(1, 130)) for _ in range(3)]

    def dated(at: datetime) -> datetime:
        return at if at > since else random.choice(recent)

    given = evolve(
        given,
        company=since_then(given.company, since.date()),
        activities=[evolve(one, at=dated(one.at)) for one in given.activities],
        sales_events=[evolve(one, at=dated(one.at)) for one in given.sales_events],
        deals=[
            evolve(
                one,
                opened_at=dated(one.opened_at),
                closed_at=one.closed_at and dated(one.closed_at),
            )
            for one in given.deals
        ],
        contracts=[one for one in given.contracts if one.start > since.date()],
        overrides=[one for one in given.overrides if one.since > since.date()],
    )
    first = as_of - timedelta(days=125)
    start = as_of - timedelta(days=random.choice((0, 10, 60)))
    end = as_of + timedelta(days=random.choice((0, 40)))
    leads = [*engine.assess(evolve(given, histories=[]), as_of=end).leads]
    for lead in leads:
        if random.random() < 0.3:
            history = mf.StageHistory(lead)
            ages = sorted(random.choices(range(100), k=2), reverse=True)
            for age, key in zip(
                ages, random.sample([*engine.playbook.funnel.graph], 2), strict=True
            ):
                at = datetime.combine(as_of - timedelta(days=age), time(9), UTC)
                if key in {one.to for one in engine.playbook.funnel.allowed(history)}:
                    history = engine.playbook.funnel.move(
                        history, key, at=at, cause="api", reason="x"
                    )
            given = evolve(given, histories=[*given.histories, history])
    told = replay(given, timeline, start=start, end=end)
    for lead in leads:
        expected = daily(timeline, given, lead, first, end)
        for span in told.leads[lead].stage:
            day = span.first_day
            while day <= span.last_day:
                assert (span.decision, span.for_products, span.existing_customer) == expected[day]
                day += DAY
    return bool(leads)


@settings(max_examples=15)
@given(randoms())
def test_a_replay_is_what_moving_on_every_day_gives(random: Random) -> None:
    """A replay of rules that see the stage so far is the same as to ask on every day and to apply
    each day's move, of leads without a history; of those that have one, it is asked from there.
    """
    try:
        check_replay(random)
    except PolicyError:
        return


def _one_step_alone(patch: pytest.MonkeyPatch) -> None:
    def once(funnel: Any, _: Any, pursuits: Any, ask: Any, at: Any) -> Any:
        found = {}
        for about, current in pursuits.items():
            here = not at.for_products or about in at.for_products
            current.stage = stage_so_far(at.stage if here else funnel.rules.otherwise)
            found[about] = current, ask(about, current)
        return found, *furthest(funnel, found), (Step(at, {}, found, *furthest(funnel, found)),)

    patch.setattr(case, "stepped", once)


def _entries_count_for_every_product(patch: pytest.MonkeyPatch) -> None:
    right = kept.Kept.current
    patch.setattr(kept.Kept, "current", lambda *given: _about_all(right(*given)))


def _about_all(entry: Any) -> Any:
    return None if entry is None else evolve(entry, for_products=())


def _nobody_is_moved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kept.Kept, "move", lambda *_: False)


def _what_keeps_a_lead_there_is_not_asked(patch: pytest.MonkeyPatch) -> None:
    right = kept.Kept.move
    patch.setattr(kept.Kept, "move", lambda *given: right(*given) and False)


def _moved_before_the_first_record(patch: pytest.MonkeyPatch) -> None:
    right = kept.Kept.since
    patch.setattr(kept.Kept, "since", lambda *given: (right(*given) or 40) - 30)


@pytest.mark.parametrize(
    ("plant", "check", "seed"),
    [
        (_one_step_alone, check_reconcile, 0),
        (_entries_count_for_every_product, check_replay, 52),
        (_nobody_is_moved, check_replay, 3),
        (_what_keeps_a_lead_there_is_not_asked, check_replay, 155),
        (_moved_before_the_first_record, check_replay, 190),
    ],
)
@pytest.mark.bulk
def test_a_planted_bug_is_caught(
    plant: Any, check: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the tests: by a seed that is known to, or else by one of the first."""
    plant(monkeypatch)
    for one in (seed, *range(200)):
        try:
            check(Random(one))
        except PolicyError:
            continue
        except AssertionError:
            return
    pytest.fail("nobody noticed")
