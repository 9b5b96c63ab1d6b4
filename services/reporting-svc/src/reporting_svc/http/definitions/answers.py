"""Answers about definitions."""

from __future__ import annotations

from pydantic import BaseModel


class DefinitionOut(BaseModel):
    """Complete enough to compute the figure by hand."""

    id: str
    text: str


class DefinitionsOut(BaseModel):
    """Every definition that a figure of this service was ever computed by."""

    data: list[DefinitionOut]
