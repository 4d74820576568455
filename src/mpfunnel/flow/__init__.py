"""The flow of companies and leads, from upstream marketing to the sale, and where it is lost."""

from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.measures import MIN_N, STATUSES, Measure

__all__ = ["COURSE", "MIN_N", "STATUSES", "Course", "FlowStep", "Journey", "Measure"]
