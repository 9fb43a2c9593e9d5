// The constraints of the server.
// in:
// out: kind STRING, names LIST<STRING>, properties LIST<STRING>, state STRING, name STRING, statement STRING
SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties, name, createStatement
RETURN type AS kind, labelsOrTypes AS names, properties, 'ONLINE' AS state, name, createStatement AS statement
ORDER BY name
