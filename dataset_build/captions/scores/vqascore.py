"""VQAScore (Lin et al. 2024): the probability of yes in the first token of an answer."""

import math

from dataset_build.captions.calls import Choice, Token
from dataset_build.captions.parse import choice

YES_OR_NO = choice("yes", "no")


def p_yes(choice: Choice) -> tuple[float, str]:
    """Probability of yes against no in the first token that is either, 0 to 1, and what was odd about it.

    Spellings add up. Where one of the two is not among the alternatives it gets the most that it can have, and that
    is noted; without log-probabilities the word itself decides. Raises Unparsable when it says neither.
    """
    for token in choice.tokens:
        if _answer(token.text) or any(map(_answer, token.top)):
            return _share(token)
    return (1.0, "no_logprobs") if YES_OR_NO.read(choice.text) == "yes" else (0.0, "no_logprobs")


def _share(token: Token) -> tuple[float, str]:
    top = dict(token.top) or {token.text: token.logprob}
    yes = sum(math.exp(p) for word, p in top.items() if _answer(word) == "yes")
    no = sum(math.exp(p) for word, p in top.items() if _answer(word) == "no")
    left = min(max(1 - sum(map(math.exp, top.values())), 0.0), math.exp(min(top.values())))
    note = "no_missing" if not no else "yes_missing" if not yes else ""
    yes, no = yes or left, no or left
    return (yes / (yes + no) if yes + no else 0.0), note


def _answer(word: str) -> str:
    plain = word.strip(" \t\n▁Ġ.,!:*\"'").casefold()
    return plain if plain in ("yes", "no") else ""
