// Where a person wants to be: what was asked for first may be answered last, and must not take the
// place of what was asked for since.

let steps = 0;

/** A view is shown: whoever was on the way elsewhere has arrived, or has been overtaken. */
export function arrive(): void {
  steps += 1;
}

/** Begin to go to another view; the answer is whether this is still where the person wants to go. */
export function journey(): () => boolean {
  steps += 1;
  return resting();
}

/** Go nowhere; the answer is whether the person is still here, and not on the way elsewhere. */
export function resting(): () => boolean {
  const mine = steps;
  return () => mine === steps;
}
