"""Runs the notebooks and keeps what they print: `python -m docs.notebooks [--output FOLDER]`.

They ask the server that commands ask: the managed one, or the one NEO4J_URI names.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


@click.command()
@click.option("--output", default=HERE, type=click.Path(path_type=Path), help="Where to write.")
def main(output: Path) -> None:
    """Run every notebook; stop at the first cell that fails."""
    # Warnings about what a notebook server may lack tell of this machine, not of the graph.
    os.environ["PYTHONWARNINGS"] = "ignore"
    for file in sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        NotebookClient(notebook, timeout=300, record_timing=False).execute()
        notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
        nbformat.write(notebook, output / file.name)


if __name__ == "__main__":
    main()
