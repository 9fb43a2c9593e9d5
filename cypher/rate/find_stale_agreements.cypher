// Pairs of sources whose agreement is to be counted again, because the rows of one changed.
// in:
// out: low STRING, high STRING
MATCH (a:Source)-[g:AGREES_WITH {stale: true}]->(b:Source)
RETURN a.name AS low, b.name AS high
