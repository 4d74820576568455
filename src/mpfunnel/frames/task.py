"""Task: what one call is to answer, by which playbook, and where it is worked on."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from mpfunnel.compiled import Compiled
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.layout import Places
from mpfunnel.labels import Lang

__all__ = ["Task"]


@frozen
class Task:
    """What one call is to answer.

    Attributes:
        book: The compiled playbook.
        places: Where the facts that it asks about stand.
        workshop: Where the tables are worked on.
        day: The day asked about.
        lang: The language of the reasons.
        possible: Whether leads and engagement tell what is still possible.
        dense: Whether engagement lists every lead with every product.
    """

    book: Compiled
    places: Places
    workshop: Workshop
    day: date
    lang: Lang
    possible: bool
    dense: bool
