/** The page's side of a participant: its worker, and what only pages may ask of a browser. */
import type { Power } from "../device-report.ts";
import type { ParticipantPorts } from "../participant.ts";
import type { FromDesk } from "../wire/messages.ts";

/** A participant of this page. */
export function pagePorts(): ParticipantPorts {
  return {
    openDesk: openWorker,
    watchPower,
    watchNetwork,
    keepScreenOn: screenKeeper(),
    keepStorage() {
      void navigator.storage.persist().catch(() => false);
    },
  };
}

const openWorker: ParticipantPorts["openDesk"] = (hear, crashed) => {
  if (typeof Worker !== "function") {
    queueMicrotask(() => {
      crashed("this browser has no workers");
    });
    return { post: () => undefined, end: () => undefined };
  }
  const worker = new Worker(new URL("../desk-worker.ts", import.meta.url), {
    type: "module",
    name: "fedtune participant",
  });
  worker.onmessage = ({ data }: MessageEvent<FromDesk>) => {
    hear(data);
  };
  worker.onerror = ({ message }) => {
    crashed(message === "" ? "its code could not be loaded" : message);
  };
  return {
    post(message) {
      worker.postMessage(message);
    },
    end() {
      worker.terminate();
    },
  };
};

/** The part of the Battery Status API that is used; Chromium has it. */
interface Battery extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

const watchPower: ParticipantPorts["watchPower"] = (changed) => {
  const ended = new AbortController();
  void batteryOf(navigator).then((battery) => {
    if (battery === null || ended.signal.aborted) return;
    const tell = (): void => {
      changed(powerOf(battery));
    };
    for (const event of ["chargingchange", "levelchange"])
      battery.addEventListener(event, tell, { signal: ended.signal });
    tell();
  });
  return () => {
    ended.abort();
  };
};

async function batteryOf(browser: object): Promise<Battery | null> {
  const { getBattery } = browser as { readonly getBattery?: () => Promise<Battery> };
  return (await getBattery?.call(browser).catch(() => null)) ?? null;
}

/** A device without a battery says that it is charging, and full. */
function powerOf({ charging, level }: Battery): Power {
  return { source: charging ? "mains" : "battery", charge: level };
}

const watchNetwork: ParticipantPorts["watchNetwork"] = (changed) => {
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener(
    "online",
    () => {
      changed(true);
    },
    { signal },
  );
  addEventListener(
    "offline",
    () => {
      changed(false);
    },
    { signal },
  );
  return () => {
    ended.abort();
  };
};

/** Keeps the screen on while that is wanted; a browser lets go of it whenever its page is hidden. */
function screenKeeper(): ParticipantPorts["keepScreenOn"] {
  let isWanted = false;
  let held: Promise<WakeLockSentinel | null> | null = null;
  const { wakeLock } = navigator as { readonly wakeLock?: WakeLock };
  const take = (): void => {
    if (!isWanted || held !== null || document.visibilityState !== "visible") return;
    held = wakeLock?.request("screen").catch(() => null) ?? null;
    void held?.then((sentinel) => {
      sentinel?.addEventListener("release", () => (held = null));
      if (sentinel === null) held = null;
    });
  };
  document.addEventListener("visibilitychange", take);
  return (keep) => {
    if (keep === isWanted) return;
    isWanted = keep;
    if (keep) take();
    else void held?.then((sentinel) => sentinel?.release());
  };
}
