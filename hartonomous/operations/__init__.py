"""Use cases of several packages, called by the command line and the API."""
