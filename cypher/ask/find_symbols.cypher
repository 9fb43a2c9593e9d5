// Symbols by their whole text, by the text behind the language, or by how they end, at the border of a name.
// in:  $name STRING, $most INTEGER
// out: symbol STRING, exact BOOLEAN
MATCH (s:Symbol)
WHERE s.text = normalize($name) OR s.text ENDS WITH normalize($name)
WITH s, s.text = normalize($name) AS exact, substring(s.text, size(s.text) - size(normalize($name)) - 1, 1) AS before
WHERE exact OR before IN [':', '.', '/', '#', '\\']
RETURN s.text AS symbol, exact
ORDER BY exact DESC, size(s.text), symbol
LIMIT $most
