"""`./run chaos NAME`: parts of a running system are killed, and nothing may be lost or doubled."""
