// Compositions by their text without regard to case.
// in:
// out:
CREATE INDEX composition_folded IF NOT EXISTS FOR (c:Composition) ON (c.folded)
