"""Which importer opens a path, and whose options are whose; with an importer of somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hartonomous
from hartonomous.bundle import read_bundle
from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_options import (
    INTEGER,
    PATH,
    RESERVED,
    SWITCH,
    ImporterOption,
    OpenOptions,
)
from hartonomous.extract.importer_protocol import (
    Claim,
    claim_of,
    declared_options,
    importer_for,
    importers,
    own_options,
)
from hartonomous.operations.model_request import ModelSettings, request_model
from tests.building import WORDS, write_vectors
from tests.command_line import failed, run
from tests.made_importer import IMPORTER, registered

SHOTS = "a.jpg cat 0.9\na.jpg dog 0.4\nb.jpg cat 0.7\nb.jpg dog 0.8\n"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    IMPORTER.given.clear()
    with registered(monkeypatch, detections=IMPORTER):
        yield


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    (tmp_path / "detected.shots").write_text(SHOTS)
    return tmp_path / "detected.shots"


def pairs(bundle: Path) -> set[tuple[str, str]]:
    read = read_bundle(bundle)
    texts = read.compositions()["text"].to_pylist()
    return {
        (texts[row["start"]], texts[row["end"]])
        for batch in read.evidence(read.tracks[0], 100)
        for row in batch.to_pylist()
    }


# ---------------------------------------------------------------- an importer of somebody else


def test_its_options_are_shown_and_arrive(made: None, shots: Path, tmp_path: Path) -> None:
    for command in ("ingest", "extract", "inspect", "advise"):
        told = run(command, "--help").stdout
        section = told.split("Options of detections:")[1]
        for text in ("--least-score", "--classes", "--class-names PATH", "--tiny / --no-tiny"):
            assert text in section, command
        assert "[default: 0.5]" in section and "0<=x<=1" in section
    told = run("importers", "detections").stdout
    assert "Least score of a detection.  [default: 0.5]" in told and "--limit" in told
    assert "detections" in run("importers").stdout

    done = run("extract", shots, "--output", tmp_path / "b")
    assert done.exit_code == 0, done.output
    assert pairs(tmp_path / "b") == {("a.jpg", "cat"), ("b.jpg", "cat"), ("b.jpg", "dog")}
    assert read_bundle(tmp_path / "b").source.excluded == {"below the score": 1}
    options = IMPORTER.given[-1]
    assert (options.least_score, options.classes, options.class_names, options.tiny) == (
        0.5, (), None, False,
    )  # fmt: skip
    own = ("--least-score", 0.75, "--classes", "dog", "--classes", "cat", "--tiny")
    done = run("extract", shots, *own, "--class-names", "l.txt", "--output", tmp_path / "c")
    assert done.exit_code == 0, done.output
    assert pairs(tmp_path / "c") == {("a.jpg", "cat"), ("b.jpg", "dog")}
    options = IMPORTER.given[-1]
    assert (options.classes, options.class_names, options.tiny) == (
        ("dog", "cat"),
        Path("l.txt"),
        True,
    )
    assert read_bundle(tmp_path / "c").source.digest != read_bundle(tmp_path / "b").source.digest


def test_its_options_are_keyword_arguments(made: None, shots: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"least_score": 0.75, "classes": ["cat"], "class_names": "l.txt"}
    hartonomous.extract(shots, tmp_path / "b", **settings)
    assert pairs(tmp_path / "b") == {("a.jpg", "cat")}
    assert IMPORTER.given[-1].class_names == Path("l.txt")
    (facts,) = hartonomous.importers("detections")
    assert facts.options["--tiny"] == "Use the small detector."
    with pytest.raises(UsageError, match="There is no setting 'most_score'"):
        request_model(shots, most_score=1)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="least_score must be 1 or less, not 2"):
        request_model(shots, least_score=2)  # type: ignore[call-arg]


def test_options_of_others_are_refused_in_one_way(made: None, shots: Path, tmp_path: Path) -> None:
    words = write_vectors(tmp_path / "m", WORDS[:8], np.eye(8, 5, dtype=np.float32) + 1)
    said = failed(2, "inspect", words, "--least-score", 0.9)
    assert "'numpy' has no option --least-score: its models detect nothing" in said
    assert "leave --least-score out" in said and "an option of 'detections'" in said
    said = failed(2, "inspect", shots, "--vocabulary", "w.txt", "--importer", "detections")
    assert "'detections' has no option --vocabulary: its models have their own words" in said
    assert "an option of 'huggingface' and 'numpy'" in said
    # What asks for nothing that it could not do is no fault.
    accepted = ("--tracks", "all", "--device", "cuda", "--samples", 0, "--least-score", 0.5)
    done = run("inspect", words, *accepted)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--least-score", 2), "not in the range"),
        (
            ("--tracks", "layer"),
            "'layer' is none of embedding, layers, heads, next, promotions, words, all",
        ),
        (("--device", "tpu"), "'tpu' is not one of"),
        (("--limit", 0), "not in the range"),
        (("--samples", -1), "not in the range"),
        (("--nothing", 1), "No such option"),
    ],
)
def test_wrong_values_are_told_before_anything_is_opened(
    made: None, given: tuple[object, ...], told: str
) -> None:
    assert told in failed(2, "inspect", "nowhere", *given)


def test_an_importer_without_declarations_gets_what_is_given(
    monkeypatch: pytest.MonkeyPatch, shots: Path
) -> None:
    class Old:
        name = "old"
        summary = "as importers were"
        opened: OpenOptions

        def recognises(self, path: Path) -> bool:
            return path.suffix == ".shots"

        def open(self, path: Path, options: OpenOptions) -> Any:
            self.opened = options
            raise BadInput("seen")

    old = Old()
    with registered(monkeypatch, old=old):
        assert claim_of(old, shots, OpenOptions()) is Claim.SURE  # type: ignore[arg-type]
        with pytest.raises(BadInput, match="seen"):
            open_model(str(shots), OpenOptions(limit=3, vocabulary=Path("w")))
    assert (old.opened.limit, old.opened.vocabulary, old.opened.samples) == (3, Path("w"), 0)


# ---------------------------------------------------------------- who opens what


class Claiming:
    summary = "claims"
    options = ()

    def __init__(self, name: str, claim: Claim | bool) -> None:
        self.name, self._claim = name, claim

    def recognises(self, path: Path) -> Claim | bool:
        return self._claim if path.suffix in (".shots", ".npz") else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> Any:
        raise BadInput(f"opened by {self.name}")


def test_the_surest_importer_opens_a_path(
    monkeypatch: pytest.MonkeyPatch, shots: Path, tmp_path: Path
) -> None:
    words = write_vectors(tmp_path / "m", WORDS[:8], np.eye(8, 5, dtype=np.float32) + 1)
    for first, second, chosen in (
        (Claim.LAST, Claim.POSSIBLE, "zz"),
        (Claim.LIKELY, Claim.POSSIBLE, "aa"),
        (True, Claim.LIKELY, "aa"),
        (Claim.NONE, Claim.LAST, "zz"),
        (False, True, "zz"),
    ):
        both = {"aa": Claiming("aa", first), "zz": Claiming("zz", second)}
        with registered(monkeypatch, **both):
            assert importer_for(shots).name == chosen
            if Claim.SURE not in (first, second) and True not in (first, second):
                assert importer_for(words).name == "numpy"


@pytest.mark.parametrize("claim", [Claim.LAST, Claim.POSSIBLE, Claim.SURE, True])
def test_two_equal_claims_are_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch, shots: Path, claim: Claim | bool
) -> None:
    both = {"aa": Claiming("aa", claim), "zz": Claiming("zz", claim)}
    with registered(monkeypatch, **both):
        with pytest.raises(UsageError, match="'aa' and 'zz' can both read") as refusal:
            importer_for(shots)
        assert "--importer aa or --importer zz" in str(refusal.value)
        assert importer_for(shots, "zz").name == "zz"
        assert "opened by zz" in failed(7, "inspect", shots, "--importer", "zz")


# ---------------------------------------------------------------- declarations


def test_settings_for_type_checkers_are_the_options_that_are_declared() -> None:
    searched = {"importer", "k", "centre", "subject", "licence", "family"}
    assert set(ModelSettings.__annotations__) == set(declared_options()) | searched


def test_declarations_that_contradict_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for option, fault in (
        (ImporterOption("limit", "Something else.", PATH), "declare --limit differently"),
        (
            ImporterOption("limit", "Several.", INTEGER, repeated=True),
            "declare --limit differently",
        ),
        (ImporterOption("json", "Print."), "which is no name of its own"),
        (ImporterOption("two words", "Print."), "which is no name of its own"),
    ):
        one = Claiming("zz", Claim.NONE)
        one.options = (option,)  # type: ignore[assignment]
        with registered(monkeypatch, zz=one):
            with pytest.raises(UsageError, match=fault):
                declared_options()
            assert fault in failed(2, "inspect", "nowhere")


def test_importers_may_share_a_name_with_defaults_of_their_own(
    monkeypatch: pytest.MonkeyPatch, shots: Path, tmp_path: Path
) -> None:
    seen: list[Any] = []

    class Boxes(Claiming):
        options = (ImporterOption("device", "Where it runs.", default="npu", choices=("npu",)),)  # type: ignore[assignment]

        def open(self, path: Path, options: OpenOptions) -> Any:
            seen.append(options.device)
            raise BadInput("seen")

    with registered(monkeypatch, boxes=Boxes("boxes", Claim.SURE)):
        failed(7, "inspect", shots)
        failed(7, "inspect", shots, "--device", "npu")
        assert "device is npu, not 'cpu'" in failed(2, "inspect", shots, "--device", "cpu")
        assert seen == ["npu", "npu"]
        told = " ".join(run("inspect", "--help").stdout.split())
        assert "Where it runs. [default: npu] Or: Device that runs the model" in told
        # Another importer has no use for either.
        words = write_vectors(tmp_path / "m", WORDS[:8], np.eye(8, 5, dtype=np.float32) + 1)
        assert run("inspect", words, "--importer", "numpy", "--device", "cuda").exit_code == 0


def test_names_of_commands_are_reserved() -> None:
    assert not RESERVED & set(declared_options())
    for name, one in importers().items():
        assert own_options(one), name


@pytest.mark.parametrize(
    ("option", "given", "fault"),
    [
        (ImporterOption("n", "", INTEGER), "3", "an integer, not '3'"),
        (ImporterOption("n", "", INTEGER), True, "an integer, not True"),
        (ImporterOption("n", "", INTEGER, least=2), 1, "2 or more, not 1"),
        (ImporterOption("n", "", PATH), 5, "is a path, not 5"),
        (ImporterOption("n", ""), Path("a"), "is a text"),
        (ImporterOption("n", "", SWITCH), "yes", "is a switch"),
        (ImporterOption("n", "", choices=("a", "b")), "c", "n is a or b, not 'c'"),
        (ImporterOption("n", "", INTEGER, repeated=True), [1, "b"], "an integer, not 'b'"),
    ],
)
def test_values_of_another_kind_are_refused(
    option: ImporterOption, given: object, fault: str
) -> None:
    with pytest.raises(UsageError, match=fault):
        option.read(given)


def test_values_are_read_once_or_twice_alike() -> None:
    for option, given in (
        (ImporterOption("n", "", PATH, repeated=True), ["a", Path("b")]),
        (ImporterOption("n", "", repeated=True), "single"),
        (declared_options()["tracks"][0].option, "layers,heads"),
        (ImporterOption("n", "", INTEGER), None),
    ):
        once = option.read(given)
        assert option.read(once) == once
    assert ImporterOption("n", "", repeated=True).read("single") == ("single",)
    read = ImporterOption("n", "", INTEGER).read(np.int64(3))
    assert read == 3 and type(read) is int
