"""Funnel stage: where a lead stands with the whole firm (全社共通ファネル), and how it moves.

The facts of a lead *warrant* a stage (`pursuits`); its history holds the stages that it has been in
(`history`); and only the gate of the funnel moves it from one to the next (`moves`), along the
graph that the funnel allows (`graph`).
"""

from mpfunnel.stages.funnel import Funnel
from mpfunnel.stages.graph import FunnelStage, MoveKind, StageKind, Transition
from mpfunnel.stages.history import Cause, Entry, Move, StageHistory, in_time
from mpfunnel.stages.moves import Proposal, Warranted, Win
from mpfunnel.stages.pursuits import (
    Pursuit,
    Sign,
    furthest,
    pursue,
    sign_of_event,
    signs_of_deal,
)
from mpfunnel.stages.sla import LONGEST, Deadline, business_days, limit_of
from mpfunnel.stages.standing import history_on, in_force, known_on
from mpfunnel.stages.steps import Step, Stood, stage_so_far, stepped

__all__ = [
    "LONGEST",
    "Cause",
    "Deadline",
    "Entry",
    "Funnel",
    "FunnelStage",
    "Move",
    "MoveKind",
    "Proposal",
    "Pursuit",
    "Sign",
    "StageHistory",
    "StageKind",
    "Step",
    "Stood",
    "Transition",
    "Warranted",
    "Win",
    "business_days",
    "furthest",
    "history_on",
    "in_force",
    "in_time",
    "known_on",
    "limit_of",
    "pursue",
    "sign_of_event",
    "signs_of_deal",
    "stage_so_far",
    "stepped",
]
