"""The playbooks of the folder `examples/`: what they answer, and on which days."""

from __future__ import annotations

import runpy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.codec import to_data
from mpfunnel.stages import Deadline

FOLDER = Path(__file__).parents[1] / "examples"


def example(name: str) -> dict[str, Any]:
    """What a script of the folder defines."""
    return runpy.run_path(str(FOLDER / f"{name}.py"))


@pytest.mark.parametrize("name", ["derived_journey", "success_path"])
def test_an_example_prints_what_its_account_went_through(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each script runs as it stands, and its playbook survives a file (law 8)."""
    pytest.importorskip("holidays")
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    assert "customer" in capsys.readouterr().out.splitlines()[-1]
    book = mf.load(FOLDER / f"{name}.toml")
    assert mf.load(to_data(book)) == book


class TestDerivedJourney:
    """Stages asked from the last to the first; the first that is met is the stage."""

    def test_the_days_follow_from_the_records(self) -> None:
        """The minutes of all people of a company add up, and fall out after 90 days; a company goes
        back as soon as a criterion no longer holds.
        """
        script = example("derived_journey")
        found = script["journey"](script["EXAMPLE"], start=date(2026, 1, 1), end=date(2026, 12, 31))
        assert found == [
            (date(2026, 1, 1), "qualified", "qualified"),
            (date(2026, 1, 10), "aware", "aware"),
            (date(2026, 2, 2), "engaged", "engaged"),
            (date(2026, 3, 2), "mqa", "mqa"),
            (date(2026, 5, 3), "engaged", "engaged"),
            (date(2026, 5, 31), "qualified", "qualified"),
            (date(2026, 9, 1), "opportunity", "opportunity"),
            (date(2026, 11, 20), "customer", "customer"),
        ]

    @pytest.mark.parametrize(
        ("known", "key"),
        [
            ({}, "all_other"),
            ({"qualification_score": 69}, "all_other"),
            ({"qualification_score": 70}, "qualified"),
            ({"qualification_score": 70, "pipeline_predict": 84}, "qualified"),
            # The later stage is asked first, whatever an earlier one says.
            ({"qualification_score": 0, "pipeline_predict": 85}, "mqa"),
        ],
    )
    def test_the_first_match_from_the_end_decides(self, known: Any, key: str) -> None:
        """What is unknown meets no criterion, and leaves the answer undecided."""
        script = example("derived_journey")
        account = script["as_one"](mf.Account(mf.Company("c", attributes=known)))
        stage = mf.Engine(script["PLAYBOOK"]).stage_for(account, "c", as_of=date(2026, 6, 1))
        assert stage.value.key == key
        assert stage.settled is (len(known) == 2)

    def test_a_company_is_needed(self) -> None:
        """People without company have no journey of one; a company with a history has."""
        as_one = example("derived_journey")["as_one"]
        with pytest.raises(ValueError, match="no journey"):
            as_one(mf.Account(None, leads=[mf.Lead(1)]))
        history = mf.CompanyHistory(mf.Company("c"))
        assert as_one(mf.Account(history)).leads == (mf.Lead("c", "c"),)

    def test_tables_say_the_same(self) -> None:
        """Law 1: it remembers nothing, so that whole tables can be asked."""
        polars = pytest.importorskip("polars")
        script = example("derived_journey")
        account, book = script["as_one"](script["EXAMPLE"]), script["PLAYBOOK"]
        rows = [
            {
                "id": one.id,
                "lead_id": one.lead_id,
                "kind": one.kind,
                "at": one.at,
                "product_id": next(iter(one.product_ids), None),
            }
            for one in account.activities
        ]
        for day in (date(2026, 2, 2), date(2026, 5, 2), date(2026, 5, 3), date(2026, 8, 1)):
            told = frames.assess(
                mf.Engine(book),
                companies=polars.DataFrame(
                    {"id": ["c"], "qualification_score": [82], "pipeline_predict": [None]},
                    schema_overrides={"pipeline_predict": polars.Int64},
                ),
                leads=polars.DataFrame({"id": ["c"], "company_id": ["c"]}),
                activities=polars.DataFrame(rows),
                as_of=day,
            )
            stage = mf.Engine(book).stage_for(account, "c", as_of=day)
            assert told.leads["stage"].to_list() == [stage.value.key]


class TestSuccessPath:
    """A path of inventory, gate and SLA, with detours and ways back."""

    def test_a_detour_and_the_way_back(self) -> None:
        """To sales before Golden Week, handed back too late, and in autumn on to a contract."""
        pytest.importorskip("holidays")
        script = example("success_path")
        book, end = script["PLAYBOOK"], date(2026, 12, 31)
        history = script["history_of"](script["EXAMPLE"], "sato", start=date(2026, 4, 1), end=end)
        limits = [
            book.funnel.deadline(entry, as_of=end, zone=book.zone) for entry in history.entries
        ]
        found = [
            (
                entry.stage,
                (entry.entered + timedelta(hours=9)).date(),
                entry.kind,
                limit and limit.due,
                limit and limit.breached_since,
            )
            for entry, limit in zip(history.entries, limits, strict=True)
        ]
        assert found == [
            ("known", date(2026, 4, 1), "forward", None, None),
            ("engaged", date(2026, 4, 20), "forward", None, None),
            ("mql", date(2026, 5, 1), "forward", date(2026, 5, 1), None),
            # Two business days from a Friday before Golden Week.
            ("sales_lead", date(2026, 5, 1), "forward", date(2026, 5, 8), date(2026, 5, 9)),
            ("recycled", date(2026, 5, 12), "recycle", None, None),
            ("mql", date(2026, 9, 1), "re-entry", date(2026, 9, 1), None),
            ("sales_lead", date(2026, 9, 1), "forward", date(2026, 9, 3), None),
            ("sales_accepted", date(2026, 9, 3), "forward", date(2026, 10, 3), None),
            ("opportunity", date(2026, 9, 10), "forward", None, None),
            ("customer", date(2026, 11, 20), "forward", None, None),
        ]
        assert history.latest("mql").pursuit == history.first("mql").pursuit == 1

    def test_the_gate_asks_whether_the_company_fits(self) -> None:
        """Who does not pass is late in the gate from the next day on."""
        script = example("success_path")
        book, day = script["PLAYBOOK"], date(2026, 5, 1)
        small = evolve(script["EXAMPLE"], company=mf.Company("c", employees=20))
        stage = mf.Engine(book).stage_for(small, "sato", as_of=day)
        assert (stage.value.key, stage.rule) == ("mql", "raised-hand")
        history = script["history_of"](small, "sato", start=date(2026, 4, 1), end=day)
        limit = book.funnel.deadline(history.current, as_of=date(2026, 5, 2), zone=book.zone)
        assert limit == Deadline("mql", day, date(2026, 5, 2))
        # As long as nobody knows how large the company is, both are possible.
        unknown = evolve(small, company=mf.Company("c"))
        stage = mf.Engine(book).stage_for(unknown, "sato", as_of=day)
        assert {one.key for one in stage.possible} == {"mql", "sales_lead"}
        assert stage.missing == ("company.employees",)

    def test_recycling_needs_a_reason(self) -> None:
        """Nobody hands a lead back without saying why, and only where the path says so."""
        funnel = example("success_path")["PLAYBOOK"].funnel
        at = datetime(2026, 5, 1, tzinfo=UTC)
        history = mf.StageHistory("sato")
        for stage in ("known", "engaged", "mql", "sales_lead"):
            history = funnel.move(history, stage, at=at, cause="api")
        with pytest.raises(mf.TransitionError, match=r"move.reason: is needed to move a lead to"):
            funnel.move(history, "recycled", at=at, cause="person", by="Sato")
        with pytest.raises(mf.TransitionError) as refused:
            funnel.move(history, "customer", at=at, cause="import")
        assert [one.to for one in refused.value.allowed] == [
            "known",
            "engaged",
            "sales_accepted",
            "recycled",
            "disqualified",
        ]
        history = funnel.move(history, "recycled", at=at, cause="person", reason="timing")
        history = funnel.move(history, "mql", at=at, cause="person")
        assert [one.stage for one in history.entries][-2:] == ["recycled", "mql"]

    def test_a_sales_lead_that_nobody_answers_fades(self) -> None:
        """The hand is down after 60 days; a warning is due a week before."""
        script = example("success_path")
        account = evolve(script["EXAMPLE"], sales_events=[])
        change = mf.next_stage_change(account, script["PLAYBOOK"], "sato", as_of=date(2026, 5, 1))
        assert change is not None
        assert (change.before.key, change.after.key) == ("sales_lead", "known")
        assert (change.day, change.warn_on) == (date(2026, 6, 30), date(2026, 6, 23))
