"""Verify a deletion certificate, a log proof or a signed head of Hartonomous, offline.

    python verify_certificate.py CERTIFICATE --key KEY [--names NAMES]

This single file needs Python 3.9 and the package `cryptography`, no other part of Hartonomous and
no network. KEY is the public key, `name+key id+key`, or a file with it: obtain it over another
channel than the certificate. NAMES, from 'hartonomous certificate names', lists the names behind
the keyed hashes.

Exit code 0: authentic; 1: authentic, and something remains: a check found something, or the deletion
can still be undone; 2: wrong usage; 6: not authentic; 7: authentic, and NAMES does not fit it. The
format is defined in docs/certificates.md.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:hartonomous:deletion:v1"
PAYLOAD = "application/vnd.in-toto+json"
LARGEST_FILE = 64 << 20

COPIES = {
    "retention": "rows kept for 'hartonomous undo'",
    "store": "transaction logs and freed space of the server's store",
    "disk": "blocks of deleted files that the file system has not reused",
    "backup": "backups and dumps of the server",
    "export": "exports, plans and reports written to files",
    "projection": "projections of other users in the server's memory",
    "bundle": "bundles in use by another process, or of another home",
}
CHECKS = {
    "audit/count_sources": "removed sources still in the graph",
    "audit/count_keys": "removed compositions still in the graph",
    "delete/count_evidence": "evidence of removed sources still in the graph",
    "audit/count_rows": "removed evidence of other sources still in the graph",
    "scan/store": "files of the store that still hold an erased word",
}
RESIDUAL = {
    "variant": "evidence of the word in another case",
    "path": "paths between the ends of lost relations",
}
"""Codes of a certificate, in words."""


class Invalid(Exception):
    """The file is not authentic; the message says why."""


class WrongNames(Exception):
    """The file is authentic, and the file of names does not fit it."""


def verify(
    data: bytes, key_text: str, names: bytes | None = None, now: str | None = None
) -> dict[str, Any]:
    """Return the content of an authentic certificate, log proof or signed head; raise Invalid
    otherwise, WrongNames if the names do not fit it.

    A deletion that can be undone at the time `now`, such as 2026-12-25T08:00:00Z, has the end of its
    retention window as `restorable`.
    """
    now = now or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        return _verify(data, read_key(key_text), names, now)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise Invalid(f"Something is missing or of another kind: {error}.") from error


def _verify(
    data: bytes, key: tuple[str, bytes, bytes], names: bytes | None, now: str
) -> dict[str, Any]:
    if len(data) > LARGEST_FILE:
        raise Invalid("The file is larger than any certificate.")
    if not data.startswith(b"{"):
        return {"kind": "head", **open_head(text_of(data), *key)}
    document = read_canonical(data, "The file")
    if set(document) == {"entry", "head", "index", "proof"}:
        return {"kind": "proof", **check_log(document, *key)}
    checked = check_certificate(document, *key)
    claims = checked["claims"]
    told: dict[str, Any] = {"restorable": restorable(claims, now), "checks": checks_of(claims)}
    told["copies"] = copies_of(claims)
    told["names"] = check_names(claims, names) if names is not None else {}
    return {"kind": "certificate", **checked, **told}


def check_certificate(
    envelope: dict[str, Any], key_name: str, key_id: bytes, key: bytes
) -> dict[str, Any]:
    expect(set(envelope) == {"payload", "payloadType", "signatures"}, "That is no DSSE envelope.")
    expect(envelope["payloadType"] == PAYLOAD, "The envelope holds no in-toto statement.")
    signatures = envelope["signatures"]
    expect(isinstance(signatures, list) and len(signatures) == 1, "There must be one signature.")
    expect(set(signatures[0]) == {"keyid", "sig"}, "The signature is not written as it should be.")
    expect(signatures[0]["keyid"] == key_id.hex(), "Another key signed it.")
    payload = unbase64(envelope["payload"])
    kind = PAYLOAD.encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    check_signature(key, unbase64(signatures[0]["sig"]), message)
    statement = read_canonical(payload, "The statement", end=b"")
    expect(set(statement) == {"_type", "predicate", "predicateType", "subject"}, "No statement.")
    expect(statement["_type"] == STATEMENT, "The statement is of another version.")
    expect(statement["predicateType"] == PREDICATE, "The statement certifies something else.")
    claims, log = statement["predicate"]["claims"], statement["predicate"]["log"]
    logged = check_log(log, key_name, key_id, key)
    check_agreement(statement, claims, logged["entry"])
    left = [check for check in claims["checks"] if check["got"] != check["expected"]]
    return {
        "claims": claims,
        "log": {name: logged[name] for name in ("origin", "index", "size", "root")},
        "logged_at": logged["entry"]["at"],
        "left": left,
    }


def restorable(claims: dict[str, Any], now: str) -> str | None:
    """Return the end of the retention window of a deletion that can still be undone, None of any
    other.
    """
    kept = [copy["expires"] for copy in claims["copies"] if copy["kind"] == "retention"]
    ends = [end for end in kept if claims["verb"] == "delete" and (end is None or end > now)]
    return (ends[0] or "it is erased") if ends else None


def checks_of(claims: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the checks: what was looked for, how many were expected and found."""
    return [
        {
            "what": CHECKS.get(check["query"], check["query"]),
            "expected": check["expected"],
            "got": check["got"],
        }
        for check in claims["checks"]
    ]


def copies_of(claims: dict[str, Any]) -> list[str]:
    """Return the remaining copies, in words."""
    told = []
    for copy in claims["copies"]:
        what = COPIES.get(copy["kind"], copy["kind"])
        if copy.get("made"):
            what = f"the backup of {copy['made']}, digest {copy['digest']}"
        told.append(f"{what}, {'until ' + copy['expires'] if copy['expires'] else 'no known end'}")
    return told


def check_agreement(statement: dict[str, Any], claims: dict[str, Any], entry: Any) -> None:
    """Raise Invalid unless the log's entry is about these claims."""
    digest = hashlib.sha256(canonical(claims)).hexdigest()
    expect(entry["details"].get("claims") == digest, "The log has an entry of other claims.")
    about = [[each["kind"], each["hmac"]] for each in claims["selectors"]]
    expect(entry["about"] == about, "The log's entry is about something else.")
    subject = [{"digest": {"blake3": claims["after"]}, "name": "graph"}]
    expect(statement["subject"] == subject, "The statement is about another graph.")


def check_log(proof: dict[str, Any], key_name: str, key_id: bytes, key: bytes) -> dict[str, Any]:
    """Return an entry and its head; raise Invalid unless the entry is in that log."""
    expect(set(proof) == {"entry", "head", "index", "proof"}, "That is no proof of a log.")
    head = open_head(proof["head"], key_name, key_id, key)
    leaf, index, size = proof["entry"].encode(), proof["index"], head["size"]
    expect(type(index) is int and 0 <= index < size, "The log has no such entry.")
    value, place, last = hashlib.sha256(b"\0" + leaf).digest(), index, size - 1
    for part in map(unbase64, proof["proof"]):
        expect(last > 0 and len(part) == 32, "The proof does not fit the log.")
        if place % 2 or place == last:
            value = hashlib.sha256(b"\1" + part + value).digest()
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + part).digest()
        place, last = place >> 1, last >> 1
    expect(last == 0 and value.hex() == head["root"], "The entry is not in the log.")
    entry = read_canonical(leaf, "The log's entry", end=b"")
    expect(entry["index"] == index, "The entry is of another place in the log.")
    return {**head, "index": index, "entry": entry}


def open_head(note: str, key_name: str, key_id: bytes, key: bytes) -> dict[str, Any]:
    """Return origin, size and root of a signed head."""
    match = re.fullmatch(
        r"([^\n+ ]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n\u2014 ([^\n+ ]+) ([^\n ]+)\n",
        note,
    )
    if match is None:
        raise Invalid("The log's head is not a signed note.")
    signed = unbase64(match[5])
    expect(match[4] == key_name and signed[:4] == key_id, "Another key signed the log's head.")
    message = f"{match[1]}\n{match[2]}\n{match[3]}\n".encode()
    check_signature(key, signed[4:], message)
    return {"origin": match[1], "size": int(match[2]), "root": unbase64(match[3]).hex()}


def check_names(claims: dict[str, Any], names: bytes) -> dict[str, str]:
    """Return the names behind keyed hashes of the claims; raise WrongNames if a key does not match,
    or no name is of this certificate.
    """
    try:
        found = _opened_names(names)
    except Invalid as error:
        raise WrongNames(f"The file of names does not fit. {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise WrongNames("The file of names does not fit. That is no file of names.") from None
    held = json.dumps(claims)
    known = {digest: name for digest, name in found.items() if digest in held}
    if found and not known:
        raise WrongNames("The file of names does not fit. It is of another certificate.")
    return known


def _opened_names(names: bytes) -> dict[str, str]:
    found = {}
    for opening in read_json(names):
        expect(set(opening) == {"hmac", "key", "name"}, "That is no file of names.")
        key = bytes.fromhex(opening["key"])
        digest = hmac.new(key, opening["name"].encode(), "sha256").hexdigest()
        expect(digest == opening["hmac"], f"{opening['name']!r} is not what was hashed.")
        found[digest] = opening["name"].partition(":")[2]
    return found


def check_signature(key: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Invalid("The signature does not fit: something was changed.") from None


def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Return name, id and key of a public key; its id detects typing errors."""
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
    raw = unbase64(match[3]) if match else b""
    if match is None or len(raw) != 33 or raw[0] != 1:
        raise Invalid("The key is not a public key: name+key id+key.")
    key_id = hashlib.sha256(match[1].encode() + b"\n" + raw).digest()[:4]
    expect(key_id.hex() == match[2], "The key was copied wrongly: its id is not its own.")
    return match[1], key_id, raw[1:]


def read_canonical(data: bytes, what: str, end: bytes = b"\n") -> Any:
    """Return a JSON map; raise Invalid unless it is canonical (RFC 8785)."""
    value = read_json(data)
    same = isinstance(value, dict) and canonical(value) + end == data
    expect(same, f"{what} is not written in canonical JSON: it was changed.")
    return value


def read_json(data: bytes) -> Any:
    def refuse(text: str) -> Any:
        raise Invalid(f"There is a number {text[:20]} where only whole ones may be.")

    try:
        return json.loads(text_of(data), parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Invalid("The file is no JSON.") from None


def canonical(value: Any) -> bytes:
    """Return canonical JSON of texts, whole numbers, lists and maps with plain names."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except UnicodeEncodeError:
        raise Invalid("There is a text in it that is no text.") from None


def unbase64(text: Any) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Invalid("There is something else where base64 should be.") from None
    expect(base64.b64encode(raw).decode() == text, "Base64 was written in another way.")
    return raw


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Invalid("The file is no UTF-8 text.") from None


def expect(good: bool, otherwise: str) -> None:
    if not good:
        raise Invalid(otherwise)


def report(facts: dict[str, Any]) -> str:
    """Return the summary of an authentic file, for people."""
    if facts["kind"] != "certificate":
        lines = [f"{name}: {facts[name]}" for name in ("origin", "size", "root")]
        if facts["kind"] == "proof":
            lines += [f"entry {facts['index']}: {json.dumps(facts['entry'], sort_keys=True)}"]
        return "\n".join(["AUTHENTIC", *lines, ""])
    claims, names = facts["claims"], facts["names"]
    what = [f"{s['kind']} {names.get(s['hmac'], 'hmac ' + s['hmac'])}" for s in claims["selectors"]]
    if claims["removed"].get("evidence") and not claims["removed"].get("sources"):
        # A source of which only part of the evidence was removed.
        what = [f"part of {each}" if each.startswith("source ") else each for each in what]
    lines = [f"AUTHENTIC: {claims['verb']} of {', '.join(what) or 'nothing'}"]
    if facts["restorable"]:
        lines += [f"RESTORABLE until {facts['restorable']}: the deletion can be undone"]
    if claims["verb"] == "erase":
        lines += ["names: the keys of its hashes were destroyed with it; nobody can open them"]
    lines += [
        f"logged: {facts['logged_at']}, entry {facts['log']['index']} of {facts['log']['size']}",
        f"removed: {figures(claims['removed'])}",
        f"rated again: {rated_again(claims['rerated'])}",
    ]
    lines += [
        f"supported by source {names.get(s['source'], s['source'])}: {s['relations']:,}"
        for s in claims["survivors"]
    ]
    lines += [
        f"residual: {RESIDUAL.get(r['kind'], r['kind'])} {r['count']:,}, "
        f"source {names.get(r['source'], r['source'])}"
        for r in claims["residual"]
    ]
    for part, title in (("purged", "also erased"), ("extraction", "neighbours and continuations")):
        if claims.get(part):
            lines += [f"{title}: {figures(claims[part])}"]
    lines += [f"graph before: {claims['before']}", f"graph after: {claims['after']}"]
    done = len(claims["checks"]) - len(facts["left"])
    lines += [f"checks passed: {done} of {len(claims['checks'])}"]
    lines += [
        f"LEFT: {c['what']}, expected {c['expected']:,}, found {c['got']:,}"
        for c in facts["checks"]
        if c["got"] != c["expected"]
    ]
    lines += [f"remaining copy: {copy}" for copy in facts["copies"]]
    lines += ["It does not establish:", *(f"  - {text}" for text in claims["does_not_establish"])]
    return "\n".join([*lines, ""])


def figures(counts: dict[str, int]) -> str:
    """Return counts with their names, as people read them."""
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in counts.items())


def rated_again(counts: dict[str, int]) -> str:
    """Return the relations with a changed rating, and by how much their elo changed."""
    return (
        f"{counts['relations']:,} relations, elo of {counts['raised']:,} rose, of "
        f"{counts['lowered']:,} fell; in sum {counts['milli_elo'] / 1000:+,.3f}, by at most "
        f"{counts['milli_elo_most'] / 1000:,.3f}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("certificate", type=Path)
    parser.add_argument("--key", required=True, help="public key, or a file with it")
    parser.add_argument("--names", type=Path, help="names behind the keyed hashes")
    parser.add_argument("--json", action="store_true", help="print the whole statement as JSON")
    chosen = parser.parse_args(arguments)
    try:
        key = Path(chosen.key).read_text("utf-8") if Path(chosen.key).is_file() else chosen.key
        names = chosen.names.read_bytes() if chosen.names else None
        facts = verify(chosen.certificate.read_bytes(), key, names)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return 2
    except WrongNames as error:
        sys.stderr.write(f"AUTHENTIC, but: {error}\n")
        return 7
    except (Invalid, UnicodeDecodeError) as error:
        sys.stderr.write(f"NOT AUTHENTIC: {error}\n")
        return 6
    shown = json.dumps(facts, indent=2, sort_keys=True) + "\n" if chosen.json else report(facts)
    sys.stdout.write(shown)
    return 1 if facts.get("left") or facts.get("restorable") else 0


if __name__ == "__main__":
    sys.exit(main())
