"""The demo reads what the command prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hartonomous.cli import main
from hartonomous.operations import server_lifecycle
from hartonomous.operations.server_lifecycle import RunningServer

DEMO = Path(__file__).parents[2] / "demo" / "__main__.py"


def test_the_demo_knows_the_keys_of_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = RunningServer("http://browser", "bolt://graph", "neo4j", Path("password"))
    monkeypatch.setattr(server_lifecycle, "up", lambda *_: server)
    printed = json.loads(CliRunner().invoke(main, ["up", "--json"]).stdout)
    read = set(re.findall(r"address\['([^']+)'\]", DEMO.read_text("utf-8")))
    assert read and read <= printed.keys()
