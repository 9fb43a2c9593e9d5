"""The managed server, and the server that commands use."""

from __future__ import annotations

import click

from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    progress_bar,
    quiet_option,
    readable,
    say,
)


@click.command(epilog="\b\nExample:\n  hartonomous up\n")
@click.option(
    "--bolt-port", type=click.IntRange(1, 65535), help="Port; default: 7687, or any free one."
)
@click.option(
    "--http-port", type=click.IntRange(1, 65535), help="Port; default: 7474, or any free one."
)
@json_option
@quiet_option
def up(bolt_port: int | None, http_port: int | None, as_json: bool, quiet: bool) -> None:
    """Start the managed Neo4j server, installed on first use."""
    from hartonomous.operations.server_lifecycle import up as run

    with progress_bar(quiet) as progress:
        server = run(bolt_port, http_port, progress, lambda text: say(text, quiet))
    facts = {
        "browser": server.browser,
        "bolt": server.bolt,
        "user": server.user,
        "password_file": str(server.password_file),
    }
    print_json(facts) if as_json else print_facts(readable(facts))


@click.command(epilog="\b\nExample:\n  hartonomous down\n")
@quiet_option
def down(quiet: bool) -> None:
    """Stop the managed Neo4j server; the graph is kept."""
    from hartonomous.operations.server_lifecycle import down as run

    stopped = run()
    say("Stopped." if stopped else "It was not running.", quiet)


@click.command(epilog="\b\nExample:\n  hartonomous status --json\n")
@json_option
def status(as_json: bool) -> None:
    """Show the server that commands use, and its capabilities."""
    from hartonomous.operations.health import server_facts

    facts = server_facts()
    if as_json:
        print_json(facts)
        return
    print_facts(readable(facts))


@click.command(epilog="\b\nExample:\n  hartonomous logs --lines 50\n")
@click.option(
    "--lines",
    default=30,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Number of lines.",
)
def logs(lines: int) -> None:
    """Show the end of the managed server's log."""
    from hartonomous.operations.server_lifecycle import log_end

    click.echo(log_end(lines), nl=False)


@click.command(epilog="\b\nExample:\n  hartonomous purge --yes\n")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@quiet_option
def purge(yes: bool, quiet: bool) -> None:
    """Delete the managed server's home with the whole graph.

    Stops the server first. Refused with exit code 4 while an ingest uses a
    bundle of the home.
    """
    import sys

    from hartonomous.errors import ConfirmationNeeded
    from hartonomous.operations.server_lifecycle import purge as delete_home
    from hartonomous.server.managed_server import default_home
    from hartonomous.server.store_swap import predecessor

    home = default_home()
    if not yes:
        if not sys.stdin.isatty():
            raise ConfirmationNeeded(f"Purging {home} needs --yes where nobody can be asked.")
        if (old := predecessor(home)).is_dir():
            say(
                f"An interrupted erasure left {old}, which may contain the graph: 'hartonomous up' "
                "determines that."
            )
        if not click.confirm(f"Delete everything in {home}?", err=True):
            raise ConfirmationNeeded("Nothing was deleted.")
    delete_home(lambda text: say(text, quiet))
