"""Engagement of all leads: where each stands with each product (lead × product).

A lead that gave no sign stands like every other such lead of its company, so that only those with a
sign are looked at one by one (S23).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import define, field

from mpfunnel.by_hand import BY_HAND
from mpfunnel.case import NO_TIER
from mpfunnel.compiled import Compiled, CompiledModel
from mpfunnel.engagement import Measure, Standing
from mpfunnel.frames.answers import as_level, joined, level_of, possible_of, settled, words_of
from mpfunnel.frames.by_hand import Hands, level_in_force
from mpfunnel.frames.companies import Companies, unmatched, with_facts
from mpfunnel.frames.diaries import DAYS, said_days, with_days
from mpfunnel.frames.expressions import by_code, extended, flag, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.layout import POSITION, TIER
from mpfunnel.frames.ownership import positions
from mpfunnel.frames.pairs import pair_of
from mpfunnel.frames.plays_of_companies import OFFERED, with_offers
from mpfunnel.frames.situation import FIRM, Situation
from mpfunnel.frames.task import Task
from mpfunnel.frames.touches import add_up, every_product, for_every_product
from mpfunnel.frames.white_space import of_products
from mpfunnel.rules.columns import Decided, decide_columns
from mpfunnel.rules.conditions import facts_of
from mpfunnel.rules.facts import Fact

__all__ = ["Standings", "is_silent_alone", "is_sure", "of_companies"]

_OF_ACTS: Final = tuple(
    f"product.{name}" for name in ("score", "active_days", "touched", "marked_for_follow_up")
)
_PARTING: Final = "product.parting_reasons"
_KEY: Final = ("pair", "lead_no", "company_no", "about")


@define
class Standings:
    """How leads stand with products: the facts that rules ask about, then interest and state.

    Attributes:
        task: What is asked.
        facts: What counts on the day; leads are given.
        companies: What is known of the companies.
        of_companies: What rules about leads see of each company with each product (`of_companies`).
        hands: What people have set.
    """

    task: Task
    facts: Situation
    companies: Companies
    of_companies: Frame
    hands: Hands | None
    measures: tuple[Measure, ...] = ()
    sums: Frame | None = None
    heard: Frame | None = None
    owned_alone: Frame | None = None
    people: Frame = field(init=False)

    def __attrs_post_init__(self) -> None:
        assert self.facts.leads is not None
        task, places = self.task, self.task.places
        self.measures = tuple(
            Measure.from_fact(fact) for fact in places.facts if fact.within == "measures"
        )
        if self.facts.activities is not None:
            sums = add_up(self.facts.activities, self.measures, task.book, task.workshop, task.day)
            self.sums = task.workshop.keep("sums", sums)
        self.heard = self._heard()
        alone = positions(self.facts, "lead_no", self.reasons, task.day)
        if alone is not None:
            self.owned_alone = task.workshop.keep("lead_positions", alone)
        leads = with_facts(
            self.facts.leads, places.about("lead"), places, self.facts.lead_sets, "lead_no"
        )
        columns = [c for fact in places.about("lead") for c in places.columns(fact)]
        self.people = leads.select("lead_no", "company_no", *columns)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of parting that rules ask about."""
        return self.task.places.asked.get(_PARTING, ())

    def _heard(self) -> Frame | None:
        """Return what sales said last, by lead_no and about: marked, and ``said_<n>`` by reason."""
        events = self.facts.sales_events
        if events is None:
            return None
        general = for_every_product(events, self.task.book, self.task.workshop)
        columns = events.collect_schema().names()
        said = nw.concat([events, general.select(*columns)])
        place, kind = nw.col("place"), nw.col("kind")
        back = kind.is_in(["recycled", "rejected"])
        of_reason = {
            f"said_{n}": nw.when(back & (nw.col("reason") == reason)).then(place)
            for n, reason in enumerate(self.reasons)
        }
        days = said_days() if self.task.book.asks_plays else {}
        said = said.with_columns(
            latest=place * 2 + flag(kind == "follow_up"),
            back=nw.when(back).then(place),
            **of_reason,
            **days,
        )
        said = said.group_by("lead_no", "about").agg(
            *(nw.col(name).max() for name in ("latest", "back", *of_reason, *days))
        )
        return self.task.workshop.keep(
            "heard",
            said.select(
                "lead_no",
                "about",
                *days,
                pair=pair_of("lead_no", self.task.book),
                marked_for_follow_up=nw.col("latest") % 2,
                **{name: flag(nw.col(name) == nw.col("back")) for name in of_reason},
            ),
        )

    # -- whom to look at --

    def every_pair(self) -> Frame:
        """Return every lead with every product: pair, lead_no, company_no and about."""
        products = every_product(self.task.book, self.task.workshop)
        pairs = self.people.select("lead_no", "company_no").join(products, how="cross")
        return pairs.with_columns(pair=pair_of("lead_no", self.task.book))

    def signed_pairs(self) -> Frame:
        """Return the pairs of leads with products that they gave any sign for, maybe several times.

        Of leads without company, every pair: nobody else stands as they do.
        """
        pairs = self.every_pair()
        alone = pairs.filter(nw.col("company_no").is_null())
        signs = [one for one in (self.sums, self.heard) if one is not None]
        signed = [one.filter(nw.col("about") != FIRM) for one in signs]
        if self.hands is not None:
            signed.append(self.hands.states)
        return nw.concat([one.select("pair") for one in (alone, *signed)])

    @property
    def alike(self) -> bool:
        """Whether leads without a sign stand alike within a company."""
        return not any(model.asks_lead for model in self.task.book.models.values())

    # -- how they stand --

    @property
    def vague(self) -> bool:
        """Whether what the interest of leads may be is asked for, and not always sure."""
        asked = self.task.places.named("product.best_interest") is not None
        return asked and not all(map(is_sure, self.task.book.models.values()))

    def of(self, pairs: Frame, *, possible: bool) -> Frame:
        """Return pairs with all facts of lead, company and product, and with both decisions.

        Where that is `vague`, with what their interest may be, too: ``interest_may_<place>``.

        Args:
            pairs: Columns pair, lead_no, company_no and about.
            possible: Whether to tell what is still possible.
        """
        base = self.task.workshop.cut("asked", self._base(pairs, possible or self.vague))
        parts: list[Frame] = []
        codes = 0
        for model, abouts in self._models():
            rows = (
                base
                if len(abouts) > len(self.task.book.products)
                else base.filter(nw.col("about").is_in(abouts))
            )
            parts.append(self._decided(rows, model, codes, possible))
            codes += len(model.model.states.rules) + 1
        columns = parts[0].collect_schema().names()
        decided = nw.concat([part.select(*columns) for part in parts])
        return self.task.workshop.cut("decided", decided)

    def _models(self) -> list[tuple[CompiledModel, list[int]]]:
        """Return each model with the places of its products; the first has the whole firm too."""
        shared: dict[int, tuple[CompiledModel, list[int]]] = {}
        for about, model in enumerate(self.task.book.models.values()):
            shared.setdefault(id(model), (model, [] if shared else [FIRM]))[1].append(about)
        return list(shared.values())

    def _decided(self, frame: Frame, model: CompiledModel, codes: int, possible: bool) -> Frame:
        """Return the rows of one model with interest and state.

        Columns: ``interest`` and ``state``, places among the states; ``code``, which rule of which
        model gave the state; and where it is told, ``settled`` and ``may_<place>``.
        """
        places = self.task.places
        keys = places.keys["product.engagement"]
        vague = self.vague
        frame, one = decide_columns(
            frame, model.model.interest, places, name="by_interest", possible=possible or vague
        )
        frame = extended(frame, self._level(one, "product.interest"))
        height = [keys.index(value.key) for value in one.values]
        interest_may: dict[str, nw.Expr] = {}
        if vague:
            found = possible_of(one)
            interest_may = {
                f"interest_may_{n}": nw.col(found[key]) if key in found else nw.lit(False)
                for n, key in enumerate(keys)
            }
        frame = frame.with_columns(interest=by_code(one.code, height), **interest_may)
        frame = frame.drop(one.code, *one.possible)
        states = model.model.states
        frame, one = decide_columns(frame, states, places, name="by_state", possible=possible)
        place = [keys.index(value.key) for value in one.values]
        may: dict[str, nw.Expr] = {}
        if possible:
            found = possible_of(one)
            may = {
                f"may_{n}": nw.col(found[key]) if key in found else nw.lit(False)
                for n, key in enumerate(keys)
            }
            may["settled"] = settled(one.possible)
        state, level = by_code(one.code, place), self._level(one, "product.engagement")
        if self.hands is not None:
            hand, is_set = nw.col("set_to"), ~nw.col("set_to").is_null()
            state = nw.when(is_set).then(hand).otherwise(state)
            for name, expression in may.items():
                said = nw.lit(True) if name == "settled" else hand == int(name.removeprefix("may_"))
                may[name] = nw.when(is_set).then(said).otherwise(expression)
            if (fact := self.task.places.named("product.engagement")) is not None:
                level = level_in_force(level, fact, self.task.places)
        frame = frame.with_columns(
            state=state,
            code=nw.col(one.code).cast(nw.Int64()) + codes,
            **may,
            **level,
        )
        return frame.drop(one.code, *one.possible)

    def _level(self, decided: Decided, name: str) -> dict[str, nw.Expr]:
        fact = self.task.places.named(name)
        return {} if fact is None else as_level(decided, fact, self.task.places)

    def in_words(self, frame: Frame) -> Frame:
        """Return rows of `of` with what people read of them: state, rule, because, interest."""
        keys = self.task.places.keys["product.engagement"]
        words: dict[str, list[Any]] = {"state": [], "rule": [], "because": []}
        for model, _ in self._models():
            states = model.model.states
            for name, values in words_of(states, "state", self.task.lang).items():
                words[name] += values
        codes: dict[str, list[Any]] = {"code": list(range(len(words["rule"]))), **words}
        if "settled" in frame.collect_schema().names():
            may = {key: f"may_{n}" for n, key in enumerate(keys)}
            frame = frame.with_columns(possible=joined(may))
        levels: dict[str, list[Any]] = {"interest": list(range(len(keys))), "level": list(keys)}
        frame = frame.drop("state").join(self.task.workshop.small("state_codes", codes), on="code")
        frame = self._in_force(frame, keys)
        frame = frame.join(self.task.workshop.small("levels", levels), on="interest")
        return frame.drop("interest").rename({"level": "interest"})

    def _in_force(self, frame: Frame, keys: Sequence[str]) -> Frame:
        """Return rows in words with what people have set in the place of what the rules say."""
        nothing = nw.lit(None, dtype=nw.String())
        if self.hands is None:
            return frame.with_columns(instead_of=nothing)
        because = self.hands.states.select("pair", "set_because")
        frame = frame.join(because, on="pair", how="left")
        is_set = ~nw.col("set_to").is_null()
        instead = {
            "state": by_code("set_to", keys),
            "rule": nw.lit(BY_HAND),
            "because": nw.col("set_because"),
        }
        return frame.with_columns(
            instead_of=nw.when(is_set).then(nw.col("state")),
            **{
                name: nw.when(is_set).then(one).otherwise(nw.col(name))
                for name, one in instead.items()
            },
        ).drop("set_because")

    def _base(self, pairs: Frame, possible: bool) -> Frame:
        """Return the pairs with every fact that rules ask about them but the decisions on them."""
        frame = pairs.with_columns(of_company=pair_of("company_no", self.task.book))
        frame = self._with_nobody(frame.join(self.of_companies, on="of_company", how="left"))
        if self.task.places.about("lead"):
            frame = frame.join(self.people.drop("company_no"), on="lead_no", how="left")
        for found in (self.sums, self.heard):
            if found is not None:
                frame = frame.join(found.drop("lead_no", "about"), on="pair", how="left")
        frame = self._with_own_positions(frame)
        if self.hands is not None:
            states = self.hands.states.select("pair", "set_to", "set_day")
            frame = frame.join(states, on="pair", how="left")
        # Rules of offers ask for white space, too, and not of leads.
        levels = (TIER, POSITION) if self.task.book.asks_plays else (TIER,)
        held = [
            column
            for fact in self.task.places.facts
            if fact.given in ("company", "lead") or fact.name in levels
            for column in self.task.places.columns(fact, possible=possible)
        ]
        if self.hands is not None:
            held.append("set_to")
        if self.task.book.asks_plays:
            frame = with_offers(frame, self.companies.nobody, self.task, possible=possible)
            frame = with_days(frame, self.task)
            held += (*OFFERED, *DAYS)
        return frame.select(*_KEY, *held, **self._of_product(frame))

    def _of_product(self, frame: Frame) -> dict[str, nw.Expr]:
        """Return the facts of the product: those of every answer, and those that rules ask for."""
        known = set(frame.collect_schema().names())

        def number(name: str) -> nw.Expr:
            return nw.col(name).fill_null(0) if name in known else whole(0)

        def so(name: str) -> nw.Expr:
            return number(name) == 1

        facts = {
            "score": number("score"),
            "active_days": number("active_days"),
            **{name: so(name) for name in ("touched", "open_deal", "owned")},
        }
        of_every = {**facts, **of_products(self.task)}
        asked: dict[str, nw.Expr] = {}
        for fact in self.task.places.about("product"):
            if fact.within == "measures":
                count = number(f"measure_{self.measures.index(Measure.from_fact(fact))}")
                asked[self.task.places.value(fact)] = count > 0 if fact.kind == "bool" else count
            elif fact.name == _PARTING:
                for place, reason in enumerate(self.reasons):
                    parted = so(f"lost_for_{place}") | so(f"said_{place}")
                    asked[self.task.places.member(fact, reason)] = parted
            elif fact.kind != "level":
                asked[self.task.places.value(fact)] = of_every.get(fact.key, so(fact.key))
        return facts | asked

    def _with_nobody(self, frame: Frame) -> Frame:
        """Return the frame with what holds of people without company, and of the whole firm."""
        places = self.task.places
        nobody = unmatched(places)
        columns: dict[str, nw.Expr] = {
            name: nw.col(name).fill_null(value) for name, value in nobody.items()
        }
        tier = places.named("product.tier")
        if tier is not None:
            of_firm = level_of(NO_TIER, tier, places)
            of_products = [level_of(one, tier, places) for one in self.companies.nobody]
            for name, value in of_firm.items():
                known = nw.col(name).fill_null(of_products[0][name])
                for about, one in enumerate(of_products):
                    if one[name] != of_products[0][name]:
                        blank = (nw.col("about") == about) & nw.col(name).is_null()
                        known = nw.when(blank).then(_plain(one[name])).otherwise(known)
                columns[name] = (
                    nw.when(nw.col("about") == FIRM).then(_plain(value)).otherwise(known)
                )
        return extended(frame, columns)

    def with_company(self, leads: Frame) -> Frame:
        """Return leads with the facts of their companies that rules about leads ask for."""
        leads = leads.join(self.companies.facts, on="company_no", how="left")
        nobody = unmatched(self.task.places)
        return extended(leads, {n: nw.col(n).fill_null(value) for n, value in nobody.items()})

    def _with_own_positions(self, frame: Frame) -> Frame:
        """Return the frame with what people without company own and are buying themselves."""
        if self.owned_alone is None:
            return frame
        columns = [
            c for c in self.owned_alone.collect_schema().names() if c not in ("lead_no", "about")
        ]
        alone = self.owned_alone.with_columns(pair=pair_of("lead_no", self.task.book))
        alone = alone.select("pair", **{f"alone_{c}": c for c in columns})
        frame = frame.join(alone, on="pair", how="left")
        own = nw.col("company_no").is_null()
        return frame.with_columns(
            **{c: nw.when(own).then(nw.col(f"alone_{c}")).otherwise(nw.col(c)) for c in columns}
        )


def is_sure(model: CompiledModel) -> bool:
    """Return whether a model never waits for a missing fact before it tells the interest."""
    return not any(
        fact.open and not _of_acts(fact)
        for when in model.model.interest.conditions
        for fact in facts_of(when)
    )


def is_silent_alone(model: CompiledModel) -> bool:
    """Return whether who gave no sign has the lowest interest, whatever else is known of them."""
    conditions = model.model.interest.conditions
    if not all(_of_acts(fact) for when in conditions for fact in facts_of(when)):
        return False
    standing = Standing(NO_TIER)
    standing.measures = model.model.measures(model.measures, (), ())
    return model.interest(None, None, standing).value == model.model.ladder[0]


def _of_acts(fact: Fact) -> bool:
    """Whether a fact is about what a lead did, or sales said of it: never missing."""
    return fact.within == "measures" or fact.name in _OF_ACTS


def of_companies(
    companies: Companies,
    owned: Frame | None,
    offered: Frame | None,
    book: Compiled,
    workshop: Workshop,
) -> Frame:
    """Return what rules about leads see of each company with each product, by ``of_company``.

    Args:
        companies: What is known of the companies.
        owned: What they own and are buying.
        offered: What plays follow from (`mpfunnel.frames.plays_of_companies.offered`), if they are
            asked for.
        book: The playbook.
        workshop: Where the frames are worked on.
    """
    every = workshop.small("abouts", {"about": [*range(len(book.products)), FIRM]})
    frame = companies.facts.join(every, how="cross")
    for found in (companies.levels, owned, offered):
        if found is not None:
            frame = frame.join(found, on=["company_no", "about"], how="left")
    frame = frame.with_columns(of_company=pair_of("company_no", book))
    return workshop.keep("of_companies", frame.drop("company_no", "about"))


def _plain(value: int | bool) -> nw.Expr:
    return nw.lit(value) if isinstance(value, bool) else whole(value)
