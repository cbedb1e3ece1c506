import { nodeHash, toyLayout } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { gatherRoles } from "../adapter/layout.ts";
import { adapterKinds } from "../adapter/kinds/registry.ts";
import { encodeVectorBlob } from "../adapter/blob.ts";
import { float32Bytes } from "../bytes.ts";
import { resolveRun } from "../config/run-config.ts";
import { runId } from "../ids.ts";
import { noOptions } from "../method.ts";
import type { Method, NoOptions } from "../method.ts";
import { memoryBlobs } from "../store/memory.ts";
import { virtualClock } from "../clock/virtual.ts";
import type { CheckedBlob, Offload } from "./offload.ts";
import { localOffload } from "./offload.ts";
import { openGlobalModel } from "./global-model.ts";
import { prepareRun } from "./setup.ts";

interface State {
  readonly round: number;
  readonly values: Float32Array;
}

const roles = ["up"] as const;
const layout = toyLayout();
/** Adds the sum of the updates to B, and publishes B anew in every round. */
const adding: Method<NoOptions, State> = {
  name: "adding",
  summary: "",
  paper: { title: "", id: "", equations: "" },
  config: noOptions,
  claims: {
    ...{ exactProduct: false, linear: true, meanOnly: false, freezes: [], personal: [] },
    ...{ products: ["BA"], memory: "adapter", canonical: false, ranks: "separate" },
  },
  defaultHead: "freeze",
  passes: 1,
  init: (_config, { initial }) => ({ round: 0, values: gatherRoles(layout, initial(2), roles) }),
  plan: (_state, _round, { rank }) => ({
    ...{ rank, train: roles, upload: roles, personal: [] },
    ...{ codec: "f32", sparsify: null, coldStart: "zero" },
  }),
  download: ({ round }, { holds }) => ((holds ?? 0) < round ? [`b-${round}`] : []),
  live: ({ round }) => (round === 0 ? [] : [`b-${round}`]),
  begin: ({ values }, { round }) => ({ round, values: values.slice() }),
  accumulate(sum, { delta }) {
    const { values } = sum as State;
    delta.forEach((value, i) => (values[i] = (values[i] ?? 0) + value));
  },
  finish: (_state, sum) => {
    const state = sum as State;
    const { round, values } = state;
    return {
      state,
      parts: [{ kind: "factors", id: `b-${round}`, rank: 2, roles, values }],
      metrics: {},
    };
  },
  adapter: () => new Float32Array(layout.size),
  encode: ({ round, values }) => Uint8Array.from([round, ...float32Bytes(values)]),
  decode: (bytes) => ({
    round: bytes[0] ?? 0,
    values: new Float32Array(bytes.slice(1).buffer),
  }),
};

const task = { kind: "sequence-classification", labels: ["no", "yes"] };
const config = { task, adapter: { rank: 2 }, evaluation: { aggregationError: false } };
const resolved = resolveRun(config, { methods: [adding], kinds: adapterKinds }, nodeHash);
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];
const setup = prepareRun(runId("run"), resolved, {
  describe: () => ({ layout, modules }),
  hash: nodeHash,
});

/** A model over fresh blobs; what was asked of its offload, and an update of ones. */
async function opened(change: (offload: Offload) => Partial<Offload> = () => ({})) {
  const blobs = memoryBlobs();
  const clock = virtualClock(() => Promise.resolve());
  const ports = { blobs, hash: nodeHash, clock };
  const local = localOffload({ setup, ...ports, privacy: null });
  const model = await openGlobalModel(
    setup,
    { ...ports, offload: { ...local, ...change(local) } },
    null,
  );
  const put = async (round: number) => {
    const { layoutHash } = setup.tiers[0];
    const values = gatherRoles(layout, new Float32Array(layout.size).fill(1), roles);
    const bytes = encodeVectorBlob({ kind: "update", codec: "f32", round, layoutHash, values });
    return (await blobs.put(bytes, nodeHash.sha256(bytes))).hash;
  };
  const play = async (round: number) => {
    const facts = { round, sampled: 1, accepted: 1, totalWeight: 1 };
    const updates = [{ index: 0, round, weight: 1, hash: await put(round) }];
    return model.aggregate({ facts, updates });
  };
  return { model, blobs, put, play };
}

describe("a global model", () => {
  it("reads an update that is announced again and again once at a time", async () => {
    let asked = 0;
    let answer: (checked: CheckedBlob) => void = () => undefined;
    const { model, put } = await opened(() => ({
      check: () => {
        asked += 1;
        return new Promise((resolve) => (answer = resolve));
      },
    }));
    const hash = await put(1);
    const of = { round: 1, index: 0 };
    const checks = [1, 2, 3].map(() => model.check(hash, of));
    expect(asked).toBe(1);
    answer({ norm: 7, bytes: 8 });
    for (const checked of await Promise.all(checks)) expect(checked).toEqual({ norm: 7, bytes: 8 });
    void model.check(hash, of);
    void model.check(hash, { ...of, index: 1 });
    expect(asked).toBe(3);
  });

  it("decodes what was combined elsewhere, and goes on as if it had been here", async () => {
    const here = await opened();
    const there = await opened((local) => ({
      combine: async (job) => ({ ...(await local.combine(job)), state: null }),
    }));
    for (const round of [1, 2, 3]) {
      expect(await there.play(round)).toEqual(await here.play(round));
      expect(there.model.adopt(round)).toEqual(here.model.adopt(round));
    }
  });

  it("keeps the parts that a client could be told to download, and gives up the others", async () => {
    const { model, play, blobs } = await opened();
    const first = await play(1);
    expect(model.adopt(1)).toEqual([]);
    const second = await play(2);
    expect(second.parts.map(({ id }) => id)).toEqual(["b-2"]);
    const given = model.adopt(2);
    expect(new Set(given)).toEqual(new Set([first.parts[0]!.blob.hash, first.state.hash]));
    expect(await blobs.has(second.parts[0]!.blob.hash)).toBe(true);
    const order = model.order({ index: 0, holds: 1 });
    expect(order.download).toEqual(second.parts.map(({ blob }) => blob));
  });

  it("changes nothing until the round is adopted, and adopts no other", async () => {
    const { model, play } = await opened();
    await play(1);
    expect(model.round).toBe(0);
    expect(() => model.adopt(2)).toThrow(expect.objectContaining({ code: "internal" }));
    model.adopt(1);
    expect(model.round).toBe(1);
  });
});
