"""Hash of rows as they are written: that of reading them back in the order of their key, or none."""

from __future__ import annotations

import hashlib

from encours.projection.hashing import WrittenHash
from encours.projection.rows import Key, Row


class Noted(Row, kw_only=True):
    TABLE = "noted"
    KEY = ("position", "line")
    position: int
    line: int


class Named(Row, kw_only=True):
    TABLE = "named"
    KEY = ("name", "position")
    name: str
    position: int


def followed(found: WrittenHash, *keys: Key) -> bool:
    """Pass on rows with these keys, encoded as their keys; false if they are not hashed."""
    rows: list[Row] = [Noted(position=position, line=line) for position, line in keys]
    sent = found.follow(rows)
    if sent is not None:
        for row in rows:
            assert isinstance(row, Noted)
            sent(f"{row.position} {row.line};".encode())
    return sent is not None


def test_rows_are_hashed_in_the_order_of_their_key() -> None:
    found = WrittenHash(Noted)
    assert followed(found, (1, 1), (1, 0), (4, 0))
    assert not followed(found)
    assert followed(found, (4, 1), (7, 0))
    assert found.rows is not None
    assert found.rows.digest() == hashlib.sha256(b"1 0;1 1;4 0;4 1;7 0;").digest()


def test_rows_before_those_that_are_hashed_already_leave_no_hash() -> None:
    found = WrittenHash(Noted)
    assert followed(found, (1, 0), (4, 1))
    assert not followed(found, (4, 1))
    assert not followed(found, (9, 0))
    assert found.rows is None


def test_rows_whose_key_begins_with_something_else_come_in_no_order() -> None:
    assert WrittenHash(Named).follow([Named(name="a", position=1)]) is None
