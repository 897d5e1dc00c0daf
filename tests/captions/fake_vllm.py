"""Stands in for a vLLM that is started by us: takes its arguments, says what it would say, serves a stand-in."""

import argparse
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
    given, _ = parser.parse_known_args()
    if given.model == "too-large":
        sys.exit(print(OUT_OF_MEMORY, flush=True) or 1)

    def answer(body: dict[str, Any], number: int) -> Answer:
        if number >= given.crash_after:
            print("RuntimeError: CUDA error: an illegal memory access was encountered", flush=True)
            os._exit(1)
        return Answer()

    engine = subprocess.Popen(["sleep", "1000"])
    with given.pids.open("a") as file:
        file.write(f"{os.getpid()} {engine.pid}\n")
    with serving(StandIn(model=given.served_model_name, answer=answer), given.port):
        print("Application startup complete.", flush=True)
        time.sleep(1000)


main()
