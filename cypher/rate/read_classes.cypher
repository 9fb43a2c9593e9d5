// The classes of words: sets of tracks that know them.
// in:
// out: known STRING
MATCH (c:Composition)
WHERE c.known IS NOT NULL
RETURN DISTINCT c.known AS known
