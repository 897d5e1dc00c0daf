"""A local vision-language model by transformers, without a server: one request at a time, in this process."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from PIL import Image

from dataset_build.captions.calls import CallFailed, Choice, Picture, Reply, Request, Sampling, Token, Turn
from dataset_build.config import Binding
from resources.vllm import ServerLost
from resources.work import Log


class TransformersModel:
    """A model with its processor; a captions.calls.Model.

    Of given choices the likeliest is taken. A JSON schema is not enforced: the model says what it says.
    """

    def __init__(self, binding: Binding, processor: Any, model: Any) -> None:
        self.binding, self.processor, self.model = binding, processor, model
        self._busy = asyncio.Lock()

    async def ask(self, request: Request) -> Reply:
        """The reply. Raises CallFailed, and nothing else, when there is none."""
        async with self._busy:
            try:
                return await asyncio.to_thread(self._ask, request)
            except RuntimeError as error:  # such as memory that is full
                raise CallFailed("server_error", str(error)) from error

    def _ask(self, request: Request) -> Reply:
        import torch

        sampling = request.sampling
        if sampling.presence_penalty or sampling.frequency_penalty:
            raise CallFailed("server_error", "transformers knows no presence_penalty and no frequency_penalty")
        with torch.inference_mode():
            inputs = self._inputs(request.turns)
            length = inputs["input_ids"].shape[1]
            self._check_length(length + sampling.max_tokens)
            choices = self._chosen(request) if request.choices else self._written(inputs, request)
            prompt = self._scores(inputs) if request.prompt_logprobs else ()
        written = sum(len(choice.tokens) for choice in choices)
        if not request.logprobs:
            choices = tuple(Choice(choice.text, choice.finish) for choice in choices)
        return Reply(choices, self.binding.model, self.binding.revision or None, length, written, prompt)

    def _inputs(self, turns: Sequence[Turn]) -> Any:
        """The conversation as tensors. One that ends with the model's own turn is to be judged, not answered."""
        messages = [{"role": turn.speaker, "content": [_part(part) for part in turn.parts]} for turn in turns]
        judged = turns[-1].speaker == "assistant"
        text = self.processor.apply_chat_template(
            messages, add_generation_prompt=not judged, continue_final_message=judged, tokenize=False
        )
        images = [_image(part) for turn in turns for part in turn.parts if isinstance(part, Picture)]
        return self.processor(text=text, images=images or None, return_tensors="pt").to(self.model.device)

    def _check_length(self, tokens: int) -> None:
        longest = self.model.config.get_text_config().max_position_embeddings
        if tokens > longest:
            raise CallFailed("too_long", f"{tokens} tokens with those to be written; the model takes {longest}")

    def _written(self, inputs: Any, request: Request) -> tuple[Choice, ...]:
        import torch

        torch.manual_seed(request.sampling.seed)
        made = self.model.generate(
            **inputs, **_arguments(request.sampling), return_dict_in_generate=True, output_logits=True
        )
        length = inputs["input_ids"].shape[1]
        logits = torch.stack(made.logits, dim=1)  # answers, tokens, vocabulary
        return tuple(
            self._choice(ids[length:], each, request) for ids, each in zip(made.sequences, logits, strict=True)
        )

    def _choice(self, ids: Any, logits: Any, request: Request) -> Choice:
        ends = set(self._ends)
        end = next((place for place, number in enumerate(ids.tolist()) if number in ends), None)
        kept = ids if end is None else ids[: end + 1]
        tokens = self._tokens(kept, logits[: len(kept)], request.logprobs)
        text = self.processor.tokenizer.decode(kept, skip_special_tokens=True)
        return Choice(text, "length" if end is None else "stop", tokens)

    def _chosen(self, request: Request) -> tuple[Choice, ...]:
        """The choice whose tokens are the likeliest in all."""
        scored = [self._continued(request, text) for text in request.choices]
        return (max(scored, key=lambda choice: sum(token.logprob for token in choice.tokens)),)

    def _continued(self, request: Request, text: str) -> Choice:
        inputs = self._inputs(request.turns)
        ids = self.processor.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        ids = ids.to(self.model.device)
        length = inputs["input_ids"].shape[1]
        whole = _longer(inputs, ids)
        logits = self.model(**whole).logits[0, length - 1 : -1]
        return Choice(text, "stop", self._tokens(ids[0], logits, request.logprobs))

    def _scores(self, inputs: Any) -> tuple[Token, ...]:
        """The log-probability of each token of the prompt but the first."""
        return self._tokens(inputs["input_ids"][0, 1:], self.model(**inputs).logits[0, :-1], 0)

    def _tokens(self, ids: Any, logits: Any, alternatives: int) -> tuple[Token, ...]:
        logprobs = logits.float().log_softmax(-1)
        own = logprobs.gather(-1, ids[:, None])[:, 0].tolist()
        tops = [self._alternatives(row, alternatives) for row in logprobs] if alternatives else [{} for _ in own]
        return tuple(
            Token(self._text(number), logprob, top)
            for number, logprob, top in zip(ids.tolist(), own, tops, strict=True)
        )

    def _alternatives(self, logprobs: Any, count: int) -> dict[str, float]:
        """The likeliest tokens; of equal texts the likeliest."""
        best = logprobs.topk(count)
        pairs = zip(map(self._text, best.indices.tolist()), best.values.tolist(), strict=True)
        return dict(reversed(list(pairs)))

    def _text(self, number: int) -> str:
        return str(self.processor.tokenizer.decode([number]))

    @property
    def _ends(self) -> list[int]:
        ends = self.model.generation_config.eos_token_id
        return ends if isinstance(ends, list) else [ends]


def _arguments(sampling: Sampling) -> dict[str, Any]:
    """Sampling parameters by the names of transformers."""
    arguments = {"max_new_tokens": sampling.max_tokens, "num_return_sequences": sampling.n}
    penalty = {"repetition_penalty": sampling.repetition_penalty}
    if not sampling.temperature:
        return {**arguments, **penalty, "do_sample": False}
    drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p, "min_p": sampling.min_p}
    return {**arguments, **penalty, **drawn, "do_sample": True, "top_k": max(0, sampling.top_k)}


def _longer(inputs: Any, ids: Any) -> dict[str, Any]:
    """The inputs with tokens added at their end."""
    import torch

    shape, added = inputs["input_ids"].shape, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {
        name: torch.cat([each, added.get(name, torch.zeros_like(ids))], dim=1) if each.shape == shape else each
        for name, each in inputs.items()
    }


def _part(part: str | Picture) -> dict[str, str]:
    return {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}


def _image(picture: Picture) -> Image.Image:
    """The pixels of a picture of ours. Raises CallFailed where they are no picture."""
    try:
        return Image.open(io.BytesIO(picture.data), formats=["JPEG", "PNG"]).convert("RGB")
    except (OSError, ValueError) as error:
        raise CallFailed("rejected_image", str(error)) from error


@asynccontextmanager
async def loaded(binding: Binding, log: Log) -> AsyncIterator[TransformersModel]:
    """The model, by name or folder, on the GPU where there is one. Only safetensors are loaded, never pickles.

    Raises ServerLost when it can't be loaded.
    """
    try:
        from transformers import AutoModelForImageTextToText, AutoProcessor

        revision = {"revision": binding.revision} if binding.revision else {}
        processor = AutoProcessor.from_pretrained(binding.model, **revision)
        model = AutoModelForImageTextToText.from_pretrained(
            binding.model, dtype="auto", use_safetensors=True, **revision
        )
    except (ImportError, OSError, ValueError) as error:
        raise ServerLost(f"{binding.model}: transformers can't load it: {str(error).splitlines()[0]}") from error
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    log(f"{binding.model} is loaded by transformers, on {device}")
    yield TransformersModel(binding, processor, model.eval().to(device))
