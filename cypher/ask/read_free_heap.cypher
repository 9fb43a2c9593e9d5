// The free bytes of the server's heap.
// in:
// out: bytes INTEGER
CALL gds.debug.sysInfo() YIELD key, value
WHERE key = 'availableHeapInBytes'
RETURN toInteger(value) AS bytes
