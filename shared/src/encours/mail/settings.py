"""Settings of services that send mail."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from encours.kernel.email import is_address
from encours.mail.pace import Pace
from encours.mail.senders import Senders
from encours.mail.smtp import Mailer, MailServer
from encours.service.settings import ServiceSettings


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("Write an e-mail address such as credit@firm.example.")
    return text


MailAddress = Annotated[str, AfterValidator(_address)]


class MailSettings(ServiceSettings):
    """Settings of a worker that sends mail: the mail server, its bounds, and the addresses of the sender."""

    mail_from: MailAddress = "encours@localhost"
    mail_reply_to: MailAddress | Literal[""] = Field(
        default="", description="Address of the mailbox whose replies are read; else the creditor's own."
    )
    mail_bounce_to: MailAddress | Literal[""] = Field(
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

    @property
    def senders(self) -> Senders:
        """Addresses of the sender."""
        return Senders(self.mail_from, self.mail_reply_to, self.mail_bounce_to)

    def mailer(self) -> Mailer:
        """Return a client of the mail server."""
        return Mailer(
            self.smtp_url.get_secret_value(),
            connections=self.smtp_connections,
            sandbox_host=self.sandbox_mail_host,
            require_tls=self.smtp_require_tls,
            pace=Pace(at_once=self.smtp_domain_connections, per_minute=self.smtp_domain_per_minute),
        )

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        MailServer.of(url.get_secret_value())
        return url
