"""Versions of a resource as HTTP knows them: ``ETag: "<stream version>"`` (RFC 9110 §8.8.3, §13.1)."""

from __future__ import annotations

import re

from starlette.requests import Request

from encours.http.context import context
from encours.http.parameters import malformed
from encours.kernel.errors import Refusal

ANY_VERSION = -1
_TAG = re.compile(r'(W/)?"([^"]*)"')
_MAX_TAGS = 50


class PreconditionFailed(Refusal):
    """The resource is not at the version that the caller saw (412)."""

    code = "precondition-failed"
    title = "Changed since it was read"
    status = 412
    remedy = "Read it again and send its new ETag in If-Match."

    def __init__(self, version: int) -> None:
        super().__init__(
            f'It is at version "{version}" now: read it again and decide again.',
            extra={"version": version},
        )


def etag(version: int) -> str:
    """The strong entity tag of a stream version."""
    return f'"{version}"'


def _tags(name: str, value: str) -> list[tuple[bool, str]]:
    found = [(bool(weak), tag) for weak, tag in _TAG.findall(value)]
    if not found or len(found) > _MAX_TAGS:
        raise malformed(name, 'Write an ETag as it was answered, such as "3", or *.')
    return found


def if_match(request: Request) -> frozenset[int] | None:
    """The versions that ``If-Match`` allows; nothing if it is absent, :data:`ANY_VERSION` within for ``*``.

    Weak tags never match here: comparison is strong (RFC 9110 §13.1.1).
    """
    value = context(request).header(b"if-match")
    if value is None:
        return None
    if value.strip() == "*":
        return frozenset({ANY_VERSION})
    return frozenset(
        int(tag)
        for weak, tag in _tags("If-Match", value)
        if not weak and tag.isascii() and tag.isdigit() and len(tag) < 10
    )


def require_match(allowed: frozenset[int] | None, version: int) -> None:
    """Raise :class:`PreconditionFailed` unless the version is allowed. Version 0 stands for what does not exist."""
    if allowed is None or version in allowed or (ANY_VERSION in allowed and version > 0):
        return
    raise PreconditionFailed(version)


def none_matches(request: Request, version: int) -> bool:
    """Return whether ``If-None-Match`` lists the version, so that 304 is the answer. Comparison is weak."""
    value = context(request).header(b"if-none-match")
    if value is None:
        return False
    if value.strip() == "*":
        return True
    return any(tag == str(version) for _, tag in _tags("If-None-Match", value))
