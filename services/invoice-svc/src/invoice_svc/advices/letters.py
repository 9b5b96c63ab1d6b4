"""Remittance advices as e-mail: lines such as ``FAC-2026-000123  1 200,00 €`` between the words of a letter.

A line with a number and an amount at its end is a document; with a word for a credit note it is netted. A line with a
word for a deduction and an amount belongs to the document before it. Lines that are none of these are left out, so
the letter has to state its total: what was overlooked shows as the difference.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage

from encours.kernel.errors import DomainError
from encours.kernel.money import exponent, parse_amount
from invoice_svc.advices.reading import AdviceUnreadable, ReadAs, StatedAdvice
from invoice_svc.bank.fields import reference_of
from invoice_svc.bank.reading import text_of
from invoice_svc.domain.remittance.commands import StatedDeduction, StatedItem

MAX_LINES = 5_000
_MAX_LINE = 500
_GROUP = r"[ \u00a0\u202f\u2009'\u2019.,]"
_DATE = re.compile(r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2}))(?!\d)", re.ASCII)
_TOTAL = re.compile(
    r"\b(?:TOTAL|TOTAUX|GESAMT\w*|SUMME|TRANSFER AMOUNT|AMOUNT PAID|MONTANT (?:DU VIREMENT|REGLE|TOTAL)|"
    r"UBERWEISUNGSBETRAG|ZAHLBETRAG)\b"
)
_CREDIT_NOTE = re.compile(r"\b(?:AVOIR|CREDIT NOTE|CREDIT MEMO|GUTSCHRIFT|NOTE DE CREDIT)\b")
_DEDUCTION = re.compile(
    r"\b(?:DEDUCTION|DEDUIT|RETENUE|ESCOMPTE|REMISE|DISCOUNT|ABZUG|SKONTO|WITHHELD|PENALITE|PENALTY)\b"
)
_REFERENCE = re.compile(
    r"^\s*(?:VOTRE |NOTRE |OUR |YOUR |UNSERE |PAYMENT )?(?:REFERENCE|REFERENZ|REF|VERWENDUNGSZWECK)"
    r"(?: DU (?:VIREMENT|PAIEMENT))?\s*[.:]+\s*"
)
_CODE = re.compile(
    r"\b(?:CODE|GRUND|MOTIF|REASON)\s*[:=]?\s*([A-Za-z0-9][A-Za-z0-9._-]{0,39})", re.IGNORECASE
)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_ROW_END = re.compile(r"</(?:tr|p|div|li)>|<br\s*/?>", re.IGNORECASE)


def read(data: bytes, read_as: ReadAs, *, is_message: bool) -> StatedAdvice:
    """Return the advice in an e-mail (``message/rfc822``) or in the text of one. Raises :class:`AdviceUnreadable`."""
    text = _text_of_message(data) if is_message else text_of(data)
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise AdviceUnreadable(f"The letter has more than {MAX_LINES:,} lines.")
    letter = _Letter(read_as.currency)
    for line in lines:
        letter.see(line[:_MAX_LINE].lstrip("> ").strip())
    return letter.advice()


def _text_of_message(data: bytes) -> str:
    """Return the plain text of a message, else that of its HTML."""
    try:
        message = message_from_bytes(data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        part = message.get_body(("plain", "html"))
        if part is None:
            raise AdviceUnreadable("The message has no text.")
        content = part.get_content()
    except (MessageError, LookupError, ValueError, AttributeError, TypeError, IndexError):
        raise AdviceUnreadable("The message is not one of RFC 5322.") from None
    if not isinstance(content, str):
        raise AdviceUnreadable("The message has no text.")
    if part.get_content_type() == "text/html":
        content = html.unescape(_TAG.sub(" ", _ROW_END.sub("\n", content)))
    return content


@dataclass(slots=True)
class _Letter:
    """Content of a letter as far as it was read."""

    currency: str
    items: list[StatedItem] = field(default_factory=list)
    total_minor: int | None = None
    reference: str | None = None

    def see(self, line: str) -> None:
        """Read one line."""
        plain = _capitals(line)
        if self.reference is None and (found := _REFERENCE.match(plain)):
            self.reference = reference_of(line[found.end() :])
            return
        is_total, is_cut = _TOTAL.search(plain), _DEDUCTION.search(plain) and self.items
        rest, minor = self._amount_at_end(line, is_numbered=not (is_total or is_cut))
        if minor is None:
            return
        if is_total:
            self.total_minor = minor
            return
        number = _number_in(rest)
        if is_cut:
            self._deduct(minor, line)
        elif number is not None:
            is_credit = minor < 0 or _CREDIT_NOTE.search(plain) is not None
            self.items.append(StatedItem(-abs(minor) if is_credit else minor, written=number))

    def advice(self) -> StatedAdvice:
        """Return what the letter says. Raises :class:`AdviceUnreadable` if it names no document."""
        if not self.items:
            raise AdviceUnreadable("No line has a document number and an amount at its end.")
        return StatedAdvice("email", self._net(), self.total_minor, self.reference)

    def _net(self) -> tuple[StatedItem, ...]:
        """Return the items as paid: if only the total takes the deductions off, they are taken off each item."""
        paid = sum(each.amount_minor for each in self.items)
        kept = sum(part.amount_minor for each in self.items for part in each.deductions)
        if not kept or self.total_minor != paid - kept:
            return tuple(self.items)
        return tuple(
            StatedItem(
                each.amount_minor - sum(part.amount_minor for part in each.deductions),
                each.invoice_id,
                each.written,
                each.deductions,
            )
            for each in self.items
        )

    def _deduct(self, minor: int, line: str) -> None:
        if not minor:
            return
        code = _CODE.search(line)
        last = self.items[-1]
        deduction = StatedDeduction(abs(minor), code[1] if code else None, reference_of(line))
        self.items[-1] = StatedItem(
            last.amount_minor, last.invoice_id, last.written, (*last.deductions, deduction)
        )

    def _amount_at_end(self, line: str, *, is_numbered: bool) -> tuple[str, int | None]:
        """Return the line before the last amount, and the amount.

        ``is_numbered``: the line has to name a document, so a group of three may be its number.
        """
        text = _DATE.sub(" ", line)
        found = list(_amounts(self.currency).finditer(text))
        if not found:
            return text, None
        last = found[-1]
        before = " ".join(text[a:b] for a, b in _between(found))
        written = last["number"]
        if is_numbered and " " in written and _number_in(before) is None:  # ``facture 123 120,00``
            head, _, written = written.rpartition(" ")
            before = f"{before} {head}"
        minor = _minor(written, self.currency)
        negative = "-" in (last["before"] or "", last["after"] or "") or last["open"] == "("
        return before, -minor if minor is not None and negative else minor


def _between(found: list[re.Match[str]]) -> list[tuple[int, int]]:
    """Return the places of a line that are before its last amount and in no other."""
    starts = [0, *(each.end() for each in found[:-1])]
    return [(start, each.start()) for start, each in zip(starts, found, strict=True)]


def _amounts(currency: str) -> re.Pattern[str]:
    """Return the pattern of an amount with its decimals, and its sign and currency on either side."""
    digits = exponent(currency)
    decimals = rf"[.,]\d{{{digits}}}" if digits else ""
    symbol = rf"(?:{currency}|\u20ac|\$|\u00a3)"
    return re.compile(
        rf"(?P<open>\()?(?:(?<!\S)(?P<before>[-\u2212]){symbol}?|{symbol}?\s?)(?<![\w.,])"
        rf"(?P<number>\d{{1,3}}(?:{_GROUP}\d{{3}})+{decimals}|\d{{1,12}}{decimals})(?![\d.,]*\d)"
        rf"(?P<after>[-\u2212])?\s?{symbol}?",
        re.ASCII,
    )


def _minor(written: str, currency: str) -> int | None:
    digits = exponent(currency)
    figures = re.sub(r"\D", "", written)
    whole, fraction = (figures[:-digits], figures[-digits:]) if digits else (figures, "")
    try:
        return parse_amount(f"{whole}.{fraction}" if fraction else whole, currency)
    except DomainError:
        return None


def _number_in(text: str) -> str | None:
    """Return the words of a text from the first to the last that has digits, with capitals before them."""
    words = re.split(r"[\s|;\t]+", text.strip())
    numbered = [n for n, word in enumerate(words) if any(c.isdigit() for c in word)]
    if not numbered:
        return None
    first, last = numbered[0], numbered[-1]
    if first and re.fullmatch(r"[A-Z]{1,5}[.-]?", words[first - 1]):
        first -= 1
    return reference_of(" ".join(words[first : last + 1]).strip(".,:;()[]#*")[:60])


def _capitals(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text)
    return "".join(each for each in folded if not unicodedata.combining(each)).upper()
