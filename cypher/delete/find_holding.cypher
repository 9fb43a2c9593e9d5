// Compositions whose text has one of several parts, in whatever case; what of them holds it as a word is told elsewhere.
// in:  $parts LIST<STRING>
// out: id INTEGER, key STRING, text STRING, kind STRING
UNWIND $parts AS part
WITH normalize(toLower(part)) AS folded
MATCH (c:Composition)
WHERE c.folded CONTAINS folded
WITH DISTINCT c
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
