// Sentence evidence by its source.
// in:
// out:
CREATE INDEX sentence_evidence_source IF NOT EXISTS FOR ()-[e:SENTENCE_EVIDENCE]-() ON (e.source)
