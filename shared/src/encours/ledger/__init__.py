"""Append-only ledger, the only source of truth: appends, reads, sessions of commands, archives."""

from encours.ledger.client import Ledger
from encours.ledger.errors import (
    AppendRefused,
    CommandReused,
    EventUnreadable,
    FamilyRefused,
    IssueDateBeforeLast,
    LedgerUnavailable,
    NumberTaken,
    UnknownLedger,
    VersionConflict,
)
from encours.ledger.model import (
    Append,
    Appended,
    Guard,
    Head,
    LedgerInfo,
    LedgerKind,
    NewEvent,
    NumberStep,
    RawEvent,
    StoredCommand,
)

__all__ = [
    "Append",
    "AppendRefused",
    "Appended",
    "CommandReused",
    "EventUnreadable",
    "FamilyRefused",
    "Guard",
    "Head",
    "IssueDateBeforeLast",
    "Ledger",
    "LedgerInfo",
    "LedgerKind",
    "LedgerUnavailable",
    "NewEvent",
    "NumberStep",
    "NumberTaken",
    "RawEvent",
    "StoredCommand",
    "UnknownLedger",
    "VersionConflict",
]
