import { Image } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Drop } from "../parts/drop.tsx";
import { enterWords } from "../words/common.ts";
import { readPicture } from "./qr-reader.ts";
import type { QrReader } from "./qr-reader.ts";
import styles from "./enter-ways.module.css";

/** A way to bring a code. */
export interface CodeWayProps {
  readonly reader: QrReader;
  readonly onText: (text: string) => void;
}

/** A photo or screenshot of a code: chosen, dropped or pasted. */
export function PictureOfCode({ reader, onText }: CodeWayProps) {
  const picker = useRef<HTMLInputElement>(null);
  const [hasNone, setNone] = useState(false);
  const take = useCallback(
    (file: File) => {
      void readPicture(reader, file).then((text) => {
        setNone(text === null);
        if (text !== null) onText(text);
      });
    },
    [reader, onText],
  );
  return (
    <Card title={enterWords.picture} size="large">
      <p className={styles["text"]}>{enterWords.pictureHelp}</p>
      <Drop words={enterWords.dropPicture} onFile={take} onFolder={null} />
      <input
        ref={picker}
        type="file"
        accept="image/*"
        aria-label={enterWords.choosePicture}
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) take(file);
          currentTarget.value = "";
        }}
      />
      <Button icon={Image} onClick={() => picker.current?.click()}>
        {enterWords.choosePicture}
      </Button>
      {hasNone ? (
        <p className={styles["none"]} role="alert">
          {enterWords.noCode}
        </p>
      ) : null}
    </Card>
  );
}
