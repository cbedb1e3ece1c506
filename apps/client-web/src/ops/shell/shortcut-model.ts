/** Which keys do what. A shortcut is one key, or two in a row: `g r`. */

/** A shortcut. */
export interface Shortcut {
  /** `?`, or `g r`. */
  readonly keys: string;
  /** What it does, for the list of shortcuts. */
  readonly title: string;
  readonly run: () => void;
}

/** A key that was pressed, as browsers tell it. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** What a key press comes to: the shortcut, and the first key of one that has two. */
export interface Pressed {
  readonly shortcut: Shortcut | null;
  readonly pending: string | null;
}

/** How long the second key of a shortcut is waited for. */
export const SECOND_KEY_MS = 1_200;

const nothing: Pressed = { shortcut: null, pending: null };

/** Looks a key up, after the one that was pressed before it; of two shortcuts with the same keys the later one goes. */
export function press(
  shortcuts: readonly Shortcut[],
  { key, ctrlKey, metaKey, altKey, isComposing }: Press,
  pending: string | null,
): Pressed {
  if (ctrlKey || metaKey || altKey || isComposing || key.length !== 1) return nothing;
  const typed = pending === null ? key : `${pending} ${key}`;
  const shortcut = shortcuts.findLast(({ keys }) => keys === typed) ?? null;
  if (shortcut !== null) return { shortcut, pending: null };
  if (pending !== null)
    return press(shortcuts, { key, ctrlKey, metaKey, altKey, isComposing }, null);
  return {
    shortcut,
    pending: shortcuts.some(({ keys }) => keys.startsWith(`${key} `)) ? key : null,
  };
}

/** Whether keys are text where the focus is. */
export function takesText(
  element: Pick<Element, "tagName" | "getAttribute"> & { readonly isContentEditable?: boolean },
): boolean {
  const { tagName } = element;
  if (element.isContentEditable === true || tagName === "TEXTAREA" || tagName === "SELECT")
    return true;
  if (tagName !== "INPUT") return element.getAttribute("role") === "combobox";
  const type = element.getAttribute("type") ?? "text";
  return !["checkbox", "radio", "button", "submit", "reset", "range", "file"].includes(type);
}
