// The runs of a text's words that are a name of several words; the placeholder FIND_RUNS is filled with this.
// in:  $words LIST<STRING>
// out: i INTEGER, n INTEGER, p NODE
UNWIND CASE WHEN COUNT { (:Phrase) } = 0 THEN [] ELSE range(0, size($words) - 2) END AS i
UNWIND range(2, 8) AS n
WITH i, n WHERE i + n <= size($words)
WITH i, n, reduce(text = $words[i], j IN range(i + 1, i + n - 1) | text + ' ' + $words[j]) AS text
MATCH (p:Composition {folded: normalize(toLower(text))})
WHERE p:Phrase
RETURN i, n, p
