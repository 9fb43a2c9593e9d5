// The indexes of the server, without those of constraints.
// in:
// out: kind STRING, names LIST<STRING>, properties LIST<STRING>, state STRING, name STRING, statement STRING
SHOW INDEXES YIELD type, labelsOrTypes, properties, state, name, owningConstraint, createStatement
WHERE owningConstraint IS NULL
RETURN type AS kind, labelsOrTypes AS names, properties, state, name, createStatement AS statement
ORDER BY name
