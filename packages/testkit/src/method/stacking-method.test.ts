import { adapterKinds } from "@fedtune/core";
import { methodConformance } from "./conformance.ts";
import { stackingMethod } from "./stacking-method.ts";

methodConformance(stackingMethod, {
  kinds: adapterKinds,
  heads: ["freeze"],
  golden: [],
  skip: [{ rule: "AG16", reason: "it exists for tests only: no paper has numbers for it" }],
});
