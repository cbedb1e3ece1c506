/** Adapter bytes to and from clients; what they mean is said in control messages. */
import { FedtuneError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { UploadSlot } from "../ports.ts";
import { maxUpdateBytes } from "../update.ts";
import type { Connected } from "./connections.ts";
import type { Context } from "./coordinator.ts";
import { noteRefusal } from "./refusals.ts";

/** Bytes that an upload may have beyond the longest update: it is refused for what it says, not for a byte too many. */
const ALLOWANCE = 4000;
/** Different uploads that one client may send in one round: a broken client must not fill the disk. */
const MAX_UPLOADS = 8;

/** A client's bytes and where they belong. */
interface Upload {
  readonly slot: UploadSlot;
  readonly blob: { readonly bytes: Uint8Array; readonly hash: Digest };
}

/**
 * Keeps what a client uploads for its own slot.
 *
 * @throws FedtuneError `unknown-client`, `update-too-large`, `update-conflict`, `rate-limited`
 */
export async function takeUpload(
  context: Context,
  connected: Connected,
  { slot, blob }: Upload,
): Promise<void> {
  if (slot.client !== connected.client || slot.run !== context.setup.id) {
    const message = `Cannot upload for client "${slot.client}" as "${connected.client}"`;
    throw new FedtuneError("unknown-client", message);
  }
  const { bytes, hash } = blob;
  context.traffic.count("bytesUp", bytes.length);
  context.timeline.uploaded(connected.index, bytes.length);
  await checkSlot(context, connected, { round: slot.round, hash, bytes: bytes.length });
  await context.ports.blobs.put(bytes, hash);
  if (context.retention === "latest") context.round.uploads.set(hash, slot.round);
}

/**
 * Hands out what the model has published, to any client of the run. Uploads and states are missing to all, whether they
 * are stored or not.
 *
 * @throws FedtuneError `blob-missing`
 */
export async function giveBlob(
  context: Context,
  { index }: Connected,
  hash: Digest,
): Promise<Uint8Array> {
  if (!context.model.publishes(hash))
    throw new FedtuneError("blob-missing", `Cannot find blob ${hash}`);
  const bytes = await sharedRead(context, hash);
  context.traffic.count("bytesDown", bytes.length);
  context.timeline.fetched(index, bytes.length);
  return bytes;
}

/** Blobs that are being read; at the begin of a round every client asks for the same one. */
const reads = new WeakMap<Context, Map<Digest, Promise<Uint8Array>>>();

/** One read, and one copy in memory, for all who ask at the same time. */
function sharedRead(context: Context, hash: Digest): Promise<Uint8Array> {
  const running = reads.get(context) ?? new Map<Digest, Promise<Uint8Array>>();
  reads.set(context, running);
  const known = running.get(hash);
  if (known !== undefined) return known;
  const read = context.ports.blobs.get(hash).finally(() => running.delete(hash));
  running.set(hash, read);
  return read;
}

/** Uploads are bounded in size and number; what is refused is counted and not kept. */
async function checkSlot(
  context: Context,
  { index }: Connected,
  slot: { readonly round: number; readonly hash: Digest; readonly bytes: number },
): Promise<void> {
  const { round, hash, bytes } = slot;
  const next = context.model.round + 1;
  const isBuffered = context.setup.resolved.config.rounds.mode === "buffered";
  const expected = context.model.expected(next, index);
  // A late update may follow a plan that let more values travel: it is refused as late, not as too large.
  const kept = round === next || expected.kept === null ? expected.kept : expected.length;
  const most = maxUpdateBytes({ ...expected, kept }) + ALLOWANCE;
  if (bytes > most) {
    const problem = `an update of ${bytes} bytes, expected at most ${most}`;
    throw refusedUpload(context, { index, round, code: "update-too-large", problem });
  }
  // In buffered mode the slot of a round may hold an update that was ordered in an earlier one.
  const row = isBuffered
    ? null
    : await context.ports.store.getUpdate(context.setup.id, round, index);
  if (row !== null && row.blob.hash !== hash) {
    const problem = `other bytes for round ${round}: an update of this client is already stored`;
    throw refusedUpload(context, { index, round, code: "update-conflict", problem });
  }
  const sent = context.round.sent.get(index) ?? new Set();
  if (!sent.has(hash) && sent.size >= MAX_UPLOADS) {
    const problem = `another upload: this client has sent ${MAX_UPLOADS} different ones in this round`;
    throw refusedUpload(context, { index, round, code: "rate-limited", problem });
  }
  context.round.sent.set(index, sent.add(hash));
}

function refusedUpload(
  context: Context,
  refusal: {
    readonly index: number;
    readonly round: number;
    readonly code: ErrorCode;
    readonly problem: string;
  },
): FedtuneError {
  const { problem, ...rest } = refusal;
  const message = `Cannot take ${problem}`;
  noteRefusal(context, { ...rest, message });
  return new FedtuneError(refusal.code, message, { data: { round: refusal.round } });
}
