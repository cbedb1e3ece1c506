/** Rounds as an engine plays them: every write in its order, updates all at once. */
import type { Store } from "@fedtune/core";
import { ada, attemptOf, roundOf, run, runRow, updateOf } from "./rows.ts";

/** Plays `rounds` rounds of `updates` updates. */
export async function playRounds(
  store: Store,
  { rounds, updates }: { readonly rounds: number; readonly updates: number },
): Promise<void> {
  const { epoch } = await store.openRun(runRow);
  await store.enrol(run, ada, { roster: null });
  const accepted = Array.from({ length: updates }, (_, index) => index);
  for (let round = 1; round <= rounds; round++) {
    await store.openAttempt(run, epoch, attemptOf(round));
    await Promise.all(accepted.map((index) => store.putUpdate(run, epoch, updateOf(round, index))));
    const refusal = { round, attempt: 1, index: 99, hash: null, code: "timeout" } as const;
    await store.putRefusal(run, epoch, { ...refusal, message: "late" });
    await store.endAttempt(run, epoch, { round, attempt: 1, status: "closed", accepted });
    const privacy = { metrics: {}, state: "", events: [{ round }] };
    await store.commitRound(run, epoch, roundOf(round, { privacy, accepted }));
    await store.putEvaluation(run, epoch, { round, metrics: { loss: round }, traffic: null });
  }
  await store.finishRun(run, epoch, { status: "completed", failure: null });
}
