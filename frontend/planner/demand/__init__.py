"""Where to build next: the demand map, what a drawn zone would give, reports given out."""
