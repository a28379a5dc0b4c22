// The planner: zones on a map and in a list, one of them being drawn, and the way to publishing.

import { startPlanner } from "./planner";

startPlanner();
