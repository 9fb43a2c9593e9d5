// One placement of a name.
// in:
// out:
CREATE CONSTRAINT placement_name IF NOT EXISTS FOR (p:Placement) REQUIRE p.name IS UNIQUE
