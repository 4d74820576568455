"""Plays (次の一手): from the four answers to what to do next, by whom, through what and by when.

    propose = Play("propose", Label("propose", "提案する"), channels=("phone",), due_in_days=2)
    keen = PlayRule(propose, product.engagement.is_in("high_interest"))
    plays = Plays([propose], products=[keen])

A play is asked for every product for which a lead has an engagement, and for the whole firm. Of
several for one lead, the order that the firm states decides whose turn it is.
"""

from mpfunnel.plays.cells import Cell, Covered, cells
from mpfunnel.plays.model import CRITERIA, NO_PLAY, Criterion, Motion, Play, PlayRule, Plays
from mpfunnel.plays.planned import (
    DUE_BY,
    Claim,
    DueBy,
    Limit,
    PlannedPlay,
    Timing,
    channel_of,
    due_of,
    in_turn,
    not_before,
)
from mpfunnel.plays.priorities import faults_of_limit, priorities
from mpfunnel.plays.tables import firm_table, play_tables

__all__ = [
    "CRITERIA",
    "DUE_BY",
    "NO_PLAY",
    "Cell",
    "Claim",
    "Covered",
    "Criterion",
    "DueBy",
    "Limit",
    "Motion",
    "PlannedPlay",
    "Play",
    "PlayRule",
    "Plays",
    "Timing",
    "cells",
    "channel_of",
    "due_of",
    "faults_of_limit",
    "firm_table",
    "in_turn",
    "not_before",
    "play_tables",
    "priorities",
]
