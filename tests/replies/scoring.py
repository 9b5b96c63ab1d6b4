"""Precision and recall of what is booked, against what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dunning_svc.domain.reply.findings import FoundStatement, read_reply
from tests.replies.generator import Truth, WrittenReply


@dataclass(slots=True)
class Score:
    """Counts of a kind: said, booked, booked rightly, and seen (booked or left to a person) rightly."""

    said: int = 0
    booked: int = 0
    right: int = 0
    seen: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of what was booked that was said."""
        return self.right / self.booked if self.booked else 1.0

    @property
    def recall(self) -> float:
        """Share of what was said that was booked."""
        return self.right / self.said if self.said else 1.0


def scored(written: Sequence[WrittenReply], threshold: int) -> dict[str, Score]:
    """Read the replies and compare."""
    scores: dict[str, Score] = {}
    for reply in written:
        left = list(reply.truths)
        for truth in reply.truths:
            scores.setdefault(truth.kind, Score()).said += 1
        for found in read_reply(reply.text, reply.context):
            score = scores.setdefault(found.kind, Score())
            truth_of = next((each for each in left if _same(found, each)), None)
            if truth_of is not None:
                left.remove(truth_of)
                score.seen += 1
            if found.confidence >= threshold:
                score.booked += 1
                score.right += truth_of is not None
                if truth_of is None:
                    score.wrong.append(
                        f"{found.sentence.text} -> {found.on} {found.subject} {found.confidence}"
                    )
        for truth in left:
            scores[truth.kind].missed.append(truth.sentence)
    return scores


def total(scores: dict[str, Score]) -> Score:
    """Return the sums of all kinds."""
    every = scores.values()
    return Score(
        sum(s.said for s in every),
        sum(s.booked for s in every),
        sum(s.right for s in every),
        sum(s.seen for s in every),
    )


def _same(found: FoundStatement, truth: Truth) -> bool:
    return (
        found.kind == truth.kind
        and found.on == truth.on
        and (truth.invoice_id is None or found.invoice_ids == (truth.invoice_id,))
    )
