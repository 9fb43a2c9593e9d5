// Renew the writer's lock; no row if we no longer hold it.
// in:  $token STRING, $seconds INTEGER
// out: held BOOLEAN
MATCH (l:Lock {name: 'writer', token: $token})
SET l.expires = datetime() + duration({seconds: $seconds})
RETURN true AS held
