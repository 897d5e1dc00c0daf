"""The oracle behind an OpenAI-compatible server on this machine."""

from typing import Any

from tests.captions.oracle.oracle import Failed, Oracle
from tests.captions.stand_in import Answer, StandIn


def stand_in(oracle: Oracle, model: str = "oracle") -> StandIn:
    """The server, for stand_in.serving; `knobs` of the oracle by the model's name, or for all by ''."""

    def answer(body: dict[str, Any], number: int) -> Answer:
        knobs = oracle.knobs_of(body["model"])
        try:
            return Answer(body=oracle.answer(body), delay=knobs.delay)
        except Failed as failed:
            return Answer("the oracle is told to fail", failed.status, knobs.delay)

    return StandIn(model, answer)
