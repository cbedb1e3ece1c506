import {
  checkUpdate,
  encodeSparseBlob,
  encodeVectorBlob,
  gatherRoles,
  layoutHash,
  runId,
} from "@fedtune/core";
import type {
  CheckedUpdate,
  ClientTransport,
  Digest,
  ExpectedUpdate,
  Fate,
  Passage,
  Trainer,
} from "@fedtune/core";
import { expectSameBits, nodeHash, toyLayout } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import {
  expectedUpdate,
  numClients,
  openSparseWorld,
  rankOf,
  uploadedLayout,
} from "./test-support/sparse-world.ts";
import type { SparseWorld } from "./test-support/sparse-world.ts";

const everyone = Array.from({ length: numClients }, (_, index) => index);
const [FACTORS, UPDATE] = [1, 2];

/** A stored blob by its header. */
function headerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const hash = Buffer.from(bytes.subarray(16, 48)).toString("hex");
  return {
    kind: view.getUint8(5),
    sparse: view.getUint8(7) === 1,
    round: view.getUint32(8, true),
    hash,
  };
}

/** Blobs of one kind and round. */
function blobsOf({ stored }: SparseWorld, kind: number, round: number): Uint8Array[] {
  return stored.filter((bytes) => {
    if (Buffer.from(bytes.subarray(0, 4)).toString() !== "FTUN") return false;
    const header = headerOf(bytes);
    return header.kind === kind && header.round === round;
  });
}

const total = (blobs: readonly Uint8Array[]): number =>
  blobs.reduce((sum, { length }) => sum + length, 0);

/** What one client trained and what it uploaded, by round. */
function watched(index: number) {
  const tasks = new Map<number, { readonly start: Float32Array; readonly trained: Float32Array }>();
  const uploads = new Map<number, Uint8Array>();
  const trainer = (honest: Trainer): Trainer => ({
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      const [start, trained] = [job.start.slice(), result.factors.slice()];
      if (job.data["seed"] === index) tasks.set(job.round, { start, trained });
      return result;
    },
  });
  const tap = (transport: ClientTransport): ClientTransport => ({
    ...transport,
    upload(slot, blob, signal) {
      uploads.set(slot.round, blob.bytes);
      return transport.upload(slot, blob, signal);
    },
  });
  return { index, tasks, uploads, trainer, tap };
}

/**
 * Replays a client's rounds: every upload must hold the largest values of its change and of what was left of the last
 * accepted one, unless that is more than two rounds ago. Returns what is left at the end.
 */
function replayed(
  { index, tasks, uploads }: ReturnType<typeof watched>,
  isAccepted: (round: number) => boolean,
): Float32Array {
  const packed = uploadedLayout(index);
  const roles = ["down", "up", "head"] as const;
  const layout = toyLayout(rankOf(index));
  let left = { round: 0, values: new Float32Array(packed.size) };
  for (const [round, { start, trained }] of tasks) {
    const before = gatherRoles(layout, start, roles);
    const whole = gatherRoles(layout, trained, roles).map((value, i) => value - before[i]!);
    if (round - left.round <= 2) left.values.forEach((value, i) => (whole[i]! += value));
    const { delta, support } = checkUpdate(uploads.get(round)!, expectedUpdate(index, round));
    const sent = Float32Array.from(support!, (at) => whole[at]!);
    expectSameBits(delta, sent, `upload of round ${String(round)}`);
    const rest = whole.slice();
    for (const at of support!) rest[at] = 0;
    for (const role of ["down", "up"]) {
      const factors = packed.factors.filter((factor) => factor.role === role);
      const inRole = (at: number) => factors.some((f) => at >= f.offset && at < f.offset + f.size);
      const kept = [...support!].filter(inRole).map((at) => Math.abs(whole[at]!));
      expect(Math.min(...kept)).toBeGreaterThanOrEqual(
        Math.max(...rest.filter((_, at) => inRole(at)).map(Math.abs)),
      );
    }
    if (isAccepted(round)) left = { round, values: rest };
  }
  return left.values;
}

describe("a sparse run over rank tiers", () => {
  it("[RE15] [AG14] reports the bytes of its sparse blobs, also in rounds that a client drops out of", async () => {
    const world = await openSparseWorld({ trainer: failing(1, [3]) });
    for (const index of everyone) world.start(index);
    const { rounds } = await world.end();
    expect(rounds.map(({ accepted }) => accepted)).toEqual(
      [1, 2, 3, 4, 5].map((round) => everyone.filter((index) => round !== 3 || index !== 1)),
    );
    for (const { round, accepted, traffic } of rounds) {
      const updates = blobsOf(world, UPDATE, round);
      expect(updates).toHaveLength(accepted.length);
      expect(updates.every((bytes) => headerOf(bytes).sparse)).toBe(true);
      expect(traffic.bytesUp).toBe(total(updates));
      const parts = blobsOf(world, FACTORS, round - 1);
      const fetched = everyone.flatMap((index) => {
        const hash = layoutHash(toyLayout(rankOf(index)), nodeHash);
        return parts.filter((bytes) => headerOf(bytes).hash === hash);
      });
      expect(fetched).toHaveLength(round === 1 ? 0 : numClients);
      expect(fetched.every((bytes) => headerOf(bytes).sparse)).toBe(true);
      expect(traffic.bytesDown).toBe(total(fetched));
    }
  });

  it("[CL2] what was not sent is kept over a restart of the client", async () => {
    const client = watched(1);
    const world = await openSparseWorld({ trainer: client.trainer });
    for (const index of everyone) world.start(index, index === 1 ? client.tap : undefined);
    for (const round of [2, 4]) {
      await world.until(() => world.coordinator.state().round === round);
      world.stop(1);
      world.start(1, client.tap);
    }
    const { rounds } = await world.end();
    expect(rounds.map(({ accepted }) => accepted.includes(1))).toEqual(Array(5).fill(true));
    const left = replayed(client, () => true);
    expect(left.some((value) => value !== 0)).toBe(true);
    const record = await world.state(1).load(runId("sparse"));
    const { unsent, pending } = record!;
    expectSameBits(pending === null ? unsent!.values : pending.nextUnsent!, left);
  });

  it("[AG23] [CL3] a refused update leaves what was unsent before it as it was", async () => {
    const client = watched(1);
    const isLate = ({ direction, name, message }: Passage): boolean => {
      if (direction === "down" || name !== "c1") return false;
      const { type, round } = JSON.parse(message) as { type: string; round?: number };
      return type === "update" && round === 2;
    };
    const fate = (passage: Passage): Fate => [isLate(passage) ? 90_000 : 5];
    const world = await openSparseWorld({ trainer: client.trainer, fate });
    for (const index of everyone) world.start(index, index === 1 ? client.tap : undefined);
    const { rounds } = await world.end();
    const isAccepted = (round: number): boolean => rounds[round - 1]!.accepted.includes(1);
    expect([1, 2, 3, 4, 5].map(isAccepted)).toEqual([true, false, true, true, true]);
    replayed(client, isAccepted);
  });

  it("[AG23] what was not sent is dropped once it is older than the plan's rounds", async () => {
    const client = watched(1);
    const fails = failing(1, [2, 3]);
    const world = await openSparseWorld({ trainer: (honest) => fails(client.trainer(honest)) });
    for (const index of everyone) world.start(index, index === 1 ? client.tap : undefined);
    await world.end();
    expect([...client.tasks.keys()]).toEqual([1, 4, 5]);
    replayed(client, () => true);
  });
});

/** A trainer that fails for one client in some rounds. */
function failing(index: number, rounds: readonly number[]) {
  return (honest: Trainer): Trainer => ({
    ...honest,
    train: (job, control) =>
      job.data["seed"] === index && rounds.includes(job.round)
        ? Promise.reject(new Error("out of memory"))
        : honest.train(job, control),
  });
}

/** An update of client 2 in its place: another blob made of it. */
function forged(
  change: (honest: CheckedUpdate, expected: ExpectedUpdate) => Uint8Array,
  when: number,
) {
  return (transport: ClientTransport): ClientTransport => {
    const hashes = new Map<string, { readonly hash: Digest; readonly bytes: number }>();
    return {
      ...transport,
      upload(slot, blob, signal) {
        if (slot.round !== when) return transport.upload(slot, blob, signal);
        const expected = expectedUpdate(2, when);
        const bytes = change(checkUpdate(blob.bytes, expected), expected);
        const hash = nodeHash.sha256(bytes);
        hashes.set(blob.hash, { hash, bytes: bytes.length });
        return transport.upload(slot, { bytes, hash }, signal);
      },
      send(text) {
        const message = JSON.parse(text) as { type: string; blob?: { hash: string } };
        const blob = hashes.get(message.blob?.hash ?? "");
        transport.send(blob === undefined ? text : JSON.stringify({ ...message, blob }));
      },
    };
  };
}

/** A sparse update blob of other positions or values. */
function blobWith(
  { codec, round, layoutHash: hash, length }: ExpectedUpdate,
  { support, values, size = length }: { support: Uint32Array; values: Float32Array; size?: number },
): Uint8Array {
  return encodeSparseBlob({
    kind: "update",
    codec,
    round,
    layoutHash: hash,
    support,
    values,
    size,
  });
}

type Forgery = Parameters<typeof forged>[0];

const forgeries: readonly (readonly [string, string, Forgery])[] = [
  [
    "more values than its density lets travel",
    "update-too-large",
    ({ delta, support }, expected) => {
      const free = [...Array(expected.length).keys()].find((at) => !support!.includes(at))!;
      const more = Uint32Array.of(...support!, free).sort();
      return blobWith(expected, { support: more, values: Float32Array.of(...delta, 1) });
    },
  ],
  [
    "fewer values than agreed",
    "shape-mismatch",
    ({ delta, support }, expected) =>
      blobWith(expected, { support: support!.slice(1), values: delta.slice(1) }),
  ],
  [
    "a position beyond the end",
    "codec-invalid",
    ({ delta, support }, expected) => {
      const beyond = support!.slice();
      beyond[beyond.length - 1] = expected.length;
      return blobWith(expected, { support: beyond, values: delta, size: expected.length + 1 });
    },
  ],
  [
    "a NaN",
    "not-finite",
    ({ delta, support }, expected) => {
      const bytes = blobWith(expected, { support: support!, values: delta });
      new DataView(bytes.buffer).setFloat32(bytes.length - 4, Number.NaN, true);
      return bytes;
    },
  ],
  [
    "all values",
    "codec-invalid",
    (_, { codec, round, layoutHash: hash, length }) => {
      const values = new Float32Array(length);
      return encodeVectorBlob({ kind: "update", codec, round, layoutHash: hash, values });
    },
  ],
];

describe("a sparse update that is not what the plan asks for", () => {
  it.each(forgeries)(
    "[RE8] [AG8] %s: refused with %s, counted, and the others go on",
    async (_what, code, change) => {
      const world = await openSparseWorld();
      for (const index of everyone) world.start(index, index === 2 ? forged(change, 2) : undefined);
      const { rounds } = await world.end();
      expect(rounds.map(({ accepted }) => accepted.includes(2))).toEqual([
        true,
        false,
        true,
        true,
        true,
      ]);
      expect(rounds[1]).toMatchObject({ accepted: [0, 1, 3], refusals: { [code]: 1 } });
    },
  );
});
