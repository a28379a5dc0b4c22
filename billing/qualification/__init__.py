"""Qualification of a list: what can be sold at each of up to 100,000 addresses.

A table comes in, one row goes out for each of its rows, in their order: how the address was tied to
a building, whether service can be had there and why, and the tariffs with prices. What does not
match is told with what it may mean; no row is dropped.

These questions are not stored as availability checks. A check is somebody's wish and feeds the
demand map; a list is the provider's own question, and one of 100,000 rows would drown years of
wishes. What was asked and answered stays as the job with its files, as long as jobs are kept.
"""
