"""Policies in YAML: read without code, anchors or conversions, and written for people.

Scalars are those of JSON: ``NO`` and ``on`` are texts, and so is ``5.00``, which keeps amounts exact.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from encours.kernel.errors import Refusal

MAX_BYTES = 64 * 1024
_MAX_DEPTH = 12


class UnreadableYaml(Refusal):
    """The text is not YAML of the accepted kind (400)."""

    code = "unreadable-yaml"
    title = "YAML cannot be read"
    status = 400
    remedy = "Send one document of plain mappings, lists and values, without anchors, aliases and tags."


class _Loader(yaml.SafeLoader):
    """Loader that composes plain nodes only. An alias could multiply a short text into gigabytes."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - declared so by PyYAML

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None or isinstance(event, yaml.AliasEvent):
            raise UnreadableYaml(f"Line {event.start_mark.line + 1} has an anchor or an alias. Write it out.")
        if getattr(event, "tag", None) is not None:
            raise UnreadableYaml(f"Line {event.start_mark.line + 1} has a tag. Remove it.")
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableYaml(f"Line {event.start_mark.line + 1} is nested too deeply.")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        for name in names:
            if not isinstance(name, str) or names.count(name) > 1:
                raise UnreadableYaml(f"The name {str(name)[:40]!r} is not a text, or occurs twice.")
        return super().construct_mapping(node, deep)


for _tag, _form, _first in (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:null", r"null|~|", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"-?(0|[1-9][0-9]{0,17})", list("-0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_form})\Z"), list(_first))


def read_yaml(text: bytes) -> Any:
    """Return the plain value of a YAML document. Raises :class:`UnreadableYaml`."""
    if len(text) > MAX_BYTES:
        raise UnreadableYaml(f"The document has more than {MAX_BYTES:,} bytes.")
    try:
        return yaml.load(text.decode("utf-8"), _Loader)  # noqa: S506 - a SafeLoader with fewer types
    except UnicodeDecodeError:
        raise UnreadableYaml("The document is not in UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableYaml(f"Line {line}: {error.problem or 'not YAML'}.") from None
    except yaml.YAMLError:
        raise UnreadableYaml("The document has characters that YAML does not allow.") from None


def write_yaml(plain: dict[str, Any]) -> str:
    """Return the plain value as YAML, in its own order; read again, it is the same value."""
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
