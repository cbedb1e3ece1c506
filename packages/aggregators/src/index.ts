export { combiners } from "./combiners/registry.ts";
export { methodByName, methods } from "./registry.ts";
export type { MethodName } from "./registry.ts";
