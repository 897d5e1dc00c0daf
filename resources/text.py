"""Bring the text regions of drops up to date."""

from functools import partial

from dataset_build.text.models import models_of
from dataset_build.text.regions import detect, failed, set_up
from resources.again import look_again
from resources.drops import Drop
from resources.engine import Engine
from resources.lake import Lake
from resources.pieces import Piece
from resources.work import Progress


def detect_drop(lake: Lake, engine: Engine, drop: Drop, progress: Progress) -> Piece:
    """The text regions of a drop that has been read; what is finished stays."""
    limits = lake.config.images
    return look_again(
        lake,
        engine,
        drop,
        lake.piece("text_regions", drop.name),
        "text_places",
        partial(detect, root=lake.drops.root_of(drop), limits=limits),
        setup=partial(set_up, limits, models_of(lake.config.text)),
        failed=failed,
        progress=progress,
    )
