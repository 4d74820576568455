"""S20: where a lead's history is kept, it says the stage; what the facts warrant stands beside."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel.stages import Cause, Entry, in_force
from tests.leads import AS_OF, book_of, draw_account
from tests.policies import randoms

NOON = datetime(2026, 3, 2, 3, tzinfo=UTC)
DAY = date(2026, 3, 31)
ENGINE = mf.Engine(mf.starter(["crm", "sfa"]))
FUNNEL = ENGINE.playbook.funnel
ACCOUNT = mf.Account(
    mf.Company("c"),
    leads=[mf.Lead("l", "c"), mf.Lead("m", "c")],
    activities=[mf.Activity(1, "l", "inquiry", NOON + timedelta(days=20), ["crm"])],
)


def moved(*stages: str, lead: str = "l", cause: Cause = "import", **more: Any) -> mf.StageHistory:
    """A history whose moves follow each other by a day."""
    history = mf.StageHistory(lead)
    for day, stage in enumerate(stages):
        at = NOON + timedelta(days=day)
        history = FUNNEL.move(history, stage, at=at, cause=cause, **more)
    return history


def stage(history: mf.StageHistory, as_of: date = DAY) -> mf.Stage:
    """Where the lead stands."""
    account = evolve(ACCOUNT, histories=[history])
    return ENGINE.stage_for(account, "l", as_of=as_of)


def test_the_history_says_the_stage() -> None:
    """S20: the stage is that of the current entry, settled, with its products and its reason; what
    the facts warrant stands beside it.
    """
    history = moved("inquiry", "sal", reason="called", by="Sato", for_products=["sfa"])
    found = stage(history)
    assert (found.value.key, found.for_products, found.settled) == ("sal", ("sfa",), True)
    assert found.value.label.ja == "SAL"
    assert (found.rule, found.version, found.missing) == ("history", ENGINE.version, ())
    assert found.because.en == "in the history since 2026-03-03 (moved by an import, called, Sato)"
    assert found.because.ja == "履歴による（2026-03-03から、インポートによる移動、called、Sato）"
    assert found.entry == history.current
    assert (found.warranted.value.key, found.warranted.for_products) == ("mql", ("crm",))
    assert found.warranted.rule == "mql"
    assert pickle.loads(pickle.dumps(found)) == found


def test_without_a_history_the_stage_is_the_warranted_one() -> None:
    """S20: where none is kept, or the kept one is empty, the facts say the stage."""
    found = ENGINE.stage_for(ACCOUNT, "l", as_of=DAY)
    assert found.entry is None
    assert found.decision == found.warranted.decision
    assert found.for_products == found.warranted.for_products == ("crm",)
    assert stage(mf.StageHistory("l")) == found


@pytest.mark.parametrize(
    ("as_of", "key"),
    [(date(2026, 3, 1), "known"), (date(2026, 3, 2), "inquiry"), (date(2026, 3, 3), "mql")],
)
def test_later_entries_never_count(as_of: date, key: str) -> None:
    """Law 5: The future does not change the past: the entry at the end of the day counts, in the
    zone of the playbook, and one that was left later was not left then.
    """
    history = moved("inquiry", "mql", "sal")
    assert stage(history, as_of).value.key == key
    # 15:00 in UTC is the next day in Tokyo.
    late = FUNNEL.move(history, "sql", at=datetime(2026, 3, 9, 15, tzinfo=UTC), cause="api")
    assert stage(late, date(2026, 3, 9)).value.key == "sal"
    assert stage(late, date(2026, 3, 10)).value.key == "sql"


def test_of_several_moves_in_a_day_the_last_one_counts() -> None:
    """What was left within the day was not in force at its end; imputed stages never are."""
    history = FUNNEL.move(moved("known"), "sal", at=NOON, cause="api")
    assert stage(history, date(2026, 3, 2)).value.key == "sal"


def test_a_stage_that_the_funnel_no_longer_has_is_said_to_be_so() -> None:
    """An entry stays as it was recorded after the funnel has changed."""
    entry = evolve(moved("mql").entries[-1], stage="hot", number=1)
    found = stage(mf.StageHistory("l", [entry]))
    assert (found.value.key, found.settled) == ("hot", True)
    assert found.because.en.endswith("; the funnel no longer has this stage")
    assert found.because.ja.endswith("。今のファネルにはない段階")
    assert found.warranted.value.key == "mql"


def test_the_gate_takes_what_is_warranted() -> None:
    """`reconcile` asks what the facts warrant, though the account holds the history."""
    history = moved("inquiry")
    at = datetime(2026, 3, 31, tzinfo=UTC)
    proposal = FUNNEL.reconcile(history, stage(history), as_of=at, new_fact_at=at)
    assert [move.to for move in proposal.moves] == ["mql"]
    assert proposal.moves[0].reason == "mql"
    history = FUNNEL.apply(history, proposal.moves)
    assert stage(history).value.key == "mql"
    assert FUNNEL.reconcile(history, stage(history), as_of=at).moves == ()


def test_the_explanation_shows_both() -> None:
    """Why a lead is where it is, and where it would be by its facts."""
    account = evolve(ACCOUNT, histories=[moved("sal", cause="person", by="Sato")])
    text = ENGINE.explain("stage", account, "l", as_of=DAY, lang="en")
    lines = text.splitlines()
    assert lines[0] == "SAL — in the history since 2026-03-02 (moved by a person, Sato) [history]"
    assert lines[1].startswith("warranted by the facts: MQL — raised a hand, or ")
    assert "warranted" not in ENGINE.explain("stage", ACCOUNT, "l", as_of=DAY, lang="en")
    assert "事実に基づく段階: MQL" in ENGINE.explain("stage", account, "l", as_of=DAY, lang="ja")


def test_a_move_shows_as_a_change() -> None:
    """What is stored and what is told of an account is the stage in the history."""
    old = ENGINE.assess(evolve(ACCOUNT, histories=[moved("mql")]), as_of=DAY)
    new = ENGINE.assess(evolve(ACCOUNT, histories=[moved("mql", "sal")]), as_of=DAY)
    moves = [(one.what, one.before, one.after) for one in mf.changes(old, new)]
    assert moves == [("stage", "mql", "sal"), ("play", "call_back", "meet")]
    row = new.rows()["leads"][0]
    assert (row["stage"], row["rule"], row["possible"]) == ("sal", "history", "sal")
    assert new.leads["m"].stage.entry is None


class TestRejects:
    def rejects(self, *histories: mf.StageHistory, as_of: date = DAY) -> list[tuple[str, Any, str]]:
        """Of each reject: its table, its id, and the code of the reason."""
        account = evolve(ACCOUNT, histories=histories)
        found = ENGINE.assess(account, as_of=as_of).rejects
        assert {one.record for one in found} <= set(histories)
        return [(one.table, one.id, one.code) for one in found]

    def test_a_history_of_nobody(self) -> None:
        """Law 7: Nothing is lost: a history of a lead that is not given is a reject."""
        assert self.rejects(moved("mql", lead="x")) == [("histories", "x", "unknown-lead")]

    def test_equal_histories_count_once(self) -> None:
        """S17: equal ones collapse."""
        assert self.rejects(moved("mql"), moved("mql")) == []

    def test_histories_of_one_lead_that_differ(self) -> None:
        """S17: which one is meant cannot be told, so that none counts, whatever their order."""
        given = [moved("mql"), moved("sal"), moved("mql"), moved("sql", lead="m")]
        for order in permutations(given):
            assert self.rejects(*order) == [("histories", "l", "conflict")] * 2
            found = ENGINE.assess(evolve(ACCOUNT, histories=order), as_of=DAY)
            assert found.leads["l"].stage.entry is None
            assert found.leads["m"].stage.value.key == "sql"

    def test_what_is_later_rejects_nothing(self) -> None:
        """Law 5: histories that differ in what happened later are the same as of a day before."""
        given = moved("mql"), moved("mql", "sal"), moved("mql", "sql")
        assert self.rejects(*given, as_of=date(2026, 3, 2)) == []
        assert len(self.rejects(*given, as_of=date(2026, 3, 3))) == 3
        assert self.rejects(moved("mql", lead="x"), as_of=date(2026, 3, 1)) == []


class TestMerged:
    def test_before_a_merge_each_lead_was_where_it_was(self) -> None:
        """The lead that gives a merged history its id stands where it stood itself."""
        one, other = moved("inquiry", lead="m"), moved("mql", "sal")
        for pair in permutations([one, other]):
            merged = FUNNEL.merge(*pair, at=NOON + timedelta(days=9))
            assert merged.lead_id == "l"
            assert stage(merged, date(2026, 3, 2)).value.key == "mql"
            assert stage(merged).value.key == "sal"

    def test_the_other_lead_counts_where_the_own_one_was_not_there_yet(self) -> None:
        """Somebody else's entry is better than none."""
        (_, entry) = moved("inquiry", lead="m").entries
        assert in_force("l", [entry]) == entry
        assert in_force("l", [evolve(entry, of_lead="l", number=1), entry]) != entry

    def test_there_may_be_none(self) -> None:
        """Of leads that were left for another one, none need have gone on yet."""
        entry = evolve(moved("inquiry").entries[0], left=NOON)
        after = evolve(entry, of_lead="m", entered=NOON + timedelta(days=9), left=None)
        history = mf.StageHistory("l", [entry, after])
        assert stage(history, date(2026, 3, 4)).entry is None
        assert stage(history).entry == after


@settings(max_examples=30)
@given(randoms())
def test_a_history_changes_nothing_but_the_stage(random: Any) -> None:
    """All else that is said of an account is the same as without its histories, and what is
    warranted is the stage that it had.
    """
    book = book_of(random.randrange(6))
    engine, as_of = mf.Engine(book), random.choice(AS_OF)
    account = draw_account(random, book, as_of)
    stages = [*book.funnel.graph]
    histories: list[mf.StageHistory] = []
    for lead in dict.fromkeys(one.id for one in account.leads):
        at = datetime(2000, 1, 1, tzinfo=UTC)
        entry = Entry(lead, 1, 1, random.choice(stages), at, None, "forward", "api")
        histories.append(mf.StageHistory(lead, [entry]))
    bare = engine.assess(account, as_of=as_of)
    kept = engine.assess(evolve(account, histories=histories), as_of=as_of)
    own = tuple(one for one in kept.rejects if one.table != "histories")
    assert own == bare.rejects
    for lead_id, one in kept.leads.items():
        was = bare.leads[lead_id]
        assert evolve(one, stage=was.stage) == was
        assert one.stage.warranted == was.stage.warranted
        assert one.stage.pursuits == was.stage.pursuits
        assert one.stage.entry is not None
        assert one.stage.value.key == one.stage.entry.stage
