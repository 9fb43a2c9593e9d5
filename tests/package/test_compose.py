"""The Compose file offers what the managed server has; no engine runs it here, so it is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_team_server_is_the_managed_servers_twin() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    service = yaml.safe_load(text)["services"]["neo4j"]
    pom = (ROOT / "hartonomous" / "server" / "maven" / "server.xml").read_text()
    version = re.search(r"<neo4j.version>(\d+\.\d+)", pom)
    assert version is not None
    assert service["image"] == f"neo4j:{version[1]}-community"
    environment = service["environment"]
    assert set(json.loads(environment["NEO4J_PLUGINS"])) == {
        "apoc",
        "apoc-extended",
        "graph-data-science",
    }
    assert environment["NEO4J_AUTH"].startswith("neo4j/${NEO4J_PASSWORD:?")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert {"test", "interval", "retries"} <= set(service["healthcheck"])
    assert {volume.split(":")[1] for volume in service["volumes"]} >= {"/data", "/logs"}
