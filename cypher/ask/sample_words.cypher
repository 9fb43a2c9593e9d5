// A sample of the words that several tracks know; evenly distributed, because keys are digests.
// in:  $top INTEGER
// out: key STRING, id INTEGER
MATCH (c:Token)
WHERE size(split(c.known, '+')) > 2
RETURN c.key AS key, id(c) AS id
ORDER BY key
LIMIT $top
