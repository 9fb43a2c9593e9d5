// Every entry of the log in order, with the fields that a check of the log needs.
// in:
// out: index INTEGER, key STRING, act STRING, at STRING, names LIST<STRING>, name STRING, entry STRING, leaf STRING, follows INTEGER
MATCH (e:LogEntry)
OPTIONAL MATCH (before:LogEntry)-[:NEXT]->(e)
RETURN e.index AS index, e.key AS key, e.act AS act, e.at AS at, e.names AS names,
       // A graph that no act of this version has changed has it under an earlier name.
       coalesce(e.name, e.title) AS name, e.entry AS entry, e.leaf AS leaf, before.index AS follows
ORDER BY index
