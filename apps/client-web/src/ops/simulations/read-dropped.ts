import { FedtuneError } from "@fedtune/core";
import type { DroppedFile } from "./dropped-files.ts";
import { isSimulationFile, readSimulations } from "./model/simulation.ts";
import type { ReadSimulation } from "./model/simulation.ts";

/** Ten thousand rounds with a hundred layers take some 40 MB. */
const mostBytes = 200_000_000;

/**
 * Reads simulations out of files; what belongs to none, such as adapters, is not opened.
 *
 * @throws FedtuneError `data-invalid`, `file-unreadable`
 */
export async function readDropped(
  files: readonly DroppedFile[],
): Promise<readonly ReadSimulation[]> {
  const wanted = files.filter(({ path }) => isSimulationFile(path));
  const large = wanted.find(({ file }) => file.size > mostBytes);
  if (large !== undefined) {
    const message = `Cannot read ${large.path}: it has ${large.file.size} bytes, wanted at most ${mostBytes}`;
    throw new FedtuneError("file-unreadable", message);
  }
  const texts = await Promise.all(
    wanted.map(async ({ path, file }) => ({ path, text: await file.text() })),
  );
  return readSimulations(texts);
}
