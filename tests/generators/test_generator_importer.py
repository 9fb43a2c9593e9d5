"""Image generators as sources: grids, folders, pictures, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.bundle import Bundle
from hartonomous.bundle_scan import scan
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import Claim, OpenOptions, importer_for
from hartonomous.pictures.picture_files import Pixels
from hartonomous.pictures.visual_features import FEATURES
from importers.generators.generator_importer import Generators
from importers.generators.picture_makers import PictureMaker
from importers.generators.pipeline_folders import checked_files
from importers.generators.prompt_grid import PromptGrid, read_grid
from tests.drawn_prompts import draw
from tests.made_generator import SMALL_GRID, Drawing, grid_file, made_pictures, pipeline_folder


def table(bundle: Bundle, evidence: str) -> pa.Table:
    (track,) = (one for one in bundle.tracks if one.evidence == evidence)
    return pa.Table.from_batches(list(bundle.evidence(track, 1 << 20)))


def effects_of(bundle: Bundle, word: str) -> dict[str, int]:
    """Return the support of each feature's effect that chance does not explain."""
    texts = bundle.compositions()["text"].to_pylist()
    rows = table(bundle, "EFFECT_EVIDENCE").to_pylist()
    return {
        texts[row["start"]]: row["support"]
        for row in rows
        if texts[row["end"]] == word and row["support"]
    }


def test_words_have_the_effects_that_are_drawn(tmp_path: Path) -> None:
    bundle = made_pictures(tmp_path)
    scan(bundle)
    assert table(bundle, "EFFECT_EVIDENCE").num_rows == 8 * len(FEATURES)
    for word, feature in (("red", "colour red"), ("blue", "colour blue"), ("large", "size large")):
        effects = effects_of(bundle, word)
        assert max(effects, key=lambda one: effects[one]) == feature or effects[feature] > 1000
    assert effects_of(bundle, "small")["size large"] < -1000
    assert effects_of(bundle, "circle")["shape round"] > 1000
    assert "shape round" not in effects_of(bundle, "green")


def test_pictures_have_their_prompts_as_places_alone(tmp_path: Path) -> None:
    bundle = made_pictures(tmp_path)
    kinds = bundle.compositions()["kind"].to_pylist()
    assert kinds.count("Image") == 18 * 8
    places = pa.Table.from_batches(list(bundle.places(1 << 20)))["place"].to_pylist()
    assert len(places) == 144 and "a large red circle/seed 3.png" in places
    shown = table(bundle, "DEPICTION_EVIDENCE")
    assert {kinds[row] for row in shown["end"].to_pylist()} == {"Feature"}


class Counting(Drawing):
    """Draws, and stops after so many prompts."""

    made: ClassVar[list[str]] = []
    most = 10**9

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        if len(self.made) >= self.most:
            raise KeyboardInterrupt
        self.made.append(prompt)
        return super().make(prompt, seeds)


def test_an_interrupted_run_resumes_with_the_same_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made_pictures(tmp_path, "whole")
    monkeypatch.setattr(Counting, "made", [])
    monkeypatch.setattr(Counting, "most", 14)
    counting = Generators(lambda path, grid, device: Counting())
    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        made_pictures(tmp_path, "first", maker=counting, work=work)
    monkeypatch.setattr(Counting, "most", 10**9)
    resumed = made_pictures(tmp_path, "second", maker=counting, work=work)
    assert len(Counting.made) == 18 + 14 - 12
    assert resumed.source.digest == whole.source.digest
    for name in ("EFFECT_EVIDENCE", "DEPICTION_EVIDENCE"):
        assert table(resumed, name).equals(table(whole, name))


GRID = '{head}\n[values]\nc = ["red", "blue"]\ns = ["circle", "star"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('template = "a {c} {s}"\nseeds = 7', "gives seeds = '7'"),
        ('template = "a {c} {s}"\nseeds = 8.5', "gives seeds = '8.5'"),
        ('template = "a {c} {s}"', "lacks seeds"),
        ("seeds = 8", "lacks template"),
        ('template = "a {c} {s}"\nseeds = 8\nseed = 3', "has a key 'seed'"),
        ('template = "a {c}"\nseeds = 8', "name each factor once"),
        ('template = "a {c} {s} {s}"\nseeds = 8', "name each factor once"),
        ('template = "a {c} {s.x}"\nseeds = 8', "name each factor once"),
        ('template = "a {c} {s!r}"\nseeds = 8', "more than names in braces"),
        ('template = "a {c} {s"\nseeds = 8', "cannot be read"),
        ('template = "a/{c} {s}"\nseeds = 8', "with a slash"),
        ('template = "a {c} {s}"\nseeds = 8\nsteps = 0', "gives steps = '0'"),
        ('template = "a {c} {s}"\nseeds = 8\nguidance = "x"', "gives guidance = 'x'"),
        ("template = ", "is not valid TOML"),
    ],
)
def test_a_wrong_grid_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=r"grid\.toml") as raised:
        read_grid(grid_file(tmp_path, GRID.format(head=text)))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ('c = ["red"]\ns = ["circle", "star"]', "gives 'c' fewer than two values"),
        ('c = ["red", "Red"]\ns = ["circle", "star"]', "has the value 'red' twice"),
        ('c = ["red", "blue"]\ns = ["red", "star"]', "has the value 'red' twice"),
        ('c = ["red", 3]\ns = ["circle", "star"]', "has no text as a value of 'c'"),
        ('c = ["red", ""]\ns = ["circle", "star"]', "has no text as a value of 'c'"),
        ("", "has no values"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, values: str, said: str) -> None:
    text = f'template = "a {{c}} {{s}}"\nseeds = 8\n[values]\n{values}\n'
    with pytest.raises(BadInput) as raised:
        read_grid(grid_file(tmp_path, text))
    assert said in str(raised.value)


def test_a_grid_that_asks_for_too_much_is_refused(tmp_path: Path) -> None:
    many = json.dumps([f"w{n}" for n in range(500)])
    more = json.dumps([f"v{n}" for n in range(500)])
    text = f'template = "{{c}} {{s}}"\nseeds = 8\n[values]\nc = {many}\ns = {more}\n'
    with pytest.raises(BadInput, match="more than 200,000 pictures"):
        read_grid(grid_file(tmp_path, text))
    with pytest.raises(NotFound, match="no file"):
        read_grid(tmp_path / "missing.toml")


class Same(Drawing):
    """Draws the same of every prompt."""

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        return super().make("a red circle", seeds)


class Seedless(Drawing):
    """Draws the same of every seed."""

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        return super().make(prompt, [0] * len(seeds))


class Checked(Drawing):
    """Gives black pictures for a part of the prompts."""

    words = ("red",)

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        made = super().make(prompt, seeds)
        black = any(word in prompt for word in self.words)
        return [np.zeros((32, 32, 3), np.uint8) for _ in made] if black else made


class Prudish(Checked):
    """Gives black pictures for most prompts."""

    words = ("red", "blue")


class Broken(Drawing):
    """Has no finite picture of every other seed."""

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        made = super().make(prompt, seeds)
        reason = "pictures with numbers that are not finite"
        return [one if at % 4 else reason for at, one in enumerate(made)]


@pytest.mark.parametrize(
    ("maker", "said"),
    [
        (Same, "same picture of every prompt"),
        (Seedless, "whatever the seed"),
        (Prudish, "made 48 pictures of 144"),
    ],
)
def test_a_generator_that_says_nothing_is_refused(
    tmp_path: Path, maker: type[Drawing], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        made_pictures(tmp_path, maker=Generators(lambda path, grid, device: maker()))
    assert not list(tmp_path.glob("*/bundle"))


@pytest.mark.parametrize(
    ("maker", "reason", "count"),
    [
        (Checked, "black pictures", 48),
        (Broken, "pictures with numbers that are not finite", 36),
    ],
)
def test_missing_pictures_are_counted_and_the_others_used(
    tmp_path: Path, maker: type[Drawing], reason: str, count: int
) -> None:
    bundle = made_pictures(tmp_path, maker=Generators(lambda path, grid, device: maker()))
    assert bundle.source.excluded == {reason: count}
    assert effects_of(bundle, "blue")["colour blue"] > 1000
    assert bool(effects_of(bundle, "red")) == (maker is Broken)


def test_a_pipeline_is_told_by_its_index(tmp_path: Path) -> None:
    path = pipeline_folder(tmp_path / "model")
    assert importer_for(path).name == "generators"
    with pytest.raises(BadInput, match="--prompts FILE"):
        open_model(str(path), OpenOptions())
    (path / "model.safetensors").write_bytes(
        (path / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    )
    with pytest.raises(UsageError, match="can both read"):
        importer_for(path)
    asked = OpenOptions(prompts=grid_file(tmp_path))
    assert importer_for(path, options=asked).name == "generators"
    assert Generators().recognises(tmp_path) == Claim.NONE


def _index(path: Path, **said: object) -> None:
    file = path / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **said}), "utf-8")


def test_pickles_code_and_links_are_refused(tmp_path: Path) -> None:
    path = pipeline_folder(tmp_path / "pickled")
    (path / "unet" / "diffusion_pytorch_model.safetensors").rename(path / "unet" / "x.bin.safe")
    (path / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x02pickle")
    with pytest.raises(BadInput, match="is a pickle"):
        checked_files(path)
    for number, said in enumerate(
        [{"unet": ["my_module", "Mine"]}, {"_class_name": ["mine", "Mine"]}, {"unet": ["..", "X"]}]
    ):
        path = pipeline_folder(tmp_path / f"code{number}")
        _index(path, **said)
        with pytest.raises(BadInput, match="code of its own"):
            checked_files(path)
    path = pipeline_folder(tmp_path / "auto")
    (path / "unet" / "config.json").write_text('{"auto_map": {"AutoModel": "x.Y"}}', "utf-8")
    with pytest.raises(BadInput, match="code of its own"):
        checked_files(path)
    (path / "unet" / "config.json").unlink()
    (path / "unet" / "unet.py").write_text("import os", "utf-8")
    with pytest.raises(BadInput, match="code of its own"):
        checked_files(path)
    path = pipeline_folder(tmp_path / "linked")
    (tmp_path / "outside.json").write_text("{}", "utf-8")
    (path / "unet" / "config.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(BadInput, match="leads out of"):
        checked_files(path)


def test_an_incomplete_folder_is_refused(tmp_path: Path) -> None:
    path = pipeline_folder(tmp_path / "model")
    _index(path, vae=["diffusers", "AutoencoderKL"])
    with pytest.raises(BadInput, match="lacks the folder of its component 'vae'"):
        checked_files(path)
    (path / "model_index.json").write_text("[]", "utf-8")
    with pytest.raises(BadInput, match="is no index of a pipeline"):
        checked_files(path)


def test_the_grid_is_part_of_the_sources_digest(tmp_path: Path) -> None:
    path = pipeline_folder(tmp_path / "model")

    def options(text: str) -> dict[str, object]:
        given = OpenOptions(prompts=grid_file(tmp_path, text), device="cpu")
        return Generators(opening).open(path, given).options

    one = options(SMALL_GRID)
    assert one == options(SMALL_GRID) != options(SMALL_GRID.replace("seeds = 8", "seeds = 9"))


def opening(path: Path, grid: PromptGrid, device: str) -> PictureMaker:
    """Open a maker that draws a circle of anything."""

    class Plain:
        def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
            return [draw("a red circle", np.random.default_rng(seed)) for seed in seeds]

    return Plain()
