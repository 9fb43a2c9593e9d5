// Rename a successor, its tracks and its ledger to the replaced source.
// in:  $old STRING, $new STRING
// out:
MATCH (s:Source {name: $old})-[:HAS_TRACK]->(t:Track)
SET s.name = $new, t.source = $new
SET t.name = RECORD_NAME(Track, t)
REMOVE s.replaces
WITH count(*) AS tracks
MATCH (b:Batch {source: $old})
SET b.source = $new, b.key = $new + substring(b.key, size($old))
SET b.name = RECORD_NAME(Batch, b)
