"""Settings of dunning-svc's processes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from dunning_svc.outbox.smtp import MailServer
from encours.kernel.email import is_address
from encours.service.settings import ServiceSettings


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("write an e-mail address")
    return text


Mailbox = Annotated[str, AfterValidator(_address)]


class DunningSettings(ServiceSettings):
    """Settings of the worker: the mail server, and the addresses that reminders are sent from and answered to."""

    mail_from: Mailbox = "encours@localhost"
    mail_reply_to: Mailbox | Literal[""] = Field(
        default="", description="Address of the mailbox whose replies are read; else the creditor's own."
    )
    mail_bounce_to: Mailbox | Literal[""] = Field(
        default="",
        description="Address that bounces go to, extended by +<reminder>; if not given, ENCOURS_MAIL_FROM.",
    )
    smtp_connections: int = Field(default=16, ge=1, le=256)
    smtp_require_tls: bool = Field(
        default=False, description="Send over TLS only; an smtp:// server has to offer STARTTLS."
    )
    smtp_domain_connections: int = Field(
        default=16, ge=1, le=256, description="Messages that a receiving domain gets at once."
    )
    smtp_domain_per_minute: int = Field(
        default=0, ge=0, description="Messages that a receiving domain gets in a minute; 0 for no bound."
    )
    sandbox_mail_host: str = Field(
        default="",
        description="Host of the mailbox for sandboxes, if not this machine; they can send to no other.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        MailServer.of(url.get_secret_value())
        return url
