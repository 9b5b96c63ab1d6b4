"""Sample customers in France, Germany and Great Britain, in whose messages a template must work before it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.message.snapshot import MessageSnapshot, PaymentAccount
from encours.contracts.events.dunning.reminders import DunnedItem, LateTerms
from encours.contracts.events.dunning.template import TemplateLanguage, TemplatePurpose
from encours.contracts.events.dunning.thanks import SettledInvoice

_DAY = date(2026, 3, 2)
_SHAPES = (
    ("FR", "EUR", "Boulangerie L'Épi d'Or SARL", "Moulins du Lac SA\n12 rue de la Paix\n75002 Paris",
     "FR7630006000011234567890189"),
    ("DE", "EUR", "Müller & Söhne GmbH", "Nordwerk AG\nHafenstraße 3\n20095 Hamburg", "DE89370400440532013000"),
    ("GB", "GBP", "O'Neill & Partners Ltd", "Thames Supplies plc\n1 High Street\nLondon SE1 9GF", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of a sample customer; ``name`` says what is special about it."""

    name: str
    content: MessageSnapshot


def samples_of(language: TemplateLanguage, purpose: TemplatePurpose) -> Iterator[Sample]:
    """Yield the messages of all sample customers in all variants."""
    yield from _thanks(language) if purpose == "thanks" else _claims(language, purpose)


def _thanks(language: TemplateLanguage) -> Iterator[Sample]:
    for shape in _SHAPES:
        for count in (1, 5):
            settled = tuple(_settled(f"5388{n}") for n in range(12, 12 + count))
            content = _content(shape, language, (), settled=settled)
            yield Sample(f"{shape[2]} ({shape[0]}), {count} paid", content)


def _claims(language: TemplateLanguage, purpose: TemplatePurpose) -> Iterator[Sample]:
    late, older = (-5, -2) if purpose == "announcement" else (30, 330)
    one = _item("538812", late)
    variants = {
        "one invoice": ((one,), 0),
        "five invoices": (tuple(_item(f"5388{n}", late + n) for n in range(12, 17)), 0),
        "unapplied payment": ((one,), 10_000),
        "disputed share": ((_item("538812", late, disputed=25_000),), 0),
        "payment plan": ((_item("538812", late, planned=30_000),), 0),
        "cheque in hand": ((_item("538812", late, in_hand=40_000),), 0),
        "instalments": ((_item("538812", late, later=60_000),), 0),
        "without a recovery fee": ((_item("538812", late, terms=LateTerms(penalty_rate_bps=0, indemnity_minor=0)),), 0),
        "agreed rate, and all at once": (
            (
                _item("538812", late, disputed=10_000, planned=10_000, in_hand=10_000, later=10_000),
                _item("538813", older, terms=LateTerms(penalty_rate_bps=1_250, indemnity_minor=4_000)),
                *(() if purpose == "announcement" else (_item("538820", -8, announced=True),)),
            ),
            5_000,
        ),
    }  # fmt: skip
    for shape in _SHAPES:
        for name, (items, credit) in variants.items():
            yield Sample(f"{shape[2]} ({shape[0]}), {name}", _content(shape, language, items, credit))


def _content(
    shape: tuple[str, str, str, str, str],
    language: TemplateLanguage,
    items: tuple[DunnedItem, ...],
    credit: int = 0,
    settled: tuple[SettledInvoice, ...] = (),
) -> MessageSnapshot:
    country, currency, customer, sender, iban = shape
    creditor, _, address = sender.partition("\n")
    return MessageSnapshot(
        day=_DAY,
        language=language,
        currency=currency,
        customer=customer,
        creditor=creditor,
        creditor_address=address,
        creditor_email="" if country == "GB" else "accounts@example.com",
        creditor_country=country,
        account=PaymentAccount(iban=iban, bic="", holder=creditor) if iban else None,
        items=items,
        credit_minor=credit,
        amount_minor=sum(each.paid_minor for each in settled)
        if settled
        else sum(item.asked_minor for item in items) - credit,
        settled=settled,
    )


def _settled(number: str) -> SettledInvoice:
    return SettledInvoice(
        invoice_id=f"inv_{number}",
        number=number,
        due_on=_DAY - timedelta(days=30),
        paid_on=_DAY - timedelta(days=1),
        paid_minor=123_456,
        settled_at=7,
        reminders=1,
    )


def _item(
    number: str,
    late: int,
    *,
    disputed: int = 0,
    planned: int = 0,
    in_hand: int = 0,
    later: int = 0,
    announced: bool = False,
    terms: LateTerms = LateTerms(penalty_rate_bps=None, indemnity_minor=4_000),
) -> DunnedItem:
    open_minor = 123_456
    return DunnedItem(
        invoice_id=f"inv_{number}",
        invoice_version=2,
        number=number,
        due_on=_DAY - timedelta(days=late),
        days_past_due=late,
        open_minor=open_minor,
        disputed_minor=disputed,
        planned_minor=planned,
        in_hand_minor=in_hand,
        later_minor=later,
        asked_minor=0 if announced else open_minor - disputed - planned - in_hand - later,
        step="",
        terms=terms,
    )
