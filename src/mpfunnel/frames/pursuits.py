"""Pursuits of all leads (S19): `mpfunnel.stages.pursue` as three cuts of the log.

A log is cut after each sign that ends a pursuit: won or lost with no deal open any more, or quiet
for too long with none open. Within a piece, what comes before the first sign that opens is nothing;
the last piece with something left is the current pursuit. A deal won while another one is open ends
what led to it: what counts of the pursuit begins after it.

Few leads have deals or a word from sales. For the others only responses count, and of these only
the latest matter: no log is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.compiled import Compiled
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.pairs import pair_of, taken_apart
from mpfunnel.frames.situation import FIRM, Situation, kinds_of
from mpfunnel.frames.touches import models_of

__all__ = ["FLAGS", "Pursuits"]

FLAGS: Final = (
    "started",
    "raised_hand",
    "accepted",
    "qualified",
    "recycled",
    "disqualified",
    "open_deal",
    "won",
    "lost",
    "quiet",
)
"""The facts of a pursuit, in columns of 0 and 1."""
_SAID: Final[Mapping[str, int]] = {
    "accepted": 1,
    "qualified": 2,
    "recycled": 3,
    "rejected": 3,
    "disqualified": 4,
}
_WORDS: Final = 8
"""More than there are words in `_SAID`: a place times this, plus the word, keeps both."""
_LOG: Final = ("lead_no", "about", "at", "turn", "ref", "what", "day", "hand_days", "opens")


class Pursuits:
    """The signs that pursuits follow from; activities are not asked any more once it is made.

    Args:
        facts: What counts on the day; leads must be given.
        sums: What activities add up to (`mpfunnel.frames.touches.add_up`).
        book: The playbook.
        workshop: Where the frames are worked on.
        as_of: The day.
    """

    def __init__(
        self,
        facts: Situation,
        sums: Frame | None,
        book: Compiled,
        workshop: Workshop,
        as_of: date,
    ) -> None:
        assert facts.leads is not None
        self.leads = facts.leads
        self.book = book
        self.workshop = workshop
        self.today = as_of.toordinal()
        self.quiet_days = book.playbook.funnel.quiet_days
        self.deals = self._signs_of_deals(facts.deals, facts.deal_lines)
        self.events = self._signs_of_events(facts.sales_events)
        logged = [one.select("lead_no") for one in (self.deals, self.events) if one is not None]
        hands = [
            signal.raises_hand_days
            for model in models_of(book).values()
            for signal in model.signals
        ]
        told = max(hands, default=0) <= self.quiet_days
        if facts.activities is not None and not told:
            # A hand may stay up for longer than a pursuit lasts: then the log has to tell.
            logged.append(facts.activities.select("lead_no"))
        self.logged = workshop.keep("logged", nw.concat(logged).unique()) if logged else None
        self.responses: Frame | None = None
        if self.logged is not None and facts.activities is not None:
            responses = self._signs_of_responses(facts.activities, self.logged)
            self.responses = workshop.keep("signs_of_responses", responses)
        # What the leads without a log responded to.
        self.others = sums if told else None
        if self.others is not None and self.logged is not None:
            self.others = self.others.join(self.logged, on="lead_no", how="anti")

    def current(self) -> Frame:
        """Return the current pursuit of every lead for each product that it gave a sign for.

        Columns: pair, lead_no, about, and `FLAGS`. The whole firm's pursuit stands in the list
        where it was given a sign, and for leads without any pursuit.
        """
        found: list[Frame] = []
        if self.logged is not None:
            found += self._of_log()
        if self.others is not None:
            found += self._of_responses(self.others)
        nothing = {flag: whole(0) for flag in FLAGS}
        without = self.leads.select("lead_no", about=whole(FIRM), **nothing)
        without = without.with_columns(pair=pair_of("lead_no", self.book))
        if not found:
            return without
        some = nw.concat([frame.select("pair", "lead_no", "about", *FLAGS) for frame in found])
        some = self.workshop.keep("pursuits_found", some)
        without = without.join(some.select("lead_no").unique(), on="lead_no", how="anti")
        return nw.concat([some, without.select(*some.collect_schema().names())])

    # -- of those who only responded --

    def _of_responses(self, sums: Frame) -> list[Frame]:
        responded = sums.filter(~nw.col("last").is_null())
        responded = self.workshop.keep(
            "responded", responded.select("pair", "lead_no", "about", "last", "hand", "last_hand")
        )
        own = self._responded(responded.filter(nw.col("about") != FIRM), "last")
        pursued = own.filter(nw.col("quiet") == 0).select("lead_no").unique()
        firm = responded.filter(nw.col("about") == FIRM)
        # While a product is being pursued, a mere response to the whole firm opens nothing.
        hands = firm.filter(~nw.col("last_hand").is_null())
        hands = hands.join(pursued, on="lead_no", how="semi")
        others = firm.join(pursued, on="lead_no", how="anti")
        return [own, self._responded(others, "last"), self._responded(hands, "last_hand")]

    def _responded(self, sums: Frame, last: str) -> Frame:
        quiet = nw.col(last) >= self.quiet_days
        up = ~quiet & (nw.col("hand") > 0)
        no = whole(0)
        flags = dict.fromkeys(FLAGS, no)
        flags |= {"started": whole(1), "raised_hand": flag(up), "quiet": flag(quiet)}
        return sums.select("pair", "lead_no", "about", **flags)

    # -- of those with a log --

    def _of_log(self) -> list[Frame]:
        deals, events, responses = self.deals, self.events, self.responses
        own = [one.filter(nw.col("about") != FIRM) for one in (deals, events) if one is not None]
        firm = [one.filter(nw.col("about") == FIRM) for one in (deals, events) if one is not None]
        if responses is not None:
            own.append(responses.filter(nw.col("about") != FIRM))
            firm.append(responses.filter(nw.col("about") == FIRM))
        signs = nw.concat(own)
        if events is not None:
            # What sales said of no product moves the pursuits that are open.
            general = events.filter(nw.col("about") == FIRM).drop("about")
            general = general.with_columns(opens=whole(0))
            pairs = signs.select("lead_no", "about").unique()
            signs = nw.concat([signs, pairs.join(general, on="lead_no", how="inner").select(*_LOG)])
        signs = self.workshop.keep("signs_of_products", signs)
        found = self.workshop.keep("pursuits_of_products", self._last_of(signs))
        pursued = found.filter((nw.col("won") + nw.col("lost") + nw.col("quiet")) == 0)
        pursued = pursued.select("lead_no").unique()
        of_firm = nw.concat(firm)
        mere = (nw.col("what") == "responded") & (nw.col("hand_days") == 0)
        hidden = of_firm.filter(mere).join(pursued, on="lead_no", how="anti")
        of_firm = nw.concat([of_firm.filter(~mere), hidden])
        if deals is not None:
            sold = deals.filter(nw.col("about") != FIRM).drop("about", "opens").unique()
            sold = sold.join(of_firm.select("lead_no").unique(), on="lead_no", how="semi")
            sold = sold.with_columns(about=whole(FIRM), opens=whole(0))
            of_firm = nw.concat([of_firm, sold.select(*_LOG)])
        return [found, self._last_of(self.workshop.keep("signs_of_firm", of_firm))]

    def _last_of(self, signs: Frame) -> Frame:
        """Return the current pursuit of each log: of each lead and product."""
        signs = signs.with_columns(pair=pair_of("lead_no", self.book))
        pair = ["pair"]
        order = ["at", "turn", "ref", "what"]
        # Two words of sales in one instant may be one and the same.
        signs = signs.group_by(*pair, *order, "day", "hand_days").agg(nw.col("opens").max())
        what = nw.col("what")
        change = (
            nw.when(what == "deal")
            .then(whole(1))
            .otherwise(nw.when(what.is_in(["won", "lost"])).then(whole(-1)).otherwise(whole(0)))
        )
        signs = signs.with_columns(change=change, one=nw.col("opens") * 0 + 1)
        signs = signs.with_columns(place=nw.col("one").cum_sum().over(*pair, order_by=order))
        # From here on one number tells the order.
        signs = signs.with_columns(
            open_after=nw.col("change").cum_sum().over(*pair, order_by="place"),
            next_day=nw.col("day").shift(-1).over(*pair, order_by="place"),
        )
        none_open = nw.col("open_after") == 0
        gone = nw.col("next_day").fill_null(self.today) - nw.col("day") >= self.quiet_days
        ends = none_open & (what.is_in(["won", "lost"]) | gone)
        signs = signs.with_columns(cut=flag(ends))
        signs = signs.with_columns(
            piece=nw.col("cut").cum_sum().over(*pair, order_by="place") - nw.col("cut")
        )
        piece = [*pair, "piece"]
        signs = signs.with_columns(
            live=nw.col("opens").cum_max().over(*piece, order_by="place")
        ).filter(nw.col("live") == 1)
        signs = signs.with_columns(last_piece=nw.col("piece").max().over(*pair))
        signs = signs.filter(nw.col("piece") == nw.col("last_piece"))
        won = what == "won"
        signs = signs.with_columns(
            past=nw.when(won & (nw.col("open_after") > 0))
            .then(nw.col("place"))
            .otherwise(whole(0)),
            word=looked_up(what, list(_SAID), list(_SAID.values())).fill_null(0),
        )
        signs = signs.with_columns(since=nw.col("past").max().over(*pair))
        place = nw.col("place")
        counts = place > nw.col("since")
        back = counts & (nw.col("word") == _SAID["recycled"])
        signs = signs.with_columns(
            back=nw.when(back).then(place).otherwise(whole(0)),
            said=nw.when(counts & (nw.col("word") > 0))
            .then(place * _WORDS + nw.col("word"))
            .otherwise(whole(0)),
        )
        signs = signs.with_columns(
            recycled_at=nw.col("back").max().over(*pair), last_place=place.max().over(*pair)
        )
        up = counts & (place > nw.col("recycled_at")) & (nw.col("hand_days") > 0)
        last = place == nw.col("last_place")
        signs = signs.with_columns(
            hand=nw.when(up).then(nw.col("day") + nw.col("hand_days")).otherwise(whole(0)),
            ended=flag(last & (nw.col("cut") == 1)),
            won=flag(last & (nw.col("cut") == 1) & (what == "won")),
            lost=flag(last & (nw.col("cut") == 1) & (what == "lost")),
            still_open=flag(last & (nw.col("open_after") > 0)),
        )
        kept = ("said", "hand", "ended", "won", "lost", "still_open")
        found = signs.group_by(*pair).agg(*(nw.col(name).max() for name in kept))
        word, ended = nw.col("said") % _WORDS, nw.col("ended") == 1
        # The last sign of a piece that was cut off tells how the pursuit ended.
        return taken_apart(found, self.book).select(
            "pair",
            "lead_no",
            "about",
            "won",
            "lost",
            started=nw.col("ended") * 0 + 1,
            raised_hand=flag(~ended & (nw.col("hand") > self.today)),
            accepted=flag((word == 1) | (word == 2)),
            qualified=flag(word == 2),
            recycled=flag(word == 3),
            disqualified=flag(word == 4),
            open_deal=flag(~ended & (nw.col("still_open") == 1)),
            quiet=nw.col("ended") - nw.col("won") - nw.col("lost"),
        )

    # -- the signs --

    def _signs_of_responses(self, activities: Frame, leads: Frame) -> Frame:
        hands: dict[str, list[int]] = {"about": [], "kind_no": [], "hand_days": []}
        kinds = kinds_of(self.book.playbook)
        for about, model in models_of(self.book).items():
            for kind, days in model.responses.items():
                hands["about"].append(about)
                hands["kind_no"].append(kinds.index(kind))
                hands["hand_days"].append(days)
        signs = activities.join(leads, on="lead_no", how="semi")
        signs = signs.join(
            self.workshop.small("hand_days", hands), on=["about", "kind_no"], how="inner"
        )
        return signs.select(
            "lead_no",
            "about",
            "at",
            turn=whole(0),
            ref=nw.col("id").cast(nw.String()),
            what=nw.lit("responded"),
            day=self.today - nw.col("age"),
            hand_days="hand_days",
            opens=whole(1),
        )

    def _signs_of_events(self, events: Frame | None) -> Frame | None:
        if events is None:
            return None
        return events.select(
            "lead_no",
            "about",
            "at",
            turn=whole(1),
            ref=nw.lit(""),
            what="kind",
            day="day",
            hand_days=whole(0),
            opens=whole(1),
        )

    def _signs_of_deals(self, deals: Frame | None, lines: Frame | None) -> Frame | None:
        """Return when the deals of leads were opened, and how those that were closed ended."""
        if deals is None or lines is None:
            return None
        people = deals.filter(~nw.col("lead_no").is_null())
        columns = people.collect_schema().names()
        if self.book.playbook.funnel.deals_without_lead:
            homes = self.leads.filter(~nw.col("company_no").is_null())
            homes = homes.select("company_no", "lead_no")
            theirs = deals.filter(nw.col("named")).drop("lead_no")
            theirs = theirs.join(homes, on="company_no", how="inner")
            people = nw.concat([people, theirs.select(*columns)])
        lines = lines.select(id="deal_id", line="about")
        people = people.join(lines, on="id", how="left")
        people = people.with_columns(about=nw.col("line").fill_null(FIRM))
        closed = ~nw.col("closed").is_null()
        # What was recorded as closed before it was opened was opened when it closed.
        early = closed & (nw.col("closed_at") < nw.col("opened_at"))
        no, yes = whole(0), whole(1)
        ref = nw.col("id").cast(nw.String())
        opened = people.select(
            "lead_no",
            "about",
            at=nw.when(early).then(nw.col("closed_at")).otherwise(nw.col("opened_at")),
            turn=whole(2),
            ref=ref,
            what=nw.lit("deal"),
            day=nw.when(early).then(nw.col("closed")).otherwise(nw.col("opened")),
            hand_days=no,
            opens=yes,
        )
        ends = people.filter(closed).select(
            "lead_no",
            "about",
            at="closed_at",
            turn=whole(3),
            ref=ref,
            what="status",
            day="closed",
            hand_days=no,
            opens=yes,
        )
        return self.workshop.keep("signs_of_deals", nw.concat([opened, ends]))
