"""The command line. Each verb parses, calls one function, and prints."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from hartonomous.cli.faults import open_streams, report_fault
from hartonomous.cli.near_misses import suggesting
from hartonomous.cli.output import say
from hartonomous.errors import BadInput, HartonomousError, UsageError
from hartonomous.file_names import readable

COMMANDS = {
    "up": "managed_server",
    "down": "managed_server",
    "status": "managed_server",
    "logs": "managed_server",
    "purge": "managed_server",
    "doctor": "health",
    "importers": "extraction",
    "inspect": "extraction",
    "extract": "extraction",
    "load": "ingestion",
    "ingest": "ingestion",
    "observe": "ingestion",
    "rate": "ingestion",
    "accept": "judgements",
    "reject": "judgements",
    "correct": "judgements",
    "judge": "judgements",
    "review": "judgements",
    "neighbours": "neighbourhood",
    "explain": "neighbourhood",
    "affinity": "affinity",
    "analogy": "affinity",
    "contested": "affinity",
    "compare": "communities",
    "senses": "communities",
    "odd-one-out": "communities",
    "path": "word_paths",
    "bridge": "word_paths",
    "between": "word_paths",
    "reach": "word_paths",
    "traverse": "word_paths",
    "communities": "communities",
    "central": "communities",
    "hubs": "communities",
    "outliers": "communities",
    "contradictions": "communities",
    "projections": "communities",
    "ask": "question_answers",
    "places": "neighbourhood",
    "image-to-concepts": "pictures",
    "detectors": "pictures",
    "text-to-images": "cross_modal",
    "image-to-text": "cross_modal",
    "text-to-image": "image_features",
    "text-to-image-features": "image_features",
    "image-features-to-prompt": "image_features",
    "intent-to-code": "code_shapes",
    "code-to-intent": "code_shapes",
    "same-shape": "code_shapes",
    "translate": "code_shapes",
    "clones": "code_shapes",
    "callers": "code_base",
    "callees": "code_base",
    "impact": "code_base",
    "unused": "code_base",
    "cycles": "code_base",
    "layers": "code_base",
    "hotspots": "code_base",
    "unresolved": "code_base",
    "sources": "neighbourhood",
    "source": "neighbourhood",
    "stats": "neighbourhood",
    "place": "placement",
    "near-on-sphere": "placement",
    "distance": "placement",
    "slerp": "placement",
    "picture": "placement",
    "generate": "text_generator",
    "evaluate": "evaluation",
    "advise": "advice",
    "trial": "ablation",
    "delete": "deletion",
    "snapshot": "versions",
    "diff": "versions",
    "rollback": "versions",
    "undo": "undo",
    "deletions": "undo",
    "erase": "deletion",
    "suppressions": "undo",
    "export": "canonical_export",
    "backup": "backup",
    "restore": "backup",
    "audit": "audit_report",
    "certificate": "certificate",
    "log": "transparency_log",
    "keys": "transparency_log",
}
"""Each verb and the module below hartonomous.cli that holds it."""

HELP = {"help": "help_pages", "completion": "completion"}
"""Verbs of the terminal alone, which no function stands behind."""

SECTIONS = {
    "Server": ("up", "down", "status", "logs", "doctor", "purge"),
    "Bring in": ("importers", "inspect", "extract", "load", "ingest", "observe", "rate"),
    "Ask": (
        "ask",
        "neighbours",
        "explain",
        "affinity",
        "analogy",
        "compare",
        "senses",
        "odd-one-out",
        "contested",
        "places",
        "sources",
        "source",
        "stats",
    ),
    "See": (
        "text-to-images",
        "image-to-text",
        "image-to-concepts",
        "detectors",
        "text-to-image",
        "text-to-image-features",
        "image-features-to-prompt",
    ),
    "Code": (
        "callers",
        "callees",
        "impact",
        "unused",
        "cycles",
        "layers",
        "hotspots",
        "unresolved",
        "intent-to-code",
        "code-to-intent",
        "same-shape",
        "translate",
        "clones",
    ),
    "Explore": (
        "path",
        "bridge",
        "between",
        "reach",
        "traverse",
        "communities",
        "central",
        "hubs",
        "outliers",
        "contradictions",
        "projections",
    ),
    "Map": ("place", "picture", "near-on-sphere", "distance", "slerp"),
    "Generate": ("generate",),
    "Judge": ("accept", "reject", "correct", "judge", "review"),
    "Measure": ("evaluate", "advise", "trial"),
    "Delete and prove": (
        "delete",
        "deletions",
        "undo",
        "erase",
        "suppressions",
        "certificate",
        "audit",
        "log",
        "keys",
    ),
    "Keep": ("snapshot", "diff", "rollback", "export", "backup", "restore"),
    "Help": tuple(HELP),
}
"""Sections of the help, each with its verbs in order; every verb stands in one."""


_PADDED = 14
"""Longest name of a verb that the columns of all sections make room for."""


class _Verbs(click.Group):
    """Imports a verb's module only when the verb is used or listed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*COMMANDS, *HELP]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        module = {**COMMANDS, **HELP}.get(name)
        if module is None:
            return None
        found = import_module(f"hartonomous.cli.{module}")
        command = getattr(found, name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by section, each with the whole first line of its help."""
        names = self.list_commands(context)
        # Longer names widen their own section alone: beside them, other verbs' lines would not fit.
        widest = max(len(name) for name in names if len(name) <= _PADDED)
        for title, verbs in SECTIONS.items():
            lines = []
            for name in verbs:
                command = self.get_command(context, name)
                first = (command.help or "").partition("\n")[0] if command else ""
                # Padded, so that the columns of all sections stand below each other.
                lines.append((name.ljust(widest), first))
            with formatter.section(title):
                formatter.write_dl(lines)

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        with suggesting():
            return super().make_context(*arguments, **more)

    def main(self, *arguments: Any, **more: Any) -> Any:
        open_streams()
        try:
            return super().main(*arguments, **more)
        except Exception as error:
            sys.exit(report_fault(error))

    def invoke(self, context: click.Context) -> object:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                # A terminal that lacks a character, and a name that is not UTF-8, get its number.
                stream.reconfigure(errors="backslashreplace")
        try:
            with suggesting():
                return super().invoke(context)
        except HartonomousError as error:
            say(f"Error: {error}")
            context.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted. The same command resumes.", err=True)
            context.exit(130)
        except BrokenPipeError:
            # The reader (head, less) has seen enough.
            sys.stderr.close()
            context.exit(0)
        except UnicodeEncodeError as error:
            around = error.object[max(0, error.start - 30) : error.end + 30]
            click.echo(f"Error: {readable(around)} is not UTF-8; write it in UTF-8.", err=True)
            context.exit(UsageError.exit_code)
        except OSError as error:
            # A full disk, a limit, a file that may not be read: nothing half-written is left.
            place = f" ({readable(str(error.filename))})" if error.filename else ""
            say(
                f"Error: {error.strerror or error}{place}. Make room, or look at the file's "
                "permissions; then run the same command again."
            )
            context.exit(BadInput.exit_code)


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="""\b
Example:
  hartonomous up
  hartonomous ingest ./all-MiniLM-L6-v2 --as minilm
  hartonomous neighbours king
\b
Exit codes: 0 done; 1 differences or findings; 2 wrong usage, or a missing
confirmation; 3 not found; 4 conflict; 5 server error; 6 verification failed;
7 bad input; 70 internal error; 130 interrupted, resumable.
\b
Data is written to standard output, everything else to standard error.
Terms: docs/glossary.md
""",
)
@click.version_option(package_name="hartonomous", message="%(version)s")
def main() -> None:
    """Extract relations from trained models into Neo4j, and query them."""
