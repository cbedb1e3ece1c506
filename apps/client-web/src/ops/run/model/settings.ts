/** What the pages read of a run's config. */
import { z } from "zod";

const privacy = z
  .object({
    mode: z.enum(["none", "record-level", "user-level"]).catch("none"),
    delta: z.number().nullable().catch(null),
    noiseMultiplier: z.number().nullable().catch(null),
    clipNorm: z.number().nullable().catch(null),
    accountant: z.string().nullable().catch(null),
    noiseBy: z.enum(["coordinator", "clients"]).nullable().catch(null),
    metrics: z.enum(["withhold", "release"]).catch("withhold"),
    noise: z.enum(["secure", "seeded"]).catch("secure"),
    budget: z.object({ epsilon: z.number() }).nullable().catch(null),
  })
  .catch(
    // A run without the section promises nothing.
    () => ({
      ...{ mode: "none" as const, delta: null, noiseMultiplier: null, clipNorm: null },
      ...{ accountant: null, noiseBy: null, metrics: "release" as const, noise: "secure" as const },
      budget: null,
    }),
  );

const count = (otherwise: number) => z.number().catch(otherwise);

const runSettings = z.object({
  name: z.string().catch("run"),
  model: z.string().catch("unknown"),
  seed: z.number().nullable().catch(null),
  labels: z.array(z.string()).catch([]),
  method: z.string().catch("unknown"),
  kind: z.string().catch("unknown"),
  rank: count(0),
  targetModules: z.array(z.string()).catch([]),
  numRounds: count(0),
  quorum: count(1),
  needed: count(1),
  roundTimeoutMs: count(0),
  isBuffered: z.boolean().catch(false),
  evaluatedBy: z.enum(["central", "federated"]).catch("central"),
  metric: z.string().catch("loss"),
  maxNorm: z.number().nullable().catch(null),
  privacy,
});

/** What the pages read of a config; what a config of another version lacks has a value that promises nothing. */
export type RunSettings = z.output<typeof runSettings>;

/** A part of a config, whatever it is. */
type Section = Readonly<Record<string, unknown>>;

const isSection = (value: unknown): value is Section =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a resolved config; never throws. */
export function settingsOf(config: Section): RunSettings {
  const section = (name: string): Section => {
    const value = config[name];
    return isSection(value) ? value : {};
  };
  const [rounds, adapter, evaluation] = [
    section("rounds"),
    section("adapter"),
    section("evaluation"),
  ];
  return runSettings.parse({
    ...{ name: config["name"], model: config["model"], seed: config["seed"] },
    labels: section("task")["labels"],
    method: section("method")["name"],
    ...{ kind: adapter["kind"], rank: adapter["rank"], targetModules: adapter["targetModules"] },
    ...{ numRounds: rounds["numRounds"], roundTimeoutMs: rounds["roundTimeoutMs"] },
    ...{ quorum: rounds["minFitClients"], needed: rounds["minAvailableClients"] },
    isBuffered: rounds["mode"] === "buffered",
    ...{ evaluatedBy: evaluation["where"], metric: evaluation["metric"] },
    maxNorm: section("firewall")["maxNorm"],
    privacy: config["privacy"],
  });
}
