/** A participant without a world: actions change the snapshot as a real one's would, at once. */
import type {
  ActionName,
  Effort,
  Participant,
  ParticipantActions,
  ParticipantSnapshot,
  Road,
  Stage,
} from "../../participant/index.ts";
import { deviceFacts, fileFacts, freshRoad, keepings, road, session, standing } from "./fixture.ts";

/** What a fake tells and hears. */
export interface FakeParticipant extends Participant {
  /** Names of the actions, in order. */
  readonly calls: readonly ActionName[];
  set(change: Partial<ParticipantSnapshot>): void;
}

const encoded = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A fake that starts with a snapshot. */
export function fakeParticipant(first: ParticipantSnapshot): FakeParticipant {
  let now = first;
  const calls: ActionName[] = [];
  const listeners = new Set<() => void>();
  const set = (change: Partial<ParticipantSnapshot>): void => {
    now = { ...now, ...change };
    for (const listener of listeners) listener();
  };
  const acts = {
    ...stepsOf({ now: () => now, set }),
    ...settingsOf({ now: () => now, set }),
    ...answers,
  };
  const actions = Object.fromEntries(
    Object.entries(acts).map(([name, act]) => [
      name,
      (input: never) => {
        calls.push(name as ActionName);
        return Promise.resolve().then(() => act(input));
      },
    ]),
  ) as unknown as ParticipantActions;
  return {
    ...{ calls, set, actions },
    snapshot: () => now,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    close: () => Promise.resolve(),
  };
}

interface Store {
  readonly now: () => ParticipantSnapshot;
  readonly set: (change: Partial<ParticipantSnapshot>) => void;
}

/** What moves one along the road. */
function stepsOf({ now, set }: Store) {
  const roadNow = (): Road => {
    const { stage } = now();
    return "invitation" in stage ? stage : road;
  };
  const to = (stage: Stage) => (): void => set({ stage });
  const usable = { kind: "usable", facts: fileFacts } as const;
  const withFile = (): void =>
    set({ stage: { ...roadNow(), kind: "device", file: usable, privacy: standing } });
  return {
    openLink: () => set({ stage: { ...freshRoad, kind: "invited" } }),
    openMembership: to({ ...road, kind: "training" }),
    accept: () => set({ stage: { ...roadNow(), kind: "file" } }),
    decline: to({ kind: "no-invitation" }),
    ...{
      chooseFile: withFile,
      chooseFolder: withFile,
      mapColumns: withFile,
      mapLabels: withFile,
      leaveOutRows: withFile,
    },
    checkDevice: () =>
      set({ stage: { ...roadNow(), kind: "ready", device: { kind: "fit", facts: deviceFacts } } }),
    start: () => set({ stage: { ...roadNow(), kind: "training", session } }),
    pause: () => set({ stage: { ...roadNow(), kind: "paused", by: "holder" } }),
    resume: () => set({ stage: { ...roadNow(), kind: "training" } }),
    leave: () => set({ stage: { ...roadNow(), kind: "left" } }),
    takeOver: () => set({ stage: { ...roadNow(), kind: "training" } }),
    checkStorage: to({ kind: "no-invitation" }),
  };
}

/** What is set, kept and deleted. */
function settingsOf({ now, set }: Store) {
  const setting = (change: Partial<ParticipantSnapshot["settings"]>): void =>
    set({ settings: { ...now().settings, ...change } });
  return {
    setEffort: (effort: Effort) => setting({ effort }),
    setOnlyOnMains: (onlyOnMains: boolean) => setting({ onlyOnMains }),
    setKeepScreenOn: (keepScreenOn: boolean) => setting({ keepScreenOn }),
    setBudget: (budgetEpsilon: number | null) => setting({ budgetEpsilon }),
    readKeepings: () => {
      if (now().keepings === null) set({ keepings });
      return now().keepings;
    },
    deleteEverything: () =>
      set({
        stage: { kind: "no-invitation" },
        keepings: { ...keepings, memberships: [], records: [], ownNumbers: 0 },
      }),
    acknowledge: () => set({ failure: null }),
  };
}

/** What only answers. */
const answers = {
  tryText: () => [
    { label: "Prescription", probability: 0.874 },
    { label: "Appointment", probability: 0.061 },
    { label: "Symptoms", probability: 0.038 },
    { label: "Other", probability: 0.027 },
  ],
  tryPicture: () => [
    { label: "Prescription", probability: 0.874 },
    { label: "Appointment", probability: 0.061 },
  ],
  writeText: () => ({
    text: " there was a little girl named Lily. She loved to play outside in the park.",
    isCut: true,
  }),
  downloadAdapter: () => [
    { name: "adapter_config.json", mediaType: "application/json", bytes: encoded("{}") },
  ],
  downloadTransfers: () => ({
    ...{ name: "sent.csv", mediaType: "text/csv", bytes: encoded("round,bytes\n") },
  }),
};
