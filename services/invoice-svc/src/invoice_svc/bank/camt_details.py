"""Details of a camt entry: references, the other party, texts and charges, of its transactions and its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from encours.kernel.errors import DomainError
from invoice_svc.bank import fields, xml
from invoice_svc.domain.bank_statement.content import Party, References

_OTHERS = ("InstrId", "TxId", "UETR", "PmtInfId", "MsgId", "ClrSysRef", "ChqNb")


def references_of(entry: Element, details: Sequence[Element]) -> References:
    """Return the references of a line: of its one transaction, or of the entry with those of all its transactions."""
    refs = [found for tx in details if (found := xml.child(tx, "Refs")) is not None]
    only = refs[0] if len(refs) == 1 and len(details) == 1 else None
    structured = [
        xml.text(each, "CdtrRefInf", "Ref") or xml.text(each, "CdtrRefInf", "CdtrRef")
        for tx in details
        for each in xml.children(xml.child(tx, "RmtInf"), "Strd")
    ]
    creditor = fields.references_of(structured)
    own = xml.text(only, "AcctSvcrRef"), xml.text(entry, "AcctSvcrRef"), xml.text(entry, "NtryRef")
    others: list[str | None] = [xml.text(each, name) for each in refs for name in _OTHERS]
    if only is None:
        others += [xml.text(each, "EndToEndId") for each in refs]
    return References(
        bank=next(iter(fields.references_of(own)), None),
        end_to_end=fields.reference_of(xml.text(only, "EndToEndId")),
        mandate=fields.reference_of(xml.text(only, "MndtId")),
        creditor=creditor[0] if len(creditor) == 1 else None,
        others=fields.references_of([*others, *(creditor if len(creditor) > 1 else ())])[:20],
    )


def party_of(details: Sequence[Element], *, incoming: bool) -> Party:
    """Return the payer of money in, or the payee of money out; nobody if there are several transactions."""
    if len(details) != 1:
        return Party()
    role = "Dbtr" if incoming else "Cdtr"
    parties, agents = xml.child(details[0], "RltdPties"), xml.child(details[0], "RltdAgts")
    named = (xml.text(parties, role, *path) for path in (("Nm",), ("Pty", "Nm")))
    ultimate = (xml.text(parties, f"Ultmt{role}", *path) for path in (("Nm",), ("Pty", "Nm")))
    account = xml.child(parties, f"{role}Acct", "Id")
    agent = xml.child(agents, f"{role}Agt", "FinInstnId")
    return Party(
        name=fields.text_of(next((each for each in (*named, *ultimate) if each), None)),
        account=fields.reference_of(xml.text(account, "IBAN") or xml.text(account, "Othr", "Id")),
        bic=fields.reference_of(xml.text(agent, "BICFI") or xml.text(agent, "BIC")),
    )


def credited_of(details: Sequence[Element], *, incoming: bool) -> str | None:
    """Return the account to which money in was sent; None if there are several transactions."""
    if len(details) != 1 or not incoming:
        return None
    account = xml.child(xml.child(details[0], "RltdPties"), "CdtrAcct", "Id")
    return fields.account_of(xml.text(account, "IBAN"))


def text_of(entry: Element, details: Sequence[Element]) -> str | None:
    """Return what the payer wrote; without that, what the bank says of the transaction or the entry."""
    remitted: list[str | None] = []
    for tx in details:
        information = xml.child(tx, "RmtInf")
        remitted += [each.text for each in xml.children(information, "Ustrd")]
        for structured in xml.children(information, "Strd"):
            remitted += [xml.text(each, "Nb") for each in xml.children(structured, "RfrdDocInf")]
            remitted += [each.text for each in xml.children(structured, "AddtlRmtInf")]
    said = [xml.text(tx, "AddtlTxInf") for tx in details]
    return (
        fields.text_of(*remitted) or fields.text_of(*said) or fields.text_of(xml.text(entry, "AddtlNtryInf"))
    )


def code_of(entry: Element, details: Sequence[Element]) -> str | None:
    """Return the bank's code of the transaction: domain, family and sub-family, else its own."""
    for owner in (*details[:1], entry):
        codes = xml.child(owner, "BkTxCd")
        domain = xml.child(codes, "Domn")
        parts = (
            xml.text(domain, "Cd"),
            xml.text(domain, "Fmly", "Cd"),
            xml.text(domain, "Fmly", "SubFmlyCd"),
        )
        if all(parts):
            return fields.reference_of("-".join(part for part in parts if part))
        if own := xml.text(codes, "Prtry", "Cd"):
            return fields.reference_of(own)
    return None


def original_of(details: Sequence[Element], currency: str) -> tuple[int, str] | None:
    """Return the amount that was ordered, if it was in another currency."""
    ordered = xml.child(details[0], "AmtDtls", "InstdAmt", "Amt")
    if ordered is None or not ordered.text or ordered.get("Ccy") in (None, currency):
        return None
    return _known_amount(ordered)


def charges_of(entry: Element, details: Sequence[Element], currency: str) -> int | None:
    """Return the charges in the account's currency; those of the transactions, else of the entry."""
    for owners in (details, [entry]):
        found = [amount for owner in owners for amount in _charges(owner)]
        known = [money for amount in found if (money := _known_amount(amount)) and money[1] == currency]
        if known:
            return sum(minor for minor, _ in known)
    return None


def _charges(owner: Element) -> Iterable[Element]:
    for charges in xml.children(owner, "Chrgs"):
        total = xml.child(charges, "TtlChrgsAndTaxAmt")
        records = [xml.child(each, "Amt") for each in xml.children(charges, "Rcrd")]
        yield from [
            each
            for each in ([total] if total is not None else [xml.child(charges, "Amt"), *records])
            if each is not None
        ]


def _known_amount(amount: Element) -> tuple[int, str] | None:
    """Return an amount that informs alone; None if it cannot be read."""
    currency = (amount.get("Ccy") or "").strip()
    try:
        return fields.amount_of(amount.text or "", currency, "information"), currency
    except DomainError:
        return None
