// One source's evidence of the pairs that start at some compositions, as columns; one row per start.
// in:  $ids LIST<INTEGER>, $source STRING
// out: start INTEGER, ends LIST<INTEGER>, times LIST<INTEGER>, weights LIST<INTEGER>, against LIST<INTEGER>
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPES {source: $source}]->(b)
WITH id, id(b) AS end, sum(e.n) AS n, sum(e.weight) AS weight, sum(AGAINST(e)) AS rejected
WHERE n > 0
RETURN id AS start, collect(end) AS ends, collect(n) AS times, collect(weight) AS weights,
       collect(rejected) AS against
