"""Segment and tiers of all companies: the questions that a company answers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.case import NOBODY
from mpfunnel.frames.answers import (
    as_level,
    joined,
    level_of,
    possible_of,
    settled,
    words_of,
)
from mpfunnel.frames.expressions import whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import Places
from mpfunnel.frames.policies import companies_of, custom_tiers
from mpfunnel.frames.situation import Situation
from mpfunnel.frames.task import Task
from mpfunnel.rules.columns import Decided, decide_columns, missing_columns
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision, DecisionTable
from mpfunnel.segments import UNMATCHED
from mpfunnel.tiers import TierTable

__all__ = ["Companies", "judge", "with_facts"]

_TYPES: Final[Mapping[str, Any]] = {
    "int": nw.Int64(),
    "decimal": nw.Int64(),
    "float": nw.Float64(),
    "bool": nw.Boolean(),
    "text": nw.String(),
    "date": nw.Int64(),
}


@frozen
class Companies:
    """What is known of the companies.

    Attributes:
        facts: By ``company_no``, the facts that rules about leads ask of a company, its segment
            among them.
        segments: The answers: company_no and the columns of the decision.
        tiers: The answers: company_no, about and the columns of the decision.
        levels: By ``company_no`` and ``about``, the tier as the rules about leads read it.
        nobody: For each product, the decision about a company of which nothing is known.
    """

    facts: Frame
    segments: Frame
    tiers: Frame
    levels: Frame | None
    nobody: tuple[Decision[Any], ...]


def judge(facts: Situation, attributes: Sequence[Fact], task: Task) -> Companies:
    """Return segment and tiers of all companies.

    Args:
        facts: What counts on the day.
        attributes: The custom attributes that the companies have columns for.
        task: What is asked.

    Raises:
        PolicyError: A custom policy broke its contract.
    """
    book, places, workshop = task.book, task.places, task.workshop
    segments = book.playbook.segments
    policies = [book.playbook.tiers[product_id] for product_id in book.products]
    frame = with_facts(
        facts.companies, places.about("company"), places, facts.company_sets, "company_no"
    )
    decided: dict[int, tuple[Decided, Mapping[str, str]]] = {}
    named = {"segment": segments, **{f"tier_{n}": policy for n, policy in enumerate(policies)}}
    for name, policy in named.items():
        if isinstance(policy, DecisionTable) and id(policy) not in decided:
            frame, one = decide_columns(frame, policy, places, name=name)
            frame, to_ask = missing_columns(frame, policy, places, name=f"{name}_asks")
            decided[id(policy)] = one, to_ask
    frame = workshop.keep("companies_decided", frame)

    def told(policy: DecisionTable[Any], name: str) -> Frame:
        one, to_ask = decided[id(policy)]
        words = words_of(policy, name, task.lang)
        told = frame.select(
            "company_no",
            code=nw.col(one.code).cast(nw.Int64()),
            settled=settled(one.possible),
            possible=joined(possible_of(one)),
            missing=joined(to_ask),
        )
        codes = {"code": list(range(len(one.values))), **words}
        return told.join(workshop.small(f"{one.code}s", codes), on="code").drop("code")

    asked = [fact for fact in places.about("company") if fact.kind != "level"]
    seen = {column: nw.col(column) for fact in asked for column in places.columns(fact)}
    if (segment := places.named("company.segment")) is not None:
        seen |= as_level(decided[id(segments)][0], segment, places)
    tier = places.named("product.tier")
    tiers: list[Frame] = []
    levels: list[Frame] = []
    custom = not all(isinstance(policy, TierTable) for policy in policies)
    objects = companies_of(facts, attributes, workshop) if custom else {}
    for place, (policy, product) in enumerate(zip(policies, book.products.values(), strict=True)):
        about = whole(place)
        if isinstance(policy, TierTable):
            tiers.append(told(policy, "tier").with_columns(about=about))
            if tier is not None:
                level = as_level(decided[id(policy)][0], tier, places)
                levels.append(frame.select("company_no", about=about, **level))
        else:
            answer, said = custom_tiers(objects, product, task)
            tiers.append(answer.with_columns(about=about))
            if said is not None:
                levels.append(said.with_columns(about=about))
    return Companies(
        facts=frame.select("company_no", **seen),
        segments=told(segments, "segment"),
        tiers=_stacked(tiers),
        levels=workshop.keep("tier_levels", _stacked(levels)) if levels else None,
        nobody=tuple(book.tier(NOBODY, product, task.day) for product in book.products.values()),
    )


def _stacked(frames: Sequence[Frame]) -> Frame:
    columns = frames[0].collect_schema().names()
    return nw.concat([frame.select(*columns) for frame in frames])


def unmatched(places: Places) -> Mapping[str, Any]:
    """Return, by column, what rules see of the company of people without company."""
    fact = places.named("company.segment")
    nobody = Decision(UNMATCHED, "", UNMATCHED.label, (UNMATCHED,))
    return {} if fact is None else level_of(nobody, fact, places)


def with_facts(
    frame: Frame, facts: Sequence[Fact], places: Places, sets: Frame | None, owner: str
) -> Frame:
    """Return the frame of records with the facts that rules ask about, under their own names.

    Args:
        frame: The records.
        facts: The facts that they hold themselves.
        places: Where facts stand.
        sets: What their sets hold.
        owner: The column of the owner's number, in both.
    """
    here = set(frame.collect_schema().names())
    plain = [fact for fact in facts if fact.kind not in ("set", "level")]
    columns: list[nw.Expr] = [
        (nw.col(fact.key) if fact.key in here else nw.lit(None, dtype=_TYPES[fact.kind])).alias(
            places.value(fact)
        )
        for fact in plain
    ]
    if columns:
        frame = frame.with_columns(*columns)
    held = [fact for fact in facts if fact.kind == "set"]
    names = [column for fact in held for column in places.columns(fact)]
    if not names:
        return frame
    if sets is None:
        return frame.with_columns(*(nw.lit(None, dtype=nw.Boolean()).alias(n) for n in names))
    columns = []
    for fact in held:
        of_fact = nw.col("fact") == fact.key
        if fact.open:
            columns.append(nw.when(of_fact).then(whole(1)).alias(places.value(fact)))
        columns += [
            nw.when(of_fact & (nw.col("value") == value))
            .then(whole(1))
            .alias(places.member(fact, value))
            for value in places.asked.get(fact.name, ())
        ]
    known = sets.with_columns(*columns).group_by(owner).agg(*(nw.col(n).max() for n in names))
    joined = frame.join(known, on=owner, how="left")
    return joined.with_columns(*((nw.col(n) == 1).alias(n) for n in names))
