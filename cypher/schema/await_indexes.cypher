// Wait until every index is online.
// in:
// out:
CALL db.awaitIndexes(300)
