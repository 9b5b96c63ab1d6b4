"""The ledger through the `eventsourcing` library: the auditor's door, and a second opinion on every fold."""

from encours.replay.application import LedgerApplication, Replayed
from encours.replay.folders import Folders, installed_folders

__all__ = ["Folders", "LedgerApplication", "Replayed", "installed_folders"]
