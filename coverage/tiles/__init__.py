"""Vector tiles of the map (Mapbox Vector Tile 2.1, made by PostGIS)."""
