"""A reminder as an e-mail: the same Message-ID on any retry, plain text and HTML."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import localtime

from dunning_svc.outbox.render import Message, one_line
from dunning_svc.read_models.rows import CustomerRow, EntityRow


def message_id(ledger: str, reminder_id: str) -> str:
    """Follows from the reminder: whoever receives it twice can see that it is one."""
    return f"<{reminder_id}@{ledger.replace('_', '-')}.encours.invalid>"


def email_bytes(
    message: Message, *, identity: str, sender: str, customer: CustomerRow, creditor: EntityRow, to: str
) -> bytes:
    """The message as it goes over the wire. Raises ``ValueError`` for an address that is none."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address(display_name=one_line(creditor.name), addr_spec=sender)
    mail["To"] = _addressee(customer, to)
    mail["Subject"] = message.subject
    mail["Message-ID"] = identity
    mail["Date"] = localtime()
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()


def _addressee(customer: CustomerRow, to: str) -> Address:
    try:
        return Address(display_name=one_line(customer.name), addr_spec=to)
    except (ValueError, IndexError, MessageError) as error:
        # The standard library has three ways of saying that this is no address.
        raise ValueError(f"{to[:100]!r} is not an e-mail address: {error}") from error
