/** Errors after which a worker's memory is no good any more. */
import { FedtuneError } from "@fedtune/core";
import type { BrowserBackendName } from "@fedtune/training/browser";

/** In the words of our heap, of V8, SpiderMonkey and JavaScriptCore, and of Emscripten. */
const outOfMemory =
  /memory is full|out of memory|allocation failed|invalid (typed )?array (buffer )?length|enlarge memory|\bOOM\b/i;

/**
 * The error that ends the worker: out of memory, since WebAssembly's memory never shrinks, or a crash inside
 * WebAssembly, whose heap may be in any state. Null for every other one.
 */
export function fatalError(error: unknown, backend: BrowserBackendName): FedtuneError | null {
  const root = error instanceof FedtuneError && error.cause !== undefined ? error.cause : error;
  const message = root instanceof Error ? root.message : String(root);
  if (outOfMemory.test(message))
    return new FedtuneError("training-failed", `Ran out of memory on ${backend}: ${message}`, {
      data: { reason: "out-of-memory", backend },
      cause: error,
    });
  if (root instanceof WebAssembly.RuntimeError)
    return new FedtuneError("training-failed", `WebAssembly crashed: ${message}`, {
      data: { reason: "crashed", backend },
      cause: error,
    });
  return null;
}
