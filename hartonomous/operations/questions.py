"""Questions that take more than one look-up: answers by an encoder, the graph counted."""

from __future__ import annotations

from pathlib import Path

from hartonomous.ask.relations import question_answers
from hartonomous.ask.relations.repetition import Repetition, repetition
from hartonomous.ask.relations.source_statistics import Stats, stats
from hartonomous.erase.compaction import managed_home
from hartonomous.extract.encoder_protocol import Encoder, open_encoder
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Say
from hartonomous.rate.rating_pass import read_state
from hartonomous.server.connection import managed_bytes

UNSETTLED = (
    "Note: a rating pass is running or was cut short; some ratings are old. "
    "'hartonomous rate' finishes it."
)


def remark_unsettled(graph: Graph, say: Say) -> None:
    """Say so where answers may come from ratings that are old; every question begins with it."""
    if not read_state(graph)["settled"]:
        say(UNSETTLED)


def answer(
    graph: Graph, question: str, encoder: Path | Encoder | None = None, top: int = 3
) -> list[Row]:
    """Return what answers a question, best first, and the way there.

    `encoder` compares it with known questions; without one it goes by words alone. Raises NotFound
    when nothing was found.
    """
    if encoder is None:
        return question_answers.ask(graph, question, top, None)
    opened = open_encoder(encoder) if isinstance(encoder, Path) else encoder
    return question_answers.ask(graph, question, top, opened.encode)


def count(graph: Graph) -> tuple[Stats, Repetition]:
    """Return what the graph holds, counted, and how often the same is said within and across models.

    Of the managed server the bytes of its store are told too.
    """
    managed = managed_home(graph) is not None
    return stats(graph, managed_bytes({}) if managed else None), repetition(graph)
