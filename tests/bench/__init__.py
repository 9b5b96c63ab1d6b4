"""Benchmarks against references measured in the same run; `python -m tests.bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Entry = dict[str, Any]
"""`name value unit reference reference_value ratio target met`; `target` is what is compared, as text."""

_NOT_BENCHES = {"__init__", "__main__", "reference"}
BENCHES = tuple(
    sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in _NOT_BENCHES and "async def run(" in path.read_text(encoding="utf-8")
    )
)


def entry(
    name: str,
    value: float,
    unit: str,
    *,
    reference: str,
    reference_value: float,
    ratio: float | None = None,
    target: str,
    met: bool | None,
) -> Entry:
    """One figure. ``ratio`` is value / reference unless given (a median of neighbouring slices is steadier)."""
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value, 3),
        "ratio": round(value / reference_value if ratio is None else ratio, 3),
        "target": target,
        "met": met,
    }
