// Compositions by their text.
// in:
// out:
CREATE INDEX composition_text IF NOT EXISTS FOR (c:Composition) ON (c.text)
