// Rated edges that start at some compositions and have no evidence of a live source.
// in:  $ids LIST<INTEGER>, $live LIST<STRING>
// out: unfounded INTEGER
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[r:RATED_TYPE]->(b)
WHERE NOT EXISTS { MATCH (a)-[e:EVIDENCE_TYPES]->(b) WHERE e.source IN $live }
RETURN count(r) AS unfounded
