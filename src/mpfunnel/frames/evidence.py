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
from mpfunnel.identity.assigning import is_public_name, is_public_number
from mpfunnel.identity.domains import domain
from mpfunnel.identity.known import roles
from mpfunnel.identity.mail import read_mail
from mpfunnel.identity.names import company_name, region_key
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import Evidence, IdentityPolicy
from mpfunnel.identity.telling import (
    hosts_told,
    is_numbered,
    is_own,
    is_students_mail,
    is_students_title,
)

__all__ = ["Companies", "Found", "find"]

_PLAIN: Final = r"^([A-Za-z0-9._+-]+)@([A-Za-z0-9.-]+)$"
"""Addresses whose two parts are read apart: there are far fewer hosts than addresses."""
_DIGITS: Final = "0123456789"


@frozen(eq=False)
class Companies:
    """Companies, by what tells them.

    Those that share what tells them are a group, known by its place.

    Attributes:
        ids: The id of each: a series.
        public: Whether each is surely a public body: a series.
        numbers: The valid 法人番号 of each, as a whole number: a series.
        names: The number of each name that any of them has, by what is compared of it.
        written: What is read of each name as it is written: its number, and whether it is blank.
        regions: The number of each region, by what is compared of it.
        hosts: The group that states a host.
        by_number: Groups by 法人番号: a frame of number, group.
        by_name: Groups by name and region: a frame of name, where, group.
        groups: A frame of group, size, and ``only``: the firm, where it is one.
        members: A frame of group, firm.
    """

    ids: Any
    public: Any = field(repr=False)
    numbers: Any = field(repr=False)
    names: Mapping[str, int] = field(repr=False)
    written: Mapping[str, tuple[int | None, bool]] = field(repr=False)
    regions: Mapping[str, int] = field(repr=False)
    hosts: Mapping[str, int] = field(repr=False)
    by_number: Any = field(repr=False)
    by_name: Any = field(repr=False)
    groups: Any = field(repr=False)
    members: Any = field(repr=False)

    @classmethod
    def of(cls, companies: Any, domains: Any, policy: IdentityPolicy) -> Companies:
        """Return what tells companies.

        Args:
            companies: A frame of id, name, region and corporate_number, each company once.
            domains: What domains they state: a frame of firm, value.
            policy: What the firm knows of domains itself.
        """
        pl = polars(WHO)
        names: dict[str, int] = {}
        written: dict[str, tuple[int | None, bool]] = {}
        regions: dict[str, int] = {}

        def named(text: str) -> tuple[int | None, bool]:
            read = company_name(text)
            known = read.key and not read.agency
            number = names.setdefault(read.key, len(names)) if known else None
            # Kept as bare values: Python looks through whatever else there is again and again.
            written[text] = number, read.blank
            return number, is_public_name(read)

        def numbered(text: str) -> tuple[int | None, bool]:
            number = corporate_number(text)
            if number is None:
                return None, False
            # Of these few the kind is asked: it takes as long to tell as the number to read.
            return int(number), number.startswith("0000", 1) and is_public_number(number)

        def where(text: str) -> tuple[int | None]:
            key = region_key(text)
            return (regions.setdefault(key, len(regions)) if key else None,)

        def stated(text: str) -> tuple[str | None, bool]:
            held = domain(text)
            if held is None:
                return None, False
            return held.host, read_mail(f"a@{held.host}", policy).mail_class == "public_body"

        yes = pl.Boolean
        by_name = _read(companies["name"], named, {"name": pl.UInt32, "public": yes})
        by_number = _read(
            companies["corporate_number"], numbered, {"number": pl.Int64, "public": yes}
        )
        hosts = _read(domains["value"], stated, {"host": pl.String, "public": yes})
        hosts = hosts.with_columns(domains["firm"])
        public = by_name["public"].fill_null(False) | by_number["public"].fill_null(False)
        place = pl.int_range(len(companies), dtype=pl.UInt32, eager=True).alias("firm")
        public |= place.is_in(hosts.filter("public")["firm"].implode())
        frame = pl.DataFrame(
            {
                "firm": place,
                "number": by_number["number"],
                "name": by_name["name"],
                "where": _read(companies["region"], where, {"where": pl.UInt32})["where"],
            }
        )
        grouped: list[Any] = []
        groups = 0
        for rows, keys in ((frame, ["number"]), (frame, ["name", "where"]), (hosts, ["host"])):
            firms = rows.drop_nulls(keys).group_by(keys).agg(pl.col("firm").unique())
            grouped.append(firms.with_row_index("group", offset=groups))
            groups += len(firms)
        listed = pl.concat([firms.select("group", "firm") for firms in grouped])
        size = pl.col("firm").list.len()
        with_number, with_name, with_host = (firms.drop("firm") for firms in grouped)
        return cls(
            companies["id"],
            public,
            frame["number"],
            names,
            written,
            regions,
            dict(with_host.select("host", "group").rows()),
            with_number,
            with_name,
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


def _read(values: Any, read: Callable[[str], tuple[Any, ...]], schema: Mapping[str, Any]) -> Any:
    """Return what is read of each text of a series; each different one is read once.

    Args:
        values: The texts; of null, all is null.
        read: Reads one.
        schema: The types of what it reads.
    """
    pl = polars(WHO)
    texts = values.drop_nulls().unique()
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for row in map(read, texts):
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    found = [pl.Series(name, column, dtype=schema[name]) for name, column in columns.items()]
    known = pl.DataFrame([texts.alias("text"), *found])
    given = pl.DataFrame({"text": values})
    return given.join(known, on="text", how="left", maintain_order="left").drop("text")


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
        found = [links.with_row_index("lead"), self._texts(leads), self._mails(leads["email"])]
        self._leads = self._pl.concat(found, how="horizontal")

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
        companies = self._companies
        names, written, regions = companies.names, companies.written, companies.regions

        def named(text: str) -> tuple[int | None, bool]:
            if (known := written.get(text)) is not None:
                return known
            read = company_name(text)
            return None if read.agency else names.get(read.key), read.blank

        def numbered(text: str) -> tuple[int | None, bool]:
            number = corporate_number(text)
            return None if number is None else int(number), is_numbered(text)

        def where(text: str) -> tuple[int | None]:
            return (regions.get(region_key(text)),)

        def student(text: str) -> tuple[bool]:
            return (is_students_title(text, policy),)

        yes = pl.Boolean
        said = [_read(leads[one], student, {"is": yes})["is"] for one in ("title", "department")]
        found = [
            _read(leads["company_name"], named, {"name": pl.UInt32, "blank": yes}),
            _read(leads["corporate_number"], numbered, {"number": pl.Int64, "numbered": yes}),
            _read(leads["region"], where, {"where": pl.UInt32}),
            pl.DataFrame({"said": said[0].fill_null(False) | said[1].fill_null(False)}),
        ]
        return pl.concat(found, how="horizontal").with_columns(
            pl.col("blank").fill_null(True), pl.col("numbered").fill_null(False)
        )

    def _mails(self, addresses: Any) -> Any:
        """Return mail_class, role, personal, own, of_student and the group of the domain."""
        pl, policy, hosts = self._pl, self._policy, self._companies.hosts

        def told(text: str) -> tuple[Any, ...]:
            mail = read_mail(f"a{text}" if text.startswith("@") else text[1:], policy)
            steps = hosts_told(mail, policy)
            group = next((hosts[step] for step in steps if step in hosts), None)
            own, student = is_own(mail, policy), is_students_mail(mail)
            return mail.mail_class, mail.role, mail.personal, own, student, group

        schema = {
            "mail_class": pl.String,
            "role": pl.Boolean,
            "personal": pl.Boolean,
            "own": pl.Boolean,
            "of_student": pl.Boolean,
            "domain": pl.UInt32,
        }
        address = pl.col("address")
        parts = address.str.extract_groups(_PLAIN).struct
        frame = (
            addresses.alias("address")
            .to_frame()
            .select(
                local=parts.field("1").str.to_lowercase(),
                # What is no plain address, or none at all, is read as a whole.
                host=pl.coalesce(
                    pl.concat_str(pl.lit("@"), parts.field("2").str.to_lowercase()),
                    pl.concat_str(pl.lit("="), address),
                    pl.lit("="),
                ),
            )
        )
        found = _read(frame["host"], told, schema)
        # Of no known host, an address is nobody's.
        known = pl.col("mail_class") != "unknown"
        return found.with_columns(role=pl.coalesce(self._roles(frame["local"]) & known, "role"))

    def _roles(self, locals_: Any) -> Any:
        """Return whether roles have addresses, by what stands before the @."""
        pl, policy = self._pl, self._policy
        # Nearly all are persons', and hardly any comes twice: only what may be a role's is read.
        words = pl.col("local").str.extract("^([^+]*)")
        first = words.str.extract("^([^._-]*)").str.strip_chars(_DIGITS)
        every = words.str.replace_all("[0-9]*[._-]+[0-9]*", "").str.strip_chars(_DIGITS)
        listed = pl.Series(sorted(roles()), dtype=pl.String).implode()
        frame = (
            locals_.alias("local")
            .to_frame()
            .with_columns(likely=first.is_in(listed) | every.is_in(listed))
        )
        likely = frame.select(pl.when("likely").then("local"))["local"]

        def is_role(local: str) -> tuple[bool]:
            return (read_mail(f"{local}@example.com", policy).role,)

        read = _read(likely, is_role, {"role": pl.Boolean})["role"]
        return pl.select(pl.when(frame["likely"]).then(read).otherwise(frame["likely"])).to_series()

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
        order = self._policy.order
        named: dict[Evidence, _Named] = {evidence: self._named(evidence) for evidence in order}
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
