"""Dates, instants and positions in requests: what is understood, and that nothing else gets through or crashes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.http.parameters import FIRST_DAY, LAST_DAY, parse_date, parse_instant, parse_position
from encours.kernel.instants import instant_text


@given(st.dates(FIRST_DAY, LAST_DAY))
def test_a_business_date_is_read_as_it_is_written(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "20260131", "2026-1-31", "1899-12-31", "2200-01-01", "2026-01-31T00:00", "٢٠٢٦-٠١-٠١", ""],
)
def test_what_is_no_business_date_is_refused(text: str) -> None:
    assert parse_date(text) is None


@given(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_is_read_as_it_is_written(instant: datetime) -> None:
    assert parse_instant(instant_text(instant)) == instant


def test_an_instant_may_have_an_offset_even_if_its_plus_became_a_blank() -> None:
    expected = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    assert parse_instant("2026-03-31T18:00:00+02:00") == expected
    assert parse_instant("2026-03-31T18:00:00 02:00") == expected
    assert parse_instant("2026-03-31T11:00:00-05:00") == expected


@pytest.mark.parametrize(
    "text", ["2026-03-31", "2026-03-31T24:00:00Z", "2026-03-31T18:00:00", "2026-03-31T18:00:00+99:00", "now"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    assert parse_instant(text) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9+:TZ -]{0,40}", fullmatch=True))
def test_no_text_makes_the_readers_fail(text: str) -> None:
    parse_date(text)
    parse_instant(text)
    position = parse_position(text)
    assert position is None or 0 <= position <= 2**53
