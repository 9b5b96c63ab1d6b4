"""Settings of a service process: one frozen model, read once from the environment.

Every variable begins with ``ENCOURS_``. An unknown variable is an error: with a misspelled database address the
service would otherwise start against the default database.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "ENCOURS_"
SAMPLE_PASSWORD = "change-me"  # noqa: S105 (the one that nobody may keep)
"""Password in `deploy/env`: anyone can read it there."""

LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """Base of the settings of every process: frozen, prefixed, without unknown variables.

    ``FOREIGN`` names prefixed variables that belong to another process started from the same environment.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_variables(cls, values: Any) -> Any:
        known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields} | cls.foreign()
        unknown = sorted(
            name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
        )
        if unknown:
            raise ValueError(f"unknown variable {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return values

    @model_validator(mode="after")
    def _refuse_sample_passwords(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and SAMPLE_PASSWORD in value.get_secret_value():
                raise ValueError(
                    f"{PREFIX}{name.upper()} still has the sample's password {SAMPLE_PASSWORD}: choose one of your own"
                )
        return self

    @classmethod
    def foreign(cls) -> frozenset[str]:
        """Prefixed variables that another process of the same environment reads; none by default."""
        return frozenset()


class ServiceSettings(Settings):
    """Settings of each of the four services. Addresses contain passwords and are masked when printed."""

    ledger_url: SecretStr = Field(
        description="PostgreSQL address of the ledger, with the service's own role."
    )
    store_url: SecretStr = Field(description="PostgreSQL address of the service's own read models.")
    nats_url: SecretStr = Field(default=SecretStr("nats://127.0.0.1:4222"))
    relay_url: SecretStr | None = Field(
        default=None,
        description="NATS address of the user that publishes the ledger's events; for invoice-svc's workers alone.",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    var_dir: Path = Path("var")
    smtp_url: SecretStr = Field(default=SecretStr("smtp://127.0.0.1:1025"))
    log_level: LogLevel = "info"

    body_max_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="Bound of one JSON body.")
    upload_max_bytes: int = Field(default=4 * 1024**3, ge=1024, description="Bound of one streamed file.")
    upload_idle_s: float = Field(
        default=30.0, gt=0, description="An upload that sends nothing for so long ends."
    )
    upload_bytes_per_s: int = Field(
        default=1024, ge=1, description="Least rate of an upload, after its first 10 s."
    )
    connections_max: int = Field(default=4096, ge=8, description="Connections that are open at once.")
    headers_timeout_s: float = Field(
        default=10.0, gt=0, description="Time for the headers of a request to arrive."
    )
    in_flight_per_key: int = Field(default=256, ge=1, description="Requests of one key at work at once.")
    in_flight_max: int = Field(
        default=512, ge=1, description="Requests at work at once; more are answered 503."
    )
    request_timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="A request that takes longer is answered 503; in a batch, so does a group of 128 items.",
    )
    rate_per_minute: int = Field(default=600_000, ge=1, description="Requests of one key in a minute.")
    rate_burst: int = Field(default=20_000, ge=1, description="Requests that one key may send at once.")
    key_cache_s: float = Field(default=5.0, ge=0, description="How long a looked-up API key is believed.")
    drain_delay_s: float = Field(default=0.0, ge=0, description="From not ready to no longer listening.")
    drain_timeout_s: int = Field(default=10, ge=1, description="Requests at work get so long to end.")

    @classmethod
    def foreign(cls) -> frozenset[str]:
        """Ignore ``ENCOURS_DATABASE_URL``, the administrator's address, which only the supervisor may use."""
        return frozenset({"ENCOURS_DATABASE_URL"})

    @classmethod
    def from_environment(cls, **values: Any) -> Self:
        """Read the environment. Raises :class:`pydantic.ValidationError` that names each variable."""
        return cls(**values)


def reasons(wrong: ValidationError) -> str:
    """Return the corrections to make in the environment, with the names of variables and without their values."""
    return "; ".join(
        "".join(f"{PREFIX}{field}: ".upper() for field in error["loc"][:1])
        + error["msg"].removeprefix("Value error, ")
        for error in wrong.errors()
    )


def without_password(url: SecretStr) -> str:
    """Return an address without its password, for logs."""
    parts = urlsplit(url.get_secret_value())
    if "@" not in parts.netloc:
        return urlunsplit(parts)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}", query=""))
