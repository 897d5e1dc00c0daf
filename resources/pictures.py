"""Pictures made ahead of the requests that need them, by a pool of processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from dataset_build import watchdog
from dataset_build.captions.calls import CallFailed, Picture, View
from dataset_build.captions.pictures import Place, Size, picture, set_up
from dataset_build.config import Config, ImageLimits
from dataset_build.cores import cores
from dataset_build.images.again import DIED
from resources.workers import WorkerDied, Workers


@dataclass(frozen=True)
class Pictures:
    """Makes views of images in worker processes, as many at a time as there are workers."""

    workers: Workers
    size: Size
    limits: ImageLimits

    async def make(self, place: Place, view: View) -> Picture:
        """A view of the image. Raises CallFailed("rejected_image") when it can't be read."""
        made = await self._once(place, view)
        if made in DIED.values():  # its worker may have been killed for nothing that the image did
            made = await self._once(place, view)
        if isinstance(made, str):
            raise CallFailed("rejected_image", made)
        return Picture(made)

    async def _once(self, place: Place, view: View) -> bytes | str:
        """The picture, or why there is none."""
        work = self.workers.submit(picture, place, view, self.size, self.limits)
        try:
            return await asyncio.wrap_future(work)
        except WorkerDied as death:
            return DIED["timeout" if death.exitcode == watchdog.EXIT_CODE else "crashed"]
        except MemoryError:
            return DIED["crashed"]


@contextmanager
def picture_pool(config: Config, recipe: str) -> Iterator[Pictures]:
    """A pool for as long as the block runs; pictures are as large as the recipe gets them."""
    workers = Workers(config.engine.workers or cores(), partial(set_up, config.images))
    try:
        yield Pictures(workers, Size(*config.captions.size_for(recipe)), config.images)
    finally:
        workers.stop()
