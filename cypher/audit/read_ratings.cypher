// All rated edges of one type that start at some compositions, in columns; a list is shorter if a number is missing.
// in:  $ids LIST<INTEGER>
// out: starts LIST<INTEGER>, ends LIST<INTEGER>, elo LIST<FLOAT>, n LIST<INTEGER>, weight LIST<INTEGER>, sources LIST<INTEGER>, seen LIST<LIST<INTEGER>>, decades LIST<INTEGER>, consensus LIST<INTEGER>, cost LIST<INTEGER>, against LIST<INTEGER>
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[r:RATED_TYPE]->(b)
WITH id, id(b) AS end, properties(r) AS said
RETURN collect(id) AS starts, collect(end) AS ends, collect(said.elo) AS elo, collect(said.n) AS n,
       collect(said.weight) AS weight, collect(said.sources) AS sources, collect(coalesce(said.seen, [])) AS seen,
       collect(said.decades) AS decades, collect(said.consensus) AS consensus,
       collect(said.cost) AS cost, collect(coalesce(said.against, 0)) AS against
