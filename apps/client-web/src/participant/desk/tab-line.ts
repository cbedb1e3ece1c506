/** What the tabs of one browser with the same run say to one another. */
import { z } from "zod";
import type { SessionReport } from "../session-report.ts";

/** A word between tabs. */
export type TabWord =
  /** Who takes part, if anybody, shows how far it is. */
  | { readonly type: "ask" }
  | { readonly type: "mirror"; readonly report: SessionReport }
  /** Who takes part stops, so that the asking tab can go on. */
  | { readonly type: "hand-over" }
  /** Whoever takes part stops for good or for a while: what is kept of the run says which. */
  | { readonly type: "stop" }
  /** Everything was deleted. */
  | { readonly type: "gone" };

const schema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ask") }),
  z.object({
    type: z.literal("mirror"),
    // Of the same code, in the same browser: a tab of another version cannot open the same store.
    report: z.custom<SessionReport>((value) => typeof value === "object" && value !== null),
  }),
  z.object({ type: z.literal("hand-over") }),
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("gone") }),
]);

/** Reads a word; null for anything else. */
export function tabWord(message: unknown): TabWord | null {
  const parsed = schema.safeParse(message);
  return parsed.success ? parsed.data : null;
}
