import { Command } from "@commander-js/extra-typings";
import { assignment, integer } from "../values.ts";
import { examples, settings } from "../verb.ts";
import { withColumns } from "./column-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune serve`: the coordinator of a run. */
export const serve: Verb = {
  name: "serve",
  define: (enter) =>
    settings(
      withColumns(
        new Command("serve")
          .summary("the coordinator of a run")
          .description(
            "Runs the rounds of one config with the clients that join, and saves every adapter; or stays and serves whatever runs are created.",
          )
          .option(
            "-c, --config <file>",
            "the run config, YAML or JSON; without: all runs of the database",
          )
          .option("--settings <file>", "the server's settings, YAML or JSON; see docs/deploy.md")
          .option("--set <key=value>", "sets a field of the config; may be repeated", assignment)
          .option("--host <address>", "address to listen on; without: 127.0.0.1")
          .option(
            "-p, --port <n>",
            "port to listen on; 0 takes a free one; without: 8470",
            integer(0, 65535),
          )
          .option(
            "--data-dir <folder>",
            "where database, blobs and adapters are; without: .fedtune",
          )
          .option("--blob-url <url>", "file:FOLDER or s3://BUCKET/PREFIX (or BLOB_URL)")
          .option(
            "--relay-url <url>",
            "redis://HOST (or RELAY_URL): how several processes reach each other; without: by the database",
          )
          .option("--open-enrolment", "lets clients in without a token, also from other machines")
          .option("--no-pages", "shows browsers nothing: the API and the clients alone")
          .option("--log-level <level>", "least level that is logged")
          .option(
            "--database-url <url>",
            "a Postgres (or DATABASE_URL); without: one of its own in the data folder",
          )
          .option("--data <path>", "test data: evaluates the global adapter between rounds"),
      )
        .option("--backend <name>", "where to evaluate; see: fedtune doctor")
        .option("--method <name>", "same as --set method.name")
        .option("--model <name or folder>", "same as --set model")
        .option("--rounds <n>", "same as --set rounds.numRounds", integer(1))
        .option("--seed <n>", "same as --set seed", integer(0, 0xffffffff)),
    )
      .addHelpText(
        "after",
        examples(
          "fedtune serve --config run.yaml",
          "fedtune serve --settings server.yaml",
          "fedtune serve --config run.yaml --host 0.0.0.0 --set training.learningRate=5e-4",
        ),
      )
      .action((options) =>
        enter(options, async (io) => {
          const { runServe } = await import("../run/serve.ts");
          return runServe(options, io);
        }),
      ),
};
