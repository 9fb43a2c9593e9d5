// The names that are linked to their words.
// in:
// out: id INTEGER
MATCH (p:Phrase)
RETURN id(p) AS id
