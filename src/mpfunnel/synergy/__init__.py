"""Synergy: how products go together, and where each company stands with each of them.

    synergy = Synergy(
        relations=[Relation("prerequisite", "crm", "sfa")],
        not_eligible=[Ineligible(company.segment.is_in("competitor"))],
    )

White space (ホワイトスペース) is the answer per company and product: owned, in the pipeline,
untapped, or not eligible, with the reason. Offers (クロスセル・アップセル) say what to propose
next. Relations are what a firm declares; `learn` says which of them its sales suggest.
"""

from mpfunnel.synergy.acquiring import Acquired, Acquisitions, acquired
from mpfunnel.synergy.learned import Learned, Learning, Measure, Population
from mpfunnel.synergy.learning import learn
from mpfunnel.synergy.offering import offer_table, offer_tables
from mpfunnel.synergy.offers import (
    CROSS_SELL,
    NO_OFFER,
    OFFERS,
    RENEWAL,
    SUCCESSOR,
    UP_SELL,
    Offer,
    OfferRule,
)
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
    "CROSS_SELL",
    "EVERY",
    "FAMILY",
    "IN_PIPELINE",
    "NOT_ELIGIBLE",
    "NO_OFFER",
    "OFFERS",
    "OWNED",
    "POSITIONS",
    "RENEWAL",
    "SUCCESSOR",
    "UNTAPPED",
    "UP_SELL",
    "Acquired",
    "Acquisitions",
    "Ineligible",
    "Learned",
    "Learning",
    "Measure",
    "Offer",
    "OfferRule",
    "Population",
    "Relation",
    "RelationKind",
    "Synergy",
    "WhiteSpace",
    "acquired",
    "learn",
    "offer_table",
    "offer_tables",
    "position_alone",
    "white_space_table",
    "white_space_tables",
]
