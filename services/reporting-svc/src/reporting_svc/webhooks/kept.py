"""Answers to commands, and what is kept of them for a repetition: no secret, but its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def digest_of(secret: str) -> str:
    """Return what is kept of a secret in answers: ``sha256:`` and the digest of its random bytes."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """Answer to a command, and what is kept of it for a repetition."""

    content: bytes
    kept: bytes

    @classmethod
    def of(cls, content: bytes) -> NewAnswer:
        """Return an answer that is kept as it is."""
        return cls(content, content)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Answer to a command; ``replayed``: by an earlier run of it."""

    content: bytes
    replayed: bool
