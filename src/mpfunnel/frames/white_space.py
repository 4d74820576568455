"""White space of all companies: where each stands with each product, by the rules of the playbook.

The same as `mpfunnel.case.Case.white_space`, for whole tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.facts import WHITE_SPACE
from mpfunnel.frames.answers import as_level, joined, possible_of, settled, words_of
from mpfunnel.frames.companies import Companies
from mpfunnel.frames.expressions import by_code, flag, looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import POSITION, TIER, Places
from mpfunnel.frames.task import Task
from mpfunnel.records import Product
from mpfunnel.rules.columns import decide_columns, missing_columns
from mpfunnel.rules.conditions import Condition, ContainsAny, facts_of, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable

__all__ = [
    "LEVEL",
    "OWNED",
    "OfAccounts",
    "decided",
    "grouped",
    "in_words",
    "is_gone",
    "of_products",
    "products_asked",
    "with_owned",
    "with_shared",
]

OWNED: Final = "account.owned"
"""The fact that asks for what a company owns."""
_KEYS: Final = WHITE_SPACE.keys
LEVEL: Final = ("position_no", *(f"position_may_{place}" for place, _ in enumerate(_KEYS)))
"""The columns of a position as other rules read it: its place, and whether each is possible."""
_SEGMENT: Final = "company.segment"


@frozen
class OfAccounts(Places):
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
        if fact.name == OWNED:
            return f"owns_{self.owned.index(value)}"
        return super().member(fact, value)


def _is_shared(fact: Fact) -> bool:
    return fact.given == "company" or fact.name in (TIER, POSITION)


def decided(standing: Frame, companies: Companies, owned: Frame | None, task: Task) -> Frame:
    """Return where each company stands with each product, by codes that `in_words` explains.

    Columns: company_no, about, tier, settled, possible, missing and ``code``; and if rules about
    plays ask for white space, those of the fact; and if there are rules of offers, `LEVEL` and
    what they see of the product.

    Args:
        standing: One row per company and product: company_no, about, tier, ``tier_missing``: the
            facts that the Tier waits for, and ``owned`` and ``open_deal``, 0 or 1.
        companies: What is known of the companies.
        owned: What they own, by company_no and about.
        task: What is asked.
    """
    groups = grouped(task.book.white_space_tables.values())
    conditions = [when for table, _ in groups for when in table.conditions]
    frame = standing.with_columns(
        owned=nw.col("owned") == 1, open_deal=nw.col("open_deal") == 1, **of_products(task)
    )
    frame = with_shared(frame, companies, conditions, task)
    of_segment: dict[str, str] = {}
    if any(one.name == _SEGMENT for when in conditions for one in facts_of(when)):
        names = _open_facts(task.book.playbook.segments)
        of_segment = {name: f"segment_waits_{place}" for place, name in enumerate(names)}
        waits = {column: _lists("missing", name) for name, column in of_segment.items()}
        waiting = companies.segments.select("company_no", **waits)
        frame = frame.join(waiting, on="company_no", how="left")
    owns = products_asked(conditions, OWNED)
    columns = {f"owns_{place}": one for place, one in enumerate(owns)}
    frame = with_owned(frame, owned, "company_no", columns, task)
    if len(groups) > 1:
        frame = task.workshop.keep("offered", frame)
    places = task.places
    layout = OfAccounts(places.facts, places.asked, places.keys, places.exists, owns)
    offered = bool(task.book.offer_tables)
    parts: list[Frame] = []
    codes = 0
    for number, (table, abouts) in enumerate(groups):
        rows = frame if len(groups) == 1 else frame.filter(nw.col("about").is_in(abouts))
        called = f"space_{number}"
        parts.append(_decided(rows, table, layout, called, codes, of_segment, offered=offered))
        codes += len(table.ways)
    return nw.concat(parts) if len(parts) > 1 else parts[0]


def in_words(found: Frame, task: Task) -> Frame:
    """Return rows of `decided` with what people read of them: position, rule and because."""
    words: dict[str, list[Any]] = {"position": [], "rule": [], "because": []}
    for table, _ in grouped(task.book.white_space_tables.values()):
        for name, values in words_of(table, "position", task.lang).items():
            words[name] += values
    codes = {"code": list(range(len(words["rule"]))), **words}
    return found.join(task.workshop.small("positions", codes), on="code").drop("code")


def grouped(
    tables: Iterable[DecisionTable[Any]],
) -> list[tuple[DecisionTable[Any], list[int]]]:
    """Return each table once, with the places of the products that share it."""
    groups: dict[int, tuple[DecisionTable[Any], list[int]]] = {}
    for about, table in enumerate(tables):
        groups.setdefault(id(table), (table, []))[1].append(about)
    return list(groups.values())


def products_asked(conditions: Iterable[Condition], name: str) -> list[str]:
    """Return the products, as text, whose membership in a set conditions ask about."""
    return sorted(
        {
            value
            for when in conditions
            for node in walk(when)
            if isinstance(node, ContainsAny) and node.fact.name == name
            for value in node.values
        }
    )


def with_shared(
    frame: Frame, companies: Companies, conditions: Iterable[Condition], task: Task
) -> Frame:
    """Return a frame of company_no and about with what conditions ask of companies and Tiers."""
    asked = {fact for when in conditions for fact in facts_of(when)}
    places = task.places
    shared = [one for one in places.facts if one in asked and _is_shared(one)]
    of_company = [c for one in shared if one.given == "company" for c in places.columns(one)]
    if of_company:
        known = companies.facts.select("company_no", *of_company)
        frame = frame.join(known, on="company_no", how="left")
    if companies.levels is not None and any(one.name == TIER for one in shared):
        frame = frame.join(companies.levels, on=["company_no", "about"], how="left")
    return frame


def of_products(task: Task) -> dict[str, nw.Expr]:
    """Return what rules may ask of a product whoever it is for, by the name of the fact."""
    products = list(enumerate(task.book.products.values()))
    today = task.day.toordinal()
    cycles = {about: one.lifecycle for about, one in products if one.lifecycle is not None}
    about = nw.col("about")
    return {
        "sold": ~_any(
            _not_sold(n, one, today) for n, one in products if one.sold_from or one.sold_until
        ),
        "lifecycle": looked_up(about, [*cycles], [*cycles.values()])
        if cycles
        else nw.lit(None, dtype=nw.String()),
    }


def _not_sold(number: int, one: Product, today: int) -> nw.Expr:
    """Return whether a row is about a product that is not yet sold, or no longer."""
    # The day itself: in SQL text a variable may stand in its place.
    begins = [] if one.sold_from is None else [whole(today) < one.sold_from.toordinal()]
    ends = [] if one.sold_until is None else [is_gone(one.sold_until, today)]
    return (nw.col("about") == number) & _any([*begins, *ends])


def is_gone(until: date, today: int) -> nw.Expr:
    """Return whether the last day on which a product is sold has passed."""
    return whole(today) > until.toordinal()


def _any(conditions: Iterable[nw.Expr]) -> nw.Expr:
    found = nw.lit(False)
    for one in conditions:
        found = found | one
    return found


def with_owned(
    frame: Frame, owned: Frame | None, by: str, names: Mapping[str, str], task: Task
) -> Frame:
    """Return the frame with whether each company, or lead, owns some products.

    Args:
        frame: The rows.
        owned: What they own.
        by: The column of the number of the owner, in both.
        names: The ids of the products, as text, by the column to add for each.
        task: What is asked.
    """
    if not names:
        return frame
    if owned is None:
        return frame.with_columns(**dict.fromkeys(names, nw.lit(False)))
    ids = [str(product_id) for product_id in task.book.products]
    has = owned.filter(nw.col("owned") == 1).select(
        by, **{name: flag(nw.col("about") == ids.index(one)) for name, one in names.items()}
    )
    has = has.group_by(by).agg(*(nw.col(name).max() for name in names))
    frame = frame.join(has, on=by, how="left")
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
    segment, tier = flags.pop(_SEGMENT, None), flags.pop(TIER, None)
    if segment is not None:
        for name, column in of_segment.items():
            waits = segment & nw.col(column)
            flags[name] = flags[name] | waits if name in flags else waits
    none = nw.lit("")
    texts: list[nw.Expr] = []
    if tier is not None:
        flags = {name: one & ~(tier & _lists("tier_missing", name)) for name, one in flags.items()}
        # A policy in Python need not say what it waits for.
        known = nw.when(nw.col("tier_missing") != "").then(nw.col("tier_missing"))
        said = nw.concat_str(nw.lit(";"), known.otherwise(nw.lit(TIER)))
        texts.append(nw.when(tier).then(said).otherwise(none))
    texts += [nw.when(one).then(nw.lit(f";{name}")).otherwise(none) for name, one in flags.items()]
    return nw.concat_str(*texts).str.slice(1) if texts else none


def _decided(
    rows: Frame,
    table: DecisionTable[Any],
    layout: OfAccounts,
    name: str,
    codes: int,
    of_segment: Mapping[str, str],
    *,
    offered: bool,
) -> Frame:
    """Return what one table decides: the columns of `decided`."""
    may_be_open = bool(_open_facts(table))
    rows, one = decide_columns(rows, table, layout, name=name, possible=may_be_open)
    rows, to_ask = missing_columns(rows, table, layout, name=f"{name}_asks", levels=True)
    # Where nothing asked about can be unknown, every answer is settled.
    keys = by_code(one.code, [way.value.key for way in table.ways])
    fact = layout.named(POSITION)
    level = {} if fact is None else as_level(one, fact, layout)
    if fact is not None and not may_be_open:
        level |= {column: keys == key for key, column in layout.possible(fact).items()}
    if offered:
        at = [_KEYS.index(way.value.key) for way in table.ways]
        found, place = possible_of(one) if may_be_open else {}, by_code(one.code, at)
        level |= {one: nw.col(one) for one in ("owned", "open_deal", "sold", "lifecycle")}
        level[LEVEL[0]] = place
        for number, (key, column) in enumerate(zip(_KEYS, LEVEL[1:], strict=True)):
            sure = nw.lit(False) if may_be_open else place == number
            level[column] = nw.col(found[key]) if key in found else sure
    return rows.select(
        "company_no",
        "about",
        "tier",
        **level,
        settled=settled(one.possible) if may_be_open else nw.lit(True),
        possible=joined(possible_of(one)) if may_be_open else keys,
        missing=_names(to_ask, of_segment),
        code=nw.col(one.code).cast(nw.Int64()) + codes,
    )
