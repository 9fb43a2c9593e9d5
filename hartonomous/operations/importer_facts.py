"""Importer facts: what each importer opens, and its options."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.errors import UsageError
from hartonomous.extract.importer_protocol import Importer, importers, own_options
from hartonomous.mapping_record import Record


@dataclass(frozen=True)
class ImporterFacts(Record):
    """An importer, the kind of sources it opens, and the meaning of each of its options by its flag."""

    importer: str
    opens: str
    options: dict[str, str]


def importer_facts(name: str | None = None) -> list[ImporterFacts]:
    """Return the facts of one importer, or of all; raises UsageError for an unknown name."""
    known = importers()
    if name is not None and name not in known:
        raise UsageError(f"No importer is called {name!r}; there are {', '.join(known)}.")
    return [_facts(one) for each, one in known.items() if name in (None, each)]


def _facts(importer: Importer) -> ImporterFacts:
    said = {}
    for option in own_options(importer):
        default = option.default_text
        said[option.flag] = f"{option.help}  [default: {default}]" if default else option.help
    return ImporterFacts(importer.name, importer.summary, said)
