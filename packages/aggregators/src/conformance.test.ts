import { adapterKinds } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { loadGolden, methodConformance, toyKinds } from "@fedtune/testkit";
import type { MethodGolden } from "@fedtune/testkit";
import { methods } from "./registry.ts";

const kinds = [...adapterKinds, ...toyKinds];

for (const method of methods as readonly Method[]) {
  const golden = loadGolden<MethodGolden>(
    new URL(`../golden/${method.name}.json`, import.meta.url),
  );
  methodConformance(method, { kinds, golden: [golden] });
}
