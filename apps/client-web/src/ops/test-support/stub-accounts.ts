/** People, tokens and the audit log of the pictures. */
import type { OutputOf } from "@fedtune/api";

/** An instant of November 2026. */
export const day = (at: string): string => `2026-11-${at}:00Z`;

/** An id of the server's, by a number. */
export const id = (last: number): string =>
  `7f3b4f0e-7f3b-4f0e-8f3b-7f3b4f0e${String(last).padStart(4, "0")}`;

/** Accounts. */
export const operators: OutputOf<"listOperators">["items"] = [
  { id: id(1), name: "m-keller", role: "admin", createdAt: day("02T08:00"), disabledAt: null },
  { id: id(2), name: "s-rossi", role: "operator", createdAt: day("04T09:30"), disabledAt: null },
  { id: id(3), name: "board", role: "viewer", createdAt: day("09T12:00"), disabledAt: null },
  {
    id: id(4),
    name: "intern",
    role: "viewer",
    createdAt: day("03T07:10"),
    disabledAt: day("14T18:00"),
  },
];

/** Tokens of programs. */
export const tokens: OutputOf<"listTokens">["items"] = [
  {
    ...{ id: id(11), name: "this machine", scopes: ["admin"], operator: null, revokedAt: null },
    ...{ createdAt: day("02T08:00"), expiresAt: null, lastUsedAt: day("20T13:58") },
  },
  {
    ...{ id: id(12), name: "grafana", scopes: ["metrics:read"], operator: "m-keller" },
    ...{ createdAt: day("05T10:00"), expiresAt: "2027-11-05T10:00:00Z", revokedAt: null },
    lastUsedAt: day("20T14:06"),
  },
  {
    ...{ id: id(13), name: "nightly evaluation", scopes: ["runs:read", "adapters:read"] },
    ...{ operator: "s-rossi", createdAt: day("06T10:00"), expiresAt: day("16T10:00") },
    ...{ revokedAt: null, lastUsedAt: day("15T02:00") },
  },
];

const hashOf = (n: number): string =>
  Array.from({ length: 8 }, (_, at) =>
    ((n * 2654435761 + at * 40503) >>> 0).toString(16).padStart(8, "0"),
  ).join("");

const deeds: readonly (readonly [
  actor: string,
  action: string,
  subject: string,
  data: Record<string, string | number | null>,
])[] = [
  ["operator:m-keller", "signIn", "m-keller", { address: "10.0.4.17" }],
  ["operator:m-keller", "createRun", "message-triage", { start: "true" }],
  ["operator:m-keller", "createEnrolmentToken", "message-triage", { maxUses: 40, client: null }],
  ["operator:s-rossi", "signIn", "s-rossi", { address: "10.0.4.22" }],
  ["operator:s-rossi", "pauseRun", "referral-letters", {}],
  ["operator:s-rossi", "resumeRun", "referral-letters", {}],
  ["token:grafana", "createToken", "grafana", { scopes: "metrics:read" }],
];

/** The audit log, the latest first. */
export const events: OutputOf<"listAuditEvents">["items"] = Array.from({ length: 412 }, (_, at) => {
  const sequence = 412 - at;
  const [actor, action, subject, data] = deeds[sequence % deeds.length] ?? ["", "", "", {}];
  const instant = new Date(Date.UTC(2026, 10, 20, 14, 6) - at * 1_237_000).toISOString();
  return {
    sequence,
    at: instant,
    actor,
    action,
    subject,
    data,
    previous: hashOf(sequence - 1),
    hash: hashOf(sequence),
  };
});
