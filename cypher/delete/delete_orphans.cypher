// Delete those of some compositions that have no evidence and no visit.
// in:  $ids LIST<INTEGER>
// out: deleted INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
  AND NOT EXISTS { (c)-[:ALL_EVIDENCE]-() } AND NOT EXISTS { (c)<-[:VISITED]-() }
DETACH DELETE c
RETURN count(*) AS deleted
