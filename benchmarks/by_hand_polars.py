"""The four answers for whole tables, in Polars, written by hand for the starter's playbook.

This is what a good analyst would write who needs just this playbook: its numbers stand in the code,
all products have the same tiers, and nothing can be asked that it does not ask. It keeps the same
contract as `mpfunnel.frames.assess`: rows that stand there twice count once, rows that contradict
each other, break a rule of their table or name what is not there are rejected with a reason, days
are those of Tokyo, and the tables that come out have the same rows and columns. It takes the tables
that `benchmarks.market` draws, in which ids of products, companies and leads are text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from attrs import evolve

import mpfunnel as mf
from mpfunnel.rules.tables import DecisionTable
from mpfunnel.synergy import white_space_table

PRODUCTS: tuple[str, ...] = ("crm", "analytics", "portal", "billing", "archive")
STARTER = mf.starter(products=PRODUCTS)
BOOK = evolve(
    STARTER,
    plays=mf.Plays(),
    synergy=evolve(STARTER.synergy, offers=(), cool_down_days=0),
)
"""The four answers alone."""

MILLION = 1_000_000
OKU = 100_000_000
POINTS = {
    "inquiry": 30,
    "quotation_request": 30,
    "demo_request": 30,
    "webinar_attended": 15,
    "seminar_attended": 15,
    "pricing_page": 10,
    "asset_downloaded": 8,
    "business_card": 5,
    "email_click": 3,
    "page_view": 1,
    "careers_page": -20,
}
HANDS = ["inquiry", "quotation_request", "demo_request"]
HAND_DAYS = 90
HALF_LIFE_DAYS = 30
QUIET_DAYS = 180
PAGE_VIEW_CAP = 10 * MILLION
DECAY_DAYS = 330
"""At that age nothing is left of a point."""
SEGMENT_BANDS = (
    ("enterprise", 1_000, 1_000 * OKU),
    ("mid_market", 300, 100 * OKU),
    ("small", 50, 10 * OKU),
)
TIER_BANDS = (
    ("tier_1", "enterprise", 1_000, 1_000 * OKU),
    ("tier_2", "mid-market", 300, 100 * OKU),
    ("tier_3", "small", 50, 10 * OKU),
)
NO_GO = ("own_group", "do_not_trade", "competitor")
TIES = ("prospect", "customer", "partner", "competitor", "own_group", "do_not_trade")
LEVELS = ("none", "aware", "interested", "high_interest")
EVENTS = ("accepted", "rejected", "qualified", "disqualified", "recycled", "follow_up")
STAGES = {
    "disqualified": "disqualified",
    "not-a-target": "disqualified",
    "opportunity": "opportunity",
    "won": "customer",
    "lost": "lost",
    "quiet": "dormant",
    "qualified": "sql",
    "accepted": "sal",
    "recycled": "recycled",
    "mql": "mql",
    "inquiry": "inquiry",
    "otherwise": "known",
}
"""The stage by the rule that gives it."""
LADDER = ("known", "inquiry", "mql", "sal", "sql", "opportunity", "customer")
DETOURS = ("recycled", "disqualified", "lost", "dormant")
STATES = {
    "excluded": "excluded",
    "in-opportunity": "in_opportunity",
    "customer": "customer",
    "high-interest": "high_interest",
    "priority-follow-up": "priority_follow_up",
    "interested": "interested",
    "dormant": "dormant",
    "aware": "aware",
    "otherwise": "none",
}
"""The state by the rule that gives it."""
CHANNELS = ("email", "phone", "post", "visit", "web")

SORTED = {
    "companies": ["company_id"],
    "tiers": ["company_id", "product_id"],
    "leads": ["lead_id"],
    "engagement": ["lead_id", "product_id"],
    "company_products": ["company_id", "product_id"],
    "rejects": ["table", "id", "lead_id", "column", "code", "reason"],
}
"""The same input gives the same rows in the same order."""

Tables = Mapping[str, pl.DataFrame]
col, when, lit = pl.col, pl.when, pl.lit
NOTHING = lit(None, dtype=pl.String)
BY_NO_HISTORY: Mapping[str, pl.Expr] = {
    "entered_on": lit(None, dtype=pl.Date),
    "warranted": col("stage"),
    "warranted_rule": col("rule"),
    "warranted_for_products": col("for_products"),
}
"""Where a lead stands is what the facts warrant, where no histories are kept."""


def reasons_of(table: DecisionTable[Any]) -> dict[str, str]:
    """The reasons of a table by the key of the rule, copied from it rather than typed again."""
    found = {rule.key: rule.because.en for rule in table.rules}
    return found | {"otherwise": table.otherwise_because.en}


TIER_TABLE = BOOK.tiers["crm"]
assert isinstance(TIER_TABLE, mf.TierTable)
SEGMENT_REASONS = reasons_of(BOOK.segments)
TIER_REASONS = reasons_of(TIER_TABLE)
STATE_REASONS = reasons_of(BOOK.engagement["crm"].states)
STAGE_REASONS = reasons_of(BOOK.funnel.rules)
SPACE_REASONS = reasons_of(white_space_table(BOOK.synergy, BOOK.products[0], {}))


# --- what cannot be used ------------------------------------------------------------------------

Check = tuple[pl.Expr, str, str, str]
"""What is wrong, in which column, the code, and the reason."""


def blank(name: str) -> pl.Expr:
    return col(name).str.strip_chars() == ""


def required(*names: str) -> list[Check]:
    return [(col(name).is_null(), name, "missing", "must not be blank") for name in names]


def worded(*names: str) -> list[Check]:
    """Text that must be there."""
    return [check for name in names for check in (*required(name), not_blank(name))]


def not_blank(name: str) -> Check:
    return blank(name), name, "blank", "must not be blank"


def one_of(name: str, known: Sequence[str]) -> Check:
    return ~col(name).is_in(known), name, "choice", f"must be one of {', '.join(known)}"


class Rejects:
    """The rows that cannot be used."""

    def __init__(self) -> None:
        self.found: list[pl.DataFrame] = []

    def add(
        self,
        table: str,
        frame: pl.LazyFrame,
        column: str | pl.Expr,
        code: str | pl.Expr,
        reason: str | pl.Expr,
        *,
        about: str = "id",
    ) -> None:
        has_lead = table in ("activities", "deals", "sales_events")
        self.found.append(
            frame.select(
                table=lit(table),
                id=col(about).cast(pl.String),
                lead_id=col("lead_id") if has_lead else lit(None, pl.String),
                column=lit(column) if isinstance(column, str) else column,
                code=lit(code) if isinstance(code, str) else code,
                reason=lit(reason) if isinstance(reason, str) else reason,
            ).collect()
        )

    def checked(
        self, table: str, frame: pl.LazyFrame, checks: Sequence[Check], *, about: str = "id"
    ) -> pl.LazyFrame:
        """The rows with nothing wrong; the first thing that is wrong with another is told."""
        wrong = pl.any_horizontal(check[0].fill_null(False) for check in checks)
        column, code, reason = (
            pl.coalesce(when(check[0]).then(lit(check[part])) for check in checks)
            for part in (1, 2, 3)
        )
        self.add(table, frame.filter(wrong), column, code, reason, about=about)
        return kept(frame.filter(~wrong))

    def once(self, table: str, frame: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
        """Each row once; rows that share a key but differ are rejected."""
        frame = kept(frame)
        columns = frame.collect_schema().names()
        shared = kept(frame.group_by(key).len().filter(col("len") > 1).select(key))
        several = frame.join(shared, on=key, how="semi").unique()
        several = kept(several.with_columns(kinds=pl.len().over(key)))
        self.add(
            table,
            several.filter(col("kinds") > 1),
            "id",
            "conflict",
            "shares its id with a row that differs",
        )
        alone = frame.join(shared, on=key, how="anti")
        return kept(pl.concat([alone, several.filter(col("kinds") == 1).select(columns)]))

    def known(
        self, table: str, frame: pl.LazyFrame, what: str, ids: pl.LazyFrame, *, about: str = "id"
    ) -> pl.LazyFrame:
        """The rows whose lead or company is there."""
        column = f"{what}_id"
        ids = ids.select(col("id").alias(column))
        lost = frame.join(ids, on=column, how="anti")
        self.unknown(table, lost, column, what, about=about)
        return kept(frame.join(ids, on=column, how="semi"))

    def unknown(
        self, table: str, frame: pl.LazyFrame, column: str, what: str, *, about: str = "id"
    ) -> None:
        reason = pl.concat_str(lit(f"no such {what} "), col(column))
        self.add(table, frame, column, f"unknown-{what}", reason, about=about)

    def sold(self, table: str, frame: pl.LazyFrame, *, about: str = "id") -> pl.LazyFrame:
        """The rows of products that the firm sells, and of none."""
        stranger = ~col("product_id").is_in(PRODUCTS).fill_null(True)
        self.unknown(table, frame.filter(stranger), "product_id", "product", about=about)
        return frame.filter(~stranger)


def day(name: str) -> pl.Expr:
    return col(name).dt.convert_time_zone("Asia/Tokyo").dt.date()


def kept(frame: pl.LazyFrame) -> pl.LazyFrame:
    """A frame that several others stand on."""
    return frame.collect().lazy()


# --- the answers --------------------------------------------------------------------------------


def assess(tables: Tables, as_of: date) -> dict[str, pl.DataFrame]:
    """The answers about all rows, by the name of the table."""
    rejects = Rejects()
    given = {name: frame.lazy() for name, frame in tables.items()}

    companies = rejects.checked("companies", given["companies"], COMPANY_CHECKS)
    companies = kept(judged(rejects.once("companies", companies, ["id"]), given, rejects))
    leads = rejects.checked("leads", given["leads"], [*worded("id"), not_blank("company_id")])
    leads = rejects.once("leads", leads, ["id"])
    homes = companies.select(company_id="id", home="id")
    leads = kept(
        leads.join(homes, on="company_id", how="left").select(lead_id="id", company_id="home")
    )
    lead_ids = leads.select(id="lead_id")

    activities = rejects.checked("activities", given["activities"], ACTIVITY_CHECKS)
    activities = activities.with_columns(day=day("at")).filter(col("day") <= as_of)
    activities = rejects.once("activities", activities, ["lead_id", "id"])
    activities = rejects.known("activities", activities, "lead", lead_ids)
    activities = rejects.sold("activities", activities).with_columns(
        age=(lit(as_of) - col("day")).dt.total_days()
    )
    activities = kept(activities)

    events = rejects.checked("sales_events", given["sales_events"], EVENT_CHECKS, about="lead_id")
    events = events.unique().with_columns(day=day("at")).filter(col("day") <= as_of)
    events = rejects.known("sales_events", events, "lead", lead_ids, about="lead_id")
    events = kept(rejects.sold("sales_events", events, about="lead_id"))

    deals = kept(deals_of(given["deals"], companies, lead_ids, rejects, as_of))
    contracts = rejects.checked(
        "contracts", given["contracts"], CONTRACT_CHECKS, about="company_id"
    )
    contracts = contracts.unique().filter(col("start") <= as_of)
    contracts = rejects.known(
        "contracts", contracts, "company", companies.select("id"), about="company_id"
    )
    contracts = rejects.sold("contracts", contracts, about="company_id")

    products = pl.LazyFrame({"product_id": PRODUCTS})
    held = positions(deals, contracts, as_of)
    company_products = kept(
        companies.rename({"id": "company_id"})
        .join(products, how="cross")
        .join(held, on=["company_id", "product_id"], how="left")
        .with_columns(col("owned", "open_deal", "lost_in_time").fill_null(False))
    )
    mine = positions(
        deals.with_columns(company_id="person"), contracts.filter(lit(False)), as_of
    ).rename({"company_id": "lead_id"})

    sums = kept(sums_of(activities, products))
    pairs = kept(standings(leads, products, company_products, mine, sums, heard(events, products)))
    pursuits = pursuits_of(leads, activities, sums, events, deals, as_of)

    # The version stands for the numbers of the playbook, which stand in the code here.
    stamp = {"as_of": lit(as_of), "playbook_version": lit(BOOK.version)}
    answers = {
        "companies": companies.select(
            "segment",
            "settled",
            company_id="id",
            possible="segment_possible",
            missing="segment_missing",
            rule="segment_rule",
            because=col("segment_rule").replace_strict(SEGMENT_REASONS),
            instead_of=NOTHING,
        ),
        "tiers": company_products.select(
            "company_id",
            "product_id",
            "tier",
            "owned",
            settled="tier_settled",
            possible="tier_possible",
            missing="tier_missing",
            rule="tier_rule",
            because=col("tier_rule").replace_strict(TIER_REASONS),
            instead_of=NOTHING,
            proposed=NOTHING,
            undated=lit(""),
        ),
        "leads": leads_of(leads, pursuits, pairs),
        "engagement": pairs.filter((col("rule") != "otherwise") | ~col("settled")).select(
            "lead_id",
            "company_id",
            "product_id",
            "rule",
            "score_micro",
            "active_days",
            state=col("rule").replace_strict(STATES),
            because=col("rule").replace_strict(STATE_REASONS),
            interest=named(LEVELS, "interest"),
            instead_of=NOTHING,
        ),
        "company_products": company_products_of(company_products, pairs),
        "rejects": pl.concat(rejects.found).lazy(),
    }
    collected = pl.collect_all(
        frame.with_columns(**stamp).sort(SORTED[name]) for name, frame in answers.items()
    )
    return dict(zip(answers, collected, strict=True))


def named(names: Sequence[str], column: str) -> pl.Expr:
    return col(column).replace_strict(list(range(len(names))), names, return_dtype=pl.String)


# --- companies ----------------------------------------------------------------------------------

COMPANY_CHECKS = [
    *worded("id"),
    (col("employees") < 0, "employees", "range", "must be at least 0"),
    (
        (col("annual_revenue") >= 2**63 // 100) | (col("annual_revenue") <= -(2**63) // 100),
        "annual_revenue",
        "range",
        "must fit in 64 bits",
    ),
    (col("annual_revenue") < 0, "annual_revenue", "range", "must be at least 0"),
]


def judged(
    companies: pl.LazyFrame, given: Mapping[str, pl.LazyFrame], rejects: Rejects
) -> pl.LazyFrame:
    """The companies with segment and tier."""
    sets = rejects.checked(
        "company_sets",
        given["company_sets"],
        worded("company_id", "fact", "value"),
        about="company_id",
    )
    sets = rejects.known("company_sets", sets.unique(), "company", companies, about="company_id")
    tie = col("fact") == "relationships"
    wrong = tie & ~col("value").is_in(TIES)
    reason = f"must be one of {', '.join(TIES)}"
    rejects.add("company_sets", sets.filter(wrong), "value", "choice", reason, about="company_id")
    ties = [*NO_GO, "partner"]
    sets = sets.group_by("company_id").agg(
        *((tie & (col("value") == one)).any().alias(one) for one in ties),
        target=((col("fact") == "lists") & (col("value") == "target")).any(),
    )
    flags = [*ties, "target", "student", "individual", "public_body"]
    companies = companies.join(sets, left_on="id", right_on="company_id", how="left")
    companies = companies.with_columns(col(flags).fill_null(False))
    known = col("employees").is_not_null() & col("annual_revenue").is_not_null()
    bands = {
        rule: (col("employees") >= people).fill_null(False)
        | (col("annual_revenue") >= yen).fill_null(False)
        for rule, people, yen in SEGMENT_BANDS
    }
    band: Any = pl
    for place, reached in enumerate(bands.values()):
        band = band.when(reached).then(place)
    companies = companies.with_columns(band=band.otherwise(len(bands)), known=known)

    segment: Any = pl
    for key in (*NO_GO, "student", "individual", "public_body", "partner"):
        segment = segment.when(col(key)).then(lit(key))
    keys = [*bands, "micro"]
    segment = segment.otherwise(named(keys, "band"))
    no_go = pl.any_horizontal(*NO_GO, "student", "individual")
    tiers = ["tier_1", "tier_2", "tier_3", "tier_4"]
    sized = ~pl.any_horizontal(*flags[:4], "student", "individual", "public_body")
    companies = companies.with_columns(
        segment=segment,
        excluded=pl.any_horizontal(*NO_GO, "student"),
        settled=known | ~sized | (col("band") == 0),
        tier=when(no_go)
        .then(lit("tier_4"))
        .when("target")
        .then(lit("tier_1"))
        .otherwise(named(tiers, "band")),
        tier_rule=when(no_go)
        .then(lit("not-a-target"))
        .when("target")
        .then(lit("target-list"))
        .otherwise(named([rule for _, rule, _, _ in TIER_BANDS] + ["otherwise"], "band")),
        tier_settled=known | no_go | col("target") | (col("band") == 0),
    )
    # Whatever lies above the size that is reached may still be, and no rule tells Tier 4 apart.
    above = [";".join(keys[: place + 1]) for place in range(4)]
    tiers_above = ["tier_1", "tier_1;tier_2", "tier_1;tier_2;tier_3", "tier_4;tier_1;tier_2;tier_3"]
    high = col("tier").is_in(["tier_1", "tier_2"])
    unknown = [
        when(col(name).is_null()).then(lit(f"company.{name}"))
        for name in ("employees", "annual_revenue")
    ]
    missing = pl.concat_str(*unknown, separator=";", ignore_nulls=True)
    return companies.select(
        "id",
        "segment",
        "settled",
        "excluded",
        "tier",
        "tier_rule",
        "tier_settled",
        segment_rule=when(col("segment") == "micro").then(lit("otherwise")).otherwise("segment"),
        segment_possible=when("settled").then("segment").otherwise(named(above, "band")),
        tier_possible=when("tier_settled").then("tier").otherwise(named(tiers_above, "band")),
        segment_missing=when("settled").then(lit("")).otherwise(missing),
        tier_missing=when("tier_settled").then(lit("")).otherwise(missing),
        high=high,
        # It is surely above Tier 2 where nothing lower is possible, and surely not where settled.
        surely_high=high & (col("tier_settled") | (col("band") <= 1)),
        surely_low=~high & col("tier_settled"),
    )


def company_products_of(company_products: pl.LazyFrame, pairs: pl.LazyFrame) -> pl.LazyFrame:
    involved = (
        pairs.filter(col("company_id").is_not_null())
        .group_by("company_id", "product_id")
        .agg(col("interest").max(), people=col("touched").sum().cast(pl.Int64))
    )
    frame = company_products.join(involved, on=["company_id", "product_id"], how="left")
    frame = frame.with_columns(col("interest", "people").fill_null(0), **white_space())
    return frame.select(
        "company_id",
        "product_id",
        "tier",
        "people",
        *white_space(),
        best_interest=named(LEVELS, "interest"),
        **no_offers(),
    )


def no_offers() -> dict[str, pl.Expr]:
    """What is offered by a playbook without rules of offers: nothing is asked."""
    kinds: dict[str, type[pl.DataType]] = {
        "offer": pl.String,
        "offer_settled": pl.Boolean,
        "offer_possible": pl.String,
        "offer_rule": pl.String,
        "offer_because": pl.String,
        "rank": pl.Int64,
    }
    return {name: lit(None, dtype=kind) for name, kind in kinds.items()}


def white_space() -> dict[str, pl.Expr]:
    """Where a company stands with a product, and why; nothing that is asked can be unknown."""
    ways = {
        "owned": ("owned", "owned"),
        "open_deal": ("in_pipeline", "in-pipeline"),
        "excluded": ("not_eligible", "excluded"),
    }
    found = [lit("untapped"), lit("otherwise")]
    for flag, told in reversed(ways.items()):
        found = [
            when(flag).then(lit(one)).otherwise(rest) for one, rest in zip(told, found, strict=True)
        ]
    position, rule = found
    because = rule.replace_strict(SPACE_REASONS)
    return {
        "position": position,
        "settled": lit(True),
        "possible": position,
        "missing": lit(""),
        "rule": rule,
        "because": because,
    }


# --- what companies own and are buying ----------------------------------------------------------

CONTRACT_CHECKS = [
    *worded("company_id", "product_id"),
    *required("start"),
    (col("end") < col("start"), "end", "order", "must not be before start"),
]
DEAL_CHECKS = [
    *required("id"),
    *worded("company_id"),
    *required("opened_at"),
    *required("status"),
    one_of("status", ["open", "won", "lost"]),
    not_blank("lead_id"),
    not_blank("product_id"),
    (
        (col("status") == "open") & col("closed_at").is_not_null(),
        "closed_at",
        "contradiction",
        "must be blank for an open deal",
    ),
    (
        (col("status") != "open") & col("closed_at").is_null(),
        "closed_at",
        "missing",
        "is needed for a closed deal",
    ),
]


def deals_of(
    deals: pl.LazyFrame,
    companies: pl.LazyFrame,
    leads: pl.LazyFrame,
    rejects: Rejects,
    as_of: date,
) -> pl.LazyFrame:
    """The deals that count; `company_id` and `person` are null where they are not there."""
    deals = rejects.checked("deals", deals, DEAL_CHECKS)
    deals = deals.with_columns(opened=day("opened_at"), closed=day("closed_at"))
    deals = rejects.once("deals", deals.filter(col("opened") <= as_of), ["id"])
    deals = deals.join(
        companies.select(company_id="id", own="id"), on="company_id", how="left"
    ).join(leads.select(lead_id="id", person="id"), on="lead_id", how="left")
    lost = col("own").is_null() & col("person").is_null()
    rejects.unknown("deals", deals.filter(lost), "company_id", "company")
    deals = rejects.sold("deals", deals.filter(~lost))
    # One that closes after the day is open as of it.
    closed = when(col("closed") <= as_of).then("closed")
    return deals.with_columns(closed=closed, company_id="own").drop("own", "lead_id")


def positions(deals: pl.LazyFrame, contracts: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """What each company owns, is buying, and lost for want of time or budget."""
    key = ["company_id", "product_id"]
    runs = col("end").is_null() | (col("end") >= as_of)
    contracted = contracts.group_by(key).agg(
        running=runs.any(), lapsed=col("end").filter(~runs).max()
    )
    deals = deals.drop_nulls(key)
    lost = (col("status") == "lost") & col("closed").is_not_null()
    dealt = deals.group_by(key).agg(
        open_deal=col("closed").is_null().any(),
        won=col("closed").filter(col("status") == "won").max(),
        lost_in_time=(
            lost
            & (col("closed") == col("closed").filter(lost).max())
            & col("reason").is_in(["timing", "budget"])
        ).any(),
    )
    found = contracted.join(dealt, on=key, how="full", coalesce=True)
    kept_on = col("won").is_not_null() & (
        col("lapsed").is_null() | (col("lapsed") < col("won")).fill_null(False)
    )
    return found.select(
        *key,
        "open_deal",
        "lost_in_time",
        owned=col("running").fill_null(False) | kept_on,
    )


# --- engagement ---------------------------------------------------------------------------------

ACTIVITY_CHECKS = [
    *required("id"),
    *worded("lead_id", "kind"),
    *required("at"),
    not_blank("product_id"),
]
EVENT_CHECKS = [
    *worded("lead_id"),
    *required("kind"),
    one_of("kind", EVENTS),
    *required("at"),
    not_blank("product_id"),
]


def sums_of(activities: pl.LazyFrame, products: pl.LazyFrame) -> pl.LazyFrame:
    """What activities add up to by lead and product; of the whole firm where that is null."""
    kinds = pl.LazyFrame({"kind": list(POINTS), "points": list(POINTS.values())}).with_columns(
        hand=col("kind").is_in(HANDS)
    )
    decay = pl.LazyFrame({"age": range(DECAY_DAYS)}, schema={"age": pl.Int64}).with_columns(
        share=(1_000 * 2.0 ** (-col("age") / HALF_LIFE_DAYS)).round(0).cast(pl.Int64)
    )
    worth = activities.select("lead_id", "product_id", "kind", "age")
    worth = worth.join(kinds, on="kind", how="left").join(decay, on="age", how="left")
    worth = worth.with_columns(
        col("points", "share").fill_null(0),
        col("hand").fill_null(False),
    )
    wide = worth.filter(col("product_id").is_null())
    spread = pl.concat(
        [
            worth.filter(col("product_id").is_not_null()).with_columns(own=True, weight=1_000),
            wide.drop("product_id")
            .join(products, how="cross")
            .select(worth.collect_schema().names())
            .with_columns(own=False, weight=250),
        ]
    )
    milli = col("points") * col("weight")
    spread = spread.with_columns(milli=milli, micro=milli * col("share"))
    capped = col("kind") == "page_view"
    age, own = col("age"), col("own")
    # One column for each sum, because a filter within each group costs three times as much.
    spread = spread.select(
        "lead_id",
        "product_id",
        "own",
        free=when(~capped).then("micro").otherwise(0),
        page_views=when(capped).then("micro").otherwise(0),
        active=when(col("micro") > 0).then(age),
        idle=col("micro") <= 0,
        asked=own & col("hand") & (age < 30),
        points_365=when(age < 365).then("milli").otherwise(0),
        points_730=when(age < 730).then("milli").otherwise(0),
        active_90=(col("points") > 0) & (age < 90),
        last=when(own & (col("points") > 0)).then(age),
        last_hand=when(own & col("hand")).then(age),
    )
    sums = spread.group_by("lead_id", "product_id").agg(
        col("free", "page_views", "points_365", "points_730").sum(),
        col("last", "last_hand").min(),
        col("asked", "active_90", "idle").any(),
        active_days=col("active").n_unique().cast(pl.Int64),
        touched=col("own").any(),
    )
    sums = sums.select(
        "lead_id",
        "product_id",
        "touched",
        "asked",
        "points_365",
        "points_730",
        "active_90",
        "last",
        "last_hand",
        score_micro=col("free") + pl.min_horizontal("page_views", PAGE_VIEW_CAP),
        # Where something earns nothing, null is one of the days.
        active_days=col("active_days") - col("idle"),
    )
    firm = wide.group_by("lead_id", "product_id").agg(
        last=age.filter(col("points") > 0).min(), last_hand=age.filter("hand").min()
    )
    return pl.concat([sums, firm], how="diagonal")


def heard(events: pl.LazyFrame, products: pl.LazyFrame) -> pl.LazyFrame:
    """What sales said last about each lead and product."""
    general = events.filter(col("product_id").is_null()).with_columns(product="product_id")
    general = general.drop("product_id").join(products, how="cross")
    own = events.filter(col("product_id").is_not_null()).with_columns(product="product_id")
    said = pl.concat([own, general.select(own.collect_schema().names())])
    said = said.sort(
        "at",
        "kind",
        col("product").fill_null("None"),
        col("reason").fill_null(""),
        col("by").fill_null(""),
    )
    back = col("kind").is_in(["recycled", "rejected"])
    return said.group_by("lead_id", "product_id").agg(
        marked=col("kind").last() == "follow_up",
        parted=col("reason").filter(back).last().is_in(["timing", "budget"]),
    )


def standings(
    leads: pl.LazyFrame,
    products: pl.LazyFrame,
    company_products: pl.LazyFrame,
    mine: pl.LazyFrame,
    sums: pl.LazyFrame,
    said: pl.LazyFrame,
) -> pl.LazyFrame:
    """Where each lead stands with each product."""
    key = ["lead_id", "product_id"]
    seen = ["owned", "open_deal", "lost_in_time", "excluded", "high", "surely_high", "surely_low"]
    pairs = leads.join(products, how="cross")
    of_company = pairs.filter(col("company_id").is_not_null()).join(
        company_products.select("company_id", "product_id", *seen),
        on=["company_id", "product_id"],
        how="left",
    )
    # Of a company that nobody knows everything is possible.
    alone = pairs.filter(col("company_id").is_null()).join(mine, on=key, how="left")
    alone = alone.with_columns(
        excluded=lit(False), high=lit(False), surely_high=lit(False), surely_low=lit(False)
    )
    pairs = pl.concat([of_company, alone.select("lead_id", "company_id", "product_id", *seen)])
    numbers = ["score_micro", "active_days", "points_365", "points_730"]
    yes_or_no = ["owned", "open_deal", "lost_in_time", "touched", "asked", "active_90"]
    pairs = (
        pairs.join(sums.drop("last", "last_hand"), on=key, how="left")
        .join(said, on=key, how="left")
        .with_columns(
            col(numbers).fill_null(0), col(*yes_or_no, "marked", "parted").fill_null(False)
        )
        .with_columns(
            interest=when(
                ((col("score_micro") >= 30 * MILLION) & (col("active_days") >= 2)) | col("asked")
            )
            .then(3)
            .when(col("score_micro") >= 5 * MILLION)
            .then(2)
            .when("touched")
            .then(1)
            .otherwise(0),
            worth_it=(col("points_365") >= 10_000)
            | col("lost_in_time")
            | col("parted")
            | col("marked"),
        )
    )
    before = col("excluded") | col("open_deal") | col("owned") | (col("interest") == 3)
    return pairs.select(
        *key,
        "company_id",
        "touched",
        "score_micro",
        "active_days",
        "interest",
        "excluded",
        "high",
        "owned",
        rule=when("excluded")
        .then(lit("excluded"))
        .when("open_deal")
        .then(lit("in-opportunity"))
        .when("owned")
        .then(lit("customer"))
        .when(col("interest") == 3)
        .then(lit("high-interest"))
        .when(col("high") & col("worth_it"))
        .then(lit("priority-follow-up"))
        .when(col("interest") == 2)
        .then(lit("interested"))
        .when((col("points_730") >= 10_000) & ~col("active_90"))
        .then(lit("dormant"))
        .when(col("interest") == 1)
        .then(lit("aware"))
        .otherwise(lit("otherwise")),
        settled=before | ~col("worth_it") | col("surely_high") | col("surely_low"),
    )


# --- pursuits and stage -------------------------------------------------------------------------

SIGN = ("lead_id", "product_id", "at", "turn", "ref", "what", "day", "hand", "opens")
PURSUIT = ("lead_id", "product_id", "started", "ended", "said", "hand", "open_deal")
PAIR = ("lead_id", "product_id")


def pursuits_of(
    leads: pl.LazyFrame,
    activities: pl.LazyFrame,
    sums: pl.LazyFrame,
    events: pl.LazyFrame,
    deals: pl.LazyFrame,
    as_of: date,
) -> pl.LazyFrame:
    """The current pursuit of each lead for each product, and for the whole firm."""
    closed = col("closed").is_not_null()
    early = closed & (col("closed_at") < col("opened_at"))
    deals = deals.filter(col("person").is_not_null()).with_columns(lead_id="person")
    of_deals = pl.concat(
        [
            deals.select(
                *PAIR,
                at=when(early).then("closed_at").otherwise("opened_at"),
                turn=2,
                ref=col("id").cast(pl.String),
                what=lit("deal"),
                day=when(early).then("closed").otherwise("opened"),
                hand=False,
                opens=True,
            ),
            deals.filter(closed).select(
                *PAIR,
                at="closed_at",
                turn=3,
                ref=col("id").cast(pl.String),
                what="status",
                day="closed",
                hand=False,
                opens=True,
            ),
        ]
    )
    # Two words in one instant may be one and the same.
    words = events.select(*PAIR, "at", "day", what="kind").unique()
    of_events = words.select(
        *PAIR, "at", "what", "day", turn=1, ref=lit(""), hand=False, opens=True
    ).select(SIGN)
    logged = kept(pl.concat([of_deals.select("lead_id"), of_events.select("lead_id")]).unique())

    # Most leads have neither: the latest response tells everything about them.
    plain = sums.join(logged, on="lead_id", how="anti").filter(col("last").is_not_null())
    own = responded(plain.filter(col("product_id").is_not_null()), col("last"))
    running = own.filter(col("ended").is_null()).select("lead_id").unique()
    firm = plain.filter(col("product_id").is_null())
    hands = firm.join(running, on="lead_id", how="semi").filter(col("last_hand").is_not_null())
    found = [
        own,
        responded(firm.join(running, on="lead_id", how="anti"), col("last")),
        responded(hands, col("last_hand")),
    ]

    responses = activities.join(logged, on="lead_id", how="semi")
    responding = [kind for kind, points in POINTS.items() if points > 0]
    signs = kept(
        responses.filter(col("kind").is_in(responding)).select(
            *PAIR,
            "at",
            turn=0,
            ref=col("id").cast(pl.String),
            what=lit("responded"),
            day="day",
            hand=col("kind").is_in(HANDS),
            opens=True,
        )
    )
    signs = pl.concat([signs, of_events, of_deals])
    of_product = signs.filter(col("product_id").is_not_null())
    # What sales said of no product moves the pursuits that are open.
    general = of_events.filter(col("product_id").is_null()).drop("product_id")
    general = general.with_columns(opens=lit(False))
    general = of_product.select(PAIR).unique().join(general, on="lead_id").select(SIGN)
    own = kept(current([of_product, general], as_of))
    running = own.filter(col("ended").is_null()).select("lead_id").unique()
    of_firm = signs.filter(col("product_id").is_null())
    mere = (col("what") == "responded") & ~col("hand")
    of_firm = kept(
        pl.concat(
            [of_firm.filter(~mere), of_firm.filter(mere).join(running, on="lead_id", how="anti")]
        )
    )
    sold = of_deals.filter(col("product_id").is_not_null()).with_columns(
        product_id=lit(None, pl.String), opens=lit(False)
    )
    sold = sold.unique().join(of_firm, on="lead_id", how="semi")
    found += [own, current([of_firm, sold], as_of)]

    known = pl.concat([one.select("lead_id") for one in found])
    silent = leads.join(known, on="lead_id", how="anti")
    nothing = silent.select(
        "lead_id",
        product_id=lit(None, pl.String),
        started=False,
        ended=lit(None, pl.String),
        said=lit(None, pl.String),
        hand=False,
        open_deal=False,
    )
    return pl.concat([one.select(PURSUIT) for one in (*found, nothing)])


def responded(sums: pl.LazyFrame, last: pl.Expr) -> pl.LazyFrame:
    """Pursuits in which nothing but responses came."""
    quiet = last >= QUIET_DAYS
    return sums.select(
        *PAIR,
        started=True,
        ended=when(quiet).then(lit("quiet")),
        said=lit(None, pl.String),
        hand=~quiet & (col("last_hand") < HAND_DAYS).fill_null(False),
        open_deal=False,
    )


def current(signs: Sequence[pl.LazyFrame], as_of: date) -> pl.LazyFrame:
    """The current pursuit of each lead and product, from everything that moves it.

    A log is cut after each sign that ends a pursuit. Within a piece, what comes before the first
    sign that opens is nothing, and the last piece with something left is the current pursuit.
    """
    order = ["at", "turn", "ref", "what"]
    log = pl.concat([one.select(SIGN) for one in signs])
    log = log.sort(*PAIR, *order, "opens", descending=[False] * 6 + [True])
    # A word of one product and the same word of none are one.
    again = (col("turn") == 1) & (pl.struct(*PAIR, *order) == pl.struct(*PAIR, *order).shift(1))
    log = log.filter(~again.fill_null(False)).with_row_index("place", 1)
    end = col("what").is_in(["won", "lost"])
    log = log.with_columns(
        open_after=when(col("what") == "deal")
        .then(1)
        .when(end)
        .then(-1)
        .otherwise(0)
        .cum_sum()
        .over(PAIR),
        next_day=col("day").shift(-1).over(PAIR).fill_null(as_of),
    )
    gone = (col("next_day") - col("day")).dt.total_days() >= QUIET_DAYS
    log = log.with_columns(cut=(col("open_after") == 0) & (end | gone))
    log = log.with_columns(
        piece=col("cut").cast(pl.Int64).cum_sum().over(PAIR) - col("cut").cast(pl.Int64)
    )
    log = log.filter(col("opens").cum_max().over(*PAIR, "piece"))
    log = log.filter(col("piece") == col("piece").max().over(PAIR))
    # A deal won while another is open ends what led to it.
    past = when((col("what") == "won") & (col("open_after") > 0)).then("place")
    log = log.filter(
        (col("place") > past.max().over(PAIR).fill_null(0))
        | (col("place") == col("place").max().over(PAIR))
    ).with_columns(counts=col("place") > past.max().over(PAIR).fill_null(0))
    back = col("what").is_in(["recycled", "rejected"])
    said = col("counts") & col("what").is_in(
        ["accepted", "qualified", "disqualified", "recycled", "rejected"]
    )
    up = (
        col("counts")
        & col("hand")
        & (col("place") > when(back & col("counts")).then("place").max().over(PAIR).fill_null(0))
    )
    found = (
        log.with_columns(up=up)
        .group_by(PAIR)
        .agg(
            said=col("what").filter(said).last(),
            hand_day=col("day").filter("up").max(),
            what=col("what").last(),
            cut=col("cut").last(),
            open_after=col("open_after").last(),
        )
    )
    raised = (lit(as_of) - col("hand_day")).dt.total_days() < HAND_DAYS
    return found.select(
        *PAIR,
        "said",
        started=True,
        ended=when("cut").then(
            when(col("what").is_in(["won", "lost"])).then("what").otherwise(lit("quiet"))
        ),
        hand=~col("cut") & raised.fill_null(False),
        open_deal=~col("cut") & (col("open_after") > 0),
    )


def leads_of(leads: pl.LazyFrame, pursuits: pl.LazyFrame, pairs: pl.LazyFrame) -> pl.LazyFrame:
    """The stage that each pursuit warrants, and that of the one that has come furthest."""
    pursuits = pursuits.join(
        pairs.select(*PAIR, "excluded", "high", "interest"), on=PAIR, how="left"
    )
    ruled_out = pairs.filter("excluded").select("lead_id", out=True).unique()
    pursuits = pursuits.join(ruled_out, on="lead_id", how="left").with_columns(
        rule=when(col("said") == "disqualified")
        .then(lit("disqualified"))
        .when("out")
        .then(lit("not-a-target"))
        .when("open_deal")
        .then(lit("opportunity"))
        .when(col("ended").is_not_null())
        .then("ended")
        .when(col("said").is_in(["qualified", "accepted"]))
        .then("said")
        .when(col("said").is_in(["recycled", "rejected"]) & ~col("hand"))
        .then(lit("recycled"))
        .when(col("hand") | (col("high") & (col("interest") == 3)))
        .then(lit("mql"))
        .when("started")
        .then(lit("inquiry"))
        .otherwise(lit("otherwise"))
    )
    height = {
        rule: LADDER.index(stage) if stage in LADDER else -len(DETOURS) - DETOURS.index(stage)
        for rule, stage in STAGES.items()
    }
    place = col("rule").replace_strict(height, return_dtype=pl.Int64)
    # Open pursuits go before those that ended, and these before detours.
    rank = (
        when(~col("started"))
        .then(-100)
        .when(place < 0)
        .then(place)
        .when(col("ended").is_not_null())
        .then(place)
        .otherwise(place + 10)
    )
    first = col("product_id").replace_strict(
        {product: at for at, product in enumerate(PRODUCTS)}, default=len(PRODUCTS)
    )
    best = pursuits.with_columns(rank=rank, first=first)
    best = best.filter(col("rank") == col("rank").max().over("lead_id")).sort("first")
    best = best.group_by("lead_id").agg(
        col("rule").first(), for_products=col("product_id").drop_nulls().str.join(";")
    )
    owners = pairs.group_by("lead_id").agg(existing_customer=col("owned").any())
    return (
        leads.join(best, on="lead_id", how="left")
        .join(owners, on="lead_id", how="left")
        .select(
            "lead_id",
            "company_id",
            "rule",
            "existing_customer",
            "for_products",
            stage=col("rule").replace_strict(STAGES),
            because=col("rule").replace_strict(STAGE_REASONS),
            **{f"contact_{channel}": lit(None, pl.Boolean) for channel in CHANNELS},
        )
        .with_columns(**BY_NO_HISTORY)
    )
