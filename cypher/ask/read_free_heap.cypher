// The bytes of the server's heap that are free.
// in:
// out: bytes INTEGER
CALL gds.debug.sysInfo() YIELD key, value
WHERE key = 'availableHeapInBytes'
RETURN toInteger(value) AS bytes
