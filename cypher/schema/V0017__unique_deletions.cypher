// One journal per removal.
// in:
// out:
CREATE CONSTRAINT deletion_id IF NOT EXISTS FOR (d:Deletion) REQUIRE d.id IS UNIQUE
