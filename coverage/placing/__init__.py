"""Places edited by planners: buildings, streets, premises; each change with its history."""
