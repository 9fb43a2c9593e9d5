// Write the constants of a track whose rows now state their odds, and delete its source's ledger of loading, which no longer matches.
// in:  $source STRING, $evidence STRING, $total INTEGER, $trust INTEGER, $digest LIST<INTEGER>
// out: tracks INTEGER
MATCH (t:Track {source: $source, evidence: $evidence})
SET t.total = $total, t.trust = $trust, t.digest = $digest, t.vote = null
WITH count(t) AS tracks
OPTIONAL MATCH (b:Batch {source: $source})
DELETE b
RETURN tracks
