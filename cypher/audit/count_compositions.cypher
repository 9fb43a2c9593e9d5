// How many compositions there are.
// in:
// out: compositions INTEGER
MATCH (c:Composition)
RETURN count(c) AS compositions
