/**
 * Lets the current thread import the repository's TypeScript source, without any build.
 *
 * Packages answer to the condition `@fedtune/source` with their source; tsx turns it into JavaScript. A worker thread
 * needs the same: `new Worker(url, { execArgv: process.execArgv })` brings it along.
 */
import { register } from "node:module";
import { register as registerTsx } from "tsx/esm/api";

const condition = `
export function resolve(specifier, context, next) {
  return next(specifier, { ...context, conditions: ["@fedtune/source", ...context.conditions] });
}`;

register(`data:text/javascript,${encodeURIComponent(condition)}`);
// Never the tsconfig.json of whatever folder the command is called from.
registerTsx({ tsconfig: false });
