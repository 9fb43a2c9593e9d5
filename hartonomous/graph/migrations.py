"""Migrations: schema changes, in order, each recorded in the graph with the checksum of its file."""

from __future__ import annotations

from dataclasses import dataclass

from blake3 import blake3

from hartonomous.errors import VerificationFailed
from hartonomous.graph.cypher_files import names, query
from hartonomous.graph.driver import Graph
from hartonomous.graph.schema_check import MIGRATION, bring_back, missing_rules
from hartonomous.progress import Say
from hartonomous.schema import FORMULA_VERSION


@dataclass(frozen=True)
class Migration:
    """One versioned file below cypher/schema, immutable once released."""

    version: int
    name: str

    @property
    def checksum(self) -> str:
        return blake3(query(self.name).encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Return all migrations of this version, in order."""
    found = ((name, MIGRATION.fullmatch(name)) for name in names())
    return tuple(Migration(int(match["version"]), name) for name, match in found if match)


def applied(graph: Graph) -> dict[int, str]:
    """Return the checksum of each migration applied to the graph, by version."""
    return {row["version"]: row["checksum"] for row in graph.read(query("schema/read_migrations"))}


def migrate(graph: Graph, say: Say = lambda text: None) -> tuple[Migration, ...]:
    """Apply missing migrations and return them; repeating changes nothing.

    Dropped constraints and indexes are restored, and reported. Raises VerificationFailed if the
    file of an applied migration has changed, if this version does not know an applied migration, or
    if a dropped constraint was violated meanwhile.
    """
    had = applied(graph)
    known = migrations()
    _check(had, known)
    missing = tuple(migration for migration in known if migration.version not in had)
    new = {migration.name for migration in missing}
    bring_back(graph, [rule for rule in missing_rules(graph) if rule.migration not in new], say)
    for migration in missing:
        graph.change_schema(query(migration.name))
        graph.write(
            query("schema/record_migration"),
            version=migration.version,
            name=migration.name,
            checksum=migration.checksum,
        )
    if missing:
        graph.read(query("schema/await_indexes"))
    graph.write(query("schema/create_state"), formula=FORMULA_VERSION)
    return missing


def _check(had: dict[int, str], known: tuple[Migration, ...]) -> None:
    newer = set(had) - {migration.version for migration in known}
    if newer:
        raise VerificationFailed(
            f"The graph has migration {max(newer)}, which this version does not know; use the "
            "newer version of hartonomous that wrote it."
        )
    for migration in known:
        if had.get(migration.version, migration.checksum) != migration.checksum:
            raise VerificationFailed(
                f"cypher/{migration.name}.cypher differs from the migration applied to the "
                "graph; an applied migration must not change, add a new one."
            )
