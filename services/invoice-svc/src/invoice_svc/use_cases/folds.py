"""How each kind of stream becomes a state."""

from __future__ import annotations

from encours.ledger.states import Folder
from invoice_svc.domain import customer, dispute, entity
from invoice_svc.domain.invoice import state as invoice
from invoice_svc.domain.payment import state as payment

ENTITY = Folder(entity.Entity, entity.evolve)
CUSTOMER = Folder(customer.Customer, customer.evolve)
INVOICE = Folder(invoice.Invoice, invoice.evolve)
PAYMENT = Folder(payment.Payment, payment.evolve)
DISPUTE = Folder(dispute.Dispute, dispute.evolve)
