import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { scopes } from "@fedtune/api";
import type { Scope } from "@fedtune/api";
import { integer } from "../values.ts";
import { examples } from "../verb.ts";
import type { Enter, Verb } from "../verb.ts";
import { serverVerb, verbGroup } from "./run-options.ts";

const group = "token";

/** `fedtune token`: what lets programs and clients in. */
export const token: Verb = {
  name: group,
  define: (enter) =>
    verbGroup(
      group,
      {
        summary: "makes, lists and revokes what lets programs and clients in",
        examples: examples(
          "fedtune token create --name ci --scope runs:read --scope adapters:read",
          "fedtune token create --run triage --max-uses 10",
          "fedtune token ls --run triage --json",
        ),
      },
      [create(enter), list(enter), revoke(enter)],
    ),
};

function create(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("create"))
    .summary("a new token; its secret is shown once")
    .option("--run <name>", "a token that lets clients into this run, with its join link")
    .option("--name <name>", "what people call a program's token")
    .option(
      "--scope <scope>",
      `what a program may do: ${scopes.join(", ")}; may be repeated`,
      scope,
    )
    .option("--client <name>", "with --run: the one client that may use it")
    .option("--max-uses <n>", "with --run: how many clients it lets in", integer(1, 1_000_000))
    .option("--expires-in <seconds>", "how long it lives", integer(60))
    .action((options) =>
      enter(options, async (io) => {
        const { tokenCreate } = await import("../run/token.ts");
        return tokenCreate(options, io);
      }),
    );
}

function list(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("ls"))
    .summary("all tokens, without their secrets")
    .option("--run <name>", "those that let clients into this run")
    .action((options) =>
      enter(options, async (io) => {
        const { tokenList } = await import("../run/token.ts");
        return tokenList(options, io);
      }),
    );
}

function revoke(enter: Enter): CommandUnknownOpts {
  return serverVerb(group, new Command("revoke"))
    .summary("a token that lets nobody in any more")
    .argument("<id>", "its id; see: fedtune token ls")
    .option("--run <name>", "of the run that it lets clients into")
    .action((id, options) =>
      enter(options, async (io) => {
        const { tokenRevoke } = await import("../run/token.ts");
        return tokenRevoke({ ...options, id }, io);
      }),
    );
}

function scope(text: string, before: readonly Scope[] = []): readonly Scope[] {
  const found = scopes.find((one) => one === text);
  if (found !== undefined) return [...before, found];
  throw new InvalidArgumentError(`Wanted one of ${scopes.join(", ")}.`);
}
