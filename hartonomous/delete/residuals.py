"""Residuals of a removal: remaining evidence of the removed data, and paths that still reach it.

The extraction test compares, for the words with the largest losses, the nearest neighbours and the
most probable continuation before and after the removal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.generation.text_generator import GenerateOptions, Generator
from hartonomous.ask.generation.token_sampling import Filters
from hartonomous.ask.paths import word_paths
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.relation_views import View
from hartonomous.ask.relations.shown_texts import captions_in
from hartonomous.delete.deletion_plan import Plan, lost_relations, lost_types
from hartonomous.delete.output_filter import removed_words
from hartonomous.delete.selectors import candidates
from hartonomous.errors import NotFound, ServerError, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.load.concept_match import Wanted

WORDS, TOP, PAIRS, TOKENS = 5, 10, 10, 6

Residual = dict[str, Any]
Watched = dict[str, dict[str, Any]]


def watched(graph: Graph, planned: Plan) -> Watched:
    """Return the present `neighbours`, `continuation` and `captions` of the words with the largest
    losses in a plan.
    """
    words: list[str] = []
    for loss in planned.summary["top_losses"]:
        words += [text for text in (loss["start"], loss["end"]) if text not in words]
    return _seen(graph, words[:WORDS], _types(planned))


def _types(planned: Plan) -> tuple[str, ...]:
    """Return the rated types that the report is about."""
    return lost_types(planned.tables["relations"], planned.summary["selectors"].get("types", ()))


def residual(graph: Graph, planned: Plan, before: Watched, ways: int = 0) -> Residual:
    """Return what remains of the removed data; to be called after the removal.

    `variants`: compositions with a removed concept in another case, by source; `supported`: the
    number of affected relations that each other source still has; `paths`: paths between the ends
    of lost relations, with their types and sources: shortest ones, in whatever direction, or with
    `ways` that many of the most probable ones by Graph Data Science, if it has the memory;
    `neighbours` and `continuations`: of the watched words, before and after; `captions`: of the
    pictures among these, before. Paths and neighbours are
    of the types that the plan names, else of those that it loses.
    """
    types = _types(planned)
    after = _seen(graph, list(before), types)
    lost = _lost(planned, types)
    return {
        "variants": _variants(graph, planned.summary["selectors"].get("concepts", ())),
        "supported": planned.summary["survivors"],
        "paths": _likeliest(graph, lost, ways, types) if ways else _shortest(graph, lost, types),
        "neighbours": _compared("neighbours", before, after),
        "continuations": _compared("continuation", before, after),
        "captions": {
            text: one for seen in before.values() for text, one in seen["captions"].items()
        },
    }


def _compared(name: str, before: Watched, after: Watched) -> dict[str, Row]:
    return {
        word: {"before": seen[name], "after": after[word][name]}
        for word, seen in before.items()
        if seen[name] or after[word][name]
    }


def _lost(planned: Plan, types: Sequence[str]) -> list[tuple[Row, Row]]:
    """Return the ends, key and text, of the lost relations of some types with the highest elo."""
    table = planned.tables["compositions"].select(["key", "text"])
    gone = lost_relations(planned.tables["relations"], types)
    best = gone.sort_by([("elo_before", "descending"), ("edge", "ascending")])
    return [
        (table.slice(row["start"], 1).to_pylist()[0], table.slice(row["end"], 1).to_pylist()[0])
        for row in best.slice(0, PAIRS).to_pylist()
    ]


def _shortest(graph: Graph, lost: Sequence[tuple[Row, Row]], types: tuple[str, ...]) -> list[Row]:
    """Return the shortest path between the ends of each lost relation."""
    owner = {track["number"]: track["source"] for track in graph.read(query("rate/read_tracks"))}
    pairs = [[start["key"], end["key"]] for start, end in lost]
    return [
        {
            "start": row["start"],
            "end": row["end"],
            "way": row["way"],
            "types": row["types"],
            "sources": sorted({owner[n] for step in row["tracks"] for n in step if n in owner}),
            "weakest": None,
        }
        for row in graph.read(query("delete/find_paths", types=types), pairs=pairs)
    ]


def _likeliest(
    graph: Graph, lost: Sequence[tuple[Row, Row]], ways: int, types: tuple[str, ...]
) -> list[Row]:
    """Return the cheapest paths between the ends of each lost relation (Yen 1971)."""
    found: list[Row] = []
    for start, end in lost:
        try:
            paths = word_paths.path(graph, start["text"], end["text"], ways, View(types=types))
        except (NotFound, UsageError):
            continue
        except ServerError:
            # The removal is done; a projection that does not fit must not hide the other residuals.
            return _shortest(graph, lost, types)
        found += [
            {
                "start": start["text"],
                "end": end["text"],
                "way": list(path.words),
                "types": [step.type for step in path.steps],
                "sources": sorted({source for step in path.steps for source in step.sources}),
                "weakest": path.weakest,
            }
            for path in paths
        ]
    return found


def _variants(graph: Graph, concepts: tuple[str, ...] | list[str]) -> list[dict[str, Any]]:
    found = {
        row["id"]
        for word in concepts
        for row in candidates(graph, word)
        if Wanted.of([word], any_case=True).is_in(row["text"], row["kind"])
    }
    return graph.read(query("delete/count_saying"), ids=sorted(found))


def _seen(graph: Graph, words: Sequence[str], types: Sequence[str]) -> Watched:
    continued = _continuations(graph, words)
    found: Watched = {}
    for word in words:
        near = {"word": word, "neighbours": _neighbours(graph, word, types)}
        captions = captions_in(graph, [near], "word", "neighbours")
        found[word] = {**near, "continuation": continued.get(word), "captions": captions}
    return found


def _neighbours(graph: Graph, word: str, types: Sequence[str]) -> list[str]:
    try:
        rows = neighbours(graph, word, top=TOP, types=types)
    except NotFound:
        return []
    # Two may be related by several types and in both directions.
    return list(dict.fromkeys(row["neighbour"] for row in rows))


def _continuations(graph: Graph, words: Sequence[str]) -> dict[str, str]:
    """Return the continuation of each word that has next-token evidence."""
    if not words:
        return {}
    try:
        expecting = NextTokenModel(graph)
    except NotFound:
        return {}
    generator = Generator(expecting, removed_words(graph))
    options = GenerateOptions(TOKENS, Filters(temperature=0))
    prompts = {word: expecting.spelt(word) for word in words}
    known = {word: tokens for word, tokens in prompts.items() if tokens and min(tokens) >= 0}
    visited = expecting.visited([tokens[-1:] for tokens in known.values()])
    return {
        word: "".join(step.text for step in generator.stream(tokens, options)).strip()
        for (word, tokens), there in zip(known.items(), visited, strict=True)
        if there
    }
