// How many edges of evidence of one type there are.
// in:
// out: edges INTEGER
MATCH ()-[e:EVIDENCE_TYPE]->()
RETURN count(e) AS edges
