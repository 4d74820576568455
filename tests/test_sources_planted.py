"""A test of the tests: each planted bug must be caught by what was done by hand beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.sources import patterns, reading, rows, tabling, values
from mpfunnel.sources.columns import Entered
from mpfunnel.sources.files import SourceFile
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.joins import Partners
from mpfunnel.sources.mapping import JoinMapping
from mpfunnel.sources.merges import lives_on
from tests import test_sources_files as of_files
from tests import test_sources_joins as of_joins
from tests import test_sources_merges as of_merges
from tests import test_sources_patterns as of_patterns

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

Plant = Callable[[pytest.MonkeyPatch], None]
Guard = Callable[[Path, Any], None]

SOME = settings(
    max_examples=250,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def caught(folder: Path, cases: st.SearchStrategy[Any], guard: Guard) -> bool:
    """Whether the guard finds a difference within some hundred cases, or they are refused.

    Any other exception is a fault of the plant, and passes through.
    """

    @SOME
    @given(cases)
    def run(case: Any) -> None:
        guard(folder, case)

    try:
        run()
    except (AssertionError, InvalidDataError):
        return True
    return False


# -- joins --


def _blank_joins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "mpfunnel.sources.joins.compared",
        lambda _settings: lambda cell: f"{values.as_shown(cell)}.",
    )


def _first_partner(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Partners, "_cell", lambda _self, held, at: held.cells[held.places[at[0]]])


def _any_difference(patch: pytest.MonkeyPatch) -> None:
    cell = Partners._cell

    def wrong(self: Partners, _held: Any, at: Sequence[int]) -> Any:
        others = [cell(self, one, at) for one in self._wanted]
        odd = [one for one in others if isinstance(one, values.Unfit)]
        return odd[0] if odd else cell(self, _held, at)

    patch.setattr(Partners, "_cell", wrong)


def _one_side_as_it_is(patch: pytest.MonkeyPatch) -> None:
    found = Partners.found

    def wrong(self: Partners, key: Sequence[Any], here: Sequence[str]) -> Any:
        patch.setattr(self, "_key", lambda cell: cell)
        return found(self, key, here)

    patch.setattr(Partners, "found", wrong)


def _first_column_alone(patch: pytest.MonkeyPatch) -> None:
    make, found = Partners.__init__, Partners.found

    def init(self: Partners, join: JoinMapping, *rest: Any) -> None:
        make(self, evolve(join, on=join.on[:1]), *rest)

    patch.setattr(Partners, "__init__", init)
    patch.setattr(Partners, "found", lambda self, key, here: found(self, key[:1], here[:1]))


def _tables_are_joined_by_rank(patch: pytest.MonkeyPatch) -> None:
    true_of = Entered.different

    def wrong(self: Entered, names: Sequence[str]) -> Any:
        cells, places = true_of(self, names)
        return cells, places.sort()

    patch.setattr(Entered, "different", wrong)


@pytest.mark.parametrize(
    "plant",
    [
        _blank_joins,
        _first_partner,
        _any_difference,
        _one_side_as_it_is,
        _first_column_alone,
        _tables_are_joined_by_rank,
    ],
)
def test_bugs_of_joins_are_caught(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loops over all pairs of rows find each of them."""
    plant(monkeypatch)
    guard: Guard = lambda folder, case: of_joins.same_as_by_hand(folder, *case)  # noqa: E731
    assert caught(tmp_path, of_joins.cases(), guard)


# -- patterns --


def _star_is_one_character(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        patterns,
        "fits",
        lambda text, like: (
            len(text) == len(like) and all(b in ("*", a) for a, b in zip(text, like, strict=True))
        ),
    )


def _ends_anywhere(patch: pytest.MonkeyPatch) -> None:
    fits = patterns.fits
    patch.setattr(patterns, "fits", lambda text, like: fits(text, f"{like}*"))


def _first_column_decides(patch: pytest.MonkeyPatch) -> None:
    derived = patterns.derived
    patch.setattr(rows, "derived", lambda field, hits: derived(field, [*filter(None, hits)][:1]))


def _last_pattern_decides(patch: pytest.MonkeyPatch) -> None:
    derived = patterns.derived

    def wrong(field: Any, hits: Any) -> Any:
        if field.slot.many:
            return derived(field, hits)
        return derived(field, [one and (max(one),) for one in hits][-1:])

    patch.setattr(rows, "derived", wrong)


def _never_strict(patch: pytest.MonkeyPatch) -> None:
    derived = patterns.derived

    def lenient(field: Any, hits: Any) -> Any:
        return derived(field, hits) if any(hits) else None

    patch.setattr(rows, "derived", lenient)


def _blank_is_unmatched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        rows.FieldReader,
        "state",
        lambda self, cells: (
            "matched" if any(self._convert(cells[at]) for at in self._places) else "unmatched"
        ),
    )


@pytest.mark.parametrize(
    "plant",
    [
        _star_is_one_character,
        _ends_anywhere,
        _first_column_decides,
        _last_pattern_decides,
        _never_strict,
        _blank_is_unmatched,
    ],
)
def test_bugs_of_patterns_are_caught(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regular expressions, tried one by one, find each of them."""
    plant(monkeypatch)
    guard: Guard = lambda folder, case: of_patterns.same_as_by_hand(folder, case, Random(1))  # noqa: E731
    assert caught(tmp_path, of_patterns.cases(), guard)


# -- merges --


def _one_step(patch: pytest.MonkeyPatch) -> None:
    def wrong(merges: Any) -> Any:
        return {gone: one.kept for one in merges for gone in one.gone if gone != one.kept}

    for module in (reading, tabling):
        patch.setattr(module, "lives_on", wrong)


def _round_and_round(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("mpfunnel.sources.ledger.faults_of", lambda _merges: {})


def _gone_rows_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows.FieldReader, "_living", lambda self, value: self._merged.get(value, value))


def _references_stay(patch: pytest.MonkeyPatch) -> None:
    true_of = rows.FieldReader._living

    def wrong(self: rows.FieldReader, value: Any) -> Any:
        return true_of(self, value) if self.mapped.slot.own else value

    patch.setattr(rows.FieldReader, "_living", wrong)


def _deleted_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ids, "delete", lambda _self, _kind, _one: None)


def _deleted_is_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows.Job, "deletes", lambda _self, _cells: False)


def _tables_follow_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tabling, "lives_on", lambda merges: dict(list(lives_on(merges).items())[1:]))


@pytest.mark.parametrize(
    "plant",
    [
        _one_step,
        _round_and_round,
        _gone_rows_stay,
        _references_stay,
        _deleted_is_forgotten,
        _deleted_is_read,
        _tables_follow_nothing,
    ],
)
def test_bugs_of_merges_are_caught(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Following every way by hand finds each of them."""
    plant(monkeypatch)
    assert caught(tmp_path, of_merges.cases(), of_merges.same_as_by_hand)


# -- files --


def _first_encoding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SourceFile, "_encoding", lambda self: self.form.encodings[0])


def _first_separator(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SourceFile, "_separator", lambda self, _columns: self.form.separators[0])


@pytest.mark.parametrize("plant", [_first_encoding, _first_separator])
def test_bugs_of_files_are_caught(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is not read back."""
    plant(monkeypatch)
    forms = st.tuples(
        st.just(["a日"]), st.sampled_from(["utf-8", "cp932"]), st.sampled_from(";,\t")
    )
    guard: Guard = lambda folder, case: of_files.read_back(folder, *case)  # noqa: E731
    assert caught(tmp_path, forms, guard)


@pytest.mark.parametrize(
    ("cases", "guard"),
    [
        (of_joins.cases(), lambda folder, case: of_joins.same_as_by_hand(folder, *case)),
        (
            of_patterns.cases(),
            lambda folder, case: of_patterns.same_as_by_hand(folder, case, Random(1)),
        ),
        (of_merges.cases(), of_merges.same_as_by_hand),
    ],
)
def test_nothing_is_caught_where_nothing_is_wrong(cases: Any, guard: Guard, tmp_path: Path) -> None:
    """The guards are silent about the library as it is."""
    assert not caught(tmp_path, cases, guard)
