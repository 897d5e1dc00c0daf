"""open_clip's CSV: a line per image with its path and its title, separated by a tab."""

import csv
import re

from dataset_build.exports.files import publishing
from dataset_build.exports.formats import Format, Job, copy_images, folder

TABLE = "train.csv"
# What pandas, and with it open_clip, reads as a missing value, in quotes or not.
MISSING = frozenset({
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def finish(job: Job) -> list[str]:
    """Write train.csv: filepath and title of each sample; paths begin with the root, or are those of the originals."""
    with publishing(job.out / TABLE) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(("filepath", "title"))
        for sample in job.samples():
            writer.writerow((job.place(sample), title(sample.text)))
    return [TABLE]


def title(text: str) -> str:
    """The text without invisible control characters; one that would be read as missing gets a full stop."""
    text = _UNSEEN.sub("", text)
    return f"{text}." if text in MISSING else text


FORMAT = Format(
    doc="train.csv (filepath, title, tab between) and folders of images",
    reader="open_clip (--dataset-type csv)",
    modes=("copy", "reference"),
    shard=folder,
    write=copy_images,
    finish=finish,
    credits=True,
)
