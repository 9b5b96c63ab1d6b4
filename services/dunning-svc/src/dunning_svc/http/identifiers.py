"""Identifiers in paths, queries and bodies of this service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from encours.http.models import Id

CustomerId = Annotated[str, Id("cus")]
InvoiceId = Annotated[str, Id("inv")]
CustomerPath = Annotated[str, Path(alias="id"), Id("cus")]
ReminderPath = Annotated[str, Path(alias="id"), Id("rem")]
TaskPath = Annotated[str, Path(alias="id"), Id("tsk")]
DecisionPath = Annotated[str, Path(alias="id"), Id("dec")]
PolicyPath = Annotated[str, Path(alias="id"), Id("pol")]
