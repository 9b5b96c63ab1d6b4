"""Answers to commands, and their stored copies for repetitions, which have the digest of a secret in its place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def digest_of(secret: str) -> str:
    """Return the text that stored answers have for a secret: ``sha256:`` and its digest."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """Answer to a command, and the copy that is stored for a repetition."""

    content: bytes
    kept: bytes

    @classmethod
    def of(cls, content: bytes) -> NewAnswer:
        """Return an answer without a secret, stored as it is."""
        return cls(content, content)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Answer to a command; ``replayed``: an earlier run of the command made it."""

    content: bytes
    replayed: bool
