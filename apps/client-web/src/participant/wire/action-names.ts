/** Names of everything that can be done: the line between page and worker is made from them. */
import type { ActionName } from "../types.ts";

const names: Readonly<Record<ActionName, true>> = {
  ...{ openLink: true, openMembership: true, accept: true, decline: true },
  ...{
    chooseFile: true,
    chooseFolder: true,
    mapColumns: true,
    mapLabels: true,
    leaveOutRows: true,
  },
  ...{ checkDevice: true, start: true, pause: true, resume: true, leave: true, takeOver: true },
  ...{ setEffort: true, setOnlyOnMains: true, setKeepScreenOn: true, setBudget: true },
  ...{
    tryText: true,
    tryPicture: true,
    writeText: true,
    downloadAdapter: true,
    downloadTransfers: true,
  },
  ...{ readKeepings: true, deleteEverything: true, checkStorage: true, acknowledge: true },
};

/** All of them. */
export const actionNames = Object.keys(names) as readonly ActionName[];
