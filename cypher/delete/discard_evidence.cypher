// Delete some evidence of a source that was never live and so is in no rating.
// in:  $source STRING, $rows INTEGER
// out: deleted INTEGER
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
WITH e LIMIT $rows
DELETE e
RETURN count(*) AS deleted
