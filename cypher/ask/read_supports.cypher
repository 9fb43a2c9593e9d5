// Evidence between words that starts at some words, as columns, one row per start and track.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, source STRING, evidence STRING, others LIST<INTEGER>, supports LIST<INTEGER>
UNWIND $ids AS id
MATCH (c:Token) WHERE id(c) = id
MATCH (c)-[e:EVIDENCE_TYPES]->(d:Token)
WHERE e.support IS NOT NULL
RETURN id, e.source AS source, type(e) AS evidence, collect(id(d)) AS others,
       collect(e.support) AS supports
