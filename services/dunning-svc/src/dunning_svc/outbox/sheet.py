"""Places on the first page of a letter, by the window of the envelope that is usual in the creditor's country."""

from __future__ import annotations

from typing import Any

_RIGHT_WINDOW = frozenset({"FR", "MC"})


def sheet_of(country: str) -> dict[str, Any]:
    """Return the places in millimetres from the top left corner of the page.

    France: the addressee stands at the right (NF Z 11-001) and shows in the window of a DL envelope, 35 or 45 mm by
    100 mm and 20 mm from its right and lower edges, wherever the sheet lies in it. Elsewhere: form B of DIN 5008, with
    the return address above the addressee at the left.
    """
    return _AT_RIGHT if country in _RIGHT_WINDOW else _FORM_B


def _field(left_mm: float, top_mm: float, width_mm: float) -> dict[str, float]:
    return {"left_mm": left_mm, "top_mm": top_mm, "width_mm": width_mm}


_AT_RIGHT: dict[str, Any] = {
    "sender": _field(25, 15, 75),
    "return_line": None,
    "addressee": _field(105, 56, 85),
    "details": _field(25, 56, 70),
    "marks_mm": (99, 198),
    "text_top_mm": 100,
}
_FORM_B: dict[str, Any] = {
    "sender": _field(25, 15, 90),
    "return_line": _field(25, 57, 80),
    "addressee": _field(25, 63, 80),
    "details": _field(125, 50, 65),
    "marks_mm": (105, 148.5, 210),
    "text_top_mm": 103.5,
}
