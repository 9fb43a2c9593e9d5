"""The graph of relations, with every verb of the command line as a method."""

from __future__ import annotations

from hartonomous.api.archive_methods import ArchiveMethods
from hartonomous.api.code_methods import CodeMethods
from hartonomous.api.code_shape_methods import CodeShapeMethods
from hartonomous.api.cross_modal_methods import CrossModalMethods
from hartonomous.api.generator_methods import GeneratorMethods
from hartonomous.api.judgement_methods import JudgementMethods
from hartonomous.api.layout_methods import LayoutMethods
from hartonomous.api.path_methods import PathMethods
from hartonomous.api.picture_methods import PictureMethods
from hartonomous.api.relation_methods import RelationMethods
from hartonomous.api.removal_methods import RemovalMethods
from hartonomous.api.source_methods import SourceMethods


class KnowledgeGraph(
    SourceMethods,
    RelationMethods,
    PictureMethods,
    CrossModalMethods,
    CodeMethods,
    GeneratorMethods,
    CodeShapeMethods,
    PathMethods,
    LayoutMethods,
    JudgementMethods,
    RemovalMethods,
    ArchiveMethods,
):
    """An open graph: the verbs of the command line as methods, with the same names and meaning.

    Returned by `hartonomous.open()`; use it in a `with` block, or `close()` it. Results of many
    records are `Rows`, single ones are frozen dataclasses. Errors are those of hartonomous.errors;
    ServerError if the graph is closed or the server does not answer.
    """
