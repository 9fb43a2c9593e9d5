"""Prompt grid: a template and the values of its factors, from a small TOML file.

template = "a {size} {colour} car"
seeds = 12

[values]
size = ["small", "large"]
colour = ["red", "green", "blue"]
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from string import Formatter
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import read_bounded, shown
from hartonomous.identity import normalise

LEAST_SEEDS = 8
"""Pictures of each prompt at least; of fewer, an interval says hardly more than a guess."""

MOST_PICTURES = 200_000
LARGEST = 1 << 20
"""Most bytes of the file."""

LONGEST = 500
"""Most characters of a prompt, which is part of a place."""

_KEYS = frozenset(
    {"template", "values", "seeds", "first_seed", "steps", "guidance", "width", "height"}
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True)
class PromptGrid:
    """Every combination of the factors' values, each with the same seeds.

    `factors` are names and values in the order of the file. `steps`, `guidance`, `width` and `height`
    are None where the pipeline's own hold.
    """

    template: str
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    seeds: int
    first_seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of values of each factor."""
        return tuple(len(values) for _, values in self.factors)

    @property
    def prompts(self) -> int:
        """Return the number of prompts."""
        return prod(self.shape)

    def words(self) -> tuple[str, ...]:
        """Return the values of all factors, as compositions are written."""
        return tuple(word_of(value) for _, values in self.factors for value in values)

    def prompt(self, number: int) -> str:
        """Return a prompt by its number; the last factor changes fastest."""
        places: list[int] = []
        for size in reversed(self.shape):
            number, place = divmod(number, size)
            places.append(place)
        chosen = zip(self.factors, reversed(places), strict=True)
        return self.template.format_map({name: values[at] for (name, values), at in chosen})

    def seed(self, number: int) -> int:
        """Return a seed by its number."""
        return self.first_seed + number

    def described(self) -> dict[str, object]:
        """Return what the grid says, as plain values, for a source's options."""
        said: dict[str, object] = {
            "template": self.template,
            "values": {name: list(values) for name, values in self.factors},
            "seeds": [self.first_seed, self.seeds],
        }
        own = {name: getattr(self, name) for name in ("steps", "guidance", "width", "height")}
        return said | {name: value for name, value in own.items() if value is not None}


def word_of(value: str) -> str:
    """Return a value as its composition is written.

    >>> word_of("Sports Car")
    'sports car'
    """
    return normalise(value.lower())


def read_grid(path: Path) -> PromptGrid:
    """Return the grid of a file; raises NotFound, or BadInput saying what of it is wrong."""
    try:
        said = tomllib.loads(read_bounded(path, LARGEST).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(
            f"{path} is not valid TOML ({error}); docs/seeing.md shows a grid."
        ) from error
    try:
        grid = _grid(said)
    except BadInput as error:
        raise BadInput(f"The grid {path} {error}") from error
    return grid


def _grid(said: dict[str, Any]) -> PromptGrid:
    if unknown := sorted(said.keys() - _KEYS):
        raise BadInput(f"has a key {shown(unknown[0])}; there are {', '.join(sorted(_KEYS))}.")
    for name in ("template", "values", "seeds"):
        if name not in said:
            raise BadInput(f"lacks {name}; docs/seeing.md shows a grid.")
    grid = PromptGrid(
        _text(said["template"], "the template"),
        _factors(said["values"]),
        _whole(said, "seeds", LEAST_SEEDS, 10_000, "intervals of effects need as many"),
        _whole(said, "first_seed", 0, 2**31, "") if "first_seed" in said else 0,
        **{
            name: _whole(said, name, least, most, "")
            for name, least, most in (
                ("steps", 1, 1_000),
                ("width", 8, 8_192),
                ("height", 8, 8_192),
            )
            if name in said
        },
        guidance=_number(said["guidance"]) if "guidance" in said else None,
    )
    _check_template(grid)
    if grid.prompts * grid.seeds > MOST_PICTURES:
        raise BadInput(
            f"asks for {grid.prompts:,} prompts of {grid.seeds:,} seeds, more than "
            f"{MOST_PICTURES:,} pictures; leave out values or seeds."
        )
    return grid


def _factors(values: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(values, dict) or not values:
        raise BadInput("has no values; write a list for each factor under [values].")
    factors, met = [], set[str]()
    for name, each in values.items():
        if not isinstance(each, list) or len(each) < 2:
            raise BadInput(
                f"gives {shown(name)} fewer than two values, which nothing can be compared with; list "
                "several, or write the one into the template."
            )
        own = tuple(_text(value, f"a value of {shown(name)}") for value in each)
        for word in map(word_of, own):
            if word in met:
                raise BadInput(f"has the value {shown(word)} twice; a word stands for one thing.")
            met.add(word)
        factors.append((name, own))
    return tuple(factors)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"has no text as {what}.")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if _CONTROL.search(text) or len(text) > LONGEST:
        raise BadInput(
            f"has {what} with a slash, a control character or more than {LONGEST} characters: "
            f"{shown(text)}."
        )
    return text


def _check_template(grid: PromptGrid) -> None:
    try:
        parts = list(Formatter().parse(grid.template))
    except ValueError as error:
        raise BadInput(f"has a template that cannot be read ({error}).") from error
    named = [name for _, name, _, _ in parts if name is not None]
    if any(form or conversion for _, _, form, conversion in parts):
        raise BadInput("has a template with more than names in braces, such as {colour}.")
    if sorted(named) != sorted(name for name, _ in grid.factors):
        raise BadInput(
            f"has a template that names {', '.join(map(shown, sorted(named))) or 'no factor'}, and "
            f"values of {', '.join(shown(name) for name, _ in grid.factors)}; name each factor once, "
            "in braces."
        )
    if len(grid.template) + sum(max(map(len, each)) for _, each in grid.factors) > LONGEST:
        raise BadInput(f"has prompts of more than {LONGEST} characters.")


def _whole(said: dict[str, Any], name: str, least: int, most: int, reason: str) -> int:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        because = f": {reason}" if reason else ""
        raise BadInput(
            f"gives {name} = {shown(str(value))}; it is a whole number of {least:,} to {most:,}{because}."
        )
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000:
        raise BadInput(f"gives guidance = {shown(str(value))}; it is a number of 0 to 1,000.")
    return float(value)


def all_places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the places of all combinations, in the order of prompts.

    >>> all_places((1, 2))
    [(0, 0), (0, 1)]
    """
    return list(product(*map(range, shape)))
