// Wait until every index can be used.
// in:
// out:
CALL db.awaitIndexes(300)
