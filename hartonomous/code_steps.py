"""Steps through which a call in code was resolved, as bits of the column `steps`, and how they read."""

from __future__ import annotations

from enum import IntFlag


class Step(IntFlag):
    """What a call was resolved through."""

    SCOPE = 1
    IMPORT = 2
    ATTRIBUTE = 4
    ARGUMENT = 8
    RESULT = 16
    ITEM = 32
    INHERITANCE = 64
    TYPE = 128
    OBJECT = 256
    DECORATOR = 512
    PROTOCOL = 1024
    BUILTIN = 2048
    PACKAGE = 4096


STEP_NAMES = {
    Step.SCOPE: "a name in scope",
    Step.IMPORT: "an import",
    Step.ATTRIBUTE: "an attribute",
    Step.ARGUMENT: "an argument",
    Step.RESULT: "a returned value",
    Step.ITEM: "an item of a container",
    Step.INHERITANCE: "a base class",
    Step.TYPE: "a declared type",
    Step.OBJECT: "an object of a class",
    Step.DECORATOR: "a decorator",
    Step.PROTOCOL: "iteration, context or property",
    Step.BUILTIN: "a function that calls its argument",
    Step.PACKAGE: "the only definition of that name in the package",
}


def step_names(bits: int) -> list[str]:
    """Return what bits of the column `steps` say, in their order.

    >>> step_names(6), step_names(0)
    (['an import', 'an attribute'], [])
    """
    return [name for step, name in STEP_NAMES.items() if bits & step]
