"""Segment and tiers of all companies: the questions that a company answers alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.case import NOBODY
from mpfunnel.compiled import Compiled, failed, is_dated
from mpfunnel.errors import PolicyError
from mpfunnel.frames.answers import (
    as_level,
    joined,
    level_of,
    possible_of,
    settled,
    words_of,
)
from mpfunnel.frames.by_hand import Hands, in_force, level_in_force
from mpfunnel.frames.door import rejected
from mpfunnel.frames.expressions import by_code, extended, whole
from mpfunnel.frames.groups import group_of, with_group_facts
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import Places
from mpfunnel.frames.policies import companies_of, custom_tiers
from mpfunnel.frames.situation import Situation
from mpfunnel.frames.task import Task
from mpfunnel.groups import ROOT, Member
from mpfunnel.records import Company, Product
from mpfunnel.rules.columns import (
    Decided,
    decide_columns,
    missing_columns,
    with_scores_in_words,
)
from mpfunnel.rules.conditions import facts_of
from mpfunnel.rules.explain import Policy
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.limits import Limited, asked_since
from mpfunnel.rules.tables import Decision, DecisionTable, Scorecard
from mpfunnel.segments import UNMATCHED
from mpfunnel.tiers import rules_of

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
        failed: The companies on which a policy in Python failed, as rejects; `None` of no such
            policy.
    """

    facts: Frame
    segments: Frame
    tiers: Frame
    levels: Frame | None
    nobody: tuple[Decision[Any], ...]
    failed: Frame | None


def judge(
    facts: Situation,
    attributes: Sequence[Fact],
    task: Task,
    hands: Hands | None,
    owned_on: Callable[[date], Frame | None],
) -> Companies:
    """Return segment and tiers of all companies.

    Args:
        facts: What counts on the day.
        attributes: The custom attributes that the companies have columns for.
        task: What is asked.
        hands: What people have set.
        owned_on: Gives what companies own on a day.
    """
    book, places, workshop = task.book, task.places, task.workshop
    segments = book.playbook.segments
    judging = _Judging(task, attributes, owned_on)
    today = judging.of(facts.companies, facts.company_sets, task.day, segments=segments)
    tiers, levels = judging.tiers(today)
    reviewed = book.playbook.reviewed_on(task.day)
    if reviewed is None:
        blank = nw.lit(None, dtype=nw.String())
        tiers = tiers.with_columns(proposed=blank, undated=nw.lit(""))
    else:
        tiers, levels = judging.reviewed(today, tiers, levels, facts, reviewed)
    on = ["company_no", "about"]
    keys = {name: places.keys[f"{root}.{name}"] for root, name in _LEVELS}
    set_tiers = None if hands is None else hands.tiers
    set_segments = None if hands is None else hands.segments
    tiers = in_force(tiers, "tier", set_tiers, on, keys["tier"])
    tier = places.named("product.tier")
    if levels is not None and tier is not None and hands is not None:
        levels = levels.join(hands.tiers, on=on, how="left")
        named = {column: nw.col(column) for column in places.columns(tier)}
        levels = levels.select(*on, **level_in_force(named, tier, places))
    asked = [fact for fact in places.facts if fact.given == "company" and fact.kind != "level"]
    seen = {column: nw.col(column) for fact in asked for column in places.columns(fact)}
    frame = today.frame
    if (segment := places.named("company.segment")) is not None:
        level = as_level(today.decided[id(segments)][0], segment, places)
        if hands is not None:
            frame = frame.join(hands.segments, on="company_no", how="left")
            level = level_in_force(level, segment, places)
        seen |= level
    told = judging.told(today, segments, "segment")
    return Companies(
        facts=frame.select("company_no", **seen),
        segments=in_force(told, "segment", set_segments, on[:1], keys["segment"]),
        tiers=tiers,
        levels=None if levels is None else workshop.keep("tier_levels", levels),
        nobody=tuple(_of_nobody(book, one, task.day) for one in book.products.values()),
        failed=judging.failed() if judging.custom else None,
    )


def _of_nobody(book: Compiled, product: Product, day: date) -> Decision[Any]:
    """Return the Tier of a company of which nothing is known."""
    try:
        return book.held_tier(NOBODY, product, day)
    except PolicyError as error:
        # It is no company of theirs that could be a reject.
        return failed(book.playbook.tiers[product.id], error, book.playbook.version)


_LEVELS: Final = (("company", "segment"), ("product", "tier"))


@frozen
class _Judged:
    """Companies as of a day, with the codes of what every table decides."""

    day: date
    frame: Frame
    decided: Mapping[int, tuple[Decided, Mapping[str, str]]]
    objects: Mapping[int, Company | Member]


class _Judging:
    """What tables and policies say of companies, as of one day or another.

    Args:
        task: What is asked.
        attributes: The custom attributes that the companies have columns for.
        owned_on: Gives what companies own on a day.
    """

    def __init__(
        self,
        task: Task,
        attributes: Sequence[Fact],
        owned_on: Callable[[date], Frame | None],
    ) -> None:
        self.task = task
        self.attributes = attributes
        self.owned_on = owned_on
        self.of_group = task.places.about(ROOT)
        self.asks_owned = "owned" in task.book.asked_of_group
        book = task.book
        self.rules = [rules_of(book.playbook.tiers[product_id]) for product_id in book.products]
        self.custom = None in self.rules
        self._errors: dict[str, PolicyError] = {}

    def of(
        self,
        companies: Frame,
        sets: Frame | None,
        day: date,
        *,
        segments: DecisionTable[Any] | None = None,
    ) -> _Judged:
        """Return companies with the codes of what the rules of Tiers, and `segments`, decide."""
        places, workshop = self.task.places, self.task.workshop
        frame = with_facts(companies, places.about("company"), places, sets, "company_no")
        if self.of_group:
            owned = self.owned_on(day) if self.asks_owned else None
            frame = with_group_facts(
                frame,
                companies,
                sets,
                owned,
                places=places,
                products=[str(product_id) for product_id in self.task.book.products],
            )
        decided: dict[int, tuple[Decided, Mapping[str, str]]] = {}
        named: dict[str, Policy[Any] | None] = {} if segments is None else {"segment": segments}
        named |= {f"tier_{n}": rules for n, rules in enumerate(self.rules)}
        for name, policy in named.items():
            if policy is not None and id(policy) not in decided:
                frame, one = decide_columns(frame, policy, places, name=name)
                frame, to_ask = missing_columns(frame, policy, places, name=f"{name}_asks")
                decided[id(policy)] = one, to_ask
        suffix = "" if segments is not None else "_on_review"
        frame = workshop.keep(f"companies_decided{suffix}", frame)
        objects: Mapping[int, Company | Member] = {}
        if self.custom:
            objects = companies_of(companies, sets, self.attributes, workshop)
            if self.of_group:
                objects = self._members(frame, objects)
        return _Judged(day, frame, decided, objects)

    def _members(
        self, frame: Frame, companies: Mapping[int, Company]
    ) -> dict[int, Company | Member]:
        """Return companies with their groups, for the limits of policies in Python."""
        places = self.task.places
        columns = [column for fact in self.of_group for column in places.columns(fact)]
        rows = self.task.workshop.rows(frame.select("company_no", *columns))
        groups = {row["company_no"]: group_of(row, self.of_group, places) for row in rows}
        return {number: Member(one, groups[number]) for number, one in companies.items()}

    def told(self, judged: _Judged, policy: Policy[Any], name: str) -> Frame:
        """Return what rules say of companies, as people read it."""
        one, to_ask = judged.decided[id(policy)]
        card = policy.policy if isinstance(policy, Limited) else policy
        # Codes from here on are those of limits.
        bounds = len(card.ways)
        frame, instead_of = judged.frame, nw.lit(None, dtype=nw.String())
        if one.before is not None:
            keys = [value.key for value in one.values[:bounds]]
            instead_of = nw.when(nw.col(one.code) >= bounds).then(by_code(one.before, keys))
        scored: dict[str, nw.Expr] = {}
        if isinstance(card, Scorecard) and one.score is not None:
            said = f"{one.score}_said"
            frame = with_scores_in_words(
                frame, card, self.task.places, score=one.score, name=said, lang=self.task.lang
            )
            scored = {"scored": nw.col(said)}
        told = frame.select(
            "company_no",
            code=nw.col(one.code).cast(nw.Int64()),
            settled=settled(one.possible),
            possible=joined(possible_of(one)),
            missing=joined(to_ask),
            instead_of=instead_of,
            **scored,
        )
        words = words_of(policy, name, self.task.lang)
        codes = {"code": list(range(len(one.values))), **words}
        told = told.join(self.task.workshop.small(f"{one.code}s", codes), on="code")
        if scored:
            by_score = nw.when(nw.col("code") < bounds).then(nw.col("scored"))
            told = told.with_columns(because=by_score.otherwise(nw.col("because")))
        return told.drop("code", *scored)

    def tiers(self, judged: _Judged) -> tuple[Frame, Frame | None]:
        """Return the Tiers of companies, as people read them and as other rules do."""
        places = self.task.places
        tier = places.named("product.tier")
        tiers: list[Frame] = []
        levels: list[Frame] = []
        products = self.task.book.products.values()
        for place, (rules, product) in enumerate(zip(self.rules, products, strict=True)):
            about = whole(place)
            if rules is not None:
                tiers.append(self.told(judged, rules, "tier").with_columns(about=about))
                if tier is not None:
                    level = as_level(judged.decided[id(rules)][0], tier, places)
                    levels.append(judged.frame.select("company_no", about=about, **level))
            else:
                answer, said, errors = custom_tiers(judged.objects, product, self.task, judged.day)
                # Asked for two days, it may fail twice in the same way.
                self._errors |= {str(error): error for error in errors}
                tiers.append(answer.with_columns(about=about))
                if said is not None:
                    levels.append(said.with_columns(about=about))
        return _stacked(tiers), _stacked(levels) if levels else None

    def reviewed(
        self,
        today: _Judged,
        tiers: Frame,
        levels: Frame | None,
        facts: Situation,
        reviewed: date,
    ) -> tuple[Frame, Frame | None]:
        """Return the Tiers that are held since a review, as people read them and as other rules do.

        The same as `mpfunnel.case.Compiled.dated_tier`, with ``proposed`` and ``undated``.

        Args:
            today: Companies as of the day.
            tiers: Their Tiers.
            levels: The same as other rules read them.
            facts: What counts on the day, and what counted on that of the review.
            reviewed: The day of the review.
        """
        known = facts.on_review
        on = ["company_no", "about"]
        if known is None:
            then, held = today, tiers
            if self.custom or self.asks_owned:
                then = self.of(facts.companies, facts.company_sets, reviewed)
                held, levels = self.tiers(then)
            return _held(held, tiers).join(self.undated(then, None), on=on, how="inner"), levels
        then = self.of(known.companies, known.sets, reviewed)
        held, levels_then = self.tiers(then)
        # Of whoever came after the review, nothing was known on it.
        fresh = held.filter(~nw.col("settled")).join(known.newer, on="company_no", how="semi")
        fresh = self.task.workshop.keep("tiers_of_newcomers", fresh.select(*on))

        def either(held: Frame, proposed: Frame) -> Frame:
            kept = held.join(fresh, on=on, how="anti")
            new = proposed.join(fresh, on=on, how="semi")
            return nw.concat([kept, new.select(*kept.collect_schema().names())])

        blank = nw.lit(None, dtype=nw.String())
        undated = either(self.undated(then, known.dated), self.undated(today, known.dated_now))
        found = either(_held(held, tiers), tiers.with_columns(proposed=blank))
        found = found.join(undated, on=on, how="inner")
        both = [one for one in (levels_then, levels) if one is not None]
        return found, either(*both) if both else None

    def failed(self) -> Frame:
        """Return the companies on which policies in Python failed, as rejects."""
        errors = self._errors
        rows: dict[str, list[int | str | None]] = {
            "id": [str(error.company_id) for error in errors.values()],
            "reason": list(errors),
        }
        frame = self.task.workshop.small("custom_failed", rows, texts=("id", "reason"))
        return rejected("companies", frame, nw.lit("tier"), nw.lit("policy"), nw.col("reason"))

    def undated(self, judged: _Judged, dated: Frame | None) -> Frame:
        """Return what decided Tiers without a record that says since when it holds.

        The same as `mpfunnel.compiled.undated`.

        Args:
            judged: Companies as of the day that decided.
            dated: Of which facts anything was told by then: company_no, fact.
        """
        asked: dict[str, None] = {
            fact.key: None
            for rules in self.rules
            if rules is not None
            for when in rules.conditions
            for fact in facts_of(when)
            if fact.root != ROOT
        }
        flags = {key: f"dated_{place}" for place, key in enumerate(asked)}
        frame = judged.frame
        if dated is not None and flags:
            told = {
                name: nw.when(nw.col("fact") == key).then(whole(1)) for key, name in flags.items()
            }
            told_of = dated.with_columns(**told).group_by("company_no")
            known = told_of.agg(*(nw.col(name).max() for name in told))
            frame = frame.join(known, on="company_no", how="left")
        else:
            frame = extended(frame, {name: whole(None) for name in flags.values()})
        found: list[Frame] = []
        for place, rules in enumerate(self.rules):
            names: nw.Expr = nw.lit("company")
            rows = frame
            if rules is not None:
                code = judged.decided[id(rules)][0].code
                firsts = asked_since(rules)
                columns = {fact.name: f"undated_{n}" for n, fact in enumerate(firsts)}
                lacking = {
                    columns[fact.name]: (nw.col(code) >= index) & _undated(fact, flags)
                    for fact, index in firsts.items()
                }
                rows = extended(frame, lacking)
                names = joined(columns)
            found.append(rows.select("company_no", about=whole(place), undated=names))
        return _stacked(found)


def _undated(fact: Fact, flags: Mapping[str, str]) -> nw.Expr:
    if fact.root == ROOT:
        return nw.lit(not is_dated(fact, ()))
    return nw.col(flags[fact.key]).is_null()


_COMPARED: Final = ("tier", "possible", "missing", "rule")


def _held(held: Frame, proposed: Frame) -> Frame:
    """Return the Tiers of the last review, with those of the day where they are others."""
    renamed = {name: f"proposed_{name}" for name in _COMPARED}
    beside = proposed.select("company_no", "about", **{n: nw.col(o) for o, n in renamed.items()})
    same = nw.all_horizontal(
        *(nw.col(name) == nw.col(other) for name, other in renamed.items()), ignore_nulls=False
    )
    frame = held.join(beside, on=["company_no", "about"], how="inner")
    frame = frame.with_columns(proposed=nw.when(~same).then(nw.col("proposed_tier")))
    return frame.drop(*renamed.values())


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
