"""Jars of the managed server: resolved once by Maven from the POMs beside this file, stored per
user.

    server-<digest>/   lib/         server, tools, Browser
                       plugins/     GDS, APOC Core and Extended, and their dependencies
                       procedures/  links to the plugins that define procedures
                       classes-<Java and path>.jsa, after the first server stopped

The folder is created under a temporary name, renamed when complete, and named by a digest of the
POMs and the layout, so another version has another folder.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from blake3 import blake3

from hartonomous.directories import cache
from hartonomous.errors import ServerError
from hartonomous.progress import Say
from hartonomous.server.file_locks import turn
from hartonomous.server.timeouts import longest_wait

JAVA_VERSIONS = (17, 21)
NEEDED_DISK = 1 << 30
"""Bytes that an assembly and a new home need together, with room to work."""
VERSION_PATIENCE = 60.0
"""Seconds that Java may take to print its version."""
LANGUAGE = ("-Duser.language=en", "-Duser.country=US")
"""In a Turkish locale Java's lower case of I is not i, and the server finds none of its settings.
"""

# These options name files by group and artifact, without version: plugins and jars that the server
# has too are recognised by name, and artifacts of other groups with the same name are not.
_COPY = (
    "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
    "-DincludeScope=runtime",
    "-Dmdep.prependGroupId=true",
    "-Dmdep.stripVersion=true",
)
_PROCEDURES = tuple(
    f"Lorg/neo4j/procedure/{kind};".encode()
    for kind in ("Procedure", "UserFunction", "UserAggregationFunction")
)
_ELSEWHERE = "or set NEO4J_URI to use another server."


def java() -> str:
    """Return the java command to use: of JAVA_HOME, else on PATH.

    Raises ServerError if there is none or Neo4j 5.26 does not support its version.
    """
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if command is None or not os.access(command, os.X_OK):
        seen = f"There is no {command} that runs" if command else "There is no Java here"
        raise ServerError(
            f"{seen}. Install Java 17 or 21 (a package such as openjdk-17-jre), or set JAVA_HOME "
            f"to one; {_ELSEWHERE}"
        )
    try:
        answer = subprocess.run(
            [command, "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=java_environment(),
            timeout=VERSION_PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(
            f"'{command} -version' has not answered for {VERSION_PATIENCE:.0f} s. Set JAVA_HOME to a "
            f"Java that does, {_ELSEWHERE}"
        ) from error
    match = re.search(r'version "((\d+)[^"]*)"', answer.stderr + answer.stdout)
    if match is None or int(match[2]) not in JAVA_VERSIONS:
        seen = f"version {match[1]}" if match else "of a version that it does not tell"
        raise ServerError(
            f"{command} is {seen}; Neo4j 5.26 runs on Java 17 or 21. Install one of these and set "
            "JAVA_HOME to it."
        )
    return command


def java_environment(**more: str) -> dict[str, str]:
    """Return the environment of Java: this one, with a fixed language and encoding."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **more}


def neo4j_version() -> str:
    """Return the version of Neo4j in the POMs."""
    match = re.search(r"<neo4j\.version>([\d.]+)</neo4j\.version>", _pom("server").read_text())
    assert match is not None, "server.xml names no neo4j.version"
    return match[1]


def poms_digest() -> str:
    """Return the name of an assembly: the digest of the POMs and of the layout of the jars."""
    texts = [_pom("server").read_bytes(), _pom("plugins").read_bytes(), "\n".join(_COPY).encode()]
    return blake3(b"\0".join(texts)).hexdigest(length=8)


def assembly(say: Say) -> Path:
    """Return the folder with the jars, created by Maven the first time."""
    target = cache() / f"server-{poms_digest()}"
    if target.is_dir():
        return target
    with explained(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.parent / ".assembling.lock"
    with explained(target.parent), turn(lock, "assembling Neo4j", say):
        for leftover in target.parent.glob(".assembling-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # The previous holder of the lock may have created it.
        if not target.is_dir():
            _assemble(target, say)
    return target


def check_disk(place: Path, needed: int = NEEDED_DISK) -> None:
    """Raise ServerError if a directory's file system has too little room, in bytes."""
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ServerError(
            f"Only {free >> 20} MiB are free at {place}; the server needs {needed >> 20} MiB. "
            "Make room, or set HARTONOMOUS_HOME and HARTONOMOUS_CACHE to a larger disk."
        )


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turn the system's errors on files at a path into a ServerError with the remedy."""
    try:
        yield
    except OSError as error:
        way_out = "Set HARTONOMOUS_HOME and HARTONOMOUS_CACHE to directories that you own."
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            way_out = "Make room, or set HARTONOMOUS_HOME and HARTONOMOUS_CACHE to a larger disk."
        where = error.filename or place
        reason = error.strerror or str(error)
        raise ServerError(f"{where} cannot be used: {reason}. {way_out}") from error


def _assemble(target: Path, say: Say) -> None:
    check_disk(target.parent)
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerError(
            "Assembling the server needs Maven once, and there is no 'mvn' on PATH. Install it "
            f"(a package such as maven), {_ELSEWHERE}"
        )
    say("Assembling Neo4j with GDS, APOC and Browser; this happens once and takes a minute.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".assembling-") as scratch:
        made = Path(scratch) / "made"
        _copy_dependencies(maven, "server", made / "lib")
        _copy_dependencies(maven, "plugins", made / "plugins")
        _lay_out(made)
        made.rename(target)


def _copy_dependencies(maven: str, part: str, target: Path) -> None:
    with as_file(_pom(part)) as pom:
        command = [maven, "-B", "-q", "-f", str(pom), *_COPY, f"-DoutputDirectory={target}"]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env=java_environment(),
                timeout=4 * longest_wait(),
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(
                f"Maven has not fetched the server's parts in {error.timeout / 60:.0f} minutes. Try "
                f"again with a larger HARTONOMOUS_WAIT, {_ELSEWHERE}"
            ) from error
    if done.returncode == 0 and target.is_dir():
        return
    said = done.stdout + done.stderr
    first = next((line for line in said.splitlines() if "ERROR" in line), said.strip())[:300]
    if "No space left" in said:
        raise ServerError(
            f"The disk is full: Maven said {first!r}. Make room for its repository and {target}."
        )
    raise ServerError(
        "Maven could not fetch the server's parts; is there a network? It is needed once only; "
        f"set a proxy or a mirror in settings.xml. It said: {first!r}. Try again, {_ELSEWHERE}"
    )


def _lay_out(made: Path) -> None:
    """Remove from plugins/ the jars of lib/; link those that define procedures.

    The server loads every class of every jar in its plugin directory, searching for procedures: a
    directory of only the jars that define some, with the others on the class path, halves its
    start.
    """
    (made / "procedures").mkdir()
    for jar in (made / "plugins").iterdir():
        if (made / "lib" / jar.name).exists():
            jar.unlink()
        elif _defines_procedures(jar):
            os.link(jar, made / "procedures" / jar.name)


def _defines_procedures(jar: Path) -> bool:
    with zipfile.ZipFile(jar) as content:
        return any(
            mark in content.read(name)
            for name in content.namelist()
            if name.endswith(".class")
            for mark in _PROCEDURES
        )


def _pom(part: str) -> Traversable:
    return files("hartonomous.server") / "maven" / f"{part}.xml"
