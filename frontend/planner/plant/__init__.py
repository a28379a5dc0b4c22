"""Points of the network for staff: the map and the list, one node, its ports, files."""
