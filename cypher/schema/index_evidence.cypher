// Index evidence of one type by its source.
// in:
// out:
CREATE INDEX INDEX_NAME IF NOT EXISTS FOR ()-[e:EVIDENCE_TYPE]-() ON (e.source)
