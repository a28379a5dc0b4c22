"""The plant: points of the network with their ports, what they feed, and what is free in them."""
