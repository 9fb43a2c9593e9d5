// The number of evidence edges of one type.
// in:
// out: edges INTEGER
MATCH ()-[e:EVIDENCE_TYPE]->()
RETURN count(e) AS edges
