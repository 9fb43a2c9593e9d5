// Embedding evidence by its source.
// in:
// out:
CREATE INDEX embedding_evidence_source IF NOT EXISTS FOR ()-[e:EMBEDDING_EVIDENCE]-() ON (e.source)
