// Names of several words, what is marked or linked as one, and the links of each.
// in:
// out: id INTEGER, text STRING, kind STRING, marked BOOLEAN, words LIST<STRING>, links LIST OF [id, position]
CALL () {
  MATCH (c:PHRASE_KINDS) WHERE c.text CONTAINS ' '
  RETURN c
  UNION
  MATCH (c:IDENTIFIER_KINDS|Phrase)
  RETURN c
  UNION
  MATCH (c:Composition) WHERE c.words IS NOT NULL
  RETURN c
  UNION
  MATCH (c)-[:HAS_WORD]->()
  RETURN c
}
RETURN id(c) AS id, c.text AS text, c.kind AS kind, c:Phrase AS marked, c.words AS words,
       COLLECT { MATCH (c)-[h:HAS_WORD]->(t) RETURN [id(t), h.position] AS link ORDER BY id(t), h.position } AS links
