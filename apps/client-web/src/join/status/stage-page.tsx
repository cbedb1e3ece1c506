import type { Stage } from "../../participant/index.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Progress } from "../../ui/progress.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import { hostOf } from "../model/run-words.ts";
import { message, messageOfError } from "../model/messages.ts";
import { factsOf } from "../model/notices.ts";
import { missingText } from "../model/missing.ts";
import { commonWords } from "../words/common.ts";
import { fill } from "../words/fill.ts";
import { StatusPage } from "./status-page.tsx";

/** Stages before there is a road. */
export type EarlyStage = Extract<
  Stage,
  {
    kind:
      | "opening"
      | "unsupported"
      | "no-storage"
      | "no-invitation"
      | "reading-invitation"
      | "invitation-refused";
  }
>;

/** What is shown while there is no invitation to show. */
export function StagePage({ stage }: { readonly stage: EarlyStage }) {
  const actions = useActions();
  switch (stage.kind) {
    case "opening":
    case "no-invitation":
      return <Waiting text={commonWords.openingText} />;
    case "reading-invitation":
      return <Waiting text={fill(commonWords.readingText, { server: hostOf(stage.server) })} />;
    case "unsupported": {
      const { title, text } = message("browser-old", {
        facts: { missing: missingText(stage.missing) },
      });
      return <StatusPage state={title} title={title} text={text} />;
    }
    case "no-storage": {
      const { code, data } = stage.problem;
      const { title, text } = messageOfError({ code }, factsOf(data));
      return (
        <StatusPage
          state={title}
          title={title}
          text={text}
          code={code}
          button={
            <Button kind="solid" size="big" onClick={() => start(actions.checkStorage())}>
              {commonWords.checkAgain}
            </Button>
          }
        />
      );
    }
    case "invitation-refused":
      return <Refused stage={stage} />;
  }
}

const Waiting = ({ text }: { readonly text: string }) => (
  <StatusPage
    state={commonWords.opening}
    title={commonWords.opening}
    text={text}
    button={<Progress label={commonWords.opening} value={null} valueText={text} height={3} />}
  />
);

/** The invitation cannot be read: what is wrong with it, and the way that helps. */
function Refused({
  stage,
}: {
  readonly stage: Extract<EarlyStage, { kind: "invitation-refused" }>;
}) {
  const actions = useActions();
  const { problem, server, run } = stage;
  const { title, text, action, code } = messageOfError(problem, {
    ...factsOf(problem.data),
    server: hostOf(server),
  });
  const again = () =>
    start(actions.openLink(new URL(`/join/${encodeURIComponent(run)}`, server).href));
  return (
    <StatusPage
      state={title}
      title={title}
      text={text}
      code={code}
      button={
        problem.retryable || action.id === "try-again" ? (
          <Button kind="solid" size="big" onClick={again}>
            {commonWords.tryAgain}
          </Button>
        ) : (
          <LinkButton kind="solid" size="big" href="/join">
            {commonWords.toStart}
          </LinkButton>
        )
      }
    />
  );
}
