import { createContext, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { press, SECOND_KEY_MS, takesText } from "./shortcut-model.ts";
import type { Shortcut } from "./shortcut-model.ts";

interface Registry {
  readonly shortcuts: readonly Shortcut[];
  /** Adds shortcuts and returns what takes them away. */
  readonly add: (shortcuts: readonly Shortcut[]) => () => void;
}

const ShortcutsContext = createContext<Registry>({ shortcuts: [], add: () => () => undefined });

/** Keys of what is on the screen; those that are added later go before those that were there. */
export function ShortcutsProvider({ children }: { readonly children: ReactNode }) {
  const [groups, setGroups] = useState<readonly (readonly Shortcut[])[]>([]);
  const add = useCallback((group: readonly Shortcut[]) => {
    setGroups((before) => [...before, group]);
    return () => {
      setGroups((before) => before.filter((one) => one !== group));
    };
  }, []);
  const shortcuts = useMemo(() => groups.flat(), [groups]);
  useKeys(shortcuts);
  const registry = useMemo(() => ({ shortcuts, add }), [shortcuts, add]);
  return <ShortcutsContext value={registry}>{children}</ShortcutsContext>;
}

/** Adds shortcuts while a component is there. The list must keep its identity: make it with `useMemo`. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const { add } = use(ShortcutsContext);
  useEffect(() => add(shortcuts), [add, shortcuts]);
}

/** All shortcuts of what is on the screen, the latest first. */
export function useShortcutList(): readonly Shortcut[] {
  return use(ShortcutsContext).shortcuts;
}

function useKeys(shortcuts: readonly Shortcut[]): void {
  const pending = useRef<{ readonly key: string; readonly at: number } | null>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      if (event.defaultPrevented || (target instanceof HTMLElement && takesText(target))) return;
      // Keys in a dialog are the dialog's.
      if (
        target instanceof Element &&
        target.closest("[role=dialog], [role=alertdialog], [role=menu]")
      )
        return;
      const before = pending.current;
      const isFresh = before !== null && event.timeStamp - before.at < SECOND_KEY_MS;
      const pressed = press(shortcuts, event, isFresh ? before.key : null);
      pending.current =
        pressed.pending === null ? null : { key: pressed.pending, at: event.timeStamp };
      if (pressed.shortcut === null) return;
      event.preventDefault();
      pressed.shortcut.run();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, [shortcuts]);
}
