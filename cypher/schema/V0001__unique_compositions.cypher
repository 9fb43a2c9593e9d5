// One node per composition, found by its key.
// in:
// out:
CREATE CONSTRAINT composition_key IF NOT EXISTS FOR (c:Composition) REQUIRE c.key IS UNIQUE
