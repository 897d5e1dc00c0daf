"""Answers spoiled as models spoil them."""

import json
from typing import TYPE_CHECKING, Any

from dataset_build.captions.scores.words import tokens

if TYPE_CHECKING:
    from tests.captions.oracle.tasks import Question


def spoiled(text: str, question: "Question", body: dict[str, Any]) -> tuple[str, str]:
    """The answer after the faults that the knobs draw for it, and its finish reason."""
    knobs = question.knobs

    def happens(fault: str) -> bool:
        return knobs.draw(fault, question.key, question.number) < getattr(knobs, fault)

    if happens("refuse"):
        return "I'm sorry, but I can't help with that.", "stop"
    if happens("empty"):
        return "  \n", "stop"
    if happens("repeat"):
        return " ".join([text] * 12), "stop"
    if happens("truncate") or tokens(text) > body["max_tokens"]:
        return text[: max(len(text) // 2, 1)], "length"
    if text.startswith("{"):
        if happens("bad_json"):
            return text[:-2], "stop"
        return _styled(text, knobs.json_style), "stop"
    return text, "stop"


def _styled(text: str, style: str) -> str:
    return {
        "plain": text,
        "fenced": f"```json\n{text}\n```",
        "prose": f"Here it is:\n{text}\nI hope this helps {{a lot}}.",
        "single_quoted": repr(json.loads(text)),
    }[style]
