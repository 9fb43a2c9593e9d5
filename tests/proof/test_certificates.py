"""Certificates: whoever has the public key can tell a true one from a changed one, anywhere."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import EvidenceRange, Selectors
from hartonomous.delete.undo import undo
from hartonomous.errors import Conflict, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof.certificate import (
    Check,
    Copy,
    Deletion,
    open_names,
)
from hartonomous.proof.claims import certify
from hartonomous.proof.verify_certificate import Invalid, WrongNames, canonical, report, verify
from hartonomous.transparency import keys
from hartonomous.transparency.signing import SigningKey, sign_statement
from hartonomous.transparency.transparency_log import (
    Entry,
    append,
    erase_names,
    prove,
    read_log,
    seal,
    verify_log,
)
from tests.building import WORDS, put_in, random_bundle, silent
from tests.certificates import DELETION, issue, told_by_the_page
from tests.signing_keys import new_key


@pytest.fixture
def key(graph: Graph) -> str:
    """The public key of a graph whose log has some acts already."""
    with WriterLock(graph, "test") as lock:
        for _ in range(4):
            append(graph, lock, Entry("rate"))
    return str(keys.signing_key().public)


Verify = Callable[[bytes, str], dict[str, Any]]


def test_a_certificate_says_what_was_done(graph: Graph, key: str) -> None:
    certificate = issue(graph)
    facts = verify(certificate, key, open_names(certificate))
    assert facts["claims"]["removed"]["evidence"] == 1_000_000
    assert facts["log"]["index"] == 4
    assert sorted(facts["names"].values()) == ["Ada <b>", "glove", "minilm"]
    assert facts["left"] == []
    assert facts["claims"]["software"]["edition"] == "community"
    assert "any law is complied with" in " ".join(facts["claims"]["does_not_establish"])


@pytest.mark.parametrize("now", ["2026-12-24T23:59:59Z", "9999-12-24T23:59:59Z"])
def test_a_deletion_can_be_restored_until_its_window_ends(graph: Graph, key: str, now: str) -> None:
    certificate = issue(graph)
    assert verify(certificate, key, now=now)["restorable"] == "9999-12-25T00:00:00Z"
    assert verify(certificate, key, now="9999-12-25T00:00:00Z")["restorable"] is None
    erased = issue(graph, Deletion(**{**vars(DELETION), "verb": "erase", "key": "two"}))
    assert verify(erased, key, now=now)["restorable"] is None


@pytest.mark.parametrize(
    "names", [b"", b"{}", b"[1]", b'[{"hmac":"00","key":"00","name":"source:x"}]', b'[{"a":1}]']
)
def test_names_that_do_not_fit_are_told_apart_from_a_forgery(
    graph: Graph, key: str, names: bytes
) -> None:
    certificate = issue(graph)
    if names == b"{}":
        # A list without names hides nothing.
        assert verify(certificate, key, names)["names"] == {}
        return
    with pytest.raises(WrongNames, match="does not fit"):
        verify(certificate, key, names)
    other = issue(graph, Deletion(**{**vars(DELETION), "subjects": ["source:x"], "survivors": (),
                                     "residual": (), "key": "two"}))  # fmt: skip
    with pytest.raises(WrongNames, match="another certificate"):
        verify(certificate, key, open_names(other))


def test_people_read_no_names_of_files_or_fields(graph: Graph, key: str) -> None:
    said = report(verify(issue(graph), key))
    assert "audit/" not in said and "delete/" not in said and "milli" not in said
    assert "in sum -123,456.789, by at most 20.000" in said
    assert "remaining copy: rows kept for 'hartonomous undo', until 9999-12-25T00:00:00Z" in said


def test_it_holds_no_name(graph: Graph, key: str) -> None:
    envelope = json.loads(issue(graph))
    statement = base64.b64decode(envelope["payload"]).decode()
    assert not any(name in statement for name in ("glove", "minilm", "Ada"))


def test_after_an_erasure_its_names_stay_closed(graph: Graph, key: str) -> None:
    certificate = issue(graph)
    with WriterLock(graph, "test") as lock:
        erase_names(graph, lock, ["person:Ada <b>"])
    assert "Ada" not in open_names(certificate).decode()
    verify(certificate, key, open_names(certificate))


def test_issued_again_it_is_logged_once(graph: Graph, key: str) -> None:
    first = verify(issue(graph), key)
    with WriterLock(graph, "test") as lock:
        append(graph, lock, Entry("rate"))
    again = verify(issue(graph), key)
    assert (again["claims"], again["log"]["index"]) == (first["claims"], first["log"]["index"])
    with pytest.raises(VerificationFailed, match="other claims"):
        issue(graph, Deletion(**{**vars(DELETION), "after": "d" * 64}))


def test_checks_that_found_something_are_named(graph: Graph, key: str) -> None:
    checks = [Check("delete/count_evidence", 0, 3)]
    facts = verify(issue(graph, Deletion(**{**vars(DELETION), "checks": checks})), key)
    assert [check["got"] for check in facts["left"]] == [3]


def test_any_byte_changed_is_told(graph: Graph, key: str) -> None:
    for raw in (issue(graph), proof_of(graph), (seal(graph) or "").encode()):
        verify(raw, key)
        for place in range(len(raw)):
            with pytest.raises(Invalid):
                verify(bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]]), key)
        for cut in range(0, len(raw), 7):
            with pytest.raises(Invalid):
                verify(raw[:cut], key)
        for more in (b"\n", b" ", b"{}", b"\0"):
            with pytest.raises(Invalid):
                verify(raw + more, key)


def proof_of(graph: Graph) -> bytes:
    return canonical(prove(graph, 2)) + b"\n"


def test_another_key_and_a_key_mistyped_are_told(graph: Graph, key: str) -> None:
    certificate = issue(graph)
    with pytest.raises(Invalid, match="Another key"):
        verify(certificate, str(new_key().public))
    for place in range(len(key)):
        with pytest.raises(Invalid):
            verify(certificate, key[:place] + chr(ord(key[place]) ^ 1) + key[place + 1 :])
    for wrong in ("", "no key", "a" * 5000):
        with pytest.raises(Invalid, match="key"):
            verify(certificate, wrong)


def resigned(certificate: bytes, change: Callable[[Any], None], signer: SigningKey) -> bytes:
    """The certificate changed and signed anew, as a keeper of the key could without the log."""
    statement = json.loads(base64.b64decode(json.loads(certificate)["payload"]))
    change(statement)
    return sign_statement(statement, signer)


def claim(name: str, value: object) -> Callable[[Any], None]:
    return lambda statement: statement["predicate"]["claims"].update({name: value})


def logged(name: str, value: object) -> Callable[[Any], None]:
    return lambda statement: statement["predicate"]["log"].update({name: value})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (claim("verb", "erase"), "other claims"),
        (claim("after", "d" * 64), "other claims"),
        (claim("checks", []), "other claims"),
        (logged("index", 3), "not in the log"),
        (logged("index", 99), "no such entry"),
        (logged("proof", []), "not in the log"),
        (lambda s: s.update(subject=[]), "another graph"),
        (lambda s: s.update(predicateType="urn:other"), "something else"),
        (lambda s: s["predicate"].pop("log"), "missing"),
        (lambda s: s["predicate"]["claims"].pop("checks"), "other claims"),
    ],
)
def test_what_the_log_does_not_hold_cannot_be_certified(
    graph: Graph, key: str, change: Callable[[Any], None], said: str
) -> None:
    certificate = issue(graph)
    with pytest.raises(Invalid, match=said):
        verify(resigned(certificate, change, keys.signing_key()), key)


@pytest.mark.parametrize(
    "odd", [b"", b"{}\n", b"[]", b"null", b'{"a":1.5}\n', b'{"a":NaN}\n', b"\xff", b'{"a":"\\ud800"}\n',
            b'{"payload":1,"payloadType":2,"signatures":3}\n', b"{" + b'"a":{' * 100_000]
)  # fmt: skip
def test_what_is_no_certificate_is_told(odd: bytes) -> None:
    with pytest.raises(Invalid):
        verify(odd, str(new_key().public))


def test_a_stranger_needs_one_file(graph: Graph, key: str, tmp_path: Path) -> None:
    for name in ("verify_certificate.py",):
        (tmp_path / name).write_bytes((files("hartonomous.proof") / name).read_bytes())
    certificate = issue(graph)
    (tmp_path / "c").write_bytes(certificate)
    (tmp_path / "key.pub").write_text(key + "\n")
    (tmp_path / "names").write_bytes(open_names(certificate))

    def stranger(*arguments: str) -> subprocess.CompletedProcess[str]:
        # Isolated, from another folder, where importing anything of ours fails and no socket opens.
        guard = (
            "import runpy, socket, sys\n"
            "class Guard:\n"
            "    def find_spec(self, name, *_):\n"
            "        assert name.split('.')[0] not in ('hartonomous', 'importers', 'neo4j')\n"
            "sys.meta_path.insert(0, Guard())\n"
            "socket.socket = None\n"
            "sys.argv = sys.argv[1:]\n"
            "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        )
        return subprocess.run(
            [sys.executable, "-I", "-c", guard, "verify_certificate.py", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    done = stranger("c", "--key", "key.pub", "--names", "names")
    assert done.returncode == 1, done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first == "AUTHENTIC: delete of source glove, person Ada <b>"
    assert second == "RESTORABLE until 9999-12-25T00:00:00Z: the deletion can be undone"
    (tmp_path / "names").write_text('[{"hmac":"00","key":"00","name":"source:x"}]')
    done = stranger("c", "--key", "key.pub", "--names", "names")
    assert (done.returncode, done.stdout) == (7, "")
    assert "AUTHENTIC, but: The file of names does not fit." in done.stderr
    over = [Copy("retention", "2026-01-01T00:00:00Z")]
    ended = issue(graph, Deletion(**{**vars(DELETION), "copies": over, "key": "ended"}))
    (tmp_path / "ended").write_bytes(ended)
    assert stranger("ended", "--key", key).returncode == 0
    assert json.loads(stranger("c", "--key", key, "--json").stdout)["log"]["index"] == 4
    (tmp_path / "c").write_bytes(certificate.replace(b'"sig":"', b'"sig":"A', 1))
    done = stranger("c", "--key", key)
    assert (done.returncode, done.stdout) == (6, "")
    assert "NOT AUTHENTIC" in done.stderr
    assert stranger("missing", "--key", key).returncode == 2
    checks = [Check("delete/count_evidence", 0, 3)]
    left = issue(graph, Deletion(**{**vars(DELETION), "checks": checks, "key": "two"}))
    (tmp_path / "c").write_bytes(left)
    assert stranger("c", "--key", key).returncode == 1


@pytest.mark.parametrize(
    "selected",
    [
        Selectors(sources=("two",)),
        Selectors(concepts=(WORDS[0],)),
        Selectors(evidence=(EvidenceRange("one", "EMBEDDING_EVIDENCE", 0, 800_000),)),
    ],
    ids=["source", "concept", "evidence"],
)
def test_the_certificate_of_a_real_deletion_is_what_the_graph_says(
    graph: Graph, tmp_path: Path, selected: Selectors
) -> None:
    for name, seed in (("one", 1), ("two", 2)):
        put_in(graph, random_bundle(tmp_path, seed, size=len(WORDS)), name)
    before, digest = relations(graph), state_digest(graph)
    with WriterLock(graph, "test") as lock:
        report = delete(graph, lock, selected, silent)
        certificate = certify(graph, lock, report.id, report.residual)
    after = relations(graph)
    facts = verify(certificate, str(keys.signing_key().public), open_names(certificate))
    claims = facts["claims"]
    assert facts["left"] == [] and len(claims["checks"]) == 4
    assert (claims["before"], claims["after"]) == (digest, state_digest(graph))
    assert claims["removed"]["evidence"] == report.removed > 0
    assert claims["removed"]["relations"] == len(before.keys() - after.keys())
    assert claims["stands"]["relations"] == len(after)
    moved = [round(1000 * (after[pair] - before[pair])) for pair in after]
    assert claims["rerated"]["milli_elo"] == sum(moved)
    assert claims["rerated"]["milli_elo_most"] == max(map(abs, moved))
    assert claims["rerated"]["raised"] == sum(change > 0 for change in moved)
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, report.id, silent)
    assert verify_log(graph).findings == ()
    assert [row["act"] for row in read_log(graph, 3)] == ["undo", "deleted", "delete"]


def relations(graph: Graph) -> dict[tuple[str, str], float]:
    rows = graph.read("MATCH (a)-[r:RELATES]->(b) RETURN a.key AS a, b.key AS b, r.elo AS elo")
    return {(row["a"], row["b"]): row["elo"] for row in rows}


def test_a_certificate_is_of_the_graph_as_it_is(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, random_bundle(tmp_path, 2), "two")
    with WriterLock(graph, "test") as lock:
        report = delete(graph, lock, Selectors(sources=("two",)), silent)
    put_in(graph, random_bundle(tmp_path, 3), "three")
    with pytest.raises(Conflict, match="has changed"), WriterLock(graph, "test") as lock:
        certify(graph, lock, report.id)


def test_the_page_agrees_with_the_script_on_every_byte(
    graph: Graph, key: str, tmp_path: Path
) -> None:
    certificate = issue(graph)
    held = {
        "certificate": certificate,
        "proof": proof_of(graph),
        "head": (seal(graph) or "").encode(),
    }
    told = told_by_the_page(tmp_path, key, open_names(certificate), held)
    for (name, raw), answer in zip(held.items(), told["answers"], strict=True):
        names = open_names(certificate) if name == "certificate" else None
        assert answer["facts"] == verify(raw, key, names)
        assert answer["accepted"] == []
    assert "not a public key" in told["other"]
    assert told["wrongNames"].startswith("WrongNames: The file of names does not fit.")
    shown = dict(told["answers"][0]["rows"])
    assert shown["what was done"] == "delete of source glove, person Ada <b>"
    assert shown["restorable"] == "until 9999-12-25T00:00:00Z: the deletion can be undone"
    # The same words for the same codes.
    script = report(verify(certificate, key, open_names(certificate)))
    for title in ("rated again", "residual"):
        assert f"{title}: {shown[title]}" in script
    assert all(f"remaining copy: {copy}" in script for copy in answer_copies(told))


def answer_copies(told: dict[str, Any]) -> list[str]:
    return [text for title, text in told["answers"][0]["rows"] if title == "remaining copy"]


def test_the_page_may_reach_no_network_and_writes_text_only() -> None:
    page = (files("hartonomous.proof") / "verify_certificate.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert not any(part in page for part in ("http://", "src=", "href=", "innerHTML", "fetch("))
    assert page.count("https://") == page.count("https://in-toto.io/Statement/v1") == 1
