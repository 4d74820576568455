"""Short texts that people read, in English and Japanese."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, not_a_key

__all__ = ["Keyed", "Label", "Lang", "as_label", "counted", "faults_of_lang"]

Lang = Literal["en", "ja"]


@frozen
class Label:
    """A text in English and Japanese.

    Attributes:
        en: The English text.
        ja: The Japanese text; the English one where none is given.
    """

    en: str
    ja: str = field(default="")

    def __attrs_post_init__(self) -> None:
        problems = [
            Problem("type", f"label.{lang}", f"must be text, not {type(text).__name__}")
            for lang, text in (("en", self.en), ("ja", self.ja))
            if not isinstance(text, str)  # pyright: ignore[reportUnnecessaryIsInstance]
        ]
        if not problems and not (self.en.strip() or self.ja.strip()):
            problems.append(Problem("blank", "label", "is blank; give a text in 'en' or 'ja'"))
        if problems:
            raise InvalidDataError(problems)
        # Blank text counts as none in either language.
        en, ja = self.en, self.ja
        object.__setattr__(self, "en", en if en.strip() else ja)
        object.__setattr__(self, "ja", ja if ja.strip() else en)

    def text(self, lang: Lang = "en") -> str:
        """Return the text in `lang`."""
        return self.ja if lang == "ja" else self.en

    def __str__(self) -> str:
        return self.en


def as_label(value: str | Label) -> Label:
    """Return `value` as a label; a plain text stands for both languages."""
    return value if isinstance(value, Label) else Label(value)


@frozen
class Keyed:
    """A key with what people call it: the base of segments, stages and states."""

    called: ClassVar[str]
    """What its problems call it."""

    key: str
    label: Label = field(converter=as_label, eq=False)

    def __attrs_post_init__(self) -> None:
        if problems := not_a_key(f"{self.called}.key", self.key):
            raise InvalidDataError(problems)

    def __str__(self) -> str:
        return self.key


_ONE: Final = {
    "points": "point",
    "days": "day",
    "people": "person",
    "activities": "activity",
}


def counted(number: object, noun: str) -> str:
    """Return a number and what it counts, in English: ``1 day``, ``2 days``.

    Args:
        number: The number, or how it is written.
        noun: What it counts, as there are several of it.
    """
    written = str(number)
    return f"{written} {_ONE.get(noun, noun) if written == '1' else noun}"


def faults_of_lang(lang: object) -> list[Problem]:
    """Return what is wrong with the language that somebody asked for."""
    if lang in ("en", "ja"):
        return []
    return [Problem("choice", "lang", f"must be 'en' or 'ja', not {brief(lang)}")]
