"""Documents of a litigation file: text that people read, and JSON with the same figures. Same facts, same bytes."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from dunning_svc.domain.formats import Lang
from dunning_svc.domain.formats import day as on
from dunning_svc.domain.litigation.claims import LitigatedInvoice
from dunning_svc.domain.message.render import Message
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.events.invoice import InvoiceIssued
from encours.kernel.money import format_amount, money_text
from encours.legal.interest import Statement

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the archive."""

    name: str
    content: bytes

    @property
    def digest(self) -> tuple[str, str]:
        """Name and SHA-256 of the file."""
        return self.name, hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class ChronologyLine:
    """An event about the customer in words."""

    on: date
    position: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class ReminderProof:
    """A reminder and its outcome. ``message`` is None where it is not on record; ``agrees``: its hashes agree.

    ``extract``: reminder and message are the debtor's share of a message about others too; the hashes are the whole's.
    """

    requested: ReminderRequested
    outcome: str
    outcome_on: date | None
    message_id: str | None
    server_answer: str | None
    content_hash: str | None
    message: Message | None
    agrees: bool
    extract: bool
    signs: Sequence[tuple[date, str]] = ()
    """Bounces, receipts and answers."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Debtor, creditors and dates of the file."""

    customer_id: str
    customer: str
    creditors: Mapping[str, str]
    as_of: date
    position: int


_WORDS: dict[Lang, dict[str, str]] = {
    "en": {
        "title": "Litigation file",
        "debtor": "Debtor",
        "creditor": "Creditor",
        "as_of": "As of",
        "position": "Ledger position",
        "invoice": "Invoice",
        "issued": "issued",
        "due": "Due",
        "open": "Open",
        "disputed": "Disputed",
        "limitation": "Action by",
        "total": "Total",
        "files": "Files",
        "no_rule": "no rule on file",
        "note_pdf": "Invoices are included as data and text: the ledger keeps no PDF of them.",
        "note_interest": "Interest and recovery fees of invoices with agreements on them are not stated here: "
        "GET /v1/invoices/{id}/interest of invoice-svc.",
        "note_limitation": "The last day for an action is the earliest, without interruptions; later days are in the "
        "files of the invoices. To be confirmed by counsel.",
        "extended": "after the last interruption",
        "extract": "Extract: the message covered other customers too, whose share is not shown. Hash of the whole "
        "message, as it was sent: {hash}",
        "interest": "Interest and recovery fees",
        "fee": "Recovery fee",
        "elsewhere": "see invoice-svc",
    },
    "fr": {
        "title": "Dossier contentieux",
        "debtor": "Débiteur",
        "creditor": "Créancier",
        "as_of": "Au",
        "position": "Position dans le grand livre",
        "invoice": "Facture",
        "issued": "émise le",
        "due": "Échéance",
        "open": "Solde",
        "disputed": "Contesté",
        "limitation": "Action avant le",
        "total": "Total",
        "files": "Fichiers",
        "no_rule": "aucune règle enregistrée",
        "note_pdf": "Les factures sont jointes en données et en texte : le grand livre n'en garde pas de PDF.",
        "note_interest": "Les intérêts et frais de recouvrement des factures qui font l'objet d'un accord ne sont pas "
        "donnés ici : GET /v1/invoices/{id}/interest du service invoice-svc.",
        "note_limitation": "Le dernier jour pour agir est le plus proche, sans interruption ; les jours plus tardifs "
        "sont dans les fichiers des factures. À confirmer par un conseil.",
        "extended": "après la dernière interruption",
        "extract": "Extrait : le message portait aussi sur d'autres clients, dont la part n'est pas montrée. Empreinte "
        "du message entier, tel qu'il a été envoyé : {hash}",
        "interest": "Intérêts et frais de recouvrement",
        "fee": "Indemnité de recouvrement",
        "elsewhere": "voir invoice-svc",
    },
}


def invoice_documents(invoice: LitigatedInvoice, lang: Lang) -> list[FileEntry]:
    """Return an invoice as JSON and as text."""
    issued, words = invoice.issued, _WORDS[lang]
    stem = f"invoices/{_named(issued)}"
    limit = invoice.limitation
    data = {
        "invoice": issued,
        "entity_id": invoice.entity_id,
        "open": format_amount(invoice.open_minor, issued.currency),
        "disputed": format_amount(invoice.disputed_minor, issued.currency),
        "currency": issued.currency,
        "limitation": limit,
        "entries": [
            {
                "on": each.on,
                "kind": each.kind,
                "amount": format_amount(each.open_minor, issued.currency),
                "open_after": format_amount(each.after_minor, issued.currency),
                "position": each.position,
            }
            for each in invoice.entries
        ],
    }
    lines = [
        f"{words['invoice']} {issued.number}, {words['issued']} {on(issued.issued_on, lang)}",
        f"{words['due']}: {on(issued.due_on, lang)}",
        f"{words['total']}: {money_text(issued.total_minor, issued.currency, lang)}",
        "",
        *(
            f"{on(each.on, lang)}  {each.kind}  {money_text(each.open_minor, issued.currency, lang)}  "
            f"{words['open']}: {money_text(each.after_minor, issued.currency, lang)}"
            for each in invoice.entries
        ),
        "",
        f"{words['open']}: {money_text(invoice.open_minor, issued.currency, lang)}",
        f"{words['disputed']}: {money_text(invoice.disputed_minor, issued.currency, lang)}",
        f"{words['limitation']}: "
        + (f"{on(limit.safe_on, lang)} ({limit.basis})" if limit else words["no_rule"]),
    ]
    if limit is not None and limit.extended_on is not None:
        lines.append(f"  {words['extended']}: {on(limit.extended_on, lang)} ({limit.interruption})")
    return [FileEntry(f"{stem}.json", _json(data)), FileEntry(f"{stem}.txt", _text(lines))]


@dataclass(frozen=True, slots=True)
class StatedInterest:
    """Interest and fee of an open invoice; ``statement`` is None where only invoice-svc can state them."""

    invoice_id: str
    number: str
    currency: str
    statement: Statement | None


def interest_documents(stated: Sequence[StatedInterest], day: date, lang: Lang) -> list[FileEntry]:
    """Return the statement of interest up to and including a day."""
    words = _WORDS[lang]
    data: list[dict[str, Any]] = []
    lines = [f"{words['interest']}, {on(day, lang)}", ""]
    for each in sorted(stated, key=lambda each: (each.number, each.invoice_id)):
        found, currency = each.statement, each.currency
        data.append(
            {"invoice_id": each.invoice_id, "number": each.number, "currency": currency, "on": day}
            | _figures(found, currency)
        )
        if found is None:
            lines.append(f"{each.number}: {words['elsewhere']}")
            continue
        lines.append(f"{each.number}: {money_text(found.interest_minor, currency, lang)}")
        lines += [
            f"  {on(part.first_day, lang)} – {on(part.last_day, lang)}: "
            f"{money_text(part.principal_minor, currency, lang)}, "
            f"{part.rate_bps / 100:.2f} % ({part.basis}): {money_text(part.interest_minor, currency, lang)}"
            for part in found.segments
        ]
        lines.append(f"  {words['fee']}: {money_text(found.indemnity_minor, currency, lang)}")
    return [FileEntry("interest.json", _json(data)), FileEntry("interest.txt", _text(lines))]


def _figures(found: Statement | None, currency: str) -> dict[str, Any]:
    if found is None:
        return {"interest": None, "indemnity": None, "segments": None}
    return {
        "interest": format_amount(found.interest_minor, currency),
        "indemnity": format_amount(found.indemnity_minor, currency),
        "segments": [
            {
                "from": part.first_day,
                "to": part.last_day,
                "days": part.days,
                "principal": format_amount(part.principal_minor, currency),
                "rate_bps": part.rate_bps,
                "basis": part.basis,
                "provisional": part.provisional,
                "interest": format_amount(part.interest_minor, currency),
            }
            for part in found.segments
        ],
    }


def reminder_documents(proof: ReminderProof, lang: Lang) -> list[FileEntry]:
    """Return a reminder as JSON, and the text of its message if it is on record."""
    asked = proof.requested
    stem = f"reminders/{asked.day}-{_safe(asked.step)}-{asked.reminder_id}"
    extract = [_WORDS[lang]["extract"].format(hash=proof.content_hash or "–")] if proof.extract else []
    data = {
        "extract": extract[0] if extract else None,
        "reminder": asked,
        "amount": format_amount(asked.amount_minor, asked.currency),
        "currency": asked.currency,
        "outcome": proof.outcome,
        "outcome_on": proof.outcome_on,
        "message_id": proof.message_id,
        "evidence": proof.server_answer,
        "content_hash": proof.content_hash,
        "signs": [{"on": on_, "type": kind} for on_, kind in proof.signs],
        "written_again_agrees": proof.agrees if proof.message is not None else None,
    }
    files = [FileEntry(f"{stem}.json", _json(data))]
    if proof.message is not None:
        head = [*extract, ""] if extract else []
        files.append(FileEntry(f"{stem}.txt", _text([*head, proof.message.subject, "", proof.message.text])))
    return files


def chronology(lines: Iterable[ChronologyLine], lang: Lang) -> list[FileEntry]:
    """Return the events in words, by business day and then in the order of recording."""
    ordered = sorted(lines, key=lambda each: (each.on, each.position))
    return [
        FileEntry("chronology.json", _json(ordered)),
        FileEntry("chronology.txt", _text([f"{on(each.on, lang)}  {each.text}" for each in ordered])),
    ]


def index(
    subject: Subject, invoices: Sequence[LitigatedInvoice], files: Iterable[tuple[str, str]], lang: Lang
) -> list[FileEntry]:
    """Return the index as JSON and as HTML: open invoices with totals, and every other file with its SHA-256."""
    words = _WORDS[lang]
    ordered = sorted(invoices, key=lambda each: (each.issued.due_on, each.issued.number))
    listed = sorted(files)
    notes = [words[each] for each in ("note_pdf", "note_interest", "note_limitation")]
    data = {
        "customer_id": subject.customer_id,
        "customer": subject.customer,
        "creditors": dict(sorted(subject.creditors.items())),
        "as_of": subject.as_of,
        "position": subject.position,
        "invoices": [_indexed(each) for each in ordered],
        "totals": {currency: format_amount(minor, currency) for currency, minor in totals(ordered).items()},
        "notes": notes,
        "files": [{"name": name, "sha256": digest} for name, digest in listed],
    }
    return [
        FileEntry("index.json", _json(data)),
        FileEntry("index.html", _page(subject, ordered, notes, listed, lang).encode()),
    ]


def totals(invoices: Iterable[LitigatedInvoice]) -> dict[str, int]:
    """Return the sum of open amounts by currency."""
    found: dict[str, int] = {}
    for each in invoices:
        found[each.issued.currency] = found.get(each.issued.currency, 0) + each.open_minor
    return dict(sorted(found.items()))


def _indexed(invoice: LitigatedInvoice) -> dict[str, Any]:
    issued = invoice.issued
    return {
        "invoice_id": issued.invoice_id,
        "number": issued.number,
        "issued_on": issued.issued_on,
        "due_on": issued.due_on,
        "total": format_amount(issued.total_minor, issued.currency),
        "open": format_amount(invoice.open_minor, issued.currency),
        "disputed": format_amount(invoice.disputed_minor, issued.currency),
        "currency": issued.currency,
        "limitation": invoice.limitation,
    }


def _page(
    subject: Subject,
    invoices: Sequence[LitigatedInvoice],
    notes: Sequence[str],
    files: Sequence[tuple[str, str]],
    lang: Lang,
) -> str:
    words, esc = _WORDS[lang], html.escape
    rows = "".join(
        f"<tr><td>{esc(each.issued.number)}</td><td>{on(each.issued.due_on, lang)}</td>"
        f"<td>{money_text(each.open_minor, each.issued.currency, lang)}</td>"
        f"<td>{money_text(each.disputed_minor, each.issued.currency, lang)}</td>"
        f"<td>{on(each.limitation.safe_on, lang) if each.limitation else words['no_rule']}</td></tr>\n"
        for each in invoices
    )
    heads = "".join(
        f"<th>{words[each]}</th>" for each in ("invoice", "due", "open", "disputed", "limitation")
    )
    sums = "".join(
        f"<p>{words['total']}: {money_text(minor, currency, lang)}</p>\n"
        for currency, minor in totals(invoices).items()
    )
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{words["title"]}</title></head>'
        "<body>\n"
        f"<h1>{words['title']}</h1>\n<p>{words['debtor']}: {esc(subject.customer)}</p>\n"
        f"<p>{words['creditor']}: {esc(', '.join(sorted(subject.creditors.values())))}</p>\n"
        f"<p>{words['as_of']}: {on(subject.as_of, lang)} · {words['position']}: {subject.position}</p>\n"
        f"<table><tr>{heads}</tr>\n{rows}</table>\n{sums}"
        + "".join(f"<p>{esc(each)}</p>\n" for each in notes)
        + f"<h2>{words['files']}</h2>\n<ul>\n"
        + "".join(f'<li><a href="{esc(name)}">{esc(name)}</a> {digest}</li>\n' for name, digest in files)
        + "</ul></body></html>\n"
    )


def _safe(text: str) -> str:
    """Return a part of a file name: a number may contain ``/``."""
    return _UNSAFE.sub("_", text) or "_"


def _named(issued: InvoiceIssued) -> str:
    """Return the name of an invoice's files: its number, with the id where two numbers may give one name."""
    name = _safe(issued.number)
    return name if name == issued.number else f"{name}-{issued.invoice_id}"


def _json(data: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
