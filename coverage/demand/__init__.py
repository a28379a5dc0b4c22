"""Where people ask in vain: wishes counted honestly, cells of a stable grid, shared reports."""
