"""Run what the documents show: code blocks of the docs and READMEs, and examples in docstrings.

Every python block runs, in order, in a temporary folder of its document that holds a copy of
`docs/samples/`. Other blocks are only read, unless a comment on the line above asks for more:

- `<!-- file: playbook.toml -->` saves the block below under that name in the folder,
- `<!-- run -->` runs the `$` lines of the console block below, which must succeed
  (`<!-- run: exit 1 -->`: must end so) and print the lines shown, where any are
  (`...` stands for any text),
- `<!-- skip: next "reason" -->` leaves the next python block out, and says so.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

# Plans of tables are trees of many small objects. Python would look through all that lives for
# garbage again and again while they are made, which took up to a tenth of the time of all tests.
gc.set_threshold(100_000, 20, 20)

SAMPLES = Path(__file__).parent / "docs" / "samples"

_FENCE = r"\n(?P<fence>```+)(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$"
_MARK = re.compile(r"^<!-- (?P<mark>file|run)(?:: (?P<argument>[^\n]+?))? -->$", re.MULTILINE)
_BLOCK = re.compile(_FENCE, re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"^\$ ", re.MULTILINE)


def _marked_blocks(document: Document) -> Iterator[Region]:
    # The region is the comment alone, so that a python block saved as a file still runs.
    for mark in _MARK.finditer(document.text):
        block = _BLOCK.match(document.text, mark.end())
        if block is None:
            message = f"{document.path}: {mark[0]}: no block on the next line"
            raise ValueError(message)
        evaluate = _save if mark["mark"] == "file" else _run
        yield Region(mark.start(), mark.end(), (mark["argument"], block["text"]), evaluate)


def _save(example: Example) -> None:
    name, text = example.parsed
    Path(name).write_text(text, encoding="utf-8")


def _run(example: Example) -> str | None:
    argument, text = example.parsed
    expected_code = int(argument.removeprefix("exit ")) if argument else 0
    scripts = str(Path(sys.executable).parent)
    # A command that runs tests runs those of the example alone, in no way that is asked of these.
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"} | {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")]),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
    }
    for step in _PROMPT.split(text)[1:]:
        command, _, output = step.partition("\n")
        while command.endswith("\\"):
            line, _, output = output.partition("\n")
            command += f"\n{line}"
        done = subprocess.run(
            command,
            shell=True,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != expected_code:
            return f"$ {command}\nended with {done.returncode}:\n{done.stdout}"
        expected, printed = _trimmed(output), _trimmed(done.stdout)
        if expected and not OutputChecker().check_output(expected, printed, ELLIPSIS):
            return f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"
    return None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


@pytest.fixture(scope="module")
def document_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of one document's own, which is the working directory while it runs."""
    folder = tmp_path_factory.mktemp("document")
    if SAMPLES.is_dir():
        shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    with contextlib.chdir(folder):
        yield folder


pytest_collect_file = (
    Sybil(
        parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), _marked_blocks, SkipParser()],
        patterns=["*.md"],
        fixtures=["document_folder"],
    )
    + Sybil(
        parsers=[DocTestParser(optionflags=ELLIPSIS)],
        patterns=["src/mpfunnel/*.py", "src/mpfunnel/*/*.py", "src/mpfunnel/*/*/*.py"],
    )
).pytest()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    # For a few chosen tests, starting processes takes longer than the tests.
    whole_suite = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    return min(2, os.cpu_count() or 1) if whole_suite else 0
