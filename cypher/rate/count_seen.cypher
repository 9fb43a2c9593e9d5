// The number of pairs that each set of sources relates, by the classes of their ends.
// in:
// out: low STRING, high STRING, seen LIST<INTEGER>, pairs INTEGER
MATCH (a:Composition)-[r:RATED_TYPE]->(b:Composition)
RETURN a.known AS low, b.known AS high, r.seen AS seen, count(*) AS pairs
