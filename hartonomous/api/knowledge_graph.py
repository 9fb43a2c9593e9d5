"""A graph of relations with every verb of the command line."""

from __future__ import annotations

from hartonomous.api.archive_methods import ArchiveMethods
from hartonomous.api.layout_methods import LayoutMethods
from hartonomous.api.path_methods import PathMethods
from hartonomous.api.relation_methods import RelationMethods
from hartonomous.api.removal_methods import RemovalMethods
from hartonomous.api.source_methods import SourceMethods


class KnowledgeGraph(
    SourceMethods, RelationMethods, PathMethods, LayoutMethods, RemovalMethods, ArchiveMethods
):
    """An open graph: the command line's verbs as methods, of the same names and meaning.

    `hartonomous.open()` makes it; use it in a `with` block, or `close()` it. Results of many records
    are `Rows`, single ones are frozen dataclasses. Errors are those of hartonomous.errors: ServerError
    once it is closed or the server is away.
    """
