// Record that a migration was applied.
// in:  $version INTEGER, $name STRING, $checksum STRING
// out:
MERGE (m:Migration {version: $version})
  ON CREATE SET m.name = $name, m.checksum = $checksum, m.applied = datetime()
