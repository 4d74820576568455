"""How `mpfunnel check` tells what it found: to people, to programs, and to who reviews a change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from mpfunnel.cli.checking import Finding, Report
from mpfunnel.cli.policies import custom_policies
from mpfunnel.cli.terminal import printable
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.tiers import asked_of, rules_of

__all__ = ["Format", "as_json", "summary", "workflow_commands"]

Format = Literal["text", "json", "github"]
"""Lines for people, one JSON object, or the workflow commands of GitHub Actions."""


def summary(report: Report) -> Iterator[str]:
    """Yield the lines that say what was checked; none where it could not be loaded."""
    book, lang = report.book, report.lang
    if book is None:
        return
    ids = ", ".join(str(product.id) for product in book.products)
    told = {
        Label("ok", "問題なし") if report.sound else Label("not ok", "問題あり"): report.name,
        Label("version", "バージョン"): book.version,
        Label("products", "商材"): f"{len(book.products):,} ({ids})",
        Label("rules", "ルール"): _rules(report, book),
        Label("cases", "ケース"): _cases(report).text(lang),
    }
    if policies := custom_policies(book):
        kinds = ", ".join(dict.fromkeys(policy.kind for policy, _ in policies))
        told[Label("proved by the kit", "検証したポリシー")] = kinds
    for label, said in told.items():
        yield f"{label.text(lang)}: {printable(said)}"
    note = Label("note", "注意").text(lang)
    for one in report.findings:
        if one.level == "notice":
            yield f"{note}: {printable(str(one.problem))}"


def _rules(report: Report, book: Playbook) -> str:
    models = book.engagement.values()
    # What several products share counts once.
    rules: dict[Label, dict[Any, int]] = {
        Label("segment", "セグメント"): {None: len(book.segments.rules)},
        Label("tier", "Tier"): {
            rules_of(policy) or id(policy): len(asked_of(policy)) for policy in book.tiers.values()
        },
        Label("engagement", "エンゲージメント"): {
            table: len(table.rules) for model in models for table in (model.interest, model.states)
        },
        Label("stage", "ステージ"): {None: len(book.funnel.rules.rules)},
        Label("offer", "提案"): {None: len(book.synergy.offers)},
        Label("play", "次の一手"): {None: len(book.plays.conditions)},
    }
    counts = {label.text(report.lang): sum(found.values()) for label, found in rules.items()}
    each = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return f"{sum(counts.values()):,} ({each})"


def _cases(report: Report) -> Label:
    wrong = len({one.case for one in report.cases if not one.holds})
    count = len({one.case for one in report.cases})
    if not count:
        return Label("none", "なし")
    if not wrong:
        return Label(f"{count:,}, all as expected", f"{count:,}件、すべて期待どおり")
    return Label(
        f"{count:,}, of which {wrong:,} not as expected",
        f"{count:,}件、うち{wrong:,}件が期待と異なる",
    )


def as_json(report: Report) -> str:
    """Return a report as one JSON object."""
    by_level: dict[str, list[dict[str, Any]]] = {"error": [], "notice": []}
    for one in report.findings:
        by_level[one.level].append(
            {
                "code": one.problem.code,
                "path": one.problem.path,
                "message": one.problem.message,
                "file": one.file,
                "line": one.line,
            }
        )
    told = {
        "playbook": report.name,
        "sound": report.sound,
        "version": None if report.book is None else report.book.version,
        "problems": by_level["error"],
        "notes": by_level["notice"],
        "cases": [one.row(report.lang) for one in report.cases],
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def workflow_commands(report: Report) -> Iterator[str]:
    """Yield workflow commands: GitHub shows each beside the line that it is about."""
    return map(_annotation, report.findings)


def _annotation(one: Finding) -> str:
    about = {"file": one.file, "line": one.line, "title": f"mpfunnel: {one.problem.code}"}
    given = ",".join(
        f"{key}={_escaped(str(value), ':,')}" for key, value in about.items() if value is not None
    )
    return f"::{one.level} {given}::{_escaped(printable(str(one.problem)))}"


def _escaped(text: str, more: str = "") -> str:
    """Return text as a workflow command takes it."""
    for letter in f"%\r\n{more}":
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text
