"""Worked cases ⇄ plain data: ``[[cases]]`` with ``given`` and ``expect``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from mpfunnel.account import Account
from mpfunnel.calendars import zone_for
from mpfunnel.codec.accounts import AccountCheck, Attributes, account_data
from mpfunnel.codec.checks import is_list, is_table, under
from mpfunnel.codec.conditions import day_of
from mpfunnel.errors import brief, shown
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.rules.facts import Fact
from mpfunnel.tiers import Tier
from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = [
    "ANSWER",
    "CASE",
    "MAX_CASES",
    "OF_COMPANY",
    "OF_LEAD",
    "WorkedCaseCheck",
    "attributes_asked",
    "case_data",
]

CASE: Final = ("name", "as_of", "given", "expect")
OF_COMPANY: Final = ("segment", "tiers", "white_space")
OF_LEAD: Final = ("stage", "engagement")
ANSWER: Final = ("value", "possible", "missing", "rule")
MAX_CASES: Final = 1_000
"""How many cases a playbook may have."""


class WorkedCaseCheck(AccountCheck):
    """Reads worked cases."""

    def cases(
        self, data: dict[str, Any], zone: ZoneInfo, products: Mapping[str, Id], asked: Attributes
    ) -> list[WorkedCase | None]:
        """Return the cases of a playbook; `None` for each that is faulty.

        Args:
            data: The playbook.
            zone: Whose days count.
            products: The ids of the products, by their text.
            asked: The custom attributes that cases may give under their own names.
        """
        rows = data.get("cases", [])
        if not is_list(rows):
            self.fault("type", "cases", "must be a list of tables")
            return []
        if len(rows) > MAX_CASES:
            self.fault("size", "cases", f"has more than {MAX_CASES:,} of them")
            return []
        found: list[WorkedCase | None] = []
        for index, raw in enumerate(rows):
            at = f"cases[{index}]"
            if is_table(raw):
                found.append(self._case(raw, at, zone, products, asked))
            else:
                self.fault("type", at, "must be a table")
        return found

    def _case(
        self,
        raw: dict[str, Any],
        path: str,
        zone: ZoneInfo,
        products: Mapping[str, Id],
        asked: Attributes,
    ) -> WorkedCase | None:
        self.keys(raw, path, CASE)
        known = len(self.problems)
        for key in ("name", "as_of", "expect"):
            if key not in raw:
                self.fault("missing", path, f"has no {key}")
        name = self.text(raw, "name", path)
        as_of = day_of(raw.get("as_of"))
        if "as_of" in raw and as_of is None:
            message = f"must be a date, for example 2026-10-31, not {brief(raw['as_of'])}"
            self.fault("type", f"{path}.as_of", message)
        account = self.account(self.table(raw, "given", path), f"{path}.given", zone, asked)
        expected = self._expected(
            self.table(raw, "expect", path), f"{path}.expect", account, products
        )
        if len(self.problems) > known or account is None or as_of is None:
            return None
        return self.built(
            lambda: WorkedCase(name, account, expected, as_of=as_of), path, own="workedcase."
        )

    def _expected(
        self,
        raw: dict[str, Any],
        path: str,
        account: Account | None,
        products: Mapping[str, Id],
    ) -> list[Expectation]:
        self.keys(raw, path, (*OF_COMPANY, *OF_LEAD, "leads"))
        found: list[Expectation | None] = []
        if "segment" in raw:
            found.append(self._answer(raw["segment"], f"{path}.segment", "segment"))
        found += self._by_product(raw, "tiers", path, "tier", products)
        found += self._by_product(raw, "white_space", path, "white_space", products)
        if any(key in raw for key in OF_LEAD):
            leads = () if account is None else account.leads
            if account is not None and len(leads) != 1:
                at = under(path, next(key for key in OF_LEAD if key in raw))
                message = f"is of one lead, and {len(leads):,} are given; write it under leads"
                self.fault("contradiction", at, message)
            found += self._of_lead(raw, path, leads[0].id if leads else 1, products)
        rows = raw.get("leads", [])
        if not is_list(rows) or not all(is_table(row) for row in rows):
            self.fault("type", f"{path}.leads", "must be a list of tables")
            rows = []
        for index, row in enumerate(rows):
            at = f"{path}.leads[{index}]"
            self.keys(row, at, ("id", *OF_LEAD))
            if "id" not in row:
                self.fault("missing", at, "has no id")
            elif not any(key in row for key in OF_LEAD):
                self.fault("empty", at, "expects nothing; give a stage or engagement")
            found += self._of_lead(row, at, row.get("id", 1), products)
        return [one for one in found if one is not None]

    def _of_lead(
        self, raw: dict[str, Any], path: str, lead_id: Any, products: Mapping[str, Id]
    ) -> list[Expectation | None]:
        found: list[Expectation | None] = []
        if "stage" in raw:
            found.append(self._answer(raw["stage"], f"{path}.stage", "stage", lead_id))
        found += self._by_product(raw, "engagement", path, "engagement", products, lead_id)
        return found

    def _by_product(
        self,
        raw: dict[str, Any],
        name: str,
        path: str,
        question: str,
        products: Mapping[str, Id],
        lead_id: Any = None,
    ) -> list[Expectation | None]:
        table, at = self.table(raw, name, path), under(path, name)
        return [
            self._answer(one, under(at, shown(key)), question, lead_id, products.get(key, key))
            for key, one in table.items()
        ]

    def _answer(
        self,
        value: Any,
        path: str,
        question: str,
        lead_id: Any = None,
        product_id: Id | None = None,
    ) -> Expectation | None:
        known = len(self.problems)
        table: dict[str, Any] = value if is_table(value) else {"value": value}
        self.keys(table, path, ANSWER)
        given: dict[str, Any] = {}
        if "value" in table:
            at = f"{path}.value" if is_table(value) else path
            given["value"] = self._key_of_answer(table["value"], at, question)
        if "possible" in table:
            at = f"{path}.possible"
            keys: list[Any] = table["possible"] if is_list(table["possible"]) else []
            if not keys:
                self.fault("type", at, "must be a list of what is possible")
            given["possible"] = [
                self._key_of_answer(key, f"{at}[{index}]", question)
                for index, key in enumerate(keys)
            ]
        if "missing" in table:
            names = table["missing"]
            if not is_list(names) or not all(isinstance(one, str) for one in names):
                self.fault("type", f"{path}.missing", "must be a list of names of facts")
            given["missing"] = names
        if "rule" in table:
            given["rule"] = self.text(table, "rule", path)
        if len(self.problems) > known:
            return None
        return self.built(
            lambda: Expectation(
                cast("Any", question), **given, lead_id=lead_id, product_id=product_id
            ),
            path,
            own="expectation.",
        )

    def _key_of_answer(self, value: Any, path: str, question: str) -> str | None:
        if question == "tier":
            tier = self.built(lambda: Tier(value), path, own="tier.number")
            return None if tier is None else tier.key
        if not isinstance(value, str) or not value.strip():
            what = {"white_space": "position"}.get(question, question)
            self.fault("type", path, f"must be the key of a {what}, not {brief(value)}")
            return None
        return value


def attributes_asked(book: Playbook) -> dict[str, Fact]:
    """Return the custom attributes that the rules of a playbook ask about, by their full names."""
    return {name: fact for name, fact in book.asked.items() if fact.within == "attributes"}


def case_data(case: WorkedCase, book: Playbook) -> dict[str, Any]:
    """Return the canonical plain data of a case."""
    asked = attributes_asked(book)
    given = account_data(case.given, zone_for(book.zone), asked)
    expect: dict[str, Any] = {}
    leads: dict[Id, dict[str, Any]] = {}
    alone = len(case.given.leads) == 1
    for one in case.expect:
        of_lead = one.lead_id is not None and not alone
        at = leads.setdefault(cast("Id", one.lead_id), {}) if of_lead else expect
        if one.product_id is None:
            at[one.question] = one.plain
        else:
            name = "tiers" if one.question == "tier" else one.question
            at.setdefault(name, {})[str(one.product_id)] = one.plain
    if leads:
        expect["leads"] = [{"id": lead_id, **said} for lead_id, said in leads.items()]
    return {
        "name": case.name,
        "as_of": case.as_of,
        **({"given": given} if given else {}),
        "expect": expect,
    }
