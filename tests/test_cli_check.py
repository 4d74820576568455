"""`mpfunnel check`: problems and cases as text, as JSON and as annotations, with exit codes."""

# ruff: noqa: E501 - lines of output are quoted whole

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.cli.checking import Files
from mpfunnel.cli.places import line_of, places_in
from mpfunnel.codec import dump
from mpfunnel.facts import product
from tests.cli import run
from tests.test_worked_cases import BOOK, DAY

CASES = (
    mf.WorkedCase(
        "a large company goes first",
        mf.Account(mf.Company(1, employees=2_000)),
        [
            mf.Expectation("segment", "enterprise"),
            mf.Expectation("tier", mf.Tier(1), product_id="crm"),
        ],
        as_of=DAY,
    ),
    mf.WorkedCase(
        "an unknown one is undecided",
        mf.Account(mf.Company(1)),
        [mf.Expectation("tier", mf.Tier(4), product_id="sfa")],
        as_of=DAY,
    ),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a sound playbook, one whose case fails, and a faulty one."""
    monkeypatch.chdir(tmp_path)
    dump(evolve(BOOK, cases=CASES[:1]), "sound.toml")
    dump(evolve(BOOK, cases=CASES), "failing.toml")
    dump(evolve(BOOK, cases=CASES), "failing.json")
    text = dump(evolve(BOOK, cases=CASES)).replace("tier = 1", "teir = 1")
    (tmp_path / "faulty.toml").write_text(text, encoding="utf-8")
    (tmp_path / "broken.toml").write_text("format = 1\n\nx =\n", encoding="utf-8")
    return tmp_path


def line(path: Path, text: str, after: str = "") -> int:
    """The number of the first line that begins with `text`, after one that begins otherwise."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next((i for i, one in enumerate(lines) if after and one.startswith(after)), 0)
    return start + 1 + next(i for i, one in enumerate(lines[start:]) if one.startswith(text))


def test_a_sound_playbook_ends_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how many cases it answers as expected."""
    ran = run(capsys, "check", folder / "sound.toml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ok: ")
    assert ran.out.endswith("cases: 1, all as expected\n")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            (
                "failing.toml: cases[1].expect.tiers.sfa: 'an unknown one is undecided': expected 4, "
                "not {value = 4, possible = [1, 2, 3, 4]}, because of: no rule applies\n"
            ),
        ),
        (
            "ja",
            (
                "failing.toml: cases[1].expect.tiers.sfa: 「an unknown one is undecided」: 期待は4、"
                "結果は{value = 4, possible = [1, 2, 3, 4]}（理由: 該当するルールなし）\n"
            ),
        ),
    ],
)
def test_a_case_that_fails_ends_with_1_and_says_why(
    lang: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr stands its name, what was expected, what came, and the reason."""
    ran = run(capsys, "check", folder / "failing.toml", "--lang", lang)
    assert ran.code == 1
    assert ran.err == said
    first, *_, last = ran.out.splitlines()
    assert first.startswith({"en": "not ok: ", "ja": "問題あり: "}[lang])
    assert (
        last
        == {
            "en": "cases: 2, of which 1 not as expected",
            "ja": "ケース: 2件、うち1件が期待と異なる",
        }[lang]
    )


@pytest.mark.usefixtures("folder")
def test_every_problem_of_a_faulty_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each on stderr, and nothing that looks like success."""
    ran = run(capsys, "check", "faulty.toml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        f"faulty.toml: tiers.*.rules[{index}]{said}"
        for index in (1, 2)
        for said in (".teir: no such key; did you mean 'tier'?", ": has no tier")
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments", [("sound.toml", "--format", "xml"), ("sound.toml", "more"), ()]
)
def test_a_wrong_command_ends_with_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Who runs the check in a script can tell a wrong command from a wrong playbook."""
    assert run(capsys, "check", *arguments).code == 2


class TestJson:
    def report(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
        """The exit code, and what was written."""
        ran = run(capsys, "check", *arguments, "--format", "json")
        assert ran.err == ""
        return ran.code, json.loads(ran.out)

    def test_a_failing_case(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One object says all of it: problems with their places, and every case with its answer."""
        code, told = self.report(capsys, "failing.toml")
        assert code == 1
        assert (told["playbook"], told["sound"], told["notes"]) == ("failing.toml", False, [])
        assert told["version"] == BOOK.version
        assert [one["holds"] for one in told["cases"]] == [True, True, False]
        assert told["cases"][2] == {
            "case": "an unknown one is undecided",
            "question": "tier",
            "lead_id": None,
            "product_id": "sfa",
            "expected": 4,
            "got": {"value": 4, "possible": [1, 2, 3, 4]},
            "because": "no rule applies",
            "holds": False,
        }
        (problem,) = told["problems"]
        assert (problem["code"], problem["file"]) == ("case", "failing.toml")
        assert problem["line"] == line(folder / "failing.toml", "tiers", after='name = "an unk')

    def test_a_sound_playbook(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is a problem."""
        code, told = self.report(capsys, folder / "sound.toml")
        assert (code, told["sound"], told["problems"]) == (0, True, [])

    def test_a_faulty_playbook(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """There is no version and no answer, and each problem has its line."""
        code, told = self.report(capsys, "faulty.toml")
        assert code == 1
        assert (told["version"], told["cases"]) == (None, [])
        assert told["problems"][0] == {
            "code": "unknown-key",
            "path": "faulty.toml: tiers.*.rules[1].teir",
            "message": "no such key; did you mean 'tier'?",
            "file": "faulty.toml",
            "line": line(folder / "faulty.toml", "teir"),
        }

    def test_a_shipped_playbook_is_no_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What is only told has neither a file nor a line there."""
        code, told = self.report(capsys, "maven")
        assert (code, told["problems"]) == (0, [])


class TestAnnotations:
    def test_each_problem_stands_at_its_line(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """GitHub shows them beside the lines of a change."""
        ran = run(capsys, "check", "faulty.toml", "--format", "github")
        assert (ran.code, ran.err) == (1, "")
        first = line(folder / "faulty.toml", "teir")
        assert ran.out.splitlines()[:2] == [
            (
                f"::error file=faulty.toml,line={first},title=mpfunnel%3A unknown-key::faulty.toml: "
                "tiers.*.rules[1].teir: no such key; did you mean 'tier'?"
            ),
            (
                f"::error file=faulty.toml,line={first - 1},title=mpfunnel%3A missing::faulty.toml: "
                "tiers.*.rules[1]: has no tier"
            ),
        ]

    @pytest.mark.parametrize("name", ["failing.toml", "failing.json"])
    def test_a_case_stands_at_what_it_expects(
        self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In TOML as in JSON."""
        ran = run(capsys, "check", name, "--format", "github")
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        annotation = ran.out.splitlines()[-1]
        place = int(annotation.partition("line=")[2].partition(",")[0])
        assert '"sfa": 4' in lines[place - 1] or "sfa = 4" in lines[place - 1]
        assert ran.code == 1

    @pytest.mark.usefixtures("folder")
    def test_what_cannot_be_parsed_stands_where_the_parser_stopped(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The parser names the line; of a file that is not there, nobody can."""
        ran = run(capsys, "check", "broken.toml", "--format", "github")
        assert ran.out.startswith("::error file=broken.toml,line=3,title=mpfunnel%3A syntax::")
        ran = run(capsys, "check", "none.toml", "--format", "github")
        assert ran.out == (
            "::error file=none.toml,title=mpfunnel%3A file::none.toml: no such file\n"
        )
        assert ran.code == 1

    @pytest.mark.usefixtures("folder")
    def test_what_is_only_told_is_a_notice(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A rule that no score can fulfil is sound, and surely not meant."""
        model = BOOK.engagement["crm"]
        high = evolve(model.interest.rules[0], when=product.score >= 30)
        model = evolve(model, cap=20, interest=evolve(model.interest, rules=[high]))
        dump(evolve(BOOK, engagement=model), "capped.toml")
        ran = run(capsys, "check", "capped.toml", "--format", "github")
        assert ran.code == 0
        told = [one for one in ran.out.splitlines() if one.startswith("::")]
        assert told
        assert all(one.startswith("::notice file=capped.toml,line=") for one in told)

    @pytest.mark.usefixtures("folder")
    def test_no_text_can_steer_the_workflow(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What stands in a name is data, whatever it looks like."""
        name = "100% sure\n::error file=x::y"
        case = mf.WorkedCase(
            name, mf.Account(mf.Company(1)), [mf.Expectation("segment", "micro")], as_of=DAY
        )
        dump(evolve(BOOK, cases=[case]), "odd,name:.toml")
        ran = run(capsys, "check", "odd,name:.toml", "--format", "github")
        lines = [one for one in ran.out.splitlines() if one.startswith("::")]
        assert len(lines) == 1
        assert lines[0].startswith("::error file=odd%2Cname%3A.toml,line=")
        assert "'100%25 sure" in lines[0]


class TestPlaces:
    TOML = """\
top = 1 # "x
[a."b.c"]
x.y = 2026-10-31 09:00:00
z = [ # a list
    { p = "]", q = [1] },

    '''{
''',
]
[[list]]
[[list]]
last = \"\"\"
]\"\"\"
[list.inner]
deep = {}
[[list.again]]
[[list.again]]
k = 1
"""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("top", 1),
            ("top.more", 1),
            ("a.b.c", 2),
            ("a.b.c.x.y", 3),
            ("a.b.c.z[0].q[0]", 5),
            ("a.b.c.z[1]", 7),
            ("a.b.c.z[2]", 4),
            ("list", 10),
            ("list[0]", 10),
            ("list[1].last", 12),
            ("list[1].inner.deep.more", 15),
            ("list[1].again[1].k", 18),
            ("stranger", None),
        ],
    )
    def test_a_part_of_toml_stands_at_its_line(self, path: str, expected: int | None) -> None:
        """What is not there itself stands at the nearest part that would hold it."""
        assert line_of(places_in(self.TOML, ".toml"), path, "") == expected

    @pytest.mark.parametrize(
        ("path", "expected"), [("a", 2), ("a[0].b", 3), ("a[1]", 5), ("c", 7), ("c.d", 7)]
    )
    def test_a_part_of_json_stands_at_its_line(self, path: str, expected: int) -> None:
        """Also where strings hold marks."""
        text = '{\n"a": [\n{"b": "}\\"",\n"e": 1},\n[]\n],\n"c": {"d": null}\n}'
        assert line_of(places_in(text, ".json"), path, "") == expected

    @pytest.mark.parametrize("ending", [".toml", ".json"])
    def test_what_is_cut_off_is_followed_as_far_as_it_goes(self, ending: str) -> None:
        """No text makes it fail."""
        whole = self.TOML if ending == ".toml" else '{"a": [{"b": "c"}], "d": 1}'
        for end in range(len(whole)):
            places_in(whole[:end], ending)
        assert places_in("[" * 100_000, ".json")
        assert places_in("= 1\nx y = 2\nz = 3", ".toml")["z"] == 3


class TestPolicies:
    PYTHON = """\
import mpfunnel as mf


class Plants:
    kind, tiers = "acme/plants/1", (mf.Tier(1), mf.Tier(3))

    def tier_for(self, company, product, /, *, as_of):
        if company.region is None:
            because = "region unknown"
            return mf.undecided(self.tiers[1], possible=self.tiers, missing=["region"], because=because)
        near = company.region == "近畿"
        return mf.decided(self.tiers[0 if near else 1], because="near" if near else "far")


class Careless(Plants):
    kind = "acme/careless/1"

    def tier_for(self, company, product, /, *, as_of):
        return mf.decided(self.tiers[0 if company.employees > 3 else 1], because="size")


class Nameless:
    pass
"""

    @pytest.fixture(autouse=True)
    def acme(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A working directory with a module of policies, and a playbook for each."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [*sys.path])
        monkeypatch.delitem(sys.modules, "acme", raising=False)
        (tmp_path / "acme.py").write_text(self.PYTHON, encoding="utf-8")
        (tmp_path / "fails.py").write_text("1 / 0\n", encoding="utf-8")
        whole = dump(evolve(BOOK, cases=CASES[1:]))
        start, _, rest = whole.partition('[tiers."*"]')
        for name in ("plants", "careless"):
            tiers = f'[tiers."*"]\nkind = "acme/{name}/1"\n\n'
            text = start + tiers + rest[rest.index("# Where a lead stands") :]
            text = text.replace("{sfa = 4}", "{sfa = 3}")
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")

    def test_a_file_names_only_the_policies_that_are_given(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """No file makes the command import anything."""
        ran = run(capsys, "check", "plants.toml")
        assert ran.code == 1
        assert ran.err.startswith("plants.toml: tiers.*.kind: no such kind 'acme/plants/1'")

    def test_a_sound_one_is_proved_and_answers_the_cases(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The kit finds nothing; what fails here is the case alone."""
        ran = run(capsys, "check", "plants.toml", "--policy", "acme:Plants")
        assert ran.code == 1
        assert ran.out.splitlines()[-1] == "proved by the kit: acme/plants/1"
        assert ran.err == (
            "plants.toml: cases[0].expect.tiers.sfa: 'an unknown one is undecided': expected 3, "
            "not {value = 3, possible = [1, 3]}, because of: region unknown\n"
        )

    def test_other_commands_take_it_too(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What was checked can be asked about data and written in another form."""
        named = ("--policy", "acme:Plants")
        Path("data").mkdir()
        Path("data/companies.csv").write_text("id,region\n1,\n", encoding="utf-8")
        asked = ("--playbook", "plants.toml", "--as-of", "2026-10-31", "--out", "answers")
        assert run(capsys, "assess", "data", *asked, *named).code == 0
        assert ",sfa,tier_3,false," in Path("answers/tiers.csv").read_text(encoding="utf-8")
        assert run(capsys, "convert", "plants.toml", "plants.json", *named).code == 0
        assert '"acme/plants/1"' in Path("plants.json").read_text(encoding="utf-8")
        refused = run(capsys, "convert", "plants.toml", "plants.json")
        assert refused.err.endswith("name others by load(…, kinds=[…]) or --policy\n")

    def test_what_the_kit_finds_is_a_problem(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Each check that does not pass, at the table of the policy; the case has no answer."""
        arguments = ("--policy", "acme:Plants", "--policy", "acme:Careless", "--format", "github")
        ran = run(capsys, "check", "careless.toml", *arguments)
        assert ran.code == 1
        case, *failed = [one for one in ran.out.splitlines() if one.startswith("::error")]
        assert "expected 3, but there is no answer: tiers.sfa: acme/careless/1" in case
        assert any(
            "acme/careless/1 does not pass raises: raised TypeError" in one for one in failed
        )
        assert all(one.startswith("::error file=careless.toml,line=") for one in failed)
        # The other processes that it asks find the module of the working directory, too.
        assert "another process" not in ran.out

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("acme", "must be a module and a class, as in acme_tiers:Plants"),
            ("acme:Plans", "acme has no 'Plans'"),
            (
                "nowhere:Plans",
                "cannot be imported: ModuleNotFoundError \"No module named 'nowhere'\"",
            ),
            ("fails:Plans", "cannot be imported: ZeroDivisionError 'division by zero'"),
        ],
    )
    def test_one_that_is_not_there_is_a_wrong_command(
        self, name: str, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It ends with 2 and says what would have worked."""
        ran = run(capsys, "check", "plants.toml", "--policy", name)
        assert (ran.code, ran.out, ran.err) == (2, "", f"--policy {name}: {said}\n")

    def test_what_makes_no_policies_is_a_wrong_command(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A class needs a kind, by which a file names it."""
        ran = run(capsys, "check", "plants.toml", "--policy", "acme:Nameless")
        assert ran.code == 2
        assert ran.err.startswith(
            "--policy: kinds[0]: must be a class or callable with a text kind"
        )


def test_a_problem_in_a_sheet_stands_in_that_file(tmp_path: Path) -> None:
    """Of separated values the row is a line; a workbook has none."""
    dump(BOOK, tmp_path / "playbook.toml")
    files = Files(str(tmp_path))
    for path, expected in (
        ("segments.csv!C7", ("segments.csv", 7)),
        ("segments.csv!12: when", ("segments.csv", 12)),
        ("segments.csv!", ("segments.csv", None)),
        ("tiers.xlsx!crm!C7", ("tiers.xlsx", None)),
        (
            "playbook.toml: tiers.a/b!C7",
            ("playbook.toml", line(tmp_path / "playbook.toml", "[tiers")),
        ),
    ):
        found = files.found("error", mf.Problem("cell", path, "is no cell"))
        assert (Path(found.file or "").name, found.line) == expected


def test_what_is_shipped_has_no_file() -> None:
    """A playbook that is named, and not a path, is nobody's to edit."""
    found = Files("invented").told("notice", mf.Problem("range", "tiers", "x"))
    assert (str(found.problem), found.file, found.line) == ("tiers: x", None, None)


def test_a_folder_without_playbook_is_named(tmp_path: Path) -> None:
    """The problem is shown for the file that would have been read."""
    found = Files(str(tmp_path)).found("error", mf.Problem("file", "x", "no such file"))
    assert found.file == (tmp_path / "playbook.toml").as_posix()
