"""The four answers for whole tables, tuned by hand for the starter's playbook.

The contract and the rows are those of `benchmarks.by_hand_polars`. That one is written to be read;
this one is what becomes of it where every second and every gigabyte counts:

- A lead is its place among all leads, which are sorted once; so is a product, and the whole firm
  stands behind the last one. What is known of leads and products fills arrays with a row for each
  lead and a column for each product: nothing has to be joined, and no answer to be sorted.
- Rows with which something may be wrong are found by cheap marks: an unknown lead, an id that
  occurs twice, a gap. They are few, and go the long way of the other pipeline.
- All that counts of an activity for the sums (lead, product, age, kind) is packed into one integer.
  These are sorted; what each is worth is looked up by its last bits, and added up in a row.
- A log is one sorted table, and its pieces are cut by running sums.

It takes for granted what the other one does not: that ids of activities are integers and instants
are in microseconds, that there are at most 7 products and 15 kinds, and that the clock of Tokyo has
always been nine hours ahead of UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks import by_hand_polars as plain
from benchmarks.by_hand_polars import (
    MILLION,
    POINTS,
    QUIET_DAYS,
    STAGES,
    STATES,
    Rejects,
    Tables,
    col,
    lit,
)

Array = np.ndarray[Any, np.dtype[Any]]

ABOUT = sorted(plain.PRODUCTS)
"""The products by their places: in the order in which they stand in the answers."""
FIRM = len(ABOUT)
"""The place of the whole firm."""
PLACES = [ABOUT.index(product) for product in plain.PRODUCTS]
"""The places of the products in the order of the playbook."""
KINDS = {kind: code for code, kind in enumerate(POINTS, 1)}
"""The codes of the kinds that earn something; 0 is any other."""
UNUSABLE = 255
"""The code of a text that may not stand there."""

DAY = 86_400_000_000
TOKYO = 9 * DAY // 24
EPOCH = date(1970, 1, 1)

# How an activity is packed: the lead, the place of its product, its age in days, its kind.
ABOUT_BITS, AGE_BITS, KIND_BITS = 3, 10, 4
LOW_BITS = AGE_BITS + KIND_BITS
OLDEST = (1 << AGE_BITS) - 1
"""All ages from here on are alike: nothing is asked beyond two years."""
NEVER = OLDEST + 1

WHAT = (*sorted(plain.EVENTS), "deal", "won", "lost", "responded")
"""What a sign says: its code is its place. What sales said in one instant counts in this order."""
ENDS = (None, "won", "lost", "quiet")
"""How a pursuit ended: its code is its place."""
STAGE_RULES = tuple(STAGES)
STATE_RULES = tuple(STATES)
NOTHING, ABSENT = -100, -128
"""The ranks of a lead that was never pursued, and of a pursuit that is not there."""


def assess(tables: Tables, as_of: date) -> dict[str, pl.DataFrame]:
    """The answers about all rows, by the name of the table."""
    rejects = Rejects()
    today = (as_of - EPOCH).days
    companies = companies_of(tables, rejects)
    leads = leads_of(tables, companies, rejects)
    activities = activities_of(tables, leads, rejects, as_of)
    events = events_of(tables, leads, rejects, as_of)
    deals, held = held_of(tables, companies, leads, rejects, as_of)

    sums = sums_of(activities, len(leads.ids), today)
    pairs = standings(leads, held, of_people(deals, leads, as_of), sums, heard(events, leads))
    logs = logs_of(activities, events, deals, leads, today)
    del activities
    # The version stands for the numbers of the playbook, which stand in the code here.
    stamp = {"as_of": lit(as_of), "playbook_version": lit(plain.BOOK.version)}
    answers = {
        "companies": companies.select(
            "segment",
            "settled",
            company_id="id",
            possible="segment_possible",
            missing="segment_missing",
            rule="segment_rule",
            because=col("segment_rule").replace_strict(plain.SEGMENT_REASONS),
            instead_of=plain.NOTHING,
        ),
        "tiers": held.select(
            "company_id",
            "product_id",
            "tier",
            "owned",
            settled="tier_settled",
            possible="tier_possible",
            missing="tier_missing",
            rule="tier_rule",
            because=col("tier_rule").replace_strict(plain.TIER_REASONS),
            instead_of=plain.NOTHING,
            proposed=plain.NOTHING,
            undated=lit(""),
        ),
        "leads": stages_of(leads, pairs, pursuits_of(sums, logs)),
        "engagement": engagement_of(leads, pairs).with_columns(instead_of=plain.NOTHING),
        "company_products": company_products_of(leads, pairs, held),
        "rejects": pl.concat(rejects.found).sort(plain.SORTED["rejects"]),
    }
    return {name: frame.with_columns(**stamp) for name, frame in answers.items()}


def texts(names: Sequence[str | None], codes: Array) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(codes)


def coded(column: pl.Series, codes: Mapping[str, int], *, other: int, null: int) -> Array:
    """A column of texts, of which few differ, as codes of one byte."""
    kinds = column.cast(pl.Categorical)
    known = kinds.unique().drop_nulls()
    numbers = known.to_physical().to_numpy()
    none = int(numbers.max(initial=0)) + 1
    by_number = np.full(none + 1, null, np.uint8)
    by_number[numbers] = [
        codes.get(text, other) if text.strip() else UNUSABLE
        for text in known.cast(pl.String).to_list()
    ]
    found: Array = by_number[kinds.to_physical().fill_null(none).to_numpy()]
    return found


def about_of(products: pl.Series) -> Array:
    """The places of products, and of the firm where none is named."""
    codes = {product: place for place, product in enumerate(ABOUT)}
    return coded(products, codes, other=UNUSABLE, null=FIRM)


# --- companies and leads ------------------------------------------------------------------------


def companies_of(tables: Tables, rejects: Rejects) -> pl.DataFrame:
    """The companies with segment and tier, sorted."""
    given = {name: tables[name].lazy() for name in ("companies", "company_sets")}
    companies = rejects.checked("companies", given["companies"], plain.COMPANY_CHECKS)
    companies = plain.judged(rejects.once("companies", companies, ["id"]), given, rejects)
    return companies.sort("id").collect()


class Leads(NamedTuple):
    """The leads, sorted; the place of a lead is its number everywhere."""

    ids: pl.Series
    home_ids: pl.Series
    """The companies, null where they are not there."""
    homes: Array
    """Their places; behind the last one where they are not there."""
    places: pl.DataFrame
    """From `lead_id` to `lead`."""


def leads_of(tables: Tables, companies: pl.DataFrame, rejects: Rejects) -> Leads:
    given = tables["leads"]
    odd = given.select(
        col("id").is_duplicated()
        | plain.blank("id").fill_null(True)
        | plain.blank("company_id").fill_null(False)
    ).to_series()
    checks = [*plain.worded("id"), plain.not_blank("company_id")]
    again = rejects.checked("leads", given.filter(odd).lazy(), checks)
    again = rejects.once("leads", again, ["id"])
    columns = ["id", "company_id"]
    known = pl.concat([given.filter(~odd).select(columns), again.select(columns).collect()])
    homes = companies.select(company_id="id").with_row_index("home")
    known = known.join(homes, on="company_id", how="left").sort("id")
    places = known["home"].fill_null(len(companies)).to_numpy()
    home_ids = companies["id"].gather(known["home"]).alias("company_id")
    ids = known["id"].alias("lead_id")
    return Leads(ids, home_ids, places, pl.DataFrame(ids).with_row_index("lead"))


# --- what is told of them -----------------------------------------------------------------------


def activities_of(tables: Tables, leads: Leads, rejects: Rejects, as_of: date) -> pl.DataFrame:
    """The activities that count: lead, about, kind, at."""
    given = tables["activities"]
    ids = np.sort(given["id"].drop_nulls().to_numpy())
    repeated = pl.Series(np.unique(ids[1:][ids[1:] == ids[:-1]]))
    del ids
    packed = packed_of(given, leads)
    odd = pl.select(
        given["id"].is_in(repeated.implode()).fill_null(True)
        | packed["lead"].is_null()
        | packed["at"].is_null()
        | (packed["kind"] == UNUSABLE)
        | (packed["about"] == UNUSABLE)
    ).to_series()
    last = ((as_of - EPOCH).days + 1) * DAY - TOKYO
    sound = packed.filter(~odd & (packed["at"] < last))

    few = rejects.checked("activities", given.filter(odd).lazy(), plain.ACTIVITY_CHECKS)
    few = few.with_columns(day=plain.day("at")).filter(col("day") <= as_of)
    few = rejects.once("activities", few, ["lead_id", "id"])
    few = rejects.known("activities", few, "lead", leads.places.lazy().select(id="lead_id"))
    few = rejects.sold("activities", few)
    return pl.concat([sound, packed_of(few.collect(), leads)])


def packed_of(activities: pl.DataFrame, leads: Leads) -> pl.DataFrame:
    lead = activities.lazy().select("lead_id")
    lead = lead.join(leads.places.lazy(), on="lead_id", how="left", maintain_order="left")
    return pl.DataFrame(
        {
            "lead": lead.select("lead").collect().to_series(),
            "about": about_of(activities["product_id"]),
            "kind": coded(activities["kind"], KINDS, other=0, null=UNUSABLE),
            "at": activities["at"].to_physical(),
        }
    )


def events_of(tables: Tables, leads: Leads, rejects: Rejects, as_of: date) -> pl.DataFrame:
    """What sales said, with the place of the lead as its id."""
    events = tables["sales_events"].lazy()
    events = rejects.checked("sales_events", events, plain.EVENT_CHECKS, about="lead_id")
    events = events.unique().with_columns(day=plain.day("at")).filter(col("day") <= as_of)
    ids = leads.places.lazy().select(id="lead_id")
    events = rejects.known("sales_events", events, "lead", ids, about="lead_id")
    events = rejects.sold("sales_events", events, about="lead_id")
    events = events.join(leads.places.lazy(), on="lead_id")
    return events.drop("lead_id").rename({"lead": "lead_id"}).collect()


def heard(events: pl.DataFrame, leads: Leads) -> tuple[Array, Array]:
    """Whether sales marked each lead for a product, and whether it parted for want of time."""
    said = plain.heard(events.lazy(), pl.LazyFrame({"product_id": ABOUT})).collect()
    at = said["lead_id"].to_numpy() * np.int64(FIRM) + about_of(said["product_id"])
    marked, parted = (np.zeros(len(leads.ids) * FIRM, bool) for _ in range(2))
    marked[at] = said["marked"].to_numpy()
    parted[at] = said["parted"].fill_null(False).to_numpy()
    return marked.reshape(-1, FIRM), parted.reshape(-1, FIRM)


def held_of(
    tables: Tables, companies: pl.DataFrame, leads: Leads, rejects: Rejects, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The deals that count, and every company with every product, sorted."""
    ids = leads.places.lazy().select(id="lead_id")
    deals = plain.deals_of(tables["deals"].lazy(), companies.lazy(), ids, rejects, as_of)
    deals = plain.kept(deals)
    contracts = tables["contracts"].lazy()
    contracts = rejects.checked("contracts", contracts, plain.CONTRACT_CHECKS, about="company_id")
    contracts = contracts.unique().filter(col("start") <= as_of)
    contracts = rejects.known(
        "contracts", contracts, "company", companies.lazy().select("id"), about="company_id"
    )
    contracts = rejects.sold("contracts", contracts, about="company_id")
    held = (
        companies.lazy()
        .rename({"id": "company_id"})
        .join(pl.LazyFrame({"product_id": ABOUT}), how="cross", maintain_order="left_right")
        .join(
            plain.positions(deals, contracts, as_of),
            on=["company_id", "product_id"],
            how="left",
            maintain_order="left",
        )
        .with_columns(col("owned", "open_deal", "lost_in_time").fill_null(False))
    )
    return deals.collect(), held.collect()


class Position(NamedTuple):
    """Where leads stand for themselves, by lead and product."""

    owned: Array
    open_deal: Array
    lost_in_time: Array


def of_people(deals: pl.DataFrame, leads: Leads, as_of: date) -> Position:
    """What leads bought who have no company; all that others bought belongs to theirs."""
    none = {"company_id": pl.String, "product_id": pl.String, "end": pl.Date}
    alone = leads.places.filter(leads.home_ids.is_null())
    mine = deals.lazy().with_columns(company_id="person")
    mine = plain.positions(mine, pl.LazyFrame(schema=none), as_of)
    found = mine.join(alone.lazy(), left_on="company_id", right_on="lead_id").collect()
    at = found["lead"].to_numpy() * np.int64(FIRM) + about_of(found["product_id"])
    flags: list[Array] = []
    for name in Position._fields:
        flag = np.zeros(len(leads.ids) * FIRM, bool)
        flag[at] = found[name].fill_null(False).to_numpy()
        flags.append(flag.reshape(-1, FIRM))
    return Position(*flags)


# --- engagement ---------------------------------------------------------------------------------


class Sums(NamedTuple):
    """What activities add up to, by lead and product."""

    score: Array
    active_days: Array
    touched: Array
    points_365: Array
    points_730: Array
    active_90: Array
    last: Array
    """The age of the latest response; the whole firm's stand behind the products."""
    last_hand: Array


def sums_of(activities: pl.DataFrame, leads: int, today: int) -> Sums:
    age = today - (activities["at"].to_numpy() + TOKYO) // DAY
    packed = activities["lead"].to_numpy().astype(np.int64) << ABOUT_BITS
    packed |= activities["about"].to_numpy()
    packed <<= AGE_BITS
    packed |= np.minimum(age, OLDEST)
    del age
    packed <<= KIND_BITS
    packed |= activities["kind"].to_numpy()
    packed.sort()

    low = (packed & ((1 << LOW_BITS) - 1)).astype(np.uint16)
    group = packed >> LOW_BITS
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    group = group[starts]

    # What an activity is worth, by its last bits.
    ages, kinds = np.divmod(np.arange(1 << LOW_BITS), 1 << KIND_BITS)
    points = np.zeros(1 << KIND_BITS, np.int32)
    points[list(KINDS.values())] = list(POINTS.values())
    points = points[kinds]
    share = np.rint(1_000 * 2.0 ** (-ages / plain.HALF_LIFE_DAYS)).astype(np.int32)
    share[ages >= plain.DECAY_DAYS] = 0
    worth = points * share
    views = kinds == KINDS["page_view"]
    hands = np.isin(kinds, [KINDS[kind] for kind in plain.HANDS])

    def spread(values: Array, empty: int) -> Array:
        """The values of the groups, in rows of leads."""
        found = np.full(leads << ABOUT_BITS, empty, values.dtype)
        found[group] = values
        return found.reshape(leads, -1)[:, : FIRM + 1]

    def total(worths: Array) -> Array:
        return spread(np.add.reduceat(worths[low], starts, dtype=np.int64), 0)

    def latest(holds: Array) -> Array:
        ages_of = np.where(holds, ages, NEVER).astype(np.uint16)
        return spread(np.minimum.reduceat(ages_of[low], starts), NEVER)

    def with_firm(worths: Array) -> Array:
        """Thousandths: what the firm got counts a quarter for each product."""
        sums = total(worths)
        found: Array = 1_000 * sums[:, :FIRM] + 250 * sums[:, FIRM:]
        return found

    last = latest(points > 0)
    return Sums(
        score=with_firm(np.where(views, 0, worth))
        + np.minimum(with_firm(np.where(views, worth, 0)), plain.PAGE_VIEW_CAP),
        active_days=days_of(packed[(worth > 0)[low]] >> KIND_BITS, leads),
        touched=spread(np.ones(len(group), bool), 0)[:, :FIRM],
        points_365=with_firm(np.where(ages < 365, points, 0)),
        points_730=with_firm(np.where(ages < 730, points, 0)),
        active_90=(last[:, :FIRM] < 90) | (last[:, FIRM:] < 90),
        last=last,
        last_hand=latest(hands),
    )


def days_of(earned: Array, leads: int) -> Array:
    """On how many days each lead earned something for each product.

    Args:
        earned: Lead, product and age of what earned something, packed and sorted.
        leads: How many there are.
    """
    earned = earned[np.concatenate([[True], earned[1:] != earned[:-1]])[: len(earned)]]
    group = earned >> AGE_BITS
    of_firm = group & ((1 << ABOUT_BITS) - 1) == FIRM
    day = (group >> ABOUT_BITS << AGE_BITS) | (earned & OLDEST)
    # Days of the firm are days of every product; so only what they lack is counted for each.
    firm, own = np.append(day[of_firm], -1), day[~of_firm]
    lacking = firm[np.searchsorted(firm[:-1], own)] != own
    found = np.bincount(group[~of_firm][lacking], minlength=leads << ABOUT_BITS)
    days = np.bincount(firm[:-1] >> AGE_BITS, minlength=leads)
    return found.reshape(leads, -1)[:, :FIRM] + days[:, None]


class Pairs(NamedTuple):
    """Where each lead stands with each product."""

    rule: Array
    settled: Array
    interest: Array
    touched: Array
    score: Array
    active_days: Array
    excluded: Array
    high: Array
    owned: Array


def standings(
    leads: Leads, held: pl.DataFrame, mine: Position, sums: Sums, said: tuple[Array, Array]
) -> Pairs:
    def of_home(name: str) -> Array:
        """What is known of the company; nothing where there is none."""
        known = held[name].to_numpy().reshape(-1, FIRM)
        found: Array = np.concatenate([known, np.zeros((1, FIRM), bool)])[leads.homes]
        return found

    marked, parted = said
    excluded, high = of_home("excluded"), of_home("high")
    owned = of_home("owned") | mine.owned
    open_deal = of_home("open_deal") | mine.open_deal
    asked = sums.last_hand[:, :FIRM] < 30
    interest = np.select(
        [
            ((sums.score >= 30 * MILLION) & (sums.active_days >= 2)) | asked,
            sums.score >= 5 * MILLION,
            sums.touched,
        ],
        [np.uint8(3), np.uint8(2), np.uint8(1)],
        np.uint8(0),
    )
    worth_it = (
        (sums.points_365 >= 10_000) | of_home("lost_in_time") | mine.lost_in_time | parted | marked
    )
    conditions = {
        "excluded": excluded,
        "in-opportunity": open_deal,
        "customer": owned,
        "high-interest": interest == 3,
        "priority-follow-up": high & worth_it,
        "interested": interest == 2,
        "dormant": (sums.points_730 >= 10_000) & ~sums.active_90,
        "aware": interest == 1,
    }
    before = excluded | open_deal | owned | (interest == 3)
    return Pairs(
        rule=decided(conditions, STATE_RULES),
        settled=before | ~worth_it | of_home("surely_high") | of_home("surely_low"),
        interest=interest,
        touched=sums.touched,
        score=sums.score,
        active_days=sums.active_days,
        excluded=excluded,
        high=high,
        owned=owned,
    )


def decided(conditions: Mapping[str, Array], rules: Sequence[str]) -> Array:
    """The code of the first rule whose condition holds, and of the last one where none does."""
    codes = [np.uint8(rules.index(rule)) for rule in conditions]
    return np.select(list(conditions.values()), codes, np.uint8(len(rules) - 1))


def engagement_of(leads: Leads, pairs: Pairs) -> pl.DataFrame:
    otherwise = len(STATE_RULES) - 1
    at = np.flatnonzero((pairs.rule != otherwise) | ~pairs.settled)
    lead, about = np.divmod(at, FIRM)
    rule = pairs.rule.ravel()[at]
    return pl.DataFrame(
        {
            "lead_id": leads.ids.gather(lead),
            "company_id": leads.home_ids.gather(lead),
            "product_id": texts(ABOUT, about),
            "rule": texts(STATE_RULES, rule),
            "score_micro": pairs.score.ravel()[at],
            "active_days": pairs.active_days.ravel()[at],
            "state": texts([STATES[one] for one in STATE_RULES], rule),
            "because": texts([plain.STATE_REASONS[one] for one in STATE_RULES], rule),
            "interest": texts(plain.LEVELS, pairs.interest.ravel()[at]),
        }
    )


def company_products_of(leads: Leads, pairs: Pairs, held: pl.DataFrame) -> pl.DataFrame:
    companies = len(held) // FIRM
    with_home = np.flatnonzero(leads.homes < companies)
    order = with_home[np.argsort(leads.homes[with_home], kind="stable")]
    homes, starts = np.unique(leads.homes[order], return_index=True)
    interest = np.zeros((companies, FIRM), np.uint8)
    people = np.zeros((companies, FIRM), np.int64)
    interest[homes] = np.maximum.reduceat(pairs.interest[order], starts)
    people[homes] = np.add.reduceat(pairs.touched[order], starts, dtype=np.int64)
    return held.select(
        "company_id",
        "product_id",
        "tier",
        pl.Series("people", people.ravel()),
        texts(plain.LEVELS, interest.ravel()).alias("best_interest"),
        **plain.white_space(),
        **plain.no_offers(),
    )


# --- pursuits and stage -------------------------------------------------------------------------

SIGN = {
    "lead": pl.UInt32,
    "about": pl.UInt8,
    "at": pl.Int64,
    "turn": pl.UInt8,
    "ref": pl.UInt32,
    "what": pl.UInt8,
    "day": pl.Int32,
    "hand": pl.Boolean,
    "opens": pl.Boolean,
}
"""The columns of a log and their types."""


class Pursuits(NamedTuple):
    """The current pursuit of each lead, by product and of the whole firm."""

    started: Array
    ended: Array
    said: Array
    """The code of the last word that counts, `len(WHAT)` if none."""
    hand: Array
    open_deal: Array


class Logs(NamedTuple):
    """The pursuits of the leads that have a log."""

    logged: Array
    """Whether each lead has one."""
    found: Sequence[tuple[Array, Pursuits]]
    """By the place of the lead and of the product."""


def sign(lead: str, at: pl.Expr, turn: int, ref: pl.Expr, what: pl.Expr, day: pl.Expr) -> Any:
    """The columns of signs that raise no hand."""
    columns = {
        "lead": col(lead),
        "about": col("about"),
        "at": at,
        "turn": lit(turn),
        "ref": ref,
        "what": what,
        "day": day,
        "hand": lit(False),
        "opens": lit(True),
    }
    return [column.cast(SIGN[name]).alias(name) for name, column in columns.items()]


def logs_of(
    activities: pl.DataFrame, events: pl.DataFrame, deals: pl.DataFrame, leads: Leads, today: int
) -> Logs:
    of_deals = signs_of_deals(deals, leads)
    words = events.with_columns(about=pl.Series(about_of(events["product_id"]))).select(
        sign(
            "lead_id",
            col("at").to_physical(),
            1,
            lit(0),
            col("kind").replace_strict(list(WHAT), list(range(len(WHAT)))),
            col("day").to_physical(),
        )
    )
    logged = np.zeros(len(leads.ids), bool)
    logged[of_deals["lead"].to_numpy()] = True
    logged[words["lead"].to_numpy()] = True
    signs = pl.concat([signs_of_responses(activities, logged), words, of_deals])

    of_product = signs.filter(col("about") < FIRM)
    # What sales said of no product moves the pursuits that are open.
    general = words.filter(col("about") == FIRM).drop("about").with_columns(opens=lit(False))
    general = of_product.select("lead", "about").unique().join(general, on="lead")
    own = current(pl.concat([of_product, general.select(of_product.columns)]), today)
    running = np.zeros(len(leads.ids), bool)
    running[own[0][own[1].ended == 0] // (FIRM + 1)] = True

    mere = (signs["what"] == WHAT.index("responded")) & ~signs["hand"]
    hidden = mere & pl.Series(running[signs["lead"].to_numpy()])
    of_firm = signs.filter((signs["about"] == FIRM) & ~hidden)
    sold = of_deals.filter(col("about") < FIRM).join(of_firm, on="lead", how="semi")
    sold = sold.with_columns(about=lit(FIRM, pl.UInt8), opens=lit(False))
    return Logs(logged, (own, current(pl.concat([of_firm, sold]), today)))


def signs_of_responses(activities: pl.DataFrame, logged: Array) -> pl.DataFrame:
    responding = [KINDS[kind] for kind, points in POINTS.items() if points > 0]
    kind = activities["kind"].to_numpy()
    wanted = logged[activities["lead"].to_numpy()] & np.isin(kind, responding)
    responses = activities.filter(pl.Series(wanted))
    # Which of two responses in one instant comes first makes no difference.
    return responses.select(
        sign(
            "lead",
            col("at"),
            0,
            lit(0),
            lit(WHAT.index("responded")),
            (col("at") + TOKYO) // DAY,
        )
    ).with_columns(hand=responses["kind"].is_in([KINDS[kind] for kind in plain.HANDS]))


def signs_of_deals(deals: pl.DataFrame, leads: Leads) -> pl.DataFrame:
    """When deals of leads were opened, and how those that were closed ended."""
    deals = deals.join(leads.places, left_on="person", right_on="lead_id").with_columns(
        ref=col("id").cast(pl.String).rank("dense")
    )
    deals = deals.with_columns(about=pl.Series(about_of(deals["product_id"])))
    closed = col("closed").is_not_null()
    early = closed & (col("closed_at") < col("opened_at"))
    opened = pl.when(early)
    what = col("status").replace_strict(["won", "lost"], [WHAT.index("won"), WHAT.index("lost")])
    return pl.concat(
        [
            deals.select(
                sign(
                    "lead",
                    opened.then("closed_at").otherwise("opened_at").to_physical(),
                    2,
                    col("ref"),
                    lit(WHAT.index("deal")),
                    opened.then("closed").otherwise("opened").to_physical(),
                )
            ),
            deals.filter(closed).select(
                sign(
                    "lead",
                    col("closed_at").to_physical(),
                    3,
                    col("ref"),
                    what,
                    col("closed").to_physical(),
                )
            ),
        ]
    )


def current(signs: pl.DataFrame, today: int) -> tuple[Array, Pursuits]:
    """The current pursuit of each log, by the place of the lead and of the product.

    What is cut, and what counts of it, is told in `benchmarks.by_hand_polars.current`.
    """
    order = ["lead", "about", "at", "turn", "ref", "what"]
    log = signs.sort(*order, "opens", descending=[False] * len(order) + [True])
    # A word of one product and the same word of none are one.
    same = pl.all_horizontal((col(name) == col(name).shift(1)) for name in order)
    log = log.filter(~((col("turn") == 1) & same.fill_null(False)))
    slot = log["lead"].to_numpy() * np.int64(FIRM + 1) + log["about"].to_numpy()
    what, day, hand, opens = (log[name].to_numpy() for name in ("what", "day", "hand", "opens"))
    at = np.arange(len(log))

    starts = np.flatnonzero(np.concatenate([[True], slot[1:] != slot[:-1]])[: len(log)])
    number = np.zeros(len(log), np.int64)
    number[starts[1:]] = 1
    number = number.cumsum()
    deal, won, lost = (what == WHAT.index(name) for name in ("deal", "won", "lost"))

    def last(holds: Array) -> Array:
        """Where it held last in each log; -1 where never."""
        return np.maximum.reduceat(np.where(holds, at, -1), starts)

    def so_far(values: Array, since: Array) -> Array:
        """The running sum from the start of what each row belongs to."""
        sums = values.cumsum()
        found: Array = sums - (sums - values)[since]
        return found

    open_after = so_far(deal.astype(np.int64) - (won | lost), starts[number])
    ends = np.append(starts[1:] - 1, len(log) - 1)
    next_day = np.append(day[1:], today)
    next_day[ends] = today
    cut = (open_after == 0) & (won | lost | (next_day - day >= QUIET_DAYS))
    fresh = np.zeros(len(log), bool)
    fresh[starts] = True
    fresh[1:] |= cut[:-1]
    piece = fresh.cumsum() - 1
    live = so_far(opens.astype(np.int64), np.flatnonzero(fresh)[piece]) > 0

    final = last(live)
    some = final >= 0
    live &= piece == piece[final][number]
    # A deal won while another is open ends what led to it.
    counts = live & (at > last(live & won & (open_after > 0))[number])
    back = np.isin(what, [WHAT.index("recycled"), WHAT.index("rejected")])
    up = counts & hand & (at > last(counts & back)[number])
    raised = last(up)
    word = last(counts & (what < WHAT.index("deal")) & (what != WHAT.index("follow_up")))
    over = cut[final]
    ended = np.select([~over, won[final], lost[final]], [0, 1, 2], 3).astype(np.uint8)
    found = Pursuits(
        started=some,
        ended=ended,
        said=np.where(word >= 0, what[word], len(WHAT)).astype(np.uint8),
        hand=~over & (raised >= 0) & (today - day[raised] < plain.HAND_DAYS),
        open_deal=~over & (open_after[final] > 0),
    )
    return slot[starts][some], Pursuits(*(column[some] for column in found))


def pursuits_of(sums: Sums, logs: Logs) -> Pursuits:
    """The pursuits of all leads: most have no log, and their latest response tells everything."""
    last, hand = sums.last.copy(), sums.last_hand
    last[logs.logged] = NEVER
    # While a product is being pursued, a mere response to the whole firm opens nothing.
    running = (last[:, :FIRM] < QUIET_DAYS).any(axis=1)
    last[running, FIRM] = hand[running, FIRM]
    started = last < NEVER
    quiet = last >= QUIET_DAYS
    found = Pursuits(
        started=started,
        ended=np.where(started & quiet, np.uint8(ENDS.index("quiet")), np.uint8(0)),
        said=np.full(last.shape, len(WHAT), np.uint8),
        hand=started & ~quiet & (hand < plain.HAND_DAYS),
        open_deal=np.zeros(last.shape, bool),
    )
    for slots, pursuits in logs.found:
        for column, values in zip(found, pursuits, strict=True):
            column.reshape(-1)[slots] = values
    return found


def stages_of(leads: Leads, pairs: Pairs, pursuits: Pursuits) -> pl.DataFrame:
    """The stage that each pursuit warrants, and that of the one that has come furthest."""
    started, ended, said, hand, open_deal = pursuits
    warm = np.zeros(started.shape, bool)
    warm[:, :FIRM] = pairs.high & (pairs.interest == 3)
    back = np.isin(said, [WHAT.index("recycled"), WHAT.index("rejected")])
    out = np.broadcast_to(pairs.excluded.any(axis=1, keepdims=True), started.shape)
    rule = decided(
        {
            "disqualified": said == WHAT.index("disqualified"),
            "not-a-target": out,
            "opportunity": open_deal,
            **{end: ended == ENDS.index(end) for end in ("won", "lost", "quiet")},
            "qualified": said == WHAT.index("qualified"),
            "accepted": said == WHAT.index("accepted"),
            "recycled": back & ~hand,
            "mql": hand | warm,
            "inquiry": started,
        },
        STAGE_RULES,
    )
    heights = [
        plain.LADDER.index(stage)
        if stage in plain.LADDER
        else -len(plain.DETOURS) - plain.DETOURS.index(stage)
        for stage in STAGES.values()
    ]
    height = np.array(heights, np.int8)[rule]
    # Open pursuits go before those that ended, and these before detours.
    rank = np.where((height >= 0) & (ended == 0), height + np.int8(10), height)
    rank[~started] = ABSENT
    rank[~started.any(axis=1), FIRM] = NOTHING
    best = np.equal(rank, rank.max(axis=1, keepdims=True))
    order = np.array([*PLACES, FIRM])
    first = order[best[:, order].argmax(axis=1)]
    final = rule[np.arange(len(rule)), first]
    reached = best[:, PLACES] @ (1 << np.arange(FIRM))
    together = [
        ";".join(product for bit, product in enumerate(plain.PRODUCTS) if mask >> bit & 1)
        for mask in range(1 << FIRM)
    ]
    return pl.DataFrame(
        {
            "lead_id": leads.ids,
            "company_id": leads.home_ids,
            "rule": texts(STAGE_RULES, final),
            "existing_customer": pairs.owned.any(axis=1),
            "for_products": texts(together, reached),
            "stage": texts(list(STAGES.values()), final),
            "because": texts([plain.STAGE_REASONS[one] for one in STAGE_RULES], final),
        }
    ).with_columns(
        **plain.BY_NO_HISTORY,
        **{f"contact_{channel}": lit(None, pl.Boolean) for channel in plain.CHANNELS},
    )
