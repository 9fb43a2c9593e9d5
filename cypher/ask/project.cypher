// Project compositions and their rated pairs into Graph Data Science, compositions in the order of their keys.
// in:  $name STRING, $above INTEGER, $min_sources INTEGER, $numbers LIST<INTEGER>, $pieces BOOLEAN, $undirected LIST<STRING>
// out: projected MAP
CALL () {
  MATCH (c:Composition)
  WHERE NOT c:UNCONNECTED_KINDS AND ($pieces OR NOT c:FRAGMENT_KINDS)
  RETURN c, null AS d, null AS r ORDER BY c.key
  UNION ALL
  MATCH (c:Composition)-[r:RATED_TYPES]->(d:Composition)
  WHERE coalesce(r.consensus, r.elo) > $above AND r.sources >= $min_sources
    AND NOT c:UNCONNECTED_KINDS AND NOT d:UNCONNECTED_KINDS AND ($pieces OR NOT (c:FRAGMENT_KINDS OR d:FRAGMENT_KINDS))
    AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  RETURN c, d, r
}
RETURN gds.graph.project($name, c, d, {
         relationshipType: type(r),
         relationshipProperties: {
           cost: r.cost,
           weight: coalesce(r.decades, (r.elo - 1500.0) * 2.5)
         }
       }, {undirectedRelationshipTypes: $undirected}) AS projected
