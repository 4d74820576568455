"""A lead on a success path: to sales, out to a detour, back, and to its contract.

Run it with `python examples/success_path.py`; business days need the extra `calendar`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import mpfunnel as mf

PLAYBOOK = mf.load(Path(__file__).with_suffix(".toml"))


def at(month: int, day: int) -> datetime:
    """Return 10 o'clock in Japan on a day of 2026."""
    return datetime(2026, month, day, 1, tzinfo=UTC)


EXAMPLE = mf.Account(
    mf.Company("c", employees=500),
    leads=[mf.Lead("sato", "c")],
    activities=[
        mf.Activity(1, "sato", "webinar_attended", at(4, 20)),
        mf.Activity(2, "sato", "demo_request", at(5, 1), ["crm"]),  # a Friday before Golden Week
        mf.Activity(3, "sato", "demo_request", at(9, 1), ["crm"]),
    ],
    sales_events=[
        mf.SalesEvent("sato", "recycled", at(5, 12), "crm", reason="timing"),
        mf.SalesEvent("sato", "accepted", at(9, 3), "crm"),
    ],
    deals=[
        mf.Deal(
            "d",
            "c",
            at(9, 10),
            [mf.DealLine("crm")],
            status="won",
            closed_at=at(11, 20),
            lead_id="sato",
        )
    ],
)


def history_of(account: mf.Account, lead_id: str, *, start: date, end: date) -> mf.StageHistory:
    """Return the history that the gate keeps if it is asked on every day."""
    return mf.replay(account, PLAYBOOK, start=start, end=end).stage_history(lead_id)


if __name__ == "__main__":
    end = date(2026, 12, 31)
    history = history_of(EXAMPLE, "sato", start=date(2026, 4, 1), end=end)
    for entry in history.entries:
        limit = PLAYBOOK.funnel.deadline(entry, as_of=end, zone=PLAYBOOK.zone)
        late = f", late since {limit.breached_since}" if limit and limit.breached_since else ""
        due = f" due {limit.due}{late}" if limit else ""
        day = entry.entered.astimezone(ZoneInfo(PLAYBOOK.zone)).date()
        print(f"{day} {entry.stage:<15}{entry.kind:<9}[{entry.reason}]{due}")
