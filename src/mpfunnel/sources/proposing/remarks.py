"""What a person should know of a column before relying on it, or to find a use for it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from mpfunnel.errors import on_one_line
from mpfunnel.labels import Label
from mpfunnel.personal import has_address, masked
from mpfunnel.sources.kinds import KINDS
from mpfunnel.sources.proposing.fitting import Fit, fitted, flag_of, looks_like
from mpfunnel.sources.proposing.guessing import Column
from mpfunnel.sources.proposing.names import PERSONAL

__all__ = ["described", "unread", "unsound_ids", "unsure_split", "why_unfit"]

_LONGEST: Final = 30
_DEALS: Final = KINDS["deals"]
_FEW: Final = 12
_DIGITS: Final = re.compile(r"[0-9]+")
_MEASURE: Final = re.compile(r"[-+]?[0-9０-９][0-9０-９.,/:年月日\s-]*")


def unsound_ids(column: Column) -> list[Label]:
    """Return what is wrong with a column of ids; none where it is sound."""
    given = [cell for cell in column.cells if cell.strip()]
    blank, again = len(column.cells) - len(given), len(given) - len(set(given))
    checks: list[Label] = []
    rows = len(column.cells)
    if blank:
        checks.append(Label(f"blank in {blank} of {rows} rows", f"{rows}行のうち{blank}行で空欄"))
    if again:
        checks.append(Label(f"twice or more in {again} rows", f"{again}行でほかの行と重複"))
    return checks


def unread(column: Column, fit: Fit) -> list[Label]:
    """Return which cells of a field cannot be read; none where all can."""
    if not fit.unread:
        return []
    shown = _shown(column, next(iter(sorted(fit.unread))))
    return [
        Label(
            f"{fit.faulty} of {fit.cells} cells cannot be read, such as {shown}; "
            "their rows are rejected",
            f"{fit.cells}件のうち{fit.faulty}件は読めない（例 {shown}）。その行は除外される",
        )
    ]


def unsure_split(mark: str) -> list[Label]:
    """Return what is not sure of what separates the items of cells."""
    if mark in ";|":
        return []
    return [
        Label(f"several values with {mark} between them?", f"「{mark}」で区切った複数の値でよいか")
    ]


def why_unfit(name: str, column: Column, fit: Fit) -> Label:
    """Return why a column that is called like a field is not read as it."""
    if fit.either:
        days, months = fit.either
        return Label(
            f"{name}? day first or month first is open: date_formats = {[*days]} or {[*months]}",
            f"{name} か？ 日/月の順か月/日の順か決まらない: "
            f"date_formats = {[*days]} または {[*months]}",
        )
    shown = _shown(column, next(iter(sorted(fit.unread))))
    return Label(
        f"{name}? {fit.faulty} of {fit.cells} cells cannot be read, such as {shown}",
        f"{name} か？ {fit.cells}件のうち{fit.faulty}件が読めない（例 {shown}）",
    )


def described(column: Column) -> Label:
    """Return what the cells of a column look like, with one that may be shown."""
    given = [cell for cell in column.cells if cell.strip()]
    if not given:
        return Label("blank", "空欄のみ")
    shown = _shown(column, Counter(given).most_common(1)[0][0])
    what = Label("text", "文字列")
    if flag_of(given):
        what = Label("true or false", "真偽")
    elif looks_like(given, _DIGITS):
        what = Label("whole numbers", "整数")
    elif not fitted(KINDS["companies"], "annual_revenue", given).unread:
        what = Label("numbers", "数値")
    elif sum(map(str.isdigit, given[0])) >= 6 and fitted(_DEALS, "opened_at", given).well:
        what = Label("days", "日付")
    return Label(f"{what.en}, such as {shown}", f"{what.ja}（例 {shown}）")


def _shown(column: Column, cell: str) -> str:
    """Return a cell of a column as comments may show it: masked where it may be personal."""
    given = [one for one in column.cells if one.strip()]
    # What is no measure and not among a few words may be about one person; many digits, a phone.
    words = len(set(given)) <= min(_FEW, len(given) // 2) or _MEASURE.fullmatch(cell)
    digits = sum(letter.isdigit() for letter in cell)
    personal = PERSONAL.search(column.name.casefold()) is not None or digits > 8
    if personal or not words or has_address(cell):
        return on_one_line(masked(cell))
    return on_one_line(cell[:_LONGEST])
