"""Ingesting, rating and evaluating sources."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from pathlib import Path
from typing import Unpack, overload

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.rows import Rows, field_names
from hartonomous.errors import UsageError
from hartonomous.evaluate.ablation import Trial
from hartonomous.evaluate.advice import Advice
from hartonomous.evaluate.analogies import AnalogyScore
from hartonomous.evaluate.learning_curve import Curve
from hartonomous.evaluate.next_token_evaluation import NextEvaluation
from hartonomous.evaluate.source_contribution import Contribution
from hartonomous.evaluate.word_similarity import Evaluation
from hartonomous.extract.input_texts import read_texts
from hartonomous.operations import ingestion, measurement
from hartonomous.operations.ingestion import IngestReport
from hartonomous.operations.model_request import ModelSettings, request_model
from hartonomous.operations.observation import request_observation
from hartonomous.rate.rating_pass import RatingReport


class SourceMethods(GraphSession):
    """Sources: ingested, rated, evaluated."""

    def ingest(
        self,
        model: PathName,
        name: str | None = None,
        replace: str | None = None,
        **settings: Unpack[ModelSettings],
    ) -> IngestReport:
        """Extract a model, load it into the graph and rate the pairs concerned.

        `model`: a folder, a file, a Hub id such as org/name, or documents, which need `encoder`.
        `name`: name of the source in the graph; or `replace`: the source to replace, in one act; with
        neither, it is named after its path. After
        an interruption, the same call resumes; a completed call changes nothing when repeated. Raises
        NotFound or BadInput if it is not a model, Conflict for a name used for other content, for an
        erased source, and while another writer is active.
        """
        request = request_model(model, **settings)
        return ingestion.ingest_model(
            self._graph, request, name, replace, self._progress, self._say
        )

    def observe(
        self,
        content: PathName,
        name: str | None = None,
        replace: str | None = None,
        captions: Sequence[PathName] = (),
        exclude: Sequence[str] = (),
        limit: int | None = None,
        subject: str | None = None,
        licence: str | None = None,
        figures: bool = False,
    ) -> IngestReport:
        """Learn from pictures with captions, or from documents, without any model.

        `captions`: files that say what the pictures show, instead of what lies beside them.
        `figures`: of PDF files, their figures with captions instead of their text.
        `exclude`: patterns of files to skip. `limit`: only the first pictures or sentences. The others
        as `ingest`. Raises NotFound if there is nothing, BadInput if it holds neither.
        """
        request = request_observation(content, captions, exclude, limit, subject, licence, figures)
        return ingestion.ingest_model(
            self._graph, request, name, replace, self._progress, self._say
        )

    def load(
        self, bundle: PathName, name: str | None = None, replace: str | None = None
    ) -> IngestReport:
        """Load a bundle of `hartonomous.extract` and rate the pairs concerned.

        Raises BadInput for a damaged bundle, otherwise as `ingest`.
        """
        return ingestion.load_file(
            self._graph, Path(bundle), name, replace, self._progress, self._say
        )

    def rate(self, all: bool = False) -> RatingReport:
        """Finish an interrupted rating pass; with `all`, rate all pairs.

        Raises Conflict while another writer is active.
        """
        return ingestion.rate(self._graph, self._progress, all)

    def evaluate_analogies(
        self, questions: PathName | None = None, dense: Sequence[str] = (), most: int = 300
    ) -> Rows[AnalogyScore]:
        """Return how often the first answer to an analogy is right, beside dense vectors.

        `questions`: file of four words a line; default: gensim's list. `dense`: models whose dense
        vectors answer too, if they know all four words whole. `most`: questions drawn from the list. Raises UsageError if none can be asked.
        """
        found = measurement.evaluate_questions(
            self._asked,
            path_of(questions),
            measurement.dense_vectors(dense, whole=True),
            most,
            self._progress,
        )
        return Rows(found, field_names(AnalogyScore))

    def evaluate(
        self,
        pairs: Sequence[PathName] = (),
        dense: Sequence[str] = (),
        next: str | None = None,
        text: Sequence[PathName] = (),
        source: Sequence[str] = (),
        plot: PathName | None = None,
    ) -> Evaluation | NextEvaluation:
        """Evaluate the graph's scores against human judgements of word pairs, by Spearman's rho.

        `pairs`: files of word, word, score; default: gensim's lists. `dense`: models whose dense
        vectors are compared. With `next`, a causal model, and `text`: compare the next-token
        distributions of the graph, or of each `source`, with the model's; KL divergence in nats.
        `plot`: PNG, PDF or SVG file for the scores. Raises UsageError if too few pairs are covered, or
        if one of `next` and `text` is missing.
        """
        if (next is None) != (not text):
            raise UsageError("`next` and `text` belong together: a model, and a text for it.")
        if next is not None:
            return measurement.evaluate_text(
                self._asked,
                next,
                read_texts([Path(one) for one in text]),
                source,
                path_of(plot),
                self._progress,
                self._say,
            )
        gold = measurement.gold_pairs([Path(one) for one in pairs])
        beside = measurement.dense_vectors(dense)
        return measurement.evaluate_pairs(self._asked, gold, beside, path_of(plot))

    @overload
    def advise(
        self, model: PathName, *, whole: bool = False, **settings: Unpack[ModelSettings]
    ) -> Advice: ...

    @overload
    def advise(self, model: None = None, *, curve: PathName) -> Curve: ...

    @overload
    def advise(self, model: None = None) -> Rows[Contribution]: ...

    def advise(
        self,
        model: PathName | None = None,
        *,
        curve: PathName | None = None,
        whole: bool = False,
        **settings: Unpack[ModelSettings],
    ) -> Advice | Curve | Rows[Contribution]:
        """Return advice whether to ingest a model; without a model, each source's contribution.

        Nothing is written to the graph. `whole`: use the whole model, not a sample. `curve`: a PNG,
        PDF, SVG or JSON file for quality by number of sources, which is also returned. Raises as
        `ingest` if it is not a model.
        """
        if model is not None and curve is not None:
            raise UsageError("`curve` is about the sources in the graph; leave the model out.")
        if curve is not None:
            return measurement.write_curve(self._asked, Path(curve), self._progress)
        if model is None:
            return Rows(measurement.advise_sources(self._asked), field_names(Contribution))
        request = request_model(fspath(model), **settings)
        return measurement.advise_model(self._asked, request, whole, self._progress, self._say)

    def trial(self, name: str, pairs: Sequence[PathName] = ()) -> Trial:
        """Measure the consensus with and without a source; nothing is written.

        `pairs` as for `evaluate`. Raises NotFound for an unknown source, UsageError if too few pairs
        are covered.
        """
        gold = measurement.gold_pairs([Path(one) for one in pairs])
        return measurement.trial(self._asked, name, gold, self._progress)
