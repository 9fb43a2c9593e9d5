// The applied migrations.
// in:
// out: version INTEGER, name STRING, checksum STRING
MATCH (m:Migration)
RETURN m.version AS version, m.name AS name, m.checksum AS checksum
ORDER BY version
