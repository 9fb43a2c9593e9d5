// Settings of the server: what procedures may access, and how long a lock is waited for.
// in:
// out: name STRING, value STRING
SHOW SETTINGS YIELD name, value
WHERE name IN ['dbms.security.procedures.unrestricted', 'db.lock.acquisition.timeout']
RETURN name, value
