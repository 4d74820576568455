"""Which companies evidence names for leads, and which of them is meant: joins of whole numbers.

The same as `mpfunnel.identity.match` for all leads at once, on frames of Polars in memory. Each
different text is read once, by the code that reads it for one lead. Companies are known by their
places (``firm``); behind them come those that leads are linked to and that are not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from attrs import field, frozen

from mpfunnel.frames.kinds import polars
from mpfunnel.frames.rows import WHO
from mpfunnel.identity.domains import Domain, domain
from mpfunnel.identity.mail import Mail, read_mail
from mpfunnel.identity.matching import has_digits, is_of_student, is_of_us, says_student
from mpfunnel.identity.names import CompanyName, company_name, region_key
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import Evidence, IdentityPolicy

__all__ = ["Companies", "Found", "find", "read_once"]

_PLAIN: Final = r"^([A-Za-z0-9._+-]+)@([A-Za-z0-9.-]+)$"
"""Addresses whose two parts are read apart: there are far fewer hosts, and names before them."""


@frozen(eq=False)
class Companies:
    """Companies, by what tells them.

    Companies that share what tells them are a group, known by its place.

    Attributes:
        ids: The id of each: a series.
        numbers: The valid 法人番号 of each, as a whole number: a series.
        names: The number of each name that any of them has.
        regions: The same of regions.
        hosts: The group that states a host.
        by_number: Groups by 法人番号: a frame of number, group.
        by_name: Groups by name and region: a frame of name, where, group.
        groups: A frame of group, size, and ``only``: the firm, where it is one.
        members: A frame of group, firm.
    """

    ids: Any
    numbers: Any = field(repr=False)
    names: Mapping[str, int] = field(repr=False)
    regions: Mapping[str, int] = field(repr=False)
    hosts: Mapping[str, int] = field(repr=False)
    by_number: Any = field(repr=False)
    by_name: Any = field(repr=False)
    groups: Any = field(repr=False)
    members: Any = field(repr=False)

    @classmethod
    def of(
        cls, companies: Any, domains: Any, read_name: Callable[[str], CompanyName] = company_name
    ) -> Companies:
        """Return what tells companies.

        Args:
            companies: A frame of id, name, region and corporate_number, each company once.
            domains: What domains they state: a frame of firm, value.
            read_name: Reads a name.
        """
        pl = polars(WHO)
        names: dict[str, int] = {}
        regions: dict[str, int] = {}

        def name_of(text: str) -> int | None:
            read = read_name(text)
            return names.setdefault(read.key, len(names)) if read.key and not read.agency else None

        def region_of(text: str) -> int | None:
            key = region_key(text)
            return regions.setdefault(key, len(regions)) if key else None

        def host_of(text: str) -> str | None:
            held = domain(text)
            return None if held is None else held.host

        frame = pl.DataFrame(
            {
                "number": read_once(companies["corporate_number"], _number_of, pl.Int64),
                "name": read_once(companies["name"], name_of, pl.UInt32),
                "where": read_once(companies["region"], region_of, pl.UInt32),
            }
        ).with_row_index("firm")
        stated = pl.DataFrame(
            {"firm": domains["firm"], "host": read_once(domains["value"], host_of, pl.String)}
        )
        grouped: list[Any] = []
        groups = 0
        for rows, keys in ((frame, ["number"]), (frame, ["name", "where"]), (stated, ["host"])):
            firms = rows.drop_nulls(keys).group_by(keys).agg(pl.col("firm").unique())
            grouped.append(firms.with_row_index("group", offset=groups))
            groups += len(firms)
        listed = pl.concat([firms.select("group", "firm") for firms in grouped])
        size = pl.col("firm").list.len()
        by_number, by_name, by_host = (firms.drop("firm") for firms in grouped)
        return cls(
            companies["id"],
            frame["number"],
            names,
            regions,
            dict(by_host.select("host", "group").rows()),
            by_number,
            by_name,
            listed.select(
                "group", size=size, only=pl.when(size == 1).then(pl.col("firm").list.first())
            ),
            listed.explode("firm"),
        )


@frozen(eq=False)
class Found:
    """What was found of leads, each known by its place (``lead``).

    Attributes:
        matches: A frame with a row for each lead, in their order: status, firm, evidence,
            mail_class and role.
        candidates: A frame of lead, firm, evidence and candidate: what speaks for other companies,
            or for one of several.
        ids: The ids of firms, those that are not there behind the others: a series.
    """

    matches: Any
    candidates: Any
    ids: Any


def find(leads: Any, companies: Companies, policy: IdentityPolicy) -> Found:
    """Return which companies leads belong to.

    Args:
        leads: A frame of company_id, email, title, department, company_name, corporate_number and
            region, each lead once.
        companies: The companies.
        policy: Which evidence is used, and what the firm knows of domains itself.
    """
    return _Finding(leads, companies, policy).found()


def read_once(values: Any, read: Callable[[str], Any], dtype: Any) -> Any:
    """Return what is read of each text of a series; each different one is read once.

    Args:
        values: The texts; null is read as null.
        read: Reads one.
        dtype: The type of what it reads.
    """
    pl = polars(WHO)
    texts = values.drop_nulls().unique()
    found = pl.Series("read", [read(text) for text in texts], dtype=dtype)
    known = pl.DataFrame({"text": texts, "read": found})
    return pl.DataFrame({"text": values}).join(known, on="text", how="left", maintain_order="left")[
        "read"
    ]


def _number_of(text: str) -> int | None:
    number = corporate_number(text)
    return None if number is None else int(number)


class _Finding:
    """Finds the companies of leads.

    Args:
        leads: The leads.
        companies: The companies.
        policy: The policy.
    """

    def __init__(self, leads: Any, companies: Companies, policy: IdentityPolicy) -> None:
        self._pl = polars(WHO)
        self._companies = companies
        self._policy = policy
        self._ids, links = self._linked(leads["company_id"])
        self._leads = self._pl.concat(
            [
                links.with_row_index("lead"),
                self._texts(leads),
                self._mails(leads["email"]),
            ],
            how="horizontal",
        )

    # -- what is read of leads --

    def _linked(self, company_ids: Any) -> tuple[Any, Any]:
        """Return the ids of all firms, and the firm that each lead is linked to."""
        pl, here = self._pl, self._companies.ids
        linked = company_ids.alias("id").to_frame()
        given = linked["id"].drop_nulls().unique(maintain_order=True).to_frame()
        absent = given.join(here.alias("id").to_frame(), on="id", how="anti", maintain_order="left")
        ids = pl.concat([here.alias("id"), absent["id"]])
        places = ids.to_frame().with_row_index("link")
        found = linked.join(places, on="id", how="left", maintain_order="left")
        return ids, found.select("link")

    def _texts(self, leads: Any) -> Any:
        """Return name, blank, number, numbered, where and student."""
        pl, policy = self._pl, self._policy
        names, regions = self._companies.names, self._companies.regions

        def name_of(text: str) -> dict[str, Any]:
            read = company_name(text)
            return {
                "name": None if read.agency else names.get(read.key),
                "blank": read.blank,
            }

        def number_of(text: str) -> dict[str, Any]:
            return {"number": _number_of(text), "numbered": has_digits(text)}

        def student(text: str) -> bool:
            return says_student(text, policy)

        named = pl.Struct({"name": pl.UInt32, "blank": pl.Boolean})
        numbered = pl.Struct({"number": pl.Int64, "numbered": pl.Boolean})
        found = pl.DataFrame(
            {
                "named": read_once(leads["company_name"], name_of, named),
                "given": read_once(leads["corporate_number"], number_of, numbered),
                "where": read_once(
                    leads["region"], lambda text: regions.get(region_key(text)), pl.UInt32
                ),
                "title": read_once(leads["title"], student, pl.Boolean),
                "department": read_once(leads["department"], student, pl.Boolean),
            }
        )
        return found.select(
            "where",
            name=pl.col("named").struct.field("name"),
            blank=pl.col("named").struct.field("blank").fill_null(True),
            number=pl.col("given").struct.field("number"),
            numbered=pl.col("given").struct.field("numbered").fill_null(False),
            said=pl.col("title").fill_null(False) | pl.col("department").fill_null(False),
        )

    def _mails(self, addresses: Any) -> Any:
        """Return mail_class, role, personal, own, of_student and the group of the domain."""
        pl, policy = self._pl, self._policy

        def read(address: str) -> dict[str, Any]:
            mail = read_mail(address, policy)
            held = mail.domain
            return {
                "mail_class": mail.mail_class,
                "role": mail.role,
                "personal": mail.personal,
                "own": held is not None and not policy.own_domains.isdisjoint(held.steps),
                "of_student": is_of_student(mail),
                "domain": self._group_of(mail),
            }

        def role(local: str) -> bool:
            return read_mail(f"{local}@example.com", policy).role

        types = {
            "mail_class": pl.String,
            "role": pl.Boolean,
            "personal": pl.Boolean,
            "own": pl.Boolean,
            "of_student": pl.Boolean,
            "domain": pl.UInt32,
        }
        address = pl.col("address")
        parts = address.str.extract_groups(_PLAIN)
        frame = addresses.alias("address").to_frame().with_columns(parts.alias("parts"))
        local = pl.col("parts").struct.field("1").str.to_lowercase()
        host = pl.concat_str(pl.lit("a@"), pl.col("parts").struct.field("2").str.to_lowercase())
        frame = frame.select(
            local=local,
            # Without an address, too, there is something to tell of it.
            read=pl.coalesce(host, address, pl.lit("")),
        )
        found = read_once(frame["read"], read, pl.Struct(types)).struct.unnest()
        roles = read_once(frame["local"], role, pl.Boolean)
        return found.with_columns(pl.coalesce(roles, found["role"]).alias("role"))

    def _group_of(self, mail: Mail) -> int | None:
        """Return the group of companies that the domain of an address tells."""
        held, policy = mail.domain, self._policy
        if held is None or not mail.tells_company or is_of_us(held, policy):
            return None
        apart = policy.subdomains == "apart" or held.holder in policy.apart_under
        return _first(held, self._companies.hosts, apart=apart)

    # -- what evidence names --

    def _group(self, evidence: Evidence) -> Any:
        """Return the group of companies that evidence other than a link names for each lead."""
        companies, leads = self._companies, self._leads
        if evidence == "domain":
            return leads["domain"]
        keys, groups = (
            (["number"], companies.by_number)
            if evidence == "corporate_number"
            else (["name", "where"], companies.by_name)
        )
        return leads.select(keys).join(groups, on=keys, how="left", maintain_order="left")["group"]

    def _named(self, evidence: Evidence) -> _Named:
        """Return which companies evidence names."""
        pl, companies, leads = self._pl, self._companies, self._leads
        if evidence == "link":
            return _Named(leads["link"], pl.DataFrame(schema=_hits(pl)))
        group = self._group(evidence)
        frame = leads.select("lead", "number", group=group)
        frame = frame.with_columns(
            size=companies.groups["size"].gather(group), only=companies.groups["only"].gather(group)
        )
        several = frame.filter(pl.col("size") > 1).join(companies.members, on="group")
        if evidence != "corporate_number":
            # A company of another valid number is another one.
            frame = frame.with_columns(number_there=companies.numbers.gather(frame["only"]))
            several = several.with_columns(number_there=companies.numbers.gather(several["firm"]))
            same = (pl.col("number") == pl.col("number_there")).fill_null(True)
            frame = frame.with_columns(only=pl.when(same).then("only"))
            several = several.filter(same)
        several = several.select("lead", "firm", times=pl.len().over("lead"))
        left = several.filter(pl.col("times") == 1)
        only = frame["only"].scatter(left["lead"], left["firm"])
        return _Named(only, several.filter(pl.col("times") > 1).select("lead", "firm"))

    def _told_apart(self, named: Mapping[Evidence, _Named]) -> Any:
        """Return lead, evidence and firms, where any evidence names several companies."""
        pl = self._pl
        open_ = pl.DataFrame(schema={**_hits(pl), "evidence": pl.String})
        leads = pl.concat(
            [open_.select("lead"), *(one.several["lead"].to_frame() for one in named.values())]
        ).unique()
        for evidence, one in named.items():
            hits = leads.with_columns(firm=one.only.gather(leads["lead"])).drop_nulls()
            hits = pl.concat([hits, one.several])
            fresh = hits.join(open_, on="lead", how="anti").with_columns(evidence=pl.lit(evidence))
            several = open_.filter(pl.len().over("lead") > 1)
            both = several.join(hits, on=["lead", "firm"], how="semi")
            alone = pl.len().over("lead") == 1
            both = both.with_columns(
                evidence=pl.when(alone).then(pl.lit(evidence)).otherwise("evidence")
            )
            open_ = pl.concat([open_.join(both, on="lead", how="anti"), both, fresh])
        return open_.group_by("lead").agg(pl.col("evidence").first(), "firm")

    # -- what comes of it --

    def found(self) -> Found:
        """Return what was found."""
        pl = self._pl
        named = {evidence: self._named(evidence) for evidence in self._policy.order}
        apart = self._told_apart(named)
        frame = self._leads.select(
            "lead",
            "mail_class",
            "role",
            "personal",
            "own",
            "blank",
            "numbered",
            student=pl.col("said") | pl.col("of_student"),
        )
        only = [one.only.alias(evidence) for evidence, one in named.items()]
        frame = frame.with_columns(only).join(apart, on="lead", how="left", maintain_order="left")
        several = pl.col("firm").list.len() > 1
        frame = frame.with_columns(
            several=several.fill_null(False),
            firms="firm",
            firm=pl.when(pl.col("firm").is_null())
            .then(pl.coalesce(pl.lit(None, dtype=pl.UInt32), *named))
            .when(~several)
            .then(pl.col("firm").list.first()),
            evidence=pl.coalesce(
                "evidence",
                *(pl.when(pl.col(one).is_not_null()).then(pl.lit(one)) for one in named),
            ),
        )
        sure = pl.col("evidence").is_in(["link", "corporate_number"]).fill_null(False)
        student = pl.col("student") & ~sure
        frame = frame.with_columns(
            status=pl.when(student)
            .then(pl.lit("student"))
            .when("several")
            .then(pl.lit("ambiguous"))
            .when(pl.col("firm") < len(self._companies.ids))
            .then(pl.lit("matched"))
            .when(pl.col("firm").is_not_null())
            .then(pl.lit("unknown_company"))
            .when("own")
            .then(pl.lit("own"))
            .when(pl.col("personal") & ~pl.col("numbered") & pl.col("blank"))
            .then(pl.lit("individual"))
            .otherwise(pl.lit("unmatched")),
            firm=pl.when(~student).then("firm"),
            evidence=pl.when(~student).then("evidence"),
        )
        return Found(
            frame.select("status", "firm", "evidence", "mail_class", "role"),
            self._candidates(frame, named),
            self._ids,
        )

    def _candidates(self, frame: Any, named: Mapping[Evidence, _Named]) -> Any:
        """Return what speaks for other companies than the one found, or for one of several."""
        pl = self._pl
        meant = frame.filter(pl.col("status") == "ambiguous").select(
            "lead", "evidence", firm="firms"
        )
        meant = meant.explode("firm").select("lead", "firm", "evidence", candidate=pl.lit(True))
        told = [meant]
        for evidence, one in named.items():
            other = frame.filter(pl.col(evidence).is_not_null())
            other = other.filter(pl.col(evidence).ne_missing(pl.col("firm")))
            found = frame.select("lead", "firm").join(one.several, on=["lead", "firm"], how="semi")
            more = one.several.join(found, on="lead", how="anti")
            hits = pl.concat([other.select("lead", firm=evidence), more])
            agreed = hits.join(meant, on=["lead", "firm"], how="semi")
            hits = hits.join(agreed, on="lead", how="anti")
            told.append(hits.with_columns(evidence=pl.lit(evidence), candidate=pl.lit(False)))
        lost = frame.filter(pl.col("status") == "unknown_company").select("lead", lost=pl.lit(True))
        listed = pl.concat(told).join(lost, on="lead", how="left")
        return listed.select(
            "lead",
            "firm",
            "evidence",
            candidate=pl.col("candidate") | pl.col("lost").fill_null(False),
        )


class _Named(NamedTuple):
    """The companies that evidence names.

    Attributes:
        only: For each lead the firm, where it is one: a series.
        several: A frame of lead and firm, where they are several.
    """

    only: Any
    several: Any


def _hits(pl: Any) -> dict[str, Any]:
    return {"lead": pl.UInt32, "firm": pl.UInt32}


def _first(held: Domain, hosts: Mapping[str, int], *, apart: bool) -> int | None:
    """Return the group that states a host, or else the nearest of its parents that any does."""
    steps = held.steps[:1] if apart else held.steps
    return next((hosts[step] for step in steps if step in hosts), None)
