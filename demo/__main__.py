"""Three acts on a running Neo4j. Two real models of words, king asked about, one of them taken out
again; drawn pages, taken apart by a real detector and asked about; and drawn emoji, learned by their
captions without any model.

Everything is done by the commands a person would type; each is shown before it runs. It may be run
again: what is there already stays, and the model taken out at the end is put in anew.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.parse
from pathlib import Path

from demo.drawn_emoji import draw_emoji, named_emoji
from demo.drawn_pages import draw_pages
from tests import models

HARTONOMOUS = str(Path(sys.executable).with_name("hartonomous"))
QUERY = "MATCH p = (c:Token {text: 'king'})-[r:RELATES]-(d:Token) RETURN p ORDER BY r.consensus DESC LIMIT 25"
GLOVE_WORDS = 50_000
PAGES = 12
CAPTIONED = ("heart", "book", "face", "circle", "square", "arrow", "fish")
UNSEEN = "1F499"
"""The drawing that is kept from the graph: a blue heart."""


def run(*arguments: str) -> None:
    """Show a command, then run it; stop the demo where it fails."""
    shown = shlex.join(arguments).replace(f"{models.MINILM.parents[2]}/", "")
    say(f"\n$ hartonomous {shown}")
    done = subprocess.run([HARTONOMOUS, *arguments], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def ask(*arguments: str) -> dict[str, object]:
    """Return the JSON that a command prints."""
    done = subprocess.run(
        [HARTONOMOUS, *arguments, "--json"], check=True, capture_output=True, text=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    models.require()
    words()
    pages()
    emoji()
    browser()


def words() -> None:
    """Ingest MiniLM and GloVe, ask, and take GloVe out again."""
    glove = ["--vocabulary", str(models.GLOVE_WORDS), "--limit", str(GLOVE_WORDS)]
    run("up")
    run(
        "ingest",
        str(models.MINILM),
        "--as",
        "minilm",
        "--family",
        "MiniLM",
        "--licence",
        "Apache-2.0",
    )
    before = ask("stats")
    run(
        "ingest",
        str(models.GLOVE),
        *glove,
        "--as",
        "glove",
        "--family",
        "GloVe",
        "--licence",
        "PDDL",
    )
    run("neighbours", "king", "--top", "10")
    run("explain", "king", "queen")
    run("stats")
    run("delete", "source", "glove", "--yes")
    run("stats")
    after = ask("stats")
    moving = {"epoch", "bytes_of_graph"}
    same = {k: v for k, v in before.items() if k not in moving} == {
        k: v for k, v in after.items() if k not in moving
    }
    if not same:
        say("The numbers did not return to what they were before GloVe came.")
        sys.exit(1)
    say("\nWithout GloVe, every number is what it was before GloVe came.")


def pages() -> None:
    """Draw pages, let a page-layout detector take them apart, and ask what lies where."""
    folder = Path(__file__).parents[1] / "build" / "demo-pages"
    say(f"\n{PAGES} pages with text, figures and tables are drawn into build/demo-pages.")
    draw_pages(folder, PAGES)
    run("ingest", str(models.LAYOUT), "--images", str(folder), "--as", "layout")
    say("\nWhat stands above a table?")
    run("neighbours", "table", "--types", "ABOVE", "--top", "4")
    say("\nWhat does one picture show, and who says so?")
    run("image-to-concepts", "page-01.png", "--top", "6")


def emoji() -> None:
    """Learn from captioned drawings, and ask a word for pictures and an unseen picture for words."""
    shown = [one for one in named_emoji() if not one.joined and not one.toned]
    shown = [one for one in shown if {*one.name.split()} & {*CAPTIONED}]
    build = Path(__file__).parents[1] / "build"
    known = [one for one in shown if one.file != UNSEEN]
    say(
        f"\n{len(known)} drawn emoji are written into build/demo-emoji, with their names as captions."
    )
    draw_emoji(build / "demo-emoji", known)
    draw_emoji(build / "demo-emoji-unseen", [one for one in shown if one.file == UNSEEN])
    run("observe", str(build / "demo-emoji"), "--as", "emoji")
    say("\nWhich pictures show a heart?")
    run("text-to-images", "heart", "--top", "4")
    say("\nWhat does a picture show that no source saw? It is a blue heart.")
    run("image-to-concepts", str(build / "demo-emoji-unseen" / f"{UNSEEN}.png"), "--top", "4")


def browser() -> None:
    """Tell how to go on in Neo4j Browser."""
    address = ask("up")
    link = f"{address['browser']}&cmd=edit&arg={urllib.parse.quote(QUERY)}"
    say(
        f"\nOpen Neo4j Browser: {link}\n"
        f"User {address['user']}; the password is in {address['password_file']}\n"
        f"A query to paste:\n  {QUERY}\n"
        "Or ask the graph itself:\n  CALL custom.hartonomous.neighbours('king')\n"
        "  CALL custom.hartonomous.image_to_concepts('page-01.png', 6)\n"
        "\n'hartonomous down' stops the server, 'hartonomous purge' deletes its home."
    )


if __name__ == "__main__":
    main()
