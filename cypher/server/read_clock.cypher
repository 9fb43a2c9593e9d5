// The server's clock.
// in:
// out: seconds FLOAT
RETURN datetime().epochMillis / 1000.0 AS seconds
