/** A participant without a world: actions change the snapshot as a real one's would, at once. */
import type {
  ActionName,
  Participant,
  ParticipantActions,
  ParticipantSnapshot,
  Road,
  Stage,
} from "../../participant/index.ts";
import { deviceFacts, fileFacts, keepings, road, standing } from "./fixture.ts";

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
  const roadNow = (): Road => ("invitation" in now.stage ? now.stage : road);
  const to = (stage: Stage): void => set({ stage });
  const setting = (change: Partial<ParticipantSnapshot["settings"]>): void =>
    set({ settings: { ...now.settings, ...change } });
  const acts: { [Name in ActionName]: (...input: never[]) => unknown } = {
    openLink: () => to({ ...roadNow(), kind: "invited" }),
    openMembership: () => to({ ...road, kind: "training" }),
    accept: () => to({ ...roadNow(), kind: "file" }),
    decline: () => to({ kind: "no-invitation" }),
    chooseFile: () =>
      to({
        ...roadNow(),
        ...{ kind: "device", file: { kind: "usable", facts: fileFacts }, privacy: standing },
      }),
    mapColumns: () =>
      to({ ...roadNow(), kind: "device", file: { kind: "usable", facts: fileFacts } }),
    mapLabels: () =>
      to({ ...roadNow(), kind: "device", file: { kind: "usable", facts: fileFacts } }),
    leaveOutRows: () =>
      to({ ...roadNow(), kind: "device", file: { kind: "usable", facts: fileFacts } }),
    checkDevice: () =>
      to({ ...roadNow(), kind: "ready", device: { kind: "fit", facts: deviceFacts } }),
    start: () => to({ ...roadNow(), kind: "training", session: road.session }),
    pause: () => to({ ...roadNow(), kind: "paused", by: "holder" }),
    resume: () => to({ ...roadNow(), kind: "training" }),
    leave: () => to({ ...roadNow(), kind: "left" }),
    takeOver: () => to({ ...roadNow(), kind: "training" }),
    setEffort: (effort: ParticipantSnapshot["settings"]["effort"]) => setting({ effort }),
    setOnlyOnMains: (onlyOnMains: boolean) => setting({ onlyOnMains }),
    setKeepScreenOn: (keepScreenOn: boolean) => setting({ keepScreenOn }),
    setBudget: (budgetEpsilon: number | null) => setting({ budgetEpsilon }),
    tryText: () => [
      { label: "Prescription", probability: 0.874 },
      { label: "Appointment", probability: 0.061 },
      { label: "Symptoms", probability: 0.038 },
      { label: "Other", probability: 0.027 },
    ],
    downloadAdapter: () => [
      { name: "adapter_config.json", mediaType: "application/json", bytes: encoded("{}") },
    ],
    downloadTransfers: () => ({
      ...{ name: "sent.csv", mediaType: "text/csv", bytes: encoded("round,bytes\n") },
    }),
    readKeepings: () => {
      if (now.keepings === null) set({ keepings });
      return now.keepings;
    },
    deleteEverything: () =>
      set({
        stage: { kind: "no-invitation" },
        keepings: { ...keepings, memberships: [], records: [], ownNumbers: 0 },
      }),
    checkStorage: () => to({ kind: "no-invitation" }),
    acknowledge: () => set({ failure: null }),
  };
  const actions = Object.fromEntries(
    Object.entries(acts).map(([name, act]) => [
      name,
      (...input: never[]) => {
        calls.push(name as ActionName);
        return Promise.resolve().then(() => act(...input));
      },
    ]),
  ) as unknown as ParticipantActions;
  return {
    calls,
    set,
    actions,
    snapshot: () => now,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    close: () => Promise.resolve(),
  };
}
