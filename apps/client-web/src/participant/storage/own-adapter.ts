/** This device's adapter as it was when it last took part: for trying it, and for taking it along. */
import type { OwnAdapter } from "@fedtune/client";
import type { RunSpec } from "@fedtune/core";
import { z } from "zod";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { placeKey } from "./place.ts";
import type { Place } from "./place.ts";
import { inStorage } from "./storage-error.ts";

/** An adapter with what it is an adapter of. */
export interface KeptAdapter extends OwnAdapter {
  readonly spec: Pick<RunSpec, "adapter" | "task" | "model" | "training" | "holdout">;
}

const schema = z.object({
  round: z.int().min(0),
  values: z.instanceof(Float32Array),
  changesBase: z.boolean(),
  // As the coordinator sent it, and the protocol parsed it.
  spec: z.custom<KeptAdapter["spec"]>((value) => typeof value === "object" && value !== null),
});

const keyOf = (place: Place): string => `${placeKey(place)} adapter`;

/** Null: this device has none. */
export async function readAdapter(
  database: ParticipantDatabase,
  place: Place,
): Promise<KeptAdapter | null> {
  const value = await inStorage("read this device's adapter", () =>
    database.get("records", keyOf(place)),
  );
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Replaces it. */
export async function writeAdapter(
  database: ParticipantDatabase,
  place: Place,
  { round, values, changesBase, spec }: KeptAdapter,
): Promise<void> {
  await inStorage("keep this device's adapter", async () => {
    const { adapter, task, model, training, holdout } = spec;
    const about = { adapter, task, model, training, holdout };
    const change = database.transaction("records", "readwrite", durably);
    await change.store.put({ round, values, changesBase, spec: about }, keyOf(place));
    await change.done;
  });
}
