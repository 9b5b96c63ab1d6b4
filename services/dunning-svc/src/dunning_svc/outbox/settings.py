"""Settings of dunning-svc's processes."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from dunning_svc.outbox.smtp import MailServer
from encours.service.settings import ServiceSettings


class DunningSettings(ServiceSettings):
    """Settings of the worker: the mail server, and the address that reminders are sent from."""

    mail_from: str = "encours@localhost"
    smtp_connections: int = Field(default=16, ge=1, le=256)
    sandbox_mail_host: str = Field(
        default="",
        description="Host of the mailbox for sandboxes, if not this machine; they can send to no other.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        MailServer.of(url.get_secret_value())
        return url
