"""Published language: every type of event that the ledger may contain, defined once.

Importing this package registers every type; an unregistered one is refused, never imported by name.
"""

from encours.contracts import (
    aside,
    calendar,
    customer,
    dispute,
    dunning,
    entity,
    field,
    imports,
    invoice,
    order,
    payment,
    rate,
    recurring,
    risk,
)
from encours.contracts.base import (
    Event,
    NewerVersion,
    UnknownType,
    batch_decoder,
    decode,
    decoder,
    encode,
    event_class,
    names_in,
    names_of,
    types,
)
from encours.contracts.recorded import Recorded

__all__ = [
    "Event",
    "NewerVersion",
    "Recorded",
    "UnknownType",
    "aside",
    "batch_decoder",
    "calendar",
    "customer",
    "decode",
    "decoder",
    "dispute",
    "dunning",
    "encode",
    "entity",
    "event_class",
    "field",
    "imports",
    "invoice",
    "names_in",
    "names_of",
    "order",
    "payment",
    "rate",
    "recurring",
    "risk",
    "types",
]
