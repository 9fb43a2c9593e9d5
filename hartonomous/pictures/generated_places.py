"""Places of generated pictures: the prompt and the seed that a picture was made of, as a file's name."""

from __future__ import annotations

import re

_NAME = re.compile(r"(?P<prompt>[^/]+)/seed (?P<seed>\d+)\.png")


def generated_name(prompt: str, seed: int) -> str:
    """Return the name of the picture of a prompt without slashes.

    >>> generated_name("a red car", 3)
    'a red car/seed 3.png'
    """
    return f"{prompt}/seed {seed}.png"


def prompt_of(place: str) -> tuple[str, int] | None:
    """Return the prompt and the seed of a place; None for a place of another kind.

    >>> prompt_of("a red car/seed 3.png"), prompt_of("cars/red.png")
    (('a red car', 3), None)
    """
    found = _NAME.fullmatch(place)
    return None if found is None else (found["prompt"], int(found["seed"]))
