"""Ingestion: a model into the graph, from its files to its ratings, one line per stage."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

from hartonomous.bundle import Bundle, SourceDescription, read_bundle
from hartonomous.bundle_scan import BundleScan, scan
from hartonomous.delete.picture_thumbnails import drop_unheld, keep_thumbnails
from hartonomous.directories import earlier_bundles_folder
from hartonomous.errors import Conflict, HartonomousError, NotFound
from hartonomous.extract.extraction import ExtractOptions, describe_source, extract_cached
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.graph.deletion_journal import refuse_while_open
from hartonomous.graph.driver import Graph
from hartonomous.graph.migrations import migrate
from hartonomous.graph.open_replacement import open_replacement
from hartonomous.graph.procedures import install
from hartonomous.graph.source_removal import discard_source
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.bundle_cache import (
    WaitingBundle,
    discard_for,
    is_abandoned,
    use_bundle,
)
from hartonomous.load.loader import (
    LoadReport,
    check_name,
    go_live,
    load,
    load_identity,
    read_source,
    successor,
)
from hartonomous.load.replacement import replace_rows
from hartonomous.load.suppression_list import Suppressions, admit
from hartonomous.operations.model_request import ModelRequest
from hartonomous.operations.omissions import Omissions, omissions_in, omissions_of
from hartonomous.operations.source_names import source_name
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.rate.rating_pass import (
    RatingReport,
    check_formula,
    rate_due,
    read_state,
    schedule,
    schedule_all,
)
from hartonomous.rate.source_findings import Finding, read_findings
from hartonomous.rate.unstated_odds import state_odds
from hartonomous.schema import FORMULA_VERSION
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import inventoried
from hartonomous.transparency.transparency_log import Entry


@dataclass(frozen=True)
class IngestReport:
    """Counts of an ingest; `repeated` if the same content was live under that name already.

    `skipped` rows were suppressed; `findings` are those on the source itself, and new ones on
    others.
    """

    name: str
    load: LoadReport
    settled: RatingReport
    repeated: bool
    skipped: int = 0
    findings: tuple[Finding, ...] = ()
    omissions: Omissions | None = None


def prepare(graph: Graph, say: Say = unheard) -> bool:
    """Update the schema and the procedures; return whether analysts can CALL them.

    Restored constraints and indexes are reported to `say`.
    """
    migrate(graph, say)
    return install(graph)


def ingest_model(
    graph: Graph,
    request: ModelRequest,
    name: str | None,
    replace: str | None = None,
    progress: Progress = unseen,
    say: Say = unheard,
) -> IngestReport:
    """Extract a model and load it under a name, or in the place of a source: `ingest` as asked for.

    With neither, it is named after its path. Raises UsageError if both are given, Conflict if a name
    after its path is another source's, and as `ingest` says.
    """
    chosen = source_name(name, replace, request.model)
    chosen.refuse_taken(graph, describe_source(request.opened, request.search).digest)
    chosen.tell(say)
    cache, again = earlier_bundles_folder(), replace is not None
    return ingest(graph, request.opened, request.search, chosen.name, cache, progress, again, say)


def load_file(
    graph: Graph,
    bundle: Path | Bundle,
    name: str | None,
    replace: str | None = None,
    progress: Progress = unseen,
    say: Say = unheard,
) -> IngestReport:
    """Load a bundle under a name, or in the place of a source: `load_bundle` as asked for.

    With neither, it is named after its folder; raises Conflict if that is another source's name.
    """
    place = bundle if isinstance(bundle, Path) else bundle.path
    chosen = source_name(name, replace, str(place))
    verified = read_bundle(bundle) if isinstance(bundle, Path) else bundle
    chosen.refuse_taken(graph, verified.source.digest)
    chosen.tell(say)
    report = load_bundle(graph, verified, chosen.name, progress, replace is not None)
    return with_omissions(report, omissions_in(verified))


def with_omissions(report: IngestReport, omissions: Omissions) -> IngestReport:
    """Return a report that tells what was left out."""
    return dataclasses.replace(report, omissions=omissions)


def ingest(
    graph: Graph,
    model: OpenedModel,
    options: ExtractOptions,
    name: str,
    cache: Path,
    progress: Progress,
    replace: bool = False,
    say: Say = unheard,
) -> IngestReport:
    """Extract a model and load it; idempotent and resumable.

    The bundle is in the home, locked, until it is loaded, so an interrupted ingest resumes with the
    same evidence; afterwards nothing of the source is left outside the graph. `cache` is the folder
    with bundles of earlier versions; waits are reported to `say`. Raises Conflict if the source is
    suppressed, or its bundle is deleted meanwhile.
    """
    check_name(name)
    prepare(graph)
    source = describe_source(model, options)
    _refuse_kept_out(graph, source)
    if (report := _done_already(graph, name, source.digest)) is not None:
        # An ingest that was interrupted after it went live, and rated since, left its bundle.
        discard_for(graph, source, name)
        _keep_pictures(graph, model, progress)
        return with_omissions(report, omissions_of(model))
    with use_bundle(graph, source, name, "an ingest of the same model", say) as place:
        # The process that was waited for may have loaded it.
        if (report := _done_already(graph, name, source.digest)) is not None:
            place.remove()
            return with_omissions(report, omissions_of(model))
        left = place.adopt(cache)
        report = _take_in(graph, model, options, name, place, progress, replace)
        place.remove()
    _clear_earlier(left, say)
    _keep_pictures(graph, model, progress)
    if replace:
        drop_unheld(graph)
    return report


def _keep_pictures(graph: Graph, model: OpenedModel, progress: Progress) -> None:
    """Write the thumbnails of the pictures that a model was shown."""
    if model.pictures is not None:
        keep_thumbnails(graph, model.pictures, progress)


def _take_in(
    graph: Graph,
    model: OpenedModel,
    options: ExtractOptions,
    name: str,
    place: WaitingBundle,
    progress: Progress,
    replace: bool,
) -> IngestReport:
    """Extract a model into its locked folder, and load it."""
    bundle = None
    try:
        bundle = extract_cached(model, options, place.folder, progress)
        report = load_bundle(graph, bundle, name, progress, replace)
        return with_omissions(report, omissions_of(model, bundle))
    except (HartonomousError, OSError) as error:
        if _vanished(place, bundle, error):
            raise Conflict(
                f"The bundle in {place.path} was deleted by somebody else during its use. "
                "Nothing is lost: run the same command again, which extracts it again and "
                "resumes."
            ) from error
        source = describe_source(model, options)
        if isinstance(error, Conflict) and _is_kept_out(graph, source):
            # Erased during the extraction: it will never be loaded.
            place.remove()
        raise


def _done_already(graph: Graph, name: str, digest: str) -> IngestReport | None:
    """Return the report of an ingest that changes nothing; None if anything remains to be done."""
    # A source goes live before its pairs are rated; interrupted there, it is not complete.
    return _live_already(graph, name, digest) if read_state(graph)["settled"] else None


def _is_kept_out(graph: Graph, source: SourceDescription) -> bool:
    return Suppressions(graph).keeps_out(source.digest, source.subject)


def _refuse_kept_out(graph: Graph, source: SourceDescription) -> None:
    """Raise Conflict for an erased source, and remove its waiting bundles."""
    try:
        Suppressions(graph).refuse(source.digest, source.subject)
    except Conflict:
        discard_for(graph, source)
        raise


def _vanished(place: WaitingBundle, bundle: Bundle | None, error: Exception) -> bool:
    """Return whether an error was caused by deleted files in a bundle's folder."""
    if bundle is not None:
        return not all((bundle.path / name).is_file() for name in bundle.file_names)
    return any(
        isinstance(one, FileNotFoundError) and str(place.folder) in str(one)
        for one in (error, error.__cause__)
    )


def _clear_earlier(left: list[Path], say: Say) -> None:
    """Remove an earlier version's copy of a loaded bundle, if it is abandoned."""
    for folder in left:
        if is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(
                f"An earlier version left the same bundle in {folder}; delete that folder unless an "
                "ingest of that version still runs."
            )


def load_bundle(
    graph: Graph, bundle: Bundle, name: str, progress: Progress, replace: bool = False
) -> IngestReport:
    """Load a bundle, make it live and rate the affected pairs; idempotent and resumable.

    With `replace`, it replaces the source with that name: by what differs, or whole where most does
    (in one transaction: no reader sees neither or both). Raises Conflict if the name is used for
    other content, or while another source has rows of two versions.
    """
    check_name(name)
    scanned = scan(bundle)
    prepare(graph)
    with WriterLock(graph, f"loading {name}") as lock, inventoried(graph):
        begun = begin_act(graph, lock, name if replace else None, progress)
        if begun and (report := _live_already(graph, name, bundle.source.digest)) is not None:
            return report
        return put_in(graph, lock, bundle, scanned, name, replace, progress)


def begin_act(graph: Graph, lock: WriterLock, replacing: str | None, progress: Progress) -> bool:
    """Make sure that a source may be written: no removal or replacement but of the source
    `replacing` is unfinished, the log is whole, and nothing is due. Return whether no replacement is
    unfinished.
    """
    refuse_while_open(graph, replacing)
    transparency_log.check(graph)
    if open_replacement(graph) is not None:
        return False
    check_formula(graph)
    rate_due(graph, lock, progress)
    return True


def put_in(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    scanned: BundleScan,
    name: str,
    replace: bool,
    progress: Progress,
) -> IngestReport:
    """Write an admitted bundle, log it, and rate the pairs concerned; after `begin_act`."""
    bundle, skipped = admit(graph, bundle)
    if skipped:
        scanned = scan(bundle, verify=False)
    known = {(one.source, one.kind) for one in read_findings(graph)}
    loaded, changed = _write_rows(graph, lock, bundle, scanned, name, replace, progress)
    transparency_log.seal(graph)
    settled = changed + rate_due(graph, lock, progress)
    new = tuple(
        one
        for one in read_findings(graph)
        if one.source == name or (one.source, one.kind) not in known
    )
    return IngestReport(name, loaded, settled, False, skipped, new)


def _write_rows(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    scanned: BundleScan,
    name: str,
    replace: bool,
    progress: Progress,
) -> tuple[LoadReport, RatingReport]:
    """Write a bundle's rows, log the act and leave the ratings due; return what was written, and
    what of an earlier version went.
    """
    target, replaced = _target(name, read_source(graph, name) is not None, replace)
    entry = _entry(bundle, name, replaced)
    if replaced is not None and _by_difference(graph, lock, bundle, target):
        done = replace_rows(graph, lock, bundle, scanned, name, entry, progress)
        if done is not None:
            report = LoadReport(name, done.compositions, done.written, done.same)
            return report, RatingReport(removed=done.removed, pruned=done.pruned)
    loaded = load(graph, lock, bundle, target, progress, replaced, scanned)
    for concerned in (target, replaced):
        if concerned is not None:
            schedule(graph, lock, concerned)
    go_live(graph, lock, target, entry, replaced)
    return loaded, RatingReport()


def _by_difference(graph: Graph, lock: WriterLock, bundle: Bundle, successor: str) -> bool:
    """Return whether no whole replacement by the same bundle has begun; that by another is
    discarded.
    """
    begun = read_source(graph, successor)
    if begun is not None and begun["bundle"] != load_identity(bundle):
        discard_source(graph, lock, successor)
        begun = None
    return begun is None


def _entry(bundle: Bundle, name: str, replaced: str | None) -> Entry:
    """Return the log entry of an ingest; the files of a source with a subject are not in it."""
    source = bundle.source
    details: dict[str, object] = {"evidence": sum(track.rows for track in bundle.tracks)}
    about = [f"source:{name}"]
    if source.subject is None:
        details["source"] = source.digest
    else:
        about.append(f"person:{source.subject}")
    return Entry("replace" if replaced else "ingest", details, about)


def _live_already(graph: Graph, name: str, digest: str) -> IngestReport | None:
    known = read_source(graph, name)
    if known is None or known["state"] != "live" or known["digest"] != digest:
        return None
    own = tuple(one for one in read_findings(graph) if one.source == name)
    return IngestReport(name, LoadReport(name, 0, 0, 0), RatingReport(), True, findings=own)


def _target(name: str, known: bool, replace: bool) -> tuple[str, str | None]:
    if not replace:
        return name, None
    if not known:
        raise NotFound(f"There is no source {name!r} to replace; leave --replace out.")
    return successor(name), name


def rate(graph: Graph, progress: Progress, everything: bool) -> RatingReport:
    """Finish the due rating pass; with `everything`, rate every pair again.

    Raises Conflict if the graph was rated by another version's formulas and only part is due.
    """
    prepare(graph)
    with WriterLock(graph, "rating") as lock, inventoried(graph):
        refuse_while_open(graph)
        if everything:
            transparency_log.append(graph, lock, Entry("rate", {"formula": FORMULA_VERSION}))
            schedule_all(graph, lock)
            state_odds(graph, lock, progress)
        else:
            check_formula(graph)
        return rate_due(graph, lock, progress)
