import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { WorkerOptions } from "node:worker_threads";

/**
 * Starts a thread from a module: `startThread(new URL("./thread.ts", import.meta.url))`, which is `thread.js` in built form.
 *
 * In source form the thread needs TypeScript and the packages' source condition; in built form nothing.
 */
export function startThread(module: URL, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL(module.href.replace(/\.ts$/, ".js")), options);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx"));
  const { href } = new URL("./esm/api/index.mjs", tsx);
  const code = `import { register } from ${JSON.stringify(href)}; register({ tsconfig: false });`;
  const loader = `data:text/javascript,${encodeURIComponent(code)}`;
  const execArgv = ["--conditions=@fedtune/source", "--import", loader];
  return new Worker(module, { ...options, execArgv });
}
