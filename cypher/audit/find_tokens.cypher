// The tokens that words stand for, in any case.
// in:  $words LIST<STRING>
// out: folded STRING, ids LIST<INTEGER>
UNWIND range(0, size($words) - 1) AS i
WITH i, normalize(toLower($words[i])) AS folded
RETURN folded,
       COLLECT { MATCH (t:Composition {folded: folded}) WHERE t:Token RETURN id(t) AS id } AS ids
ORDER BY i
