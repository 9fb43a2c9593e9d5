"""Operations of removal: schema, lock, removal and certificate in one call each.

`delete` and `erase` take selectors, `apply_plan` a plan, `resume` finishes an interrupted removal. A
`CertificateFile` requests a certificate; it cannot be made for a path that could not be written later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

from hartonomous.atomic_files import atomic
from hartonomous.delete import deletion
from hartonomous.delete.deletion import KEEP_DAYS, DeletionReport, refuse_moved
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import EvidenceRange, Selectors, evidence_range
from hartonomous.directories import earlier_bundles_folder
from hartonomous.erase import erasure
from hartonomous.erase.erasure import ErasureOptions, ErasureReport
from hartonomous.erase.erasure_plan import plan_erasure
from hartonomous.errors import BadInput, Conflict, NotFound
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import prepare
from hartonomous.operations.questions import names_of
from hartonomous.operations.settings import checked
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.proof import claims

DELETE, ERASE = "delete", "erase"
"""The two kinds of removal: one that can be undone, one that cannot."""


@dataclass(frozen=True)
class CertificateFile:
    """The file for a certificate; made before anything is removed.

    Raises Conflict for an existing file without `force`, NotFound if its folder does not exist.
    """

    path: Path
    force: bool = False

    def __post_init__(self) -> None:
        if self.path.exists() and not self.force:
            raise Conflict(f"{self.path} already exists; nothing was done.")
        if not self.path.absolute().parent.is_dir():
            raise NotFound(f"There is no folder {self.path.parent}; nothing was done.")

    def write(self, certificate: bytes) -> None:
        """Write a certificate atomically; raises BadInput if it cannot be written."""
        try:
            with atomic(self.path) as partial:
                partial.write_bytes(certificate)
        except OSError as error:
            raise BadInput(f"{self.path} cannot be written: {error.strerror or error}.") from error


@dataclass(frozen=True)
class RemovalOptions:
    """Options of a removal.

    `keep` is the retention window of a deletion in days; an erasure retains nothing. `ways` is the
    number of residual paths between the ends of lost relations in the report, by Graph Data Science.
    `by` is the holder of the writer's lock, shown to other writers.
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
    """The result of `resume`: the removal's report, None if nothing was interrupted.

    `certified` is the last erasure, if its certificate was issued instead.
    """

    report: DeletionReport | ErasureReport | None = None
    certified: str | None = None


class SelectorSettings(TypedDict, total=False):
    """Selectors of a removal; several together are one removal.

    `sources`: sources, by name. `concepts`: words, and all texts and names that contain one;
    `exact`: only the words themselves; `any_case`: ignore case; `reach`: also select nearby words,
    "depth:N" or "pagerank:SHARE"; `depicting`: also select the pictures that show one. `people`: sources whose subject is exactly this. `licences`,
    `families`: sources under this licence, of this family. `relations`: pairs of words, all evidence
    between the two. `evidence`: (source, type, least, most), one source's evidence of one type with a
    mean weight, 0 to 1, in this range. `types`: rated types that `relations` and `reach` keep to, and
    that disconnected words and residual paths are reported of; else all evidence of a pair, and
    RELATES. A named type with a direction is followed from the first word of a pair to the second.
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
    depicting: bool
    types: str | Sequence[str]


def request_selectors(**settings: Unpack[SelectorSettings]) -> Selectors:
    """Return the selectors; raises UsageError for weights out of range and unknown types."""
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
        settings.get("depicting", False),
        names_of(settings.get("types") or ()),
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

    `cut` includes disconnected words. Raises as `delete.deletion_plan.plan` says.
    """
    if verb == ERASE:
        return plan_erasure(graph, selectors, earlier_bundles_folder(), progress, cut)
    return plan(graph, selectors, progress, cut)


def delete(graph: Graph, selectors: Selectors, options: RemovalOptions = USUAL) -> DeletionReport:
    """Delete what the selectors match; can be undone for `options.keep` days.

    Raises NotFound for unknown selectors, Conflict while another writer is active.
    """
    with _writing(graph, DELETE, options) as lock:
        report = deletion.delete(
            graph, lock, selectors, options.progress, options.keep, options.ways
        )
        _certify(graph, lock, report, options.certificate)
    return report


def erase(graph: Graph, selectors: Selectors, options: RemovalOptions = USUAL) -> ErasureReport:
    """Erase and suppress what the selectors match, in the graph and in all copies within reach.

    Raises NotFound if there is no copy of a selector's data, Conflict while another writer is active,
    and ServerError, before any change, without room to copy the managed server's store.
    """
    with _writing(graph, ERASE, options) as lock:
        report = erasure.erase(graph, lock, selectors, _of_erasure(options))
        _certify(graph, lock, report, options.certificate)
    return report


def _of_erasure(options: RemovalOptions) -> ErasureOptions:
    return ErasureOptions(
        earlier_bundles_folder(),
        options.progress,
        options.certificate is not None,
        options.ways,
        options.say,
    )


def verb_of(planned: Plan) -> str:
    """Return the kind of a plan: DELETE or ERASE."""
    return ERASE if "reach" in planned.summary else DELETE


def vouched(graph: Graph, planned: Plan, say: Say = unheard, called: str = "The plan") -> Plan:
    """Return a plan that can be executed in this graph now; remarks name it `called`.

    Raises Conflict if the graph changed since the plan, or if the plan was not signed here and differs
    from a new plan of the same selectors.
    """
    refuse_moved(graph, planned)
    if planned.trusted:
        return planned
    say(
        f"{called} was not signed with a key used here; a new plan of the same selectors has "
        "the same result."
    )
    return replace(planned, trusted=True)


def apply_plan(
    graph: Graph, planned: Plan, verb: str | None = None, options: RemovalOptions = USUAL
) -> DeletionReport | ErasureReport:
    """Execute a plan exactly: a deletion, or an erasure if it is the plan of one.

    With `verb` ERASE, the plan of a deletion is executed as an erasure. Raises Conflict as `vouched`
    says, for the plan of an erasure with `verb` DELETE, and for one not signed here without `verb`
    ERASE.
    """
    if verb is None and verb_of(planned) == ERASE and not planned.trusted:
        # A file by somebody else must not turn a deletion into an erasure.
        raise Conflict(
            "This plan of an erasure was not signed with a key used here; nothing was done. Erase by "
            "the same selection, or 'hartonomous erase --apply'."
        )
    verb = verb or verb_of(planned)
    if verb == DELETE and verb_of(planned) == ERASE:
        raise Conflict("This is the plan of an erasure; it cannot be executed as a deletion.")
    planned = vouched(graph, planned, options.say)
    with _writing(graph, verb, options) as lock:
        report: DeletionReport | ErasureReport
        if verb == DELETE:
            report = deletion.apply(
                graph, lock, planned, options.progress, options.keep, options.ways
            )
        else:
            report = erasure.apply(graph, lock, planned, _of_erasure(options))
        _certify(graph, lock, report, options.certificate)
    return report


def resume(graph: Graph, verb: str | None = None, options: RemovalOptions = USUAL) -> Resumption:
    """Finish an interrupted removal or undo; only one of `verb`, if given.

    If no erasure was interrupted but a certificate is requested, that of the last erasure is issued.
    Raises Conflict for an interrupted erasure with `verb` DELETE.
    """
    report: DeletionReport | ErasureReport | None
    with _writing(graph, verb or "resume", options) as lock:
        if verb is None:
            found = open_journal(graph)
            verb = DELETE if found is not None and found["verb"] != ERASE else ERASE
        if verb == DELETE:
            report = deletion.resume(graph, lock, options.progress)
        else:
            report = erasure.resume(graph, lock, _of_erasure(options))
        if report is not None:
            _certify(graph, lock, report, options.certificate)
        elif verb == ERASE and options.certificate is not None:
            return Resumption(certified=_certify_last(graph, lock, options.certificate))
    return Resumption(report)


@contextmanager
def _writing(graph: Graph, verb: str, options: RemovalOptions) -> Iterator[WriterLock]:
    """Hold the writer's lock, after updating schema and procedures."""
    prepare(graph)
    with WriterLock(graph, f"{verb} by {options.by}") as lock:
        yield lock


def _certify(
    graph: Graph,
    lock: WriterLock,
    report: DeletionReport | ErasureReport,
    certificate: CertificateFile | None,
) -> None:
    """Write the certificate of a removal, if requested."""
    if certificate is None:
        return
    if isinstance(report, ErasureReport):
        certificate.write(claims.certify_erasure(graph, lock, report.id, report.scan))
    else:
        certificate.write(claims.certify(graph, lock, report.id, report.residual))


def _certify_last(graph: Graph, lock: WriterLock, certificate: CertificateFile) -> str:
    """Issue the certificate of the last erasure, and return its id."""
    last = str(claims.find_claims(graph)["id"])
    certificate.write(claims.certify_erasure(graph, lock, last))
    return last
