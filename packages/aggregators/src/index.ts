export { methodByName, methods } from "./registry.ts";
export type { MethodName } from "./registry.ts";
