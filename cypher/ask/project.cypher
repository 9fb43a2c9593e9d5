// Project compositions and their rated pairs into Graph Data Science, compositions in the order of their keys.
// in:  $name STRING, $above INTEGER, $min_sources INTEGER, $numbers LIST<INTEGER>, $pieces BOOLEAN, $undirected LIST<STRING>
// out: projected MAP
CALL () {
  MATCH (c:Composition)
  WHERE NOT c:Context AND ($pieces OR NOT c:Piece)
  RETURN c, null AS d, null AS r ORDER BY c.key
  UNION ALL
  MATCH (c:Composition)-[r:RATED_TYPES]->(d:Composition)
  WHERE coalesce(r.consensus, r.elo) > $above AND r.sources >= $min_sources
    AND NOT c:Context AND NOT d:Context AND ($pieces OR NOT (c:Piece OR d:Piece))
    AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  RETURN c, d, r
}
RETURN gds.graph.project($name, c, d, {
         relationshipType: type(r),
         relationshipProperties: {
           cost: coalesce(r.cost, 1.0 + floor(1e6 * log10(1.0 + 10.0 ^ ((1500.0 - r.elo) / 400.0)))),
           weight: coalesce(r.decades, (r.elo - 1500.0) * 2.5)
         }
       }, {undirectedRelationshipTypes: $undirected}) AS projected
