"""The API on a real server: what the README shows, the output filter, an erasure with its proof."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hartonomous
from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.generation.text_generator import GenerateOptions, Generator
from hartonomous.delete.deletion import DeletionReport
from hartonomous.erase.compaction import find_bytes
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress
from tests.building import (
    WORDS,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    wipe,
    write_vectors,
)
from tests.canaries import CANARY, planted
from tests.made_graph import make
from tests.model_files import write_matrix

ROOT = Path(__file__).parents[2]


@pytest.fixture
def api(served: Graph) -> Iterator[hartonomous.KnowledgeGraph]:
    """The API on the run's server, whose graph is empty."""
    with hartonomous.open() as graph:
        yield graph


def model_folder(folder: Path, rng: np.random.Generator) -> None:
    """Write a folder as Hugging Face has it, of vectors for some words."""
    words = ["king", "queen", *WORDS[:20]]
    tokens = {word: row for row, word in enumerate(dict.fromkeys(words))}
    folder.mkdir()
    model = {"type": "WordPiece", "vocab": tokens, "unk_token": words[0]}
    (folder / "tokenizer.json").write_text(json.dumps({"model": model, "added_tokens": []}))
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    write_matrix(folder / "model.safetensors", rng.normal(size=(len(tokens), 8)))


def of_the_readme() -> str:
    """Return the code that the README shows under "From Python"."""
    section = (ROOT / "README.md").read_text().split("## From Python")[1]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_what_the_readme_shows_runs(
    served: Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rng: np.random.Generator,
) -> None:
    monkeypatch.chdir(tmp_path)
    model_folder(tmp_path / "all-MiniLM-L6-v2", rng)
    put_in(served, random_bundle(tmp_path, 1), "glove")
    put_in(served, causal_bundle(tmp_path, 3, more=("The", "king", "throne")), "causal")
    told: dict[str, object] = {}
    exec(compile(of_the_readme(), "README.md", "exec"), told)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:2] == ["neighbour", "consensus"]
    assert printed[11].startswith("The king")
    rows, plan = told["rows"], told["plan"]
    assert isinstance(rows, hartonomous.Rows) and len(rows) == 10
    assert rows[0].neighbour == rows[0]["neighbour"] and rows[0].consensus >= rows[9].consensus
    assert list(rows.to_pandas()["neighbour"]) == rows.to_arrow()["neighbour"].to_pylist()
    assert "RELATES" not in repr(plan) and "evidence" in repr(plan)
    assert {row["n"] for row in served.read("MATCH (s:Source) RETURN s.name AS n")} == {
        "minilm",
        "causal",
    }


def test_every_question_is_answered_by_records(
    api: hartonomous.KnowledgeGraph, served: Graph, tmp_path: Path
) -> None:
    make(served, {"king queen": 900, "king throne": 500, "queen throne": 400, "bread milk": 300})
    assert [row.neighbour for row in api.neighbours("king")] == ["queen", "throne"]
    assert api.explain("king", "queen").relation["start"] == "king"
    assert api.affinity("king", "queen").related
    assert {row.related_to for row in api.compare("king", "queen")} == {"both"}
    assert api.odd_one_out("king", "queen", "bread")[0].word == "bread"
    (way,) = api.path("king", "throne", k=1)
    assert way.words == ("king", "throne") and way["steps"][0].rating > 1500
    assert api.bridge("king", "queen").words
    assert api.reach("king", top=1, above=1600)[0].word in ("queen", "throne")
    assert api.traverse("king").found[0].word == "queen"
    assert api.communities(of="bread")[0].size == 2
    assert api.central(top=2)[0].word and api.hubs(top=1)[0].related
    assert api.outliers(top=1)[0].score < 1
    assert api.projections.list()[0].state == "shared"
    assert api.projections.drop() and not api.projections.list()
    assert {row.name for row in api.sources()} == {"made-0", "made-1"}
    assert api.source("made-0").tracks[0].evidence == "EMBEDDING_EVIDENCE"
    assert api.path("king", "throne", types=["RELATES"], sources="made-0").to_arrow().num_rows == 2


def test_a_statement_reads_and_never_writes(api: hartonomous.KnowledgeGraph) -> None:
    rows = api.cypher("UNWIND $n AS x RETURN x, date('2020-01-02') AS day", n=[1, 2])
    assert rows.to_arrow()["x"].to_pylist() == [1, 2]
    assert rows[0].day.isoformat() == "2020-01-02"
    assert api.cypher("MATCH (n:Nothing) RETURN n.name AS name").columns == ("name",)
    with pytest.raises(hartonomous.ServerError, match=r"[Ww]rit"):
        api.cypher("CREATE (n:Own) RETURN n")
    with pytest.raises(hartonomous.ServerError, match="Syntax"):
        api.cypher("MATCH")


def test_a_closed_graph_and_a_server_that_is_away_say_so(served: Graph) -> None:
    graph = hartonomous.open()
    graph.close()
    graph.close()
    with pytest.raises(hartonomous.ServerError, match=r"hartonomous\.open"):
        graph.neighbours("king")
    assert "closed" in repr(graph)
    with pytest.raises(hartonomous.ServerError, match="No server answers"):
        hartonomous.open("bolt://localhost:1", password="x")
    with pytest.raises(hartonomous.ServerError, match="wrong password"):
        hartonomous.open(password="wrong")


def test_a_deletion_is_planned_done_and_taken_back(
    api: hartonomous.KnowledgeGraph, served: Graph, tmp_path: Path
) -> None:
    put_in(served, random_bundle(tmp_path, 1), "one")
    before = exported(served)
    assert api.stats().sources == 1 and api.stats().repetition.tracks[0].source == "one"
    plan = api.plan_deletion(sources="one", output=tmp_path / "plan.json")
    with WriterLock(served, "somebody"), pytest.raises(hartonomous.Conflict, match="somebody"):
        api.apply(plan)
    with pytest.raises(hartonomous.Conflict, match="nothing was done"):
        api.apply(plan, certificate=tmp_path / "plan.json")
    assert exported(served) == before
    done = api.apply(tmp_path / "plan.json", certificate=tmp_path / "one.certificate")
    assert isinstance(done, DeletionReport) and done.until
    key = hartonomous.keys().key
    assert hartonomous.certificate.verify(tmp_path / "one.certificate", key)["left"] == []
    assert [row.act for row in api.log(top=2)] == ["deleted", "delete"]
    assert api.deletions()[0].id == done.id
    api.snapshot.create("after")
    api.undo(done.id)
    assert exported(served) == before
    assert api.diff("snapshot:after", ".").differs
    assert api.rollback("after", plan=True).redo == (done.id,)
    assert not api.log.verify().findings and not api.audit()["broken"]
    assert api.resume().report is None


def test_a_deleted_word_is_not_generated(
    api: hartonomous.KnowledgeGraph, served: Graph, tmp_path: Path
) -> None:
    put_in(served, causal_bundle(tmp_path, 3, words=6, more=("th", "##rone", "throne")), "causal")
    settings = {"length": 30, "samples": 40}
    assert "throne" in str(api.generate("th", **settings))
    api.delete(concepts=["throne"])
    # Its pieces may still spell it; a generator without the filter does.
    unfiltered = Generator(NextTokenModel(served), None)
    tokens = unfiltered.prompt("th")
    spelt = [
        "".join(step.text for step in unfiltered.stream(tokens, GenerateOptions(length=30), n))
        for n in range(40)
    ]
    assert any(text.startswith("rone") or " throne" in text for text in spelt)
    texts = api.generate("th", **settings).texts
    assert len(texts) == 40 and not [one for one in texts if "throne" in one.text]


def test_an_erasure_copies_the_managed_store_and_is_certified(
    second_home: Path,
    second_server: ServerAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HARTONOMOUS_HOME", str(second_home))
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))
    with connect_managed(second_server) as graph:
        wipe(graph)
        put_in(graph, planted(tmp_path, 1), "a")
    said: list[str] = []
    with hartonomous.open(say=said.append) as api:
        with pytest.raises(hartonomous.NotFound, match="nothing was done"):
            api.erase(concepts=[CANARY], certificate=tmp_path / "no" / "folder")
        report = api.erase(concepts=[CANARY], certificate=tmp_path / "erased.certificate")
        assert report.removed > 0 and report.found_in == () and report.scan is not None
        assert any("Copying the store" in text for text in said)
        assert api.suppressions()[0].kind
        # The same connection goes on with the store that took the old one's place.
        assert [row.name for row in api.sources()] == ["a"]
        with pytest.raises(hartonomous.NotFound):
            api.neighbours(CANARY)
    assert find_bytes(second_home, [CANARY]) == []
    facts = hartonomous.certificate.verify(tmp_path / "erased.certificate", hartonomous.keys().key)
    assert facts["claims"]["verb"] == "erase" and facts["left"] == []
    assert hartonomous.status()["managed"]


def test_models_are_seen_and_taken_apart_without_a_server(tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "m", ["king", "queen", "throne"], np.eye(3))
    assert hartonomous.inspect(path, k=2).forecast["compositions"] == 3
    made = hartonomous.extract(path, tmp_path / "bundle", k=2)
    assert made.bundle.tracks[0].rows == 3
    assert hartonomous.inspect(tmp_path / "bundle").bundle is not None
    assert "numpy" in {row.importer for row in hartonomous.importers()}
    with pytest.raises(hartonomous.UsageError, match="none of embedding"):
        hartonomous.inspect(path, tracks="nothing")
    with pytest.raises(hartonomous.UsageError, match="no setting 'kk'; there are vocabulary"):
        hartonomous.inspect(path, kk=2)
    with pytest.raises(hartonomous.UsageError, match=r"purge\(yes=True\)"):
        hartonomous.purge()
