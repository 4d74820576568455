"""People: leads, what they allow, and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.records.checks import (
    Id,
    Record,
    Value,
    a_bool,
    a_key,
    a_private_text,
    a_text,
    an_attribute_map,
    an_id,
    an_instant,
    attribute_map,
    checked,
    ids,
    one_of,
    optional,
    series,
    series_of,
    set_of,
    text_or_none,
    texts,
    utc,
)

Channel = Literal["email", "phone", "post", "visit", "web"]


@frozen
class Consent(Record):
    """What a person said, or the law presumes, about being contacted through one channel."""

    channel: Channel = field(metadata=checked(one_of(Channel)))
    granted: bool = field(metadata=checked(a_bool))
    """False is an opt-out."""
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    basis: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """On what it rests: consent, business relation, business card, published address."""


@frozen
class Lead(Record):
    """A person whom the firm may talk to; `company_id` is `None` while no company is matched."""

    id: Id = field(metadata=checked(an_id))
    company_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    email: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_private_text))
    )
    name: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_private_text))
    )
    title: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    department: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    phone: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_private_text))
    )
    source: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    created_at: datetime | None = field(
        default=None, converter=utc, metadata=checked(optional(an_instant))
    )
    interests: frozenset[str] = field(
        default=frozenset(), converter=texts, metadata=checked(set_of(a_key))
    )
    """What the person said to be interested in, in the CRM's own words."""
    consents: tuple[Consent, ...] = field(
        default=(), converter=series, metadata=checked(series_of(Consent))
    )
    attributes: immutabledict[str, Value] = field(
        default=immutabledict(), converter=attribute_map, metadata=checked(an_attribute_map)
    )
    company_name: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """What the person said to work for: evidence of the company, which `company_id` is."""
    corporate_number: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """法人番号 of that company, however the person wrote it: a wrong one loses nobody."""
    region: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )


@frozen
class Activity(Record):
    """One thing that a lead did, or one touch that reached it."""

    id: Id = field(metadata=checked(an_id))
    """Unique for its lead: the identity of an activity is (lead_id, id)."""
    lead_id: Id = field(metadata=checked(an_id))
    kind: str = field(metadata=checked(a_key))
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    product_ids: frozenset[Id] = field(
        default=frozenset(), converter=ids, metadata=checked(set_of(an_id))
    )
    """The products that it concerns; none means the whole firm."""
    campaign_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
