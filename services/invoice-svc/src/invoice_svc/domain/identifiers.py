"""Identifiers of companies and of bank accounts, checked by their own check digits.

Each function returns the compact form (capitals, without blanks and signs) or raises :class:`InvalidIdentifier` with
the reason. Whether the identifier was ever given out is not checked.

Sources: SIREN and SIRET (INSEE, ISO/IEC 7812-1, with the rule of its own for La Poste), VAT identification numbers by
the rule of each country, IBAN (ISO 13616) with the check digits inside the account number where a country has them
(France: clé RIB), BIC (ISO 9362), LEI (ISO 17442).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import stdnum.exceptions as faults
from schwifty import BIC, IBAN
from schwifty.exceptions import InvalidBBANChecksum, InvalidChecksumDigits, InvalidLength, SchwiftyException
from stdnum import get_cc_module, lei
from stdnum.eu import vat as eu_vat
from stdnum.fr import siren, siret

_SIGNS = re.compile(r"[\s.\-]")
_VAT_ID = re.compile(r"[A-Z]{2}[A-Z0-9]{2,13}")


class InvalidIdentifier(ValueError):
    """The reason for which a text is no identifier of its kind; it goes to the caller."""


def checked_siren(text: str) -> str:
    """Return a SIREN of 9 digits."""
    return _checked(siren, text, "A SIREN has 9 digits, such as 552100554.")


def checked_siret(text: str) -> str:
    """Return a SIRET of 14 digits: the SIREN, then the number of the establishment."""
    return _checked(siret, text, "A SIRET has 14 digits, such as 55210055400013.")


def checked_lei(text: str) -> str:
    """Return an LEI of 20 characters."""
    return _checked(lei, text, "An LEI has 20 letters and digits, such as 969500KCGF3SUYJHPV70.")


def checked_vat_id(text: str) -> str:
    """Return a VAT number with its prefix; if no rule of the country is known, only the form is checked."""
    compact = _compact(text)
    if not _VAT_ID.fullmatch(compact):
        raise InvalidIdentifier("Write the prefix of the country and the number, such as FR96552100554.")
    prefix = compact[:2]
    of_union = prefix.lower() in eu_vat.MEMBER_STATES or prefix in ("EL", "XI")
    rule = eu_vat if of_union else get_cc_module(prefix.lower(), "vat")
    if rule is None:
        return compact
    _checked(rule, compact, f"The number does not have the form of a VAT number of {prefix}.")
    return compact


def checked_iban(text: str) -> str:
    """Return an IBAN whose two check digits are right, and those of the national account number."""
    try:
        iban = IBAN(_compact(text))
        with warnings.catch_warnings():
            # A country whose rule is not known: the two check digits of the IBAN are all that can be verified.
            warnings.simplefilter("ignore")
            iban.bban.validate_national_checksum()
    except InvalidBBANChecksum:
        key = "The RIB key [clé RIB]" if _compact(text).startswith("FR") else "The national check digit"
        raise InvalidIdentifier(f"{key} does not match the account number; a digit is wrong.") from None
    except InvalidChecksumDigits:
        raise InvalidIdentifier("The check digits of the IBAN do not match; a digit is wrong.") from None
    except InvalidLength:
        raise InvalidIdentifier("The IBAN is too long or too short for its country.") from None
    except SchwiftyException:
        raise InvalidIdentifier("Write an IBAN, such as FR7630006000011234567890189.") from None
    return str(iban)


def checked_bic(text: str) -> str:
    """Return a BIC of 8 or 11 characters."""
    try:
        return str(BIC(_compact(text)))
    except SchwiftyException:
        raise InvalidIdentifier("A BIC has 8 or 11 characters, such as BNPAFRPP.") from None


def contradictions(siren: str | None, siret: str | None, vat_id: str | None) -> dict[str, str]:
    """Return the reason by field for identifiers of one company that contradict each other.

    A SIRET begins with the SIREN (R. 123-221 C. com.), a French VAT number ends with it (CGI ann. II 242 nonies A).
    """
    found: dict[str, str] = {}
    own = siren or (siret[:9] if siret else None)
    if siren and siret and not siret.startswith(siren):
        found["siret"] = f"The SIRET belongs to the SIREN {siret[:9]}, not to {siren}."
    # A Monegasque number has the prefix FR and no SIREN; its digits begin with 000.
    if own and vat_id and vat_id.startswith("FR") and vat_id[4:7] != "000" and vat_id[4:] != own:
        found["vat_id"] = f"The VAT number belongs to the SIREN {vat_id[4:]}, not to {own}."
    return found


def _compact(text: str) -> str:
    return _SIGNS.sub("", text).upper()


def _checked(rule: Any, text: str, form: str) -> str:
    validate: Callable[[str], str] = rule.validate
    try:
        return validate(_compact(text))
    except faults.InvalidChecksum:
        raise InvalidIdentifier(
            "The check digit does not match; a digit is wrong or two are swapped."
        ) from None
    except faults.ValidationError:
        raise InvalidIdentifier(form) from None
