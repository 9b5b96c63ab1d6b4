"""Actors of events that no caller causes, as events store them. A caller's event names its API key."""

from __future__ import annotations

CALENDAR = "clock"
"""Opens the days."""

DUNNING = "service:dunning-svc"
"""Decides, hands over and records reminders."""

INVOICING = "service:invoice-svc"
"""Bills the periods of recurring invoices, and records what becomes of payment plans and instruments."""

OPERATOR = "operator"
"""Actor of the `encours` command with the administrator's access to the database."""

REPORTING = "service:reporting-svc"
"""Runs schedules, and records what becomes of their mails."""

RISK = "service:risk-svc"
"""Decides blocked orders again, ends reservations, and places holds by policy."""
