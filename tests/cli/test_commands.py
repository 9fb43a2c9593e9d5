"""The command line: streams, exit codes, JSON, help; in processes where only these show it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hartonomous.bundle import Bundle
from hartonomous.cli import COMMANDS
from hartonomous.cli.neighbourhood import _places
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.server.connection import connect_managed
from hartonomous.server.home import default_home
from hartonomous.server.managed_server import ServerAddress
from tests.building import exported, put_in, random_bundle, wipe, write_vectors
from tests.command_line import HARTONOMOUS, failed, run, run_process
from tests.tiny_transformers import tiny

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    words = ["king", "queen", "prince", "throne", "crown", "river"]
    return write_vectors(tmp_path / "model", words, np.random.default_rng(1).normal(size=(6, 4)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    done = run(name, "--help")
    assert done.exit_code == 0
    inner = run(name, "source", "--help").stdout if name == "delete" else done.stdout
    assert f"hartonomous {name}" in inner.split("Example:")[1]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_process_says_and_ends_as_its_command_does(model: Path, tmp_path: Path) -> None:
    for code, *arguments in (
        (0, "down", "--help"),
        (2, "ingest", model, "--as", "x y"),
        (3, "inspect", tmp_path / "missing.gguf"),
        (5, "neighbours", "king"),
    ):
        process, here = run_process(*arguments), run(*arguments)
        assert (process.returncode, here.exit_code) == (code, code)
        assert (process.stdout, process.stderr) == (here.stdout, here.stderr)


def test_help_imports_nothing_heavy() -> None:
    probe = "import sys; from hartonomous.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    probe += "print(sorted(m for m in ('neo4j','numpy','pyarrow','numba','rich','torch') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_whole_way(served: Graph, model: Path, tmp_path: Path) -> None:
    inspected = json.loads(run("inspect", model, "--k", 2, "--json").stdout)
    assert inspected["compositions"] == 6
    made = json.loads(run("extract", model, "--k", 2, "--output", tmp_path / "b", "--json").stdout)
    assert made["tracks"][0]["rows"] > 0
    loaded = run("load", tmp_path / "b", "--as", "one", "--json")
    assert json.loads(loaded.stdout)["load"]["rows"] == made["tracks"][0]["rows"]
    assert json.loads(run("ingest", model, "--k", 2, "--as", "one", "--json").stdout)["repeated"]
    assert json.loads(run("ingest", model, "--k", 3, "--as", "two", "--json").stdout)["load"][
        "rows"
    ]
    assert not [file for file in (default_home() / "bundles").rglob("*") if file.is_file()]
    rows = json.loads(run("neighbours", "king", "--top", 2, "--json").stdout)
    assert len(rows) == 2
    table = run("neighbours", "KING", "--top", "2")
    assert rows[0]["neighbour"] in table.stdout
    assert "this is 'king'" in table.stderr
    explained = run("explain", "king", rows[0]["neighbour"])
    assert explained.stdout.startswith(f"king - {rows[0]['neighbour']}\nelo ")
    assert {row["name"] for row in json.loads(run("sources", "--json").stdout)} == {"one", "two"}
    assert json.loads(run("source", "one", "--json").stdout)["tracks"][0]["k"] == 2
    assert json.loads(run("stats", "--json").stdout)["sources"] == 2
    assert json.loads(run("rate", "--all", "--json").stdout)["pairs"] > 0
    planned = json.loads(run("delete", "source", "two", "--plan", "--json").stdout)
    deleted = json.loads(run("delete", "source", "two", "--yes", "--json").stdout)
    assert deleted["removed"] == planned["counts"]["evidence"]
    report = json.loads(run("export", "--output", tmp_path / "g.jsonl", "--json").stdout)
    lines = (tmp_path / "g.jsonl").read_text().splitlines()
    assert lines == exported(served)
    assert report["lines"] == len(lines)
    facts = json.loads(run("status", "--json").stdout)
    assert facts["procedures"] == "CALL custom.hartonomous.*"
    assert facts["graph_data_science"]
    assert facts["apoc"]
    checks = {
        check["name"]: check["verdict"] for check in json.loads(run("doctor", "--json").stdout)
    }
    assert {checks[n] for n in ("server", "procedures", "constraints", "clock", "writer")} == {"ok"}
    assert "safetensors" in run("importers").stdout


NAME = re.compile(r"[a-z][a-z0-9_]*")


def odd_keys(value: object, place: str = "") -> list[str]:
    """Return keys that are no names, and texts that are JSON, in a command's JSON."""
    if isinstance(value, dict):
        odd = [f"{place}.{key}" for key in value if not NAME.fullmatch(key)]
        return odd + [one for key in value for one in odd_keys(value[key], f"{place}.{key}")]
    if isinstance(value, list):
        return [one for entry in value for one in odd_keys(entry, place)]
    return [place] if isinstance(value, str) and value[:1] in ("{", "[") else []


def test_keys_of_json_are_names_and_no_text_is_json(served: Graph, model: Path) -> None:
    run("ingest", model, "--k", 3, "--as", "one")
    for command in (
        ("status",),
        ("source", "one"),
        ("sources",),
        ("doctor",),
        ("neighbours", "king"),
        ("explain", "king", "queen"),
        ("log", "--top", 1),
        ("deletions",),
        ("traverse", "king"),
        ("inspect", model),
        ("ingest", model, "--k", 3, "--as", "one"),
    ):
        done = run(*command, "--json")
        assert not odd_keys(json.loads(done.stdout)), command
    assert json.loads(run("source", "one", "--json").stdout)["options"]["k"] == 3


def test_what_is_unfinished_is_said(served: Graph, model: Path) -> None:
    run("ingest", model, "--k", 3, "--as", "one")
    served.write("MATCH (g:State) SET g.settled = false")
    served.write("CREATE (:Source {name: 'two', state: 'loading'})")
    said = run("neighbours", "king")
    assert said.exit_code == 0
    assert "source 'two' is being loaded" in said.stderr and "rating pass" in said.stderr
    found = json.loads(run("traverse", "king", "--json").stdout)
    assert (found["settled"], found["unfinished"]) == (False, {"two": "loading"})
    served.write("MATCH (g:State) SET g.settled = true")
    served.write("MATCH (s:Source {name: 'two'}) DELETE s")
    assert run("neighbours", "king").stderr == ""
    found = json.loads(run("traverse", "king", "--json").stdout)
    assert (found["settled"], found["unfinished"]) == (True, {})


def test_exit_codes(served: Graph, model: Path, tmp_path: Path) -> None:
    put_in(served, random_bundle(tmp_path, 1), "one")
    before = exported(served)
    assert "not both" in failed(2, "ingest", model, "--as", "one", "--replace", "one")
    assert "not a valid source name" in failed(2, "ingest", model, "--as", "x y")
    assert "--yes" in failed(2, "delete", "source", "one")
    assert "Did you mean" in failed(3, "neighbours", run_word(served)[:-1] + "q")
    assert "one" in failed(3, "source", "two")
    assert "nothing at" in failed(3, "inspect", tmp_path / "missing.gguf")
    assert "--replace one" in failed(4, "ingest", model, "--as", "one")
    with WriterLock(served, "somebody"):
        assert "somebody" in failed(4, "ingest", model, "--as", "two")
    (tmp_path / "g").write_text("mine")
    assert "--force" in failed(4, "export", "--output", tmp_path / "g")
    assert (tmp_path / "g").read_text() == "mine"
    assert "wrong password" in failed(5, "stats", NEO4J_PASSWORD="wrong")
    assert "hartonomous up" in failed(5, "stats", NEO4J_URI="bolt://localhost:1")
    served.write("MATCH (m:Migration {version: 1}) SET m.checksum = 'x'")
    assert "must not change" in failed(6, "ingest", model, "--as", "two")
    served.write("MATCH (m:Migration {version: 1}) DELETE m")
    (tmp_path / "x.pkl").write_bytes(b"\x80\x04")
    assert "unpickling" in failed(7, "ingest", tmp_path / "x.pkl", "--as", "two")
    assert "not a bundle" in failed(7, "load", tmp_path, "--as", "two")
    assert exported(served) == before


def run_word(graph: Graph) -> str:
    rows = graph.read("MATCH (c:Token) WHERE size(c.text) > 5 RETURN c.text AS text LIMIT 1")
    return str(rows[0]["text"])


def test_no_server_and_no_address_says_what_to_do() -> None:
    assert "hartonomous up" in failed(5, "neighbours", "king")
    assert "NEO4J_PASSWORD" in failed(5, "stats", NEO4J_URI="bolt://localhost:1")


def test_commands_follow_neo4j_uri(
    served: Graph,
    second_server: ServerAddress,
    model: Path,
    tmp_path: Path,
) -> None:
    other = {"NEO4J_URI": second_server.uri, "NEO4J_PASSWORD": second_server.password}
    assert run("ingest", model, "--k", 2, "--as", "elsewhere", **other).exit_code == 0
    assert "elsewhere" in run("sources", **other).stdout
    assert "elsewhere" not in run("sources").stdout
    (tmp_path / "secret").write_text(second_server.password + "\n")
    del other["NEO4J_PASSWORD"]
    os.environ.pop("NEO4J_PASSWORD")
    assert (
        "elsewhere" in run("sources", **other, NEO4J_PASSWORD_FILE=str(tmp_path / "secret")).stdout
    )
    with connect_managed(second_server) as graph:
        wipe(graph)


def test_no_secret_is_printed(served: Graph, server, model: Path) -> None:
    said = [run("status"), run("doctor"), run("ingest", model, "--k", 2, "--as", "one")]
    said.append(run("stats", NEO4J_PASSWORD="wrong-secret"))
    assert all(server.password not in done.stdout + done.stderr for done in said)
    assert "wrong-secret" not in said[-1].stderr


def interrupted(bundle: Bundle, stage: str) -> tuple[int, str]:
    """Load a bundle in a process that is interrupted at a stage; return its code and complaint."""
    waiter = (
        "import os, signal, time\n"
        "from hartonomous.cli import output\n"
        "from contextlib import contextmanager\n"
        "@contextmanager\n"
        "def bar(quiet=False):\n"
        "    def note(stage, done, total):\n"
        f"        if stage == {stage!r}: print('here', flush=True); time.sleep(30)\n"
        "    yield note\n"
        "output.progress_bar = bar\n"
        "from hartonomous.cli import main\n"
        f"main(['load', {str(bundle.path)!r}, '--as', 'one'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waiter], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    return process.returncode, complaint


def test_ctrl_c_leaves_a_state_the_same_command_goes_on_from(served: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1, size=118, k=10)
    put_in(served, bundle, "one")
    whole = exported(served)
    for stage in ("compositions", "evidence", "rating"):
        wipe(served)
        code, complaint = interrupted(bundle, stage)
        assert code == 130, complaint
        assert "resumes" in complaint
        assert "Traceback" not in complaint
        assert run("load", bundle.path, "--as", "one").exit_code == 0
        assert exported(served) == whole, stage


ONE_BY_ONE = """
import json, sys
from hartonomous.cli import main
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit as end:
        print("ended with", end.code or 0)
"""


def test_a_terminal_of_80_columns(served: Graph, model: Path) -> None:
    run("ingest", model, "--k", 3, "--as", "a-source-with-quite-a-long-name-for-a-table")
    commands = (
        ["neighbours", "king"],
        ["sources"],
        ["stats"],
        ["explain", "king", "queen"],
        ["doctor"],
        ["status"],
        ["source", "a-source-with-quite-a-long-name-for-a-table"],
        ["importers"],
    )
    shown = terminal([sys.executable, "-c", ONE_BY_ONE, json.dumps(commands)])
    assert shown.count("ended with 0") == len(commands), shown
    wide = [line for line in ANSI.sub("", shown).splitlines() if len(line) > 80]
    # A path is shown whole on a line of its own: a broken one could not be copied.
    assert all(len(line.split()) == 1 and "/" in line for line in wide), wide
    assert "\x1b[" not in terminal([HARTONOMOUS, "sources"], NO_COLOR="1")


def test_confirmations_say_what_enter_means(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shown = terminal([HARTONOMOUS, "purge"], b"\n", HARTONOMOUS_HOME=str(home))
    assert "[y/N]" in shown and "Nothing was deleted." in shown
    assert home.is_dir()


def terminal(command: list[str], typed: bytes = b"", **environment: str) -> str:
    """Run a command in a terminal of 80 columns and return what it shows, once something is typed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm", **environment},
    )
    os.close(slave)
    os.write(master, typed)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(master)
    return shown.decode()


def test_a_closed_pipe_is_no_error(served: Graph, model: Path) -> None:
    run("ingest", model, "--k", 3, "--as", "one")
    script = f"{HARTONOMOUS} neighbours king --json | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_a_disk_that_takes_no_more(model: Path, tmp_path: Path) -> None:
    script = f"ulimit -f 1; {HARTONOMOUS} extract {model} --k 3 --output {tmp_path / 'b'}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert "Make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"model"}


def test_shell_completion_is_offered() -> None:
    done = run_process(_HARTONOMOUS_COMPLETE="bash_source")
    assert "_hartonomous_completion" in done.stdout


def test_next_tokens_from_the_command_line(served: Graph, tmp_path: Path) -> None:
    model = tiny(tmp_path / "m", "llama", causal_head=True)
    text = tmp_path / "read.txt"
    text.write_text("king queen river bank money crown king queen river lake")
    ingested = run("ingest", model, "--tracks", "next", "--read", text, "--as", "tiny", "--json")
    assert json.loads(ingested.stdout)["load"]["rows"] > 100, ingested.stderr
    options = ["evaluate", "--next", model, "--text", text]
    done = run(*options, "--plot", tmp_path / "p.png", "--json")
    result = json.loads(done.stdout)
    assert result["copied"] == 1.0
    assert [score["score"] for score in result["scores"]] == [
        "last token",
        "contexts",
        "contexts, text so far",
    ]
    assert (tmp_path / "p.png").stat().st_size > 5_000
    assert "perplexity of the model" in run(*options, "--source", "tiny").stdout
    assert "belong together" in failed(2, "evaluate", "--next", model)
    assert "nobody" in failed(3, *options, "--source", "nobody")


def test_places_are_told_a_line_a_layer() -> None:
    positions = [
        *(f"layer {number}" for number in (0, 1, 2, 5)),
        "layer 1, heads 1-3",
        "layer 1, heads 4-6",
        "layer 2, head 7",
        "layer 2, expert 1",
        "notes, first part.txt",
    ]
    row = {"source": "minilm", "examined": 20, "positions": positions}
    assert _places(row).splitlines() == [
        "minilm, 9 of 20 positions: layer 0-2, 5, notes, first part.txt",
        "  layer 1: head 1-3, 4-6",
        "  layer 2: head 7",
        "  layer 2: expert 1",
    ]
