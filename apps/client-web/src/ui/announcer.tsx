import { createContext, use, useCallback, useState, type ReactNode } from "react";
import { VisuallyHidden } from "./visually-hidden.tsx";

const Announce = createContext<(sentence: string) => void>(() => undefined);

/** The page's one polite voice: round changes, refusals, the end; never percentages. */
export const useAnnounce = (): ((sentence: string) => void) => use(Announce);

/** Gives its children the page's live region. */
export function Announcer({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState({ sentence: "", turn: 0 });
  const announce = useCallback(
    (sentence: string) => setSaid(({ turn }) => ({ sentence, turn: turn + 1 })),
    [],
  );
  return (
    <Announce value={announce}>
      {children}
      <div role="status" aria-live="polite">
        <VisuallyHidden>
          {/* A new node makes the same sentence heard twice. */}
          <span key={said.turn}>{said.sentence}</span>
        </VisuallyHidden>
      </div>
    </Announce>
  );
}
