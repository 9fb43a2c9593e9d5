"""Image generators: pictures made of every prompt of a grid, and what each word does to them.

Of a picture its prompt and seed are the place, `a large red circle/seed 3.png`, and nothing else says
them: what was asked for is not what is shown. What is shown are the features measured in it; what a word
does to these is the evidence of a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.counted_rows import counted_rows
from hartonomous.errors import BadInput
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.importer_options import DEVICE, PATH, ImporterOption
from hartonomous.extract.importer_protocol import (
    Claim,
    OpenedModel,
    OpenOptions,
    PairTrack,
    ReadyPairs,
)
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece, PieceStore
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.extract.vocabulary import sorted_vocabulary
from hartonomous.opened_files import kept_files
from hartonomous.pictures.generated_places import generated_name
from hartonomous.pictures.picture_files import Pixels, library, picture_key
from hartonomous.pictures.picture_folder import Picture
from hartonomous.pictures.visual_features import FEATURES
from hartonomous.progress import Progress
from hartonomous.schema import FEATURE, TOKEN, TrackConstants, evidence_type
from importers.generators.effect_sizes import effect_table, effects
from importers.generators.picture_makers import OpenMaker, PictureMaker, open_pipeline
from importers.generators.pipeline_folders import checked_files, is_pipeline
from importers.generators.prompt_grid import PromptGrid, read_grid
from importers.pictures.picture_evidence import (
    DEPICTION,
    FEATURES_VERSION,
    MeasuredPicture,
    measure,
    nothing_observed,
    with_features,
)

EFFECT = "EFFECT_EVIDENCE"
EFFECTS_VERSION = 1
"""For a source's options: raised when the same pictures have other effects."""

TOGETHER = 48
"""Pictures of a piece, in whole prompts."""

MOST_MISSING = 0.5
"""Share of the pictures from which on what is missing decides what is left."""

BLACK = "black pictures"

MOST_SHOWN, SHOWN_SIDE = 4_096, 128
"""Pictures that small copies are kept of, and the pixels of their longer side."""

PROMPTS = ImporterOption(
    "prompts",
    "Grid of prompts (TOML) that an image generator makes pictures of.",
    PATH,
    metavar="FILE",
    unfit=lambda value: "it is for image generators",
)


class Generators:
    """Opens a diffusers pipeline that makes pictures of text, with a grid of prompts."""

    name = "generators"
    summary = "image generator: a diffusers folder with model_index.json (--prompts)"
    options = (PROMPTS, DEVICE)

    def __init__(self, open_maker: OpenMaker = open_pipeline) -> None:
        self._open_maker = open_maker

    def recognises(self, path: Path) -> Claim:
        return Claim.SURE if is_pipeline(path) else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With a grid of prompts, the pipeline is meant, whatever else is in its folder."""
        found = self.recognises(path)
        return Claim.ASKED if found and options.prompts is not None else found

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        if options.prompts is None:
            raise BadInput(
                f"{path} is a diffusion pipeline, which says what it knows in pictures; name a grid of "
                "prompts for it to make: --prompts FILE (docs/seeing.md shows one). Or give the folder of "
                f"one of its models that reads text, such as {path / 'text_encoder'}."
            )
        grid = read_grid(options.prompts)
        files, parameters = checked_files(path)
        made = MadePictures()
        studio = Studio(path, grid, options.device, self._open_maker, made)
        words = WordEffects(studio)
        described: dict[str, object] = {
            "importer": self.name,
            "prompts": grid.described(),
            "features": FEATURES_VERSION,
            "effects": EFFECTS_VERSION,
        }
        return OpenedModel(
            self.name, kept_files(files), parameters, words.vocabulary, (), described,
            pairs=(words.track(),), observed=(studio.tracks(),), pictures=made,
        )  # fmt: skip


class MadePictures:
    """Small copies of pictures that were made in this process, the first seeds of each prompt, of which
    the home keeps thumbnails. Of pieces that an earlier run made there are none.
    """

    def __init__(self) -> None:
        self._small: list[Picture] = []

    def __len__(self) -> int:
        return len(self._small)

    def add(
        self, pictures: Sequence[Picture], told: Sequence[tuple[int, int]], grid: PromptGrid
    ) -> None:
        """Take copies of pictures, each told by the numbers of its prompt and seed."""
        each = max(1, MOST_SHOWN // grid.prompts)
        self._small += [
            Picture(one.name, one.key, _small(one.pixels))
            for one, (_, seed) in zip(pictures, told, strict=True)
            if seed < each and len(self) < MOST_SHOWN
        ]

    def pieces(self) -> list[tuple[int, int]]:
        """Return ranges of pictures, (first, behind the last)."""
        return [(at, min(at + TOGETHER, len(self))) for at in range(0, len(self), TOGETHER)]

    def pictures(self, first: int, last: int, excluded: Counter[str]) -> Iterator[Picture]:
        """Yield the pictures of a range."""
        yield from self._small[first:last]


def _small(pixels: Pixels) -> Pixels:
    image = library("PIL.Image").fromarray(pixels)
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return np.array(image, dtype=np.uint8)


@dataclass(frozen=True)
class Studio:
    """Makes the pictures of a grid, a few prompts at a time; plain values until it is first called."""

    path: Path
    grid: PromptGrid
    device: str
    open_maker: OpenMaker
    made: MadePictures
    _opened: list[PictureMaker] = field(default_factory=list, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": []}

    def tracks(self) -> ObservedTracks:
        """Return the pictures and their features, by pieces."""
        prompts = self.grid.prompts
        return ObservedTracks(
            (DEPICTION,),
            ("measured features",),
            self.pieces(),
            self,
            expected=prompts * self.grid.seeds * len(FEATURES) // 4,
            keeps=True,
        )

    def pieces(self) -> Sequence[Piece]:
        """Return ranges of prompts, (first, behind the last)."""
        size, prompts = max(2, TOGETHER // self.grid.seeds), self.grid.prompts
        return [(at, min(at + size, prompts)) for at in range(0, prompts, size)]

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, tuple)
        excluded = Counter[str]()
        pictures: list[Picture] = []
        told: list[tuple[int, int]] = []
        for prompt in range(int(piece[0]), int(piece[1])):
            for seed, made in enumerate(self._made(prompt)):
                if isinstance(made, str):
                    excluded[made] += 1
                    continue
                name = generated_name(self.grid.prompt(prompt), self.grid.seed(seed))
                pictures.append(Picture(name, picture_key(made), made))
                told.append((prompt, seed))
        _refuse_constant(self.path, pictures, told)
        self.made.add(pictures, told, self.grid)
        shown = measure(pictures)
        found = with_features(nothing_observed(), shown)
        return ObservedPiece(
            found.compositions, found.rows, dict(excluded), found.places, _kept(shown, told)
        )

    def _made(self, prompt: int) -> list[Pixels | str]:
        if not self._opened:
            self._opened.append(self.open_maker(self.path, self.grid, self.device))
        seeds = [self.grid.seed(seed) for seed in range(self.grid.seeds)]
        made = self._opened[0].make(self.grid.prompt(prompt), seeds)
        # A safety checker that says nothing makes them black.
        return [one if isinstance(one, str) or one.any() else BLACK for one in made]


class WordEffects:
    """The words of a grid and the features as compositions, and the effects of the one on the other."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self._words = studio, studio.grid.words()
        kinds = [TOKEN] * len(self._words) + [FEATURE] * len(FEATURES)
        self.vocabulary, self._row = sorted_vocabulary([*self._words, *FEATURES], kinds)

    def track(self) -> PairTrack:
        """Return the track of effects."""
        expected = len(self._words) * len(FEATURES)
        return PairTrack(EFFECT, ("words of prompts",), 0, expected, self._observe)

    def _observe(
        self, options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        """Return the effects, of the pictures that are finished by now."""
        prompt, seed, key, values = _collected(PieceStore(self._studio.tracks(), finished))
        grid, path = self._studio.grid, self._studio.path
        _refuse_few(path, grid, prompt, seed, key)
        found = effects(values, prompt, grid.shape)
        words, features = self._row[: len(self._words)], self._row[len(self._words) :]
        evidence = evidence_type(EFFECT)
        total = found.effect.size
        table = counted_rows(
            evidence, effect_table(found, features, words), TrackConstants(1, 0, 0, total)
        )
        return ReadyPairs(table, 0, 1.0, total)


def _kept(pictures: Sequence[MeasuredPicture], told: Sequence[tuple[int, int]]) -> pa.Table:
    """Return prompt, seed, the beginning of the key and the measured features of each picture."""
    degrees = np.array([picture.degrees for picture in pictures]).reshape(-1, len(FEATURES))
    prompt, seed = np.array(told, dtype=np.int64).reshape(-1, 2).T
    keys = [int(picture.key[:15], 16) for picture in pictures]
    measures = {f"feature {at}": degrees[:, at] for at in range(len(FEATURES))}
    return pa.table({"prompt": prompt, "seed": seed, "key": pa.array(keys, pa.int64()), **measures})


def _collected(
    store: PieceStore,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return prompts, seeds, keys (m,) and measured features (m, f) of the pictures of all pieces."""
    whole = pa.concat_tables([store.kept(number) for number in range(len(store))])
    numbers = [whole[name].to_numpy() for name in ("prompt", "seed", "key")]
    values = np.stack([whole[f"feature {at}"].to_numpy() for at in range(len(FEATURES))], axis=1)
    return numbers[0], numbers[1], numbers[2], values


def _refuse_constant(
    path: Path, pictures: Sequence[Picture], told: Sequence[tuple[int, int]]
) -> None:
    """Raise BadInput if the first pictures show that a generator does not read its prompt or seed."""
    by_seed: dict[int, set[str]] = {}
    by_prompt: dict[int, set[str]] = {}
    for picture, (prompt, seed) in zip(pictures, told, strict=True):
        by_seed.setdefault(seed, set()).add(picture.key)
        by_prompt.setdefault(prompt, set()).add(picture.key)
    several = len(by_prompt) > 1 and len(pictures) > len(by_seed)
    if several and all(len(keys) == 1 for keys in by_seed.values()):
        raise _one_picture(path)
    if len(by_seed) > 1 and all(len(keys) == 1 for keys in by_prompt.values()):
        raise BadInput(
            f"{path} makes the same picture of a prompt whatever the seed, so that nothing tells what "
            "a word does from chance; give a generator that draws noise by its seed."
        )


def _one_picture(path: Path) -> BadInput:
    return BadInput(
        f"{path} makes the same picture of every prompt, so that no word has an effect; look whether "
        "its text encoder is whole."
    )


def _refuse_few(
    path: Path,
    grid: PromptGrid,
    prompt: NDArray[np.int64],
    seed: NDArray[np.int64],
    key: NDArray[np.int64],
) -> None:
    """Raise BadInput for too few pictures to compare."""
    asked = grid.prompts * grid.seeds
    if len(prompt) < (1 - MOST_MISSING) * asked:
        raise BadInput(
            f"{path} made {len(prompt):,} pictures of {asked:,}; the others are black, withheld or not "
            "finite. Choose words that its safety checker lets pass, or load it without one."
        )
    if len(np.unique(key)) <= len(np.unique(seed)) < len(prompt):
        raise _one_picture(path)


IMPORTER = Generators()
