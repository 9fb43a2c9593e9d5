// The number of each source's evidence edges at some compositions.
// in:  $ids LIST<INTEGER>
// out: text STRING, kind STRING, source STRING, rows INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[e:ALL_EVIDENCE]-()
RETURN c.text AS text, c.kind AS kind, e.source AS source, count(e) AS rows
ORDER BY text, kind, source
