"""What a good analyst would write in Polars to find the companies of leads, by the same keys.

Each different host, name, number and prefecture is read once, by the same functions; then come a
join by the number, one by the domain and one by name and prefecture. A domain counts for nobody
where the family may share it, and is weighed against the name; a name is weighed against the legal
form, the mail and those who have it, too. Who is meant by several companies is told apart by the
evidence that is left, or stays open. It knows one policy (the usual one) and parents that are one
step above, takes the columns for granted, and tells neither who disagrees nor what else could be
meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from mpfunnel.identity import IdentityPolicy, company_name, corporate_number, domain, read_mail
from mpfunnel.identity.names import JAPANESE_FORMS, region_key

NUMBER, DOMAIN, NAME = "corporate_number", "domain", "name_region"


def assign(tables: Mapping[str, pl.DataFrame], policy: IdentityPolicy) -> pl.DataFrame:
    """Return id, company_id and evidence of each lead, blank where none is found."""
    firms = tables["companies"].with_row_index("firm")
    firms = firms.with_columns(
        number=read(firms["corporate_number"], number_of),
        **name_region(firms, "name"),
    )
    leads = tables["leads"].with_row_index("lead")
    host = leads["email"].str.normalize("NFKC").str.strip_chars().str.to_lowercase()
    leads = leads.select(
        "lead",
        "id",
        "company_id",
        number=read(leads["corporate_number"], number_of),
        host=host.str.extract(r".@([^@]+)$"),
        **name_region(leads, "company_name"),
    )
    open_ = leads.filter(pl.col("company_id").is_null())

    by_domain = stated(tables["company_sets"], firms)
    ways = hosts(open_["host"], by_domain, policy)
    shared = with_families(by_domain, firms)
    found = {
        NUMBER: open_.join(firms.select("number", "firm").drop_nulls(), on="number"),
        DOMAIN: open_.join(nearest(ways), on="host").join(shared, on="step"),
        NAME: open_.join(firms.select("name", "where", "firm").drop_nulls(), on=["name", "where"]),
    }
    # Another number is another firm.
    there = firms.select(
        "firm", firm_number="number", firm_name="name", firm_form="form", firm_where="where"
    )
    for evidence in (DOMAIN, NAME):
        hits = found[evidence].join(there, on="firm")
        differs = (pl.col("number") != pl.col("firm_number")).fill_null(False)
        found[evidence] = hits.filter(~differs)
    found[DOMAIN] = by_name(found[DOMAIN], firms, by_domain)
    found[NAME] = by_form_and_mail(found[NAME], ways, by_domain, firms)
    told = decided([(evidence, hits.select("lead", "firm")) for evidence, hits in found.items()])
    told = told.join(firms.select("firm", found="id"), on="firm", how="left")
    leads = leads.join(told, on="lead", how="left", maintain_order="left")
    linked = pl.col("company_id").is_not_null()
    return leads.select(
        "id",
        company_id=pl.coalesce("company_id", "found"),
        evidence=pl.when(linked).then(pl.lit("link")).otherwise("evidence"),
    )


def decided(found: list[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Return lead, firm and evidence, where one firm is left in the end."""
    done: list[pl.DataFrame] = []
    several = pl.DataFrame(schema={"lead": pl.UInt32, "firm": pl.UInt32})
    settled = several.select("lead")
    for evidence, hits in found:
        fresh = hits.join(settled, on="lead", how="anti")
        narrowed = fresh.join(several, on=["lead", "firm"], how="semi")
        new = fresh.join(several, on="lead", how="anti")
        open_ = pl.concat([narrowed, new]).unique()
        open_ = open_.with_columns(times=pl.len().over("lead"))
        one = open_.filter(pl.col("times") == 1).drop("times")
        done.append(one.with_columns(evidence=pl.lit(evidence)))
        settled = pl.concat([settled, one.select("lead")])
        more = open_.filter(pl.col("times") > 1).drop("times")
        several = pl.concat(
            [several.join(one, on="lead", how="anti").join(more, on="lead", how="anti"), more]
        )
    return pl.concat(done)


# -- keys --


def read(values: pl.Series, function: Callable[[str], Any]) -> pl.Series:
    """Return what a function makes of each text; each different one is read once."""
    name = values.name
    known = values.drop_nulls().unique()
    keys = pl.DataFrame(
        {name: known, "key": pl.Series([function(one) for one in known], dtype=pl.String)}
    )
    return values.to_frame().join(keys, on=name, how="left", maintain_order="left")["key"]


def number_of(text: str) -> str | None:
    """Return the key of a 法人番号."""
    return corporate_number(text)


def name_and_form(text: str) -> tuple[str | None, str | None]:
    """Return the key of a name, and its legal form as far as it is compared.

    An agency's name is none.
    """
    found = company_name(text)
    form = found.legal_form if found.legal_form in JAPANESE_FORMS else None
    return None if found.agency else found.key or None, form


def region_of(text: str) -> str | None:
    """Return the key of a prefecture."""
    return region_key(text) or None


def name_region(frame: pl.DataFrame, column: str) -> dict[str, pl.Series]:
    """Return the keys of names and prefectures, and the legal forms."""
    known = frame[column].drop_nulls().unique()
    rows = [name_and_form(one) for one in known]
    schema = {"name": pl.String, "form": pl.String}
    keys = pl.DataFrame(rows, schema=schema, orient="row").with_columns(known.alias("written"))
    names = frame.select(written=column).join(keys, on="written", how="left", maintain_order="left")
    where = read(frame["region"], region_of)
    return {"name": names["name"], "form": names["form"], "where": where}


def stated(sets: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    """Return which domains companies state: step, firm."""
    own = sets.filter(pl.col("fact") == "domains")
    own = own.with_columns(step=read(own["value"], host_of)).drop_nulls("step")
    ids = firms.select("firm", company_id="id")
    return own.join(ids, on="company_id").select("step", "firm").unique()


def host_of(text: str) -> str | None:
    """Return the host that a company states."""
    held = domain(text)
    return None if held is None else held.host


def with_families(by_domain: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    """Return step and firm, also of who states none but has a relative who states it."""
    parent, own = pl.col("parent_id"), pl.col("id")
    family = firms.select("firm", family=pl.coalesce(parent, own))
    states = by_domain.join(family, on="firm").select("step", "family").unique()
    silent = family.join(by_domain, on="firm", how="anti")
    return pl.concat([by_domain, states.join(silent, on="family").select("step", "firm")])


def hosts(given: pl.Series, by_domain: pl.DataFrame, policy: IdentityPolicy) -> pl.DataFrame:
    """Return host, place and step of each host that tells a company."""
    nobodys = policy.own_domains | policy.vendor_domains
    rows: list[tuple[str, int, str]] = []
    for host in given.drop_nulls().unique():
        mail = read_mail(f"x@{host}", policy)
        if mail.domain is not None and mail.tells_company:
            steps = mail.domain.steps
            if nobodys.isdisjoint(steps):
                rows += [(host, place, step) for place, step in enumerate(steps)]
    found = pl.DataFrame(rows, schema=["host", "place", "step"], orient="row")
    return found.with_columns(stated=pl.col("step").is_in(by_domain["step"].implode()))


def nearest(ways: pl.DataFrame) -> pl.DataFrame:
    """Return host, place and step of the nearest step that a company states."""
    found = ways.filter("stated")
    return found.filter(pl.col("place") == pl.col("place").min().over("host")).drop("stated")


def by_name(hits: pl.DataFrame, firms: pl.DataFrame, by_domain: pl.DataFrame) -> pl.DataFrame:
    """Return who is meant by a domain: of the name told, or of none known; else any of them."""
    there = pl.col("firm_name")
    hits = hits.with_columns(
        states=pl.col("firm").is_in(by_domain["firm"].implode()),
        several=pl.col("name").is_in(borne_by_several(firms).implode()).fill_null(False),
        elsewhere=(pl.col("where") != pl.col("firm_where")).fill_null(False),
        same=((pl.col("name") == there) & same_form()).fill_null(False),
    )
    told = pl.col("name").is_not_null()
    some = pl.col("same").any().over("lead")
    hits = hits.filter(~told | pl.when(some).then("same").otherwise(there.is_null()))
    confirmed = told & pl.col("states") & ~pl.col("several") & ~pl.col("elsewhere")
    sure = (pl.col("states") & (pl.col("place") == 0)) | confirmed
    return hits.filter(sure.all().over("lead"))


def borne_by_several(firms: pl.DataFrame) -> pl.Series:
    """Return the names that several firms have."""
    names = firms["name"].drop_nulls()
    return names.filter(names.is_duplicated()).unique()


def same_form() -> pl.Expr:
    """Whether two legal forms are not two different ones."""
    return (pl.col("form") == pl.col("firm_form")).fill_null(True)


def by_form_and_mail(
    hits: pl.DataFrame, ways: pl.DataFrame, by_domain: pl.DataFrame, firms: pl.DataFrame
) -> pl.DataFrame:
    """Return who is meant by name and region, where nothing is another's."""
    hits = hits.filter(same_form(), ~pl.col("name").is_in(borne_by_several(firms).implode()))
    agree = ways.join(by_domain, on="step").select("host", "firm").unique()
    agree = hits.join(agree, on=["host", "firm"], how="semi").select("lead", "firm")
    against = hits.join(ways, on="host", how="semi").join(by_domain, on="firm", how="semi")
    against = against.join(agree, on=["lead", "firm"], how="anti")
    return hits.join(against, on=["lead", "firm"], how="anti")
