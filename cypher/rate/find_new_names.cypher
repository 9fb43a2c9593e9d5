// Compositions marked as names when they were created, whose words are not known yet.
// in:
// out: id INTEGER, text STRING, kind STRING
MATCH (c:Phrase)
WHERE c.words IS NULL
RETURN id(c) AS id, c.text AS text, c.kind AS kind
