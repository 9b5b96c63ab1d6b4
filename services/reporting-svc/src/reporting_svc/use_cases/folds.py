"""Initial state and fold of each kind of stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from encours.ledger.states import Folder
from reporting_svc.use_cases import figures, reports, schedules, turnover_plans

FOLDERS: Mapping[str, Folder[Any]] = {
    "fig": figures.FIGURE,
    "rpt": reports.REPORT,
    "tpn": turnover_plans.TURNOVER_PLAN,
    "scd": schedules.SCHEDULE,
    "rml": schedules.REPORT_MAIL,
}
"""Folders by prefix of the stream's id, for a replay of any stream."""
