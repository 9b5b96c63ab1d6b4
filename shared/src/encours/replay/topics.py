"""Names of stored types in the library's world: explicit both ways, and never a Python path."""

from __future__ import annotations


def topic_of(type_name: str, schema_version: int) -> str:
    """The library's name of a stored type."""
    return type_name if schema_version == 1 else f"{type_name};v={schema_version}"


def type_of(topic: str) -> tuple[str, int]:
    """Stored type and schema version of a topic."""
    type_name, _, version = topic.partition(";v=")
    return type_name, int(version or 1)
