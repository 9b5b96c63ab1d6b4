"""Settings: from prefixed variables, frozen, strict, and silent about secrets."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from encours.service.settings import ServiceSettings, without_password

GOOD = {
    "ENCOURS_LEDGER_URL": "postgresql://encours_invoice:hunter2@db/encours_ledger",
    "ENCOURS_STORE_URL": "postgresql://encours_invoice:hunter2@db/encours_invoice",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_they_are_read_from_the_environment_and_not_changed_afterwards(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ENCOURS_PORT", "8001")
    settings = ServiceSettings.from_environment()
    assert (settings.port, settings.ledger_url.get_secret_value()) == (8001, GOOD["ENCOURS_LEDGER_URL"])
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_a_variable_that_nobody_knows_is_an_error_that_names_it(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENCOURS_LEGDER_URL", "x")
    with pytest.raises(ValidationError, match="ENCOURS_LEGDER_URL"):
        ServiceSettings.from_environment()


def test_the_variable_of_the_supervisor_is_known_and_not_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENCOURS_DATABASE_URL", "postgresql://admin@db/postgres")
    assert "admin" not in repr(ServiceSettings.from_environment())


def test_passwords_are_masked(environment: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings.from_environment()
    assert "hunter2" not in repr(settings) + str(settings.model_dump())
    assert without_password(settings.ledger_url) == "postgresql://encours_invoice@db/encours_ledger"


def test_a_missing_address_is_an_error(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ENCOURS_STORE_URL")
    with pytest.raises(ValidationError, match="store_url"):
        ServiceSettings.from_environment()
