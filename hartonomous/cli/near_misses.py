"""Near misses: what may have been meant by a verb or an option that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import click

MOST = 3
"""Suggestions in one message."""

VERBS = {
    "add": ("ingest",),
    "benchmark": ("evaluate",),
    "browser": ("up", "status"),
    "chat": ("ask", "generate"),
    "check": ("doctor", "audit"),
    "clean": ("purge",),
    "cluster": ("communities",),
    "clusters": ("communities",),
    "count": ("stats",),
    "describe": ("source", "inspect"),
    "destroy": ("purge", "erase"),
    "draw": ("picture", "place"),
    "drop": ("delete",),
    "dump": ("export", "backup"),
    "find": ("neighbours", "ask", "path"),
    "forget": ("erase", "delete"),
    "history": ("log", "deletions"),
    "import": ("ingest", "load"),
    "info": ("status", "stats", "source"),
    "init": ("up",),
    "install": ("up",),
    "list": ("sources", "snapshot"),
    "ls": ("sources",),
    "map": ("place", "picture"),
    "models": ("sources",),
    "open": ("up",),
    "pagerank": ("central", "reach"),
    "plot": ("picture", "evaluate"),
    "prove": ("log", "certificate"),
    "query": ("neighbours", "ask"),
    "recommend": ("advise",),
    "related": ("neighbours", "affinity"),
    "remove": ("delete", "erase"),
    "revert": ("undo", "rollback"),
    "rm": ("delete",),
    "route": ("path",),
    "run": ("up", "generate"),
    "save": ("backup", "snapshot"),
    "score": ("evaluate", "affinity"),
    "search": ("ask", "neighbours"),
    "serve": ("up",),
    "show": ("source", "neighbours", "inspect"),
    "similar": ("neighbours", "affinity"),
    "similarity": ("affinity",),
    "start": ("up",),
    "stop": ("down",),
    "synonyms": ("neighbours",),
    "test": ("doctor", "evaluate"),
    "uninstall": ("purge",),
    "verify": ("certificate", "log", "audit"),
    "why": ("explain",),
    "write": ("generate", "export"),
}
"""Verbs of other tools, and those of this one that do it."""

OPTIONS = {
    "--center": ("--centre",),
    "--color": ("--colour",),
    "--confirm": ("--yes",),
    "--count": ("--top", "--lines"),
    "--dry-run": ("--plan",),
    "--file": ("--output",),
    "--filter": ("--source", "--sources"),
    "--format": ("--json",),
    "--kind": ("--type", "--types"),
    "--license": ("--licence",),
    "--limit": ("--top",),
    "--max-tokens": ("--length",),
    "--name": ("--as",),
    "--neighbors": ("--k",),
    "--neighbours": ("--k",),
    "--no-confirm": ("--yes",),
    "--number": ("--top", "--lines"),
    "--order": ("--by",),
    "--order-by": ("--by",),
    "--overwrite": ("--force", "--replace"),
    "--port": ("--bolt-port", "--http-port"),
    "--preview": ("--plan",),
    "--silent": ("--quiet",),
    "--sort": ("--by",),
    "--threshold": ("--above",),
    "--tokens": ("--length", "--samples"),
    "--update": ("--replace",),
    "--words": ("--vocabulary",),
    "-f": ("--force",),
    "-k": ("--k", "--top"),
    "-n": ("--top", "--lines"),
    "-o": ("--output",),
    "-s": ("--quiet", "--source"),
    "-y": ("--yes",),
}
"""Options of other tools, and those of this one that do it, where the verb has them."""


@contextmanager
def suggesting() -> Iterator[None]:
    """Tell, beside an unknown verb or option, what may have been meant."""
    try:
        yield
    except click.NoSuchOption as error:
        there = _options(error.ctx)
        near = _near(error.option_name, there, OPTIONS)
        text = _told(f"No such option {error.option_name!r}.", near)
        raise click.NoSuchOption(error.option_name, text, ctx=error.ctx) from None
    except click.exceptions.NoSuchCommand as error:
        context = error.ctx
        assert context is not None and isinstance(context.command, click.Group)
        name, there = error.command_name, context.command.list_commands(context)
        text = _told(f"No such command {name!r}.", _near(name, there, VERBS))
        raise click.exceptions.NoSuchCommand(name, text, ctx=context) from None


def _options(context: click.Context | None) -> list[str]:
    """Return the flags of a command."""
    if context is None:
        return []
    return [
        flag
        for option in context.command.get_params(context)
        if isinstance(option, click.Option)
        for flag in (*option.opts, *option.secondary_opts)
    ]


def _near(name: str, there: Sequence[str], synonyms: dict[str, tuple[str, ...]]) -> list[str]:
    """Return what of `there` a name may mean: by its meaning, else by its letters."""
    meant = [one for one in synonyms.get(name.lower(), ()) if one in there]
    return meant[:MOST] or get_close_matches(name.lower(), there, MOST)


def _told(text: str, near: Sequence[str]) -> str:
    if not near:
        return text
    *others, last = map(repr, near)
    meant = f"{', '.join(others)} or {last}" if others else last
    return f"{text} Did you mean {meant}?"
