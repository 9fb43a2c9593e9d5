// Remove the names of erased subjects from their entries.
// in:  $subjects LIST<STRING>, $hashes LIST<STRING>
// out: cleared INTEGER
MATCH (e:LogEntry)
WHERE any(name IN e.names WHERE name IN $subjects)
   OR any(hash IN $hashes WHERE e.entry CONTAINS hash)
SET e.names = [], e.name = toString(e.index) + ' ' + e.act
RETURN count(e) AS cleared
