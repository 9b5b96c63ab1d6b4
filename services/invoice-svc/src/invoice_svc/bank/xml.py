"""XML of unknown origin: no document types, no entities, a bounded depth, and namespaces taken off."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from invoice_svc.bank.faults import BankFileInvalid, XmlWithDeclarations


def parse(data: bytes) -> tuple[Element, str]:
    """Return the root, all names in it without namespaces, and its name with it.

    Raises :class:`XmlWithDeclarations`, :class:`BankFileInvalid`.

    A document type is refused as soon as it begins, before anything that it declares.
    """
    try:
        root: Element = fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise XmlWithDeclarations("The file declares a document type (<!DOCTYPE …>) or entities.") from None
    except (ParseError, ValueError, LookupError) as fault:
        raise BankFileInvalid(f"The file is not well-formed XML: {fault}.") from None
    root_tag: str = root.tag
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root, root_tag


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first element at a path of names; None if there is none."""
    return None if element is None else element.find("/".join(path))


def children(element: Element | None, step: str) -> list[Element]:
    """Return the elements of a name, in order."""
    return [] if element is None else element.findall(step)


def text(element: Element | None, *path: str) -> str | None:
    """Return the text at a path of names; None if there is none."""
    found = child(element, *path)
    return None if found is None or found.text is None else found.text.strip() or None
