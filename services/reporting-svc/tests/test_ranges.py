"""Parts of a file by `Range`: one range of bytes is answered as such, whatever else is sent gets the whole file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_svc.http.exports.ranges import AskedRange, ByteRange

TAG = '"abc"'
CONTENT = bytes(range(200))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=190-", (190, 199)),
        ("bytes=190-999", (190, 199)),
        ("bytes=-5", (195, 199)),
        ("bytes=-999", (0, 199)),
        ("BYTES= 5-6 ", (5, 6)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=-", None),
        ("bytes=7-3", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=--1", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_one_range_of_bytes_is_a_part_and_any_other_form_the_whole(
    text: str | None, part: tuple[int, int] | None
) -> None:
    found = AskedRange(text, None).of(len(CONTENT), TAG)
    assert found == (None if part is None else ByteRange(*part))


@pytest.mark.parametrize("text", ["bytes=200-", "bytes=200-300", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_behind_the_end_begins_there(text: str) -> None:
    found = AskedRange(text, None).of(len(CONTENT), TAG)
    assert found is not None
    assert found.first >= len(CONTENT)


@pytest.mark.parametrize(
    "condition", ['"abd"', 'W/"abc"', "abc", "", "Wed, 21 Oct 2026 07:28:00 GMT", '"abc", "abd"']
)
def test_a_file_that_has_changed_since_is_sent_whole(condition: str) -> None:
    assert AskedRange("bytes=1-2", condition).of(len(CONTENT), TAG) is None
    assert AskedRange("bytes=1-2", TAG).of(len(CONTENT), TAG) == ByteRange(1, 2)


@given(
    st.one_of(st.text(max_size=30), st.from_regex(re.compile(r"bytes=[0-9]{0,4}-[0-9]{0,4}"), fullmatch=True))
)
def test_no_text_is_an_error_and_a_part_lies_within_the_file(text: str) -> None:
    found = AskedRange(text, None).of(len(CONTENT), TAG)
    if found is not None and found.first < len(CONTENT):
        assert 0 <= found.first <= found.last < len(CONTENT)
        assert len(CONTENT[found.first : found.last + 1]) == found.size
