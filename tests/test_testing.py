"""The conformance kit: each fault of a policy is found by its own check, and by no other."""

from __future__ import annotations

from typing import Any

import pytest

from mpfunnel.errors import PolicyCheckError
from mpfunnel.testing import (
    CHECKS,
    check_tier_policy,
    elsewhere,
)
from mpfunnel.testing.pool import held
from tests import zoo


class InOneProcess:
    """Stands for `subprocess.Popen`: what another process would do is done at once."""

    returncode = 0

    def __init__(self, command: list[str], *, stdin: Any, stdout: Any, env: Any) -> None:
        assert command[0]
        assert env["PYTHONHASHSEED"]
        elsewhere.main(stdin, stdout)

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
    def wait(self, _: float) -> None: ...


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts no other process: each takes a tenth of a second to begin."""
    monkeypatch.setattr(elsewhere, "Popen", InOneProcess)


def failures_of(broken: zoo.Broken) -> PolicyCheckError:
    """What the kit says of a broken policy."""
    with pytest.raises(PolicyCheckError) as caught:
        check_tier_policy(broken.policy, **broken.options)
    return caught.value


def check_found(broken: zoo.Broken) -> None:
    """Assert that a broken policy fails the checks that it should, with the smallest company."""
    found = failures_of(broken)
    assert " ".join(one.check for one in found.failures) == broken.checks
    first = found.failures[0]
    assert first.message.startswith(broken.says)
    if first.question is not None:
        assert len(held(first.question.company)) == broken.facts


ELSEWHERE = [one for one in zoo.BROKEN if "processes" in one.checks]
HERE = [one for one in zoo.BROKEN if "processes" not in one.checks]


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize("broken", HERE, ids=lambda one: type(one.policy).__name__)
def test_a_fault_is_found_by_its_own_check_and_no_other(broken: zoo.Broken) -> None:
    """Each broken policy fails the checks that it should, and shows the smallest company."""
    check_found(broken)


@pytest.mark.parametrize("broken", ELSEWHERE, ids=lambda one: type(one.policy).__name__)
def test_a_fault_is_found_in_other_processes(broken: zoo.Broken) -> None:
    """What hangs on the hash seed, or cannot be sent, shows where another process is asked."""
    check_found(broken)


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize(
    ("policy", "options"), zoo.SOUND, ids=lambda one: getattr(type(one), "__name__", "")
)
def test_a_sound_policy_passes(policy: Any, options: Any) -> None:
    """Options, custom attributes, a lock, a table read once and dice that fall alike are sound."""
    check_tier_policy(policy, **options)


def test_a_sound_policy_passes_in_other_processes() -> None:
    """Law 9: Same input, same bytes, whatever the hash seed, time zone, folder and language."""
    check_tier_policy(zoo.Plants(("近畿",), 3), closed=["student"])


def test_every_check_finds_something_in_the_zoo() -> None:
    """No check is there that no broken policy fails."""
    assert {name for one in zoo.BROKEN for name in one.checks.split()} == set(CHECKS)
