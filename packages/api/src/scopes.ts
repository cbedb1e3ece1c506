/**
 * What a credential admits, the least first: reading runs and their figures; their adapters; creating and steering runs;
 * letting clients in; operators, tokens and the audit log; figures for a monitoring system.
 */
export const scopes = [
  "runs:read",
  "adapters:read",
  "runs:write",
  "clients:write",
  "admin",
  "metrics:read",
] as const;
/** One of {@link scopes}; `admin` includes all. */
export type Scope = (typeof scopes)[number];
