// Release the writer's lock if we hold it.
// in:  $token STRING
// out:
MATCH (l:Lock {name: 'writer', token: $token})
REMOVE l.token, l.owner, l.process, l.since, l.expires
