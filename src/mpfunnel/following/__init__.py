"""Following: what a CRM keeps of an account between events, and what each event changes.

An `AccountState` holds the records, the stage histories, and which answers others have been told.
`mpfunnel.Engine.on` takes it through one event, or through time alone.
"""

from mpfunnel.following.notices import Answered, Happening, Notice
from mpfunnel.following.states import AccountState, LastTold, StageCount
from mpfunnel.following.taking import LeadMove

__all__ = [
    "AccountState",
    "Answered",
    "Happening",
    "LastTold",
    "LeadMove",
    "Notice",
    "StageCount",
]
