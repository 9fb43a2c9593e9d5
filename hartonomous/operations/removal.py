"""Deleting and erasing as whole acts: schema, lock, removal, certificate, one call each.

`delete` and `erase` go by selectors, `apply_plan` by a plan that was made before, `resume` finishes
what was cut short. A certificate is asked for with a `CertificateFile`, which cannot be made for a
place that could not be written to afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

from hartonomous.atomic import atomic
from hartonomous.delete import deletion
from hartonomous.delete.deletion import KEEP_DAYS, DeletionReport, refuse_moved
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import EvidenceRange, Selectors, evidence_range
from hartonomous.directories import earlier_bundles_folder
from hartonomous.erase import erasure
from hartonomous.erase.erasure import ErasureReport
from hartonomous.erase.erasure_plan import plan_erasure
from hartonomous.errors import BadInput, Conflict, NotFound
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import prepare
from hartonomous.operations.settings import checked
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.proof import claims

DELETE, ERASE = "delete", "erase"
"""The two kinds of removal: one that can be undone, one that cannot."""


@dataclass(frozen=True)
class CertificateFile:
    """Where a certificate is to be written; made before anything is removed.

    Raises Conflict for a file that exists, unless `force` is given, and NotFound where its folder is
    not there.
    """

    path: Path
    force: bool = False

    def __post_init__(self) -> None:
        if self.path.exists() and not self.force:
            raise Conflict(f"{self.path} already exists; nothing was done.")
        if not self.path.absolute().parent.is_dir():
            raise NotFound(f"There is no folder {self.path.parent} to write to; nothing was done.")

    def write(self, certificate: bytes) -> None:
        """Write a certificate, whole or not at all; raises BadInput when it cannot be written."""
        try:
            with atomic(self.path) as partial:
                partial.write_bytes(certificate)
        except OSError as error:
            raise BadInput(f"{self.path} cannot be written: {error.strerror or error}.") from error


@dataclass(frozen=True)
class RemovalOptions:
    """How a removal is done, and whom it tells.

    `keep` is for how many days a deletion can be undone; an erasure keeps nothing. `ways` is how many
    ways that remain between the ends of lost relations are told, by Graph Data Science. `by` is who
    holds the writer's lock meanwhile, for others to read.
    """

    keep: float = KEEP_DAYS
    ways: int = 0
    certificate: CertificateFile | None = None
    progress: Progress = unseen
    say: Say = unheard
    by: str = "the API"


USUAL = RemovalOptions()


@dataclass(frozen=True)
class Resumption:
    """What `resume` finished: the removal's report, None when none was cut short.

    `certified` is the erasure whose certificate was issued instead, the last one.
    """

    report: DeletionReport | ErasureReport | None = None
    certified: str | None = None


class SelectorSettings(TypedDict, total=False):
    """What goes; several kinds together are one removal.

    `sources`: by name, their evidence goes. `concepts`: words, with every sentence, context and label
    that holds one; `exact`: the words alone; `any_case`: however they are capitalised; `reach`: and
    what is near, "depth:N" or "pagerank:SHARE". `people`: sources whose subject is exactly this.
    `licences`, `families`: sources under this licence, of this family. `relations`: pairs of words,
    all evidence between the two. `evidence`: (source, type, least, most), one source's evidence of one
    type whose mean weight, 0 to 1, is in range.
    """

    sources: str | Sequence[str]
    concepts: str | Sequence[str]
    people: str | Sequence[str]
    licences: str | Sequence[str]
    families: str | Sequence[str]
    relations: Sequence[tuple[str, str]]
    evidence: Sequence[EvidenceRange | tuple[str, str, float | None, float | None]]
    exact: bool
    any_case: bool
    reach: str | None


def request_selectors(**settings: Unpack[SelectorSettings]) -> Selectors:
    """Return the selectors that are asked for; raises UsageError for weights that make no sense."""
    checked(settings, SelectorSettings)
    return Selectors(
        _listed(settings.get("sources", ())),
        _listed(settings.get("concepts", ())),
        _listed(settings.get("people", ())),
        _listed(settings.get("licences", ())),
        _listed(settings.get("families", ())),
        tuple((first, second) for first, second in settings.get("relations", ())),
        tuple(
            one if isinstance(one, EvidenceRange) else evidence_range(*one)
            for one in settings.get("evidence", ())
        ),
        settings.get("exact", False),
        settings.get("any_case", False),
        settings.get("reach"),
    )


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def plan_removal(
    graph: Graph,
    verb: str,
    selectors: Selectors,
    progress: Progress = unseen,
    cut: bool = False,
) -> Plan:
    """Return the plan of a removal, DELETE or ERASE; nothing is written.

    `cut` says besides what is cut off from the rest. Raises as `delete.deletion_plan.plan` says.
    """
    if verb == ERASE:
        return plan_erasure(graph, selectors, earlier_bundles_folder(), progress, cut)
    return plan(graph, selectors, progress, cut)


def delete(graph: Graph, selectors: Selectors, options: RemovalOptions = USUAL) -> DeletionReport:
    """Delete what the selectors stand for, so that it can be undone for `options.keep` days.

    Raises NotFound for what is not there, Conflict while another writer is at work.
    """
    with _writing(graph, DELETE, options) as lock:
        report = deletion.delete(
            graph, lock, selectors, options.progress, options.keep, options.ways
        )
        _certify(graph, lock, report, options.certificate)
    return report


def erase(graph: Graph, selectors: Selectors, options: RemovalOptions = USUAL) -> ErasureReport:
    """Erase what the selectors stand for, wherever it is held, and keep it from coming back.

    Raises NotFound when nothing is held of a selector, ServerError, nothing erased, when there is no
    room to copy the managed server's store, Conflict while another writer is at work.
    """
    with _writing(graph, ERASE, options) as lock:
        report = erasure.erase(
            graph,
            lock,
            selectors,
            earlier_bundles_folder(),
            options.progress,
            options.certificate is not None,
            options.ways,
            options.say,
        )
        _certify(graph, lock, report, options.certificate)
    return report


def verb_of(planned: Plan) -> str:
    """Return what a plan is of: DELETE or ERASE."""
    return ERASE if "reach" in planned.summary else DELETE


def vouched(graph: Graph, planned: Plan, say: Say = unheard, called: str = "The plan") -> Plan:
    """Return a plan that may be done in this graph now; remarks name it as `called`.

    Raises Conflict when the graph has moved since, or when the plan was not made here and is not what
    the same selection plans now.
    """
    refuse_moved(graph, planned)
    if planned.trusted:
        return planned
    say(
        f"{called} was not signed with a key used here; the same selection was planned "
        "again, with the same result."
    )
    return replace(planned, trusted=True)


def apply_plan(
    graph: Graph, planned: Plan, verb: str | None = None, options: RemovalOptions = USUAL
) -> DeletionReport | ErasureReport:
    """Do exactly what was planned: a deletion, or an erasure if it is the plan of one.

    With `verb` ERASE the plan of a deletion is erased. Raises Conflict as `vouched` says, for the plan
    of an erasure with `verb` DELETE, and for one that was not made here unless `verb` says ERASE.
    """
    if verb is None and verb_of(planned) == ERASE and not planned.trusted:
        # A file that somebody else wrote may not turn what can be undone into what cannot.
        raise Conflict(
            "This plan of an erasure was not signed with a key used here; nothing was done. Erase by "
            "the same selection, or 'hartonomous erase --apply'."
        )
    verb = verb or verb_of(planned)
    if verb == DELETE and verb_of(planned) == ERASE:
        raise Conflict("This is the plan of an erasure, which cannot be done as a deletion.")
    planned = vouched(graph, planned, options.say)
    with _writing(graph, verb, options) as lock:
        report: DeletionReport | ErasureReport
        if verb == DELETE:
            report = deletion.apply(
                graph, lock, planned, options.progress, options.keep, options.ways
            )
        else:
            report = erasure.apply(
                graph,
                lock,
                planned,
                earlier_bundles_folder(),
                options.progress,
                options.certificate is not None,
                options.ways,
                options.say,
            )
        _certify(graph, lock, report, options.certificate)
    return report


def resume(graph: Graph, verb: str | None = None, options: RemovalOptions = USUAL) -> Resumption:
    """Finish the removal that was cut short, or the undo; of `verb`, or whichever it is.

    Where no erasure was cut short but a certificate is asked for, that of the last one is issued.
    Raises Conflict when it was an erasure that was cut short and `verb` is DELETE.
    """
    report: DeletionReport | ErasureReport | None
    with _writing(graph, verb or "resume", options) as lock:
        if verb is None:
            found = open_journal(graph)
            verb = DELETE if found is not None and found["verb"] != ERASE else ERASE
        if verb == DELETE:
            report = deletion.resume(graph, lock, options.progress)
        else:
            report = erasure.resume(
                graph,
                lock,
                earlier_bundles_folder(),
                options.progress,
                options.certificate is not None,
                options.say,
            )
        if report is not None:
            _certify(graph, lock, report, options.certificate)
        elif verb == ERASE and options.certificate is not None:
            return Resumption(certified=_certify_last(graph, lock, options.certificate))
    return Resumption(report)


@contextmanager
def _writing(graph: Graph, verb: str, options: RemovalOptions) -> Iterator[WriterLock]:
    """Hold the writer's lock on a graph whose schema and procedures are up to date."""
    prepare(graph)
    with WriterLock(graph, f"{verb} by {options.by}") as lock:
        yield lock


def _certify(
    graph: Graph,
    lock: WriterLock,
    report: DeletionReport | ErasureReport,
    certificate: CertificateFile | None,
) -> None:
    """Write the certificate of a removal, where one was asked for."""
    if certificate is None:
        return
    if isinstance(report, ErasureReport):
        certificate.write(claims.certify_erasure(graph, lock, report.id, report.scan))
    else:
        certificate.write(claims.certify(graph, lock, report.id, report.residual))


def _certify_last(graph: Graph, lock: WriterLock, certificate: CertificateFile) -> str:
    """Issue the certificate of the last erasure, and return which one that is."""
    last = str(claims.find_claims(graph)["id"])
    certificate.write(claims.certify_erasure(graph, lock, last))
    return last
