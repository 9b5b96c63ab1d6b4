"""The form of the texts: a template in English and one in French for a type of event."""

from __future__ import annotations

from encours.contracts import Event

Lines = dict[type[Event], tuple[str, str]]
"""Texts by type of event."""
