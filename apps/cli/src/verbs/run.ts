import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { assignment } from "../values.ts";
import { examples } from "../verb.ts";
import type { Enter, Verb } from "../verb.ts";
import { serverVerb, verbGroup } from "./run-options.ts";

const group = "run";

/** `fedtune run`: the runs of a coordinator, over its API. */
export const run: Verb = {
  name: group,
  define: (enter) =>
    verbGroup(
      group,
      {
        summary: "makes, shows, steers and fetches the runs of a coordinator",
        examples: examples(
          "fedtune run create --config run.yaml --start",
          "fedtune run ls --json",
          "fedtune run log triage --follow --server https://fl.example.org",
          "fedtune run pull triage --round best --out adapter",
        ),
      },
      [
        create(enter),
        list(enter),
        show(enter),
        log(enter),
        ...(["pause", "resume", "stop"] as const).map((command) => steer(enter, command)),
        pull(enter),
        remove(enter),
      ],
    ),
};

function create(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("create"))
    .summary("makes a run from a config")
    .requiredOption("-c, --config <file>", "the run config, YAML or JSON")
    .option("--set <key=value>", "sets a field of the config; may be repeated", assignment)
    .option("--start", "begins at once; without, the run is paused")
    .action((options) =>
      enter(options, async (io) => {
        const { runCreate } = await import("../run/run-create.ts");
        return runCreate(options, io);
      }),
    );
}

function list(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("ls"))
    .summary("all runs")
    .action((options) =>
      enter(options, async (io) => {
        const { runList } = await import("../run/run-show.ts");
        return runList(options, io);
      }),
    );
}

function show(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("show"))
    .summary("one run: state, rounds, participants")
    .argument("<run>", "its name")
    .action((name, options) =>
      enter(options, async (io) => {
        const { runShow } = await import("../run/run-show.ts");
        return runShow({ ...options, run: name }, io);
      }),
    );
}

function log(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("log"))
    .summary("what has happened in a run")
    .argument("<run>", "its name")
    .option("-f, --follow", "goes on until the run ends; with --json a line for every event")
    .action((name, options) =>
      enter(options, async (io) => {
        const { runLog } = await import("../run/run-log.ts");
        return runLog({ ...options, run: name }, io);
      }),
    );
}

function steer(enter: Enter, command: "pause" | "resume" | "stop"): CommandUnknownOpts {
  const summaries = {
    pause: "lets the round at hand end and begins no other",
    resume: "ends a pause",
    stop: "ends a run for good",
  } as const;
  return serverVerb(group, new Command(command))
    .summary(summaries[command])
    .argument("<run>", "its name")
    .action((name, options) =>
      enter(options, async (io) => {
        const { runSteer } = await import("../run/run-steer.ts");
        return runSteer({ ...options, run: name, command }, io);
      }),
    );
}

function pull(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("pull"))
    .summary("writes an adapter in the files that HuggingFace PEFT opens")
    .argument("<run>", "its name")
    .option("--round <n>", "a round, `latest`, or `best` by the run's metric", roundName, "latest")
    .requiredOption("-o, --out <folder>", "where the adapter goes")
    .option("--model <folder>", "where the base model lies here, if it is no built-in one")
    .option(
      "--cold-start",
      "zeros stand for factors that never left the clients; refused without it",
    )
    .action((name, options) =>
      enter(options, async (io) => {
        const { runPull } = await import("../run/run-pull.ts");
        return runPull({ ...options, run: name }, io);
      }),
    );
}

function remove(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("delete"))
    .summary("forgets a run that has ended")
    .argument("<run>", "its name")
    .option("--yes", "without it nothing is deleted")
    .action((name, options) =>
      enter(options, async (io) => {
        const { runDelete } = await import("../run/run-steer.ts");
        return runDelete({ ...options, run: name }, io);
      }),
    );
}

function roundName(text: string): string {
  if (/^(latest|best|\d{1,9})$/.test(text)) return text;
  throw new InvalidArgumentError("Wanted a number, latest or best.");
}
