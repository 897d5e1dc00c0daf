"""Length of a caption, and whether it ends as a text does."""

from dataclasses import dataclass
from typing import Literal

from dataset_build.captions.scores.words import tokens, words

ENDS = ".!?…。！？"
_CLOSING = "\"'”’)]»」』*"


@dataclass(frozen=True)
class Band:
    """How long a text is to be, both ends included, in words or in tokens (estimated: scores.words.tokens)."""

    low: int
    high: int
    unit: Literal["words", "tokens"] = "words"

    def size(self, text: str) -> int:
        """Length of the text in the band's unit."""
        return tokens(text) if self.unit == "tokens" else len(words(text))

    def off(self, text: str) -> float:
        """How far outside the text is: 0 inside, below 0 too short, above 0 too long, as a share of the band's end."""
        size = self.size(text)
        if size < self.low:
            return (size - self.low) / self.low
        return max(size - self.high, 0) / self.high


def is_cut_off(text: str) -> bool:
    """Whether the text ends amid a sentence; one that never ends a sentence, such as a title, is not cut off."""
    body = text.rstrip().rstrip(_CLOSING).rstrip()
    if not body:
        return False
    return body[-1] not in ENDS and (body[-1] in ",;:-–" or any(end in body for end in (". ", "! ", "? ", "。")))
