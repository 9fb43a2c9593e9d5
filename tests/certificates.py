"""A certificate of a made-up deletion, and what the page for the browser tells of any."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import playwright

from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof.certificate import (
    Check,
    Copy,
    Deletion,
    Removed,
    Rerated,
    Residual,
    Stands,
    Survivor,
    issue_certificate,
)

DELETION = Deletion(
    verb="delete",
    subjects=["source:glove", "person:Ada <b>"],
    before="b" * 64,
    after="a" * 64,
    removed=Removed(sources=1, evidence=1_000_000, relations=700_000, compositions=12),
    stands=Stands(sources=2, evidence=3_000_000, relations=2_100_000, compositions=40_000),
    rerated=Rerated(300_000, 1_000, 299_000, -123_456_789, 20_000),
    checks=[Check("delete/count_evidence", 0, 0)],
    survivors=[Survivor("minilm", 300_000)],
    residual=[Residual("neighbours", "minilm", 3)],
    copies=[Copy("retention", "9999-12-25T00:00:00Z"), Copy("backup", None)],
    plan="c" * 64,
    key="one",
)


PAGE = """
const fs = require("fs");
const script = fs.readFileSync(process.argv[2], "utf8").match(/<script>([\\s\\S]*)<\\/script>/)[1];
const { verify, rows } = new Function(script + "; return { verify, rows };")();
(async () => {
  const [key, names] = process.argv.slice(3, 5).map((f) => fs.readFileSync(f));
  const answers = [];
  for (const file of process.argv.slice(5)) {
    const raw = new Uint8Array(fs.readFileSync(file));
    const accepted = [];
    for (const builtIn of [true, false]) {
      const facts = await verify(raw, key.toString(), new Uint8Array(names), builtIn);
      if (builtIn) answers.push({ facts, rows: rows(facts) });
      for (let place = 0; place < raw.length; place += builtIn ? 1 : 41) {
        const changed = raw.slice();
        changed[place] ^= 1;
        try { await verify(changed, key.toString(), null, builtIn); accepted.push(place); } catch {}
      }
    }
    answers.at(-1).accepted = accepted;
  }
  let other = "accepted";
  try { await verify(new Uint8Array(fs.readFileSync(process.argv[5])), process.argv[2]); }
  catch (error) { other = error.message; }
  let wrongNames = "accepted";
  try { await verify(new Uint8Array(fs.readFileSync(process.argv[5])), key.toString(), new TextEncoder().encode('[{"hmac":"00","key":"00","name":"source:x"}]')); }
  catch (error) { wrongNames = error.constructor.name + ": " + error.message; }
  console.log(JSON.stringify({ answers, other, wrongNames }));
})();
"""


def issue(graph: Graph, deletion: Deletion = DELETION) -> bytes:
    with WriterLock(graph, "test") as lock:
        return issue_certificate(graph, lock, deletion)


def told_by_the_page(
    folder: Path, key: str, names: bytes, held: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return what the page finds in each file, and at which changed bytes it accepts one."""
    for name, raw in {**held, "key": key.encode(), "names": names}.items():
        (folder / name).write_bytes(raw)
    (folder / "run.js").write_text(PAGE)
    page = str(files("hartonomous.proof") / "verify_certificate.html")
    # The browser's language without a browser: playwright's wheel brings it along.
    node = str(Path(playwright.__file__).parent / "driver" / "node")
    inputs = [str(folder / name) for name in ("key", "names", *held)]
    done = subprocess.run(
        [node, str(folder / "run.js"), page, *inputs], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
