"""Settlement of an invoice by a payment in another currency.

The rate is the one that the caller gives, such as the bank's, else the published one of the day on which the funds were
available. Either amount may be given; the other follows from it by the rate, rounded half up to its minor unit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from encours.contracts.common import Conversion
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.exchange import QuotedRate
from encours.kernel.money import MAX_MINOR, Money
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.legal import max_rate_age_days, max_rate_deviation_bps
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import AgreedRate, Instruction
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.refusals import CurrencyMismatch, require_currency


class ExchangeRateMissing(Refusal):
    """No rate of the pair is known for the day (422)."""

    code = "exchange-rate-missing"
    title = "Exchange rate is missing"
    status = 422
    remedy = "PUT /v1/exchange-rates for the pair and the day, or give the agreed rate in `exchange`."


class ExchangeRateDeviates(Refusal):
    """The agreed rate is far from the published one (422)."""

    code = "exchange-rate-deviates"
    title = "Exchange rate is far from the published one"
    status = 422
    remedy = "Check the rate and the order of its currencies; if it is right, send it with `confirmed` true."


def share_of(
    payment: Payment, asked: Instruction, invoice: Invoice, published: QuotedRate | None, at: str
) -> Share:
    """Return what the caller instructs as a share of the payment, with the amount that it settles of the invoice.

    ``published`` is the last published rate of the pair; ``at`` is the JSON pointer of the instruction. Raises
    ``currency-mismatch``, ``exchange-rate-missing`` and ``exchange-rate-deviates`` (422).
    """
    currency = asked.currency or payment.currency
    plain = Share(asked.invoice_id, asked.amount_minor, "instructed", None)
    if invoice.currency == payment.currency:
        require_currency(currency, payment.currency, f"{at}/amount")
        if asked.exchange is not None:
            raise Invalid(
                "Invoice and payment are in one currency; omit the exchange rate.", f"{at}/exchange"
            )
        return plain
    if currency not in (payment.currency, invoice.currency):
        raise CurrencyMismatch(
            f"The amount is in {currency}; use {invoice.currency} of the invoice or {payment.currency} of the payment.",
            errors=(FieldError(f"{at}/amount/currency", f"Write {invoice.currency} or {payment.currency}."),),
        )
    rate = _rate(payment, asked.exchange, invoice, published, at)
    used, settled = _amounts(asked.amount_minor, currency, payment.currency, invoice.currency, rate, at)
    agreed = asked.exchange is not None
    return replace(
        plain, amount_minor=used, settles=_conversion(rate, invoice.currency, settled, agreed=agreed)
    )


def resettled(part: AppliedPayment, paid: Conversion, unapplied_minor: int, share: Share) -> Share:
    """Return a share of an amount in the invoice's currency at the rate of the part of the payment that was freed.

    The same amount uses as much of the payment as it did; less of it uses what the rate gives, at most what is free.
    """
    other = paid.base if paid.currency == paid.quote else paid.quote
    used = paid.amount_minor
    if share.amount_minor != part.amount_minor:
        used = _quoted(paid).converted(share.amount_minor, paid.currency)
    settles = _conversion(_quoted(paid), other, share.amount_minor, agreed=paid.agreed)
    return replace(share, amount_minor=min(unapplied_minor, used), settles=settles)


def reduced(settles: Conversion, amount_minor: int, currency: str, by_minor: int) -> tuple[int, Conversion]:
    """Return what stays of an amount of the payment, and of what it settles, if that is reduced; at the same rate."""
    left = settles.amount_minor - by_minor
    used = _quoted(settles).converted(left, currency)
    kept = _conversion(_quoted(settles), settles.currency, left, agreed=settles.agreed)
    return max(1, min(amount_minor, used)), kept


def kept(settles: Conversion, used_minor: int) -> Conversion:
    """Return the conversion of a smaller amount of the payment, at the same rate; at most what it settled."""
    settled = min(settles.amount_minor, _quoted(settles).converted(used_minor, settles.currency))
    return _conversion(_quoted(settles), settles.currency, settled, agreed=settles.agreed)


def used_of(settles: Conversion, amount_minor: int, currency: str) -> Conversion:
    """Return the conversion as the invoice's stream has it: the amount of the payment beside that of the invoice."""
    return _conversion(_quoted(settles), currency, amount_minor, agreed=settles.agreed)


def _rate(
    payment: Payment, agreed: AgreedRate | None, invoice: Invoice, published: QuotedRate | None, at: str
) -> QuotedRate:
    day = payment.received_on
    pair = f"{payment.currency}/{invoice.currency}"
    oldest = day - timedelta(days=max_rate_age_days(day))
    known = published if published is not None and published.on >= oldest else None
    if agreed is None:
        if known is None:
            last = f"; the last is of {published.on}" if published else ""
            raise ExchangeRateMissing(
                f"No rate of {pair} is published for {day} or the {(day - oldest).days} days before{last}.",
                errors=(FieldError(f"{at}/exchange", f"Give the rate of {pair} on {day}."),),
            )
        return known
    if {agreed.base, agreed.quote} != {payment.currency, invoice.currency}:
        raise Invalid(
            f"The rate must be between {payment.currency} and {invoice.currency}.", f"{at}/exchange"
        )
    if Decimal(agreed.rate) <= 0:
        raise Invalid("A rate must be above 0.", f"{at}/exchange/rate")
    given = QuotedRate(agreed.base, agreed.quote, agreed.rate, agreed.on or day, agreed.source)
    if known is not None and not agreed.confirmed:
        _require_near(given, known, day, f"{at}/exchange/rate")
    return given


def _require_near(given: QuotedRate, published: QuotedRate, day: date, pointer: str) -> None:
    expected = published.per_unit(given.base)
    distance = abs(Decimal(given.rate) / expected - 1) * 10_000
    bound = max_rate_deviation_bps(day)
    if distance <= bound:
        return
    pair = f"{given.base}/{given.quote}"
    raise ExchangeRateDeviates(
        f"{given.rate} for {pair} is {distance / 100:.2f} % off the rate of {published.on}, "
        f"{expected:.6g} ({published.source}); up to {bound / 100:g} % needs no confirmation.",
        errors=(FieldError(pointer, f"The published rate of {pair} is {expected:.6g}."),),
    )


def _amounts(
    minor: int, currency: str, payment_currency: str, invoice_currency: str, rate: QuotedRate, at: str
) -> tuple[int, int]:
    """Return the amount used of the payment and the amount settled of the invoice."""
    if currency == payment_currency:
        used, settled = minor, rate.converted(minor, invoice_currency)
    else:
        used, settled = rate.converted(minor, payment_currency), minor
    if minor > 0 and (not 0 < used <= MAX_MINOR or not 0 < settled <= MAX_MINOR):
        raise Invalid(
            f"{Money(minor, currency)} cannot be converted at {rate.rate} {rate.base}/{rate.quote}: the result is 0 or "
            "beyond all amounts.",
            f"{at}/amount",
        )
    return used, settled


def _quoted(conversion: Conversion) -> QuotedRate:
    return QuotedRate(
        conversion.base, conversion.quote, conversion.rate, conversion.rate_on, conversion.source
    )


def _conversion(rate: QuotedRate, currency: str, amount_minor: int, *, agreed: bool) -> Conversion:
    return Conversion(
        currency=currency,
        amount_minor=amount_minor,
        base=rate.base,
        quote=rate.quote,
        rate=rate.rate,
        rate_on=rate.on,
        source=rate.source,
        agreed=agreed,
    )
