import type { ClientRecord, ClientState, RunId } from "@fedtune/core";

/** Client state in memory: for simulation and tests. */
export function memoryClientState(): ClientState {
  const records = new Map<RunId, ClientRecord>();
  return {
    load: (run) => Promise.resolve(records.get(run) ?? null),
    save(record) {
      records.set(record.run, record);
      return Promise.resolve();
    },
  };
}
