"""Ed25519 signatures in standard formats: C2SP signed notes, and DSSE envelopes of in-toto
statements.

A public key is one line, `name+key id+key` (C2SP signed-note): the key id is a hash of the rest, so
it detects typing errors.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hartonomous.errors import BadInput, VerificationFailed

ED25519 = b"\x01"
"""The algorithm's number in the key ids of signed notes."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"

LARGEST = 2**53 - 1
"""The largest integer that every JSON reader represents exactly."""


@dataclass(frozen=True)
class PublicKey:
    """A public key and the name under which it signs."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of a hash over name, algorithm and key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode(ED25519 + self.raw)}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise VerificationFailed unless the signature is this key's over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise VerificationFailed(
                f"The signature is not by key {self.name}+{self.id.hex()}: the text was changed, "
                "or another key signed it."
            ) from error


def read_public_key(text: str) -> PublicKey:
    """Return the key of a line `name+key id+key`.

    Raises BadInput if it is malformed, or its key id does not match the key.
    """
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
    raw = decode(match[3]) if match else b""
    if match is None or len(raw) != 33 or raw[:1] != ED25519:
        raise BadInput("It is not a public key; 'hartonomous keys' prints one: name+id+key.")
    key = PublicKey(match[1], raw[1:])
    if key.id.hex() != match[2]:
        raise BadInput("The public key's id does not match the key: it was copied incorrectly.")
    return key


@dataclass(frozen=True)
class SigningKey:
    """A private key; its printed form is its public half."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.name, self.private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"


@dataclass(frozen=True)
class Head:
    """The head of a log: its name, the number of entries, the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the signed text: the three lines of a C2SP checkpoint."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


def sign_note(text: str, key: SigningKey) -> str:
    """Return a text, ended by a line feed, as a signed note (C2SP signed-note) with one signature."""
    signature = key.private.sign(text.encode())
    return f"{text}\n\u2014 {key.name} {encode(key.public.id + signature)}\n"


def open_note(note: str, key: PublicKey) -> str:
    """Return the text of a signed note.

    Raises BadInput if it is malformed, VerificationFailed if the key did not sign it.
    """
    text, _, last = note.rpartition("\n\n\u2014 ")
    match = re.fullmatch(r"([^\n+ ]+) (\S+)\n", last)
    if not text or match is None:
        raise BadInput("It is not a signed note: a text, an empty line, a signature.")
    signed = decode(match[2])
    if match[1] != key.name or signed[:4] != key.id:
        raise VerificationFailed(
            f"It was signed by another key than {key.name}+{key.id.hex()}, or was changed."
        )
    key.verify(signed[4:], f"{text}\n".encode())
    return f"{text}\n"


def sign_head(head: Head, key: SigningKey) -> str:
    """Return a head as a signed note (C2SP tlog-checkpoint)."""
    return sign_note(head.text(), key)


def open_head(note: str, key: PublicKey) -> Head:
    """Return the head of a signed note.

    Raises BadInput if it is malformed, VerificationFailed if the key did not sign it.
    """
    match = re.fullmatch(
        r"([^\n+ ]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n\u2014 ([^\n+ ]+) (\S+)\n", note
    )
    if match is None:
        raise BadInput("It is not a signed head: origin, size, root, an empty line, a signature.")
    head, signed = Head(match[1], int(match[2]), decode(match[3])), decode(match[5])
    if match[4] != key.name or signed[:4] != key.id:
        raise VerificationFailed(
            f"The head was signed by another key than {key.name}+{key.id.hex()}."
        )
    key.verify(signed[4:], head.text().encode())
    return head


def sign_statement(statement: Mapping[str, object], key: SigningKey) -> bytes:
    """Return a DSSE envelope of a statement, both in canonical JSON, ended by a line feed."""
    payload = canonical(statement)
    signature = key.private.sign(pre_authentication(payload))
    envelope = {
        "payload": encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.public.id.hex(), "sig": encode(signature)}],
    }
    return canonical(envelope) + b"\n"


def pre_authentication(payload: bytes) -> bytes:
    """Return the bytes that a DSSE signature covers (DSSE 1.0, PAE)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def canonical(value: object) -> bytes:
    """Return the canonical JSON (RFC 8785) of a value of texts, whole numbers, lists and maps.

    Raises BadInput for a fraction, or a number that not every reader represents exactly.

    >>> canonical({"b": [1, None], "a": "é"}).decode()
    '{"a":"é","b":[1,null]}'
    """
    _check_whole(value)
    return rfc8785.dumps(value)  # type: ignore[arg-type]


def _check_whole(value: object) -> None:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            _check_whole(name)
            _check_whole(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            _check_whole(entry)
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise BadInput(
                f"{value} is larger than the integers that every JSON reader represents exactly."
            )
    elif not isinstance(value, str | None):
        raise BadInput(
            f"{value!r} is not allowed in a signed statement, only texts and whole numbers."
        )


def encode(raw: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(raw).decode()


def decode(text: str) -> bytes:
    """Return the bytes of canonical base64 text.

    Raises BadInput for any other text.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("That is not base64.") from error
    if encode(raw) != text:
        raise BadInput("It is not canonical base64.")
    return raw
