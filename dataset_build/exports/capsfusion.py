"""CapsFusion's four columns: the text of the web, a short synthetic caption, and what was made of both."""

from typing import Any

import pyarrow as pa

from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import table_of_texts

SCHEMA = pa.schema([(name, pa.string()) for name in ("image_url", "laion_2b", "laion_coco", "capsfusion")])
SYNTHETIC = ("short", "ssc", "single_pass", "caption")  # kinds of text that stand for LAION-COCO's, best first


def _row(sample: Sample) -> dict[str, Any]:
    """The address, the alt text, the shortest synthetic caption there is, and the mix's choice."""
    synthetic = next(filter(None, map(sample.said, SYNTHETIC)), None)
    return {
        "image_url": sample.row["url"],
        "laion_2b": sample.said("alt"),
        "laion_coco": synthetic,
        "capsfusion": sample.text,
    }


FORMAT = table_of_texts(
    "Parquet: image_url, laion_2b (alt text), laion_coco (short caption), capsfusion (the mix's text)",
    "what reads CapsFusion-120M",
    SCHEMA,
    _row,
)
