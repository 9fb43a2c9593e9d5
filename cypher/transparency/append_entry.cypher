// Append an entry to the log after the last one.
// in:  $index INTEGER, $key STRING, $act STRING, $at STRING, $names LIST<STRING>, $name STRING, $entry STRING, $leaf STRING
// out: index INTEGER
CREATE (e:LogEntry {index: $index, key: $key, act: $act, at: $at, names: $names, name: $name,
                    entry: $entry, leaf: $leaf})
WITH e
OPTIONAL MATCH (before:LogEntry {index: $index - 1})
FOREACH (_ IN CASE WHEN before IS NULL THEN [] ELSE [1] END | CREATE (before)-[:NEXT]->(e))
RETURN e.index AS index
