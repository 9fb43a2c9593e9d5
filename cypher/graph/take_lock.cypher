// Take the writer's lock if it is free or its holder is dead; return the holder.
// in:  $token STRING, $owner STRING, $process STRING, $seconds INTEGER
// out: held BOOLEAN, token STRING, owner STRING, process STRING, since STRING, expires STRING
MERGE (l:Lock {name: 'writer'})
SET l.asked = $token
WITH l, (l.token IS NULL OR l.token = $token OR l.expires < datetime()) AS free
FOREACH (_ IN CASE WHEN free THEN [1] ELSE [] END |
  SET l.token = $token, l.owner = $owner, l.process = $process, l.since = datetime(),
      l.expires = datetime() + duration({seconds: $seconds})
)
REMOVE l.asked
RETURN free AS held, l.token AS token, l.owner AS owner, l.process AS process,
       toString(l.since) AS since, toString(l.expires) AS expires
