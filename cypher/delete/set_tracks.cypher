// Set the remaining counts of tracks, and delete their ledger of loading, which no longer matches.
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
