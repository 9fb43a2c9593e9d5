// What followed each token and context, over some sources; one row a start, its ends as columns.
// in:  $sources LIST<STRING>
// out: id INTEGER, ends LIST<INTEGER>, weights LIST<INTEGER>
MATCH (c:Composition)-[e:CONTEXT_EVIDENCE]->(b)
WHERE e.source IN $sources
WITH id(c) AS id, id(b) AS end, sum(e.weight) AS weight
RETURN id, collect(end) AS ends, collect(weight) AS weights
