"""Affinity of any two words; analogies; disagreement of sources."""

from __future__ import annotations

from itertools import product

from hartonomous.ask.relations.asked_words import AskedWord, find_asked
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION, rated_type


def affinity(graph: Graph, start: str, end: str) -> Row:
    """Return the affinity of two words with its terms; columns as in cypher/ask/affinity, and
    `composed`.

    consensus + 800 (log10(C + 0.01) + 2), C the cosine of the two words' rows of decades. Of words or
    phrases that no source knows, the means over their parts, by share; the texts of these are in
    `composed`. Raises NotFound for an unknown word.
    """
    rows = graph.read(query("ask/affinity"), start=start, end=end)
    if rows:
        return {**rows[0], "composed": ()}
    return _composed_affinity(graph, *find_asked(graph, [start, end]))


def _composed_affinity(graph: Graph, first: AskedWord, last: AskedWord) -> Row:
    """Return the means over the pairs of parts; the two are related if a pair of them is."""
    means = dict.fromkeys(("affinity", "consensus", "overlap", "shared"), 0.0)
    related = False
    for (a, of_a), (b, of_b) in product(_by_share(first), _by_share(last)):
        (row,) = graph.read(query("ask/affinity"), start=a, end=b)
        related = related or row["related"]
        means = {name: mean + of_a * of_b * row[name] for name, mean in means.items()}
    return {
        "start": first.text,
        "end": last.text,
        "affinity": round(means["affinity"]),
        "consensus": round(means["consensus"]),
        "related": related,
        "overlap": means["overlap"],
        "shared": round(means["shared"]),
        "composed": first.composed + last.composed,
    }


def _by_share(asked: AskedWord) -> list[tuple[str, float]]:
    """Return the text and the share of each part."""
    return [(part["text"], share) for part, share in zip(asked.parts, asked.shares, strict=True)]


def analogy(graph: Graph, first: str, second: str, third: str, top: int = 10) -> list[Row]:
    """Return the words that relate to `third` as `second` to `first`, best first.

    3CosMul (Levy and Goldberg 2014): (cos(d, second) + 0.02) (cos(d, third) + 0.02) / (cos(d, first) +
    0.02). A word's row in a track has the support of its neighbours times the cube of their mean
    similarity, and itself at its maximum; cosines are the means over the tracks whose silence speaks,
    weighted by vote, a track without one of the words counting as 0. Of all words, the 40 are scored
    that are related most to the second and the third, and least to the first; `sources` are those in
    which the answer is like both. Raises NotFound for an unknown word or one without relations.
    """
    rows = graph.read(query("ask/analogy"), first=first, second=second, third=third, top=top)
    if not rows:
        for word in (first, second, third):
            find_word(graph, word)
        raise NotFound("No word is related to these three.")
    return rows


def contested(graph: Graph, word: str, top: int = 10, type: str = DEFAULT_RELATION) -> list[Row]:
    """Return a word's relations of a rated type with the largest disagreement, widest first.

    `spread` is the difference, in milli-decades, between the highest and the lowest odds by a
    source. One that does not list the pair disagrees by degree: its odds rise from those of its
    silence, by 2000 (log10(C + 0.01) + 2), C the cosine of the two sets of neighbours in it. `direction` is out or in, none or itself. Raises NotFound for an unknown word, UsageError
    for an unknown type.
    """
    types = (rated_type(type).name,)
    rows = graph.read(query("ask/contested", types=types), word=word, top=top, type=type)
    if not rows:
        find_word(graph, word)
    return rows
