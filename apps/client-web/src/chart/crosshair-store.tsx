import { createContext, use, useState, useSyncExternalStore, type ReactNode } from "react";

/** Where the crosshair of a page is; charts of the same axis follow it. */
export interface CrosshairPlace {
  /** Kind and name of the x axis. */
  readonly axis: string;
  readonly x: number;
  /** The chart that a person points at or has the focus in; it shows the values. */
  readonly owner: string;
}

/** One place for all charts of a page. */
export interface CrosshairStore {
  readonly get: () => CrosshairPlace | null;
  readonly set: (place: CrosshairPlace | null) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

function createStore(): CrosshairStore {
  let place: CrosshairPlace | null = null;
  const listeners = new Set<() => void>();
  return {
    get: () => place,
    set: (next) => {
      if (next === place || (next?.x === place?.x && next?.owner === place?.owner)) return;
      place = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const Store = createContext<CrosshairStore | null>(null);

/** Around a page whose charts share one crosshair. */
export function Crosshairs({ children }: { readonly children: ReactNode }) {
  const [store] = useState(createStore);
  return <Store value={store}>{children}</Store>;
}

/** The page's crosshair, or a chart's own where the page has none. */
export function useCrosshairStore(): CrosshairStore {
  const shared = use(Store);
  const [own] = useState(createStore);
  return shared ?? own;
}

/** The place as it changes. */
export const useCrosshair = (store: CrosshairStore): CrosshairPlace | null =>
  useSyncExternalStore(store.subscribe, store.get, () => null);
