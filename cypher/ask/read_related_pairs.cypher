// The pairs that start at some compositions, with the set of sources that relate them, as columns.
// in:  $ids LIST<INTEGER>
// out: start INTEGER, seen LIST<INTEGER>, ends LIST<INTEGER>, decades LIST<INTEGER>
UNWIND $ids AS start
MATCH (a:Composition)-[r:DEFAULT_RELATION]->(b) WHERE id(a) = start
RETURN start, r.seen AS seen, collect(id(b)) AS ends, collect(r.decades) AS decades
