"""Work that should have been done by now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dunning_svc.domain.expected.overdue import OverdueWork, overdue
from dunning_svc.read_models.cases.expected import work_done
from encours.ledger import Ledger
from encours.reading.moment import View


async def overdue_work(
    ledger: Ledger, name: str, view: View, mailbox_read_at: datetime | None
) -> list[OverdueWork]:
    """Return what is overdue now in a ledger; nothing in a sandbox, whose time does not pass by itself."""
    info = await ledger.info(name, fresh=True)
    if info.kind != "live":
        return []
    now = (await ledger.clock(name)).now.astimezone(ZoneInfo(info.time_zone))
    done = await work_done(view, info.effects_from)
    return list(overdue(now, done.last_run, done.open_runs, done.unsent, mailbox_read_at))
