// The number of rated edges of one type.
// in:
// out: edges INTEGER
MATCH ()-[r:RATED_TYPE]->()
RETURN count(r) AS edges
