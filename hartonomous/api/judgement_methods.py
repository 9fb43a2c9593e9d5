"""Judgements of people, and what is worth judging."""

from __future__ import annotations

from pathlib import Path

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.row_records import ReviewedPair
from hartonomous.api.rows import Rows, rows_of
from hartonomous.ask.relations import review
from hartonomous.operations import judgements
from hartonomous.operations.judgement_files import read_judgements
from hartonomous.operations.judgements import ACCEPT, REJECT, Judgement, JudgementReport
from hartonomous.schema import DEFAULT_RELATION


class JudgementMethods(GraphSession):
    """Judgements of people, each a source of their own."""

    def accept(
        self, start: str, end: str, name: str, type: str | None = None, withdraw: bool = False
    ) -> JudgementReport:
        """Accept, as the person `name`, that two are related; return ratings before and after.

        `type`: the rated type; by default the one that relates the two, else RELATES. `withdraw`: take
        back that it was accepted. Raises NotFound for an unknown word, UsageError for a pair that the
        type does not relate, Conflict while another writer is active.
        """
        return self._judge(ACCEPT, start, end, name, type, withdraw)

    def reject(
        self, start: str, end: str, name: str, type: str | None = None, withdraw: bool = False
    ) -> JudgementReport:
        """Reject, as the person `name`, that two are related; return ratings before and after.

        It raises no rating and makes no relation. Parameters and errors are those of `accept`.
        """
        return self._judge(REJECT, start, end, name, type, withdraw)

    def correct(
        self, start: str, wrong: str, right: str, name: str, type: str | None = None
    ) -> JudgementReport:
        """Reject that `start` is related to `wrong`, and accept that it is to `right`, in one act.

        `name`: the person. `type`: the rated type; by default that of the wrong relation. Errors are
        those of `accept`.
        """
        return judgements.correct(self._graph, name, start, wrong, right, type, self._progress)

    def judge(self, file: PathName, name: str, known: bool = False) -> JudgementReport:
        """Add a batch of judgements, CSV or JSON lines, of the person `name`: all of them, or none.

        `known`: leave out those of words that are not in the graph. Raises BadInput with the line of
        the first wrong record, and as `accept` says.
        """
        found = read_judgements(Path(file))
        return judgements.judge(self._graph, name, found, known=known, progress=self._progress)

    def review(
        self,
        word: str | None = None,
        top: int = 10,
        source: str | None = None,
        type: str = DEFAULT_RELATION,
    ) -> Rows[ReviewedPair]:
        """Return the pairs whose judgement would change most answers, first of all.

        `word`: only pairs of this word. `source`: only pairs that this source observed. `type`:
        the rated type. Raises NotFound for an unknown word or source.
        """
        found = review.review(self._asked, word, top, source, type)
        return self._captioned(rows_of(ReviewedPair, found))

    def _judge(
        self, verdict: str, start: str, end: str, name: str, type: str | None, withdraw: bool
    ) -> JudgementReport:
        one = Judgement(verdict, start, end, type)
        return judgements.judge(self._graph, name, [one], withdraw, progress=self._progress)
