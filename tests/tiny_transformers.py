"""Transformers of a few thousand parameters with random weights, saved as folders.

Their libraries are imported only where they are used: tests that need none are read without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hartonomous.bundle import Bundle
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from tests.building import silent

WORDS = ["king", "queen", "prince", "throne", "crown", "river", "creek", "lake", "bank", "money"]
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<|endoftext|>"]
SIZES: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
LLAMA: dict[str, Any] = {**SIZES, "intermediate_size": 24, "num_key_value_heads": 2}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("BertConfig", {**SIZES, "intermediate_size": 24}),
    "roberta": ("RobertaConfig", {**SIZES, "intermediate_size": 24}),
    "distilbert": ("DistilBertConfig", {"dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 24}),
    "mpnet": ("MPNetConfig", {**SIZES, "intermediate_size": 24}),
    "gpt2": ("GPT2Config", {"n_embd": 16, "n_layer": 2, "n_head": 4}),
    "llama": ("LlamaConfig", LLAMA),
    "qwen2": ("Qwen2Config", LLAMA),
    "mistral": ("MistralConfig", LLAMA),
    # Divides what it says, so its last layer alone does not tell it.
    "granite": ("GraniteConfig", {**LLAMA, "logits_scaling": 4.0}),
    "mixtral": ("MixtralConfig", {**LLAMA, "num_local_experts": 3}),
}
"""The class of each family's configuration, and what a tiny one is given."""
CAUSAL = ("gpt2", "llama", "qwen2", "mistral", "granite", "mixtral")


def tiny(folder: Path, family: str, *, causal_head: bool = False, seed: int = 0) -> Path:
    """Write a model of a family with a word-level tokenizer in its manner; return the folder."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    folder.mkdir(parents=True, exist_ok=True)
    causal = family in CAUSAL
    tokenizer = Tokenizer(models.WordPiece(_vocabulary(), unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if not causal:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    tokenizer.add_special_tokens(SPECIALS)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="[PAD]"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    name, sizes = CONFIGS[family]
    config = getattr(transformers, name)(vocab_size=len(_vocabulary()), **sizes)
    config.max_position_embeddings = 64
    kind = transformers.AutoModelForCausalLM if causal_head else transformers.AutoModel
    kind.from_config(config).save_pretrained(folder)
    return folder


def reading_bundle(
    folder: Path, text: str, seed: int, tracks: frozenset[str] = frozenset({"next"})
) -> Bundle:
    """Return the bundle of a causal model that was run on all its tokens and read a text."""
    path = tiny(folder / "model", "llama", causal_head=True, seed=seed)
    (folder / "read.txt").write_text(text)
    options = OpenOptions(tracks=tracks, read=(folder / "read.txt",))
    search = ExtractOptions(NeighbourOptions(k=5))
    return extract(open_model(str(path), options), search, folder / "bundle", silent)


def _vocabulary() -> dict[str, int]:
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [*SPECIALS, *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    return {word: row for row, word in enumerate(words)}


def tiny_encoder(folder: Path, seed: int = 0) -> Path:
    """Write a sentence encoder: a tiny BERT, the mean of its tokens, brought to length one."""
    tiny(folder, "bert", seed=seed)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {
            "idx": place,
            "name": str(place),
            "path": path,
            "type": f"sentence_transformers.models.{kind}",
        }
        for place, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}
    written: dict[str, Any] = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": True},
        "1_Pooling/config.json": pooling,
    }
    for name, value in written.items():
        (folder / name).write_text(json.dumps(value))
    return folder
