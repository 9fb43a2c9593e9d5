"""Options that name rated types."""

from __future__ import annotations

import click

from hartonomous.cli.completion import complete_type
from hartonomous.schema import DEFAULT_RELATION

type_option = click.option(
    "--type",
    metavar="TYPE",
    shell_complete=complete_type,
    default=DEFAULT_RELATION,
    show_default=True,
    help="Rated type of the relation.",
)
types_option = click.option(
    "--types",
    metavar="TYPE,...",
    shell_complete=complete_type,
    default=DEFAULT_RELATION,
    show_default=True,
    help="Rated types to follow, comma-separated.",
)
