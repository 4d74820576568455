"""The section ``[identity]`` of a mapping: who leads belong to, once all is read (名寄せ)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from attrs import fields

from mpfunnel.codec.checks import Check
from mpfunnel.errors import DecodeError, InvalidDataError, Problem
from mpfunnel.identity import IdentityPolicy
from mpfunnel.identity.assigning import assign
from mpfunnel.sources.mapping import SourceMapping, TableMapping

__all__ = ["MATCHES", "assigned", "assigned_tables", "policy_of"]

MATCHES: Final = ("matches", "match_candidates")
"""The tables that say where leads belong, beside those that `mpfunnel.frames.assess` takes."""

_KEYS: Final = tuple(one.name for one in fields(IdentityPolicy))
_FLAGS: Final = ("individual", "student", "public_body")
"""The custom attributes of companies that are set where they say nothing."""


def policy_of(
    check: Check, data: dict[str, Any], tables: Sequence[TableMapping]
) -> IdentityPolicy | None:
    """Return the policy that a mapping states; `None` where it states none.

    Args:
        check: Takes what is wrong with it.
        data: The whole mapping.
        tables: What the mapping reads.
    """
    if "identity" not in data:
        return None
    given = check.table(data, "identity", "")
    check.keys(given, "identity", _KEYS)
    if all(table.kind != "leads" for table in tables):
        check.fault("missing", "identity", "needs leads, whose companies it tells")
    try:
        policy = IdentityPolicy(**{key: given[key] for key in _KEYS if key in given})
    except InvalidDataError as error:
        check.problems += error.problems
        return None
    types = {(one.slot.ids_of, one.slot.type) for table in tables for one in table.fields} & {
        ("companies", "int"),
        ("leads", "text"),
    }
    if policy.individuals == "apart" and len(types) > 1:
        message = (
            "must be 'unmatched', or ids of companies text: an integer cannot be made of the text "
            "that is the id of a lead"
        )
        check.fault("contradiction", "identity.individuals", message)
    for table in tables:
        for one in table.fields:
            flag = table.kind == "companies" and one.attribute and one.name in _FLAGS
            if flag and one.slot.type != "bool":
                message = f"must be bool, as identity sets it, not {one.slot.type}"
                check.fault("contradiction", f"{one.path}.type", message)
    return policy


def assigned(
    mapping: SourceMapping, policy: IdentityPolicy, found: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the leads and companies that were read, each lead with its company, and the matches.

    Args:
        mapping: Where the policy stands.
        policy: By what leads are matched.
        found: What was read, by record kind.

    Raises:
        DecodeError: Individuals cannot get companies of their own.
    """
    with _located(mapping):
        made = assign(found["leads"], found.get("companies", ()), policy)
    return {"leads": made.leads, "companies": made.companies, "matches": made.matches}


def assigned_tables(
    mapping: SourceMapping, policy: IdentityPolicy, found: dict[str, Any]
) -> dict[str, Any]:
    """Give each lead of tables its company, and return the tables of the matches by name.

    Args:
        mapping: Where the policy stands.
        policy: By what leads are matched.
        found: The tables that were read, of Polars, by name; those that change are replaced.

    Raises:
        DecodeError: Individuals cannot get companies of their own.
    """
    from mpfunnel.frames import assign

    with _located(mapping):
        made = assign(
            leads=found["leads"],
            companies=found["companies"],
            company_sets=found.get("company_sets"),
            policy=policy,
        )
    assert made.rejects.is_empty()  # what cannot be used was rejected when it was read
    found |= made.tables
    return {name: getattr(made, name) for name in MATCHES}


@contextmanager
def _located(mapping: SourceMapping) -> Generator[None]:
    """Say of problems which mapping they are of."""
    try:
        yield
    except InvalidDataError as error:
        raise DecodeError(
            Problem(one.code, mapping.at(one.path), one.message) for one in error.problems
        ) from None
