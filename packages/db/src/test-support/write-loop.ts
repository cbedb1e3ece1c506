/** A process that writes rounds until it is killed; it prints a line after every write that was acknowledged. */
import { startDatabase } from "../start.ts";
import { postgresStore } from "../store/postgres-store.ts";
import { attemptOf, roundOf, run, runRow, updateOf } from "./rows.ts";

const [directory = ""] = process.argv.slice(2);
const store = postgresStore(await startDatabase({ url: null, directory }));
const { epoch, last } = await store.openRun(runRow);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
for (let round = (last?.round ?? 0) + 1; ; round++) {
  await store.openAttempt(run, epoch, attemptOf(round));
  const accepted = [0, 1, 2, 3];
  await Promise.all(
    accepted.map(async (index) => {
      await store.putUpdate(run, epoch, updateOf(round, index));
      say(`update ${round} ${index}`);
    }),
  );
  await store.endAttempt(run, epoch, { round, attempt: 1, status: "closed", accepted });
  await store.commitRound(run, epoch, roundOf(round));
  say(`round ${round}`);
}
