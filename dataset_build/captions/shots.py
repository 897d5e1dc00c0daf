"""Examples that go before a question: a picture, its tags, and the caption that is wanted."""

import hashlib
import json
from pathlib import Path

from dataset_build.captions.calls import Picture
from dataset_build.captions.generate import Shot

FOLDER = Path(__file__).parent / "prompts" / "shots"
SHA256 = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(FOLDER.iterdir()))).hexdigest()


def shot(name: str) -> Shot:
    """The example of that name: NAME.jpg, and NAME.json with the values of the prompt and the answer."""
    said = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return Shot((Picture((FOLDER / f"{name}.jpg").read_bytes()),), said["values"], said["answer"])
