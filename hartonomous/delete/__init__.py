"""Deletions that can be undone: selectors, plan, execution, retention, undo."""
