"""What counts of the tables on a day, each record once; and what cannot be used, and why.

The same as `mpfunnel.situation`, for all accounts at once: records of days after `as_of` are as if
they did not exist yet (law 5), equal rows count once, rows that share an identity but differ are
all rejected (S17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.frames.contract import RELATIONSHIPS
from mpfunnel.frames.door import Door
from mpfunnel.frames.expressions import looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.playbook import Playbook

__all__ = ["FIRM", "Situation", "situation"]

FIRM = -1
"""In the column ``about``, where else the place of a product stands: the whole firm."""
# No attribute of a firm is called like that.
_TIMES = "mpfunnel_times"
_TWICE = "shares its id with a row that differs"


@frozen
class Situation:
    """The tables as of a day: only what counts. A table that was not given is `None`.

    Attributes:
        companies: The companies.
        company_sets: What their sets hold: company_id, fact, value.
        leads: The leads, with ``home``: their company, null where it is not given.
        lead_sets: What their sets hold: lead_id, fact, value.
        consents: What they said about being contacted.
        activities: One row for each product that an activity is about: lead_id, id, kind, at,
            about, age.
        deals: The deals, with the days ``opened`` and ``closed``; null while open as of the day.
        deal_lines: Their products: deal_id, about.
        contracts: The contracts, with ``about``.
        sales_events: What sales decided, with ``about`` and ``place``: their order in time.
    """

    companies: Frame
    company_sets: Frame | None
    leads: Frame | None
    lead_sets: Frame | None
    consents: Frame | None
    activities: Frame | None
    deals: Frame | None
    deal_lines: Frame | None
    contracts: Frame | None
    sales_events: Frame | None


def situation(door: Door, workshop: Workshop, book: Playbook, as_of: date) -> Situation:
    """Return what counts of the tables on the day `as_of`; the rest is turned away at the door."""
    return _Sorter(door, workshop, book, as_of).situation()


class _Sorter:
    def __init__(self, door: Door, workshop: Workshop, book: Playbook, as_of: date) -> None:
        self.door = door
        self.workshop = workshop
        self.given: Mapping[str, Frame] = door.frames
        self.today = as_of.toordinal()
        self.ids = [product.id for product in book.products]

    def situation(self) -> Situation:
        companies = self.unique("companies", ["id"], self.given["companies"])
        leads = self.given.get("leads")
        if leads is not None:
            leads = self.homes(self.unique("leads", ["id"], leads), companies)
            leads = self.workshop.keep("leads_counted", leads)
        deals, lines = self.deals(companies, leads)
        return Situation(
            companies=companies,
            company_sets=self.members("company_sets", "company_id", companies),
            leads=leads,
            lead_sets=self.members("lead_sets", "lead_id", leads),
            consents=self.said(leads),
            activities=self.activities(leads),
            deals=deals,
            deal_lines=lines,
            contracts=self.contracts(companies),
            sales_events=self.sales_events(leads),
        )

    # -- each record once --

    def unique(self, name: str, key: Sequence[str], frame: Frame) -> Frame:
        """Return each record once; rows that share the key but differ are rejected."""
        columns = frame.collect_schema().names()
        shared = frame.group_by(*key).agg(nw.len().alias(_TIMES)).filter(nw.col(_TIMES) > 1)
        shared = shared.select(*key)
        alone = frame.join(shared, on=list(key), how="anti")
        several = frame.join(shared, on=list(key), how="semi").unique()
        kinds = several.group_by(*key).agg(nw.len().alias(_TIMES))
        counted = self.workshop.keep(f"{name}_shared", several.join(kinds, on=list(key)))
        self.door.turn_away(
            name,
            counted.filter(nw.col(_TIMES) > 1),
            "id",
            "conflict",
            _TWICE,
        )
        equal = counted.filter(nw.col(_TIMES) == 1)
        return nw.concat([alone.select(*columns), equal.select(*columns)])

    def past(self, frame: Frame, day: str) -> Frame:
        """Return the rows of days up to the day asked about."""
        return frame.filter(nw.col(day) <= self.today)

    # -- what records refer to --

    def known(self, name: str, frame: Frame, column: str, of: Frame | None, code: str) -> Frame:
        """Return the rows whose `column` is an id of the table `of`; the others are rejected."""
        what = code.removeprefix("unknown-")
        if of is None:
            self.refer(name, frame, column, code, what)
            # None: a bare false is no condition to every engine.
            return frame.filter(nw.col(column) != nw.col(column))
        ids = of.select(nw.col("id").alias(column))
        self.refer(name, frame.join(ids, on=column, how="anti"), column, code, what)
        return frame.join(ids, on=column, how="semi")

    def refer(self, name: str, frame: Frame, column: str, code: str, what: str) -> None:
        """Reject rows that refer to what is not there."""
        value = nw.col(column).cast(nw.String())
        # Some firms use mail addresses as ids, and those are not told on.
        private = value.str.contains("@", literal=True)
        named = nw.concat_str(nw.lit(f"no such {what} "), value)
        reason = nw.when(private).then(nw.lit(f"no such {what}")).otherwise(named)
        self.door.turn_away(name, frame, column, code, reason)

    def about(self, frame: Frame) -> Frame:
        """Return the frame with the place of each row's product; null where there is none such."""
        place = looked_up(nw.col("product_id"), self.ids, range(len(self.ids)))
        return frame.with_columns(about=place)

    def sold(self, name: str, frame: Frame) -> Frame:
        """Return the rows of products that the firm sells, and of none; others are rejected."""
        if "product_id" not in frame.collect_schema().names():
            return frame.with_columns(about=whole(FIRM))
        frame = self.about(frame)
        stranger = ~nw.col("product_id").is_null() & nw.col("about").is_null()
        self.refer(name, frame.filter(stranger), "product_id", "unknown-product", "product")
        return frame.filter(~stranger).with_columns(about=nw.col("about").fill_null(FIRM))

    # -- table by table --

    def homes(self, leads: Frame, companies: Frame) -> Frame:
        """Return the leads with their company, where it is given."""
        if "company_id" not in leads.collect_schema().names():
            nobody = nw.lit(None, dtype=self.door.id_type("company"))
            return leads.with_columns(home=nobody)
        ids = companies.select(company_id=nw.col("id"), home=nw.col("id"))
        return leads.join(ids, on="company_id", how="left")

    def members(self, name: str, owner: str, of: Frame | None) -> Frame | None:
        given = self.given.get(name)
        if given is None:
            return None
        frame = self.known(name, given.unique(), owner, of, f"unknown-{owner.removesuffix('_id')}")
        if name == "company_sets":
            ties = nw.col("fact") == "relationships"
            wrong = ties & ~nw.col("value").is_in(RELATIONSHIPS)
            reason = f"must be one of {', '.join(RELATIONSHIPS)}"
            self.door.turn_away(name, frame.filter(wrong), "value", "choice", reason)
            frame = frame.filter(~wrong)
        return frame

    def said(self, leads: Frame | None) -> Frame | None:
        given = self.given.get("consents")
        if given is None:
            return None
        frame = self.known("consents", given.unique(), "lead_id", leads, "unknown-lead")
        return self.past(frame, "at_day")

    def activities(self, leads: Frame | None) -> Frame | None:
        given = self.given.get("activities")
        if given is None:
            return None
        frame = self.unique("activities", ["lead_id", "id"], self.past(given, "at_day"))
        frame = self.known("activities", frame, "lead_id", leads, "unknown-lead")
        frame = frame.with_columns(age=self.today - nw.col("at_day"))
        products = self.given.get("activity_products")
        frame = self.sold("activities", frame) if products is None else self.spread(frame, products)
        frame = frame.select("lead_id", "id", "kind", "at", "about", "age")
        return self.workshop.keep("activities_counted", frame)

    def spread(self, frame: Frame, products: Frame) -> Frame:
        """Return activities once for each of their products; one of none is the whole firm's."""
        products = products.select("lead_id", id="activity_id", product_id="product_id").unique()
        lone = products.join(self.given["activities"], on=["lead_id", "id"], how="anti")
        self.refer("activity_products", lone, "id", "unknown-activity", "activity")
        products = self.about(products)
        stranger = nw.col("about").is_null()
        wrong = products.filter(stranger).select("lead_id", "id").unique()
        bad = frame.join(wrong, on=["lead_id", "id"], how="semi")
        unsold = "unknown-product", "no such product"
        self.door.turn_away("activities", bad, "product_id", *unsold)
        self.door.turn_away("activity_products", products.filter(stranger), "product_id", *unsold)
        frame = frame.join(wrong, on=["lead_id", "id"], how="anti")
        places = products.filter(~stranger).select("lead_id", "id", "about")
        frame = frame.join(places, on=["lead_id", "id"], how="left")
        return frame.with_columns(about=nw.col("about").fill_null(FIRM))

    def deals(self, companies: Frame, leads: Frame | None) -> tuple[Frame | None, Frame | None]:
        given = self.given.get("deals")
        if given is None:
            return None, None
        frame = self.unique("deals", ["id"], self.past(given, "opened_at_day"))
        columns = frame.collect_schema().names()
        for name, kind in (
            ("lead_id", self.door.id_type("lead")),
            ("closed_at", None),
            ("closed_at_day", nw.Int64()),
            ("reason", nw.String()),
        ):
            if name not in columns:
                blank = nw.col("opened_at") if kind is None else nw.lit(None, dtype=kind)
                frame = frame.with_columns(blank.alias(name))
        ids = companies.select(company_id="id", own="id")
        frame = frame.join(ids, on="company_id", how="left")
        if leads is None:
            frame = frame.with_columns(person=nw.lit(None, dtype=self.door.id_type("lead")))
        else:
            frame = frame.join(leads.select(lead_id="id", person="id"), on="lead_id", how="left")
        lost = nw.col("own").is_null() & nw.col("person").is_null()
        self.refer("deals", frame.filter(lost), "company_id", "unknown-company", "company")
        frame = frame.filter(~lost)
        lines = self.given.get("deal_lines")
        if lines is None:
            frame = self.sold("deals", frame)
            lines = frame.filter(nw.col("about") != FIRM).select("about", deal_id="id")
        else:
            lines = self.about(
                self.known(
                    "deal_lines",
                    lines.select("deal_id", "product_id").unique(),
                    "deal_id",
                    given,
                    "unknown-deal",
                )
            )
            wrong = lines.filter(nw.col("about").is_null()).select(id="deal_id").unique()
            bad = frame.join(wrong, on="id", how="semi")
            unsold = "unknown-product", "no such product"
            self.door.turn_away("deals", bad, "product_id", *unsold)
            strange = lines.filter(nw.col("about").is_null())
            self.door.turn_away("deal_lines", strange, "product_id", *unsold)
            frame = frame.join(wrong, on="id", how="anti")
            lines = lines.select("deal_id", "about").filter(~nw.col("about").is_null())
        # A deal that closes after the day is open as of it (S11).
        closed = nw.when(nw.col("closed_at_day") <= self.today).then(nw.col("closed_at_day"))
        frame = frame.with_columns(closed=closed, opened=nw.col("opened_at_day"))
        frame = self.workshop.keep(
            "deals_counted",
            frame.select(
                "id",
                "own",
                "person",
                "status",
                "reason",
                "opened_at",
                "opened",
                "closed_at",
                "closed",
                named=nw.col("lead_id").is_null(),
            ),
        )
        return frame, lines

    def contracts(self, companies: Frame) -> Frame | None:
        given = self.given.get("contracts")
        if given is None:
            return None
        if "end" not in given.collect_schema().names():
            given = given.with_columns(end=whole(None))
        frame = self.past(given.unique(), "start")
        frame = self.known("contracts", frame, "company_id", companies, "unknown-company")
        return self.sold("contracts", frame).select("company_id", "about", "start", "end")

    def sales_events(self, leads: Frame | None) -> Frame | None:
        given = self.given.get("sales_events")
        if given is None:
            return None
        columns = given.collect_schema().names()
        for name, kind in (
            ("by", nw.String()),
            ("reason", nw.String()),
            ("follow_up_on", nw.Int64()),
        ):
            if name not in columns:
                given = given.with_columns(nw.lit(None, dtype=kind).alias(name))
        frame = self.past(given.unique(), "at_day")
        frame = self.known("sales_events", frame, "lead_id", leads, "unknown-lead")
        frame = self.sold("sales_events", frame)
        # They have no id: within one instant, everything that they hold sets their order.
        frame = frame.with_columns(
            product_text=(
                nw.col("product_id").cast(nw.String()).fill_null("None")
                if "product_id" in columns
                else nw.lit("None")
            ),
            by=nw.col("by").fill_null(""),
            saying=nw.col("reason").fill_null(""),
            one=nw.col("at_day") * 0 + 1,
            later=nw.col("follow_up_on").fill_null(3_652_060),
        )
        order = ["at", "kind", "product_text", "saying", "by", "later"]
        frame = frame.with_columns(place=nw.col("one").cum_sum().over("lead_id", order_by=order))
        day = nw.col("at_day").alias("day")
        frame = frame.select("lead_id", "kind", "at", day, "about", "reason", "place")
        return self.workshop.keep("sales_events_counted", frame)
