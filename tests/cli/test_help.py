"""The help: its sections, whole lines at 80 columns, near misses, and shell completion."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from hartonomous.cli import SECTIONS, main
from hartonomous.cli.completion import PATIENCE
from hartonomous.cli.evaluation import remarks
from hartonomous.cli.near_misses import OPTIONS, VERBS
from hartonomous.evaluate.word_similarity import Correlation
from hartonomous.graph.driver import Graph
from tests.building import write_vectors
from tests.command_line import failed, run, run_process


def groups(
    command: click.Group = main, name: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Group]]:
    """Yield every group of verbs, with the words that name it."""
    yield name, command
    context = click.Context(command)
    for inner in command.list_commands(context):
        found = command.get_command(context, inner)
        if isinstance(found, click.Group):
            yield from groups(found, (*name, inner))


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, group in groups():
        context = click.Context(group)
        for inner in group.list_commands(context):
            found = group.get_command(context, inner)
            assert found is not None
            yield (*name, inner), found


def test_every_verb_stands_in_one_section() -> None:
    placed = [verb for verbs in SECTIONS.values() for verb in verbs]
    assert sorted(placed) == sorted(main.list_commands(click.Context(main)))


@pytest.mark.parametrize(("name", "group"), list(groups()), ids=lambda one: str(one))
def test_the_first_line_of_every_verb_is_shown_whole(
    name: tuple[str, ...], group: click.Group
) -> None:
    # Of 80 columns, a process leaves two free.
    done = CliRunner().invoke(main, [*name, "--help"], terminal_width=78)
    shown = done.stdout.splitlines()
    assert max(map(len, shown)) <= 80
    context = click.Context(group)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        assert command is not None and command.help is not None
        first = command.help.partition("\n")[0]
        assert any(line.split() == [verb, *first.split()] for line in shown), verb


def test_the_sections_stand_in_order() -> None:
    shown = run("--help").stdout.splitlines()
    titles = [line[:-1] for line in shown if line[:-1] in SECTIONS and line.endswith(":")]
    assert titles == list(SECTIONS)


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda one: str(one))
def test_help_of_a_verb_by_name(name: tuple[str, ...], command: click.Command) -> None:
    shown = run("help", *name)
    assert shown.exit_code == 0
    assert shown.stdout == run(*name, "--help").stdout


def test_help_of_what_is_no_verb() -> None:
    assert run("help").stdout == run("--help").stdout
    assert "Did you mean 'source'?" in failed(2, "help", "delete", "sorce")
    assert "has no verbs of its own" in failed(2, "help", "up", "down")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (("neighbors", "king"), "'neighbours'"),
        (("remove", "source", "x"), "'delete' or 'erase'"),
        (("search", "king"), "'ask' or 'neighbours'"),
        (("delete", "sorce", "x"), "'source'"),
        (("log", "verfy"), "'verify'"),
        (("neighbours", "king", "--limit", "3"), "'--top'"),
        (("neighbours", "king", "--tpo", "3"), "'--top'"),
        (("ingest", "x", "--name", "y"), "'--as'"),
        (("delete", "source", "x", "--dry-run"), "'--plan'"),
        (("generate", "--neutral", "x"), None),
        (("xyzzy",), None),
    ],
)
def test_near_misses_are_suggested(given: tuple[str, ...], meant: str | None) -> None:
    said = failed(2, *given)
    assert said.splitlines()[-1].startswith("Error: No such")
    assert (f"Did you mean {meant}" in said) if meant else ("Did you mean" not in said)


def test_synonyms_name_what_exists() -> None:
    verbs = set(main.list_commands(click.Context(main)))
    assert not set(VERBS) & verbs
    assert {one for meant in VERBS.values() for one in meant} <= verbs
    flags = {
        flag
        for _, command in commands()
        for option in command.get_params(click.Context(command))
        for flag in option.opts
    }
    assert {one for meant in OPTIONS.values() for one in meant} <= flags


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0 and "_HARTONOMOUS_COMPLETE" in done.stdout


def offered(*words: str, **environment: str) -> list[str]:
    """Return what is offered for the last of the words, being typed."""
    line = " ".join(["hartonomous", *words])
    done = run_process(
        _HARTONOMOUS_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_CWORD=str(len(words)),
        **environment,
    )
    assert done.stderr == "", done.stderr
    return [one.partition(",")[2] for one in done.stdout.splitlines() if one]


def test_verbs_options_and_values_are_completed() -> None:
    assert offered("neigh") == ["neighbours"]
    assert "--min-sources" in offered("neighbours", "king", "--m")
    assert offered("neighbours", "king", "--by", "") == ["consensus", "elo"]
    assert offered("neighbours", "king", "--types", "RELATES,PRE") == ["RELATES,PRECEDES"]
    assert offered("importers", "gg") == ["gguf"]
    assert "source" in offered("delete", "so")


def test_completion_without_a_server_is_silent_and_quick() -> None:
    for words in (("neighbours", "ki"), ("source", ""), ("undo", "")):
        assert offered(*words) == []
    # A server that takes connections and never answers.
    with socket.create_server(("localhost", 0)) as server:
        there = {
            "NEO4J_URI": f"bolt://localhost:{server.getsockname()[1]}",
            "NEO4J_PASSWORD": "secret",
        }
        began = time.monotonic()
        assert offered("source", "", **there) == []
        assert time.monotonic() - began < PATIENCE + 20


def test_names_of_the_graph_are_completed(served: Graph, tmp_path: Path) -> None:
    words = ["king", "kingdom", "kin;rm", "$(kin)", "queen", "Kind"]
    model = write_vectors(tmp_path / "model", words, np.random.default_rng(1).normal(size=(6, 4)))
    assert run("ingest", model, "--k", 2, "--as", "glove-6b").exit_code == 0
    environment = {name: os.environ[name] for name in os.environ if name.startswith("NEO4J_")}
    assert offered("neighbours", "kin", **environment) == ["Kind", "king", "kingdom"]
    assert offered("neighbours", "", **environment) == []
    assert offered("source", "gl", **environment) == ["glove-6b"]
    assert offered("path", "king", "queen", "--sources", "a,gl", **environment) == ["a,glove-6b"]
    run("snapshot", "create", "before")
    assert offered("rollback", "", **environment) == ["before"]
    assert set(offered("diff", "", **environment)) == {"before", "glove-6b", "."}
    deleted = json.loads(run("delete", "concept", "queen", "--yes", "--json").stdout)
    assert offered("undo", "", **environment) == [deleted["id"]]


def test_help_and_glossary_say_the_same_of_the_ratings() -> None:
    command = main.get_command(click.Context(main), "neighbours")
    assert command is not None and command.help is not None
    (told,) = (
        part for part in command.help.split("\n\n") if part.split()[:2] == ["Which", "rating:"]
    )
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text("utf-8")
    assert " ".join(told.split()) in " ".join(glossary.split())


def correlation(score: str, covered: int, rho: float) -> Correlation:
    return Correlation("WordSim-353", score, 353, covered, rho, rho - 0.1, rho + 0.1, rho)


def test_evaluate_says_why_consensus_alone_is_below_affinity() -> None:
    affinity = correlation("affinity", 338, 0.76)
    (said,) = remarks([affinity, correlation("consensus, related", 163, 0.3)])
    assert "no source lists 190 of the 353 pairs" in said
    assert remarks([affinity, correlation("consensus, related", 353, 0.3)]) == []
    assert remarks([affinity, correlation("consensus, related", 163, 0.8)]) == []
    assert remarks([correlation("consensus, related", 163, 0.3)]) == []
