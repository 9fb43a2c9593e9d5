// One suppression of a thing.
// in:
// out:
CREATE CONSTRAINT suppression_id IF NOT EXISTS FOR (s:Suppression) REQUIRE s.id IS UNIQUE
