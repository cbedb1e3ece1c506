/**
 * Makes @tensorflow/tfjs-node work: `tsx scripts/setup-tfjs-node/main.ts [cpu|gpu]`.
 * The vendor's download comes first; where that is out of reach the addon is compiled against a TensorFlow wheel
 * from pip. Running it again when the package works changes nothing.
 */
import { buildAgainstWheel } from "./build.ts";
import { health, type Health } from "./check.ts";
import { say } from "./shell.ts";
import { packageFolder, SetupError, VARIANTS, type Variant } from "./variant.ts";
import { installFromVendor } from "./vendor.ts";

function chosen(name = "cpu"): Variant {
  if (name !== "cpu" && name !== "gpu") throw new SetupError(`unknown ${name}: wanted cpu or gpu.`);
  return VARIANTS[name];
}

async function setUp(variant: Variant): Promise<Health> {
  packageFolder(variant);
  const already = health(variant);
  if (already !== null) return already;
  const fromVendor = (await installFromVendor(variant)) ? health(variant) : null;
  if (fromVendor !== null) return fromVendor;
  buildAgainstWheel(variant);
  const built = health(variant);
  if (built !== null) return built;
  throw new SetupError(
    `the addon was built but does not load: see node -e 'require("${variant.packageName}")'.`,
  );
}

function report(variant: Variant, { tensorflow, gpu }: Health): void {
  say(`${variant.packageName} works: TensorFlow ${tensorflow}, on the ${gpu ? "GPU" : "CPU"}`);
  if (variant === VARIANTS.gpu && !gpu) {
    say("TensorFlow sees no GPU. It needs a driver and the CUDA libraries of its release,");
    say("for example those of `pip install 'tensorflow[and-cuda]'`, on LD_LIBRARY_PATH.");
  }
}

try {
  const variant = chosen(process.argv[2]);
  report(variant, await setUp(variant));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
