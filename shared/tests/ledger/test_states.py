"""The cache of folded states is bounded and keeps what is newest."""

from __future__ import annotations

from encours.ledger.states import Folded, StateCache


def folded(state: str, version: int = 1) -> Folded[str]:
    return Folded(state, version, "ent_1")


def test_a_later_version_is_not_replaced_by_an_earlier_one() -> None:
    cache = StateCache()
    cache.put("a", folded("third", 3))
    cache.put("a", folded("second", 2))
    assert cache.get("a") == folded("third", 3)


def test_what_was_used_longest_ago_goes_first() -> None:
    cache = StateCache(limit=2)
    cache.put("a", folded("a"))
    cache.put("b", folded("b"))
    cache.get("a")
    cache.put("c", folded("c"))
    assert [cache.get(key) for key in "abc"] == [folded("a"), None, folded("c")]


def test_a_stream_that_has_begun_is_not_forgotten_for_its_absence() -> None:
    cache = StateCache()
    cache.put("a", Folded("nothing", 0, None))
    assert cache.get("a") == Folded("nothing", 0, None)
    cache.put("a", folded("first"))
    cache.put("a", Folded("nothing", 0, None))
    assert cache.get("a") == folded("first")
