"""Recipes: small programs of prompts that turn an image and its texts into captions, ours and the user's own."""

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from dataset_build.captions import prompts, recipes, versions
from dataset_build.captions.calls import CallFailed
from dataset_build.captions.job import Job
from dataset_build.captions.prompts import AGAIN, Prompt, load_prompt
from dataset_build.captions.scores.length import Band
from dataset_build.errors import UserError
from dataset_build.sections.captions import Models

ROLES = tuple(Models.model_fields)
NEEDS = ("tags", "alt_texts", "text_boxes")

Text = str | Sequence[str] | CallFailed
Texts = Mapping[str, Text]
Run = Callable[[Job], Awaitable[Texts]]


@dataclass(frozen=True)
class Recipe:
    """A program with what it asks for. `run` gives for each variant its text, its texts (n = 0, 1, …) or its failure.

    `roles` are the models it asks: vlm, vlm2, vlm3, llm, judge, tagger; `needs` the fields of Subject that it reads
    besides the image; `reads` the settings of [captions]; `variants` those fit to be shown, the best first: others
    are kept only. `bands` are the lengths that its paper gives, by variant. `version` is that of code outside its file
    on which it depends.
    """

    name: str
    run: Run
    roles: tuple[str, ...]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    variants: tuple[str, ...] = ("caption",)
    bands: Mapping[str, Band] = field(default_factory=dict)
    steps: str = ""
    calls: str = ""
    paper: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        for what, named, known in (("roles", self.roles, ROLES), ("needs", self.needs, NEEDS)):
            if unknown := sorted(set(named) - set(known)):
                raise UserError(f"recipe {self.name}: {what} names {', '.join(unknown)}; there are {', '.join(known)}")

    @property
    def main(self) -> str:
        """The variant under which it says that it has nothing to say."""
        return self.variants[0] if self.variants else "caption"

    @property
    def about(self) -> str:
        """What it does and how it differs from its paper."""
        return inspect.getdoc(self.run) or ""

    @property
    def file(self) -> Path:
        """The file that it is written in."""
        return Path(inspect.getfile(self.run))

    @cached_property
    def loaded(self) -> dict[str, Prompt]:
        """Its prompts by name, read once; those in a folder `prompts` beside its file go first."""
        names = (*self.prompts, *AGAIN) if self.roles else ()
        return {name: load_prompt(name, [self.file.parent / "prompts"]) for name in names}

    def made_from(self) -> dict[str, Any]:
        """What decides its captions, the models, the texts and the settings apart."""
        return {
            "recipe": self.name,
            "source": hashlib.sha256(self.file.read_bytes()).hexdigest(),
            "version": self.version,
            "primitives": versions.PRIMITIVES if self.roles else "",
            "filling": prompts.VERSION if self.roles else "",
            "prompts": {name: prompt.sha256 for name, prompt in self.loaded.items()},
        }


def recipe(roles: Sequence[str] = ("vlm",), **about: Any) -> Callable[[Run], Recipe]:
    """Make a recipe of the `async def` below, named like it. Takes the other fields of Recipe by name."""
    fields: dict[str, Any] = {
        key: value if isinstance(value, str | Mapping) else tuple(value) for key, value in about.items()
    }
    return lambda run: Recipe(run.__name__, run, tuple(roles), **fields)


@cache
def built_in() -> dict[str, Recipe]:
    """The recipes that come with the project, by name, in alphabetical order."""
    modules = [
        importlib.import_module(f"{recipes.__name__}.{each.name}") for each in pkgutil.iter_modules(recipes.__path__)
    ]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Recipe)]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def load_recipe(name: str) -> Recipe:
    """A recipe by name, or the user's own by `path/to/file.py:name`. Raises UserError that says what there is."""
    path, colon, own = name.rpartition(":")
    if colon and path.endswith(".py"):
        return _own(Path(path), own)
    if name in built_in():
        return replace(built_in()[name])  # its prompts are read anew
    near = difflib.get_close_matches(name, built_in(), 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"no recipe {name!r}; {hint}there are {', '.join(built_in())}, or your own as file.py:name")


def _own(file: Path, name: str) -> Recipe:
    there = {key: value for key, value in vars(_module(file)).items() if isinstance(value, Recipe)}
    if name not in there:
        has = f"it has {', '.join(there)}" if there else f"write `@recipe(…)` above `async def {name}(job)`"
        raise UserError(f"{file} has no recipe {name!r}: {has}")
    return there[name]


def _module(file: Path) -> ModuleType:
    if not file.is_file():
        raise UserError(f"{file}: no such file")
    spec = importlib.util.spec_from_file_location(f"recipes_of_{file.stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    except Exception as error:
        raise UserError(f"{file} can't be loaded: {type(error).__name__}: {error}") from error
    return module
