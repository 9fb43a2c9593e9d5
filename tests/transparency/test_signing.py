"""Signed heads and statements: whatever is changed in them, even one byte, is told."""

from __future__ import annotations

import pytest

from hartonomous.errors import BadInput, HartonomousError, VerificationFailed
from hartonomous.transparency.signing import (
    Head,
    PublicKey,
    canonical,
    open_head,
    read_public_key,
    sign_head,
)
from tests.signing_keys import new_key


def test_the_signed_note_of_its_specification() -> None:
    key = read_public_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert key.name == "PeterNeumann"
    assert str(key).endswith("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")


def test_a_head_with_any_byte_changed_is_refused() -> None:
    key = new_key()
    head = Head("hartonomous/0123", 7, bytes(range(32)))
    note = sign_head(head, key)
    assert open_head(note, key.public) == head
    raw = note.encode()
    for place in range(len(raw)):
        for turn in (1, 0x20, 0x80):
            changed = bytes([*raw[:place], raw[place] ^ turn, *raw[place + 1 :]])
            with pytest.raises((HartonomousError, UnicodeDecodeError)):
                open_head(changed.decode(), key.public)
    for cut in range(len(raw)):
        with pytest.raises((HartonomousError, UnicodeDecodeError)):
            open_head(raw[:cut].decode(), key.public)


def test_a_head_of_another_key_is_refused() -> None:
    note = sign_head(Head("hartonomous/0123", 7, bytes(32)), new_key())
    with pytest.raises(VerificationFailed, match="another key"):
        open_head(note, new_key().public)
    with pytest.raises(VerificationFailed, match="another key"):
        open_head(note, new_key("other").public)


def test_a_public_key_with_any_byte_changed_is_refused() -> None:
    key = new_key().public
    line = str(key)
    assert read_public_key(line + "\n") == key
    for place in range(len(line)):
        changed = f"{line[:place]}{chr(ord(line[place]) ^ 1)}{line[place + 1 :]}"
        with pytest.raises(BadInput):
            read_public_key(changed)
    with pytest.raises(VerificationFailed):
        PublicKey("a", bytes(31)).verify(bytes(64), b"")


@pytest.mark.parametrize("value", [1.5, {"a": [0.0]}, 2**53, [-(2**60)], {"a": b"x"}])
def test_only_texts_and_whole_numbers_are_signed(value: object) -> None:
    with pytest.raises(BadInput):
        canonical(value)
