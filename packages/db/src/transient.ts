/** Which failures of a database pass by themselves. */

/** SQLSTATE classes and codes after which the same statement may succeed. */
const transientStates = [
  /^08/, // connection exception
  /^57P0[1-3]$/, // shut down, crashed, starting up
  /^40(001|P01)$/, // serialization failure, deadlock
  /^53300$/, // too many connections
  /^55P03$/, // lock not available in time
  /^57014$/, // statement cancelled by a time limit
  /^25P0[34]$/, // a transaction idle or open for too long
  /^25006$/, // read-only: a standby that is about to take over
];

/** Codes of Node's sockets, and of Prisma where it hides the state. */
const transientCodes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "ENOENT"],
  ...["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENOTFOUND", "EAI_AGAIN"],
  ...["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2034"],
]);

/** What node-postgres says, without a code, of connections that are no more or do not come about. */
const transientMessages =
  /^(Connection terminated|timeout e(xceeded|xpired)|Query read timeout|Client has encountered a connection error|Client was closed|Server closed the connection)/i;

const MOST_CAUSES = 5;

/** Whether what failed may succeed when it is done again: the connection was lost, the server is away, or a lock was. */
export function isTransient(error: unknown): boolean {
  return causes(error).some((one) => {
    const { code, originalCode, message } = one;
    return [code, originalCode].some(isTransientCode) || isTransientMessage(message);
  });
}

/** The first SQLSTATE or system code that the error or one of its causes bears. */
export function codeOf(error: unknown): string | null {
  for (const { code, originalCode } of causes(error)) {
    if (typeof originalCode === "string") return originalCode;
    if (typeof code === "string") return code;
  }
  return null;
}

/** What went wrong at first, for people. */
export function reasonOf(error: unknown): string {
  for (const { message } of causes(error)) {
    if (typeof message === "string" && message !== "") return message.trim().split("\n")[0] ?? "";
  }
  return codeOf(error) ?? String(error);
}

interface Facts {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly message?: unknown;
}

/** The error and what it came from, the first cause first: causes, parts of an aggregate, what Prisma hides in `meta`. */
function causes(error: unknown, depth = 0): Facts[] {
  if (typeof error !== "object" || error === null || depth > MOST_CAUSES) return [];
  const { cause, errors, meta } = error as Readonly<Record<string, unknown>>;
  const parts: readonly unknown[] = Array.isArray(errors) ? errors : [];
  const hidden: unknown =
    typeof meta === "object" && meta !== null ? Reflect.get(meta, "driverAdapterError") : null;
  return [...[cause, hidden, ...parts].flatMap((inner) => causes(inner, depth + 1)), error];
}

function isTransientCode(code: unknown): boolean {
  if (typeof code !== "string") return false;
  return transientCodes.has(code) || transientStates.some((state) => state.test(code));
}

function isTransientMessage(message: unknown): boolean {
  return typeof message === "string" && transientMessages.test(message);
}
