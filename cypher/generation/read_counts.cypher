// The continuations of each token and context, by some sources; one row per start, its ends as columns.
// in:  $sources LIST<STRING>
// out: id INTEGER, ends LIST<INTEGER>, weights LIST<INTEGER>
MATCH (c:Composition)-[e:CONTEXT_EVIDENCE]->(b)
WHERE e.source IN $sources
WITH id(c) AS id, id(b) AS end, sum(e.weight) AS weight
RETURN id, collect(end) AS ends, collect(weight) AS weights
