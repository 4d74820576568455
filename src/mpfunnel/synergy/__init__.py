"""Synergy: how products go together, and where each company stands with each of them.

    synergy = Synergy(
        relations=[Relation("prerequisite", "crm", "sfa")],
        not_eligible=[Ineligible(company.segment.is_in("competitor"))],
    )

White space (ホワイトスペース) is the answer per company and product: owned, in the pipeline,
untapped, or not eligible, with the reason. Relations are what a firm declares; `learn` says which
of them its sales suggest.
"""

from mpfunnel.synergy.acquiring import Acquired, Acquisitions, acquired
from mpfunnel.synergy.learned import Learned, Learning, Measure, Population
from mpfunnel.synergy.learning import learn
from mpfunnel.synergy.relations import EVERY, FAMILY, Ineligible, Relation, RelationKind, Synergy
from mpfunnel.synergy.white_space import (
    IN_PIPELINE,
    NOT_ELIGIBLE,
    OWNED,
    POSITIONS,
    UNTAPPED,
    WhiteSpace,
    position_alone,
    white_space_table,
    white_space_tables,
)

__all__ = [
    "EVERY",
    "FAMILY",
    "IN_PIPELINE",
    "NOT_ELIGIBLE",
    "OWNED",
    "POSITIONS",
    "UNTAPPED",
    "Acquired",
    "Acquisitions",
    "Ineligible",
    "Learned",
    "Learning",
    "Measure",
    "Population",
    "Relation",
    "RelationKind",
    "Synergy",
    "WhiteSpace",
    "acquired",
    "learn",
    "position_alone",
    "white_space_table",
    "white_space_tables",
]
