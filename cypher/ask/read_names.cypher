// The labels and relationship types of the graph, and whether there is any composition.
// in:
// out: compositions INTEGER, labels LIST<STRING>, types LIST<STRING>
CALL () { CALL db.labels() YIELD label RETURN collect(label) AS labels }
CALL () { CALL db.relationshipTypes() YIELD relationshipType RETURN collect(relationshipType) AS types }
RETURN COUNT { (:Composition) } AS compositions, labels, types
