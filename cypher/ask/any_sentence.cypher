// Whether the graph has any sentence.
// in:
// out: key STRING
MATCH (s:Sentence)
RETURN s.key AS key
LIMIT 1
