// Similarly spelt words, as suggestions for an unknown word.
// in:  $folded STRING, $prefix STRING
// out: text STRING
MATCH (c:Token)
WHERE c.folded STARTS WITH $prefix AND abs(size(c.folded) - size($folded)) <= 2
RETURN DISTINCT c.text AS text
LIMIT 5000
