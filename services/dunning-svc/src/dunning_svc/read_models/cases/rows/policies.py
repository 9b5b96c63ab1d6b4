"""Policies and templates of the ledger."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class PolicyRow(Row, kw_only=True):
    """A policy of the ledger. ``documents``: those of its versions, in order; ``active_version`` is 0 without one.

    ``changed_on``: the last day on which a version was put in force or out of it.
    """

    TABLE: ClassVar[str] = "policy"
    KEY: ClassVar[tuple[str, ...]] = ("policy_id",)

    policy_id: str
    documents: list[str]
    active_version: int
    changed_on: date | None
    changed_position: int


class TemplateRow(Row, kw_only=True):
    """A template of the ledger with its text in force; ``version`` is 0 without one."""

    TABLE: ClassVar[str] = "template"
    KEY: ClassVar[tuple[str, ...]] = ("template_id",)

    template_id: str
    code: str
    language: str
    entity_id: str | None
    purpose: str
    version: int
    subject: str
    text: str
