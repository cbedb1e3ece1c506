export { checkMethodAccepts, methodByName, methodConfigSchema, methods } from "./registry.ts";
export type { MethodName } from "./registry.ts";
