/** Where this browser stands on the road of each run it was invited to; a reload lands there again. */
import { routes } from "@fedtune/api";
import { errorCodes, idPattern } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import { z } from "zod";
import type { DeviceFacts } from "../device-report.ts";
import type { FileFacts } from "../file-report.ts";
import type { Invitation } from "../invitation.ts";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { placeKey } from "./place.ts";
import type { Place } from "./place.ts";
import { inStorage } from "./storage-error.ts";

const name = <Name extends string>() =>
  z
    .string()
    .regex(idPattern)
    .transform((text) => text as Name);
const time = z.number().min(0);

const problem = z.strictObject({
  code: z.enum(errorCodes),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
  retryable: z.boolean(),
});

/** Steps of the road that are kept. */
const step = z.enum([
  "invited",
  "file",
  "device",
  "ready",
  "started",
  "left",
  "finished",
  "refused",
]);

/** What was reported of a file or a device is this very version's own; of another version it is done again. */
const reported = <Report extends object>(isOne: (value: object) => boolean) =>
  z.custom<Report>((value) => typeof value === "object" && value !== null && isOne(value));

const schema = z.object({
  version: z.literal(1),
  server: z.url({ protocol: /^https?$/ }),
  run: name<RunId>(),
  invitation: routes.openInvitation.answer.schema.and(z.object({ server: z.string() })),
  /** What lets this device in; null once it is in, and where none is needed. Kept here alone, never in an address. */
  token: z.string().nullable(),
  isEnrolled: z.boolean(),
  client: name<ClientId>().nullable(),
  step,
  pausedByHolder: z.boolean(),
  file: z
    .object({
      facts: reported<FileFacts>((value) => "sha256" in value && "mapping" in value),
      /** Under which the copy of the used rows is kept. */
      copy: z.string().min(1),
    })
    .nullable(),
  device: reported<DeviceFacts>((value) => "backend" in value && "memory" in value).nullable(),
  end: z
    .object({ status: z.enum(["completed", "failed", "stopped"]), rounds: z.int().min(0) })
    .nullable(),
  problem: problem.nullable(),
  joinedAt: time,
  lastAt: time,
});

/** Where this browser stands in a run. */
export interface StoredMembership extends Omit<z.output<typeof schema>, "invitation"> {
  readonly invitation: Invitation;
}
/** A step of the road. */
export type RoadStep = z.output<typeof step>;

/** A membership at its beginning. */
export function newMembership(
  invitation: Invitation,
  { token, now }: { readonly token: string | null; readonly now: number },
): StoredMembership {
  const { server, run } = invitation;
  return {
    ...{ version: 1, server, run, invitation, token, isEnrolled: false, client: null },
    ...{ step: "invited", pausedByHolder: false, file: null, device: null, end: null },
    ...{ problem: null, joinedAt: now, lastAt: now },
  };
}

/** Null where there is none, or one of another version of these pages: the road is begun again. */
export async function readMembership(
  database: ParticipantDatabase,
  place: Place,
): Promise<StoredMembership | null> {
  const value = await inStorage("read the invitation", () =>
    database.get("memberships", placeKey(place)),
  );
  return parsed(value);
}

/** All of this browser. */
export async function readMemberships(
  database: ParticipantDatabase,
): Promise<readonly StoredMembership[]> {
  const values = await inStorage("read the invitations", () => database.getAll("memberships"));
  return values.map(parsed).filter((membership) => membership !== null);
}

/** Replaces it. */
export async function writeMembership(
  database: ParticipantDatabase,
  membership: StoredMembership,
): Promise<void> {
  await inStorage("write the invitation", async () => {
    const change = database.transaction("memberships", "readwrite", durably);
    await change.store.put(membership, placeKey(membership));
    await change.done;
  });
}

function parsed(value: unknown): StoredMembership | null {
  const result = schema.safeParse(value);
  return result.success ? result.data : null;
}
