"""Campaigns on whole tables: whom they touched and what came of it, counted where the tables are.

The same as `mpfunnel.flow.campaigns.effects` says of accounts one by one. Everything large stays in
the engine: what comes out of it are numbers, and the deals won, whose amounts are added up as
exactly as those of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.errors import brief, near
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.counted import Counted, Sale
from mpfunnel.flow.campaigns.credit import CREDIT_RULES, CreditRule
from mpfunnel.flow.campaigns.effects import Terms
from mpfunnel.flow.campaigns.money import from_cents
from mpfunnel.flow.campaigns.records import Campaign
from mpfunnel.flow.campaigns.tactics import MOTIONS
from mpfunnel.flow.campaigns.touches import TouchStatus, rank
from mpfunnel.flow.tables.credits import credited
from mpfunnel.frames.expressions import flag, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM, Situation, Sorting
from mpfunnel.records import Id

__all__ = ["CountedInTables", "count_campaigns", "count_touches", "touches_of"]

_DELIVERED: Final = rank("delivered")
_NO_TOUCH: Final = -1
"""In the column ``rank``, where a kind is said to be none."""


@frozen
class CountedInTables:
    """What campaigns came to.

    Attributes:
        parts: Of each campaign, tactic and motion, by the ids of its campaigns.
        credits: By rule, how many deals won each campaign is credited with, those of none under
            `None`.
    """

    parts: Mapping[frozenset[Id], Counted]
    credits: Mapping[CreditRule, Mapping[Id | None, int]]

    def counted(self, campaigns: Iterable[Campaign]) -> Counted:
        """Return what the campaigns of a campaign, a tactic or a motion came to together."""
        return self.parts[frozenset(one.id for one in campaigns)]


# -- touches --


def touches_of(
    facts: Situation,
    sorting: Sorting,
    book: CampaignBook,
    statuses: Mapping[str, TouchStatus | None],
) -> Frame | None:
    """Return the touches of campaigns; what cannot be told is turned away and not guessed.

    Columns: lead_no, id, at, at_day, campaign_no (the place of the campaign in the book) and rank.
    A touch of several products stands there several times.

    Args:
        facts: What counts of the tables; activities with kind, at_day and campaign_id, if any have.
        sorting: Where that was told.
        book: The campaigns.
        statuses: By kind of activity, the status of the touch; `None` for what is none.
    """
    given, leads = facts.activities, facts.leads
    if given is None or leads is None or "campaign_id" not in given.collect_schema().names():
        return None
    shop = sorting.workshop
    text = sorting.door.id_type("campaign") == nw.String()
    kind = str if text else int
    places = {one.id: place for place, one in enumerate(book.campaigns) if type(one.id) is kind}
    ids: Any = list(places)
    campaigns = shop.small(
        "campaign_ids",
        {"campaign_id": ids, "campaign_no": list(places.values())},
        texts=("campaign_id",) if text else (),
    )
    ranks = [_NO_TOUCH if status is None else rank(status) for status in statuses.values()]
    kinds = shop.small("kinds_touched", {"kind": list(statuses), "rank": ranks}, texts=("kind",))
    given = given.filter(~nw.col("campaign_id").is_null())
    told = given.join(campaigns, on="campaign_id", how="left").join(kinds, on="kind", how="left")
    _refuse(told, leads, sorting, book, statuses)
    told = told.filter(~nw.col("campaign_no").is_null() & (nw.col("rank") != _NO_TOUCH))
    told = told.select("lead_no", "id", "at", "at_day", "campaign_no", "rank")
    return shop.keep("campaign_touches", told)


def _refuse(
    told: Frame,
    leads: Frame,
    sorting: Sorting,
    book: CampaignBook,
    statuses: Mapping[str, TouchStatus | None],
) -> None:
    """Turn away activities of campaigns that nobody knows, and of kinds without a status."""
    shop = sorting.workshop
    strange = nw.col("campaign_no").is_null()
    wrong = told.filter(strange | nw.col("rank").is_null())
    wrong = wrong.select("lead_no", "id", "campaign_id", "kind", "campaign_no").unique()
    wrong = wrong.join(leads.select("lead_no", lead_id="id"), on="lead_no", how="left")
    wrong = shop.keep("campaign_touches_refused", wrong)
    messages: tuple[tuple[Frame, str, str, str, Iterable[object]], ...] = (
        (
            wrong.filter(strange),
            "campaign_id",
            "unknown-campaign",
            "no such campaign",
            book.by_id.keys(),
        ),
        (
            wrong.filter(~strange),
            "kind",
            "unmapped-kind",
            "no status is given for the kind",
            statuses.keys(),
        ),
    )
    for frame, column, code, said, known in messages:
        # A hint is looked for once for each that differs, and where there are any.
        values = sorted(shop.values(frame, column))
        if values:
            reasons = [f"{said} {brief(one)}{near(one, tuple(known))}" for one in values]
            small = shop.small("refused", {column: values, "reason": reasons}, texts=("reason",))
            refused = frame.join(small, on=column)
            sorting.door.turn_away("activities", refused, column, code, nw.col("reason"))


def count_touches(
    touches: Frame | None, sorting: Sorting, book: CampaignBook, first: date, last: date
) -> dict[Id, int]:
    """Return how many touches of each campaign lie in a period, the last day included.

    Args:
        touches: What `touches_of` returned.
        sorting: Where that was told.
        book: The campaigns.
        first: The first day.
        last: The last one.
    """
    if touches is None:
        return {}
    day = nw.col("at_day")
    within = touches.filter((day >= first.toordinal()) & (day <= last.toordinal()))
    once = within.select("lead_no", "id", "campaign_no").unique()
    rows = sorting.workshop.rows(once.group_by("campaign_no").agg(times=nw.len()))
    found = {row["campaign_no"]: int(row["times"]) for row in rows}
    return {one.id: found[no] for no, one in enumerate(book.campaigns) if no in found}


# -- what came of them --


def count_campaigns(
    touches: Frame | None, facts: Situation, sorting: Sorting, book: CampaignBook, terms: Terms
) -> CountedInTables:
    """Return what each campaign, tactic and motion came to, and the credits of the deals won.

    Args:
        touches: What `touches_of` returned.
        facts: What counts of the tables; activities with kind and at_day, and deals with amount
            and currency, if they have any.
        sorting: Where that was told.
        book: The campaigns.
        terms: How is counted.
    """
    counting = _Counting(sorting, book, terms)
    deals = None if facts.deals is None else counting.deals(facts.deals, facts.deal_lines)
    if touches is not None:
        # They were made of these.
        assert facts.leads is not None
        assert facts.activities is not None
        homes = facts.leads.select("lead_no", "company_no")
        ripe = counting.reached(touches, homes)
        counting.met(ripe, facts.activities, homes)
        if deals is not None:
            counting.followed(ripe, deals)
    parts = {key: Counted(**numbers) for key, numbers in counting.found.items()}
    return CountedInTables(parts, counting.credits(touches, facts.leads, deals))


class _Deals(NamedTuple):
    """The deals of companies.

    Attributes:
        each: One row for each: deal_no, company_no, opened, closed, closed_at, won (0 or 1),
            first_win (the day on which the company first won one), amount, currency, and lines:
            of how many products it is.
        scopes: deal_no and about: the firm, and each of its products.
    """

    each: Frame
    scopes: Frame


class _Counting:
    """Counts what campaigns came to.

    Attributes:
        found: The numbers of each set of campaigns, by the names of `Counted`.
    """

    def __init__(self, sorting: Sorting, book: CampaignBook, terms: Terms) -> None:
        self.sorting = sorting
        self.shop = sorting.workshop
        self.book = book
        self.terms = terms
        self.parts, self.steps = _steps(book)
        self.found: dict[frozenset[Id], dict[str, Any]] = {one: {} for one in self.parts}

    def deals(self, given: Frame, lines: Frame | None) -> _Deals:
        """Return the deals of companies."""
        given = given.filter(~nw.col("company_no").is_null())
        named = given.collect_schema().names()
        for name, kind in (("amount", nw.Int64()), ("currency", nw.String())):
            if name not in named:
                given = given.with_columns(nw.lit(None, dtype=kind).alias(name))
        given = given.with_row_index("deal_no", order_by="id")
        deal_no = nw.col("deal_no").cast(nw.Int64())
        won = flag((nw.col("status") == "won") & ~nw.col("closed").is_null())
        given = self.shop.keep("deals_followed", given.with_columns(deal_no=deal_no, won=won))
        assert lines is not None  # there are such where there are deals
        numbers = given.select("deal_no", deal_id="id")
        lines = lines.join(numbers, on="deal_id").select("deal_no", "about")
        lines = self.shop.keep("deals_followed_lines", lines)
        wins = given.filter(nw.col("won") == 1)
        first = wins.group_by("company_no").agg(first_win=nw.col("closed").min())
        many = lines.group_by("deal_no").agg(lines=nw.len().cast(nw.Int64()))
        each = given.join(first, on="company_no", how="left").join(many, on="deal_no", how="left")
        each = each.select(
            *("deal_no", "company_no", "opened", "closed", "closed_at", "won", "first_win"),
            *("amount", "currency"),
            lines=nw.col("lines").fill_null(0),
        )
        firm = given.select("deal_no", about=whole(FIRM))
        scopes = nw.concat([firm, lines.select("deal_no", "about")])
        return _Deals(
            self.shop.keep("deals_won_first", each), self.shop.keep("deal_scopes", scopes)
        )

    def reached(self, touches: Frame, homes: Frame) -> Frame:
        """Count people and companies; return the cohorts of those whose time is over.

        Columns: part_no (the place of the campaign), company_no, since and until (between which
        what follows counts) and for_about, the place of its product.
        """
        arrived = nw.col("rank") >= _DELIVERED
        people = touches.with_columns(since=nw.when(arrived).then(nw.col("at_day")))
        people = people.group_by("campaign_no", "lead_no").agg(
            nw.col("rank").max(), nw.col("since").min()
        )
        people = people.select("lead_no", "rank", "since", part_no="campaign_no")
        people = self.shop.keep("people_touched", people.join(homes, on="lead_no", how="left"))
        for level in self._climbed(people, ["lead_no"], ["rank"]):
            self._tell_ranks("people", level)
        lone = people.filter(nw.col("company_no").is_null() & arrived)
        lone = self.shop.keep("people_alone", lone)
        for level in self._climbed(lone, ["lead_no"], ["rank"]):
            self._tell(level.group_by("part_no").agg(unmatched=nw.len()))

        cohorts = people.filter(~nw.col("company_no").is_null())
        cohorts = cohorts.group_by("part_no", "company_no").agg(
            nw.col("rank").max(), nw.col("since").min()
        )
        cohorts = cohorts.join(self._campaigns(), on="part_no")
        since, until = nw.col("since"), nw.col("since") + nw.col("horizon")
        today = self.terms.as_of.toordinal()
        cohorts = cohorts.with_columns(
            until=until, matured=flag(until <= today), pending=flag(until > today)
        )
        cohorts = self.shop.keep("companies_touched", cohorts)
        for level in self._climbed(cohorts, ["company_no"], ["rank", "matured", "pending"]):
            self._tell_ranks("companies", level)
            sums = (nw.col(name).sum() for name in ("matured", "pending"))
            self._tell(level.group_by("part_no").agg(*sums))
        ripe = cohorts.filter(nw.col("matured") == 1)
        ripe = ripe.select("part_no", "company_no", since, "until", "for_about")
        return self.shop.keep("companies_matured", ripe)

    def _campaigns(self) -> Frame:
        """Return the place, the horizon and the place of the product of each campaign."""
        horizons, places = self.terms.horizons, self.sorting.ids
        campaigns = self.book.campaigns
        return self.shop.small(
            "campaign_terms",
            {
                "part_no": list(range(len(campaigns))),
                "horizon": [horizons[self.book.tactic_of(one).motion] for one in campaigns],
                "for_about": [
                    FIRM if one.product_id is None else places.index(one.product_id)
                    for one in campaigns
                ],
            },
        )

    def met(self, ripe: Frame, activities: Frame, homes: Frame) -> None:
        """Count the meetings held within the time that counts."""
        if not self.terms.meetings:
            return
        held = activities.filter(nw.col("kind").is_in(sorted(self.terms.meetings)))
        held = held.select("lead_no", "about", "at_day").join(homes, on="lead_no")
        held = held.filter(~nw.col("company_no").is_null())
        held = held.select("company_no", "about", "at_day").unique()
        held = ripe.join(self.shop.keep("meetings_held", held), on="company_no")
        day, about, product = nw.col("at_day"), nw.col("about"), nw.col("for_about")
        named = (about == product) | (about == FIRM) | (product == FIRM)
        held = held.filter((day >= nw.col("since")) & (day <= nw.col("until")) & named)
        held = held.select("part_no", "company_no", "at_day", met=whole(1)).unique()
        held = self.shop.keep("meetings_counted", held)
        for level in self._climbed(held, ["company_no", "at_day"], ["met"]):
            self._tell(level.group_by("part_no").agg(meetings=nw.len()))

    def followed(self, ripe: Frame, deals: _Deals) -> None:
        """Count the deals opened and won within the time that counts."""
        dated = deals.each.select("deal_no", "company_no", "opened", "closed", "won", "first_win")
        dated = dated.join(deals.scopes, on="deal_no")
        dated = dated.with_columns(for_about="about").drop("about")
        found = ripe.join(dated, on=["company_no", "for_about"])
        since, until = nw.col("since"), nw.col("until")
        opened, closed = nw.col("opened"), nw.col("closed")
        found = found.with_columns(
            opened_in=flag((opened >= since) & (opened <= until)),
            won_in=nw.col("won") * flag((closed >= since) & (closed <= until)),
        )
        found = found.with_columns(
            before=nw.col("won_in") * flag(opened < since),
            acquired=nw.col("won_in") * flag(closed == nw.col("first_win")),
            all_of_it=nw.col("won_in") * flag(nw.col("for_about") == FIRM),
            part_of_it=nw.col("won_in") * flag(nw.col("for_about") != FIRM),
        )
        found = found.filter((nw.col("opened_in") == 1) | (nw.col("won_in") == 1))
        flags = ["opened_in", "won_in", "before", "acquired", "all_of_it", "part_of_it"]
        found = self.shop.keep("deals_counted_for", found)
        sold = deals.each.select("deal_no", "company_no", "closed", "amount", "currency", "lines")
        for level in self._climbed(found, ["deal_no", "for_about"], flags):
            each = level.group_by("part_no", "deal_no").agg(
                *(nw.col(name).max() for name in flags[:-1]), nw.col("part_of_it").sum()
            )
            each = self.shop.keep("deals_followed_by", each.join(sold, on="deal_no"))
            owners = each.group_by("part_no", "company_no").agg(
                nw.col("opened_in").sum().alias("opened"),
                nw.col("before").sum().alias("opened_before"),
                nw.col("opened_in").max().alias("converted"),
                nw.col("acquired").max(),
            )
            names = ("opened", "opened_before", "converted", "acquired")
            self._tell(owners.group_by("part_no").agg(*(nw.col(name).sum() for name in names)))
            self._tell_sales(each.filter(nw.col("won_in") == 1))

    def credits(
        self, touches: Frame | None, leads: Frame | None, deals: _Deals | None
    ) -> dict[CreditRule, dict[Id | None, int]]:
        """Put each deal won down to one campaign, or to none, by each rule."""
        found: dict[CreditRule, dict[Id | None, int]] = {rule: {} for rule in CREDIT_RULES}
        if deals is None:
            return found
        won = deals.each.filter(nw.col("won") == 1)
        won = self.shop.keep(
            "deals_won", won.select("deal_no", "company_no", "closed_at", "closed")
        )
        (counted,) = self.shop.rows(won.select(times=nw.len()))
        every = int(counted["times"])
        counts = None
        if touches is not None and leads is not None:
            delivered = touches.filter(nw.col("rank") >= _DELIVERED)
            products = self._campaigns().select("for_about", campaign_no="part_no")
            delivered = delivered.join(products, on="campaign_no")
            counts = credited(
                delivered, leads, won, deals.scopes, self.sorting, self.terms.look_back_days
            )
        for rule, of_rule in found.items():
            rows = [] if counts is None else self.shop.rows(counts[rule])
            times = {row["campaign_no"]: int(row["times"]) for row in rows}
            campaigns = enumerate(self.book.campaigns)
            of_rule.update({one.id: times[place] for place, one in campaigns if place in times})
            if none := every - sum(times.values()):
                of_rule[None] = none
        return found

    # -- numbers --

    def _climbed(self, frame: Frame, keys: Sequence[str], values: Sequence[str]) -> Iterator[Frame]:
        """Yield rows of campaigns, then those of tactics, then those of motions, by ``part_no``.

        Args:
            frame: Rows of campaigns, worked out.
            keys: What tells the rows of each apart, integers; with these, each row is there once.
            values: Of which the most counts.
        """
        yield frame
        many, (key, *others) = len(self.parts), keys
        for step in self.steps:
            places = {"part_no": list(step), "within": list(step.values())}
            frame = frame.join(self.shop.small("parts", places), on="part_no")
            # One number is quicker to group by than two.
            frame = frame.with_columns(whose=nw.col(key) * many + nw.col("within"))
            most = (nw.col(value).max() for value in values)
            frame = frame.group_by("whose", *others).agg(*most)
            whose = nw.col("whose")
            frame = frame.with_columns((whose // many).alias(key), part_no=whose % many)
            frame = self.shop.keep("climbed", frame.drop("whose"))
            yield frame

    def _tell(self, frame: Frame) -> None:
        """Take down the numbers of each part, by the names of the columns."""
        for row in self.shop.rows(frame):
            numbers = self.found[self.parts[row.pop("part_no")]]
            numbers.update({name: int(value) for name, value in row.items()})

    def _tell_ranks(self, name: str, frame: Frame) -> None:
        """Take down how many there are of each rank."""
        told: dict[int, dict[int, int]] = {}
        for row in self.shop.rows(frame.group_by("part_no", "rank").agg(times=nw.len())):
            told.setdefault(row["part_no"], {})[row["rank"]] = int(row["times"])
        for part_no, ranks in told.items():
            self.found[self.parts[part_no]][name] = ranks

    def _tell_sales(self, won: Frame) -> None:
        """Take down the deals won: rounded and added up one by one, as it is with objects."""
        # No line has an amount of its own: a part of the products has no known worth.
        entire = (nw.col("all_of_it") == 1) | (nw.col("part_of_it") == nw.col("lines"))
        worth = nw.when(entire).then(nw.col("amount"))
        told: dict[int, list[Sale]] = {}
        for row in self.shop.rows(won.select("part_no", "closed", "currency", amount=worth)):
            cents = row["amount"]
            amount = None if cents is None else from_cents(int(cents))
            sale = Sale(date.fromordinal(row["closed"]), amount, row["currency"])
            told.setdefault(row["part_no"], []).append(sale)
        for part_no, sales in told.items():
            self.found[self.parts[part_no]]["won"] = sales


def _steps(book: CampaignBook) -> tuple[list[frozenset[Id]], list[dict[int, int]]]:
    """Return the sets of campaigns that are asked about, and the steps from each to a larger one.

    The sets of one campaign come first, in the order of the book. The first step leads from their
    places to those of tactics, the second from there to those of motions.
    """
    places: dict[frozenset[Id], int] = {}

    def place(campaigns: Iterable[Campaign]) -> int:
        return places.setdefault(frozenset(one.id for one in campaigns), len(places))

    for one in book.campaigns:
        place([one])
    tactics: dict[int, int] = {}
    motions: dict[int, int] = {}
    for motion in MOTIONS:
        of_motion = [one for one in book.campaigns if book.tactic_of(one).motion == motion]
        for tactic in dict.fromkeys(one.tactic for one in of_motion):
            of_tactic = [one for one in of_motion if one.tactic == tactic]
            tactics.update({place([one]): place(of_tactic) for one in of_tactic})
            motions[place(of_tactic)] = place(of_motion)
    place(())
    return list(places), [tactics, motions]
