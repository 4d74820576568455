"""Malformed playbooks, mappings, rows, records and arguments: each fault named, at once."""

# ruff: noqa: E501 - error lines are quoted whole

from __future__ import annotations

import ast
import contextlib
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import openpyxl
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import errors, facts, frames, identity, sources, stores, warehouse
from mpfunnel.codec import dump, from_data, load, loaded
from mpfunnel.engagement import Signal
from mpfunnel.errors import InvalidDataError, MpfunnelError, Problem, TransitionError
from mpfunnel.facts import any_product, company, lead, measure, product, pursuit
from mpfunnel.flow import Insight, Spell, aalen_johansen, gap
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.records import Campaign, Statistic
from mpfunnel.records import Company, CompanyChange, CompanyHistory, Lead
from mpfunnel.rules.conditions import AnyOf, Exists
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.tables import Band, Rule, Scorecard, ScoreItem
from mpfunnel.tiers import Tier, TierTable
from tests.campaign_worlds import company as visited
from tests.campaign_worlds import did
from tests.malformed import (
    AT,
    BOOK,
    DATA,
    DAY,
    ENGINE,
    HUGE,
    TOML,
    Number,
    Plants,
    Policy,
    TwoLines,
    Unwritable,
    Word,
    absent,
    assessed,
    campaigned,
    changed,
    file,
    followed,
    gone,
    listing,
    mapping,
    mapping_with,
    nested,
    nots,
    refused,
    table,
    tiers,
    unproved_policy,
    unsound,
    when,
    within_itself,
)
from tests.reading import mapping_of


class Table(TierTable):
    """A kind of its own, which might decide otherwise than its rules say."""


class Told(Policy):
    """A policy that was made with something."""

    def __init__(self, options: Any) -> None:
        super().__init__(lambda: None)
        self.options = options


LIMIT: Final = mf.TierLimit(best=Tier(2), when=company.employees < 5)


DOCS: Final = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"
SRC: Final = Path(mf.__file__).parent


def given(cases: Mapping[str, tuple[Any, list[str]]]) -> pytest.MarkDecorator:
    """Parametrise a test by cases of an input and what it is refused with."""
    return pytest.mark.parametrize(("make", "said"), [*cases.values()], ids=[*cases])


def stored(folder: Path) -> object:
    """Read what is a SQLite file by its first bytes alone."""
    (folder / "crm.db").write_bytes(b"SQLite format 3\0 and no more")
    with contextlib.chdir(folder):
        return stores.read(ENGINE, "crm.db")


def view_of_nothing() -> Any:
    """A relation of a view whose table was dropped."""
    con = duckdb.connect()
    con.execute("CREATE TABLE orders AS SELECT 1 AS id")
    con.execute("CREATE VIEW seen AS FROM orders")
    relation = con.table("seen")
    con.execute("DROP TABLE orders")
    return relation


def table_dropped() -> Any:
    """A table of Ibis that was dropped."""
    backend = ibis.duckdb.connect()
    given = backend.create_table("orders", schema={"id": "int64"})
    backend.con.execute("DROP TABLE orders")
    return given


CASE: Final = """
[[cases]]
name = "large"
as_of = 2026-10-31
given.company = { employees = 2_000 }
expect.segment = "small"
"""


# Playbook files, and a store: name and content.
FILES: Final[dict[str, tuple[Callable[[Path], object], list[str]]]] = {
    "a SQLite file cut off": (stored,
        ["database | crm.db: cannot be read as SQLite: file is not a database"]),
    "a case that is answered otherwise": (unsound("book.toml", TOML + CASE),
        ["case | book.toml: cases[0].expect.segment: 'large': expected \"small\", not \"enterprise\", because of: employees at least 1,000 people or annual revenue at least 100 billion"]),
    "an empty TOML file": (file("book.toml", ""),
        ["missing | book.toml: has no products",
         "missing | book.toml: has no segments",
         "missing | book.toml: has no tiers",
         "missing | book.toml: has no engagement",
         "missing | book.toml: has no funnel"]),
    "only a comment": (file("book.toml", "# nothing yet\n"),
        ["missing | book.toml: has no products",
         "missing | book.toml: has no segments",
         "missing | book.toml: has no tiers",
         "missing | book.toml: has no engagement",
         "missing | book.toml: has no funnel"]),
    "an empty JSON file": (file("book.json", ""),
        ["syntax | book.json: is not JSON: expecting value: line 1 column 1 (char 0)"]),
    "a JSON text": (file("book.json", '"playbook"'),
        ["type | book.json: must hold one table"]),
    "JSON null": (file("book.json", '{"name": null}'),
        ["type | book.json: name: must be text, a number, a bool, a date, a list or a table, not NoneType"]),
    "JSON NaN": (file("book.json", '{"format": NaN}'),
        ["syntax | book.json: is not JSON: holds NaN, which is no number"]),
    "JSON Infinity": (file("book.json", '{"format": -Infinity}'),
        ["syntax | book.json: is not JSON: holds -Infinity, which is no number"]),
    "JSON minus zero": (file("book.json", '{"format": -0}'),
        ["format | book.json: format: must be 1 or 2, not 0; a later one needs a later mpfunnel"]),
    "JSON 1e999": (file("book.json", '{"format": 1e999}'),
        ["format | book.json: format: must be 1 or 2, not Decimal('1E+999'); a later one needs a later mpfunnel"]),
    "JSON with an exponent beyond any decimal": (file("book.json", '{"format": 1e99999999999999999999}'),
        ["nan | book.json: format: must be a finite number"]),
    "JSON with a key twice": (file("book.json", '{"zone": "UTC", "zone": "UTC"}'),
        ["syntax | book.json: is not JSON: the key 'zone' stands there twice"]),
    "JSON with half a surrogate pair": (file("book.json", '{"name": "\\ud800", "\\udfff": 1}'),
        ["encoding | book.json: name: holds half of a surrogate pair, which is no character",
         "encoding | book.json: \\udfff: holds half of a surrogate pair, which is no character"]),
    "JSON with a comment": (file("book.json", '{} // none'),
        ["syntax | book.json: is not JSON: extra data: line 1 column 4 (char 3)"]),
    "JSON with a NUL": (file("book.json", '{"a\0": 1}'),
        ["syntax | book.json: is not JSON: invalid control character at: line 1 column 4 (char 3)"]),
    "TOML with a NUL": (file("book.toml", 'name = "a\0"'),
        ["syntax | book.toml: is not TOML: illegal character '\\x00' (at line 1, column 10)"]),
    "TOML with an escaped NUL in a key": (file("book.toml", TOML + '[funnel.more]\n"a\\u0000" = 1\n'),
        ["unknown-key | book.toml: funnel.more: no such key; known are rules, otherwise, otherwise_because, ladder, detours, labels, quiet_days, deals_without_lead, overrules_people, kinds, final, ends, transitions, calendar"]),
    "UTF-16": (file("book.toml", TOML.encode("utf-16")),
        ["encoding | book.toml: line 1 is not utf-8"]),
    "binary": (file("book.toml", bytes(range(256))),
        ["encoding | book.toml: line 2 is not utf-8"]),
    "line ends of the first Macintosh": (file("book.toml", "format = 1\rzone = 'UTC'\r"),
        ["syntax | book.toml: is not TOML: expected newline or end of document after a statement (at line 1, column 11)"]),
    "3 MB": (file("book.toml", "#" * 3_000_000),
        ["size | book.toml: is larger than 2,097,152 bytes"]),
    "TOML with a key twice": (file("book.toml", "zone = 'UTC'\nzone = 'UTC'\n"),
        ["syntax | book.toml: is not TOML: cannot overwrite a value (at line 2, column 13)"]),
    "TOML with a table twice": (file("book.toml", '["a\\nB"]\n["a\\nB"]\n'),
        ["syntax | book.toml: is not TOML: cannot declare ('a\\nB',) twice (at line 2, column 8)"]),
    "TOML infinity": (file("book.toml", "format = -inf"),
        ["nan | book.toml: format: must be a finite number"]),
    "a datetime where a date is wanted": (file("book.toml", TOML.replace("[products.crm]", "[products.crm]\nsold_from = 2024-04-01T00:00:00Z")),
        ["type | book.toml: products.crm.sold_from: must be a date, for example 2014-04-01"]),
    "a time of day": (file("book.toml", "name = 07:32:00"),
        ["type | book.toml: name: must be text, a number, a bool, a date, a list or a table, not time"]),
    "a day that does not exist": (file("book.toml", "name = 2026-02-29"),
        ["syntax | book.toml: is not TOML: invalid date or datetime (at line 1, column 8)"]),
    "a name of two lines": (file("two\nLines.toml", "format ="),
        ["syntax | two\\nLines.toml: is not TOML: invalid value (at end of document)"]),
    "another ending": (lambda _: load("book.yaml"),
        ["file | book.yaml: must end in .toml or .json"]),
    "no such file": (lambda _: load("nobody/wrote/this.toml"),
        ["file | nobody/wrote/this.toml: no such file"]),
    "a folder": (lambda _: load(Path("tests") / ".." / "no\0name.toml"),
        ["file | tests/../no\\x00name.toml: cannot be read as a file"]),
}  # fmt: skip


# Playbooks as plain data.
DATA_CASES: Final[dict[str, tuple[Callable[[], object], list[str]]]] = {
    "data that is no table": (lambda: from_data([]),  # type: ignore[arg-type]
        ["type | must be a Mapping, not list []"]),
    "a kind that is no text": (changed("tiers", "*", "kind", to=3),
        ["type | tiers.*.kind: must be text, not int",
         "unknown-key | tiers.*.otherwise: no such key; known are kind, options",
         "unknown-key | tiers.*.rules: no such key; known are kind, options",
         "unknown-kind | tiers.*.kind: no such kind ''; known are scorecard; name others by load(…, kinds=[…]) or --policy"]),
    "a kind that nobody named": (changed("tiers", "crm", to={"kind": "acme/plants/1"}),
        ["unknown-kind | tiers.crm.kind: no such kind 'acme/plants/1'; known are scorecard; name others by load(…, kinds=[…]) or --policy"]),
    "a kind that is misspelt": (changed("tiers", "crm", to={"kind": "acme/plant/1"}, kinds=[Plants]),
        ["unknown-kind | tiers.crm.kind: no such kind 'acme/plant/1'; did you mean 'acme/plants/1'?"]),
    "options that a policy does not know": (changed("tiers", "crm", to={"kind": "acme/plants/1", "options": {"regoin": "x"}}, kinds=[Plants]),
        ["policy | tiers.crm.options: acme/plants/1 refuses them: TypeError: Plants.__init__() got an unexpected keyword argument 'regoin'"]),
    "options that a policy refuses": (changed("tiers", "crm", to={"kind": "acme/plants/1", "options": {"region": "two\nlines"}}, kinds=[Plants]),
        ["policy | tiers.crm.options: acme/plants/1 refuses them: ValueError: no such region"]),
    "options that a policy names faults of": (changed("tiers", "crm", to={"kind": "acme/plants/1", "options": {"region": "Atlantis"}}, kinds=[Plants]),
        ["choice | tiers.crm.options.region: no such region"]),
    "a day among options": (changed("tiers", "crm", to={"kind": "acme/plants/1", "options": {"region": [{"a": DAY}]}}, kinds=[Plants]),
        ["type | tiers.crm.options.region[0].a: must be text where a day is meant, such as '2026-04-01'"]),
    "a policy of another kind": (changed("tiers", "crm", to={"kind": "acme/plants/1", "options": {"region": "another"}}, kinds=[Plants]),
        ["policy | tiers.crm.kind: acme/plants/1 made no policy of it, but kind 'acme/plants/2'"]),
    "kinds that are none": (lambda: from_data(DATA, kinds=[Plants, Plants, 3, lambda: None]),  # type: ignore[list-item, return-value]
        ["duplicate | kinds[1]: 'acme/plants/1' is given twice",
         "type | kinds[2]: must be a class or callable with a text kind, not int 3",
         "type | kinds[3]: must be a class or callable with a text kind, not function function …"]),
    "a scorecard of faults": (changed("tiers", "crm", to={
            "kind": "scorecard", "rules": [],
            "items": [{"points": "3", "when": {"employees": 1}}, {"when": {"employes": 1}}, {"points": 3, "if_unknown": 4}, 3],
            "bands": [{"at_least": 1.5, "tier": 1}, {"tier": 10}, {"at_least": 1}],
        }),
        ["unknown-key | tiers.crm.rules: no such key; known are kind, otherwise, items, bands",
         "type | tiers.crm.items[3]: must be a table",
         "type | tiers.crm.items[0].points: must be an integer within ±1,000,000, not '3'",
         "unknown-fact | tiers.crm.items[1].when.employes: no such fact; did you mean 'employees'?",
         "missing | tiers.crm.items[1]: has no points",
         "missing | tiers.crm.items[2]: has no when",
         "range | tiers.crm.items[2].if_unknown: must lie between 0 and the points, 3",
         "type | tiers.crm.bands[0].at_least: must be an integer, not float 1.5",
         "range | tiers.crm.bands[1].tier: must be an integer from 1 to 9, not 10",
         "missing | tiers.crm.bands[1]: has no at_least",
         "missing | tiers.crm.bands[2]: has no tier",
         "missing | tiers.crm: has no otherwise"]),
    "bands that start together in a file": (changed("tiers", "crm", to={
            "kind": "scorecard", "otherwise": 3, "bands": [{"at_least": 1, "tier": 1}, {"at_least": 1, "tier": 2}]}),
        ["duplicate | tiers.crm.bands: two bands start at the same score"]),
    "limits of faults": (changed("tiers", "*", "limits", to=[
            {"when": {"employees": 1}}, {"best": 1, "worst": 2, "when": {"employees": 1}},
            {"best": 0, "otherwise": 1, "when": {"employees": 1}}, {"worst": 3, "when": {"product.score": 1}}]),
        ["missing | tiers.*.limits[0]: needs either best or worst",
         "contradiction | tiers.*.limits[1]: needs either best or worst, not both",
         "unknown-key | tiers.*.limits[2].otherwise: no such key; known are best, worst, key, when, because",
         "range | tiers.*.limits[2].best: must be an integer from 1 to 9, not 0"]),
    "a limit that asks about leads": (changed("tiers", "*", "limits", to=[{"worst": 3, "when": {"lead.title": "部長"}}]),
        ["scope | tiers.*.limits[0].when.lead.title: cannot be asked here, where only company is known"]),
    "limits that are empty": (changed("tiers", "*", "limits", to=[]),
        ["empty | tiers.*.limits: must list at least one limit"]),
    "a family that is misspelt": (lambda: from_data({**DATA, "products": {"crm": {"family": "office"}}, "tiers": {**DATA["tiers"], "family:ofice": DATA["tiers"]["*"]}}),
        ["unknown-family | tiers.family:ofice: no such family; did you mean 'office'?"]),
    "a rule of a family": (lambda: from_data({**DATA, "products": {"crm": {"family": "a.b"}}, "tiers": {"family:a.b": {"otherwise": 1, "rules": [{"tier": 1, "when": {"lead.title": "部長"}}]}}}),
        ["scope | tiers.family:a.b.rules[0].when.lead.title: cannot be asked here, where only company is known"]),
    "a table that contains itself": (lambda: from_data(within_itself()),
        ["depth | nests deeper than 80"]),
    "a list nested 100,000 deep": (changed("name", to=nested(100_000)),
        ["depth | nests deeper than 80"]),
    "a key of 5,001 digits": (lambda: from_data({HUGE: 1}),  # type: ignore[dict-item]
        ["type | key of 16610 bits: must be text, not int"]),
    "a key that is no text": (changed("name", to={None: "x"}),
        ["type | key None: must be text, not NoneType"]),
    "a key whose repr has lines": (changed("name", to={TwoLines(): "x"}),
        ["type | key first second: must be text, not TwoLines"]),
    "a key whose repr fails": (changed("name", to={Unwritable(): "x"}),
        ["type | key …: must be text, not Unwritable"]),
    "a tuple for a list": (changed("funnel", "ladder", to=("known",)),
        ["type | funnel.ladder: must be text, a number, a bool, a date, a list or a table, not tuple"]),
    "an enum for a text": (changed("zone", to=Word.A),
        ["type | zone: must be text, a number, a bool, a date, a list or a table, not Word"]),
    "an enum for an integer": (changed("funnel", "quiet_days", to=Number.ONE),
        ["type | funnel.quiet_days: must be text, a number, a bool, a date, a list or a table, not Number"]),
    "a bool for an integer": (changed("funnel", "quiet_days", to=True),
        ["range | funnel.quiet_days: must be an integer from 1 to 3,650, not True"]),
    "an integer of 5,001 digits": (changed("funnel", "quiet_days", to=HUGE),
        ["range | funnel.quiet_days: must fit in 64 bits"]),
    "not a number": (changed("funnel", "quiet_days", to=float("nan")),
        ["nan | funnel.quiet_days: must be a finite number"]),
    "a signalling NaN": (changed("funnel", "quiet_days", to=Decimal("sNaN")),
        ["nan | funnel.quiet_days: must be a finite number"]),
    "a fraction of a day": (changed("funnel", "quiet_days", to=Decimal("1.5")),
        ["range | funnel.quiet_days: must be an integer from 1 to 3,650, not Decimal('1.5')"]),
    "a funnel without moves": (changed("funnel", "transitions", to=[]),
        ["transition | funnel.transitions: 'inquiry' cannot be reached from 'known'",
         "...",
         "transition | funnel.transitions: 'dormant' has no way back to the ladder; add one or list it as final"]),
    "a text for a bool": (changed("funnel", "deals_without_lead", to="false"),
        ["type | funnel.deals_without_lead: must be true or false"]),
    "half a surrogate pair in a key": (changed("products", "\ud800", to={}),
        ["encoding | products.\\ud800: holds half of a surrogate pair, which is no character"]),
    "a later format": (changed("format", to=3),
        ["format | format: must be 1 or 2, not 3; a later one needs a later mpfunnel"]),
    "a format that is true": (changed("format", to=True),
        ["format | format: must be 1 or 2, not True; a later one needs a later mpfunnel"]),
    "a section left out": (changed("funnel", to=...),
        ["missing | has no funnel"]),
    "an unknown section": (changed("funel", to={}),
        ["unknown-key | funel: no such key; did you mean 'funnel'?"]),
    "a section in Cyrillic": (changed("t\u0456ers", to={}),
        ["unknown-key | tіers: no such key; did you mean 'tiers'?"]),
    "a zone that does not exist": (changed("zone", to="Asia/Tokio"),
        ["zone | zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?"]),
    "a zone of the machine": (changed("zone", to="localtime"),
        ["zone | zone: 'localtime': no such IANA zone; write for example 'Asia/Tokyo'"]),
    "a path for a zone": (changed("zone", to="../../etc/localtime"),
        ["zone | zone: '../../etc/localtime': no such IANA zone; write for example 'Asia/Tokyo'"]),
    "a currency in full width": (changed("currency", to="ＪＰＹ"),
        ["format | currency: must be a code of three letters such as 'JPY', not 'ＪＰＹ'"]),
    "a language that is not spoken": (changed("lang", to="fr"),
        ["choice | lang: must be 'en' or 'ja', not 'fr'"]),
    "no product": (changed("products", to={}),
        ["empty | products: must list at least one product"]),
    "products 1 and \"1\"": (changed("products", to={"1": {"id": 1}, "crm": {}, "sfa": {}}),
        ["type | products.crm.id: must be of one type for all products, text or integer (S18)",
         "type | products.sfa.id: must be of one type for all products, text or integer (S18)"]),
    "an id that is not the table's": (changed("products", "crm", "id", to="1"),
        ["type | products.crm.id: must be the integer that names the table; leave it out where ids are text"]),
    "an id in full-width digits": (changed("products", "４", to={"id": 4}),
        ["type | products.４.id: must be the integer that names the table; leave it out where ids are text"]),
    "a product sold before it exists": (changed("products", "crm", to={"sold_from": date(2026, 2, 1), "sold_until": date(2026, 1, 1)}),
        ["order | products.crm.sold_until: must not be before sold_from"]),
    "a tier table of no product": (changed("tiers", "smf", to=DATA["tiers"]["*"]),
        ["unknown-product | tiers.smf: no such product; did you mean 'sfa'?"]),
    "a stage twice on the ladder": (changed("funnel", "ladder", 1, to="known"),
        ["duplicate | funnel.ladder[1]: 'known' stands there twice",
         "unknown-key | funnel.labels.inquiry: no such key; known are known, mql, sal, sql, opportunity, customer, recycled, disqualified, lost, dormant",
         "unknown-level | funnel.rules[10].stage: 'inquiry': no such stage; known are known, mql, sal, sql, opportunity, customer, recycled, disqualified, lost, dormant",
         "unknown-level | plays.firm[4].when.funnel.stage.in[2]: no such level 'inquiry'"]),
    "a play that nobody declares": (changed("plays", "products", 4, "play", to="propos"),
        ["unknown-play | plays.products[4].play: 'propos': no such play; did you mean 'propose'?"]),
    "a play twice, and one that is reserved": (changed("plays", "list", to=[{"key": "a"}, {"key": "a"}, {"key": "none"}]),
        [*(f"unknown-play | plays.products[{place}].play: '{key}': no such play; known are none, a" for place, key in
           [(2, "advance_deal"), (4, "propose"), (5, "online_demo"), (7, "customer_care"), (9, "regular_follow_up"), (10, "case_studies"), (11, "wake_up"), (12, "educate")]),
         *(f"unknown-play | plays.firm[{place}].play: '{key}': no such play; known are none, a" for place, key in [(2, "call_back"), (3, "meet"), (4, "newsletter")]),
         "duplicate | plays.list[1].key: 'a' is used twice; keys are unique",
         "duplicate | plays.list[2].key: 'none' is reserved"]),
    "1,001 plays": (changed("plays", "list", to=[{"key": f"p{index}"} for index in range(1_001)]),
        ["size | plays.list: has more than 1,000 of them"]),
    "plays that are no table": (changed("plays", to=[]),
        ["type | plays: must be a table"]),
    "a play that is asked of a stage that does not exist": (changed("plays", "firm", 1, "when", to={"funnel.stage": "mqll"}),
        ["unknown-level | plays.firm[1].when.funnel.stage: no such level 'mqll'; did you mean 'mql'?"]),
    "a stage by itself": (changed("plays", "firm", 1, "when", to={"stage": "mql"}),
        ["unknown-fact | plays.firm[1].when.stage: no such fact; did you mean 'funnel.stage'?"]),
    "what no rule about plays knows": (changed("plays", "firm", to=[{"play": "meet", "when": {"product.owned": True, "pursuit.won": True}}]),
        ["scope | plays.firm[0].when.product.owned: cannot be asked here, where only company, lead, account, funnel, contact is known",
         "scope | plays.firm[0].when.pursuit.won: cannot be asked here, where only company, lead, account, funnel, contact is known"]),
    "a play about a product that does not exist": (changed("plays", "products", 4, "product", to="cmr"),
        ["unknown-product | plays.products[4].product: no such product; did you mean 'crm'?"]),
    "a rule key twice": (changed("tiers", "*", "rules", 1, "key", to="not-a-target"),
        ["duplicate | tiers.*.rules[1].key: 'not-a-target' is used twice; keys are unique"]),
    "a rule key that is reserved": (changed("tiers", "*", "rules", 1, "key", to="otherwise"),
        ["duplicate | tiers.*.rules[1].key: 'otherwise' is reserved"]),
    "a rule without condition": (changed("tiers", "*", "rules", 0, "when", to=...),
        ["missing | tiers.*.rules[0]: has no when"]),
    "a tier of another scale": (changed("tiers", "*", "otherwise", to=10),
        ["range | tiers.*.otherwise: must be an integer from 1 to 9, not 10"]),
    "a state that does not exist": (changed("engagement", "*", "states", "otherwise", to="high-interest"),
        ["unknown-level | engagement.*.states.otherwise: 'high-interest': no such state; did you mean 'high_interest'?"]),
    "points for a raised hand": (changed("engagement", "*", "signals", 0, "points", to="30"),
        ["range | engagement.*.signals[0].points: must be an integer from -10,000 to 10,000, not '30'"]),
    "a cap on a penalty": (changed("engagement", "*", "signals", 0, to={"kind": "careers_page", "points": -20, "cap": 10}),
        ["contradiction | engagement.*.signals[0].cap: needs points above 0; a penalty has no cap"]),
    "a label in a third language": (changed("name", to={"en": "x", "fr": "y"}),
        ["unknown-key | name.fr: no such key; known are en, ja"]),
    "1,001 products": (changed("products", to={f"p{index}": {} for index in range(1_001)}),
        ["size | products: has more than 1,000 of them"]),
    "more problems than anybody reads": (changed("funnel", "rules", to=[{}] * 300),
        ["missing | funnel.rules[0]: has no stage",
         "missing | funnel.rules[0]: has no when",
         "...",
         "more | has more; these are the first 200"]),
    "a condition nested too deep": (when({"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"employees": 3}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}),
        ["depth | tiers.*.rules[0].when: is nested more than 32 deep; split the rule"]),
    "a Cyrillic letter in a fact": (when({"employ\u0435es": 3}),
        ["unknown-fact | tiers.*.rules[0].when.employеes: no such fact; did you mean 'employees'?"]),
    "a zero-width space in a fact": (when({"employees\u200b": 3}),
        ["unknown-fact | tiers.*.rules[0].when.employees\\u200b: no such fact; did you mean 'employees'?"]),
    "a combining mark in a fact": (when({"employees\u0301": 3}),
        ["unknown-fact | tiers.*.rules[0].when.employeeś: no such fact; did you mean 'employees'?"]),
    "a full-width letter in a fact": (when({"ｅmployees": 3}),
        ["unknown-fact | tiers.*.rules[0].when.ｅmployees: no such fact; did you mean 'employees'?"]),
    "a line break in a fact": (when({"employees\n": 3}),
        ["unknown-fact | tiers.*.rules[0].when.employees\\n: no such fact; did you mean 'employees'?"]),
    "a dunder name for a fact": (when({"__class__": 3}),
        ["unknown-fact | tiers.*.rules[0].when.__class__: no such fact; declare a custom attribute under 'attributes.company'"]),
    "the name of a method for a fact": (when({"names": 3}),
        ["unknown-fact | tiers.*.rules[0].when.names: no such fact; did you mean 'name'?"]),
    "an attribute in NFC asked about in NFD": (when({"cafe\u0301": 3}),
        ["unknown-fact | tiers.*.rules[0].when.café: no such fact; declare a custom attribute under 'attributes.company'"]),
    "days in full-width digits": (when({"product.count(click, ３０)": 3}),
        ["range | tiers.*.rules[0].when.product.count(click, ３０): must be a number of days from 1 to 36,500, not '３０'"]),
    "a measure without days": (when({"product.count(click)": 3}),
        ["format | tiers.*.rules[0].when.product.count(click): must be written count(kind, days), with plain names"]),
    "a fact of another table": (when({"product.score": {">=": 3}}),
        ["scope | tiers.*.rules[0].when.product.score: cannot be asked here, where only company is known"]),
    "no operator": (when({"employees": {}}),
        ["empty | tiers.*.rules[0].when.employees: has no operator; this fact takes >=, >, <=, <, ==, !=, in, missing"]),
    "an operator that does not exist": (when({"employees": {"=>": 3}}),
        ["unknown-key | tiers.*.rules[0].when.employees.=>: no such operator; this fact takes >=, >, <=, <, ==, !=, in, missing"]),
    "an operator of another type": (when({"industry": {">=": "a"}}),
        ["type | tiers.*.rules[0].when.industry: cannot be asked with '>=': it is of type text and takes ==, !=, in, starts_with, missing"]),
    "one of nothing": (when({"industry": {"in": []}}),
        ["empty | tiers.*.rules[0].when.industry.in: in of nothing is never true; give at least one value"]),
    "a cell that is no test": (when({"employees": "300くらい"}),
        ["cell | tiers.*.rules[0].when.employees: '300くらい' is no test of a number; write for example >= 300, [100..300) or 300以上"]),
    "a cell that can be read in two ways": (when({"employees": "100,200"}),
        ["ambiguous | tiers.*.rules[0].when.employees: '100,200' can mean the number 100200, or the list 100, 200; write 100200, or 100, 200"]),
    "a formula in a cell": (when({"industry": "=HYPERLINK(A1)"}),
        ["cell | tiers.*.rules[0].when.industry: '=HYPERLINK(A1)' looks like a formula, which is never run; write the text in quotes"]),
    "a zero-width space in a cell": (when({"industry": "製\u200b造業"}),
        ["cell | tiers.*.rules[0].when.industry: holds the character u+200b, which nobody sees; delete it"]),
    "a cell of very many values": (when({"employees": "1, " * 1_000 + "1"}),
        ["cell | tiers.*.rules[0].when.employees: lists more than 1,000 values; split the rule"]),
    "a cell that nests deep": (when({"employees": "not(" * 6_000 + "1" + ")" * 6_000}),
        ["cell | tiers.*.rules[0].when.employees: nests not(…) more than 8 deep; split the rule"]),
    "blank text": (when({"industry": "\u3000"}),
        ["blank | tiers.*.rules[0].when.industry: is blank; write '-' for any value, or missing = true"]),
    "missing where blank means no": (when({"lists": {"missing": True}}),
        ["closed | tiers.*.rules[0].when.lists: is closed: a blank means no, so it is never missing"]),
    "a level outside the ladder": (changed("funnel", "rules", 0, "when", to={"product.interest": {"at_least": "customer"}}),
        ["detour | funnel.rules[0].when.product.interest.at_least: 'customer' lies outside the ladder; use in"]),
    "a number of more than 64 bits": (when({"employees": {">=": 2**63 - 1, "<": 2**63}}),
        ["range | tiers.*.rules[0].when.employees.<: must fit in 64 bits"]),
    "a declared attribute that is a fact": (changed("attributes", "company", "employees", to={"type": "int"}),
        ["conflict | attributes.company.employees: is a fact already; name the attribute otherwise",
         "conflict | segments.rules[7].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | segments.rules[8].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | segments.rules[9].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | tiers.*.rules[2].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | tiers.*.rules[3].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | tiers.*.rules[4].when.company.employees: is a fact already; name the attribute otherwise"]),
    "an attribute of a type that does not exist": (changed("attributes", "company", "plants", to={"type": "integer"}),
        ["choice | attributes.company.plants.type: 'integer': no such type; did you mean 'int'?"]),
    "an attribute that cannot be closed": (changed("attributes", "company", "plants", to={"type": "text", "closed": True}),
        ["closed | attributes.company.plants.closed: only attributes of type int, bool, set can be closed"]),
}  # fmt: skip


# Playbooks, policies and rules as Python objects.
OBJECTS: Final[dict[str, tuple[Callable[[], object], list[str]]]] = {
    "no product": (lambda: mf.starter([]),
        ["empty | products: must list at least one product"]),
    "a text for products": (lambda: mf.starter("crm"),
        ["empty | products: must list at least one product"]),
    "a product twice": (lambda: mf.starter(["crm", "crm"]),
        ["duplicate | products[1].id: 'crm' is used twice"]),
    "products 1 and \"1\"": (lambda: mf.starter([1, "1"]),
        ["type | products[1].id: must be of one type for all products, text or integer (S18)"]),
    "products 1 and True": (lambda: mf.starter([1, True]),
        ["type | product.id: must be a text or an integer id, not bool True"]),
    "a product of no type": (lambda: mf.starter([mf.Product("crm"), 3.0, nested(100_000)]),  # type: ignore[list-item]
        ["type | products[1]: must be a product or an id, not float 3.0",
         "type | products[2]: must be a product or an id, not list …"]),
    "a product id of 5,001 digits": (lambda: mf.starter([HUGE]),
        ["range | product.id: must fit in 64 bits"]),
    "a zone that does not exist": (lambda: mf.starter(["crm"], zone="JST"),
        ["zone | zone: 'JST': no such IANA zone; write for example 'Asia/Tokyo'"]),
    "a zone that is no text": (lambda: mf.starter(["crm"], zone=HUGE),  # type: ignore[arg-type]
        ["zone | zone: must be the name of a time zone, not int of 16610 bits"]),
    "a language that is a list": (lambda: mf.starter(["crm"], lang=[HUGE]),  # type: ignore[arg-type]
        ["choice | lang: must be 'en' or 'ja', not …"]),
    "tables of the wrong kind": (lambda: evolve(BOOK, segments=None, funnel=3),  # type: ignore[arg-type]
        ["type | segments: must be a SegmentTable, not NoneType None",
         "type | funnel: must be a Funnel, not int 3"]),
    "policies of the wrong kind": (lambda: evolve(BOOK, tiers={"crm": 3, "sfa": BOOK.tiers["sfa"]}, engagement=None),  # type: ignore[arg-type, dict-item]
        ["type | tiers.crm: must be a tier policy, not int 3",
         "type | engagement: must be an EngagementModel, not NoneType None"]),
    "policies of the wrong products": (lambda: evolve(BOOK, tiers={"crm": BOOK.tiers["crm"], "smf": BOOK.tiers["sfa"]}),
        ["unknown-product | tiers.smf: no such product; did you mean 'sfa'?",
         "missing | tiers.sfa: has no policy; give one for every product"]),
    "a policy under a huge key": (lambda: evolve(BOOK, tiers={HUGE: 3}),  # type: ignore[dict-item]
        ["type | tiers.of 16610 bits: must be a tier policy, not int 3"]),
    "a policy that the kit disproves": (unproved_policy,
        ["policy | tiers.crm: acme/undeclared/1 does not pass declared: gave Tier 2, which is not among its tiers, asked about Company('c0') for product 'crm' as of 2026-10-31"]),
    "a policy without tiers": (lambda: evolve(BOOK, tiers=Policy(lambda: None, ())),
        ["type | tiers.crm.tiers: must give at least one Tier, and nothing else",
         "type | tiers.sfa.tiers: must give at least one Tier, and nothing else"]),
    "a policy whose tiers are no list": (lambda: evolve(BOOK, tiers=Policy(lambda: None, 3)),
        ["type | tiers.crm.tiers: must be a list, not int 3",
         "type | tiers.sfa.tiers: must be a list, not int 3"]),
    "a product that is called like several": (lambda: mf.starter(["*", "family:office", "family"]),
        ["conflict | products[0].id: '*' stands for several products; name this one otherwise",
         "conflict | products[1].id: 'family:office' stands for several products; name this one otherwise"]),
    "a policy of a family that is none": (lambda: evolve(BOOK, tiers={**BOOK.tiers, "family:x": Table([], Tier(1))}),
        ["unknown-family | tiers.family:x: no such family"]),
    "options that are no plain data": (lambda: evolve(BOOK, tiers={"*": Told({"a": [DAY], 3: "x"}), "sfa": Told("text")}),
        ["type | tiers.crm.options.a[0]: must be text, a number, a bool, a list or a mapping, not date datetime.date(2026, 10, 31)",
         "type | tiers.crm.options: key 3: must be text, not int",
         "type | tiers.sfa.options: must be a mapping, not str 'text'"]),
    "options that are nested too deep": (lambda: evolve(BOOK, tiers={"*": Told({"a": nested(40)})}),
        ["depth | " + f"tiers.{key}.options.a" + "[0]" * 32 + ": nests deeper than 32" for key in ("crm", "sfa")]),
    "limits over limits": (lambda: mf.TierLimits(mf.TierLimits(Table([], Tier(1)), [LIMIT]), [LIMIT]),
        ["contradiction | policy: has limits itself; list all of them in one"]),
    "limits over nothing": (lambda: mf.TierLimits(3, 3),  # type: ignore[arg-type]
        ["type | policy: must be a tier policy, not int 3",
         "type | limits: must be a list, not int 3"]),
    "limits over a policy of faults": (lambda: mf.TierLimits(Policy(lambda: None, [3]), []),
        ["type | policy.tiers[0]: must be a Tier, not int",
         "empty | limits: must list at least one limit"]),
    "limits that share a key": (lambda: mf.TierLimits(Table([Rule(Tier(1), company.employees > 3)], Tier(1)), [evolve(LIMIT, key=key) for key in ("rule-1", "otherwise", "by-hand", "a", "a")]),
        ["duplicate | limits[0].key: 'rule-1' is reserved",
         "duplicate | limits[1].key: 'otherwise' is reserved",
         "duplicate | limits[2].key: 'by-hand' is reserved",
         "duplicate | limits[4].key: 'a' is used twice; keys are unique"]),
    "a limit of faults": (lambda: mf.TierLimit(best=1, worst="x", when=company.employees > 3, key=3),  # type: ignore[arg-type]
        ["type | limit.key: must be text, not int 3",
         "type | limit.best: must be a Tier, not int 1",
         "type | limit.worst: must be a Tier, not str 'x'",
         "contradiction | limit: needs either best or worst, not both"]),
    "limits that nothing compiles": (lambda: mf.TierLimits(Policy(lambda: None), [LIMIT]).compile(),
        ["custom | policy: acme/told/1 is written in Python, and decides by itself"]),
    "a policy that no file can hold": (lambda: dump(evolve(BOOK, tiers=Table([], Tier(1)))),
        ["custom | tiers.crm: is a Table, a kind of its own, which no file can hold",
         "custom | tiers.sfa: is a Table, a kind of its own, which no file can hold"]),
    "a file of another kind": (lambda: dump(BOOK, "two\nlines.yaml"),
        ["file | two\\nlines.yaml: must end in .toml or .json"]),
    "a tier that is true": (lambda: Tier(True),
        ["range | tier.number: must be an integer from 1 to 9, not True"]),
    "a tier that is an enum": (lambda: Tier(Number.ONE),
        ["range | tier.number: must be an integer from 1 to 9, not <Number.ONE: 1>"]),
    "a tier in a list": (lambda: Tier([HUGE]),  # type: ignore[arg-type]
        ["range | tier.number: must be an integer from 1 to 9, not …"]),
    "a play of faults": (lambda: mf.Play([], "x", message=3, channels=[["phone"], "phone", "phone"], owner=None, due_in_days="1", cadence_days=0, before_end_days=HUGE, motion=[], within_sla=1),  # type: ignore[arg-type, list-item]
        ["type | play.key: must be text, not list []",
         "type | play.message: must be text, not int 3",
         "choice | play.channels[0]: no such ['phone']; there are email, phone, post, visit, web",
         "duplicate | play.channels[2]: 'phone' is used twice",
         "type | play.owner: must be text, not NoneType None",
         "type | play.due_in_days: must be an integer, not str '1'",
         "range | play.cadence_days: must be a number of days from 1 to 36,500, not 0",
         "range | play.before_end_days: must be a number of days from 0 to 36,500, not of 16610 bits",
         "choice | play.motion: must be upstream or downstream, not []",
         "type | play.within_sla: must be true or false, not int 1"]),
    "plays of faults": (lambda: mf.Plays([3], "x", 3, contacts="call", need_consent=[["fax"]], order="tier", at_once=True, quiet_days=None),  # type: ignore[arg-type, list-item]
        ["type | plays[0]: must be a Play, not int",
         "type | products: must be a list, not str 'x'",
         "type | firm: must be a list, not int 3",
         "type | contacts: must be a list of kinds of activities, not str",
         "choice | need_consent[0]: no such ['fax']; there are email, phone, post, visit, web",
         "type | order: must be a list, not str",
         "range | at_once: must be an integer of 1 or more, not True",
         "type | quiet_days: must be an integer, not NoneType None"]),
    "plays that contradict themselves": (lambda: mf.Plays([mf.Play("a", "a")], [mf.PlayRule("b", company.employees > 3)], [mf.PlayRule("a", company.employees > 3, "crm")], contacts=["call", " "], need_consent=["fax"]),
        ["unknown-play | products[0].play: no such play 'b'",
         "scope | firm[0].product: must be left out: the rule is about the whole firm",
         "type | contacts: must hold kinds of activities, which are text",
         "choice | need_consent[0]: no such 'fax'; there are email, phone, post, visit, web"]),
    "a segment without key": (lambda: mf.Segment(" ", "x"),
        ["blank | segment.key: must not be blank"]),
    "a segment key that is no text": (lambda: mf.Segment(3, "x"),  # type: ignore[arg-type]
        ["type | segment.key: must be text, not int 3"]),
    "a state key that is no text": (lambda: mf.EngagementState(None, "x"),  # type: ignore[arg-type]
        ["type | state.key: must be text, not NoneType None"]),
    "a stage key that is no text": (lambda: mf.FunnelStage([], "x"),  # type: ignore[arg-type]
        ["type | stage.key: must be text, not list []"]),
    "a label that is no text": (lambda: mf.Label(3, nested(2)),  # type: ignore[arg-type]
        ["type | label.en: must be text, not int",
         "type | label.ja: must be text, not list"]),
    "a blank label": (lambda: mf.Label(" ", "\u3000"),
        ["blank | label: is blank; give a text in 'en' or 'ja'"]),
    "rules that are no list": (lambda: TierTable(3, Tier(1)),  # type: ignore[arg-type]
        ["type | rules: must be a list, not int 3"]),
    "rules that are none": (lambda: TierTable("ab", Tier(1)),
        ["type | rules: must be a list, not str 'ab'"]),
    "a rule twice": (lambda: TierTable([Rule(Tier(1), company.employees > 3, "a\nb")] * 2, Tier(1)),
        ["duplicate | rules[1].key: 'a\\nb' is used twice; keys are unique"]),
    "an outcome that cannot be a key": (lambda: tiers(company.employees > 3, segments=mf.SegmentTable([], [])),  # type: ignore[arg-type]
        ["type | otherwise: must be a value that can be hashed, not list []"]),
    "a segment that is a text": (lambda: evolve(BOOK, segments=mf.SegmentTable([], "smb")),  # type: ignore[arg-type]
        ["type | segments.outcomes[0]: must be a Segment, not str"]),
    "a condition nested 33 deep": (lambda: Rule(Tier(1), nots(33)),
        ["depth | rule.when: is nested more than 32 deep; split the rule"]),
    "a condition nested 200,000 deep": (lambda: Rule(Tier(1), nots(200_000)),
        ["depth | rule.when: is nested more than 32 deep; split the rule"]),
    "a condition of 10,001 parts": (lambda: Rule(Tier(1), AnyOf([company.employees == n for n in range(10_001)])),
        ["size | rule.when: has more than 10000 parts; split the rule"]),
    "a threshold of 5,001 digits": (lambda: company.employees >= HUGE,
        ["range | company.employees: must be a finite number within 64 bits"]),
    "a threshold that is true": (lambda: company.employees >= True,
        ["type | company.employees: must be an integer, not bool True"]),
    "a threshold that is an enum": (lambda: company.employees >= Number.ONE,
        ["type | company.employees: must be an integer, not Number <Number.ONE: 1>"]),
    "a threshold that is no number": (lambda: company.annual_revenue >= Decimal("sNaN"),
        ["range | company.annual_revenue: must be a finite number within 64 bits"]),
    "a threshold that is infinite": (lambda: company.growth_rate >= float("inf"),
        ["range | company.growth_rate: must be a finite number within 64 bits"]),
    "a threshold in floating point": (lambda: company.annual_revenue >= 0.5,
        ["type | company.annual_revenue: must be an integer or a Decimal, not float 0.5; write Decimal('0.5')"]),
    "a part of a cent": (lambda: company.annual_revenue >= Decimal("0.001"),
        ["range | company.annual_revenue: must have at most 2 decimal places, not 0.001"]),
    "floats that are equal": (lambda: company.growth_rate == 0.1,
        ["float | company.growth_rate: equality of floats is chance; use between(a, b)"]),
    "a datetime for a date": (lambda: company.attribute("since", date) >= AT,
        ["type | company.since: must be a date, not datetime datetime.datetime(2026, 10, 31, 9, 0, tzinfo=datetime.timezo"]),
    "a threshold between nothing": (lambda: company.employees.between(5, 3),
        ["range | company.employees: nothing lies between 5 and 3; swap them"]),
    "a set that is equal": (lambda: company.lists == "target",
        ["type | company.lists: is a set and has no ==; use contains_any(…)"]),
    "a missing closed fact": (company.lists.is_missing,
        ["closed | company.lists: is closed: a blank means no, so it is never missing"]),
    "a missing decision": (product.tier.is_missing,
        ["level | product.tier: is a decision and never missing"]),
    "a text that is blank": (lambda: company.industry == " ",
        ["blank | company.industry: blank text is missing, so nothing equals it; use is_missing()"]),
    "a text that is none of nothing": (company.industry.is_in,
        ["empty | company.industry: is_in() of nothing is never true; give at least one value"]),
    "a text that is a list": (lambda: company.industry.is_in(["a"]),  # type: ignore[arg-type]
        ["type | company.industry: must be text, not list ['a']"]),
    "a level that does not exist": (lambda: product.interest.at_least("high\nInterest"),
        ["unknown-level | product.interest: no such level 'high\\nInterest'; did you mean 'high_interest'?"]),
    "a level beside the ladder": (lambda: product.interest.at_least("customer"),
        ["detour | product.interest: 'customer' lies outside the ladder; use is_in()"]),
    "a segment that does not exist": (lambda: evolve(BOOK, funnel=evolve(BOOK.funnel, rules=mf.DecisionTable([Rule(BOOK.funnel.ladder[0], company.segment.is_in("enterprize"))], BOOK.funnel.ladder[0]))),
        ["unknown-level | funnel.rules[0].when.company.segment: no such segment 'enterprize'; did you mean 'enterprise'?"]),
    "levels of another playbook": (lambda: evolve(BOOK, funnel=evolve(BOOK.funnel, rules=mf.DecisionTable([Rule(BOOK.funnel.ladder[0], facts.ProductFacts(Scale(("cold", "hot"))).interest.is_in("hot"))], BOOK.funnel.ladder[0]))),
        ["unknown-fact | funnel.rules[0].when.product.interest: has other levels than the playbook"]),
    "states of two playbooks": (lambda: evolve(BOOK, engagement={"crm": BOOK.engagement["crm"], "sfa": evolve(BOOK.engagement["sfa"], detours=(*BOOK.engagement["sfa"].detours, mf.EngagementState("won_back", "x")))}),
        ["scale | engagement.sfa: must have the same states in the same order for every product"]),
    "facts that are not known there": (lambda: tiers((product.score > 3) & (lead.title == "x") & pursuit.won.is_true()),
        ["scope | tiers.crm.rules[0].when.product.score: cannot be asked here, where only company is known",
         "scope | tiers.crm.rules[0].when.lead.title: cannot be asked here, where only company is known",
         "scope | tiers.crm.rules[0].when.pursuit.won: cannot be asked here, where only company is known",
         "scope | tiers.sfa.rules[0].when.product.score: cannot be asked here, where only company is known",
         "scope | tiers.sfa.rules[0].when.lead.title: cannot be asked here, where only company is known",
         "scope | tiers.sfa.rules[0].when.pursuit.won: cannot be asked here, where only company is known"]),
    "a segment that asks for itself": (lambda: tiers(company.segment.is_in("smb")),
        ["scope | tiers.crm.rules[0].when.company.segment: cannot be asked here: it is decided later",
         "scope | tiers.sfa.rules[0].when.company.segment: cannot be asked here: it is decided later"]),
    "any product where there is none": (lambda: tiers(any_product(company.employees > 3)),
        ["scope | tiers.crm.rules[0].when.any_product: ranges over products, which only the rules of the funnel can",
         "scope | tiers.sfa.rules[0].when.any_product: ranges over products, which only the rules of the funnel can"]),
    "a range over what is no word": (lambda: TierTable([Rule(Tier(1), Exists("lambda", company.employees > 3))], Tier(2)).compile(),
        ["name | lambda: must be a plain word, and none of KNOWN, cell, fill, rows"]),
    "an attribute of no type": (lambda: company.attribute("plants", dict),  # type: ignore[arg-type]
        ["type | company.plants: no facts of type <class 'dict'>; use one of int, Decimal, float, bool, str, date, frozenset"]),
    "an attribute of a type that is a list": (lambda: company.attribute("plants", []),  # type: ignore[call-overload]
        ["type | company.plants: no facts of type []; use one of int, Decimal, float, bool, str, date, frozenset"]),
    "an attribute without name": (lambda: company.attribute("", int),
        ["format | company.: must be named as 'whose.which'"]),
    "an attribute that cannot be closed": (lambda: company.attribute("motto", str, closed=True),
        ["closed | company.motto: only bool, set, int facts may be closed"]),
    "an attribute that is a fact": (lambda: tiers(company.attribute("employees", int) > 3),
        ["conflict | tiers.crm.rules[0].when.company.employees: is a fact already; name the attribute otherwise",
         "conflict | tiers.sfa.rules[0].when.company.employees: is a fact already; name the attribute otherwise"]),
    "an attribute of two types": (lambda: tiers((company.attribute("x", int) > 3) & (company.attribute("x", str) == "3")),
        ["conflict | tiers.crm.rules[0].when.company.x: is declared with another type elsewhere; declare it once",
         "conflict | tiers.sfa.rules[0].when.company.x: is declared with another type elsewhere; declare it once"]),
    "a fact of no root": (lambda: Fact("employees", "int"),
        ["format | employees: must be named as 'whose.which'"]),
    "a level without scale": (lambda: Fact("product.warmth", "level"),
        ["scale | product.warmth: a level needs a scale, and only a level"]),
    "a fact that does not exist": (lambda: company.named("emplоyees"),
        ["UnknownNameError | no such fact; did you mean 'employees'?"]),
    "a measure that does not exist": (lambda: measure("cont", ("click", "30")),
        ["UnknownNameError | no such measure; did you mean 'count'?"]),
    "a measure of nothing": (lambda: measure("count", ()),
        ["format | product.count: must be written count(kind, days), with plain names"]),
    "a measure of integers": (lambda: measure("count", ("click", 30)),  # type: ignore[arg-type]
        ["type | product.count[1]: must be text, not int"]),
    "a measure of full-width days": (lambda: measure("active", ("３０",)),
        ["range | product.active: must be a number of days from 1 to 36,500, not '３０'"]),
    "a signal of the wrong types": (lambda: Signal(3, True, 1.5, "90"),  # type: ignore[arg-type]
        ["type | signal.kind: must be text, not int 3",
         "range | signal.points: must be an integer from -10,000 to 10,000, not True",
         "range | signal.raises_hand_days: must be an integer from 0 to 3,650, not '90'",
         "range | signal.cap: must be an integer from 0 to 10,000,000, not 1.5"]),
    "a cap on a penalty": (lambda: Signal("careers_page", -20, cap=3),
        ["contradiction | signal.cap: needs points above 0; a penalty has no cap"]),
    "signals that are none": (lambda: evolve(BOOK.engagement["crm"], signals=[3]),  # type: ignore[list-item]
        ["type | signals[0]: must be a Signal, not int"]),
    "a ladder of texts": (lambda: evolve(BOOK.engagement["crm"], ladder=["none"]),  # type: ignore[list-item]
        ["type | ladder[0]: must be an EngagementState, not str"]),
    "a ladder without rungs": (lambda: evolve(BOOK.engagement["crm"], ladder=[], detours=[]),
        ["empty | ladder: must have at least one state",
         "unknown-level | interest: 'high_interest' is no state of the ladder",
         "...",
         "unknown-level | states: 'none' is no state of the model"]),
    "signals and states twice": (lambda: evolve(BOOK.engagement["crm"], signals=[Signal("click"), Signal("click")], detours=(*BOOK.engagement["crm"].detours, BOOK.engagement["crm"].ladder[0])),
        ["duplicate | signals: 'click' stands there twice",
         "duplicate | states: 'none' stands there twice"]),
    "a half-life in a list": (lambda: evolve(BOOK.engagement["crm"], half_life_days=[HUGE]),  # type: ignore[arg-type]
        ["range | half_life_days: must be an integer from 1 to 3,650, not …"]),
    "a funnel without table": (lambda: evolve(BOOK.funnel, rules=None),  # type: ignore[arg-type]
        ["type | rules: must be a DecisionTable, not NoneType None"]),
    "a funnel of texts": (lambda: evolve(BOOK.funnel, ladder=["known"]),  # type: ignore[list-item]
        ["type | ladder[0]: must be a FunnelStage, not str"]),
    "quiet days that are true": (lambda: evolve(BOOK.funnel, quiet_days=True),
        ["range | quiet_days: must be an integer from 1 to 3,650, not True"]),
    "a text for a bool": (lambda: evolve(BOOK.funnel, deals_without_lead="false"),  # type: ignore[arg-type]
        ["type | deals_without_lead: must be true or false, not str 'false'"]),
    "points of an item that are huge": (lambda: ScoreItem(HUGE, company.employees > 3),
        ["type | item.points: must be an integer within ±1,000,000, not of 16610 bits"]),
    "unknown points beyond the points": (lambda: ScoreItem(3, company.employees > 3, if_unknown=4),
        ["range | item.if_unknown: must lie between 0 and the points, 3"]),
    "bands that start together": (lambda: Scorecard([], [Band(3, "a"), Band(3, "b")], "c"),
        ["duplicate | bands: two bands start at the same score"]),
    "bands of texts": (lambda: Scorecard([], [Band("3", "a")], "c"),  # type: ignore[arg-type]
        ["type | band.at_least: must be an integer, not str '3'"]),
    "an answer without candidates": (lambda: mf.undecided(Tier(1), possible=[], missing=[], because="x"),
        ["value | possible: must contain the value, Tier 1",
         "empty | missing: must name the facts that would settle it"]),
    "an answer whose candidates are none": (lambda: mf.undecided(Tier(1), possible=None, missing=[3], because="x"),  # type: ignore[arg-type, list-item]
        ["type | possible: must be a list, not NoneType None",
         "type | missing[0]: must be text, not int"]),
    "an answer that misses a text": (lambda: mf.undecided(Tier(1), possible=[Tier(1)], missing="region", because="x"),
        ["type | missing: must be a list, not str 'region'"]),
}  # fmt: skip


# Mappings of exported files.
MAPPINGS: Final[dict[str, tuple[Callable[[], object], list[str]]]] = {
    "nothing at all": (lambda: sources.load({}),
        ["missing | fills no record kind; known are products, companies, company_facts, lists, leads, consents, activities, deals, deal_lines, contracts, sales_events, overrides"]),
    "a table that contains itself": (lambda: sources.load(within_itself()),
        ["depth | nests deeper than 32"]),
    "a list nested 100,000 deep": (mapping_with(companies=nested(100_000)),
        ["depth | nests deeper than 32"]),
    "a key of 5,001 digits": (lambda: sources.load({HUGE: 1}),  # type: ignore[dict-item]
        ["type | key of 16610 bits: must be text, not int"]),
    "patterns under a name misspelt": (lambda: sources.load({"extends": "hubspot", "patterns": {"prodcts": [{"like": "x", "is": "y"}]}}),
        ["unused | patterns.prodcts: is named by no field; did you mean 'products'?"]),
    "a mapping that extends a file": (lambda: sources.load({"extends": "/etc/passwd"}),
        [f"choice | extends: '/etc/passwd': no such mapping; known are {', '.join(sources.shipped())}"]),
    "a mapping that extends nothing": (lambda: sources.load({"extends": {"extends": "maven"}}),
        ["choice | extends: must be the name of a shipped mapping"]),
    "rows of nothing": (mapping_with(files={"f": "f.csv"}, companies={"file": "f", "fields": {"id": "id"}, "only": {"column": "", "is": []}}),
        ["missing | companies.only.is: is empty", "blank | companies.only.column: names a blank column"]),
    "a mapping that is not shipped": (lambda: sources.load("mavne"),
        ["UnknownNameError | 'mavne': no such mapping; did you mean 'maven'?"]),
    "a file that is not there": (lambda: sources.load("two\nlines.toml"),
        ["file | two\\nlines.toml: no such file"]),
    "a later format": (mapping_with(format=2),
        ["format | format: must be 1; another format needs another mpfunnel"]),
    "a format that is true": (mapping_with(format=True),
        ["format | format: must be 1; another format needs another mpfunnel"]),
    "a record kind in Cyrillic": (mapping_with(**{"l\u0435ads": {}}),
        ["unknown-key | lеads: no such key; did you mean 'leads'?"]),
    "a record kind that is an integer": (mapping_with(companies=3),
        ["type | companies: must be a table or a list of tables"]),
    "a table without anything": (mapping_with(companies={}),
        ["missing | companies: has no file",
         "missing | companies.fields: has no id; companies need it"]),
    "a policy of identity of all that is wrong": (
        mapping_with(identity={"own_domains": ["co.jp"], "order": [["link"], 3], "individual": "apart"}),
        ["unknown-key | identity.individual: no such key; did you mean 'individuals'?",
         "missing | identity: needs leads, whose companies it tells",
         "choice | identity.order[0]: must be one of link, corporate_number, domain, name_region, not ['link']",
         "choice | identity.order[1]: must be one of link, corporate_number, domain, name_region, not 3",
         "domain | identity.own_domains: 'co.jp' is no domain; write one as 'example.co.jp'"]),
    "files that are a list": (mapping_with(files=[]),
        ["type | files: must be a table",
         "unknown-file | companies.file: 'table': no such file"]),
    "a file key of two lines": (mapping_with(files={"two\nlines": "../x", "table": 3}),
        ["path | files.two\\nlines: '../x': must lie within the folder that is read",
         "type | files.table: must be a list of texts"]),
    "a file that does not exist": (mapping_with(companies={"file": "tabel", "fields": {"id": "id"}}),
        ["unknown-file | companies.file: 'tabel': no such file; did you mean 'table'?"]),
    "a path out of the folder": (mapping("companies", file={"path": ["..\\x.csv", "/etc/passwd", "a\0", "C:x"]}),
        ["path | files.table.path: '..\\\\x.csv': must lie within the folder that is read",
         "path | files.table.path: '/etc/passwd': must lie within the folder that is read",
         "path | files.table.path: 'a\\x00': must lie within the folder that is read",
         "path | files.table.path: 'C:x': must lie within the folder that is read"]),
    "a path twice": (mapping("companies", file={"path": ["x.csv", "x.csv"]}),
        ["duplicate | files.table.path: names a file twice; its rows would count twice"]),
    "an encoding that does not exist": (mapping("companies", file={"encoding": "utf8x"}),
        ["choice | files.table.encoding: 'utf8x': no such encoding; did you mean 'utf-8'?"]),
    "an encoding of addresses": (mapping("companies", file={"encoding": "idna\n"}),
        ["choice | files.table.encoding: 'idna\\n': no such encoding; known are ascii, big5, cp1252, cp932, euc_jis_2004, euc_jp, euc_kr, gb18030, iso2022_jp, iso8859-1, iso8859-15, shift_jis, shift_jis_2004, shift_jisx0213, utf-16, utf-16-be, utf-16-le, utf-32, utf-32-be, utf-32-le, utf-8, utf-8-sig"]),
    "a separator of two letters": (mapping("companies", file={"separator": "::"}),
        ["choice | files.table.separator: must be one character, and no letter, digit, blank or quote"]),
    "half a surrogate pair": (mapping("companies", file={"separator": "\ud83d"}),
        ["encoding | files.table.separator: holds half of a surrogate pair, which is no character"]),
    "encodings of which one takes all": (mapping("companies", file={"encoding": ["latin-1", "utf-8"]}),
        ["contradiction | files.table.encoding: iso8859-1 takes any file, so that utf-8 is never tried"]),
    "separators of which none is one": (mapping("companies", file={"separator": [";", "\ud83d"]}),
        ["encoding | files.table.separator[1]: holds half of a surrogate pair, which is no character"]),
    "joins of everything": (mapping_with(companies={"file": "table", "fields": {"id": "id"}, "join": {
            "a": {"file": "table", "on": {"b.x": "x"}}, "b": {"file": "tabel", "on": {"a.x": ""}}, "c\n.": []}}),
        ["blank | companies.join.b.on: names a blank column",
         "unknown-file | companies.join.b.file: 'tabel': no such file; did you mean 'table'?",
         "choice | companies.join.c\\n.: must be called by a name without dots",
         "type | companies.join.c\\n.: must be a table",
         "cycle | companies.join.a.on: goes round in a circle, through b",
         "cycle | companies.join.b.on: goes round in a circle, through a"]),
    "patterns of nothing": (mapping("companies", {"industry": {"column": "x", "patterns": [{"like": "*\n"}, 3]}}),
        ["type | companies.fields.industry.patterns: must be a list of tables"]),
    "merges of nothing": (mapping_with(merges={"people": {}, "leads": [{}]}),
        ["unknown-key | merges.people: no such key; known are companies, leads, deals",
         "missing | merges.leads[0]: has no kept",
         "missing | merges.leads[0]: has no gone",
         "missing | merges.leads[0]: has no file"]),
    "parts without their whole": (mapping_with(deal_lines={"file": "table", "fields": {}}),
        ["missing | deal_lines: needs deals, which have them",
         "missing | deal_lines.fields: has no deal_id; deal_lines need it",
         "missing | deal_lines.fields: has no product_id; deal_lines need it"]),
    "a field in Cyrillic": (mapping("companies", {"employ\u0435es": "x"}),
        ["unknown-key | companies.fields.employеes: no such key; did you mean 'employees'?"]),
    "a field that is a tuple": (mapping("companies", {"industry": ("a",)}),
        ["type | companies.fields.industry: must be text, a number, a bool, a list or a table, not tuple"]),
    "a field that is an enum": (mapping("companies", {"industry": Word.A}),
        ["type | companies.fields.industry: must be text, a number, a bool, a list or a table, not Word"]),
    "a field without origin": (mapping("companies", {"industry": {"colunm": "a"}}),
        ["unknown-key | companies.fields.industry.colunm: no such key; did you mean 'column'?",
         "missing | companies.fields.industry: needs one of column, columns, constant, row_number; it has none"]),
    "a field of two origins": (mapping("companies", {"industry": {"column": "a", "constant": "b"}}),
        ["missing | companies.fields.industry: needs one of column, columns, constant, row_number; it has column and constant"]),
    "a blank column": (mapping("companies", {"industry": "\u3000"}),
        ["blank | companies.fields.industry: names a blank column"]),
    "a scale on a text": (mapping("companies", {"industry": {"column": "a", "scale": 10}}),
        ["unknown-key | companies.fields.industry.scale: does not apply: the field is of type text"]),
    "a value map to a list": (mapping("companies", {"industry": {"column": "a", "values": {"two\nlines": []}}}),
        ["type | companies.fields.industry.values.two\\nlines: must be the text of the value; '' means unknown"]),
    "a step that does not exist": (mapping("companies", {"industry": {"column": "a", "normalise": ["nkfc"]}}),
        ["choice | companies.fields.industry.normalise: 'nkfc': no such step; did you mean 'nfkc'?"]),
    "strict without values": (mapping("companies", {"industry": {"column": "a", "strict": True}}),
        ["contradiction | companies.fields.industry.strict: needs values or patterns"]),
    "a scale of 5,001 digits": (mapping("companies", {"employees": {"column": "a", "scale": HUGE}}),
        ["range | companies.fields.employees.scale: must fit in 64 bits"]),
    "a scale of 1e999": (mapping("companies", {"employees": {"column": "a", "scale": Decimal("1e999")}}),
        ["range | companies.fields.employees.scale: must be from 10^-18 to 10^18"]),
    "a scale that is true": (mapping("companies", {"employees": {"column": "a", "scale": True}}),
        ["type | companies.fields.employees.scale: must be a number or its text, for example 1000000 or '0.01'"]),
    "a scale in floating point": (mapping("companies", {"employees": {"column": "a", "scale": 0.01}}),
        ["type | companies.fields.employees.scale: must be text, a number, a bool, a list or a table, not float; write it as text, for example '0.01'"]),
    "a scale in full width": (mapping("companies", {"employees": {"column": "a", "scale": "１０"}}),
        ["type | companies.fields.employees.scale: must be a number or its text, for example 1000000 or '0.01'"]),
    "a unit that does not exist": (mapping("companies", {"employees": {"column": "a", "unit": "億"}}),
        ["choice | companies.fields.employees.unit: '億': no such unit; did you mean '億円'?"]),
    "one mark for two things": (mapping("companies", {"employees": {"column": "a", "thousands": "."}}),
        ["contradiction | companies.fields.employees: has the same thousands and decimal_mark"]),
    "a constant that is no number": (mapping("companies", {"employees": {"constant": "１００"}}),
        ["type | companies.fields.employees.constant: is not a number; normalise = ['nfkc'] reads full-width digits"]),
    "a zone that does not exist": (mapping("leads", {"created_at": {"column": "a", "zone": "Asia/Tokio"}}),
        ["choice | leads.fields.created_at.zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?"]),
    "a zone of the machine": (mapping("leads", {"created_at": {"column": "a", "zone": "localtime"}}),
        ["choice | leads.fields.created_at.zone: 'localtime': no such IANA zone; write for example 'Asia/Tokyo'"]),
    "a path for a zone": (mapping("leads", {"created_at": {"column": "a", "zone": "../x\0"}}),
        ["choice | leads.fields.created_at.zone: '../x\\x00': no such IANA zone; write for example 'Asia/Tokyo'"]),
    "a format of the locale": (mapping("leads", {"created_at": {"column": "a", "date_formats": ["%d %B %Y", "%Y%Y", "%H"]}}),
        ["format | leads.fields.created_at.date_formats: '%d %B %Y': %B depends on the locale or is unknown; usable are %Y, %y, %m, %d, %j, %H, %M, %S, %f, %z",
         "format | leads.fields.created_at.date_formats: '%Y%Y': states one thing twice",
         "format | leads.fields.created_at.date_formats: '%H': states no full day; write 'iso', or for example '%Y/%m/%d'"]),
    "times without zone": (lambda: sources.load({"files": {"t": "t.csv"}, "leads": {"file": "t", "fields": {"id": "id", "created_at": {"column": "a", "date_formats": ["%Y-%m-%d"]}}}}),
        ["naive | leads.fields.created_at: '%Y-%m-%d' states no zone; give a zone here or in defaults"]),
    "words for true and false": (mapping("companies", attributes={"x": {"type": "bool", "column": "a", "true": ["1"], "false": ["1"]}}),
        ["contradiction | companies.attributes.x: has '1' for both true and false"]),
    "an attribute of two lines": (mapping("companies", attributes={"two\nlines": {"type": "x\ny", "column": "a"}}),
        ["choice | companies.attributes.two\\nlines.type: 'x\\ny': no such type; known are text, int, decimal, float, bool, date, set"]),
    "a blank attribute": (mapping("companies", attributes={" ": {"type": "int", "column": "a"}}),
        ["blank | companies.attributes. : has a blank name"]),
    "attributes of deals": (mapping("deals", attributes={"x": {"type": "int", "column": "a"}}),
        ["unknown-key | deals.attributes: deals have no attributes"]),
    "ids that are texts and integers": (mapping_with(leads={"file": "table", "fields": {"id": "id", "company_id": {"column": "c", "type": "int"}}}),
        ["contradiction | leads.fields.company_id.type: is int where companies.fields.id is text; ids of one kind share a type"]),
}  # fmt: skip


# Exported files, and their rows: a row that is rejected is quoted with its line.
ROWS: Final[dict[str, tuple[Callable[[Path], object], list[str]]]] = {
    "an empty file": (table(""),
        ["empty | table.csv: is empty; it needs a line with the names of the columns"]),
    "only a byte order mark": (table(b"\xef\xbb\xbf"),
        ["empty | table.csv: is empty; it needs a line with the names of the columns"]),
    "a file that is absent": (lambda folder: sources.read(mapping_of("companies"), folder),
        ["file | table.csv: no such file"]),
    "a file key that does not exist": (lambda folder: sources.read(mapping_of("companies"), {"tabel": folder}),
        ["unknown-file | files.tabel: no such file; did you mean 'table'?",
         "file | files.table: is not among the files given"]),
    "a column that is absent": (table("ID\n1\n"),
        ["unknown-column | companies.fields.id: table.csv has no column 'id'; did you mean 'ID'?"]),
    "a column in Cyrillic": (table("\u0456d\n1\n"),
        ["unknown-column | companies.fields.id: table.csv has no column 'id'; did you mean 'іd'? its letter 1 is CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I (U+0456)"]),
    "a column of two lines": (table('id,"two\nlines"\n1,2\n', fields={"employees": "two\nLines"}),
        ["unknown-column | companies.fields.employees: table.csv has no column 'two\\nLines'; did you mean 'two\\nlines'?"]),
    "a column twice": (table("id,id\n1,2\n"),
        ["duplicate | companies.fields.id: table.csv has 2 columns 'id'; name each differently"]),
    "binary": (table(bytes(range(256))),
        ["encoding | table.csv: line 1 is not utf-8; state its encoding"]),
    "UTF-16": (table("id\n1\n".encode("utf-16")),
        ["encoding | table.csv: line 1 is not utf-8; state its encoding"]),
    "UTF-16 without mark": (table("id\n1\n".encode("utf-16-le"), file={"encoding": "utf-16"}),
        ["encoding | table.csv: has no byte order mark; state utf-16-le or utf-16-be"]),
    "a text that calls itself gzip": (table("id\n1\n", name="table.csv.gz"),
        ["file | table.csv.gz: is not a whole gzip file"]),
    "bytes of another encoding": (table(b"id\n\xff\n"),
        ["encoding | line 2: id '�': has bytes outside the file's encoding; state its encoding"]),
    "a NUL in a cell": (table("id\na\0b\n"),
        ["encoding | line 2: id 'a\\x00b': has a NUL character; state the file's encoding"]),
    "cells missing and left over": (table("id,b\n1\n1,2,3\n"),
        ["ragged | line 2: has 1 cell where the header has 2",
         "ragged | line 3: has 3 cells where the header has 2"]),
    "a quote that is never closed": (table('id\n"a\n'),
        ["syntax | line 2: has a quote that is never closed; the rest of the file is in its cell"]),
    "a letter after a quote": (table('id\n"a"b\n'),
        ["syntax | line 2: has text after a closing quote; a quote within a cell is written twice"]),
    "a cell of 200,000 letters": (table("id\n" + "x" * 200_000),
        ["syntax | line 2: has a cell of more than 131,072 characters; is a quote never closed?"]),
    "a blank id": (table("id,b\n ,1\n\u3000,2\n"),
        ["missing | line 2: id: is blank; companies need id",
         "missing | line 3: id: is blank; companies need id"]),
    "an id twice": (table("id,e\n1,5\n1,6\n", fields={"employees": "e"}),
        ["conflict | line 2: id '1': rows of this id differ in employees",
         "conflict | line 3: id '1': rows of this id differ in employees"]),
    "companies that own each other": (table("id,p\n1,2\n2,1\n3,3\n", fields={"parent_id": "p"}),
        ["cycle | line 2: p '2': is its own ancestor: 1 > 2 > 1",
         "cycle | line 3: p '1': is its own ancestor: 2 > 1 > 2",
         "cycle | line 4: p '3': must not be the company's own id"]),
    "numbers that are none": (table("id,e\n1,１００\n2,1e999\n3,nan\n4,-5\n5,{}\n6,3.5\n7,\"1,000\"\n".format("9" * 30), fields={"employees": "e"}),
        ["type | line 2: e '１００': is not a number; normalise = ['nfkc'] reads full-width digits",
         "type | line 3: e '1e999': is not a number; exponents = true reads powers of ten",
         "type | line 4: e 'nan': is not a number",
         "range | line 5: e '-5': must be at least 0",
         "range | line 6: e '999999999999999999999999999999': must fit in 64 bits",
         "type | line 7: e '3.5': is not a whole number",
         "type | line 8: e '1,000': is not a number; thousands = ',' reads separators between its digits"]),
    "a relationship in Cyrillic": (table("id,r\n1,cust\u043emer\n", fields={"relationships": "r"}),
        ["choice | line 2: r 'custоmer': must be one of prospect, customer, partner, competitor, own_group, do_not_trade; did you mean 'customer'?"]),
    "a number in full-width digits": (table("id,n\n1,１２３４５６７８９０１２３\n", fields={"corporate_number": "n"}),
        ["format | line 2: n '１２３４５６７８９０１２３': must be 13 digits without hyphens"]),
    "an id that is no integer": (table("id\n007\n1.0\n", fields={"id": {"column": "id", "type": "int"}}),
        ["type | line 2: id '007': is not an integer id in its shortest form",
         "type | line 3: id '1.0': is not an integer id in its shortest form"]),
    "a mail address where none is due": (table("id,c\ntaro@example.jp,\ntaro@example.jp,x@y.example\n", "leads", {"company_id": "c"}),
        ["conflict | line 2: id 't…@….jp': rows of this id differ in company_id",
         "conflict | line 3: id 't…@….jp': rows of this id differ in company_id"]),
    "a time that is none": (table("id,c\n1,2026-02-29\n2,２０２６-01-01\n3,0001-01-01T00:00:00+14:00\n", "leads", {"created_at": "c"}),
        ["format | line 2: c '2026-02-29': is not a date in a stated format: iso",
         "format | line 3: c '２０２６-01-01': is not a date in a stated format: iso",
         "range | line 4: c '0001-01-01T00:00:00+14:00': is beyond the years 1 to 9999 in UTC"]),
    "a time that clocks skip": (table("id,c\n1,2026-03-08 02:30\n", "leads", {"created_at": {"column": "c", "date_formats": ["%Y-%m-%d %H:%M"], "zone": "America/New_York"}}),
        ["nonexistent | line 2: c '2026-03-08 02:30': does not exist in America/New_York: clocks skip it"]),
    "what is referred to and absent": (absent,
        ["unknown-company | line 2: company 'B': no such company",
         "unknown-product | line 3: product 'cгm': no such product; did you mean 'crm'?"]),
    "what is gone": (gone,
        ["cycle | line 3: from 'B': leads round in a circle of merges",
         "cycle | line 4: from 'A': leads round in a circle of merges",
         "conflict | line 5: from 'C': was merged into several others",
         "conflict | line 6: from 'C': was merged into several others",
         "deleted | line 2: gone 'yes': says that the record was deleted",
         "merged | line 3: id '2': is a deal that was merged into another",
         "deleted | line 2: deal '1': is a deal that was deleted",
         "unknown-deal | line 3: deal '9': no such deal",
         "ambiguous | line 4: s.product: skus has several such rows that differ in it",
         "missing | line 5: s.product: is blank, as skus has no such row; deal_lines need product_id"]),
    "a list of whom nobody knows": (listing,
        ["ambiguous | line 2: name 'A': is that of 2 companies; add what tells them apart",
         "unmatched | line 3: name 'B': no company has it"]),
    "a deal that is closed and open": (table("id,company,opened,closed\n1,2,2026-01-01,2026-01-02\n", "deals", {"closed_at": "closed"}),
        ["contradiction | line 2: closed '2026-01-02': must be blank for an open deal"]),
    "a contract that ends first": (table("company,product,start,end\n1,2,2026-02-01,2026-01-01\n", "contracts", {"end": "end"}),
        ["order | line 2: end '2026-01-01': must not be before start"]),
}  # fmt: skip


# Records and accounts.
RECORDS: Final[dict[str, tuple[Callable[[], object], list[str]]]] = {
    "an id that is true": (lambda: Company(True),
        ["type | company.id: must be a text or an integer id, not bool True"]),
    "an id that is an enum": (lambda: Company(Word.A),
        ["type | company.id: must be a text or an integer id, not Word <Word.A: 'a'>"]),
    "an id that is a float": (lambda: Company(1.0),  # type: ignore[arg-type]
        ["type | company.id: must be a text or an integer id, not float 1.0"]),
    "an id that is nothing": (lambda: Company(None),  # type: ignore[arg-type]
        ["type | company.id: must be a text or an integer id, not nothing"]),
    "an id that is blank": (lambda: Company("\u3000"),
        ["blank | company.id: must not be blank"]),
    "an id of 5,001 digits": (lambda: Company(HUGE),
        ["range | company.id: must fit in 64 bits"]),
    "an id with half a surrogate pair": (lambda: Company("\ud800"),
        ["encoding | company.id: holds half a character (a lone surrogate)"]),
    "a list nested 100,000 deep": (lambda: Company(1, name=nested(100_000)),  # type: ignore[arg-type]
        ["type | company.name: must be text, not list …"]),
    "a value whose repr fails": (lambda: Company(1, name=Unwritable()),  # type: ignore[arg-type]
        ["type | company.name: must be text, not Unwritable …"]),
    "a value whose repr has lines": (lambda: Company(1, name=TwoLines()),  # type: ignore[arg-type]
        ["type | company.name: must be text, not TwoLines first second"]),
    "a text for a set": (lambda: Company(1, domains="example.jp"),
        ["type | company.domains: must be a collection, not str 'example.jp'"]),
    "a set of 5,001 digits": (lambda: Company(1, domains=[HUGE]),  # type: ignore[list-item]
        ["type | company.domains: must be text, not int of 16610 bits"]),
    "a set that cannot be one": (lambda: Company(1, lists=[[]]),  # type: ignore[list-item]
        ["type | company.lists: must be a collection, not list [[]]"]),
    "a relationship in Cyrillic": (lambda: Company(1, relationships=["cust\u043emer"]),
        ["choice | company.relationships: must be one of prospect, customer, partner, competitor, own_group, do_not_trade, not 'custоmer'; did you mean 'customer'?"]),
    "a relationship that is an integer": (lambda: Company(1, relationships=[HUGE]),  # type: ignore[list-item]
        ["choice | company.relationships: must be one of prospect, customer, partner, competitor, own_group, do_not_trade, not of 16610 bits"]),
    "employees in a text": (lambda: Company(1, employees="300"),  # type: ignore[arg-type]
        ["type | company.employees: must be an integer, not str '300'"]),
    "employees that are true": (lambda: Company(1, employees=True),
        ["type | company.employees: must be an integer, not bool True"]),
    "employees in floating point": (lambda: Company(1, employees=300.0),  # type: ignore[arg-type]
        ["type | company.employees: must be an integer, not float 300.0"]),
    "fewer employees than none": (lambda: Company(1, employees=-1),
        ["range | company.employees: must be at least 0"]),
    "employees of 5,001 digits": (lambda: Company(1, employees=HUGE),
        ["range | company.employees: must fit in 64 bits"]),
    "revenue that is no number": (lambda: Company(1, annual_revenue=Decimal("sNaN")),
        ["nan | company.annual_revenue: must be a finite number"]),
    "revenue of 1e999999": (lambda: Company(1, annual_revenue=Decimal("1e999999")),
        ["range | company.annual_revenue: must be below 92 quadrillion, so that its cents fit in 64 bits"]),
    "revenue of 1e-999999": (lambda: Company(1, annual_revenue=Decimal("1e-999999")),
        ["range | company.annual_revenue: must have at most 2 decimal places"]),
    "growth that is no number": (lambda: Company(1, growth_rate=float("nan")),
        ["nan | company.growth_rate: must be a finite number"]),
    "growth of 1e999": (lambda: Company(1, growth_rate=1e999),
        ["nan | company.growth_rate: must be a finite number"]),
    "growth of 5,001 digits": (lambda: Company(1, growth_rate=HUGE),
        ["type | company.growth_rate: must be a number, not int of 16610 bits"]),
    "a 法人番号 in full-width digits": (lambda: Company(1, corporate_number="１" * 13),
        ["format | company.corporate_number: must be 13 digits without hyphens"]),
    "its own parent": (lambda: Company(1, parent_id=1),
        ["cycle | company.parent_id: must not be the company's own id"]),
    "everything at once": (lambda: Company(1, employees="300", corporate_number="1-2", growth_rate=float("inf"), attributes=3),  # type: ignore[arg-type]
        ["format | company.corporate_number: must be 13 digits without hyphens",
         "type | company.employees: must be an integer, not str '300'",
         "nan | company.growth_rate: must be a finite number",
         "type | company.attributes: must be a mapping, not int 3"]),
    "attributes that are a list": (lambda: Company(1, attributes=[("a", 1)]),  # type: ignore[arg-type]
        ["type | company.attributes: must be a mapping, not list [('a', 1)]"]),
    "attributes under 5,001 digits": (lambda: Company(1, attributes={HUGE: 1}),  # type: ignore[dict-item]
        ["type | company.attributes: of 16610 bits must be text, not int of 16610 bits"]),
    "attributes under what cannot be written": (lambda: Company(1, attributes={Unwritable(): 1}),  # type: ignore[dict-item]
        ["type | company.attributes: … must be text, not Unwritable …"]),
    "attributes that contain themselves": (lambda: Company(1, attributes=within_itself()),
        ["type | company.attributes: 'key_0' must be text, a number, a bool, a date or a set of texts, not list [{'key_0': [...], 'key_1': [{...}], 'key_2': [{...}], 'key_3"]),
    "a datetime in an attribute": (lambda: Company(1, attributes={"since": AT}),
        ["type | company.attributes: 'since' must be text, a number, a bool, a date or a set of texts, not datetime datetime.datetime(2026, 10, 31, 9, 0, tzinfo=datetime.timezo"]),
    "a naive time": (lambda: Lead(1, created_at=AT.replace(tzinfo=None)),
        ["naive | lead.created_at: has no time zone; give an aware datetime"]),
    "a day for an instant": (lambda: Lead(1, created_at=DAY),  # type: ignore[arg-type]
        ["type | lead.created_at: must be a datetime, not date datetime.date(2026, 10, 31)"]),
    "an instant before the calendar": (lambda: Lead(1, created_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))),
        ["range | lead.created_at: is outside the years 1 to 9999 in UTC"]),
    "a mail address in a wrong place": (lambda: Lead("taro@example.jp", company_id=["taro@example.jp"], email=["taro@example.jp"], title=["taro@example.jp"], consents=["taro@example.jp"]),  # type: ignore[arg-type]
        ["type | lead.company_id: must be a text or an integer id, not list […@…",
         "type | lead.email: must be text, not list",
         "type | lead.title: must be text, not list […@…",
         "type | lead.consents: must hold only Consent, not str 't…@….jp'"]),
    "a channel that does not exist": (lambda: mf.Consent("emial", "yes", AT),  # type: ignore[arg-type]
        ["choice | consent.channel: must be one of email, phone, post, visit, web, not 'emial'; did you mean 'email'?",
         "type | consent.granted: must be true or false, not str 'yes'"]),
    "an activity of no kind": (lambda: mf.Activity(1, 1, "", AT.replace(tzinfo=None), product_ids="crm"),
        ["blank | activity.kind: must not be blank",
         "naive | activity.at: has no time zone; give an aware datetime",
         "type | activity.product_ids: must be a collection, not str 'crm'"]),
    "a deal that is neither": (lambda: mf.Deal(1, 1, AT, status="wom"),  # type: ignore[arg-type]
        ["choice | deal.status: must be one of open, won, lost, not 'wom'; did you mean 'won'?"]),
    "a deal that was won at no time": (lambda: mf.Deal(1, 1, AT, status="won"),
        ["missing | deal.closed_at: is needed for a won deal"]),
    "a deal that is closed and open": (lambda: mf.Deal(1, 1, AT, closed_at=AT),
        ["contradiction | deal.closed_at: must be blank for an open deal"]),
    "lines that are texts": (lambda: mf.Deal(1, 1, AT, lines=["crm"]),
        ["type | deal.lines: must hold only DealLine, not str 'crm'"]),
    "a part of a cent": (lambda: mf.DealLine("crm", quantity=1.5, amount=Decimal("0.001")),  # type: ignore[arg-type]
        ["type | dealline.quantity: must be an integer, not float 1.5",
         "range | dealline.amount: must have at most 2 decimal places"]),
    "a datetime for a date": (lambda: mf.Contract(1, "crm", AT),
        ["type | contract.start: must be a date, not datetime datetime.datetime(2026, 10, 31, 9, 0, tzinfo=datetime.timezo"]),
    "a contract that ends first": (lambda: mf.Contract(1, "crm", DAY, end=date(2025, 1, 1)),
        ["order | contract.end: must not be before start"]),
    "a sales event that does not exist": (lambda: mf.SalesEvent(1, "acepted", AT),  # type: ignore[arg-type]
        ["choice | salesevent.kind: must be one of accepted, rejected, qualified, disqualified, recycled, follow_up, not 'acepted'; did you mean 'accepted'?"]),
    "a product of the wrong types": (lambda: mf.Product("crm", name=3, grade="1", lifecycle="decine"),  # type: ignore[arg-type]
        ["type | product.name: must be a label, not int 3",
         "type | product.grade: must be an integer, not str '1'",
         "choice | product.lifecycle: must be one of introduction, growth, maturity, decline, not 'decine'; did you mean 'decline'?"]),
    "a history of nothing": (lambda: CompanyHistory(3, [3]),  # type: ignore[arg-type]
        ["type | companyhistory.company: must be a Company, not int 3",
         "type | companyhistory.changes: must hold only CompanyChange, not int 3"]),
    "changes that cannot be": (lambda: CompanyHistory(Company(1), (CompanyChange(DAY, "employees", "x"), CompanyChange(DAY, "id", 2))),
        ["type | companyhistory.changes[0].company.employees: must be an integer, not str 'x'",
         "choice | companyhistory.changes[1].fact: 'id' does not change over time; name one attribute"]),
    "campaigns of no tactic": (lambda: CampaignBook([Campaign(1, "emial", DAY)]),
        ["unknown-tactic | campaigns[0].tactic: no such tactic 'emial'; did you mean 'email'?"]),
    "a statistic of no KPI": (lambda: CampaignBook([], statistics=[Statistic("impression", DAY, 1, tactic="social")]),
        ["unknown-figure | statistics[0].kpi: its tactic has no KPI 'impression'; did you mean 'impressions'?"]),
    "touches that nobody stated": (lambda: campaigned(visited(1, [did(1, 1, "email_opened", 1), did(2, 1, "email_open", 1, 8)])),
        ["unmapped-kind | activities: no status is given for the kind 'email_opened'; did you mean 'email_open'?",
         "unknown-campaign | activities: no such campaign 8"]),
    "spells of a cause that nobody asked about": (lambda: aalen_johansen([Spell(3, "lost")], ["won"]),
        ["unknown-cause | spells[0].cause: 'lost' is none of won"]),
    "a reference of no passage": (lambda: gap([9, 8, 7, 6, 5, 4], {"reach": 0.6}),
        ["unknown-step | reference.reach: no such passage; did you mean 'reached'?"]),
    "an insight about a person": (lambda: Insight("a", "survey", "ask m.sato@nagimine.example", ("x",), DAY, DAY),
        ["personal | insight.statement: holds a mail address; name the document and no person"]),
    "an account of the wrong kinds": (lambda: mf.Account(3, leads=[3], activities="abc", deals=HUGE),  # type: ignore[arg-type]
        ["type | account.company: must be a Company, a CompanyHistory or None, not int",
         "type | account.leads[0]: must be a Lead, not int",
         "type | account.activities: must be a collection of Activity, not 'abc'",
         "type | account.deals: must be a collection of Deal, not of 16610 bits"]),
    "accounts of no records": (lambda: mf.accounts(companies=[3], leads=[None]),  # type: ignore[list-item]
        ["type | companies[0]: must be a Company or CompanyHistory, not int",
         "type | leads[0]: must be a Lead, not NoneType"]),
    "one id, two companies": (lambda: mf.accounts(companies=[Company("taro@example.jp"), Company("taro@example.jp", employees=3)]),
        ["conflict | companies['t…@….jp'].id: is used twice, by records that differ"]),
    "one id, two leads": (lambda: mf.accounts(leads=[Lead(7), Lead(7, title="x")]),
        ["conflict | leads[7].id: is used twice, by records that differ"]),
}  # fmt: skip


DAWN: Final = AT - timedelta(hours=3)
FUNNEL: Final = ENGINE.playbook.funnel
SEEN: Final = Rule(
    FUNNEL.ladder[1], facts.PursuitFacts(FUNNEL.scale).stage == FUNNEL.ladder[0], key="seen"
)
SEEING: Final = mf.Engine(
    evolve(
        ENGINE.playbook,
        funnel=evolve(FUNNEL, rules=evolve(FUNNEL.rules, rules=[SEEN, *FUNNEL.rules.rules])),
    )
)
# What the engine is asked.
STATE: Final = mf.AccountState(mf.Account(Company(1), leads=[Lead(7, 1)]))
CLICK: Final = mf.Activity(1, 7, "click", AT)
ARGUMENTS: Final[dict[str, tuple[Callable[[], object], list[str]]]] = {
    "an event of a forgotten lead": (lambda: followed(ENGINE.forget(STATE, 7), CLICK),
        ["forgotten | event.lead_id: is a lead that was forgotten"]),
    "an event of a lead that has moved": (
        lambda: followed(STATE.move_lead(7, mf.AccountState(mf.Account(Company(2))))[0], CLICK),
        ["moved | event.lead_id: is a lead that has moved to another account; send it there"]),
    "an outdated version": (
        lambda: followed(
            ENGINE.on(STATE, Company(1), as_of=AT, changed_at=AT).state, Company(1), DAWN
        ),
        ["outdated | event: was changed before 2026-10-31T09:00:00+00:00, and a later version is known"]),
    "an engine of a path": (lambda: mf.Engine("book.toml"),  # type: ignore[arg-type]
        ["type | playbook: must be a Playbook, not str 'book.toml'; read files by mpfunnel.load"]),
    "a person among companies with integers for ids": (
        lambda: identity.assign([Lead("p", email="taro@gmail.com")], [Company(1)]),
        ["id | leads['p'].id: gives a person no company of its own among ids that are integers; read the ids of companies as text, or set individuals = 'unmatched'"]),
    "tables that say the same twice": (
        lambda: frames.assess(
            ENGINE,
            companies=pa.table({"id": [1]}),
            activities=pa.table(
                {"id": [1], "lead_id": [1], "kind": ["k"], "at": [AT], "product_id": ["crm"]}
            ),
            activity_products=pa.table({"lead_id": [1], "activity_id": [1], "product_id": ["crm"]}),
            as_of=DAY,
        ),
        ["clash | activities.product_id: says what activity_products says; give one of them"]),
    "a scan of a file that is gone": (
        lambda: frames.assess(ENGINE, companies=pl.scan_csv("gone.csv"), as_of=DAY),
        ["plan | companies: cannot be resolved; Polars says: No such file or directory (os error 2): gone.csv"]),
    "a mapping of a scan of a file that is gone": (
        lambda: sources.tables(mapping_of("companies"), table=pl.scan_csv("gone.csv")),
        ["plan | table: cannot be resolved; Polars says: No such file or directory (os error 2): gone.csv"]),
    "a plan that asks for what is not there": (
        lambda: frames.assess(
            ENGINE, companies=pl.LazyFrame({"id": [1]}), leads=pl.LazyFrame({"id": [1]}).select("nobody"), as_of=DAY
        ),
        ['plan | leads: cannot be resolved; Polars says: unable to find column "nobody"; valid columns: ["id"]']),
    "a view of a table that was dropped": (
        lambda: frames.assess(ENGINE, companies=view_of_nothing(), as_of=DAY),
        ["plan | companies: cannot be resolved; DuckDB says: Catalog Error: Table with name orders does not exist"]),
    "a table of Ibis that was dropped": (
        lambda: frames.assess(ENGINE, companies=table_dropped(), as_of=DAY),
        ["plan | companies: cannot be resolved; its backend says: Catalog Error: Table with name orders does not exist"]),
    "tables of two connections": (
        lambda: frames.assess(
            ENGINE,
            companies=duckdb.connect().sql("SELECT 1 AS id"),
            leads=duckdb.connect().sql("SELECT 1 AS id"),
            as_of=DAY,
        ),
        ["connection | leads: must be of the same connection as companies; take all tables from one connection"]),
    "tables of two backends": (
        lambda: frames.assess(
            ENGINE,
            companies=ibis.duckdb.connect().create_table("x", schema={"id": "int64"}),
            leads=ibis.duckdb.connect().create_table("x", schema={"id": "int64"}),
            deals=ibis.table({"id": "int64"}),
            as_of=DAY,
        ),
        ["connection | leads: must be of the same backend as companies; take all tables from one backend",
         "connection | deals: stands on an unbound table, which has no rows; take all tables from one backend"]),
    "a table of a warehouse that is none": (
        lambda: warehouse.render(
            ENGINE,
            dialect="duckdb",
            tables={"companies": ["id"], "company": ["id"]},
            as_of=DAY,
        ),
        ["unknown-table | tables.company: no such table; did you mean 'companies'?"]),
    "a policy that no SQL can ask": (
        lambda: warehouse.render(
            mf.Engine(evolve(mf.starter(["crm"]), tiers={"crm": Policy(lambda: None)})),
            dialect="duckdb",
            tables={"companies": ["id"]},
            as_of=DAY,
        ),
        ["custom-policy | tiers.crm: acme/told/1 is written in Python, which no SQL can ask; use frames"]),
    "a company that is none": (lambda: ENGINE.tier_for(None, "crm", as_of=DAY),  # type: ignore[arg-type]
        ["type | company: must be a Company, a CompanyHistory or an Account, not NoneType"]),
    "a company for an account": (lambda: ENGINE.assess(Company(1), as_of=DAY),  # type: ignore[arg-type]
        ["type | account: must be an Account, not Company"]),
    "a product that does not exist": (lambda: ENGINE.tier_for(Company(1), "c\u0433m", as_of=DAY),
        ["UnknownNameError | no such product 'cгm'; did you mean 'crm'?"]),
    "a product of two lines": (lambda: ENGINE.tier_for(Company(1), "crm\n", as_of=DAY),
        ["UnknownNameError | no such product 'crm\\n'; did you mean 'crm'?"]),
    "a product of 5,001 digits": (lambda: ENGINE.tier_for(Company(1), HUGE, as_of=DAY),
        ["UnknownNameError | no such product of 16610 bits"]),
    "a product that is a list": (lambda: ENGINE.tier_for(Company(1), [], as_of=DAY),  # type: ignore[arg-type]
        ["UnknownNameError | no such product []"]),
    "a day that is a text": (lambda: ENGINE.tier_for(Company(1), "crm", as_of="2026-10-31"),  # type: ignore[arg-type]
        ["type | as_of: must be a date or an aware datetime, not str '2026-10-31'"]),
    "a day that is nothing": (lambda: ENGINE.segment_for(Company(1), as_of=None),  # type: ignore[arg-type]
        ["type | as_of: must be a date or an aware datetime, not nothing"]),
    "a naive time": (lambda: ENGINE.assess(mf.Account(), as_of=AT.replace(tzinfo=None)),
        ["naive | as_of: has no time zone; give an aware datetime"]),
    "a time after the calendar": (lambda: ENGINE.assess(mf.Account(), as_of=datetime.max.replace(tzinfo=UTC)),
        ["range | as_of: '9999-12-31T23:59:59.999999+00:00' is outside the years 1 to 9999 in UTC or Asia/Tokyo"]),
    "a lead that does not exist": (lambda: ENGINE.stage_for(mf.Account(leads=[Lead(1)]), "taro@example.jp", as_of=DAY),
        ["UnknownNameError | no such lead 't…@….jp' in the account"]),
    "a lead of 5,001 digits": (lambda: ENGINE.stage_for(mf.Account(leads=[Lead(1)]), HUGE, as_of=DAY),
        ["UnknownNameError | no such lead of 16610 bits in the account"]),
    "a lead that is a list": (lambda: ENGINE.stage_for(mf.Account(leads=[Lead(1)]), [], as_of=DAY),  # type: ignore[arg-type]
        ["UnknownNameError | no such lead [] in the account"]),
    "a question that does not exist": (lambda: ENGINE.explain("teir", Company(1), "crm", as_of=DAY),  # type: ignore[arg-type]
        ["UnknownNameError | question: no such question 'teir'; did you mean 'tier'?"]),
    "a question that is a list": (lambda: ENGINE.explain([], Company(1), "crm", as_of=DAY),  # type: ignore[arg-type]
        ["UnknownNameError | question: no such question []; there are segment, tier, white_space, offer, stage, engagement, play"]),
    "a question about too little": (lambda: ENGINE.explain("tier", Company(1), as_of=DAY),
        ["arguments | about: 'tier' is asked about product"]),
    "a question about nobody": (lambda: ENGINE.explain("tier", mf.Account(), "crm", as_of=DAY),
        ["missing | account.company: 'tier' is asked of a company, and there is none"]),
    "a question in French": (lambda: ENGINE.explain("tier", Company(1), "crm", as_of=DAY, lang="fr"),  # type: ignore[arg-type]
        ["choice | lang: must be 'en' or 'ja', not 'fr'"]),
    "an attribute of another type": (lambda: mf.Engine(tiers(company.attribute("plants", int) > 3)).tier_for(Company(1, attributes={"plants": "３"}), "crm", as_of=DAY),
        ["type | company.plants: must be an integer, not str '３'"]),
    "records of others": (lambda: assessed(mf.Account(Company(1), leads=[Lead(1, company_id=2)], activities=[mf.Activity(1, 7, "click", AT), mf.Activity(2, "taro@example.jp", "click", AT)], deals=[mf.Deal(1, 2, AT)])),
        ["other-company | leads: belongs to company 2, not to 1",
         "unknown-lead | activities: no such lead 7",
         "unknown-lead | activities: no such lead 't…@….jp'",
         "other-company | deals: belongs to company 2, not to 1"]),
    "records of nobody": (lambda: assessed(mf.Account(None, deals=[mf.Deal(1, 2, AT)])),
        ["unknown-company | deals: belongs to no company and to no lead that is given"]),
    "an override of last year": (lambda: followed(STATE, mf.Override("segment", "competitor", "Mori", "told so", date(2019, 1, 1), date(2019, 12, 31), company_id=1)),
        ["expired | event: held until 2019-12-31"]),
    "activities that differ": (lambda: assessed(mf.Account(None, leads=[Lead(1)], activities=[mf.Activity(1, 1, "click", AT), mf.Activity(1, 1, "open", AT), mf.Activity(2, 1, "click", AT, product_ids=["cгm"])])),
        ["conflict | activities: shares its id with a record that differs",
         "conflict | activities: shares its id with a record that differs",
         "unknown-product | activities: no such product 'cгm'; did you mean 'crm'?"]),
    "a policy that answers an integer": (lambda: mf.Engine(evolve(BOOK, tiers=Policy(lambda: 3))).tier_for(Company(1), "crm", as_of=DAY),
        ["PolicyError | tiers.crm: acme/told/1 on company 1: int 3 is no decision; return mpfunnel.decided(…) or mpfunnel.undecided(…)"]),
    "a policy that answers another tier": (lambda: mf.Engine(evolve(BOOK, tiers=Policy(lambda: mf.decided(Tier(2), because="x")))).tier_for(Company(1), "crm", as_of=DAY),
        ["PolicyError | tiers.crm: acme/told/1 on company 1: gave Tier 2, which is not among its tiers"]),
    "a policy that fails": (lambda: mf.Engine(evolve(BOOK, tiers=Policy(lambda: 1 // 0))).tier_for(Company("taro@example.jp"), "crm", as_of=DAY),
        ["PolicyError | tiers.crm: acme/told/1 on company 't…@….jp': raised ZeroDivisionError('integer division or modulo by zero')"]),
}  # fmt: skip


class TestRefused:
    """Every input of the tables above is refused with exactly these lines, and nothing else."""

    @given(FILES)
    def test_a_playbook_file(
        self, make: Callable[[Path], object], said: list[str], tmp_path: Path
    ) -> None:
        """A malformed playbook file is refused with the code and the path of every problem."""
        check_said(refused(make, tmp_path), said)

    @given(DATA_CASES)
    def test_plain_data(self, make: Callable[[], object], said: list[str]) -> None:
        """Malformed plain data is refused with the code and the path of every problem."""
        check_said(refused(make), said)

    @given(OBJECTS)
    def test_python_objects(self, make: Callable[[], object], said: list[str]) -> None:
        """Rules and playbooks are refused when they are built, not when they are asked."""
        check_said(refused(make), said)

    @given(MAPPINGS)
    def test_a_mapping(self, make: Callable[[], object], said: list[str]) -> None:
        """A malformed mapping is refused before any file is read."""
        check_said(refused(make), said)

    @given(ROWS)
    def test_an_exported_file(
        self, make: Callable[[Path], object], said: list[str], tmp_path: Path
    ) -> None:
        """A malformed file is refused, a malformed row becomes a reject; the others are read."""
        check_said(refused(make, tmp_path), said)

    @given(RECORDS)
    def test_a_record(self, make: Callable[[], object], said: list[str]) -> None:
        """All faults of a record are named at once."""
        check_said(refused(make), said)

    @given(ARGUMENTS)
    def test_an_argument(self, make: Callable[[], object], said: list[str]) -> None:
        """The engine says what it should have been asked."""
        check_said(refused(make), said)


# Where a parser stopped differs between versions of Python.
POSITION: Final = re.compile(r" \(at [^()]*\)$|: line \d+ column \d+ \(char \d+\)$")


def check_said(lines: list[str], said: list[str]) -> None:
    """The lines are those that are quoted; `"..."` stands for any number of them."""
    lines, said = ([POSITION.sub("", line) for line in both] for both in (lines, said))
    if "..." in said:
        at = said.index("...")
        assert lines[:at] == said[:at]
        assert lines[at - len(said) + 1 :] == said[at + 1 :]
    else:
        assert lines == said


# -- the errors themselves --


def kinds_of_error(kind: type[MpfunnelError] = MpfunnelError) -> Iterator[type[MpfunnelError]]:
    """Every class of error."""
    yield kind
    for inner in kind.__subclasses__():
        yield from kinds_of_error(inner)


@pytest.mark.parametrize("kind", [*kinds_of_error()])
def test_every_error_pickles(kind: type[MpfunnelError]) -> None:
    """A pickle of an error has its type, its message and its problems."""
    problems = [Problem("type", "deal.id", "must be text"), Problem("blank", "", "is blank")]
    given: Any = (
        problems
        if issubclass(kind, InvalidDataError | TransitionError)
        else "no such product 'crn'"
    )
    error = kind(given)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, str(error))
    assert getattr(again, "problems", None) == getattr(error, "problems", None)


MAKERS: Final = {
    "Problem": 0, "refuse": 0, "fault": 0, "CellError": 0, "_refusal": 0, "refusal": 0, "Row": 2, "reject": 2,
    "Rejected": 2, "_rejected": 1, "Reject": 4, "turn_away": 3,
}  # fmt: skip
"""By the name of what makes a problem or a reject, which of its arguments is the code."""
FAULTS: Final = ("Fault | None", "tuple[str, str] | None")
"""What a function returns that gives the code and the message of a problem."""


def codes_of(node: ast.expr) -> Iterator[str]:
    """The codes that an expression stands for; none where it hands on what was made elsewhere."""
    match node:
        case ast.Constant(str(code)):
            yield code
        case ast.IfExp(_, yes, no):
            yield from codes_of(yes)
            yield from codes_of(no)
        case ast.JoinedStr():
            assert ast.unparse(node) == "f'unknown-{self._what}'"
            yield from ("unknown-product", "unknown-company", "unknown-lead", "unknown-deal")
        case _:
            handed_on = ast.Name | ast.Attribute | ast.Subscript | ast.Starred
            assert isinstance(node, handed_on), ast.unparse(node)


def codes_in(tree: ast.Module) -> Iterator[str]:
    """The codes that a module makes."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name(name) | ast.Attribute(_, name), arguments):
                place = MAKERS.get(name, len(arguments))
                if place < len(arguments):
                    yield from codes_of(arguments[place])
            case ast.FunctionDef(returns=ast.expr() as returns) if ast.unparse(returns) in FAULTS:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Tuple) and len(inner.elts) == 2:
                        yield from codes_of(inner.elts[0])
            case _:
                pass


def documented() -> dict[str, str]:
    """The codes of the reference, each with its example."""
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| `(.+)` \|$", DOCS.read_text(encoding="utf-8"), re.M)
    return dict(rows)


def test_every_code_is_documented() -> None:
    """The reference of errors lists exactly the codes that the library makes, in order."""
    made = {
        code
        for path in SRC.rglob("*.py")
        for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert [*documented()] == sorted(made - {""})


def said_of_sheets(folder: Path) -> Iterator[Problem]:
    """What is said of a workbook with a formula and merged cells, and once they are mended."""
    dump(ENGINE.playbook, folder / "playbook.toml")
    text = (folder / "playbook.toml").read_text(encoding="utf-8")
    data = re.sub(r"(?ms)^\[tiers\..*?(?=^\[engagement)", "", text)
    named = '[sheets]\n"tiers.*" = { file = "tiers.xlsx", sheet = "crm" }\n\n[products.'
    (folder / "playbook.toml").write_text(data.replace("[products.", named, 1), encoding="utf-8")
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "crm"
    rows = [("key", "region", "employees", "tier"), *((f"r{n}", "", "", 1) for n in range(2, 8))]
    for row in (*rows, ("otherwise", "", "", 3)):
        sheet.append(row)
    sheet["C7"] = "=1+1"
    sheet.merge_cells("B3:B5")
    book.save(folder / "tiers.xlsx")
    with pytest.raises(InvalidDataError) as caught:
        load(folder)
    yield from caught.value.problems
    sheet.unmerge_cells("B3:B5")
    sheet["C7"] = "300以上"
    sheet.row_dimensions[7].hidden = True
    book.save(folder / "tiers.xlsx")
    yield from loaded(folder).notes


def said_of_circles() -> Iterator[str]:
    """What is told of a lead whom rules lead round in a circle, in tables."""
    companies, leads = pl.DataFrame({"id": [1]}), pl.DataFrame({"id": [1]})
    out = frames.assess(SEEING, companies=companies, leads=leads, as_of=DAY)
    for row in out.rejects.iter_rows(named=True):
        yield f"{row['code']} | {row['table']}: {row['reason']}"


def test_the_examples_of_the_reference_are_real(tmp_path: Path) -> None:
    """Each example of the reference is what an input of the tables above is refused with."""
    tables: tuple[Any, ...] = (FILES, DATA_CASES, OBJECTS, MAPPINGS, ROWS, RECORDS, ARGUMENTS)
    real = {line for cases in tables for _, said in cases.values() for line in said}
    real |= {f"{one.code} | {one}" for one in said_of_sheets(tmp_path)} | {*said_of_circles()}
    real.add(" | ".join(identity.number_fault("1234567890123") or ()))
    assert [
        line for line in (f"{c} | {e}" for c, e in documented().items()) if line not in real
    ] == []


def test_every_error_class_is_documented() -> None:
    """The reference names every class that `mpfunnel.errors` exports."""
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in errors.__all__ if name[0].isupper() and f"`{name}`" not in text] == []
