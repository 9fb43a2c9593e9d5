"""Loading report: tensors missing from a model's file, and whether that is harmless.

`transformers` fills missing tensors with random numbers and continues; such a model is never run
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown

HARMLESS_MISSING = re.compile(r"(^|\.)pooler\.")
"""Parts that are not read here: BERT's pooler follows the last layer."""

_HEADS = (
    "classifier cls discriminator_predictions embed_out generator_lm_head generator_predictions "
    "lm_head lm_loss mc_head mlm_head multiple_choice_head pooler pre_classifier predictions "
    "qa_outputs score sentence_order_predictions seq_relationship summary v_head vocab_layer_norm "
    "vocab_projector vocab_transform"
)
_BUFFERS = "inv_freq masked_bias num_batches_tracked position_ids token_type_ids"

HARMLESS_UNEXPECTED = re.compile(
    rf"^(?!module\.|_orig_mod\.)(\w+\.)?({'|'.join(_HEADS.split())})\.|(^|\.)({'|'.join(_BUFFERS.split())})$"
)
"""Heads of other tasks, at the top level or after the family's name, and computed buffers."""

NAMED = 4
"""Tensors of each kind named in an error."""


def refuse_incomplete(
    path: Path, model: Any, report: Mapping[str, Any], otherwise: str = ""
) -> None:
    """Raise BadInput unless the file has exactly the model's tensors, except for harmless ones.

    `report` is the result of `from_pretrained` with output_loading_info; `otherwise` is an
    alternative for the message.
    """
    # A head that shares the embedding matrix is not stored twice.
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    missing = _names(report, "missing_keys", HARMLESS_MISSING) - tied
    unexpected = _names(report, "unexpected_keys", HARMLESS_UNEXPECTED)
    shapes = {
        name: f"{_shape(stored)} where {_shape(wanted)} is due"
        for name, stored, wanted in report.get("mismatched_keys") or ()
        if not HARMLESS_MISSING.search(name)
    }
    if not missing and not unexpected and not shapes:
        return
    parts = [
        _told(missing, "missing"),
        _told(unexpected, "unknown to the architecture"),
        _told((f"{name} ({shape})" for name, shape in shapes.items()), "of another shape"),
    ]
    raise BadInput(
        f"{path}: the weights are not those its configuration describes "
        f"({type(model).__name__}): {'; '.join(filter(None, parts))}. It is not run, because "
        f"missing weights would be random. {_advice(missing, unexpected)} {otherwise}".rstrip()
    )


def _names(report: Mapping[str, Any], kind: str, harmless: re.Pattern[str]) -> set[str]:
    return {name for name in report.get(kind) or () if not harmless.search(name)}


def _told(names: Iterable[str], what: str) -> str:
    """Return the number of tensors, and the names of the first."""
    found = sorted(names)
    if not found:
        return ""
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    tensors = "tensor" if len(found) == 1 else "tensors"
    return f"{len(found)} {tensors} {what}, {', '.join(map(shown, found[:NAMED]))}{more}"


def _shape(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))


def _advice(missing: set[str], unexpected: set[str]) -> str:
    """Return the remedy; a wrapper's prefix is recognised by the rest of the name."""
    for name in sorted(unexpected):
        for other in sorted(missing, key=len, reverse=True):
            if name.endswith(f".{other}"):
                prefix = name.removesuffix(other)
                return (
                    f"Its tensors have the prefix {shown(prefix)}: save the model without that "
                    "wrapper."
                )
    return "Download the model again, or correct its config.json."
