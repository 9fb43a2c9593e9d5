"""Queries of the graph: neighbours, explanations, sources, statistics."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cell_text import printable
from hartonomous.cli.completion import complete_source, complete_word
from hartonomous.cli.output import (
    count_option,
    json_option,
    print_facts,
    print_json,
    print_rows,
    print_text,
    say,
    top_option,
)
from hartonomous.cli.rated_types import type_option, types_option
from hartonomous.schema import DEFAULT_RELATION

if TYPE_CHECKING:
    from hartonomous.ask.relations.repetition import Repetition
    from hartonomous.graph.driver import Graph

_PLACE = re.compile(r"layer (?P<layer>\d+)(?:, (?P<part>head|expert)s? (?P<number>[\d-]+))?")


def open_graph() -> Graph:
    from hartonomous.operations.questions import remark_unsettled
    from hartonomous.server.connection import connect

    graph = connect()
    remark_unsettled(graph, say)
    return graph


@click.command(
    epilog="""\b
Example:
  hartonomous neighbours king --top 10
  hartonomous neighbours king --by elo --source minilm --json
  hartonomous neighbours king --types RELATES,PRECEDES
"""
)
@click.argument("word", shell_complete=complete_word)
@top_option
@click.option(
    "--by",
    type=click.Choice(["consensus", "elo"]),
    default="consensus",
    show_default=True,
    help="Order by this rating.",
)
@click.option(
    "--source", shell_complete=complete_source, help="Only pairs observed by this source."
)
@click.option(
    "--min-sources",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Least number of sources per pair.",
)
@click.option("--pieces", is_flag=True, help="Include continuation pieces (##ing).")
@types_option
@json_option
def neighbours(word: str, types: str, as_json: bool, **conditions: Any) -> None:
    """List the relations of WORD, strongest first.

    Which rating: 'consensus' is how sure all sources together are that two words
    are related, as odds against chance, where silence counts against a pair; use
    it to rank neighbours and to compare pairs. 'elo' is how often and how closely
    a pair was listed, and grows with every layer and head; use it for what models
    repeat, and for pairs of one source. 'affinity' (hartonomous affinity A B) adds
    the neighbours that two words share; use it for any two words, for it also
    tells apart the pairs that no source lists. Pairs of the same consensus, such
    as those that all sources list at the same ranks, are ordered by elo.

    A word or phrase that no source has is composed of its pieces or words.

    With another type than RELATES, their type and direction are told: from WORD
    (CALLS ->), to it (<- CALLS), or of WORD with itself.
    """
    from hartonomous.ask.relations.neighbourhood import neighbours as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import names_of, remark_spelling

    chosen = names_of(types)
    with open_graph() as graph:
        rows = ask(graph, word, types=chosen, **conditions)
        if not as_json:
            remark_spelling(graph, word, rows, say)
        rows = with_captions(graph, rows, "neighbour", beside=as_json)
    if as_json:
        print_json(rows)
        return
    columns = {
        "neighbour": "neighbour",
        **({} if chosen == (DEFAULT_RELATION,) else {"relation": "relation"}),
        "consensus": "consensus",
        "elo": "elo",
        "sources": "sources",
        "times": "times",
        "similarity": "similarity",
    }
    print_rows([typed(row) for row in rows], columns)


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its type and direction as one cell, `relation`."""
    name = row["type"]
    said = {"out": f"{name} ->", "in": f"<- {name}", "itself": f"{name} itself"}
    return {**row, "relation": said.get(row["direction"], name)}


@click.command(
    epilog="""\b
Example:
  hartonomous explain king queen
  hartonomous explain king said --type PRECEDES
"""
)
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@type_option
@json_option
def explain(start: str, end: str, type: str, as_json: bool) -> None:
    """Explain the rating of A and B by term and by source.

    A directed type is followed from A to B.
    """
    from hartonomous.ask.relations.explanation import explain as ask
    from hartonomous.ask.relations.shown_texts import with_captions

    with open_graph() as graph:
        answer = ask(graph, start, end, type)
        (edge,) = with_captions(graph, [answer.relation], "start", "end", beside=as_json)
    if as_json:
        print_json({**asdict(answer), "relation": edge})
        return
    by = "-" if type == DEFAULT_RELATION else type
    print_text(f"{edge['start']} {by} {edge['end']}")
    click.echo(
        f"elo        {edge['elo']:.1f} = 1500 + {edge['elo_observations']:.1f} (times)"
        f" + {edge['elo_similarity']:.1f} (similarity) + {edge['elo_diversity']:.0f} (sources)"
    )
    click.echo(
        f"consensus  {edge['consensus']} = 1500 + 0.4 x {edge['decades']} milli-decades:"
        f" odds of 10^{edge['decades'] / 1000:z.2f}"
    )
    if edge["against"]:
        click.echo(
            f"against    {edge['against']:,} of {edge['times'] + edge['against']:,} times rejected"
        )
    click.echo()
    told = {"directed": "directed", "against": "against"}
    columns = {
        "source": "source",
        "track": "track",
        "times": "times",
        **{n: title for n, title in told.items() if any(row[n] for row in answer.tracks)},
        "support": "odds",
        "vote": "vote",
        "share": "share",
        "elo_without": "elo without",
        "consensus_without": "cons. without",
    }
    print_rows([_shown_track(row) for row in answer.tracks], columns)
    for row in answer.tracks:
        if (people := _judged(row, edge["consensus"])) is not None:
            print_text(people)
    if any(row["vote"] and not row["divisor"] for row in answer.tracks):
        say("Judgements add to the odds and not to the votes that these are divided by.")
    for row in answer.tracks:
        if len(row["positions"]) > 1:
            click.echo()
            print_text(_places(row))
    for source in dict.fromkeys(row["source"] for row in answer.places):
        click.echo()
        print_text(_held([row for row in answer.places if row["source"] == source]))


def _held(rows: list[dict[str, Any]]) -> str:
    """Return where one source has a pair: the places of both, or of code, line and steps."""
    first = rows[0]
    if "steps" not in first:
        return f"{first['source']} has both in {', '.join(row['place'] for row in rows)}"
    through = f", through {', '.join(first['steps'])}" if first["steps"] else ""
    return f"{first['source']} says so in {first['place'] or 'no known file'}{through}"


def _shown_track(row: dict[str, Any]) -> dict[str, Any]:
    from hartonomous.schema import evidence_type

    track = evidence_type(str(row["evidence"])).stem
    silent = "" if row["observed"] else " (silent)"
    return {**row, "track": track + silent, "vote": row["vote"] / 1e6}


def _judged(row: dict[str, Any], consensus: int) -> str | None:
    """Return who judged the pair, with what trust, and what it moved; None for other tracks."""
    from hartonomous.schema import evidence_type

    if not evidence_type(str(row["evidence"])).opposes:
        return None
    said = [word for word, n in (("accepted", row["times"]), ("rejected", row["against"])) if n]
    trust, without = row["vote"] / 1e6, row["consensus_without"]
    moved = "no other source relates the two"
    if without is not None:
        moved = f"consensus {without} -> {consensus} ({consensus - without:+})"
    return f"{row['source']} {' and '.join(said)} it, trust {trust:.1f}: {moved}"


def _places(row: dict[str, Any]) -> str:
    """Return where a track observed the pair, a line a layer that has parts."""
    layers, named = [], []
    parts: dict[str, list[str]] = {}
    for name in row["positions"]:
        place = _PLACE.fullmatch(name)
        if place is None:
            named.append(name)
        elif place["part"] is None:
            layers.append(int(place["layer"]))
        else:
            title = f"layer {place['layer']}: {place['part']}"
            parts.setdefault(title, []).append(place["number"])
    whole = [f"layer {_ranges(layers)}"] if layers else []
    title = f"{row['source']}, {len(row['positions'])} of {row['examined']} positions:"
    lines = [f"  {title} {', '.join(numbers)}" for title, numbers in parts.items()]
    return "\n".join([" ".join([title, ", ".join([*whole, *named])]).rstrip(), *lines])


def _ranges(numbers: list[int]) -> str:
    """Return ascending numbers with runs of them as ranges.

    >>> _ranges([0, 1, 2, 5, 7, 8])
    '0-2, 5, 7-8'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


@click.command(
    epilog="""\b
Example:
  hartonomous places password
  hartonomous places "You pay by card." --source handbook --json
"""
)
@click.argument("word", shell_complete=complete_word)
@count_option(100, 100_000)
@click.option("--source", shell_complete=complete_source, help="Only places of this source.")
@json_option
def places(word: str, top: int, source: str | None, as_json: bool) -> None:
    """List where sources have WORD: file, page, line or box.

    For a word without places of its own, lists those of the sentences or
    pictures related to it, strongest first.
    """
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.ask.relations.text_places import places as ask

    with open_graph() as graph:
        rows = ask(graph, word, top, source)
        rows = with_captions(graph, rows, "text", beside=as_json)
    if as_json:
        print_json(rows)
        return
    if not rows:
        say(f"{word!r} is in the graph, but no source gives a place for it.")
        return
    shown = [{name: printable(str(value)) for name, value in row.items()} for row in rows]
    print_rows(shown, {"source": "source", "place": "place", "text": "text"})


@click.command(epilog="\b\nExample:\n  hartonomous sources --json\n")
@json_option
def sources(as_json: bool) -> None:
    """List the sources with their counts."""
    from hartonomous.ask.relations.source_statistics import sources as ask

    with open_graph() as graph:
        rows = ask(graph)
    if as_json:
        print_json(rows)
        return
    columns = {
        "name": "name",
        "kind": "kind",
        "state": "state",
        "vocabulary": "words",
        "evidence": "evidence",
        "observations": "observations",
        "bytes": "bytes",
        "standing": "standing",
    }
    print_rows([{**row, "standing": _standing(row)} for row in rows], columns)


def _standing(row: dict[str, Any]) -> str:
    """Return what was found on a source, in a few words."""
    from hartonomous.rate.hubness import MOST_HUBNESS

    found = ["no vote"] if row["distrusted"] else []
    found += [f"one of {row['lineage']} near-copies"] if (row["lineage"] or 1) > 1 else []
    found += ["hubs"] if (row["hubness"] or 0.0) > MOST_HUBNESS else []
    found += ["halves disagree" for one in row["findings"] if one["kind"] == "chance"]
    return ", ".join(found) or "ok"


@click.command(epilog="\b\nExample:\n  hartonomous source minilm\n")
@click.argument("name", shell_complete=complete_source)
@json_option
def source(name: str, as_json: bool) -> None:
    """Show all properties of one source."""
    from hartonomous.ask.relations.source_statistics import source as ask

    with open_graph() as graph:
        known = ask(graph, name)
    for name in ("files", "options", "excluded"):
        known[name] = json.loads(known[name])
    if as_json:
        print_json(known)
        return
    tracks = known.pop("tracks")
    if isinstance(known["files"], list):
        known["files"] = [name for name, _, _ in known["files"]]
    print_facts(known)
    for track in tracks:
        click.echo()
        print_facts(track)


@click.command(epilog="\b\nExample:\n  hartonomous stats\n")
@json_option
def stats(as_json: bool) -> None:
    """Show counts of the graph and the repetition of pairs.

    Includes repetition within each model and across models, with all
    assumptions.
    """
    from hartonomous.operations.questions import count

    with open_graph() as graph:
        answer, repeated = count(graph)
    facts = {
        **asdict(answer),
        "observations_per_evidence": answer.observations_per_evidence,
        "evidence_per_relation": answer.evidence_per_relation,
        "observations_per_relation": answer.observations_per_relation,
    }
    if as_json:
        print_json({**facts, "repetition": _repetition_facts(repeated)})
        return
    print_facts({name.replace("_", " "): value for name, value in facts.items()})
    _print_repetition(repeated)


def _repetition_facts(repeated: Repetition) -> dict[str, Any]:
    """Return the counts with their ratios."""
    facts = asdict(repeated)
    for kind in ("tracks", "sources"):
        for row, one in zip(facts[kind], getattr(repeated, kind), strict=True):
            row["observations_per_pair"] = one.observations_per_pair
    for row, one in zip(facts["sources"], repeated.sources, strict=True):
        row["shared"] = one.shared
    return {**facts, "sources_per_comparable_pair": repeated.sources_per_comparable_pair}


def _print_repetition(repeated: Repetition) -> None:
    from hartonomous.schema import evidence_type

    facts = _repetition_facts(repeated)
    if not repeated.tracks:
        return
    click.echo("\nWithin each model, by evidence type:")
    columns = {
        "source": "source",
        "track": "track",
        "positions": "positions",
        "minimum": "minimum",
        "pairs": "pairs",
        "observations": "observations",
        "observations_per_pair": "per pair",
        "left_out": "left out",
    }
    shown = [{**row, "track": evidence_type(row["evidence"]).stem} for row in facts["tracks"]]
    print_rows(shown, columns)
    click.echo("\nAcross models:")
    columns = {
        "source": "source",
        "pairs": "pairs",
        "observations_per_pair": "observations per pair",
        "could_be_held": "comparable",
        "held_by_others": "held by another",
        "shared": "share",
    }
    print_rows(facts["sources"], columns)
    held = ", ".join(f"{count:,} by {n}" for n, count in repeated.by_sources.items())
    click.echo(f"\nPairs by number of sources: {held}.")
    click.echo(
        f"Sources per pair, of those comparable: {repeated.sources_per_comparable_pair:.3f}."
    )
    for line in repeated.assumptions:
        say(f"* {line}")
