"""Queries about one or a few words, and about sources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.row_records import (
    Affinity,
    AnalogyAnswer,
    Answer,
    ComparedWord,
    ContestedPair,
    Contradiction,
    GraphCounts,
    HeldPlace,
    Neighbour,
    OddWord,
    SourceDetails,
    SourceSummary,
    TrackDetails,
)
from hartonomous.api.rows import Rows, field_names, record_of, rows_of
from hartonomous.ask.relations import (
    affinity,
    contradictions,
    explanation,
    neighbourhood,
    source_statistics,
    text_places,
    word_comparison,
    word_senses,
)
from hartonomous.ask.relations.explanation import Explanation
from hartonomous.ask.relations.word_senses import Sense
from hartonomous.operations import questions
from hartonomous.schema import DEFAULT_RELATION


class RelationMethods(GraphSession):
    """Queries about words and sources."""

    def neighbours(
        self,
        word: str,
        top: int = 10,
        by: str = "consensus",
        source: str | None = None,
        min_sources: int = 1,
        pieces: bool = False,
        types: str | Sequence[str] = DEFAULT_RELATION,
    ) -> Rows[Neighbour]:
        """Return the relations of a word, strongest first.

        `top`: number of results. `by`: order by this rating, "consensus" or "elo", in points.
        `source`: only pairs observed by this source. `min_sources`: least number of sources per pair.
        `pieces`: include continuation pieces (##ing). `types`: rated types to list, "RELATES". Raises
        NotFound for an unknown word, with suggestions.
        """
        graph, chosen = self._asked, questions.names_of(types)
        found = neighbourhood.neighbours(graph, word, top, by, source, min_sources, pieces, chosen)
        questions.remark_spelling(graph, word, found, self._say)
        return self._captioned(rows_of(Neighbour, found))

    def explain(self, start: str, end: str, type: str = DEFAULT_RELATION) -> Explanation:
        """Return the rating of two words, term by term and source by source.

        `type`: the rated type; a directed one is followed from `start` to `end`. Raises NotFound for an
        unknown word, or if the two have no such relation.
        """
        return explanation.explain(self._asked, start, end, type)

    def affinity(self, start: str, end: str) -> Affinity:
        """Return the similarity of two words, related or not.

        Of what no source knows, the mean over its parts. Raises NotFound for an unknown word.
        """
        row = affinity.affinity(self._asked, start, end)
        questions.remark_composed(self._asked, (start, end), row["composed"], self._say)
        return record_of(Affinity, row)

    def analogy(self, first: str, second: str, third: str, top: int = 10) -> Rows[AnalogyAnswer]:
        """Return the words that relate to the third as the second does to the first, best first.

        Raises NotFound for an unknown word.
        """
        return self._captioned(
            rows_of(AnalogyAnswer, affinity.analogy(self._asked, first, second, third, top))
        )

    def contested(
        self, word: str, top: int = 10, type: str = DEFAULT_RELATION
    ) -> Rows[ContestedPair]:
        """Return the relations of a word, of a rated type, on which sources disagree most.

        Raises NotFound for an unknown word.
        """
        return self._captioned(
            rows_of(ContestedPair, affinity.contested(self._asked, word, top, type))
        )

    def compare(self, start: str, end: str, top: int = 10) -> Rows[ComparedWord]:
        """Return what two words are both related to, and what only one of them is; `top` of each.

        Raises NotFound for a word that is not there, UsageError when they are the same.
        """
        return self._captioned(
            rows_of(ComparedWord, word_comparison.compare(self._asked, start, end, top))
        )

    def senses(self, word: str, top: int = 10, members: int = 8, all: bool = False) -> Rows[Sense]:
        """Return the groups that a word's neighbours fall into, by their share of its odds.

        Each has its words, the sources that relate them, and the layers or heads that list the most of
        them. `members`: words listed per sense. `all`: include texts that nobody reads as words. Raises
        NotFound for an unknown word.
        """
        found = word_senses.senses(self._asked, word, top, members, all)
        return self._captioned(Rows(found, field_names(Sense)))

    def odd_one_out(self, *words: str) -> Rows[OddWord]:
        """Return the words, the least similar to the others first.

        Raises NotFound for an unknown word, UsageError for fewer than three.
        """
        return self._captioned(rows_of(OddWord, word_comparison.odd_one_out(self._asked, words)))

    def contradictions(self, top: int = 10, all: bool = False) -> Rows[Contradiction]:
        """Return the pairs of the whole graph with the largest disagreement, largest first.

        `all`: include texts that nobody reads as words. Raises NotFound if fewer than two sources vote.
        """
        found = contradictions.contradictions(self._asked, top, self._progress, all)
        return self._captioned(rows_of(Contradiction, found))

    def ask(self, question: str, encoder: PathName | None = None, top: int = 3) -> Rows[Answer]:
        """Return answers to a question from ingested documents, best first.

        `encoder`: folder of the sentence encoder that compares the question with stored ones; without
        it, the question is matched by its words. Raises NotFound if nothing matches.
        """
        if encoder is None:
            self._say("No encoder: matched by words alone.")
        return self._captioned(
            rows_of(Answer, questions.answer(self._asked, question, path_of(encoder), top))
        )

    def places(self, word: str, top: int = 100, source: str | None = None) -> Rows[HeldPlace]:
        """Return where sources have a word, a sentence or a picture.

        Of a word without places of its own, those of the sentences or pictures related to it,
        strongest first. `top`: number of results. `source`: only places of this source. Raises
        NotFound for an unknown word or source.
        """
        return self._captioned(
            rows_of(HeldPlace, text_places.places(self._asked, word, top, source))
        )

    def sources(self) -> Rows[SourceSummary]:
        """Return the sources with their counts."""
        return rows_of(SourceSummary, source_statistics.sources(self._asked))

    def source(self, name: str) -> SourceDetails:
        """Return all properties of one source; raises NotFound for an unknown one."""
        known = source_statistics.source(self._asked, name)
        read = {name: _read(known[name]) for name in ("files", "options", "excluded")}
        tracks = tuple(record_of(TrackDetails, track) for track in known["tracks"])
        return record_of(SourceDetails, {**known, **read, "tracks": tracks})

    def stats(self) -> GraphCounts:
        """Return counts of the graph and the repetition of pairs."""
        counted, repeated = questions.count(self._asked)
        return GraphCounts(**vars(counted), repetition=repeated)


def _read(text: str | None) -> Any:
    """Return the JSON value of a source's property; None if it has none."""
    return None if text is None else json.loads(text)
