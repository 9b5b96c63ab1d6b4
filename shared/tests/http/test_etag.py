"""Preconditions: If-Match compares strongly, If-None-Match weakly, and nonsense is a 400."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from encours.http.context import SCOPE_KEY, RequestContext
from encours.http.etag import PreconditionFailed, if_match, none_matches, require_match
from encours.kernel.errors import DomainError


def request(**headers: str) -> Request:
    sent = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    ctx = RequestContext("req_1", "00-1-1-01", sent=sent, body_max_bytes=1, content_length=0)
    return Request({"type": "http", "headers": list(sent.items()), SCOPE_KEY: ctx})


@pytest.mark.parametrize(
    ("value", "version", "good"),
    [
        ('"3"', 3, True), ('"2"', 3, False), ('"1", "3"', 3, True), ('W/"3"', 3, False), ("*", 3, True),
        ("*", 0, False), ('"abc"', 3, False), ('"999999999999999999999999"', 3, False), ('"٣"', 3, False),
    ],
)  # fmt: skip
def test_if_match_lets_the_versions_through_that_it_names(value: str, version: int, good: bool) -> None:
    allowed = if_match(request(if_match=value.encode().decode("latin-1")))
    if good:
        require_match(allowed, version)
    else:
        with pytest.raises(PreconditionFailed) as refused:
            require_match(allowed, version)
        assert (refused.value.status, refused.value.extra) == (412, {"version": version})


def test_without_if_match_every_version_is_good() -> None:
    require_match(if_match(request()), 7)


@pytest.mark.parametrize(
    ("value", "same"), [('"3"', True), ('W/"3"', True), ('"2", W/"3"', True), ("*", True), ('"33"', False)]
)
def test_if_none_match_compares_weakly(value: str, same: bool) -> None:
    assert none_matches(request(if_none_match=value), 3) is same


@pytest.mark.parametrize("value", ["3", "", '"3', "W/3", ", ".join('"1"' for _ in range(60))])
def test_what_is_no_entity_tag_is_refused(value: str) -> None:
    with pytest.raises(DomainError) as refused:
        if_match(request(if_match=value))
    assert (refused.value.status, refused.value.code) == (400, "malformed-parameter")
