"""Lets torchvision be imported beside a torch for CPUs: its wheel is one for CUDA, whose operators are not loaded here.

To be copied into the site-packages of the environment of `make test-vllm`. On a machine with a GPU it isn't needed.
"""

import importlib.abc
import sys

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


class BeforeTorchvision(importlib.abc.MetaPathFinder):
    """Declares the operators that torchvision expects, just before it is imported."""

    libraries: list[object] = []  # noqa: RUF012 - a library is forgotten with its object

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "torchvision" and not self.libraries:
            import torch

            library = torch.library.Library("torchvision", "DEF")
            self.libraries.append(library)
            for schema in SCHEMAS:
                library.define(schema)


sys.meta_path.insert(0, BeforeTorchvision())
