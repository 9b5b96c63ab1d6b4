from encours.kernel.ids import derived_id, is_id, new_id, uuid7, with_prefix


def test_made_ids_sort_by_the_time_they_were_made_and_never_repeat() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


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
