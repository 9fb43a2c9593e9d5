"""What words are related to, and what sources say: the questions of one or a few words."""

from __future__ import annotations

import json
from typing import Any

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.records import (
    Affinity,
    AnalogyAnswer,
    Answer,
    ComparedWord,
    ContestedPair,
    Contradiction,
    GraphCounts,
    Neighbour,
    OddWord,
    SourceDetails,
    SourceSummary,
    TrackDetails,
)
from hartonomous.api.rows import Rows, record_of, rows_of
from hartonomous.ask.relations import (
    affinity,
    explanation,
    neighbourhood,
    source_statistics,
    word_comparison,
)
from hartonomous.ask.relations.explanation import Explanation
from hartonomous.operations import questions


class RelationMethods(GraphSession):
    """Questions of words and sources."""

    def neighbours(
        self,
        word: str,
        top: int = 10,
        by: str = "consensus",
        source: str | None = None,
        min_sources: int = 1,
        pieces: bool = False,
    ) -> Rows[Neighbour]:
        """Return what is most related to a word, best first.

        `top`: how many. `by`: what to order by, "consensus" or "elo", in points. `source`: only pairs
        that this source observed. `min_sources`: only pairs that so many sources observed. `pieces`:
        continuation pieces (##ing) too. Raises NotFound for a word that is not there, with near misses.
        """
        graph = self._asked
        found = neighbourhood.neighbours(graph, word, top, by, source, min_sources, pieces)
        questions.remark_spelling(graph, word, bool(found), self._say)
        return rows_of(Neighbour, found)

    def explain(self, start: str, end: str) -> Explanation:
        """Return why two words are related: every term of the rating, every source.

        Raises NotFound for a word that is not there, or when no source holds them related.
        """
        return explanation.explain(self._asked, start, end)

    def affinity(self, start: str, end: str) -> Affinity:
        """Return how near two words are, related or not.

        Raises NotFound for a word that is not there.
        """
        return record_of(Affinity, affinity.affinity(self._asked, start, end))

    def analogy(self, first: str, second: str, third: str, top: int = 10) -> Rows[AnalogyAnswer]:
        """Return what is to the third word as the second is to the first, best first.

        Raises NotFound for a word that is not there.
        """
        return rows_of(AnalogyAnswer, affinity.analogy(self._asked, first, second, third, top))

    def contested(self, word: str, top: int = 10) -> Rows[ContestedPair]:
        """Return the pairs of a word on which sources disagree most, and who says what.

        Raises NotFound for a word that is not there.
        """
        return rows_of(ContestedPair, affinity.contested(self._asked, word, top))

    def compare(self, start: str, end: str, top: int = 10) -> Rows[ComparedWord]:
        """Return what two words are both related to, and what only one of them is; `top` of each.

        Raises NotFound for a word that is not there, UsageError when they are the same.
        """
        return rows_of(ComparedWord, word_comparison.compare(self._asked, start, end, top))

    def odd_one_out(self, *words: str) -> Rows[OddWord]:
        """Return the words, the one that fits the others least first.

        Raises NotFound for a word that is not there, UsageError for fewer than three.
        """
        return rows_of(OddWord, word_comparison.odd_one_out(self._asked, words))

    def contradictions(self, top: int = 10) -> Rows[Contradiction]:
        """Return the pairs on which sources disagree most, over the whole graph, widest first.

        Raises NotFound when no two sources vote.
        """
        found = word_comparison.contradictions(self._asked, top, self._progress)
        return rows_of(Contradiction, found)

    def ask(self, question: str, encoder: PathName | None = None, top: int = 3) -> Rows[Answer]:
        """Return what answers a question, from documents that were ingested, best first.

        `encoder`: folder of the sentence encoder that compares it with known questions; without one
        it goes by words alone. Raises NotFound where nothing has to do with it.
        """
        if encoder is None:
            self._say("No encoder: matched by words alone.")
        return rows_of(Answer, questions.answer(self._asked, question, path_of(encoder), top))

    def sources(self) -> Rows[SourceSummary]:
        """Return which sources there are, and what each put in."""
        return rows_of(SourceSummary, source_statistics.sources(self._asked))

    def source(self, name: str) -> SourceDetails:
        """Return everything one source is known by; raises NotFound for one that is not there."""
        known = source_statistics.source(self._asked, name)
        read = {name: _read(known[name]) for name in ("files", "options", "excluded")}
        tracks = tuple(record_of(TrackDetails, track) for track in known["tracks"])
        return record_of(SourceDetails, {**known, **read, "tracks": tracks})

    def stats(self) -> GraphCounts:
        """Return what the graph holds, counted, and how often the same is said."""
        counted, repeated = questions.count(self._asked)
        return GraphCounts(**vars(counted), repetition=repeated)


def _read(text: str | None) -> Any:
    """Return what a property of a source holds as JSON; None where it has none."""
    return None if text is None else json.loads(text)
