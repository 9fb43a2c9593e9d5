"""Text generation from next-token evidence."""
