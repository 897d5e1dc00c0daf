"""The formats that can be asked for, by name."""

from dataset_build.exports import (
    capsfusion,
    datacomp,
    deck,
    hf_imagefolder,
    hf_parquet,
    kohya,
    openclip_csv,
    pixelprose,
    recap_datacomp,
    sharegpt4v,
    simpletuner,
    webdataset,
)
from dataset_build.exports.errors import ExportError
from dataset_build.exports.formats import Format

FORMATS: dict[str, Format] = {
    "webdataset": webdataset.FORMAT,
    "hf-imagefolder": hf_imagefolder.FORMAT,
    "hf-parquet": hf_parquet.FORMAT,
    "openclip-csv": openclip_csv.FORMAT,
    "kohya": kohya.FORMAT,
    "simpletuner": simpletuner.FORMAT,
    "datacomp": datacomp.FORMAT,
    "capsfusion": capsfusion.FORMAT,
    "recap-datacomp": recap_datacomp.FORMAT,
    "sharegpt4v": sharegpt4v.FORMAT,
    "pixelprose": pixelprose.FORMAT,
    "deck": deck.FORMAT,
}


def load_format(name: str) -> Format:
    """The format of that name. Raises ExportError, which lists the names there are."""
    if name not in FORMATS:
        raise ExportError(f"no format {name!r}; there are: {', '.join(FORMATS)}")
    return FORMATS[name]
