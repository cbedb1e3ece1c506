import { useMemo } from "react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { chooseTheme, currentTheme } from "../../design/theme.ts";
import { SkipLink } from "../../ui/skip-link.tsx";
import { words } from "../words.ts";
import { Boundary } from "./boundary.tsx";
import { ShortcutList } from "./shortcut-list.tsx";
import { ShortcutsProvider, useShortcuts } from "./shortcuts.tsx";
import { TopBar } from "./top-bar.tsx";
import styles from "./frame.module.css";

const mainId = "content";

/** What stands around the pages of somebody who is signed in. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  return (
    <ShortcutsProvider>
      <SkipLink to={mainId} />
      <TopBar />
      <main id={mainId} tabIndex={-1} className={styles["main"]}>
        <Boundary path={path}>{children}</Boundary>
      </main>
      <AppShortcuts />
      <ShortcutList />
    </ShortcutsProvider>
  );
}

/** The shortcuts that work on every page. */
function AppShortcuts() {
  const [, navigate] = useLocation();
  const shortcuts = useMemo(
    () => [
      {
        keys: "g r",
        title: words.shortcuts.runs,
        run: () => {
          navigate("/runs");
        },
      },
      {
        keys: "g c",
        title: words.shortcuts.compare,
        run: () => {
          navigate("/compare");
        },
      },
      {
        keys: "g s",
        title: words.shortcuts.simulations,
        run: () => {
          navigate("/simulations");
        },
      },
      {
        keys: "n",
        title: words.shortcuts.newRun,
        run: () => {
          navigate("/runs/new");
        },
      },
      {
        keys: ".",
        title: words.shortcuts.theme,
        run: () => {
          chooseTheme(currentTheme() === "dark" ? "light" : "dark");
        },
      },
    ],
    [navigate],
  );
  useShortcuts(shortcuts);
  return null;
}
