"""Published language: every type of event that the ledger may contain, defined once.

Importing this package registers every type; an unregistered one is refused, never imported by name.
"""

from encours.contracts import events
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
    "batch_decoder",
    "decode",
    "decoder",
    "encode",
    "event_class",
    "events",
    "names_in",
    "names_of",
    "types",
]
