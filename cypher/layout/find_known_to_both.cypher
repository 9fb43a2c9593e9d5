// The words that two sources know, by the numbers of their tracks, in the order of the keys.
// in:  $first LIST<STRING>, $second LIST<STRING>, $most INTEGER
// out: id INTEGER, key STRING, text STRING
MATCH (c:Composition:Token)
WHERE c.key >= '' AND c.spectral IS NOT NULL
WITH c, split(c.known, '+') AS known
WHERE any(n IN $first WHERE n IN known) AND any(n IN $second WHERE n IN known)
RETURN id(c) AS id, c.key AS key, c.text AS text
ORDER BY c.key
LIMIT $most
