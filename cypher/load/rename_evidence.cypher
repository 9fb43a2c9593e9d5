// Rename some of a successor's evidence to the replaced source.
// in:  $old STRING, $new STRING, $rows INTEGER
// out: renamed INTEGER
MATCH ()-[e:EVIDENCE_TYPE {source: $old}]->()
WITH e LIMIT $rows
SET e.source = $new
RETURN count(*) AS renamed
