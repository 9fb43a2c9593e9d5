// How many rated edges of one type there are.
// in:
// out: edges INTEGER
MATCH ()-[r:RATED_TYPE]->()
RETURN count(r) AS edges
