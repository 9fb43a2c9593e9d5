"""The API and the command line hold the same verbs, with parameters of the same names."""

from __future__ import annotations

import copy
import inspect
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any

import click
import pyarrow as pa
import pytest

import hartonomous
from hartonomous.api import knowledge_graph, standalone_functions
from hartonomous.api.rows import CypherRecord, Rows
from hartonomous.cli import COMMANDS, main

OF_THE_TERMINAL = {"json", "quiet", "help", "yes"}
"""Options of a command that a function has no use for; calling it is the consent."""

RENAMED = {"--as": "name"}
"""Options whose parameter has another name, in every verb but those of ELSEWHERE."""

ELSEWHERE = {
    ("evaluate", "--analogies"): "evaluate_analogies",
    ("evaluate", "--questions"): "evaluate_analogies",
    ("delete", "--apply"): "apply",
    ("delete", "--resume"): "resume",
    ("erase", "--apply"): "apply",
    ("erase", "--resume"): "resume",
    ("delete", "--plan"): "plan_deletion",
    ("delete", "--cut"): "plan_deletion",
    ("erase", "--plan"): "plan_erasure",
    ("erase", "--cut"): "plan_erasure",
    ("rollback", "--plan"): "rollback",
}
"""Options that are methods of their own, and which."""

SELECTED = {
    "source": "sources",
    "concept": "concepts",
    "person": "people",
    "relation": "relations",
    "evidence": "evidence",
    "many": None,
}
"""Subcommands of delete and erase, and the setting that says the same."""

OF_EVIDENCE = {"--source", "--type", "--min", "--max"}
REPEATED = {
    "--source": "sources",
    "--concept": "concepts",
    "--person": "people",
    "--licence": "licences",
    "--family": "families",
    "--relation": "relations",
}
ONLY_IN_SCRIPTS = {("diff", "--fail-if")}
"""A condition for an exit code; from Python the fields of the result are compared."""


def function_of(verb: str) -> Any:
    """Return the method or module function of a verb."""
    name = verb.replace("-", "_")
    holder = knowledge_graph.KnowledgeGraph
    found = getattr(holder, name, None) or getattr(standalone_functions, name)
    if isinstance(found, property):
        returned = typing.get_type_hints(found.fget)["return"]
        return returned
    return found


def parameters(function: Callable[..., Any]) -> set[str]:
    """Return the names a function takes, those of its settings included."""
    hints = typing.get_type_hints(function)
    names: set[str] = set()
    for name, one in inspect.signature(function).parameters.items():
        if one.kind is one.VAR_KEYWORD:
            names |= set(typing.get_type_hints(typing.get_args(hints[name])[0]))
        else:
            names.add(name)
    return names


def verbs() -> Iterator[tuple[str, str, click.Command]]:
    for verb in COMMANDS:
        command = main.get_command(click.Context(main), verb)
        assert command is not None
        yield verb, "", command
        for inner, sub in getattr(command, "commands", {}).items():
            yield verb, inner, sub


CASES = list(verbs())


def told(verb: str, option: click.Parameter) -> set[str]:
    """Return the names that the parameter of an option may have."""
    if isinstance(option, click.Argument):
        return {str(option.name)}
    flag = max(option.opts, key=len)
    return {flag.removeprefix("--").replace("-", "_")} | (
        {RENAMED[flag]} if flag in RENAMED else set()
    )


@pytest.mark.parametrize(("verb", "inner", "command"), CASES, ids=lambda one: str(one))
def test_every_verb_has_its_function(verb: str, inner: str, command: click.Command) -> None:
    function = function_of(verb)
    if verb in ("delete", "erase"):
        taken = parameters(function)
        if inner:
            assert SELECTED[inner] is None or SELECTED[inner] in taken
    elif inner:
        owner = function if inspect.isclass(function) else type(function)
        function = getattr(owner, inner)
        taken = parameters(function)
    elif isinstance(command, click.Group):
        owner = function if inspect.isclass(function) else type(function)
        if not command.invoke_without_command:
            return
        taken = parameters(owner.__call__)
    else:
        taken = parameters(function)
    # Those that importers declare, too.
    for option in command.get_params(click.Context(command)):
        flag = max(option.opts, key=len)
        if flag.removeprefix("--") in OF_THE_TERMINAL or (verb, flag) in ONLY_IN_SCRIPTS:
            continue
        if (verb, flag) in ELSEWHERE:
            assert hasattr(knowledge_graph.KnowledgeGraph, ELSEWHERE[verb, flag])
        elif verb in ("delete", "erase") and inner:
            if inner == "evidence" and flag in OF_EVIDENCE:
                continue
            if isinstance(option, click.Argument):
                continue
            assert REPEATED.get(flag, flag.removeprefix("--").replace("-", "_")) in taken
        else:
            assert told(verb, option) & taken, f"{verb} {inner}: {flag} is no parameter"


def test_importing_the_package_loads_nothing_heavy() -> None:
    probe = (
        "import sys, time; began = time.process_time(); import hartonomous\n"
        "took = time.process_time() - began\n"
        "heavy = ('neo4j', 'numpy', 'pyarrow', 'numba', 'rich', 'click', 'pandas')\n"
        "print(sorted(m for m in heavy if m in sys.modules), took < 0.1)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


def test_the_package_of_the_verb_extract_is_callable_however_it_was_imported() -> None:
    from hartonomous.extract.extraction import open_model

    assert callable(hartonomous.extract) and callable(open_model)
    with pytest.raises(hartonomous.NotFound):
        hartonomous.extract("no-model-here.npy", "bundle")
    assert set(hartonomous.__all__) <= set(dir(hartonomous))
    for name in hartonomous.__all__:
        assert getattr(hartonomous, name)
    with pytest.raises(AttributeError):
        hartonomous.nothing_of_this_name  # noqa: B018


def test_rows_are_a_sequence_and_print_as_a_table() -> None:
    rows = Rows([CypherRecord({"word": "king", "n": 1}), CypherRecord({"word": "ab<", "n": 20})])
    assert [row.word for row in rows] == ["king", "ab<"] and rows[1]["n"] == rows[-1].n == 20
    assert repr(rows).splitlines() == ["word   n", "king   1", "ab<   20"]
    assert "<td>ab&lt;</td>" in rows._repr_html_()
    assert rows.to_arrow().equals(pa.table({"word": ["king", "ab<"], "n": [1, 20]}))
    assert rows.to_pandas()["n"].tolist() == [1, 20]
    assert len(rows[:1]) == 1 and repr(Rows([], ("word",))) == "word\nno rows"
    with pytest.raises(AttributeError, match="there are word, n"):
        rows[0].nothing  # noqa: B018
    with pytest.raises(KeyError):
        rows[0]["nothing"]
    odd = Rows([CypherRecord({"keys": 1, "count(*)": 2})])
    assert odd[0]["keys"] == 1 and odd[0]["count(*)"] == 2 and odd.to_dicts()[0]["keys"] == 1
    assert copy.copy(odd[0]) == odd[0]
    many = Rows([CypherRecord({"n": number}) for number in range(100)])
    assert repr(many).endswith("… 40 more rows")
