"""Keys and signed heads, stored outside the graph in files readable by their owner only.

    keys/  signing-key     signs heads and certificates; created once
           public-keys     the public half of every key ever used here, the last one current
           subjects.json   for each name in the log, the key of its HMACs; erasure destroys it
           heads/<log>/    server, and the signed heads, one file per size
           inventories/<log>  the graph's inventory at the end of the last act, signed; facts of a
                           source are encrypted under the source's key
           signed-<kind>   folders in which every file of a kind is signed
           suppression.key  the key of the hashes of suppressed data
           erasures/<graph>.json  the suppressed data, by these hashes, and lifted suppressions

The directory is HARTONOMOUS_KEYS, else `<home>-keys` beside the managed server's home: neither a
copy of the graph nor a purge includes the keys.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hartonomous.atomic_files import write_private
from hartonomous.errors import BadInput, ServerError, VerificationFailed
from hartonomous.identity import canonical_json
from hartonomous.server.file_locks import turn
from hartonomous.server.home import default_home
from hartonomous.transparency.signing import (
    ED25519,
    PublicKey,
    SigningKey,
    decode,
    encode,
    open_note,
    read_public_key,
    sign_note,
)

KEY_NAME = "hartonomous"
NONCE = 12
"""Length of the nonce of each encryption, in bytes; never used twice under one key."""
_PRIVATE = "PRIVATE+KEY"


def directory() -> Path:
    """Return the directory of keys and heads, created if it is missing."""
    chosen = os.environ.get("HARTONOMOUS_KEYS")
    home = default_home()
    place = Path(chosen).absolute() if chosen else home.with_name(f"{home.name}-keys")
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(
            f"The keys cannot be stored in {place}: {error.strerror or error}. Set "
            "HARTONOMOUS_KEYS to a writable directory that outlives the home; nothing is signed "
            "without it."
        ) from error
    return place


def signing_key() -> SigningKey:
    """Return the signing key, created on first use.

    Raises VerificationFailed if it is missing although it was used, or is not the one used.
    """
    with _turn() as place:
        known = public_keys(place)
        file = place / "signing-key"
        if not file.exists() and not known:
            return _make(place)
        try:
            key = _read(file.read_text("utf-8"))
        except FileNotFoundError as error:
            raise VerificationFailed(
                f"The signing key {file} is gone, although it was used before. Restore it, or "
                "create another with 'hartonomous keys --new'; existing signatures remain valid."
            ) from error
        if not known or known[-1] != key.public:
            raise VerificationFailed(
                f"The signing key {file} is not the one last used (named in public-keys beside "
                "it). Restore that, or create another with 'hartonomous keys --new'."
            )
        return key


def new_signing_key() -> SigningKey:
    """Create another signing key; signatures of the earlier ones can still be verified."""
    with _turn() as place:
        return _make(place)


def public_keys(place: Path | None = None) -> list[PublicKey]:
    """Return the public half of every key used here, the current one last."""
    file = (place or directory()) / "public-keys"
    if not file.exists():
        return []
    return [read_public_key(line) for line in file.read_text("utf-8").splitlines()]


def signed(text: str) -> str:
    """Return a text as a note signed by the signing key."""
    return sign_note(text, signing_key())


def opened(note: str) -> str:
    """Return the text of a note that any key used here signed.

    Raises BadInput for a malformed note, VerificationFailed if no key used here signed it.
    """
    for key in reversed(public_keys()):
        with suppress(VerificationFailed):
            return open_note(note, key)
    raise VerificationFailed("It was changed, or signed by a key that was never used here.")


def _make(place: Path) -> SigningKey:
    key = SigningKey(KEY_NAME, Ed25519PrivateKey.generate())
    seed = encode(ED25519 + key.private.private_bytes_raw())
    lines = [*map(str, public_keys(place)), str(key.public)]
    # The private half first: a public key without one could never sign again.
    write_private(place / "signing-key", f"{_PRIVATE}+{KEY_NAME}+{key.public.id.hex()}+{seed}\n")
    write_private(place / "public-keys", "".join(f"{line}\n" for line in lines))
    return key


def _read(text: str) -> SigningKey:
    parts = text.strip().split("+", 4)
    if len(parts) == 5 and "+".join(parts[:2]) == _PRIVATE:
        raw = decode(parts[4])
        if len(raw) == 33 and raw[:1] == ED25519:
            key = SigningKey(parts[2], Ed25519PrivateKey.from_private_bytes(raw[1:]))
            if key.public.id.hex() == parts[3]:
                return key
    raise BadInput("The file of the signing key is not valid; restore the right file.")


def keyed_hashes(subjects: Iterable[str]) -> dict[str, str]:
    """Return for each subject, `kind:name`, its HMAC-SHA256 in hexadecimal.

    Each subject has a random key, created on first use and destroyed by an erasure.
    """
    wanted = list(subjects)
    with _turn() as place:
        keys = _subject_keys(place)
        fresh = {name: secrets.token_hex(32) for name in wanted if name not in keys}
        if fresh:
            keys |= fresh
            write_private(place / "subjects.json", canonical_json(keys) + "\n")
    return {name: _hmac(keys[name], name) for name in wanted}


def known_hashes() -> dict[str, str]:
    """Return every subject whose key exists, by its HMAC."""
    return {_hmac(key, name): name for name, key in _subject_keys(directory()).items()}


def openings() -> list[dict[str, str]]:
    """Return hmac, key and name of every subject: with them anybody can check the name behind a
    hash.
    """
    known = _subject_keys(directory())
    found = [{"hmac": _hmac(key, name), "key": key, "name": name} for name, key in known.items()]
    return sorted(found, key=lambda each: each["hmac"])


def lock_away(texts: Mapping[str, str]) -> dict[str, str]:
    """Return each subject's text encrypted under its key (AES-256-GCM, base64), by the subject's
    HMAC.

    After the subject's key is destroyed, nobody can read it.
    """
    hashes, known = keyed_hashes(texts), _subject_keys(directory())
    locked = {}
    for subject, text in texts.items():
        nonce, own = secrets.token_bytes(NONCE), hashes[subject].encode()
        sealed = AESGCM(_cipher_key(known[subject])).encrypt(nonce, text.encode(), own)
        locked[hashes[subject]] = encode(nonce + sealed)
    return locked


def unlock(locked: Mapping[str, str]) -> dict[str, str]:
    """Return by subject the encrypted texts whose subjects' keys exist.

    Raises VerificationFailed for a changed one.
    """
    found = {}
    for subject, key in _subject_keys(directory()).items():
        own = _hmac(key, subject)
        if own not in locked:
            continue
        raw = decode(locked[own])
        try:
            text = AESGCM(_cipher_key(key)).decrypt(raw[:NONCE], raw[NONCE:], own.encode())
        except InvalidTag as error:
            raise VerificationFailed("Data encrypted under a key was changed.") from error
        found[subject] = text.decode()
    return found


def destroy_keys(subjects: Iterable[str]) -> dict[str, str]:
    """Destroy the keys of subjects; return the HMACs that nobody can resolve from now on."""
    with _turn() as place:
        keys = _subject_keys(place)
        gone = {name: _hmac(keys.pop(name), name) for name in set(subjects) if name in keys}
        if gone:
            write_private(place / "subjects.json", canonical_json(keys) + "\n")
    return gone


def keep_erasure(
    graph: str, erasure: str, complete: bool, rows: Sequence[Mapping[str, object]]
) -> None:
    """Store the keyed hashes that an erasure suppresses in a graph, so that no backup restores the
    data.

    `complete` says that these hashes recognise all erased data.
    """
    with _turn() as place:
        kept = kept_erasures(graph)
        known = {row["id"] for row in rows}
        kept["erasures"][erasure] = complete
        kept["rows"] = [row for row in kept["rows"] if row["id"] not in known] + list(rows)
        kept["lifted"] = [one for one in kept["lifted"] if one not in known]
        _keep_erasures(place, graph, kept)


def keep_lifted(graph: str, suppression: str) -> None:
    """Record that a suppression was lifted."""
    with _turn() as place:
        kept = kept_erasures(graph)
        kept["rows"] = [row for row in kept["rows"] if row["id"] != suppression]
        kept["lifted"] = sorted({*kept["lifted"], suppression})
        _keep_erasures(place, graph, kept)


def kept_erasures(graph: str) -> dict[str, Any]:
    """Return the recorded `erasures` of a graph, each with whether hashes recognise all of it,
    suppressed `rows` and ids `lifted` since.
    """
    file = directory() / "erasures" / f"{graph}.json"
    if not file.exists():
        return {"erasures": {}, "rows": [], "lifted": []}
    kept = json.loads(file.read_text("utf-8"))
    assert isinstance(kept, dict)
    return kept


def _keep_erasures(place: Path, graph: str, kept: Mapping[str, object]) -> None:
    (place / "erasures").mkdir(mode=0o700, exist_ok=True)
    write_private(place / "erasures" / f"{graph}.json", canonical_json(kept) + "\n")


def mark(kind: str, folder: Path) -> None:
    """Record that all files of a kind in a folder are signed from now on."""
    with _turn() as place:
        marked = place / f"signed-{kind}"
        known = marked.read_text("utf-8") if marked.exists() else ""
        write_private(marked, f"{known}{folder.absolute()}\n")


def is_marked(kind: str, folder: Path) -> bool:
    """Return whether `mark` was called for a kind of files and a folder."""
    marked = directory() / f"signed-{kind}"
    known = marked.read_text("utf-8").splitlines() if marked.exists() else []
    return str(folder.absolute()) in known


def keep_head(log: str, size: int, note: str, server: str) -> None:
    """Store a signed head of a log, and the server of that log."""
    with _turn() as place:
        folder = place / "heads" / log
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / f"{size:010d}", note)
        write_private(folder / "server", server + "\n")


def kept_heads(log: str) -> list[str]:
    """Return the stored heads of a log, the smallest first."""
    folder = directory() / "heads" / log
    files = sorted(folder.glob("[0-9]*")) if folder.is_dir() else []
    return [file.read_text("utf-8") for file in files]


def keep_inventory(log: str, note: str) -> None:
    """Store the inventory of a log's graph, replacing the previous one."""
    with _turn() as place:
        (place / "inventories").mkdir(mode=0o700, exist_ok=True)
        write_private(place / "inventories" / log, note)


def kept_inventory(log: str) -> str | None:
    """Return the stored inventory of a log's graph, signed; None if there is none."""
    file = directory() / "inventories" / log
    return file.read_text("utf-8") if file.is_file() else None


def logs_of(server: str) -> list[str]:
    """Return the logs with stored heads of a server."""
    return [log for log, found in servers_of_logs().items() if found == server]


def servers_of_logs() -> dict[str, str]:
    """Return the logs with stored heads, each with its server."""
    found = sorted((directory() / "heads").glob("*/server"))
    return {file.parent.name: file.read_text("utf-8").strip() for file in found}


def _subject_keys(place: Path) -> dict[str, str]:
    file = place / "subjects.json"
    if not file.exists():
        return {}
    keys = json.loads(file.read_text("utf-8"))
    assert isinstance(keys, dict)
    return keys


def _cipher_key(key: str) -> bytes:
    return hmac.new(bytes.fromhex(key), b"hartonomous/locked away", sha256).digest()


def _hmac(key: str, subject: str) -> str:
    return hmac.new(bytes.fromhex(key), subject.encode(), sha256).hexdigest()


@contextmanager
def _turn() -> Iterator[Path]:
    place = directory()
    with turn(place / "lock", "changing keys"):
        yield place
