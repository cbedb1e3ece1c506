/** Backends of Node, each with its kernels, on which gradients per example are held against batches of one. */
import { isFedtuneError } from "@fedtune/core";
import type { ChosenBackend } from "../backends/backend.ts";
import { chooseFrom } from "../backends/backend.ts";
import { chooseBackend } from "../backends/node-choose.ts";
import { nodeWebgpuOver } from "../backends/node-webgpu.ts";

/** A backend with its kernels. */
export interface OracleEngine {
  readonly title: string;
  readonly kernels: ChosenBackend["kernels"];
  /** What |found - wanted| / |wanted| of an example's gradient stays below, and why it is not zero. */
  readonly tolerance: number;
  /** Makes it current. @throws FedtuneError where it is not there */
  choose(): Promise<ChosenBackend>;
}

/**
 * Both ways compute in float32 and add the same products, only in another order: kernels cut rows into blocks and lanes by
 * the shape of the whole, and texts are padded otherwise when they are alone. These are five to twenty times what was found
 * over all pairs: 5e-8 on cpu, which adds 48 products at a time in float64; 1e-7 with our wasm kernels, whose sums
 * depend on one row and one column alone; 5e-7 with the stock ones; 1.4e-6 on TensorFlow's library, whose blocks depend on
 * all sizes; 7e-7 on an imitated graphics card.
 */
const tolerances = {
  cpu: 1e-6,
  wasm: { own: 1e-6, stock: 5e-6 },
  "tfjs-node": 1e-5,
  webgpu: 1e-5,
} as const;

/** Takes an imitated graphics card, which the product refuses. */
export const softwareWebgpu: OracleEngine = {
  ...{ title: "webgpu", kernels: "stock", tolerance: tolerances.webgpu },
  choose: () => chooseFrom([nodeWebgpuOver({ allowSoftware: true })], "webgpu"),
};

type Kernels = OracleEngine["kernels"];

function named(
  backend: "cpu" | "wasm" | "tfjs-node",
  kernels: Kernels,
  tolerance: number,
): OracleEngine {
  const title = `${backend} with ${kernels} kernels`;
  return { title, kernels, tolerance, choose: () => chooseBackend(backend, { kernels }) };
}

/** What most clients have. */
export const wasmOwn = named("wasm", "own", tolerances.wasm.own);
/** The others that are always there. */
export const stockEngines = [
  named("cpu", "stock", tolerances.cpu),
  named("wasm", "stock", tolerances.wasm.stock),
];
/** TensorFlow's library, which is optional. */
export const nativeEngines = (["own", "stock"] as const).map((kernels) =>
  named("tfjs-node", kernels, tolerances["tfjs-node"]),
);

/** An engine, and for a test's title why it is not there; null: it is. */
export interface FoundEngine extends OracleEngine {
  readonly missing: string | null;
}

/** Tries each engine; the last of them that is there stays current. */
export async function findEngines(
  engines: readonly OracleEngine[],
): Promise<readonly FoundEngine[]> {
  const found: FoundEngine[] = [];
  for (const engine of engines) found.push({ ...engine, missing: await whyMissing(engine) });
  return found;
}

async function whyMissing({ choose }: OracleEngine): Promise<string | null> {
  try {
    await choose();
    return null;
  } catch (error) {
    // A backend that computes wrongly is there: its tests are to fail.
    if (isFedtuneError(error) && error.code === "backend-unavailable") return error.message;
    throw error;
  }
}
