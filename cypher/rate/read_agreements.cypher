// The recorded agreement of each pair of sources.
// in:
// out: low STRING, high STRING, words INTEGER, pairs_low INTEGER, pairs_high INTEGER, shared INTEGER, met INTEGER
MATCH (a:Source)-[g:AGREES_WITH]->(b:Source)
RETURN a.name AS low, b.name AS high, g.words AS words, g.pairs_low AS pairs_low,
       g.pairs_high AS pairs_high, g.shared AS shared, g.met AS met
