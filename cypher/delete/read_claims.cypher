// The claims of erasures' certificates, the last erasure first; null if none was requested.
// in:
// out: id STRING, state STRING, claims STRING, logged INTEGER
MATCH (d:Deletion {verb: 'erase'})
RETURN d.id AS id, d.state AS state, d.claims AS claims, d.logged AS logged
ORDER BY d.number DESC
