"""Signing in and out, the language switch, one's own password: the same for all faces."""
