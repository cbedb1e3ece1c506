/** A process that saves one record after the other until it is killed; it writes a line as each save begins. */
import { runId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { fileClientState } from "../file-state.ts";
import { bigRecord } from "./big-record.ts";

const [folder = ""] = process.argv.slice(2);
const state = fileClientState(folder, nodeHash);
const before = await state.load(runId("suite"));
for (let seed = (before?.held?.round ?? 0) + 1; ; seed++) {
  const saving = state.save(bigRecord(seed));
  process.stdout.write("\n");
  await saving;
}
