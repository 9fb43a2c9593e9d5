"""Places on the real server: what is written, when it is stale, when it goes, what is asked of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hartonomous.ask.layout import placement
from hartonomous.ask.layout.placement import Placement, place, read_placed, read_placement
from hartonomous.ask.layout.placement_alignment import align, read_placement_file, save_placement
from hartonomous.ask.layout.placement_pictures import draw, page
from hartonomous.ask.layout.placement_quality import (
    neighbour_recall,
    same_token_agreement,
    two_sources,
)
from hartonomous.ask.layout.placement_queries import distance, near_on_sphere, slerp
from hartonomous.ask.layout.placement_scene import placed_scene
from hartonomous.ask.layout.sphere import geodesic
from hartonomous.ask.layout.sphere import slerp as along
from hartonomous.cli import main
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import BadInput, Conflict, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.placement_removal import purge_placements
from hartonomous.graph.writer_lock import WriterLock
from tests.building import WORDS, bundle_of, exported, put_in, silent, wipe, write_vectors
from tests.called_rows import as_called, called

CHOSEN = [word for word in WORDS if word.isalpha()][:60]
PLACES = "MATCH (c) WHERE c.quaternion IS NOT NULL OR c.spectral IS NOT NULL RETURN count(c) AS n"


def fill(graph: Graph, folder: Path, rng: np.random.Generator, *names: str) -> None:
    """Put sources in whose vectors are alike but for noise."""
    vectors = rng.normal(size=(len(CHOSEN), 6))
    for name in names:
        noisy = vectors + 0.1 * rng.normal(size=vectors.shape)
        path = write_vectors(folder / name, CHOSEN, noisy)
        put_in(graph, bundle_of(path, folder / f"bundle-{name}", k=6), name)


@pytest.fixture
def placed(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> Graph:
    """Two sources, laid out."""
    fill(graph, tmp_path, rng, "one", "two")
    place(graph, 8, silent)
    return graph


def dense_eigenmap(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues of the random walk without the trivial one, and the degrees, by numpy."""
    rows = graph.read(
        "MATCH (a)-[r:RELATES]->(b) WHERE r.decades > 0 "
        "RETURN a.key AS a, b.key AS b, r.decades AS d"
    )
    keys = sorted({row[end] for row in rows for end in "ab"})
    odds = np.zeros((len(keys), len(keys)))
    for row in rows:
        i, j = keys.index(row["a"]), keys.index(row["b"])
        odds[i, j] = odds[j, i] = 10 ** (row["d"] / 1000)
    degrees = odds.sum(axis=1)
    return np.linalg.eigvalsh(odds / np.sqrt(np.outer(degrees, degrees)))[::-1][1:], odds


def test_places_are_the_eigenmap_of_the_rated_graph(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(graph, tmp_path, rng, "one", "two")
    placement, _, report = place(graph, 8, silent)
    values, odds = dense_eigenmap(graph)
    assert report.placed == len(odds) and report.components == 1
    assert placement.eigenvalues == pytest.approx(values[:8], abs=1e-9)
    walk = odds / odds.sum(axis=1, keepdims=True)
    assert walk @ placement.spectral == pytest.approx(
        placement.spectral * placement.eigenvalues, abs=1e-8
    )
    stored = read_placed(graph)
    assert stored.keys == placement.keys
    assert (stored.spectral == placement.spectral).all()
    assert np.linalg.norm(stored.quaternions, axis=1) == pytest.approx(np.ones(report.placed))
    first = placement.spectral[:, :4]
    assert stored.quaternions == pytest.approx(first / np.linalg.norm(first, axis=1)[:, None])


def test_a_placement_follows_from_the_graph_alone(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    """Not from the order of ingest, nor from what was there before."""
    fill(graph, tmp_path, rng, "one", "two")
    before, *_ = place(graph, 8, silent)
    again, *_ = place(graph, 8, silent)
    assert (before.spectral == again.spectral).all()
    wipe(graph)
    for name in ("two", "one"):
        put_in(graph, bundle_of(tmp_path / name / "vectors.npz", tmp_path / f"{name}-2", k=6), name)
    after, *_ = place(graph, 8, silent)
    assert after.digest == before.digest
    assert (after.quaternions == before.quaternions).all()


def test_a_placement_is_no_knowledge(placed: Graph) -> None:
    with_places = exported(placed)
    with WriterLock(placed, "test") as lock:
        assert purge_placements(placed, lock) > 0
        assert purge_placements(placed, lock) == 0
    assert exported(placed) == with_places
    assert placed.read(PLACES)[0]["n"] == 0


def test_a_placement_is_stale_once_the_graph_moves_and_gone_after_a_deletion(
    placed: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    assert read_placement(placed)[1] is False
    assert near_on_sphere(placed, CHOSEN[0])[0]["stale"] is False
    fill(placed, tmp_path / "more", rng, "three")
    assert read_placement(placed)[1] is True
    for rows in (near_on_sphere(placed, CHOSEN[0]), slerp(placed, *CHOSEN[:2])):
        assert rows and all(row["stale"] for row in rows)
    assert distance(placed, *CHOSEN[:2])["stale"] is True
    with WriterLock(placed, "test") as lock:
        delete_source(placed, lock, "three", silent)
    assert placed.read(PLACES)[0]["n"] == 0
    assert placed.read("MATCH (p:Placement) RETURN p") == []
    with pytest.raises(NotFound, match="hartonomous place"):
        near_on_sphere(placed, CHOSEN[0])


def test_a_deletion_in_between_is_noticed(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(graph, tmp_path, rng, "one", "two")
    solve = placement.lay_out

    def solve_slowly(*given: object) -> object:
        with WriterLock(graph, "test") as lock:
            delete_source(graph, lock, "two", silent)
        return solve(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(placement, "lay_out", solve_slowly)
    with pytest.raises(Conflict, match="changed during"):
        place(graph, 8, silent)
    assert graph.read(PLACES)[0]["n"] == 0
    assert graph.read("MATCH (p:Placement) RETURN p") == []


def test_another_writer_and_a_due_pass_are_told(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(graph, tmp_path, rng, "one")
    with WriterLock(graph, "other work"), pytest.raises(Conflict, match="other work"):
        place(graph, 4, silent)
    graph.write("MATCH (g:State) SET g.settled = false")
    with pytest.raises(Conflict, match="hartonomous rate"):
        place(graph, 4, silent)


def test_empty_small_and_disconnected_graphs(graph: Graph) -> None:
    with pytest.raises(NotFound, match="ingest"):
        place(graph, 4, silent)
    graph.write("MERGE (g:State {name: 'graph'}) SET g.settled = true, g.epoch = 1")
    alone = "CREATE (:Composition:Token {key: $key, text: $key, folded: $key, kind: 'Token'})"
    keys = [f"{number:032x}" for number in range(1, 8)]
    graph.write(alone, key=keys[0])
    with pytest.raises(NotFound, match="ingest"):
        place(graph, 4, silent)
    for key in keys[1:]:
        graph.write(alone, key=key)
    relate = "MATCH (a {key: $a}), (b {key: $b}) CREATE (a)-[:RELATES {decades: $d, consensus: 1500}]->(b)"
    graph.write(relate, a=keys[0], b=keys[1], d=-500)
    with pytest.raises(NotFound, match="above even odds"):
        place(graph, 4, silent)
    for a, b in ((1, 2), (3, 4), (4, 5)):
        graph.write(relate, a=keys[a], b=keys[b], d=1_000)
    placement, _, report = place(graph, 4, silent)
    assert placement.keys == tuple(keys[3:6])
    assert (report.placed, report.components, report.apart, report.unlikely) == (3, 2, 2, 1)
    assert report.dimensions == 2
    with pytest.raises(NotFound, match="no place"):
        near_on_sphere(graph, keys[1])
    for ask in (distance, slerp):
        with pytest.raises(NotFound, match="no place"):
            ask(graph, keys[3], keys[1])
        with pytest.raises(NotFound, match="no place"):
            ask(graph, keys[1], keys[2])
    with pytest.raises(UsageError, match="dimensions"):
        place(graph, 0, silent)


def test_questions_are_those_of_plain_geometry(placed: Graph) -> None:
    words = read_placed(placed)
    row = {text: number for number, text in enumerate(words.texts)}
    start, end = CHOSEN[0], CHOSEN[1]
    a, b = words.quaternions[row[start]], words.quaternions[row[end]]
    angles = geodesic(words.quaternions, a)
    found = near_on_sphere(placed, start, top=5)
    nearest = sorted(row.values(), key=lambda i: angles[i])[1:6]
    assert [hit["neighbour"] for hit in found] == [words.texts[i] for i in nearest]
    assert [hit["distance"] for hit in found] == pytest.approx(angles[nearest], abs=1e-9)
    apart = distance(placed, start, end)
    assert apart["distance"] == pytest.approx(float(geodesic(a, b)), abs=1e-9)
    x, y = words.spectral[row[start]], words.spectral[row[end]]
    cosine = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert apart["spectral"] == pytest.approx(np.arccos(cosine), abs=1e-7)
    unit = words.spectral / np.linalg.norm(words.spectral, axis=1, keepdims=True)
    best = np.argsort(-(unit @ unit[row[start]]))[1:4]
    by_spectral = near_on_sphere(placed, start, top=3, by="spectral")
    assert {hit["neighbour"] for hit in by_spectral} == {words.texts[i] for i in best}
    way = slerp(placed, start, end, steps=8)
    assert way
    for step in way:
        point = along(a, b, np.array([step["share"]]))[0]
        assert step["point"] == pytest.approx(point, abs=1e-9)
        aside = float(geodesic(words.quaternions[row[step["word"]]], point))
        assert step["aside"] == pytest.approx(aside, abs=1e-6)
    assert not {start, end} & {step["word"] for step in way}
    shown = called(placed, "ask/distance", f"distance('{start}', '{end}')")
    assert shown == as_called([apart])
    assert called(placed, "ask/slerp", f"slerp('{start}', '{end}', 8)") == as_called(way)


def test_questions_without_an_answer(placed: Graph) -> None:
    with pytest.raises(NotFound, match="zzz"):
        near_on_sphere(placed, "zzz")
    with pytest.raises(NotFound, match="zzz"):
        distance(placed, CHOSEN[0], "zzz")
    with pytest.raises(UsageError, match="same point"):
        slerp(placed, CHOSEN[0], CHOSEN[0])
    with pytest.raises(UsageError, match="steps"):
        slerp(placed, *CHOSEN[:2], steps=1)
    with pytest.raises(UsageError, match="sphere"):
        near_on_sphere(placed, CHOSEN[0], by="cube")


def test_figures_are_those_of_a_plain_loop(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(graph, tmp_path, rng, "one", "two")
    placement, related, _ = place(graph, 16, silent)
    found = {row.space + str(row.dimensions): row for row in neighbour_recall(placement, related)}
    assert set(found) == {"sphere4", "spectral16"}
    dense = related.odds.toarray()
    hits = []
    for i in range(len(dense)):
        count = min(10, int((dense[i] > 0).sum()))
        true = set(np.argsort(-dense[i], kind="stable")[:count].tolist())
        angles = geodesic(placement.quaternions, placement.quaternions[i])
        angles[i] = np.inf
        hits.append(len(true & set(np.argsort(angles)[:count].tolist())) / count)
    assert found["sphere4"].recall == pytest.approx(np.mean(hits), abs=0.02)
    pair = two_sources(graph)
    assert pair is not None and set(pair) == {"one", "two"}
    agreed = same_token_agreement(graph, placement, related, pair, {})
    assert [row.method for row in agreed] == [f"placement, {d} dimensions" for d in (3, 4, 16)]
    # The two are the same vectors but for noise: far above chance, ln(60) / 60.
    assert agreed[-1].mrr > 0.3 and agreed[-1].gallery == len(CHOSEN)
    with pytest.raises(UsageError, match="two live sources"):
        two_sources(graph, ("one", "none"))


def test_raw_vectors_beside_the_placement(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    """One model is the other, turned: Procrustes finds every word again."""
    fill(graph, tmp_path, rng, "one", "two")
    placement, related, _ = place(graph, 16, silent)
    vectors = {word: rng.normal(size=12) for word in CHOSEN}
    turn, _ = np.linalg.qr(rng.normal(size=(12, 12)))

    def dense(turned: bool) -> object:
        def look_up(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
            found = np.array([vectors[word] for word in words], dtype=np.float32)
            return (found @ turn if turned else found), np.ones(len(words), dtype=bool)

        return look_up

    beside = {"one": dense(False), "two": dense(True)}
    found = same_token_agreement(graph, placement, related, ("one", "two"), beside)  # type: ignore[arg-type]
    assert [row.mrr for row in found[-2:]] == pytest.approx([1.0, 1.0])
    assert found[-1].queries == found[-1].gallery - len(CHOSEN) // 2


def turned(placement: Placement, rng: np.random.Generator) -> Placement:
    four, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    more, _ = np.linalg.qr(rng.normal(size=(placement.spectral.shape[1],) * 2))
    return Placement(
        placement.keys[1:],
        placement.quaternions[1:] @ four,
        placement.directed[1:],
        placement.spectral[1:] @ more,
        placement.eigenvalues,
        "other",
        placement.epoch - 1,
    )


def test_aligning_turns_a_placement_onto_an_older_one(
    placed: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    now, *_ = place(placed, 8, silent)
    save_placement(turned(now, rng), tmp_path / "old.parquet")
    old = read_placement_file(tmp_path / "old.parquet")
    moved, found = align(now, old)
    assert found.shared == len(old.keys) and found.apart == 1
    assert found.after == pytest.approx(0, abs=1e-6) and found.before > 0.1
    assert moved.quaternions[1:] == pytest.approx(old.quaternions, abs=1e-9)
    assert moved.spectral[1:] == pytest.approx(old.spectral, abs=1e-8)
    inner = geodesic(now.quaternions[0], now.quaternions)
    assert geodesic(moved.quaternions[0], moved.quaternions) == pytest.approx(inner, abs=1e-7)


def test_files_that_are_no_placement(placed: Graph, tmp_path: Path) -> None:
    now, *_ = place(placed, 8, silent)
    save_placement(now, tmp_path / "now.parquet")
    with pytest.raises(Conflict, match="--force"):
        save_placement(now, tmp_path / "now.parquet")
    back = read_placement_file(tmp_path / "now.parquet")
    assert back.keys == now.keys and (back.spectral == now.spectral).all()
    assert (back.digest, back.epoch) == (now.digest, now.epoch)
    (tmp_path / "half.parquet").write_bytes((tmp_path / "now.parquet").read_bytes()[:-20])
    (tmp_path / "text.parquet").write_text("no parquet at all")
    for name in ("half", "text"):
        with pytest.raises(BadInput, match=r"not a placement|cannot be read as Parquet"):
            read_placement_file(tmp_path / f"{name}.parquet")
    with pytest.raises(NotFound, match="--save"):
        read_placement_file(tmp_path / "none.parquet")
    lonely = Placement(("f" * 32,), *(getattr(now, f)[:1] for f in ("quaternions", "directed", "spectral")), now.eigenvalues, "", 0)  # fmt: skip
    with pytest.raises(BadInput, match="fewer than two"):
        align(now, lonely)


def test_pictures_are_the_same_bytes_and_escape_words(placed: Graph, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>$\\frac{"
    placed.write(
        "MATCH (c:Composition) WITH c ORDER BY c.key LIMIT 3 SET c.text = $evil", evil=evil
    )
    drawn = placed_scene(placed)
    assert sum(len(group.rows) for group in drawn.groups["source"]) == len(drawn.texts)
    assert {group.name for group in drawn.groups["source"]} == {"one + two"}
    for ending in ("png", "html"):
        draw(drawn, tmp_path / f"one.{ending}")
        draw(placed_scene(placed), tmp_path / f"two.{ending}")
        assert (tmp_path / f"one.{ending}").read_bytes() == (
            tmp_path / f"two.{ending}"
        ).read_bytes()
    text = page(drawn)
    assert "onerror=alert(1)" in text and "<img src=x" not in text
    own = text[text.rindex("Plotly.newPlot") :]
    assert "</script><img" not in own and "http" not in own
    with pytest.raises(UsageError, match=r"\.png"):
        draw(drawn, tmp_path / "map.gif")
    with pytest.raises(BadInput, match="cannot be written"):
        draw(drawn, tmp_path / "missing" / "map.png")


def test_communities_that_compositions_carry_are_the_colours(placed: Graph) -> None:
    placed.write("MATCH (c:Composition) SET c.community = CASE WHEN c.key < '8' THEN 0 ELSE 1 END")
    drawn = placed_scene(placed)
    sizes = sorted(len(group.rows) for group in drawn.groups["community"])
    keys = read_placed(placed).keys
    below = sum(key < "8" for key in keys)
    assert sizes == sorted([below, len(keys) - below])


def test_the_commands(served: Graph, tmp_path: Path, rng: np.random.Generator) -> None:
    fill(served, tmp_path, rng, "one", "two")
    runner = CliRunner()

    def run(*arguments: str) -> str:
        done = runner.invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    saved, drawn = str(tmp_path / "p.parquet"), str(tmp_path / "p.png")
    facts = json.loads(run("place", "--dimensions", "16", "--save", saved, "--json"))
    assert facts["placed"] == len(CHOSEN) and set(facts["seconds"]) == {"read", "solve", "write"}
    assert [row["dimensions"] for row in facts["recall"]] == [4, 16]
    assert len(facts["agreement"]) == 3 and facts["alignment"] is None
    told = run("place", "--align", saved, "--picture", drawn)
    assert "neighbours preserved by" in told and "furthest" in told
    assert Path(drawn).read_bytes().startswith(b"\x89PNG")
    run("picture", str(tmp_path / "p.html"), "--colour", "source")
    near = json.loads(run("near-on-sphere", CHOSEN[0], "--top", "3", "--json"))
    assert len(near) == 3
    assert "radians" in run("near-on-sphere", CHOSEN[0])
    assert json.loads(run("distance", *CHOSEN[:2], "--json"))["distance"] > 0
    assert "word" in run("slerp", *CHOSEN[:2])
    assert runner.invoke(main, ["place", "--save", saved]).exit_code == 4
    assert runner.invoke(main, ["place", "--dense", "one"]).exit_code == 2


def test_reading_goes_on_while_places_are_written(placed: Graph) -> None:
    """A reader never meets an error, only places that are stale or not there yet."""
    errors: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                near_on_sphere(placed, CHOSEN[0])
            except NotFound:
                pass
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(3):
        place(placed, 8, silent)
    stop.set()
    reader.join()
    assert not errors
