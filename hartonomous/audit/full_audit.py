"""The full audit: recomputation from the evidence, the texts and the last inventory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hartonomous.audit.audit_findings import Findings
from hartonomous.audit.composition_checks import Compositions, check_compositions
from hartonomous.audit.context_checks import BACKS_OFF, EXTENDS, check_joins, check_visits
from hartonomous.audit.coordinate_checks import check_places
from hartonomous.audit.edge_walk import Walked, walk
from hartonomous.audit.evidence_checks import check_known, check_tracks, tell_faults, tell_odd
from hartonomous.audit.held_checks import check_held
from hartonomous.audit.journal_checks import check_journals, check_suppressions
from hartonomous.audit.ledger_checks import check_ledger
from hartonomous.audit.name_checks import UNNAMED, check_captions, check_records
from hartonomous.audit.vote_checks import check_votes
from hartonomous.audit.word_link_checks import check_word_links
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.name_words import READING
from hartonomous.progress import Progress
from hartonomous.transparency.inventory import GRAPH, NAMES, TRACK, Facts, Inventory

_CONSTANTS = ("positions", "k", "vocabulary")
_NUMBERS = ("number", "trust", "vote", "absent")


class FullAudit:
    """Recomputes a graph; `noted` are the expected facts of its inventory, as far as recorded, and
    `counts` the number of edges of each type.
    """

    def __init__(
        self,
        graph: Graph,
        inventory: Inventory,
        noted: Facts | None,
        counts: dict[str, int],
        progress: Progress,
    ) -> None:
        self.graph, self.inventory, self.noted = graph, inventory, noted
        self.counts, self.progress = counts, progress
        self.findings: list[str] = []
        self.unproved: list[str] = []
        rows = graph.read(query("audit/read_tracks"))
        self.sources = {row["source"]: row for row in rows}
        self.stored = [_flat(row) for row in rows if row["track"] is not None]
        self.live = _expected_tracks(self.stored, noted)

    def run(self, entries: Sequence[Row]) -> dict[str, Any]:
        """Return the facts of a full audit; `entries` are those of the log."""
        found, named = Findings(), NAMES in self.inventory.facts
        compositions = check_compositions(self.graph, found, self.inventory.at_rest, named)
        self.findings += found.texts()
        walked, tracks = self._walk(compositions)
        live = {name: row for name, row in self.sources.items() if row["state"] == "live"}
        visits, blind = check_visits(self.graph, compositions, live, self.progress)
        joined = {
            type: self.noted[GRAPH, "", f"{type} edges"]
            for type in (BACKS_OFF, EXTENDS)
            if self.noted and not self.inventory.unfinished
        }
        joins = check_joins(self.graph, compositions, joined, self.progress)
        links, unlinked = check_word_links(
            self.graph,
            self.inventory.facts.get((GRAPH, "", "reading")) == READING,
            self.inventory.at_rest and not self.inventory.unfinished,
        )
        places, unplaced = check_places(self.graph, self.inventory.facts)
        for more in (
            visits,
            joins,
            check_held(self.graph, compositions, self.sources, self.progress),
            links,
            check_ledger(self.graph, self.sources, self.stored),
            places,
            check_journals(self.graph, entries),
            check_suppressions(self.inventory.facts),
            self._elsewhere(walked),
        ):
            self.findings += more.texts()
        self._check_names(compositions, named)
        self.unproved += [*unlinked, *unplaced]
        if blind:
            self.unproved.append(
                f"Sources loaded by an older version ({', '.join(blind)}) have no digest of their visits: "
                "these are not checked."
            )
        return self._facts(walked, tracks)

    def _check_names(self, compositions: Compositions, named: bool) -> None:
        if not named:
            self.unproved.append(UNNAMED)
            return
        self.findings += check_records(self.graph).texts()
        if self.inventory.at_rest:
            self.findings += check_captions(self.graph, compositions).texts()

    def _walk(self, compositions: Compositions) -> tuple[Walked, list[Row]]:
        stated = (compositions.known, compositions.classes)
        walked = walk(self.graph, compositions, self.live, stated, self.progress)
        evidence, found = walked.evidence, Findings()
        tracks = check_tracks(
            evidence, {(t["source"], t["evidence"]): t for t in self.stored}, found
        )
        tell_faults(self.graph, evidence, found)
        tell_odd(self.graph, evidence, tracks, found)
        if check_known(self.graph, evidence, found):
            # Ratings depend on these classes: compare with those of the correct ones.
            right = evidence.known()
            walked = walk(self.graph, compositions, self.live, right, self.progress)
        votes = Findings()
        if self.inventory.at_rest:
            check_votes(
                self.graph,
                walked.agreements,
                walked.judgements,
                self.live,
                self.stored,
                votes,
            )
        self.findings += found.texts() + walked.ratings.found.texts() + votes.texts()
        return walked, tracks

    def _elsewhere(self, walked: Walked) -> Findings:
        """Report edges that do not start at a composition."""
        found = Findings()
        met = {name: tally.edges for name, tally in walked.ratings.tallies.items()}
        met |= walked.evidence.edges
        for name, count in self.counts.items():
            if (away := count - met.get(name, 0)) > 0:
                found.add(
                    "types of edges in the wrong place",
                    f"{away:,} {name} edges start at a node that is no composition.",
                )
        return found

    def _facts(self, walked: Walked, tracks: list[Row]) -> dict[str, Any]:
        tallies = walked.ratings.tallies
        return {
            "tracks": tracks,
            "unfounded": {name: tally.unfounded for name, tally in tallies.items()},
            "ratings": {
                name: {"pairs": tally.pairs, "edges": tally.edges, "wrong": tally.wrong}
                for name, tally in tallies.items()
            },
            "findings": self.findings,
        }


def _flat(row: Row) -> Row:
    """Return a row of audit/read_tracks as one map, with None for missing properties."""
    names = ("evidence", *_NUMBERS, *_CONSTANTS, "rows", "observations", "digest")
    own = {name: row["track"].get(name) for name in names}
    about = {name: row[name] for name in ("source", "state", "lineage", "distrusted")}
    return {**about, **own, "evidence": str(own["evidence"])}


def _expected_tracks(stored: Sequence[Row], noted: Facts | None) -> list[Row]:
    """Return the live tracks as recorded, else as stored."""
    if noted is None:
        return [_sound(track) for track in stored if track["state"] == "live"]
    tracks: dict[str, dict[str, Any]] = {}
    for (kind, which, name), value in noted.items():
        if kind == TRACK:
            tracks.setdefault(which, {})[name] = value
    return [
        _sound({"source": which.partition("/")[0], "evidence": which.partition("/")[2], **own})
        for which, own in sorted(tracks.items())
    ]


def _sound(track: Row) -> Row:
    """Return a track with a number wherever ratings need one."""
    numbers = {name: track.get(name) for name in _NUMBERS}
    return track | {name: n if isinstance(n, int) else 0 for name, n in numbers.items()}
