// The rated edges of one type that start at some compositions, as columns; one row per start.
// in:  $ids LIST<INTEGER>
// out: start INTEGER, ends LIST<INTEGER>, elos LIST<FLOAT>, times LIST<INTEGER>, weights LIST<INTEGER>, sources LIST<INTEGER>, consensuses LIST<INTEGER>
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[r:RATED_TYPE]->(b)
RETURN id AS start, collect(id(b)) AS ends, collect(r.elo) AS elos, collect(r.n) AS times,
       collect(r.weight) AS weights, collect(r.sources) AS sources,
       collect(r.consensus) AS consensuses
