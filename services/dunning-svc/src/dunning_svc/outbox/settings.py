"""Settings of dunning-svc's processes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.inbox.mailbox import Mailbox as MailboxAddress
from dunning_svc.outbox.answer_links import AnswerLinks
from encours.ledger.sandboxes import SandboxLimits
from encours.mail.settings import MailSettings

ANSWER_KEY_LENGTH = 32
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,86}={0,2}")


class DunningSettings(MailSettings):
    """Settings of the worker: how reminders are sent and answered."""

    reply_listen: str = Field(
        default="",
        pattern=r"^(\S+:\d{1,5})?$",
        description="Address and port on which the worker receives replies and bounces by SMTP; empty: nowhere.",
    )
    reply_tls_certificate: Path | None = Field(
        default=None, description="PEM file of the listener; with it, STARTTLS is required."
    )
    reply_tls_key: Path | None = Field(default=None, description="Its key, if it is in a file of its own.")
    reply_mailbox_url: SecretStr | None = Field(
        default=None, description="Mailbox that is read: imaps://user:password@host/FOLDER."
    )
    reply_mailbox_poll_s: float = Field(default=60.0, ge=1)
    reply_ledger: str = Field(default="main", description="Ledger of messages that cite no reminder.")
    reply_book_from: int = Field(
        default=80,
        ge=1,
        le=101,
        description="Confidence in percent from which a finding takes effect by itself.",
    )
    reply_ask_from: int = Field(
        default=30, ge=1, le=100, description="Confidence from which a person is asked."
    )
    promise_days_max: int = Field(
        default=60,
        ge=1,
        le=366,
        description="Longest time to a promised day of which a reply leaves no doubt.",
    )
    placement_needs_notice: bool = Field(
        default=True, description="Invoices are placed with a third party only after a formal notice."
    )
    gateway_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Address of the gateway for registered letters, text messages and webhooks; empty: none.",
    )
    gateway_secret: SecretStr | None = Field(
        default=None,
        description="Secret by which orders to the gateway and its events are signed: whsec_ and Base64.",
    )
    answer_url: str = Field(
        default="",
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?[^\s?#]*)?$",
        description="Address of the page to which the token of a link is appended; empty: reminders have no links.",
    )
    answer_key: SecretStr | None = Field(
        default=None, description="Key by which links are signed: 32 characters at least."
    )
    answer_key_before: SecretStr | None = Field(
        default=None, description="The key before it, whose links still open."
    )
    answer_days: int = Field(default=60, ge=1, le=366, description="Days for which a link opens.")
    answer_per_minute: int = Field(
        default=6,
        ge=1,
        le=600,
        description="Requests with one link in a minute, and with unknown links of an address.",
    )
    sandboxes_max: int = Field(default=10, ge=0, le=1000, description="Sandboxes of the installation.")
    sandbox_events_max: int = Field(
        default=500_000, ge=1, description="Events up to the position of which a sandbox is made."
    )

    @property
    def sandbox_limits(self) -> SandboxLimits:
        """Bounds of sandboxes."""
        return SandboxLimits(self.sandboxes_max, self.sandbox_events_max)

    @property
    def reading_rules(self) -> ReadingRules:
        """Bounds of what a reply may book by itself."""
        return ReadingRules(self.reply_book_from, self.reply_ask_from, self.promise_days_max)

    @property
    def answer_links(self) -> AnswerLinks | None:
        """Maker of the links of reminders; ``None`` without an address."""
        if not self.answer_url or self.answer_key is None:
            return None
        key = self.answer_key.get_secret_value().encode()
        return AnswerLinks(self.answer_url.rstrip("/"), key, self.answer_days)

    @property
    def answer_keys(self) -> tuple[bytes, ...]:
        """Keys whose links open."""
        keys = (self.answer_key, self.answer_key_before)
        return tuple(key.get_secret_value().encode() for key in keys if key is not None)

    @field_validator("answer_key", "answer_key_before")
    @classmethod
    def _is_long(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < ANSWER_KEY_LENGTH:
            raise ValueError(f"use {ANSWER_KEY_LENGTH} random characters or more")
        return key

    @model_validator(mode="after")
    def _has_a_key_for_its_links(self) -> Self:
        if self.answer_url and self.answer_key is None:
            raise ValueError("ENCOURS_ANSWER_URL needs ENCOURS_ANSWER_KEY")
        if self.answer_key is not None and self.answer_key == self.answer_key_before:
            raise ValueError("ENCOURS_ANSWER_KEY_BEFORE is the key before ENCOURS_ANSWER_KEY, not the same")
        return self

    @field_validator("gateway_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not _SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError("write it as whsec_ and 24 to 64 bytes in Base64")
        return secret

    @model_validator(mode="after")
    def _has_a_secret_for_its_gateway(self) -> Self:
        if self.gateway_url and self.gateway_secret is None:
            raise ValueError("ENCOURS_GATEWAY_URL needs ENCOURS_GATEWAY_SECRET")
        return self

    @field_validator("reply_mailbox_url")
    @classmethod
    def _is_a_mailbox(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            MailboxAddress.of(url.get_secret_value())
        return url
