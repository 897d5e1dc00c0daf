"""Cut texts without a model."""

from collections.abc import Sequence

from dataset_build.captions.job import part_of
from dataset_build.captions.scores.words import says, tokens
from dataset_build.captions.split import sentence_pieces


def without(text: str, phrases: Sequence[str]) -> str:
    """The text without the sentences that say one of the phrases."""
    kept = (piece for piece in sentence_pieces(text) if not any(says(piece, phrase) for phrase in phrases))
    return part_of(text, "".join(kept).strip())


def shortened(text: str, most: int) -> str:
    """The first words of the text, at most so many tokens of them (estimated: scores.words.tokens)."""
    said, size = [], 0
    for word in text.split():
        size += tokens(word)
        if size > most:
            break
        said.append(word)
    return " ".join(said)
