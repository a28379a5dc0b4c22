// Where to build next: cells of demand on a map, the same in a list, and their story in time.

import { startDemand } from "./demand";

startDemand();
