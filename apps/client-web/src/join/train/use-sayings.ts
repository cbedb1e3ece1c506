import { useEffect, useRef } from "react";
import { useAnnounce } from "../../ui/announcer.tsx";
import { sayingOf } from "../model/sayings.ts";
import type { TrainStage } from "../model/train.ts";

/** Says what has changed: rounds, refusals, pauses; never percentages. */
export function useSayings(stage: TrainStage): void {
  const announce = useAnnounce();
  const before = useRef<TrainStage | null>(null);
  useEffect(() => {
    const sentence = before.current === null ? null : sayingOf(before.current, stage);
    before.current = stage;
    if (sentence !== null) announce(sentence);
  }, [announce, stage]);
}
