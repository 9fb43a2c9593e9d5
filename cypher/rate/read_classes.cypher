// The classes of words: sets of tracks that know them.
// in:
// out: known STRING, words INTEGER
MATCH (c:Composition)
WHERE c.known IS NOT NULL
RETURN c.known AS known, count(*) AS words
