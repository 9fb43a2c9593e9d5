"""The Neo4j database: driver, Cypher files, schema, procedures and the writer's lock."""
