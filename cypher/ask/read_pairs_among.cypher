// The rated edges among some compositions.
// in:  $ids LIST<INTEGER>, $above INTEGER, $min_sources INTEGER, $numbers LIST<INTEGER>
// out: start STRING, end STRING, type STRING, rating INTEGER, elo FLOAT, decades INTEGER, cost INTEGER, times INTEGER, sources INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:RATED_TYPES]->(d:Composition)
WHERE id(d) IN $ids AND coalesce(r.consensus, r.elo) > $above AND r.sources >= $min_sources
  AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
RETURN c.key AS start, d.key AS end, type(r) AS type,
       coalesce(r.consensus, toInteger(round(r.elo))) AS rating, r.elo AS elo,
       r.decades AS decades, r.cost AS cost,
       r.n AS times, r.sources AS sources
ORDER BY start, end, type
