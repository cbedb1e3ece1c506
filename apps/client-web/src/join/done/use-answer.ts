import { useState } from "react";

/** What the model said, or how far it is. */
export type Answer<Said> =
  { readonly kind: "none" | "working" | "failed" } | { readonly kind: "said"; readonly said: Said };

/** Asks the model of this tab one thing after another, and holds its last answer. */
export function useAnswer<Said>(): readonly [
  answer: Answer<Said>,
  ask: (question: () => Promise<Said>) => Promise<void>,
] {
  const [answer, setAnswer] = useState<Answer<Said>>({ kind: "none" });
  const ask = async (question: () => Promise<Said>) => {
    setAnswer({ kind: "working" });
    try {
      setAnswer({ kind: "said", said: await question() });
    } catch {
      // Why it failed is in the snapshot, shown at the top of the page.
      setAnswer({ kind: "failed" });
    }
  };
  return [answer, ask];
}
