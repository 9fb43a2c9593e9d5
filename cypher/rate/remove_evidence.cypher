// Remove the evidence of sources on their way out from the pairs that start at a composition.
// in:  $ids LIST<INTEGER>, $sources LIST<STRING>
// out: removed INTEGER
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPES]->()
WHERE e.source IN $sources
DELETE e
RETURN count(*) AS removed
