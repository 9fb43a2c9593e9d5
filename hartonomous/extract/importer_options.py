"""Options of importers: each is declared beside the importer that has it, and settled in one place.

The command line, its help and the Python API derive theirs from the declarations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any

from hartonomous.errors import UsageError

TEXT, PATH, INTEGER, NUMBER, SWITCH = "text", "path", "integer", "number", "switch"
"""Kinds of values."""

RESERVED = frozenset(
    {"as", "as_json", "centre", "curve", "family", "help", "importer", "json", "k", "licence"}
    | {"model", "name", "output", "path", "progress", "quiet", "replace", "subject", "whole"}
)
"""Names that no importer's option may have: they are those of the commands that open sources."""


def _number(given: Any, whole: bool) -> int | float:
    return operator.index(given) if whole else float(given)


def _differs(value: Any, default: Any) -> bool:
    return bool(value != default)


@dataclass(frozen=True)
class ImporterOption:
    """An option of an importer: a keyword argument `name`, and the flag of the same name.

    `kind` is one of TEXT, PATH, INTEGER, NUMBER and SWITCH; a `repeated` option is a tuple of them.
    Integers and numbers are within `least` and `most`, texts one of `choices` if there are any.
    `parse` makes the value that the importer gets of what was given, and of that value itself.
    `asks(value, default)` says whether a value asks for anything: one that does not is accepted for
    importers without the option. `unfit(value)` says why they have no use for it. `shown` is the
    default in the help, where it is no constant.
    """

    name: str
    help: str
    kind: str = TEXT
    default: Any = None
    repeated: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    parse: Callable[[Any], Any] | None = None
    asks: Callable[[Any, Any], bool] = _differs
    unfit: Callable[[Any], str] | None = None
    shown: str | None = None

    def __post_init__(self) -> None:
        if self.repeated and self.default is None:
            object.__setattr__(self, "default", ())

    @property
    def flag(self) -> str:
        """Return the flag on the command line.

        >>> ImporterOption("least_score", "Least score.").flag
        '--least-score'
        """
        return "--" + self.name.replace("_", "-")

    @property
    def shape(self) -> tuple[object, ...]:
        """Return what importers that share the name have to agree on."""
        return self.kind, self.repeated

    @property
    def default_text(self) -> str | None:
        """Return the default as the help shows it; None if there is none."""
        if self.shown is not None or self.default is None or self.default is False:
            return self.shown
        if isinstance(self.default, frozenset | tuple):
            return ",".join(sorted(self.default)) or None
        return str(self.default)

    def read(self, given: Any) -> Any:
        """Return the value of what was given; None, or nothing repeated, is the default.

        Raises UsageError for a value of another kind or out of range.
        """
        if given is None or (self.repeated and not given):
            return self.default
        if self.parse is not None:
            return self.parse(given)
        if not self.repeated:
            return self._single(given)
        several = [given] if isinstance(given, str | PathLike) else given
        return tuple(self._single(one) for one in several)

    def _single(self, given: Any) -> Any:
        if self.kind == PATH and isinstance(given, str | PathLike):
            return Path(given)
        if self.kind in (INTEGER, NUMBER):
            return self._within(given)
        if isinstance(given, bool if self.kind == SWITCH else str):
            if self.choices and given not in self.choices:
                raise UsageError(f"{self.name} is {' or '.join(self.choices)}, not {given!r}.")
            return given
        raise UsageError(f"{self.name} is a {self.kind}, not {given!r}.")

    def _within(self, given: Any) -> Any:
        whole = self.kind == INTEGER
        # NumPy's numbers, too.
        if isinstance(given, bool) or not isinstance(given, Integral if whole else Real):
            raise UsageError(
                f"{self.name} is {'an integer' if whole else 'a number'}, not {given!r}."
            )
        number = _number(given, whole)
        if self.least is not None and number < self.least:
            raise UsageError(f"{self.name} must be {self.least} or more, not {number}.")
        if self.most is not None and number > self.most:
            raise UsageError(f"{self.name} must be {self.most} or less, not {number}.")
        return number


class OpenOptions:
    """The options for opening a source, by name: `options.limit`.

    What was not given has the default that its importer declares. Three go by place, too:
    vocabulary, tensor, limit.
    """

    def __init__(
        self,
        vocabulary: Path | None = None,
        tensor: str | None = None,
        limit: int | None = None,
        **given: Any,
    ) -> None:
        usual = {"vocabulary": vocabulary, "tensor": tensor, "limit": limit}
        self.given: Mapping[str, Any] = {**usual, **given}

    def changed(self, **given: Any) -> OpenOptions:
        """Return the same options with some given besides or instead."""
        return OpenOptions(**{**self.given, **given})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "given":
            raise AttributeError(name)
        if name in self.given:
            return self.given[name]
        from hartonomous.extract.importer_protocol import declared_options

        declared = declared_options()
        if name not in declared:
            raise AttributeError(f"There is no option {name!r} of an importer.")
        return declared[name][0].option.default

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpenOptions) and self.given == other.given

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.given)))

    def __repr__(self) -> str:
        said = (f"{name}={value!r}" for name, value in self.given.items() if value is not None)
        return f"OpenOptions({', '.join(said)})"


@dataclass(frozen=True)
class Declaration:
    """An option as one importer declares it."""

    importer: str
    option: ImporterOption


Declarations = Mapping[str, Sequence[Declaration]]
"""For each name of an option, the importers that have it."""


def gather(options: Mapping[str, Sequence[ImporterOption]]) -> dict[str, list[Declaration]]:
    """Return the declarations by name, of the options of each importer.

    Raises UsageError for a reserved name, and for a name that two importers use for values of
    different kinds.
    """
    found: dict[str, list[Declaration]] = {}
    for importer, own in options.items():
        for option in own:
            if option.name in RESERVED or not option.name.isidentifier():
                raise UsageError(
                    f"The importer {importer!r} declares an option {option.name!r}, which is no name "
                    "of its own; it has to choose another."
                )
            first = found.setdefault(option.name, [Declaration(importer, option)])[0]
            if first.option.shape != option.shape:
                raise UsageError(
                    f"The importers {first.importer!r} and {importer!r} declare {option.flag} "
                    "differently; one has to choose another name."
                )
            if first.importer != importer:
                found[option.name].append(Declaration(importer, option))
    return found


def read_early(declared: Sequence[Declaration], given: Any) -> Any:
    """Return the value of an option before its importer is known; as given where that decides."""
    option = declared[0].option
    return option.read(given) if all(one.option == option for one in declared) else given


def settle(
    importer: str, own: Sequence[ImporterOption], options: OpenOptions, declared: Declarations
) -> OpenOptions:
    """Return an importer's options: what was given, else the defaults.

    Raises UsageError for a value that it does not accept, and for an option that it does not have.
    """
    names = {option.name for option in own}
    for name, value in options.given.items():
        if name not in names:
            _refuse_foreign(importer, name, value, declared)
    return OpenOptions(
        **{option.name: option.read(options.given.get(option.name)) for option in own}
    )


def _refuse_foreign(importer: str, name: str, value: Any, declared: Declarations) -> None:
    """Raise UsageError for a value that asks for what an importer cannot do."""
    if value is None or (name in declared and not _asks(declared[name], value)):
        return
    if name not in declared:
        known = ", ".join(declared)
        raise UsageError(f"No importer has an option {name!r}; there are {known}.")
    option = declared[name][0].option
    reason = f": {option.unfit(_valued(option, value))}" if option.unfit is not None else ""
    others = " and ".join(f"{one.importer!r}" for one in declared[name])
    raise UsageError(
        f"The importer {importer!r} has no option {option.flag}{reason}; leave {option.flag} out, or "
        f"name another importer with --importer. It is an option of {others}."
    )


def _asks(declared: Sequence[Declaration], value: Any) -> bool:
    """Return whether a value asks for anything, by every importer that accepts it."""
    return all(one.option.asks(_valued(one.option, value), one.option.default) for one in declared)


def _valued(option: ImporterOption, value: Any) -> Any:
    """Return a value as an option reads it, or as it was given where that option does not accept it."""
    try:
        return option.read(value)
    except UsageError:
        return value


LIMIT = ImporterOption("limit", "Use only the first N entries.", INTEGER, least=1)

VOCABULARY = ImporterOption(
    "vocabulary",
    "Word list for a matrix without words.",
    PATH,
    unfit=lambda value: "its models have their own words",
)

TENSOR = ImporterOption(
    "tensor",
    "Name of the embedding matrix, if there are several.",
    unfit=lambda value: "its models have one matrix",
)

DEVICE = ImporterOption(
    "device",
    "Device that runs the model; vectors agree within a thousandth of their length.",
    default="cpu",
    choices=("cpu", "cuda"),
    # It says where something is run; where nothing is, it makes no difference.
    asks=lambda value, default: False,
)
