"""ShareGPT4V's JSON: a conversation per image, in which a person asks and the model describes."""

import json
from typing import Any

from dataset_build.exports.files import publishing
from dataset_build.exports.formats import Format, Job, copy_images, folder
from dataset_build.exports.samples import Sample

TABLE = "sharegpt4v.json"
QUESTION = "<image>\nDescribe this image."
PLACEHOLDER = "<image>"  # stands for the picture: a text that holds it would ask for a second one


def finish(job: Job) -> list[str]:
    """Write sharegpt4v.json, a list; image is relative to the folder, or the path of the original."""
    with publishing(job.out / TABLE) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write("[")
        for number, sample in enumerate(job.samples()):
            file.write(",\n" if number else "\n")
            file.write(json.dumps(_conversation(sample), ensure_ascii=False))
        file.write("\n]\n")
    return [TABLE]


def _conversation(sample: Sample) -> dict[str, Any]:
    answer = sample.text.replace(PLACEHOLDER, "image")
    return {
        "id": sample.image_id,
        "image": sample.path,
        "conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": answer}],
        **{name: sample.row[name] for name in ("model", "source", "url", "license")},
    }


FORMAT = Format(
    doc="sharegpt4v.json: id, image, conversations, source, licence; and folders of images",
    reader="LLaVA and ShareGPT4V training code",
    modes=("copy", "reference"),
    shard=folder,
    write=copy_images,
    finish=finish,
)
