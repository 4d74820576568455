"""All accounts on one day: the answers about companies, and about their people in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.calendars import as_day
from mpfunnel.compiled import Compiled
from mpfunnel.engine import Engine
from mpfunnel.frames.by_hand import TOLD, Hands, hands_of
from mpfunnel.frames.companies import Companies, judge
from mpfunnel.frames.contact import CONTACT
from mpfunnel.frames.door import REJECTED, Door, Terms
from mpfunnel.frames.expressions import by_code, whole
from mpfunnel.frames.histories import Histories, entries_of, histories_of
from mpfunnel.frames.kinds import Answer, Frame, Workshop
from mpfunnel.frames.layout import POSITION, Places
from mpfunnel.frames.offers import offers
from mpfunnel.frames.ownership import as_of_earlier, positions
from mpfunnel.frames.people import People, together
from mpfunnel.frames.plays_of_companies import offered
from mpfunnel.frames.situation import NOTHING_KEPT, OF_LEADS, WHOLE, Part, Situation, Sorting
from mpfunnel.frames.standings import of_companies
from mpfunnel.frames.task import Task
from mpfunnel.frames.white_space import decided, in_words
from mpfunnel.labels import Lang

__all__ = ["KEYS", "ON_REQUEST", "SHAPES", "STAMP", "Gathered", "Population"]

_DECIDED: Final = {"settled": "flag", "possible": "text", "missing": "text"}
_WHY: Final = {"rule": "text", "because": "text"}
_IN_FORCE: Final = {**_WHY, "instead_of": "text"}
_OFFER: Final = {
    "offer": "text",
    "offer_settled": "flag",
    "offer_possible": "text",
    "offer_rule": "text",
    "offer_because": "text",
    "rank": "number",
}
_TYPES: Final = {"text": nw.String(), "flag": nw.Boolean(), "number": nw.Int64(), "day": nw.Date()}
STAMP: Final = {"as_of": "day", "playbook_version": "text"}
SHAPES: Final[Mapping[str, Mapping[str, str]]] = {
    "companies": {"company_id": "company", "segment": "text", **_DECIDED, **_IN_FORCE},
    "tiers": {
        "company_id": "company",
        "product_id": "product",
        "tier": "text",
        **_DECIDED,
        **_IN_FORCE,
        "proposed": "text",
        "undated": "text",
        "owned": "flag",
    },
    "leads": {
        "lead_id": "lead",
        "company_id": "company",
        "stage": "text",
        "settled": "flag",
        "possible": "text",
        **_WHY,
        "for_products": "text",
        "entered_on": "day",
        "warranted": "text",
        "warranted_settled": "flag",
        "warranted_possible": "text",
        "warranted_rule": "text",
        "warranted_for_products": "text",
        "existing_customer": "flag",
        **dict.fromkeys(CONTACT, "flag"),
    },
    "engagement": {
        "lead_id": "lead",
        "company_id": "company",
        "product_id": "product",
        "state": "text",
        "settled": "flag",
        "possible": "text",
        **_IN_FORCE,
        "interest": "text",
        "score_micro": "number",
        "active_days": "number",
    },
    "company_products": {
        "company_id": "company",
        "product_id": "product",
        "tier": "text",
        "position": "text",
        "settled": "flag",
        "possible": "text",
        "missing": "text",
        **_WHY,
        "best_interest": "text",
        "people": "number",
        **_OFFER,
    },
    "plays": {
        "lead_id": "lead",
        "company_id": "company",
        "product_id": "product",
        "play": "text",
        "settled": "flag",
        "possible": "text",
        **_WHY,
        **dict.fromkeys(("message", "motion", "owner", "channel", "left_out"), "text"),
        "due": "day",
        "due_by": "text",
        "turn": "number",
        "waits_for": "text",
        "not_before": "day",
        **dict.fromkeys(("tier", "interest"), "text"),
        "open_deal": "flag",
        "contacted_on": "day",
    },
    "by_hand": TOLD,
    "rejects": dict.fromkeys(REJECTED, "text"),
}
"""The columns of every answer, before those of `STAMP`, and what they hold."""
ON_REQUEST: Final = ("settled", "possible", "warranted_settled", "warranted_possible")
"""The columns that leads, engagement and plays have only where what is possible is asked for."""
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("company_id",),
    "tiers": ("company_id", "product_id"),
    "leads": ("lead_id",),
    "engagement": ("lead_id", "product_id"),
    "company_products": ("company_id", "product_id"),
    "plays": ("lead_id", "turn"),
    "by_hand": tuple(TOLD),
    "rejects": REJECTED,
}
"""The columns that tell the rows of every answer apart; rejects may be equal all the same."""
_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("company_no",),
    "tiers": ("company_no", "product_no"),
    "leads": ("lead_no",),
    "engagement": ("lead_no", "product_no"),
    "company_products": ("company_no", "product_no"),
    "plays": ("lead_no", "turn"),
    "by_hand": tuple(TOLD),
    "rejects": REJECTED,
}
"""The columns that set the order of every answer: numbers go in the order of the ids."""


Gathered = tuple[Situation, Histories | None]
"""What counts on the day, with what some leads have, and their stage histories."""


class Population:
    """All accounts on one day.

    Args:
        engine: The compiled playbook.
        workshop: Where the tables are worked on.
        given: The tables by name.
        as_of: The day, or an instant of it.
        lang: The language of the reasons.
        possible: Whether leads, engagement and plays tell what is still possible.
        dense: Whether engagement lists every lead with every product.
        parts: Into how many parts the leads are taken.
        progress: Called after each part with how many are done, and of how many.
        kept: By table, the columns that stay though no rule asks for them, where they are there.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type; all problems at once.
    """

    def __init__(
        self,
        engine: Engine,
        workshop: Workshop,
        given: Mapping[str, Any],
        *,
        as_of: date | datetime,
        lang: Lang,
        possible: bool,
        dense: bool,
        parts: int = 1,
        progress: Callable[[int, int], object] | None = None,
        kept: Mapping[str, Sequence[str]] = NOTHING_KEPT,
    ) -> None:
        book = Compiled(engine.playbook)
        day = as_day(as_of, book.zone)
        if "leads" in given:
            book.check_limits(day)
        self.task = Task(book, Places.of(book), workshop, day, lang, possible, dense)
        self.parts = parts
        in_parts = OF_LEADS if parts > 1 else ()
        self.door = Door(workshop, Terms.of(engine.playbook), given, in_parts=in_parts)
        self.sorting = Sorting(self.door, workshop, engine.playbook, day, kept)
        self.progress = progress
        self.involved: Frame | None = None

    @cached_property
    def facts(self) -> Situation:
        """What counts on the day, but for what leads have."""
        return self.sorting.of_companies()

    @cached_property
    def companies(self) -> Companies:
        """Segment and tiers of all companies."""
        judged = judge(self.facts, self.door.attributes, self.task, self.hands, self.owned_on)
        if judged.failed is not None:
            self.door.rejects.append(self.task.workshop.note(judged.failed))
        return judged

    @cached_property
    def hands(self) -> Hands | None:
        """What people have set."""
        return hands_of(self.sorting, self.facts, self.task)

    @cached_property
    def of_companies(self) -> Frame:
        """What rules about leads see of each company with each product."""
        task = self.task
        offers: Frame | None = None
        if task.book.asks_plays:
            offers = offered(self.companies, self.positions, self.facts.contracts, task)
        return of_companies(self.companies, self.owned, offers, task.book, task.workshop)

    def gather(self, part: Part = WHOLE) -> Gathered:
        """Return what counts on the day, with what leads have, and their stage histories."""
        facts = self.sorting.of_leads(self.facts, part)
        if facts.leads is None:
            return facts, None
        return facts, histories_of(self.sorting, facts.leads, self.task, part)

    def people(self, gathered: Gathered) -> People | None:
        """Return the leads, or a part of them; `None` where there is no such table."""
        facts, histories = gathered
        if facts.leads is None:
            return None
        people = People(
            self.task,
            facts,
            self.companies,
            self.owned,
            self.of_companies,
            self.hands,
            entries_of(self.sorting, self.task, histories),
        )
        if (circling := people.circling()) is not None:
            self.door.turn_away("leads", circling, "id", "circle", nw.col("told"))
        # What they are to their companies is all that is left of a part.
        involved = people.involved()
        if self.involved is not None:
            columns = self.involved.collect_schema().names()
            involved = together(nw.concat([self.involved, involved.select(*columns)]))
        self.involved = self.task.workshop.keep("involved", involved)
        return people

    @cached_property
    def everybody(self) -> People | None:
        """All leads at once."""
        return self.people(self.gather())

    def answers(self) -> dict[str, Answer]:
        """Return all answers by name, each to be made when it is asked for."""

        def everybody() -> People:
            assert self.everybody is not None
            return self.everybody

        def after_everybody(make: Callable[[], Frame]) -> Frame:
            # Who is involved is seen, and what is wrong with rows told, while leads are looked at.
            _ = self.everybody
            return make()

        makers = self._makers()
        for name in ("company_products", "rejects"):
            makers[name] = partial(after_everybody, makers[name])
        if "leads" in self.door.frames:
            makers["leads"] = lambda: everybody().leads()
            makers["engagement"] = lambda: everybody().engagement()
            if self.task.book.asks_plays:
                makers["plays"] = lambda: everybody().plays()
        return {name: self._answer(name, makers[name]) for name in SHAPES if name in makers}

    def answers_in_parts(self) -> Iterator[tuple[str, Answer]]:
        """Yield the answers about one part of the leads after the other, then all others.

        Each must be made before the next one is taken.
        """
        parts = self.sorting.parts(self.facts, self.parts)
        for place, part in enumerate(parts, 1):
            people = self.people(self.gather(part))
            if people is not None:
                yield "leads", self._answer("leads", people.leads)
                yield "engagement", self._answer("engagement", people.engagement)
                if self.task.book.asks_plays:
                    yield "plays", self._answer("plays", people.plays)
            # Before the next part, or there would be two at a time.
            del people
            if self.progress is not None:
                self.progress(place, len(parts))
        for name, make in self._makers().items():
            yield name, self._answer(name, make)

    def _makers(self) -> dict[str, Callable[[], Frame]]:
        """Return what makes the answers that are not about single leads."""
        makers: dict[str, Callable[[], Frame]] = {
            "companies": lambda: self.companies.segments,
            "tiers": self.tiers,
            "company_products": self.company_products,
            "rejects": self.rejects,
        }
        if "overrides" in self.door.frames:
            makers["by_hand"] = self.by_hand
        return makers

    def _answer(self, name: str, make: Callable[[], Frame]) -> Answer:
        types = {
            "company": self.door.id_type("company"),
            "lead": self.door.id_type("lead"),
            "product": self.door.id_type("product"),
            **_TYPES,
        }
        shape = {**SHAPES[name], **STAMP}
        if name in ("leads", "engagement", "plays") and not self.task.possible:
            shape = {column: what for column, what in shape.items() if column not in ON_REQUEST}
        schema = {column: types[what] for column, what in shape.items()}

        def finished() -> Frame:
            frame = self.task.workshop.in_order(self._with_ids(make()), _ORDERS[name])
            # After it was ordered: what all rows share takes no memory, unless it is moved.
            return frame.with_columns(
                as_of=nw.lit(self.task.day),
                playbook_version=nw.lit(self.task.book.playbook.version),
            )

        # All but ids, and what is said of a single row.
        words = [
            column
            for column, what in shape.items()
            if what in ("product", "text")
            and schema[column] == nw.String()
            and name not in ("by_hand", "rejects")
        ]
        return Answer(finished, schema, words)

    def _with_ids(self, frame: Frame) -> Frame:
        """Return an answer with the ids of what it knows by numbers."""
        numbers = frame.collect_schema().names()
        if "about" in numbers:
            ids = list(self.task.book.products)
            order: list[Any] = sorted(ids)
            named: dict[str, list[Any]] = {
                "about": list(range(len(ids))),
                "product_no": [order.index(one) for one in ids],
                "product_id": ids,
            }
            frame = frame.join(self.task.workshop.small("product_ids", named), on="about")
        if "company_no" in numbers:
            companies = self.facts.companies.select("company_no", company_id="id")
            frame = frame.join(companies, on="company_no", how="left")
        return frame

    def rejects(self) -> Frame:
        """Return the rows that could not be used; after all leads were looked at."""
        # A policy in Python may fail on companies that nobody has asked about yet.
        _ = self.companies
        return nw.concat([one.select(*REJECTED) for one in self.door.rejects])

    def by_hand(self) -> Frame:
        """Return what became of what people have set."""
        assert self.hands is not None
        return self.hands.told

    # -- companies --

    @cached_property
    def owned(self) -> Frame | None:
        """What companies own and are buying."""
        reasons = self.task.places.asked.get("product.parting_reasons", ())
        found = positions(self.facts, "company_no", reasons, self.task.day)
        return None if found is None else self.task.workshop.keep("company_positions", found)

    def owned_on(self, day: date) -> Frame | None:
        """Return what companies own on the day asked about, or on one before it."""
        if day == self.task.day:
            return self.owned
        found = positions(as_of_earlier(self.facts, day), "company_no", (), day)
        return None if found is None else self.task.workshop.keep("owned_on_review", found)

    def _with_positions(self, frame: Frame) -> Frame:
        """Return a frame of company_no and about with owned and open_deal, 0 or 1."""
        if self.owned is None:
            return frame.with_columns(owned=whole(0), open_deal=whole(0))
        held = self.owned.select("company_no", "about", "owned", "open_deal")
        frame = frame.join(held, on=["company_no", "about"], how="left")
        return frame.with_columns(
            owned=nw.col("owned").fill_null(0), open_deal=nw.col("open_deal").fill_null(0)
        )

    def tiers(self) -> Frame:
        """Return the tier of each company for each product."""
        frame = self._with_positions(self.companies.tiers).drop("open_deal")
        return frame.with_columns(owned=nw.col("owned") == 1)

    @cached_property
    def positions(self) -> Frame:
        """Where each company stands with each product (`mpfunnel.frames.white_space.decided`)."""
        tiers = self.companies.tiers
        frame = tiers.select("company_no", "about", "tier", tier_missing="missing")
        frame = self._with_positions(frame)
        found = decided(frame, self.companies, self.owned, self.task)
        asked = self.task.book.asks_plays and self.task.places.named(POSITION) is not None
        return self.task.workshop.keep("positions_found", found) if asked else found

    def company_products(self) -> Frame:
        """Return where each company stands with each product; after all leads were looked at."""
        frame = in_words(self.positions, self.task)
        if self.involved is None:
            frame = frame.with_columns(interest=whole(0), people=whole(0))
        else:
            frame = frame.join(self.involved, on=["company_no", "about"], how="left")
            frame = frame.with_columns(
                interest=nw.col("interest").fill_null(0), people=nw.col("people").fill_null(0)
            )
        if self.task.book.offer_tables:
            frame = offers(frame, self.companies, self.owned, self.facts, self.task)
        else:
            frame = frame.with_columns(
                **{name: nw.lit(None, dtype=_TYPES[kind]) for name, kind in _OFFER.items()}
            )
        return frame.select(
            "company_no",
            "about",
            "tier",
            "position",
            "settled",
            "possible",
            "missing",
            *_WHY,
            *_OFFER,
            best_interest=by_code("interest", self.task.book.playbook.scale.ladder),
            people=nw.col("people").cast(nw.Int64()),
        )
