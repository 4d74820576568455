"""The answers about leads, in the order in which they follow from each other."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property, partial

import narwhals.stable.v2 as nw
from attrs import evolve

from mpfunnel.compiled import RECORDED
from mpfunnel.frames.answers import joined
from mpfunnel.frames.by_hand import Hands
from mpfunnel.frames.companies import Companies
from mpfunnel.frames.contact import contactable
from mpfunnel.frames.diaries import of_leads
from mpfunnel.frames.expressions import extended, flag, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import STAGE
from mpfunnel.frames.limits import with_limits
from mpfunnel.frames.pairs import pair_of, taken_apart
from mpfunnel.frames.plays import planned
from mpfunnel.frames.plays_of_leads import holding, in_force, reach
from mpfunnel.frames.pursuits import FLAGS, Pursuits
from mpfunnel.frames.situation import FIRM, Situation
from mpfunnel.frames.stages import furthest, in_words, products_in, with_ranges
from mpfunnel.frames.standings import Standings, is_silent_alone
from mpfunnel.frames.steps import Steps, way_of
from mpfunnel.frames.task import Task
from mpfunnel.rules.columns import Decided
from mpfunnel.rules.conditions import facts_of

__all__ = ["People", "together"]


class People:
    """The leads, or a part of them, on one day.

    Args:
        task: What is asked.
        facts: What counts of the tables; leads are given.
        companies: What is known of the companies.
        owned: What companies own and are buying.
        of_companies: What rules about leads see of each company with each product.
        hands: What people have set.
        entries: The entry in which each lead is (`mpfunnel.frames.histories.entries_of`).
    """

    def __init__(
        self,
        task: Task,
        facts: Situation,
        companies: Companies,
        owned: Frame | None,
        of_companies: Frame,
        hands: Hands | None,
        entries: Frame | None,
    ) -> None:
        self.task = task
        self.facts = facts
        self.companies = companies
        self.owned = owned
        self.of_companies = of_companies
        self.hands = hands
        self.entries = entries

    @cached_property
    def standings(self) -> Standings:
        """How leads stand with products."""
        return Standings(self.task, self.facts, self.companies, self.of_companies, self.hands)

    @cached_property
    def every(self) -> bool:
        """Whether every lead has to be looked at with every product."""
        return self.task.dense or not self.standings.alike or bool(self.task.places.exists)

    @cached_property
    def pursuits(self) -> Frame:
        """The current pursuits of all leads."""
        task = self.task
        found = Pursuits(self.facts, self.standings.sums, task.book, task.workshop, task.day)
        # They were added up before. Most rows are theirs, and nothing asks for them any more.
        self.facts = self.standings.facts = evolve(self.facts, activities=None)
        current = task.workshop.keep("pursuits", found.current())
        return current if self.hands is None else self._with_hands(current, self.hands)

    def _with_hands(self, pursuits: Frame, hands: Hands) -> Frame:
        """Return the pursuits, and where somebody set a state without a sign, that none runs."""
        said = taken_apart(hands.states.select("pair"), self.task.book)
        assert self.facts.leads is not None
        said = said.join(self.facts.leads.select("lead_no"), on="lead_no", how="semi")
        said = said.join(pursuits.select("pair"), on="pair", how="anti")
        said = said.with_columns(**dict.fromkeys(FLAGS, whole(0)))
        columns = pursuits.collect_schema().names()
        return self.task.workshop.keep(
            "pursuits_by_hand", nw.concat([pursuits, said.select(*columns)])
        )

    @cached_property
    def pairs(self) -> Frame:
        """Leads with the products, and the whole firm, that have to be looked at one by one."""
        standings = self.standings
        pairs = standings.every_pair() if self.every else standings.signed_pairs()
        pairs = nw.concat([pairs.select("pair"), self.pursuits.select("pair")]).unique()
        homes = standings.people.select("lead_no", "company_no")
        pairs = taken_apart(pairs, self.task.book).join(homes, on="lead_no", how="inner")
        return self.task.workshop.keep("pairs", pairs)

    @cached_property
    def stood(self) -> Frame:
        """How they stand."""
        stood = self.standings.of(self.pairs, possible=self.task.possible)
        # Most facts are asked for interest and state alone, and these are decided.
        places, funnel = self.task.places, self.task.book.playbook.funnel
        conditions = (
            *funnel.rules.conditions,
            *(one.condition for one in places.exists),
            *self.task.book.playbook.plays.conditions,
        )
        asked = {fact for when in conditions for fact in facts_of(when)}
        done = {c for fact in places.facts if fact not in asked for c in places.columns(fact)}
        columns = [c for c in stood.collect_schema().names() if c not in done]
        return self.task.workshop.keep("standings", stood.select(*columns))

    def engagement(self) -> Frame:
        """Return where each lead stands with each product."""
        stood = self.stood.filter(nw.col("about") != FIRM) if self.task.dense else self.told
        stood = self.standings.in_words(stood).rename({"score": "score_micro"})
        return self._with_ids(stood)

    @cached_property
    def told(self) -> Frame:
        """The rows whose state is other than that of no sign, or not settled (S23)."""
        found = self._told(self.stood.filter(nw.col("about") != FIRM))
        # Plays are asked for the same ones.
        return self.task.workshop.keep("told", found) if self.task.book.asks_plays else found

    def _told(self, stood: Frame) -> Frame:
        none = nw.col("state") == 0
        if self.hands is not None:
            # Somebody said so, and what the rules say is told beside it.
            none = none & nw.col("set_to").is_null()
        found = [stood.filter(~none)]
        silent = stood.filter(none)
        if not self.task.possible:
            silent = self.standings.of(
                silent.select("pair", "lead_no", "company_no", "about"), possible=True
            )
        found.append(silent.filter(~nw.col("settled")))
        if not self.every:
            found.append(self._unsigned(~none | ~nw.col("settled")))
        columns = found[0].collect_schema().names()
        return nw.concat([frame.select(*columns) for frame in found])

    def in_states(self, states: Collection[str]) -> Frame:
        """Return the companies of which somebody is in one of some states: company_no, about."""
        keys = self.task.places.keys["product.engagement"]
        here = nw.col("state").is_in([place for place, key in enumerate(keys) if key in states])
        found = [self.stood.filter((nw.col("about") != FIRM) & here)]
        if not self.every:
            found.append(self._unsigned(here))
        columns = ("company_no", "about")
        found = [one.filter(~nw.col("company_no").is_null()).select(*columns) for one in found]
        return nw.concat(found).unique()

    def _unsigned(self, asked: nw.Expr) -> Frame:
        """Return the leads without a sign that stand as asked all the same."""
        standings = self.standings
        nobody = whole(None)
        pairs = self.companies.tiers.select("company_no", "about", pair=nobody, lead_no=nobody)
        alike = standings.of(pairs, possible=True).filter(asked)
        people = standings.people.select("lead_no", "company_no")
        rows = alike.drop("lead_no").join(people, on="company_no", how="inner")
        rows = rows.with_columns(pair=pair_of("lead_no", self.task.book))
        return rows.join(self.pairs, on="pair", how="anti")

    def involved(self) -> Frame:
        """Return by company_no and about the highest ``interest``, and how many ``people``.

        Where interest is vague, also whether any of them may have each level, and ``least``, the
        highest of the levels that they have at least (`interest_of`).
        """
        stood = self.stood.filter(~nw.col("company_no").is_null())
        interests = ["interest"]
        if self.standings.vague:
            may = {f"interest_may_{n}": n for n, _ in enumerate(self._ladder)}
            interests += ["least", *may]
        each = stood.with_columns(people=flag(nw.col("touched")))
        keep = ["company_no", "about", *interests, "people"]
        found = [self._with_least(each).select(*keep)]
        if (others := self._others(stood)) is not None:
            silent = self.standings.of(others, possible=False).with_columns(people=whole(0))
            found.append(self._with_least(silent).select(*keep))
        return together(nw.concat(found) if len(found) > 1 else found[0])

    @property
    def _ladder(self) -> tuple[str, ...]:
        return self.task.book.playbook.scale.ladder

    def _with_least(self, frame: Frame) -> Frame:
        """Return rows with the lowest interest that each may have, and flags that can be added."""
        if not self.standings.vague:
            return frame
        may = {f"interest_may_{n}": n for n, _ in enumerate(self._ladder)}
        places = [nw.when(nw.col(name)).then(whole(n)) for name, n in may.items()]
        frame = frame.with_columns(least=nw.coalesce(*places))
        return frame.with_columns(**{name: flag(nw.col(name)) for name in may})

    def _others(self, stood: Frame) -> Frame | None:
        """Return companies with people who gave no sign, for products where these may be keen."""
        if self.every:
            return None
        keen = [
            about
            for about, model in enumerate(self.task.book.models.values())
            if not is_silent_alone(model)
        ]
        if not keen:
            return None
        one, on = whole(1), ["company_no", "about"]
        people = self.standings.people.filter(~nw.col("company_no").is_null())
        people = people.with_columns(one=one).group_by("company_no").agg(leads=nw.col("one").sum())
        pairs = people.join(self.task.workshop.small("keen", {"about": keen}), how="cross")
        seen = stood.with_columns(one=one).group_by(*on).agg(seen=nw.col("one").sum())
        pairs = pairs.join(seen, on=on, how="left")
        some = pairs.filter(nw.col("seen").fill_null(0) < nw.col("leads"))
        return some.select(*on, pair=whole(None), lead_no=whole(None))

    @cached_property
    def _warranted(self) -> tuple[Frame, Decided, Frame | None]:
        """The stage that facts warrant of each lead, and whom the rules lead round in a circle."""
        found, decided, circling = self._found()
        if self.task.book.asks_plays:
            found = self.task.workshop.keep("stages_found", found)
        return found, decided, circling

    def _found(self) -> tuple[Frame, Decided, Frame | None]:
        task, places = self.task, self.task.places
        stood = self.stood.drop("lead_no", "about")
        rows = self.pursuits.join(stood, on="pair", how="inner", suffix="_of_company")
        facts = [one for one in places.about("pursuit") if one.name != STAGE]
        rows = extended(rows, {places.value(one): nw.col(one.key) == 1 for one in facts})
        every = self.stood.filter(nw.col("about") != FIRM)
        so_far = places.named(STAGE)
        if so_far is None:
            return *furthest(with_ranges(rows, pairs=every, task=task), task), None
        ranged = partial(with_ranges, pairs=every, task=task)
        steps = Steps(task, so_far, task.workshop.keep("pursued", rows), ranged)
        return steps.taken(self.standings.people, self.entries)

    def circling(self) -> Frame | None:
        """Return the leads whom rules lead round in a circle, with what is told of them."""
        circling = self._warranted[2] if self.task.book.asks_stage else None
        if circling is None:
            return None
        return self._with_ids(circling).select(id="lead_id", told=way_of(nw.col("way")))

    def leads(self) -> Frame:
        """Return the stage of each lead."""
        found, decided, _ = self._warranted
        found = in_words(found, decided, self.task)
        owners = self._owners()
        people = self.standings.people.select("lead_no", "company_no")
        frame = self._by_history(people.join(found, on="lead_no", how="inner"))
        frame = frame.join(owners, on="lead_no", how="left")
        frame = frame.with_columns(existing_customer=(nw.col("owner") == 1).fill_null(False))
        frame = frame.drop("owner")
        if self.task.book.asks_plays:
            return self._with_ids(frame.join(self._contact, on="lead_no", how="left"))
        return self._with_ids(contactable(frame, self.facts.consents))

    @cached_property
    def _contact(self) -> Frame:
        """Through which channels leads may be contacted."""
        people = self.standings.people.select("lead_no")
        return self.task.workshop.keep("contact", contactable(people, self.facts.consents))

    def _by_history(self, frame: Frame) -> Frame:
        """Return the leads with the stage of their history, or else the warranted one (S20)."""
        told = {
            name: nw.col(f"warranted_{name}")
            for name in ("rule", "because", "for_products", "settled", "possible")
            if self.task.possible or name not in ("settled", "possible")
        }
        told["stage"] = nw.col("warranted")
        if self.entries is None:
            return frame.with_columns(entered_on=nw.lit(None, dtype=nw.Date()), **told)
        frame = frame.join(self.entries, on="lead_no", how="left")
        about = products_in("in", self.task)
        frame = frame.with_columns(
            **{column: (nw.col(column) == 1).fill_null(False) for column in about.values()}
        )
        stage = nw.col("entry_stage")
        entry = {
            "stage": stage,
            "rule": nw.lit(RECORDED),
            "because": nw.col("entry_because"),
            "for_products": joined(about),
            "settled": nw.lit(True),
            "possible": stage,
        }
        return frame.with_columns(
            **{
                name: nw.when(~stage.is_null()).then(entry[name]).otherwise(warranted)
                for name, warranted in told.items()
            }
        )

    def plays(self) -> Frame:
        """Return the plays that leads get."""
        standings, task = self.standings, self.task
        found, decided, _ = self._warranted
        leads = standings.people.join(self._contact, on="lead_no", how="inner")
        leads = in_force(leads, found, decided, self.entries, task)
        leads = holding(leads, self.owned, standings.owned_alone, task)
        leads = of_leads(leads, standings.sums, standings.heard, self.entries, task)
        leads = with_limits(leads, self.entries, task)
        leads = standings.with_company(leads).with_columns(reach=reach(task))
        leads = task.workshop.keep("leads_to_play", leads)
        return self._with_ids(planned(self.told, leads, task))

    def _with_ids(self, frame: Frame) -> Frame:
        assert self.facts.leads is not None
        ids = self.facts.leads.select("lead_no", lead_id="id")
        return frame.join(ids, on="lead_no", how="left")

    def _owners(self) -> Frame:
        """Return lead_no and owner: 1 where the company, or a lead without one, owns a product."""
        people = self.standings.people.select("lead_no", "company_no")
        owned, alone = self.owned, self.standings.owned_alone
        if owned is None:
            return people.select("lead_no", owner=whole(0))
        frame = people.join(_any_owned(owned, "company_no"), on="company_no", how="left")
        if alone is None:
            return frame.select("lead_no", "owner")
        mine = _any_owned(alone, "lead_no").rename({"owner": "own"})
        frame = frame.join(mine, on="lead_no", how="left")
        owner = (
            nw.when(nw.col("company_no").is_null()).then(nw.col("own")).otherwise(nw.col("owner"))
        )
        return frame.select("lead_no", owner=owner)


def together(involved: Frame) -> Frame:
    """Return what several parts tell of how people are involved, by company_no and about."""
    columns = involved.collect_schema().names()
    highest = [c for c in columns if c not in ("company_no", "about", "people")]
    found: Frame = involved.group_by("company_no", "about").agg(
        *(nw.col(name).max() for name in highest), nw.col("people").sum().cast(nw.Int64())
    )
    return found


def _any_owned(held: Frame, by: str) -> Frame:
    frame: Frame = held.group_by(by).agg(nw.col("owned").max().alias("owner"))
    return frame
