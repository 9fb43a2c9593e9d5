// Every composition whose text may be a name of several words, or that is marked as one.
// in:
// out: id INTEGER, text STRING, kind STRING
CALL () {
  MATCH (c:PHRASE_KINDS) WHERE c.text CONTAINS ' '
  RETURN c
  UNION
  MATCH (c:IDENTIFIER_KINDS|Phrase)
  RETURN c
}
RETURN id(c) AS id, c.text AS text, c.kind AS kind
