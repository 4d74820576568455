"""The worked cases of the flow: inputs with the values that others have published for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["FLOW_CASES"]

FLOW_CASES: Final[dict[str, Any]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
"""By what they are about: ordered_funnel, wilson_95, kaplan_meier and gap_map."""
