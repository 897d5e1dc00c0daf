"""A CLIP model of transformers: pictures and texts to unit vectors that can be compared."""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataset_build.config import Clip
from dataset_build.errors import UserError
from dataset_build.fingerprint import digest
from dataset_build.images.measures import Rgb

VERSION = "1"  # part of the fingerprint: raise it when any embedding may come out different

ENDS = 2**20  # bytes

Vectors = NDArray[np.float32]  # one row each, of length 1


class ClipUnavailable(UserError):
    """A CLIP model is asked for and can't be had; the message says what to do."""


def why_off(clip: Clip) -> str | None:
    """Why there are no embeddings under this configuration; ClipUnavailable where a model is named and can't be run."""
    if not clip.model:
        return "no model is named by clip.model"
    for package in ("torch", "transformers"):
        if not find_spec(package):
            raise ClipUnavailable(
                f"clip.model names a model, but {package} is missing: pip install 'dataset-build[clip]'"
            )
    return None


def identity(clip: Clip) -> dict[str, Any]:
    """What decides the embeddings: the model by name and revision, or the content of its folder."""
    folder = Path(clip.model)
    if not folder.is_dir():
        return {"code": VERSION, "model": clip.model, "revision": clip.revision}
    files = sorted(file for file in folder.iterdir() if file.suffix in (".json", ".safetensors", ".txt"))
    return {"code": VERSION, "folder": digest({file.name: _ends(file) for file in files})[:16]}


def _ends(file: Path) -> list[Any]:
    """Size, and hash of the first and last megabyte: weights are large, and two models differ everywhere."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(ENDS)
        stream.seek(max(size - ENDS, 0))
        return [size, hashlib.sha256(start + stream.read()).hexdigest()]


class ClipModel:
    """The model in evaluation mode, in half precision on a GPU. Only safetensors are loaded, never pickles."""

    def __init__(self, clip: Clip) -> None:
        import torch
        from transformers import AutoTokenizer, CLIPModel
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        named: dict[str, Any] = {"pretrained_model_name_or_path": clip.model, "revision": clip.revision or None}
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model = CLIPModel.from_pretrained(**named, use_safetensors=True)
            self.tokenizer = AutoTokenizer.from_pretrained(**named)
            self.processor = CLIPImageProcessorPil.from_pretrained(**named)
        except (OSError, ValueError) as error:
            raise ClipUnavailable(f"clip.model {clip.model!r} can't be loaded: {error}") from error
        self.model = model.eval().to(device)
        self.device = device
        self.side: int = model.config.vision_config.image_size  # pixels
        self.context: int = model.config.text_config.max_position_embeddings  # tokens

    def pictures(self, pictures: Sequence[Rgb]) -> Vectors:
        """Of pictures (height, width, 3): reduced to the model's side and cut to a square about the middle."""
        inputs = self.processor(list(pictures), return_tensors="pt").to(self.device)
        return self._unit(self.model.get_image_features, inputs)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Of texts, each cut to the tokens that the model takes."""
        inputs = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.context, return_tensors="pt"
        ).to(self.device)
        return self._unit(self.model.get_text_features, inputs)

    def _unit(self, features: Any, inputs: Any) -> Vectors:
        import torch

        with torch.inference_mode():
            vectors = features(**inputs).pooler_output.float()
            unit: Vectors = (vectors / vectors.norm(dim=-1, keepdim=True)).cpu().numpy()
        return unit
