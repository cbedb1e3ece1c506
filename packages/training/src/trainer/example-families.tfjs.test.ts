/** Gradients per example of every family under every kind of adapter, on the backend that most clients have. */
import { adapterInits, adapterKinds, resolveRun } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { families } from "../models/registry.ts";
import { expectAsAlone } from "../test-support/example-expectation.ts";
import {
  beginnings,
  compareWithBatchesOfOne,
  coveringPairs,
  subjects,
} from "../test-support/example-oracle.ts";
import { goldenCheckpoint } from "../test-support/golden.ts";
import { wasmOwn } from "../test-support/oracle-engines.ts";

beforeAll(async () => {
  await wasmOwn.choose();
});

test("[TN17] every family is held against the loop", () => {
  expect([...new Set(subjects.map(({ family }) => family))].sort()).toEqual(
    families.map(({ name }) => name).sort(),
  );
});

test("[TN17] the pairs that stand for all have every base model, kind and init", () => {
  expect(new Set(coveringPairs.map(({ subject }) => subject))).toEqual(new Set(subjects));
  expect(new Set(coveringPairs.map(({ beginning }) => beginning))).toEqual(new Set(beginnings));
});

describe.each(subjects)("$family, $task", (subject) => {
  test.each(beginnings)(
    "[TN17] $kind, $init: gradients per example equal a loop of batches of one",
    async (beginning) => {
      await expectAsAlone({ subject, beginning }, wasmOwn.tolerance);
    },
  );
});

describe("what cannot be trained privately", () => {
  /** Only what a config reads of a method. */
  const method = {
    name: "any",
    config: z.strictObject({}),
    claims: { products: ["BA", "BRA", "diagonal"], personal: [] },
    defaultHead: "share",
  } as unknown as Method;
  const registries = { methods: [method], kinds: adapterKinds, privacy: privacyRules };
  const task = { kind: "sequence-classification", labels: ["no", "yes"] };
  const rounds = { weightedBy: "uniform" };
  const privacy = { mode: "record-level", samplingRate: 0.1, noiseMultiplier: 1, delta: 1e-5 };
  const resolve = (kind: string, init: string) =>
    resolveRun(
      { task, privacy, rounds, method: { name: "any" }, adapter: { kind, init } },
      registries,
      nodeHash,
    );

  test.each(
    adapterKinds.flatMap(({ name, inits }) =>
      adapterInits.map((init) => [name, init, inits.includes(init)] as const),
    ),
  )("[CF1] a run of %s, %s is offered: %s", (kind, init, isOffered) => {
    if (isOffered) {
      expect(resolve(kind, init).config.adapter).toMatchObject({ kind, init });
      return;
    }
    expect(() => resolve(kind, init)).toThrow(
      expect.objectContaining({
        code: "config-conflict",
        message: expect.stringContaining(`adapter.init = "${init}"`) as string,
      }),
    );
  });

  test.each(
    subjects.filter(({ folder, task: own }) => own === "labels" && !/vit|decoders/.test(folder)),
  )(
    "[TN17] $family, which has no language head, is refused as a language model and leaves no tensor",
    async (subject) => {
      const before = tf.memory().numTensors;
      const asked = { ...subject, task: "language" } as const;
      await expect(
        compareWithBatchesOfOne(
          { subject: asked, beginning: { kind: "lora", init: "kaiming" } },
          goldenCheckpoint,
        ),
      ).rejects.toMatchObject({ code: "model-invalid" });
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
