/** The values that labels may take. */

/** HTTP methods by name; any other is `other`. */
export const knownMethods: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
]);

/** A route's own pattern: names of parameters, never their values. */
const pattern = /^\/[\w./:*{}-]{0,100}$/;

/** The label of a route; `none` where no route answered. */
export function knownRoute(route: string | null): string {
  return route !== null && pattern.test(route) ? route : "none";
}

/** Types of control messages, of both directions. */
const messageTypes: ReadonlySet<string> = new Set([
  ...["hello", "join", "taken", "declined", "update", "evaluated", "leave"],
  ...["welcome", "order", "evaluate", "cancel", "accepted", "refused", "finished", "goodbye"],
]);

/** Where an encoder puts the type. */
const HEAD = 40;

/** The label of an encoded control message, which need not be one. */
export function messageType(text: string): string {
  const type = /^\{"type":"(\w+)"/.exec(text.slice(0, HEAD))?.[1] ?? "";
  return messageTypes.has(type) ? type : "other";
}
