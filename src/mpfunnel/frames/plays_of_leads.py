"""What rules about plays see of each lead besides what other rules see of it.

Where it stands with the whole firm, what it owns, and through which channels it may be contacted.
"""

from __future__ import annotations

from typing import Final, get_args

import narwhals.stable.v2 as nw

from mpfunnel.frames.answers import as_level
from mpfunnel.frames.expressions import extended, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import IN_FORCE
from mpfunnel.frames.task import Task
from mpfunnel.frames.white_space import OWNED, with_owned
from mpfunnel.records import Channel
from mpfunnel.rules.columns import Decided
from mpfunnel.rules.conditions import facts_of

__all__ = ["holding", "in_force", "in_use", "of_lead", "reach"]

_CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)


def of_lead(task: Task) -> list[str]:
    """Return the columns of facts of leads that rules about plays ask for."""
    asked = {fact for when in task.book.playbook.plays.conditions for fact in facts_of(when)}
    roots = ("account", "funnel", "contact", "lead")
    facts = (one for root in roots for one in task.places.about(root) if one in asked)
    return [
        column for fact in facts for column in task.places.columns(fact, possible=task.possible)
    ]


def in_use(task: Task) -> list[Channel]:
    """Return the channels of all plays."""
    plays = task.book.playbook.plays.plays
    return [one for one in _CHANNELS if any(one in play.channels for play in plays)]


def reach(task: Task) -> nw.Expr:
    """Return through which channels a lead may be contacted, each of those in use a bit of it."""
    need = task.book.playbook.plays.need_consent
    found = whole(0)
    for bit, channel in enumerate(in_use(task)):
        allowed = nw.col(f"contact_{channel}").fill_null(channel not in need)
        found = found + nw.when(allowed).then(whole(2**bit)).otherwise(whole(0))
    return found


def in_force(
    leads: Frame, found: Frame, decided: Decided, entries: Frame | None, task: Task
) -> Frame:
    """Return leads with the stage in force, and what rules ask about contacting them.

    Whom rules lead round in a circle has no stage, and is left out.

    Args:
        leads: With `mpfunnel.frames.contact.CONTACT`.
        found: The stage that facts warrant of each, as `decided`.
        decided: What the columns of the decision are.
        entries: The entry of its history in which each is.
        task: What is asked.
    """
    places = task.places
    flags = {places.value(one): nw.col(f"contact_{one.key}") for one in places.about("contact")}
    leads = extended(leads, flags)
    fact = places.named(IN_FORCE)
    level = {} if fact is None else as_level(decided, fact, places)
    leads = leads.join(found.select("lead_no", **level), on="lead_no", how="inner")
    if fact is None or entries is None:
        return leads
    leads = leads.join(entries.select("lead_no", "stood_at"), on="lead_no", how="left")
    at = nw.col("stood_at")
    by_history = {places.value(fact): at}
    if task.possible:
        keys = places.possible(fact).values()
        by_history |= {column: at == place for place, column in enumerate(keys)}
    return leads.with_columns(
        **{
            column: nw.when(~at.is_null()).then(one).otherwise(nw.col(column))
            for column, one in by_history.items()
        }
    )


def holding(leads: Frame, owned: Frame | None, alone: Frame | None, task: Task) -> Frame:
    """Return leads with what their companies own; without company, what they own themselves.

    Args:
        leads: With the columns lead_no and company_no.
        owned: What companies own.
        alone: What leads own themselves.
        task: What is asked.
    """
    places = task.places
    fact = places.named(OWNED)
    if fact is None or not {*places.columns(fact)} & {*of_lead(task)}:
        return leads
    names = {places.member(fact, value): value for value in places.asked[OWNED]}
    leads = with_owned(leads, owned, "company_no", names, task)
    if alone is None:
        return leads
    own = {f"own_{column}": value for column, value in names.items()}
    leads = with_owned(leads, alone, "lead_no", own, task)
    apart = nw.col("company_no").is_null()
    return leads.with_columns(
        **{c: nw.when(apart).then(nw.col(f"own_{c}")).otherwise(nw.col(c)) for c in names}
    )
