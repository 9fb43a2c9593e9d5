"""The public API: `hartonomous.open()` gives a `KnowledgeGraph`, which has the command line's verbs."""
