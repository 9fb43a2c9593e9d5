"""Hartonomous: what trained models hold to be related, kept in a Neo4j graph.

`hartonomous.open()` gives the graph, with every verb of the command line; see docs/api.md.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hartonomous.api.knowledge_graph import KnowledgeGraph as KnowledgeGraph
    from hartonomous.api.rows import Rows as Rows
    from hartonomous.api.standalone_functions import certificate as certificate
    from hartonomous.api.standalone_functions import doctor as doctor
    from hartonomous.api.standalone_functions import down as down
    from hartonomous.api.standalone_functions import extract as extract
    from hartonomous.api.standalone_functions import importers as importers
    from hartonomous.api.standalone_functions import inspect as inspect
    from hartonomous.api.standalone_functions import keys as keys
    from hartonomous.api.standalone_functions import logs as logs
    from hartonomous.api.standalone_functions import open as open
    from hartonomous.api.standalone_functions import purge as purge
    from hartonomous.api.standalone_functions import status as status
    from hartonomous.api.standalone_functions import up as up
    from hartonomous.errors import BadInput as BadInput
    from hartonomous.errors import Conflict as Conflict
    from hartonomous.errors import HartonomousError as HartonomousError
    from hartonomous.errors import NotFound as NotFound
    from hartonomous.errors import ServerError as ServerError
    from hartonomous.errors import UsageError as UsageError
    from hartonomous.errors import VerificationFailed as VerificationFailed

_HOLDERS = {
    "hartonomous.api.knowledge_graph": ("KnowledgeGraph",),
    "hartonomous.api.rows": ("Rows",),
    "hartonomous.api.standalone_functions": (
        "certificate", "doctor", "down", "importers", "inspect", "keys", "logs", "open", "purge",
        "status", "up",
    ),
    "hartonomous.errors": (
        "BadInput", "Conflict", "HartonomousError", "NotFound", "ServerError", "UsageError",
        "VerificationFailed",
    ),
}  # fmt: skip
_WHERE = {name: module for module, names in _HOLDERS.items() for name in names}
_FUNCTIONS = "hartonomous.api.standalone_functions"

__all__ = [*sorted(_WHERE), "extract"]


def __getattr__(name: str) -> Any:
    """Return what the API offers, imported when it is first asked for."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    if name == "extract":
        return import_module("hartonomous.extract")
    raise AttributeError(f"module 'hartonomous' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _ExtractPackage(ModuleType):
    """The package hartonomous.extract, which is also the verb: `hartonomous.extract(model, output)`."""

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        return import_module(_FUNCTIONS).extract(*arguments, **more)


class _Package(ModuleType):
    """This package: the import system sets the package `extract` on it, which is then callable."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "extract" and isinstance(value, ModuleType):
            value.__class__ = _ExtractPackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
