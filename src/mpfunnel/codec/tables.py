"""Tables of rules ⇄ plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from mpfunnel.codec.attributes import AttributeCheck, label_data, without_none
from mpfunnel.codec.checks import is_list, is_table, under
from mpfunnel.codec.conditions import ConditionCheck, Vocabulary, condition_data
from mpfunnel.errors import shown
from mpfunnel.labels import Label
from mpfunnel.rules.conditions import All, Condition
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.words import reason_of
from mpfunnel.tiers import Tier

__all__ = ["TABLE", "TableCheck", "because_data", "outcome_data", "table_data"]

TABLE: Final = ("rules", "otherwise", "otherwise_because")
"""The keys of a table of rules."""

T = TypeVar("T")


class TableCheck(ConditionCheck, AttributeCheck):
    """Reads tables of rules."""

    def _part(self, data: dict[str, Any], key: str, path: str) -> dict[str, Any] | None:
        """Return the table under `key`; `None` where there is none."""
        if key not in data:
            self.fault("missing", path, f"has no {key}")
            return None
        value = data[key]
        if is_table(value):
            return value
        self.fault("type", under(path, shown(key)), "must be a table")
        return None

    def _key(self, value: Any, path: str) -> str | None:
        if isinstance(value, str) and value.strip():
            return value
        self.fault("type", path, "must be a key: text that is not blank")
        return None

    def _rows(self, data: dict[str, Any], key: str, path: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the tables of the list under `key`, each with its path."""
        value, at = data.get(key, []), under(path, key)
        if not is_list(value):
            self.fault("type", at, "must be a list of tables")
            return []
        rows: list[tuple[str, dict[str, Any]]] = []
        for index, item in enumerate(value):
            if is_table(item):
                rows.append((f"{at}[{index}]", item))
            else:
                self.fault("type", f"{at}[{index}]", "must be a table")
        return rows

    def _rules(
        self,
        data: dict[str, Any],
        path: str,
        words: Vocabulary,
        outcome_key: str,
        outcome_of: Callable[[Any, str], Any],
        make: Callable[..., T],
    ) -> T | None:
        """Return the table of the rules in `data`; `None` where an outcome is faulty.

        Args:
            data: The table that holds ``rules``, ``otherwise`` and ``otherwise_because``.
            path: Where it is.
            words: What its conditions may name.
            outcome_key: By which key a rule gives its outcome.
            outcome_of: Gives the outcome of a value and its path, or `None` where it is faulty.
            make: The kind of table.
        """
        rules = [
            self._rule(raw, at, words, outcome_key, outcome_of)
            for at, raw in self._rows(data, "rules", path)
        ]
        given: dict[str, Any] = {"otherwise": self._outcome(data, "otherwise", path, outcome_of)}
        because = self.label(data, "otherwise_because", path)
        if because is not None:
            given["otherwise_because"] = because
        if None in (*rules, given["otherwise"]):
            return None
        return self.built(lambda: make(rules=rules, **given), path)

    def _rule(
        self,
        raw: dict[str, Any],
        path: str,
        words: Vocabulary,
        outcome_key: str,
        outcome_of: Callable[[Any, str], Any],
    ) -> Rule[Any] | None:
        self.keys(raw, path, (outcome_key, "key", "when", "because"))
        outcome = self._outcome(raw, outcome_key, path, outcome_of)
        said = self._reason(raw, path, words)
        rule = self.built(lambda: Rule(outcome, **said), path)
        return None if outcome is None else rule

    def _reason(self, raw: dict[str, Any], path: str, words: Vocabulary) -> dict[str, Any]:
        """Return what every kind of rule has: when it holds, its key, and why."""
        when: Condition = All(())
        if "when" in raw:
            when = self.condition(raw["when"], f"{path}.when", words)
        else:
            self.fault("missing", path, "has no when")
        key, because = self.text(raw, "key", path), self.label(raw, "because", path)
        return {"when": when, "key": key, "because": because}

    def _outcome(
        self, data: dict[str, Any], key: str, path: str, outcome_of: Callable[[Any, str], T | None]
    ) -> T | None:
        if key in data:
            return outcome_of(data[key], under(path, key))
        self.fault("missing", path, f"has no {key}")
        return None


def table_data(table: DecisionTable[Any], outcome: str, words: Vocabulary) -> dict[str, Any]:
    """Return a table of rules as plain data.

    Args:
        table: The table.
        outcome: By which key a rule gives its outcome.
        words: What its conditions may name.
    """
    usual = table.otherwise_because == DecisionTable[Any]((), None).otherwise_because
    return without_none(
        {
            "otherwise": outcome_data(table.otherwise),
            "otherwise_because": None if usual else label_data(table.otherwise_because),
            "rules": [_rule_data(rule, outcome, words) for rule in table.rules],
        }
    )


def _rule_data(rule: Rule[Any], outcome: str, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            outcome: outcome_data(rule.outcome),
            "key": rule.key,
            **because_data(rule.when, rule.because, words),
        }
    )


def because_data(condition: Condition, because: Label, words: Vocabulary) -> dict[str, Any]:
    """Return a condition as plain data, with its reason where that is not the usual one."""
    when = condition_data(condition, words)
    # The words of the condition as the file has it: a fact may have another label in there.
    usual = because == reason_of(ConditionCheck().condition(when, "", words))
    return without_none({"when": when, "because": None if usual else label_data(because)})


def outcome_data(value: Any) -> Any:
    """Return an outcome as plain data: the number of a Tier, the key of anything else."""
    return value.number if isinstance(value, Tier) else value.key
