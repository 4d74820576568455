"""The four answers for whole tables, in SQL written by hand for the starter's playbook.

This is `benchmarks.by_hand_polars` once more, as one would write it where the tables lie in a
database: a list of queries, each standing on those before it. It keeps the same contract, and knows
the same one playbook. Queries that several others stand on, and that cost something, are kept as
temporary tables; the others are views.

The text is the same for DuckDB and for Spark. Each way takes a session of its own, in which the
clock is that of Tokyo. Days are numbers, counted from 1970-01-01, because the two count the days
between dates by different names. Some words that only one of the two keeps for itself (`at`, `by`,
`end`) stand after the name of their table, where both take them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from benchmarks.by_hand_polars import (
    BOOK,
    PRODUCTS,
    SEGMENT_REASONS,
    SPACE_REASONS,
    STAGE_REASONS,
    STATE_REASONS,
    TIER_REASONS,
)

SOLD = ", ".join(f"'{product}'" for product in PRODUCTS)
ANSWERS = ("companies", "tiers", "leads", "engagement", "company_products", "rejects")


class Query(NamedTuple):
    """A query, and the name that others know it by."""

    name: str
    text: str
    keep: bool = False
    """Whether to work it out once, because several others stand on it."""


def in_duckdb(connection: Any, as_of: date) -> dict[str, Any]:
    """The answers as relations, from the tables of a DuckDB connection.

    Args:
        connection: Holds the tables; its clock is set to Tokyo, and the queries stay in it.
        as_of: The day.
    """
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    connection.execute("CREATE OR REPLACE TEMP MACRO unix_date(day) AS day - DATE '1970-01-01'")
    for query in queries(as_of):
        kind = "TABLE" if query.keep else "VIEW"
        connection.execute(f"CREATE OR REPLACE TEMP {kind} {query.name} AS {query.text}")
    return {name: connection.table(f"{name}_answer") for name in ANSWERS}


def in_spark(session: Any, as_of: date) -> dict[str, Any]:
    """The answers as DataFrames, from the temporary views of a Spark session.

    Args:
        session: Knows the tables; its clock is set to Tokyo, and the queries stay in it.
        as_of: The day.
    """
    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    # What Spark infers from filters is of no use here, takes long, and fails (4.3: "key not
    # found") on unions of what was kept.
    session.conf.set("spark.sql.constraintPropagation.enabled", "false")
    for query in queries(as_of):
        frame = session.sql(query.text)
        if query.keep:
            # A cached table would be planned anew for each query that stands on it.
            frame = frame.localCheckpoint()
        frame.createOrReplaceTempView(query.name)
    return {name: session.table(f"{name}_answer") for name in ANSWERS}


def queries(as_of: date) -> Iterator[Query]:
    """All queries, each after those that it stands on."""
    today = f"DATE '{as_of}'"
    yield Query("products", rows("product_id, place", list(zip(PRODUCTS, range(5), strict=True))))
    yield from of_companies()
    yield from of_leads()
    yield from of_activities(today)
    yield from of_sales_events(today)
    yield from of_deals(today)
    yield from of_contracts(today)
    yield from of_company_products(today)
    yield from of_sums()
    yield from of_standings()
    yield from of_signs(today)
    yield from of_stages()
    yield from of_answers(today)


def rows(columns: str, values: list[tuple[object, ...]]) -> str:
    listed = ", ".join(repr(row) for row in values)
    return f"SELECT * FROM (VALUES {listed}) AS given({columns})"


# --- what cannot be used ------------------------------------------------------------------------
#
# A fault says the column, the code and the reason, with strokes between them.


def once(table: str, key: str) -> Iterator[Query]:
    """The sound rows, each once; those that share a key but differ are conflicts."""
    yield Query(
        f"{table}_shared",
        f"SELECT {key} FROM {table}_sound GROUP BY {key} HAVING count(*) > 1",
        keep=True,
    )
    yield Query(
        f"{table}_several",
        f"""
        SELECT *, CASE WHEN count(*) OVER (PARTITION BY {key}) > 1
            THEN 'id|conflict|shares its id with a row that differs' END AS fault
        FROM (SELECT DISTINCT * FROM {table}_sound SEMI JOIN {table}_shared USING ({key})) AS again
        """,
    )
    yield Query(
        f"{table}_once",
        f"""
        SELECT *, CAST(NULL AS STRING) AS fault FROM {table}_sound
        ANTI JOIN {table}_shared USING ({key})
        UNION ALL
        SELECT * FROM {table}_several WHERE fault IS NULL
        """,
    )


REJECTS = """
SELECT 'companies' AS table, id, CAST(NULL AS STRING) AS lead_id, fault FROM companies_checked
UNION ALL SELECT 'companies', id, NULL, fault FROM companies_several
UNION ALL SELECT 'company_sets', company_id, NULL, fault FROM sets_checked
UNION ALL SELECT 'company_sets', company_id, NULL, fault FROM sets_placed
UNION ALL SELECT 'leads', id, NULL, fault FROM leads_checked
UNION ALL SELECT 'leads', id, NULL, fault FROM leads_several
UNION ALL SELECT 'activities', CAST(id AS STRING), lead_id, fault FROM activities_checked
UNION ALL SELECT 'activities', CAST(id AS STRING), lead_id, fault FROM activities_several
UNION ALL SELECT 'activities', CAST(id AS STRING), lead_id, fault FROM activities_placed
UNION ALL SELECT 'sales_events', lead_id, lead_id, fault FROM events_checked
UNION ALL SELECT 'sales_events', lead_id, lead_id, fault FROM events_placed
UNION ALL SELECT 'deals', CAST(id AS STRING), lead_id, fault FROM deals_checked
UNION ALL SELECT 'deals', CAST(id AS STRING), lead_id, fault FROM deals_several
UNION ALL SELECT 'deals', CAST(id AS STRING), lead_id, fault FROM deals_placed
UNION ALL SELECT 'contracts', company_id, NULL, fault FROM contracts_checked
UNION ALL SELECT 'contracts', company_id, NULL, fault FROM contracts_placed
"""

# --- companies and leads ------------------------------------------------------------------------


def of_companies() -> Iterator[Query]:
    yield Query(
        "companies_checked",
        """
        SELECT companies.*, CASE
            WHEN id IS NULL THEN 'id|missing|must not be blank'
            WHEN trim(id) = '' THEN 'id|blank|must not be blank'
            WHEN employees < 0 THEN 'employees|range|must be at least 0'
            WHEN annual_revenue >= 92233720368547758 OR annual_revenue <= -92233720368547758
            THEN 'annual_revenue|range|must fit in 64 bits'
            WHEN annual_revenue < 0 THEN 'annual_revenue|range|must be at least 0'
        END AS fault
        FROM companies
        """,
    )
    yield Query(
        "companies_sound",
        """
        SELECT
            id, industry, region, country, employees, annual_revenue,
            student, individual, public_body
        FROM companies_checked
        WHERE fault IS NULL
        """,
    )
    yield from once("companies", "id")
    yield Query(
        "sets_checked",
        """
        SELECT company_id, fact, s.value, CASE
            WHEN company_id IS NULL THEN 'company_id|missing|must not be blank'
            WHEN trim(company_id) = '' THEN 'company_id|blank|must not be blank'
            WHEN fact IS NULL THEN 'fact|missing|must not be blank'
            WHEN trim(fact) = '' THEN 'fact|blank|must not be blank'
            WHEN s.value IS NULL THEN 'value|missing|must not be blank'
            WHEN trim(s.value) = '' THEN 'value|blank|must not be blank'
        END AS fault
        FROM company_sets AS s
        """,
    )
    yield Query(
        "sets_placed",
        """
        SELECT s.company_id, fact, s.value, CASE
            WHEN c.id IS NULL
            THEN 'company_id|unknown-company|no such company ' || s.company_id
            WHEN fact = 'relationships' AND s.value NOT IN (
                'prospect', 'customer', 'partner', 'competitor', 'own_group', 'do_not_trade')
            THEN 'value|choice|must be one of '
                || 'prospect, customer, partner, competitor, own_group, do_not_trade'
        END AS fault
        FROM (
            SELECT DISTINCT company_id, fact, known.value
            FROM sets_checked AS known WHERE fault IS NULL
        ) AS s
        LEFT JOIN companies_once AS c ON c.id = s.company_id
        """,
    )
    yield Query(
        "companies_tied",
        """
        SELECT
            company_id,
            bool_or(fact = 'relationships' AND s.value = 'own_group') AS own_group,
            bool_or(fact = 'relationships' AND s.value = 'do_not_trade') AS do_not_trade,
            bool_or(fact = 'relationships' AND s.value = 'competitor') AS competitor,
            bool_or(fact = 'relationships' AND s.value = 'partner') AS partner,
            bool_or(fact = 'lists' AND s.value = 'target') AS target
        FROM sets_placed AS s
        WHERE fault IS NULL
        GROUP BY company_id
        """,
    )
    yield Query(
        "companies_sized",
        """
        SELECT
            id AS company_id,
            coalesce(own_group, FALSE) AS own_group,
            coalesce(do_not_trade, FALSE) AS do_not_trade,
            coalesce(competitor, FALSE) AS competitor,
            coalesce(partner, FALSE) AS partner,
            coalesce(target, FALSE) AS target,
            coalesce(student, FALSE) AS student,
            coalesce(individual, FALSE) AS individual,
            coalesce(public_body, FALSE) AS public_body,
            CASE
                WHEN employees >= 1000 OR annual_revenue >= 100000000000 THEN 0
                WHEN employees >= 300 OR annual_revenue >= 10000000000 THEN 1
                WHEN employees >= 50 OR annual_revenue >= 1000000000 THEN 2
                ELSE 3
            END AS band,
            employees IS NOT NULL AND annual_revenue IS NOT NULL AS known,
            concat_ws(
                ';',
                CASE WHEN employees IS NULL THEN 'company.employees' END,
                CASE WHEN annual_revenue IS NULL THEN 'company.annual_revenue' END
            ) AS missing
        FROM companies_once LEFT JOIN companies_tied ON company_id = id
        """,
    )
    yield Query(
        "companies_ruled",
        """
        SELECT
            company_id,
            band,
            missing,
            own_group OR do_not_trade OR competitor OR student AS excluded,
            CASE
                WHEN own_group THEN 'own_group'
                WHEN do_not_trade THEN 'do_not_trade'
                WHEN competitor THEN 'competitor'
                WHEN student THEN 'student'
                WHEN individual THEN 'individual'
                WHEN public_body THEN 'public_body'
                WHEN partner THEN 'partner'
                WHEN band = 0 THEN 'enterprise'
                WHEN band = 1 THEN 'mid_market'
                WHEN band = 2 THEN 'small'
                ELSE 'micro'
            END AS segment,
            known OR band = 0 OR own_group OR do_not_trade OR competitor OR student
                OR individual OR public_body OR partner AS settled,
            CASE
                WHEN own_group OR do_not_trade OR competitor OR student OR individual
                THEN 'not-a-target'
                WHEN target THEN 'target-list'
                WHEN band = 0 THEN 'enterprise'
                WHEN band = 1 THEN 'mid-market'
                WHEN band = 2 THEN 'small'
                ELSE 'otherwise'
            END AS tier_rule,
            known OR band = 0 OR own_group OR do_not_trade OR competitor OR student
                OR individual OR target AS tier_settled
        FROM companies_sized
        """,
    )
    # Whatever lies above the size that is reached may still be, and no rule tells Tier 4 apart.
    yield Query(
        "companies_tiered",
        """
        SELECT
            company_id,
            band,
            excluded,
            segment,
            settled,
            CASE WHEN segment = 'micro' THEN 'otherwise' ELSE segment END AS segment_rule,
            CASE
                WHEN settled THEN segment
                WHEN band = 1 THEN 'enterprise;mid_market'
                WHEN band = 2 THEN 'enterprise;mid_market;small'
                ELSE 'enterprise;mid_market;small;micro'
            END AS segment_possible,
            CASE WHEN settled THEN '' ELSE missing END AS segment_missing,
            CASE
                WHEN tier_rule IN ('target-list', 'enterprise') THEN 'tier_1'
                WHEN tier_rule = 'mid-market' THEN 'tier_2'
                WHEN tier_rule = 'small' THEN 'tier_3'
                ELSE 'tier_4'
            END AS tier,
            tier_rule,
            tier_settled,
            CASE WHEN tier_settled THEN '' ELSE missing END AS tier_missing
        FROM companies_ruled
        """,
    )
    # It is surely above Tier 2 where nothing lower is possible, and surely not where settled.
    yield Query(
        "companies_judged",
        """
        SELECT
            *,
            CASE
                WHEN tier_settled THEN tier
                WHEN band = 1 THEN 'tier_1;tier_2'
                WHEN band = 2 THEN 'tier_1;tier_2;tier_3'
                ELSE 'tier_4;tier_1;tier_2;tier_3'
            END AS tier_possible,
            tier IN ('tier_1', 'tier_2') AS high,
            tier IN ('tier_1', 'tier_2') AND (tier_settled OR band <= 1) AS surely_high,
            tier NOT IN ('tier_1', 'tier_2') AND tier_settled AS surely_low
        FROM companies_tiered
        """,
        keep=True,
    )


def of_leads() -> Iterator[Query]:
    """The leads; `company_id` is null where the company is not there."""
    yield Query(
        "leads_checked",
        """
        SELECT leads.*, CASE
            WHEN id IS NULL THEN 'id|missing|must not be blank'
            WHEN trim(id) = '' THEN 'id|blank|must not be blank'
            WHEN trim(company_id) = '' THEN 'company_id|blank|must not be blank'
        END AS fault
        FROM leads
        """,
    )
    yield Query(
        "leads_sound",
        "SELECT id, company_id, title, department, source FROM leads_checked WHERE fault IS NULL",
    )
    yield from once("leads", "id")
    yield Query(
        "leads_known",
        """
        SELECT l.id AS lead_id, c.company_id
        FROM leads_once AS l LEFT JOIN companies_judged AS c USING (company_id)
        """,
        keep=True,
    )


# --- what people did, and what sales said -------------------------------------------------------


def misplaced(table: str) -> str:
    """The fault of what names a lead (joined as `l`) or a product that is not there."""
    return f"""CASE
                WHEN l.lead_id IS NULL
                THEN 'lead_id|unknown-lead|no such lead ' || {table}.lead_id
                WHEN {table}.product_id NOT IN ({SOLD})
                THEN 'product_id|unknown-product|no such product ' || {table}.product_id
            END"""


def of_activities(today: str) -> Iterator[Query]:
    yield Query(
        "activities_checked",
        """
        SELECT id, lead_id, kind, a.at, product_id, CASE
            WHEN id IS NULL THEN 'id|missing|must not be blank'
            WHEN lead_id IS NULL THEN 'lead_id|missing|must not be blank'
            WHEN trim(lead_id) = '' THEN 'lead_id|blank|must not be blank'
            WHEN kind IS NULL THEN 'kind|missing|must not be blank'
            WHEN trim(kind) = '' THEN 'kind|blank|must not be blank'
            WHEN a.at IS NULL THEN 'at|missing|must not be blank'
            WHEN trim(product_id) = '' THEN 'product_id|blank|must not be blank'
        END AS fault
        FROM activities AS a
        """,
    )
    yield Query(
        "activities_sound",
        f"""
        SELECT id, lead_id, kind, a.at, product_id, unix_date(CAST(a.at AS DATE)) AS day
        FROM activities_checked AS a
        WHERE fault IS NULL AND CAST(a.at AS DATE) <= {today}
        """,
    )
    yield from once("activities", "lead_id, id")
    yield Query(
        "activities_placed",
        f"""
        SELECT
            a.id, a.lead_id, a.kind, a.at, a.product_id, a.day,
            unix_date({today}) - a.day AS age,
            {misplaced("a")} AS fault
        FROM activities_once AS a
        LEFT JOIN leads_known AS l ON l.lead_id = a.lead_id
        """,
        keep=True,
    )
    yield Query("activities_told", "SELECT * FROM activities_placed WHERE fault IS NULL")


def of_sales_events(today: str) -> Iterator[Query]:
    yield Query(
        "events_checked",
        """
        SELECT sales_events.*, CASE
            WHEN lead_id IS NULL THEN 'lead_id|missing|must not be blank'
            WHEN trim(lead_id) = '' THEN 'lead_id|blank|must not be blank'
            WHEN kind IS NULL THEN 'kind|missing|must not be blank'
            WHEN kind NOT IN (
                'accepted', 'rejected', 'qualified', 'disqualified', 'recycled', 'follow_up')
            THEN 'kind|choice|must be one of '
                || 'accepted, rejected, qualified, disqualified, recycled, follow_up'
            WHEN sales_events.at IS NULL THEN 'at|missing|must not be blank'
            WHEN trim(product_id) = '' THEN 'product_id|blank|must not be blank'
        END AS fault
        FROM sales_events
        """,
    )
    yield Query(
        "events_placed",
        f"""
        SELECT e.*, {misplaced("e")} AS fault
        FROM (
            SELECT DISTINCT
                lead_id, kind, c.at, product_id, c.by AS seller, reason,
                unix_date(CAST(c.at AS DATE)) AS day
            FROM events_checked AS c
            WHERE fault IS NULL AND CAST(c.at AS DATE) <= {today}
        ) AS e
        LEFT JOIN leads_known AS l ON l.lead_id = e.lead_id
        """,
        keep=True,
    )
    yield Query("events_told", "SELECT * FROM events_placed WHERE fault IS NULL")
    # What sales said last about each lead and product: the last word, and the last refusal.
    yield Query(
        "words_last",
        """
        SELECT
            lead_id,
            product_id,
            bool_or(place = 1 AND kind = 'follow_up') AS marked,
            bool_or(
                turned_down AND place_of_kind = 1 AND reason IN ('timing', 'budget')
            ) AS parted
        FROM (
            SELECT
                *,
                row_number() OVER (
                    PARTITION BY lead_id, product_id ORDER BY w.at DESC, kind DESC,
                    product DESC, coalesce(reason, '') DESC, coalesce(seller, '') DESC
                ) AS place,
                row_number() OVER (
                    PARTITION BY lead_id, product_id, turned_down ORDER BY w.at DESC, kind DESC,
                    product DESC, coalesce(reason, '') DESC, coalesce(seller, '') DESC
                ) AS place_of_kind
            FROM (
                SELECT
                    lead_id, p.product_id, e.at, kind, reason, seller,
                    coalesce(e.product_id, 'None') AS product,
                    kind IN ('recycled', 'rejected') AS turned_down
                FROM events_told AS e
                JOIN products AS p ON e.product_id IS NULL OR e.product_id = p.product_id
            ) AS w
        ) AS placed
        GROUP BY lead_id, product_id
        """,
    )


# --- what companies own and are buying ----------------------------------------------------------


def of_deals(today: str) -> Iterator[Query]:
    yield Query(
        "deals_checked",
        """
        SELECT deals.*, CASE
            WHEN id IS NULL THEN 'id|missing|must not be blank'
            WHEN company_id IS NULL THEN 'company_id|missing|must not be blank'
            WHEN trim(company_id) = '' THEN 'company_id|blank|must not be blank'
            WHEN opened_at IS NULL THEN 'opened_at|missing|must not be blank'
            WHEN status IS NULL THEN 'status|missing|must not be blank'
            WHEN status NOT IN ('open', 'won', 'lost')
            THEN 'status|choice|must be one of open, won, lost'
            WHEN trim(lead_id) = '' THEN 'lead_id|blank|must not be blank'
            WHEN trim(product_id) = '' THEN 'product_id|blank|must not be blank'
            WHEN status = 'open' AND closed_at IS NOT NULL
            THEN 'closed_at|contradiction|must be blank for an open deal'
            WHEN status <> 'open' AND closed_at IS NULL
            THEN 'closed_at|missing|is needed for a closed deal'
        END AS fault
        FROM deals
        """,
    )
    yield Query(
        "deals_sound",
        f"""
        SELECT id, company_id, opened_at, status, closed_at, lead_id, product_id, reason
        FROM deals_checked
        WHERE fault IS NULL AND CAST(opened_at AS DATE) <= {today}
        """,
    )
    yield from once("deals", "id")
    # One that closes after the day is open as of it.
    yield Query(
        "deals_placed",
        f"""
        SELECT
            d.id, d.company_id, d.lead_id, d.product_id, d.status, d.reason,
            d.opened_at, d.closed_at,
            c.company_id AS company,
            l.lead_id AS person,
            unix_date(CAST(d.opened_at AS DATE)) AS opened,
            CASE WHEN CAST(d.closed_at AS DATE) <= {today}
                THEN unix_date(CAST(d.closed_at AS DATE)) END AS closed,
            CASE
                WHEN c.company_id IS NULL AND l.lead_id IS NULL
                THEN 'company_id|unknown-company|no such company ' || d.company_id
                WHEN d.product_id NOT IN ({SOLD})
                THEN 'product_id|unknown-product|no such product ' || d.product_id
            END AS fault
        FROM deals_once AS d
        LEFT JOIN companies_judged AS c ON c.company_id = d.company_id
        LEFT JOIN leads_known AS l ON l.lead_id = d.lead_id
        """,
        keep=True,
    )
    yield Query("deals_told", "SELECT * FROM deals_placed WHERE fault IS NULL")


def of_contracts(today: str) -> Iterator[Query]:
    yield Query(
        "contracts_checked",
        """
        SELECT c.company_id, c.product_id, c.start, c.end AS until, CASE
            WHEN company_id IS NULL THEN 'company_id|missing|must not be blank'
            WHEN trim(company_id) = '' THEN 'company_id|blank|must not be blank'
            WHEN product_id IS NULL THEN 'product_id|missing|must not be blank'
            WHEN trim(product_id) = '' THEN 'product_id|blank|must not be blank'
            WHEN c.start IS NULL THEN 'start|missing|must not be blank'
            WHEN c.end < c.start THEN 'end|order|must not be before start'
        END AS fault
        FROM contracts AS c
        """,
    )
    yield Query(
        "contracts_placed",
        f"""
        SELECT k.company_id, k.product_id, k.until, CASE
            WHEN c.company_id IS NULL
            THEN 'company_id|unknown-company|no such company ' || k.company_id
            WHEN k.product_id NOT IN ({SOLD})
            THEN 'product_id|unknown-product|no such product ' || k.product_id
        END AS fault
        FROM (
            SELECT DISTINCT company_id, product_id, s.start, until
            FROM contracts_checked AS s WHERE fault IS NULL AND s.start <= {today}
        ) AS k
        LEFT JOIN companies_judged AS c ON c.company_id = k.company_id
        """,
    )


def dealt(owner: str) -> str:
    """What each company or person is buying, won last, and lost for want of time or budget."""
    return f"""
        SELECT
            {owner},
            product_id,
            bool_or(closed IS NULL) AS open_deal,
            max(CASE WHEN status = 'won' THEN closed END) AS won,
            bool_or(
                status = 'lost' AND closed = last_lost AND reason IN ('timing', 'budget')
            ) AS lost_in_time
        FROM (
            SELECT *, max(CASE WHEN status = 'lost' THEN closed END)
                OVER (PARTITION BY {owner}, product_id) AS last_lost
            FROM deals_told
            WHERE {owner} IS NOT NULL AND product_id IS NOT NULL
        ) AS d
        GROUP BY {owner}, product_id
        """


def of_company_products(today: str) -> Iterator[Query]:
    yield Query("deals_of_companies", dealt("company"))
    yield Query("deals_of_people", dealt("person"))
    yield Query(
        "contracts_of_companies",
        f"""
        SELECT
            company_id,
            product_id,
            bool_or(until IS NULL OR until >= {today}) AS running,
            max(CASE WHEN until < {today} THEN unix_date(until) END) AS lapsed
        FROM contracts_placed
        WHERE fault IS NULL
        GROUP BY company_id, product_id
        """,
    )
    yield Query(
        "companies_with_products",
        """
        SELECT
            c.*,
            p.product_id,
            coalesce(running, FALSE)
                OR (won IS NOT NULL AND (lapsed IS NULL OR lapsed < won)) AS owned,
            coalesce(open_deal, FALSE) AS open_deal,
            coalesce(lost_in_time, FALSE) AS lost_in_time
        FROM companies_judged AS c
        CROSS JOIN products AS p
        LEFT JOIN contracts_of_companies AS k
            ON k.company_id = c.company_id AND k.product_id = p.product_id
        LEFT JOIN deals_of_companies AS d
            ON d.company = c.company_id AND d.product_id = p.product_id
        """,
        keep=True,
    )


# --- engagement ---------------------------------------------------------------------------------


def of_sums() -> Iterator[Query]:
    """What activities add up to; those of no product count for all with a quarter."""
    yield Query(
        "kinds",
        """
        SELECT * FROM (VALUES
            ('inquiry', 30, TRUE),
            ('quotation_request', 30, TRUE),
            ('demo_request', 30, TRUE),
            ('webinar_attended', 15, FALSE),
            ('seminar_attended', 15, FALSE),
            ('pricing_page', 10, FALSE),
            ('asset_downloaded', 8, FALSE),
            ('business_card', 5, FALSE),
            ('email_click', 3, FALSE),
            ('page_view', 1, FALSE),
            ('careers_page', -20, FALSE)
        ) AS known(kind, points, hand)
        """,
    )
    # After 120 days 62.5 of 1,000 are left. The half goes to the even number, which is below.
    yield Query(
        "activities_valued",
        """
        SELECT
            lead_id,
            product_id,
            kind,
            age,
            coalesce(points, 0) AS points,
            coalesce(hand, FALSE) AS hand,
            CAST(ceil(1000 * power(2, -age / 30e0) - 0.5) AS BIGINT) AS share
        FROM activities_told LEFT JOIN kinds USING (kind)
        """,
    )
    yield Query(
        "activities_spread",
        """
        SELECT *, points * 1000 AS milli, points * 1000 * share AS micro, TRUE AS own
        FROM activities_valued WHERE product_id IS NOT NULL
        UNION ALL
        SELECT
            lead_id, p.product_id, kind, age, points, hand, share,
            points * 250, points * 250 * share, FALSE
        FROM activities_valued AS a CROSS JOIN products AS p WHERE a.product_id IS NULL
        """,
    )
    yield Query(
        "sums",
        """
        SELECT
            lead_id,
            product_id,
            bool_or(own) AS touched,
            CAST(
                sum(CASE WHEN kind = 'page_view' THEN 0 ELSE micro END)
                + least(sum(CASE WHEN kind = 'page_view' THEN micro ELSE 0 END), 10000000)
                AS BIGINT
            ) AS score_micro,
            count(DISTINCT CASE WHEN micro > 0 THEN age END) AS active_days,
            bool_or(own AND hand AND age < 30) AS asked,
            sum(CASE WHEN age < 365 THEN milli ELSE 0 END) AS points_365,
            sum(CASE WHEN age < 730 THEN milli ELSE 0 END) AS points_730,
            bool_or(points > 0 AND age < 90) AS active_90,
            min(CASE WHEN own AND points > 0 THEN age END) AS last_age,
            min(CASE WHEN own AND hand THEN age END) AS last_hand
        FROM activities_spread
        GROUP BY lead_id, product_id
        """,
        keep=True,
    )
    yield Query(
        "sums_of_firm",
        """
        SELECT
            lead_id,
            product_id,
            min(CASE WHEN points > 0 THEN age END) AS last_age,
            min(CASE WHEN hand THEN age END) AS last_hand
        FROM activities_valued
        WHERE product_id IS NULL
        GROUP BY lead_id, product_id
        """,
    )


def of_standings() -> Iterator[Query]:
    """Where each lead stands with each product."""
    # Of a company that nobody knows everything is possible.
    yield Query(
        "pairs_known",
        """
        SELECT
            l.lead_id,
            l.company_id,
            p.product_id,
            coalesce(c.owned, d.won IS NOT NULL) AS owned,
            coalesce(c.open_deal, d.open_deal, FALSE) AS open_deal,
            coalesce(c.excluded, FALSE) AS excluded,
            coalesce(c.high, FALSE) AS high,
            coalesce(c.surely_high OR c.surely_low, FALSE) AS sure,
            coalesce(touched, FALSE) AS touched,
            coalesce(score_micro, 0) AS score_micro,
            coalesce(active_days, 0) AS active_days,
            coalesce(points_730, 0) AS points_730,
            coalesce(active_90, FALSE) AS active_90,
            CASE
                WHEN (score_micro >= 30000000 AND active_days >= 2) OR asked THEN 3
                WHEN score_micro >= 5000000 THEN 2
                WHEN touched THEN 1
                ELSE 0
            END AS interest,
            coalesce(points_365 >= 10000, FALSE)
                OR coalesce(c.lost_in_time, d.lost_in_time, FALSE)
                OR coalesce(w.parted, FALSE)
                OR coalesce(w.marked, FALSE) AS worth_it
        FROM leads_known AS l
        CROSS JOIN products AS p
        LEFT JOIN companies_with_products AS c
            ON c.company_id = l.company_id AND c.product_id = p.product_id
        LEFT JOIN deals_of_people AS d
            ON d.person = l.lead_id AND d.product_id = p.product_id AND l.company_id IS NULL
        LEFT JOIN sums AS s ON s.lead_id = l.lead_id AND s.product_id = p.product_id
        LEFT JOIN words_last AS w ON w.lead_id = l.lead_id AND w.product_id = p.product_id
        """,
    )
    yield Query(
        "pairs",
        """
        SELECT
            lead_id, company_id, product_id, owned, excluded, high, touched,
            score_micro, active_days, interest,
            CASE
                WHEN excluded THEN 'excluded'
                WHEN open_deal THEN 'in-opportunity'
                WHEN owned THEN 'customer'
                WHEN interest = 3 THEN 'high-interest'
                WHEN high AND worth_it THEN 'priority-follow-up'
                WHEN interest = 2 THEN 'interested'
                WHEN points_730 >= 10000 AND NOT active_90 THEN 'dormant'
                WHEN interest = 1 THEN 'aware'
                ELSE 'otherwise'
            END AS rule,
            excluded OR open_deal OR owned OR interest = 3 OR NOT worth_it OR sure AS settled
        FROM pairs_known
        """,
        keep=True,
    )


# --- pursuits and stage -------------------------------------------------------------------------


def of_signs(today: str) -> Iterator[Query]:
    """The current pursuit of each lead for each product, and for the whole firm."""
    yield Query(
        "signs_of_deals",
        """
        SELECT
            person AS lead_id,
            product_id,
            CASE WHEN closed IS NOT NULL AND closed_at < opened_at
                THEN closed_at ELSE opened_at END AS instant,
            2 AS turn,
            CAST(id AS STRING) AS ref,
            'deal' AS what,
            CASE WHEN closed IS NOT NULL AND closed_at < opened_at
                THEN closed ELSE opened END AS day,
            FALSE AS hand,
            TRUE AS opens
        FROM deals_told WHERE person IS NOT NULL
        UNION ALL
        SELECT
            person, product_id, closed_at, 3, CAST(id AS STRING), status, closed, FALSE, TRUE
        FROM deals_told WHERE person IS NOT NULL AND closed IS NOT NULL
        """,
    )
    # Two words in one instant may be one and the same.
    yield Query(
        "signs_of_events",
        """
        SELECT DISTINCT
            lead_id, product_id, e.at AS instant, 1 AS turn, '' AS ref, kind AS what, day,
            FALSE AS hand, TRUE AS opens
        FROM events_told AS e
        """,
    )
    yield Query(
        "leads_logged",
        """
        SELECT lead_id FROM signs_of_deals UNION SELECT lead_id FROM signs_of_events
        """,
        keep=True,
    )
    yield from of_responses()
    yield Query(
        "signs_of_responses",
        """
        SELECT
            lead_id, product_id, a.at AS instant, 0 AS turn, CAST(id AS STRING) AS ref,
            'responded' AS what, day, hand, TRUE AS opens
        FROM activities_told AS a
        JOIN kinds USING (kind)
        SEMI JOIN leads_logged USING (lead_id)
        WHERE points > 0
        """,
        keep=True,
    )
    yield Query(
        "signs",
        """
        SELECT * FROM signs_of_responses
        UNION ALL SELECT * FROM signs_of_events
        UNION ALL SELECT * FROM signs_of_deals
        """,
    )
    # What sales said of no product moves the pursuits that are open, unless it said it of the
    # product in the same instant.
    yield Query(
        "words_of_products",
        """
        SELECT
            lead_id, product_id, instant, turn, ref, what, day,
            FALSE AS hand, bool_or(opens) AS opens
        FROM (
            SELECT * FROM signs_of_events WHERE product_id IS NOT NULL
            UNION ALL
            SELECT
                lead_id, pursued.product_id, instant, turn, ref, what, day, hand, FALSE
            FROM signs_of_events AS e
            JOIN (
                SELECT DISTINCT lead_id, product_id FROM signs WHERE product_id IS NOT NULL
            ) AS pursued USING (lead_id)
            WHERE e.product_id IS NULL
        ) AS said
        GROUP BY lead_id, product_id, instant, turn, ref, what, day
        """,
    )
    yield Query(
        "signs_of_products",
        """
        SELECT * FROM signs_of_responses WHERE product_id IS NOT NULL
        UNION ALL SELECT * FROM signs_of_deals WHERE product_id IS NOT NULL
        UNION ALL SELECT * FROM words_of_products
        """,
    )
    yield from current("products", today)
    # While a product is being pursued, a mere response to the whole firm opens nothing.
    yield Query(
        "signs_to_firm",
        """
        SELECT s.* FROM signs AS s
        LEFT JOIN (
            SELECT DISTINCT lead_id FROM pursuits_of_products WHERE ended IS NULL
        ) AS running USING (lead_id)
        WHERE product_id IS NULL
            AND (what <> 'responded' OR hand OR running.lead_id IS NULL)
        """,
        keep=True,
    )
    yield Query(
        "signs_of_firm",
        """
        SELECT * FROM signs_to_firm
        UNION ALL
        SELECT lead_id, CAST(NULL AS STRING), instant, turn, ref, what, day, hand, FALSE
        FROM signs_of_deals SEMI JOIN signs_to_firm USING (lead_id)
        WHERE product_id IS NOT NULL
        """,
    )
    yield from current("firm", today)
    yield Query(
        "pursuits_found",
        """
        SELECT * FROM responded_to_products
        UNION ALL SELECT * FROM responded_to_firm
        UNION ALL SELECT * FROM pursuits_of_products
        UNION ALL SELECT * FROM pursuits_of_firm
        """,
        keep=True,
    )
    yield Query(
        "pursuits",
        """
        SELECT * FROM pursuits_found
        UNION ALL
        SELECT lead_id, NULL, FALSE, NULL, NULL, FALSE, FALSE
        FROM leads_known ANTI JOIN pursuits_found USING (lead_id)
        """,
    )


def of_responses() -> Iterator[Query]:
    """Most leads have no log: the latest response tells everything about them."""
    yield Query(
        "responded_to_products",
        """
        SELECT
            lead_id,
            product_id,
            TRUE AS started,
            CASE WHEN last_age >= 180 THEN 'quiet' END AS ended,
            CAST(NULL AS STRING) AS said,
            last_age < 180 AND coalesce(last_hand < 90, FALSE) AS hand,
            FALSE AS open_deal
        FROM sums ANTI JOIN leads_logged USING (lead_id)
        WHERE last_age IS NOT NULL
        """,
    )
    yield Query(
        "responded_to_firm",
        """
        SELECT
            lead_id,
            product_id,
            TRUE AS started,
            CASE WHEN last_age >= 180 THEN 'quiet' END AS ended,
            CAST(NULL AS STRING) AS said,
            last_age < 180 AND coalesce(last_hand < 90, FALSE) AS hand,
            FALSE AS open_deal
        FROM (
            SELECT
                s.lead_id, s.product_id, last_hand,
                CASE WHEN running.lead_id IS NULL THEN last_age ELSE last_hand END AS last_age
            FROM sums_of_firm AS s
            LEFT JOIN (
                SELECT DISTINCT lead_id FROM responded_to_products WHERE ended IS NULL
            ) AS running ON running.lead_id = s.lead_id
            WHERE last_age IS NOT NULL
        ) AS heard
        ANTI JOIN leads_logged USING (lead_id)
        WHERE last_age IS NOT NULL
        """,
    )


def current(of: str, today: str) -> Iterator[Query]:
    """The current pursuit of each lead and product, from everything that moves it.

    A log is cut after each sign that ends a pursuit. Within a piece, what comes before the first
    sign that opens is nothing, and the last piece with something left is the current pursuit.
    """
    order = "PARTITION BY lead_id, product_id ORDER BY instant, turn, ref, what"
    so_far = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    yield Query(
        f"log_of_{of}",
        f"""
        SELECT
            *,
            row_number() OVER ({order}) AS place,
            lead(day) OVER ({order}) AS next_day,
            sum(CASE WHEN what = 'deal' THEN 1 WHEN what IN ('won', 'lost') THEN -1 ELSE 0 END)
                OVER ({order} {so_far}) AS open_after
        FROM signs_of_{of}
        """,
    )
    yield Query(
        f"log_with_cuts_of_{of}",
        f"""
        SELECT
            *,
            CASE
                WHEN open_after = 0 AND (
                    what IN ('won', 'lost')
                    OR coalesce(next_day, unix_date({today})) - day >= 180
                ) THEN 1
                ELSE 0
            END AS cut
        FROM log_of_{of}
        """,
    )
    yield Query(
        f"log_in_pieces_of_{of}",
        f"""
        SELECT *, sum(cut) OVER ({order} {so_far}) - cut AS piece FROM log_with_cuts_of_{of}
        """,
    )
    yield Query(
        f"log_opened_of_{of}",
        f"""
        SELECT *, max(CASE WHEN opens THEN 1 ELSE 0 END) OVER (
            PARTITION BY lead_id, product_id, piece ORDER BY instant, turn, ref, what {so_far}
        ) AS opened
        FROM log_in_pieces_of_{of}
        """,
    )
    yield Query(
        f"log_running_of_{of}",
        f"""
        SELECT * FROM (
            SELECT *, max(piece) OVER (PARTITION BY lead_id, product_id) AS last_piece
            FROM log_opened_of_{of}
            WHERE opened = 1
        ) AS pieces
        WHERE piece = last_piece
        """,
    )
    # A deal won while another is open ends what led to it.
    yield Query(
        f"log_counted_of_{of}",
        f"""
        SELECT *, place > coalesce(
            max(CASE WHEN what = 'won' AND open_after > 0 THEN place END)
                OVER (PARTITION BY lead_id, product_id), 0
        ) AS counts
        FROM log_running_of_{of}
        """,
    )
    yield Query(
        f"log_with_hands_of_{of}",
        f"""
        SELECT *, counts AND hand AND place > coalesce(
            max(CASE WHEN counts AND what IN ('recycled', 'rejected') THEN place END)
                OVER (PARTITION BY lead_id, product_id), 0
        ) AS up
        FROM log_counted_of_{of}
        """,
    )
    yield Query(
        f"log_ends_of_{of}",
        f"""
        SELECT
            lead_id,
            product_id,
            max_by(what, place) AS last_what,
            max_by(cut, place) AS last_cut,
            max_by(open_after, place) AS last_open,
            max_by(what, place) FILTER (WHERE counts AND what IN (
                'accepted', 'qualified', 'disqualified', 'recycled', 'rejected')) AS said,
            max(CASE WHEN up THEN day END) AS hand_day
        FROM log_with_hands_of_{of}
        GROUP BY lead_id, product_id
        """,
    )
    yield Query(
        f"pursuits_of_{of}",
        f"""
        SELECT
            lead_id,
            product_id,
            TRUE AS started,
            CASE
                WHEN last_cut = 0 THEN NULL
                WHEN last_what IN ('won', 'lost') THEN last_what
                ELSE 'quiet'
            END AS ended,
            said,
            last_cut = 0 AND coalesce(unix_date({today}) - hand_day < 90, FALSE) AS hand,
            last_cut = 0 AND last_open > 0 AS open_deal
        FROM log_ends_of_{of}
        """,
        keep=of == "products",
    )


def of_stages() -> Iterator[Query]:
    """The stage that each pursuit warrants, and that of the one that has come furthest."""
    yield Query(
        "stages",
        """
        SELECT * FROM (VALUES
            ('disqualified', 'disqualified', -5),
            ('not-a-target', 'disqualified', -5),
            ('opportunity', 'opportunity', 5),
            ('won', 'customer', 6),
            ('lost', 'lost', -6),
            ('quiet', 'dormant', -7),
            ('qualified', 'sql', 4),
            ('accepted', 'sal', 3),
            ('recycled', 'recycled', -4),
            ('mql', 'mql', 2),
            ('inquiry', 'inquiry', 1),
            ('otherwise', 'known', 0)
        ) AS known(rule, stage, height)
        """,
    )
    yield Query(
        "leads_of_firm",
        """
        SELECT lead_id, bool_or(owned) AS existing_customer, bool_or(excluded) AS ruled_out
        FROM pairs GROUP BY lead_id
        """,
        keep=True,
    )
    yield Query(
        "pursuits_ruled",
        """
        SELECT
            p.lead_id,
            p.product_id,
            started,
            ended,
            CASE
                WHEN said = 'disqualified' THEN 'disqualified'
                WHEN ruled_out THEN 'not-a-target'
                WHEN open_deal THEN 'opportunity'
                WHEN ended IS NOT NULL THEN ended
                WHEN said IN ('qualified', 'accepted') THEN said
                WHEN said IN ('recycled', 'rejected') AND NOT hand THEN 'recycled'
                WHEN hand OR (high AND interest = 3) THEN 'mql'
                WHEN started THEN 'inquiry'
                ELSE 'otherwise'
            END AS rule
        FROM pursuits AS p
        JOIN leads_of_firm AS f ON f.lead_id = p.lead_id
        LEFT JOIN pairs AS s ON s.lead_id = p.lead_id AND s.product_id = p.product_id
        """,
    )
    # Open pursuits go before those that ended, and these before detours.
    yield Query(
        "pursuits_ranked",
        """
        SELECT
            lead_id,
            r.product_id,
            coalesce(place, 5) AS place,
            r.rule,
            CASE
                WHEN NOT started THEN -100
                WHEN height < 0 OR ended IS NOT NULL THEN height
                ELSE height + 10
            END AS height
        FROM pursuits_ruled AS r
        JOIN stages AS s ON s.rule = r.rule
        LEFT JOIN products AS p ON p.product_id = r.product_id
        """,
    )
    names = ", ".join(f"max(CASE WHEN place = {n} THEN product_id END)" for n in range(5))
    yield Query(
        "leads_staged",
        f"""
        SELECT lead_id, min_by(rule, place) AS rule, concat_ws(';', {names}) AS for_products
        FROM (
            SELECT *, max(height) OVER (PARTITION BY lead_id) AS highest FROM pursuits_ranked
        ) AS ranked
        WHERE height = highest
        GROUP BY lead_id
        """,
    )


# --- the answers --------------------------------------------------------------------------------

REASONS: Mapping[str, Mapping[str, str]] = {
    "segment_reasons": SEGMENT_REASONS,
    "tier_reasons": TIER_REASONS,
    "state_reasons": STATE_REASONS,
    "stage_reasons": STAGE_REASONS,
    "space_reasons": SPACE_REASONS,
}


def of_answers(today: str) -> Iterator[Query]:
    for name, reasons in REASONS.items():
        yield Query(name, rows("rule, because", list(reasons.items())))
    # The version stands for the numbers of the playbook, which stand in the queries here.
    nothing = "CAST(NULL AS STRING) AS instead_of"
    stamp = f"{today} AS as_of, '{BOOK.version}' AS playbook_version"
    yield Query(
        "companies_answer",
        f"""
        SELECT
            company_id, segment, settled, segment_possible AS possible,
            segment_missing AS missing, segment_rule AS rule, because, {nothing},
            {stamp}
        FROM companies_judged JOIN segment_reasons ON rule = segment_rule
        """,
    )
    yield Query(
        "tiers_answer",
        f"""
        SELECT
            company_id, product_id, tier, tier_settled AS settled, tier_possible AS possible,
            tier_missing AS missing, tier_rule AS rule, because, owned,
            {nothing}, CAST(NULL AS STRING) AS proposed, '' AS undated, {stamp}
        FROM companies_with_products JOIN tier_reasons ON rule = tier_rule
        """,
    )
    yield Query(
        "leads_answer",
        f"""
        SELECT
            lead_id, company_id, stage, for_products, existing_customer, rule, because,
            CAST(NULL AS DATE) AS entered_on, stage AS warranted, rule AS warranted_rule,
            for_products AS warranted_for_products,
            CAST(NULL AS BOOLEAN) AS contact_email,
            CAST(NULL AS BOOLEAN) AS contact_phone,
            CAST(NULL AS BOOLEAN) AS contact_post,
            CAST(NULL AS BOOLEAN) AS contact_visit,
            CAST(NULL AS BOOLEAN) AS contact_web,
            {stamp}
        FROM leads_known
        JOIN leads_staged USING (lead_id)
        JOIN leads_of_firm USING (lead_id)
        JOIN stages USING (rule)
        JOIN stage_reasons USING (rule)
        """,
    )
    yield Query(
        "engagement_answer",
        f"""
        SELECT
            lead_id, company_id, product_id,
            CASE
                WHEN rule = 'in-opportunity' THEN 'in_opportunity'
                WHEN rule = 'high-interest' THEN 'high_interest'
                WHEN rule = 'priority-follow-up' THEN 'priority_follow_up'
                WHEN rule = 'otherwise' THEN 'none'
                ELSE rule
            END AS state,
            CASE interest
                WHEN 3 THEN 'high_interest' WHEN 2 THEN 'interested' WHEN 1 THEN 'aware'
                ELSE 'none'
            END AS interest,
            score_micro, active_days, rule, because, {nothing}, {stamp}
        FROM pairs JOIN state_reasons USING (rule)
        WHERE rule <> 'otherwise' OR NOT settled
        """,
    )
    yield Query(
        "company_products_answer",
        f"""
        SELECT
            company_id, product_id, tier, position, TRUE AS settled, position AS possible,
            '' AS missing, rule, because,
            coalesce(people, 0) AS people,
            CASE coalesce(interest, 0)
                WHEN 3 THEN 'high_interest' WHEN 2 THEN 'interested' WHEN 1 THEN 'aware'
                ELSE 'none'
            END AS best_interest,
            CAST(NULL AS STRING) AS offer,
            CAST(NULL AS BOOLEAN) AS offer_settled,
            CAST(NULL AS STRING) AS offer_possible,
            CAST(NULL AS STRING) AS offer_rule,
            CAST(NULL AS STRING) AS offer_because,
            CAST(NULL AS BIGINT) AS rank,
            {stamp}
        FROM (
            SELECT
                *,
                CASE
                    WHEN owned THEN 'owned' WHEN open_deal THEN 'in_pipeline'
                    WHEN excluded THEN 'not_eligible' ELSE 'untapped'
                END AS position,
                CASE
                    WHEN owned THEN 'owned' WHEN open_deal THEN 'in-pipeline'
                    WHEN excluded THEN 'excluded' ELSE 'otherwise'
                END AS rule
            FROM companies_with_products
        ) AS placed
        JOIN space_reasons USING (rule)
        LEFT JOIN (
            SELECT
                company_id, product_id, max(interest) AS interest,
                count(CASE WHEN touched THEN 1 END) AS people
            FROM pairs
            WHERE company_id IS NOT NULL
            GROUP BY company_id, product_id
        ) AS involved USING (company_id, product_id)
        """,
    )
    yield Query(
        "rejects_answer",
        f"""
        SELECT
            r.table, id, lead_id,
            split_part(fault, '|', 1) AS column,
            split_part(fault, '|', 2) AS code,
            split_part(fault, '|', 3) AS reason,
            {stamp}
        FROM ({REJECTS}) AS r
        WHERE fault IS NOT NULL
        """,
    )
