// Write the columns of evidence edges by database id.
// in:  $edges LIST<INTEGER>, $columns MAP OF column TO LIST
// out: stated INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH ()-[e:EVIDENCE_TYPE]->() WHERE id(e) = $edges[i]
SET e += {NEW_COLUMNS($columns, i)}
RETURN count(*) AS stated
