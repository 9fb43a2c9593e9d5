// Enter what a source's rows now are: counts and digests of its tracks, its ledger, and which agreements are to be counted again.
// in:  $name STRING, $tracks LIST OF MAP, $batches LIST OF MAP, $revote BOOLEAN, $stale BOOLEAN, $votes BOOLEAN, $opened BOOLEAN
// out: name STRING
MATCH (s:Source {name: $name})
SET s.created = CASE WHEN $opened THEN s.created ELSE datetime() END
REMOVE s.becomes
WITH s
CALL () {
  UNWIND $tracks AS one
  MATCH (t:Track {source: $name, evidence: one.evidence})
  SET t.rows = one.rows, t.digest = one.digest,
      t.vote = CASE WHEN $revote THEN null ELSE t.vote END
}
CALL () {
  UNWIND $batches AS one
  CREATE (b:Batch)
  SET b = one
  SET b.name = RECORD_NAME(Batch, b)
}
CALL (s) {
  MATCH (s)-[g:AGREES_WITH]-()
  FOREACH (_ IN CASE WHEN $votes THEN [] ELSE [1] END | DELETE g)
  FOREACH (_ IN CASE WHEN $votes AND $stale THEN [1] ELSE [] END | SET g.stale = true)
}
RETURN s.name AS name
