"""What `mpfunnel new` writes: a folder that a firm keeps in git and makes its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from itertools import product as combinations
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

from attrs import evolve

from mpfunnel.account import Account
from mpfunnel.calendars import day_began, zone_for
from mpfunnel.cli.inputs import UsageError
from mpfunnel.codec import dump
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.records import Activity, Company, Id, Lead
from mpfunnel.rules.conditions import All, AnyOf, Condition
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.words import reason_of
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier, TierTable
from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = ["SheetKind", "started"]

T = TypeVar("T", bound=DecisionTable[Any])
SheetKind = Literal["xlsx", "csv"]
"""One Excel workbook, or a CSV file for each table."""

_DAY: Final = date(2026, 10, 31)
"""The day of the cases: any day will do."""
_TEMPLATES: Final = "templates"


def started(folder: Path, products: Sequence[str], sheets: SheetKind, lang: Lang) -> Playbook:
    """Write a starter playbook and what belongs to it into a new folder.

    Args:
        folder: The folder; absent or empty.
        products: The ids of what the firm sells.
        sheets: What the tables of rules are written as.
        lang: The language of the reasons, of the cases and of the README.

    Raises:
        UsageError: The folder holds something, or is none.
        PlaybookError: There is no product, or one stands there twice.
        MissingExtraError: A workbook is wanted, and the extra ``excel`` is not installed.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already; name a folder that is absent or empty")
    book = _for_sheets(starter(products, lang=lang))
    book = evolve(book, cases=_cases(book, lang))
    # Read before anything is written.
    templates = files("mpfunnel.cli") / _TEMPLATES
    readme = (templates / f"README.{lang}.md").read_text(encoding="utf-8")
    tables = {"xlsx": "`tables.xlsx`", "csv": "`*.csv`"}[sheets]
    texts = {
        "README.md": readme.replace("TABLES", tables),
        ".github/workflows/playbook.yml": (templates / "playbook.yml").read_text(encoding="utf-8"),
    }
    dump(book, folder, sheets=sheets)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return book


def _for_sheets(book: Playbook) -> Playbook:
    """Return a playbook of one model whose every rule is a row of cells: *or* takes a row each.

    It decides as the playbook does.
    """
    model = next(iter(book.engagement.values()))
    return evolve(
        book,
        segments=_in_rows(book.segments),
        tiers={key: _in_rows(cast("TierTable", table)) for key, table in book.tiers.items()},
        engagement=evolve(model, interest=_in_rows(model.interest), states=_in_rows(model.states)),
        funnel=evolve(book.funnel, rules=_in_rows(book.funnel.rules)),
    )


def _in_rows(table: T) -> T:
    rules: list[Rule[Any]] = []
    for rule in table.rules:
        ways = _ways(rule.when)
        # In words, each way has its own reason.
        usual = rule.because == reason_of(rule.when)
        for number, when in enumerate(ways, 1):
            key = rule.key if number == 1 else f"{rule.key}-{number}"
            rules.append(Rule(rule.outcome, when, key, reason_of(when) if usual else rule.because))
    return evolve(table, rules=rules)


def _ways(when: Condition) -> list[Condition]:
    """Return the ways in which a condition can hold, none of which has an *or* in it."""
    if isinstance(when, AnyOf):
        return [way for one in when.conditions for way in _ways(one)]
    if isinstance(when, All):
        return [All(parts) for parts in combinations(*map(_ways, when.conditions))]
    return [when]


def _cases(book: Playbook, lang: Lang) -> list[WorkedCase]:
    """Return a few cases that the starter answers so, and that hold for most firms."""
    products = [product.id for product in book.products]
    first = products[0]
    yesterday = day_began(date(2026, 10, 30), zone_for(book.zone))
    asked = [Activity(1, 1, "demo_request", yesterday, [first])]

    def tiers(number: int) -> list[Expectation]:
        return [Expectation("tier", Tier(number), product_id=one) for one in products]

    def state(key: str, product_id: Id) -> Expectation:
        return Expectation("engagement", key, lead_id=1, product_id=product_id)

    told = (
        (
            Label(
                "A company of unknown size is undecided, and not small",
                "規模が分からない企業は、小さいと決めつけずに未判定とする",
            ),
            Account(Company(1)),
            [
                Expectation(
                    "tier",
                    possible=[Tier(1), Tier(2), Tier(3), Tier(4)],
                    missing=["employees", "annual_revenue"],
                    product_id=first,
                )
            ],
        ),
        (
            Label(
                "What is on the target list goes first, whatever its size",
                "重点企業リストにあれば、規模によらず最優先",
            ),
            Account(Company(1, employees=40, lists=["target"])),
            tiers(1),
        ),
        (
            Label(
                "A competitor is not followed up, however keen",
                "競合企業は、どれほど関心が高くてもフォローしない",
            ),
            Account(
                Company(1, employees=510, relationships=["competitor"]),
                leads=[Lead(1)],
                activities=asked,
            ),
            [
                Expectation("segment", "competitor"),
                *tiers(4),
                Expectation("stage", "disqualified", lead_id=1),
                state("excluded", first),
            ],
        ),
        (
            Label(
                "Who asked for a demo yesterday is an MQL",
                "昨日デモを申し込んだ人はMQL",
            ),
            Account(
                Company(1, employees=320, annual_revenue=6_400_000_000),
                leads=[Lead(1)],
                activities=asked,
            ),
            [
                Expectation("segment", "mid_market"),
                Expectation("stage", "mql", rule="mql", lead_id=1),
                state("high_interest", first),
            ],
        ),
    )
    return [WorkedCase(name.text(lang), given, expect, as_of=_DAY) for name, given, expect in told]
