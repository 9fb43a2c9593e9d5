"""The managed server, and which server commands talk to."""

from __future__ import annotations

import click

from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    progress_bar,
    quiet_option,
    say,
)


@click.command(epilog="\b\nExample:\n  hartonomous up\n")
@click.option("--bolt-port", type=click.IntRange(1, 65535), help="Default: 7687, or a free one.")
@click.option("--http-port", type=click.IntRange(1, 65535), help="Default: 7474, or a free one.")
@json_option
@quiet_option
def up(bolt_port: int | None, http_port: int | None, as_json: bool, quiet: bool) -> None:
    """Start the managed Neo4j; the first time, assemble it."""
    from hartonomous.erase.compaction import make_up
    from hartonomous.operations.ingestion import prepare
    from hartonomous.server.connection import connect_managed
    from hartonomous.server.managed_server import (
        default_home,
        password_file,
        running_address,
        start,
    )

    def tell(text: str) -> None:
        say(text, quiet)

    home = default_home()
    address = start(home, bolt_port=bolt_port, http_port=http_port, say=tell)
    with connect_managed(address) as graph:
        prepare(graph, tell)
        with progress_bar(quiet) as progress:
            make_up(home, graph, tell, progress)
    address = running_address(home) or address
    facts = {
        "browser": address.browser,
        "bolt": address.uri,
        "user": address.username,
        "password in": str(password_file(home)),
    }
    print_json(facts) if as_json else print_facts(facts)


@click.command(epilog="\b\nExample:\n  hartonomous down\n")
@quiet_option
def down(quiet: bool) -> None:
    """Stop the managed Neo4j; what it holds stays."""
    from hartonomous.server.managed_server import default_home, stop

    stopped = stop(default_home())
    say("Stopped." if stopped else "It was not running.", quiet)


@click.command(epilog="\b\nExample:\n  hartonomous status --json\n")
@json_option
def status(as_json: bool) -> None:
    """Which server commands talk to, and what it can do."""
    from hartonomous.operations.health import server_facts

    facts = server_facts()
    if as_json:
        print_json(facts)
        return
    print_facts(facts)


@click.command(epilog="\b\nExample:\n  hartonomous logs --lines 50\n")
@click.option("--lines", default=30, show_default=True, type=click.IntRange(1, 100_000))
def logs(lines: int) -> None:
    """The end of the managed server's log."""
    from collections import deque

    from hartonomous.errors import NotFound
    from hartonomous.server.managed_server import default_home, log_file

    file = log_file(default_home())
    if not file.is_file():
        raise NotFound(f"There is no log at {file}; 'hartonomous up' starts the server.")
    with file.open(encoding="utf-8", errors="replace") as text:
        click.echo("".join(deque(text, maxlen=lines)), nl=False)


@click.command(epilog="\b\nExample:\n  hartonomous purge --yes\n")
@click.option("--yes", is_flag=True, help="Do not ask.")
@quiet_option
def purge(yes: bool, quiet: bool) -> None:
    """Stop the managed server and delete its home: the whole graph.

    Refused, with exit code 4, while an ingest reads a bundle of it.
    """
    import sys

    from hartonomous.directories import cache
    from hartonomous.errors import ConfirmationNeeded, Conflict
    from hartonomous.load.bundle_cache import bundles_in_use, earlier_bundles
    from hartonomous.server.managed_server import default_home
    from hartonomous.server.managed_server import purge as delete_home
    from hartonomous.server.store_swap import predecessor

    home = default_home()
    if not yes:
        if not sys.stdin.isatty():
            raise ConfirmationNeeded(f"Purging {home} needs --yes where nobody can be asked.")
        if (old := predecessor(home)).is_dir():
            say(
                f"An erasure that was cut short left {old}, which may hold the graph: 'hartonomous up'"
            )
            say("finds out.")
        if not click.confirm(f"Delete everything in {home}?", err=True):
            raise ConfirmationNeeded("Nothing was deleted.")
    if used := bundles_in_use():
        raise Conflict(
            f"A bundle in {used[0][0].folder} is in use by process {used[0][1]}; wait for it, or end "
            "it, then purge."
        )
    delete_home(home)
    say(f"{home} is gone.", quiet)
    if left := earlier_bundles(cache() / "bundles"):
        say(
            f"Earlier versions left {len(left)} bundles of any home in {left[0][0].parent}; delete "
            "that folder unless one of them is to be loaded into another home.",
            quiet,
        )
