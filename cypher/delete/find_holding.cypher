// Compositions whose text has a part, in whatever case; what of them holds it as a word is told elsewhere.
// in:  $part STRING
// out: id INTEGER, key STRING, text STRING, kind STRING
MATCH (c:Composition)
WHERE c.folded CONTAINS normalize(toLower($part))
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
