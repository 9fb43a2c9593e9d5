"""The help of a verb, by name."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Example:
  hartonomous help
  hartonomous help neighbours
  hartonomous help delete source
"""
)
@click.argument("verb", nargs=-1, metavar="[VERB]...")
@click.pass_context
def help(context: click.Context, verb: tuple[str, ...]) -> None:
    """Show the help of VERB, or the list of verbs."""
    # Each verb's context is the child of its group's, which its usage line names.
    found = context.find_root()
    for name in verb:
        group = found.command
        command = group.get_command(found, name) if isinstance(group, click.Group) else None
        if command is None and isinstance(group, click.Group):
            raise click.exceptions.NoSuchCommand(name, ctx=found)
        if command is None:
            raise click.UsageError(f"{found.command_path!r} has no verbs of its own.")
        found = click.Context(command, info_name=name, parent=found)
    click.echo(found.get_help())
