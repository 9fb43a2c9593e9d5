// The number of compositions.
// in:
// out: compositions INTEGER
MATCH (c:Composition)
RETURN count(c) AS compositions
