"""Likeness of customers: the marks by which two records may be one debtor. They are proposed, never merged by it."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, Protocol

from encours.contracts.common import Address

Mark = Literal["siren", "vat_id", "iban", "name_and_postcode", "name_and_email_domain"]
_LEGAL_FORMS = frozenset(
    [
        "sa",
        "sas",
        "sasu",
        "sarl",
        "eurl",
        "sci",
        "snc",
        "scop",
        "ei",
        "eirl",
        "gmbh",
        "ag",
        "kg",
        "ohg",
        "ug",
        "ltd",
        "limited",
        "plc",
        "llp",
        "llc",
        "inc",
        "corp",
        "bv",
        "nv",
        "sprl",
        "srl",
        "spa",
        "sl",
        "slu",
        "oy",
        "ab",
        "as",
        "aps",
    ]
)
"""Legal forms, which one record writes and the other leaves out."""


class Described(Protocol):
    """An event that describes a customer."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str | None: ...
    @property
    def siren(self) -> str | None: ...
    @property
    def vat_id(self) -> str | None: ...
    @property
    def iban(self) -> str | None: ...
    @property
    def address(self) -> Address | None: ...


def marks_of(customer: Described) -> list[str]:
    """Return the marks of a customer as ``<kind>:<value>``; two customers with an equal one may be the same debtor."""
    name = plain_name(customer.name)
    domain = (customer.email or "").rpartition("@")[2].lower()
    postcode = "".join(customer.address.postal_code.split()) if customer.address else ""
    values: dict[Mark, str | None] = {
        "siren": customer.siren,
        "vat_id": customer.vat_id,
        "iban": customer.iban,
        "name_and_postcode": f"{name} {postcode}" if name and postcode else None,
        "name_and_email_domain": f"{name} {domain}" if name and domain else None,
    }
    return [f"{kind}:{value}" for kind, value in values.items() if value]


def plain_name(name: str) -> str:
    """Return a name without accents, signs and legal form: ``Éts. Dupont S.A.R.L.`` gives ``ets dupont``, and so does
    ``ETS DUPONT S A R L``.
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    joined = re.sub(r"\b(\w)[. ]{1,2}(?=\w\b)", r"\1", plain)
    words = re.findall(r"\w+", joined)
    return " ".join(word for word in words if word not in _LEGAL_FORMS) or " ".join(words)
