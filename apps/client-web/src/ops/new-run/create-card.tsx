import { ArrowRight, Check, OctagonX, TriangleAlert } from "lucide-react";
import type { Ref } from "react";
import { Button } from "../../ui/button.tsx";
import { LoadError } from "../shell/load-error.tsx";
import type { Advice } from "./advice.ts";
import { focusWithin } from "../shell/focus.ts";
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
  /** The summary takes the focus when there is something to fix. */
  readonly summary: Ref<HTMLDivElement>;
}

/** The summary of what is to be fixed, each line leading to its field, and the button; it is never disabled. */
export function CreateCard(props: CreateCardProps) {
  const { problems, advice, error, isBusy, onCreate, onSimulate, summary } = props;
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
              <ProblemLine key={problem.key} problem={problem} />
            ))}
          </ul>
        )}
        {advice.map(({ field, text }) => (
          <p key={field.path} className={styles["advice"]}>
            <TriangleAlert size={16} aria-hidden />
            <FieldLink path={field.path}>{text}</FieldLink>
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

function ProblemLine({ problem: { field, title, message } }: { readonly problem: Problem }) {
  return <li>{field === null ? message : <FieldLink path={field.path}>{title}</FieldLink>}</li>;
}

interface FieldLinkProps {
  readonly path: string;
  readonly children: string;
}

function FieldLink({ path, children }: FieldLinkProps) {
  return (
    <a
      href={`#${fieldId(path)}`}
      onClick={(event) => {
        event.preventDefault();
        focusWithin(fieldId(path));
      }}
    >
      {children}
    </a>
  );
}
