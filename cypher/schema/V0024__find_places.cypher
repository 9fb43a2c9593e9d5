// What a source holds by its place, for pictures named by their files.
// in:
// out:
CREATE INDEX held_place IF NOT EXISTS FOR ()-[h:HOLDS]-() ON (h.place)
