import { readdirSync } from "node:fs";
import { adapterKinds } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { loadGolden, methodConformance } from "@fedtune/testkit";
import type { ConformanceOptions, MethodGolden } from "@fedtune/testkit";
import { methods } from "./registry.ts";
import type { MethodName } from "./registry.ts";

const folder = new URL("../golden/", import.meta.url);

type Trial = Partial<Pick<ConformanceOptions, "config" | "skip" | "kinds">>;

const sparseSkip = [
  {
    rule: "AG4",
    reason: "what is too small does not travel, and AdamW's steps have their own length",
  },
  {
    rule: "AG5",
    reason: "what is too small does not travel, and AdamW's steps have their own length",
  },
];

/** How methods are tried besides with their defaults, and what does not hold with either. */
const trials: Partial<Record<MethodName, readonly Trial[]>> = {
  "ffa-lora": [
    {},
    {
      config: { orthonormalInit: true },
      kinds: adapterKinds.filter(({ product }) => product === "BA"),
      skip: [
        { rule: "AG11", reason: "A is not the seed's draw, but what replaces it before round 1" },
      ],
    },
  ],
  fedsvd: [{}, { config: { split: "sqrt", period: 2 } }],
  "fedsa-lora": [{}, { config: { coldStart: "fit" } }],
  "fedex-lora": [
    {},
    {
      config: { residualRank: 1 },
      skip: [
        {
          rule: "AG9",
          reason: "a cut residual is not exact, whatever the claims say of the default",
        },
      ],
    },
  ],
  cellm: [
    {
      config: {
        densityDown: 1,
        densityUp: 1,
        serverOptimizer: { name: "sgd", learningRate: 1, momentum: 0 },
      },
    },
    { skip: sparseSkip },
    {
      config: { mask: "global", headDense: false, densityDecay: 0.7, evaluateMasked: true },
      skip: [
        ...sparseSkip,
        {
          rule: "AG15",
          reason: "ranked against A and the head, B's first values are cut away again",
        },
      ],
    },
  ],
};

for (const method of methods as readonly Method[]) {
  // `fedsvd.json` has the defaults, `fedsvd.sqrt.json` another option.
  const files = readdirSync(folder).filter((file) => file.startsWith(`${method.name}.`));
  const golden = files.map((file) => loadGolden<MethodGolden>(new URL(file, folder)));
  for (const trial of trials[method.name as MethodName] ?? [{}]) {
    methodConformance(method, { kinds: adapterKinds, golden, ...trial });
  }
}
