"""A LLaVA of tiny sizes with random weights, written from configurations; it answers nonsense, but answers."""

from pathlib import Path

TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: "
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<image>{% endif %}"
    "{% endfor %}"
    "{% endif %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)
WORDS = [
    "a red hat on a table",
    "describe the image in one sentence",
    "user: assistant: system: yes no",
    '{"caption": ""}',
]
SPECIAL = ["<pad>", "<s>", "</s>", "<image>"]
IMAGE, PATCH = 56, 14  # pixels


def write_tiny_llava(folder: Path) -> Path:
    """Write the model with its tokenizer, processor and chat template; about 2 MB."""
    import torch
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = _tokenizer()
    numbers = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIAL}
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=IMAGE,
        patch_size=PATCH,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=1024, bos_token_id=numbers["<s>"], eos_token_id=numbers["</s>"],
        pad_token_id=numbers["<pad>"],
    )  # fmt: skip
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=numbers["<image>"])
    torch.manual_seed(0)
    LlavaForConditionalGeneration(config).to(torch.float32).save_pretrained(folder)
    size = {"shortest_edge": IMAGE}, {"height": IMAGE, "width": IMAGE}
    LlavaProcessor(
        CLIPImageProcessor(size=size[0], crop_size=size[1]), tokenizer, patch_size=PATCH,
        vision_feature_select_strategy="default", chat_template=TEMPLATE, num_additional_image_tokens=1,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def _tokenizer():  # type: ignore[no-untyped-def]
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip
