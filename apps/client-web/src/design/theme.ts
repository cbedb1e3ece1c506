/** The theme: chosen by hand, or the system's. `theme.js` in public sets the stored one before the first paint. */
import { useSyncExternalStore } from "react";

/** What a person may choose. */
export const themeChoices = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof themeChoices)[number];
/** What is seen. */
export type Theme = Exclude<ThemeChoice, "system">;

const storageKey = "theme";
const darkQuery = "(prefers-color-scheme: dark)";
const listeners = new Set<() => void>();

/** The choice as it stands on the document. */
export function themeChoice(): ThemeChoice {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** The theme that is seen now. */
export function currentTheme(): Theme {
  const choice = themeChoice();
  if (choice !== "system") return choice;
  return matchMedia(darkQuery).matches ? "dark" : "light";
}

/** Chooses a theme for this browser; where storage is denied, for this page. */
export function chooseTheme(choice: ThemeChoice): void {
  const { dataset } = document.documentElement;
  if (choice === "system") delete dataset["theme"];
  else dataset["theme"] = choice;
  try {
    if (choice === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, choice);
  } catch {
    // The page itself has changed; the next visit starts from the system's theme.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(darkQuery);
  listeners.add(listener);
  query.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query.removeEventListener("change", listener);
  };
}

/** The theme that is seen, as it changes. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, currentTheme, () => "light");
