// What the removal of a source does to the pairs that start at some compositions.
// in:  $ids LIST<INTEGER>, $source STRING
// out: evidence INTEGER, lost INTEGER, kept INTEGER
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPES]->(b)
WITH a, b, sum(CASE e.source WHEN $source THEN 1 ELSE 0 END) AS removed, count(e) AS rows
WHERE removed > 0
RETURN sum(removed) AS evidence, sum(CASE WHEN removed = rows THEN 1 ELSE 0 END) AS lost,
       sum(CASE WHEN removed < rows THEN 1 ELSE 0 END) AS kept
