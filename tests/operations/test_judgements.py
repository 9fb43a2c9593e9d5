"""Judgements of people: what they move, what they never move, and how they are taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hartonomous
from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.relations.explanation import explain
from hartonomous.audit.audit_report import audit
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.errors import BadInput, Conflict, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations import removal
from hartonomous.operations.judgement_files import read_judgements
from hartonomous.operations.judgements import Judgement, correct, judge
from hartonomous.operations.text_generation import generate, request_generation
from hartonomous.rate.person_trust import Judgements, person_trust
from tests.building import (
    bundle_of,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    wipe,
    write_vectors,
)
from tests.command_line import failed, run

Rated = dict[tuple[str, str], tuple[float, int]]

PAIRS = "MATCH (a)-[r:RELATES]->(b) RETURN a.text AS a, b.text AS b, r.elo AS elo, r.consensus AS c"


def rated(graph: Graph) -> Rated:
    """Return elo and consensus of each relation."""
    return {(row["a"], row["b"]): (row["elo"], row["c"]) for row in graph.read(PAIRS)}


def related(graph: Graph, many: int) -> list[tuple[str, str]]:
    """Return some relations, the strongest first."""
    return sorted(rated(graph), key=lambda pair: (-rated(graph)[pair][1], pair))[:many]


def votes(graph: Graph) -> dict[str, float]:
    """Return the vote of each person."""
    rows = graph.read(
        "MATCH (s:Source {kind: 'person'})-[:HAS_TRACK]->(t) RETURN s.name AS name, t.vote AS vote"
    )
    return {row["name"]: row["vote"] / 1e6 for row in rows}


def findings(graph: Graph) -> Any:
    # Every emptied graph of the run leaves the heads of its log.
    found = audit(graph, silent, full=True)["findings"]
    return [one for one in found if "Heads of another log" not in one]


def source_lines(graph: Graph) -> list[str]:
    """Return the export without when anything was loaded."""
    return [line for line in exported(graph) if '"created"' not in line]


@pytest.fixture
def known(graph: Graph, tmp_path: Path) -> Graph:
    """A graph of one made-up model."""
    put_in(graph, random_bundle(tmp_path, 1, size=30), "model")
    return graph


def test_an_accept_raises_a_reject_lowers_and_explain_says_who_and_by_how_much(
    known: Graph,
) -> None:
    (a, b), (c, d) = related(known, 2)
    before = rated(known)
    up = judge(known, "ann", [Judgement("accept", a, b)]).pairs[0]
    down = judge(known, "ann", [Judgement("reject", d, c)]).pairs[0]
    assert (up.elo or 0) > (up.elo_before or 0) and (up.consensus or 0) > (up.consensus_before or 0)
    assert (down.elo or 0) < (down.elo_before or 0)
    assert (down.consensus or 0) < (down.consensus_before or 0)
    after = rated(known)
    assert {pair for pair in after if after[pair] != before[pair]} == {(a, b), (c, d)}
    told = explain(known, c, d)
    (ann,) = [row for row in told.tracks if row["source"] == "ann"]
    assert (ann["times"], ann["against"], ann["vote"]) == (0, 1, 1_000_000)
    assert ann["consensus_without"] == before[c, d][1]
    printed = run_served(known, "explain", c, d)
    assert "ann rejected it" in printed
    assert findings(known) == []


def run_served(graph: Graph, *arguments: object) -> str:
    done = run(*arguments, NEO4J_URI=graph.address.uri, NEO4J_PASSWORD=graph.address.password)
    assert done.exit_code == 0, done.output
    return done.stdout


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_a_reject_raises_and_makes_nothing_whoever_rejects(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    wipe(graph)
    rng = np.random.default_rng(seed)
    bundle = random_bundle(tmp_path_factory.mktemp("judged"), seed, size=12, k=4)
    put_in(graph, bundle, "model")
    pairs = related(graph, 8)
    for person in range(4):
        # The last one judges against the others, and comes to be distrusted.
        said = [
            Judgement("accept" if (place % 2 == 0) == (person < 3) else "reject", *pair)
            for place, pair in enumerate(pairs)
        ]
        judge(graph, f"person{person}", said)
    words = bundle.compositions()["text"].to_pylist()
    for _ in range(3):
        a, b = rng.choice(words, 2, replace=False).tolist()
        before = rated(graph)
        name = f"person{rng.integers(0, 5)}"
        own = judge(graph, name, [Judgement("reject", a, b)]).pairs[0]
        after = rated(graph)
        assert after.keys() == before.keys()
        if own.accepted:
            continue
        for pair in {(a, b), (b, a)} & before.keys():
            assert after[pair][0] <= before[pair][0] and after[pair][1] <= before[pair][1]
    assert findings(graph) == []


def test_trust_is_agreement_with_the_others_and_may_be_negative(known: Graph) -> None:
    pairs = related(known, 40)
    for name in ("ann", "bob", "cid"):
        judge(known, name, [Judgement("accept", *pair) for pair in pairs])
    judge(known, "eve", [Judgement("reject", *pair) for pair in pairs])
    assert votes(known) == {"ann": 2.0, "bob": 2.0, "cid": 2.0, "eve": pytest.approx(-1.8, abs=0.3)}
    # What somebody distrusted accepts speaks against a pair; what they reject says nothing.
    (extra,) = related(known, 41)[40:]
    before = rated(known)[extra]
    told = judge(known, "eve", [Judgement("accept", *extra)]).pairs[0]
    assert (told.consensus or 0) < before[1]
    assert findings(known) == []


def test_trust_leaves_oneself_out_and_has_no_order() -> None:
    rng = np.random.default_rng(5)
    parts = [
        (f"p{person}", *rng.integers(0, 6, (2, 20)), rng.integers(0, 2, 20)) for person in range(5)
    ]
    found = []
    for order in list(permutations(parts))[:12]:
        said = Judgements()
        for name, start, end, n in order:
            _, once = np.unique(start * 10 + end, return_index=True)
            said.add("JUDGEMENT_EVIDENCE", name, *(c[once] for c in (start, end, n, 1 - n)))
        found.append(said.trusts())
    assert all(one == found[0] for one in found)
    alone = Judgements()
    alone.add("JUDGEMENT_EVIDENCE", "ann", *(np.arange(9) for _ in range(3)), np.zeros(9, int))
    assert alone.trusts() == {"ann": person_trust(0, 0)} == {"ann": 1000}


def test_the_digest_is_the_same_in_any_order_and_without_the_person_as_before(
    graph: Graph, tmp_path: Path
) -> None:
    digests = set()
    bundle = random_bundle(tmp_path, 1, size=20)
    for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)):
        wipe(graph)
        put_in(graph, bundle, "model")
        before, first = source_lines(graph), rated(graph)
        pairs = related(graph, 3)
        said = [
            ("ann", Judgement("accept", *pairs[0])),
            ("ann", Judgement("reject", *pairs[0])),
            ("ann", Judgement("reject", *pairs[1])),
            ("ann", Judgement("accept", *pairs[2])),
        ]
        for place in order:
            judge(graph, said[place][0], [said[place][1]])
        digests.add(json.dumps([line for line in source_lines(graph) if '"track"' not in line]))
        assert rated(graph) != first
        removal.erase(graph, removal.request_selectors(people=["ann"]))
        assert source_lines(graph) == before
        with pytest.raises(Conflict, match="erased"):
            judge(graph, "ann", [said[0][1]])
    assert len(digests) == 1


def test_judging_twice_both_ways_and_taking_it_back(known: Graph) -> None:
    (a, b), (c, d) = related(known, 2)
    first = rated(known)
    judge(known, "ann", [Judgement("reject", a, b)])
    once = rated(known)
    again = judge(known, "ann", [Judgement("reject", b, a), Judgement("reject", a, b)])
    assert again.changed == 0 and rated(known) == once
    both = judge(known, "ann", [Judgement("accept", a, b)]).pairs[0]
    assert (both.accepted, both.rejected, both.consensus) == (True, True, first[a, b][1])
    back = judge(known, "ann", [Judgement("accept", a, b)], withdraw=True)
    assert back.changed == 1 and rated(known) == once
    with pytest.raises(NotFound, match="not accepted"):
        judge(known, "ann", [Judgement("accept", c, d)], withdraw=True)
    # The last one taken back, the person is gone, and the first answer is there to the digit.
    judge(known, "ann", [Judgement("reject", a, b)], withdraw=True)
    assert rated(known) == first and votes(known) == {}
    assert findings(known) == []


def test_what_is_not_there(known: Graph, tmp_path: Path) -> None:
    there = {word for pair in rated(known) for word in pair}
    absent = next(
        (a, b)
        for a in sorted(there)
        for b in sorted(there)
        if a < b and not {(a, b), (b, a)} & rated(known).keys()
    )
    before = rated(known)
    asleep = judge(known, "ann", [Judgement("reject", *absent)])
    assert asleep.pairs[0].asleep and rated(known) == before
    with pytest.raises(NotFound, match="nowhere"):
        judge(known, "ann", [Judgement("accept", "nowhere", absent[0])])
    # An acceptance makes the relation, and wakes the rejection.
    made = judge(known, "bob", [Judgement("accept", *absent)]).pairs[0]
    assert made.consensus is not None and len(rated(known)) == len(before) + 1
    with pytest.raises(UsageError, match="itself"):
        judge(known, "ann", [Judgement("accept", absent[0], absent[0])])
    with pytest.raises(UsageError, match="does not relate"):
        judge(known, "ann", [Judgement("accept", *absent, "CALLS")])
    with pytest.raises(Conflict, match="model"):
        judge(known, "model", [Judgement("accept", *absent)])
    with pytest.raises(UsageError, match="not a valid"):
        judge(known, "ann smith", [Judgement("accept", *absent)])


def test_judgements_sleep_while_their_pair_is_gone_and_wake_when_it_returns(known: Graph) -> None:
    (pair,) = related(known, 1)
    judge(known, "ann", [Judgement("reject", *pair)])
    judged = rated(known)
    gone = take_out(known, Selectors(sources=("model",)))
    assert rated(known) == {} and votes(known) == {"ann": 1.0}
    with WriterLock(known, "test") as lock:
        undo(known, lock, gone, silent)
    assert rated(known) == judged
    assert findings(known) == []


def test_a_correction_rejects_and_accepts_what_competes_in_one_act(known: Graph) -> None:
    (a, b), *_ = related(known, 1)
    c = next(w for pair in rated(known) for w in pair if w not in (a, b))
    told = correct(known, "ann", a, b, c)
    wrong, right = told.pairs
    assert wrong.rejected and right.accepted and told.changed == 2
    assert (wrong.consensus or 0) < (wrong.consensus_before or 0)
    assert (right.consensus or 0) > (right.consensus_before or 0)


def test_a_name_that_is_anothers_prefix_is_another_person(known: Graph) -> None:
    pairs = related(known, 2)
    judge(known, "ann", [Judgement("reject", *pairs[0])])
    without = rated(known)
    judge(known, "anna", [Judgement("reject", *pairs[1])])
    with_both = rated(known)
    removal.erase(known, removal.request_selectors(people=["anna"]))
    assert rated(known) == without != with_both and votes(known) == {"ann": 1.0}


def test_ten_thousand_rejections_make_nothing(graph: Graph, tmp_path: Path) -> None:
    made = [f"word{number}" for number in range(150)]
    vectors = np.random.default_rng(3).normal(size=(150, 8))
    bundle = bundle_of(write_vectors(tmp_path / "made", made, vectors), tmp_path / "bundle", k=4)
    put_in(graph, bundle, "model")
    before = rated(graph)
    words = sorted(bundle.compositions()["text"].to_pylist())
    pairs = [(a, b) for place, a in enumerate(words) for b in words[place + 1 :]][:10_000]
    file = tmp_path / "many.csv"
    file.write_text("verdict,start,end\n" + "".join(f"reject,{a},{b}\n" for a, b in pairs))
    told = judge(graph, "ann", read_judgements(file))
    assert told.changed == told.judgements == len(pairs)
    after = rated(graph)
    assert after.keys() == before.keys()
    assert all(after[pair] <= before[pair] for pair in before) and after != before
    assert findings(graph) == []


def test_a_plan_foretells_what_trust_does_when_a_person_or_a_word_goes(known: Graph) -> None:
    pairs = related(known, 12)
    for name, verdict in (("ann", "accept"), ("bob", "accept"), ("eve", "reject")):
        judge(known, name, [Judgement(verdict, *pair) for pair in pairs])
    before = source_lines(known)
    for selectors in (Selectors(sources=("bob",)), Selectors(concepts=(pairs[0][0],))):
        planned = plan(known, selectors, silent)
        assert planned.summary["votes"]
        gone = take_out(known, selectors)
        assert state_digest(known) == planned.summary["after"]["digest"]
        assert findings(known) == []
        with WriterLock(known, "test") as lock:
            undo(known, lock, gone, silent)
        assert source_lines(known) == before


def test_an_erased_word_is_not_judged_again(known: Graph) -> None:
    pairs = related(known, 6)
    judge(known, "ann", [Judgement("accept", *pair) for pair in pairs])
    word = pairs[0][0]
    removal.erase(known, removal.request_selectors(concepts=[word]))
    assert not any(word in pair for pair in rated(known))
    with pytest.raises(NotFound):
        judge(known, "ann", [Judgement("accept", *pairs[0])])
    left = [pair for pair in pairs if word not in pair]
    assert judge(known, "ann", [Judgement("accept", *pair) for pair in left]).changed == 0
    assert findings(known) == []


def test_a_judgement_is_refused_while_somebody_else_writes(known: Graph) -> None:
    (pair,) = related(known, 1)
    with WriterLock(known, "delete by source"), pytest.raises(Conflict, match="Another writer"):
        judge(known, "ann", [Judgement("reject", *pair)])
    assert votes(known) == {}


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "verdict,start,end\naccept,x,y\nmaybe,x,y\n", "line 3.*maybe"),
        ("a.csv", "verdict,start,end\naccept,x\n", "line 2.*2 cells"),
        ("a.csv", "start,end\nx,y\n", "line 1.*verdict"),
        ("a.csv", "verdict,start,end\naccept,,y\n", "line 2.*empty"),
        ("a.csv", "verdict,start,end,mood\naccept,x,y,z\n", "line 2.*mood"),
        ("a.csv", "verdict,start,end,type\naccept,x,y,LIKES\n", "line 2.*LIKES"),
        ("a.csv", 'verdict,start,end\naccept,"x,y\n', "line 2.*CSV"),
        ("a.csv", "verdict,start,end,right\ncorrect,x,y,\n", "line 2.*right"),
        ("a.jsonl", '{"verdict":"accept","start":"x","end":"y"}\n[1]\n', "line 2.*object"),
        ("a.jsonl", '{"verdict":"accept"', "line 1.*JSON"),
        ("a.jsonl", '{"verdict":"accept","start":1,"end":"y"}', "line 1.*start is 1"),
        ("a.jsonl", "\n\n", "no judgement"),
    ],
)
def test_a_wrong_line_of_a_batch_is_named(tmp_path: Path, name: str, text: str, fault: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(BadInput, match=fault):
        read_judgements(file)


def test_a_batch_is_taken_whole_or_not_at_all(served: Graph, tmp_path: Path) -> None:
    put_in(served, random_bundle(tmp_path, 1, size=20), "model")
    pairs: Sequence[tuple[str, str]] = related(served, 3)
    before = rated(served)
    records = [{"verdict": "reject", "start": a, "end": b} for a, b in pairs]
    file = tmp_path / "batch.jsonl"
    lines = [json.dumps(one) for one in [*records, {**records[0], "end": "nowhere"}]]
    file.write_text("\n".join(lines))
    assert "Line 4: No source knows 'nowhere'" in failed(3, "judge", file, "--as", "ann")
    assert rated(served) == before and votes(served) == {}
    done = run("judge", file, "--as", "ann", "--known", "--json")
    told = json.loads(done.stdout)
    assert (told["changed"], told["unknown"]) == (3, 1)
    assert run("reject", *pairs[0]).exit_code == 2
    review = json.loads(run("review", pairs[0][0], "--json").stdout)
    assert review and all(pairs[0][0] in (row["start"], row["end"]) for row in review)
    assert {row["judged"] for row in review} >= {0}
    with hartonomous.open() as graph:
        assert graph.review(source="model", top=3)[0].score >= graph.review(top=3)[2].score
        taken = graph.accept(*pairs[0], name="bob")
        assert taken.trust == 0.6


def test_a_rejected_continuation_is_less_likely_and_generate_says_why(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, causal_bundle(tmp_path, 1), "reader")
    model = NextTokenModel(graph)
    first = next(
        place for place, word in enumerate(model.texts) if model.shares([place]).max() > 0.05
    )
    before = model.shares([first])
    second = int(np.argmax(np.where(np.arange(len(before)) == first, 0, before)))
    start, end = model.texts[first], model.texts[second]
    told = judge(graph, "ann", [Judgement("reject", start, end, "PRECEDES")]).pairs[0]
    assert (told.consensus or 0) < (told.consensus_before or 0)
    model = NextTokenModel(graph)
    after = model.shares([first])
    assert after.sum() == pytest.approx(1)
    assert after[second] / (1 - after[second]) == pytest.approx(
        before[second] / (1 - before[second]) * 10**-0.477
    )
    others = np.arange(len(before)) != second
    assert (after[others] > before[others]).all()
    # It holds in every longer context that ends so, and not without the person.
    assert model.judged([second, first])[0].people == (("ann", 0, 1, -0.477),)
    same = NextTokenModel(graph, without_sources=["ann"]).shares([first])
    assert np.array_equal(same, before)
    settings = {"greedy": True, "length": 1, "explain": True}
    written = generate(graph, request_generation(start, **settings)).texts[0].tokens[0]
    assert [(one.token, one.people[0][0]) for one in written.judged] == [(end, "ann")]
    printed = run_served(graph, "generate", start, "--greedy", "--length", 1, "--explain")
    assert f"after {start!r}, {end}: ann rejected it; odds times 0.33" in printed
