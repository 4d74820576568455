"""Offers of all companies: what to propose to each of each product, and in which order.

The same as `mpfunnel.case.Case.next_products`, for whole tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.frames.answers import joined, possible_of, settled, words_of
from mpfunnel.frames.companies import Companies
from mpfunnel.frames.expressions import extended, flag, looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import Places
from mpfunnel.frames.ownership import dealings, owned_throughout
from mpfunnel.frames.situation import Situation
from mpfunnel.frames.task import Task
from mpfunnel.frames.white_space import (
    LEVEL,
    OWNED,
    OfAccounts,
    grouped,
    is_gone,
    products_asked,
    with_owned,
    with_shared,
)
from mpfunnel.rules.columns import decide_columns
from mpfunnel.rules.conditions import facts_of
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable
from mpfunnel.synergy import NO_OFFER, OFFERS
from mpfunnel.synergy.dated import Dated

__all__ = ["offers"]

_GONE: Final = "account.discontinued"
_PLACES: Final = {one.key: place for place, one in enumerate((*OFFERS, NO_OFFER))}


@frozen
class _OfOffers(OfAccounts):
    """Where the facts of offers stand: where those of white space do, and beside them.

    Attributes:
        gone: The products that rules ask about whether a company owns them and they are gone.
        dated: The keys of the questions with days.
    """

    gone: Sequence[str]
    dated: Sequence[str]

    def value(self, fact: Fact) -> str:
        """Return the column of a fact."""
        if fact.within == "dated":
            return f"dated_{self.dated.index(fact.name)}"
        own = {"product.position": LEVEL[0], "product.best_interest": "interest"}
        return own.get(fact.name) or super().value(fact)

    def member(self, fact: Fact, value: str) -> str:
        """Return the column that says whether a set has a value."""
        if fact.name == _GONE:
            return f"gone_{self.gone.index(value)}"
        return super().member(fact, value)

    def possible(self, fact: Fact) -> Mapping[str, str]:
        """Return, for each key of a level, the column that says whether it is still possible."""
        if fact.name == "product.position":
            return dict(zip(self.keys[fact.name], LEVEL[1:], strict=True))
        if fact.name == "product.best_interest":
            return {key: f"interest_may_{n}" for n, key in enumerate(self.keys[fact.name])}
        return super().possible(fact)


def offers(
    standing: Frame, companies: Companies, owned: Frame | None, facts: Situation, task: Task
) -> Frame:
    """Return what each company is offered of each product, and the rank of that.

    Args:
        standing: What `mpfunnel.frames.white_space` says with `LEVEL`, and how people are involved:
            ``people``, ``interest``, and what that may be where it is not sure.
        companies: What is known of the companies.
        owned: What they own, by company_no and about.
        facts: What counts on the day.
        task: What is asked.
    """
    groups = grouped(task.book.offer_tables.values())
    conditions = [when for table, _ in groups for when in table.conditions]
    asked = {fact.name: fact for when in conditions for fact in facts_of(when)}
    frame = with_shared(standing, companies, conditions, task)
    owns = products_asked(conditions, OWNED)
    names = {f"owns_{place}": one for place, one in enumerate(owns)}
    frame = with_owned(frame, owned, "company_no", names, task)
    gone = products_asked(conditions, _GONE)
    frame = _with_gone(frame, owned, gone, task)
    if "account.existing_customer" in asked:
        frame = _with_customers(frame, owned)
    dated = sorted(name for name, fact in asked.items() if fact.within == "dated")
    frame = _with_dated(frame, [asked[name] for name in dated], owned, facts, task)
    if "product.best_interest" in asked:
        frame = _with_interests(frame, task)
    if len(groups) > 1:
        frame = task.workshop.keep("prospects", frame)
    places = task.places
    layout = _OfOffers(places.facts, places.asked, places.keys, places.exists, owns, gone, dated)
    parts: list[Frame] = []
    words: dict[str, list[Any]] = {"offer": [], "rule": [], "because": []}
    for number, (table, abouts) in enumerate(groups):
        rows = frame if len(groups) == 1 else frame.filter(nw.col("about").is_in(abouts))
        parts.append(_decided(rows, table, layout, f"offer_{number}", len(words["rule"])))
        for name, values in words_of(table, "offer", task.lang).items():
            words[name] += values
    told = nw.concat(parts) if len(parts) > 1 else parts[0]
    small = {
        "offer_code": list(range(len(words["offer"]))),
        "offer": words["offer"],
        "offer_rule": words["rule"],
        "offer_because": words["because"],
        "kind": [_PLACES[key] for key in words["offer"]],
    }
    told = told.join(task.workshop.small("offers", small), on="offer_code").drop("offer_code")
    return _ranked(told, task)


def _with_gone(frame: Frame, owned: Frame | None, gone: Sequence[str], task: Task) -> Frame:
    """Return the frame with whether companies own products that are no longer sold."""
    until = {str(p): one.sold_until for p, one in task.book.products.items()}
    names = {f"gone_{place}": one for place, one in enumerate(gone)}
    frame = with_owned(frame, owned, "company_no", names, task)
    so: dict[str, nw.Expr] = {}
    for n, one in enumerate(gone):
        last = until[one]
        passed = nw.lit(False) if last is None else is_gone(last, task.day.toordinal())
        so[f"gone_{n}"] = nw.col(f"gone_{n}") & passed
    return extended(frame, so)


def _with_customers(frame: Frame, owned: Frame | None) -> Frame:
    """Return the frame with whether companies own anything."""
    if owned is None:
        return frame.with_columns(existing_customer=nw.lit(False))
    any_of = owned.group_by("company_no").agg(existing_customer=nw.col("owned").max())
    frame = frame.join(any_of, on="company_no", how="left")
    return frame.with_columns(existing_customer=(nw.col("existing_customer") == 1).fill_null(False))


def _with_dated(
    frame: Frame, asked: Sequence[Fact], owned: Frame | None, facts: Situation, task: Task
) -> Frame:
    """Return the frame with ``quantity``, and the answers to the questions with days."""
    today, found = task.day.toordinal(), dealings(facts, task.day)
    if found is None:
        blank = dict.fromkeys(("dealt", "ends", "lapsed"), whole(None))
        frame = frame.with_columns(quantity=whole(0), **blank)
    else:
        frame = frame.join(found, on=["company_no", "about"], how="left")
        frame = frame.with_columns(quantity=nw.col("quantity").fill_null(0))
    columns: dict[str, nw.Expr] = {}
    for place, fact in enumerate(asked):
        one, name = Dated.of(fact), f"dated_{place}"
        if fact.root == "account":
            frame = _with_owned_for(frame, one, name, owned, facts, task)
        elif one.head == "offered":
            columns[name] = today - nw.col("dealt") < one.days
        elif one.head == "ends":
            columns[name] = nw.col("ends") - today < one.days
        else:
            columns[name] = ~nw.col("owned") & (today - nw.col("lapsed") < one.days)
    filled = {name: so.fill_null(False) for name, so in columns.items()}
    return extended(frame, filled).drop("dealt", "ends", "lapsed")


def _with_owned_for(
    frame: Frame, one: Dated, name: str, owned: Frame | None, facts: Situation, task: Task
) -> Frame:
    """Return the frame with whether companies own one product for so many days."""
    if owned is None:
        return frame.with_columns(**{name: nw.lit(False)})
    about = [str(product_id) for product_id in task.book.products].index(one.product)
    held = owned_throughout(facts, owned, [about], one.days, task.day)
    held = held.select("company_no", **{name: whole(1)})
    frame = frame.join(held, on="company_no", how="left")
    return frame.with_columns(**{name: (nw.col(name) == 1).fill_null(False)})


def _with_interests(frame: Frame, task: Task) -> Frame:
    """Return the frame with whether the highest interest of people may be each level."""
    keys = task.book.playbook.scale.keys
    may = {f"interest_may_{n}": n for n, _ in enumerate(keys)}
    if "least" not in frame.collect_schema().names():
        sure = {name: nw.col("interest") == n for name, n in may.items()}
        return frame.with_columns(**sure)
    ladder = range(len(task.book.playbook.scale.ladder))
    columns: dict[str, nw.Expr] = {}
    for name, n in may.items():
        some = (nw.col(name) == 1) & (nw.col("least") <= n) if n in ladder else nw.lit(False)
        # Where there is nobody, it is the lowest.
        columns[name] = some.fill_null(n == 0) if n in ladder else some
    return frame.with_columns(**columns).drop("least")


def _decided(
    rows: Frame, table: DecisionTable[Any], layout: Places, name: str, codes: int
) -> Frame:
    """Return what one table decides, beside what was known."""
    rows, one = decide_columns(rows, table, layout, name=name)
    told = ("tier", "position", "settled", "possible", "missing", "rule", "because")
    return rows.select(
        "company_no",
        "about",
        *told,
        "interest",
        "people",
        offer_settled=settled(one.possible),
        offer_possible=joined(possible_of(one)),
        offer_code=nw.col(one.code).cast(nw.Int64()) + codes,
    )


def _ranked(frame: Frame, task: Task) -> Frame:
    """Return the frame with the rank of each row among those of its company, from 1."""
    rungs = len(task.book.playbook.scale.ladder)
    ids = [str(product_id) for product_id in task.book.products]
    by_text = sorted(ids)
    tier = nw.col("tier").str.slice(len("tier_")).cast(nw.Int64())
    frame = frame.with_columns(
        first=(nw.col("kind") * 10 + tier) * rungs - nw.col("interest"),
        fewer=-nw.col("people"),
        text_no=looked_up(nw.col("about"), range(len(ids)), [by_text.index(one) for one in ids]),
        one=flag(nw.lit(True)),
    )
    rank = nw.col("one").cum_sum().over("company_no", order_by=["first", "fewer", "text_no"])
    return frame.with_columns(rank=rank.cast(nw.Int64()))
