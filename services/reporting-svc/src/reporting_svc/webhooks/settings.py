"""Settings of reporting-svc's processes."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from encours.mail.settings import MailSettings
from encours.service.settings import ServiceSettings
from reporting_svc.domain.webhook.address import AllowedAddresses


class ReportingSettings(MailSettings):
    """Settings of the API and the worker."""

    webhook_allow: str = Field(
        default="",
        description="Hosts, with or without a port, and networks that webhooks may call although they are not public: "
        "hooks.corp.example, erp.lan:8443, 10.20.0.0/16.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        AllowedAddresses.parse(self.webhook_allow)
        return self


def allowed_addresses(settings: ServiceSettings) -> AllowedAddresses:
    """Return the addresses that the operator allows; none with the settings of another service."""
    text = settings.webhook_allow if isinstance(settings, ReportingSettings) else ""
    return AllowedAddresses.parse(text)
