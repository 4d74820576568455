"""A lead, or a company, with a product as one number: quicker to group and to join by than two."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from mpfunnel.compiled import Compiled
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM

__all__ = ["pair_of", "taken_apart"]


def pair_of(number: str, book: Compiled) -> nw.Expr:
    """Return the number of a pair: of a lead or company by the column, and of ``about``."""
    return nw.col(number) * _places(book) + nw.col("about") - FIRM


def taken_apart(frame: Frame, book: Compiled) -> Frame:
    """Return the frame with lead_no and about of each ``pair``."""
    pair, places = nw.col("pair"), _places(book)
    return frame.with_columns(lead_no=pair // places, about=pair % places + FIRM)


def _places(book: Compiled) -> int:
    # The firm has a place, too.
    return len(book.products) + 1
