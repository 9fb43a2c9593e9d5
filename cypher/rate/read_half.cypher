// Of one row of a source's evidence, the observations in the first half; null if they were not counted.
// in:  $source STRING
// out: half INTEGER
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
RETURN e.half AS half
LIMIT 1
