"""Executables that stand for Java and Maven, so that each can fail in its own way."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil

from hartonomous.server import managed_server as serving
from hartonomous.server.managed_server import ServerAddress, start

JAVA_17 = 'openjdk version "17.0.15" 2025-04-15'

Tools = Callable[[str, str], Path]
"""Writes an executable of a name and a shell script."""


def silent(text: str) -> None:
    """Say nothing."""


def begin(home: Path, **ports: int) -> ServerAddress:
    """Start a home on ports that nobody uses."""
    return start(home, **{"bolt_port": 0, "http_port": 0, **ports}, say=silent)


def fake_java(tools: Tools, serve: str, version: str = JAVA_17) -> Path:
    """Write a java that tells a version, sets any password, and serves as the script says."""
    return tools(
        "java",
        f"""echo "$*" >> "$0.calls"
case "$*" in
  *-version*) echo '{version}' >&2 ;;
  *AdminTool*) exit 0 ;;
  *) {serve} ;;
esac""",
    )


def fake_maven(tools: Tools, tmp_path: Path) -> Path:
    """Write an mvn that copies the jars made here for lib/ and plugins/."""
    for part, names in {
        "server": ("a.core", "a.shared"),
        "plugins": ("a.shared", "b.shared", "b.proc"),
    }.items():
        (tmp_path / "jars" / part).mkdir(parents=True)
        for name in names:
            with zipfile.ZipFile(tmp_path / "jars" / part / f"{name}.jar", "w") as jar:
                mark = "Lorg/neo4j/procedure/Procedure;" if name == "b.proc" else "none"
                jar.writestr("Some.class", mark)
    return tools(
        "mvn",
        f"""echo called >> {tmp_path}/mvn.calls
for word in "$@"; do case "$word" in
  *server.xml) part=server ;;
  *plugins.xml) part=plugins ;;
  -DoutputDirectory=*) out="${{word#*=}}" ;;
esac; done
mkdir -p "$out"
cp {tmp_path}/jars/$part/* "$out" """,
    )


def servers_of(home: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if serving._serves(each, home.resolve())]
