"""Models into the graph, its ratings, and what a source is worth."""

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
from hartonomous.evaluate.learning_curve import Curve
from hartonomous.evaluate.next_token_evaluation import NextEvaluation
from hartonomous.evaluate.source_contribution import Contribution
from hartonomous.evaluate.word_similarity import Evaluation
from hartonomous.extract.input_texts import read_texts
from hartonomous.operations import ingestion, measurement
from hartonomous.operations.ingestion import IngestReport
from hartonomous.operations.model_request import ModelSettings, request_model
from hartonomous.rate.rating_pass import RatingReport


class SourceMethods(GraphSession):
    """Sources: taken in, rated, measured."""

    def ingest(
        self,
        model: PathName,
        name: str | None = None,
        replace: str | None = None,
        **settings: Unpack[ModelSettings],
    ) -> IngestReport:
        """Take a model apart and put it into the graph: extract, load and rate.

        `model`: a folder, a file, or a Hub id such as org/name; or documents, which an `encoder`
        reads. `name`: of the source in the graph; or `replace`: the source whose place it takes, in
        one act. Interrupted, the same call goes on; repeated, it changes nothing. Raises NotFound and
        BadInput for what is no model, Conflict for a name that stands for other content, for a source
        that was erased, and while another writer is at work.
        """
        request = request_model(model, **settings)
        return ingestion.ingest_model(
            self._graph, request, name, replace, self._progress, self._say
        )

    def load(
        self, bundle: PathName, name: str | None = None, replace: str | None = None
    ) -> IngestReport:
        """Load a bundle that `hartonomous.extract` wrote, and rate what it concerns.

        Raises BadInput for a damaged bundle, else as `ingest`.
        """
        return ingestion.load_file(self._graph, Path(bundle), name, replace, self._progress)

    def rate(self, all: bool = False) -> RatingReport:
        """Finish a rating pass that was cut short; with `all`, rate every pair anew.

        Raises Conflict while another writer is at work.
        """
        return ingestion.rate(self._graph, self._progress, all)

    def evaluate(
        self,
        pairs: Sequence[PathName] = (),
        dense: Sequence[str] = (),
        next: str | None = None,
        text: Sequence[PathName] = (),
        source: Sequence[str] = (),
        plot: PathName | None = None,
    ) -> Evaluation | NextEvaluation:
        """Return how well the graph follows what people say of word pairs: Spearman's rho.

        `pairs`: files of word, word, score, instead of the lists of gensim. `dense`: models whose
        vectors to set beside. With `next`, a causal model, and `text` that it reads: how well the
        graph, or each `source` of it, expects what the model does; KL in nats. `plot`: PNG, PDF or SVG
        to draw the scores into. Raises UsageError where too few pairs are covered, or one of `next` and
        `text` is missing.
        """
        if (next is None) != (not text):
            raise UsageError("`next` and `text` belong together: a model, and what it reads.")
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
        """Return whether a model is worth ingesting; without a model, what each source adds.

        Nothing is written to the graph. `whole`: all of a large model, no sample of it. `curve`: a
        PNG, PDF, SVG or JSON file of quality by number of sources, which is returned. Raises as
        `ingest` for what is no model.
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
        """Return whether a source should stay: the consensus with it and without.

        `pairs` as of `evaluate`. Nothing is written. Raises NotFound for a source that is not there,
        UsageError where too few pairs are covered.
        """
        gold = measurement.gold_pairs([Path(one) for one in pairs])
        return measurement.trial(self._asked, name, gold, self._progress)
