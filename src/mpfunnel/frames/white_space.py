"""White space of all companies: where each stands with each product, by the rules of the playbook.

The same as `mpfunnel.case.Case.white_space`, for whole tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.frames.answers import joined, possible_of, settled, words_of
from mpfunnel.frames.companies import Companies
from mpfunnel.frames.expressions import by_code, flag, looked_up
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import Places
from mpfunnel.frames.task import Task
from mpfunnel.rules.columns import decide_columns, missing_columns
from mpfunnel.rules.conditions import ContainsAny, facts_of, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable

__all__ = ["of_products", "white_space"]

_OWNED: Final = "account.owned"
_SEGMENT: Final = "company.segment"
_TIER: Final = "product.tier"


@frozen
class _OfAccounts(Places):
    """Where the facts of white space stand: those of companies, and Tiers, where they always do.

    Attributes:
        owned: The products that rules ask about whether a company owns them.
    """

    owned: Sequence[str]

    def value(self, fact: Fact) -> str:
        """Return the column of a fact."""
        return super().value(fact) if _is_shared(fact) else fact.key

    def member(self, fact: Fact, value: str) -> str:
        """Return the column that says whether a set has a value."""
        if fact.name == _OWNED:
            return f"owns_{self.owned.index(value)}"
        return super().member(fact, value)


def _is_shared(fact: Fact) -> bool:
    return fact.given == "company" or fact.kind == "level"


def white_space(standing: Frame, companies: Companies, owned: Frame | None, task: Task) -> Frame:
    """Return where each company stands with each product: position, why, and what is possible.

    Args:
        standing: One row per company and product: company_no, about, tier, ``tier_missing``: the
            facts that the Tier waits for, and ``owned`` and ``open_deal``, 0 or 1.
        companies: What is known of the companies.
        owned: What they own, by company_no and about.
        task: What is asked.
    """
    book, places = task.book, task.places
    groups: dict[int, tuple[DecisionTable[Any], list[int]]] = {}
    for about, table in enumerate(book.white_space_tables.values()):
        groups.setdefault(id(table), (table, []))[1].append(about)
    asked = {
        fact for table, _ in groups.values() for when in table.conditions for fact in facts_of(when)
    }
    frame = standing.with_columns(
        owned=nw.col("owned") == 1, open_deal=nw.col("open_deal") == 1, **of_products(task)
    )
    shared = [one for one in places.facts if one in asked and _is_shared(one)]
    of_company = [c for one in shared if one.given == "company" for c in places.columns(one)]
    if of_company:
        known = companies.facts.select("company_no", *of_company)
        frame = frame.join(known, on="company_no", how="left")
    if companies.levels is not None and any(one.given == "product" for one in shared):
        frame = frame.join(companies.levels, on=["company_no", "about"], how="left")
    of_segment = {}
    if any(one.name == _SEGMENT for one in shared):
        names = _open_facts(book.playbook.segments)
        of_segment = {name: f"segment_waits_{place}" for place, name in enumerate(names)}
        waits = {column: _lists("missing", name) for name, column in of_segment.items()}
        waiting = companies.segments.select("company_no", **waits)
        frame = frame.join(waiting, on="company_no", how="left")
    owns = sorted(
        {
            value
            for table, _ in groups.values()
            for when in table.conditions
            for node in walk(when)
            if isinstance(node, ContainsAny) and node.fact.name == _OWNED
            for value in node.values
        }
    )
    frame = _with_owned(frame, owned, owns, task)
    if len(groups) > 1:
        frame = task.workshop.keep("offered", frame)
    layout = _OfAccounts(places.facts, places.asked, places.keys, places.exists, owns)
    parts: list[Frame] = []
    words: dict[str, list[Any]] = {"position": [], "rule": [], "because": []}
    for number, (table, abouts) in enumerate(groups.values()):
        rows = frame if len(groups) == 1 else frame.filter(nw.col("about").is_in(abouts))
        codes = len(words["rule"])
        parts.append(_decided(rows, table, layout, f"space_{number}", codes, of_segment))
        for name, values in words_of(table, "position", task.lang).items():
            words[name] += values
    codes_in_words = {"code": list(range(len(words["rule"]))), **words}
    told = nw.concat(parts) if len(parts) > 1 else parts[0]
    return told.join(task.workshop.small("positions", codes_in_words), on="code").drop("code")


def of_products(task: Task) -> dict[str, nw.Expr]:
    """Return what rules may ask of a product whoever it is for, by the name of the fact."""
    products = list(enumerate(task.book.products.values()))
    sold = [about for about, one in products if one.is_sold_on(task.day)]
    cycles = {about: one.lifecycle for about, one in products if one.lifecycle is not None}
    about = nw.col("about")
    return {
        "sold": about.is_in(sold) if sold else nw.lit(False),
        "lifecycle": looked_up(about, [*cycles], [*cycles.values()])
        if cycles
        else nw.lit(None, dtype=nw.String()),
    }


def _with_owned(frame: Frame, owned: Frame | None, owns: Sequence[str], task: Task) -> Frame:
    """Return the frame with whether each company owns the products that rules ask about."""
    ids = [str(product_id) for product_id in task.book.products]
    names = {f"owns_{place}": ids.index(one) for place, one in enumerate(owns)}
    if not names:
        return frame
    if owned is None:
        return frame.with_columns(**dict.fromkeys(names, nw.lit(False)))
    has = owned.filter(nw.col("owned") == 1).select(
        "company_no", **{name: flag(nw.col("about") == about) for name, about in names.items()}
    )
    has = has.group_by("company_no").agg(*(nw.col(name).max() for name in names))
    frame = frame.join(has, on="company_no", how="left")
    return frame.with_columns(**{name: (nw.col(name) == 1).fill_null(False) for name in names})


def _open_facts(table: DecisionTable[Any]) -> list[str]:
    """Return the names of the open facts that a table asks about, in the order of first use."""
    facts = (fact for when in table.conditions for fact in facts_of(when))
    return [*dict.fromkeys(fact.name for fact in facts if fact.open)]


def _lists(column: str, name: str) -> nw.Expr:
    """Return whether a column of joined names has one of them."""
    text = nw.concat_str(nw.lit(";"), nw.col(column), nw.lit(";"))
    return text.str.contains(f";{name};", literal=True)


def _names(to_ask: Mapping[str, str], of_segment: Mapping[str, str]) -> nw.Expr:
    """Return the facts that a position waits for, also by way of the segment and the Tier.

    Args:
        to_ask: By the name of an open fact or level, the column that says whether it bears.
        of_segment: By the name of an open fact, the column that says whether the segment waits for
            it.
    """
    flags = {name: nw.col(column) for name, column in to_ask.items()}
    segment, tier = flags.pop(_SEGMENT, None), flags.pop(_TIER, None)
    if segment is not None:
        for name, column in of_segment.items():
            waits = segment & nw.col(column)
            flags[name] = flags[name] | waits if name in flags else waits
    none = nw.lit("")
    texts: list[nw.Expr] = []
    if tier is not None:
        flags = {name: one & ~(tier & _lists("tier_missing", name)) for name, one in flags.items()}
        # A policy in Python need not say what it waits for.
        said = nw.when(nw.col("tier_missing") != "").then(nw.col("tier_missing"))
        said = nw.concat_str(nw.lit(";"), said.otherwise(nw.lit(_TIER)))
        texts.append(nw.when(tier).then(said).otherwise(none))
    texts += [nw.when(one).then(nw.lit(f";{name}")).otherwise(none) for name, one in flags.items()]
    return nw.concat_str(*texts).str.slice(1) if texts else none


def _decided(
    rows: Frame,
    table: DecisionTable[Any],
    layout: _OfAccounts,
    name: str,
    codes: int,
    of_segment: Mapping[str, str],
) -> Frame:
    """Return what one table decides: company_no, about, tier, settled, possible, missing, code."""
    may_be_open = bool(_open_facts(table))
    rows, one = decide_columns(rows, table, layout, name=name, possible=may_be_open)
    rows, to_ask = missing_columns(rows, table, layout, name=f"{name}_asks", levels=True)
    # Where nothing asked about can be unknown, every answer is settled.
    keys = by_code(one.code, [way.value.key for way in table.ways])
    return rows.select(
        "company_no",
        "about",
        "tier",
        settled=settled(one.possible) if may_be_open else nw.lit(True),
        possible=joined(possible_of(one)) if may_be_open else keys,
        missing=_names(to_ask, of_segment),
        code=nw.col(one.code).cast(nw.Int64()) + codes,
    )
