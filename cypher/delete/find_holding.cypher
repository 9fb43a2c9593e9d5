// Compositions whose text contains one of several parts, case-insensitive, and identifiers with part of a name; candidates for an exact match of words.
// in:  $parts LIST<STRING>, $of_name STRING
// out: id INTEGER, key STRING, text STRING, kind STRING
CALL () {
  UNWIND $parts AS part
  WITH normalize(toLower(part)) AS folded
  MATCH (c:Composition)
  WHERE c.folded CONTAINS folded
  RETURN c
  UNION
  MATCH (c:IDENTIFIER_KINDS)
  WHERE c.folded CONTAINS normalize(toLower($of_name))
  RETURN c
}
WITH DISTINCT c
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
