"""The language of templates: text with values, conditions, and loops over the invoices of the message.

It is a part of Jinja's. The syntax tree is checked before anything is compiled: only what is listed here passes, so a
template calls nothing, computes nothing, reaches no attribute of an object, and repeats itself once per invoice at
most. Types of values are known too, so what passes renders for every customer. Jinja's immutable sandbox with strict
undefined names evaluates it, a second bound behind the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dunning_svc.domain.message.cleaning import is_printable
from dunning_svc.domain.message.variables import FIELDS, KNOWN, LISTS, NUMBERS

SOURCE_MAX = 20_000
"""Longest source, in characters."""
OUTPUT_MAX = 200_000
"""Longest text that a source may become, in characters, without the blocks."""
_DEPTH_MAX = 12
_LOOP_FIELDS = frozenset({"first", "last", "index"})
_ORDER = frozenset({"lt", "lteq", "gt", "gteq"})
_EQUALITY = frozenset({"eq", "ne"})
_COMMANDS = "{{ name }}, {% if %}, {% for invoice in invoices %}"

# A line that is one tag leaves no line behind, so that a loop over lines of text is written on lines of its own.
_LONE_TAG = re.compile(r"^[ \t]*(\{%(?:(?!%\}).)*%\})[ \t]*\n", re.MULTILINE)
_ENGINE = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, cache_size=0
)
for _table in (_ENGINE.globals, _ENGINE.filters, _ENGINE.tests):
    _table.clear()


class OutputTooLong(ValueError):
    """The text of a message is longer than messages may be."""


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Place in a source that is not accepted, and what to write instead."""

    line: int
    detail: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.detail}"


def faults_of(source: str) -> list[SourceFault]:
    """Return what the source contains besides the language of templates; nothing for one that is accepted."""
    if len(source) > SOURCE_MAX:
        return [SourceFault(1, f"A template has at most {SOURCE_MAX} characters.")]
    if not is_printable(source):
        return [SourceFault(1, "It contains characters that are not shown, such as control characters.")]
    try:
        tree = _ENGINE.parse(source)
    except TemplateSyntaxError as error:
        return [SourceFault(error.lineno, f"{error.message or 'It cannot be read.'} Write {_COMMANDS}.")]
    except RecursionError:
        return [SourceFault(1, "Its conditions are nested too deeply.")]
    except ValueError:
        return [SourceFault(1, "It contains a number with too many digits.")]
    return list(_faults(tree, {}, 0))


def fill(source: str, values: Mapping[str, Any]) -> str:
    """Return the source with its values. Raises :class:`OutputTooLong`; nothing else for an accepted source."""
    parts, length = [], 0
    for part in _compiled(source).generate(values):
        length += len(part)
        if length > OUTPUT_MAX:
            raise OutputTooLong(f"the text of the message has more than {OUTPUT_MAX} characters")
        parts.append(part)
    return "".join(parts)


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    if found := faults_of(source):
        raise ValueError(f"{found[0]}")
    return _ENGINE.from_string(_LONE_TAG.sub(r"\1", source))


def _faults(node: nodes.Node, loops: Mapping[str, str], depth: int) -> Iterator[SourceFault]:
    """Yield what is wrong below a statement. ``loops``: names of the invoices in the loops around it."""
    if depth > _DEPTH_MAX:
        yield SourceFault(node.lineno, f"More than {_DEPTH_MAX} conditions are nested.")
        return
    match node:
        case nodes.TemplateData():
            return
        case nodes.Template() | nodes.Output():
            for child in node.iter_child_nodes():
                yield from _faults(child, loops, depth)
        case nodes.If():
            yield from _expression(node.test, loops, depth)
            for child in (*node.body, *node.elif_, *node.else_):
                yield from _faults(child, loops, depth + 1)
        case nodes.For():
            yield from _loop(node, loops, depth)
        case nodes.Expr():
            yield from _expression(node, loops, depth, shown=True)
        case _:
            yield SourceFault(node.lineno, f"{{% {_word(node)} %}} is not available. Write {_COMMANDS}.")


def _loop(node: nodes.For, loops: Mapping[str, str], depth: int) -> Iterator[SourceFault]:
    if loops:
        yield SourceFault(node.lineno, "A loop within a loop is not available.")
    elif node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
        yield SourceFault(node.lineno, "Write the loop as {% for invoice in invoices %}.")
    elif not (isinstance(node.iter, nodes.Name) and node.iter.name in LISTS):
        yield SourceFault(node.lineno, f"A loop goes over one of: {', '.join(LISTS)}.")
    elif node.target.name in KNOWN or node.target.name == "loop":
        yield SourceFault(node.lineno, f"`{node.target.name}` has a meaning already. Write `invoice`.")
    else:
        inner = {node.target.name: node.iter.name, "loop": ""}
        for child in node.body:
            yield from _faults(child, inner, depth + 1)
        for child in node.else_:
            yield from _faults(child, loops, depth + 1)


def _expression(
    node: nodes.Node, loops: Mapping[str, str], depth: int, *, shown: bool = False
) -> Iterator[SourceFault]:
    """Yield what is wrong in a condition, or in a value that is shown."""
    if depth > _DEPTH_MAX:
        yield SourceFault(node.lineno, f"More than {_DEPTH_MAX} conditions are nested.")
        return
    match node:
        case nodes.Const(value=str() as text) if not is_printable(text):
            yield SourceFault(node.lineno, "An escape stands for a character that is not shown.")
        case nodes.Const(value=str() | int()):
            return
        case nodes.Name():
            yield from _name(node, loops, shown=shown)
        case nodes.Getattr():
            yield from _field(node, loops)
        case nodes.Not(node=inner):
            yield from _expression(inner, loops, depth + 1)
        case nodes.And() | nodes.Or():
            for inner in (node.left, node.right):
                yield from _expression(inner, loops, depth + 1)
        case nodes.CondExpr(expr2=otherwise) if otherwise is not None:
            yield from _expression(node.test, loops, depth + 1)
            for inner in (node.expr1, otherwise):
                yield from _expression(inner, loops, depth + 1, shown=shown)
        case nodes.Compare(ops=[operand]) if operand.op in _EQUALITY | _ORDER:
            for inner in (node.expr, operand.expr):
                yield from _expression(inner, loops, depth + 1)
                if operand.op in _ORDER and not _is_number(inner):
                    yield SourceFault(
                        node.lineno, f"Only numbers have an order: {', '.join(NUMBERS)}, 1, 2 …."
                    )
        case _:
            detail = f"{type(node).__name__} is not available: no calls, filters, tests or arithmetic."
            yield SourceFault(node.lineno, f"{detail} Write {_COMMANDS}.")


def _name(node: nodes.Name, loops: Mapping[str, str], *, shown: bool) -> Iterator[SourceFault]:
    if node.name in loops:
        known = "loop.index, loop.first" if node.name == "loop" else f"{node.name}.number, {node.name}.due"
        yield SourceFault(node.lineno, f"Write one of its fields, such as {known}.")
    elif node.name not in KNOWN:
        yield SourceFault(
            node.lineno, f"`{node.name}` is unknown. These names exist: {', '.join(sorted(KNOWN))}."
        )
    elif shown and node.name in LISTS:
        yield SourceFault(node.lineno, f"`{node.name}` is a list: {{% for invoice in {node.name} %}}.")


def _field(node: nodes.Getattr, loops: Mapping[str, str]) -> Iterator[SourceFault]:
    if not (isinstance(node.node, nodes.Name) and node.node.name in loops):
        yield SourceFault(node.lineno, f"`.{node.attr}`: only invoices of a loop have fields.")
        return
    fields = _LOOP_FIELDS if node.node.name == "loop" else FIELDS
    if node.attr not in fields:
        yield SourceFault(
            node.lineno, f"`{node.node.name}.{node.attr}` is unknown. Fields: {', '.join(sorted(fields))}."
        )


def _is_number(node: nodes.Node) -> bool:
    match node:
        case nodes.Const(value=int()):
            return True
        case nodes.Name(name=name):
            return name in NUMBERS
        case nodes.Getattr(node=nodes.Name(name="loop"), attr="index"):
            return True
        case _:
            return False


def _word(node: nodes.Node) -> str:
    words = {"Assign": "set", "AssignBlock": "set", "FromImport": "import", "CallBlock": "call"}
    return words.get(type(node).__name__, type(node).__name__.lower())
