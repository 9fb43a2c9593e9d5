"""Keys of nobody, made for a test."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hartonomous.transparency.signing import SigningKey


def new_key(name: str = "hartonomous") -> SigningKey:
    return SigningKey(name, Ed25519PrivateKey.generate())
