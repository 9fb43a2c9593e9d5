"""Questions in sentences, answered from ingested documents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hartonomous.cell_text import printable
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    count_option,
    json_option,
    print_json,
    print_text,
    quiet_option,
    say,
)

CITED = 3
"""Places of an answer that are shown; all are in the JSON."""


@click.command(
    epilog="""\b
Example:
  hartonomous ask "How do I get a new password?"
  hartonomous ask "Where may I eat?" --encoder ./all-MiniLM-L6-v2 --json
"""
)
@click.argument("question")
@click.option(
    "--encoder",
    type=click.Path(path_type=Path),
    help="Sentence encoder that compares the question with stored ones.",
)
@count_option(3, 1_000)
@json_option
@quiet_option
def ask(question: str, encoder: Path | None, top: int, as_json: bool, quiet: bool) -> None:
    """Answer QUESTION from documents, and show the paths.

    Matches the question with stored questions and sentences, by its words or,
    with --encoder, by its vector, and follows relations to their answers. Names
    of several words, such as 'traffic light', are taken whole.
    """
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import answer as run
    from hartonomous.operations.questions import read_standing

    opened = None
    if encoder is None:
        say("No --encoder: matched by words alone.", quiet)
    else:
        from hartonomous.extract.encoder_protocol import open_encoder

        opened = open_encoder(encoder)
    with open_graph() as graph:
        rows = run(graph, question, opened, top)
        rows = with_captions(graph, rows, "answer", "path", beside=as_json)
        standing = read_standing(graph)
    if as_json:
        matched_by = "words" if opened is None else "encoder"
        print_json(
            {"question": question, "matched_by": matched_by, **asdict(standing), "answers": rows}
        )
        return
    for number, row in enumerate(rows, 1):
        print_text(_shown(number, row))


def _shown(number: int, row: dict[str, Any]) -> str:
    """Return an answer with its score and the path to it, one line per step."""
    rated = "" if row["elo"] is None else f", elo {row['elo']:,.1f}"
    lines = [
        f"{number}. {printable(row['answer'])}",
        f"   score {row['score']:.3f}{rated}, from {', '.join(row['sources'])}",
    ]
    by = f"shares {', '.join(row['words'])}" if row["words"] else "is near"
    way = row["path"][:-1] if row["answered"] else row["path"]
    for place, text in enumerate(way):
        lines.append(f"   {by if place == 0 else 'is near'}: {printable(text)}")
    if row["answered"]:
        lines.append(f"   answered by: {printable(row['answer'])}")
    lines += [f"   stands in: {printable(place)}" for place in row["places"][:CITED]]
    if (more := len(row["places"]) - CITED) > 0:
        lines.append(f"   and in {more:,} more places")
    return "\n".join(lines)
