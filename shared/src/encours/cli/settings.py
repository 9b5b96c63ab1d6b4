"""Settings of the command from the environment: the installation to talk to."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from encours.service.settings import PREFIX, LogLevel, Settings

_HOST = r"[^@/?#:,\[\]]*|\[[^\]]*\]"
_ADDRESS = re.compile(rf"postgres(ql)?://([^/?#]*@)?({_HOST})(:\d+)?(,({_HOST})(:\d+)?)*([/?].*)?")


def is_postgres_url(text: str) -> bool:
    """Return true for the address of a PostgreSQL server."""
    return _ADDRESS.fullmatch(text) is not None


class CliSettings(Settings):
    """Settings of the command. By default it works on the installation in this checkout's `var/`."""

    var_dir: Path | None = Field(default=None, description="Where a local installation keeps its files.")
    database_url: SecretStr | None = Field(
        default=None, description="An existing PostgreSQL, as administrator."
    )
    nats_url: SecretStr | None = Field(default=None, description="An existing nats-server with JetStream.")
    smtp_url: SecretStr | None = Field(default=None, description="An existing mail server.")
    gateway_url: str = Field(default="", description="An existing gateway for letters, SMS and webhooks.")
    gateway_secret: SecretStr | None = Field(default=None, description="Secret of that gateway.")
    webhook_allow: str = Field(
        default="",
        description="For `encours up`: hosts and networks that webhooks may call besides public ones.",
    )
    mail_from: str = Field(default="", description="For `encours doctor`: address of the sender.")
    mail_dkim_selector: str = Field(
        default="", description="For `encours doctor`: name of the DKIM key in use."
    )
    answer_url: str = Field(
        default="", description="For `encours doctor`: address of the links in reminders."
    )
    answer_key: SecretStr | None = Field(default=None, description="For `encours doctor`: key of the links.")
    answer_key_before: SecretStr | None = Field(
        default=None, description="For `encours doctor`: the key before it."
    )
    url_invoice: str | None = Field(default=None, description="invoice-svc of another installation.")
    url_dunning: str | None = None
    url_risk: str | None = None
    url_reporting: str | None = None
    api_key: SecretStr | None = Field(default=None, description="Instead of the one in var/admin-key.")
    password_invoice: SecretStr | None = Field(
        default=None, description="For `encours migrate`: of the role."
    )
    password_dunning: SecretStr | None = None
    password_risk: SecretStr | None = None
    password_reporting: SecretStr | None = None
    password_auditor: SecretStr | None = Field(
        default=None, description="For `encours migrate`: of the role encours_auditor; optional."
    )
    log_level: LogLevel = "info"
    rate_per_minute: int | None = Field(default=None, ge=1, description="For `encours up`: of each key.")
    rate_burst: int | None = Field(default=None, ge=1)
    in_flight_max: int | None = Field(default=None, ge=1, description="For `encours up`: of each service.")
    in_flight_per_key: int | None = Field(default=None, ge=1)
    connections_max: int | None = Field(default=None, ge=8)

    def links(self) -> dict[str, str]:
        """Settings of the links in reminders that were given, as dunning-svc's environment has them."""
        secrets = {"answer_key": self.answer_key, "answer_key_before": self.answer_key_before}
        found = {name: key.get_secret_value() for name, key in secrets.items() if key is not None}
        if self.answer_url:
            found["answer_url"] = self.answer_url
        return {f"{PREFIX}{name.upper()}": value for name, value in found.items()}

    def bounds(self) -> dict[str, str]:
        """Bounds of the services that were given, as their environment has them."""
        names = ("rate_per_minute", "rate_burst", "in_flight_max", "in_flight_per_key", "connections_max")
        return {f"{PREFIX}{n.upper()}": str(value) for n in names if (value := getattr(self, n)) is not None}

    @field_validator("database_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not is_postgres_url(url.get_secret_value()):
            raise ValueError("not an address: write postgresql://user:password@host:5432/postgres")
        return url

    @classmethod
    def foreign(cls) -> frozenset[str]:
        """Ignore variables of services in the same environment, such as that of a container."""
        return frozenset({"ENCOURS_LEDGER_URL", "ENCOURS_STORE_URL", "ENCOURS_HOST", "ENCOURS_PORT"})
