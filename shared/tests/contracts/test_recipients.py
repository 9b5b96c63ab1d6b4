"""Recipients: the last contact of the first role that can be written to, else the customer itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from encours.contracts.recipients import PURPOSES, Purpose, recipient


def customer(*contacts: tuple[str, str | None]) -> SimpleNamespace:
    people = [SimpleNamespace(role=role, name=f"{role} {email}", email=email) for role, email in contacts]
    return SimpleNamespace(name="Dupont", email="info@dupont.example", contacts=people)


@pytest.mark.parametrize(
    ("purpose", "roles"),
    [
        ("billing", ["billing", None]),
        ("dunning", ["dunning", "billing", None]),
        ("dispute", ["dispute", "billing", None]),
        ("escalation", ["escalation", "dunning", "billing", None]),
    ],
)
def test_roles_fall_back_in_the_stated_order(purpose: Purpose, roles: list[str | None]) -> None:
    present = [*PURPOSES, "accounts_payable"]
    for expected in roles:
        found = recipient(customer(*((role, f"{role}@dupont.example") for role in present)), purpose)
        assert found.role == expected
        assert found.email == (f"{expected}@dupont.example" if expected else "info@dupont.example")
        present = [role for role in present if role != expected]


def test_the_last_contact_with_an_address_replaces_the_one_before() -> None:
    known = customer(("dunning", "old@dupont.example"), ("dunning", "new@dupont.example"), ("dunning", None))
    assert recipient(known, "dunning").email == "new@dupont.example"
