// The open transactions, the oldest first, without this one.
// in:
// out: id STRING, user STRING, since STRING, seconds INTEGER, client STRING, statement STRING
SHOW TRANSACTIONS
YIELD transactionId, username, startTime, elapsedTime, clientAddress, currentQuery
WHERE NOT coalesce(currentQuery, '') STARTS WITH '// The transactions that are open'
RETURN transactionId AS id, username AS user, toString(startTime) AS since,
       toInteger(elapsedTime.seconds) AS seconds, clientAddress AS client,
       coalesce(currentQuery, '') AS statement
ORDER BY since
