// The words of the graph, each with the tracks that know it.
// in:
// out: id INTEGER, known STRING
MATCH (c:Token)
RETURN id(c) AS id, c.known AS known
