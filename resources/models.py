"""The models that a recipe asks, opened as the configuration binds them and closed after the run."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from dataset_build.captions.calls import Model, Reply, Request
from dataset_build.config import Binding, Captions
from resources.work import Log


@dataclass(frozen=True)
class Roles:
    """Models by role; a captions.calls.Model. Any of `lost` holds the reason why a run can't go on."""

    models: Mapping[str, Model]
    lost: Sequence[asyncio.Future[None]]

    async def ask(self, request: Request) -> Reply:
        """The reply of the model that plays the role. Raises CallFailed, and nothing else, when there is none."""
        return await self.models[request.role].ask(request)


@asynccontextmanager
async def open_models(bindings: Mapping[str, Binding], settings: Captions, log: Log) -> AsyncIterator[Roles]:
    """The model of each role, checked; roles with equal bindings share one. Raises ServerLost where one is missing."""
    async with AsyncExitStack() as stack:
        opened: list[tuple[Binding, Model]] = []
        for binding in bindings.values():
            if all(binding != other for other, _ in opened):
                opened.append((binding, await stack.enter_async_context(_opened(binding, settings, log))))
        models = {role: next(model for each, model in opened if each == mine) for role, mine in bindings.items()}
        yield Roles(models, [model.lost for _, model in opened if hasattr(model, "lost")])


def _opened(binding: Binding, settings: Captions, log: Log) -> AbstractAsyncContextManager[Model]:
    """The model by its backend, whose libraries are loaded only now."""
    if binding.backend == "transformers":
        from resources.transformers_model import loaded

        return loaded(binding, log)
    if binding.backend == "vllm":
        from resources.vllm_server import served_here

        return served_here(binding, settings.timeout, settings.max_in_flight, log)
    from resources.vllm import endpoints

    return endpoints(binding, settings.timeout, settings.max_in_flight, log)
