"""How Geobill runs as processes: what `./run` does, and the programs under its supervisor.

Modules here use no Django, so that they answer in a tenth of a second.
"""
