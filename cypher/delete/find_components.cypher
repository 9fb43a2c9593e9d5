// The connected components of a projected graph, the largest first.
// in:  $name STRING
// out: component INTEGER, ids LIST<INTEGER>
CALL gds.wcc.stream($name) YIELD nodeId, componentId
WITH componentId AS component, collect(nodeId) AS ids
RETURN component, ids
ORDER BY size(ids) DESC, component
