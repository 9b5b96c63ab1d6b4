import pickle
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from encours.kernel.ids import derived_id, hashed_uuid, is_id, new_id, uuid7, with_prefix


def test_made_ids_sort_by_the_time_they_were_made_and_never_repeat() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_a_made_id_is_as_any_other_uuid() -> None:
    for made in (uuid7(), hashed_uuid(bytes(16))):
        usual = UUID(int=made.int)
        assert (made, hash(made), str(made), made.is_safe) == (usual, hash(usual), str(usual), usual.is_safe)
        assert pickle.loads(pickle.dumps(made)) == usual


def test_the_same_cause_gives_the_same_id_and_another_cause_another() -> None:
    assert derived_id("rem", "main", 1) == derived_id("rem", "main", 1)
    assert derived_id("rem", "main", 1) != derived_id("rem", "main1", "")


def test_an_id_names_its_kind() -> None:
    identifier = new_id("inv")
    assert is_id(identifier, "inv")
    assert not is_id(identifier, "cus")
    assert not is_id(identifier.upper(), "inv")
    assert not is_id(identifier + "\n", "inv")
    assert with_prefix(identifier, "dec")[4:] == identifier[4:]


@given(st.binary(min_size=16, max_size=32))
def test_a_hashed_id_is_a_uuid_of_version_8_that_keeps_122_bits_of_the_hash(digest: bytes) -> None:
    found = hashed_uuid(digest)
    assert (found.version, found.variant) == (8, RFC_4122)
    kept = ~(0xF << 76) & ~(0b11 << 62)
    assert found.int & kept == int.from_bytes(digest[:16], "big") & kept
