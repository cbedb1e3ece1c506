import { Argument, Command, Option } from "@commander-js/extra-typings";
import { probability, rate } from "../run/privacy-values.ts";
import { integer, positive } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

const examplesOfUse = examples(
  "fedtune privacy epsilon --sampling-rate 0.01 --noise-multiplier 1 --steps 1000 --delta 1e-5",
  "fedtune privacy noise --epsilon 3 --delta 1e-5 --sampling-rate 0.01 --steps 1000 --ledger spent.json",
  "fedtune privacy delta --epsilon 1 --ledger spent.json --accountant rdp --json",
  "fedtune privacy ledger --ledger .fedtune/clients/ledgers/0123456789abcdef.jsonl",
  "fedtune privacy audit --sampling-rate 0.2 --noise-multiplier 2 --steps 20 --delta 1e-5",
  "fedtune privacy audit --model fedtune-mini --sampling-rate 0.5 --noise-multiplier 4 --steps 6 --delta 1e-5",
);

const more = `
Rows of the ledger and the row described by --steps and its options are accounted for together; noise is searched for
that row alone. A ledger is what clients keep in their state folder (JSON Lines, verified row by row; \`ledger\` shows
one), or a JSON array of rows such as
  {"mechanism": "poisson-gaussian", "samplingRate": 0.01, "noiseMultiplier": 1, "steps": 1000}
with mechanism gaussian, poisson-gaussian, fixed-size-gaussian (sampleSize, populationSize) or tree-gaussian
(participations). A noise multiplier is the noise's standard deviation over the clip norm.

Printed: the accountant's value; "at most", which holds with numerical errors included and is the number to decide by;
and "at least". Sampling must really be Poisson: shuffled batches cost as much as --sampling-rate 1 for every epoch.

\`audit\` runs the steps by the code that trains, over canaries: examples with a gradient of their own, in the data or not
by a fair coin. With --model they are random texts for a LoRA adapter on it: less is certified, and more is audited. It
guesses the coins from the parameters after every step and certifies, with 95 % confidence, an epsilon that the steps
exceed (arXiv 2305.08846). It exits with 1 when that is above the accountant's claim, as it is with --without-noise;
right code does so in at most one of 20 audits. "without noise" is the most that so many canaries can certify: a larger
claim is not put to the test. An audit shows errors; it cannot show that there are none.`;

const what = new Argument("<what>", "what to find").choices([
  "epsilon",
  "noise",
  "delta",
  "ledger",
  "audit",
] as const);

/** `fedtune privacy`: what private steps cost, and the noise they need. */
export const privacy: Verb = {
  name: "privacy",
  define: (enter) =>
    settings(
      new Command("privacy")
        .summary("epsilon, delta, noise, ledger or audit of differentially private training")
        .description(
          "Accounts for Gaussian noise on clipped sums: the epsilon at a delta, the delta at an epsilon, or the " +
            "noise multiplier that a target needs. Shows ledgers, and audits the code that trains.",
        )
        .addArgument(what)
        .option(
          "--sampling-rate <q>",
          "probability of a unit in each step (default: every unit in all)",
          rate,
        )
        .option("--noise-multiplier <z>", "standard deviation over clip norm", positive)
        .option("--steps <n>", "noised steps", integer(1))
        .option("--participations <n>", "tree: how often a unit takes part at most", integer(1))
        .option("--delta <d>", "probability of failure, below 1 / number of units", probability)
        .option("--epsilon <e>", "the target; for delta and noise", positive)
        .option(
          "--examples <n>",
          "number of units: a delta of 1/n or more is warned of",
          integer(1),
        )
        .addOption(
          new Option("--relation <name>", "what neighbouring data sets differ in")
            .choices(["add-or-remove-one", "zero-out", "replace-one"] as const)
            .default("add-or-remove-one" as const),
        )
        .addOption(
          new Option("--unit <name>", "what is protected: an example, or all of one user")
            .choices(["example", "user"] as const)
            .default("example" as const),
        )
        .addOption(
          new Option("--accountant <name>", "prv is tight; rdp holds for adaptive steps too")
            .choices(["rdp", "prv", "gaussian", "tree"] as const)
            .default("prv" as const),
        )
        .option("--ledger <file>", "rows that were spent: a client's ledger, or JSON")
        .option(
          "--canaries <n>",
          "audit: how many canaries (1000; with --model 256)",
          integer(32, 100_000),
        )
        .option("--model <name or folder>", "audit: canaries are texts for this base model")
        .option(
          "--seed <n>",
          "audit: makes it repeatable (default: noise of the operating system)",
          integer(0, 0xffffffff),
        )
        .option("--without-noise", "audit: leaves out the noise, which it must notice"),
    )
      .addHelpText("after", `${more}\n${examplesOfUse}`)
      .action((what, options) =>
        enter(options, async (io) => {
          const { runPrivacy } = await import("../run/privacy.ts");
          return runPrivacy({ ...options, what }, io);
        }),
      ),
};
