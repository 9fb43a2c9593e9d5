// The longest run at each of a text's words that is a name of several words: where it begins, its length.
// in:  $words LIST<STRING>
// out: i INTEGER, n INTEGER
CALL () {
  FIND_RUNS($words)
}
RETURN i, max(n) AS n
ORDER BY i
