import { formatCount } from "@fedtune/figures";
import { useEffect, useRef } from "react";
import { useAnnounce } from "../../ui/announcer.tsx";
import type { Run } from "./model/api-types.ts";

/** What a tab of the browser says. */
export function useWindowTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** The state of a run in a sentence; the same sentence is said once. */
function sentence({ state, status, committedRounds }: Run): string {
  if (status !== "running") return `The run has ended: ${status}`;
  if (state.paused) return "The run is paused";
  const done = committedRounds > 0 ? `Round ${formatCount(committedRounds)} published. ` : "";
  return state.phase === "collecting" ? `${done}Round ${formatCount(state.round)} collects` : "";
}

/** Says round changes and the end aloud, politely; never percentages. */
export function useRoundAnnouncements(run: Run): void {
  const announce = useAnnounce();
  const said = useRef<string | null>(null);
  const text = sentence(run);
  useEffect(() => {
    // What was there when the page came is read with the page.
    if (said.current !== null && text !== "" && said.current !== text) announce(text);
    if (text !== "" || said.current === null) said.current = text;
  }, [announce, text]);
}
