"""From a bundle to a rated graph. The only room with the database driver in it."""
