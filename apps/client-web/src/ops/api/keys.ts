/** Names of what the query cache holds. What belongs to one run starts with `["run", id]`. */

/** Key of every query of the operators' pages. */
export const keys = {
  me: ["me"],
  server: ["server"],
  runs: ["runs"],
  operators: ["operators"],
  tokens: ["tokens"],
  audit: ["audit"],
  auditChain: ["audit", "verification"],
  estimate: (config: unknown) => ["estimate", config],
  run: (run: string) => ["run", run],
  metrics: (run: string, name: string) => ["run", run, "metrics", name],
  rounds: (run: string) => ["run", run, "rounds"],
  round: (run: string, round: number) => ["run", run, "rounds", round],
  evaluations: (run: string) => ["run", run, "evaluations"],
  attempts: (run: string) => ["run", run, "attempts"],
  refusals: (run: string) => ["run", run, "refusals"],
  participants: (run: string) => ["run", run, "participants"],
  clients: (run: string) => ["run", run, "clients"],
  invitations: (run: string) => ["run", run, "invitations"],
  ledger: (run: string) => ["run", run, "ledger"],
  events: (run: string) => ["run", run, "events"],
} as const;
