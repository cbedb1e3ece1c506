import { useState } from "react";
import type { Road } from "../../participant/index.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import type { FilePageView } from "../model/file.ts";
import type { ProblemOffer, ProblemView } from "../model/file-problems.ts";
import { problemWords } from "../words/file.ts";
import { ChooseColumns } from "./choose-columns.tsx";
import { MapLabels } from "./map-labels.tsx";
import styles from "./problems.module.css";

/** What is wrong with the file. */
export interface ProblemsProps {
  readonly view: FilePageView;
  readonly stage: Road;
  readonly onPick: () => void;
}

/** Each problem with its way out; they stay until they are solved. */
export const Problems = ({ view, stage, onPick }: ProblemsProps) => (
  <div className={styles["problems"]}>
    {view.problems.map((problem) => (
      <Problem key={problem.title} problem={problem} stage={stage} onPick={onPick} />
    ))}
  </div>
);

type ProblemProps = Omit<ProblemsProps, "view"> & { readonly problem: ProblemView };

function Problem({ problem, stage, onPick }: ProblemProps) {
  const [isMapping, setMapping] = useState(false);
  const { title, text, offers } = problem;
  return (
    <ErrorNote
      title={title}
      isUrgent
      actions={offers.map((offer) => (
        <OfferButtons
          key={offer.kind}
          offer={offer}
          onPick={onPick}
          onMap={isMapping ? null : () => setMapping(true)}
        />
      ))}
    >
      {text}
      {offers.map((offer) => (
        <OfferForm
          key={offer.kind}
          offer={offer}
          stage={stage}
          isMapping={isMapping}
          onCancel={() => setMapping(false)}
        />
      ))}
    </ErrorNote>
  );
}

interface OfferButtonsProps {
  readonly offer: ProblemOffer;
  readonly onPick: () => void;
  /** Null: the labels are being mapped. */
  readonly onMap: (() => void) | null;
}

function OfferButtons({ offer, onPick, onMap }: OfferButtonsProps) {
  const actions = useActions();
  switch (offer.kind) {
    case "choose-file":
      return (
        <Button size="small" onClick={onPick}>
          {offer.button}
        </Button>
      );
    case "link":
      return (
        <LinkButton size="small" href={offer.href} rel="noreferrer noopener">
          {offer.button}
        </LinkButton>
      );
    case "labels":
      return onMap === null ? null : (
        <>
          <Button size="small" onClick={() => start(actions.leaveOutRows())}>
            {offer.leaveOut}
          </Button>
          <Button size="small" onClick={onMap}>
            {problemWords.labelsMap}
          </Button>
        </>
      );
    case "choose-columns":
    case "command":
      return null;
  }
}

interface OfferFormProps {
  readonly offer: ProblemOffer;
  readonly stage: Road;
  readonly isMapping: boolean;
  readonly onCancel: () => void;
}

function OfferForm({ offer, stage, isMapping, onCancel }: OfferFormProps) {
  const actions = useActions();
  switch (offer.kind) {
    case "choose-columns":
      return <ChooseColumns offer={offer} stage={stage} />;
    case "labels":
      return isMapping ? (
        <MapLabels
          questions={offer.unknown}
          labels={offer.labels}
          onDone={(labels) => start(actions.mapLabels(labels))}
          onCancel={onCancel}
        />
      ) : null;
    case "command":
      return (
        <details className={styles["command"]}>
          <summary>{offer.button}</summary>
          <code>{offer.command}</code>
          <p>{problemWords.largeCommandNote}</p>
        </details>
      );
    case "choose-file":
    case "link":
      return null;
  }
}
