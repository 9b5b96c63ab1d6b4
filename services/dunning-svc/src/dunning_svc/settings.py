"""What a process of dunning-svc is told from outside."""

from __future__ import annotations

from encours.web.settings import ServiceSettings


class DunningSettings(ServiceSettings):
    """With the address that reminders are sent from."""

    mail_from: str = "encours@localhost"
    smtp_connections: int = 16
