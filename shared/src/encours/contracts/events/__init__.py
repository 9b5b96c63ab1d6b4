"""The types of events: a module to each family. Importing this package registers every type."""

from encours.contracts.events import aside, calendar, imports, invoice, loss, rate, reservation, risk
from encours.contracts.events.dunning import (
    collectors,
    placements,
    policy,
    promises,
    reminders,
    replies,
    tasks,
    template,
)
from encours.contracts.events.money import (
    bank,
    cover,
    instrument,
    payment,
    penalty,
    plan,
    remittance,
    residual,
    statement,
)
from encours.contracts.events.parties import customer, entity, field, insolvency
from encours.contracts.events.sales import approval, dispute, order, quote, recurring, review

__all__ = [
    "approval",
    "aside",
    "bank",
    "calendar",
    "collectors",
    "cover",
    "customer",
    "dispute",
    "entity",
    "field",
    "imports",
    "insolvency",
    "instrument",
    "invoice",
    "loss",
    "order",
    "payment",
    "penalty",
    "placements",
    "plan",
    "policy",
    "promises",
    "quote",
    "rate",
    "recurring",
    "reminders",
    "remittance",
    "replies",
    "reservation",
    "residual",
    "review",
    "risk",
    "statement",
    "tasks",
    "template",
]
