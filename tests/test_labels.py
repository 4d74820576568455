"""Labels: a text in two languages, of which one may be left out."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label, as_label


@pytest.mark.parametrize(
    ("en", "ja", "shown_en", "shown_ja"),
    [
        ("Tier 1", "第1層", "Tier 1", "第1層"),
        ("Tier 1", "", "Tier 1", "Tier 1"),
        ("Tier 1", " ", "Tier 1", "Tier 1"),
        ("", "第1層", "第1層", "第1層"),
        ("\u3000", "第1層", "第1層", "第1層"),
    ],
)
def test_one_language_stands_for_the_other(en: str, ja: str, shown_en: str, shown_ja: str) -> None:
    """A blank text in one language is replaced by that of the other."""
    label = Label(en, ja)
    assert (label.text(), label.text("en"), label.text("ja")) == (shown_en, shown_en, shown_ja)
    assert str(label) == shown_en


@pytest.mark.parametrize(("en", "ja"), [("", ""), (" ", "\t"), ("", "\u3000")])
def test_a_label_without_text_is_refused(en: str, ja: str) -> None:
    """A label that is blank in both languages is refused."""
    with pytest.raises(InvalidDataError) as caught:
        Label(en, ja)
    assert str(caught.value) == "label: is blank; give a text in 'en' or 'ja'"


def test_all_faults_of_a_label_are_named_at_once() -> None:
    """A label of other types than text names each of them."""
    wrong: Any = None
    with pytest.raises(InvalidDataError) as caught:
        Label(wrong, b"")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert [str(problem) for problem in caught.value.problems] == [
        "label.en: must be text, not NoneType",
        "label.ja: must be text, not bytes",
    ]


def test_a_plain_text_is_a_label_and_a_label_stays_itself() -> None:
    """A text becomes a label of both languages; a label is returned as it is."""
    label = Label("Gold", "金")
    assert as_label(label) is label
    assert as_label("Gold") == Label("Gold", "Gold")


def test_a_label_is_a_value() -> None:
    """A label hashes and pickles as its two texts."""
    label = Label("Gold", "金")
    assert pickle.loads(pickle.dumps(label)) == label
    assert len({label, Label("Gold", "金"), Label("Gold")}) == 2
