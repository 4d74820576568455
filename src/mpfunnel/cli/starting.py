"""What `mpfunnel new` writes: a folder that a firm keeps in git and makes its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final

from attrs import evolve

from mpfunnel.account import Account
from mpfunnel.calendars import day_began, zone_for
from mpfunnel.cli.inputs import UsageError
from mpfunnel.codec import dump
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.records import Activity, Company, Id, Lead
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier
from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = ["started"]

_DAY: Final = date(2026, 10, 31)
"""The day of the cases: any day will do."""
_TEMPLATES: Final = "templates"


def started(folder: Path, products: Sequence[str], lang: Lang) -> Playbook:
    """Write a starter playbook and what belongs to it into a new folder.

    Args:
        folder: The folder; absent or empty.
        products: The ids of what the firm sells.
        lang: The language of the reasons, of the cases and of the README.

    Raises:
        UsageError: The folder holds something, or is none.
        PlaybookError: There is no product, or one stands there twice.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already; name a folder that is absent or empty")
    book = starter(products, lang=lang)
    book = evolve(book, cases=_cases(book, lang))
    # Read before anything is written.
    templates = files("mpfunnel.cli") / _TEMPLATES
    texts = {
        "README.md": (templates / f"README.{lang}.md").read_text(encoding="utf-8"),
        ".github/workflows/playbook.yml": (templates / "playbook.yml").read_text(encoding="utf-8"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    dump(book, folder / "playbook.toml")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return book


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
