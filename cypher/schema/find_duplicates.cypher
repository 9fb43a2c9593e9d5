// Values of unique properties that more than one node of a label has.
// in:  $label STRING, $properties LIST<STRING>, $top INTEGER
// out: value LIST<STRING>, nodes INTEGER
MATCH (n)
WHERE $label IN labels(n)
WITH [p IN $properties | n[p]] AS key
WHERE all(part IN key WHERE part IS NOT NULL)
WITH [part IN key | toString(part)] AS value, count(*) AS nodes
WHERE nodes > 1
RETURN value, nodes
ORDER BY value
LIMIT $top
