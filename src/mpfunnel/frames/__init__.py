"""Whole tables: the four answers for all rows, in tables of the kind that was given.

    from mpfunnel import frames

    out = frames.assess(engine, companies=companies, leads=leads, activities=clicks, as_of=today)
    out.companies, out.tiers, out.leads, out.engagement, out.company_products, out.rejects
    frames.today(engine, out.plays, owner="inside_sales", limit=20)

Every row says what `Engine.assess` says of the same records (law 1). `assign` finds the companies
of leads beforehand, as `mpfunnel.identity.assign` does.
"""

from __future__ import annotations

from mpfunnel.frames.assessing import Progress, Tables, assess, assess_in_parts
from mpfunnel.frames.assigning import Assigned, assign
from mpfunnel.frames.priorities import today

__all__ = ["Assigned", "Progress", "Tables", "assess", "assess_in_parts", "assign", "today"]
