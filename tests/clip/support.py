"""A CLIP model of tiny sizes, its weights drawn by a seed."""

import json
from pathlib import Path

SIDE = 56  # pixels


def tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Write a model that transformers loads as any other: byte-level tokens, two layers of 32 on each side."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<s>", "</s>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    texts = {
        **layers,
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 40,
        "eos_token_id": 1,
        "bos_token_id": 0,
    }
    pictures = {**layers, "image_size": SIDE, "patch_size": 14}
    torch.manual_seed(seed)
    CLIPModel(CLIPConfig(text_config=texts, vision_config=pictures, projection_dim=16)).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    ).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["projection_dim"] == 16
    return folder
