// Put empty lists where an import, which knows none, was given a mark for them.
// in:  $name STRING, $mark LIST<STRING>, $empty MAP
// out: emptied INTEGER
MATCH (n)
WHERE n[$name] = $mark
SET n += $empty
RETURN count(n) AS emptied
