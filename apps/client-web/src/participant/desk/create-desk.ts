/** A desk with its doors: actions by name, and what the browser tells. */
import { asFedtuneError, isFedtuneError } from "@fedtune/core";
import type { FedtuneError } from "@fedtune/core";
import { problemOf } from "../problem.ts";
import type { Power } from "../device-report.ts";
import { readSettings } from "../storage/settings-store.ts";
import type { ActionName, ParticipantActions, ParticipantSnapshot } from "../types.ts";
import { closeRoad } from "./closing.ts";
import { newDesk } from "./desk.ts";
import type { Desk } from "./desk.ts";
import type { DeskPorts } from "./desk-ports.ts";
import { checkDevice } from "./device-step.ts";
import {
  chooseFile,
  chooseFolder,
  leaveOutRows,
  mapColumns,
  mapLabels,
  showUnreadable,
} from "./file-step.ts";
import { loaded } from "./loading.ts";
import { accept, decline, openLink, openRoad } from "./opening.ts";
import { initialState, snapshotOf } from "./state.ts";
import type { DeskState } from "./state.ts";
import {
  changeSettings,
  hearNetwork,
  hearPower,
  leave,
  pause,
  resume,
  setBudget,
  setEffort,
  start,
} from "./steering.ts";

/** A desk as its page sees it. */
export interface OpenDesk {
  readonly actions: ParticipantActions;
  snapshot(): ParticipantSnapshot;
  hearPower(power: Power): void;
  hearNetwork(isOnline: boolean): void;
  close(): Promise<void>;
}

/** Opens a desk; `changed` is called after every change. */
export function createDesk(ports: DeskPorts, changed: () => void): OpenDesk {
  let state: DeskState = initialState;
  const desk = newDesk(ports, {
    get: () => state,
    set(changes) {
      state = { ...state, ...changes };
      changed();
    },
  });
  const opening = open(desk);
  const actions = guarded(desk, opening, actionsOf(desk));
  return {
    actions,
    snapshot: () => snapshotOf(state),
    hearPower(power) {
      void opening.then(() => hearPower(desk, power)).catch(() => undefined);
    },
    hearNetwork(isOnline) {
      hearNetwork(desk, isOnline);
    },
    async close() {
      await opening.catch(() => undefined);
      await closeRoad(desk);
      desk.database?.close();
      desk.database = null;
    },
  };
}

/** Looks at the browser, and opens its store. */
async function open(desk: Desk): Promise<void> {
  const missing = await desk.ports.missing();
  if (missing.length > 0) {
    desk.set({ front: { kind: "unsupported", missing } });
    return;
  }
  try {
    const database = await desk.ports.openDatabase((error) => {
      void storageLost(desk, error);
    });
    desk.database = database;
    desk.set({ front: { kind: "no-invitation" }, settings: await readSettings(database) });
  } catch (error) {
    desk.set({ front: { kind: "no-storage", problem: problemOf(asFedtuneError(error)) } });
  }
}

/** Nothing can be kept any more: whatever goes on stops, and is gone on with once the store is there again. */
async function storageLost(desk: Desk, error: FedtuneError): Promise<void> {
  await closeRoad(desk).catch(() => undefined);
  desk.database = null;
  desk.set({ front: { kind: "no-storage", problem: problemOf(error) } });
}

const after = () => loaded(() => import("./after.ts"));
const keepings = () => loaded(() => import("./keepings.ts"));
const part = () => loaded(() => import("./part.ts"));

/** What each action does; what is not needed on step 1 is loaded when it is. */
function actionsOf(desk: Desk): ParticipantActions {
  return {
    openLink: (link) => openLink(desk, link),
    openMembership: (place) => openRoad(desk, place, null),
    accept: () => accept(desk),
    decline: () => decline(desk),
    chooseFile: (file) => chooseFile(desk, file),
    chooseFolder: (folder) => chooseFolder(desk, folder),
    mapColumns: (mapping) => mapColumns(desk, mapping),
    mapLabels: (labels) => mapLabels(desk, labels),
    leaveOutRows: () => leaveOutRows(desk),
    checkDevice: (backend) => checkDevice(desk, backend),
    start: () => start(desk),
    pause: () => pause(desk),
    resume: () => resume(desk),
    leave: () => leave(desk),
    takeOver: async () => (await part()).takeOver(desk),
    setEffort: (effort) => setEffort(desk, effort),
    setOnlyOnMains: (onlyOnMains) => changeSettings(desk, { onlyOnMains }),
    setKeepScreenOn: (keepScreenOn) => changeSettings(desk, { keepScreenOn }),
    setBudget: (epsilon) => setBudget(desk, epsilon),
    tryText: async (text, textPair) => (await after()).tryText(desk, text, textPair),
    tryPicture: async (picture) => (await after()).tryPicture(desk, picture),
    writeText: async (text, temperature) => (await after()).writeText(desk, text, temperature),
    downloadAdapter: async () => (await after()).downloadAdapter(desk),
    downloadTransfers: async () => (await after()).downloadTransfers(desk),
    readKeepings: async () => (await keepings()).readKeepings(desk),
    deleteEverything: async (what) => (await keepings()).deleteEverything(desk, what),
    checkStorage: () => open(desk),
    acknowledge() {
      desk.set({ failure: null });
      return Promise.resolve();
    },
  };
}

/** Every action waits for the store; what fails is in the state too, until it is acknowledged or tried again. */
function guarded(
  desk: Desk,
  opening: Promise<void>,
  actions: ParticipantActions,
): ParticipantActions {
  const entries = Object.entries(actions) as [ActionName, (...input: unknown[]) => unknown][];
  const wrapped = entries.map(([name, act]) => [
    name,
    async (...input: unknown[]) => {
      await opening;
      if (desk.get().failure?.action === name) desk.set({ failure: null });
      try {
        return await act(...input);
      } catch (error) {
        throw failed(desk, name, error);
      }
    },
  ]);
  // Made from the very table that its type is of.
  return Object.fromEntries(wrapped) as ParticipantActions;
}

function failed(desk: Desk, action: ActionName, error: unknown): Error {
  const failure = asFedtuneError(error);
  if (isFedtuneError(failure, "cancelled")) return failure;
  showUnreadable(desk, failure);
  desk.set({ failure: { action, problem: problemOf(failure) } });
  return failure;
}
