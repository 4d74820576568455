"""From tables to the four answers: the order in which they follow from each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import fields, frozen

from mpfunnel.calendars import as_day
from mpfunnel.case import Compiled
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit
from mpfunnel.frames.companies import Companies, judge
from mpfunnel.frames.contact import CONTACT, contactable
from mpfunnel.frames.door import REJECTED, Door
from mpfunnel.frames.expressions import by_code, extended, flag, whole
from mpfunnel.frames.kinds import Answer, Frame, Workshop
from mpfunnel.frames.layout import Places
from mpfunnel.frames.ownership import positions
from mpfunnel.frames.pairs import pair_of, taken_apart
from mpfunnel.frames.pursuits import pursuits
from mpfunnel.frames.situation import FIRM, Situation, situation
from mpfunnel.frames.stages import stages, with_ranges
from mpfunnel.frames.standings import Standings
from mpfunnel.labels import Lang

__all__ = ["Population", "Tables", "assess"]


@frozen
class Tables:
    """The answers, each a table of the kind that was given; `None` where no leads were given.

    Keys, not labels, stand in every column but ``because``; several keys are joined by ``;``.
    Decisions have the columns of their name, ``rule`` and ``because``, and where it is told,
    ``settled`` and ``possible``. All end with ``as_of`` and ``playbook_version``.

    Attributes:
        companies: company_id and the decision ``segment``, with ``missing``: what to ask for.
        tiers: company_id, product_id, the decision ``tier`` with ``missing``, and ``owned``.
        leads: lead_id, company_id, the decision ``stage``, for_products, existing_customer and
            ``contact_<channel>``.
        engagement: lead_id, company_id, product_id, the decision ``state``, interest, score_micro
            and active_days.
        company_products: company_id, product_id, tier, position (owned, in_pipeline, untapped or
            not_eligible), best_interest of its people, and people: how many of them were touched.
        rejects: The rows that could not be used: table, id, lead_id, column, code and reason.
    """

    companies: Any
    tiers: Any
    leads: Any
    engagement: Any
    company_products: Any
    rejects: Any


def assess(
    engine: Engine,
    *,
    companies: Any,
    leads: Any = None,
    activities: Any = None,
    deals: Any = None,
    contracts: Any = None,
    sales_events: Any = None,
    company_sets: Any = None,
    lead_sets: Any = None,
    activity_products: Any = None,
    deal_lines: Any = None,
    consents: Any = None,
    as_of: date | datetime,
    lang: Lang | None = None,
    possible: bool = False,
    dense: bool = False,
) -> Tables:
    """Return the four answers for all rows of tables, as tables of the kind that was given.

    Tables may be of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, all of one kind. Answers come
    in the order of their keys from pandas, Polars and PyArrow. Lazy tables of Polars stay lazy:
    nothing is worked out before an answer is collected. On DuckDB, PySpark and Ibis what several
    answers stand on is worked out at once, into temporary tables, and the answers are not.

    Args:
        engine: The compiled playbook.
        companies: id; what is known of them: name, industry, region, country, corporate_number,
            employees, annual_revenue, growth_rate, and the custom attributes that rules ask about.
        leads: id; company_id, title, department, source and attributes.
        activities: id, lead_id, kind, at; product_id.
        deals: id, company_id, opened_at, status; closed_at, lead_id, reason, product_id.
        contracts: company_id, product_id, start; end.
        sales_events: lead_id, kind, at; product_id, by, reason, follow_up_on.
        company_sets: company_id, fact, value: one row for each member of a set of a company, such
            as ``relationships`` and ``lists`` (S21).
        lead_sets: lead_id, fact, value: the same of leads, such as ``interests``.
        activity_products: lead_id, activity_id, product_id: where activities have several.
        deal_lines: deal_id, product_id: where deals have several products.
        consents: lead_id, channel, granted, at; basis.
        as_of: The day asked about; an aware datetime means its day in the playbook's zone.
        lang: The language of the reasons; the playbook's own where it is `None`.
        possible: Whether leads and engagement tell what is still possible. It costs time.
        dense: Whether engagement lists every lead with every product; otherwise those where the
            state is other than that of no sign, or not settled (S23).

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type; all problems at once.
        MissingExtraError: pandas or PyArrow tables were given, and Polars is not installed.
    """
    given = {
        "companies": companies,
        "leads": leads,
        "activities": activities,
        "deals": deals,
        "contracts": contracts,
        "sales_events": sales_events,
        "company_sets": company_sets,
        "lead_sets": lead_sets,
        "activity_products": activity_products,
        "deal_lines": deal_lines,
        "consents": consents,
    }
    if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidDataError(misfit("engine", engine, Engine))
    if lang not in (None, "en", "ja"):
        message = f"must be 'en' or 'ja', not {brief(lang)}"
        raise InvalidDataError([Problem("choice", "lang", message)])
    given = {n: table for n, table in given.items() if table is not None or n == "companies"}
    workshop = Workshop.of(given)
    lang = engine.playbook.lang if lang is None else lang
    population = Population(
        engine, workshop, given, as_of=as_of, lang=lang, possible=possible, dense=dense
    )
    left = workshop.leave(population.answers())
    return Tables(**{one.name: left.get(one.name) for one in fields(Tables)})


_DECIDED: Final = {"settled": "flag", "possible": "text", "missing": "text"}
_WHY: Final = {"rule": "text", "because": "text"}
_STAMP: Final = {"as_of": "day", "playbook_version": "text"}
_SHAPES: Final[Mapping[str, Mapping[str, str]]] = {
    "companies": {"company_id": "company", "segment": "text", **_DECIDED, **_WHY},
    "tiers": {
        "company_id": "company",
        "product_id": "product",
        "tier": "text",
        **_DECIDED,
        **_WHY,
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
        **_WHY,
        "interest": "text",
        "score_micro": "number",
        "active_days": "number",
    },
    "company_products": {
        "company_id": "company",
        "product_id": "product",
        "tier": "text",
        "position": "text",
        "best_interest": "text",
        "people": "number",
    },
    "rejects": dict.fromkeys(REJECTED, "text"),
}
"""The columns of every answer, before those of `_STAMP`, and what they hold."""
_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("company_no",),
    "tiers": ("company_no", "product_no"),
    "leads": ("lead_no",),
    "engagement": ("lead_no", "product_no"),
    "company_products": ("company_no", "product_no"),
    "rejects": REJECTED,
}
"""The columns that set the order of every answer: numbers go in the order of the ids."""


class Population:
    """All accounts on one day."""

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
    ) -> None:
        self.book = Compiled(engine.playbook)
        self.workshop = workshop
        self.day = as_day(as_of, self.book.zone)
        self.lang: Lang = lang
        self.possible = possible
        self.dense = dense
        self.places = Places.of(self.book)
        self.door = Door(workshop, engine.playbook, given)

    @cached_property
    def facts(self) -> Situation:
        """What counts on the day."""
        return situation(self.door, self.workshop, self.book.playbook, self.day)

    @cached_property
    def companies(self) -> Companies:
        """Segment and tiers of all companies."""
        return judge(
            self.facts,
            self.door.attributes,
            self.book,
            self.places,
            self.lang,
            self.workshop,
            self.day,
        )

    def answers(self) -> dict[str, Answer]:
        """Return all answers by name, each to be made when it is asked for."""
        makers: dict[str, Callable[[], Frame]] = {
            "companies": lambda: self.companies.segments,
            "tiers": self.tiers,
            "leads": self.leads,
            "engagement": self.engagement,
            "company_products": self.company_products,
            "rejects": self.rejects,
        }
        if "leads" not in self.door.frames:
            del makers["leads"], makers["engagement"]
        return {name: self._answer(name, make) for name, make in makers.items()}

    def _answer(self, name: str, make: Callable[[], Frame]) -> Answer:
        types = {
            "company": self.door.id_type("company"),
            "lead": self.door.id_type("lead"),
            "product": self.door.id_type("product"),
            "text": nw.String(),
            "flag": nw.Boolean(),
            "number": nw.Int64(),
            "day": nw.Date(),
        }
        shape = {**_SHAPES[name], **_STAMP}
        if name in ("leads", "engagement") and not self.possible:
            del shape["settled"], shape["possible"]
        schema = {column: types[what] for column, what in shape.items()}

        def finished() -> Frame:
            return self._with_ids(make()).with_columns(
                as_of=nw.lit(self.day), playbook_version=nw.lit(self.book.playbook.version)
            )

        return Answer(finished, schema, _ORDERS[name])

    def _with_ids(self, frame: Frame) -> Frame:
        """Return an answer with the ids of what it knows by numbers."""
        numbers = frame.collect_schema().names()
        if "about" in numbers:
            ids = list(self.book.products)
            order: list[Any] = sorted(ids)
            named: dict[str, list[Any]] = {
                "about": list(range(len(ids))),
                "product_no": [order.index(one) for one in ids],
                "product_id": ids,
            }
            frame = frame.join(self.workshop.small("product_ids", named), on="about")
        if "company_no" in numbers:
            companies = self.facts.companies.select("company_no", company_id="id")
            frame = frame.join(companies, on="company_no", how="left")
        if "lead_no" in numbers and self.facts.leads is not None:
            leads = self.facts.leads.select("lead_no", lead_id="id")
            frame = frame.join(leads, on="lead_no", how="left")
        return frame

    def rejects(self) -> Frame:
        """Return the rows that could not be used."""
        # They are told while the rest is sorted.
        _ = self.facts
        return nw.concat([one.select(*REJECTED) for one in self.door.rejects])

    # -- companies --

    @cached_property
    def owned(self) -> Frame | None:
        """What companies own and are buying."""
        reasons = self.places.asked.get("product.parting_reasons", ())
        found = positions(self.facts, "company_no", reasons, self.day)
        return None if found is None else self.workshop.keep("company_positions", found)

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

    def company_products(self) -> Frame:
        """Return where each company stands with each product."""
        frame = self._with_positions(self.companies.tiers.select("company_no", "about", "tier"))
        today = whole(self.day.toordinal())
        unsold = nw.lit(False)
        for place, one in enumerate(self.book.products.values()):
            for day, out in ((one.sold_from, ">"), (one.sold_until, "<")):
                if day is not None:
                    edge = whole(day.toordinal())
                    past = edge > today if out == ">" else edge < today
                    unsold = unsold | ((nw.col("about") == place) & past)
        position = nw.when(unsold).then(nw.lit("not_eligible")).otherwise(nw.lit("untapped"))
        position = nw.when(nw.col("open_deal") == 1).then(nw.lit("in_pipeline")).otherwise(position)
        position = nw.when(nw.col("owned") == 1).then(nw.lit("owned")).otherwise(position)
        frame = frame.with_columns(position=position).drop("owned", "open_deal")
        ladder = self.book.playbook.scale.ladder
        if self.facts.leads is None:
            return frame.with_columns(best_interest=nw.lit(ladder[0]), people=whole(0))
        involved = self.stood.filter(~nw.col("company_no").is_null()).with_columns(
            people=flag(nw.col("touched"))
        )
        involved = involved.group_by("company_no", "about").agg(
            nw.col("interest").max(), nw.col("people").sum()
        )
        frame = frame.join(involved, on=["company_no", "about"], how="left")
        frame = frame.with_columns(interest=nw.col("interest").fill_null(0))
        return frame.select(
            "company_no",
            "about",
            "tier",
            "position",
            best_interest=by_code("interest", ladder),
            people=nw.col("people").fill_null(0).cast(nw.Int64()),
        )

    # -- leads --

    @cached_property
    def standings(self) -> Standings:
        """How leads stand with products."""
        return Standings(
            self.facts,
            self.companies,
            self.book,
            self.places,
            self.lang,
            self.workshop,
            self.day,
            owned=self.owned,
        )

    @cached_property
    def every(self) -> bool:
        """Whether every lead has to be looked at with every product."""
        return self.dense or not self.standings.alike or bool(self.places.exists)

    @cached_property
    def pursuits(self) -> Frame:
        """The current pursuits of all leads."""
        found = pursuits(self.facts, self.standings.sums, self.book, self.workshop, self.day)
        return self.workshop.keep("pursuits", found)

    @cached_property
    def pairs(self) -> Frame:
        """Leads with the products, and the whole firm, that have to be looked at one by one."""
        standings = self.standings
        pairs = standings.every_pair() if self.every else standings.signed_pairs()
        pairs = nw.concat([pairs.select("pair"), self.pursuits.select("pair")]).unique()
        homes = standings.people.select("lead_no", "company_no")
        pairs = taken_apart(pairs, self.book).join(homes, on="lead_no", how="inner")
        return self.workshop.keep("pairs", pairs)

    @cached_property
    def stood(self) -> Frame:
        """How they stand."""
        stood = self.standings.of(self.pairs, possible=self.possible)
        return self.workshop.keep("standings", stood)

    def engagement(self) -> Frame:
        """Return where each lead stands with each product."""
        stood = self.stood.filter(nw.col("about") != FIRM)
        if not self.dense:
            stood = self._told(stood)
        return self.standings.in_words(stood).rename({"score": "score_micro"})

    def _told(self, stood: Frame) -> Frame:
        """Return the rows whose state is other than that of no sign, or not settled (S23)."""
        none = nw.col("state") == 0
        found = [stood.filter(~none)]
        silent = stood.filter(none)
        if not self.possible:
            silent = self.standings.of(
                silent.select("pair", "lead_no", "company_no", "about"), possible=True
            )
        found.append(silent.filter(~nw.col("settled")))
        if not self.every:
            found.append(self._unsigned(none))
        columns = found[0].collect_schema().names()
        return nw.concat([frame.select(*columns) for frame in found])

    def _unsigned(self, none: nw.Expr) -> Frame:
        """Return the leads without a sign that stand elsewhere than at no sign all the same."""
        standings = self.standings
        nobody = whole(None)
        pairs = self.companies.tiers.select("company_no", "about", pair=nobody, lead_no=nobody)
        alike = standings.of(pairs, possible=True).filter(~none | ~nw.col("settled"))
        people = standings.people.select("lead_no", "company_no")
        rows = alike.drop("lead_no").join(people, on="company_no", how="inner")
        rows = rows.with_columns(pair=pair_of("lead_no", self.book))
        return rows.join(self.pairs, on="pair", how="anti")

    def leads(self) -> Frame:
        """Return the stage of each lead."""
        stood = self.stood.drop("lead_no", "about")
        rows = self.pursuits.join(stood, on="pair", how="inner", suffix="_of_company")
        facts = self.places.about("pursuit")
        rows = extended(rows, {self.places.value(one): nw.col(one.key) == 1 for one in facts})
        if self.places.exists:
            every = self.stood.filter(nw.col("about") != FIRM)
            rows = with_ranges(rows, every, self.places, possible=self.possible)
        found = stages(
            rows, self.book, self.places, self.lang, self.workshop, possible=self.possible
        )
        owners = self._owners()
        people = self.standings.people.select("lead_no", "company_no")
        frame = people.join(found, on="lead_no", how="left")
        frame = frame.join(owners, on="lead_no", how="left")
        frame = frame.with_columns(existing_customer=(nw.col("owner") == 1).fill_null(False))
        return contactable(frame.drop("owner"), self.facts.consents)

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


def _any_owned(held: Frame, by: str) -> Frame:
    frame: Frame = held.group_by(by).agg(nw.col("owned").max().alias("owner"))
    return frame
