// The compositions at which evidence of one type of a source starts, in lists of bounded length.
// in:  $source STRING
// out: ids LIST<INTEGER>
MATCH (a)-[:EVIDENCE_TYPE {source: $source}]->()
WITH DISTINCT id(a) AS id
WITH id / 10000 AS part, collect(id) AS ids
RETURN ids
