"""What a mapping says about the rows of a table: their files, and which records were deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from mpfunnel.codec.checks import is_list, is_table, no_such
from mpfunnel.errors import brief, shown
from mpfunnel.sources.field_checks import FieldCheck
from mpfunnel.sources.kinds import Slot
from mpfunnel.sources.mapping import (
    FieldMapping,
    FileMapping,
    JoinMapping,
    Settings,
    Several,
)

__all__ = ["JoinCheck"]

_COMPARED = ("normalise", "blank")


class JoinCheck(FieldCheck):
    """Reads what a mapping says about the rows of a table."""

    def file_key(self, entry: dict[str, Any], path: str, known: Mapping[str, FileMapping]) -> str:
        """Return the key of the file of an entry."""
        file = self.text(entry, "file", path)
        if "file" not in entry:
            self.fault("missing", path, "has no file")
        elif file not in known:
            message = f"{brief(file)}: {no_such('file', file, known)}"
            self.fault("unknown-file", f"{path}.file", message)
        return file

    def joins(
        self,
        entry: dict[str, Any],
        path: str,
        known: Mapping[str, FileMapping],
        settings: Settings,
    ) -> tuple[JoinMapping, ...]:
        """Return the joins of an entry, each after those whose columns it compares."""
        given = self.table(entry, "join", path)
        found = [
            self._join(raw, name, f"{path}.join.{shown(name)}", known, settings)
            for name, raw in given.items()
        ]
        needs = {
            one.name: {here.partition(".")[0] for here, _ in one.on if "." in here} & given.keys()
            for one in found
        }
        ordered: list[JoinMapping] = []
        while ready := [one for one in found if not needs[one.name]]:
            ordered += ready
            found = [one for one in found if one not in ready]
            for needed in needs.values():
                needed.difference_update(one.name for one in ready)
        for one in found:
            others = ", ".join(shown(name) for name in sorted(needs[one.name]))
            self.fault("cycle", f"{one.path}.on", f"goes round in a circle, through {others}")
        return tuple(ordered)

    def deleted(self, entry: dict[str, Any], path: str) -> FieldMapping | None:
        """Return what says of a row that its record was deleted; `None` where nothing does."""
        if "deleted" not in entry:
            return None
        at = f"{path}.deleted"
        raw = self.table(entry, "deleted", path)
        self.keys(raw, at, ("column", "is", "optional"))
        column = self.text(raw, "column", at)
        for key in ("column", "is"):
            if key not in raw:
                self.fault("missing", at, f"has no {key}")
        words = self.texts(raw, "is", at) if is_list(raw.get("is")) else (self.text(raw, "is", at),)
        if ("column" in raw and not column.strip()) or (
            "is" in raw and not all(map(str.strip, words))
        ):
            self.fault("blank", at, "names a blank column or word")
        return FieldMapping(
            "deleted",
            at,
            Slot("bool"),
            columns=(column,),
            truths=frozenset(words),
            optional=self.flag(raw, "optional", at),
        )

    def _join(
        self,
        raw: object,
        name: str,
        path: str,
        known: Mapping[str, FileMapping],
        settings: Settings,
    ) -> JoinMapping:
        if not name.strip() or "." in name:
            self.fault("choice", path, "must be called by a name without dots")
        if not is_table(raw):
            self.fault("type", path, "must be a table")
            return JoinMapping(name, path, "", ())
        self.keys(raw, path, ("file", "on", "only", "several", *_COMPARED))
        on = self.table(raw, "on", path)
        if not on:
            self.fault("missing", path, "has no on: columns here, and what they equal there")
        pairs = tuple((here, self.text(on, here, f"{path}.on", "?")) for here in on)
        for here, there in pairs:
            if not here.strip() or not there.strip():
                self.fault("blank", f"{path}.on", "names a blank column")
        said = {key: raw[key] for key in _COMPARED if key in raw}
        own = self.settings(said, path, settings)
        several = self.text(raw, "several", path, "refused")
        if several not in get_args(Several):
            message = f"{brief(several)}: must be one of {', '.join(get_args(Several))}"
            self.fault("choice", f"{path}.several", message)
        return JoinMapping(
            name,
            path,
            self.file_key(raw, path, known),
            pairs,
            own,
            self.where(raw, "only", path),
            cast("Several", several),
        )
