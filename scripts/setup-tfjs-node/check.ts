/** Does the package load and multiply? Asked in a process of its own, since a bad addon can end one. */
import { capture } from "./shell.ts";
import { REPOSITORY, type Variant } from "./variant.ts";

export interface Health {
  readonly tensorflow: string;
  readonly gpu: boolean;
}

/** util.isNullOrUndefined left Node in version 23; tfjs-node 4.22 still calls it. */
const program = (packageName: string) => `
  const util = require("util");
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf = require("${packageName}");
  const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync();
  if (String(product) !== "19,22,43,50") throw new Error("wrong product " + product);
  const backend = tf.backend();
  console.log(JSON.stringify({ tensorflow: backend.binding.TF_Version, gpu: backend.isGPUPackage && backend.isUsingGpuDevice }));
`;

/** Version and device, or null when the package does not work here. */
export function health(variant: Variant): Health | null {
  const output = capture([process.execPath, "-e", program(variant.packageName)], {
    cwd: REPOSITORY,
    env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    timeoutMs: 120_000,
  });
  const last = output?.trim().split("\n").at(-1);
  return last === undefined ? null : (JSON.parse(last) as Health);
}
