// Say what tracks hold now; the ledger of their loading says more than is left, so it goes.
// in:  $source STRING, $left MAP OF evidence type TO MAP
// out: tracks INTEGER
UNWIND keys($left) AS evidence
MATCH (t:Track {source: $source, evidence: evidence})
SET t.rows = $left[evidence].rows, t.observations = $left[evidence].observations,
    t.digest = $left[evidence].digest
WITH count(t) AS tracks
OPTIONAL MATCH (b:Batch {source: $source})
DELETE b
RETURN tracks
