"""Names in the library's world are stored types, explicit both ways."""

from __future__ import annotations

import pytest

from encours.replay.topics import topic_of, type_of


@pytest.mark.parametrize(
    ("stored", "topic"), [(("invoice.issued", 1), "invoice.issued"), (("a.b", 12), "a.b;v=12")]
)
def test_a_topic_is_the_stored_type_and_its_version(stored: tuple[str, int], topic: str) -> None:
    assert topic_of(*stored) == topic
    assert type_of(topic) == stored
