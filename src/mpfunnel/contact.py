"""Contact: whether a lead may be contacted through a channel, and why (連絡可否).

Consent filters actions, not states: a lead who opted out of mail keeps its stage and its
engagement, and may still be phoned.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.calendars import as_day, local_day
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.labels import Label, Lang
from mpfunnel.records import Channel, Consent, Lead
from mpfunnel.records.checks import one_of

__all__ = ["BASES", "CHANNELS", "Contactable", "contactability", "contactable"]

BASES: Final[immutabledict[str, Label]] = immutabledict(
    {
        "consent": Label("consent", "同意"),
        "business_relation": Label("business relation", "取引関係"),
        "business_card": Label("business card", "名刺"),
        "published_address": Label("published address", "公表アドレス"),
    }
)
"""What a permission may rest on, the firmest first; a CRM may have others."""

CHANNELS: Final[immutabledict[Channel, Label]] = immutabledict(
    {
        "email": Label("mail", "メール"),
        "phone": Label("phone", "電話"),
        "post": Label("post", "郵送"),
        "visit": Label("visit", "訪問"),
        "web": Label("web", "Web"),
    }
)
"""Through what a person may be contacted, as people call it."""

_ANSWERS: Final = {
    True: Label("allowed", "可"),
    False: Label("not allowed", "不可"),
    None: Label("unknown", "不明"),
}


@frozen
class Contactable:
    """Whether a lead may be contacted through one channel as of a day, and why."""

    channel: Channel
    allowed: bool | None
    """`None` where nothing was said: whether that suffices depends on the law and on the firm."""
    because: Label = field(eq=False)
    basis: str | None = None
    """What the deciding consent or opt-out rests on, as the CRM has it: see `BASES`."""
    since: date | None = None
    """The day of the deciding consent or opt-out, in the playbook's zone."""

    def text(self, lang: Lang = "en") -> str:
        """Return the answer in a word or two: allowed 可, not allowed 不可, unknown 不明."""
        return _ANSWERS[self.allowed].text(lang)


_SILENCE: Final = Label("no consent or opt-out on record", "同意・拒否の記録なし")
_a_channel: Final = one_of(Channel)
_UNKNOWN: Final[immutabledict[Channel, Contactable]] = immutabledict(
    {channel: Contactable(channel, None, _SILENCE) for channel in CHANNELS}
)


def contactable(
    lead: Lead, channel: Channel, *, as_of: date | datetime, zone: ZoneInfo
) -> Contactable:
    """Return whether `lead` may be contacted through `channel` as of a day, and why.

    The latest consent or opt-out of that channel on a day up to `as_of` decides, whatever the
    order of the records. An opt-out wins over a consent of the same instant.

    Args:
        lead: The person, with all consents and opt-outs on record.
        channel: The channel asked.
        as_of: The day asked; an aware datetime means its day in `zone`.
        zone: The playbook's zone.

    Raises:
        InvalidDataError: `as_of` is no day, there is no such channel, or a consent falls on no day
            of `zone`.
    """
    day = as_day(as_of, zone)
    if fault := _a_channel(channel):
        raise InvalidDataError([Problem(fault[0], "channel", fault[1])])
    return _answer(lead, channel, day, zone)


def contactability(
    lead: Lead, *, as_of: date | datetime, zone: ZoneInfo
) -> immutabledict[Channel, Contactable]:
    """Return what `contactable` says of every channel, in the order of `mpfunnel.records.Channel`.

    Args:
        lead: The person, with all consents and opt-outs on record.
        as_of: The day asked; an aware datetime means its day in `zone`.
        zone: The playbook's zone.

    Raises:
        InvalidDataError: `as_of` is no day, or a consent falls on no day of `zone`.
    """
    day = as_day(as_of, zone)
    if not lead.consents:
        return _UNKNOWN
    named = {consent.channel for consent in lead.consents}
    return immutabledict(
        {
            channel: _answer(lead, channel, day, zone) if channel in named else _UNKNOWN[channel]
            for channel in CHANNELS
        }
    )


def _answer(lead: Lead, channel: Channel, day: date, zone: ZoneInfo) -> Contactable:
    said = [
        consent
        for consent in lead.consents
        if consent.channel == channel
        and local_day(consent.at, zone, path="lead.consents.at") <= day
    ]
    if not said:
        return _UNKNOWN[channel]
    latest = max(consent.at for consent in said)
    said = [consent for consent in said if consent.at == latest]
    consent = min(said, key=_precedence)
    contradicted = any(other.granted != consent.granted for other in said)
    since = local_day(latest, zone)
    because = _because(consent, since, contradicted=contradicted)
    return Contactable(channel, consent.granted, because, consent.basis, since)


def _precedence(consent: Consent) -> tuple[bool, int, bool, str]:
    # Of what was said at one instant: opt-outs first, then by basis, that none is left to chance.
    known = [*BASES, consent.basis]
    return consent.granted, known.index(consent.basis), consent.basis is None, consent.basis or ""


def _because(consent: Consent, since: date, *, contradicted: bool) -> Label:
    if consent.granted:
        en, ja = f"allowed on {since}", f"{since}に許可"
    else:
        en, ja = f"opted out on {since}", f"{since}に拒否の申し出"
        if contradicted:
            en += ", which wins over a consent of the same time"
            ja += "(同時刻の同意より優先)"
    if consent.basis is not None:
        basis = BASES.get(consent.basis, Label(consent.basis))
        en, ja = f"{en}: {basis.en}", f"{ja}：{basis.ja}"
    return Label(en, ja)
