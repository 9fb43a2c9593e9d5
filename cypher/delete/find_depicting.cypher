// Pictures, and parts of pictures, that depict some compositions, directly or as a part of them does.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, key STRING, text STRING, kind STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)<-[:DEPICTS]-{1,2}(p:DIGESTED_KINDS)
WHERE NOT id(p) IN $ids
RETURN DISTINCT id(p) AS id, p.key AS key, p.text AS text, p.kind AS kind
ORDER BY kind, key
