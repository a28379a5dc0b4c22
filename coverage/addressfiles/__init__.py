"""Files of addresses: OpenStreetMap extracts, GeoJSON, tables; read with suspicion."""
