"""The managed server's jars: resolved once by Maven from the POMs beside this file, kept per user.

An assembly is a folder lib/ (server, tools, Browser) and plugins/ (GDS, APOC Core and Extended).
It is made under a temporary name and renamed when whole, and named after the POMs' digest, so a
new version of the POMs is a new assembly.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from blake3 import blake3
from platformdirs import user_cache_path

from hartonomous.errors import ServerError

JAVA_VERSIONS = (17, 21)
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
NEEDED_DISK = 1 << 30
"""Bytes that an assembly and a fresh home need together, with room to work."""

_SHADOWED = re.compile(
    r"(jackson-(annotations|core|databind)|caffeine|commons-lang3|commons-text|"
    r"eclipse-collections(-api)?|javassist|slf4j-api)-\d"
)
_LOOK_ALIKE = re.compile(r"(annotations|neo4j-values|cypher-ast-factory)")

Say = Callable[[str], None]


def cache() -> Path:
    """Return where assemblies are kept: HARTONOMOUS_CACHE, else the user's cache directory."""
    chosen = os.environ.get("HARTONOMOUS_CACHE")
    return Path(chosen) if chosen else user_cache_path("hartonomous")


def java() -> str:
    """Return the java command to use: of JAVA_HOME, else on PATH.

    Raises ServerError when there is none or it is of a version Neo4j 5.26 does not run on.
    """
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if command is None or not os.access(command, os.X_OK):
        raise ServerError(
            "There is no Java here. Install Java 17 or 21 (a package such as openjdk-17-jre), or "
            "set JAVA_HOME; or set NEO4J_URI to use a server that runs elsewhere."
        )
    answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if match is None or int(match[1]) not in JAVA_VERSIONS:
        seen = f"version {match[1]}" if match else "a version that it does not tell"
        raise ServerError(
            f"{command} is {seen}; Neo4j 5.26 runs on Java 17 or 21. Install one of these and set "
            "JAVA_HOME to it."
        )
    return command


def poms_digest() -> str:
    """Return what names an assembly: the digest of the POMs, 16 hexadecimal digits."""
    folder = files("hartonomous.store") / "maven"
    texts = [(folder / name).read_bytes() for name in ("server.xml", "plugins.xml")]
    return blake3(b"\0".join(texts)).hexdigest(length=8)


def assembly(say: Say) -> Path:
    """Return the folder with lib/ and plugins/, made by Maven the first time."""
    target = cache() / f"server-{poms_digest()}"
    if (target / "lib").is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    check_disk(target.parent)
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerError(
            "Assembling the server needs Maven once, and there is no 'mvn' on PATH. Install it (a "
            "package such as maven), or set NEO4J_URI to use a server that runs elsewhere."
        )
    say("Assembling Neo4j with GDS, APOC and Browser; this happens once and takes a minute.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".assembling-") as scratch:
        made = Path(scratch) / "made"
        for part in ("server", "plugins"):
            _copy_dependencies(maven, part, made / ("lib" if part == "server" else "plugins"))
        _leave_out_shadowed(made)
        try:
            made.rename(target)
        except OSError:
            # Another process was quicker; its assembly is the same.
            if not (target / "lib").is_dir():
                raise
    return target


def check_disk(place: Path) -> None:
    """Raise ServerError when a directory's file system has too little room."""
    free = shutil.disk_usage(place).free
    if free < NEEDED_DISK:
        raise ServerError(
            f"Only {free >> 20} MiB are free at {place}; the server needs {NEEDED_DISK >> 20} MiB. "
            "Make room, or set HARTONOMOUS_HOME and HARTONOMOUS_CACHE to a larger disk."
        )


def _copy_dependencies(maven: str, part: str, target: Path) -> None:
    with as_file(files("hartonomous.store") / "maven" / f"{part}.xml") as pom:
        command = [maven, "-B", "-q", "-f", str(pom), COPY, "-DincludeScope=runtime"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={target}"], capture_output=True, text=True, check=False
        )
    if done.returncode != 0 or not target.is_dir():
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        raise ServerError(
            "Maven could not fetch the server's parts; is there a network and room on the disk? "
            f"It said: {(lines or ['nothing'])[0][:300]}"
        )


def _leave_out_shadowed(made: Path) -> None:
    """Remove from plugins/ what lib/ has too; some jars only look alike by name."""
    server = {jar.name for jar in (made / "lib").iterdir()}
    for jar in (made / "plugins").iterdir():
        twice = jar.name in server and not _LOOK_ALIKE.match(jar.name)
        if twice or _SHADOWED.match(jar.name):
            jar.unlink()
