"""Source contribution: what each source adds to the graph, and its findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hartonomous.ask.relations.word_rows import find_words
from hartonomous.evaluate.advice import LEAST_NEW_PAIRS, LEAST_NEW_WORDS, sharing
from hartonomous.evaluate.source_pairs import related_tracks, vector_tracks
from hartonomous.evaluate.source_subsets import read_panel
from hartonomous.evaluate.word_similarity import Gain, GoldPairs, affinities, paired_gain
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.rate.rating_pass import source_numbers
from hartonomous.rate.source_agreement import SAME_LINEAGE, Agreement
from hartonomous.rate.source_findings import read_findings
from hartonomous.schema import DEFAULT_RELATION, evidence_type

ONLY_COUNTED = "only counted: whether it agrees with other sources is not told"
"""Of a source without vectors: what is not judged of it."""


@dataclass
class Contribution(Record):
    """One source: the numbers of its pairs and of those it alone has, its nearest other source, its
    vote.

    `lift` is the upper median over the others, milli-decades; `gains` are those of the graph over
    the graph without it, by list; `adds` is false if it adds nothing, `remarks` say why.
    """

    source: str
    words: int = 0
    only_words: int = 0
    pairs: int = 0
    only_pairs: int = 0
    nearest: str | None = None
    overlap: float = 0.0
    lift: int | None = None
    vote: int = 0
    hubness: float | None = None
    gains: tuple[Gain, ...] = ()
    adds: bool = True
    remarks: list[str] = field(default_factory=list)


def contributions(graph: Graph, gold: Sequence[GoldPairs] = ()) -> list[Contribution]:
    """Return the contribution of each live source to RELATES, by name.

    Of sources that only counted, agreement is not told, and of those that relate nothing by RELATES
    nothing; their remarks say so.
    """
    live = [one for one in graph.read(query("rate/read_tracks")) if one["state"] == "live"]
    tracks, vectors = related_tracks(graph), vector_tracks(graph)
    found = {name: Contribution(name) for name in sorted({track["source"] for track in tracks})}
    numbers = source_numbers(live)
    for track in tracks:
        found[track["source"]].vote += track["vote"] or 0
    _count(graph, found, {number: name for name, number in numbers.items()}, vectors)
    counted = found.keys() - {track["source"] for track in vectors}
    for name in sorted(counted):
        (row,) = graph.read(query("ask/count_related"), number=numbers[name])
        found[name].words, found[name].only_words = row["words"], row["only_words"]
    agreements = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    agreements = [one for one in agreements if {one.low, one.high} <= found.keys()]
    for one in agreements:
        _note_nearest(found[one.low], one.high, one)
        _note_nearest(found[one.high], one.low, one)
    for contribution in found.values():
        lifts = [one.lift for one in agreements if contribution.source in (one.low, one.high)]
        told = sorted(lift for lift in lifts if lift is not None)
        contribution.lift = told[len(told) // 2] if told else None
    _leave_one_out(graph, found, agreements, gold)
    rows = graph.read(query("rate/read_source_findings"), overlap=SAME_LINEAGE)
    for row in rows:
        if row["name"] in found:
            _remark(found[row["name"]], row, len(found))
    for name in counted:
        found[name].remarks.append(ONLY_COUNTED)
    _note_chance(graph, found)
    return sorted([*found.values(), *_unjudged(live, found)], key=lambda one: one.source)


def _note_chance(graph: Graph, found: dict[str, Contribution]) -> None:
    """Note what is of no use because halves of its observations disagree."""
    for one in read_findings(graph):
        if one.kind == "chance" and one.source in found:
            found[one.source].remarks.append(one.text)
            found[one.source].adds &= found[one.source].vote > 0


def _unjudged(live: Sequence[Row], found: dict[str, Contribution]) -> list[Contribution]:
    """Return the sources that relate nothing by RELATES, with what they do instead."""
    rest: dict[str, set[str]] = defaultdict(set)
    for track in live:
        if track["source"] not in found:
            rest[track["source"]].add(evidence_type(track["evidence"]).feeds)
    return [
        Contribution(name, remarks=[f"not judged: it has {', '.join(sorted(types))} alone"])
        for name, types in rest.items()
    ]


def _count(
    graph: Graph, found: dict[str, Contribution], names: dict[int, str], tracks: list[Row]
) -> None:
    owner = {str(track["number"]): track["source"] for track in tracks}
    for row in graph.read(query("rate/read_classes")):
        knowing = {owner[number] for number in row["known"].split("+") if number in owner}
        for name in knowing:
            found[name].words += row["words"]
            found[name].only_words += row["words"] if len(knowing) == 1 else 0
    pairs: dict[frozenset[str], int] = defaultdict(int)
    for row in graph.read(query("rate/count_seen", rated=DEFAULT_RELATION)):
        pairs[frozenset(names[n] for n in row["seen"] if n in names)] += row["pairs"]
    for holders, count in pairs.items():
        for name in holders & found.keys():
            found[name].pairs += count
            found[name].only_pairs += count if len(holders) == 1 else 0


def _note_nearest(contribution: Contribution, other: str, agreement: Agreement) -> None:
    if agreement.overlap > contribution.overlap:
        contribution.nearest, contribution.overlap = other, round(agreement.overlap, 4)


def _leave_one_out(
    graph: Graph,
    found: dict[str, Contribution],
    agreements: Sequence[Agreement],
    gold: Sequence[GoldPairs],
) -> None:
    if not gold or len(found) < 2:
        return
    asked = [word for pairs in gold for words in pairs.words for word in words]
    panel = read_panel(graph, find_words(graph, asked), asked)
    whole = panel.rows(sharing(list(found), agreements))
    for name, contribution in found.items():
        others = [other for other in found if other != name]
        without = panel.rows(sharing(others, agreements))
        contribution.gains = tuple(
            paired_gain(
                pairs, "with it", affinities(pairs, *whole), "without", affinities(pairs, *without)
            )
            for pairs in gold
        )


def _remark(contribution: Contribution, row: Row, sources: int) -> None:
    """Return the remarks, and whether the source adds anything."""
    if row["distrusted"]:
        contribution.remarks.append(f"no vote: it {row['distrusted']}")
    if row["copies"]:
        others = ", ".join(f"{name} ({overlap:.0%})" for name, overlap in row["copies"])
        contribution.remarks.append(f"near-copy of {others}")
    contribution.hubness = row["hubness"]
    few_words = contribution.only_words < LEAST_NEW_WORDS * contribution.words
    few_pairs = contribution.only_pairs < LEAST_NEW_PAIRS * contribution.pairs
    redundant = sources > 1 and few_words and few_pairs
    contribution.adds = not (row["distrusted"] or redundant)
    if redundant:
        contribution.remarks.append("all of its relations are in other sources")
