"""The placement of compositions on the sphere S3, and queries of it."""
