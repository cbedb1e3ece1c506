/** What both sides of a line begin with. */
import type { ParticipantSnapshot } from "../types.ts";

/** Before the worker has said anything. */
export const firstSnapshot: ParticipantSnapshot = {
  stage: { kind: "opening" },
  settings: {
    ...{ effort: "normal", onlyOnMains: false, keepScreenOn: false },
    ...{ backend: null, budgetEpsilon: 8 },
  },
  power: { source: "unknown", charge: null },
  keepings: null,
  failure: null,
};
