"""The words in cells, and what they mean to a playbook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import field, frozen

from mpfunnel.labels import Label
from mpfunnel.personal import has_address
from mpfunnel.playbook import Playbook
from mpfunnel.sources.proposing.names import key_of, words_by_key
from mpfunnel.starters import starter

__all__ = ["MOST_WORDS", "Vocabulary", "Word", "split_of", "words_in"]

MOST_WORDS: Final = 50
"""More words than these are no words of a list: a person would not go through them."""
_SPLITS: Final = (";", "、", "|", ",")
_ASIDE: Final = re.compile(r"\s*[(（].*[)）]\s*$")


@frozen
class Word:
    """A word in the cells of a column, and what it means.

    Attributes:
        text: As the cells have it.
        meaning: What the mapping replaces it by.
        known: Whether that is known, and not only put there to be seen.
    """

    text: str
    meaning: str
    known: bool


@frozen
class Vocabulary:
    """What the words of exports may mean.

    Attributes:
        activities: The kind of activity by the key of a word.
        products: The id of a product by the key of its id or name.
        ids: The ids of the products; none where nobody has told which there are.
        zone: The zone whose days count.
    """

    activities: Mapping[str, str]
    products: Mapping[str, str] = field(factory=dict[str, str])
    ids: frozenset[str] = frozenset()
    zone: str = ""

    @classmethod
    def of(cls, playbook: Playbook | None) -> Vocabulary:
        """Return the words of a playbook, or of the starter, whose products are anyone's."""
        book = starter(["any"]) if playbook is None else playbook
        signals = {one.kind: one for model in book.engagement.values() for one in model.signals}
        listed = words_by_key("activities")
        known = {key: kind for key, kind in listed.items() if kind in signals}
        activities = {
            **known,
            **{key_of(text): k for k, one in signals.items() for text in (k, *_texts(one.label))},
        }
        if playbook is None:
            return cls(activities, zone=book.zone)
        named = {
            key_of(text): str(one.id)
            for one in book.products
            for text in (*_texts(one.label), str(one.id))
        }
        ids = frozenset(str(one.id) for one in book.products)
        return cls(activities, named, ids, book.zone)


def _texts(label: Label) -> tuple[str, str]:
    return label.en, label.ja


def split_of(cells: Iterable[str]) -> str:
    """Return what separates the items of cells; empty where nothing does."""
    given = [cell for cell in cells if cell.strip()]
    return next((mark for mark in _SPLITS if any(mark in cell for cell in given)), "")


def words_in(
    cells: Iterable[str],
    meanings: Mapping[str, str],
    *,
    split: str = "",
    otherwise: str | None = None,
) -> list[Word] | None:
    """Return the different words of cells, the most frequent first, and what each means.

    `None` where they are too many for words of a list, or name people.

    Args:
        cells: The cells.
        meanings: What each word means, by its key.
        split: What separates the items of a cell.
        otherwise: What a word is replaced by that means nothing known; itself where it is `None`.
    """
    parts = (part.strip() for cell in cells for part in (cell.split(split) if split else [cell]))
    counts = Counter(part for part in parts if part)
    if len(counts) > MOST_WORDS or any(has_address(word) for word in counts):
        return None
    found: list[Word] = []
    for text, _count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        # HubSpot writes the pipeline of a stage after it, in brackets.
        keys = (key_of(text), key_of(_ASIDE.sub("", text)))
        meaning = next((meanings[key] for key in keys if key in meanings), None)
        default = text if otherwise is None else otherwise
        found.append(Word(text, default if meaning is None else meaning, meaning is not None))
    return found
