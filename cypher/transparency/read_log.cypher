// The last acts of the log, newest first: what was done, when, and to which subjects, unless erased.
// in:  $top INTEGER
// out: index INTEGER, at STRING, act STRING, names LIST<STRING>, entry STRING, leaf STRING
// procedure: log(top = 25::INTEGER)
// example: log(5)
MATCH (e:LogEntry)
RETURN e.index AS index, e.at AS at, e.act AS act, e.names AS names, e.entry AS entry,
       e.leaf AS leaf
ORDER BY index DESC
LIMIT $top
