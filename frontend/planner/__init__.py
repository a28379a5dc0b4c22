"""The planner's face: the map on which coverage zones are drawn and published."""
