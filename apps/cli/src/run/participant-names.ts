import type { RunId, Store } from "@fedtune/core";

/** Who is behind an index: the store as it is, noting the names that go through it. For one run. */
export interface ParticipantNames {
  readonly store: Store;
  /** Reads the names of those who enrolled before. */
  load(run: RunId): Promise<void>;
  readonly nameOf: (index: number) => string;
}

/** Watches the enrolments of a store. */
export function participantNames(store: Store): ParticipantNames {
  const names = new Map<number, string>();
  return {
    store: {
      ...store,
      async enrol(run, client, how) {
        const index = await store.enrol(run, client, how);
        names.set(index, client);
        return index;
      },
    },
    async load(run) {
      for (const { client, index } of await store.getClients(run)) names.set(index, client);
    },
    nameOf: (index) => names.get(index) ?? `participant ${index}`,
  };
}
