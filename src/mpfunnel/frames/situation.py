"""What counts of the tables on a day, each record once; and what cannot be used, and why.

The same as `mpfunnel.situation`, for all accounts at once: records of days after `as_of` are as if
they did not exist yet (law 5), equal rows count once, rows that share an identity but differ are
all rejected (S17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

import narwhals.stable.v2 as nw
from attrs import evolve, frozen
from immutabledict import immutabledict

from mpfunnel.engagement import Measure
from mpfunnel.frames.contract import RELATIONSHIPS
from mpfunnel.frames.dated import OnReview, OverTime, as_of_the_day
from mpfunnel.frames.door import Door
from mpfunnel.frames.expressions import whole
from mpfunnel.frames.groups import DEEPEST, numbered
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.groups import asked_of_group
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id

__all__ = ["FIRM", "NOTHING_KEPT", "OF_LEADS", "WHOLE", "Part", "Situation", "Sorting", "kinds_of"]


class Part(NamedTuple):
    """Some of the leads: those whose id is at least `low` and below `high`; `None` is no bound."""

    low: Id | None
    high: Id | None

    def holds(self, lead: nw.Expr) -> nw.Expr:
        """Return whether a lead's id is of this part; null is of the first one."""
        # An expression of the column, even where it is always true.
        below = lead.is_null() | ~lead.is_null() if self.high is None else lead < self.high
        below = below.fill_null(self.low is None)
        return below if self.low is None else below & (lead >= self.low).fill_null(False)


FIRM = -1
"""In the column ``about``, where else the place of a product stands: the whole firm."""
WHOLE: Final = Part(None, None)
NOTHING_KEPT: Final[Mapping[str, Sequence[str]]] = immutabledict()
"""No columns but those that rules ask for."""
OF_LEADS: Final = (
    "lead_sets",
    "consents",
    "activities",
    "activity_products",
    "sales_events",
    "stage_history",
    "stage_history_products",
)
"""The tables whose rows belong to leads."""
# No attribute of a firm is called like that.
_TIMES = "mpfunnel_times"
_UNKNOWN: Final = {"company": "unknown-company", "lead": "unknown-lead"}
_CIRCLE = f"is its own ancestor, or has more than {DEEPEST} companies above it"
_TWICE = "shares its id with a row that differs"


@frozen
class Situation:
    """The tables as of a day: only what counts. A table that was not given is `None`.

    Companies and leads are known by their numbers, in the order of their ids: these are quicker to
    sort and to join than ids that are text.

    Attributes:
        companies: The companies, with their facts as of the day, and ``company_no``: their number;
            with that of their group, if rules ask about groups.
        company_sets: What their sets hold: company_no, fact, value.
        on_review: Companies and sets as of the day of the last review, and of which facts anything
            was told by then; `None` where nothing was told over time, or no Tiers are held.
        leads: The leads, with ``lead_no``, their number, and ``company_no``, that of their
            company, null where it is not known.
        lead_sets: What their sets hold: lead_no, fact, value.
        consents: What they said about being contacted: lead_no, channel, granted, at.
        activities: One row for each product that an activity is about: lead_no, id, kind_no, at,
            about, age; the kind is its place among `kinds_of`, after them where none of them.
        over_time: Companies and sets before values over time, and these; `None` where none count.
        deals: The deals, with the numbers company_no and lead_no, null where there is none such,
            and the days ``opened`` and ``closed``, the latter null while open as of the day.
        deal_lines: Their products: deal_id, about.
        contracts: The contracts: company_no, about, start, end, quantity.
        sales_events: What sales decided: lead_no, kind, at, day, about, reason, follow_up_on, and
            ``place``: their order in time.
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
    on_review: OnReview | None = None
    over_time: OverTime | None = None


def kinds_of(book: Playbook) -> tuple[str, ...]:
    """Return the kinds of activities that a playbook speaks of."""
    signals = (signal.kind for model in book.engagement.values() for signal in model.signals)
    counted = (
        Measure.from_fact(fact).kind for fact in book.asked.values() if fact.within == "measures"
    )
    return tuple(sorted({*signals, *counted, *book.plays.contacts} - {""}))


class Sorting:
    """Tells what counts of the tables on the day `as_of`; the rest is turned away at the door.

    Args:
        door: Where the tables came in.
        workshop: Where they are worked on.
        book: The playbook.
        as_of: The day.
        kept: By table, the columns that stay though no rule asks for them, where they are there.
    """

    def __init__(
        self,
        door: Door,
        workshop: Workshop,
        book: Playbook,
        as_of: date,
        kept: Mapping[str, Sequence[str]] = NOTHING_KEPT,
    ) -> None:
        self.door = door
        self.kept = kept
        # Activities of known leads that share an id but differ: lead_no and the columns given.
        self.rivals: Frame | None = None
        # Deals that do: the columns given.
        self.rival_deals: Frame | None = None
        self.book = book
        self.workshop = workshop
        self.given: Mapping[str, Frame] = door.frames
        self.today = as_of.toordinal()
        self.reviewed = book.reviewed_on(as_of)
        self.ids = [product.id for product in book.products]

    def of_companies(self) -> Situation:
        """Return companies with all that they have, and leads, without what leads have."""
        companies = self.numbered("companies", self.given["companies"], "company_no")
        companies = self.workshop.keep("companies_counted", companies)
        sets = self.members("company_sets", "company", companies, self.given.get("company_sets"))
        on_review = over_time = None
        if (told := self.given.get("company_facts")) is not None:
            told = self.past(told.unique(), "since")
            told = self.known("company_facts", told, "company", companies)
            (companies, sets), on_review, over_time = as_of_the_day(
                companies,
                sets,
                told,
                self.door,
                self.workshop,
                reviewed=None if self.reviewed is None else self.reviewed.toordinal(),
            )
        if asked_of_group(self.book.conditions):
            companies, circling = numbered(companies, self.workshop)
            if circling is not None:
                self.door.turn_away("companies", circling, "parent_id", "cycle", _CIRCLE)
            if on_review is not None:
                before, _ = numbered(on_review.companies, self.workshop, "_on_review")
                on_review = on_review._replace(companies=before)
        leads = self.given.get("leads")
        if leads is not None:
            leads = self.homes(self.numbered("leads", leads, "lead_no"), companies)
            # Which rows are equal is known: of their other columns, no rule asks.
            asked = {fact.key for fact in self.book.asked.values() if fact.root == "lead"}
            columns = [c for c in leads.collect_schema().names() if c in asked]
            leads = leads.select("lead_no", "id", "company_no", *columns)
            leads = self.workshop.keep("leads_counted", leads)
        deals, lines = self.deals(companies, leads)
        return Situation(
            companies=companies,
            company_sets=sets,
            leads=leads,
            lead_sets=None,
            consents=None,
            activities=None,
            deals=deals,
            deal_lines=lines,
            contracts=self.contracts(companies),
            sales_events=None,
            on_review=on_review,
            over_time=over_time,
        )

    def parts(self, companies: Situation, count: int) -> list[Part]:
        """Return parts of the leads, as many as are wanted or as there are leads, of like size."""
        if companies.leads is None:
            return [WHOLE]
        leads = companies.leads.select("lead_no", "id")
        (last,) = self.workshop.rows(leads.select(nw.col("lead_no").max()))
        leads_in_all = 0 if last["lead_no"] is None else last["lead_no"] + 1
        count = max(1, min(count, leads_in_all))
        firsts = [place * leads_in_all // count for place in range(1, count)]
        rows = self.workshop.rows(leads.filter(nw.col("lead_no").is_in(firsts)))
        bounds = [None, *sorted(row["id"] for row in rows), None]
        return [Part(low, high) for low, high in pairwise(bounds)]

    def of_leads(self, companies: Situation, part: Part = WHOLE) -> Situation:
        """Return what leads have, too.

        Args:
            companies: What `of_companies` returned.
            part: Of which leads; only these are in what is returned, with their deals.
        """
        leads, deals = companies.leads, companies.deals
        if part != WHOLE and leads is not None:
            leads = self.workshop.keep("leads_of", leads.filter(part.holds(nw.col("id"))))
            if deals is not None:
                theirs = deals.join(leads.select("lead_no"), on="lead_no", how="semi")
                nobodys = deals.filter(nw.col("lead_no").is_null())
                deals = self.workshop.keep("deals_of", nw.concat([theirs, nobodys]))
        activities, products = (
            self.table(name, part) for name in ("activities", "activity_products")
        )
        return evolve(
            companies,
            leads=leads,
            deals=deals,
            lead_sets=self.members("lead_sets", "lead", leads, self.table("lead_sets", part)),
            consents=self.said(self.table("consents", part), leads),
            activities=self.activities(activities, products, leads),
            sales_events=self.sales_events(self.table("sales_events", part), leads),
        )

    def table(self, name: str, part: Part) -> Frame | None:
        """Return the rows of a table that are of a part; `None` where it was not given."""
        return self.given[name] if name in self.given else self.door.part(name, part.holds)

    # -- each record once --

    def numbered(self, name: str, frame: Frame, number: str) -> Frame:
        """Return each record once, with its number."""
        frame = self.unique(name, ["id"], self.workshop.keep(f"{name}_checked", frame))
        frame = frame.with_row_index(number, order_by="id")
        return frame.with_columns(nw.col(number).cast(nw.Int64()))

    def unique(self, name: str, key: Sequence[str], frame: Frame) -> Frame:
        """Return each record once; rows that share the key but differ are rejected."""
        once, _ = self.parted(name, key, frame)
        return once

    def parted(self, name: str, key: Sequence[str], frame: Frame) -> tuple[Frame, Frame]:
        """Return each record once, and apart from these the rows that share the key but differ.

        The latter are rejected.
        """
        columns = frame.collect_schema().names()
        shared = frame.group_by(*key).agg(nw.len().alias(_TIMES)).filter(nw.col(_TIMES) > 1)
        shared = self.workshop.keep(f"{name}_several", shared.select(*key))
        alone = frame.join(shared, on=list(key), how="anti")
        several = frame.join(shared, on=list(key), how="semi").unique()
        kinds = several.group_by(*key).agg(nw.len().alias(_TIMES))
        counted = self.workshop.keep(f"{name}_shared", several.join(kinds, on=list(key)))
        rivals = counted.filter(nw.col(_TIMES) > 1).select(*columns)
        self.door.turn_away(name, rivals, "id", "conflict", _TWICE)
        equal = counted.filter(nw.col(_TIMES) == 1)
        return nw.concat([alone.select(*columns), equal.select(*columns)]), rivals

    def past(self, frame: Frame, day: str) -> Frame:
        """Return the rows of days up to the day asked about."""
        return frame.filter(nw.col(day) <= self.today)

    def keeping(self, name: str, frame: Frame) -> list[str]:
        """Return the columns of a table that stay though no rule asks for them."""
        there = frame.collect_schema().names()
        return [column for column in self.kept.get(name, ()) if column in there]

    # -- what records refer to --

    def known(self, name: str, frame: Frame, what: str, of: Frame | None) -> Frame:
        """Return the rows of a lead or company that is there, with its number; others are rejected.

        Args:
            name: The name of the table.
            frame: Its rows.
            what: ``"lead"`` or ``"company"``.
            of: The leads or companies.
        """
        frame = self.workshop.keep(f"{name}_of", self.with_number(frame, what, of))
        return self.found(name, frame, what)

    def with_number(self, frame: Frame, what: str, of: Frame | None) -> Frame:
        """Return rows with the number of their lead or company; null where it is not there."""
        if of is None:
            return frame.with_columns(whole(None).alias(f"{what}_no"))
        ids = of.select(f"{what}_no", nw.col("id").alias(f"{what}_id"))
        return frame.join(ids, on=f"{what}_id", how="left")

    def found(self, name: str, frame: Frame, what: str) -> Frame:
        """Return the rows with a number; others are rejected."""
        lost = nw.col(f"{what}_no").is_null()
        self.refer(name, frame.filter(lost), f"{what}_id", _UNKNOWN[what], what)
        return frame.filter(~lost)

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
        places = self.workshop.small(
            "places", {"product_id": self.ids, "about": list(range(len(self.ids)))}
        )
        return frame.join(places, on="product_id", how="left")

    def placed(self, frame: Frame) -> Frame:
        """Return the frame with the place of each row's product; of none, where it has no such."""
        if "product_id" in frame.collect_schema().names():
            return self.about(frame)
        nothing = nw.lit(None, dtype=self.door.id_type("product"))
        return frame.with_columns(product_id=nothing, about=whole(None))

    def sold(self, name: str, frame: Frame) -> Frame:
        """Return the rows of products that the firm sells, and of none; others are rejected."""
        stranger = ~nw.col("product_id").is_null() & nw.col("about").is_null()
        self.refer(name, frame.filter(stranger), "product_id", "unknown-product", "product")
        return frame.filter(~stranger).with_columns(about=nw.col("about").fill_null(FIRM))

    # -- table by table --

    def homes(self, leads: Frame, companies: Frame) -> Frame:
        """Return the leads with their company, where it is given."""
        named = "company_id" in leads.collect_schema().names()
        return self.with_number(leads, "company", companies if named else None)

    def members(self, name: str, owner: str, of: Frame | None, given: Frame | None) -> Frame | None:
        """Return what the sets of companies or leads hold."""
        if given is None:
            return None
        frame = self.known(name, given.unique(), owner, of)
        if name == "company_sets":
            ties = nw.col("fact") == "relationships"
            wrong = ties & ~nw.col("value").is_in(RELATIONSHIPS)
            reason = f"must be one of {', '.join(RELATIONSHIPS)}"
            self.door.turn_away(name, frame.filter(wrong), "value", "choice", reason)
            frame = frame.filter(~wrong)
        return frame

    def said(self, given: Frame | None, leads: Frame | None) -> Frame | None:
        """Return what leads said about being contacted."""
        if given is None:
            return None
        frame = self.known("consents", given.unique(), "lead", leads)
        return self.past(frame, "at_day")

    def activities(
        self, given: Frame | None, products: Frame | None, leads: Frame | None
    ) -> Frame | None:
        """Return the activities, by product."""
        if given is None:
            return None
        if products is not None:
            given = self.workshop.keep("activities_checked", given)
        frame = self.with_number(self.past(given, "at_day"), "lead", leads)
        kinds = kinds_of(self.book)
        small = self.workshop.small(
            "kinds", {"kind": kinds, "kind_no": list(range(len(kinds)))}, texts=("kind",)
        )
        frame = frame.join(small, on="kind", how="left")
        frame = frame.with_columns(kind_no=nw.col("kind_no").fill_null(len(kinds)))
        frame = self.placed(frame) if products is None else frame
        frame = self.workshop.keep("activities_of", frame)
        lost = nw.col("lead_no").is_null()
        # Numbers tell the many apart; ids only those without.
        strange = self.unique("activities", ["lead_id", "id"], frame.filter(lost))
        self.found("activities", strange, "lead")
        frame, self.rivals = self.parted("activities", ["lead_no", "id"], frame.filter(~lost))
        frame = frame.with_columns(age=self.today - nw.col("at_day"))
        if products is None:
            frame = self.sold("activities", frame)
        else:
            frame = self.spread(frame, products, given)
        kept = self.keeping("activities", frame)
        frame = frame.select("lead_no", "id", "kind_no", "at", "about", "age", *kept)
        return self.workshop.keep("activities_counted", frame)

    def spread(self, frame: Frame, products: Frame, given: Frame) -> Frame:
        """Return activities once for each of their products; one of none is the whole firm's.

        Args:
            frame: Those that count.
            products: Which products they have.
            given: All activities, those that do not count among them.
        """
        products = products.select("lead_id", id="activity_id", product_id="product_id").unique()
        products = self.workshop.keep("activity_products_once", products)
        lone = products.join(given, on=["lead_id", "id"], how="anti")
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
        """Return the deals, and their products."""
        given = self.given.get("deals")
        if given is None:
            return None, None
        given = self.workshop.keep("deals_checked", given)
        past = self.past(given, "opened_at_day")
        frame, self.rival_deals = self.parted("deals", ["id"], past)
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
        frame = self.with_number(self.with_number(frame, "company", companies), "lead", leads)
        lost = nw.col("company_no").is_null() & nw.col("lead_no").is_null()
        self.refer("deals", frame.filter(lost), "company_id", "unknown-company", "company")
        frame = frame.filter(~lost)
        lines = self.given.get("deal_lines")
        if lines is None:
            frame = self.sold("deals", self.placed(frame))
            lines = frame.filter(nw.col("about") != FIRM).select("about", deal_id="id")
        else:
            lines = lines.select("deal_id", "product_id").unique()
            lines = self.workshop.keep("deal_lines_once", lines)
            ids = given.select(deal_id="id")
            lone = lines.join(ids, on="deal_id", how="anti")
            self.refer("deal_lines", lone, "deal_id", "unknown-deal", "deal")
            lines = self.about(lines.join(ids, on="deal_id", how="semi"))
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
                "company_no",
                "lead_no",
                "status",
                "reason",
                "opened_at",
                "opened",
                "closed_at",
                "closed",
                *self.keeping("deals", frame),
                named=nw.col("lead_id").is_null(),
            ),
        )
        return frame, self.workshop.keep("deal_lines_counted", lines)

    def contracts(self, companies: Frame) -> Frame | None:
        """Return the contracts."""
        given = self.given.get("contracts")
        if given is None:
            return None
        columns = given.collect_schema().names()
        if "end" not in columns:
            given = given.with_columns(end=whole(None))
        one = nw.col("quantity").fill_null(1) if "quantity" in columns else whole(1)
        # Before rows are compared: without a quantity, a contract is about one.
        given = given.with_columns(quantity=one)
        frame = self.past(given.unique(), "start")
        frame = self.known("contracts", frame, "company", companies)
        return self.sold("contracts", self.placed(frame)).select(
            "company_no", "about", "start", "end", "quantity"
        )

    def sales_events(self, given: Frame | None, leads: Frame | None) -> Frame | None:
        """Return what sales decided, in order."""
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
        frame = self.known("sales_events", frame, "lead", leads)
        frame = self.sold("sales_events", self.placed(frame))
        # They have no id: within one instant, everything that they hold sets their order.
        frame = frame.with_columns(
            product_text=nw.col("product_id").cast(nw.String()).fill_null("None"),
            by=nw.col("by").fill_null(""),
            saying=nw.col("reason").fill_null(""),
            one=nw.col("at_day") * 0 + 1,
            later=nw.col("follow_up_on").fill_null(3_652_060),
        )
        order = ["at", "kind", "product_text", "saying", "by", "later"]
        frame = frame.with_columns(place=nw.col("one").cum_sum().over("lead_no", order_by=order))
        day = nw.col("at_day").alias("day")
        kept = ("lead_no", "kind", "at", day, "about", "reason", "follow_up_on", "place")
        frame = frame.select(*kept)
        return self.workshop.keep("sales_events_counted", frame)
