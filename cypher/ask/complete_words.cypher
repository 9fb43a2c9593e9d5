// Words that begin so, the shortest first, for the completion of a command line.
// in:  $folded STRING, $top INTEGER
// out: text STRING
MATCH (c:Token)
WHERE c.folded STARTS WITH $folded
RETURN DISTINCT c.text AS text
ORDER BY size(text), text
LIMIT $top
