"""How long a stranger waits for the verdict on a certificate, and an act for its signed head."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.measuring import Figure, interleaved
from hartonomous import merkle
from hartonomous.proof.certificate import DOES_NOT_ESTABLISH, wrap
from hartonomous.transparency.signing import Head, SigningKey, canonical, encode, sign_head

ROUNDS = 9
ENTRIES = 100_000


def run() -> list[Figure]:
    key = SigningKey("hartonomous", Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "certificate").write_bytes(_certificate(key))
        (place / "key").write_text(str(key.public))
        script = str(files("hartonomous.proof") / "verify_certificate.py")
        command = [sys.executable, "-I", script, "certificate", "--key", "key"]
        took = interleaved(
            ROUNDS,
            verify=lambda: subprocess.run(
                command, cwd=place, check=True, stdout=subprocess.DEVNULL
            ),
            python=lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True),
        )
    return [
        Figure(
            f"verifying a certificate under a log of {ENTRIES:,} entries, by the script",
            f"{took['verify']:.2f} s",
            f"python -c pass {took['python']:.2f} s",
            "at most 1 s",
            took["verify"] <= 1.0,
        )
    ]


def _certificate(key: SigningKey) -> bytes:
    claims = {
        "after": "a" * 64,
        "before": "b" * 64,
        "checks": [],
        "copies": [],
        "does_not_establish": list(DOES_NOT_ESTABLISH),
        "removed": {},
        "rerated": {},
        "selectors": [],
        "survivors": [],
        "verb": "delete",
    }
    details = {"claims": sha256(canonical(claims)).hexdigest()}
    entry = canonical({"about": [], "at": "2026-01-01T00:00:00Z", "details": details, "index": 7})
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(ENTRIES)]
    leaves[7] = merkle.leaf_hash(entry)
    proof = {
        "entry": entry.decode(),
        "head": sign_head(Head("hartonomous/bench", ENTRIES, merkle.root(leaves)), key),
        "index": 7,
        "proof": [encode(part) for part in merkle.inclusion_proof(leaves, 7)],
    }
    return wrap(claims, proof, key)
