// Put those of some compositions that have no evidence and no visit left on the work list.
// in:  $ids LIST<INTEGER>
// out:
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
  AND NOT EXISTS { (c)-[:ALL_EVIDENCE]-() } AND NOT EXISTS { (c)<-[:VISITED]-() }
SET c:Unrated
REMOVE c.due
