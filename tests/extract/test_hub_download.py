"""Hub ids: told from paths, fetched without code, and a clear end where there is no network.

The Hub here is a server of this test's own that speaks the few addresses the client asks for.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hartonomous.extract.hub_download import is_hub_id
from tests.model_files import TOKENS, vectors, write_matrix

COMMIT = "a" * 40
OPEN = """
import sys
from hartonomous.errors import HartonomousError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
try:
    print(open_model(sys.argv[1], OpenOptions()).vocabulary.compositions["text"].to_pylist())
except HartonomousError as error:
    print(type(error).__name__, error)
"""


class Hub(BaseHTTPRequestHandler):
    """Serves `files` of any model's one commit, and remembers what was asked for."""

    files: dict[str, bytes]
    fetched: list[str]

    def do_GET(self) -> None:
        if self.path.startswith("/api/models/"):
            if "/org/missing" in self.path:
                self.send_error(404, "Repository Not Found")
                return
            tree = [
                {"type": "file", "path": name, "size": len(raw), "oid": oid(raw)}
                for name, raw in self.files.items()
            ]
            siblings = [{"rfilename": name} for name in self.files]
            whole = {"id": "org/name", "sha": COMMIT, "siblings": siblings}
            self.answer(json.dumps(tree if "/tree/" in self.path else whole).encode(), {})
        elif "/resolve/" not in self.path:
            self.send_error(404)
        else:
            name = self.path.partition("/resolve/")[2].partition("/")[2]
            if self.command == "GET":
                self.fetched.append(name)
            raw = self.files[name]
            self.answer(raw, {"ETag": f'"{oid(raw)}"', "X-Repo-Commit": COMMIT})

    do_HEAD = do_GET

    def answer(self, raw: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(raw)

    def log_message(self, *arguments: object) -> None:
        """Nothing: tests are quiet."""


def oid(raw: bytes) -> str:
    return hashlib.sha1(raw).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """The address of a Hub with a model and, beside it, what is never fetched."""
    matrix = write_matrix(tmp_path / "model.safetensors", vectors())
    Hub.fetched = []
    Hub.files = {
        "model.safetensors": matrix.read_bytes(),
        "vocab.txt": "\n".join(TOKENS).encode(),
        "modeling_evil.py": b"raise SystemExit",
        "pytorch_model.bin": b"\x80\x04",
        "consolidated.safetensors": b"another copy",
        "onnx/model.safetensors": b"another copy",
        "tokenizer_config.json": b"{}",
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(model: str, endpoint: str, cache: Path) -> str:
    """Return what opening says, in a process of its own: the client reads its settings once."""
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", OPEN, model],
        env={**os.environ, **settings, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.stdout.strip()


def test_a_hub_id_is_what_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_hub_id("sentence-transformers/all-MiniLM-L6-v2")
    for text in ("model", "./org/name", "/org/name", "a/b/c", "org/", "../name", "o rg/name"):
        assert not is_hub_id(text)
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert not is_hub_id("org/name")


def test_weights_and_tokenizer_are_fetched_and_never_code(hub: str, tmp_path: Path) -> None:
    said = opened("org/name", hub, tmp_path / "cache")
    assert "king" in said, said
    assert set(Hub.fetched) == {"model.safetensors", "vocab.txt"}
    Hub.fetched.clear()
    assert opened("org/name", hub, tmp_path / "cache") == said
    assert not Hub.fetched  # a second time, from the cache


def test_a_model_in_parts_is_fetched_by_its_first_part(hub: str, tmp_path: Path) -> None:
    for name in ("model.safetensors", "vocab.txt"):
        Hub.files[f"0_Transformer/{name}"] = Hub.files.pop(name)
    modules = [
        {"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}
    ]
    Hub.files["modules.json"] = json.dumps(modules).encode()
    said = opened("org/name", hub, tmp_path / "cache")
    assert "king" in said, said
    fetched = {"modules.json", "0_Transformer/model.safetensors", "0_Transformer/vocab.txt"}
    assert set(Hub.fetched) == fetched


def test_a_model_without_safetensors_is_refused(hub: str, tmp_path: Path) -> None:
    del Hub.files["model.safetensors"]
    assert opened("org/name", hub, tmp_path / "cache").startswith("BadInput 'org/name' has no safe")
    assert "pytorch_model.bin" not in Hub.fetched


def test_no_such_model_and_no_network_end_clearly_and_soon(hub: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    for model, endpoint in (("org/missing", hub), ("org/name", "http://127.0.0.1:9")):
        said = opened(model, endpoint, tmp_path / "cache")
        assert said.startswith(f"NotFound There is nothing at '{model}' here"), said
        assert "Download it on a machine with a network" in said
    assert time.monotonic() - begun < 30
