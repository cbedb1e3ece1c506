export { adapters, layouts, updates, vectors } from "./arbitraries.ts";
export { expectClose, expectSameBits, relativeDistance } from "./compare.ts";
export { allowConsole } from "./console.ts";
export { loadGolden } from "./golden.ts";
export type { MethodGolden, Provenance } from "./golden.ts";
export { nodeHash } from "./hash.ts";
export {
  ignoresZeroWeight,
  orderOnlyRounds,
  permutationInvariant,
  pure,
  scaleInvariant,
} from "./laws.ts";
export type { Aggregation } from "./laws.ts";
export { methodConformance } from "./method/conformance.ts";
export type { ConformanceOptions } from "./method/conformance.ts";
export type { SkippedRule } from "./method/law.ts";
export { toyKinds } from "./method/toy-kinds.ts";
export { toyData, toyLayout, toyPoint, toyTrainer } from "./toy-trainer.ts";
