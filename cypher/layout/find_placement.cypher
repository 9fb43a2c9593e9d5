// Whether any place stands on the compositions.
// in:
// out: name STRING
MATCH (p:Placement)
RETURN p.name AS name
