"""Shell completion: its script, and the names in the graph that it offers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from hartonomous.graph.driver import Graph

PATIENCE = 2.0
"""Seconds that the server is waited for; after them nothing is offered."""

MOST = 50
"""Names that are offered."""

SHELLS = ("bash", "zsh", "fish")

_PLAIN = re.compile(r"\w[\w.+-]*")
"""Names that a shell takes as they are. Words come from models, and a shell would run some of them."""


@click.command(
    epilog="""\b
Example:
  eval "$(hartonomous completion bash)"     # in ~/.bashrc; zsh: ~/.zshrc
  hartonomous completion fish > ~/.config/fish/completions/hartonomous.fish
"""
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in SHELL.

    It completes verbs, options and their values, and, while a server runs, the
    names of sources, snapshots and deletions, and words.
    """
    from click.shell_completion import get_completion_class

    root = context.find_root()
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root.command, {}, "hartonomous", "_HARTONOMOUS_COMPLETE").source())


def complete_word(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer words of the graph that begin so."""

    def find(graph: Graph) -> Sequence[str]:
        from hartonomous.ask.relations.word_completion import words_beginning

        # More than are shown: some are no plain names.
        return words_beginning(graph, incomplete, 4 * MOST)

    # Without a letter there are too many to choose from.
    return _offered(_from_graph(find), "") if incomplete else []


def complete_source(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the names of sources; of several, parted by commas, those of the last."""
    return _in_list(_from_graph(_sources), incomplete)


def complete_deletion(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the deletions that can be undone."""

    def find(graph: Graph) -> Sequence[str]:
        from hartonomous.delete.undo import deletions

        return [row["id"] for row in deletions(graph) if row["until"]]

    return _offered(_from_graph(find), incomplete)


def complete_suppression(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the suppressions."""

    def find(graph: Graph) -> Sequence[str]:
        from hartonomous.load.suppression_list import suppressions

        return [row["id"] for row in suppressions(graph)]

    return _offered(_from_graph(find), incomplete)


def complete_snapshot(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the names of snapshots, which need no server."""
    from hartonomous.versions.snapshots import snapshot_names

    return _offered(snapshot_names(), incomplete)


def complete_compared(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer what `diff` compares: snapshots, sources, and the present graph."""
    from hartonomous.versions.snapshots import snapshot_names

    return _offered([*snapshot_names(), *_from_graph(_sources), "."], incomplete)


def complete_type(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer rated types; of several, parted by commas, for the last."""
    from hartonomous.schema import rated_types

    return _in_list([one.name for one in rated_types()], incomplete)


def complete_evidence(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer evidence types."""
    from hartonomous.schema import evidence_types

    return _offered([one.name for one in evidence_types()], incomplete)


def complete_importer(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Offer the importers that are installed."""
    from hartonomous.extract.importer_protocol import importers

    return _offered(list(importers()), incomplete)


def complete_file(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell offer files and folders, where a Hub id may stand as well."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _sources(graph: Graph) -> Sequence[str]:
    from hartonomous.graph.cypher_files import query

    return [row["source"]["name"] for row in graph.read(query("load/read_sources"))]


def _in_list(names: Sequence[str], incomplete: str) -> list[str]:
    """Return names that complete the last of a list parted by commas, with what stands before it."""
    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in _offered(names, last)]


def _offered(names: Sequence[str], start: str) -> list[str]:
    plain = [one for one in names if one == "." or _PLAIN.fullmatch(one)]
    return [one for one in plain if one.startswith(start)][:MOST]


def _from_graph(find: Callable[[Graph], Sequence[str]]) -> list[str]:
    """Return what is found in the graph; nothing if no server answers within PATIENCE seconds."""
    # Not within the seconds of the server.
    from hartonomous.graph.driver import Graph
    from hartonomous.server.connection import address

    found: list[str] = []

    def look() -> None:
        # Whatever is wrong, a line that is being typed is no place to say it.
        with suppress(Exception), Graph(address(), patience=0) as graph:
            found.extend(find(graph))

    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return [] if thread.is_alive() else found
