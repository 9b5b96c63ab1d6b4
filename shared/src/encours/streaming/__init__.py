"""From the ledger to every service's state: relay, JetStream, subscriptions, read models, rebuilds.

Each event is applied once and in order, whatever happens to NATS, to a process or to a database in between;
and what is applied can be thrown away and built again from the ledger with the same content.
"""

from encours.streaming.control import ensure_control
from encours.streaming.names import schema_of
from encours.streaming.read_db import ReadDb, ReadModelNotReady, Snapshot
from encours.streaming.read_model import Reactor, ReadModel
from encours.streaming.rebuild import Rebuilt, rebuild
from encours.streaming.rebuild_main import rebuild_main
from encours.streaming.rows import Row, table_of
from encours.streaming.rowset import RowSet
from encours.streaming.worker import Worker

__all__ = [
    "Reactor",
    "ReadDb",
    "ReadModel",
    "ReadModelNotReady",
    "Rebuilt",
    "Row",
    "RowSet",
    "Snapshot",
    "Worker",
    "ensure_control",
    "rebuild",
    "rebuild_main",
    "schema_of",
    "table_of",
]
