"""`./run vectors DIR`: the vectors of payment protocols against the running server."""
