/** Plain JavaScript; there on every platform, and the reference for the others. */
import type { Backend } from "./backend.ts";

/** Registered by TensorFlow.js itself. */
export const cpu: Backend<"cpu"> = { name: "cpu", tfName: "cpu", load: () => Promise.resolve() };
