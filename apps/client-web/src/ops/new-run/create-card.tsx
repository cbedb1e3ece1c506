import { ArrowRight, Check, OctagonX, TriangleAlert } from "lucide-react";
import type { Ref } from "react";
import { Button } from "../../ui/button.tsx";
import { LoadError } from "../shell/load-error.tsx";
import type { Advice } from "./advice.ts";
import { fieldId } from "./field-id.ts";
import type { Problem } from "./problems.ts";
import { words } from "./words.ts";
import styles from "./create-card.module.css";

/** What keeps the run from being made, and the button that makes it. */
export interface CreateCardProps {
  readonly problems: readonly Problem[];
  readonly advice: readonly Advice[];
  readonly error: Error | null;
  readonly isBusy: boolean;
  readonly onCreate: () => void;
  readonly onSimulate: () => void;
  /** Leads to the field with a path. */
  readonly onGoTo: (path: string) => void;
  /** The summary takes the focus when there is something to fix. */
  readonly summary: Ref<HTMLDivElement>;
}

/** The summary of what is to be fixed, each line leading to its field, and the button; it is never disabled. */
export function CreateCard(props: CreateCardProps) {
  const { problems, advice, error, isBusy, onCreate, onSimulate, onGoTo, summary } = props;
  const isReady = problems.length === 0;
  return (
    <section className={styles["card"]} aria-label={words.create}>
      <div ref={summary} tabIndex={-1} className={styles["summary"]}>
        <p className={styles["title"]} data-tone={isReady ? "ok" : "bad"}>
          {isReady ? <Check size={16} aria-hidden /> : <OctagonX size={16} aria-hidden />}
          {isReady ? words.ready : words.toFixFirst(problems.length)}
        </p>
        {isReady ? null : (
          <ul className={styles["list"]}>
            {problems.map((problem) => (
              <ProblemLine key={problem.key} {...{ problem, onGoTo }} />
            ))}
          </ul>
        )}
        {advice.map(({ field, text }) => (
          <p key={field.path} className={styles["advice"]}>
            <TriangleAlert size={16} aria-hidden />
            <FieldLink path={field.path} onGoTo={onGoTo}>
              {text}
            </FieldLink>
          </p>
        ))}
      </div>
      {error === null ? null : <LoadError title={words.notCreated} error={error} isUrgent />}
      <Button
        kind="solid"
        iconEnd={ArrowRight}
        isWide
        isBusy={isBusy}
        onClick={onCreate}
        className={styles["create"]}
      >
        {words.create}
      </Button>
      <Button kind="quiet" isWide onClick={onSimulate}>
        {words.simulate}
      </Button>
    </section>
  );
}

interface ProblemLineProps extends Pick<CreateCardProps, "onGoTo"> {
  readonly problem: Problem;
}

function ProblemLine({ problem: { field, title, message }, onGoTo }: ProblemLineProps) {
  if (field === null) return <li>{message}</li>;
  return (
    <li>
      <FieldLink path={field.path} onGoTo={onGoTo}>
        {title}
      </FieldLink>
    </li>
  );
}

interface FieldLinkProps extends Pick<CreateCardProps, "onGoTo"> {
  readonly path: string;
  readonly children: string;
}

function FieldLink({ path, onGoTo, children }: FieldLinkProps) {
  return (
    <a
      href={`#${fieldId(path)}`}
      onClick={(event) => {
        event.preventDefault();
        onGoTo(path);
      }}
    >
      {children}
    </a>
  );
}
