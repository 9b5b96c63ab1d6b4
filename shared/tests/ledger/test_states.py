"""The cache of folded states is bounded and keeps what is newest."""

from __future__ import annotations

from encours.ledger.states import StateCache


def test_a_later_version_is_not_replaced_by_an_earlier_one() -> None:
    cache = StateCache()
    cache.put("a", "third", 3)
    cache.put("a", "second", 2)
    assert cache.get("a") == ("third", 3)


def test_what_was_used_longest_ago_goes_first() -> None:
    cache = StateCache(limit=2)
    cache.put("a", "a", 1)
    cache.put("b", "b", 1)
    cache.get("a")
    cache.put("c", "c", 1)
    assert [cache.get(key) for key in "abc"] == [("a", 1), None, ("c", 1)]


def test_a_stream_that_does_not_exist_is_not_remembered() -> None:
    cache = StateCache()
    cache.put("a", "nothing", 0)
    assert cache.get("a") is None
