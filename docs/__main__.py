"""Writes the pages that are made from the code: `make docs`; `--check` only compares."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, ForwardRef

import click

from docs.browser_style import style
from hartonomous import schema
from hartonomous.api import row_records, standalone_functions
from hartonomous.api.knowledge_graph import KnowledgeGraph
from hartonomous.api.rows import Rows
from hartonomous.ask.paths.communities import Community
from hartonomous.ask.paths.path_steps import Path as WordPath
from hartonomous.ask.paths.path_steps import Step
from hartonomous.ask.paths.spreading_activation import Found, Traversal
from hartonomous.ask.paths.word_paths import Reached, Tree
from hartonomous.ask.relations.explanation import Explanation
from hartonomous.cli import main
from hartonomous.delete.deletion import DeletionReport
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.undo import UndoReport
from hartonomous.erase.erasure import ErasureReport
from hartonomous.evaluate.ablation import Trial
from hartonomous.evaluate.advice import Advice
from hartonomous.evaluate.learning_curve import Curve
from hartonomous.evaluate.next_token_evaluation import NextEvaluation
from hartonomous.evaluate.source_contribution import Contribution
from hartonomous.evaluate.word_similarity import Evaluation
from hartonomous.graph.cypher_files import query
from hartonomous.graph.procedures import PREFIX, callable_statements, columns
from hartonomous.load.canonical_export import ExportReport
from hartonomous.operations.attestation import PublicKey
from hartonomous.operations.health import Check
from hartonomous.operations.importer_facts import ImporterFacts
from hartonomous.operations.ingestion import IngestReport
from hartonomous.operations.model_request import Extraction, Inspection, ModelSettings
from hartonomous.operations.omissions import Omissions
from hartonomous.operations.placement_run import PlacementOutcome, PlacementSettings
from hartonomous.operations.questions import ViewSettings
from hartonomous.operations.removal import Resumption, SelectorSettings
from hartonomous.operations.server_lifecycle import RunningServer
from hartonomous.operations.text_generation import (
    GeneratedText,
    GeneratedToken,
    Generation,
    GenerationSettings,
)
from hartonomous.rate.rating_pass import RatingReport
from hartonomous.schema import Property
from hartonomous.transparency.transparency_log import LogReport
from hartonomous.versions.backup import BackupReport, RestoreReport
from hartonomous.versions.diff import Difference
from hartonomous.versions.rollback import Rollback
from hartonomous.versions.snapshots import Snapshot

HERE = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; change the code it is made from instead. -->\n\n"


MODULE_FUNCTIONS = (
    "open", "up", "down", "status", "logs", "purge", "doctor", "importers", "inspect", "extract",
    "keys",
)  # fmt: skip
SETTINGS = (ModelSettings, ViewSettings, GenerationSettings, PlacementSettings, SelectorSettings)
RECORDS = (
    Check, Community, WordPath, Step, Reached, Found, Snapshot, Contribution, ImporterFacts,
)  # fmt: skip
REPORTS = (
    IngestReport, Omissions, RatingReport, Extraction, Inspection, Advice, Trial, Evaluation,
    NextEvaluation, Curve, Explanation, Tree, Traversal, PlacementOutcome, Generation, GeneratedText,
    GeneratedToken, Plan, DeletionReport, ErasureReport, Resumption, UndoReport, Rollback, Difference,
    ExportReport, BackupReport, RestoreReport, LogReport, RunningServer, PublicKey,
)  # fmt: skip
API_BEGINNING = """`hartonomous.open()` returns a `KnowledgeGraph`: every command is a method of the same name, with the
same options under the same names. What needs no graph is a function of the package.

Results of many records are `Rows`; single ones are frozen dataclasses. A method does not ask for the
confirmation that its command asks for: the call is the confirmation. Errors are subclasses of
`HartonomousError`: `UsageError`, `NotFound`, `Conflict`, `ServerError`, `VerificationFailed`,
`BadInput`; any method raises ServerError if the graph is closed or its server does not answer. Ratings
are in points; 1500 is even odds.
"""


UNITS = """The last columns of a procedure are nodes and relationships, so that Browser draws what it returns;
`YIELD` with the other columns gives a table alone. Numbers are rounded: ratings in points to one
place, scores, similarities, distances and weights to four, and what is a power of ten (`cost`,
`support`, `share`, `spread` and odds) in decades to three. Python gets what is stored: odds and `rank`
in milli-decades, `weight` and `vote` in millionths, and fractions unrounded.
"""


ELSEWHERE = """`path` and `communities` project `RELATES` into Graph Data Science, whole and at the first call, and
reuse the projection until the graph changes; they return nothing while a rating pass is due.

One question has no procedure: `diff` compares with a snapshot, whose files are not in the server, and
rates each of two sources as if it were the only one. Procedures do not compose what no source knows;
the commands do.
"""


def data_model() -> str:
    """Return the data model reference, from the records of the schema."""
    text = NOTE + "# Data model\n\n" + (schema.__doc__ or "") + "\n## Nodes\n\n"
    text += "Every node has a `name`, by which tools caption it. "
    text += "[Housekeeping](#housekeeping) has labels of its own.\n"
    text += "".join(node_label(node) for node in schema.NODES if not node.housekeeping)
    text += f"\n`:{schema.HAS_TRACK}` leads from a source to each of its tracks.\n"
    text += "\n### Kinds of composition\n\nThe second label of a composition.\n\n"
    text += table(
        ("label", "what it is"), ((f"`:{kind.name}`", kind.meaning) for kind in schema.kinds())
    )
    for kind in schema.kinds():
        if kind.properties:
            text += f"\nBesides, on `:{kind.name}`:\n\n" + properties(kind.properties)
    text += (
        f"\n`:{schema.UNRATED}` marks compositions that the rating pass at hand has yet to visit, "
        f"`:{schema.PHRASE}` those linked to their words: labels of several words, and identifiers.\n"
    )
    text += "\n## Evidence\n\nOne edge per pair, type and source: what that source observed.\n\n"
    rows = (
        (
            f"`{e.name}`",
            f"`{e.feeds}`",
            direction(schema.is_directed(e)),
            f"{labels(e.starts)} → {labels(e.ends)}",
            e.chance.name,
            "speaks" if e.silence else "",
            e.meaning,
        )
        for e in schema.evidence_types()
    )
    text += table(("type", "feeds", "direction", "between", "null model", "silence", "from"), rows)
    text += "\nOn every evidence edge:\n\n" + properties((schema.SOURCE, *schema.COUNTED))
    for own, names in own_columns().items():
        text += f"\nBesides, on `{'`, `'.join(names)}`:\n\n" + properties(own)
    text += null_models()
    text += f"\n## Contexts\n\n`:{schema.VISITED}` from a source to what it read on from:\n\n"
    text += properties(schema.VISIT_PROPERTIES)
    text += "\nStructure, without a rating, no reason to keep a composition:\n\n"
    text += table(("type", "meaning"), ((f"`{name}`", what) for name, what in schema.STRUCTURE))
    text += (
        f"\n## Places\n\n`:{schema.HOLDS}` from a source to a composition of which it has evidence, "
        "one edge per place:\n\n"
    )
    text += properties(schema.HOLD_PROPERTIES)
    text += f"\n## Agreement\n\n`:{schema.AGREES_WITH}` between two sources:\n\n"
    text += properties(schema.AGREEMENT_PROPERTIES)
    text += "\n## Rated edges\n\nOne edge per pair and type: what all live sources say of it.\n\n"
    rated = ((f"`{r.name}`", direction(r.directed), r.meaning) for r in schema.rated_types())
    text += table(("type", "direction", "read"), rated)
    text += "\nOn every rated edge:\n\n" + properties(schema.RATED_PROPERTIES)
    text += "\nBesides, on rated edges that something speaks against:\n\n"
    return text + properties((schema.AGAINST,)) + housekeeping()


def housekeeping() -> str:
    """Return the section on the nodes that hold no knowledge."""
    text = (
        "\n## Housekeeping\n\nThese nodes hold no knowledge, only how it came and went; none is part "
        "of the canonical export.\n"
    )
    text += "".join(node_label(node) for node in schema.NODES if node.housekeeping)
    text += f"\n`:{schema.NEXT}` leads from an entry of the log to the one after it. Acts: "
    return text + "`" + "`, `".join(schema.LOG_ACTS) + "`.\n"


def node_label(node: schema.NodeLabel) -> str:
    """Return the section of a label."""
    text = f"\n### `:{node.name}`\n\n{sentence(node.meaning)}"
    text += f" Unique by `{'`, `'.join(node.key)}`.\n\n" if node.key else "\n\n"
    return text + properties(node.properties)


def null_models() -> str:
    """Return the section on null models: what chance alone would give, and who is trusted how far."""
    types: dict[str, list[schema.EvidenceType]] = {}
    models = {each.chance.name: each.chance for each in schema.evidence_types()}
    for each in schema.evidence_types():
        types.setdefault(each.chance.name, []).append(each)
    text = (
        "\n### Null models\n\nThe `support` of a row is its log-odds against chance, which its null "
        "model computes from the row's own counts and the constants of its track: P positions, k "
        "neighbours asked for, N compositions searched, `total` observations. Silence speaks only for "
        "types that compare vectors: there, a pair that a track knows and does not list counts with "
        "`absent`. A pair without a row says nothing in any other.\n\n"
    )
    rows = (
        (name, f"`{models[name].formula}`", models[name].reference, names_of(types[name]))
        for name in models
    )
    text += table(("null model", "odds", "source", "evidence types"), rows)
    text += "\nTrust of a track, in thousandths:\n\n"
    trusts: dict[str, list[schema.EvidenceType]] = {}
    for each in schema.evidence_types():
        trusts.setdefault(trust(each), []).append(each)
    return text + table(
        ("trust", "evidence types"), ((told, names_of(found)) for told, found in trusts.items())
    )


def trust(evidence: schema.EvidenceType) -> str:
    """Return how far tracks of an evidence type are trusted, in words."""
    if evidence.trust is not None:
        return f"{evidence.trust}, stated"
    if evidence.silence:
        return "100 to 1000, measured on the vectors"
    return "0, or 100 to 1000, measured: how far halves of its observations agree"


def names_of(types: Iterable[schema.EvidenceType]) -> str:
    return ", ".join(f"`{each.name}`" for each in types)


def procedures() -> str:
    """Return the reference of what analysts may CALL, from the Cypher files."""
    text = (
        NOTE + "# Procedures\n\nWhat can be called in Neo4j Browser. Each is a file of `cypher/`; "
    )
    text += (
        "Python runs the same text,\nbut for `traverse`, whose long prompts it walks itself, and "
    )
    text += "`path`, `communities` and `hubs`, which\nit asks with all options of the commands, and `contradictions`, which it asks in parts. "
    text += f"`CALL {PREFIX}help()` lists them.\n\n" + UNITS + "\n" + ELSEWHERE
    for item in callable_statements():
        name = str(item.signature)
        text += f"\n## `{PREFIX}{name.split('(')[0]}`\n\n{item.purpose}\n\n"
        listed = ", ".join(f"{name} {kind}" for name, kind in columns(item))
        text += f"```\nCALL {PREFIX}{name}\nYIELD {listed}\n```\n"
        text += f"\nExample: `CALL {PREFIX}{item.example}`\n"
        text += f"\n<details><summary>cypher/{item.name}.cypher</summary>\n\n```cypher\n"
        text += query(item.name, rated="RELATES", called=True) + "```\n\n</details>\n"
    return text


def command_line() -> str:
    """Return the command line reference, from --help."""
    text = NOTE + "# Command line\n\n```\n" + help_of("hartonomous", main) + "```\n"
    for name in main.list_commands(click.Context(main)):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        text += f"\n## {name}\n\n```\n{help_of(f'hartonomous {name}', command)}```\n"
        for inner, sub in getattr(command, "commands", {}).items():
            text += (
                f"\n### {name} {inner}\n\n```\n{help_of(f'hartonomous {name} {inner}', sub)}```\n"
            )
    return text


def api() -> str:
    """Return the reference of the Python API, from its docstrings."""
    text = NOTE + "# Python API\n\n" + API_BEGINNING
    text += "\n## Functions\n"
    for name in MODULE_FUNCTIONS:
        text += function(f"hartonomous.{name}", getattr(standalone_functions, name))
    text += methods("hartonomous.certificate", standalone_functions.Certificates)
    for holder in KnowledgeGraph.__mro__:
        if holder.__module__.startswith("hartonomous.api") and holder is not KnowledgeGraph:
            text += f"\n## {docs_of(holder).split(chr(10))[0].rstrip('.')}\n"
            rest = docs_of(holder).partition("\n\n")[2]
            text += f"\n{rest}\n" if rest else ""
            text += methods("graph", holder)
    text += "\n## Settings\n\nKeyword arguments that several methods take, each optional.\n"
    for settings in SETTINGS:
        text += f"\n### {settings.__name__}\n\n{docs_of(settings)}\n\n"
        hints = inspect.get_annotations(settings)
        text += table(("setting", "type"), ((f"`{n}`", in_cell(h)) for n, h in hints.items()))
    text += f"\n## Rows\n\n{docs_of(Rows)}\n" + methods("rows", Rows)
    text += "\n## Records\n\nWhat rows hold; fields are attributes and items.\n"
    text += "".join(map(fields_of, [*records_of(row_records), *RECORDS]))
    text += "\n## Reports\n\nWhat acts and single questions return; frozen dataclasses.\n"
    return text + "".join(map(fields_of, REPORTS))


def fields_of(documented: type) -> str:
    """Return the reference of a dataclass: its docstring and its fields, inherited ones too."""
    fields = getattr(documented, "__dataclass_fields__", {}).values()
    rows = [(f"`{field.name}`", in_cell(field.type)) for field in fields]
    text = f"\n### {documented.__name__}\n\n{docs_of(documented)}\n\n"
    return text + table(("field", "type"), rows)


def methods(owner: str, holder: type) -> str:
    """Return the reference of a class's public methods, in the order they stand."""
    text = ""
    for name, member in vars(holder).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, property) and member.fget is not None:
            returned = inspect.get_annotations(member.fget)["return"]
            group = getattr(sys.modules[holder.__module__], str(returned), None)
            if isinstance(group, type) and group.__module__.startswith("hartonomous.api"):
                text += methods(f"{owner}.{name}", group)
            else:
                text += f"\n### {owner}.{name}\n\n{docs_of(member)}\n"
        elif name == "__call__":
            text += function(owner, member)
        elif inspect.isfunction(member):
            text += function(f"{owner}.{name}", member)
    return text


def function(name: str, called: Callable[..., Any]) -> str:
    """Return the reference of one function: its signature, and what its docstring says."""
    signature = inspect.signature(called)
    parts, starred = [], False
    for word, one in signature.parameters.items():
        if word == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred |= one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        default = "" if one.default is one.empty else f" = {shown(one.default)}"
        parts.append(f"{stars}{word}: {kind(one.annotation)}{default}")
    returned = kind(signature.return_annotation)
    line = f"{name}({', '.join(parts)}) -> {returned}"
    if len(line) > 90:
        line = f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f") -> {returned}"
    return f"\n### {name}\n\n```python\n{line}\n```\n\n{docs_of(called)}\n"


def kind(annotation: object) -> str:
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"Unpack\[(\w+)\]", r"\1", text).replace("hartonomous.api.", "")


def in_cell(annotation: object) -> str:
    """Return a type for a table, where a bar would end the cell."""
    return "`" + kind(annotation).replace("|", "\\|") + "`"


def shown(default: object) -> str:
    return getattr(default, "__name__", None) or repr(default)


def docs_of(documented: object) -> str:
    return inspect.getdoc(documented) or ""


def records_of(module: ModuleType) -> Iterable[type]:
    """Return the classes that a module defines, in its order."""
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__
    ]


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
    pages = {
        "data-model.md": data_model,
        "procedures.md": procedures,
        "cli.md": command_line,
        "api.md": api,
        "browser.grass": style,
    }
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
