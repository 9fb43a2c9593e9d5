"""Words that no feature tells apart are neither obeyed nor read, and stand in no prompt."""

from __future__ import annotations

import numpy as np

from hartonomous.ask.pictures.word_effects import MadePictures, WordEffects, standing


def effects(odds: list[list[float]]) -> WordEffects:
    table = np.array(odds)
    return WordEffects(
        "painter",
        "a {colour} {shape}",
        {"colour": ["red", "blue"], "shape": ["circle", "square"]},
        ("blue", "circle", "red", "square"),
        ("colour red",),
        table,
        np.full(table.shape, 0.5),
        np.full(table.shape, 0.1),
    )


def test_what_no_feature_tells_is_not_readable() -> None:
    prompts = ("a red circle", "a red square", "a blue circle", "a blue square")
    made = MadePictures(prompts, np.array([[0.9], [0.8], [0.1], [0.2]]))
    told = effects([[-2.0], [0.0], [2.0], [0.0]])
    found = {one.word: one for one in standing(told, made, ["red", "circle", "square"])}
    assert (found["red"].obeyed, found["red"].readable) == (1.0, 1.0)
    assert (found["circle"].obeyed, found["circle"].readable) == (None, 0.0)
    assert (found["square"].obeyed, found["square"].readable) == (None, 0.0)


def test_a_prompt_leaves_out_what_is_undecided() -> None:
    told = effects([[-2.0], [0.0], [2.0], [0.0]])
    assert told.prompt_for(told.scores(np.array([[0.9]]))[0]) == "a red"
    assert told.prompt_for(np.array([0.0, 1.0, 2.0, 3.0])) == "a red square"
