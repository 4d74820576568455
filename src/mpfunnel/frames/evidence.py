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
from mpfunnel.groups import families
from mpfunnel.identity.assigning import is_public_name, is_public_number
from mpfunnel.identity.domains import domain
from mpfunnel.identity.known import roles
from mpfunnel.identity.mail import read_mail
from mpfunnel.identity.names import company_name, region_key
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import Evidence, IdentityPolicy
from mpfunnel.identity.telling import (
    form_key,
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
_DOUBTFUL: Final = 2
"""The last of three ranks: same name or mail host, no name known, else."""
_Way = tuple[tuple[int, ...], bool]
"""The hosts of a mail address that companies state, the nearest first; whether it is its own."""


@frozen(eq=False)
class Companies:
    """Companies, by what tells them.

    Attributes:
        ids: The id of each: a series.
        public: Whether each is surely a public body: a series.
        numbers: The valid 法人番号 of each, as a whole number: a series.
        named: The number of the name of each, null where none is known: a series.
        forms: The legal form that each states, as far as it is compared: a series.
        stating: Whether each states a domain: a series.
        where: The number of the region of each: a series.
        names: The number of each name that any of them has, by what is compared of it.
        written: What is read of each name as it is written: its number, whether it tells a company,
            whether it is blank, and the legal form as far as it is compared.
        regions: The number of each region, by what is compared of it.
        hosts: The number of each host that any of them states.
        by_number: A frame of number, firm.
        by_name: A frame of name, where, firm.
        by_host: A frame of host, firm: who states it, and who of their families states none.
    """

    ids: Any
    public: Any = field(repr=False)
    numbers: Any = field(repr=False)
    named: Any = field(repr=False)
    forms: Any = field(repr=False)
    stating: Any = field(repr=False)
    where: Any = field(repr=False)
    names: Mapping[str, int] = field(repr=False)
    written: Mapping[str, tuple[int | None, bool, bool, str | None]] = field(repr=False)
    regions: Mapping[str, int] = field(repr=False)
    hosts: Mapping[str, int] = field(repr=False)
    by_number: Any = field(repr=False)
    by_name: Any = field(repr=False)
    by_host: Any = field(repr=False)

    @classmethod
    def of(cls, companies: Any, domains: Any, policy: IdentityPolicy) -> Companies:
        """Return what tells companies.

        Args:
            companies: A frame of id, name, region, corporate_number and parent_id, each company
                once.
            domains: What domains they state: a frame of firm, value.
            policy: What the firm knows of domains itself.
        """
        pl = polars(WHO)
        names: dict[str, int] = {}
        written: dict[str, tuple[int | None, bool, bool, str | None]] = {}
        regions: dict[str, int] = {}
        numbers_of_hosts: dict[str, int] = {}

        def named(text: str) -> tuple[int | None, str | None, bool]:
            read = company_name(text)
            known = bool(read.key) and not read.agency
            number = names.setdefault(read.key, len(names)) if known else None
            form = form_key(read)
            # Kept as bare values: Python looks through whatever else there is again and again.
            written[text] = number, known, read.blank, form
            return number, form, is_public_name(read)

        def numbered(text: str) -> tuple[int | None, bool]:
            number = corporate_number(text)
            if number is None:
                return None, False
            # Of these few the kind is asked: it takes as long to tell as the number to read.
            return int(number), number.startswith("0000", 1) and is_public_number(number)

        def where(text: str) -> tuple[int | None]:
            key = region_key(text)
            return (regions.setdefault(key, len(regions)) if key else None,)

        def stated(text: str) -> tuple[int | None, bool]:
            held = domain(text)
            if held is None:
                return None, False
            number = numbers_of_hosts.setdefault(held.host, len(numbers_of_hosts))
            return number, read_mail(f"a@{held.host}", policy).mail_class == "public_body"

        yes = pl.Boolean
        kinds = {"name": pl.UInt32, "form": pl.String, "public": yes}
        by_name = _read(companies["name"], named, kinds)
        by_number = _read(
            companies["corporate_number"], numbered, {"number": pl.Int64, "public": yes}
        )
        hosts = _read(domains["value"], stated, {"host": pl.UInt32, "public": yes})
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
        stating = hosts.drop_nulls("host").select("host", "firm").unique()
        states = place.is_in(stating["firm"].implode())
        return cls(
            companies["id"],
            public,
            frame["number"],
            frame["name"],
            by_name["form"],
            states,
            frame["where"],
            names,
            written,
            regions,
            numbers_of_hosts,
            frame.select("number", "firm").drop_nulls(),
            frame.select("name", "where", "firm").drop_nulls(),
            _with_families(stating, companies.select("id", "parent_id", firm=place, states=states)),
        )


def _with_families(stating: Any, companies: Any) -> Any:
    """Return host and firm: who states a host, and who of their families states none.

    Args:
        stating: A frame of host, firm.
        companies: A frame of id, parent_id, firm, states.
    """
    pl = polars(WHO)
    links = companies.select("id", "parent_id").drop_nulls().rows()
    tops = families([*links, *((parent_id, None) for _, parent_id in links)])
    numbers: dict[Any, int] = {}
    related = pl.DataFrame(
        {
            "id": pl.Series(tops.keys(), dtype=companies["id"].dtype),
            "family": pl.Series(
                [numbers.setdefault(top, len(numbers)) for top in tops.values()], dtype=pl.UInt32
            ),
        }
    )
    related = companies.join(related, on="id").select("firm", "family", "states")
    silent = related.filter(~pl.col("states")).select("firm", "family")
    at_hosts = stating.join(related, on="firm").select("host", "family").unique()
    return pl.concat([stating, at_hosts.join(silent, on="family").select("host", "firm")])


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
        mails, self._ways = self._mails(leads["email"])
        found = [links.with_row_index("lead"), self._texts(leads), mails]
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
        """Return name, told, blank, form, number, numbered, where and said."""
        pl, policy = self._pl, self._policy
        companies = self._companies
        names, written, regions = companies.names, companies.written, companies.regions

        def named(text: str) -> tuple[int | None, bool, bool, str | None]:
            if (known := written.get(text)) is not None:
                return known
            read = company_name(text)
            told = bool(read.key) and not read.agency
            number = names.get(read.key) if told else None
            return number, told, read.blank, form_key(read)

        def numbered(text: str) -> tuple[int | None, bool]:
            number = corporate_number(text)
            return None if number is None else int(number), is_numbered(text)

        def where(text: str) -> tuple[int | None]:
            key = region_key(text)
            return (regions.get(key, len(regions)) if key else None,)

        def student(text: str) -> tuple[bool]:
            return (is_students_title(text, policy),)

        yes = pl.Boolean
        kinds = {"name": pl.UInt32, "told": yes, "blank": yes, "form": pl.String}
        said = [_read(leads[one], student, {"is": yes})["is"] for one in ("title", "department")]
        found = [
            _read(leads["company_name"], named, kinds),
            _read(leads["corporate_number"], numbered, {"number": pl.Int64, "numbered": yes}),
            _read(leads["region"], where, {"where": pl.UInt32}),
            pl.DataFrame({"said": said[0].fill_null(False) | said[1].fill_null(False)}),
        ]
        return pl.concat(found, how="horizontal").with_columns(
            pl.col("told").fill_null(False),
            pl.col("blank").fill_null(True),
            pl.col("numbered").fill_null(False),
        )

    def _mails(self, addresses: Any) -> tuple[Any, Mapping[_Way, int]]:
        """Return mail_class, role, personal, own, of_student and way; and the ways by number."""
        pl, policy, hosts = self._pl, self._policy, self._companies.hosts
        ways: dict[_Way, int] = {}

        def told(text: str) -> tuple[Any, ...]:
            mail = read_mail(f"a{text}" if text.startswith("@") else text[1:], policy)
            steps = hosts_told(mail, policy)
            way = None
            if steps:
                stated = tuple(hosts[step] for step in steps if step in hosts)
                way = ways.setdefault((stated, steps[0] in hosts), len(ways))
            own, student = is_own(mail, policy), is_students_mail(mail)
            return mail.mail_class, mail.role, mail.personal, own, student, way

        schema = {
            "mail_class": pl.String,
            "role": pl.Boolean,
            "personal": pl.Boolean,
            "own": pl.Boolean,
            "of_student": pl.Boolean,
            "way": pl.UInt32,
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
        role = pl.coalesce(self._roles(frame["local"]) & known, "role")
        return found.with_columns(role=role), ways

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

    def _named(self, evidence: Evidence) -> _Named:
        """Return which companies evidence names."""
        pl, leads = self._pl, self._leads
        if evidence == "link":
            none = pl.DataFrame(schema=_hits(pl))
            return _Named(leads["link"], none, none)
        if evidence == "corporate_number":
            hits = leads.select("lead", "number").join(self._companies.by_number, on="number")
            hits = hits.with_columns(doubtful=pl.lit(False))
        else:
            hits = self._by_domain() if evidence == "domain" else self._by_name()
        sure = hits.filter(~pl.col("doubtful")).select("lead", "firm")
        times = pl.len().over("lead")
        one = sure.filter(times == 1)
        only = pl.repeat(None, len(leads), dtype=pl.UInt32, eager=True)
        return _Named(
            only.scatter(one["lead"], one["firm"]),
            sure.filter(times > 1),
            hits.filter("doubtful").select("lead", "firm"),
        )

    def _by_domain(self) -> Any:
        """Return lead, firm and doubtful, as domains tell."""
        pl, companies = self._pl, self._companies
        nearest = [
            (way, stated[0], nearest) for (stated, nearest), way in self._ways.items() if stated
        ]
        schema = {"way": pl.UInt32, "host": pl.UInt32, "nearest": pl.Boolean}
        found = pl.DataFrame(nearest, schema=schema, orient="row").join(
            companies.by_host, on="host"
        )
        hits = self._leads.select("lead", "way", "number", "told", "name", "form", "where").join(
            found, on="way"
        )
        hits = self._of_no_other_number(hits)
        firm = hits["firm"]
        there = companies.named.gather(firm)
        elsewhere = (hits["where"] != companies.where.gather(firm)).fill_null(False)
        stating = companies.stating.gather(firm)
        several = self._is_of_several(hits["name"])
        hits = hits.with_columns(
            same=(hits["name"] == there) & ~self._of_other_form(hits),
            nameless=there.is_null(),
            hint=~(hits["nearest"] & stating),
            unsure=elsewhere | several | ~stating,
        )
        by_name = pl.when("same").then(0).when("nameless").then(1).otherwise(_DOUBTFUL)
        hits = hits.select(
            "lead",
            "firm",
            rank=pl.when("told").then(by_name).otherwise(0),
            against=pl.col("hint") & (pl.col("unsure") | ~pl.col("told")),
        )
        hits = hits.with_columns(best=pl.col("rank") == pl.col("rank").min().over("lead"))
        hits = hits.with_columns(against=(pl.col("best") & pl.col("against")).any().over("lead"))
        hits = hits.filter(pl.col("best") | pl.col("against"))
        doubtful = pl.col("against") | (pl.col("rank") == _DOUBTFUL)
        return hits.select("lead", "firm", doubtful=doubtful)

    def _by_name(self) -> Any:
        """Return lead, firm and doubtful, as name and region tell."""
        pl, companies = self._pl, self._companies
        hits = self._leads.select("lead", "way", "number", "form", "name", "where")
        hits = self._of_no_other_number(hits.join(companies.by_name, on=["name", "where"]))
        hits = hits.filter(~self._of_other_form(hits))
        stated = [(way, host) for (hosts, _), way in self._ways.items() for host in hosts]
        agreeing = pl.DataFrame(
            stated, schema={"way": pl.UInt32, "host": pl.UInt32}, orient="row"
        ).join(companies.by_host, on="host")
        agreeing = agreeing.select("way", "firm", agrees=pl.lit(True)).unique()
        hits = hits.join(agreeing, on=["way", "firm"], how="left", maintain_order="left")
        disagrees = pl.col("way").is_not_null() & pl.col("agrees").is_null()
        doubtful = disagrees & companies.stating.gather(hits["firm"])
        several = self._is_of_several(hits["name"])
        return hits.select("lead", "firm", doubtful=doubtful | several)

    def _of_other_form(self, hits: Any) -> Any:
        """Return which hits are of companies with another legal form than the lead names."""
        return (hits["form"] != self._companies.forms.gather(hits["firm"])).fill_null(False)

    def _is_of_several(self, names: Any) -> Any:
        """Return which names tell no company, since several have them, of whichever legal form."""
        pl = self._pl
        if self._policy.namesakes == "by_region":
            return pl.repeat(False, len(names), eager=True)
        named = self._companies.named.drop_nulls()
        return names.is_in(named.filter(named.is_duplicated()).implode()).fill_null(False)

    def _of_no_other_number(self, hits: Any) -> Any:
        """Return hits without companies of another valid number, which are others."""
        pl = self._pl
        same = pl.col("number") == self._companies.numbers.gather(hits["firm"])
        return hits.filter(same.fill_null(True))

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
        order = self._policy.order
        named: dict[Evidence, _Named] = {evidence: self._named(evidence) for evidence in order}
        if "link" in named:
            return self._of(named)
        # A link that the policy leaves out stays, unless the others name one company alone.
        link: dict[Evidence, _Named] = {"link": self._named("link")}
        last, first = self._of({**named, **link}), self._of({**link, **named})
        alone = last.matches["status"] == "matched"
        leads = self._leads.select("lead", alone=alone)
        told = [
            one.candidates.join(leads.filter(pick), on="lead", how="semi")
            for one, pick in ((last, alone), (first, ~alone))
        ]
        matches = [one.zip_with(alone, first.matches[one.name]) for one in last.matches]
        return Found(self._pl.DataFrame(matches), self._pl.concat(told), self._ids)

    def _of(self, named: Mapping[Evidence, _Named]) -> Found:
        """Return what comes of the companies that each evidence names, the strongest first."""
        pl = self._pl
        apart, doubts = self._told_apart(named), self._doubts(named)
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
        first = doubts.select("lead", doubted="evidence").unique()
        frame = frame.join(first, on="lead", how="left", maintain_order="left")
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
            .when(pl.col("doubted").is_not_null())
            .then(pl.lit("ambiguous"))
            .when("own")
            .then(pl.lit("own"))
            .when(pl.col("personal") & ~pl.col("numbered") & pl.col("blank"))
            .then(pl.lit("individual"))
            .otherwise(pl.lit("unmatched")),
            firm=pl.when(~student).then("firm"),
            evidence=pl.when(~student).then(pl.coalesce("evidence", "doubted")),
        )
        return Found(
            frame.select("status", "firm", "evidence", "mail_class", "role"),
            self._candidates(frame, named, doubts),
            self._ids,
        )

    def _doubts(self, named: Mapping[Evidence, _Named]) -> Any:
        """Return lead, firm and evidence: the doubtful hits of the first evidence with any."""
        pl = self._pl
        doubts = pl.DataFrame(schema={**_hits(pl), "evidence": pl.String})
        for evidence, one in named.items():
            fresh = one.doubtful.join(doubts, on="lead", how="anti")
            doubts = pl.concat([doubts, fresh.with_columns(evidence=pl.lit(evidence))])
        return doubts

    def _candidates(self, frame: Any, named: Mapping[Evidence, _Named], doubts: Any) -> Any:
        """Return what speaks for other companies than the one found, or for one of several."""
        pl = self._pl
        open_ = frame.filter(pl.col("status") == "ambiguous")
        several = open_.select("lead", "evidence", firm="firms").drop_nulls().explode("firm")
        doubtful = doubts.join(open_.filter(~pl.col("several")), on="lead", how="semi")
        meant = pl.concat([one.select("lead", "firm", "evidence") for one in (several, doubtful)])
        meant = meant.with_columns(candidate=pl.lit(True))
        told = [meant]
        for evidence, one in named.items():
            other = frame.filter(pl.col(evidence).is_not_null())
            other = other.filter(pl.col(evidence).ne_missing(pl.col("firm")))
            hits = pl.concat([other.select("lead", firm=evidence), one.several, one.doubtful])
            found = frame["firm"].gather(hits["lead"])
            of_found = (hits["firm"] == found) | (one.only.gather(hits["lead"]) == found)
            agreed = hits.join(meant, on=["lead", "firm"], how="semi")
            agreed = pl.concat([agreed, hits.filter(of_found)])
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
        doubtful: A frame of lead and firm: those that it hints at, and does not decide for.
    """

    only: Any
    several: Any
    doubtful: Any


def _hits(pl: Any) -> dict[str, Any]:
    return {"lead": pl.UInt32, "firm": pl.UInt32}
