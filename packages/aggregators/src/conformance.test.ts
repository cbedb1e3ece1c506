import { readdirSync } from "node:fs";
import { adapterKinds } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { loadGolden, methodConformance, toyKinds } from "@fedtune/testkit";
import type { MethodGolden } from "@fedtune/testkit";
import { methods } from "./registry.ts";

const kinds = [...adapterKinds, ...toyKinds];
const folder = new URL("../golden/", import.meta.url);

for (const method of methods as readonly Method[]) {
  // `fedsvd.json` has the defaults, `fedsvd.sqrt.json` another option.
  const files = readdirSync(folder).filter((file) => file.startsWith(`${method.name}.`));
  const golden = files.map((file) => loadGolden<MethodGolden>(new URL(file, folder)));
  methodConformance(method, { kinds, golden });
}
