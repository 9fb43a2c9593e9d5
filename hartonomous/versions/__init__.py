"""Snapshots, differences, rollback, backup and restore."""
