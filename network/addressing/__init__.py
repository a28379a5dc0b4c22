"""Addresses: pools, the rules that say who draws from which, who holds what, and how full it is."""
