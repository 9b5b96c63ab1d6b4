"""Media types of request bodies, by their ``Content-Type`` header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AlsoReads:
    """Mark of a body that may come in another media type: ``Annotated[PolicyBody, AlsoReads("application/yaml", f)]``.

    ``parse`` returns the plain value of the bytes, or raises a refusal.
    """

    media_type: str
    parse: Callable[[bytes], Any]


def media_type(sent: str | None) -> str:
    """Return the content type without its parameters, in lower case; empty if there is none."""
    return (sent or "").partition(";")[0].strip().lower()


def is_json(sent: str | None) -> bool:
    """Return whether the content type is ``application/json`` or ``application/*+json``."""
    if sent == "application/json":
        return True
    media = media_type(sent)
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))
