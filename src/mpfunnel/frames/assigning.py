"""Leads with their companies, in whole tables: what `mpfunnel.identity.assign` does of records.

Tables are matched in memory, by Polars (`mpfunnel.frames.evidence`), and come back as what they
were (`mpfunnel.frames.rows`). What is wrong with them is told at the door, as of any table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, misfit
from mpfunnel.facts import company
from mpfunnel.frames.contract import Family
from mpfunnel.frames.door import REJECTED, Door, Terms
from mpfunnel.frames.evidence import Companies, Found, find
from mpfunnel.frames.kinds import Frame, Workshop, polars
from mpfunnel.frames.rows import WHO, Taken, taken
from mpfunnel.identity.assigning import homes_of
from mpfunnel.identity.matching import CERTAINTY
from mpfunnel.identity.policy import IdentityPolicy

__all__ = ["Assigned", "assign"]

_DEFAULT: Final = IdentityPolicy()
_PERSONS: Final = ("individual", "student")
_MARKS: Final = ("public_body", *_PERSONS)
"""The attributes of companies that matching sets."""
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("id", "name", "region", "corporate_number", "parent_id"),
    "leads": (
        *("id", "company_id", "email", "title", "department"),
        *("company_name", "corporate_number", "region"),
    ),
    "company_sets": ("company_id", "fact", "value"),
}
"""The columns that matching reads."""
_ROW: Final = "number of row"
"""The place of a row in its table, under a name that no column read has."""


@frozen(eq=False)
class Assigned:
    """Leads with their companies, in tables of the kind that was given.

    Attributes:
        leads: As they were given, each with the company that it belongs to now.
        companies: As they were given, with a row for each person who has a company of his own, and
            the columns ``public_body``, ``individual`` and ``student``.
        company_sets: As it was given; `None` where it was not.
        matches: lead_id, status, company_id, evidence, certainty, mail_class and role: as in
            `mpfunnel.Match`, a row for each lead.
        match_candidates: lead_id, company_id, evidence, candidate: a row for each company that a
            lead may belong to (``candidate``), or that evidence names though the lead belongs to
            another one.
        rejects: The rows that could not be used: table, id, lead_id, column, code and reason. They
            are in none of the other tables.
    """

    leads: Any
    companies: Any
    company_sets: Any
    matches: Any
    match_candidates: Any
    rejects: Any

    @property
    def tables(self) -> dict[str, Any]:
        """The tables that `mpfunnel.frames.assess` takes, by name."""
        found = {"companies": self.companies, "leads": self.leads}
        return found if self.company_sets is None else {**found, "company_sets": self.company_sets}


def assign(
    *, leads: Any, companies: Any, company_sets: Any = None, policy: IdentityPolicy = _DEFAULT
) -> Assigned:
    """Return leads with the company that each belongs to, as tables of the kind that was given.

    Every row says what `mpfunnel.identity.assign` says of the same records. Tables may be of
    pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, all of one kind; rows stay in their order
    where tables have one.

    Matching is done on this machine, in memory, by Polars: tables of DuckDB, Ibis and PySpark, and
    lazy ones of Polars, are fetched with all their columns, and what comes of them is handed back.
    Columns that matching does not read stay as they are, and what is wrong with them is left for
    `assess` to tell. In pandas, the columns that it fills are of Arrow, and the index is new.

    Rows of one id that differ in what is read are rejected; equal ones all stay, and count once.

    Args:
        leads: id; company_id, email, title, department, company_name, corporate_number, region.
        companies: id; name, region, corporate_number, parent_id, public_body.
        company_sets: company_id, fact, value: of the fact ``domains``, the mail and web domains
            of companies.
        policy: Which evidence is used, and what the firm knows of domains itself.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type, or the company of a
            person cannot get an id of its own; all problems at once.
        MissingExtraError: Polars is not installed.
    """
    if problems := list(misfit("policy", policy, IdentityPolicy)):
        raise InvalidDataError(problems)
    polars(WHO)
    given = {"companies": companies, "leads": leads}
    if company_sets is not None:
        given["company_sets"] = company_sets
    workshop = Workshop.of(given)
    return _Assigning(workshop, given, policy).done(company_sets)


class _Numbered(Workshop):
    """A workshop that keeps the place of each row."""

    def enter(self, name: str, native: Any, columns: Any) -> tuple[Frame, list[Problem]]:
        frame, problems = super().enter(name, native, columns)
        return nw.from_native(frame.to_native().with_row_index(_ROW)), problems


class _Assigning:
    """Assigns companies to leads.

    Args:
        workshop: Knows the kind of the tables.
        given: The tables by name.
        policy: The policy.
    """

    def __init__(
        self, workshop: Workshop, given: Mapping[str, Any], policy: IdentityPolicy
    ) -> None:
        self._pl = polars(WHO)
        self._workshop = workshop
        self._policy = policy
        self._taken: dict[str, Taken] = {}
        problems: list[Problem] = []
        for name, native in given.items():
            self._taken[name], wrong = taken(name, native, workshop)
            problems += wrong
        kind = next(iter(self._taken.values())).kind
        marks = tuple(company.flag(mark).fact for mark in _MARKS)
        read = {name: (*_READ[name], *_MARKS) for name in given}
        try:
            self._door = Door(
                _Numbered(kind, None),
                Terms("UTC", asked=marks, only=read),
                {name: one.native for name, one in self._taken.items()},
            )
        except InvalidDataError as error:
            problems += error.problems
        if problems:
            raise InvalidDataError(problems)
        self._frames = {name: self._sound(name) for name in given}

    # -- what is read --

    def _sound(self, name: str) -> Any:
        """Return the rows of a table that can be used, with all columns that are read."""
        pl = self._pl
        frame = self._door.frames[name].to_native().collect()
        companies = name == "companies"
        ids: Mapping[str, Family] = {
            "id": "company" if companies else "lead",
            "company_id": "company",
            "parent_id": "company",
        }
        for column in (*_READ[name], *(_MARKS if companies else ())):
            if column not in frame.columns:
                kind: Any = pl.Boolean if column in _MARKS else pl.String
                if column in ids and self._door.id_type(ids[column]) == nw.Int64():
                    kind = pl.Int64
                frame = frame.with_columns(pl.lit(None, dtype=kind).alias(column))
        frame = frame.sort(_ROW)
        return frame if name == "company_sets" else self._agreeing(name, frame)

    def _agreeing(self, name: str, frame: Any) -> Any:
        """Return the rows that share their id with none that differs."""
        pl = self._pl
        if frame["id"].n_unique() == len(frame):
            return frame
        columns = [column for column in frame.columns if column != _ROW]
        kinds = frame.select(columns).unique()
        torn = kinds.filter(pl.col("id").is_duplicated()).select("id").unique()
        reason = "shares its id with a row that differs"
        wrong = nw.from_native(frame.join(torn, on="id", how="semi").lazy())
        self._door.turn_away(name, wrong, "id", "conflict", reason)
        return frame.join(torn, on="id", how="anti", maintain_order="left")

    # -- what comes of it --

    def done(self, company_sets: Any) -> Assigned:
        """Return the tables; `company_sets` is left as it is."""
        pl = self._pl
        rows, firm_rows = self._frames["leads"], self._frames["companies"]
        leads, firms = (
            one.unique("id", keep="first", maintain_order=True) for one in (rows, firm_rows)
        )
        known = Companies.of(firms, self._domains(firms), self._policy)
        found = find(leads, known, self._policy)
        matches = self._matches(leads, found)
        homes = self._homes(matches, firms, leads)
        matches = matches.join(homes, on="lead_id", how="left", maintain_order="left")
        matches = matches.with_columns(company_id=pl.coalesce("home", "company_id")).drop("home")
        with_home = rows.select(lead_id="id").join(
            matches.select("lead_id", "company_id"), on="lead_id", how="left", maintain_order="left"
        )
        marks = firms.select(
            "id", public_body=pl.coalesce("public_body", pl.when(known.public).then(True))
        )
        columns = firm_rows.select("id", *_PERSONS).join(
            marks, on="id", how="left", maintain_order="left"
        )
        persons = matches.join(homes, on="lead_id", how="semi", maintain_order="left").select(
            id="company_id",
            **{mark: pl.when(pl.col("status") == mark).then(True) for mark in _PERSONS},
        )
        companies = self._taken["companies"].arranged(
            pl.concat([firm_rows[_ROW], pl.Series(_ROW, [None] * len(persons), dtype=pl.UInt32)]),
            pl.concat([columns, persons], how="diagonal_relaxed").select("id", *_MARKS),
        )
        homed = self._taken["leads"].arranged(rows[_ROW], with_home.select("company_id"))
        hand_out = self._workshop.hand_out
        return Assigned(
            homed.given_back("leads", self._workshop),
            companies.given_back("companies", self._workshop),
            company_sets,
            hand_out("matches", matches),
            hand_out("match_candidates", self._candidates(leads, found)),
            hand_out("rejects", self._rejects()),
        )

    def _domains(self, firms: Any) -> Any:
        """Return which domains companies state: firm, value."""
        pl = self._pl
        places = firms.select(company_id="id").with_row_index("firm")
        sets = self._frames.get("company_sets")
        if sets is None:
            return pl.DataFrame(schema={"firm": pl.UInt32, "value": pl.String})
        sets = sets.filter(pl.col("fact") == "domains")
        return sets.join(places, on="company_id", maintain_order="left").select("firm", "value")

    def _matches(self, leads: Any, found: Found) -> Any:
        """Return what was found of each lead."""
        pl = self._pl
        evidence = pl.col("evidence")
        sure = pl.lit(None, dtype=pl.String)
        for one, certainty in CERTAINTY.items():
            sure = pl.when(evidence == one).then(pl.lit(certainty)).otherwise(sure)
        return found.matches.select(
            leads["id"].alias("lead_id"),
            "status",
            found.ids.gather(found.matches["firm"]).alias("company_id"),
            evidence,
            pl.when(pl.col("status") == "matched").then(sure).alias("certainty"),
            "mail_class",
            "role",
        )

    def _homes(self, matches: Any, firms: Any, leads: Any) -> Any:
        """Return the id of the company of each person without one: lead_id, home."""
        pl = self._pl
        persons: Any = []
        if self._policy.individuals == "apart":
            persons = matches.filter(pl.col("status").is_in(_PERSONS))["lead_id"].to_list()
        integers = firms["id"].dtype == pl.Int64 and bool(len(firms) or leads["company_id"].count())
        homes = homes_of(persons, firms["id"].to_list() if persons else (), integers=integers)
        dtype = pl.Int64 if integers else pl.String
        return pl.DataFrame(
            {
                "lead_id": pl.Series(homes.keys(), dtype=leads["id"].dtype),
                "home": pl.Series(homes.values(), dtype=dtype),
            }
        )

    def _candidates(self, leads: Any, found: Found) -> Any:
        """Return what else may be meant, or is named, for each lead."""
        pl = self._pl
        every = dict.fromkeys((*self._policy.order, "link"))
        order = {one: place for place, one in enumerate(every)}
        listed = found.candidates.with_columns(
            leads["id"].gather(found.candidates["lead"]).alias("lead_id"),
            found.ids.gather(found.candidates["firm"]).alias("company_id"),
            pl.col("evidence")
            .replace_strict(order, return_dtype=pl.UInt8, default=None)
            .alias("place"),
        )
        listed = listed.sort("lead", ~pl.col("candidate"), "place", "company_id")
        return listed.select("lead_id", "company_id", "evidence", "candidate")

    def _rejects(self) -> Any:
        """Return the rows that could not be used."""
        pl = self._pl
        none = pl.DataFrame(schema=dict.fromkeys(REJECTED, pl.String))
        told = [one.select(*REJECTED).to_native().collect() for one in self._door.rejects]
        # Sets are given back as they were.
        listed = pl.concat([none, *told]).filter(pl.col("table") != "company_sets")
        return listed.sort(REJECTED)
