"""Sum of regression trees as plain data: arrays of JSON that nothing has to execute, evaluated without a library.

The sums are those of scikit-learn to the last bit: thresholds and leaves are kept whole and added in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAF = -1
TreeNode = tuple[int, float, int, int]
"""Signal, threshold, node up to it, node above it; of a leaf: ``LEAF``, its value, 0, 0."""


@dataclass(frozen=True, slots=True)
class TreeSum:
    """Trees whose leaves are added to a first value; node 0 of each is its root."""

    first: float
    trees: tuple[tuple[TreeNode, ...], ...]

    def of(self, values: Sequence[float]) -> float:
        """Return the sum of the leaves that the values lead to."""
        total = self.first
        for tree in self.trees:
            signal, value, below, above = tree[0]
            while signal != LEAF:
                signal, value, below, above = tree[below if values[signal] <= value else above]
            total += value
        return total
