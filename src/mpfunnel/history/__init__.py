"""History: what the answers about an account were, day by day, with the playbook of each day."""

from mpfunnel.history.ahead import StageChange, next_stage_change
from mpfunnel.history.replaying import replay
from mpfunnel.history.spans import Cause, LeadReplay, Replay, Span, StageSpan
from mpfunnel.history.timeline import PlaybookTimeline

__all__ = [
    "Cause",
    "LeadReplay",
    "PlaybookTimeline",
    "Replay",
    "Span",
    "StageChange",
    "StageSpan",
    "next_stage_change",
    "replay",
]
