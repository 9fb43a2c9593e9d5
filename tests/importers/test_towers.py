"""Dual encoders: what is read, what matches, what is refused, and that an interrupted run resumes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions, importer_for
from hartonomous.extract.search.cross_search import nearest_across
from importers.towers.crossmodal_matches import find_matches, list_length
from importers.towers.given_texts import name_texts, prompts, read_texts, refuse_template
from importers.towers.onnx_towers import find_towers
from importers.towers.tower_importer import open_towers
from importers.towers.tower_pairs import unit_vectors
from tests.building import silent
from tests.shape_towers import untrained
from tests.towered_graph import ShownShapes, show_shapes


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> ShownShapes:
    return show_shapes(tmp_path_factory.mktemp("shapes"), 3, pictures=150)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model") / "clip")


def given(shown: ShownShapes, **more: Any) -> OpenOptions:
    return OpenOptions(images=shown.images, texts=shown.texts, **more)


@pytest.mark.parametrize("n, m, k", [(40, 30, 5), (300, 9_000, 10), (9_000, 40, 3)])
def test_lists_are_those_of_all_products(n: int, m: int, k: int, rng: np.random.Generator) -> None:
    rows, columns = (
        unit_vectors(Path("x"), rng.normal(size=(size, 24)).astype(np.float32), [""] * size)
        for size in (n, m)
    )
    columns[m // 2] = columns[0]
    indices, nearness = nearest_across(rows, columns, k, 2)
    products = rows.astype(np.float64) @ columns.T.astype(np.float64)
    for row in range(0, n, 7):
        order = np.lexsort((np.arange(m), -products[row].round(12)))[:k]
        assert np.allclose(nearness[row], products[row][order])
        assert set(indices[row]) == set(order) or np.isclose(*products[row][order[-2:]])


def test_a_text_of_nothing_matches_nothing(rng: np.random.Generator) -> None:
    things = rng.normal(size=(40, 32))
    pictures = np.repeat(things[:20], 10, axis=0) + 0.3 * rng.normal(size=(200, 32))
    names = [f"thing{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(40)]
    texts, seen = (
        unit_vectors(Path("x"), one.astype(np.float32), [""] * len(one))
        for one in (things, pictures)
    )
    found = find_matches(names, texts, seen, 50, 1, silent)
    fitting = set(found.text[found.fits].tolist())
    assert fitting == set(range(20))
    # Each text and each picture is kept, if only to say that nothing fits it.
    assert set(found.text.tolist()) == set(range(40))
    assert set(found.picture.tolist()) == set(range(200))
    assert not found.listed[~found.fits].all(axis=1).any()


def test_a_gap_between_texts_and_pictures_decides_nothing(rng: np.random.Generator) -> None:
    things = rng.normal(size=(60, 32))
    gap = rng.normal(size=32)
    pictures = np.repeat(things, 5, axis=0) + 0.3 * rng.normal(size=(300, 32))
    names = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)]
    shift = 1.0 * gap / np.linalg.norm(gap)
    texts, seen = (
        unit_vectors(Path("x"), one.astype(np.float32), names * 5) for one in (things, pictures)
    )
    moved = unit_vectors(Path("x"), (seen + shift).astype(np.float32), names * 5)
    for vectors in (seen, moved):
        found = find_matches(names, texts, vectors, 50, 1, silent)
        best = [
            found.picture[(found.text == n) & found.fits & found.listed[:, 0]] // 5
            for n in range(60)
        ]
        assert np.mean([n in one for n, one in enumerate(best)]) >= 0.98


def test_lists_are_short_where_there_is_little_to_choose_among() -> None:
    assert [list_length(*sizes) for sizes in ((2, 500, 50), (98, 360, 50), (5_000, 5_000, 50))] == [
        1,
        9,
        10,
    ]


def test_texts_are_lines_or_the_words_of_names(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("White Car\n\nA dog runs.\nwhite  car\n")
    texts = read_texts(file)
    assert texts.texts == ("white car", "A dog runs.") and texts.kinds == ["Token", "Sentence"]
    assert dict(texts.excluded) == {"texts given twice": 1}
    assert prompts(texts, "a photo of a {}") == ["a photo of a white car", "A dog runs."]
    assert name_texts(["0001.png"]).texts == ()
    with pytest.raises(UsageError, match="has to have"):
        refuse_template("a photo")


def test_a_folder_that_two_importers_read_is_opened_by_what_is_asked(
    shown: ShownShapes, model: Path
) -> None:
    assert importer_for(model, None, OpenOptions()).name == "huggingface"
    assert importer_for(model, None, given(shown)).name == "towers"


BATCH = 64


def test_an_interrupted_run_loses_one_batch_at_most(
    shown: ShownShapes, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importers.towers.transformer_towers import TransformerTowers

    whole = extract(open_model(str(model), given(shown)), ExtractOptions(), tmp_path / "a", silent)
    seen: list[int] = []
    see = TransformerTowers.see

    def counted(self: TransformerTowers, pictures: Any) -> Any:
        if len(pictures) > 1:
            if sum(seen) == 2 * BATCH:
                raise KeyboardInterrupt
            seen.append(len(pictures))
        return see(self, pictures)

    monkeypatch.setattr(TransformerTowers, "see", counted)
    with pytest.raises(KeyboardInterrupt):
        opened = open_model(str(model), given(shown))
        extract(opened, ExtractOptions(), tmp_path / "b", silent, tmp_path / "work")
    monkeypatch.setattr(TransformerTowers, "see", lambda self, one: _counting(see, self, one, seen))
    opened = open_model(str(model), given(shown))
    again = extract(opened, ExtractOptions(), tmp_path / "b", silent, tmp_path / "work")
    # Two batches were stored, and are not seen again.
    assert sum(seen) == 150 and again.digest == whole.digest


def _counting(see: Any, towers: Any, pictures: Any, seen: list[int]) -> Any:
    if len(pictures) > 1:
        seen.append(len(pictures))
    return see(towers, pictures)


def test_pictures_are_named_and_templates_change_the_source(
    shown: ShownShapes, model: Path
) -> None:
    plain = open_model(str(model), given(shown))
    asked = open_model(str(model), given(shown, template=("a photo of a {}",)))
    assert plain.options != asked.options
    assert set(plain.places["place"].to_pylist()) == set(shown.names)
    few = shown.texts.with_name("few.txt")
    few.write_text("red\nblue\n")
    told = open_model(str(model), OpenOptions(images=shown.images, texts=few)).remarks
    assert "only 2 texts compete" in told[0]


def test_pickled_weights_and_code_are_refused(
    shown: ShownShapes, model: Path, tmp_path: Path
) -> None:
    pickled = Path(shutil.copytree(model, tmp_path / "pickled"))
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(BadInput, match="is refused: it is a pickle"):
        open_model(str(pickled), given(shown))
    coded = Path(shutil.copytree(model, tmp_path / "coded"))
    config = json.loads((coded / "config.json").read_text())
    (coded / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "x.Y"}}))
    with pytest.raises(BadInput, match="no code of a model is run here"):
        open_model(str(coded), given(shown))


def test_vectors_that_are_not_finite_are_refused(
    shown: ShownShapes, model: Path, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file, save_file

    broken = Path(shutil.copytree(model, tmp_path / "broken"))
    tensors = load_file(broken / "model.safetensors")
    tensors["visual_projection.weight"] = np.full_like(tensors["visual_projection.weight"], np.nan)
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadInput, match=r"the vector of '0000.png' is not finite"):
        extract(open_model(str(broken), given(shown)), ExtractOptions(), tmp_path / "b", silent)
    assert not (tmp_path / "b").exists()


def test_what_is_empty_is_refused(shown: ShownShapes, model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.txt").write_text("\n\n")
    with pytest.raises(BadInput, match="holds no picture"):
        open_model(str(model), OpenOptions(images=tmp_path / "empty", texts=shown.texts))
    with pytest.raises(BadInput, match="holds no text"):
        open_model(str(model), OpenOptions(images=shown.images, texts=tmp_path / "nothing.txt"))
    with pytest.raises(BadInput, match="have no words; give words"):
        open_model(str(model), OpenOptions(images=shown.images))
    (tmp_path / "empty" / "a.png").write_bytes(b"not a picture")
    with pytest.raises(BadInput, match="can be read"):
        open_model(str(model), OpenOptions(images=tmp_path / "empty", texts=shown.texts))


def onnx_pair(folder: Path, text: int = 8, vision: int = 8) -> Path:
    """Write two towers of a few numbers: the mean of embeddings, the mean of colours projected."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder.mkdir()
    rng = np.random.default_rng(0)
    words = ["[PAD]", "[UNK]", "a", "red", "blue", "small", "large", "star"]
    table = numpy_helper.from_array(rng.normal(size=(8, text)).astype(np.float32), "table")
    colours = numpy_helper.from_array(rng.normal(size=(3, vision)).astype(np.float32), "colours")
    axis = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
    sides = numpy_helper.from_array(np.array([2, 3], dtype=np.int64), "sides")
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "length"])
    pixels = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 16, 16])
    for name, inputs, weights, nodes, width in (
        ("text", [ids], [table, axis], [("Gather", ["table", "input_ids"]), ("ReduceMean", ["axis"])], text),
        ("vision", [pixels], [colours, sides], [("ReduceMean", ["pixel_values", "sides"]), ("MatMul", ["colours"])], vision),
    ):  # fmt: skip
        made, last = [], None
        for at, (kind, given_inputs) in enumerate(nodes):
            last_name = f"{name}_embeds" if at else "inner"
            own = [last, *given_inputs] if at else given_inputs
            more = {"keepdims": 0} if kind == "ReduceMean" else {}
            made.append(helper.make_node(kind, own, [last_name], **more))
            last = last_name
        out = helper.make_tensor_value_info(str(last), TensorProto.FLOAT, ["n", width])
        graph = helper.make_graph(made, name, inputs, [out], weights)
        opset = [helper.make_opsetid("", 18)]
        onnx.save(
            helper.make_model(graph, opset_imports=opset, ir_version=9),
            folder / f"{name}_model.onnx",
        )
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"crop_size": {"height": 16, "width": 16}})
    )
    return folder


def test_a_pair_of_onnx_files_is_opened(shown: ShownShapes, tmp_path: Path) -> None:
    folder = onnx_pair(tmp_path / "pair")
    assert find_towers(folder) is not None
    towers = open_towers(folder, "cpu")
    assert towers.dimensions == 8
    red = np.zeros((20, 40, 3), dtype=np.uint8)
    red[:, :, 0] = 255
    colours = towers.see([red, red[:, :, ::-1]])
    assert colours.shape == (2, 8) and not np.allclose(*colours)
    one, both = towers.read_texts(["red star"]), towers.read_texts(["red star", "a small red star"])
    assert one.shape == (1, 8) and both.shape == (2, 8)
    bundle = extract(
        open_model(str(folder), given(shown)), ExtractOptions(), tmp_path / "b", silent
    )
    assert bundle.source.importer == "towers"
    with pytest.raises(BadInput, match="pictures: --images DIR"):
        open_model(str(folder), OpenOptions())


def test_onnx_towers_that_do_not_fit_or_are_unsafe_are_refused(
    shown: ShownShapes, tmp_path: Path
) -> None:
    import onnx

    with pytest.raises(BadInput, match="of 8 numbers and the vision tower of 6"):
        open_model(str(onnx_pair(tmp_path / "wide", 8, 6)), given(shown))
    folder = onnx_pair(tmp_path / "custom")
    model = onnx.load(folder / "text_model.onnx")
    model.graph.node[0].domain = "somebody.else"
    (folder / "text_model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(BadInput, match="needs the operator"):
        open_model(str(folder), given(shown))
    bare = onnx_pair(tmp_path / "bare")
    (bare / "preprocessor_config.json").unlink()
    with pytest.raises(BadInput, match=r"lacks preprocessor_config.json"):
        open_model(str(bare), given(shown))
