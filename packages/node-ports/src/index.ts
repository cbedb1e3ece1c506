/** The ports of core over Node, for apps and tests. */
export { nodeClock } from "./clock.ts";
export { nodeEntropy } from "./entropy.ts";
export { nodeHash } from "./hash.ts";
export { startThread } from "./thread.ts";
