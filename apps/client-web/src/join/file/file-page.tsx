import { FileUp, FolderUp } from "lucide-react";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import type { ChosenFolder, Road, Stage } from "../../participant/index.ts";
import { Button } from "../../ui/button.tsx";
import { Progress } from "../../ui/progress.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { filePageView, wholePercent } from "../model/file.ts";
import type { FilePageView } from "../model/file.ts";
import { pathOf } from "../model/road.ts";
import { Drop } from "../parts/drop.tsx";
import { FailureNote } from "../parts/failure-note.tsx";
import { fileWords } from "../words/file.ts";
import { fill } from "../words/fill.ts";
import { FileCard } from "./file-card.tsx";
import { Needs } from "./needs.tsx";
import { Picker } from "./picker.tsx";
import { Problems } from "./problems.tsx";
import styles from "./file-page.module.css";

/** Step 2. */
export interface FilePageProps {
  readonly stage: Stage & Road;
}

/** Is this the right file, are its columns understood? */
export function FilePage({ stage }: FilePageProps) {
  const view = filePageView(stage);
  const actions = useActions();
  const picker = useRef<HTMLInputElement>(null);
  const choose = (file: File) => start(actions.chooseFile(file));
  const chooseFolder = (folder: ChosenFolder) => start(actions.chooseFolder(folder));
  const pick = () => picker.current?.click();
  return (
    <Page
      state={view.words.state}
      run={stage.invitation.run}
      step={1}
      aside={<Needs view={view} />}
      dock={<Buttons stage={stage} view={view} onPick={pick} isDock />}
    >
      <PageTitle>{view.title}</PageTitle>
      <Lead>{view.lead}</Lead>
      <Drop
        words={view.words.drop}
        onFile={choose}
        onFolder={view.isFolder ? chooseFolder : null}
      />
      <Picker
        picker={picker}
        label={view.words.choose}
        isFolder={view.isFolder}
        onFile={choose}
        onFolder={chooseFolder}
      />
      <FailureNote />
      <Reading view={view} />
      <Problems view={view} stage={stage} onPick={pick} />
      {view.file === null ? null : <FileCard view={view} file={view.file} />}
      {view.state === "none" ? (
        <div className={styles["start"]}>
          {view.isFolder ? (
            <FolderUp size={28} strokeWidth={1.6} aria-hidden />
          ) : (
            <FileUp size={28} strokeWidth={1.6} aria-hidden />
          )}
          <div className={styles["choose"]}>
            <Buttons stage={stage} view={view} onPick={pick} />
          </div>
          <p className={styles["hint"]}>{view.words.dropHint}</p>
        </div>
      ) : (
        <div className={styles["buttons"]}>
          <Buttons stage={stage} view={view} onPick={pick} />
        </div>
      )}
    </Page>
  );
}

function Reading({ view: { reading } }: { readonly view: FilePageView }) {
  if (reading === null) return null;
  return (
    <div className={styles["reading"]}>
      <p>
        {fill(fileWords.reading, { file: reading.name })}
        <span>{reading.text}</span>
      </p>
      <Progress
        label={fill(fileWords.reading, { file: reading.name })}
        value={reading.share}
        valueText={wholePercent(reading.share)}
      />
    </div>
  );
}

interface ButtonsProps extends FilePageProps {
  readonly view: FilePageView;
  readonly onPick: () => void;
  readonly isDock?: boolean;
}

/** The main button chooses a file, or goes on with it; it is never dead. */
function Buttons({ stage, view, onPick, isDock = false }: ButtonsProps) {
  const actions = useActions();
  const [, navigate] = useLocation();
  const [isAsked, setAsked] = useState(false);
  const hasFile = view.state === "usable" || view.state === "problem";
  if (!hasFile)
    return (
      <Button kind="solid" size="big" isBusy={view.state === "reading"} onClick={onPick}>
        {view.words.choose}
      </Button>
    );
  return (
    <>
      <Button size="big" onClick={onPick}>
        {isDock ? view.words.chooseOtherShort : view.words.chooseOther}
      </Button>
      <Button
        kind="solid"
        size="big"
        onClick={() => {
          setAsked(!view.canGoOn);
          if (!view.canGoOn) return;
          navigate(pathOf(stage.invitation.run, "device"));
          if (stage.device.kind === "none") start(actions.checkDevice(null));
        }}
      >
        {fileWords.goOn}
      </Button>
      {isAsked && !view.canGoOn ? (
        <p className={styles["blocked"]} role="alert">
          {fileWords.blockedProblem}
        </p>
      ) : null}
    </>
  );
}
