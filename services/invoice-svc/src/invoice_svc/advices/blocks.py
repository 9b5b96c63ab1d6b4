"""Structured remittance of ISO 20022: ``RmtInf/Strd`` of a camt entry, or of a remittance advice (remt.001)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from encours.kernel.errors import DomainError
from invoice_svc.advices.reading import AdviceUnreadable, ReadAs, StatedAdvice
from invoice_svc.bank import fields, xml
from invoice_svc.domain.remittance.commands import StatedDeduction, StatedItem

_NETTED = frozenset({"CREN", "CNFA"})
"""Types of documents that are credit notes (ExternalDocumentType1Code)."""
_AMOUNTS = ("RmtdAmt", "DuePyblAmt")


def read(data: bytes, read_as: ReadAs, reference: str | None) -> StatedAdvice:
    """Return the remittance of a message; of several, the one with the reference.

    Raises :class:`AdviceUnreadable`, and the refusals of XML of :mod:`invoice_svc.bank.faults`.
    """
    root, tag = xml.parse(data)
    is_remt = "remt.001" in tag
    found = [_advice(owner, block, read_as, is_remt=is_remt) for owner, block in _blocks(root, is_remt)]
    if not found:
        raise AdviceUnreadable(
            "The message has no structured remittance with document numbers (RmtInf/Strd)."
        )
    if len(found) == 1:
        return found[0]
    named = [each for each in found if reference is not None and each.reference == reference]
    if len(named) != 1:
        known = ", ".join(each.reference or "none" for each in found[:10])
        raise AdviceUnreadable(
            f"The message has {len(found)} remittances: name one by its reference ({known})."
        )
    return named[0]


def _blocks(root: Element, is_remt: bool) -> Sequence[tuple[Element, Element]]:
    """Return each remittance with the transaction or the message part that it belongs to."""
    if is_remt:
        parts = [(each, each) for each in root.iter("RmtInf")]
    else:
        parts = [(tx, each) for tx in root.iter("TxDtls") for each in xml.children(tx, "RmtInf")]
    return [
        (owner, block)
        for owner, block in parts
        if any(xml.text(each, "RfrdDocInf", "Nb") for each in xml.children(block, "Strd"))
    ]


def _advice(owner: Element, block: Element, read_as: ReadAs, *, is_remt: bool) -> StatedAdvice:
    items = tuple(
        _item(each, read_as.currency, f"Strd {n}") for n, each in enumerate(xml.children(block, "Strd"), 1)
    )
    original = xml.child(owner, "OrgnlPmtInf")
    parties = original if is_remt else xml.child(owner, "RltdPties")
    references = (
        xml.text(owner, "Refs", "EndToEndId"),
        xml.text(original, "Refs", "EndToEndId"),
        xml.text(block, "RmtId"),
    )
    names = (xml.text(parties, "Dbtr", *path) for path in (("Nm",), ("Pty", "Nm")))
    stated = StatedAdvice(
        format="remt" if is_remt else "camt",
        items=items,
        reference=next(iter(fields.references_of(references)), None),
        payer_name=fields.text_of(next((each for each in names if each), None)),
        payer_account=fields.reference_of(xml.text(parties, "DbtrAcct", "Id", "IBAN")),
    )
    amount = xml.child(owner, "Amt") if not is_remt else xml.child(original, "Amt", "InstdAmt")
    if amount is None or amount.text is None or amount.get("Ccy") != read_as.currency:
        return stated
    return replace(stated, total_minor=fields.amount_of(amount.text, read_as.currency, "Amt"))


def _item(structured: Element, currency: str, where: str) -> StatedItem:
    number = fields.reference_of(xml.text(structured, "RfrdDocInf", "Nb"))
    if number is None:
        raise AdviceUnreadable(f"{where}: there is no document number.")
    kind = xml.text(structured, "RfrdDocInf", "Tp", "CdOrPrtry", "Cd")
    amounts = xml.child(structured, "RfrdDocAmt")
    note = xml.child(amounts, "CdtNoteAmt")
    paid = next((found for name in _AMOUNTS if (found := xml.child(amounts, name)) is not None), None)
    is_note = kind in _NETTED
    chosen = note if is_note and note is not None else paid
    if chosen is None:
        raise AdviceUnreadable(f"{where}: there is no remitted amount of {number}.")
    minor = _amount(chosen, currency, where)
    return StatedItem(
        -minor if is_note else minor, written=number, deductions=tuple(_deductions(amounts, currency, where))
    )


def _deductions(amounts: Element | None, currency: str, where: str) -> Sequence[StatedDeduction]:
    found = []
    for each in xml.children(amounts, "AdjstmntAmtAndRsn"):
        amount = xml.child(each, "Amt")
        if amount is None or xml.text(each, "CdtDbtInd") == "DBIT":
            continue  # an addition, which the remitted amount contains
        minor = _amount(amount, currency, where)
        text = fields.text_of(xml.text(each, "AddtlInf"))
        if minor:
            code = fields.reference_of(xml.text(each, "Rsn"))
            found.append(StatedDeduction(minor, code, text and text[:200]))
    return found


def _amount(element: Element, currency: str, where: str) -> int:
    if element.get("Ccy") != currency:
        raise AdviceUnreadable(
            f"{where}: the amount is in {str(element.get('Ccy'))[:10]}, not in {currency}."
        )
    try:
        return fields.amount_of(element.text or "", currency, where)
    except DomainError as fault:
        raise AdviceUnreadable(fault.detail) from None
