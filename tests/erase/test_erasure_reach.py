"""An erasure reaches all that is held: retention, bundles, snapshots, names; what it cannot it names."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.delete.retention_area import area, place
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import expire, undo
from hartonomous.erase import erasure
from hartonomous.erase.erasure import ErasureOptions, ErasureReport, erase
from hartonomous.errors import Conflict, NotFound
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.observed_pieces import (
    ObservedPiece,
    ObservedTracks,
    Piece,
    PieceStore,
)
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import bundle_cache
from hartonomous.load.bundle_cache import use_bundle, waiting_bundles
from hartonomous.load.suppression_list import suppressions
from hartonomous.operations.ingestion import ingest
from hartonomous.proof.claims import certify_erasure
from hartonomous.proof.verify_certificate import verify
from hartonomous.server.home import default_home
from hartonomous.transparency import keys
from hartonomous.versions.backup import back_up, restore
from hartonomous.versions.rollback import plan_rollback
from hartonomous.versions.snapshots import snapshot_names
from tests.building import (
    bundle_of,
    exported,
    put_in,
    random_bundle,
    silent,
    snap,
    take_out,
    wait,
    wipe,
    write_vectors,
)
from tests.canaries import CANARY, PERSON, holding, of, planted, refused_again, wipe_out
from tests.command_line import failed, run


def test_what_only_a_deletion_keeps_is_erased_there(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "stays")
    mine = of(planted(tmp_path, 2), subject=PERSON)
    put_in(graph, mine, "zqxmine")
    first = take_out(graph, Selectors(concepts=(CANARY,)))
    second = take_out(graph, Selectors(sources=("zqxmine",)))
    before = exported(graph)
    assert any("retained" in file for file in holding(graph, PERSON))
    report = wipe_out(graph, Selectors(people=(PERSON,)))
    assert (report.removed, report.deletions_purged) == (0, 2)
    assert exported(graph) == before
    for deletion in (first, second):
        assert not place(deletion).exists()
        with pytest.raises(NotFound), WriterLock(graph, "test") as lock:
            undo(graph, lock, deletion, silent)
    assert [holding(graph, text) for text in (PERSON, "zqxmine")] == [[], []]
    with pytest.raises(Conflict, match="was erased"):
        put_in(graph, mine, "again")
    refused_again(graph, Selectors(people=(PERSON,)))
    # The word's own deletion is gone with its rows; its name in the log is not the person's.
    assert holding(graph, CANARY)
    wipe_out(graph, Selectors(concepts=(CANARY,)))
    assert holding(graph, CANARY) == []
    refused_again(graph, Selectors(concepts=(CANARY,)))


def test_every_selector_finds_what_deletions_keep(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "stays")
    put_in(graph, of(random_bundle(tmp_path, 2), licence="GPL-zqx"), "licensed")
    put_in(graph, of(random_bundle(tmp_path, 3), family="zqxfamily"), "related")
    put_in(graph, random_bundle(tmp_path, 4), "zqxnamed")
    (pair,) = graph.read(
        "MATCH (x)-[:EMBEDDING_EVIDENCE {source: 'stays'}]->(y) RETURN x.text AS a, y.text AS b "
        "ORDER BY x.key, y.key LIMIT 1"
    )
    low = evidence_range("stays", "EMBEDDING_EVIDENCE", None, 0.3)
    chosen = [
        Selectors(evidence=(low,)),
        Selectors(relations=((pair["b"], pair["a"]),)),
        Selectors(licences=("GPL-zqx",)),
        Selectors(families=("zqxfamily",)),
        Selectors(sources=("zqxnamed",)),
    ]
    snap(graph, "before")
    for selectors in chosen:
        take_out(graph, selectors)
    before = exported(graph)
    for selectors in chosen:
        report = wipe_out(graph, selectors)
        assert (report.removed, report.deletions_purged) == (0, 1)
        refused_again(graph, selectors)
        # It was rated with the range.
        assert snapshot_names() == []
    assert exported(graph) == before
    assert not [folder for folder in area().iterdir() if not folder.name.startswith(".")]
    for text in ("GPL-zqx", "zqxfamily", "zqxnamed"):
        assert holding(graph, text) == []
    for name, seed in (("licensed", 2), ("zqxnamed", 4)):
        with pytest.raises(Conflict, match="was erased"):
            put_in(graph, random_bundle(tmp_path / "again", seed), name)


def test_a_mixture_of_live_and_kept(graph: Graph, tmp_path: Path) -> None:
    for seed, name in ((1, "stays"), (2, "zqxlive"), (3, "zqxkept")):
        put_in(graph, random_bundle(tmp_path, seed), name)
    take_out(graph, Selectors(sources=("zqxkept",)))
    chosen = Selectors(sources=("zqxlive", "zqxkept"))
    report = wipe_out(graph, chosen)
    assert report.removed > 0 and report.deletions_purged == 1
    assert holding(graph, "zqxlive") == holding(graph, "zqxkept") == []
    refused_again(graph, chosen)
    wipe(graph)
    put_in(graph, random_bundle(tmp_path / "again", 1), "stays")


def test_an_older_source_of_the_same_name_goes_too(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "zqxname")
    take_out(graph, Selectors(sources=("zqxname",)))
    put_in(graph, random_bundle(tmp_path, 2), "zqxname")
    assert wipe_out(graph, Selectors(sources=("zqxname",))).deletions_purged == 1
    assert holding(graph, "zqxname") == []
    refused_again(graph, Selectors(sources=("zqxname",)))
    assert len(suppressions(graph)) == 2


def test_a_person_goes_with_the_last_source(graph: Graph, tmp_path: Path) -> None:
    for seed, name in ((1, "zqxone"), (2, "zqxtwo"), (3, "zqxthree")):
        put_in(graph, of(random_bundle(tmp_path, seed), subject=PERSON), name)
    put_in(graph, random_bundle(tmp_path, 4), "stays")
    deletion = take_out(graph, Selectors(sources=("zqxtwo",)))
    report = wipe_out(graph, Selectors(sources=("zqxone",)))
    held = {one.what: (one.until, one.do) for one in report.still_held}
    (live, kept) = sorted(held)
    assert "zqxthree" in live and held[live][0] is None
    assert deletion in kept and held[kept][0] is not None
    assert f"hartonomous erase person {PERSON}" in str(held[live][1])
    assert f"person:{PERSON}" in str(keys.openings())
    assert len(wipe_out(graph, Selectors(sources=("zqxthree",))).still_held) == 1
    assert wipe_out(graph, Selectors(sources=("zqxtwo",))).still_held == ()
    for text in (PERSON, "zqxone", "zqxtwo", "zqxthree"):
        assert holding(graph, text) == []
    refused_again(graph, Selectors(people=(PERSON,)))
    # Their files are kept out, the person is not.
    put_in(graph, of(random_bundle(tmp_path / "new", 5), subject=PERSON), "new")


def test_waiting_bundles_are_searched(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "stays")
    other = wait(graph, random_bundle(tmp_path, 2), "other")
    for seed, selectors in (
        (3, Selectors(people=(PERSON,))),
        (4, Selectors(sources=("zqxwaits",))),
        (5, Selectors(concepts=(CANARY,))),
        (6, Selectors(licences=("GPL-zqx",))),
    ):
        made = of(planted(tmp_path, seed), subject=f"{PERSON}-{seed}")
        if selectors.people:
            made = of(made, subject=PERSON)
        if selectors.licences:
            made = of(made, licence="GPL-zqx")
        wait(graph, made, "zqxwaits" if selectors.sources else "zqxhidden")
        assert wipe_out(graph, selectors).bundles_purged == 1
        assert waiting_bundles() == [other]
        refused_again(graph, selectors)
        if not selectors.concepts:
            with pytest.raises(Conflict, match="was erased"):
                put_in(graph, made, "again")
    assert holding(graph, "zqxhidden") == holding(graph, PERSON) == holding(graph, CANARY) == []
    # A damaged one could hold anything; but it is no reason to say that something is held.
    (other.path / "compositions.parquet").write_bytes(b"?")
    with pytest.raises(NotFound):
        wipe_out(graph, Selectors(people=("nobody",)))
    assert other.path.is_dir()
    assert wipe_out(graph, Selectors(sources=("stays",))).bundles_purged == 1


def test_a_bundle_in_use_is_named_and_left_to_its_process(graph: Graph, tmp_path: Path) -> None:
    words = [CANARY, *(f"word{number}" for number in range(30))]
    rng = np.random.default_rng(1)
    path = write_vectors(tmp_path / "m", words, rng.normal(size=(len(words), 6)))
    opened = open_model(str(path), OpenOptions())
    put_in(graph, of(planted(tmp_path, 2), subject=PERSON), "zqxlive")
    reports: list[ErasureReport] = []

    def taken_in(name: str, selectors: Selectors, subject: str | None, k: int) -> object:
        def note(stage: str, done: int, total: int) -> None:
            if stage == "embedding" and not reports:
                reports.append(wipe_out(graph, selectors))

        reports.clear()
        options = ExtractOptions(NeighbourOptions(k=k), subject=subject)
        return ingest(graph, opened, options, name, Path("none"), note)

    with pytest.raises(Conflict, match="was erased"):
        taken_in("later", Selectors(people=(PERSON,)), PERSON, 5)
    (held,) = reports[0].still_held
    assert f"is being loaded by process {os.getpid()}" in held.what
    assert reports[0].bundles_purged == 0
    assert not waiting_bundles() and holding(graph, PERSON) == []
    put_in(graph, planted(tmp_path, 3), "zqxlive")
    report = taken_in("later", Selectors(concepts=(CANARY,)), None, 4)
    assert f"is being loaded by process {os.getpid()}" in reports[0].still_held[0].what
    assert report.skipped > 0  # type: ignore[attr-defined]
    assert not waiting_bundles() and holding(graph, CANARY) == []
    refused_again(graph, Selectors(concepts=(CANARY,)))


def test_texts_that_an_interrupted_extraction_left_are_erased(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, planted(tmp_path, 2), "zqxlive")
    finished = random_bundle(tmp_path, 5)
    with use_bundle(graph, finished.source, "later", "test") as place:
        pieces = ObservedTracks((), ("pieces",), (1,), _met, 1)
        PieceStore(pieces, FinishedWork(place.work)).observe(silent)
    assert place.holds_content and not place.path.exists() and waiting_bundles() == [place]
    report = wipe_out(graph, Selectors(concepts=(CANARY,)))
    assert report.bundles_purged == 1
    assert not waiting_bundles() and not place.work.exists()
    assert holding(graph, CANARY) == []


def _met(piece: Piece) -> ObservedPiece:
    return ObservedPiece(pa.table({"text": [CANARY], "kind": ["Token"]}), {})


def test_what_is_kept_for_other_graphs_is_named(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = of(planted(tmp_path, 1), subject=PERSON)
    put_in(graph, mine, "zqxthere")
    snap(graph, "theirs")
    deletion = take_out(graph, Selectors(sources=("zqxthere",)))
    place_there = wait(graph, mine, "zqxthere")
    there = graph.read("MATCH (g:State) RETURN g.identity AS i")[0]["i"]
    # Another graph of the same home: another server, by all that is kept here.
    shutil.rmtree(keys.directory() / "heads")
    wipe(graph)
    put_in(graph, mine, "here")
    put_in(graph, random_bundle(tmp_path, 2), "stays")
    cache = tmp_path / "cache"
    shutil.copytree(planted(tmp_path / "left", 3).path, cache / "left")
    report = wipe_out(graph, Selectors(people=(PERSON,), concepts=(CANARY,)), cache)
    told = sorted(one.what for one in report.still_held)
    assert [text.split(" of ")[0] for text in told] == [
        "a bundle",
        f"deletion {deletion}",
        "snapshot theirs",
        f"the bundle {cache / 'left'}, written by an earlier version",
    ]
    assert (report.snapshots_dropped, snapshot_names()) == (0, ["theirs"])
    with pytest.raises(Conflict, match="of another graph"):
        plan_rollback(graph, "theirs")
    with WriterLock(graph, "test") as lock:
        assert back_up(graph, lock, tmp_path / "b", silent).snapshots == 0
    assert place_there.path.is_dir() and place(deletion).is_dir() and (cache / "left").is_dir()
    assert waiting_bundles(there) == [place_there]
    assert deletion in refused_again(graph, Selectors(people=(PERSON,)))
    monkeypatch.setattr(bundle_cache, "ABANDONED", -1.0)
    assert wipe_out(graph, Selectors(concepts=(CANARY,)), cache).bundles_purged == 1
    assert not (cache / "left").exists()


def test_snapshots_and_names_alone(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "stays")
    put_in(graph, of(planted(tmp_path, 2), subject=PERSON), "zqxmine")
    put_in(graph, random_bundle(tmp_path, 3), "zqxtheirs")
    snap(graph, f"with-{PERSON}")
    take_out(graph, Selectors(sources=("zqxmine", "zqxtheirs")), days=0)
    take_out(graph, Selectors(concepts=(_word(graph),)), days=0)
    with WriterLock(graph, "test") as lock:
        assert expire(graph, lock) == 1
    snap(graph, "without")
    # The log alone says whose source it was; the snapshot has its words.
    report = wipe_out(graph, Selectors(people=(PERSON,)))
    assert (report.deletions_purged, report.snapshots_dropped) == (0, 1)
    assert snapshot_names() == ["without"]
    assert [holding(graph, text) for text in (PERSON, "zqxmine", CANARY)] == [[], [], []]
    refused_again(graph, Selectors(people=(PERSON,)))
    # Of this one nothing is left but names, and the log's digest of its files.
    assert wipe_out(graph, Selectors(sources=("zqxtheirs",))).names_purged > 0
    refused_again(graph, Selectors(sources=("zqxtheirs",)))
    with pytest.raises(Conflict, match="was erased"):
        put_in(graph, random_bundle(tmp_path / "again", 3), "renamed")
    assert snapshot_names() == ["without"]


def _word(graph: Graph) -> str:
    rows = graph.read(
        "MATCH (c:Token)-[:EMBEDDING_EVIDENCE {source: 'stays'}]-() RETURN c.text AS t ORDER BY t"
    )
    return str(rows[0]["t"])


def test_what_else_deletions_say_of_it_goes(graph: Graph, tmp_path: Path) -> None:
    for seed, name in ((1, "stays"), (2, "zqxsurvivor")):
        put_in(graph, random_bundle(tmp_path, seed, size=118), name)
    word = _word(graph)
    kept = take_out(
        graph, Selectors(evidence=(evidence_range("stays", "EMBEDDING_EVIDENCE", None, 0.5),))
    )
    assert "zqxsurvivor" in (place(kept) / "plan.json").read_text()
    wipe_out(graph, Selectors(sources=("zqxsurvivor",)))
    assert place(kept).is_dir()
    assert holding(graph, "zqxsurvivor") == []
    # A deletion whose window has ended, and which still stands for words an earlier one could return.
    take_out(graph, Selectors(concepts=(word,)), days=0)
    with WriterLock(graph, "test") as lock:
        assert expire(graph, lock) == 1
    assert f'"{word}"' in "".join(f.read_text() for f in area().rglob("plan.json"))
    wipe_out(graph, Selectors(concepts=(word,)))
    assert f'"{word}"' not in "".join(f.read_text() for f in area().rglob("*.json"))
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, kept, silent)
    assert word not in {row["t"] for row in graph.read("MATCH (c:Composition) RETURN c.text AS t")}


def test_a_damaged_deletion_does_not_stop_an_erasure(graph: Graph, tmp_path: Path) -> None:
    for seed, name in ((1, "stays"), (2, "zqxkept"), (3, "zqxlive")):
        put_in(graph, random_bundle(tmp_path, seed), name)
    kept = take_out(graph, Selectors(sources=("zqxkept",)))
    (file, *_) = (place(kept) / "plan.json.rows").glob("*_EVIDENCE.parquet")
    file.write_bytes(b"?")
    assert wipe_out(graph, Selectors(sources=("zqxlive",))).deletions_purged == 1
    assert not place(kept).exists()
    assert open_journal(graph) is None


def test_another_case_is_not_taken_for_what_was_erased(graph: Graph, tmp_path: Path) -> None:
    words = ["zqxking", "ZQXKING", *(f"word{number}" for number in range(20))]
    rng = np.random.default_rng(1)
    path = write_vectors(tmp_path / "m", words, rng.normal(size=(len(words), 6)))
    put_in(graph, bundle_of(path, tmp_path / "b"), "a")
    take_out(graph, Selectors(concepts=("zqxking",)))
    before = exported(graph)
    assert wipe_out(graph, Selectors(concepts=("zqxking",))).removed == 0
    refused_again(graph, Selectors(concepts=("zqxking",)))
    assert exported(graph) == before
    # Where only another case was there from the start, that one is meant, and stays out.
    wipe_out(graph, Selectors(concepts=("Zqxking",)))
    assert holding(graph, "ZQXKING") == []
    assert "ZQXKING" not in "".join(exported(graph))


def test_known_backups_are_named(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, of(planted(tmp_path, 1), subject=PERSON), "a")
    put_in(graph, random_bundle(tmp_path, 2), "stays")
    for name in ("one", "two"):
        with WriterLock(graph, "test") as lock:
            made = back_up(graph, lock, tmp_path / name, silent)
    (tmp_path / "one").unlink()
    scratch = tmp_path / ".two.xyz.999999999.partial"
    scratch.mkdir()
    with WriterLock(graph, "test") as lock:
        report = erase(
            graph, lock, Selectors(people=(PERSON,)), ErasureOptions(Path("none"), silent, True)
        )
        certificate = certify_erasure(graph, lock, report.id)
    one, two = (text for text in report.remaining_copies if text.startswith("the backup"))
    assert "no longer exists there" in one and str(tmp_path / "one") in one
    assert str(tmp_path / "two") in two and "delete the file" in two
    assert str(keys.directory()) in two
    copies = verify(certificate, str(keys.signing_key().public))["claims"]["copies"]
    assert made.digest in [copy["digest"] for copy in copies]
    assert all(copy["made"] for copy in copies if copy["digest"])
    assert not scratch.exists()
    said = refused_again(graph, Selectors(people=(PERSON,)))
    assert str(tmp_path / "two") in said and str(tmp_path / "one") not in said
    # Overwritten, it is another backup; one that failed is none.
    with WriterLock(graph, "test") as lock:
        again = back_up(graph, lock, tmp_path / "two", silent, force=True)
    records = [json.loads(file.read_text()) for file in (default_home() / "backups").iterdir()]
    assert [record["digest"] for record in records] == [again.digest]
    assert all(
        file.stat().st_mode & 0o777 == 0o600 for file in (default_home() / "backups").iterdir()
    )


def test_a_snapshot_that_names_what_was_erased_does_not_come_back(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "stays")
    put_in(graph, of(planted(tmp_path, 2), subject=PERSON), "zqxmine")
    for chosen in (Selectors(concepts=(CANARY,)), Selectors(people=(PERSON,))):
        deletion = take_out(graph, chosen)
        snap(graph, "names-it")
        with WriterLock(graph, "test") as lock:
            back_up(graph, lock, tmp_path / deletion, silent)
        assert wipe_out(graph, chosen).snapshots_dropped == 1
        wipe(graph)
        left = default_home() / "backups" / ".restore.x.999999999.partial"
        left.mkdir()
        with WriterLock(graph, "test") as lock:
            assert restore(graph, lock, tmp_path / deletion, silent).snapshots == 0
        assert not left.exists()
        assert snapshot_names() == [] and holding(graph, CANARY) == []
    assert holding(graph, PERSON) == []


def test_an_erasure_cut_short_resumes_all_of_it(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before each step behind the rows; test_interrupted.py kills it at commits."""

    class Stop(Exception):
        pass

    def stop(*_: object, **__: object) -> None:
        raise Stop

    steps = (
        "purge_deletions",
        "purge_bundles",
        "drop_snapshots",
        "residual",
        "forget_gone",
        "let_go",
    )
    for step in steps:
        wipe(graph)
        folder = tmp_path / step
        put_in(graph, random_bundle(folder, 1), "stays")
        put_in(graph, of(planted(folder, 2), subject=PERSON), "zqxkept")
        put_in(graph, of(planted(folder, 3), subject=PERSON), "zqxlive")
        snap(graph, "before-zqxlive")
        take_out(graph, Selectors(sources=("zqxkept",)))
        wait(graph, of(planted(folder, 4), subject=PERSON), "zqxwaits")
        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(erasure, step, stop)
            wipe_out(graph, Selectors(people=(PERSON,)))
        with WriterLock(graph, "test") as lock:
            assert erasure.resume(graph, lock, ErasureOptions(Path("none"), silent)) is not None
        for text in (PERSON, "zqxkept", "zqxlive", "zqxwaits", CANARY):
            assert holding(graph, text) == [], (step, text)
        refused_again(graph, Selectors(people=(PERSON,)))


def test_the_command_says_what_is_held_where(served: Graph, tmp_path: Path) -> None:
    put_in(served, random_bundle(tmp_path, 1), "stays")
    put_in(served, of(random_bundle(tmp_path, 2), subject=PERSON), "zqxmine")
    deletion = json.loads(run("delete", "source", "zqxmine", "--yes", "--json").stdout)["id"]
    chosen = ("erase", "person", PERSON)
    plan = tmp_path / "plan.json"
    shown = run(*chosen, "--plan").stdout
    assert f"deletion {deletion}, which can be undone" in shown and "erased" in shown
    assert f"Also erased: deletion {deletion}" in failed(2, *chosen)
    run(*chosen, "--plan", plan)
    assert "the plan of an erasure" in failed(4, "delete", "--apply", plan, "--yes")
    assert "No person" not in failed(3, "erase", "person", "nobody", "--yes")
    done = json.loads(run("erase", "--apply", plan, "--yes", "--json").stdout)
    assert (done["removed"], done["deletions_purged"], done["still_held"]) == (0, 1, [])
    plan.unlink()
    shutil.rmtree(f"{plan}.rows")
    assert "No copy exists" in failed(3, *chosen, "--yes")
    assert holding(served, PERSON) == []
