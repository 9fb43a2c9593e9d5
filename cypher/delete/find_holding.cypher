// Compositions whose text contains one of several parts, case-insensitive; candidates for an exact match of words.
// in:  $parts LIST<STRING>
// out: id INTEGER, key STRING, text STRING, kind STRING
UNWIND $parts AS part
WITH normalize(toLower(part)) AS folded
MATCH (c:Composition)
WHERE c.folded CONTAINS folded
WITH DISTINCT c
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
