"""A mapping may extend a shipped one: what it says is laid over what that one says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.sources.extending import laid_over
from tests.reading import problems_of

BASE: dict[str, Any] = {
    "format": 1,
    "files": {"companies": "c.csv", "clicks": "k.csv", "opens": {"path": "o.csv"}},
    "companies": {
        "file": "companies",
        "fields": {"id": "id", "name": "name", "country": {"constant": "JP"}},
        "attributes": {"size": {"column": "size", "type": "int"}},
    },
    "activities": [
        {"file": "clicks", "fields": {"id": "id", "kind": {"constant": "email_click"}}},
        {"file": "opens", "fields": {"id": "id", "kind": {"column": "k", "strict": True}}},
    ],
}
SHIPPED = ", ".join(sources.shipped())


def extended(own: dict[str, Any]) -> dict[str, Any]:
    """What becomes of the base under `own`."""
    return laid_over(BASE, own)


class TestLaying:
    def test_tables_are_laid_over_each_other_key_by_key(self) -> None:
        """What is not named stays, what is named takes its place, what is new joins."""
        found = extended({"title": "Ours", "companies": {"fields": {"region": "pref"}}})
        assert found["title"] == "Ours"
        assert found["companies"]["fields"] == {**BASE["companies"]["fields"], "region": "pref"}
        assert found["activities"] == BASE["activities"]

    def test_a_field_with_an_origin_takes_the_place_of_the_whole(self) -> None:
        """Who says where a value comes from says all about it; settings alone join what is."""
        own = {
            "country": {"column": "land", "values": {"D": "DE"}},
            "name": {"normalise": ["nfkc"]},
        }
        found = extended({"companies": {"fields": own}})["companies"]["fields"]
        assert found["country"] == {"column": "land", "values": {"D": "DE"}}
        assert found["name"] == {"column": "name", "normalise": ["nfkc"]}
        own = {"attributes": {"size": {"columns": ["a", "b"], "type": "text"}}}
        found = extended({"companies": own})["companies"]["attributes"]
        assert found == {"size": {"columns": ["a", "b"], "type": "text"}}

    def test_a_text_that_is_short_for_a_table_is_one(self) -> None:
        """A file may get an encoding without its path being said again."""
        found = extended({"files": {"companies": {"encoding": "cp932"}, "opens": "p.csv"}})
        assert found["files"]["companies"] == {"path": "c.csv", "encoding": "cp932"}
        assert found["files"]["opens"] == "p.csv"

    def test_tables_of_a_list_go_by_their_file(self) -> None:
        """One goes over those of its file, or joins them."""
        own = [{"file": "opens", "fields": {"kind": {"strict": False}}}, {"file": "visits"}]
        clicks, opens, visits = extended({"activities": own})["activities"]
        assert clicks == BASE["activities"][0]
        assert opens["fields"]["kind"] == {"column": "k", "strict": False}
        assert visits == {"file": "visits"}
        # One table alone is a list of one.
        assert extended({"activities": own[0]})["activities"] == [clicks, opens]
        assert extended({"companies": [{"file": "more"}]})["companies"] == [
            BASE["companies"],
            {"file": "more"},
        ]

    def test_false_takes_out(self) -> None:
        """A field, a table or a kind goes; what is true or false itself is set."""
        found = extended({"activities": False, "companies": {"fields": {"name": False}}})
        assert "activities" not in found
        assert set(found["companies"]["fields"]) == {"id", "country"}
        assert extended({"deals": False})["deals"] is False

    def test_what_fits_nowhere_stays_to_be_refused(self) -> None:
        """A list with what is no table of a file takes the place of all."""
        assert extended({"activities": [3]})["activities"] == [*BASE["activities"], 3]
        assert extended({"files": []})["files"] == []
        assert laid_over({"patterns": {"a": []}}, {"patterns": {"a": {}}}) == {
            "patterns": {"a": {}}
        }

    @given(st.dictionaries(st.sampled_from(["a", "b", "file"]), st.integers() | st.text()))
    def test_laying_over_changes_neither(self, own: dict[str, Any]) -> None:
        """Both stay as they were; laying twice is laying once; over nothing it is itself."""
        kept = repr(BASE)
        once = extended(own)
        assert repr(BASE) == kept
        assert laid_over(once, own) == once
        assert laid_over({}, own) == own
        assert laid_over(BASE, {}) == BASE


class TestLoading:
    def test_a_mapping_extends_a_shipped_one(self, tmp_path: Path) -> None:
        """From a file and from plain data alike; the plain data of it stand for themselves."""
        path = tmp_path / "my.toml"
        path.write_text('extends = "maven"\n[deals.fields.status]\nstrict = false\n')
        mapping = sources.load(path)
        assert mapping.origin == "my.toml"
        data = sources.load("maven").to_data()
        data["deals"]["fields"]["status"]["strict"] = False
        assert mapping.to_data() == data
        assert mapping == sources.load(data) != sources.load("maven")
        own = {"extends": "maven", "deals": {"fields": {"status": {"strict": False}}}}
        assert sources.load(own) == mapping

    def test_faults_have_the_path_of_what_was_laid_together(self, tmp_path: Path) -> None:
        """They are found in the whole, all at once, under the name of the file."""
        path = tmp_path / "my.toml"
        path.write_text('extends = "maven"\n[deals.fields]\nid = false\nstatsu = "x"\n')
        assert problems_of(path) == [
            "my.toml: deals.fields.statsu: no such key; did you mean 'status'?",
            "my.toml: deals.fields: has no id; deals need it",
        ]

    @pytest.mark.parametrize(
        ("base", "message"),
        [
            ("mavn", "'mavn': no such mapping; did you mean 'maven'?"),
            ("./maven.toml", f"'./maven.toml': no such mapping; known are {SHIPPED}"),
            (3, "must be the name of a shipped mapping"),
        ],
    )
    def test_only_shipped_mappings_are_extended(self, base: object, message: str) -> None:
        """A file never says which other file is read."""
        assert problems_of({"extends": base}) == [f"extends: {message}"]
