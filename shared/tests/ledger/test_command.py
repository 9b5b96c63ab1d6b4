"""A command that an earlier release stored is answered when it is repeated."""

from __future__ import annotations

from datetime import date

import msgspec

from encours.ledger.command import Result, completed

DAY = date(2026, 3, 31)


def test_a_result_of_an_earlier_release_gets_the_stream_that_its_command_wrote_to() -> None:
    stored = completed(b'{"limit_id":"lim_1"}', "lim_1", DAY)
    assert msgspec.json.decode(stored, type=Result) == Result(id="lim_1", as_of=DAY)


def test_a_complete_result_stays_as_it_was_stored() -> None:
    stored = b'{"id":"inv_1","as_of":"2026-01-15","note":"later"}'
    assert completed(stored, "pay_9", DAY) is stored
