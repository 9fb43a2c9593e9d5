// The holder of the writer's lock, if any.
// in:
// out: token STRING, process STRING, owner STRING, since STRING, expires STRING, dead BOOLEAN
MATCH (l:Lock {name: 'writer'})
WHERE l.token IS NOT NULL
RETURN l.token AS token, l.process AS process, l.owner AS owner, toString(l.since) AS since, toString(l.expires) AS expires,
       l.expires < datetime() AS dead
