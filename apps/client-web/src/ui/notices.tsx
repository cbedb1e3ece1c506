import { Check } from "lucide-react";
import { createContext, use, useCallback, useEffect, useState, type ReactNode } from "react";
import { useAnnounce } from "./announcer.tsx";
import { iconSizes } from "./icon.ts";
import styles from "./notices.module.css";

const shownMs = 4000;
const Notify = createContext<(text: string) => void>(() => undefined);

/** Confirms something that was just done ("Copied"); errors never come this way. */
export const useNotify = (): ((text: string) => void) => use(Notify);

/** Gives its children a place for confirmations, one at a time. */
export function Notices({ children }: { readonly children: ReactNode }) {
  const announce = useAnnounce();
  const [notice, setNotice] = useState<{ readonly text: string } | null>(null);
  const notify = useCallback(
    (text: string) => {
      setNotice({ text });
      announce(text);
    },
    [announce],
  );
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(() => setNotice(null), shownMs);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <Notify value={notify}>
      {children}
      {notice === null ? null : (
        // It is heard through the page's live region.
        <div className={styles["notice"]} aria-hidden>
          <Check {...iconSizes.button} />
          {notice.text}
        </div>
      )}
    </Notify>
  );
}
