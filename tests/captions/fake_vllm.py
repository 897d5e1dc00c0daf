"""Stands in for a vLLM that is started by us: takes its arguments, says what it would say, serves a stand-in."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.captions.stand_in import Answer, StandIn, serving

OUT_OF_MEMORY = """\
(EngineCore pid=9) Traceback (most recent call last):
(EngineCore pid=9) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 14.00 GiB.
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-m")
    parser.add_argument("--model")
    parser.add_argument("--served-model-name")
    parser.add_argument("--port", type=int)
    parser.add_argument("--crash-after", type=int, default=10**9)
    parser.add_argument("--pids", type=Path)
    parser.add_argument("--asked", type=Path, help="note every question here, and give each an answer of its own")
    given, _ = parser.parse_known_args()
    print(f"non-default args: {sys.argv[1:]}", flush=True)
    if given.model == "too-large":
        sys.exit(print(OUT_OF_MEMORY, flush=True) or 1)

    def answer(body: dict[str, Any], number: int) -> Answer:
        if number >= given.crash_after:
            print("RuntimeError: CUDA error: an illegal memory access was encountered", flush=True)
            os._exit(1)
        if not given.asked:
            return Answer()
        question = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
        with given.asked.open("a") as file:
            file.write(f"{question}\n")
        return Answer(f"A red hat beside the words {question}.", delay=0.02)

    engine = subprocess.Popen(["sleep", "1000"])
    with given.pids.open("a") as file:
        file.write(f"{os.getpid()} {engine.pid}\n")
    with serving(StandIn(model=given.served_model_name, answer=answer), given.port):
        print("Application startup complete.", flush=True)
        time.sleep(1000)


main()
