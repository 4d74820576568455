"""Labels: a text in two languages, of which one may be left out."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import company, product
from mpfunnel.labels import Label, as_label, counted
from mpfunnel.rules.words import in_words


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


def test_one_of_them_is_counted_as_one() -> None:
    """What is counted once is named in the singular, in English: Japanese has none."""
    counts = [counted(number, "days") for number in (0, 1, 2, "1", "1.5", -1)]
    assert counts == ["0 days", "1 day", "2 days", "1 day", "1.5 days", "-1 days"]
    assert counted(1, "activities") == "1 activity"
    assert counted(1, "JPY") == "1 JPY"
    assert in_words(company.employees >= 1) == "employees at least 1 person"
    assert in_words(product.active_days >= 2) == "active days at least 2 days"
    assert product.points(within_days=1).fact.label == Label("points of 1 day", "直近1日の素点")
    assert product.count("click", within_days=7).fact.label.en == "click within 7 days"
