// Renew the writer's lock; no row when it is no longer ours.
// in:  $token STRING, $seconds INTEGER
// out: held BOOLEAN
MATCH (l:Lock {name: 'writer', token: $token})
SET l.expires = datetime() + duration({seconds: $seconds})
RETURN true AS held
