// Index evidence of one type by its source.
// in:
// out:
CREATE INDEX EVIDENCE_INDEX IF NOT EXISTS FOR ()-[e:EVIDENCE_TYPE]-() ON (e.source)
