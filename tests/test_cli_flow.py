"""The command that writes the flow of a period as a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpfunnel.examples import STORY_DAY, generate, write_csv
from tests.cli import INVENTED, Ran, run

PLAN = "since = 2026-01-01\nwithin_days = 90\n"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a small market of the invented firm."""
    folder = tmp_path_factory.mktemp("export")
    write_csv(generate(40, as_of=STORY_DAY), folder)
    return folder


def flow(
    capsys: pytest.CaptureFixture[str],
    export: Path,
    out: Path,
    *more: object,
    plan: str = PLAN,
    first: str = "2026-07-01",
    last: str = "2026-09-30",
) -> Ran:
    """Write the flow of the third quarter of the calendar."""
    path = out.with_suffix(".toml")
    path.write_text(plan, encoding="utf-8")
    given = ("--playbook", "invented", "--source", INVENTED, "--as-of", STORY_DAY)
    days = ("--first", first, "--last", last)
    return run(capsys, "flow", export, *given, "--plan", path, *days, "--out", out, *more)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ((), ["2026年度第2四半期", "CRMクラウド", "ギャップマップ", "コホート"]),
        (("--lang", "en"), ["Q2 FY2026", "CRM Cloud", "Gap map", "Cohorts"]),
    ],
)
def test_the_flow_is_written_as_a_page(
    more: tuple[str, ...],
    wanted: list[str],
    export: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The counts stand on the terminal, too, and where the page is."""
    out = tmp_path / "flow.html"

    ran = flow(capsys, export, out, *more)

    assert (ran.code, ran.err) == (0, "")
    html = out.read_text(encoding="utf-8")
    assert [one for one in wanted if one not in html] == []
    assert wanted[0] in ran.out
    assert ran.out.splitlines()[-1].endswith(str(out))


def test_what_cannot_be_used_is_told(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 7: nothing is lost, neither rows of files nor touches of campaigns."""
    plan = f"""{PLAN}
[[campaigns]]
id = "webinar-2026-08"
tactic = "educational_content"
start = 2026-08-01
"""
    ran = flow(capsys, export, tmp_path / "flow.html", "--lang", "en", plan=plan)
    left_out = [line for line in ran.out.splitlines() if line.startswith("left out: ")]
    assert [line.split(":")[1].split(", ")[-1] for line in left_out] == [
        "unknown-campaign",
        "unmapped-kind",
    ]
    assert all(" activities, " in line for line in left_out)


def test_a_period_that_has_no_name_is_called_by_its_days(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a firm wants to look at."""
    ran = flow(capsys, export, tmp_path / "flow.html", first="2026-07-02", last="2026-07-09")
    assert ran.out.startswith("2026-07-02")


def test_a_plan_with_faults_is_refused_with_all_of_them(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is read."""
    out = tmp_path / "flow.html"
    ran = flow(capsys, export, out, plan="x = 1\n")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[1:] == ["has no since", "has no within_days"]
    assert not out.exists()
