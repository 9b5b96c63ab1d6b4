"""Facts in answers of company registers: notices of BODACC, the company search, filed ratios of the INPI.

The shapes are those of the open data services of France. A notice tells; it decides nothing about the customer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from encours.contracts.events.credit_file import CreditFactContent, CreditFactKind, CreditFactValue
from encours.kernel.errors import Invalid, Refusal

Register = Literal["bodacc", "company_search", "financial_ratios"]
Fields = Mapping[str, Any]
LONGEST_VALUE, MOST_RECORDS = 200, 200
_PROCEEDINGS = (
    ("liquidation", "liquidation"),
    ("redressement", "receivership"),
    ("sauvegarde", "safeguard"),
)
_DIGITS = re.compile(r"[0-9]{9}")


class ExtractOfOtherCompany(Refusal):
    """The register's record is that of another company (422)."""

    code = "extract-of-other-company"
    title = "Extract is that of another company"
    status = 422
    remedy = "Ask the register for the SIREN of the customer."


class CustomerWithoutSiren(Refusal):
    """The customer has no SIREN, by which a register's record could be known as its own."""

    code = "customer-without-siren"
    title = "Customer has no SIREN"
    remedy = "Amend the customer with its SIREN in invoice-svc, or record the fact by hand."


def facts_in(register: Register, document: Fields, siren: str | None) -> tuple[CreditFactContent, ...]:
    """Return the facts in a register's answer, in its order.

    Raises :class:`Invalid` for another shape, :class:`ExtractOfOtherCompany`, :class:`CustomerWithoutSiren`.
    """
    if siren is None:
        raise CustomerWithoutSiren("The customer has no SIREN.")
    records = _records(register, document)
    if len(records) > MOST_RECORDS:
        raise Invalid(f"Send {MOST_RECORDS} records at most.", "/document")
    if not records:
        raise Invalid("The document has no record.", "/document")
    try:
        return tuple(_READERS[register](each, siren) for each in records)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise Invalid(f"A record does not have the shape of the register: {fault!r}.", "/document") from None


def _records(register: Register, document: Fields) -> Sequence[Fields]:
    if register == "company_search":
        result = document.get("result", document)
        found = result.get("results") if isinstance(result, Mapping) else None
    else:
        found = document.get("records", [document] if "fields" in document else None)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Invalid("The document does not have the shape of the register's answer.", "/document")
    return found


def _notice(record: Fields, siren: str) -> CreditFactContent:
    fields = record["fields"]
    _own(set(_DIGITS.findall(str(fields["registre"]).replace(" ", ""))), siren)
    published = date.fromisoformat(fields["dateparution"])
    kind, values = _of_family(fields)
    values |= {"notice": fields["id"], "family": fields["familleavis"], "court": fields.get("tribunal")}
    return CreditFactContent(
        kind=kind,
        source="register",
        observed_on=published,
        valid_from=None,
        valid_until=None,
        text=f"BODACC {fields['id']}: {_short(fields.get('familleavis_lib') or fields['familleavis'])}",
        values=_values(values),
        evidence_sha256=_hashed(record),
        reference=f"bodacc:{_short(fields['id'])}",
    )


def _of_family(fields: Fields) -> tuple[CreditFactKind, dict[str, Any]]:
    match fields["familleavis"]:
        case "collective":
            judgment = _inner(fields.get("jugement"))
            nature = str(judgment.get("nature", ""))
            found = next((ours for word, ours in _PROCEEDINGS if word in nature.lower()), None)
            values = {"proceedings": found, "nature": nature or None, "judged_on": judgment.get("date")}
            ended = "clôture" in nature.lower() or "clôture" in str(judgment.get("famille", "")).lower()
            return "register_notice" if ended else "insolvency_notice", values
        case "radiation":
            return "company_status", {"state": "closed"}
        case "dpc":
            return "accounts_filed", {"closed_on": _inner(fields["depot"])["dateCloture"]}
        case _:
            return "register_notice", {}


def _inner(text: str | None) -> Fields:
    found = json.loads(text) if text else {}
    if not isinstance(found, Mapping):
        raise TypeError("an inner document is no object")
    return found


def _company(record: Fields, siren: str) -> CreditFactContent:
    _own({str(record["siren"])}, siren)
    state = {"A": "active", "C": "closed"}.get(record["etat_administratif"])
    if state is None:
        raise Invalid("The register does not know the company.", "/document")
    struck = (record.get("immatriculation") or {}).get("date_radiation")
    values = {
        "state": "closed" if struck else state,
        "name": record.get("nom_complet"),
        "struck_off_on": struck,
    }
    seen = date.fromisoformat(str(record["date_mise_a_jour"])[:10])
    return CreditFactContent(
        kind="company_status",
        source="register",
        observed_on=seen,
        valid_from=None,
        valid_until=None,
        text=f"Company register: {values['state']}",
        values=_values(values),
        evidence_sha256=_hashed(record),
        reference=f"company_search:{seen}",
    )


def _ratios(record: Fields, siren: str) -> CreditFactContent:
    fields = record["fields"]
    _own({str(fields["siren"])}, siren)
    closed_on = date.fromisoformat(fields["date_cloture_exercice"])
    values = {
        "closed_on": closed_on,
        "kind": fields.get("type_bilan"),
        "turnover": fields.get("chiffre_d_affaires"),
        "net_result": fields.get("resultat_net"),
    }
    return CreditFactContent(
        kind="accounts_filed",
        source="register",
        observed_on=date.fromisoformat(str(record["record_timestamp"])[:10]),
        valid_from=None,
        valid_until=None,
        text=f"Accounts of {closed_on} filed",
        values=_values(values),
        evidence_sha256=_hashed(record),
        reference=f"financial_ratios:{closed_on}:{_short(values['kind'] or '')}",
    )


_READERS: Mapping[Register, Callable[[Fields, str], CreditFactContent]] = {
    "bodacc": _notice,
    "company_search": _company,
    "financial_ratios": _ratios,
}


def _own(found: set[str], siren: str) -> None:
    if siren not in found:
        told = ", ".join(sorted(found)) or "none"
        raise ExtractOfOtherCompany(f"The record has the SIREN {told}, the customer {siren}.", "/document")


def _short(value: object) -> str:
    """Return a value on one line, without the control characters that no text column takes."""
    printable = "".join(each if each.isprintable() else " " for each in str(value))
    return " ".join(printable.split())[:LONGEST_VALUE]


def _values(found: Mapping[str, Any]) -> tuple[CreditFactValue, ...]:
    def told() -> Iterator[CreditFactValue]:
        for name, value in found.items():
            if value is not None:
                yield CreditFactValue(name=name, value=_short(value))

    return tuple(told())


def _hashed(record: Fields) -> tuple[str]:
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (hashlib.sha256(canonical.encode()).hexdigest(),)
