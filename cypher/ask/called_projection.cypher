// Project what procedures ask of: words and their relations above a rating, reused while the graph does not change.
// in:  $above INTEGER
// out: projected STRING
MATCH (g:State {name: 'graph', settled: true})
WITH 'hartonomous-called-' + toString(g.epoch) + '-' + toString($above) AS name
CALL (name) {
  CALL gds.graph.list() YIELD graphName, database
  WHERE graphName STARTS WITH 'hartonomous-called-' AND graphName <> name
  CALL gds.graph.drop(graphName, false) YIELD nodeCount
  RETURN count(*) AS dropped
}
CALL (name) {
  CALL gds.graph.exists(name) YIELD exists
  RETURN exists
}
CALL (name, exists) {
  CALL (exists) {
    WITH exists WHERE NOT exists
    MATCH (a:Composition)
    WHERE NOT a:UNCONNECTED_KINDS AND NOT a:FRAGMENT_KINDS
    RETURN a, null AS b, null AS r ORDER BY a.key
    UNION ALL
    WITH exists WHERE NOT exists
    MATCH (a:Composition)-[r:DEFAULT_RELATION]->(b:Composition)
    WHERE r.consensus > $above AND NOT a:UNCONNECTED_KINDS AND NOT b:UNCONNECTED_KINDS
      AND NOT a:FRAGMENT_KINDS AND NOT b:FRAGMENT_KINDS
    RETURN a, b, r
  }
  RETURN gds.graph.project(name, a, b, {
           relationshipType: type(r), relationshipProperties: {cost: r.cost, weight: r.decades}
         }, {undirectedRelationshipTypes: ['DEFAULT_RELATION']}) AS made
}
RETURN name AS projected
