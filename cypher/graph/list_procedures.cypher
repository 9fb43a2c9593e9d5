// The procedures whose names have a prefix.
// in:  $prefix STRING
// out: name STRING, signature STRING, description STRING
SHOW PROCEDURES YIELD name, signature, description
WHERE name STARTS WITH $prefix
RETURN name, signature, description
ORDER BY name
