"""Java and Maven: what they may lack, and what Maven's jars become."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hartonomous.errors import ServerError
from hartonomous.server.jars import assembly
from tests.fake_tools import Tools, begin, fake_java, fake_maven, silent


def test_a_java_home_without_java(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(ServerError, match=r"no .*gone/bin/java that runs.*JAVA_HOME"):
        begin(tmp_path / "home")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[ERROR] Could not transfer artifact: Unknown host", r"is there a network\?"),
        ("[ERROR] write failed: No space left on device", "The disk is full: Maven said"),
        ("", r"is there a network\?"),
    ],
)
def test_maven_fails(tools: Tools, tmp_path: Path, said: str, told: str) -> None:
    fake_java(tools, "exit 1")
    tools("mvn", f"echo '{said}'; exit 1")
    with pytest.raises(ServerError, match=told):
        begin(tmp_path / "home")
    assert list((tmp_path / "cache").glob("*server-*")) == []
    assert list((tmp_path / "cache").glob(".assembling-*")) == []


def test_an_assembly_is_made_once(tools: Tools, tmp_path: Path) -> None:
    fake_maven(tools, tmp_path)
    (tmp_path / "cache" / ".assembling-killed" / "made").mkdir(parents=True)
    with ThreadPoolExecutor(3) as pool:
        parts = set(pool.map(lambda _: assembly(silent), range(3)))
    assert len(parts) == 1
    assert (tmp_path / "mvn.calls").read_text().split() == ["called", "called"]
    assert not list((tmp_path / "cache").glob(".assembling-*"))


def test_what_the_server_has_is_left_out_by_group_and_artifact(
    tools: Tools, tmp_path: Path
) -> None:
    fake_maven(tools, tmp_path)
    made = assembly(silent)
    layout = {str(jar.relative_to(made)) for jar in made.rglob("*.jar")}
    assert layout == {
        "lib/a.core.jar",
        "lib/a.shared.jar",
        "plugins/b.shared.jar",
        "plugins/b.proc.jar",
        "procedures/b.proc.jar",
    }
