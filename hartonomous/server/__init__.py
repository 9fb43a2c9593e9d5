"""The managed server: a private Neo4j of one user, its home, its jars and its store."""
