/** Loading parts of these pages when they are needed first, so that nobody waits for them on step 1. */
import { FedtuneError } from "@fedtune/core";

/** A part of the pages. @throws FedtuneError `transport-closed` when it does not come: without a network, or after an update */
export async function loaded<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    const message = "Cannot load a part of these pages: check the network, or reload them";
    throw new FedtuneError("transport-closed", message, { cause });
  }
}
