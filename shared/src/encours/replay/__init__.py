"""Access to the ledger through the `eventsourcing` library: for auditors, and to check every fold."""

from encours.replay.application import LedgerApplication, Replayed
from encours.replay.folders import Folders, installed_folders

__all__ = ["Folders", "LedgerApplication", "Replayed", "installed_folders"]
