"""Through which channels leads may be contacted: `mpfunnel.contact` for whole tables."""

from __future__ import annotations

from typing import Final, get_args

import narwhals.stable.v2 as nw

from mpfunnel.frames.expressions import flag
from mpfunnel.frames.kinds import Frame
from mpfunnel.records import Channel

__all__ = ["CONTACT", "contactable"]

_CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
CONTACT: Final = tuple(f"contact_{channel}" for channel in _CHANNELS)
"""For each channel the column that says whether it is allowed; null where nothing was said."""


def contactable(leads: Frame, consents: Frame | None) -> Frame:
    """Return the leads with the columns `CONTACT`.

    The latest consent or opt-out of a channel decides; an opt-out wins over a consent of the same
    instant.

    Args:
        leads: With the column lead_no.
        consents: What was said up to the day; `None` where there is no such table.
    """
    if consents is None:
        return leads.with_columns(**{name: nw.lit(None, dtype=nw.Boolean()) for name in CONTACT})
    said = consents.with_columns(latest=nw.col("at").max().over("lead_no", "channel"))
    said = said.filter(nw.col("at") == nw.col("latest")).with_columns(yes=flag(nw.col("granted")))
    said = said.with_columns(
        **{
            name: nw.when(nw.col("channel") == channel).then(nw.col("yes"))
            for name, channel in zip(CONTACT, _CHANNELS, strict=True)
        }
    )
    said = said.group_by("lead_no").agg(*(nw.col(name).min() for name in CONTACT))
    leads = leads.join(said, on="lead_no", how="left")
    return leads.with_columns(**{name: nw.col(name) == 1 for name in CONTACT})
