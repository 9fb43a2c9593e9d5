// The number of each track's edges at some compositions, of the types whose silence speaks.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, evidence STRING, source STRING, rows INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[e:SILENT_EVIDENCE]-()
RETURN id, type(e) AS evidence, e.source AS source, count(e) AS rows
