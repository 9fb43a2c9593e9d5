"""Writes the pages that are made from the code: `make docs`; `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from docs.browser_style import style
from hartonomous import schema
from hartonomous.cli import COMMANDS, main
from hartonomous.graph.cypher_files import query
from hartonomous.graph.procedures import PREFIX, callable_statements
from hartonomous.schema import Property

HERE = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; change the code it is made from instead. -->\n\n"


def data_model() -> str:
    """Return the data model reference, from schema.py."""
    text = NOTE + "# Data model\n\n" + (schema.__doc__ or "") + "\n## Nodes\n"
    for node in schema.NODES:
        text += f"\n### `:{node.name}`\n\n{sentence(node.meaning)}"
        text += f" Unique by `{'`, `'.join(node.key)}`.\n\n" if node.key else "\n\n"
        text += properties(node.properties)
    text += "\n### Kinds of composition\n\nThe second label of a composition.\n\n"
    text += table(
        ("label", "what it is"), ((f"`:{kind.name}`", kind.meaning) for kind in schema.kinds())
    )
    for kind in schema.kinds():
        if kind.properties:
            text += f"\nBesides, on `:{kind.name}`:\n\n" + properties(kind.properties)
    text += (
        f"\n`:{schema.UNRATED}` marks compositions that the rating pass at hand has yet to visit.\n"
    )
    text += "\n## Evidence\n\nOne edge per pair, type and source: what that source observed.\n\n"
    rows = (
        (
            f"`{e.name}`",
            f"`{e.feeds}`",
            direction(schema.is_directed(e)),
            f"{labels(e.starts)} → {labels(e.ends)}",
            "yes" if e.votes else "no",
            e.meaning,
        )
        for e in schema.evidence_types()
    )
    text += table(("type", "feeds", "direction", "between", "votes", "from"), rows)
    text += "\nOn every evidence edge:\n\n" + properties((schema.SOURCE, *schema.COUNTED))
    for own, names in own_columns().items():
        text += f"\nBesides, on `{'`, `'.join(names)}`:\n\n" + properties(own)
    text += f"\n## Contexts\n\n`:{schema.VISITED}` from a source to what it read on from:\n\n"
    text += properties(schema.VISIT_PROPERTIES)
    text += "\nStructure, without a rating:\n\n"
    text += table(("type", "meaning"), ((f"`{name}`", what) for name, what in schema.STRUCTURE))
    text += f"\n## Agreement\n\n`:{schema.AGREES_WITH}` between two sources:\n\n"
    text += properties(schema.AGREEMENT_PROPERTIES)
    text += (
        f"\n## Log\n\n`:{schema.NEXT}` leads from an entry of the log to the one after it. Acts: "
    )
    text += "`" + "`, `".join(schema.LOG_ACTS) + "`.\n"
    text += "\n## Rated edges\n\nOne edge per pair and type: what all live sources say of it.\n\n"
    rated = ((f"`{r.name}`", direction(r.directed), r.meaning) for r in schema.rated_types())
    text += table(("type", "direction", "read"), rated)
    text += "\nOn every rated edge:\n\n" + properties(schema.RATED_PROPERTIES)
    return text + "\nBesides, on `RELATES`:\n\n" + properties(schema.CONSENSUS_PROPERTIES)


def procedures() -> str:
    """Return the reference of what analysts may CALL, from the Cypher files."""
    text = (
        NOTE + "# Procedures\n\nWhat can be called in Neo4j Browser. Each is a file of `cypher/`; "
    )
    text += "Python runs the same text,\nbut for `traverse`, whose long prompts it walks itself.\n"
    for item in callable_statements():
        name = str(item.signature)
        text += f"\n## `{PREFIX}{name.split('(')[0]}`\n\n{item.purpose}\n\n"
        text += f"```\nCALL {PREFIX}{name}\nYIELD {item.outputs}\n```\n"
        text += f"\n<details><summary>cypher/{item.name}.cypher</summary>\n\n```cypher\n"
        text += query(item.name, rated="RELATES") + "```\n\n</details>\n"
    return text


def command_line() -> str:
    """Return the command line reference, from --help."""
    text = NOTE + "# Command line\n\n```\n" + help_of("hartonomous", main) + "```\n"
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        text += f"\n## {name}\n\n```\n{help_of(f'hartonomous {name}', command)}```\n"
        for inner, sub in getattr(command, "commands", {}).items():
            text += (
                f"\n### {name} {inner}\n\n```\n{help_of(f'hartonomous {name} {inner}', sub)}```\n"
            )
    return text


def help_of(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, max_content_width=80, terminal_width=80)
    lines = command.get_help(context).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def own_columns() -> dict[tuple[schema.Column, ...], list[str]]:
    """Return the evidence types that have columns besides those of all, by these columns."""
    found: dict[tuple[schema.Column, ...], list[str]] = {}
    for each in schema.evidence_types():
        if own := tuple(column for column in each.columns if column not in schema.COUNTED):
            found.setdefault(own, []).append(each.name)
    return found


def labels(kinds: Iterable[str]) -> str:
    return ", ".join(sorted(kinds))


def properties(listed: Iterable[Property | schema.Column]) -> str:
    return table(
        ("property", "type", "meaning"), ((f"`{p.name}`", p.type, p.meaning) for p in listed)
    )


def table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def direction(directed: bool) -> str:
    return "start to end" if directed else "none (lower key to higher)"


def sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def write(check: bool) -> int:
    pages = {"data-model.md": data_model, "procedures.md": procedures, "cli.md": command_line}
    pages["browser.grass"] = style
    stale = []
    for name, make in pages.items():
        page, text = HERE / name, make()
        if not page.exists() or page.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                page.write_text(text, "utf-8")
    if check and stale:
        sys.stderr.write(f"Out of step: {', '.join(stale)}; run 'make docs'.\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(write("--check" in sys.argv))
