"""Experiments of the ledger, and the customers that are in them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class ExperimentRow(Row, kw_only=True):
    """An experiment. It runs until ``stopped_on`` is set."""

    TABLE: ClassVar[str] = "experiment"
    KEY: ClassVar[tuple[str, ...]] = ("experiment_id",)

    experiment_id: str
    champion_id: str
    champion_version: int
    challenger_id: str
    challenger_version: int
    challenger_percent: int
    started_on: date
    position: int
    stopped_on: date | None = None


class TrialAssignmentRow(Row, kw_only=True):
    """A customer in an experiment."""

    TABLE: ClassVar[str] = "trial_assignment"
    KEY: ClassVar[tuple[str, ...]] = ("experiment_id", "customer_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)

    experiment_id: str
    customer_id: str
    arm: str
    day: date
    position: int
