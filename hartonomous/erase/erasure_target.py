"""Erasure target: recognises the data to erase in texts, names, selectors and rows.

In the live graph, selectors.py selects by database ids. Everywhere else, in retained deletions,
bundles, snapshots and names in the log, data is recognised by this module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.selector_overlap import Coverage, Mask
from hartonomous.delete.selectors import PROPERTIES
from hartonomous.identity import composition_key, normalise
from hartonomous.load.concept_match import Wanted
from hartonomous.schema import SENTENCE, find_kind, kinds

READ_AS = SENTENCE
"""The kind as which names are read: runs of letters, digits and underscores, and single others."""


@dataclass(frozen=True)
class ErasureTarget:
    """The selectors of a plan, with what they matched.

    `words` are the concepts as given and as spelt in the graph; `sources` those taken whole, each
    by its name and creation time; `names` the names of no other source, `digests` the hashes of
    their files, `people` those, not named in the selectors, whose last source is erased.
    """

    selectors: Mapping[str, Any]
    words: frozenset[str] = frozenset()
    sources: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> ErasureTarget:
        """Return the target of an erasure's plan; plans of earlier versions have fewer fields."""
        reach = summary.get("reach")
        if reach is None:
            whole = {name: one for name, one in summary["sources"].items() if one["whole"]}
            return cls(
                summary["selectors"],
                frozenset(summary["selectors"].get("concepts", ())),
                frozenset((name, one["created"]) for name, one in whole.items()),
                frozenset(whole),
                frozenset(one["digest"] for one in whole.values()),
            )
        return cls(
            summary["selectors"],
            frozenset(reach["words"]),
            frozenset((name, created) for name, created in reach["sources"]),
            *(frozenset(reach[part]) for part in ("names", "digests", "people")),
        )

    def is_word(self, text: str, kind: str = READ_AS) -> bool:
        """Return whether a text is, or unless `exact` contains, a word to erase."""
        if not self._words:
            return False
        if self._fold(text) in self._words and find_kind(kind).connected:
            return True
        return not self.selectors.get("exact") and self._wanted.is_in(text, kind)

    def is_named(self, subject: str) -> bool:
        """Return whether a subject of the log, `kind:name`, is to be erased."""
        kind, _, name = subject.partition(":")
        if kind == "source":
            return name in self.names or name in self.selectors.get("sources", ())
        if kind == "person":
            return name in self.people or name in self.selectors.get("people", ())
        if kind == "concept":
            return self.is_word(name)
        if kind == "relation":
            return name in self._relations or self._is_in_pair(name)
        named = {"licence": "licences", "family": "families"}.get(kind)
        return named is not None and name in self.selectors.get(named, ())

    def is_spelt_in(self, name: str) -> bool:
        """Return whether a name chosen by a user, such as a snapshot's, spells a word to erase."""
        given = (*self.words, *self.names, *self.people, *self.selectors.get("people", ()))
        return any(one.lower() in name.lower() for one in given)

    def has_property(self, source: Mapping[str, Any]) -> bool:
        """Return whether a source is of a person, licence or family to erase."""
        return any(
            source.get(what) is not None and source[what] in self.selectors.get(kind, ())
            for kind, what in PROPERTIES.items()
        )

    def unnamed(self, selectors: Mapping[str, Any], covered: Collection[str]) -> dict[str, Any]:
        """Return another removal's selectors without the names to erase.

        `covered` are the sources of that removal that are taken whole.
        """
        tests: dict[str, Callable[[Any], bool]] = {
            "sources": lambda name: name in covered or self.is_named(f"source:{name}"),
            "concepts": self.is_word,
            "people": lambda name: self.is_named(f"person:{name}"),
            "relations": lambda pair: self.is_named(f"relation:{' '.join(pair)}"),
            "evidence": lambda one: (
                one["source"] in covered or self.is_named(f"source:{one['source']}")
            ),
        }
        return {
            kind: [
                value
                for value in values
                if value not in self.selectors.get(kind, ())
                and not (kind in tests and tests[kind](value))
            ]
            if isinstance(values, list) and kind != "types"
            else values
            for kind, values in selectors.items()
        }

    def names_in(self, summary: Mapping[str, Any]) -> bool:
        """Return whether a plan's summary contains a name to erase, whatever rows it has."""
        covered = {
            n for n, one in summary["sources"].items() if (n, one["created"]) in self.sources
        }
        if covered or self.unnamed(summary["selectors"], covered) != dict(summary["selectors"]):
            return True
        if any(self.has_property(one.get("source") or {}) for one in summary["sources"].values()):
            return True
        beside = {*summary["sources"], *summary["survivors"], *summary["votes"]}
        beside |= {one[end] for one in summary["agreements"] for end in ("low", "high")}
        if any(self.is_named(f"source:{name}") for name in beside):
            return True
        texts = [(one["text"], one["kind"]) for one in summary["compositions"]]
        texts += [(text, READ_AS) for text in (summary.get("cut") or {}).get("among_them", ())]
        losses = [(one["start"], one["end"]) for one in summary["top_losses"]]
        texts += [(text, READ_AS) for ends in losses for text in ends]
        return any(" ".join(ends) in self._relations for ends in losses) or any(
            self.is_word(*each) for each in texts
        )

    @property
    def pairs(self) -> Sequence[Sequence[str]]:
        """Return the relations to erase, each by its two ends."""
        return tuple(self.selectors.get("relations", ()))

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """Return the composition keys of the words themselves, in the case given."""
        words = map(normalise, self.words)
        return frozenset(composition_key(kind.name, word) for word in words for kind in kinds())

    def _fold(self, text: str) -> str:
        return text.lower() if self.selectors.get("any_case") else text

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(
            self._fold(each) for word in self.words for each in (word, normalise(word))
        )

    @cached_property
    def _wanted(self) -> Wanted:
        spelt = {each for word in self.words for each in (word, normalise(word))}
        return Wanted.of(sorted(spelt), bool(self.selectors.get("any_case")))

    @cached_property
    def _relations(self) -> frozenset[str]:
        return frozenset(f"{a} {b}" for pair in self.pairs for a, b in (pair, pair[::-1]))

    def _is_in_pair(self, name: str) -> bool:
        """Return whether a word to erase is, or is in, one end of a relation's name."""
        name = self._fold(name)
        ends = any(name.startswith(f"{word} ") or name.endswith(f" {word}") for word in self._words)
        return ends or self.is_word(name)


@dataclass(frozen=True)
class Reach(Coverage):
    """The part of other removals' retained data that an erasure takes."""

    sought: ErasureTarget

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Reach:
        """Return the reach of an erasure's plan."""
        return cls(summary, ErasureTarget.of(summary))

    @classmethod
    def alone(cls, sought: ErasureTarget) -> Reach:
        """Return the reach of a target that is not in the graph."""
        ranges = sought.selectors.get("evidence", ())
        nothing = {"sources": {}, "compositions": [], "pairs": [], "evidence_ranges": ranges}
        return cls({"selectors": sought.selectors, **nothing}, sought)

    def sources(self, planned: Plan) -> set[str]:
        """Return the sources of another plan that are taken whole."""
        sources = planned.summary["sources"]
        return {n for n, one in sources.items() if (n, one["created"]) in self.sought.sources}

    def compositions(self, planned: Plan) -> Mask:
        """Return the mask of another plan's compositions that are taken."""
        table = planned.tables["compositions"]
        keys = {one["key"] for one in self.summary["compositions"]}
        columns = (table[name].to_pylist() for name in ("key", "text", "kind"))
        found = [
            key in keys or self.sought.is_word(text, kind)
            for key, text, kind in zip(*columns, strict=True)
        ]
        return np.array(found, dtype=bool)

    def rows(self, planned: Plan, evidence: str) -> Mask:
        """Return the mask of another plan's rows of evidence that are taken, pairs by spelling."""
        spelt = [pair for names in self.sought.pairs for pair in _pair_keys(planned, names)]
        summary = {**self.summary, "pairs": [*self.summary["pairs"], *spelt]}
        return Coverage.rows(replace(self, summary=summary), planned, evidence)


def _pair_keys(planned: Plan, names: Sequence[str]) -> list[list[str]]:
    """Return the keys of the pairs of a plan's compositions with this spelling."""
    table = planned.tables["compositions"]
    spelt = list(zip(table["key"].to_pylist(), table["text"].to_pylist(), strict=True))
    ends = [[key for key, text in spelt if text == normalise(name)] for name in names]
    return [list(pair) for pair in product(*ends)]
