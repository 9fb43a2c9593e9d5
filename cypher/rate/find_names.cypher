// Compositions whose texts may be names of several words; those marked already only if asked for.
// in:  $known BOOLEAN
// out: id INTEGER, text STRING, kind STRING
CALL () {
  MATCH (c:PHRASE_KINDS) WHERE c.text CONTAINS ' '
  RETURN c
  UNION ALL
  MATCH (c:IDENTIFIER_KINDS)
  RETURN c
}
WITH c WHERE $known OR NOT c:Phrase
RETURN id(c) AS id, c.text AS text, c.kind AS kind
